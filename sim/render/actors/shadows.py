"""Shadows on the floor: meshes thrown along the light, softer the farther they fall, and the dark where bodies touch.

A light is a point in homogeneous coordinates, so that the sun and a lamp are the same to the kernel. The half-shadow's
width grows with the way from what throws it, as the light's own width makes it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.actors.penumbra import FINE_BLUR_PX, LEAST_BLUR_PX, MOST_BLUR_PX, soften, soften_fine, sum_up
from sim.render.actors.points import ROWS, STRIDE, D, U, V, X, Y, Z, mix
from sim.render.actors.posing import LANDMARKS, handed
from sim.render.lens import NEAR_M, local_map, project_point

__all__ = ["lay_floor", "throw", "touch"]

_LONGEST_M: Final = 60.0
_GONE, _HIGH, _BENT, _DROP = 3, 4, 5, 9
"""Further rows of the vertices' scratch: way of the shadow, height, and what must be above 0."""
_U0, _V0 = np.uint64(U * STRIDE), np.uint64(V * STRIDE)
_LOW_M: Final = 0.3
"""What is lower keeps the sky from the floor."""
_TOUCH_M: Final = 0.09
_TOUCH: Final = 0.62
"""Share of all light that is lost in the middle of where a body touches."""


@njit(cache=True, nogil=True, error_model="numpy")
def throw(
    rows: Any, span: Any, blend: Any, matrix: Any, lights: Any, strength: Any, angle: float, pool: Any,
    triangle: Any, lens: Any, ground: Any, share: Any, dark: Any, rows_touched: Any,
) -> None:  # fmt: skip
    """Darken the floor by the shadows of figures in one light.

    Args:
        rows: Rows of the figures.
        span: See `sim.render.actors.drawing.draw`.
        blend: See there.
        matrix: See there.
        lights: Homogeneous place of the light for each figure: a direction towards it and 0, or a place and 1;
            shape (n, 4).
        strength: Share of all light that the shadow takes, shape (n,).
        angle: Under which the light is seen, radians: so much wider is a shadow's edge per metre of way.
        pool: Posed meshes, shape (6, rows).
        triangle: Shape (T, 3).
        lens: See `sim.render.lens.lens_array`.
        ground: 255 where the floor is seen, shape (h, w).
        share: Share of the light that reaches the floor there, 0 to 255, shape (h, w).
        dark: Written by maximum: share of the light that is taken, 0 to 255, shape (h, w), uint8.
        rows_touched: Written: first and past-the-last row of the picture that was touched, shape (2,).
    """
    height, width = dark.shape
    point = np.empty(ROWS * STRIDE, np.float32)
    mask = np.zeros(1 << 14, np.uint8)
    row_low, row_high = np.empty(4096, np.int64), np.empty(4096, np.int64)
    total = np.zeros(1 << 14, np.int32)
    patch = np.zeros(4, np.int64)
    way = np.empty(7)
    eye_z = -(lens[2] * lens[9] + lens[5] * lens[10] + lens[8] * lens[11])
    fine, fine_low, fine_high = np.zeros(height * width, np.uint8), np.full(height, width), np.zeros(height, np.int64)
    for i in rows:
        if strength[i] < 0.01:
            continue
        count = span[i, 3]
        one, two = span[i, 0] + LANDMARKS, span[i, 1] + LANDMARKS
        mix(pool[:3, one : one + count], pool[:3, two : two + count], np.float32(blend[i]), point)
        if not _land(count, matrix[i], lights[i], lens, point, way):
            continue
        per_way, mesh = 0.5 * angle * way[3], triangle[span[i, 4] : span[i, 4] + span[i, 5]]
        if LEAST_BLUR_PX + per_way * way[2] < FINE_BLUR_PX:
            value = np.uint8(255.0 * strength[i])
            _fill(point, mesh, handed(matrix[i]), width, height, value, fine, fine_low, fine_high)
            continue
        margin = 2 * int(min(MOST_BLUR_PX, LEAST_BLUR_PX + per_way * way[2])) + 2  # of the blur, and what it sees
        if not _frame(point, count, margin, width, height, patch):
            continue
        wide, high = patch[2], patch[3]
        if (wide + 1) * (high + 1) > mask.shape[0]:
            mask = np.zeros((wide + 1) * (high + 1) * 3 // 2, np.uint8)
            total = np.zeros((wide + 1) * (high + 1) * 3 // 2, np.int32)
        mask[: wide * high] = 0
        if high > row_low.shape[0]:
            row_low, row_high = np.empty(high, np.int64), np.empty(high, np.int64)
        row_low[:high], row_high[:high] = wide, 0
        _fill(point, mesh, handed(matrix[i]), wide, high, np.uint8(1), mask, row_low, row_high)
        sum_up(mask, wide, high, total)
        squash = min(1.0, max(0.3, eye_z / max(way[6], 0.1)))  # the floor is seen so much at a slant
        soften(patch, total, row_low, row_high, way, per_way, squash, 255.0 * strength[i], ground, share, dark)
        rows_touched[0] = min(rows_touched[0], max(patch[1], 0))
        rows_touched[1] = max(rows_touched[1], min(patch[1] + high, height))
    soften_fine(fine, fine_low, fine_high, ground, share, dark, rows_touched)


@njit(cache=True, error_model="numpy")
def _land(count: int, matrix: Any, light: Any, lens: Any, point: Any, way: Any) -> Any:
    """Write where each vertex's shadow is seen; return whether the shadow can be drawn.

    ``way`` gets the picture's direction from the foot of the shadow to its far end, as metres of way a pixel along u
    and v, the longest way, the pixels a metre, where the foot is seen, and how far it is from the camera.
    """
    lx, ly, lz, lw = np.float32(light[0]), np.float32(light[1]), np.float32(light[2]), np.float32(light[3])
    M = matrix.astype(np.float32)
    m0, m1, m2, m3, m4, m5, m6, m7, m8 = M[0], M[1], M[2], M[3], M[4], M[5], M[6], M[7], M[8]
    m9, m10, m11 = M[9], M[10], M[11]
    c = lens.astype(np.float32)
    c0, c1, c3, c4, c6, c7, c9, c10, c11 = c[0], c[1], c[3], c[4], c[6], c[7], c[9], c[10], c[11]
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = c[12], c[13], c[14], c[15], c[16], c[17], c[18], c[19], c[20]
    f0, f1, f2, f3 = np.float32(0.0), np.float32(1.0), np.float32(2.0), np.float32(3.0)
    f5, f7, reach = np.float32(5.0), np.float32(7.0), np.float32(_LONGEST_M)
    n = np.uint64(count)
    for v in range(n):
        a, b, d = point[X * STRIDE + v], point[Y * STRIDE + v], point[Z * STRIDE + v]
        x, y, z = m0 * a + m1 * b + m2 * d + m9, m3 * a + m4 * b + m5 * d + m10, m6 * a + m7 * b + m8 * d + m11
        z = z if z > f0 else f0
        drop = lz - lw * z  # the light stands so much higher
        along = z / drop
        sx, sy = (lx - lw * x) * along, (ly - lw * y) * along
        gone = np.sqrt(sx * sx + sy * sy + z * z)
        part = reach / gone if gone > reach else f1
        gx, gy = x - sx * part, y - sy * part
        deep = c6 * gx + c7 * gy + c11
        per = f1 / deep
        p, q = (c0 * gx + c1 * gy + c9) * per, (c3 * gx + c4 * gy + c10) * per
        r2 = p * p + q * q
        radial = f1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = f1 + r2 * (f3 * k1 + r2 * (f5 * k2 + r2 * f7 * k3))
        point[U * STRIDE + v] = fx * (p * radial + f2 * p1 * p * q + p2 * (r2 + f2 * p * p)) + cx
        point[V * STRIDE + v] = fy * (q * radial + p1 * (r2 + f2 * q * q) + f2 * p2 * p * q) + cy
        point[D * STRIDE + v] = deep
        point[_GONE * STRIDE + v] = gone
        point[_HIGH * STRIDE + v] = z
        # what must be above 0 for the lens, and for the light
        point[_BENT * STRIDE + v] = slope if slope < radial else radial
        point[_DROP * STRIDE + v] = drop
    low: Any = np.uint64(0)
    top = low
    for v in range(n):
        if (
            point[D * STRIDE + v] < np.float32(NEAR_M)
            or point[_BENT * STRIDE + v] <= f0
            or point[_DROP * STRIDE + v] <= np.float32(1e-3)
        ):
            return False
        low = v if point[_HIGH * STRIDE + v] < point[_HIGH * STRIDE + low] else low
        top = v if point[_GONE * STRIDE + v] > point[_GONE * STRIDE + top] else top
    foot_u, foot_v = point[U * STRIDE + low], point[V * STRIDE + low]
    du, dv = point[U * STRIDE + top] - foot_u, point[V * STRIDE + top] - foot_v
    square = du * du + dv * dv
    way[2] = min(np.float64(point[_GONE * STRIDE + top]), _LONGEST_M)
    way[4], way[5] = foot_u, foot_v
    ex, ey, ez = c0 * m9 + c1 * m10 + c9, c3 * m9 + c4 * m10 + c10, c6 * m9 + c7 * m10 + c11
    way[6] = np.sqrt(ex * ex + ey * ey + ez * ez)
    way[3] = fx / max(ez, f1)
    per_pixel = way[2] / square if square > 1.0 else 0.0
    way[0], way[1] = du * per_pixel, dv * per_pixel
    return True


@njit(cache=True, error_model="numpy")
def _frame(point: Any, count: int, margin: int, width: int, height: int, patch: Any) -> Any:
    x1: Any = np.float32(np.inf)
    y1, x2, y2 = x1, -x1, -x1
    n = np.uint64(count)
    for v in range(n):
        x, y = point[U * STRIDE + v], point[V * STRIDE + v]
        x1, x2 = x if x < x1 else x1, x if x > x2 else x2
        y1, y2 = y if y < y1 else y1, y if y > y2 else y2
    if not (x2 >= -margin and y2 >= -margin and x1 < width + margin and y1 < height + margin):
        return False
    left, top = int(np.floor(max(x1, -40.0))) - margin, int(np.floor(max(y1, -40.0))) - margin
    patch[0], patch[1] = left, top
    patch[2] = int(np.ceil(min(x2, width + 40.0))) + margin + 1 - left
    patch[3] = int(np.ceil(min(y2, height + 40.0))) + margin + 1 - top
    for v in range(n):
        point[U * STRIDE + v] -= np.float32(left)
        point[V * STRIDE + v] -= np.float32(top)
    return True


@njit(cache=True, error_model="numpy")
def _fill(
    point: Any, triangle: Any, turn: Any, wide: int, high: int, value: Any, mask: Any, row_low: Any, row_high: Any
) -> None:
    """Mark what the triangles that face the light cover, by maximum."""
    zero = np.float32(0.0)
    for t in range(triangle.shape[0]):
        a, b, c = np.uint64(triangle[t, 0]), np.uint64(triangle[t, 1]), np.uint64(triangle[t, 2])
        ax, ay = point[_U0 + a], point[_V0 + a]
        bx, by, cx, cy = point[_U0 + b], point[_V0 + b], point[_U0 + c], point[_V0 + c]
        if ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) * turn >= zero:
            continue
        tx, ty, mx, my, ex, ey = ax, ay, bx, by, cx, cy
        if my < ty:
            tx, ty, mx, my = mx, my, tx, ty
        if ey < my:
            mx, my, ex, ey = ex, ey, mx, my
            if my < ty:
                tx, ty, mx, my = mx, my, tx, ty
        y1: Any = np.int64(np.ceil(ty))
        y2: Any = np.int64(np.floor(ey))
        y1, y2 = y1 if y1 > 0 else 0, y2 if y2 < high - 1 else high - 1
        if y2 < y1:
            continue
        long = (ex - tx) / (ey - ty) if ey > ty else zero
        upper = (mx - tx) / (my - ty) if my > ty else zero
        lower = (ex - mx) / (ey - my) if ey > my else zero
        for y in range(y1, y2 + 1):
            at = np.float32(y)
            low = tx + (at - ty) * long
            up = tx + (at - ty) * upper if at < my else mx + (at - my) * lower
            low, up = (low, up) if low < up else (up, low)
            x1: Any = np.int64(np.ceil(low))
            x2: Any = np.int64(np.ceil(up))
            x1, x2 = x1 if x1 > 0 else 0, x2 if x2 < wide else wide
            if x1 < x2:
                row_low[y] = x1 if x1 < row_low[y] else row_low[y]
                row_high[y] = x2 if x2 > row_high[y] else row_high[y]
                for x in range(np.uint64(y * wide + x1), np.uint64(y * wide + x2)):
                    mask[x] = value if value > mask[x] else mask[x]


@njit(cache=True, nogil=True, error_model="numpy")
def touch(
    rows: Any, span: Any, blend: Any, matrix: Any, pool: Any, lens: Any, ground: Any, dark: Any, rows_touched: Any
) -> None:
    """Darken the floor where figures touch it: an ellipse about what of them is low, into which the sky cannot see.

    Args:
        rows: Rows of the figures.
        span: See `sim.render.actors.drawing.draw`.
        blend: See there.
        matrix: See there.
        pool: Posed meshes, shape (6, rows).
        lens: See `sim.render.lens.lens_array`.
        ground: 255 where the floor is seen, shape (h, w).
        dark: Written by maximum, see `throw`.
        rows_touched: See `throw`.
    """
    height, width = dark.shape
    axes = np.empty((3, 3))
    for i in rows:
        first, second, share = span[i, 0] + LANDMARKS, span[i, 1] + LANDMARKS, blend[i]
        count, x, y, xx, xy, yy, near = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for v in range(span[i, 3]):
            c = pool[2, first + v] + share * (pool[2, second + v] - pool[2, first + v])
            a = pool[0, first + v] + share * (pool[0, second + v] - pool[0, first + v])
            b = pool[1, first + v] + share * (pool[1, second + v] - pool[1, first + v])
            z = matrix[i, 6] * a + matrix[i, 7] * b + matrix[i, 8] * c + matrix[i, 11]
            if z < _LOW_M:
                weight = (_LOW_M - max(z, 0.0)) / _LOW_M
                near = max(near, weight)
                gx = matrix[i, 0] * a + matrix[i, 1] * b + matrix[i, 2] * c
                gy = matrix[i, 3] * a + matrix[i, 4] * b + matrix[i, 5] * c
                count, x, y = count + weight, x + weight * gx, y + weight * gy
                xx, xy, yy = xx + weight * gx * gx, xy + weight * gx * gy, yy + weight * gy * gy
        if count == 0.0:
            continue
        x, y = x / count, y / count
        xx, xy, yy = xx / count - x * x + _TOUCH_M**2, xy / count - x * y, yy / count - y * y + _TOUCH_M**2
        x, y = x + matrix[i, 9], y + matrix[i, 10]
        u, v0, _ = project_point(lens, x, y, 0.0)
        if np.isnan(u):
            continue
        local_map(lens, x, y, 0.0, axes)
        p, q, r, s = axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]
        uu = p * p * xx + 2.0 * p * q * xy + q * q * yy + 0.25
        uv = p * r * xx + (p * s + q * r) * xy + q * s * yy
        vv = r * r * xx + 2.0 * r * s * xy + s * s * yy + 0.25
        det = uu * vv - uv * uv
        if not det > 0.0:
            continue
        far_u, far_v = 2.0 * np.sqrt(uu), 2.0 * np.sqrt(vv)
        top, bottom = int(max(0.0, np.ceil(v0 - far_v))), int(min(height - 1.0, np.floor(v0 + far_v)))
        for row in range(top, bottom + 1):
            for column in range(int(max(0.0, np.ceil(u - far_u))), int(min(width - 1.0, np.floor(u + far_u))) + 1):
                du, dv = column - u, row - v0
                square = (vv * du * du - 2.0 * uv * du * dv + uu * dv * dv) / det
                if square < 4.0 and ground[row, column]:
                    fall = 1.0 - square / 4.0
                    dark[row, column] = max(dark[row, column], np.uint8(255.0 * _TOUCH * near * near * fall * fall))
        if top <= bottom:
            rows_touched[0], rows_touched[1] = min(rows_touched[0], top), max(rows_touched[1], bottom + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def lay_floor(dark: Any, rows: Any, clear: Any, out: Any) -> None:
    """Darken the floor by the new shadows and clear them.

    Args:
        dark: Share of light taken, 0 to 255, shape (h, w); zero afterwards.
        rows: First and past-the-last row that has any; reset afterwards; shape (2,).
        clear: Share of it that comes through the air, 0 to 255, shape (h, w), or (1, 1) where all does.
        out: The picture, changed in place, shape (h, w, 3), uint8.
    """
    wide = dark.shape[1]
    foggy = clear.shape[0] == dark.shape[0]
    for y in range(rows[0], rows[1]):
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
    rows[0], rows[1] = dark.shape[0], 0
