"""How large people are at each place of the picture, and which bodies explain a foreground best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera

__all__ = ["BODY_M", "Bodies", "BodySizes", "LearnedSizes", "fit_bodies", "sizes_from_camera"]

Floats = NDArray[np.float32]

BODY_M: Final = 1.72
"""Height of the body that is fitted: adults in shoes, both sexes, half a palm below the mean for bowed heads."""
_WIDTH_M: Final = 0.55
_STRIDE_PX: Final = 4
_SMALLEST_PX: Final = 8.0
"""Bodies lower than this have no shape that could be fitted."""
_SCALES: Final = np.array((0.9, 1.0, 1.1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BodySizes:
    """Expected picture of a standing body by the pixel of its feet, each of shape (h, w), in pixels.

    Attributes:
        height: 0 where nobody can stand or a body would be too small to see.
        width: Of the same body.
        shift: From the feet to the middle of the box, to the right.
    """

    height: Floats
    width: Floats
    shift: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Bodies fitted into a foreground.

    Attributes:
        box: x1, y1, x2, y2 in pixels of the mask, shape (n, 4).
        fit: Share of each body's area that it explains, less what is missing; at most about 1; shape (n,).
        left: The foreground that no body explains, shape (h, w), 0 or 1.
    """

    box: Floats
    fit: Floats
    left: NDArray[np.uint8]


def sizes_from_camera(camera: Camera, shape: tuple[int, int], scale: float) -> BodySizes:
    """Work out the sizes from a calibration.

    Args:
        camera: Calibrated at the full picture.
        shape: Height and width of the reduced picture.
        scale: Its pixels a full pixel.
    """
    rows, cols = (np.arange(0, n + _STRIDE_PX, _STRIDE_PX) for n in shape)
    u, v = np.meshgrid(cols, rows)
    feet = (np.c_[u.ravel(), v.ravel()] + 0.5) / scale - 0.5
    box = camera.upright_box_px(camera.to_ground(feet), BODY_M, _WIDTH_M)
    grid = np.stack((feet[:, 1] - box[:, 1], box[:, 2] - box[:, 0], (box[:, 0] + box[:, 2]) / 2 - feet[:, 0])) * scale
    grid[:, ~np.isfinite(grid).all(axis=0) | (grid[0] < _SMALLEST_PX) | (grid[0] > 4 * shape[0])] = 0.0
    at_u, at_v = np.meshgrid(np.arange(shape[1]) / _STRIDE_PX, np.arange(shape[0]) / _STRIDE_PX)
    where = at_u.astype(np.float32), at_v.astype(np.float32)
    tall, wide, shift = (
        np.asarray(cv2.remap(g.reshape(u.shape).astype(np.float32), *where, cv2.INTER_LINEAR), np.float32) for g in grid
    )
    tall[tall < _SMALLEST_PX] = 0.0
    return BodySizes(tall, wide, shift)


