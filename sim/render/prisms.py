"""Obstacles as upright prisms in arrays, and the ray that meets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapely import Polygon
from shapely.affinity import scale

from scenarios.camera import Camera
from scenarios.venue import Obstacle, ObstacleKind, Venue
from sim.render.facades import facade, top_colour
from sim.render.surround import Piece

__all__ = ["Prisms", "first_hit"]

_KINDS: Final = tuple(ObstacleKind)
_SEAT_M: Final = 0.46
_RISER_M: Final = 0.17
_BARRIER: Final = _KINDS.index(ObstacleKind.BARRIER)


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
    def of(cls, venue: Venue, camera: Camera, around: tuple[Piece, ...] = ()) -> Prisms:
        """Return a venue's obstacles, and what stands around it, as this camera meets them."""
        rings, lows, highs, kinds, seeds = [], [], [], [], []
        for number, obstacle in enumerate(venue.obstacles):
            for ring, low, high in _parts(obstacle):
                rings.append(ring)
                lows.append(low)
                highs.append(high)
                kinds.append(_KINDS.index(obstacle.kind))
                seeds.append(number + 1)
        for piece in around:
            rings.append(_ring(piece.shape))
            lows.append(piece.low_m)
            highs.append(piece.high_m)
            kinds.append(piece.kind)
            seeds.append(piece.seed)
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
        parts = [(leg, 0.0, seat - 0.06) for leg in _legs(shape)] + [(shape, seat - 0.06, seat)]
    elif obstacle.kind is ObstacleKind.SIGN and top > 1.2:
        parts = [(scale(shape, 0.3, 0.3), 0.0, 0.62 * top), (shape, 0.62 * top, top)]
    elif obstacle.kind is ObstacleKind.LAMP_POST:
        parts = [(scale(shape, 0.5, 0.5), 0.0, top - 0.12), (scale(shape, 3.0, 1.6), top - 0.12, top)]
    elif obstacle.kind is ObstacleKind.STAIRS and len(obstacle.polygon) == 4:
        parts = _steps(obstacle)
    elif obstacle.kind is ObstacleKind.BIN:
        parts = [(_rounded(shape), 0.0, top)]
    else:
        parts = [(shape, 0.0, top)]
    return [(_ring(part), low, high) for part, low, high in parts]


def _ring(part: Polygon) -> NDArray[np.float64]:
    """The corners counter-clockwise, closed."""
    ring = np.asarray(part.exterior.coords, float)
    return np.ascontiguousarray(ring[::-1] if not part.exterior.is_ccw else ring)


def _rounded(shape: Polygon) -> Polygon:
    """A square as the circle in it: most bins are round."""
    x0, y0, x1, y1 = shape.bounds
    wide, deep = x1 - x0, y1 - y0
    if abs(wide - deep) > 0.1 * max(wide, deep):
        return shape
    return shape.centroid.buffer(wide / 2, quad_segs=3)


def _legs(shape: Polygon) -> list[Polygon]:
    """Two trestles under a bench, near its ends."""
    corners = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)[:4]
    if np.hypot(*(corners[1] - corners[0])) < np.hypot(*(corners[2] - corners[1])):
        corners = np.roll(corners, -1, axis=0)
    a, b, c, d = corners

    def between(low: float, high: float) -> Polygon:
        return Polygon([a + low * (b - a), a + high * (b - a), d + high * (c - d), d + low * (c - d)])

    return [scale(between(0.10, 0.16), 1.0, 0.8), scale(between(0.84, 0.90), 1.0, 0.8)]


def _steps(obstacle: Obstacle) -> list[tuple[Polygon, float, float]]:
    """A flight of steps that rises from the first edge of the polygon to the opposite one."""
    a, b, c, d = (np.asarray(corner) for corner in obstacle.polygon)
    count = max(1, round(obstacle.height_m / _RISER_M))
    steps = []
    for k in range(count):
        low = k / count
        tread = Polygon([a + low * (d - a), b + low * (c - b), c, d])
        steps.append((tread, k * obstacle.height_m / count, (k + 1) * obstacle.height_m / count))
    return steps


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
    edge: Any, first: Any, low: Any, high: Any, kind: Any, seed: Any, box: Any,
    among: Any, count: int, colour: Any, found: Any, trial: Any,
) -> Any:  # fmt: skip
    """Find the nearest prism on a ray.

    Args:
        px: Pixel of the ray; nan for a ray that starts elsewhere than at the camera.
        py: Pixel of the ray.
        eye: Where the ray starts, shape (3,).
        ray: Its direction, shape (3,).
        width_rad: Angle of a pixel.
        edge: See `Prisms`, as the next ones.
        first: See `Prisms`.
        low: See `Prisms`.
        high: See `Prisms`.
        kind: See `Prisms`.
        seed: See `Prisms`.
        box: See `Prisms`.
        among: Numbers of the prisms that come into question.
        count: How many of them.
        colour: Written: colour of the face in full light, shape (3,).
        found: Written: normal of the face, and how much it shines in the dark, shape (4,).
        trial: Scratch, shape (3,).

    Returns:
        Distance to the hit in lengths of ``ray``; infinite where there is none.
    """
    best = np.inf
    for n in range(count):
        p = among[n]
        if px < box[p, 0] or px > box[p, 2] or py < box[p, 1] or py > box[p, 3]:
            continue
        if ray[2] < 0.0:  # upper side from above
            t = (high[p] - eye[2]) / ray[2]
            if 0.0 < t < best:
                x, y = eye[0] + t * ray[0], eye[1] + t * ray[1]
                inside = False
                for e in range(first[p], first[p + 1]):
                    ya, yb = edge[e, 1], edge[e, 3]
                    if (ya > y) != (yb > y) and x < edge[e, 0] + (y - ya) / (yb - ya) * (edge[e, 2] - edge[e, 0]):
                        inside = not inside
                if inside and kind[p] != _BARRIER:
                    top_colour(kind[p], x, y, t * width_rad, seed[p], colour)
                    found[0], found[1], found[2], found[3] = 0.0, 0.0, 1.0, 0.0
                    best = t
        for e in range(first[p], first[p + 1]):
            ax, ay = edge[e, 0] - eye[0], edge[e, 1] - eye[1]
            sx, sy = edge[e, 2] - edge[e, 0], edge[e, 3] - edge[e, 1]
            cross = ray[0] * sy - ray[1] * sx
            if cross >= 0.0 and kind[p] != _BARRIER:  # seen from inside (edges run counter-clockwise)
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
            shine = facade(kind[p], u, z, high[p], length, t * width_rad, seed[p], trial)
            if shine < 0.0:
                continue
            colour[0], colour[1], colour[2] = trial[0], trial[1], trial[2]
            flip = 1.0 if cross < 0.0 else -1.0
            found[0], found[1], found[2], found[3] = flip * sy / length, -flip * sx / length, 0.0, shine
            best = t
    return best
