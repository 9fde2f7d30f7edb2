"""Textures without pictures: hashes, noise, grounds and facades as functions of metres.

Each is filtered to the width of a pixel, so that nothing flickers in the distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["clouds", "facade", "ground_colour", "hash01", "value_noise"]


@njit(cache=True, error_model="numpy")
def hash01(x: int, y: int, seed: int) -> Any:
    """Return a number in [0, 1) that depends on nothing else (an integer mixer with xor and shift)."""
    h = np.uint32(x * 374761393 + y * 668265263 + seed * 974634777)
    h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(2246822519))
    return np.uint32(h ^ (h >> np.uint32(16))) * 2.3283064365386963e-10


@njit(cache=True, error_model="numpy")
def value_noise(x: float, y: float, seed: int) -> Any:
    """Return smooth noise in [0, 1) with features of size 1."""
    i, j = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - i, y - j
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    low = hash01(i, j, seed) * (1 - fx) + hash01(i + 1, j, seed) * fx
    high = hash01(i, j + 1, seed) * (1 - fx) + hash01(i + 1, j + 1, seed) * fx
    return low * (1 - fy) + high * fy


@njit(cache=True, error_model="numpy")
def clouds(x: float, y: float, size: float, width: float, seed: int) -> Any:
    """Return four octaves of noise about 0, the largest of ``size``; octaves finer than ``width`` fade out."""
    total, gain = 0.0, 0.5
    for octave in range(4):
        keep = min(1.0, max(0.0, 1.6 * size / max(width, 1e-9) - 1.0))
        if keep > 0.0:
            total += gain * keep * (value_noise(x / size, y / size, seed + 17 * octave) - 0.5)
        size *= 0.43
        gain *= 0.58
    return total


@njit(cache=True, error_model="numpy")
def _line_integral(x: float, period: float, line: float) -> Any:
    whole = np.floor(x / period)
    return whole * line + min(x - whole * period, line)


@njit(cache=True, error_model="numpy")
def _lines(x: float, period: float, line: float, width: float) -> Any:
    """Share of [x - width/2, x + width/2] that lies on lines of thickness ``line`` every ``period``."""
    width = max(width, 1e-6)
    return (_line_integral(x + width / 2, period, line) - _line_integral(x - width / 2, period, line)) / width


@njit(cache=True, error_model="numpy")
def _spot(x: float, y: float, cell: float, share: float, size: float, width: float, seed: int) -> Any:
    """Soft round spots (chewing gum, leaves): 1 in the middle of one, 0 outside."""
    i, j = int(np.floor(x / cell)), int(np.floor(y / cell))
    if hash01(i, j, seed) > share:
        return 0.0
    mx = (i + 0.2 + 0.6 * hash01(i, j, seed + 1)) * cell
    my = (j + 0.2 + 0.6 * hash01(i, j, seed + 2)) * cell
    r = size * (0.6 + 0.8 * hash01(i, j, seed + 3))
    soft = max(width, 0.3 * r)
    d = np.sqrt((x - mx) ** 2 + (y - my) ** 2)
    return min(1.0, max(0.0, (r + soft / 2 - d) / soft)) * min(1.0, (r / max(width, 1e-9)) ** 2)


@njit(cache=True, error_model="numpy")
def ground_colour(kind: int, x: float, y: float, wx: float, wy: float, seed: int, out: Any) -> None:
    """Write the colour (BGR, 0 to 255) of a floor.

    Args:
        kind: 0 paving slabs, 1 asphalt, 2 polished tiles.
        x: Metres east.
        y: Metres north.
        wx: Width of a pixel along x.
        wy: Width of a pixel along y.
        seed: Of the venue.
        out: Shape (3,).
    """
    wide = max(wx, wy)
    stain = clouds(x, y, 7.0, wide, seed + 100)
    worn = clouds(x + 31.7, y - 8.3, 1.7, wide, seed + 200)
    if kind == 0:
        row = int(np.floor(y / 0.4))
        shift = 0.3 * (row % 2)
        seam_y = _lines(y, 0.4, 0.010, wy)
        seam_x = _lines(x + shift, 0.6, 0.009, wx) if wy < 0.4 else _lines(x, 0.6, 0.009, wx)
        slab = hash01(int(np.floor((x + shift) / 0.6)), row, seed) - 0.5
        keep = min(1.0, max(0.0, 1.7 - wide / 0.45))
        band = 1.0 if int(np.floor(x / 6.0)) % 4 == 3 and wx < 3.0 else 0.0
        tone = 158.0 + 17.0 * keep * slab + 30.0 * stain + 22.0 * worn - 15.0 * band
        tone += 10.0 * clouds(x, y, 0.06, wide, seed + 5)
        tone -= 48.0 * min(1.0, seam_x + seam_y)
        tone -= 34.0 * _spot(x, y, 0.7, 0.22, 0.016, wide, seed + 7)
        out[0], out[1], out[2] = tone * 0.925, tone * 0.975, tone
    elif kind == 1:
        grain = clouds(x, y, 0.05, wide, seed + 5)
        tone = 104.0 + 24.0 * stain + 16.0 * worn + 26.0 * grain
        crack = abs(value_noise(x / 3.1 + 0.6 * worn, y / 3.1, seed + 31) - 0.5)
        if wide < 0.12 and crack < 0.006:
            tone -= 22.0
        patch = hash01(int(np.floor(x / 4.7)), int(np.floor(y / 3.9)), seed + 9)
        if patch > 0.92:
            tone -= 13.0
        tone -= 20.0 * _spot(x, y, 2.3, 0.3, 0.12, wide, seed + 7)
        out[0], out[1], out[2] = tone * 1.01, tone, tone * 0.985
    else:
        i, j = int(np.floor(x / 0.6)), int(np.floor(y / 0.6))
        keep = min(1.0, max(0.0, 1.7 - wide / 0.6))
        seam = min(1.0, _lines(x, 0.6, 0.005, wx) + _lines(y, 0.6, 0.005, wy))
        marble = abs(clouds(x + 3.0 * (i * 7 + j * 13), y, 0.5, wide, seed + 3))
        tone = 186.0 + 9.0 * keep * (hash01(i, j, seed) - 0.5) + 16.0 * stain + 10.0 * worn - 34.0 * marble * keep
        if i % 10 == 0 and keep > 0:
            tone -= 40.0 * keep
        tone -= 36.0 * seam
        tone -= 24.0 * _spot(x, y, 0.9, 0.15, 0.02, wide, seed + 7)
        out[0], out[1], out[2] = tone * 0.94, tone * 0.975, tone


@njit(cache=True, error_model="numpy")
def facade(kind: int, u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
    """Write the colour of an upright face; return whether there is anything (a railing has gaps).

    Args:
        kind: Number of the obstacle kind, in the order of `ObstacleKind`; 9 the far wall of a hall.
        u: Metres along the face.
        z: Metres above the floor.
        top: Height of the obstacle.
        length: Of the face.
        width: Of a pixel on the face.
        seed: Of the obstacle.
        out: Shape (3,), BGR.
    """
    dirt = clouds(u, z, 2.4, width, seed + 40) * 26.0 - 16.0 * np.exp(-z / 0.35)
    fine = clouds(u, z, 0.09, width, seed + 41) * 10.0
    pick = hash01(seed, 3, 11)
    if kind == 0:  # wall: cast concrete in panels
        seam = min(1.0, _lines(u, 1.5, 0.025, width) + _lines(z, 1.2, 0.02, width))
        tone = 150.0 + 24.0 * (pick - 0.5) + dirt + fine - 38.0 * seam
        out[0], out[1], out[2] = tone * 0.95, tone * 0.98, tone
    elif kind == 1:  # building: render or stone with windows
        bay = length / max(1.0, np.round(length / 2.6))
        fu, fz = u / bay, z / 3.1
        column, floor = int(np.floor(fu)), int(np.floor(fz))
        fu, fz = fu - column, fz - floor
        tone = 168.0 + 40.0 * (pick - 0.5) + dirt + fine - 20.0 * _lines(z, 3.1, 0.10, width)
        warm = 0.86 + 0.1 * hash01(seed, 4, 11)
        out[0], out[1], out[2] = tone * warm, tone * (warm + 1.0) / 2, tone
        shop = floor == 0
        left, low, high = (0.10, 0.04, 0.84) if shop else (0.24, 0.26, 0.80)
        if left < fu < 1 - left and low < fz < high and z < top - 0.4 and length > 1.5:
            frame = min(fu - left, 1 - left - fu) * bay < 0.06 or abs(fu - 0.5) * bay < 0.03
            if frame:
                out[:] = 60.0 if shop else 205.0
            else:
                lamp = hash01(column, floor, seed + 5)
                glass = 52.0 + 46.0 * fz + 34.0 * lamp + 40.0 * clouds(u, z, 1.4, width, seed + 50)
                out[0], out[1], out[2] = glass * 1.16, glass * 1.04, glass * 0.96
    elif kind == 2:  # kiosk: painted boards, counter, awning
        hue = int(hash01(seed, 5, 11) * 4)
        if z > 0.80 * top:
            stripe = np.floor(u / 0.35) % 2 == 0
            out[:] = 214.0
            if stripe:
                out[0], out[1], out[2] = ((70, 60, 168), (118, 78, 42), (58, 104, 58), (60, 120, 190))[hue]
        elif 0.42 * top < z < 0.76 * top and 0.12 * length < u < 0.88 * length:
            tone = 44.0 + 60.0 * value_noise(u * 3.0, z * 4.0, seed)
            out[0], out[1], out[2] = tone * 0.8, tone * 0.95, tone * 1.15
        else:
            tone = 118.0 + dirt + fine - 22.0 * _lines(u, 0.22, 0.012, width)
            out[0], out[1], out[2] = tone * 0.80, tone * 0.98, tone * 0.92
    elif kind == 3:  # pillar
        tone = 172.0 + dirt + fine
        if z < 0.25:
            tone *= 0.62
        out[0], out[1], out[2] = tone * 0.96, tone * 0.985, tone
    elif kind == 4:  # barrier: rails and bars, else air
        rail = z > top - 0.06 or 0.12 < z < 0.17
        post = (u % 2.2) < 0.06 or length - u < 0.06
        bar = ((u % 0.14) < 0.022) and z > 0.14
        foot = z <= 0.12 and (u % 1.1) < 0.05
        if not (rail or post or bar or foot):
            return False
        tone = 168.0 + 30.0 * clouds(u, z, 0.5, width, seed)
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.97
    elif kind == 5:  # bench: wood
        tone = 112.0 + 30.0 * clouds(u * 0.3, z * 6.0, 0.4, width, seed) + fine
        out[0], out[1], out[2] = tone * 0.52, tone * 0.74, tone
    elif kind == 6:  # bin
        tone = 74.0 + dirt + fine
        if z > 0.86 * top:
            tone = 36.0
        green = hash01(seed, 6, 11) > 0.5
        out[0], out[1], out[2] = (tone * 0.80, tone * 1.05, tone * 0.78) if green else (tone, tone, tone)
        if 0.55 * top < z < 0.72 * top:
            out[:] = 0.75 * out + 40.0
    elif kind == 7:  # planter: trough and leaves
        if z > 0.55 * top:
            leaf = clouds(u, z, 0.22, width, seed + 8)
            tone = 84.0 + 120.0 * leaf
            out[0], out[1], out[2] = tone * 0.52, tone, tone * 0.72
        else:
            tone = 132.0 + dirt + fine
            out[0], out[1], out[2] = tone * 0.93, tone * 0.97, tone
    elif kind == 8:  # sign
        edge = min(u, length - u) < 0.04 or top - z < 0.04
        out[0], out[1], out[2] = (225.0, 225.0, 225.0) if edge else (150.0, 86.0, 38.0)
        if not edge and abs(((z / 0.16) % 1.0) - 0.5) < 0.16 and hash01(int(u / 0.11), int(z / 0.16), seed) > 0.35:
            out[:] = 232.0
    else:  # far wall of a hall
        seam = min(1.0, _lines(u, 2.4, 0.03, width) + _lines(z, 1.6, 0.025, width))
        tone = 176.0 + 0.6 * dirt - 26.0 * seam
        if z < 0.18:
            tone = 92.0
        out[0], out[1], out[2] = tone * 0.93, tone * 0.97, tone
        panel = hash01(int(np.floor(u / 4.8)), 1, seed)
        if panel > 0.62 and 1.0 < z < 2.8 and 0.8 < u % 4.8 < 3.6:
            tint = hash01(int(np.floor(u / 4.8)), 2, seed)
            shade = 110.0 + 70.0 * value_noise(u * 1.3, z * 1.3, seed + int(panel * 99))
            out[0], out[1], out[2] = shade * (0.7 + 0.5 * tint), shade * 0.9, shade * (1.2 - 0.5 * tint)
    return True
