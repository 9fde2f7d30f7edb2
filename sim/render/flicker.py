"""Bands that roll through the picture: lamps on the mains against a rolling shutter."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.conditions import Conditions

__all__ = ["Flicker"]

_READOUT_S: Final = 1 / 30
"""From the first row to the last."""
_MAINS_SPREAD_HZ: Final = 0.02
"""The grid's frequency is never exactly its nominal one; its usual band is 0.05 Hz wide on either side."""
_GAMMA: Final = 2.2


class Flicker:
    """The light of each row at a time.

    Row r of a picture taken at t is exposed at t + r / h * readout; the lamps' light goes as
    1 + depth cos(2 pi 2 f t). From picture to picture the bands move as an alias of 2 f: abs(2 f - k fps) for the
    nearest whole k.

    Args:
        conditions: Depth of the bands and mains frequency.
        height_px: Rows of the picture.
        rng: Draws the phase, and how far the mains are off.
    """

    def __init__(self, conditions: Conditions, height_px: int, rng: np.random.Generator) -> None:
        self._depth = conditions.flicker_depth
        self.light_hz = 2 * (conditions.mains_hz + float(rng.normal(0, _MAINS_SPREAD_HZ)))
        """How often the lamps' light comes and goes."""
        self._phase = float(rng.uniform(0, 2 * np.pi))
        self._rows_s = np.arange(height_px) / height_px * _READOUT_S

    def rolls_hz(self, fps: float) -> float:
        """Return how many bands pass a row in a second of film."""
        return abs(self.light_hz - fps * round(self.light_hz / fps))

    def rows(self, time_s: float) -> NDArray[np.float32]:
        """Return the factor on the picture values of each row, shape (h,)."""
        turn = 2 * np.pi * self.light_hz * (time_s + self._rows_s) + self._phase
        return ((1 + self._depth * np.cos(turn)) ** (1 / _GAMMA)).astype(np.float32)
