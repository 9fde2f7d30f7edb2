"""How pixels flicker: whether together, how often, and whether what they show comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.frame import Image

__all__ = ["AROUND_PX", "MEMORY_S", "Memory", "Part", "Singles", "reduced", "unrepeated"]

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
Part = tuple[slice, slice]

MEMORY_S: Final = 1.5
"""Over so long changes are averaged."""
AROUND_PX: Final = 7
"""Whether pixels go up and down together is told in squares of this side."""


@dataclass(slots=True, eq=False)
class Memory:
    """What is remembered of every pixel that was fiery lately, all of shape (h, w).

    Attributes:
        sign: Of the last change.
        turns: How often changes take turns, a second.
        amount: Mean change around,
        together: and of it what goes the same way.
        warm: Share of the looks in which it was fiery and brighter than the scene.
    """

    sign: Singles
    turns: Singles
    amount: Singles
    together: Singles
    warm: Singles

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Memory:
        """Return one that remembers nothing."""
        return cls(*(np.zeros(shape, np.float32) for _ in range(5)))

    def within(self, part: Part) -> Memory:
        """Return a view of a part of it."""
        return Memory(self.sign[part], self.turns[part], self.amount[part], self.together[part], self.warm[part])

    def keep_only(self, part: Part) -> None:
        """Forget what lies outside a part."""
        for values in (self.sign, self.turns, self.amount, self.together, self.warm):
            kept = values[part].copy()
            values[:] = 0
            values[part] = kept

    def take(self, step: Singles, fiery: NDArray[np.bool_], apart: float) -> None:
        """Take a look.

        Args:
            step: Change since the look before, 0 where it is noise, shape (h, w).
            fiery: Where it is fiery, shape (h, w).
            apart: Seconds between both looks.
        """
        sign = np.sign(step)
        turned = (sign * self.sign < 0).astype(np.float32) / np.float32(apart)
        np.copyto(self.sign, sign, where=sign != 0)
        share = np.float32(1 - np.exp(-apart / MEMORY_S))
        around = (AROUND_PX, AROUND_PX)
        self.turns += share * (turned - self.turns)
        self.amount += share * (cv2.blur(np.abs(step), around) - self.amount)
        self.together += share * (np.abs(cv2.blur(step, around)) - self.together)
        self.warm += share * (fiery - self.warm)

    @property
    def disorder(self) -> Singles:
        """0 where all around goes up and down together, to 1, shape (h, w)."""
        return np.asarray(1 - self.together / np.maximum(self.amount, 1e-3), np.float32)


def reduced(image: Image, width_px: int) -> tuple[NDArray[np.uint8], float]:
    """Return a picture at most so wide, and its scale."""
    width = image.shape[1]
    if width <= width_px:
        return image, 1.0
    scale = width_px / width
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale


def unrepeated(gray: Singles, times: Floats) -> float:
    """Compare looks (k, n) with those before them, lag by lag: the least difference over the usual one."""
    half = len(gray) // 2
    lags = [k for k in range(2, half + 1) if times[-1] - times[-1 - k] >= 0.25]
    if not lags:
        return 0.0
    differs = np.array([np.abs(gray[half:] - gray[half - k : len(gray) - k]).mean() for k in lags])
    usual = float(np.median(differs))
    return float(differs.min()) / usual if usual > 0 else 0.0
