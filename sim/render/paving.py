"""What a floor and the street around it look like under the light, as functions of metres, filtered to a pixel."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.floor import sample
from sim.render.light import brightness_of
from sim.render.texture import clouds, ground_colour

__all__ = ["AIR_M", "floor_colour", "floor_widths", "polish"]

AIR_M: Final = 520.0
"""Length of clear air that takes 63 % of the light of what is seen, and puts haze in its place."""


@njit(cache=True, error_model="numpy")
def floor_colour(
    x: float, y: float, wx: float, wy: float, reach: float, light: Any, kind: int, seed: int, hall: bool,
    layers: Any, grid: Any, out: Any, other: Any,
) -> Any:  # fmt: skip
    """Write the floor's colour in its light; return which share of the sun reaches it, and how wet it is."""
    column, row = (x - grid[0]) / grid[2], (y - grid[1]) / grid[2]
    within = 0.0 <= column <= layers.shape[2] - 1 and 0.0 <= row <= layers.shape[1] - 1
    sun, ambient, inside, wet, beyond = 1.0, 1.0, 0.0, 0.0, 99.0
    wide = max(wx, wy)
    if within:
        sun = sample(layers[0], column, row)
        ambient = sample(layers[1], column, row)
        inside = sample(layers[2], column, row)
        wet = sample(layers[3], column, row)
        if wet > 0.0:  # water runs out unevenly
            wet *= min(1.0, max(0.0, 0.75 + 3.5 * clouds(x, y, 0.9, wide, seed + 55)))
        beyond = sample(layers[5], column, row)
    if inside < 1.0 and not hall:
        _street(x, y, wx, wy, wide, beyond, sample(layers[4], column, row) if within else 0.0, seed, other)
    if inside > 0.0 or hall:
        ground_colour(kind, x, y, wx, wy, seed, out)
    if inside < 1.0 and not hall:
        for k in range(3):
            out[k] = inside * out[k] + (1.0 - inside) * other[k]
    if wet > 0.0:
        for k in range(3):
            out[k] *= 1.0 - (0.16 if hall else 0.36) * wet
    flat = brightness_of(light[2], 1.0, sun, light[3], light[4]) * ambient
    air = 1.0 - np.exp(-reach / AIR_M) if not hall else 0.0
    for k in range(3):
        out[k] = out[k] * flat * (1.0 - air) + air * (214.0 - 2.0 * k)
    return sun, wet


@njit(cache=True, error_model="numpy")
def floor_widths(rays: Any, eye: Any, i: int, j: int) -> Any:
    """Width of a pixel on the floor along x and along y."""
    total_x, total_y = 0.0, 0.0
    if rays[i, j, 2] >= 0.0:
        return 9.9, 9.9
    t = -eye[2] / rays[i, j, 2]
    for di, dj in ((0, 1), (1, 0)):
        other = rays[i + di, j + dj, 2]
        if other >= 0.0:
            return 9.9, 9.9
        s = -eye[2] / other
        total_x += abs(s * rays[i + di, j + dj, 0] - t * rays[i, j, 0])
        total_y += abs(s * rays[i + di, j + dj, 1] - t * rays[i, j, 1])
    return total_x, total_y


@njit(cache=True, error_model="numpy")
def polish(kind: int, hall: bool, wet: float, x: float, y: float, seed: int) -> Any:
    """How much of a clean mirror a floor is: worn ways in a polished hall are duller."""
    base = 0.0
    if hall:
        worn = 0.75 + 1.2 * clouds(x, y, 4.0, 0.05, seed + 401)
        base = (0.70 if kind == 2 else 1.0) * min(1.0, max(0.25, worn))
    return max(base, wet)


@njit(cache=True, error_model="numpy")
def _street(
    x: float, y: float, wx: float, wy: float, wide: float, beyond: float, paint: float, seed: int, out: Any
) -> None:
    """The ground around a place: kerb, carriageway, kerb, pavement, yards, and far off what a town looks like."""
    if 9.2 < beyond < 16.0:
        ground_colour(0, x, y, wx, wy, seed + 91, out)
        for k in range(3):
            out[k] *= 0.93
    else:
        ground_colour(1, x, y, wx, wy, seed + 77, out)
        if beyond < 16.0:
            gutter = np.exp(-min(beyond, 9.2 - beyond) / 0.5) if beyond < 9.2 else 0.0
            for k in range(3):
                out[k] = out[k] * (1.0 - 0.14 * gutter) * (1.0 - 0.86 * paint) + paint * 0.86 * 178.0
    for edge in (0.0, 9.2):
        near = abs(beyond - edge - 0.07)
        stone = min(1.0, max(0.0, (0.075 - near) / max(wide, 0.01) + 0.5)) if wide < 0.8 else 0.0
        if stone > 0.0:
            tone = 158.0 + 26.0 * clouds(x, y, 0.8, wide, seed + 92)
            for k in range(3):
                out[k] = stone * tone * (0.95 + 0.02 * k) + (1.0 - stone) * out[k]
    if beyond > 15.5:
        green = min(1.0, max(0.0, 4.0 * clouds(x, y, 26.0, wide, seed + 93) + 0.35)) * min(1.0, (beyond - 15.5) / 0.3)
        lawn = 92.0 + 50.0 * clouds(x, y, 1.1, wide, seed + 94)
        tint = (0.62, 1.0, 0.78)
        for k in range(3):
            out[k] = green * lawn * tint[k] + (1.0 - green) * out[k]
