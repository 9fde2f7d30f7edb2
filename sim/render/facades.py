"""Looks of upright faces and of the tops of things, as functions of metres, filtered to the width of a pixel.

Kinds below 20 are those of `scenarios.venue.ObstacleKind` in their order; from 20 on stands what `surround` draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.render.fronts import house, lined_wall, poster
from sim.render.texture import clouds, hash01, lines_share, value_noise
from sim.render.vehicles import vehicle, vehicle_paint

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
        return house(u, z, top, length, width, seed, out)
    if 21 <= kind <= 23:
        return vehicle(kind, u, z, top, length, width, seed, out)
    dirt = clouds(u, z, 2.4, width, seed + 40) * 26.0 - 16.0 * np.exp(-z / 0.35)
    fine = clouds(u, z, 0.09, width, seed + 41) * 10.0
    pick = hash01(seed, 3, 11)
    shine = 0.0
    if kind == 0 or kind == 30:  # wall: panels over a skirting, with doors and posters where it is long
        shine = lined_wall(u, z, top, length, width, seed, dirt, fine, out)
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
            poster(u, z, width, seed, out)
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
        vehicle_paint(seed, 1.06, out)
    elif kind == 13:
        tone = 146.0 + 22.0 * clouds(x, y, 0.9, width, seed) + 10.0 * clouds(x, y, 0.06, width, seed)
        out[0], out[1], out[2] = tone * 0.94, tone * 0.975, tone
    elif kind == 10 or kind == 9 or kind == 11:
        out[:] = 92.0
    else:
        tone = 152.0 + 18.0 * clouds(x, y, 0.5, width, seed)
        out[0], out[1], out[2] = tone * 0.96, tone * 0.98, tone


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
