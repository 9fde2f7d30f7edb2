"""Meshes into pixels: a z-buffer of two by two samples a pixel for each figure, laid over the picture from far to near.

Each figure's vertices go through the whole camera model (perspective and distortion), so that a wide-angle lens leans
people outwards as a real one does. Light is worked out at the vertices and interpolated; what tells a garment from the
next (colour, pattern, length of a sleeve) at the samples.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.actors.garments import REGION_COUNT
from sim.render.actors.posing import LANDMARKS, handed
from sim.render.lens import NEAR_M
from sim.render.light import AIRLIGHT, KEY, KEY_BGR, SKY, SKY_BGR, SUN, SUN_BGR, TO_KEY, TO_SUN, TRANSMISSION

__all__ = ["LOOK", "SPAN", "WHOLE", "draw"]

SPAN: Final = 8
"""Numbers a figure that say where its mesh is: see `draw`."""
LOOK: Final = REGION_COUNT * 8
"""Numbers a figure that say what it wears; a region has two colours (BGR), a pattern and a cut."""
WHOLE: Final = 9.0
"""A cut at which no skin shows."""
_BEHIND_M: Final = 0.04
"""So much may an obstacle be nearer than a figure's surface without hiding it: cloth sinks into a bench."""


@njit(cache=True, nogil=True, error_model="numpy")
def draw(
    order: Any, span: Any, blend: Any, matrix: Any, light: Any, look: Any, fold: Any,
    pool: Any, triangle: Any, region: Any, uv: Any, occlusion: Any, pattern: Any, lens: Any,
    depth: Any, canvas: Any, owner: Any, mirror: Any, whole: Any, seen_rows: Any,
) -> None:  # fmt: skip
    """Paint figures from far to near.

    Args:
        order: Rows of the figures, farthest first.
        span: Rows of two key poses in the pool, first vertex, vertices, first triangle, triangles, and two unused;
            shape (n, 8), int64.
        blend: Share of the second pose, shape (n,).
        matrix: From the figure's axes to the world, rotation and scale (9) and place (3); shape (n, 12).
        light: See `sim.render.light.Light.on_figures`, shape (n, 24).
        look: For each region: BGR, second BGR, pattern, the v from which skin shows; shape (n, LOOK).
        fold: Depth of folds in the cloth, shape (n,).
        pool: Posed meshes, shape (rows, 6), float32.
        triangle: Corners, counted from the mesh's first vertex, shape (T, 3), int32.
        region: Of each triangle, shape (T,), uint8.
        uv: Garment coordinates, shape (V, 2), float32.
        occlusion: Share of the sky that each vertex sees, shape (V,), float32.
        pattern: Shares of the second colour, shape (P, 64, 64), uint8; the last one holds folds.
        lens: See `sim.render.lens.lens_array`.
        depth: Depth of what is seen, metres; written; shape (h, w), float32.
        canvas: BGR, or premultiplied BGRA to be laid over something later; written; shape (h, w, 3 or 4), uint8.
        owner: Row of the figure that a pixel shows; written; shape (h, w), int16. Not touched by mirror images.
        mirror: Share of what a pixel of the floor mirrors, 0 to 255, shape (h, w), uint8; shape (0, 0): the figures
            themselves are painted, not their mirror images.
        whole: Written unless mirrored: pixels of the whole silhouette, its box x1, y1, x2, y2 (edges of pixels);
            shape (n, 5).
        seen_rows: Written: first and past-the-last row of the picture that was touched, shape (2,).
    """
    mirrored = mirror.shape[0] > 0
    most = 0
    for i in order:
        most = max(most, span[i, 3])
    point = np.empty((most, 8), np.float32)  # u, v, depth, brightness of the light, its BGR for brightness 1, unused
    paint = np.empty(LOOK, np.float32)
    z_buffer = np.full(1 << 16, np.float32(np.inf), np.float32)
    sample = np.zeros(1 << 16, np.uint32)
    row_low, row_high = np.empty(4096, np.int64), np.empty(4096, np.int64)
    patch = np.zeros(4, np.int64)
    for i in order:
        if not mirrored:
            whole[i, 0] = 0.0
        count = span[i, 3]
        if not _project(
            pool[span[i, 0] + LANDMARKS : span[i, 0] + LANDMARKS + count],
            pool[span[i, 1] + LANDMARKS : span[i, 1] + LANDMARKS + count],
            np.float32(blend[i]), matrix[i], light[i], lens, occlusion[span[i, 2] : span[i, 2] + count], mirrored,
            point,
        ):  # fmt: skip
            continue
        if not _frame(point, count, canvas.shape[1], canvas.shape[0], patch):
            continue
        wide, high = 2 * patch[2], 2 * patch[3]
        if wide * high > z_buffer.shape[0]:
            z_buffer = np.full(wide * high, np.float32(np.inf), np.float32)
            sample = np.zeros(wide * high, np.uint32)
        if high > row_low.shape[0]:
            row_low, row_high = np.empty(high, np.int64), np.empty(high, np.int64)
        row_low[:high] = wide
        row_high[:high] = 0
        for k in range(LOOK):
            paint[k] = look[i, k] * light[i, TRANSMISSION] if k % 8 < 6 else look[i, k]
        _fill(
            point, triangle[span[i, 4] : span[i, 4] + span[i, 5]], region[span[i, 4] : span[i, 4] + span[i, 5]],
            uv[span[i, 2] : span[i, 2] + count], paint, fold[i], light[i], pattern,
            -handed(matrix[i]) if mirrored else handed(matrix[i]), wide, high,
            z_buffer, sample, row_low, row_high,
        )  # fmt: skip
        if mirrored:
            _reflect(patch, z_buffer, sample, row_low, row_high, mirror, canvas)
        else:
            _lay(i, patch, z_buffer, sample, row_low, row_high, depth, canvas, owner, whole[i])
            seen_rows[0] = min(seen_rows[0], max(patch[1], 0))
            seen_rows[1] = max(seen_rows[1], min(patch[1] + patch[3], canvas.shape[0]))


