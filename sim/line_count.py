"""People who cross a line: how many, which way, when, and the specific flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.venue import Line

__all__ = ["LineCount"]


@dataclass(slots=True)
class LineCount:
    """Counts who crosses a line while the crowd walks; everybody counts once, at the first crossing.

    A crossing is a step that begins on one side or on the line and ends beyond it, on the other side.

    Attributes:
        line: Which.
        to_left_s: When each crossed to the left, looking from the line's first point to its second.
        to_right_s: When each crossed to the right.
    """

    line: Line
    to_left_s: list[float] = field(default_factory=list)
    to_right_s: list[float] = field(default_factory=list)
    _ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _places: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    _counted: set[int] = field(default_factory=set)

    def add(self, time_s: float, ids: NDArray[Any], position_m: NDArray[np.float64]) -> None:
        """Take in the next instant.

        Args:
            time_s: When.
            ids: Who is there, ascending, shape (n,).
            position_m: Where, shape (n, 2).
        """
        _, before, now = np.intersect1d(self._ids, ids, assume_unique=True, return_indices=True)
        start, end = self._places[before], position_m[now]
        first, second = np.array(self.line.points, float)
        side_then, side_now = _side(first, second, start), _side(first, second, end)
        beyond = ((side_then >= 0) & (side_now < 0)) | ((side_then <= 0) & (side_now > 0))
        within = _side(start, end, first) * _side(start, end, second) <= 0
        for row in np.flatnonzero(beyond & within):
            person = int(ids[now[row]])
            if person not in self._counted:
                self._counted.add(person)
                (self.to_left_s if side_now[row] > 0 else self.to_right_s).append(time_s)
        self._ids, self._places = np.asarray(ids, np.int64).copy(), position_m.copy()

    @property
    def people(self) -> int:
        """How many crossed it, both ways."""
        return len(self._counted)

    @property
    def specific_flow_per_m_s(self) -> float | None:
        """Persons per metre and second, both ways, from the first crossing to the last; None of fewer than two."""
        times = [*self.to_left_s, *self.to_right_s]
        if len(times) < 2 or max(times) == min(times):
            return None
        return (len(times) - 1) / (max(times) - min(times)) / self.line.width_m


def _side(start: NDArray[np.float64], end: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    along, to = end - start, point - start
    return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
