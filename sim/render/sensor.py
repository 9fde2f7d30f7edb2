"""The camera's electronics: sharpness, vignetting, noise."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.conditions import Conditions
from scenarios.frame import Image
from sim.render.plate import PlateLook

__all__ = ["Sensor"]

_BANK_MARGIN: Final = 128
_SIGMA_AT_ONE: Final = 2.2
"""Standard deviation of the noise of severity 1, in grey levels."""
_VIGNETTE: Final = 0.16
_BLUR_PX: Final = 0.55


class Sensor:
    """Turns a clean picture into one of a surveillance camera.

    The noise lies in a bank that is drawn once; each picture takes another window of it.

    Args:
        width_px: Of the picture.
        height_px: Of the picture.
        conditions: Severity of the noise.
        rng: Draws the bank and the windows.
        look: Of a plate's camera: its noise then counts, and its sharpness and vignette are in the plate already.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        conditions: Conditions,
        rng: np.random.Generator,
        *,
        look: PlateLook | None = None,
    ) -> None:
        self._rng = rng
        self._shape = (height_px, width_px)
        self._noise: NDArray[np.int8] | None = None
        self._silence = np.zeros((height_px, width_px, 3), np.int8)
        self._soften = look is None
        sigma = _SIGMA_AT_ONE * conditions.noise if look is None else look.noise
        if sigma > 0:
            shape = (height_px + _BANK_MARGIN, width_px + _BANK_MARGIN)
            grey = rng.standard_normal((*shape, 1), dtype=np.float32)
            tint = rng.standard_normal((*shape, 3), dtype=np.float32)
            bank = np.asarray(cv2.GaussianBlur(0.8 * grey + 0.45 * tint, (3, 3), 0.6), np.float32)
            bank *= sigma / float(bank.std())
            self._noise = np.clip(np.round(bank), -127, 127).astype(np.int8)
        y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
        r2 = ((x - width_px / 2) ** 2 + (y - height_px / 2) ** 2) / ((width_px / 2) ** 2 + (height_px / 2) ** 2)
        vignette = _VIGNETTE if look is None else 0.0
        gain = np.round(255 * (1 - vignette * r2**1.5)).astype(np.uint8)
        self._gain = np.repeat(gain, 3, axis=1)

    def take(self, clean: Image) -> Image:
        """Return the picture as the camera hands it out; shape (h, w, 3)."""
        h, w = self._shape
        seen = np.asarray(cv2.GaussianBlur(clean, (3, 3), _BLUR_PX), np.uint8) if self._soften else clean
        dy, dx = (int(v) for v in self._rng.integers(0, _BANK_MARGIN, 2))
        window = self._noise[dy : dy + h, dx : dx + w] if self._noise is not None else self._silence
        _develop(seen.reshape(h, 3 * w), self._gain, window.reshape(h, 3 * w))
        return seen


@njit(cache=True, nogil=True, error_model="numpy")
def _develop(image: Any, gain: Any, noise: Any) -> None:
    """Darken by the gain, add the noise, row by row; all of shape (h, 3 w)."""
    for y in range(image.shape[0]):
        seen, share, grain = image[y], gain[y], noise[y]
        for x in range(seen.shape[0]):
            value = np.int16((np.uint16(seen[x]) * np.uint16(share[x]) + np.uint16(255)) >> np.uint16(8))
            value += np.int16(grain[x])
            seen[x] = np.uint8(min(max(value, np.int16(0)), np.int16(255)))