@njit(cache=True, error_model="numpy")
def _project(
    one: Any, two: Any, blend: Any, matrix: Any, light: Any, lens: Any, occlusion: Any, mirrored: bool, point: Any
) -> Any:
    """Write u, v, depth and the light of each vertex; return whether all of the figure can be drawn."""
    A = np.empty((3, 3), np.float32)
    t = np.empty(3, np.float32)
    flip = -1.0 if mirrored else 1.0
    for r in range(3):
        for c in range(3):
            A[r, c] = lens[3 * r] * matrix[c] + lens[3 * r + 1] * matrix[3 + c] + flip * lens[3 * r + 2] * matrix[6 + c]
        t[r] = (
            lens[3 * r] * matrix[9] + lens[3 * r + 1] * matrix[10] + flip * lens[3 * r + 2] * matrix[11] + lens[9 + r]
        )
    size = np.sqrt(matrix[2] ** 2 + matrix[5] ** 2 + matrix[8] ** 2)
    toward = np.empty((3, 3), np.float32)  # the sun, the zenith and the lamp in the figure's own axes
    for c in range(3):
        for s, at in ((0, TO_SUN), (2, TO_KEY)):
            toward[s, c] = (
                light[at] * matrix[c] + light[at + 1] * matrix[3 + c] + light[at + 2] * matrix[6 + c]
            ) / size
        toward[1, c] = matrix[6 + c] / size
    sky, sun, key = np.float32(light[SKY]), np.float32(light[SUN]), np.float32(light[KEY])
    sky_b, sky_g, sky_r = np.float32(light[SKY_BGR]), np.float32(light[SKY_BGR + 1]), np.float32(light[SKY_BGR + 2])
    sun_b, sun_g, sun_r = np.float32(light[SUN_BGR]), np.float32(light[SUN_BGR + 1]), np.float32(light[SUN_BGR + 2])
    key_b, key_g, key_r = np.float32(light[KEY_BGR]), np.float32(light[KEY_BGR + 1]), np.float32(light[KEY_BGR + 2])
    fx, fy, cx, cy = np.float32(lens[12]), np.float32(lens[13]), np.float32(lens[14]), np.float32(lens[15])
    k1, k2, p1 = np.float32(lens[16]), np.float32(lens[17]), np.float32(lens[18])
    p2, k3 = np.float32(lens[19]), np.float32(lens[20])
    f0, f1, f2, f3, f5, f7 = (
        np.float32(0.0), np.float32(1.0), np.float32(2.0), np.float32(3.0), np.float32(5.0), np.float32(7.0),
    )  # fmt: skip
    nearest, hidden = np.float32(NEAR_M), False
    tenth = np.float32(0.10)
    for v in range(one.shape[0]):
        x = one[v, 0] + blend * (two[v, 0] - one[v, 0])
        y = one[v, 1] + blend * (two[v, 1] - one[v, 1])
        z = one[v, 2] + blend * (two[v, 2] - one[v, 2])
        deep = A[2, 0] * x + A[2, 1] * y + A[2, 2] * z + t[2]
        hidden |= deep < nearest
        per = f1 / deep
        a = (A[0, 0] * x + A[0, 1] * y + A[0, 2] * z + t[0]) * per
        b = (A[1, 0] * x + A[1, 1] * y + A[1, 2] * z + t[1]) * per
        r2 = a * a + b * b
        radial = f1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = f1 + r2 * (f3 * k1 + r2 * (f5 * k2 + r2 * f7 * k3))
        hidden |= min(slope, radial) <= f0
        point[v, 0] = fx * (a * radial + f2 * p1 * a * b + p2 * (r2 + f2 * a * a)) + cx
        point[v, 1] = fy * (b * radial + p1 * (r2 + f2 * b * b) + f2 * p2 * a * b) + cy
        point[v, 2] = deep
        nx = one[v, 3] + blend * (two[v, 3] - one[v, 3])
        ny = one[v, 4] + blend * (two[v, 4] - one[v, 4])
        nz = one[v, 5] + blend * (two[v, 5] - one[v, 5])
        up = toward[1, 0] * nx + toward[1, 1] * ny + toward[1, 2] * nz
        facing = toward[0, 0] * nx + toward[0, 1] * ny + toward[0, 2] * nz
        open_ = occlusion[v]
        # as `sim.render.light.light_on`, and what the body itself keeps from the sky
        below = tenth * (f1 - up)
        from_sky = sky * open_ * (np.float32(0.76) + np.float32(0.24) * up + np.float32(0.05) * facing)
        from_sun = sun * (max(facing, f0) * (np.float32(0.3) + np.float32(0.7) * open_) + below * open_)
        lamp = toward[2, 0] * nx + toward[2, 1] * ny + toward[2, 2] * nz
        from_key = key * (max(lamp, f0) + below) * open_
        blue = from_sky * sky_b + from_sun * sun_b + from_key * key_b
        green = from_sky * sky_g + from_sun * sun_g + from_key * key_g
        red = from_sky * sky_r + from_sun * sun_r + from_key * key_r
        bright = (blue + green + red) * np.float32(1.0 / 3.0) + np.float32(1e-6)
        part = f1 / bright
        point[v, 3] = bright
        point[v, 4] = blue * part
        point[v, 5] = green * part
        point[v, 6] = red * part
    return not hidden


