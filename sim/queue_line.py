"""The line on which people queue at a stall: as it is given, and on behind its end as far as the floor goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.stall import Stall
from sim.routes import Routes

__all__ = ["QueueLine"]

Floats = NDArray[np.float64]

_STEP_M: Final = 0.2
_LONGEST_M: Final = 200.0
_CLEAR_M: Final = 0.3
"""So far the line keeps from walls where it is not given."""
_APART_M: Final = 0.9
"""So far it keeps from itself, from other lines and from counters,"""
_OFF_GATES_M: Final = 1.2
"""and so far from gates."""
_OWN_M: Final = 1.4
"""What is nearer than this along the line is the line itself."""
_TURNS: Final = np.radians([0, 15, -15, 30, -30, 45, -45, 60, -60, 75, -75, 90, -90])
_AHEAD: Final = 25
"""Of two turns alike the one is taken that leads on farther, up to so many steps."""


class QueueLine:
    """Places along one stall's line, by how far they are from the first in the queue.

    Args:
        stall: Which.
        routes: The floor as it is now.
        others: Lines that are there already; this one keeps clear of them.

    Attributes:
        spots_m: Where those who are served stand, shape (servers, 2).
        front: Unit vector from the counter towards them, shape (2,).
    """

    def __init__(self, stall: Stall, routes: Routes, others: Sequence[QueueLine] = ()) -> None:
        front = stall.front(routes.venue.walkable) or stall.front(routes.venue.floor)
        assert front is not None  # the scenario was checked
        self.front = np.array(front)
        self.spots_m = np.array(stall.spots(front), float)
        self._routes, self._others = routes, others
        self._counters = [s.shape for s in routes.venue.stalls]
        self._gates = [gate.shape for gate in routes.venue.gates]
        corners = np.array(stall.queue(front), float)
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))
        arcs = np.append(np.arange(0.0, along[-1] - 1e-6, _STEP_M), along[-1])
        self._points = np.stack([np.interp(arcs, along, corners[:, axis]) for axis in (0, 1)], axis=1)
        self._arcs = arcs
        self._ended = False
        if not stall.line:
            self._cut_to_floor()

    @property
    def points_m(self) -> Floats:
        """The line as far as it has been asked for, shape (k, 2)."""
        return self._points

    def covers(self, arc_m: float) -> bool:
        """Whether the line is that long, or can go on behind its end."""
        while self._arcs[-1] < arc_m and not self._ended:
            self._go_on()
        return bool(self._arcs[-1] >= arc_m)

    def at(self, arc_m: Floats) -> Floats:
        """Return places by their distance from the first in the queue, shape (n, 2); beyond the end, the end."""
        return np.stack([np.interp(arc_m, self._arcs, self._points[:, axis]) for axis in (0, 1)], axis=1)

    def _cut_to_floor(self) -> None:
        """End the first metre where there is no room for it."""
        free = self._routes.is_inside(self._points)
        kept = max(1, int(np.argmin(free)) if not free.all() else len(free))
        self._points, self._arcs = self._points[:kept], self._arcs[:kept]

    def _go_on(self) -> None:
        """Add a step, the straightest that is free."""
        here = self._points[-1]
        last = here - self._points[-2] if len(self._points) > 1 else self.front
        heading = float(np.arctan2(last[1], last[0]))
        free = self._free(here + _STEP_M * _ways(heading + _TURNS)) if self._arcs[-1] < _LONGEST_M else np.zeros(1)
        if not free.any():
            self._ended = True
            return
        turn = float(_TURNS[int(np.argmax(free))])
        if turn and free[-turn == _TURNS].any() and self._leads(heading - turn) > self._leads(heading + turn):
            turn = -turn
        self._points = np.concatenate((self._points, here + _STEP_M * _ways(np.array([heading + turn]))))
        self._arcs = np.append(self._arcs, self._arcs[-1] + _STEP_M)

    def _leads(self, heading: float) -> int:
        """Return how many steps straight on are free."""
        steps = _STEP_M * np.arange(1, _AHEAD + 1)[:, None]
        free = self._free(self._points[-1] + steps * _ways(np.array([heading])))
        return _AHEAD if free.all() else int(np.argmin(free))

    def _free(self, places_m: Floats) -> NDArray[np.bool_]:
        free = self._routes.is_free(places_m)
        free &= self._routes.walls.clearance_m(places_m, -1, 2 * _CLEAR_M) >= _CLEAR_M
        points = shapely.points(places_m)
        for shapes, apart in ((self._counters, _APART_M), (self._gates, _OFF_GATES_M)):
            for shape in shapes:
                free &= shapely.distance(points, shape) >= apart
        older = self._points[self._arcs <= self._arcs[-1] - _OWN_M]
        for line in (older, *(other.points_m for other in self._others)):
            if len(line):
                free &= np.hypot(*(places_m[:, None] - line[None]).transpose(2, 0, 1)).min(axis=1) >= _APART_M
        return np.asarray(free)


def _ways(heading_rad: Floats) -> Floats:
    return np.stack((np.cos(heading_rad), np.sin(heading_rad)), axis=1)
