"""Triangles into pixels: four samples a pixel, each one whole number with the depth above and the colour below.

So the nearest of all triangles at a sample is the least number there, and a pixel is the sum of four. What is small in
the picture is shaded once a triangle (a triangle is then a few pixels), what is large at every sample.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

__all__ = ["EMPTY", "STEPS", "fill", "lay", "reflect"]

STEPS: Final = float(1 << 29)
"""Steps of depth between a figure's nearest vertex and its farthest."""
EMPTY: Final = ((1 << 31) - 1) << 32
"""A sample that shows nothing: behind everything, and without colour."""
_EVEN, _ODD = 49152, 16384
"""Where the first sample of even and odd rows stands, 65536ths of a sample before the next: a pixel has four places
across instead of two."""
_SLIVER: Final = np.float32(0.01)
"""Triangles of so few samples are left out: their depth could not be told from rounding."""
_BEHIND_M: Final = 0.04
"""So much may an obstacle be nearer than a figure's surface without hiding it: cloth sinks into a bench."""


@njit(cache=True, error_model="numpy")
def fill(
    point: Any, stride: int, triangle: Any, region: Any, uv: Any, paint: Any, creases: Any, air: Any, pattern: Any,
    smooth: bool, turn: Any, near: Any, steps: Any, wide: int, high: int, sample: Any,
) -> None:  # fmt: skip
    """Write the nearest surface of a figure at each sample.

    Args:
        point: Rows of x and y in samples, depth, brightness, and the light's BGR for brightness 1; shape (7 * stride,).
        stride: Length of a row.
        triangle: Corners, shape (t, 3).
        region: Shape (t,).
        uv: Garment coordinates of the points, shape (n, 2).
        paint: For each region: BGR, second BGR, pattern, the v from which skin shows.
        creases: How much a fold's value changes the light; 0 if not smooth.
        air: BGR that the air adds.
        pattern: Shares of the second colour, and last the folds, shape (P, 64, 64), uint8.
        smooth: Whether each sample is shaded, or each triangle.
        turn: -1 if the figure is the mirror image of what its triangles say, else 1.
        near: Least depth of all points.
        steps: Steps of depth a metre.
        wide: Samples in a row.
        high: Rows.
        sample: Written by minimum: steps of depth in the upper 32 bits, opacity, red, green, blue in the
            lower ones; int64.
    """
    half, zero, one, unit = np.float32(0.5), np.float32(0.0), np.float32(1.0), np.float32(65536.0)
    third, white = np.float32(1.0 / 3.0), np.float32(255.0)
    air_b, air_g, air_r = air[0], air[1], air[2]
    room_b, room_g, room_r = white - air_b, white - air_g, white - air_r
    folds, step = np.uint64(pattern.shape[0] - 1), np.uint64(1)
    row = np.uint64(stride)
    deep, light, tint = row + row, row + row + row, row + row + row + row
    for t in range(triangle.shape[0]):
        a, b, c = np.uint64(triangle[t, 0]), np.uint64(triangle[t, 1]), np.uint64(triangle[t, 2])
        ax, ay, bx, by = point[a], point[row + a], point[b], point[row + b]
        cx, cy = point[c], point[row + c]
        abx, aby, acx, acy = bx - ax, by - ay, cx - ax, cy - ay
        area = abx * acy - acx * aby
        if area * turn > -_SLIVER:  # the picture's y runs down: what faces the camera turns the other way
            continue
        # corners from the upper to the lower; every edge runs from its upper end, so that neighbours agree on it
        tx, ty, mx, my, ex, ey = ax, ay, bx, by, cx, cy
        if my < ty:
            tx, ty, mx, my = mx, my, tx, ty
        if ey < my:
            mx, my, ex, ey = ex, ey, mx, my
            if my < ty:
                tx, ty, mx, my = mx, my, tx, ty
        y1: Any = np.int64(np.ceil(ty - half))
        y2: Any = np.int64(np.floor(ey - half))
        y1, y2 = y1 if y1 > 0 else 0, y2 if y2 < high - 1 else high - 1
        if y2 < y1:
            continue
        inverse = one / area
        za = point[deep + a]
        zab, zac = (point[deep + b] - za) * inverse, (point[deep + c] - za) * inverse
        zx, zy = (zab * acy - zac * aby) * steps, (zac * abx - zab * acx) * steps
        za = (za - near) * steps
        la, lb, lc = point[light + a], point[light + b], point[light + c]
        tint_b, tint_g, tint_r = point[tint + a], point[tint + row + a], point[tint + row + row + a]
        at = np.uint64(8) * np.uint64(region[t])
        b0, g0 = paint[at] * tint_b, paint[at + np.uint64(1)] * tint_g
        r0 = paint[at + np.uint64(2)] * tint_r
        kind, cut = np.uint64(paint[at + np.uint64(6)]), paint[at + np.uint64(7)]
        textured = kind > 0 or creases > zero
        if not textured and cut < np.float32(2.0):
            textured = uv[a, 1] > cut or uv[b, 1] > cut or uv[c, 1] > cut
        b1, g1, r1, b2, g2, r2 = zero, zero, zero, zero, zero, zero
        if textured:
            b1, g1 = paint[at + np.uint64(3)] * tint_b, paint[at + np.uint64(4)] * tint_g
            r1 = paint[at + np.uint64(5)] * tint_r
            b2, g2, r2 = paint[0] * tint_b, paint[1] * tint_g, paint[2] * tint_r
        colour = np.int64(0)
        lx, ly, ua, va, ux, uy, vx, vy = zero, zero, zero, zero, zero, zero, zero, zero
        if not smooth:
            if textured:
                v = (uv[a, 1] + uv[b, 1] + uv[c, 1]) * third
                if v > cut:
                    b0, g0, r0 = b2, g2, r2
                else:
                    iu, iv = _place((uv[a, 0] + uv[b, 0] + uv[c, 0]) * third), _place(v)
                    share = np.float32(pattern[kind, iv, iu]) * np.float32(1.0 / 255.0)
                    b0, g0, r0 = b0 + (b1 - b0) * share, g0 + (g1 - g0) * share, r0 + (r1 - r0) * share
            lit = (la + lb + lc) * third
            colour = _packed(
                min(b0 * lit, room_b) + air_b, min(g0 * lit, room_g) + air_g, min(r0 * lit, room_r) + air_r
            )
        else:
            lab, lac = (lb - la) * inverse, (lc - la) * inverse
            lx, ly = lab * acy - lac * aby, lac * abx - lab * acx
            # no sample gets brighter than white
            per = one / (max(la, max(lb, lc)) * (one + creases * np.float32(127.5)))
            most_b, most_g, most_r = room_b * per, room_g * per, room_r * per
            b0, g0, r0 = min(b0, most_b), min(g0, most_g), min(r0, most_r)
            if textured:
                b1, g1, r1 = min(b1, most_b), min(g1, most_g), min(r1, most_r)
                b2, g2, r2 = min(b2, most_b), min(g2, most_g), min(r2, most_r)
                ua, va = uv[a, 0], uv[a, 1]
                uab, uac = (uv[b, 0] - ua) * inverse, (uv[c, 0] - ua) * inverse
                vab, vac = (uv[b, 1] - va) * inverse, (uv[c, 1] - va) * inverse
                ux, uy = uab * acy - uac * aby, uac * abx - uab * acx
                vx, vy = vab * acy - vac * aby, vac * abx - vab * acx
        # rows above the middle corner and below it: there other edges lie opposite the long one
        long = (ex - tx) / (ey - ty)
        long_is_left = (mx - tx) * (ey - ty) > (ex - tx) * (my - ty)
        middle = min(max(int(np.ceil(my - half)), y1), y2 + 1)
        z_x, z_y = np.int64(zx), np.int64(zy)
        z_row = np.int64(za + (one - ax) * zx + (np.float32(y1) + half - ay) * zy)
        for part in range(2):
            first, last = (y1, middle) if part == 0 else (middle, y2 + 1)
            if first >= last:
                continue
            px, py = (tx, ty) if part == 0 else (mx, my)
            slope = (mx - tx) / (my - ty) if part == 0 else (ex - mx) / (ey - my)
            centre_y = np.float32(first) + half
            low, by_low = np.int64((tx + (centre_y - ty) * long) * unit), np.int64(long * unit)
            up, by_up = np.int64((px + (centre_y - py) * slope) * unit), np.int64(slope * unit)
            if not long_is_left:
                low, by_low, up, by_up = up, by_up, low, by_low
            for y in range(first, last):
                shift = _EVEN if y & 1 == 0 else _ODD
                x1: Any = (low + shift) >> 16
                x2: Any = (up + shift) >> 16
                x1, x2 = x1 if x1 > 0 else 0, x2 if x2 < wide else wide
                low += by_low
                up += by_up
                z = z_row + x1 * z_x - (shift * z_x >> 16)
                z_row += z_y
                p = np.uint64(y * wide + x1)
                if not smooth:
                    for _ in range(x2 - x1):
                        key = z << 32 | colour
                        if key < sample[p]:
                            sample[p] = key
                        z += z_x
                        p += step
                    continue
                right, down = np.float32(x1) + one - np.float32(shift) / unit - ax, np.float32(y) + half - ay
                lit, u, v = la + right * lx + down * ly, ua + right * ux + down * uy, va + right * vx + down * vy
                for _ in range(x2 - x1):
                    key = z << 32
                    if key < sample[p]:
                        blue, green, red, fine = b0, g0, r0, lit
                        if textured:
                            iu, iv = _place(u), _place(v)
                            if v > cut:
                                blue, green, red = b2, g2, r2
                            else:
                                share = np.float32(pattern[kind, iv, iu]) * np.float32(1.0 / 255.0)
                                blue, green, red = (
                                    b0 + (b1 - b0) * share,
                                    g0 + (g1 - g0) * share,
                                    r0 + (r1 - r0) * share,
                                )
                            fine *= one + creases * (np.float32(pattern[folds, iv, iu]) - np.float32(127.5))
                        sample[p] = key | _packed(blue * fine + air_b, green * fine + air_g, red * fine + air_r)
                    z += z_x
                    lit += lx
                    u += ux
                    v += vx
                    p += step


