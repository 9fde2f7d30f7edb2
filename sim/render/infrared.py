"""How things look in near-infrared light at 850 nm: grey, and clothes without the colours that dyes give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenarios.frame import Image

__all__ = ["SKIN_IN_INFRARED", "as_infrared", "cloth_in_infrared", "looks_in_infrared"]

SKIN_IN_INFRARED: Final = 172.0
"""Skin of every tone reflects about alike at 850 nm: melanin hardly absorbs there."""
_LUMA: Final = np.array((0.114, 0.587, 0.299))
_FLESH: Final = {"skin": SKIN_IN_INFRARED, "brow": 110.0, "lips": 150.0, "eye": 215.0}
"""Greys at 850 nm; pupils throw an illuminator's light back."""
_WOVEN: Final = ("upper", "lower", "outer", "accessory", "cloth", "hat", "lining", "upper_sleeve", "outer_sleeve")
_BAND: Final = 224.9
_RETROREFLECTIVE: Final = 520.0
"""The bands of a safety vest beside an illuminator: far beyond what the sensor can show."""
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
    luma = colour @ _LUMA
    grey = _DYED + 0.30 * (luma - 110.0) + 60.0 * (of - 0.64)
    return np.repeat(np.where(of < _FAST, luma, grey)[:, None], 3, axis=1)


def looks_in_infrared(look: NDArray[np.float64], regions: Sequence[str]) -> NDArray[np.float64]:
    """Return how people and bags are painted in infrared light.

    Args:
        look: For each region 8 numbers: BGR, second BGR, pattern and cut; shape (n, 8 regions).
        regions: Names of the regions, in order.
    """
    made = look.reshape(len(look), len(regions), 8).copy()
    for number, name in enumerate(regions):
        for first in (0, 3):
            colour = made[:, number, first : first + 3].copy()
            if name in _FLESH:
                grey = np.repeat(0.25 * (colour @ _LUMA)[:, None] + 0.75 * _FLESH[name], 3, axis=1)
            elif name in _WOVEN:
                grey = cloth_in_infrared(colour, np.modf(colour @ (0.371, 0.613, 0.837))[0])
            else:
                grey = np.repeat((colour @ _LUMA)[:, None], 3, axis=1)
            made[:, number, first : first + 3] = grey
            if name in _WOVEN and first == 3:
                banded = np.min(colour, axis=1) >= _BAND
                made[banded, number, first : first + 3] = _RETROREFLECTIVE
    return made.reshape(look.shape)


def as_infrared(image: Image) -> Image:
    """Return a picture in grey, shape (h, w, 3): behind an open infrared filter a sensor's colours mean nothing."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
