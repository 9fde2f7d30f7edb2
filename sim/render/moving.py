"""What a moving camera sees of the empty venue, an instant at a time."""

from __future__ import annotations

from typing import Final

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.scenario import Scenario
from sim.render.backdrop import Backdrop
from sim.render.floor import Floor
from sim.render.light import Light

__all__ = ["MovingView"]

_VIEWS_KEPT: Final = 12


class MovingView:
    """Gives camera and backdrop of every picture of one moving camera.

    While the camera rests, as at the stops of a tour, its view is drawn once, as finely as that of a fixed camera, and
    kept; while it moves, each picture is drawn by itself with one ray a pixel.

    Args:
        scenario: The place.
        track: Where the camera is.
        light: Its light.
        floor: Its floor.
    """

    def __init__(self, scenario: Scenario, track: CameraTrack, light: Light, floor: Floor) -> None:
        self._scenario, self._track, self._light, self._floor = scenario, track, light, floor
        self._views: dict[bytes, Backdrop] = {}

    def at(self, index: int) -> tuple[Camera, Backdrop]:
        """Return the camera of one picture and the empty venue as it sees it."""
        camera = self._track.camera(index)
        if not self._rests(index):
            return camera, Backdrop.of(self._scenario, camera, self._light, self._floor, fine=False)
        key = self._pose(index)
        if key not in self._views:
            if len(self._views) == _VIEWS_KEPT:
                self._views.pop(next(iter(self._views)))
            self._views[key] = Backdrop.of(self._scenario, camera, self._light, self._floor)
        return camera, self._views[key]

    def _pose(self, index: int) -> bytes:
        track = self._track
        parts = (track.rotation[index], track.translation_m[index], track.matrix[index])
        return b"".join(part.tobytes() for part in parts)

    def _rests(self, index: int) -> bool:
        here = self._pose(index)
        return any(self._pose(i) == here for i in (index - 1, index + 1) if 0 <= i < len(self._track))