class LearnedSizes:
    """Without calibration: body height as a line over the picture's rows, from the blobs that look like one walker.

    Heights of people on a plane grow linearly from the horizon downwards (Hoiem et al. 2008, Putting objects in
    perspective, DOI 10.1007/s11263-008-0137-5, equation 5 for a level camera).
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._seen: list[tuple[float, float]] = []
        self._fresh = 0
        self.sizes: BodySizes | None = None

    def learn(self, box: NDArray[np.float32]) -> None:
        """Take in blobs (n, 4); those with the shape of a walker teach."""
        for x1, y1, x2, y2 in box:
            tall, wide = y2 - y1, max(x2 - x1, 1.0)
            inside = x1 > 1 and y1 > 1 and x2 < self._shape[1] - 1 and y2 < self._shape[0] - 1
            if inside and tall >= _SMALLEST_PX and 1.8 <= tall / wide <= 4.5:
                self._seen.append((float(y2), float(tall)))
                self._fresh += 1
        if self._fresh >= _LESSON and len(self._seen) >= 2 * _LESSON:
            self._seen = self._seen[-_MEMORY:]
            self._fresh = 0
            self._draw_line()

    def _draw_line(self) -> None:
        rows, tall = np.array(self._seen).T
        slope, at_zero = 0.0, float(np.median(tall))
        keep = np.abs(tall - at_zero) < 0.7 * at_zero
        for _ in range(4):
            if np.ptp(rows[keep]) > 0.1 * self._shape[0]:
                slope, at_zero = np.polyfit(rows[keep], tall[keep], 1)
            slope = max(float(slope), 0.0)
            at_zero = float(np.median(tall[keep] - slope * rows[keep]))
            expected = np.maximum(slope * rows + at_zero, 1.0)
            closer = np.abs(tall / expected - 1) < 0.25
            if np.count_nonzero(closer) < _LESSON:
                break
            keep = closer
        line = slope * np.arange(self._shape[0], dtype=np.float32) + at_zero
        line[line < _SMALLEST_PX] = 0.0
        height = np.repeat(line[:, None], self._shape[1], axis=1).astype(np.float32)
        self.sizes = BodySizes(height, height * np.float32(_WIDTH_M / BODY_M), np.zeros_like(height))


_LESSON: Final = 25
_MEMORY: Final = 400


def fit_bodies(
    mask: NDArray[np.uint8], sizes: BodySizes, window: tuple[int, int, int, int], *, least_fit: float, most: int = 40
) -> Bodies:
    """Explain the foreground in a window by as few bodies as do it, the best one first.

    A body earns the foreground that nobody explained yet, and pays for its missing parts and for foreground just above
    its head and below its feet. What a nearer body hides is not missing. This is a greedy form of fitting expected
    boxes to a background subtraction (Fleuret et al. 2008, DOI 10.1109/TPAMI.2007.1174).

    Args:
        mask: 0 or 1, shape (h, w).
        sizes: Of the same shape.
        window: x1, y1, x2, y2 of the foreground, in pixels.
        least_fit: No body is reported that fits worse.
        most: Never more bodies than this.
    """
    x1, y1, x2, y2 = window
    height, width = mask.shape
    margin = int(sizes.height[min(y2, height) - 1, min((x1 + x2) // 2, width - 1)] * 0.5) + 4
    left, top = max(x1 - margin, 0), max(y1 - margin, 0)
    right, bottom = min(x2 + margin, width), min(y2 + margin, height)
    here = np.zeros((bottom - top, right - left), np.uint8)
    here[y1 - top : y2 - top, x1 - left : x2 - left] = mask[y1:y2, x1:x2]
    rest = here.copy()
    every = _integral(here)
    found: list[NDArray[np.float32]] = []
    at = np.s_[top:bottom, left:right]
    tall, wide, shift = (np.ascontiguousarray(m[at]) for m in (sizes.height, sizes.width, sizes.shift))
    low = bool(y2 >= height - 1)  # cut by the lower edge: the feet are below the picture
    while len(found) < most:
        best = _best(every, _integral(rest), tall, wide, shift, _SCALES, low)
        if best[4] < least_fit:
            break
        found.append(best)
        bx1, by1, bx2, by2 = _grown(best[:4], 0.12, 0.06, rest.shape)
        rest[by1:by2, bx1:bx2] = 0
    fits = np.array(found, np.float32).reshape(-1, 5)
    boxes = _tighten(here, fits[:, :4]) + np.array((left, top, left, top), np.float32)
    whole = np.zeros_like(mask)
    whole[at] = rest
    return Bodies(boxes, fits[:, 4], whole)


def _integral(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    return np.asarray(cv2.integral(mask), np.int32)


def _grown(box: NDArray[np.float32], share_x: float, share_y: float, shape: tuple[int, ...]) -> tuple[int, ...]:
    dx, dy = share_x * (box[2] - box[0]), share_y * (box[3] - box[1])
    return (
        max(round(float(box[0] - dx)), 0),
        max(round(float(box[1] - dy)), 0),
        min(round(float(box[2] + dx)), shape[1]),
        min(round(float(box[3] + dy)), shape[0]),
    )


def _tighten(mask: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw each box to the foreground that lies nearer to it than to any other; where that says little, keep it."""
    result = boxes.copy()
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    half = np.maximum((boxes[:, 2] - boxes[:, 0]) / 2, 1)
    for i, box in enumerate(boxes):
        x1, y1, x2, y2 = _grown(box, 0.4 if len(boxes) > 1 else 0.6, 0.12, mask.shape)
        part = mask[y1:y2, x1:x2] > 0
        cols = np.arange(x1, x2) + 0.5
        others = [k for k in range(len(boxes)) if k != i and boxes[k, 1] < box[3] and box[1] < boxes[k, 3]]
        if others:
            own = np.abs(cols - middle[i]) / half[i]
            near = np.min([np.abs(cols - middle[k]) / half[k] for k in others], axis=0)
            part = part & (own <= near)[None]
        tall, wide = box[3] - box[1], box[2] - box[0]
        columns = np.flatnonzero(part.sum(axis=0) >= max(0.08 * tall, 1))
        rows = np.flatnonzero(part.sum(axis=1) >= max(0.12 * wide, 1))
        if len(rows) and len(columns):
            if rows[-1] + 1 - rows[0] >= 0.7 * tall:
                result[i, 1], result[i, 3] = y1 + rows[0], y1 + rows[-1] + 1
            if columns[-1] + 1 - columns[0] >= 0.5 * wide:
                result[i, 0], result[i, 2] = x1 + columns[0], x1 + columns[-1] + 1
        result[i, 1::2] = np.clip(result[i, 1::2], 0, mask.shape[0])
        result[i, 0::2] = np.clip(result[i, 0::2], 0, mask.shape[1])
    return result


