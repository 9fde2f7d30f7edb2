"""The camera's electronics: sharpness, vignetting, bands of flickering lamps, noise that grows with the gain."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.frame import Image

__all__ = ["SIGMA_AT_ONE", "Sensor", "noise_sigma"]

_BANK_MARGIN: Final = 128
SIGMA_AT_ONE: Final = 2.2
"""Standard deviation of the noise of severity 1 at mid grey and no gain, in grey levels."""
_MID_GREY: Final = 117.0
_VIGNETTE: Final = 0.16
_SIDE: Final = 0.1385
"""Share of a pixel's light that the lens throws onto each neighbour: a spread of 0.55 px."""
_FULL_WELL: Final = 4000.0
_READ: Final = 3.0
_TOE: Final = 4.5
"""Slope of the transfer curve in the dark (ITU-R BT.709)."""
_DENOISED_DB: Final = 16.0
"""So much gain halves the noise by the camera's own noise reduction, which leaves it coarser."""


def noise_sigma(level: Any, severity: float, gain_db: float) -> Any:
    """Return the standard deviation of the noise in grey levels: shot noise and read noise through the tone curve.

    With light L (1: full), amplification A, full well N and read noise r in electrons, the linear deviation is
    sqrt(L A / N + (A r / N)^2) (EMVA Standard 1288, release 4.0, equation 15, with the gain); the curve
    v = 255 L^(1/2.2) stretches it by its slope, most in the dark.

    Args:
        level: Picture value without noise, any shape.
        severity: See ``Conditions.noise``.
        gain_db: Of the camera.
    """
    value = np.asarray(level, float)
    own = float(_curve(np.asarray(_MID_GREY), 0.0))
    return severity * SIGMA_AT_ONE / own * _curve(value, gain_db) / (1 + gain_db / _DENOISED_DB)


def _curve(value: NDArray[np.float64], gain_db: float) -> NDArray[np.float64]:
    light = (np.maximum(value, 0.5) / 255) ** 2.2
    amplified = 10 ** (gain_db / 20)
    linear = np.sqrt(light * amplified / _FULL_WELL + (amplified * _READ / _FULL_WELL) ** 2)
    return np.asarray(255 * np.minimum(light ** (1 / 2.2 - 1) / 2.2, _TOE) * linear)


class Sensor:
    """Turns the light on the sensor into a picture.

    The noise lies in a bank that is drawn once; each picture takes another window of it.

    Args:
        width_px: Of the picture.
        height_px: Of the picture.
        noise: Severity of the noise.
        gain_db: Of the camera.
        grey: Whether the picture has no colours: nor has its noise.
        rng: Draws the bank and the windows.
        lens: Whether the lens softens the picture and darkens its corners.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        noise: float,
        gain_db: float,
        grey: bool,
        rng: np.random.Generator,
        *,
        lens: bool = True,
    ) -> None:
        self._rng = rng
        self._side = _SIDE if lens else 0.0
        self._shape = (height_px, width_px)
        shape = (height_px + _BANK_MARGIN, width_px + _BANK_MARGIN)
        if noise > 0:
            bank = rng.standard_normal((*shape, 1), dtype=np.float32)
            tint = rng.standard_normal((*shape, 3), dtype=np.float32)
            coarse = 0.6 + min(gain_db, 40.0) / 60
            mixed = np.repeat(bank, 3, axis=2) if grey else 0.8 * bank + 0.45 * tint
            grain = np.asarray(cv2.GaussianBlur(mixed, (0, 0), coarse), np.float32)
            grain *= 24 / float(grain.std())
            self._bank = np.clip(np.round(grain), -127, 127).astype(np.int8)
        else:
            self._bank = np.zeros((*shape, 3), np.int8)
        levels = np.arange(256.0)
        sigma = noise_sigma(levels, noise, gain_db)
        # a parabola through the curve: the kernel then needs no table
        self._sigma = np.polynomial.Polynomial.fit(levels, sigma / 24, 3).convert().coef.astype(np.float32)
        self._sigma = np.pad(self._sigma, (0, 4 - len(self._sigma)))
        y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
        r2 = ((x - width_px / 2) ** 2 + (y - height_px / 2) ** 2) / ((width_px / 2) ** 2 + (height_px / 2) ** 2)
        self._gain = np.repeat((1 - (_VIGNETTE if lens else 0.0) * r2**1.5).astype(np.float32), 3, axis=1)
        self._even = np.ones(height_px, np.float32)

    def take(self, seen: Image, rows: NDArray[np.float32] | None = None) -> Image:
        """Return the picture as the camera hands it out; shape (h, w, 3).

        Args:
            seen: What the lens throws onto the sensor, shape (h, w, 3); it may be changed.
            rows: Factor on each row, shape (h,).
        """
        h, w = self._shape
        dy, dx = (int(v) for v in self._rng.integers(0, _BANK_MARGIN, 2))
        window = self._bank.reshape(len(self._bank), -1)[dy : dy + h, 3 * dx : 3 * (dx + w)]
        taken = np.empty((h, w, 3), np.uint8)
        even = self._even if rows is None else rows
        _develop(seen.reshape(h, 3 * w), self._side, self._gain, even, window, self._sigma, taken.reshape(h, 3 * w))
        return taken


@njit(cache=True, nogil=True, error_model="numpy")
def _develop(seen: Any, side: Any, gain: Any, rows: Any, noise: Any, sigma: Any, taken: Any) -> None:
    """Take the share ``side`` from each neighbour, darken by the gain and the row's factor, add noise by the level.

    All of shape (h, 3 w) but ``rows`` (h,). What is beyond the edge is as what is before it.
    """
    c0, c1, c2, c3 = sigma[0], sigma[1], sigma[2], sigma[3]
    half, top, zero = np.float32(0.5), np.float32(255.0), np.float32(0.0)
    height, width = seen.shape
    beside, middle = np.float32(side), np.float32(1.0) - np.float32(2.0) * np.float32(side)
    padded = np.empty(width + 6, np.float32)
    before, own, after = padded[:width], padded[3 : width + 3], padded[6:]
    for y in range(height):
        upper, same, lower = seen[max(y - 1, 0)], seen[y], seen[min(y + 1, height - 1)]
        for x in range(width):
            own[x] = beside * (np.float32(upper[x]) + np.float32(lower[x])) + middle * np.float32(same[x])
        for k in range(3):
            before[k], after[width - 1 - k] = own[k], own[width - 1 - k]
        share, grain, row, out = gain[y], noise[y], rows[y], taken[y]
        for x in range(width):
            value = (beside * (before[x] + after[x]) + middle * own[x]) * share[x] * row
            value += np.float32(grain[x]) * (c0 + value * (c1 + value * (c2 + value * c3)))
            out[x] = np.uint8(min(max(value + half, zero), top))
