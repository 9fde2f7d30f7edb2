"""Blur of what moves while the shutter is open: figures each along their own way, and the whole picture."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.frame import Image
from sim.state import Snapshot

__all__ = ["drag", "figure_ways", "smear", "smears"]

_LEAST_PX: Final = 0.7
_HEIGHT_M: Final = 1.6
_MOST_PX: Final = 96.0


def smears(
    camera: Camera,
    position_m: NDArray[np.float64],
    velocity_mps: NDArray[np.float64],
    height_m: NDArray[np.float64],
    shutter_s: float,
) -> NDArray[np.float64]:
    """Return how far figures move over the picture while the shutter is open.

    Args:
        camera: That sees them.
        position_m: Feet in the middle of the exposure, shape (n, 2).
        velocity_mps: Shape (n, 2).
        height_m: Shape (n,); the way is that of half the height.
        shutter_s: How long it is open.

    Returns:
        (right, down) in pixels, shape (n, 2); 0 where it is too little to see or behind the camera.
    """
    middle = np.c_[position_m, height_m / 2]
    half = np.c_[velocity_mps, np.zeros(len(middle))] * (shutter_s / 2)
    way = camera.project(middle + half)[0] - camera.project(middle - half)[0]
    length = np.hypot(way[:, 0], way[:, 1])
    seen = np.isfinite(length) & (length >= _LEAST_PX)
    way *= np.minimum(1.0, _MOST_PX / np.maximum(length, 1e-9))[:, None]
    return np.where(seen[:, None], way, 0.0)


def figure_ways(
    camera: Camera,
    snapshot: Snapshot,
    ids: NDArray[np.int32],
    place_m: NDArray[np.float64],
    shutter_s: float,
) -> NDArray[np.float64]:
    """Return how far people, and what they carry, move over the picture while the shutter is open, shape (n, 2).

    Args:
        camera: That sees them.
        snapshot: The world in the middle of the exposure.
        ids: Of the people and objects, shape (n,).
        place_m: Where they are, shape (n, 2).
        shutter_s: How long it is open.
    """
    people, objects = snapshot.people, snapshot.objects
    speed = dict(zip(people.id.tolist(), people.velocity_mps, strict=True))
    carrier = dict(zip(objects.id.tolist(), objects.carried_by.tolist(), strict=True))
    still = np.zeros(2)
    velocity = np.array([speed.get(carrier.get(i, i), still) for i in ids.tolist()]).reshape(-1, 2)
    return smears(camera, place_m, velocity, np.full(len(ids), _HEIGHT_M), shutter_s)


@njit(cache=True, nogil=True, error_model="numpy")
def smear(picture: Any, before: Any, owner: Any, order: Any, box: Any, way: Any) -> None:
    """Draw figures out along their ways: each the mean of the places where it is while the shutter is open.

    Args:
        picture: With the figures where they are in the middle of the exposure; changed, shape (h, w, c).
        before: The same without figures, shape (h, w, c).
        owner: Row of the figure that each pixel shows, below 0 for none, shape (h, w).
        order: Rows of the figures from far to near.
        box: x1, y1, x2, y2 of each figure in the picture, shape (n, 4).
        way: How far each moves, right and down in pixels, shape (n, 2); 0 for those that are left as they are.
    """
    h, w = owner.shape
    drawn = picture.copy()
    rank = np.zeros(box.shape[0], np.int64)
    for turn in range(order.shape[0]):
        rank[order[turn]] = turn
    for y in range(h):  # what moves is taken out, its soft rim too
        for x in range(w):
            who = owner[y, x]
            moves = who >= 0 and (way[who, 0] != 0.0 or way[who, 1] != 0.0)
            if who == -1:
                for i in range(max(0, y - 1), min(h, y + 2)):
                    for j in range(max(0, x - 1), min(w, x + 2)):
                        near = owner[i, j]
                        if near >= 0 and (way[near, 0] != 0.0 or way[near, 1] != 0.0):
                            moves = True
            if moves:
                for k in range(3):
                    picture[y, x, k] = before[y, x, k]
    sums = np.empty(3)
    for i in order:
        right, down = way[i, 0], way[i, 1]
        if right == 0.0 and down == 0.0:
            continue
        taps = 2 * int(np.ceil(max(abs(right), abs(down)))) + 1
        reach_x, reach_y = int(abs(right) / 2) + 2, int(abs(down) / 2) + 2
        for y in range(max(0, int(box[i, 1]) - reach_y), min(h, int(box[i, 3]) + reach_y)):
            for x in range(max(0, int(box[i, 0]) - reach_x), min(w, int(box[i, 2]) + reach_x)):
                there = owner[y, x]
                if there >= 0 and rank[there] > rank[i]:
                    continue
                sums[:] = 0.0
                hits = 0
                for t in range(taps):
                    share = (t + 0.5) / taps - 0.5
                    u, v = int(np.floor(x - share * right + 0.5)), int(np.floor(y - share * down + 0.5))
                    if 0 <= u < w and 0 <= v < h and owner[v, u] == i:
                        hits += 1
                        for k in range(3):
                            sums[k] += drawn[v, u, k]
                if hits:
                    for k in range(3):
                        value = (picture[y, x, k] * (taps - hits) + sums[k]) / taps
                        picture[y, x, k] = np.uint8(min(255.0, value + 0.5))


def drag(image: Image, right: float, down: float) -> Image:
    """Return the picture of a camera that moved while its shutter was open.

    Args:
        image: Shape (h, w, 3).
        right: How far the picture moved, in pixels.
        down: As ``right``.
    """
    length = float(np.hypot(right, down))
    if length < _LEAST_PX:
        return image
    shrink = min(1.0, _MOST_PX / length)
    right, down = right * shrink, down * shrink
    half = int(np.ceil(max(abs(right), abs(down)) / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    taps = 8 * half
    for t in range(taps):
        share = (t + 0.5) / taps - 0.5
        x, y = half + share * right, half + share * down
        j, i = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - j, y - i
        kernel[i, j] += (1 - fx) * (1 - fy)
        kernel[i, j + 1] += fx * (1 - fy)
        kernel[i + 1, j] += (1 - fx) * fy
        kernel[i + 1, j + 1] += fx * fy
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8)
