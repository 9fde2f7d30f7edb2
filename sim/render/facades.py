"""Looks of upright faces and of the tops of things, as functions of metres, filtered to the width of a pixel.

Kinds below 20 are those of `scenarios.venue.ObstacleKind` in their order; from 20 on stands what `surround` draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.render.texture import clouds, hash01, lines_share, value_noise

__all__ = ["HALL_WALL", "facade", "top_colour"]

HALL_WALL = 30
"""The wall of a hall, up to its ceiling."""


@njit(cache=True, error_model="numpy")
def facade(kind: int, u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
    """Write the colour of an upright face; return how much it shines when it is dark, or -1 where there is a gap.

    Args:
        kind: See the module.
        u: Metres along the face.
        z: Metres above the floor.
        top: Height of the upper edge.
        length: Of the face.
        width: Of a pixel on the face.
        seed: Of the thing.
        out: Shape (3,), BGR.
    """
    if kind == 20 or kind == 1:
        return _house(u, z, top, length, width, seed, out)
    if 21 <= kind <= 23:
        return _vehicle(kind, u, z, top, length, width, seed, out)
    dirt = clouds(u, z, 2.4, width, seed + 40) * 26.0 - 16.0 * np.exp(-z / 0.35)
    fine = clouds(u, z, 0.09, width, seed + 41) * 10.0
    pick = hash01(seed, 3, 11)
    shine = 0.0
    if kind == 0 or kind == 30:  # wall: panels over a skirting, with doors and posters where it is long
        shine = _lined_wall(u, z, top, length, width, seed, dirt, fine, out)
    elif kind == 2:  # kiosk: painted boards, counter, awning
        hue = int(hash01(seed, 5, 11) * 4)
        if z > 0.84 * top:
            light = lines_share(u, 0.5, 0.25, width)
            for k in range(3):
                out[k] = (
                    light * 206.0
                    + (1.0 - light)
                    * (((70.0, 60.0, 150.0), (110.0, 78.0, 50.0), (66.0, 98.0, 62.0), (70.0, 112.0, 170.0))[hue][k])
                )
        elif 0.40 * top < z < 0.78 * top and 0.10 * length < u < 0.90 * length:
            goods = 42.0 + 70.0 * value_noise(u * 5.0, z * 9.0, seed) * (1.0 if z < 0.6 * top else 0.4)
            tint = hash01(int(u / 0.22), int(z / 0.2), seed)
            out[0], out[1], out[2] = goods * (0.7 + 0.5 * tint), goods, goods * (1.3 - 0.5 * tint)
            shine = 0.8
        else:
            tone = 112.0 + dirt + fine - 22.0 * lines_share(u, 0.22, 0.012, width)
            if 0.36 * top < z <= 0.40 * top:
                tone = 165.0
            out[0], out[1], out[2] = tone * 0.84, tone * 0.98, tone * 0.93
    elif kind == 3:  # pillar: cladding with two joints and a kick plate
        tone = 168.0 + dirt + fine - 30.0 * lines_share(z - 0.25, 1.25, 0.012, width)
        if z < 0.22:
            tone *= 0.55
        out[0], out[1], out[2] = tone * 0.955, tone * 0.985, tone
    elif kind == 4:  # barrier: a tubular frame with bars
        rail = z > top - 0.045 or 0.13 < z < 0.165
        post = (u % 2.2) < 0.045 or length - u < 0.045
        bar = ((u % 0.125) < 0.016) and z > 0.14
        foot = z <= 0.13 and (u % 1.1) < 0.045
        if not (rail or post or bar or foot):
            return -1.0
        tone = 150.0 + 36.0 * clouds(u, z, 0.3, width, seed) + (24.0 if rail and z > 1.0 else 0.0)
        out[0], out[1], out[2] = tone * 1.01, tone, tone * 0.98
    elif kind == 5:  # bench: slats
        tone = 108.0 + 26.0 * clouds(u * 0.3, z * 6.0, 0.4, width, seed) + fine
        out[0], out[1], out[2] = tone * 0.58, tone * 0.78, tone
    elif kind == 6:  # bin
        _bin(u, z, top, length, width, seed, dirt + fine, out)
    elif kind == 7:  # planter: trough and leaves
        if z > 0.55 * top:
            leaf = clouds(u, z, 0.30, width, seed + 8) + 0.6 * clouds(u, z, 0.07, width, seed + 9)
            tone = 70.0 + 105.0 * leaf - 22.0 * (1.0 - (z / top - 0.55) / 0.45)
            out[0], out[1], out[2] = tone * 0.55, tone, tone * 0.76
        else:
            tone = 132.0 + dirt + fine
            out[0], out[1], out[2] = tone * 0.93, tone * 0.97, tone
    elif kind == 8:  # sign: a blue panel with a line of white letters
        edge = min(u, length - u) < 0.03 or top - z < 0.03
        out[0], out[1], out[2] = (196.0, 196.0, 194.0) if edge else (124.0, 78.0, 40.0)
        if not edge and abs(((z / 0.2) % 1.0) - 0.5) < 0.18 and hash01(int(u / 0.07), int(z / 0.2), seed) > 0.35:
            out[0], out[1], out[2] = 206.0, 206.0, 204.0
        shine = 0.25
    elif kind == 9:  # turnstile: brushed steel with a dark glass front
        tone = 152.0 + 20.0 * clouds(u * 0.2, z * 8.0, 0.3, width, seed)
        if 0.72 * top < z < 0.93 * top and 0.1 < u / length < 0.9:
            tone = 46.0
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.98
        if 0.80 * top < z < 0.86 * top and abs(u / length - 0.5) < 0.12:
            out[0], out[1], out[2] = 70.0, 190.0, 60.0
            shine = 0.6
    elif kind == 10:  # ticket machine: cabinet, screen, slots
        hue = pick > 0.5
        tone = 92.0 + dirt + fine
        out[0], out[1], out[2] = (tone * 1.35, tone * 0.95, tone * 0.6) if hue else (tone * 0.7, tone * 0.8, tone * 1.4)
        if 0.62 * top < z < 0.86 * top and 0.16 < u / length < 0.62:
            out[0], out[1], out[2] = 206.0, 190.0, 172.0
            shine = 0.9
        elif 0.36 * top < z < 0.52 * top and 0.2 < u / length < 0.8:
            out[:] = 58.0
        elif z > 0.92 * top:
            out[:] = 212.0
            shine = 0.9
    elif kind == 11:  # advertising board: a lit picture in a frame
        inside = 0.06 < u < length - 0.06 and top - z > 0.06 and z > 0.35
        if inside:
            _poster(u, z, width, seed, out)
            shine = 0.9
        else:
            out[:] = 62.0 + fine
    elif kind == 12 or kind == 24:  # lamp post: galvanised steel
        tone = 118.0 + 22.0 * clouds(u * 8.0, z, 0.8, width, seed)
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.98
    elif kind == 13:  # stairs: risers under a worn, lighter nosing
        tone = 128.0 + dirt * 0.5 + fine + (46.0 if top - z < 0.035 else 0.0)
        out[0], out[1], out[2] = tone * 0.94, tone * 0.975, tone
    else:
        out[:] = 120.0
    return shine


@njit(cache=True, error_model="numpy")
def top_colour(kind: int, x: float, y: float, width: float, seed: int, out: Any) -> None:
    """Write the colour of the upper side of a thing.

    Args:
        kind: See the module.
        x: Metres east.
        y: Metres north.
        width: Of a pixel there.
        seed: Of the thing.
        out: Shape (3,), BGR.
    """
    if kind == 1 or kind == 20:  # roofs: gravel or felt
        tone = (
            96.0
            + 40.0 * hash01(seed, 8, 2)
            + 34.0 * clouds(x, y, 3.0, width, seed)
            + 20.0 * clouds(x, y, 0.15, width, seed)
        )
        out[0], out[1], out[2] = tone, tone, tone * 0.98
    elif kind == 2:
        tone = 118.0 + 26.0 * clouds(x, y, 0.8, width, seed)
        out[0], out[1], out[2] = tone * 0.96, tone, tone
    elif kind == 7:
        leaf = clouds(x, y, 0.34, width, seed + 8) + 0.7 * clouds(x, y, 0.08, width, seed + 9)
        tone = 92.0 + 110.0 * leaf
        out[0], out[1], out[2] = tone * 0.52, tone, tone * 0.74
    elif kind == 5:
        slat = lines_share(x + y, 0.11, 0.018, width)
        tone = (124.0 + 24.0 * clouds(x, y * 6.0, 0.5, width, seed)) * (1.0 - 0.5 * slat)
        out[0], out[1], out[2] = tone * 0.58, tone * 0.78, tone
    elif kind == 6:
        out[:] = 44.0
    elif kind == 21 or kind == 22 or kind == 23:
        _paint(seed, 1.06, out)
    elif kind == 13:
        tone = 146.0 + 22.0 * clouds(x, y, 0.9, width, seed) + 10.0 * clouds(x, y, 0.06, width, seed)
        out[0], out[1], out[2] = tone * 0.94, tone * 0.975, tone
    elif kind == 10 or kind == 9 or kind == 11:
        out[:] = 92.0
    else:
        tone = 152.0 + 18.0 * clouds(x, y, 0.5, width, seed)
        out[0], out[1], out[2] = tone * 0.96, tone * 0.98, tone


@njit(cache=True, error_model="numpy")
def _house(u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
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
def _paint(seed: int, gain: float, out: Any) -> None:
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
def _vehicle(kind: int, u: float, z: float, top: float, length: float, width: float, seed: int, out: Any) -> Any:
    """Side or end of a vehicle: paint, wheels, panes, lights."""
    _paint(seed, 0.82 + 0.22 * min(1.0, z / 0.8), out)
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
def _tyre(out: Any) -> Any:
    out[:] = 24.0
    return 0.0


@njit(cache=True, error_model="numpy")
def _poster(u: float, z: float, width: float, seed: int, out: Any) -> None:
    """A printed picture: two broad areas, something in the middle, a few lines of text."""
    a, b = hash01(seed, 1, 91), hash01(seed, 2, 91)
    ground = 96.0 + 96.0 * a + 40.0 * clouds(u, z, 1.1, width, seed + 2)
    out[0], out[1], out[2] = ground * (0.55 + 0.55 * b), ground * 0.86, ground * (1.15 - 0.5 * b)
    blob = clouds(u + 3.1 * a, z, 0.9, width, seed + 3)
    if blob > 0.06:
        out[0], out[1], out[2] = 150.0 * b + 40.0, 70.0 + 60.0 * a, 190.0 - 90.0 * b
    if (z / 0.13) % 1.0 > 0.55 and z < 1.15 + 0.4 * a and hash01(int(u / 0.06), int(z / 0.13), seed) > 0.4:
        out[:] = 212.0 if a < 0.5 else 44.0


@njit(cache=True, error_model="numpy")
def _bin(u: float, z: float, top: float, length: float, width: float, seed: int, dirt: float, out: Any) -> None:
    tone = 62.0 + dirt * 0.7 + 16.0 * np.sin(np.pi * min(1.0, max(0.0, u / max(length, 1e-6))))
    if hash01(seed, 6, 11) > 0.5:
        out[0], out[1], out[2] = tone * 0.80, tone * 1.02, tone * 0.80
    else:
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.98
    if z > 0.88 * top or z < 0.05:
        out[:] = 38.0
    elif 0.70 * top < z < 0.84 * top and 0.14 < u / length < 0.86:
        out[:] = 17.0
    elif lines_share(z, 0.17, 0.012, width) > 0.5:
        out[:] = out * 0.84


@njit(cache=True, error_model="numpy")
def _lined_wall(
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
        _poster(fu, z, width, seed + 7 * number, out)
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
