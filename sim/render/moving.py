"""What a moving camera sees of the empty venue, an instant at a time."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import cv2
import numpy as np

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.scenario import Scenario
from sim.render.backdrop import Backdrop
from sim.render.floor import Floor
from sim.render.light import Light

__all__ = ["MovingView"]

_VIEWS_KEPT: Final = 12
_FAST_PX: Final = 16.0
"""A picture that moves on by more than this until the next is drawn at half its size: nobody sees its grain."""


class MovingView:
    """Gives camera and backdrop of every picture of one moving camera.

    While the camera rests, as at the stops of a tour, its view is drawn once, as finely as that of a fixed camera, and
    kept. While it moves, each picture is drawn by itself with one ray a pixel; while it turns fast, with one in four.

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
            return camera, self._passing(camera, index)
        key = self._pose(index)
        if key not in self._views:
            if len(self._views) == _VIEWS_KEPT:
                self._views.pop(next(iter(self._views)))
            self._views[key] = Backdrop.of(self._scenario, camera, self._light, self._floor)
        return camera, self._views[key]

    def _passing(self, camera: Camera, index: int) -> Backdrop:
        scenario, light, floor = self._scenario, self._light, self._floor
        if self._speed_px(index) > _FAST_PX and min(camera.width_px, camera.height_px) > 160:
            small = Backdrop.of(scenario, _halved(camera), light, floor, fine=False)
            return _enlarged(small, camera.width_px, camera.height_px)
        return Backdrop.of(scenario, camera, light, floor, fine=False)

    def _speed_px(self, index: int) -> float:
        """How far the middle of one picture is from its place in the next, or in the one before at the end."""
        here, there = self._track.camera(index), self._track.camera(min(index + 1, len(self._track) - 1))
        if index == len(self._track) - 1:
            there = self._track.camera(max(index - 1, 0))
        reach = here.position_m[2] / max(-float(here.rotation[2, 2]), 0.05)
        pixels, _ = there.project([here.position_m + reach * here.rotation[2]])
        moved = pixels[0] - here.matrix[:2, 2]
        return float(np.hypot(*moved)) if np.isfinite(moved).all() else np.inf

    def _pose(self, index: int) -> bytes:
        track = self._track
        parts = (track.rotation[index], track.translation_m[index], track.matrix[index])
        return b"".join(part.tobytes() for part in parts)

    def _rests(self, index: int) -> bool:
        here = self._pose(index)
        return any(self._pose(i) == here for i in (index - 1, index + 1) if 0 <= i < len(self._track))


def _halved(camera: Camera) -> Camera:
    """The same view with half as many rows and columns."""
    matrix = camera.matrix.copy()
    matrix[:2] /= 2
    matrix[:2, 2] -= 0.25  # a pixel's middle is half a pixel from its edge
    return replace(camera, width_px=camera.width_px // 2, height_px=camera.height_px // 2, matrix=matrix)


def _enlarged(small: Backdrop, width: int, height: int) -> Backdrop:
    layers: dict[str, Any] = {}
    for item in fields(small):
        layer = getattr(small, item.name)
        smooth = item.name not in ("depth_m", "ground")
        way = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
        layers[item.name] = None if layer is None else cv2.resize(layer, (width, height), interpolation=way)
    return Backdrop(**layers)
