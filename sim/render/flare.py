"""Glare of a low sun in the lens: its blooming disc, the veil over the picture, the ghosts of the lens's surfaces."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions
from scenarios.frame import Image
from sim.render.light import Light

__all__ = ["glare", "glare_share"]

_COARSE: Final = 4
_OUTSIDE: Final = 0.55
"""How fast the veil fades as the sun leaves the picture: e-fold, in half widths of it."""
_GHOSTS: Final = (
    (-0.35, 0.050, (70, 96, 52)), (-0.62, 0.022, (52, 84, 110)), (-0.9, 0.085, (62, 52, 40)),
    (0.42, 0.016, (40, 90, 96)), (-1.3, 0.13, (44, 40, 52)),
)  # fmt: skip
"""Of each ghost: its place on the line from the sun through the middle, its radius in widths, its colour."""


def glare(conditions: Conditions, camera: Camera, light: Light, surface_m: NDArray[np.float32]) -> Image | None:
    """Return what the sun adds to the picture, shape (h, w, 3); None where that is nothing.

    Args:
        conditions: How low the sun is.
        camera: That looks.
        light: Where the sun stands.
        surface_m: Depth of whatever is seen, infinite for the sky, shape (h, w): what hides the sun.
    """
    share = glare_share(conditions, camera, light)
    if share < 0.02:
        return None
    w, h = camera.width_px, camera.height_px
    (sun,), _ = camera.project([camera.position_m + 1e5 * light.to_sun])
    if not np.isfinite(sun).all():
        return None
    x, y = round(float(sun[0])), round(float(sun[1]))
    within = 0 <= x < w and 0 <= y < h
    radius = max(2, w // 160)
    seen = 0.0
    if within:
        around = surface_m[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        seen = float(np.isinf(around).mean())
        share *= 0.25 + 0.75 * seen
    cw, ch = w // _COARSE, h // _COARSE
    v, u = np.mgrid[0:ch, 0:cw].astype(np.float32)
    du, dv = u * _COARSE - float(sun[0]), v * _COARSE - float(sun[1])
    away = np.hypot(du, dv) / w
    warm = np.array((0.50, 0.82, 1.0), np.float32)
    veil = share * (58 / (1 + (away / 0.30) ** 2) + 120 / (1 + (away / 0.07) ** 2))
    if seen:
        turn = np.arctan2(dv, du)
        rays = np.abs(np.cos(3 * turn + 0.4)) ** 60 + 0.6 * np.abs(np.cos(4.5 * turn + 1.3)) ** 110
        veil += seen * share * (900 / (1 + (away / 0.012) ** 2.4) + 130 * rays * np.exp(-away / 0.09))
    light_map = veil[..., None] * (warm + (1 - warm) * np.clip(veil / 400, 0, 1)[..., None])
    middle = np.array((w / 2, h / 2))
    for place, size, colour in _GHOSTS:
        at = middle + (np.asarray(sun) - middle) * place
        far = np.hypot(u * _COARSE - at[0], v * _COARSE - at[1]) / (size * w)
        ghost = share * max(seen, 0.15) * np.clip((1.0 - far) / 0.3, 0, 1) * (0.6 + 0.4 * np.minimum(far, 1) ** 2)
        light_map += 0.26 * ghost[..., None] * np.array(colour, np.float32)
    large = cv2.resize(light_map.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(np.round(large), 0, 255), np.uint8)


def glare_share(conditions: Conditions, camera: Camera, light: Light) -> float:
    """Return how much a low sun dazzles the camera: 0 with the sun behind it, 1 with a very low one in the picture."""
    if not conditions.low_sun or light.darkness >= 2:
        return 0.0
    (sun,), (depth,) = camera.project([camera.position_m + 1e5 * light.to_sun])
    if not np.isfinite(sun).all() or depth <= 0:
        return 0.0
    w, h = camera.width_px, camera.height_px
    outside = np.maximum(np.abs(sun - (w / 2, h / 2)) - (w / 2, h / 2), 0) / (w / 2)
    air = np.exp(-400 * light.extinction_per_m)
    strength = float(np.interp(conditions.low_sun, (0, 1, 5), (0, 0.45, 1.0))) * (1 - light.darkness / 2)
    return float(strength * air * np.exp(-np.hypot(*outside) / _OUTSIDE))
