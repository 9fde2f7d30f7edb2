"""Congestion: where people are held up, so that the ways of the others lead round.

The quickest in place of the shortest path: the field of ways is solved anew every other second, with each cell as much
slower as people there were held up in between.

Reference:
    Kretz, T. (2009). Pedestrian traffic: on the quickest path. Journal of Statistical Mechanics P03012.
    DOI 10.1088/1742-5468/2009/03/P03012.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sim.people import People
from sim.routes import Routes

__all__ = ["EVERY_S", "Congestion"]

EVERY_S: Final = 2.0
"""The ways are planned anew so often, where anybody is held up."""
_HELD_BELOW: Final = 0.5
"""Who gets on at less than this share of the own pace is held up, the more the slower."""
_SPREAD_M: Final = 0.7
"""Standard deviation of the bell over which each is spread, so that ways lead round crowds and not round persons."""
_PER_HELD_M2: Final = 2.0
"""One person held up a square metre makes a metre take so many metres longer."""
_LEAST_PER_M2: Final = 0.5
"""Where nowhere more are held up than this the ways stay as they are; one alone makes 0.33."""


class Congestion:
    """Looks at who is held up."""

    def __init__(self) -> None:
        """Nobody has been looked at yet."""
        self._id = np.empty(0, np.int32)
        self._walked_m = np.empty(0)
        self._clear = True

    def look(self, people: People, routes: Routes, over_s: float) -> None:
        """Lead the ways round where people have hardly moved since the last look, ``over_s`` seconds ago."""
        held = self._held(people, over_s)
        self._id, self._walked_m = people.id.copy(), people.walked_m.copy()
        slowness = _slowness(people.position_m[held > 0], held[held > 0], routes)
        if slowness is None and self._clear:
            return
        routes.hold_up(slowness, np.unique(people.goal[(people.goal >= 0) & ~people.stays]))
        self._clear = slowness is None

    def _held(self, people: People, over_s: float) -> NDArray[np.float64]:
        """Return how much each was held up: 0 not at all, 1 not moved at all; shape (n,)."""
        at = np.minimum(np.searchsorted(self._id, people.id), max(len(self._id) - 1, 0))
        if not len(self._id):
            return np.zeros(len(people))
        known = (self._id[at] == people.id) & ~people.stays & (people.wanted_mps > 0)
        speed = (people.walked_m - self._walked_m[at]) / over_s
        held = 1 - speed / np.maximum(_HELD_BELOW * people.wanted_mps, 1e-9)
        return np.where(known, np.clip(held, 0, 1), 0.0)


def _slowness(position_m: NDArray[np.float64], held: NDArray[np.float64], routes: Routes) -> NDArray[np.float64] | None:
    """Return how many times longer than free each cell takes; None where hardly anybody is held up."""
    rows, columns = routes.shape
    cell = ((position_m - routes.origin_m) / routes.cell_m).astype(np.int64)
    cell = np.clip(cell, 0, (columns - 1, rows - 1))
    count = np.bincount(cell[:, 1] * columns + cell[:, 0], held, rows * columns).reshape(rows, columns)
    density = gaussian_filter(count / routes.cell_m**2, _SPREAD_M / routes.cell_m, mode="constant")
    if density.max() < _LEAST_PER_M2:
        return None
    return np.asarray(1 + _PER_HELD_M2 * density)
