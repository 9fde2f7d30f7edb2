"""A figure's vertices as a picture needs them: between two key poses, projected, and in the light.

They are rows of one flat scratch array with a constant distance between the rows, so that the compiler knows that no
row runs into the next and turns the loops over vertices into vector code.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.lens import NEAR_M
from sim.render.light import KEY, KEY_BGR, SKY, SKY_BGR, SUN, SUN_BGR, TO_KEY, TO_SUN

__all__ = ["BLUE", "LIT", "NX", "ROWS", "STRIDE", "D", "U", "V", "X", "Y", "Z", "lighten", "mix", "project"]

X, Y, Z, NX, NY, NZ, U, V, D, LIT, BLUE = range(11)
"""Rows: place and normal in the figure's axes, where it is seen, how deep, brightness, and the light's BGR for
brightness 1 (three rows)."""
ROWS: Final = 13
STRIDE: Final = 8192 + 48
"""Numbers from one row to the next: no power of two, so that the rows do not share their places in the cache."""


@njit(cache=True, error_model="numpy")
def mix(one: Any, two: Any, blend: Any, point: Any) -> None:
    """Write places and normals between two key poses.

    Args:
        one: Places and normals of the first, or only its places, shape (6, n) or (3, n).
        two: Of the second.
        blend: Share of the second.
        point: Rows X to NZ, or to Z, are written, shape (ROWS * STRIDE,), float32.
    """
    for k in range(one.shape[0]):
        first, second = one[k], two[k]
        out = point[k * STRIDE : k * STRIDE + first.shape[0]]
        for v in range(first.shape[0]):
            out[v] = first[v] + blend * (second[v] - first[v])


@njit(cache=True, error_model="numpy")
def project(count: int, matrix: Any, lens: Any, mirrored: bool, point: Any, reach: Any) -> Any:
    """Write u, v and depth of each vertex; return whether all of the figure can be drawn.

    Args:
        count: Vertices.
        matrix: See `sim.render.actors.drawing.draw`.
        lens: See `sim.render.lens.lens_array`.
        mirrored: Whether the figure stands upside down below the floor.
        point: Rows U, V and D are written.
        reach: Written: least and greatest depth, shape (2,).
    """
    A = np.empty((3, 3), np.float32)
    t = np.empty(3, np.float32)
    flip = -1.0 if mirrored else 1.0
    for r in range(3):
        for c in range(3):
            A[r, c] = lens[3 * r] * matrix[c] + lens[3 * r + 1] * matrix[3 + c] + flip * lens[3 * r + 2] * matrix[6 + c]
        t[r] = (
            lens[3 * r] * matrix[9] + lens[3 * r + 1] * matrix[10] + flip * lens[3 * r + 2] * matrix[11] + lens[9 + r]
        )
    a00, a01, a02, a10, a11, a12 = A[0, 0], A[0, 1], A[0, 2], A[1, 0], A[1, 1], A[1, 2]
    a20, a21, a22, t0, t1, t2 = A[2, 0], A[2, 1], A[2, 2], t[0], t[1], t[2]
    fx, fy, cx, cy = np.float32(lens[12]), np.float32(lens[13]), np.float32(lens[14]), np.float32(lens[15])
    k1, k2, p1 = np.float32(lens[16]), np.float32(lens[17]), np.float32(lens[18])
    p2, k3 = np.float32(lens[19]), np.float32(lens[20])
    f1, f2, f3, f5, f7 = np.float32(1.0), np.float32(2.0), np.float32(3.0), np.float32(5.0), np.float32(7.0)
    n = np.uint64(count)
    bent: Any = f1
    for v in range(n):
        x, y, z = point[X * STRIDE + v], point[Y * STRIDE + v], point[Z * STRIDE + v]
        deep = a20 * x + a21 * y + a22 * z + t2
        per = f1 / deep
        a = (a00 * x + a01 * y + a02 * z + t0) * per
        b = (a10 * x + a11 * y + a12 * z + t1) * per
        r2 = a * a + b * b
        radial = f1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = f1 + r2 * (f3 * k1 + r2 * (f5 * k2 + r2 * f7 * k3))
        point[D * STRIDE + v] = deep
        point[U * STRIDE + v] = fx * (a * radial + f2 * p1 * a * b + p2 * (r2 + f2 * a * a)) + cx
        point[V * STRIDE + v] = fy * (b * radial + p1 * (r2 + f2 * b * b) + f2 * p2 * a * b) + cy
        # kept where the light comes later: what must be above 0
        point[LIT * STRIDE + v] = slope if slope < radial else radial
    near: Any = np.float32(np.inf)
    far = -near
    for v in range(n):
        deep = point[D * STRIDE + v]
        near, far = deep if deep < near else near, deep if deep > far else far
        bent = point[LIT * STRIDE + v] if point[LIT * STRIDE + v] < bent else bent
    reach[0], reach[1] = near, far
    return near >= np.float32(NEAR_M) and bent > np.float32(0.0)


@njit(cache=True, error_model="numpy")
def lighten(count: int, matrix: Any, light: Any, occlusion: Any, point: Any) -> None:
    """Write the light on each vertex: its brightness, and its colour for brightness 1.

    Args:
        count: Vertices.
        matrix: See `sim.render.actors.drawing.draw`.
        light: See `sim.render.light.Light.on_figures`, shape (24,).
        occlusion: Share of the sky that each vertex sees, shape (n,).
        point: Rows LIT and BLUE and the next two are written.
    """
    size = np.sqrt(matrix[2] ** 2 + matrix[5] ** 2 + matrix[8] ** 2)
    toward = np.empty((3, 3), np.float32)  # the sun, the zenith and the lamp in the figure's own axes
    for c in range(3):
        for s, at in ((0, TO_SUN), (2, TO_KEY)):
            toward[s, c] = (
                light[at] * matrix[c] + light[at + 1] * matrix[3 + c] + light[at + 2] * matrix[6 + c]
            ) / size
        toward[1, c] = matrix[6 + c] / size
    s0, s1, s2, u0, u1, u2 = toward[0, 0], toward[0, 1], toward[0, 2], toward[1, 0], toward[1, 1], toward[1, 2]
    l0, l1, l2 = toward[2, 0], toward[2, 1], toward[2, 2]
    sky, sun, key = np.float32(light[SKY]), np.float32(light[SUN]), np.float32(light[KEY])
    sky_b, sky_g, sky_r = np.float32(light[SKY_BGR]), np.float32(light[SKY_BGR + 1]), np.float32(light[SKY_BGR + 2])
    sun_b, sun_g, sun_r = np.float32(light[SUN_BGR]), np.float32(light[SUN_BGR + 1]), np.float32(light[SUN_BGR + 2])
    key_b, key_g, key_r = np.float32(light[KEY_BGR]), np.float32(light[KEY_BGR + 1]), np.float32(light[KEY_BGR + 2])
    f0, f1, tenth = np.float32(0.0), np.float32(1.0), np.float32(0.10)
    n = np.uint64(count)
    for v in range(n):
        nx, ny, nz = point[NX * STRIDE + v], point[NY * STRIDE + v], point[NZ * STRIDE + v]
        up = u0 * nx + u1 * ny + u2 * nz
        facing = s0 * nx + s1 * ny + s2 * nz
        lamp = l0 * nx + l1 * ny + l2 * nz
        open_ = occlusion[v]
        # as `sim.render.light.light_on`, and what the body itself keeps from the sky
        below = tenth * (f1 - up)
        from_sky = sky * open_ * (np.float32(0.76) + np.float32(0.24) * up + np.float32(0.05) * facing)
        from_sun = sun * ((facing if facing > f0 else f0) * (np.float32(0.3) + np.float32(0.7) * open_) + below * open_)
        from_key = key * ((lamp if lamp > f0 else f0) + below) * open_
        blue = from_sky * sky_b + from_sun * sun_b + from_key * key_b
        green = from_sky * sky_g + from_sun * sun_g + from_key * key_g
        red = from_sky * sky_r + from_sun * sun_r + from_key * key_r
        bright = (blue + green + red) * np.float32(1.0 / 3.0) + np.float32(1e-6)
        part = f1 / bright
        point[LIT * STRIDE + v] = bright
        point[BLUE * STRIDE + v] = blue * part
        point[(BLUE + 1) * STRIDE + v] = green * part
        point[(BLUE + 2) * STRIDE + v] = red * part
