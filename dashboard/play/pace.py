"""How fast the played time runs against the real one, and whether it keeps up."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["SPEEDS", "Pace"]

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, math.inf)
"""In times real time; inf: as fast as it goes."""
_BUDGET_S: Final = 0.03
"""Steps take at most so long before the window is drawn again."""
_OVER_S: Final = 1.0
_OWED_MOST_S: Final = 0.25
"""What could not be caught up for so long (of real time) is let go: time runs slower, and says so."""


class Pace:
    """Decides how many steps are due, and measures the speed that is reached.

    Attributes:
        paused: Whether time stands.
    """

    def __init__(self, *, now: Callable[[], float] = time.perf_counter) -> None:
        """Begin at real time, paused."""
        self._now = now
        self._at = SPEEDS.index(1.0)
        self.paused = True
        self._owed_s = 0.0
        self._last = now()
        self._done: deque[tuple[float, float]] = deque()

    @property
    def asked(self) -> float:
        """Speed that is asked for."""
        return SPEEDS[self._at]

    @property
    def reached(self) -> float | None:
        """Speed over the last second; None before there was half of one."""
        if not self._done or self._now() - self._done[0][0] < _OVER_S / 2:
            return None
        return sum(played for _, played in self._done) / (self._now() - self._done[0][0])

    def change(self, by: int) -> None:
        """Go faster or slower by so many speeds."""
        self._at = min(max(self._at + by, 0), len(SPEEDS) - 1)
        self._begin()

    def pause(self, *, paused: bool) -> None:
        """Stand, or go on."""
        self.paused = paused
        self._begin()

    def run(self, step: Callable[[], bool], step_s: float) -> int:
        """Do the steps that are due since the last call, as many as fit into 30 ms; return how many were done.

        Args:
            step: Does one; returns False where there is none left.
            step_s: Length of one.
        """
        began = self._now()
        real, self._last = began - self._last, began
        if self.paused:
            return 0
        self._owed_s = min(self._owed_s + real * self.asked, _OWED_MOST_S * self.asked + step_s)
        count = 0
        while self._owed_s >= step_s and self._now() - began < _BUDGET_S:
            if not step():
                self.pause(paused=True)
                break
            self._owed_s -= step_s
            count += 1
        self._done.append((began, count * step_s))
        while len(self._done) > 2 and began - self._done[1][0] > _OVER_S:
            self._done.popleft()
        return count

    def _begin(self) -> None:
        self._owed_s = 0.0
        self._last = self._now()
        self._done.clear()