@njit(cache=True, error_model="numpy", inline="always")
def _place(share: Any) -> Any:
    """Return the row or column of a pattern, from 64 turns below on: the cast cuts towards zero."""
    return np.uint64(np.int32(share * np.float32(64.0) + np.float32(4096.0)) & np.int32(63))


@njit(cache=True, error_model="numpy", inline="always")
def _packed(blue: Any, green: Any, red: Any) -> Any:
    """Return an opaque colour: 255, red, green, blue from the upper byte to the lower."""
    return np.int64(np.int32(blue)) | np.int64(np.int32(green)) << 8 | np.int64(np.int32(red)) << 16 | 0xFF000000


@njit(cache=True, error_model="numpy")
def lay(
    row: int, patch: Any, near: Any, steps: Any, sample: Any, depth: Any, canvas: Any, owner: Any, whole: Any
) -> None:
    """Lay a figure's samples over the picture, four to a pixel, and clear them.

    Args:
        row: The figure's.
        patch: Left and top pixel, pixels across and down; shape (4,).
        near: Depth of step 0, metres.
        steps: Steps of depth a metre.
        sample: See `fill`; cleared.
        depth: See `sim.render.actors.drawing.draw`.
        canvas: See there.
        owner: See there.
        whole: Its row of the same name there.
    """
    left, top, wide = patch[0], patch[1], 2 * patch[2]
    height, width, layers = canvas.shape
    rest, byte, low = np.uint32(0x00FF00FF), np.uint32(8), np.uint32(0xFFFF)
    a_step, behind, empty = np.float32(1.0) / steps, np.float32(_BEHIND_M), np.int64(EMPTY)
    count, bx1, by1, bx2, by2 = 0, 1 << 30, 1 << 30, -(1 << 30), -(1 << 30)
    for y in range(patch[3]):
        at_y = y + top
        inside_y = 0 <= at_y < height
        last = -1
        for x in range(patch[2]):
            p = np.uint64(2 * y * wide + 2 * x)
            q = p + np.uint64(wide)
            a, b, c, d = sample[p], sample[p + np.uint64(1)], sample[q], sample[q + np.uint64(1)]
            first = min(min(a, b), min(c, d))
            if first == empty:
                continue
            sample[p], sample[p + np.uint64(1)], sample[q], sample[q + np.uint64(1)] = empty, empty, empty, empty
            a4, b4, c4, d4 = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)
            even = np.uint32(
                ((a4 >> byte) & rest) + ((b4 >> byte) & rest) + ((c4 >> byte) & rest) + ((d4 >> byte) & rest)
            )
            cover = even >> np.uint32(16)
            if cover >= 510:
                count += 1
                bx1, last = x if x < bx1 else bx1, x
            at_x = x + left
            if not inside_y or np.uint64(at_x) >= np.uint64(width):
                continue
            z = near + np.float32(first >> 32) * a_step
            if z > depth[at_y, at_x] + behind:
                continue
            odd = np.uint32((a4 & rest) + (b4 & rest) + (c4 & rest) + (d4 & rest))
            if cover == 1020:
                canvas[at_y, at_x, 0] = np.uint8(((odd & low) + np.uint32(2)) >> np.uint32(2))
                canvas[at_y, at_x, 1] = np.uint8(((even & low) + np.uint32(2)) >> np.uint32(2))
                canvas[at_y, at_x, 2] = np.uint8(((odd >> np.uint32(16)) + np.uint32(2)) >> np.uint32(2))
                if layers == 4:
                    canvas[at_y, at_x, 3] = np.uint8(255)
                owner[at_y, at_x] = row
                depth[at_y, at_x] = z
                continue
            # a quarter of each sample, the rest as it was
            through = np.uint32(4) - cover // np.uint32(255)
            canvas[at_y, at_x, 0] = _mixed(odd & low, through, canvas[at_y, at_x, 0])
            canvas[at_y, at_x, 1] = _mixed(even & low, through, canvas[at_y, at_x, 1])
            canvas[at_y, at_x, 2] = _mixed(odd >> np.uint32(16), through, canvas[at_y, at_x, 2])
            if layers == 4:
                canvas[at_y, at_x, 3] = _mixed(cover, through, canvas[at_y, at_x, 3])
            if cover >= 510:
                owner[at_y, at_x] = row
                depth[at_y, at_x] = z
        if last >= 0:
            bx2, by1, by2 = max(bx2, last), min(by1, y), y
    whole[0] = count
    whole[1], whole[2], whole[3], whole[4] = left + bx1, top + by1, left + bx2 + 1, top + by2 + 1


