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
from sim.render.actors.points import ROWS, STRIDE, U, V, lighten, mix, project
from sim.render.actors.posing import LANDMARKS, handed
from sim.render.actors.raster import EMPTY, STEPS, fill, lay, reflect
from sim.render.light import AIRLIGHT, TRANSMISSION

__all__ = ["LOOK", "SPAN", "WHOLE", "draw"]

SPAN: Final = 8
"""Numbers a figure that say where its mesh is: see `draw`."""
LOOK: Final = REGION_COUNT * 8
"""Numbers a figure that say what it wears; a region has two colours (BGR), a pattern and a cut."""
WHOLE: Final = 9.0
"""A cut at which no skin shows."""
_FLAT_PX: Final = 100
"""What is not taller is shaded a triangle at a time."""


@njit(cache=True, nogil=True, error_model="numpy")
def draw(
    order: Any, span: Any, blend: Any, matrix: Any, light: Any, look: Any, fold: Any,
    pool: Any, triangle: Any, region: Any, uv: Any, occlusion: Any, pattern: Any, soft: Any, lens: Any,
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
        pool: Posed meshes, shape (6, rows), float32.
        triangle: Corners, counted from the mesh's first vertex, shape (T, 3), int32.
        region: Of each triangle, shape (T,), uint8.
        uv: Garment coordinates, shape (V, 2), float32.
        occlusion: Share of the sky that each vertex sees, shape (V,), float32.
        pattern: Shares of the second colour, shape (P, 64, 64), uint8; the last one holds folds.
        soft: The same as seen from afar, for what is shaded a triangle at a time.
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
    point = np.empty(ROWS * STRIDE, np.float32)
    paint = np.empty(LOOK, np.float32)
    sample = np.full(1 << 15, np.int64(EMPTY), np.int64)
    patch, reach = np.zeros(4, np.int64), np.zeros(2, np.float32)
    air = np.empty(3, np.float32)
    for i in order:
        if not mirrored:
            whole[i, 0] = 0.0
        count = span[i, 3]
        one, two = span[i, 0] + LANDMARKS, span[i, 1] + LANDMARKS
        mix(pool[:, one : one + count], pool[:, two : two + count], np.float32(blend[i]), point)
        if not project(count, matrix[i], lens, mirrored, point, reach):
            continue
        if not _frame(point, count, canvas.shape[1], canvas.shape[0], patch):
            continue
        lighten(count, matrix[i], light[i], occlusion[span[i, 2] : span[i, 2] + count], point)
        wide, high = 2 * patch[2], 2 * patch[3]
        if wide * high > sample.shape[0]:
            sample = np.full(wide * high, np.int64(EMPTY), np.int64)
        for k in range(LOOK):
            paint[k] = look[i, k] * light[i, TRANSMISSION] if k % 8 < 6 else look[i, k]
        for k in range(3):
            air[k] = (1.0 - light[i, TRANSMISSION]) * light[i, AIRLIGHT + k]
        near, steps = reach[0], np.float32(STEPS) / max(reach[1] - reach[0], np.float32(1e-3))
        smooth = patch[3] > _FLAT_PX
        fill(
            point[U * STRIDE :], STRIDE, triangle[span[i, 4] : span[i, 4] + span[i, 5]],
            region[span[i, 4] : span[i, 4] + span[i, 5]], uv[span[i, 2] : span[i, 2] + count], paint,
            np.float32(2.0 * fold[i] / 255.0 if smooth else 0.0), air, pattern if smooth else soft, smooth,
            -handed(matrix[i]) if mirrored else handed(matrix[i]), near, steps, wide, high, sample,
        )  # fmt: skip
        if mirrored:
            reflect(patch, sample, mirror, canvas)
        else:
            lay(i, patch, near, steps, sample, depth, canvas, owner, whole[i])
            seen_rows[0] = min(seen_rows[0], max(patch[1], 0))
            seen_rows[1] = max(seen_rows[1], min(patch[1] + patch[3], canvas.shape[0]))


@njit(cache=True, error_model="numpy")
def _frame(point: Any, count: int, width: int, height: int, patch: Any) -> Any:
    """Find the part of the picture (left, top, width, height; somewhat beyond its edges) and shift the points into it.

    Afterwards points count in samples from the patch's corner. Return whether there is anything to be drawn.
    """
    x1: Any = np.float32(np.inf)
    y1, x2, y2 = x1, -x1, -x1
    n = np.uint64(count)
    for v in range(n):
        x, y = point[U * STRIDE + v], point[V * STRIDE + v]
        x1, x2 = x if x < x1 else x1, x if x > x2 else x2
        y1, y2 = y if y < y1 else y1, y if y > y2 else y2
    if not (x2 >= -0.5 and y2 >= -0.5 and x1 < width - 0.5 and y1 < height - 0.5):
        return False
    left = int(np.floor(max(x1, -0.5 * width) + 0.5))
    top = int(np.floor(max(y1, -0.5 * height) + 0.5))
    left, top = left - 1, top - 1
    patch[0], patch[1] = left, top
    patch[2] = int(np.floor(min(x2, 1.5 * width) + 0.5)) + 2 - left
    patch[3] = int(np.floor(min(y2, 1.5 * height) + 0.5)) + 2 - top
    dx, dy, two = np.float32(0.5 - left), np.float32(0.5 - top), np.float32(2.0)
    for v in range(n):
        point[U * STRIDE + v] = two * (point[U * STRIDE + v] + dx)
        point[V * STRIDE + v] = two * (point[V * STRIDE + v] + dy)
    return True
