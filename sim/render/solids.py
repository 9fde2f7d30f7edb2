"""Solids and how they get onto the picture: swept ellipsoids and boxes, projected to first order about their middle.

A swept ellipsoid is the hull of one ellipsoid at two places and two sizes: limbs, trunks, heads, soft bags. Under
the derivative of the camera at its middle its outline is a tapered capsule in a whitened plane, which gives exact
edges (for anti-aliasing), depth and normals for each pixel without any mesh.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.lens import NEAR_M, local_map, project_point

__all__ = [
    "AXES",
    "BOX",
    "CASTS",
    "COLOUR",
    "COLOUR2",
    "FOLDS",
    "KIND",
    "PATTERN",
    "SCALE_A",
    "SCALE_B",
    "SCREEN",
    "SEED",
    "SOLID",
    "SWEEP",
    "A",
    "B",
    "cross",
    "project_solid",
    "round_solid",
    "sweep_solid",
    "unit",
]  # fmt: skip

SWEEP: Final = 0
BOX: Final = 1

KIND: Final = 0
A: Final = 1
B: Final = 4
SCALE_A: Final = 7
SCALE_B: Final = 8
AXES: Final = 9
"""Matrix of semi-axes, row-major: element 3 i + j is the world's component i of axis j."""
COLOUR: Final = 18
COLOUR2: Final = 21
PATTERN: Final = 24
FOLDS: Final = 25
SEED: Final = 26
CASTS: Final = 27
SOLID: Final = 28
"""Numbers a solid."""

SCREEN: Final = 44
"""Numbers a projected solid.

u, v, depth of A (0-2), B minus A (3-5), sizes at A and B (6-7), whitening (8-10), inverse shape (11-16), 1 / own axes
(17-19), sun along them (23-25), up along them (26-28), picture to own axes (29-37), box (38-41), pixels a metre (42),
reach towards the camera (43).
"""


@njit(cache=True, error_model="numpy")
def project_solid(solid: Any, lens: Any, to_sun: Any, out: Any) -> Any:
    """Project one solid.

    Args:
        solid: Shape (28,).
        lens: See `sim.render.lens.lens_array`.
        to_sun: Unit vector, at least shape (3,).
        out: Shape (44,), written.

    Returns:
        Whether it has a picture.
    """
    ax, ay, az = solid[A], solid[A + 1], solid[A + 2]
    bx, by, bz = solid[B], solid[B + 1], solid[B + 2]
    mx, my, mz = (ax + bx) / 2, (ay + by) / 2, (az + bz) / 2
    ua, va, da = project_point(lens, ax, ay, az)
    ub, vb, db = project_point(lens, bx, by, bz)
    um, _, dm = project_point(lens, mx, my, mz)
    if np.isnan(ua) or np.isnan(ub) or np.isnan(um) or min(da, db) < NEAR_M:
        return False
    L, S = np.empty((3, 3)), np.empty((3, 3))
    local_map(lens, mx, my, mz, L)
    for i in range(3):  # semi-axes in pixels and metres of depth
        for j in range(3):
            S[i, j] = L[i, 0] * solid[AXES + j] + L[i, 1] * solid[AXES + 3 + j] + L[i, 2] * solid[AXES + 6 + j]
    out[0], out[1], out[2] = ua, va, da
    out[3], out[4], out[5] = ub - ua, vb - va, db - da
    out[6], out[7] = solid[SCALE_A] * dm / da, solid[SCALE_B] * dm / db
    c11 = S[0, 0] * S[0, 0] + S[0, 1] * S[0, 1] + S[0, 2] * S[0, 2]
    c12 = S[0, 0] * S[1, 0] + S[0, 1] * S[1, 1] + S[0, 2] * S[1, 2]
    c22 = S[1, 0] * S[1, 0] + S[1, 1] * S[1, 1] + S[1, 2] * S[1, 2]
    root = np.sqrt(c11)
    rest = np.sqrt(max(c22 - c12 * c12 / c11, 1e-12))
    out[8], out[9], out[10] = 1 / root, -c12 / c11 / rest, 1 / rest
    det = 0.0
    for j in range(3):
        p, q = (j + 1) % 3, (j + 2) % 3
        det += S[0, j] * (S[1, p] * S[2, q] - S[1, q] * S[2, p])
    for i in range(3):  # U = S^-1
        p, q = (i + 1) % 3, (i + 2) % 3
        for j in range(3):
            r, s = (j + 1) % 3, (j + 2) % 3
            out[29 + 3 * i + j] = (S[r, p] * S[s, q] - S[r, q] * S[s, p]) / det
    k = 0
    for i in range(3):
        for j in range(i, 3):
            out[11 + k] = out[29 + i] * out[29 + j] + out[32 + i] * out[32 + j] + out[35 + i] * out[35 + j]
            k += 1
    for j in range(3):  # own axes: 1 / length, and how far each points to the sun and up
        x, y, z = solid[AXES + j], solid[AXES + 3 + j], solid[AXES + 6 + j]
        short = 1.0 / np.sqrt(x * x + y * y + z * z)
        out[17 + j] = short
        out[23 + j] = (x * to_sun[0] + y * to_sun[1] + z * to_sun[2]) * short
        out[26 + j] = z * short
    if solid[KIND] == BOX:
        wide = abs(S[0, 0]) + abs(S[0, 1]) + abs(S[0, 2])
        tall = abs(S[1, 0]) + abs(S[1, 1]) + abs(S[1, 2])
        out[38], out[39], out[40], out[41] = ua - wide, va - tall, ua + wide, va + tall
    else:
        wide, tall = root, np.sqrt(c22)
        out[38] = min(ua - wide * out[6], ub - wide * out[7])
        out[39] = min(va - tall * out[6], vb - tall * out[7])
        out[40] = max(ua + wide * out[6], ub + wide * out[7])
        out[41] = max(va + tall * out[6], vb + tall * out[7])
    out[42] = np.sqrt(L[0, 0] * L[0, 0] + L[0, 1] * L[0, 1] + L[0, 2] * L[0, 2])
    out[43] = np.sqrt(S[2, 0] * S[2, 0] + S[2, 1] * S[2, 1] + S[2, 2] * S[2, 2])
    return True


