"""Obstacles as upright prisms in arrays, and the ray that meets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapely.affinity import scale

from scenarios.camera import Camera
from scenarios.venue import Obstacle, ObstacleKind, Venue
from sim.render.texture import facade

__all__ = ["Prisms", "first_hit"]

_KINDS: Final = tuple(ObstacleKind)
_SEAT_M: Final = 0.46


@dataclass(frozen=True, slots=True, eq=False)
class Prisms:
    """Struct of arrays over n prisms with m edges in all.

    Attributes:
        edge: ax, ay, bx, by of each edge, counter-clockwise seen from above; shape (m, 4).
        first: Edges of prism i are first[i] to first[i + 1]; shape (n + 1,).
        low_m: Underside, shape (n,).
        high_m: Upper side, shape (n,).
        kind: Number in the order of `ObstacleKind`, shape (n,).
        seed: For the texture, shape (n,).
        box_px: Where in the picture it can be: x1, y1, x2, y2; shape (n, 4).
    """

    edge: NDArray[np.float64]
    first: NDArray[np.int64]
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    kind: NDArray[np.int64]
    seed: NDArray[np.int64]
    box_px: NDArray[np.float64]

    @classmethod
    def of(cls, venue: Venue, camera: Camera) -> Prisms:
        """Return a venue's obstacles as this camera meets them."""
        rings, lows, highs, kinds, seeds = [], [], [], [], []
        for number, obstacle in enumerate(venue.obstacles):
            for ring, low, high in _parts(obstacle):
                rings.append(ring)
                lows.append(low)
                highs.append(high)
                kinds.append(_KINDS.index(obstacle.kind))
                seeds.append(number + 1)
        edges = [np.c_[ring[:-1], ring[1:]] for ring in rings]
        return cls(
            edge=np.concatenate(edges) if edges else np.empty((0, 4)),
            first=np.concatenate(([0], np.cumsum([len(e) for e in edges]))).astype(np.int64),
            low_m=np.array(lows, float),
            high_m=np.array(highs, float),
            kind=np.array(kinds, np.int64),
            seed=np.array(seeds, np.int64),
            box_px=np.array([_box(camera, *part) for part in zip(rings, lows, highs, strict=True)]).reshape(-1, 4),
        )


def _parts(obstacle: Obstacle) -> list[tuple[NDArray[np.float64], float, float]]:
    shape, top = obstacle.shape.normalize().reverse(), obstacle.height_m
    if obstacle.kind is ObstacleKind.BENCH:
        seat = min(top, _SEAT_M)
        legs = scale(shape, 0.82, 0.82)
        parts = [(legs, 0.0, seat - 0.09), (shape, seat - 0.09, seat)]
    elif obstacle.kind is ObstacleKind.SIGN and top > 1.2:
        parts = [(scale(shape, 0.12, 0.5), 0.0, 0.45 * top), (shape, 0.45 * top, top)]
    else:
        parts = [(shape, 0.0, top)]
    rings = []
    for part, low, high in parts:
        ring = np.asarray(part.exterior.coords, float)
        ring = ring[::-1] if not part.exterior.is_ccw else ring
        rings.append((np.ascontiguousarray(ring), low, high))
    return rings


def _box(camera: Camera, ring: NDArray[np.float64], low: float, high: float) -> tuple[float, float, float, float]:
    """A box around the prism's picture; the whole picture where a part of it lies behind the camera."""
    share = np.linspace(0, 1, 9)[:, None, None]
    along = (ring[None, :-1] * (1 - share) + ring[None, 1:] * share).reshape(-1, 2)
    points = np.concatenate([np.c_[along, np.full(len(along), z)] for z in (low, high)])
    px, _ = camera.project(points)
    if np.isnan(px).any():
        return -1e9, -1e9, 1e9, 1e9
    (x1, y1), (x2, y2) = px.min(axis=0) - 3, px.max(axis=0) + 3
    return float(x1), float(y1), float(x2), float(y2)


