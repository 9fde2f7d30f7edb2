"""Fronts of houses, lined walls of halls and what hangs there, as functions of metres, filtered to a pixel's width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.render.texture import clouds, hash01, lines_share, value_noise

__all__ = ["house", "lined_wall", "poster"]


@njit(cache=True, error_model="numpy")
def house(u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
    """Brick, render or stone; rows of windows, a shop or a door on the ground floor; returns how lit a pane is."""
    dirt = clouds(u, z, 3.4, width, seed + 40) * 22.0 - 12.0 * np.exp(-z / 0.5)
    fine = clouds(u, z, 0.12, width, seed + 41) * 9.0
    style = int(hash01(seed, 7, 11) * 4)
    pick = hash01(seed, 3, 11)
    bay = length / max(1.0, np.round(length / (2.3 + 1.2 * hash01(seed, 12, 3))))
    fu, fz = u / bay, z / 3.1
    column, storey = int(np.floor(fu)), int(np.floor(fz))
    fu, fz = fu - column, fz - storey
    tone = 150.0 + 34.0 * (pick - 0.5) + dirt + fine
    if style == 0:  # brick
        row = int(np.floor(z / 0.075))
        joint = lines_share(z, 0.075, 0.012, width) + 0.6 * lines_share(u + 0.11 * (row % 2), 0.225, 0.012, width)
        tone += (
            16.0
            * (hash01(int(np.floor(u / 0.225 + 0.5 * (row % 2))), row, seed) - 0.5)
            * min(1.0, 0.1 / max(width, 1e-9))
        )
        tone = tone * 0.82 + 22.0 * min(1.0, joint)
        out[0], out[1], out[2] = tone * 0.62, tone * 0.76, tone * 1.06
    elif style == 1:  # render
        out[0], out[1], out[2] = tone * (0.84 + 0.1 * pick) + 20.0, tone * 0.98 + 20.0, tone * 1.02 + 20.0
    elif style == 2:  # stone
        tone -= 18.0 * lines_share(z, 0.62, 0.02, width)
        out[0], out[1], out[2] = tone * 0.86 + 8.0, tone * 0.96 + 8.0, tone + 8.0
    else:  # concrete and panels
        tone -= 24.0 * min(1.0, lines_share(u, bay, 0.04, width) + lines_share(z, 3.1, 0.05, width))
        out[0], out[1], out[2] = tone * 0.97, tone * 0.99, tone
    if z > top - 0.55:  # cornice
        out[:] = out * (0.72 if z < top - 0.45 else 1.08)
        return 0.0
    shop = storey == 0 and hash01(seed, 14, 5) > 0.4
    left, low, high = (0.07, 0.05, 0.80) if shop else (0.27, 0.26, 0.80)
    if style == 3 and not shop:
        left, low, high = 0.10, 0.30, 0.78
    if length < 1.5 or not (left < fu < 1 - left and low < fz < high):
        if shop and 0.80 <= fz < 0.95:  # fascia
            board = int(hash01(column // 2, seed, 21) * 4)
            for k in range(3):
                out[k] = ((92.0, 60.0, 48.0), (52.0, 56.0, 128.0), (70.0, 92.0, 60.0), (66.0, 66.0, 68.0))[board][k]
            return 0.35
        if not shop and fz < low and fz > low - 0.03 and left - 0.03 < fu < 1 - left + 0.03:  # sill
            out[:] = out * 1.14
        return 0.0
    frame = (
        min(fu - left, 1 - left - fu) * bay < 0.055 or abs(fu - 0.5) * bay < 0.03 or abs(fz - 0.5 * (low + high)) < 0.01
    )
    if frame:
        out[:] = 66.0 if shop or style == 3 else 190.0
        return 0.0
    lamp = hash01(column, storey, seed + 5)
    drawn = hash01(column, storey, seed + 6)
    glass = 38.0 + 30.0 * fz + 22.0 * lamp + 42.0 * clouds(u, z, 1.9, width, seed + 50)
    if shop:
        goods = value_noise(u * 2.6, z * 3.2, seed + 60) * (1.0 - fz)
        tint = hash01(int(u / 0.6), 0, seed + 61)
        out[0], out[1], out[2] = glass + 60.0 * goods * (0.6 + 0.6 * tint), glass + 56.0 * goods, glass + 66.0 * goods
        return 0.75 if hash01(seed, column // 2, 9) > 0.45 else 0.06
    if drawn > 0.72 and fz > high - (high - low) * (0.3 + 0.7 * lamp):  # a blind or curtain
        blind = 128.0 + 34.0 * drawn
        out[0], out[1], out[2] = blind * 0.92, blind * 0.97, blind
        return 0.45 if lamp > 0.6 else 0.0
    out[0], out[1], out[2] = glass * 1.14, glass * 1.04, glass * 0.97
    return 0.25 + 0.5 * drawn if lamp > 0.66 else 0.0


@njit(cache=True, error_model="numpy")
def lined_wall(
    u: float, z: float, top: float, length: float, width: float, seed: int, dirt: float, fine: float, out: Any
) -> Any:
    """Light panels over a dark skirting; every few metres a poster case, a door, or a lit shop window."""
    seam = min(1.0, lines_share(u, 1.2, 0.012, width) + lines_share(z, 1.5, 0.012, width))
    panel = 9.0 * (hash01(int(np.floor(u / 1.2)), int(np.floor(z / 1.5)), seed) - 0.5)
    tone = 164.0 + 0.5 * dirt + fine + panel * min(1.0, 0.5 / max(width, 1e-9)) - 30.0 * seam
    if z < 0.16:
        tone = 74.0 + fine
    elif 2.55 < z < 2.75 and top > 3.4:
        tone -= 42.0
    out[0], out[1], out[2] = tone * 0.93, tone * 0.97, tone
    bay = 4.8
    number = int(np.floor(u / bay))
    fu = u - number * bay
    if (number + 1) * bay > length or length < 3.0 or top < 2.6:
        return 0.0
    what = hash01(number, 1, seed)
    if what > 0.66 and 0.8 < fu < 2.1 and 0.75 < z < 2.45:  # poster case
        if min(fu - 0.8, 2.1 - fu, z - 0.75, 2.45 - z) < 0.06:
            out[:] = 70.0
            return 0.0
        poster(fu, z, width, seed + 7 * number, out)
        return 0.7
    if what < 0.16 and 1.0 < fu < 2.9 and z < 2.2:  # double door
        door = 98.0 + fine + 10.0 * clouds(u, z, 0.9, width, seed)
        out[0], out[1], out[2] = door * 0.94, door * 0.98, door
        if abs(fu - 1.95) < 0.012 or fu < 1.06 or fu > 2.84 or z > 2.14:
            out[:] = 52.0
        elif 0.95 < z < 1.05 and 0.06 < abs(fu - 1.95) < 0.2:
            out[:] = 172.0
        return 0.0
    if 0.30 < what < 0.46 and 0.3 < fu < 4.5 and 0.2 < z < 2.5:  # shop window
        if min(fu - 0.3, 4.5 - fu, z - 0.2, 2.5 - z) < 0.05 or abs(fu - 2.4) < 0.03:
            out[:] = 58.0
            return 0.0
        goods = value_noise(u * 3.4, z * 4.4, seed + 60)
        tint = hash01(int(u / 0.4), int(z / 0.55), seed + 61)
        base = 64.0 + 62.0 * goods * (1.0 if (z / 0.5) % 1.0 < 0.7 else 0.3) + 20.0 * z
        if (z / 0.5) % 1.0 > 0.94:
            base = 118.0
        out[0], out[1], out[2] = base * (0.75 + 0.3 * tint), base * 0.93, base * (1.12 - 0.2 * tint)
        return 1.0
    return 0.0


@njit(cache=True, error_model="numpy")
def poster(u: float, z: float, width: float, seed: int, out: Any) -> None:
    """A printed picture: two broad areas, something in the middle, a few lines of text."""
    a, b = hash01(seed, 1, 91), hash01(seed, 2, 91)
    ground = 96.0 + 96.0 * a + 40.0 * clouds(u, z, 1.1, width, seed + 2)
    out[0], out[1], out[2] = ground * (0.55 + 0.55 * b), ground * 0.86, ground * (1.15 - 0.5 * b)
    blob = clouds(u + 3.1 * a, z, 0.9, width, seed + 3)
    if blob > 0.06:
        out[0], out[1], out[2] = 150.0 * b + 40.0, 70.0 + 60.0 * a, 190.0 - 90.0 * b
    if (z / 0.13) % 1.0 > 0.55 and z < 1.15 + 0.4 * a and hash01(int(u / 0.06), int(z / 0.13), seed) > 0.4:
        out[:] = 212.0 if a < 0.5 else 44.0