@njit(cache=True, error_model="numpy")
def _frame(point: Any, count: int, width: int, height: int, patch: Any) -> Any:
    """Find the part of the picture (left, top, width, height; somewhat beyond its edges) and shift the points into it.

    Afterwards points count in samples from the patch's corner. Return whether there is anything to be drawn.
    """
    x1: Any = np.float32(np.inf)
    y1, x2, y2 = x1, -x1, -x1
    for v in range(count):
        x1, x2 = min(x1, point[v, 0]), max(x2, point[v, 0])
        y1, y2 = min(y1, point[v, 1]), max(y2, point[v, 1])
    if not (x2 >= -0.5 and y2 >= -0.5 and x1 < width - 0.5 and y1 < height - 0.5):
        return False
    left = int(np.floor(max(x1, -0.5 * width) + 0.5))
    top = int(np.floor(max(y1, -0.5 * height) + 0.5))
    left, top = left - 1, top - 1
    patch[0], patch[1] = left, top
    patch[2] = int(np.floor(min(x2, 1.5 * width) + 0.5)) + 2 - left
    patch[3] = int(np.floor(min(y2, 1.5 * height) + 0.5)) + 2 - top
    dx, dy, two = np.float32(0.5 - left), np.float32(0.5 - top), np.float32(2.0)
    for v in range(count):
        point[v, 0] = two * (point[v, 0] + dx)
        point[v, 1] = two * (point[v, 1] + dy)
    return True


