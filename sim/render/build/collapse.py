"""Far fewer triangles for a closed surface that bends: edges collapse where it shows least, over several poses."""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.surface import edges_of

__all__ = ["collapsed"]

Array = NDArray[np.float64]
Faces = NDArray[np.int64]
_SEAM: Final = 1.5
"""Weight of the edges between two regions against that of the surface."""
_STAGES: Final = ((0.15, True), (-0.2, True), (-0.2, False))
"""Cosine of the angle by which a triangle may turn in one collapse, and whether handles must stay; the later ones if
nothing else is left."""
_FLAT: Final = 1e-3
"""Weight of a vertex's own place: it keeps flat parts from drifting."""


def collapsed(
    posed_m: Array, triangles: Faces, region: NDArray[np.uint8], weight: Array, wanted: tuple[int, ...]
) -> list[tuple[Array, Faces, NDArray[np.int64]]]:
    """Collapse edges until so many triangles are left, for each of several numbers.

    Quadric error metrics (Garland, M. and Heckbert, P. S. (1997), SIGGRAPH 97, 209-216, DOI 10.1145/258734.258849),
    summed over poses (DeCoro, C. and Rusinkiewicz, S. (2005), Pose-independent simplification of articulated meshes,
    I3D '05, 17-24, DOI 10.1145/1053427.1053430), with planes that stand on the edges between regions.

    Args:
        posed_m: The vertices in each pose, shape (P, V, 3); the first is the pose at rest.
        triangles: A closed surface, shape (T, 3); it may have several parts.
        region: Of each triangle, shape (T,).
        weight: How much each triangle matters, shape (T,).
        wanted: Numbers of triangles, from many to few.

    Returns:
        For each number: vertices at rest, triangles, and which of the triangles given each one is.
    """
    poses, count = posed_m.shape[:2]
    place = np.concatenate([posed_m, np.ones((poses, count, 1))], axis=2).transpose(1, 0, 2).copy()  # (V, P, 4)
    quadric = _quadrics(place, triangles, region, weight)
    faces = [list(map(int, t)) for t in triangles]
    around: list[set[int]] = [set() for _ in range(count)]
    for t, corners in enumerate(faces):
        for v in corners:
            around[v].add(t)
    age = [0] * count
    heap: list[tuple[float, int, int, int, int, float]] = []

    def push(a: int, others: list[int]) -> None:
        if not others:
            return
        b = np.array(others)
        q = quadric[a] + quadric[b]
        best = np.full(len(b), np.inf)
        share = np.zeros(len(b))
        for s in (0.0, 0.5, 1.0):
            x = (1 - s) * place[a] + s * place[b]
            cost = np.einsum("npi,npij,npj->n", x, q, x)
            better = cost < best
            best, share = np.where(better, cost, best), np.where(better, s, share)
        for k, other in enumerate(others):
            heapq.heappush(heap, (float(best[k]), a, other, age[a], age[other], float(share[k])))

    for a, b in edges_of(triangles).tolist():
        push(a, [b])
    left = len(faces)
    alive = np.ones(len(faces), np.bool_)
    found = []
    stages = iter(_STAGES)
    limit, whole = next(stages)
    for target in wanted:
        while left > target:
            if not heap:  # nothing can go any more
                looser = next(stages, None)
                if looser is None:
                    break
                limit, whole = looser
                for v in [v for v in range(count) if around[v]]:
                    push(v, sorted(w for w in _next_to(v, faces, around) if w > v))
                continue
            _, a, b, age_a, age_b, s = heapq.heappop(heap)
            if age[a] != age_a or age[b] != age_b:
                continue
            both = around[a] & around[b]
            if not both:
                continue
            if whole and (len(both) != 2 or len(_next_to(a, faces, around) & _next_to(b, faces, around)) != 2):
                continue
            x = (1 - s) * place[a] + s * place[b]
            if any(_folds(v, x[0, :3], both, faces, around, place, limit) for v in (a, b)):
                continue
            place[a] = x
            quadric[a] += quadric[b]
            for t in both:
                alive[t] = False
                for v in faces[t]:
                    around[v].discard(t)
            for t in around[b]:
                faces[t][faces[t].index(b)] = a
                around[a].add(t)
            around[b] = set()
            age[a] += 1
            age[b] = -1
            left -= len(both)
            push(a, sorted(_next_to(a, faces, around)))
        kept = np.flatnonzero(alive)
        used, back = np.unique(np.array([faces[t] for t in kept], np.int64), return_inverse=True)
        found.append((place[used, 0, :3].copy(), back.reshape(-1, 3), kept))
    return found


def _quadrics(place: Array, triangles: Faces, region: NDArray[np.uint8], weight: Array) -> Array:
    """Return each vertex's quadric in each pose, shape (V, P, 4, 4)."""
    out = np.zeros((*place.shape[:2], 4, 4))
    a, b, c = (place[triangles[:, k], :, :3] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=2)
    normal /= np.maximum(area, 1e-12)[:, :, None]
    plane = np.concatenate([normal, -(normal * a).sum(2)[:, :, None]], axis=2)
    own = np.einsum("tpi,tpj,tp->tpij", plane, plane, area * weight[:, None] / 6)
    for k in range(3):
        np.add.at(out, triangles[:, k], own)
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    face = np.tile(np.arange(len(triangles)), 3)
    key = np.sort(sides, axis=1)
    order = np.lexsort(key.T)
    one, two = order[0::2], order[1::2]
    seam = region[face[one]] != region[face[two]]
    for side in (one[seam], two[seam]):
        start, end = place[sides[side, 0], :, :3], place[sides[side, 1], :, :3]
        along = end - start
        upright = np.cross(along, normal[face[side]])
        length = np.linalg.norm(upright, axis=2)
        upright /= np.maximum(length, 1e-12)[:, :, None]
        plane = np.concatenate([upright, -(upright * start).sum(2)[:, :, None]], axis=2)
        own = np.einsum("tpi,tpj,tp->tpij", plane, plane, _SEAM * length**2 * weight[face[side], None] / 2)
        for k in range(2):
            np.add.at(out, sides[side, k], own)
    size = np.zeros((len(place), place.shape[1]))
    for k in range(3):
        np.add.at(size, triangles[:, k], area * weight[:, None] * _FLAT / 6)
    at = place[:, :, :3]
    for k in range(3):
        out[:, :, k, k] += size
    out[:, :, :3, 3] -= size[:, :, None] * at
    out[:, :, 3, :3] -= size[:, :, None] * at
    out[:, :, 3, 3] += size * (at**2).sum(2)
    return out


def _next_to(v: int, faces: list[list[int]], around: list[set[int]]) -> set[int]:
    found = {w for t in around[v] for w in faces[t]}
    found.discard(v)
    return found


def _folds(
    moved: int, to: Array, gone: set[int], faces: list[list[int]], around: list[set[int]], place: Array, limit: float
) -> bool:
    """Whether a triangle turns, when a vertex moves, by more than the angle whose cosine is the limit."""
    rest = [t for t in around[moved] if t not in gone]
    if not rest:
        return False
    corners = np.array([faces[t] for t in rest])
    before = place[corners, 0, :3]
    after = np.where((corners == moved)[:, :, None], to, before)
    n0, n1 = _normals(before), _normals(after)
    within = (n0 * n1).sum(1)
    size = np.sqrt((n0 * n0).sum(1) * (n1 * n1).sum(1))
    return bool((within < limit * size).any())


def _normals(corners: Array) -> Array:
    """Return the normals of triangles, shape (n, 3); as long as twice the area."""
    (ax, ay, az), (bx, by, bz) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    return np.column_stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
