"""Where something low is seen, and since when: who sits or lies there has not just fallen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LowPlaces", "overlaps"]

Floats = NDArray[np.float64]

_SAME: Final = 0.3
_LEAST_LOOKS: Final = 3
_FORGOTTEN_S: Final = 120.0


@dataclass(slots=True, eq=False)
class _Low:
    first_s: float
    seen_s: float
    looks: int
    box_px: Floats


class LowPlaces:
    """Boxes too low for somebody upright, by place."""

    def __init__(self) -> None:
        """Nothing low is known."""
        self._known: list[_Low] = []

    def update(self, time_s: float, boxes: Sequence[Floats]) -> None:
        """Take note of what is low in one picture, boxes of shape (4,)."""
        self._known = [low for low in self._known if time_s - low.seen_s <= _FORGOTTEN_S]
        for box in boxes:
            there = next((low for low in self._known if overlaps(low.box_px, box, _SAME)), None)
            if there is None:
                self._known.append(_Low(time_s, time_s, 1, box))
            else:
                there.seen_s, there.looks, there.box_px = time_s, there.looks + 1, box

    def known(self, box: Floats, *, before_s: float) -> bool:
        """Whether something low was there again and again before a time already."""
        return any(
            low.first_s < before_s and low.looks >= _LEAST_LOOKS and overlaps(low.box_px, box, _SAME)
            for low in self._known
        )


def overlaps(a: Floats, b: Floats, least: float) -> bool:
    """Whether the intersection over union of two boxes reaches ``least``."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = float(np.prod(np.maximum(high - low, 0.0)))
    both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return both > 0 and shared >= least * both