@njit(cache=True, error_model="numpy")
def _fill(
    point: Any, triangle: Any, region: Any, uv: Any, paint: Any, fold: float, light: Any, pattern: Any, turn: Any,
    wide: int, high: int, z_buffer: Any, sample: Any, row_low: Any, row_high: Any,
) -> None:  # fmt: skip
    haze = 1.0 - light[TRANSMISSION]
    air_b, air_g = np.float32(haze * light[AIRLIGHT]), np.float32(haze * light[AIRLIGHT + 1])
    air_r = np.float32(haze * light[AIRLIGHT + 2])
    half, quarter, zero, one = np.float32(0.5), np.float32(0.25), np.float32(0.0), np.float32(1.0)
    room_b, room_g, room_r = np.float32(255.0) - air_b, np.float32(255.0) - air_g, np.float32(255.0) - air_r
    green_at, red_at, opaque, step = np.uint32(8), np.uint32(16), np.uint32(0xFF000000), np.uint64(1)
    folds = np.uint64(pattern.shape[0] - 1)
    creases = np.float32(2.0 * fold / 255.0)
    dearer = one + np.float32(fold)
    for t in range(triangle.shape[0]):
        a, b, c = np.uint64(triangle[t, 0]), np.uint64(triangle[t, 1]), np.uint64(triangle[t, 2])
        ax, ay, bx, by, cx, cy = point[a, 0], point[a, 1], point[b, 0], point[b, 1], point[c, 0], point[c, 1]
        abx, aby, acx, acy = bx - ax, by - ay, cx - ax, cy - ay
        area = abx * acy - acx * aby
        if area * turn >= zero:  # the picture's y runs down: what faces the camera turns the other way
            continue
        # corners from the upper to the lower; every edge runs from its upper end, so that neighbours agree on it
        tx, ty, mx, my, ex, ey = ax, ay, bx, by, cx, cy
        if my < ty:
            tx, ty, mx, my = mx, my, tx, ty
        if ey < my:
            mx, my, ex, ey = ex, ey, mx, my
            if my < ty:
                tx, ty, mx, my = mx, my, tx, ty
        y1, y2 = max(int(np.ceil(ty - half)), 0), min(int(np.floor(ey - half)), high - 1)
        if y2 < y1:
            continue
        inverse = one / area
        za = point[a, 2]
        zab, zac = point[b, 2] - za, point[c, 2] - za
        zx, zy = (zab * acy - zac * aby) * inverse, (zac * abx - zab * acx) * inverse
        la = point[a, 3]
        lab, lac = point[b, 3] - la, point[c, 3] - la
        lx, ly = (lab * acy - lac * aby) * inverse, (lac * abx - lab * acx) * inverse
        per = one / (max(la, max(la + lab, la + lac)) * dearer)  # no sample gets brighter than white
        tint_b, tint_g, tint_r = point[a, 4], point[a, 5], point[a, 6]
        most_b, most_g, most_r = room_b * per, room_g * per, room_r * per
        at = np.uint64(8) * np.uint64(region[t])
        b0 = min(paint[at] * tint_b, most_b)
        g0 = min(paint[at + np.uint64(1)] * tint_g, most_g)
        r0 = min(paint[at + np.uint64(2)] * tint_r, most_r)
        kind, cut = np.uint64(paint[at + np.uint64(6)]), paint[at + np.uint64(7)]
        textured = kind > 0 or creases > zero
        if not textured and cut < np.float32(2.0):
            textured = max(uv[a, 1], max(uv[b, 1], uv[c, 1])) > cut
        ua, va, ux, uy, vx, vy = zero, zero, zero, zero, zero, zero
        b1, g1, r1, b2, g2, r2 = zero, zero, zero, zero, zero, zero
        if textured:
            ua, va = uv[a, 0], uv[a, 1]
            ub, uc, vb, vc = uv[b, 0] - ua, uv[c, 0] - ua, uv[b, 1] - va, uv[c, 1] - va
            ux, uy = (ub * acy - uc * aby) * inverse, (uc * abx - ub * acx) * inverse
            vx, vy = (vb * acy - vc * aby) * inverse, (vc * abx - vb * acx) * inverse
            b1 = min(paint[at + np.uint64(3)] * tint_b, most_b)
            g1 = min(paint[at + np.uint64(4)] * tint_g, most_g)
            r1 = min(paint[at + np.uint64(5)] * tint_r, most_r)
            b2, g2, r2 = min(paint[0] * tint_b, most_b), min(paint[1] * tint_g, most_g), min(paint[2] * tint_r, most_r)
        long = (ex - tx) / (ey - ty)
        upper = (mx - tx) / (my - ty) if my > ty else zero
        lower = (ex - mx) / (ey - my) if ey > my else zero
        long_is_left = (mx - tx) * (ey - ty) > (ex - tx) * (my - ty)
        for y in range(y1, y2 + 1):
            centre_y = np.float32(y) + half
            # four places across a pixel instead of two; above 1, so that casting cuts towards the lower
            shift = one - half - (quarter if y & 1 else -quarter)
            low = tx + (centre_y - ty) * long + shift
            up = tx + (centre_y - ty) * upper if centre_y < my else mx + (centre_y - my) * lower
            up += shift
            if not long_is_left:
                low, up = up, low
            x1: Any = max(np.int64(np.int32(low)), 0)
            x2: Any = min(np.int64(np.int32(up)), wide)
            if x2 <= x1:
                continue
            shift = one - shift
            row_low[y], row_high[y] = min(row_low[y], x1), max(row_high[y], x2)
            dx, dy = np.float32(x1) + shift - ax, centre_y - ay
            z, lit = za + dx * zx + dy * zy, la + dx * lx + dy * ly
            p = np.uint64(y * wide + x1)
            if not textured:
                for _ in range(x2 - x1):
                    if z < z_buffer[p]:
                        z_buffer[p] = z
                        sample[p] = np.uint32(
                            np.uint32(np.int32(b0 * lit + air_b))
                            | np.uint32(np.int32(g0 * lit + air_g)) << green_at
                            | np.uint32(np.int32(r0 * lit + air_r)) << red_at
                            | opaque
                        )
                    z += zx
                    lit += lx
                    p += step
                continue
            u, v = ua + dx * ux + dy * uy, va + dx * vx + dy * vy
            for _ in range(x2 - x1):
                if z < z_buffer[p]:
                    z_buffer[p] = z
                    # from 64 turns below on: the cast cuts towards zero
                    iu = np.uint64(np.int32(u * np.float32(64.0) + np.float32(4096.0)) & np.int32(63))
                    iv = np.uint64(np.int32(v * np.float32(64.0) + np.float32(4096.0)) & np.int32(63))
                    if v > cut:
                        blue, green, red = b2, g2, r2
                    else:
                        share = np.float32(pattern[kind, iv, iu]) * np.float32(1.0 / 255.0)
                        blue, green, red = b0 + (b1 - b0) * share, g0 + (g1 - g0) * share, r0 + (r1 - r0) * share
                    fine = lit * (one + creases * (np.float32(pattern[folds, iv, iu]) - np.float32(127.5)))
                    sample[p] = np.uint32(
                        np.uint32(np.int32(blue * fine + air_b))
                        | np.uint32(np.int32(green * fine + air_g)) << green_at
                        | np.uint32(np.int32(red * fine + air_r)) << red_at
                        | opaque
                    )
                z += zx
                lit += lx
                u += ux
                v += vx
                p += step