@numba.njit(cache=True)
def _sum(integral: NDArray[np.int32], x1: float, y1: float, x2: float, y2: float) -> int:
    rows, cols = integral.shape
    a = min(max(int(x1 + 0.5), 0), cols - 1)
    b = min(max(int(y1 + 0.5), 0), rows - 1)
    c = min(max(int(x2 + 0.5), a), cols - 1)
    d = min(max(int(y2 + 0.5), b), rows - 1)
    return int(integral[d, c] - integral[b, c] - integral[d, a] + integral[b, a])


@numba.njit(cache=True)
def _inside(shape_w: int, shape_h: int, x1: float, y1: float, x2: float, y2: float) -> float:
    wide = min(x2, shape_w) - max(x1, 0.0)
    tall = min(y2, shape_h) - max(y1, 0.0)
    return max(wide, 0.0) * max(tall, 0.0)


@numba.njit(cache=True, nogil=True)
def _best(
    every: NDArray[np.int32],
    rest: NDArray[np.int32],
    tall: Floats,
    wide: Floats,
    shift: Floats,
    scales: Floats,
    low: bool,
) -> NDArray[np.float32]:
    """Try a body at every second pixel; return x1, y1, x2, y2, fit of the best."""
    rows, cols = tall.shape
    best = np.zeros(5, np.float32)
    best[4] = -1e9
    below = int(0.6 * tall[rows - 1, cols // 2]) if low else 0
    for v in range(2, rows + below + 1, 2):
        row = min(v, rows) - 1
        for u in range(0, cols, 2):
            full = tall[row, u]
            if full <= 0.0:
                continue
            w = wide[row, u]
            mid = u + 0.5 + shift[row, u]
            for scale in scales:
                h = full * scale
                top = v - h
                # trunk and legs, then head and neck: together about the silhouette of a walker
                trunk = 0.23 * w
                head = 0.13 * w
                neck = top + 0.17 * h
                whole = 2 * trunk * (v - neck) + 2 * head * (neck - top)
                area = _inside(cols, rows, mid - trunk, neck, mid + trunk, v) + _inside(
                    cols, rows, mid - head, top, mid + head, neck
                )
                if area < 0.35 * whole:
                    continue
                new = _sum(rest, mid - 0.5 * w, top, mid + 0.5 * w, v)
                if new < 0.25 * area:
                    continue
                filled = _sum(every, mid - trunk, neck, mid + trunk, v) + _sum(every, mid - head, top, mid + head, neck)
                if filled < 0.45 * area:  # less than half a body may be a bag
                    continue
                spill = _sum(rest, mid - 0.3 * w, top - 0.15 * h, mid + 0.3 * w, top) + _sum(
                    rest, mid - 0.4 * w, v, mid + 0.4 * w, v + 0.1 * h
                )
                fit = (min(new, 1.1 * area) + 0.1 * new - 0.6 * (area - filled) - 0.5 * spill) / area - 0.3 * abs(
                    scale - 1.0
                )
                if fit > best[4]:
                    best[0] = mid - 0.5 * w
                    best[1] = top
                    best[2] = mid + 0.5 * w
                    best[3] = v
                    best[4] = fit
    return best
