"""What is printed on cloth: shares of a garment's second colour over its unrolled surface."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PATTERNS", "bank", "soft_bank"]

PATTERNS: Final = (
    "plain", "stripes", "broad_stripes", "pinstripes", "checks", "print", "logo", "yoke", "open_front", "flowers",
    "hi_vis", "faded",
)  # fmt: skip
"""Names of the patterns; the bank holds folds behind them."""
_SIZE: Final = 64
_SPOT: Final = 9


@cache
def bank() -> NDArray[np.uint8]:
    """Return all patterns and, last, the folds of cloth; shape (P + 1, 64, 64): rows along the garment, columns around.

    Rows run from the upper end of the garment to its lower, columns once around from the middle of the back; the front
    is at 32.
    """
    rng = np.random.default_rng(0xC107)
    v, u = np.mgrid[0:_SIZE, 0:_SIZE]
    front = np.abs(u - 32)
    layers = {name: np.zeros((_SIZE, _SIZE), np.float64) for name in PATTERNS}
    layers["stripes"][(v // 3) % 2 == 0] = 1.0
    layers["broad_stripes"][(v // 9) % 2 == 0] = 1.0
    layers["pinstripes"][u % 4 == 0] = 0.6
    layers["checks"] = 0.45 * ((u // 4) % 2) + 0.45 * ((v // 5) % 2)
    spot = (front < 8) & (v > 14) & (v < 30)
    layers["print"][spot] = (rng.random((_SIZE, _SIZE)) > 0.45)[spot]
    layers["logo"][(front < 7) & (v > 16) & (v < 21)] = 0.9
    layers["yoke"][v < 17] = 1.0
    layers["open_front"][front < 3.0 + 0.06 * v] = 1.0
    blots = cv2.GaussianBlur(rng.standard_normal((_SIZE, _SIZE)), (0, 0), 1.3, borderType=cv2.BORDER_REFLECT)
    layers["flowers"][blots > 0.7 * blots.std()] = 0.85
    layers["hi_vis"][((v > 30) & (v < 35)) | ((v > 44) & (v < 49)) | ((front > 9) & (front < 13) & (v < 31))] = 1.0
    layers["faded"] = 0.55 * np.exp(-(((front - 12) / 6.0) ** 2)) * np.exp(-(((v - 22) / 16.0) ** 2))
    return np.stack([np.round(255 * layers[name]).astype(np.uint8) for name in PATTERNS] + [_folds(rng)])


@cache
def soft_bank() -> NDArray[np.uint8]:
    """Return the patterns as they look where a few of their squares are one spot; the folds stay; shape as `bank`."""
    soft = bank().copy()
    for k in range(len(PATTERNS)):
        around = np.concatenate((soft[k], soft[k], soft[k]), axis=1)
        soft[k] = cv2.blur(around, (_SPOT, _SPOT), borderType=cv2.BORDER_REPLICATE)[:, _SIZE : 2 * _SIZE]
    return soft


def _folds(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Soft creases across the limb and a fine grain, about 127.5; the ends meet."""
    tiled = np.tile(rng.standard_normal((_SIZE, _SIZE)), (3, 3))
    creases = cv2.GaussianBlur(tiled, (0, 0), sigmaX=3.2, sigmaY=1.6)[_SIZE : 2 * _SIZE, _SIZE : 2 * _SIZE]
    broad = cv2.GaussianBlur(tiled, (0, 0), sigmaX=5.0, sigmaY=6.0)[_SIZE : 2 * _SIZE, _SIZE : 2 * _SIZE]
    grain = rng.standard_normal((_SIZE, _SIZE))
    mixed = creases / creases.std() + 0.8 * broad / broad.std() + 0.25 * grain
    mixed -= mixed.mean()
    return np.asarray(np.clip(np.round(127.5 + 45.0 * mixed), 0, 255), np.uint8)
