"""Blur of what moves while the shutter is open: figures each along their own way, and the whole picture."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.frame import Image

__all__ = ["drag", "smear", "smears"]

_LEAST_PX: Final = 0.7
_MOST_PX: Final = 96.0


def smears(
    camera: Camera,
    position_m: NDArray[np.float64],
    velocity_mps: NDArray[np.float64],
    height_m: NDArray[np.float64],
    shutter_s: float,
) -> NDArray[np.float64]:
    """Return how far figures move over the picture while the shutter is open.

    Args:
        camera: That sees them.
        position_m: Feet in the middle of the exposure, shape (n, 2).
        velocity_mps: Shape (n, 2).
        height_m: Shape (n,); the way is that of half the height.
        shutter_s: How long it is open.

    Returns:
        (right, down) in pixels, shape (n, 2); 0 where it is too little to see or behind the camera.
    """
    middle = np.c_[position_m, height_m / 2]
    half = np.c_[velocity_mps, np.zeros(len(middle))] * (shutter_s / 2)
    way = camera.project(middle + half)[0] - camera.project(middle - half)[0]
    length = np.hypot(way[:, 0], way[:, 1])
    seen = np.isfinite(length) & (length >= _LEAST_PX)
    way *= np.minimum(1.0, _MOST_PX / np.maximum(length, 1e-9))[:, None]
    return np.where(seen[:, None], way, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def smear(sprite: Any, right: float, down: float, out: Any) -> None:
    """Draw a sprite out along its way: the mean of the places where it is while the shutter is open.

    Args:
        sprite: Premultiplied BGRA, shape (h, w, 4), uint8; needs an empty rim of half the way.
        right: The way in pixels.
        down: The way in pixels.
        out: Written, shape (h, w, 4), uint8.
    """
    h, w = sprite.shape[:2]
    taps = max(2, int(np.ceil(max(abs(right), abs(down)))) + 1)
    sums = np.empty(4)
    for y in range(h):
        for x in range(w):
            sums[:] = 0.0
            for t in range(taps):
                share = (t + 0.5) / taps - 0.5
                sx, sy = x - share * right, y - share * down
                j, i = int(np.floor(sx)), int(np.floor(sy))
                fx, fy = sx - j, sy - i
                for di in range(2):
                    for dj in range(2):
                        if 0 <= i + di < h and 0 <= j + dj < w:
                            weight = (fy if di else 1.0 - fy) * (fx if dj else 1.0 - fx)
                            for k in range(4):
                                sums[k] += weight * sprite[i + di, j + dj, k]
            for k in range(4):
                out[y, x, k] = np.uint8(min(255.0, sums[k] / taps + 0.5))


def drag(image: Image, right: float, down: float) -> Image:
    """Return the picture of a camera that moved while its shutter was open.

    Args:
        image: Shape (h, w, 3).
        right: How far the picture moved, in pixels.
        down: As ``right``.
    """
    length = float(np.hypot(right, down))
    if length < _LEAST_PX:
        return image
    shrink = min(1.0, _MOST_PX / length)
    right, down = right * shrink, down * shrink
    half = int(np.ceil(max(abs(right), abs(down)) / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    taps = 8 * half
    for t in range(taps):
        share = (t + 0.5) / taps - 0.5
        x, y = half + share * right, half + share * down
        j, i = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - j, y - i
        kernel[i, j] += (1 - fx) * (1 - fy)
        kernel[i, j + 1] += fx * (1 - fy)
        kernel[i + 1, j] += (1 - fx) * fy
        kernel[i + 1, j + 1] += fx * fy
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8)
