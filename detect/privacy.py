"""Pictures that are kept show what happened, not who."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.frame import Image

__all__ = ["blur_people"]

_BLOCKS: Final = 6
"""A person's width is left with so many squares: a figure, not a face."""
_MARGIN: Final = 0.1
"""Boxes are made larger on all sides by this share of their longer side: heads stand out of boxes that are tight."""


def blur_people(image: Image, boxes_px: NDArray[np.float64]) -> Image:
    """Return a copy in which every box, and a margin around it, is pixelated; who was not found is not hidden.

    Args:
        image: Shape (height, width, 3).
        boxes_px: People, x1, y1, x2, y2, shape (n, 4); parts outside the picture do not count.
    """
    out = image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in np.asarray(boxes_px, float).reshape(-1, 4):
        margin = _MARGIN * max(x2 - x1, y2 - y1)
        left, right = (int(np.clip(v, 0, width)) for v in (np.floor(x1 - margin), np.ceil(x2 + margin)))
        top, bottom = (int(np.clip(v, 0, height)) for v in (np.floor(y1 - margin), np.ceil(y2 + margin)))
        if right <= left or bottom <= top:
            continue
        block = max(2.0, (x2 - x1 + 2 * margin) / _BLOCKS)  # of the whole person, also where only a part is in view
        small = (max(1, round((right - left) / block)), max(1, round((bottom - top) / block)))
        part = cv2.resize(out[top:bottom, left:right], small, interpolation=cv2.INTER_AREA)
        out[top:bottom, left:right] = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return out
