"""How cloth lies on a body: cut at a line, bridged over hollows, hung from what sticks out, folded."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import ConvexHull, QhullError

__all__ = ["ANGLES", "clipped", "folds", "hull_profile", "polar", "profile_at", "ramp", "ring_surface", "subdivided"]

Array = NDArray[np.float64]
Faces = NDArray[np.int64]
ANGLES: Final = 64


def ramp(x: Array | float, low: float, high: float) -> Array:
    """Return 0 below ``low``, 1 above ``high`` and a smooth step between (either may be the larger)."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0, 1)
    result: Array = t * t * (3 - 2 * t)
    return result


def subdivided(points: Array, faces: Faces, columns: Array) -> tuple[Array, Faces, Array]:
    """Cut every triangle into four; ``columns`` are values over vertices that are halved along."""
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, which = np.unique(pairs, axis=0, return_inverse=True)
    a, b, c = faces.T
    ab, bc, ca = (len(points) + w for w in which.reshape(3, -1))
    fine = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    halved = [np.concatenate([x, (x[edges[:, 0]] + x[edges[:, 1]]) / 2]) for x in (points, columns)]
    return halved[0], fine, halved[1]


def clipped(points: Array, faces: Faces, columns: Array, field: Array) -> tuple[Array, Faces, Array]:
    """Cut the surface along the line where ``field`` is 0 and keep what is above it."""
    inside = field >= 0
    count = inside[faces].sum(1)
    kept = [faces[count == 3]]
    new_points, new_columns, made = [points], [columns], {}
    total = len(points)

    def crossing(i: int, j: int) -> int:
        nonlocal total
        key = (min(i, j), max(i, j))
        if key not in made:
            share = field[i] / (field[i] - field[j])
            new_points.append((points[i] + share * (points[j] - points[i]))[None])
            new_columns.append((columns[i] + share * (columns[j] - columns[i]))[None])
            made[key] = total
            total += 1
        return made[key]

    extra: list[tuple[int, int, int]] = []
    for face in faces[(count == 1) | (count == 2)]:
        single = inside[face].sum() == 1
        k = int(np.flatnonzero(inside[face] == single)[0])
        i, j, m = (int(face[(k + d) % 3]) for d in range(3))
        p, q = crossing(i, j), crossing(i, m)
        extra += [(i, p, q)] if single else [(p, j, m), (p, m, q)]
    kept.append(np.array(extra, np.int64).reshape(-1, 3))
    out, cols, tris = np.concatenate(new_points), np.concatenate(new_columns), np.concatenate(kept)
    used = np.unique(tris)
    index = np.zeros(len(out), np.int64)
    index[used] = np.arange(len(used))
    return out[used], index[tris], cols[used]


def polar(points: Array, centre: Array) -> tuple[Array, Array]:
    """Return the angle (0 behind, a quarter at the left, a half in front; in turns) and the distance from an axis."""
    x, y = points[:, 0] - centre[..., 0], points[:, 1] - centre[..., 1]
    return (np.arctan2(y, -x) / (2 * np.pi)) % 1.0, np.hypot(x, y)


def hull_profile(points: Array, heights: Array, centre: Array, fall: float, slab_m: float = 0.02) -> Array:
    """Return how far cloth is from an axis, by height and angle, shape (H, ANGLES).

    Args:
        points: What it hangs on.
        heights: From the top down, shape (H,).
        centre: The axis, shape (2,).
        fall: How fast cloth comes back below what pushes it out, metres a metre; large clings, 0 falls straight.
        slab_m: Half height of the slice that is bridged at each height.
    """
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    rays = np.stack([-np.cos(angle), np.sin(angle)], 1)
    out = np.zeros((len(heights), ANGLES))
    for i, z in enumerate(heights):
        near = points[np.abs(points[:, 2] - z) < slab_m][:, :2] - centre
        if len(near) >= 3:
            try:
                rim = near[ConvexHull(near).vertices]
            except QhullError:
                rim = near
            out[i] = _ray_lengths(rim, rays)
        if i:
            out[i] = np.maximum(out[i], out[i - 1] - fall * (heights[i - 1] - z))
    smooth = gaussian_filter1d(out, 1.2, axis=1, mode="wrap")
    result: Array = gaussian_filter1d(smooth, 1.0, axis=0, mode="nearest")
    return result


def _ray_lengths(rim: Array, rays: Array) -> Array:
    following = np.roll(rim, -1, axis=0)
    edge = following - rim
    normal = np.stack([edge[:, 1], -edge[:, 0]], 1)
    reach = (normal * rim).sum(1)
    flip = np.where(reach < 0, -1.0, 1.0)
    along = rays @ (normal * flip[:, None]).T
    lengths = np.where(along > 1e-9, np.abs(reach)[None] / np.maximum(along, 1e-9), np.inf)
    result: Array = lengths.min(1)
    return result


def profile_at(profile: Array, heights: Array, z: Array, turn: Array) -> Array:
    """Return a profile's value at heights and angles (in turns), bilinear."""
    row = np.clip((heights[0] - z) / (heights[0] - heights[-1]) * (len(heights) - 1), 0, len(heights) - 1.001)
    column = (turn % 1.0) * ANGLES
    i, j = row.astype(int), column.astype(int) % ANGLES
    a, b, k = row - i, column - np.floor(column), (j + 1) % ANGLES
    upper = (1 - b) * profile[i, j] + b * profile[i, k]
    lower = (1 - b) * profile[i + 1, j] + b * profile[i + 1, k]
    result: Array = (1 - a) * upper + a * lower
    return result


def folds(
    turn: Array, along_m: Array, rng: np.random.Generator, around: tuple[int, int], length_m: tuple[float, float]
) -> Array:
    """Return a smooth random field like folds, about -1 to 1.

    Args:
        turn: Angle around the limb, in turns.
        along_m: Distance along it.
        rng: Draws phases and wave numbers.
        around: Least and most waves around.
        length_m: Shortest and longest wave along.
    """
    total = np.zeros_like(turn)
    warp = 0.08 * np.sin(2 * np.pi * (turn + rng.random())) + 0.03 * np.sin(2 * np.pi * (along_m / 0.23 + rng.random()))
    for _ in range(7):
        waves = int(rng.integers(around[0], around[1] + 1)) * int(rng.choice([-1, 1]))
        wave = rng.uniform(*length_m)
        total += np.sin(2 * np.pi * (waves * turn + (along_m + warp * 0.6) / wave + rng.random()))
    crease = total / 2.6
    result: Array = np.sign(crease) * np.abs(crease) ** 0.8
    return result


def ring_surface(points: Array, closed: bool) -> Faces:
    """Return the triangles of a grid of points, shape (rows, columns, 3), seen from outside when u runs as in polar."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    last = columns if closed else columns - 1
    a = index[:-1, np.arange(last)].ravel()
    b = index[:-1, (np.arange(last) + 1) % columns].ravel()
    c = index[1:, np.arange(last)].ravel()
    d = index[1:, (np.arange(last) + 1) % columns].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
