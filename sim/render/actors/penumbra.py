"""Soft edges of shadows: the half-shadow is as wide as the light's own width makes it on the way down to the floor."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

__all__ = ["FINE_BLUR_PX", "LEAST_BLUR_PX", "MOST_BLUR_PX", "soften", "soften_fine", "sum_up"]

LEAST_BLUR_PX: Final = 0.75
MOST_BLUR_PX: Final = 24.0
FINE_BLUR_PX: Final = 1.5
"""Shadows whose edges are nowhere wider are softened together."""


@njit(cache=True, error_model="numpy")
def soften_fine(fine: Any, row_low: Any, row_high: Any, ground: Any, share: Any, dark: Any, rows_touched: Any) -> None:
    """Blur all shadows whose edges are about a pixel wide, by 1 2 1 both ways, and darken the floor by them.

    Args:
        fine: Share of the light that they take, 0 to 255, shape (h * w,), uint8.
        row_low: First column of each row in which there is one, shape (h,).
        row_high: One past the last, shape (h,).
        ground: See `sim.render.actors.shadows.throw`.
        share: See there.
        dark: See there.
        rows_touched: See there.
    """
    height, width = dark.shape
    line = np.zeros(width + 2, np.int32)
    for y in range(height):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        x1 = max(min(row_low[y], min(row_low[above], row_low[below])) - 1, 0)
        x2 = min(max(row_high[y], max(row_high[above], row_high[below])) + 1, width)
        if x1 >= x2:
            continue
        rows_touched[0], rows_touched[1] = min(rows_touched[0], y), max(rows_touched[1], y + 1)
        first, own = fine[above * width : above * width + width], fine[y * width : y * width + width]
        last = fine[below * width : below * width + width]
        for x in range(np.uint64(x1), np.uint64(x2)):
            line[x + np.uint64(1)] = np.int32(
                np.int32(first[x]) + np.int32(own[x]) + np.int32(own[x]) + np.int32(last[x])
            )
        line[x1], line[x2 + 1] = line[x1 + 1], line[x2]
        left, middle, right = line[x1:], line[x1 + 1 :], line[x1 + 2 :]
        floor, sun, out = ground[y, x1:x2], share[y, x1:x2], dark[y, x1:x2]
        for x in range(np.uint64(x2 - x1)):
            near = np.int32(left[x] + middle[x] + middle[x] + right[x]) >> 4
            taken = np.uint8(np.int32(near * np.int32(sun[x]) * 257) >> 16)
            taken = taken if floor[x] > 0 else np.uint8(0)
            out[x] = taken if taken > out[x] else out[x]


@njit(cache=True, error_model="numpy")
def sum_up(mask: Any, wide: int, high: int, total: Any) -> None:
    """Write the summed-area table, one row and column wider than the mask (Crow 1984, DOI 10.1145/964965.808600).

    Args:
        mask: 1 where there is shadow, at least (high * wide,), uint8.
        wide: Its columns.
        high: Its rows.
        total: Written, at least ((high + 1) * (wide + 1),), int32.
    """
    stride = wide + 1
    for x in range(stride):
        total[x] = 0
    for y in range(high):
        run = 0
        total[(y + 1) * stride] = 0
        for x in range(wide):
            run += mask[y * wide + x]
            total[(y + 1) * stride + x + 1] = total[y * stride + x + 1] + run


@njit(cache=True, error_model="numpy")
def soften(
    patch: Any, total: Any, row_low: Any, row_high: Any, way: Any, per_way: float, squash: float, strength: float,
    ground: Any, share: Any, dark: Any,
) -> None:  # fmt: skip
    """Blur each place of a mask as widely as what throws its shadow is far, and darken the floor by it.

    Args:
        patch: Left and top pixel of the mask, columns, rows; shape (4,).
        total: See `sum_up`.
        row_low: First marked column of each row of the mask.
        row_high: One past the last.
        way: Metres of way a pixel along u and v, the longest way, pixels a metre, where the foot is seen; shape (7,).
        per_way: Pixels of blur a metre of way.
        squash: How much flatter the floor is seen than it is.
        strength: Share of all light that the shadow takes, 0 to 255.
        ground: See `sim.render.actors.shadows.throw`.
        share: See there.
        dark: See there.
    """
    left, top, wide, high = patch[0], patch[1], patch[2], patch[3]
    height, width = dark.shape
    foot_u, foot_v = np.float32(way[4] - left), np.float32(way[5] - top)
    along_u, along_v, farthest = np.float32(way[0]), np.float32(way[1]), np.float32(way[2])
    least, most, wider = np.float32(LEAST_BLUR_PX), np.float32(MOST_BLUR_PX), np.float32(per_way)
    flat, full, zero, one = np.float32(squash), np.float32(strength / 255.0), np.float32(0.0), np.float32(1.0)
    strongest, stride = np.uint8(strength), wide + 1
    reach = int(min(MOST_BLUR_PX, LEAST_BLUR_PX + per_way * way[2])) + 1
    for y in range(max(0, -top), min(high, height - top)):
        x1, x2 = wide, 0
        for other in range(max(0, y - reach), min(high, y + reach + 1)):
            x1 = row_low[other] if row_low[other] < x1 else x1
            x2 = row_high[other] if row_high[other] > x2 else x2
        down = (np.float32(y) - foot_v) * along_v
        for x in range(max(x1 - reach, max(0, -left)), min(x2 + reach, min(wide, width - left))):
            if ground[top + y, left + x] == 0 or dark[top + y, left + x] >= strongest:
                continue
            along = (np.float32(x) - foot_u) * along_u + down
            along = along if along > zero else zero
            along = along if along < farthest else farthest
            radius = least + wider * along
            radius = radius if radius < most else most
            r: Any = np.int64(np.int32(radius))
            s: Any = np.int64(np.int32(radius * flat))
            # the patch has a margin wider than this; what is clipped lies farther outside the picture
            outer = _box(total, stride, x, y, r + 1, s + 1)
            if outer == 0:
                continue
            all_of = (2 * r + 3) * (2 * s + 3)
            cover = one
            if outer != all_of:
                inner = np.float32(_box(total, stride, x, y, r, s)) / np.float32((2 * r + 1) * (2 * s + 1))
                more = radius - np.float32(r)
                cover = inner + more * (np.float32(outer) / np.float32(all_of) - inner)
            taken = np.uint8(full * cover * np.float32(share[top + y, left + x]))
            if taken > dark[top + y, left + x]:
                dark[top + y, left + x] = taken


@njit(cache=True, error_model="numpy", inline="always")
def _box(total: Any, stride: int, x: int, y: int, r: int, s: int) -> Any:
    """Count what is marked from (x - r, y - s) to (x + r, y + s)."""
    top, bottom = (y - s) * stride, (y + s + 1) * stride
    x1, x2 = x - r, x + r + 1
    return total[bottom + x2] - total[top + x2] - total[bottom + x1] + total[top + x1]
