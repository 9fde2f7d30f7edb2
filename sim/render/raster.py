"""Projected solids to pixels: anti-aliased, shaded, depth-tested, one small patch a figure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.light import brightness_of
from sim.render.solids import BOX, COLOUR, COLOUR2, FOLDS, KIND, PATTERN, SEED, project_solid
from sim.render.texture import hash01, value_noise

__all__ = [
    "CHECKS", "HEADED", "JACKET", "PLAIN", "PRINT", "SPLIT", "STRIPES", "VEST", "paint", "place", "whole_silhouette",
]  # fmt: skip

PLAIN: Final = 0
STRIPES: Final = 1
JACKET: Final = 2
"""Open in front: a strip of the second colour."""
SPLIT: Final = 3
"""The second colour above."""
PRINT: Final = 4
HEADED: Final = 5
"""A head: skin, eyes and mouth in front, the second colour where hair grows."""
CHECKS: Final = 6
VEST: Final = 7
"""Two bright bands round."""


_MOST: Final = 64
"""No figure has more solids."""


@njit(cache=True, nogil=True, error_model="numpy")
def place(solids: Any, first: Any, lens: Any, to_sun: Any, width: int, height: int, screen: Any, patch: Any) -> Any:
    """Project all solids and find the patch of picture that each figure needs.

    Args:
        solids: Shape (n, 28).
        first: Solids of figure i are first[i] to first[i + 1]; shape (m + 1,).
        lens: See `sim.render.lens.lens_array`.
        to_sun: Unit vector.
        width: Of the picture.
        height: Of the picture.
        screen: Written, shape (n, 44).
        patch: Written, shape (m, 5), int64: x, y, width, height, first pixel in the atlas; width 0: not in the
            picture. Patches may reach one picture beyond the picture on every side.

    Returns:
        Pixels that the atlas needs.
    """
    used = 0
    for i in range(first.shape[0] - 1):
        patch[i, :] = 0
        x1, y1, x2, y2 = np.inf, np.inf, -np.inf, -np.inf
        ok = first[i + 1] > first[i]
        for s in range(first[i], first[i + 1]):
            if not project_solid(solids[s], lens, to_sun, screen[s]):
                ok = False
                break
            x1, y1 = min(x1, screen[s, 38]), min(y1, screen[s, 39])
            x2, y2 = max(x2, screen[s, 40]), max(y2, screen[s, 41])
        if not ok or x2 < -0.5 or y2 < -0.5 or x1 > width - 0.5 or y1 > height - 0.5:
            continue
        left, top = int(np.floor(max(x1, -float(width)))) - 1, int(np.floor(max(y1, -float(height)))) - 1
        right = int(np.ceil(min(x2, 2.0 * width))) + 2
        bottom = int(np.ceil(min(y2, 2.0 * height))) + 2
        patch[i, 0], patch[i, 1], patch[i, 2], patch[i, 3] = left, top, right - left, bottom - top
        patch[i, 4] = used
        used += (right - left) * (bottom - top)
    return used


@njit(cache=True, nogil=True, error_model="numpy")
def paint(
    solids: Any, first: Any, screen: Any, patch: Any, rows: Any, depth_map: Any,
    colour: Any, atlas: Any, whole: Any,
) -> None:  # fmt: skip
    """Paint every figure into its patch of the atlas, obstacles in front of it cut out.

    Args:
        solids: Shape (n, 28).
        first: Shape (m + 1,).
        screen: From `place`, shape (n, 44).
        patch: From `place`, shape (m, 5).
        rows: See `sim.render.light.Light.on_figures`, shape (m, 24).
        depth_map: Depth of the obstacles, shape (h, w).
        colour: Scratch, shape (p, 5), float32: premultiplied BGR, cover, depth; p of the largest patch.
        atlas: Written, shape (pixels, 4), uint8, premultiplied BGRA.
        whole: Written, shape (m, 5): pixels of the whole silhouette and its box x1, y1, x2, y2 (edges of pixels).
    """
    high, wide = depth_map.shape
    nearness, turn = np.empty(_MOST), np.empty(_MOST, np.int64)
    light = np.zeros(5)
    for i in range(patch.shape[0]):
        whole[i, 0] = 0.0
        row = rows[i]
        for k in range(3):
            light[k] = row[k]
        light[3], light[4] = row[3] + 0.7 * row[14], row[4]
        through = row[18]
        pw, ph = patch[i, 2], patch[i, 3]
        if pw == 0:
            continue
        for p in range(pw * ph):
            colour[p, 0] = 0.0
            colour[p, 1] = 0.0
            colour[p, 2] = 0.0
            colour[p, 3] = 0.0
            colour[p, 4] = np.inf
        count = first[i + 1] - first[i]
        for s in range(count):  # near ones first: what they hide needs no shading
            t = s
            depth = screen[first[i] + s, 2] + 0.5 * screen[first[i] + s, 5]
            while t > 0 and nearness[t - 1] > depth:
                nearness[t], turn[t] = nearness[t - 1], turn[t - 1]
                t -= 1
            nearness[t], turn[t] = depth, first[i] + s
        for k in range(count):
            s = turn[k]
            if count > 8 and (screen[s, 40] - screen[s, 38]) * (screen[s, 41] - screen[s, 39]) < 1.5:
                continue  # too small to be seen on a body
            if solids[s, KIND] == BOX:
                _box(solids[s], screen[s], patch[i], light, 1.0, colour)
            else:
                _sweep(solids[s], screen[s], patch[i], light, 1.0, colour)
        whole_silhouette(patch[i], colour, whole[i])
        base = patch[i, 4]
        for y in range(ph):
            for x in range(pw):
                p = y * pw + x
                cover = colour[p, 3]
                if cover <= 0.0:
                    atlas[base + p, 0] = 0
                    atlas[base + p, 1] = 0
                    atlas[base + p, 2] = 0
                    atlas[base + p, 3] = 0
                    continue
                gx, gy = patch[i, 0] + x, patch[i, 1] + y
                hidden = 0 <= gx < wide and 0 <= gy < high and depth_map[gy, gx] < colour[p, 4]
                keep = 0.0 if hidden else 255.0 * cover
                for k in range(3):
                    hue = (row[3] * row[5 + k] + 0.7 * row[14] * row[15 + k]) / max(light[3], 1e-6)
                    value = colour[p, k] * hue * through + row[19 + k] * (1.0 - through) * cover
                    atlas[base + p, k] = np.uint8(0.0 if hidden else min(value, keep) + 0.5)
                atlas[base + p, 3] = np.uint8(keep + 0.5)


@njit(cache=True, error_model="numpy")
def whole_silhouette(patch: Any, colour: Any, out: Any) -> None:
    """Write how many pixels of a patch are covered by half and more, and the box around them."""
    count, x1, y1, x2, y2 = 0, 1 << 30, 1 << 30, -(1 << 30), -(1 << 30)
    for y in range(patch[3]):
        for x in range(patch[2]):
            if colour[y * patch[2] + x, 3] >= 0.5:  # as an alpha of 128 and more of 255
                count += 1
                x1, x2 = min(x1, x), max(x2, x)
                y1, y2 = min(y1, y), max(y2, y)
    out[0] = count
    out[1], out[2] = patch[0] + x1, patch[1] + y1
    out[3], out[4] = patch[0] + x2 + 1, patch[1] + y2 + 1


@njit(cache=True, error_model="numpy", inline="always")
def _put(colour: Any, p: int, cover: float, depth: float, b: float, g: float, r: float) -> None:
    """Lay a surface over or, where it is farther than what is there, under a pixel."""
    before = colour[p, 3]
    if depth <= colour[p, 4] or before < 0.02:
        rest = 1.0 - cover
        colour[p, 0] = colour[p, 0] * rest + b * cover
        colour[p, 1] = colour[p, 1] * rest + g * cover
        colour[p, 2] = colour[p, 2] * rest + r * cover
        colour[p, 3] = before * rest + cover
        if cover > 0.5 or before < 0.02:
            colour[p, 4] = depth
    elif before < 0.999:
        room = (1.0 - before) * cover
        colour[p, 0] += b * room
        colour[p, 1] += g * room
        colour[p, 2] += r * room
        colour[p, 3] = before + room


@njit(cache=True, error_model="numpy")
def _sweep(solid: Any, c: Any, patch: Any, light: Any, sunlit: float, colour: Any) -> None:
    left, top, pw, ph = patch[0], patch[1], patch[2], patch[3]
    x1, y1 = max(0, int(np.floor(c[38] - left)) - 1), max(0, int(np.floor(c[39] - top)) - 1)
    x2, y2 = min(pw - 1, int(np.ceil(c[40] - left)) + 1), min(ph - 1, int(np.ceil(c[41] - top)) + 1)
    w00, w10, w11 = c[8], c[9], c[10]
    ra, rb = c[6], c[7]
    ex, ey = w00 * c[3], w10 * c[3] + w11 * c[4]
    length = np.sqrt(ex * ex + ey * ey)
    swept = length > abs(ra - rb) + 1e-9
    start = 0.0
    if swept:
        ex, ey = ex / length, ey / length
        sine = (ra - rb) / length
        slope = sine / np.sqrt(1.0 - sine * sine)
    else:
        start = 0.0 if ra >= rb else 1.0
        ex, ey, slope = 1.0, 0.0, 0.0
    pattern, folds, seed = int(solid[PATTERN]), solid[FOLDS], int(solid[SEED])
    fine = c[42] > 26.0
    per_w00, per_w11 = 1.0 / w00, 1.0 / w11
    steepest = 0.5 * np.sqrt(w00 * w00 + w10 * w10 + w11 * w11)
    nearest = c[2] + min(0.0, c[5]) - c[43] * max(ra, rb)
    # the same solid where its ellipsoid is a unit ball: a round cone, met by rays along (c31, c34, c37)
    hx = c[29] * c[3] + c[30] * c[4] + c[31] * c[5]
    hy = c[32] * c[3] + c[33] * c[4] + c[34] * c[5]
    hz = c[35] * c[3] + c[36] * c[4] + c[37] * c[5]
    span = np.sqrt(hx * hx + hy * hy + hz * hz)
    taper = 0.0
    size_a, size_b = ra, rb
    if span > 1e-9:
        hx, hy, hz = hx / span, hy / span, hz / span
        taper = (rb - ra) / span
    bends = min(span, 5.0) * 1.1
    per_span = 1.0 / span if span > 1e-9 else 0.0
    ux, uy, vx, vy, wx, wy = c[29], c[30], c[32], c[33], c[35], c[36]
    dx, dy, dz = c[31], c[34], c[37]
    square_d = dx * dx + dy * dy + dz * dz
    slant = dx * hx + dy * hy + dz * hz
    curve = square_d - slant * slant * (1.0 + taper * taper)
    per_curve = 1.0 / curve if curve > 1e-12 else 0.0
    sky, sun = light[3], light[4]
    back_a, back_b, back_c = c[17], c[18], c[19]
    along_x, along_y = (w00 * c[3], w10 * c[3] + w11 * c[4])
    per_length = 1.0 / length if swept else 0.0
    for y in range(y1, y2 + 1):
        py = y + top - c[1]
        for x in range(x1, x2 + 1):
            px = x + left - c[0]
            qx, qy = w00 * px, w10 * px + w11 * py
            t = start
            if swept:
                t = min(1.0, max(0.0, (qx * ex + qy * ey - abs(qy * ex - qx * ey) * slope) * per_length))
            ox, oy = qx - along_x * t, qy - along_y * t
            r = ra + (rb - ra) * t
            square = ox * ox + oy * oy
            if square > (r + steepest) * (r + steepest):
                continue
            p = y * pw + x
            full = colour[p, 3] > 0.996
            if full and nearest > colour[p, 4]:
                continue
            cover, fx, fy = 1.0, px, py
            if r <= steepest or square > (r - steepest) * (r - steepest):  # at the edge
                far = np.sqrt(square)
                steep = np.sqrt((w00 * ox + w10 * oy) ** 2 + (w11 * oy) ** 2)
                cover = min(1.0, 0.5 - (far - r) * far / max(steep, 1e-12))
                if cover <= 0.0:
                    continue
                if far > 0.985 * r:  # the edge's own pixels look at what lies just inside it
                    pull = 0.985 * r / far - 1.0
                    fx = px + pull * ox * per_w00
                    fy = py + (pull * oy - w10 * (fx - px)) * per_w11
            qx, qy, qz = ux * fx + uy * fy, vx * fx + vy * fy, wx * fx + wy * fy
            qa = qx * hx + qy * hy + qz * hz
            qd = qx * dx + qy * dy + qz * dz
            qq = qx * qx + qy * qy + qz * qz
            reach = size_a + taper * qa
            half = qd - qa * slant - taper * slant * reach
            deep = half * half - curve * (qq - qa * qa - reach * reach)
            met = deep >= 0.0 and per_curve > 0.0
            z, w = 0.0, -1.0
            if met:
                z = (-half - np.sqrt(deep)) * per_curve
                w = qa + z * slant
            if w < 0.0 or w > span:  # a round end
                last = w > span if met else rb > ra
                at, size = (span, size_b) if last else (0.0, size_a)
                middle = qd - at * slant
                rest = qq - 2.0 * at * qa + at * at - size * size
                z = (-middle - np.sqrt(max(middle * middle - square_d * rest, 0.0))) / square_d
                w = at
            depth = c[2] + z
            if full and depth > colour[p, 4]:
                continue
            t = w * per_span
            size = size_a + taper * w
            mx, my, mz = qx + z * dx - w * hx, qy + z * dy - w * hy, qz + z * dz - w * hz
            tilt = taper * size
            nx, ny, nz = (mx - tilt * hx) * back_a, (my - tilt * hy) * back_b, (mz - tilt * hz) * back_c
            per_norm = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz)
            facing = (nx * c[23] + ny * c[24] + nz * c[25]) * per_norm
            up = (nx * c[26] + ny * c[27] + nz * c[28]) * per_norm
            lit = brightness_of(facing, up, sunlit, sky, sun)
            b, g, red = solid[COLOUR], solid[COLOUR + 1], solid[COLOUR + 2]
            if pattern > 0:
                share = _pattern(pattern, t, mx / size, my / size, mz / size, seed)
                if share > 0.0:
                    b += share * (solid[COLOUR2] - b)
                    g += share * (solid[COLOUR2 + 1] - g)
                    red += share * (solid[COLOUR2 + 2] - red)
                elif share < 0.0:
                    b, g, red = b * (1.0 + share), g * (1.0 + share), red * (1.0 + share)
            if folds > 0.0 and fine:
                turn = (oy * ex - ox * ey) / r
                crease = value_noise(t * bends + turn * 1.6, turn * 2.3 - 0.5 * t * bends, seed)
                lit *= 1.0 + folds * (crease - 0.5) * 2.0
            _put(colour, p, cover, depth, b * lit, g * lit, red * lit)


@njit(cache=True, error_model="numpy")
def _pattern(pattern: int, t: float, forth: float, side: float, rise: float, seed: int) -> Any:
    """Share of the second colour (or, below 0, of black) at a place on a solid."""
    if pattern == 1:
        return 1.0 if np.floor((t * 2.0 + 0.35 * rise) * 5.0) % 2 == 0 else 0.0
    if pattern == 2:
        return 1.0 if forth > 0.0 and abs(side) < 0.20 + 0.10 * t else 0.0
    if pattern == 3:
        return 1.0 if t > 0.55 else 0.0
    if pattern == 4:
        return 0.9 if abs(side) < 0.34 and 0.3 < t < 0.75 and hash01(int(side * 9), int(t * 14), seed) > 0.35 else 0.0
    if pattern == 5:
        if forth > 0.0 and abs(rise + 0.02) < 0.09 and 0.22 < abs(side) < 0.52:
            return -0.55
        if forth > 0.0 and abs(rise - 0.13) < 0.035 and 0.16 < abs(side) < 0.58:
            return 0.7
        if forth > 0.5 and abs(rise + 0.52) < 0.05 and abs(side) < 0.28:
            return -0.32
        if forth > 0.0 and abs(side) < 0.15 and -0.30 < rise < -0.18:
            return -0.12
        return 1.0 if forth < -0.15 - 0.5 * min(0.0, rise + 0.2) or rise > 0.55 else 0.0
    if pattern == 6:
        return 0.45 * (np.floor(t * 9.0) % 2) + 0.45 * (np.floor((side + 2.0) * 4.0) % 2)
    if pattern == 7:
        return 1.0 if 0.18 < t < 0.30 or 0.62 < t < 0.74 else 0.0
    return 0.0


@njit(cache=True, error_model="numpy")
def _box(solid: Any, c: Any, patch: Any, light: Any, sunlit: float, colour: Any) -> None:
    """A box: four rays a pixel against its three pairs of faces."""
    left, top, pw, ph = patch[0], patch[1], patch[2], patch[3]
    x1, y1 = max(0, int(np.floor(c[38] - left)) - 1), max(0, int(np.floor(c[39] - top)) - 1)
    x2, y2 = min(pw - 1, int(np.ceil(c[40] - left)) + 1), min(ph - 1, int(np.ceil(c[41] - top)) + 1)
    sky, sun = light[3], light[4]
    seed = int(solid[SEED])
    for y in range(y1, y2 + 1):
        for x in range(x1, x2 + 1):
            hits, b, g, red, depth = 0, 0.0, 0.0, 0.0, 0.0
            for sample in range(4):
                px = x + left - c[0] + (0.25 if sample & 1 else -0.25)
                py = y + top - c[1] + (0.25 if sample & 2 else -0.25)
                enter, leave, axis, sign = -np.inf, np.inf, 0, 1.0
                for k in range(3):
                    offset = c[29 + 3 * k] * px + c[30 + 3 * k] * py
                    step = c[31 + 3 * k]
                    if abs(step) < 1e-9:
                        if abs(offset) > 1.0:
                            leave = -np.inf
                        continue
                    near, back = (-1.0 - offset) / step, (1.0 - offset) / step
                    which = -1.0
                    if near > back:
                        near, back, which = back, near, 1.0
                    if near > enter:
                        enter, axis, sign = near, k, which
                    leave = min(leave, back)
                if enter > leave:
                    continue
                hits += 1
                lit = brightness_of(sign * c[23 + axis], sign * c[26 + axis], sunlit, sky, sun)
                one = (axis + 1) % 3
                two = (axis + 2) % 3
                v1 = c[29 + 3 * one] * px + c[30 + 3 * one] * py + c[31 + 3 * one] * enter
                v2 = c[29 + 3 * two] * px + c[30 + 3 * two] * py + c[31 + 3 * two] * enter
                rim = max(abs(v1), abs(v2))
                lit *= 0.80 if rim > 0.93 else 1.0
                lit *= 0.95 + 0.1 * value_noise(3.0 * v1, 3.0 * v2, seed)
                tape = int(solid[PATTERN]) == STRIPES and (abs(v1) < 0.12 if axis == 2 else abs(v2) < 0.0)
                ribs = int(solid[PATTERN]) == SPLIT and np.floor((v1 + 3.0) * 4.0) % 2 == 0
                at = COLOUR2 if tape else COLOUR
                lit *= 0.9 if ribs else 1.0
                b += solid[at] * lit
                g += solid[at + 1] * lit
                red += solid[at + 2] * lit
                depth += c[2] + enter
            if hits:
                _put(colour, y * pw + x, hits / 4.0, depth / hits, b / hits, g / hits, red / hits)
