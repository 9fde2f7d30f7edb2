"""How things look in near-infrared light at 850 nm: grey, and clothes without the colours that dyes give them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenarios.frame import Image

__all__ = ["SKIN_IN_INFRARED", "as_infrared", "cloth_in_infrared"]

SKIN_IN_INFRARED: Final = 172.0
"""Skin of every tone reflects about alike at 850 nm: melanin hardly absorbs there."""
_DYED: Final = 138.0
_FAST: Final = 0.28
"""Share of garments (synthetic blacks, leather) that stay as dark as they look by day."""


def cloth_in_infrared(bgr: ArrayLike, chance: ArrayLike) -> NDArray[np.float64]:
    """Return the greys that cloth of these colours shows; most dyes are clear there, so that black cotton looks grey.

    Args:
        bgr: Colours by day, shape (n, 3).
        chance: A number from 0 to 1 each, which decides what the cloth is made of, shape (n,).
    """
    colour = np.asarray(bgr, float).reshape(-1, 3)
    of = np.asarray(chance, float).reshape(-1)
    luma = colour @ (0.114, 0.587, 0.299)
    grey = _DYED + 0.30 * (luma - 110.0) + 60.0 * (of - 0.64)
    return np.repeat(np.where(of < _FAST, luma, grey)[:, None], 3, axis=1)


def as_infrared(image: Image) -> Image:
    """Return a picture in grey, shape (h, w, 3): behind an open infrared filter a sensor's colours mean nothing."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