@njit(cache=True, error_model="numpy")
def first_hit(
    px: float, py: float, eye: Any, ray: Any, width_rad: float,
    edge: Any, first: Any, low: Any, high: Any, kind: Any, seed: Any, box: Any, colour: Any, found: Any, trial: Any,
) -> Any:  # fmt: skip
    """Find the nearest prism on a ray.

    Args:
        px: Pixel of the ray.
        py: Pixel of the ray.
        eye: The camera's position, shape (3,).
        ray: Direction of unit depth, shape (3,).
        width_rad: Angle of a pixel.
        edge: See `Prisms`, as the next ones.
        first: See `Prisms`.
        low: See `Prisms`.
        high: See `Prisms`.
        kind: See `Prisms`.
        seed: See `Prisms`.
        box: See `Prisms`.
        colour: Written: colour of the face in full light, shape (3,).
        found: Written: normal of the face, shape (3,).
        trial: Scratch, shape (3,).

    Returns:
        Depth of the hit; infinite where there is none.
    """
    best = np.inf
    for p in range(low.shape[0]):
        if px < box[p, 0] or px > box[p, 2] or py < box[p, 1] or py > box[p, 3]:
            continue
        inside = False
        if ray[2] != 0.0:  # upper side from above
            t = (high[p] - eye[2]) / ray[2]
            if 0.0 < t < best and ray[2] < 0.0:
                x, y = eye[0] + t * ray[0], eye[1] + t * ray[1]
                for e in range(first[p], first[p + 1]):
                    ya, yb = edge[e, 1], edge[e, 3]
                    if (ya > y) != (yb > y) and x < edge[e, 0] + (y - ya) / (yb - ya) * (edge[e, 2] - edge[e, 0]):
                        inside = not inside
                if inside:
                    _top(kind[p], x, y, t * width_rad, seed[p], colour)
                    found[0], found[1], found[2] = 0.0, 0.0, 1.0
                    best = t
        for e in range(first[p], first[p + 1]):
            ax, ay = edge[e, 0] - eye[0], edge[e, 1] - eye[1]
            sx, sy = edge[e, 2] - edge[e, 0], edge[e, 3] - edge[e, 1]
            cross = ray[0] * sy - ray[1] * sx
            if cross >= 0.0 and kind[p] != 4:  # seen from inside (edges run counter-clockwise)
                continue
            if cross == 0.0:
                continue
            t = (ax * sy - ay * sx) / cross
            if not 0.0 < t < best:
                continue
            z = eye[2] + t * ray[2]
            if z < low[p] or z > high[p]:
                continue
            length = np.sqrt(sx * sx + sy * sy)
            u = ((ray[0] * t - ax) * sx + (ray[1] * t - ay) * sy) / length
            if u < 0.0 or u > length:
                continue
            if not facade(kind[p], u, z, high[p], length, t * width_rad, seed[p], trial):
                continue
            colour[0], colour[1], colour[2] = trial[0], trial[1], trial[2]
            flip = 1.0 if cross < 0.0 else -1.0
            found[0], found[1], found[2] = flip * sy / length, -flip * sx / length, 0.0
            best = t
    return best


@njit(cache=True, error_model="numpy")
def _top(kind: int, x: float, y: float, width: float, seed: int, colour: Any) -> None:
    facade(kind, x + 0.37 * y, 0.3, 0.3, 1e3, width, seed, colour)
    if kind == 1 or kind == 2:  # roofs: gravel
        colour[:] = 112.0 + 30.0 * facade_grain(x, y, width, seed)
    elif kind == 4:
        colour[:] = 165.0
    elif kind == 6:
        colour[:] = 40.0
    elif kind == 5:
        facade(5, x, y * 8.0, 0.3, 1e3, width, seed, colour)
        colour[:] = colour * 1.12


@njit(cache=True, error_model="numpy")
def facade_grain(x: float, y: float, width: float, seed: int) -> Any:
    """Return the grain of a roof, about 0."""
    keep = min(1.0, max(0.0, 0.4 / max(width, 1e-9) - 0.5))
    i, j = int(np.floor(x / 0.15)), int(np.floor(y / 0.15))
    return keep * (((i * 73856093 ^ j * 19349663 ^ seed * 83492791) & 1023) / 1023.0 - 0.5)
