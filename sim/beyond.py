"""Beyond the gates: who has just left walks on for a metre, so that a gate is no emptier than any other door.

They are no longer in the venue, nor in its pictures and truth; they only hold up those behind them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.motion import Bodies
from sim.people import People
from sim.routes import Routes

__all__ = ["Beyond"]

Floats = NDArray[np.float64]

_REACH_M: Final = 1.2
_OUTSIDE_M: Final = 0.3


class Beyond:
    """Bodies just outside the gates, in the order of their leaving."""

    def __init__(self) -> None:
        self._bodies: Bodies | None = None
        self._line_m: Floats = np.empty((0, 4))

    def add(self, people: People, rows: NDArray[np.intp], routes: Routes, time_gap_s: float, radius_m: Floats) -> None:
        """Take over people who leave, as they are.

        Args:
            people: Everybody inside.
            rows: Of those who leave; their goal is the gate.
            routes: Where the gates are.
            time_gap_s: That they keep.
            radius_m: Of each who leaves, shape (len(rows),).
        """
        lines = routes.gate_lines_m[people.goal[rows]]
        along = lines[:, 2:] - lines[:, :2]
        out = np.stack((along[:, 1], -along[:, 0]), axis=1) / np.hypot(*along.T)[:, None]
        middle = (lines[:, :2] + lines[:, 2:]) / 2
        out[shapely.contains_xy(routes.venue.floor, middle + _OUTSIDE_M * out)] *= -1
        new = Bodies(
            position_m=people.position_m[rows].copy(),
            velocity_mps=people.velocity_mps[rows].copy(),
            desired_direction=out,
            desired_speed_mps=people.wanted_mps[rows].copy(),
            time_gap_s=np.full(len(rows), time_gap_s),
            radius_m=radius_m,
            door=people.goal[rows].astype(np.int32),
        )
        self._bodies = new if self._bodies is None else self._bodies.beside(new)
        self._line_m = np.concatenate((self._line_m, lines))

    def join(self, bodies: Bodies) -> Bodies:
        """Return some bodies and after them those beyond."""
        return bodies if self._bodies is None else bodies.beside(self._bodies)

    def follow(self, moved: Bodies) -> None:
        """Take back those beyond, the last of the bodies that were moved, and forget who is far enough away."""
        if self._bodies is None:
            return
        n = len(self._bodies.position_m)
        self._bodies.position_m, self._bodies.velocity_mps = moved.position_m[-n:], moved.velocity_mps[-n:]
        along = self._line_m[:, 2:] - self._line_m[:, :2]
        off = self._bodies.position_m - self._line_m[:, :2]
        away = np.abs(along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0]) / np.hypot(*along.T)
        kept = away < _REACH_M
        self._line_m = self._line_m[kept]
        self._bodies = self._bodies.only(kept) if kept.any() else None
