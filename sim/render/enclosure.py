"""What closes a view: the walls and the ceiling of a hall, or trees, the town on the horizon and the sky."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.facades import HALL_WALL, facade
from sim.render.texture import clouds, hash01, lines_share

__all__ = ["HALL_HEIGHT_M", "LAMP_SHINE", "hall_hit", "sky", "tree_hit"]

HALL_HEIGHT_M: Final = 7.0
"""Height of the ceiling over a polished floor."""
LAMP_SHINE: Final = 1.5
"""How much a ceiling lamp shines: more than any pane, and so much that polished floors mirror it."""


@njit(cache=True, error_model="numpy")
def hall_hit(eye: Any, ray: Any, outline: Any, gates: Any, width_rad: float, seed: int, colour: Any, found: Any) -> Any:
    """Find the hall's far wall or ceiling; near walls, between the camera and the floor, are left out.

    Args:
        eye: Where the ray starts, shape (3,).
        ray: Its direction, shape (3,).
        outline: Edges of the floor, counter-clockwise, shape (n, 4).
        gates: Their lines, shape (m, 4).
        width_rad: Angle of a pixel.
        seed: Of the place.
        colour: Written, shape (3,).
        found: Written: normal and shine, shape (4,).

    Returns:
        Distance in lengths of ``ray``; infinite where there is nothing.
    """
    best = np.inf
    top = HALL_HEIGHT_M
    found[3] = 0.0
    if eye[2] > top - 0.5:
        top = eye[2] + 0.5
    if ray[2] > 0.0:
        best = (top - eye[2]) / ray[2]
        x, y = eye[0] + best * ray[0], eye[1] + best * ray[1]
        width = best * width_rad
        tone = (
            128.0
            + 22.0 * clouds(x, y, 5.0, width, seed)
            - 26.0 * min(1.0, lines_share(x, 0.6, 0.02, width) + lines_share(y, 0.6, 0.02, width))
        )
        tone += 5.0 * (hash01(int(np.floor(x / 0.6)), int(np.floor(y / 0.6)), seed) - 0.5)
        if lines_share(x, 6.0, 0.35, width) > 0.5:  # a beam
            tone = 92.0
        fx, fy = x - 3.0 * np.floor(x / 3.0), y - 3.6 * np.floor(y / 3.6)
        if (
            1.2 < fx < 1.8
            and 1.2 < fy < 2.4
            and hash01(int(np.floor(x / 3.0)), int(np.floor(y / 3.6)), seed + 4) > 0.06
        ):
            tone = 250.0
            found[3] = LAMP_SHINE
        colour[0], colour[1], colour[2] = tone * 0.975, tone, tone * 0.99
        found[0], found[1], found[2] = 0.0, 0.0, -1.0
    for e in range(outline.shape[0]):
        sx, sy = outline[e, 2] - outline[e, 0], outline[e, 3] - outline[e, 1]
        cross = ray[0] * sy - ray[1] * sx
        if cross <= 0.0:
            continue
        ax, ay = outline[e, 0] - eye[0], outline[e, 1] - eye[1]
        t = (ax * sy - ay * sx) / cross
        if not 0.0 < t < best:
            continue
        length = np.sqrt(sx * sx + sy * sy)
        u = ((ray[0] * t - ax) * sx + (ray[1] * t - ay) * sy) / length
        z = eye[2] + t * ray[2]
        if u < 0.0 or u > length or z > top:
            continue
        best = t
        width = t * width_rad
        found[0], found[1], found[2] = sy / length, -sx / length, 0.0
        found[3] = facade(HALL_WALL, u, z, top, length, width, seed + 13 * e, colour)
        if z > 3.4:  # a band of high windows under the ceiling
            fu = u - 3.0 * np.floor(u / 3.0)
            if 4.3 < z < 6.2 and 0.35 < fu < 2.65:
                if abs(fu - 1.5) < 0.04 or abs(z - 5.2) < 0.03:
                    colour[:] = 96.0
                else:
                    glass = 196.0 + 26.0 * (z - 4.3) / 1.9 + 18.0 * clouds(u, z, 2.0, width, seed + 3)
                    colour[0], colour[1], colour[2] = glass * 1.02, glass, glass * 0.97
                found[3] = 0.0
        for g in range(gates.shape[0]):
            near = _distance_to(eye[0] + t * ray[0], eye[1] + t * ray[1], gates, g)
            if near < 0.3 and z < 3.0:
                _doorway(u, z, near, width, seed, colour)
                found[3] = 0.0
    return best


@njit(cache=True, error_model="numpy")
def _doorway(u: float, z: float, near: float, width: float, seed: int, colour: Any) -> None:
    """An open passage: a frame, a lit sign band above, and a dimmer room behind."""
    if z > 2.55:
        band = 0.42 if z < 2.9 else 0.9
        colour[0], colour[1], colour[2] = 150.0 * band, 96.0 * band, 46.0 * band
        if 2.65 < z < 2.82 and hash01(int(u / 0.12), 3, seed) > 0.5 and (u % 5.0) < 2.4:
            colour[:] = 205.0
    elif near > 0.18:
        colour[:] = 88.0
    else:
        tone = 118.0 - 16.0 * z + 26.0 * clouds(u, z, 0.9, width, seed + 31)
        if (u % 1.6) < 0.06:
            tone = 62.0
        colour[0], colour[1], colour[2] = tone * 1.02, tone, tone * 0.97


@njit(cache=True, error_model="numpy")
def _distance_to(x: float, y: float, lines: Any, i: int) -> Any:
    ax, ay, bx, by = lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3]
    sx, sy = bx - ax, by - ay
    share = min(1.0, max(0.0, ((x - ax) * sx + (y - ay) * sy) / (sx * sx + sy * sy)))
    return np.sqrt((x - ax - share * sx) ** 2 + (y - ay - share * sy) ** 2)


@njit(cache=True, error_model="numpy")
def tree_hit(eye: Any, ray: Any, tree: Any, width_rad: float, best: float, colour: Any, found: Any) -> Any:
    """Find a tree before the distance ``best``: a trunk, and a crown with a ragged rim and gaps.

    Args:
        eye: Where the ray starts, shape (3,).
        ray: Its direction, shape (3,).
        tree: x, y, radius, lower edge and top of the crown, seed; shape (6,).
        width_rad: Angle of a pixel.
        best: Distance to what is known already.
        colour: Written where the tree is nearer, shape (3,).
        found: Written: normal and shine, shape (4,).

    Returns:
        The distance, ``best`` where the tree is not hit.
    """
    dx, dy = tree[0] - eye[0], tree[1] - eye[1]
    away = np.sqrt(dx * dx + dy * dy)
    ux, uy = dx / away, dy / away
    pace = ray[0] * ux + ray[1] * uy
    if pace <= 1e-9:
        return best
    t = away / pace
    if t >= best:
        return best
    u = t * (uy * ray[0] - ux * ray[1])
    z = eye[2] + t * ray[2]
    radius, low, top, seed = tree[2], tree[3], tree[4], int(tree[5])
    if abs(u) > 1.25 * radius or z < 0.0 or z > top + 0.4:
        return best
    width = t * width_rad
    middle, half = 0.5 * (low + top), 0.5 * (top - low)
    r2 = (u / radius) ** 2 + ((z - middle) / half) ** 2
    rim = 1.0 + 1.1 * clouds(u, z, 1.3, width, seed) + 0.8 * clouds(u, z, 0.35, width, seed + 1)
    if r2 < rim and z > low - 0.3:
        leaf = clouds(u, z, 1.0, width, seed + 2) + 0.9 * clouds(u, z, 0.22, width, seed + 3)
        if r2 < 0.75 * rim or leaf > -0.10:
            deep = min(1.0, np.sqrt(max(r2, 0.0)))
            tone = 62.0 + 88.0 * leaf + 26.0 * (z - low) / (top - low)
            colour[0], colour[1], colour[2] = tone * 0.62, tone, tone * 0.80
            front = np.sqrt(max(0.0, 1.0 - deep * deep))
            nx, ny, nz = uy * u / radius - ux * front, -ux * u / radius - uy * front, (z - middle) / half
            size = max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-6)
            found[0], found[1], found[2], found[3] = nx / size, ny / size, nz / size, 0.0
            return t
    if z < middle and abs(u) < 0.13 + 0.05 * (1.0 - z / middle):
        tone = 72.0 + 40.0 * clouds(u * 4.0, z, 0.4, width, seed + 5)
        colour[0], colour[1], colour[2] = tone * 0.84, tone * 0.93, tone
        side = u / 0.2
        front = np.sqrt(max(0.0, 1.0 - side * side))
        found[0], found[1], found[2], found[3] = uy * side - ux * front, -ux * side - uy * front, 0.0, 0.0
        return t
    return best


@njit(cache=True, error_model="numpy")
def sky(ray: Any, seed: int, width_rad: float, light: Any, out: Any) -> None:
    """Write the colour of the sky, or of the town along the horizon, softened by kilometres of air.

    Args:
        ray: Direction, shape (3,).
        seed: Of the place.
        width_rad: Angle of a pixel.
        light: See `sim.render.light.Light.array`.
        out: Shape (3,).
    """
    level = np.sqrt(ray[0] ** 2 + ray[1] ** 2)
    up = ray[2] / max(level, 1e-9)
    turn = np.arctan2(ray[1], ray[0])
    soft = max(width_rad * 2.0, 0.0015)
    rise = max(up, 0.0)
    cover = clouds(turn * 2.2, np.sqrt(rise) * 5.0, 1.4, 0.01, seed + 8) + 0.16 - 0.22 * light[4]
    white = min(1.0, max(0.0, cover * 3.2))
    fade = np.exp(-rise * 5.5)
    blue = (226.0 - 22.0 * rise, 196.0 - 46.0 * rise, 168.0 - 72.0 * rise)
    haze = (214.0, 212.0, 210.0)
    for k in range(3):
        clear = blue[k] * (1.0 - fade) + haze[k] * fade
        out[k] = clear * (1.0 - white) + white * (212.0 + 14.0 * (1.0 - fade) - 26.0 * max(0.0, cover - 0.25))
    along = turn * 15.0
    block = int(np.floor(along))
    roof = 0.016 + 0.042 * hash01(block, 1, seed) ** 2 + 0.008 * hash01(int(np.floor(along * 3.7)), 2, seed)
    trees = 0.014 + 0.012 * clouds(turn * 46.0, 0.0, 1.6, 46.0 * width_rad, seed + 3)
    built = min(1.0, max(0.0, (roof - up) / soft + 0.5))
    if built > 0.0:
        tone = 150.0 + 26.0 * hash01(block, 5, seed)
        fu, fz = along * 11.0, up * 160.0
        if width_rad < 0.004 and fu - np.floor(fu) > 0.5 and fz - np.floor(fz) > 0.45:
            tone -= 12.0
        for k in range(3):
            out[k] = built * (0.55 * tone + 0.45 * haze[k]) + (1.0 - built) * out[k]
    wood = min(1.0, max(0.0, (trees - up) / soft + 0.5))
    if wood > 0.0:
        tone = 96.0 + 46.0 * clouds(turn * 130.0, up * 130.0, 1.3, 130.0 * width_rad, seed + 4)
        green = (0.90, 1.02, 0.90)
        for k in range(3):
            out[k] = wood * (0.70 * tone * green[k] + 0.30 * haze[k]) + (1.0 - wood) * out[k]
