"""Vehicles at the kerb: sides, ends and paint, as functions of metres, filtered to a pixel's width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.render.texture import clouds, hash01, lines_share

__all__ = ["vehicle", "vehicle_paint"]


@njit(cache=True, error_model="numpy")
def vehicle(kind: int, u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
    """Side or end of a vehicle: paint, wheels, panes, lights."""
    vehicle_paint(seed, 0.82 + 0.22 * min(1.0, z / 0.8), out)
    long = length > 2.5
    if kind == 22:  # cabin: panes between thin pillars
        slope = 0.34 * (z - 0.88) / max(top - 0.88, 1e-6)
        if long and (u < slope * 1.5 or u > length - slope * 2.2):
            return -1.0
        if z < top - 0.07:
            pillar = long and abs(u - 0.52 * length) < 0.05
            if not pillar:
                glass = 40.0 + 46.0 * (z - 0.88) / 0.5 + 26.0 * clouds(u, z, 0.5, width, seed)
                out[0], out[1], out[2] = glass * 1.1, glass * 1.03, glass
        return 0.0
    if z < 0.17:
        return -1.0 if min(abs(u - 0.19 * length), abs(u - 0.81 * length)) > 0.28 or not long else _tyre(out)
    if long:
        for centre in (0.19, 0.81):
            away = np.sqrt((u - centre * length) ** 2 + (z - 0.32) ** 2)
            if away < 0.33:
                out[:] = 96.0 if away < 0.19 else 26.0
                return 0.0
            if away < 0.38:
                out[:] = 18.0
                return 0.0
        if lines_share(u - 0.40 * length, 0.25 * length, 0.012, width) > 0.4 and 0.25 < z < 0.85:
            out[:] = out * 0.72
        if kind == 23 and z > 1.25 and u > 0.74 * length and z < 1.95:
            out[:] = 58.0
    else:
        if 0.42 < z < 0.54 and abs(u - 0.5 * length) < 0.26:
            out[:] = 190.0
        elif 0.55 < z < 0.74 and (u < 0.32 or u > length - 0.32):
            out[0], out[1], out[2] = (48.0, 46.0, 150.0) if hash01(seed, 2, 3) > 0.5 else (196.0, 198.0, 200.0)
            return 0.1
        elif kind == 23 and 1.25 < z < 1.95 and 0.14 < u / length < 0.86:
            out[:] = 54.0
    if z < 0.32:
        out[:] = out * 0.5
    return 0.0


@njit(cache=True, error_model="numpy")
def vehicle_paint(seed: int, gain: float, out: Any) -> None:
    """The paint of a vehicle: mostly grey, black and white, as in any street."""
    shade = hash01(seed, 1, 71)
    if shade < 0.62:
        tone = (38.0, 74.0, 118.0, 158.0, 196.0)[int(shade / 0.62 * 5)]
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.98
    else:
        hue = int((shade - 0.62) / 0.38 * 4)
        for k in range(3):
            out[k] = ((112.0, 70.0, 38.0), (44.0, 40.0, 128.0), (88.0, 92.0, 62.0), (122.0, 108.0, 92.0))[hue][k]
    for k in range(3):
        out[k] = min(225.0, out[k] * gain)


@njit(cache=True, error_model="numpy")
def _tyre(out: Any) -> Any:
    out[:] = 24.0
    return 0.0
