"""Everybody on the floor now, by all calibrated cameras of the daemon together; kept in the store once a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import shapely

from detect.fusion import Floor, FloorFuser, FusionSettings
from detect.store import FloorState, Store
from detect.tracks import Tracks
from scenarios.camera import Camera

__all__ = ["FloorKeeper"]

_SAY_S: Final = 1.0
_REACH_M: Final = 80.0
_COARSE_M: Final = 0.5
_FRESH_S: Final = 1.5
"""A camera whose last picture is older is one that does not look."""


class FloorKeeper:
    """Fuses what the cameras show.

    Args:
        floors: Returns who each camera sees on the floor, None for one that does not look.
        store: Where the floor goes.
        clock: Seconds on the clock of their times.
    """

    def __init__(
        self,
        floors: Callable[[], Iterable[Tracks | None]],
        store: Store,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._floors, self._store, self._clock = floors, store, clock
        self._ground: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()
        self._fuser = FloorFuser(FusionSettings(fresh_s=_FRESH_S))
        self._said_s = -np.inf
        self._before: FloorState | None = None

    def see(self, cameras: Mapping[str, Camera]) -> None:
        """Take the calibrated cameras, for the ground that they see."""
        self._ground = tuple((name, _seen_by(camera)) for name, camera in cameras.items())

    def look(self) -> None:
        """Fuse once; to be called a few times a second.

        Raises:
            RecordingError: The store cannot be written.
        """
        now = self._clock()
        for tracks in self._floors():
            if tracks is not None:
                self._fuser.take(tracks)
        floor = self._fuser.at(now)
        if now - self._said_s < _SAY_S:
            return
        self._said_s = now
        state = replace(_state(floor), ground=self._ground)
        if state.watching or self._before is None or self._before.watching:
            self._store.say_floor(state)
        self._before = state


def _seen_by(camera: Camera) -> tuple[tuple[float, float], ...]:
    ground = camera.footprint(_REACH_M).simplify(_COARSE_M)
    ring = shapely.get_coordinates(ground if isinstance(ground, shapely.Polygon) else ground.convex_hull)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in ring)


def _state(floor: Floor | None) -> FloorState:
    at = datetime.now(UTC)
    if floor is None:
        return FloorState(at, (), ())
    largest = np.sqrt(np.linalg.eigvalsh(floor.covariance_m2)[:, -1]) if len(floor) else np.empty(0)
    people = tuple(
        (int(person), round(float(x), 2), round(float(y), 2), round(float(sigma), 2), len(members))
        for person, (x, y), sigma, members in zip(
            floor.person_id, floor.position_m, largest, floor.members, strict=True
        )
    )
    return FloorState(at, floor.watching, people)
