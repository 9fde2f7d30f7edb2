"""Where something low is seen again and again: who sits or lies there has not just fallen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LowPlaces", "overlaps"]

Floats = NDArray[np.float64]

_SAME: Final = 0.3
_NEAR: Final = 0.35
"""Or whose middles are so near, as a share of their diagonals: the boxes of small bodies tremble."""
_SMOOTHING: Final = 0.3
_LEAST_LOOKS: Final = 3
_LEAST_SHARE: Final = 0.3
"""In so many of the pictures since it was first seen; one that is low now and then was half hidden."""
_FORGOTTEN_S: Final = 120.0


@dataclass(slots=True, eq=False)
class _Low:
    seen_s: list[float]
    box_px: Floats


class LowPlaces:
    """Boxes too low for somebody upright, by place."""

    def __init__(self) -> None:
        """Nothing low is known."""
        self._known: list[_Low] = []
        self._pictures_s: list[float] = []

    def update(self, time_s: float, boxes: Sequence[Floats]) -> None:
        """Take note of what is low in one picture, boxes of shape (4,)."""
        self._pictures_s.append(time_s)
        if time_s - self._pictures_s[0] > 2 * _FORGOTTEN_S:
            self._forget(time_s - _FORGOTTEN_S)
        for box in boxes:
            there = next((low for low in self._known if _same(low.box_px, box)), None)
            if there is None:
                self._known.append(_Low([time_s], box))
            else:
                there.seen_s.append(time_s)
                there.box_px = there.box_px + _SMOOTHING * (box - there.box_px)

    def known(self, box: Floats, *, before_s: float) -> bool:
        """Whether something low was there, most of the time, before a moment already."""
        return any(self._was_there(low, before_s) for low in self._known if _same(low.box_px, box))

    def _was_there(self, low: _Low, before_s: float) -> bool:
        looks = bisect_left(low.seen_s, before_s)
        pictures = bisect_left(self._pictures_s, before_s) - bisect_left(self._pictures_s, low.seen_s[0])
        return looks >= max(_LEAST_LOOKS, _LEAST_SHARE * pictures)

    def _forget(self, before_s: float) -> None:
        del self._pictures_s[: bisect_left(self._pictures_s, before_s)]
        for low in self._known:
            del low.seen_s[: bisect_left(low.seen_s, before_s)]
        self._known = [low for low in self._known if low.seen_s]


def overlaps(a: Floats, b: Floats, least: float) -> bool:
    """Whether the intersection over union of two boxes reaches ``least``."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = float(np.prod(np.maximum(high - low, 0.0)))
    both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return both > 0 and shared >= least * both


def _same(a: Floats, b: Floats) -> bool:
    off = np.linalg.norm(a[:2] + a[2:] - b[:2] - b[2:]) / 2
    diagonals = np.linalg.norm(a[2:] - a[:2]) + np.linalg.norm(b[2:] - b[:2])
    return bool(off <= _NEAR * diagonals / 2) or overlaps(a, b, _SAME)
