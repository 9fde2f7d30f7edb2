"""Shadows of people and bags on the floor: each solid thrown along the sun's rays, and the dark where feet stand."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.lens import local_map, project_point
from sim.render.solids import AXES, BOX, CASTS, KIND, SCALE_A, SCALE_B, A, B

__all__ = ["lay_floor", "throw"]

_CONTACT: Final = 0.42
"""Share of all light that is lost right under a body."""
_REACH_M: Final = 0.30


@njit(cache=True, nogil=True, error_model="numpy")
def throw(
    solids: Any,
    first: Any,
    drawn: Any,
    place: Any,
    spread: Any,
    lens: Any,
    light: Any,
    ground: Any,
    sunlit: Any,
    dark: Any,
) -> None:
    """Darken the floor under and behind every figure.

    Args:
        solids: Shape (n, 28).
        first: Shape (m + 1,).
        drawn: Whether figure i counts, shape (m,).
        place: Feet, shape (m, 2).
        spread: Semi-axes and direction of what touches the floor: long, short, heading; shape (m, 3).
        lens: See `sim.render.lens.lens_array`.
        light: See `sim.render.light.Light.array`.
        ground: 255 where the floor is seen, shape (h, w).
        sunlit: Share of the sun there, 0 to 255, shape (h, w).
        dark: Written by maximum: share of the light that is taken, 0 to 255; zero before; shape (h, w), uint8.
    """
    depth = 1.0 - light[3]
    axes = np.empty((3, 3))
    shape = np.empty((2, 2))
    for i in range(first.shape[0] - 1):
        if not drawn[i]:
            continue
        _contact(place[i], spread[i], lens, ground, dark)
        if depth < 0.02:
            continue
        for s in range(first[i], first[i + 1]):
            row = solids[s]
            if row[CASTS] == 0.0:
                continue
            sx, sy = light[0] / light[2], light[1] / light[2]
            ax, ay = row[A] - sx * row[A + 2], row[A + 1] - sy * row[A + 2]
            bx, by = row[B] - sx * row[B + 2], row[B + 1] - sy * row[B + 2]
            gain = 0.80 if row[KIND] == BOX else 1.0
            sa, sb = row[SCALE_A] * gain, row[SCALE_B] * gain
            if row[KIND] == BOX:
                sa, sb = sa * 1.35, sb * 1.35
            ua, va, da = project_point(lens, ax, ay, 0.0)
            ub, vb, db = project_point(lens, bx, by, 0.0)
            if np.isnan(ua) or np.isnan(ub):
                continue
            mx, my = (ax + bx) / 2, (ay + by) / 2
            um, _, dm = project_point(lens, mx, my, 0.0)
            if np.isnan(um):
                continue
            local_map(lens, mx, my, 0.0, axes)
            c11, c12, c22 = 0.0, 0.0, 0.0
            for j in range(3):
                gx = row[AXES + j] - sx * row[AXES + 6 + j]
                gy = row[AXES + 3 + j] - sy * row[AXES + 6 + j]
                u = axes[0, 0] * gx + axes[0, 1] * gy
                v = axes[1, 0] * gx + axes[1, 1] * gy
                c11, c12, c22 = c11 + u * u, c12 + u * v, c22 + v * v
            shape[0, 0], shape[0, 1], shape[1, 0], shape[1, 1] = c11 + 0.1, c12, c12, c22 + 0.1
            height = (row[A + 2] + row[B + 2]) / 2
            soft = 0.5 + (0.008 + 0.022 * height) * np.sqrt(axes[0, 0] ** 2 + axes[0, 1] ** 2)
            _capsule(
                ua, va, ub - ua, vb - va, shape, sa * dm / da, sb * dm / db, soft, 255.0 * depth, ground, sunlit, dark
            )


@njit(cache=True, error_model="numpy")
def _capsule(
    u: float, v: float, du: float, dv: float, shape: Any, ra: float, rb: float, soft: float, strength: float,
    ground: Any, sunlit: Any, dark: Any,
) -> None:  # fmt: skip
    high, wide = dark.shape
    reach_u, reach_v = np.sqrt(shape[0, 0]), np.sqrt(shape[1, 1])
    x1 = int(max(0.0, np.floor(min(u - reach_u * ra, u + du - reach_u * rb) - soft)))
    y1 = int(max(0.0, np.floor(min(v - reach_v * ra, v + dv - reach_v * rb) - soft)))
    x2 = int(min(wide - 1.0, np.ceil(max(u + reach_u * ra, u + du + reach_u * rb) + soft)))
    y2 = int(min(high - 1.0, np.ceil(max(v + reach_v * ra, v + dv + reach_v * rb) + soft)))
    w00 = 1 / reach_u
    rest = np.sqrt(max(shape[1, 1] - shape[0, 1] * shape[0, 1] / shape[0, 0], 1e-9))
    w10, w11 = -shape[0, 1] / shape[0, 0] / rest, 1 / rest
    ex, ey = w00 * du, w10 * du + w11 * dv
    per_square = 1.0 / max(ex * ex + ey * ey, 1e-12)
    steepest = soft * np.sqrt(w00 * w00 + w10 * w10 + w11 * w11)
    strongest = np.uint8(strength)
    for y in range(y1, y2 + 1):
        for x in range(x1, x2 + 1):
            if ground[y, x] == 0 or dark[y, x] >= strongest:
                continue
            qx, qy = w00 * (x - u), w10 * (x - u) + w11 * (y - v)
            t = min(1.0, max(0.0, (qx * ex + qy * ey) * per_square))
            ox, oy = qx - ex * t, qy - ey * t
            square = ox * ox + oy * oy
            r = ra + (rb - ra) * t
            if square > (r + steepest) * (r + steepest):
                continue
            far = max(np.sqrt(square), 1e-9)
            steep = np.sqrt((w00 * ox + w10 * oy) ** 2 + (w11 * oy) ** 2)
            cover = 0.5 - (far - r) * far / (steep * 2.0 * soft)
            if cover > 0.0:
                taken = np.uint8(min(cover, 1.0) * strength * sunlit[y, x] / 255.0)
                if taken > dark[y, x]:
                    dark[y, x] = taken


@njit(cache=True, error_model="numpy")
def _contact(place: Any, spread: Any, lens: Any, ground: Any, dark: Any) -> None:
    u, v, _ = project_point(lens, place[0], place[1], 0.0)
    if np.isnan(u):
        return
    axes = np.empty((3, 3))
    local_map(lens, place[0], place[1], 0.0, axes)
    cos, sin = np.cos(spread[2]), np.sin(spread[2])
    long, short = spread[0] + _REACH_M * 0.5, spread[1] + _REACH_M * 0.5
    a1, b1 = (axes[0, 0] * cos + axes[0, 1] * sin) * long, (axes[1, 0] * cos + axes[1, 1] * sin) * long
    a2, b2 = (axes[0, 1] * cos - axes[0, 0] * sin) * short, (axes[1, 1] * cos - axes[1, 0] * sin) * short
    det = a1 * b2 - a2 * b1
    if abs(det) < 1e-6:
        return
    high, wide = dark.shape
    ru, rv = np.sqrt(a1 * a1 + a2 * a2) * 1.6, np.sqrt(b1 * b1 + b2 * b2) * 1.6
    for y in range(int(max(0.0, np.floor(v - rv))), int(min(high - 1.0, np.ceil(v + rv))) + 1):
        for x in range(int(max(0.0, np.floor(u - ru))), int(min(wide - 1.0, np.ceil(u + ru))) + 1):
            if ground[y, x] == 0:
                continue
            px, py = x - u, y - v
            s, t = (b2 * px - a2 * py) / det, (a1 * py - b1 * px) / det
            r2 = s * s + t * t
            if r2 < 2.5:
                fall = (1.0 - r2 / 2.5) ** 2
                taken = np.uint8(255.0 * _CONTACT * fall)
                if taken > dark[y, x]:
                    dark[y, x] = taken


@njit(cache=True, nogil=True, error_model="numpy")
def lay_floor(dark: Any, clear: Any, out: Any) -> None:
    """Darken the floor by the new shadows and clear them.

    Args:
        dark: Share of light taken, 0 to 255, shape (h, w); zero afterwards.
        clear: Share of it that comes through the air, 0 to 255, shape (h, w), or (1, 1) where all does.
        out: The picture, changed in place, shape (h, w, 4), uint8.
    """
    high, wide = dark.shape
    foggy = clear.shape[0] == high
    for y in range(high):
        for x in range(wide):
            taken = np.int32(dark[y, x])
            if taken:
                if foggy:
                    taken = taken * np.int32(clear[y, x]) // 255
                left = 255 - taken
                cool = left + taken // 14  # the sky still lights a shadow
                out[y, x, 0] = np.uint8((np.int32(out[y, x, 0]) * cool * 257) >> 16)
                out[y, x, 1] = np.uint8((np.int32(out[y, x, 1]) * left * 257) >> 16)
                out[y, x, 2] = np.uint8((np.int32(out[y, x, 2]) * left * 257) >> 16)
                dark[y, x] = 0
