"""A piece of a figure's surface: one garment, the hair, the skin that shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sim.render.library import REGIONS

__all__ = ["Surface", "compact", "edges_of", "normals_of", "region_of", "simplified", "smoothed"]

Array = NDArray[np.float64]
Faces = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Part of a figure.

    Attributes:
        vertices_m: Shape (V, 3).
        triangles: Shape (T, 3), counter-clockwise from outside.
        weights: Dense, shape (V, J).
        uv: Shape (V, 2).
        region: Of ``REGIONS``, one for all triangles or one each.
        share: How many triangles it deserves against its size.
        bears: Whether it touches the ground (soles, seat): not the hem of a coat.
        around: Points of a ring if its vertices come ring by ring; else 0.
    """

    vertices_m: Array
    triangles: Faces
    weights: Array
    uv: Array
    region: NDArray[np.uint8]
    share: float = 1.0
    bears: bool = False
    around: int = 0


def region_of(name: str, count: int) -> NDArray[np.uint8]:
    """Return a region for many triangles."""
    return np.full(count, REGIONS.index(name), np.uint8)


def compact(vertices: Array, triangles: Faces, *others: Array) -> tuple[Array, Faces, list[Array], NDArray[np.int64]]:
    """Drop vertices that no triangle uses; also of the other arrays over vertices; return what was kept, too."""
    used = np.unique(triangles)
    index = np.full(len(vertices), -1, np.int64)
    index[used] = np.arange(len(used))
    return vertices[used], index[triangles], [o[used] for o in others], used


def normals_of(vertices: Array, triangles: Faces) -> Array:
    """Return area-weighted vertex normals, shape (V, 3)."""
    corner = vertices[triangles]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, triangles[:, k], face)
    result: Array = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    return result


def edges_of(triangles: Faces) -> NDArray[np.int64]:
    """Return every edge once, shape (E, 2)."""
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    return np.unique(pairs, axis=0)


def smoothed(values: Array, triangles: Faces, rounds: int, amount: float = 0.5, keep: Array | None = None) -> Array:
    """Return values over vertices, averaged with their neighbours; ``keep`` (V,) is how much stays as it was."""
    edges = edges_of(triangles)
    degree = np.bincount(edges.ravel(), minlength=len(values)).astype(float)
    out = values.copy()
    hold = np.zeros(len(values)) if keep is None else keep
    for _ in range(rounds):
        total = np.zeros_like(out)
        np.add.at(total, edges[:, 0], out[edges[:, 1]])
        np.add.at(total, edges[:, 1], out[edges[:, 0]])
        mean = total / np.maximum(degree, 1)[:, None]
        step = amount * (1 - hold) * (degree > 0)
        out = out + step[:, None] * (mean - out)
    return out


def simplified(surface: Surface, triangles: int) -> Surface:
    """Return the surface with about this many triangles; weights and coordinates come from the nearest old vertices.

    Garland, M. and Heckbert, P. S. (1997). Surface simplification using quadric error metrics. SIGGRAPH 97, 209-216.
    DOI 10.1145/258734.258849.
    """
    import fast_simplification

    pieces = []
    for region in np.unique(surface.region):
        faces = surface.triangles[surface.region == region]
        wanted = max(2, round(triangles * len(faces) / len(surface.triangles)))
        points, local, others, _ = compact(surface.vertices_m, faces, surface.weights, surface.uv)
        if wanted < 0.97 * len(faces):
            fewer, kept = fast_simplification.simplify(
                points.astype(np.float32), local.astype(np.int32), target_count=wanted, agg=4.0
            )
            fewer = fewer.astype(float)
            found = cKDTree(points).query(fewer, k=min(3, len(points)))
            near, which = (np.asarray(f).reshape(len(fewer), -1) for f in found)
            share = 1.0 / (near + 1e-5)
            share /= share.sum(1, keepdims=True)
            weights = np.einsum("vk,vkj->vj", share, others[0][which])
            pieces.append((fewer, kept.astype(np.int64), weights, others[1][which[:, 0]], region))
        else:
            pieces.append((points, local, others[0], others[1], region))
    start = np.cumsum([0] + [len(p[0]) for p in pieces])
    return replace(
        surface,
        vertices_m=np.concatenate([p[0] for p in pieces]),
        triangles=np.concatenate([p[1] + s for p, s in zip(pieces, start[:-1], strict=True)]),
        weights=np.concatenate([p[2] for p in pieces]),
        uv=np.concatenate([p[3] for p in pieces]),
        region=np.concatenate([np.full(len(p[1]), p[4], np.uint8) for p in pieces]),
    )