@njit(cache=True, error_model="numpy")
def _lay(
    row: int, patch: Any, z_buffer: Any, sample: Any, row_low: Any, row_high: Any,
    depth: Any, canvas: Any, owner: Any, whole: Any,
) -> None:  # fmt: skip
    """Lay a figure's samples over the picture, four to a pixel, and clear them."""
    left, top, wide = patch[0], patch[1], 2 * patch[2]
    height, width = depth.shape
    rest, low, byte = np.uint32(0x00FF00FF), np.uint32(0xFFFF), np.uint32(8)
    nothing, behind, nobody = np.float32(np.inf), np.float32(_BEHIND_M), np.uint32(0)
    count, bx1, by1, bx2, by2 = 0, 1 << 30, 1 << 30, -(1 << 30), -(1 << 30)
    for y in range(patch[3]):
        x1 = min(row_low[2 * y], row_low[2 * y + 1]) >> 1
        x2 = (max(row_high[2 * y], row_high[2 * y + 1]) + 1) >> 1
        at_y = y + top
        inside_y = 0 <= at_y < height
        for x in range(x1, x2):
            p = np.uint64(2 * y * wide + 2 * x)
            q = p + np.uint64(wide)
            p1, q1 = p + np.uint64(1), q + np.uint64(1)
            a, b, c, d = sample[p], sample[p1], sample[q], sample[q1]
            even = ((a >> byte) & rest) + ((b >> byte) & rest) + ((c >> byte) & rest) + ((d >> byte) & rest)
            cover = even >> np.uint32(16)
            if cover == 0:
                continue
            z = min(min(z_buffer[p], z_buffer[p1]), min(z_buffer[q], z_buffer[q1]))
            sample[p], sample[p1], sample[q], sample[q1] = nobody, nobody, nobody, nobody
            z_buffer[p], z_buffer[p1], z_buffer[q], z_buffer[q1] = nothing, nothing, nothing, nothing
            if cover >= 510:
                count += 1
                bx1, bx2 = min(bx1, x), max(bx2, x)
                by1, by2 = min(by1, y), max(by2, y)
            at_x = x + left
            if not inside_y or at_x < 0 or at_x >= width or z > depth[at_y, at_x] + behind:
                continue
            odd = (a & rest) + (b & rest) + (c & rest) + (d & rest)
            pixel = canvas[at_y, at_x]
            left_over = np.uint32(1020) - cover
            pixel[0] = np.uint8(
                ((odd & low) * np.uint32(255) + left_over * pixel[0] + np.uint32(510)) // np.uint32(1020)
            )
            pixel[1] = np.uint8(
                ((even & low) * np.uint32(255) + left_over * pixel[1] + np.uint32(510)) // np.uint32(1020)
            )
            pixel[2] = np.uint8(
                ((odd >> np.uint32(16)) * np.uint32(255) + left_over * pixel[2] + np.uint32(510)) // np.uint32(1020)
            )
            if canvas.shape[2] == 4:
                pixel[3] = np.uint8((cover * np.uint32(255) + left_over * pixel[3] + np.uint32(510)) // np.uint32(1020))
            if cover >= 510:
                owner[at_y, at_x] = row
                depth[at_y, at_x] = z
    whole[0] = count
    whole[1], whole[2], whole[3], whole[4] = left + bx1, top + by1, left + bx2 + 1, top + by2 + 1


@njit(cache=True, error_model="numpy")
def _reflect(patch: Any, z_buffer: Any, sample: Any, row_low: Any, row_high: Any, mirror: Any, canvas: Any) -> None:
    """Lay a figure's mirror image over the floor as strongly as it mirrors, and clear the samples."""
    left, top, wide = patch[0], patch[1], 2 * patch[2]
    height, width = mirror.shape
    rest, low, byte = np.uint32(0x00FF00FF), np.uint32(0xFFFF), np.uint32(8)
    nothing, nobody = np.float32(np.inf), np.uint32(0)
    for y in range(patch[3]):
        x1 = min(row_low[2 * y], row_low[2 * y + 1]) >> 1
        x2 = (max(row_high[2 * y], row_high[2 * y + 1]) + 1) >> 1
        at_y = y + top
        inside_y = 0 <= at_y < height
        for x in range(x1, x2):
            p = np.uint64(2 * y * wide + 2 * x)
            q = p + np.uint64(wide)
            p1, q1 = p + np.uint64(1), q + np.uint64(1)
            a, b, c, d = sample[p], sample[p1], sample[q], sample[q1]
            sample[p], sample[p1], sample[q], sample[q1] = nobody, nobody, nobody, nobody
            z_buffer[p], z_buffer[p1], z_buffer[q], z_buffer[q1] = nothing, nothing, nothing, nothing
            at_x = x + left
            if not inside_y or at_x < 0 or at_x >= width or mirror[at_y, at_x] == 0:
                continue
            even = ((a >> byte) & rest) + ((b >> byte) & rest) + ((c >> byte) & rest) + ((d >> byte) & rest)
            cover = even >> np.uint32(16)
            odd = (a & rest) + (b & rest) + (c & rest) + (d & rest)
            pixel = canvas[at_y, at_x]
            share = np.uint32(mirror[at_y, at_x])
            left_over = np.uint32(1020 * 255) - cover * share
            for k in range(3):
                own = (odd & low) if k == 0 else (even & low) if k == 1 else odd >> np.uint32(16)
                pixel[k] = np.uint8(
                    (own * share * np.uint32(255) + left_over * np.uint32(pixel[k])) // np.uint32(1020 * 255)
                )