@njit(cache=True, error_model="numpy")
def sweep_solid(
    row: Any,
    a: Any,
    b: Any,
    sa: float,
    sb: float,
    along: Any,
    across: Any,
    fore: float,
    wide: float,
    tall: float,
    colour: Any,
    at: int,
    folds: float,
    seed: int,
    casts: bool,
) -> None:
    """Write one swept ellipsoid whose own axes are forward, left and up as given.

    Args:
        row: Written, shape (28,).
        a: One end.
        b: The other.
        sa: Size at a.
        sb: Size at b.
        along: Unit vector forward.
        across: Unit vector left.
        fore: Semi-axis forward.
        wide: Semi-axis to the side.
        tall: Semi-axis along the third direction.
        colour: Where the colour stands.
        at: From which element.
        folds: Depth of the creases.
        seed: Of the creases.
        casts: Whether it throws a shadow.
    """
    row[KIND] = SWEEP
    ux = along[1] * across[2] - along[2] * across[1]
    uy = along[2] * across[0] - along[0] * across[2]
    uz = along[0] * across[1] - along[1] * across[0]
    for k in range(3):
        row[A + k], row[B + k] = a[k], b[k]
        row[AXES + 3 * k] = along[k] * fore
        row[AXES + 3 * k + 1] = across[k] * wide
        row[COLOUR + k] = colour[at + k]
        row[COLOUR2 + k] = colour[at + k]
    row[AXES + 2], row[AXES + 5], row[AXES + 8] = ux * tall, uy * tall, uz * tall
    row[SCALE_A], row[SCALE_B] = sa, sb
    row[PATTERN], row[FOLDS], row[SEED], row[CASTS] = 0.0, folds, seed, 1.0 if casts else 0.0


@njit(cache=True, error_model="numpy")
def round_solid(row: Any, a: Any, b: Any, ra: float, rb: float, colour: Any, at: int, folds: float, seed: int) -> None:
    """Write a tapered capsule of radii ra and rb."""
    sweep_solid(
        row,
        a,
        b,
        1.0,
        rb / ra,
        np.array((1.0, 0.0, 0.0)),
        np.array((0.0, 1.0, 0.0)),
        ra,
        ra,
        ra,
        colour,
        at,
        folds,
        seed,
        True,
    )


@njit(cache=True, error_model="numpy")
def cross(a: Any, b: Any) -> Any:
    """Return the vector product of two vectors."""
    return np.array((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))


@njit(cache=True, error_model="numpy")
def unit(v: Any) -> Any:
    """Return the vector at length 1."""
    return v / max(np.sqrt((v * v).sum()), 1e-12)
