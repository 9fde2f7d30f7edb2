"""Orthographic depth pictures of a mesh, on one core: for ambient occlusion and for looking at what was built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["camera_axes", "depth_picture", "sky_occlusion"]

Array = NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def depth_picture(points: Any, triangles: Any, depth: Any, face: Any) -> None:
    """Paint the nearest triangle of every pixel.

    Args:
        points: Column, row and depth (small is near) of every vertex, shape (V, 3), pixels.
        triangles: Shape (T, 3).
        depth: Shape (h, w), filled with infinity before.
        face: Index of the triangle seen, shape (h, w), filled with -1 before.
    """
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0], points[b, 1], points[b, 2]
        cx, cy, cz = points[c, 0], points[c, 1], points[c, 2]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area == 0.0:
            continue
        first = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        last = min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        right = min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        for row in range(first, last + 1):
            y = row + 0.5
            for column in range(left, right + 1):
                x = column + 0.5
                u = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area
                v = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area
                w = 1.0 - u - v
                if u < 0.0 or v < 0.0 or w < 0.0:
                    continue
                z = u * az + v * bz + w * cz
                if z < depth[row, column]:
                    depth[row, column] = z
                    face[row, column] = t


def camera_axes(heading_rad: float, elevation_rad: float) -> Array:
    """Return right, down and away of a camera that looks at the origin, as rows, shape (3, 3).

    Args:
        heading_rad: 0 looks into the face of somebody who walks along x; pi at the back.
        elevation_rad: 0 level, pi/2 from straight above.
    """
    back = np.array(
        [
            np.cos(elevation_rad) * np.cos(heading_rad),
            np.cos(elevation_rad) * np.sin(heading_rad),
            np.sin(elevation_rad),
        ]
    )
    right = np.array([-np.sin(heading_rad), np.cos(heading_rad), 0.0])
    return np.stack([right, np.cross(right, back), -back])


def sky_occlusion(vertices: Array, triangles: NDArray[np.int64], normals: Array, pixel_m: float = 0.008) -> Array:
    """Return which share of the directions above its surface every vertex sees, cosine-weighted, shape (V,).

    48 directions on a Fibonacci sphere down to 30 degrees below the horizon, each answered by one depth picture.
    """
    seen = np.zeros(len(vertices))
    total = np.zeros(len(vertices))
    count = 48
    golden = np.pi * (3.0 - np.sqrt(5.0))
    for k in range(count):
        up = 1.0 - 1.5 * (k + 0.5) / count
        elevation, heading = float(np.arcsin(up)), float((golden * k) % (2 * np.pi))
        axes = camera_axes(heading, elevation)
        points = vertices @ axes.T
        low = points[:, :2].min(0) - 4 * pixel_m
        points[:, :2] = (points[:, :2] - low) / pixel_m
        columns, rows = np.ceil(points[:, :2].max(0)).astype(int) + 4
        depth = np.full((rows, columns), np.inf)
        face = np.full((rows, columns), -1, np.int64)
        depth_picture(points, triangles, depth, face)
        at = np.clip(points[:, :2].astype(int), 0, [columns - 1, rows - 1])
        free = points[:, 2] <= depth[at[:, 1], at[:, 0]] + 0.02
        weight = np.maximum(0.0, -(normals @ axes[2])) * (1.0 if up > 0 else 0.5)
        seen += weight * free
        total += weight
    result: Array = np.where(total > 0.05, seen / np.maximum(total, 1e-9), 0.6)
    return result
