"""Names of colours: the eleven basic terms and beige.

Reference:
    Berlin, B. and Kay, P. (1969). Basic Color Terms: Their Universality and Evolution. University of California Press.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["COLOURS", "colour_name"]

_GREY_UP_TO: Final = 9.0
"""Chroma in CIELAB below which a colour has no hue."""
_DARK_GREY_UP_TO: Final = 12.0
_BLACK_UP_TO: Final = 26.0
_WHITE_FROM: Final = 80.0
_HUES: Final[tuple[tuple[float, str], ...]] = (
    (18.0, "pink"), (46.0, "red"), (72.0, "orange"), (114.0, "yellow"), (200.0, "green"), (307.0, "blue"),
    (340.0, "purple"), (360.0, "pink"),
)  # fmt: skip
"""Up to which hue angle, degrees, a full colour bears which name."""
COLOURS: Final = (
    "black", "grey", "white", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige",
)  # fmt: skip


def colour_name(rgb: NDArray[np.float64]) -> str:
    """Return the name of a colour, one of ``COLOURS``.

    Args:
        rgb: sRGB, 0 to 255, shape (3,).
    """
    pixel = (np.clip(np.asarray(rgb, np.float32), 0, 255) / np.float32(255)).reshape(1, 1, 3)
    light, a, b = (float(v) for v in cv2.cvtColor(pixel, cv2.COLOR_RGB2Lab)[0, 0])
    chroma, hue = float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)
    if chroma < (_DARK_GREY_UP_TO if light < 2 * _BLACK_UP_TO else _GREY_UP_TO):
        return "black" if light < _BLACK_UP_TO else "white" if light >= _WHITE_FROM else "grey"
    if light < 0.5 * _BLACK_UP_TO and chroma < 30:
        return "black"
    if 30 <= hue < 100 and chroma < 45:  # weak reds to yellows
        return "beige" if light > 58 else "brown" if hue < 88 else "green"
    if 46 <= hue < 76 and light < 50:
        return "brown"
    name = next(word for end, word in _HUES if hue <= end)
    if name == "red" and light > 62:
        return "pink"
    return name
