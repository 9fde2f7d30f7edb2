"""Pictures that an overloaded camera or network loses."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["Losses"]

_LONGEST: Final = 4
_MEAN: Final = (1 + _LONGEST) / 2


class Losses:
    """Says of each picture in turn whether it is lost: in bursts of 1 to 4, after Gilbert's channel.

    Gilbert, E. N. (1960). Capacity of a burst-noise channel. Bell System Technical Journal 39(5),
    DOI 10.1002/j.1538-7305.1960.tb03959.x.

    Args:
        share: Of all pictures that are lost.
        rng: Draws the bursts.
    """

    def __init__(self, share: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._start = 1 / (1 + _MEAN * (1 - share) / share) if share else 0.0
        self._left = 0
        self._first = True

    def next(self) -> bool:
        """Return whether the next picture is lost; the first never is."""
        if not self._start:
            return False
        drawn, length = float(self._rng.random()), int(self._rng.integers(1, _LONGEST + 1))
        if self._first:
            self._first = False
            return False
        if not self._left and drawn < self._start:
            self._left = length
        lost = self._left > 0
        self._left -= lost
        return lost