@njit(cache=True, error_model="numpy", inline="always")
def _mixed(own: Any, through: Any, before: Any) -> Any:
    return np.uint8((own + through * np.uint32(before) + np.uint32(2)) >> np.uint32(2))


@njit(cache=True, error_model="numpy")
def reflect(patch: Any, sample: Any, mirror: Any, canvas: Any) -> None:
    """Lay a figure's mirror image over the floor as strongly as it mirrors, and clear the samples.

    Args:
        patch: See `lay`.
        sample: See `fill`; cleared.
        mirror: See `sim.render.actors.drawing.draw`.
        canvas: See there.
    """
    left, top, wide = patch[0], patch[1], 2 * patch[2]
    height, width = mirror.shape
    empty, white = np.int64(EMPTY), np.uint32(1020 * 255)
    for y in range(patch[3]):
        at_y = y + top
        inside_y = 0 <= at_y < height
        for x in range(patch[2]):
            p = np.uint64(2 * y * wide + 2 * x)
            q = p + np.uint64(wide)
            a, b, c, d = sample[p], sample[p + np.uint64(1)], sample[q], sample[q + np.uint64(1)]
            if min(min(a, b), min(c, d)) == empty:
                continue
            sample[p], sample[p + np.uint64(1)], sample[q], sample[q + np.uint64(1)] = empty, empty, empty, empty
            at_x = x + left
            if not inside_y or at_x < 0 or at_x >= width or mirror[at_y, at_x] == 0:
                continue
            share = np.uint32(mirror[at_y, at_x])
            cover = ((a >> 24) & 255) + ((b >> 24) & 255) + ((c >> 24) & 255) + ((d >> 24) & 255)
            through = white - np.uint32(cover) * share
            for k in range(3):
                s = np.int64(8 * k)
                own = ((a >> s) & 255) + ((b >> s) & 255) + ((c >> s) & 255) + ((d >> s) & 255)
                value = np.uint32(own) * share * np.uint32(255) + through * np.uint32(canvas[at_y, at_x, k])
                canvas[at_y, at_x, k] = np.uint8(value // white)
