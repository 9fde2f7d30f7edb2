"""Textures without pictures: hashes, noise and grounds as functions of metres.

Each is filtered to the width of a pixel, so that nothing flickers in the distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["clouds", "ground_colour", "hash01", "lines_share", "value_noise"]


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
def lines_share(x: float, period: float, line: float, width: float) -> Any:
    """Return the share of [x - width/2, x + width/2] that lies on lines of thickness ``line`` every ``period``."""
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
        kind: 0 paving slabs, 1 asphalt, 2 polished tiles, 3 terrazzo.
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
        _paving(x, y, wx, wy, wide, stain, worn, seed, out)
    elif kind == 1:
        _asphalt(x, y, wide, stain, worn, seed, out)
    elif kind == 2:
        i, j = int(np.floor(x / 0.6)), int(np.floor(y / 0.6))
        keep = min(1.0, max(0.0, 1.7 - wide / 0.6))
        seam = min(1.0, lines_share(x, 0.6, 0.004, wx) + lines_share(y, 0.6, 0.004, wy))
        marble = abs(clouds(x + 3.0 * (i * 7 + j * 13), y, 0.5, wide, seed + 3))
        tone = 168.0 + 7.0 * keep * (hash01(i, j, seed) - 0.5) + 22.0 * stain + 16.0 * worn - 26.0 * marble * keep
        band = 1.0 if i % 12 == 0 or j % 12 == 0 else 0.0
        tone -= 46.0 * band * max(keep, 0.4)
        tone -= 30.0 * seam
        tone -= 22.0 * _spot(x, y, 0.9, 0.12, 0.02, wide, seed + 7)
        out[0], out[1], out[2] = tone * 0.90, tone * 0.965, tone
    else:
        i, j = int(np.floor(x / 1.2)), int(np.floor(y / 1.2))
        chips = clouds(x, y, 0.022, wide, seed + 3) * 46.0
        brass = min(1.0, lines_share(x, 1.2, 0.004, wx) + lines_share(y, 1.2, 0.004, wy))
        inlay = (i % 6 in (1, 2) and j % 5 == 2) or (i % 6 == 1 and j % 5 in (1, 2, 3))
        tone = 162.0 + 20.0 * stain + 18.0 * worn + chips + 5.0 * (hash01(i, j, seed) - 0.5)
        tone -= 26.0 * _spot(x, y, 1.1, 0.12, 0.025, wide, seed + 7)
        out[0], out[1], out[2] = tone * 0.86, tone * 0.95, tone
        if inlay:
            out[0], out[1], out[2] = tone * 0.42, tone * 0.52, tone * 0.76
        for k in range(3):
            out[k] -= 34.0 * brass


@njit(cache=True, error_model="numpy")
def _paving(
    x: float, y: float, wx: float, wy: float, wide: float, stain: float, worn: float, seed: int, out: Any
) -> None:
    """Concrete slabs in courses: each of its own tone, some replaced, joints with moss, gum, a cover here and there."""
    row = int(np.floor(y / 0.4))
    shift = 0.3 * (row % 2)
    seam_y = lines_share(y, 0.4, 0.008, wy)
    seam_x = lines_share(x + shift, 0.6, 0.008, wx) if wy < 0.4 else lines_share(x, 0.6, 0.008, wx)
    column = int(np.floor((x + shift) / 0.6))
    slab = hash01(column, row, seed) - 0.5
    keep = min(1.0, max(0.0, 1.7 - wide / 0.45))
    tone = 152.0 + 11.0 * keep * slab + 34.0 * stain + 30.0 * worn
    if hash01(column, row, seed + 71) > 0.985:  # a new slab
        tone += 17.0 * keep
    tone += 22.0 * clouds(x, y, 0.05, wide, seed + 5)
    moss = max(0.0, worn)
    tone -= (30.0 + 50.0 * moss) * min(1.0, seam_x + seam_y)
    tone -= 30.0 * _spot(x, y, 0.7, 0.30, 0.018, wide, seed + 7)
    tone -= 40.0 * max(0.0, -worn - 0.14)
    out[0], out[1], out[2] = tone * 0.90, tone * 0.965, tone
    _cover(x, y, 11.0, wide, seed, out)


@njit(cache=True, error_model="numpy")
def _asphalt(x: float, y: float, wide: float, stain: float, worn: float, seed: int, out: Any) -> None:
    """Asphalt: grain, wear, sealed cracks, patches with a cut edge, oil, a cover here and there."""
    grain = clouds(x, y, 0.03, wide, seed + 5) + 0.6 * clouds(x, y, 0.09, wide, seed + 6)
    tone = 104.0 + 22.0 * stain + 18.0 * worn + 34.0 * grain
    px, py = x + 0.4 * worn, y - 0.3 * worn
    crack = abs(value_noise(px / 3.4 + 0.5 * worn, py / 3.4, seed + 31) - 0.5)
    if wide < 0.10:
        tone -= 20.0 * max(0.0, 1.0 - crack / 0.005) * (1.0 if value_noise(x / 9.0, y / 9.0, seed + 33) > 0.5 else 0.0)
    i, j = int(np.floor(x / 6.1)), int(np.floor(y / 5.3))
    if hash01(i, j, seed + 9) > 0.90:
        fx, fy = x - 6.1 * i, y - 5.3 * j
        x0, x1 = 0.5 + 1.6 * hash01(i, j, seed + 10), 3.2 + 2.4 * hash01(i, j, seed + 11)
        y0, y1 = 0.5 + 1.2 * hash01(i, j, seed + 12), 2.0 + 2.4 * hash01(i, j, seed + 13)
        inside = min(min(fx - x0, x1 - fx), min(fy - y0, y1 - fy))
        cover = min(1.0, max(0.0, inside / max(wide, 0.02) + 0.5))
        edge = min(1.0, max(0.0, 1.0 - abs(inside) / max(wide, 0.03)))
        tone -= cover * (9.0 + 8.0 * hash01(i, j, seed + 14)) + 9.0 * edge * min(1.0, 0.2 / max(wide, 1e-9))
    tone -= 14.0 * _spot(x, y, 2.9, 0.14, 0.10, wide, seed + 7)
    out[0], out[1], out[2] = tone * 1.01, tone, tone * 0.985
    _cover(x, y, 13.0, wide, seed, out)


@njit(cache=True, error_model="numpy")
def _cover(x: float, y: float, cell: float, wide: float, seed: int, out: Any) -> None:
    """A round manhole cover or a square grate, in every third cell or so."""
    i, j = int(np.floor(x / cell)), int(np.floor(y / cell))
    pick = hash01(i, j, seed + 81)
    if pick > 0.36 or wide > 0.25:
        return
    dx = x - (i + 0.2 + 0.6 * hash01(i, j, seed + 82)) * cell
    dy = y - (j + 0.2 + 0.6 * hash01(i, j, seed + 83)) * cell
    if pick > 0.16:
        away = np.sqrt(dx * dx + dy * dy)
        cover = min(1.0, max(0.0, (0.33 - away) / max(wide, 0.01) + 0.5))
        tone = 74.0 + 22.0 * clouds(dx, dy, 0.08, wide, seed + 84) - (24.0 if 0.28 < away < 0.305 else 0.0)
    else:
        away = max(abs(dx), abs(dy))
        cover = min(1.0, max(0.0, (0.24 - away) / max(wide, 0.01) + 0.5))
        tone = 80.0 - 52.0 * lines_share(dx, 0.06, 0.03, wide)
    for k in range(3):
        out[k] = cover * tone + (1.0 - cover) * out[k]
