"""Rain and snow on their way down, between the camera and the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions
from scenarios.frame import Image
from sim.render.light import Light

__all__ = ["Falling"]

_LAYERS_M: Final = ((0.9, 2.5), (2.5, 6.0), (6.0, 14.0))
"""Nearest and farthest drops of each layer; those beyond are part of the veil."""
_MOST: Final = 60_000
_SHORT_S: Final = 1 / 120
"""How long the shutter is open where nothing else is asked."""
_LEAST_DROP_MM: Final = 0.8
_FLAKE_KG: Final = 3.5e-6
_SNOW_MPS: Final = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Opacities that wrap around, three columns a pixel; what is in front; pixels a metre of drift, 0 for rain."""

    bank: NDArray[np.uint8]
    open: NDArray[np.uint8] | None
    px_per_m: float
    number: int


class Falling:
    """Drops or flakes in layers of depth, each a bank that wraps around.

    Rain: sizes by Marshall and Palmer (1948), The distribution of raindrops with size, J. Meteorology 5,
    DOI 10.1175/1520-0469(1948)005<0165:TDORWS>2.0.CO;2; speeds by Atlas, Srivastava and Sekhon (1973), Reviews of
    Geophysics 11(1), DOI 10.1029/RG011i001p00001; a streak hides a place for the time that its drop passes it, a
    share of the exposure, after Garg and Nayar (2007), Vision and Rain, IJCV 75(1), DOI 10.1007/s11263-006-0028-6.
    Drops fall so far between two pictures that each picture's are new; flakes drift on.

    Args:
        conditions: Rates of rain and snow, and the shutter.
        camera: Whose picture they fall through.
        light: Of the hour.
        surface_m: Depth of what is seen, for what hides them, shape (h, w).
        rng: Draws them.
    """

    def __init__(
        self,
        conditions: Conditions,
        camera: Camera,
        light: Light,
        surface_m: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> None:
        self._rng = rng
        self._focal = float(camera.matrix[0, 0])
        self._size = (_multiple(camera.height_px), _multiple(camera.width_px))
        gravity = camera.rotation @ np.array((0.0, 0.0, -1.0))
        lean = rng.normal(0, 0.12)
        c, s = np.cos(lean), np.sin(lean)
        self._down = np.array((c * gravity[0] - s * gravity[1], s * gravity[0] + c * gravity[1]))
        self._wind = rng.normal(0, 0.35, 2)
        self._sway = rng.uniform(0, 2 * np.pi, (3, 2))
        self._shutter_s = max(conditions.shutter_s, _SHORT_S)
        self._layers: list[_Layer] = []
        # from far to near: what stands before the near ones stands before the far ones too
        for number, (near, far) in reversed(list(enumerate(_LAYERS_M))):
            middle = (near + far) / 2
            hidden = np.repeat(np.where(surface_m >= middle, 255, 0).astype(np.uint8), 3, axis=1)
            open_ = None if hidden.all() else np.ascontiguousarray(hidden)
            if conditions.rain:
                self._layers.append(_Layer(self._rain(conditions.rain_mm_per_h, near, far, light), open_, 0.0, number))
            if conditions.snow:
                px_per_m = self._focal / (0.35 * near + 0.65 * far)
                self._layers.append(_Layer(self._snow(conditions.snow_mm_per_h, near, far), open_, px_per_m, number))
        self._share = np.zeros((camera.height_px, 3 * camera.width_px), np.uint8)
        lit = float(light.exposure.shown(light.sky_lux))
        by_lamps = float(light.airlight_bgr.mean()) if light.darkness > 1 else 0.0
        near_light = 200.0 if light.reach_m else 0.0
        self._grey = int(min(max(232.0 * lit, 1.8 * by_lamps, near_light), 250.0))

    def fall(self, image: Image, time_s: float) -> None:
        """Draw them into a picture, shape (h, w, 3).

        Args:
            image: Changed.
            time_s: When.
        """
        h, w = self._size
        flat = image.reshape(image.shape[0], -1)
        share = self._share
        share[:] = 0
        for layer in self._layers:
            if layer.px_per_m:
                swing = 0.05 * np.sin(2 * np.pi * 0.45 * time_s + self._sway[layer.number])
                way = (self._down * _SNOW_MPS + self._wind) * time_s + swing
                down, right = (int(v) for v in np.round(-way[::-1] * layer.px_per_m).astype(np.int64) % (h, w))
            else:
                down, right = (int(v) for v in self._rng.integers(0, (h, w)))
            _gather(share, layer.bank, down, 3 * right, layer.open)
        _lay(flat, share, self._grey)

    def _rain(self, rate: float, near: float, far: float, light: Light) -> NDArray[np.uint8]:
        slope = 4.1 * rate**-0.21
        per_m3 = 8000 / slope * np.exp(-slope * _LEAST_DROP_MM)
        n, thinned = self._count(per_m3, near, far)
        size_mm = _LEAST_DROP_MM + self._rng.exponential(1 / slope, n)
        depth = np.cbrt(self._rng.uniform(near**3, far**3, n))
        speed = 9.65 - 10.3 * np.exp(-0.6 * np.minimum(size_mm, 6))
        width = size_mm / 1000 * self._focal / depth
        length = speed * self._shutter_s * self._focal / depth
        # drops gather light from all around and stand out the more where a lamp beside the camera lights them
        lit = 2.4 if not light.reach_m else 2.4 + 4.0 / depth
        opaque = np.minimum(1, size_mm / 1000 / (speed * self._shutter_s) * lit * np.minimum(1, width)) * thinned
        way = self._down / max(float(np.linalg.norm(self._down)), 1e-6)
        foreshort = float(np.linalg.norm(self._down))
        tilt = self._rng.normal(0, 0.03, n)
        along = np.stack((way[0] - tilt * way[1], way[1] + tilt * way[0]), axis=1)
        return self._bank(along * (length * foreshort)[:, None], np.maximum(width, 0.9), opaque)

    def _snow(self, rate: float, near: float, far: float) -> NDArray[np.uint8]:
        n, thinned = self._count(rate / 3600 / (_FLAKE_KG * _SNOW_MPS), near, far)
        size_mm = np.clip(self._rng.lognormal(np.log(4.2), 0.4, n), 1.5, 12)
        depth = np.cbrt(self._rng.uniform(near**3, far**3, n))
        sharp = size_mm / 1000 * self._focal / depth
        width = np.maximum(np.hypot(sharp, 1.6 / depth), 0.9)
        opaque = 0.85 * np.minimum(1, (sharp / width) ** 2 * (1 + 0.3 * sharp)) * thinned
        drift = (self._down * _SNOW_MPS + self._wind) * self._shutter_s * self._focal
        return self._bank(drift[None] / depth[:, None], width, opaque)

    def _count(self, per_m3: float, near: float, far: float) -> tuple[int, float]:
        """How many fall within the bank's field of view; when too many, each stands for several."""
        h, w = self._size
        volume = h * w / self._focal**2 * (far**3 - near**3) / 3
        wanted = per_m3 * volume
        n = int(min(wanted, _MOST))
        return max(n, 1), float(min(2.5, (wanted / max(n, 1)) ** 0.5))

    def _bank(
        self, way: NDArray[np.float64], width: NDArray[np.float64], opaque: NDArray[np.float64]
    ) -> NDArray[np.uint8]:
        h, w = self._size
        bank = np.zeros((h, w), np.float32)
        start = self._rng.uniform((0, 0), (w, h), (len(width), 2))
        _streaks(np.c_[start, way, width, opaque], bank)
        return np.repeat(np.clip(np.round(bank * 255), 0, 255).astype(np.uint8), 3, axis=1)


def _multiple(size: int) -> int:
    return -(-size // 64) * 64 + 64


@njit(cache=True, nogil=True, error_model="numpy")
def _streaks(rows: Any, bank: Any) -> None:
    """Add streaks (x, y, way x, way y, width, opacity) to a bank that wraps around."""
    h, w = bank.shape
    for s in range(rows.shape[0]):
        x, y, dx, dy, width, opaque = rows[s, 0], rows[s, 1], rows[s, 2], rows[s, 3], rows[s, 4], rows[s, 5]
        length = np.sqrt(dx * dx + dy * dy)
        half = width / 2
        reach = int(np.ceil(half)) + 1
        x1, x2 = int(np.floor(min(x, x + dx))) - reach, int(np.ceil(max(x, x + dx))) + reach
        y1, y2 = int(np.floor(min(y, y + dy))) - reach, int(np.ceil(max(y, y + dy))) + reach
        ux, uy = (dx / length, dy / length) if length > 1e-6 else (1.0, 0.0)
        for i in range(y1, y2 + 1):
            for j in range(x1, x2 + 1):
                along = (j - x) * ux + (i - y) * uy
                over = max(0.0, max(-along, along - length))
                aside = (i - y) * ux - (j - x) * uy
                far = np.sqrt(aside * aside + over * over)
                cover = min(1.0, max(0.0, half + 0.5 - far))
                if cover > 0.0:
                    bank[i % h, j % w] += np.float32(opaque * cover)


def _gather(
    share: NDArray[np.uint8], bank: NDArray[np.uint8], down: int, right: int, open_: NDArray[np.uint8] | None
) -> None:
    """Add a bank, wrapping around from an offset, where nothing stands in front; all of three columns a pixel."""
    (h, w), (bank_h, bank_w) = share.shape, bank.shape
    rows, columns = min(h, bank_h - down), min(w, bank_w - right)
    for top, low, first in ((0, rows, down), (rows, h, 0)):
        for left, end, start in ((0, columns, right), (columns, w, 0)):
            if low > top and end > left:
                part = share[top:low, left:end]
                part[:] = cv2.add(part, bank[first : first + low - top, start : start + end - left])
    if open_ is not None:
        share[:] = cv2.bitwise_and(share, open_)


@njit(cache=True, nogil=True, error_model="numpy")
def _lay(image: Any, share: Any, grey: int) -> None:
    """Blend a grey over a picture; all of shape (h, 3 w)."""
    for y in range(image.shape[0]):
        seen, part = image[y], share[y]
        for x in range(seen.shape[0]):
            value = np.int32(seen[x])
            seen[x] = np.uint8(value + ((np.int32(grey) - value) * np.int32(part[x]) >> 8))
