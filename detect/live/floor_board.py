"""Where the process of a camera shows who it sees on the floor, for the daemon to read: memory that both share.

Nobody waits for anybody: the camera overwrites, the daemon reads what is whole. A number that is odd while something
is being written, and another one afterwards, tells it apart from what is half written.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import Array, c_double
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detect.tracks import ObjectClass, Tracks

__all__ = ["FloorBoard"]

_HEAD: Final = 3
_ROW: Final = 8
_MOST: Final = 512
"""People of one camera; of more, those beyond are left out (boxes tell no more of such crowds anyway)."""
_TRIES: Final = 50


class FloorBoard:
    """Shared memory for the tracks of one camera; what is handed to its process is ``raw``."""

    def __init__(self, raw: Array[c_double], camera_id: str) -> None:
        """Look at shared memory."""
        self.raw = raw
        self._camera_id = camera_id
        self._cells: NDArray[np.float64] = np.frombuffer(raw, np.float64)  # type: ignore[call-overload]

    @classmethod
    def make(cls, raw_array: Callable[[str, int], Any], camera_id: str) -> FloorBoard:
        """Make a board; ``raw_array`` is that of the ``multiprocessing`` context."""
        return cls(raw_array("d", _HEAD + _ROW * _MOST), camera_id)

    def show(self, tracks: Tracks, now_s: float) -> None:
        """Write who is seen; ``now_s`` is on the clock that both processes share."""
        people = tracks.of(ObjectClass.PERSON)
        placed = np.flatnonzero(
            np.isfinite(people.position_m).all(axis=1) & np.isfinite(people.covariance_m2).all(axis=(1, 2))
        )[:_MOST]
        n = len(placed)
        covariance = people.covariance_m2[placed]
        rows = np.c_[
            people.track_id[placed],
            people.position_m[placed],
            people.velocity_mps[placed],
            covariance[:, 0, 0],
            covariance[:, 0, 1],
            covariance[:, 1, 1],
        ]
        self._cells[0] += 1
        self._cells[1] = now_s
        self._cells[2] = n
        self._cells[_HEAD : _HEAD + _ROW * n] = rows.ravel()
        self._cells[0] += 1

    def clear(self) -> None:
        """Say that nothing is seen for now: a gap, or the process has ended."""
        self._cells[0] += 2 - self._cells[0] % 2
        self._cells[1] = 0.0
        self._cells[2] = 0

    def read(self) -> Tracks | None:
        """Return who was shown last, with the time of it; None if nobody looks."""
        for _ in range(_TRIES):
            before = self._cells[0]
            copy = self._cells[: _HEAD + _ROW * int(self._cells[2])].copy()
            if before % 2 == 0 and self._cells[0] == before == copy[0]:
                return None if copy[1] <= 0 else self._tracks(copy)
        return None

    def _tracks(self, cells: NDArray[np.float64]) -> Tracks:
        rows = cells[_HEAD:].reshape(-1, _ROW)
        n = len(rows)
        return Tracks(
            camera_id=self._camera_id,
            time_s=float(cells[1]),
            track_id=rows[:, 0].astype(np.int64),
            cls=np.full(n, ObjectClass.PERSON, np.int8),
            box_px=np.full((n, 4), np.nan),
            confidence=np.full(n, np.nan),
            position_m=rows[:, 1:3],
            velocity_mps=rows[:, 3:5],
            covariance_m2=rows[:, [5, 6, 6, 7]].reshape(-1, 2, 2),
        )
