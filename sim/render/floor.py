"""The floor as a raster in metres: what is inside, where obstacles throw their shadow, where corners are dark."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapely import Point, Polygon, union_all
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from scenarios.venue import ObstacleKind, Venue
from sim.render.light import Light
from sim.render.surround import HOUSE, LANE_M, Surround

__all__ = ["Floor", "sample", "swept_shadow"]

_MARGIN_M: Final = 16.0
_MAX_CELLS: Final = 4_000_000
_FINEST_M: Final = 0.04
_CONTACT_M: Final = 0.22
_DASH_M: Final = 1.5
_SOLID_SHARE: Final = {ObstacleKind.BARRIER: 0.35, ObstacleKind.SIGN: 0.7, ObstacleKind.BENCH: 0.8}


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Layers over the same cells.

    Attributes:
        layers: sunlit share, ambient share (dark beside obstacles), inside the outline, under a puddle, under paint;
            each 0 to 1; and metres beyond the outline; shape (6, rows, columns), float32.
        origin_m: Middle of the cell (0, 0), the south-western one.
        cell_m: Side of a cell.
    """

    layers: NDArray[np.float32]
    origin_m: tuple[float, float]
    cell_m: float

    @classmethod
    def of(cls, venue: Venue, light: Light, around: Surround | None = None) -> Floor:
        """Rasterise a venue under a light.

        Args:
            venue: The place.
            light: Where the sun stands.
            around: What stands around it and throws shadows too.
        """
        x0, y0, x1, y1 = venue.floor.bounds
        x0, y0, x1, y1 = x0 - _MARGIN_M, y0 - _MARGIN_M, x1 + _MARGIN_M, y1 + _MARGIN_M
        cell = max(_FINEST_M, float(np.sqrt((x1 - x0) * (y1 - y0) / _MAX_CELLS)))
        shape = (int(np.ceil((y1 - y0) / cell)) + 1, int(np.ceil((x1 - x0) / cell)) + 1)

        def fill(layer: NDArray[np.uint8], geometry: BaseGeometry, value: int) -> None:
            for part in getattr(geometry, "geoms", [geometry]):
                if not isinstance(part, Polygon) or part.is_empty:
                    continue
                rings = [part.exterior, *part.interiors]
                corners = [
                    np.round((np.asarray(ring.coords) - (x0, y0)) / cell * 16).astype(np.int32) for ring in rings
                ]
                cv2.fillPoly(layer, corners, value, cv2.LINE_8, 4)

        inside = np.zeros(shape, np.uint8)
        fill(inside, venue.floor, 255)
        shade = np.zeros(shape, np.uint8)
        solid = np.zeros(shape, np.uint8)
        for obstacle in sorted(venue.obstacles, key=lambda o: _SOLID_SHARE.get(o.kind, 1.0)):
            fill(
                shade,
                swept_shadow(obstacle.shape, obstacle.height_m, light),
                round(255 * _SOLID_SHARE.get(obstacle.kind, 1.0)),
            )
            if obstacle.kind is not ObstacleKind.BARRIER:
                fill(solid, obstacle.shape, 255)
        for piece in around.pieces if around is not None else ():
            if piece.kind != HOUSE:  # houses stand so far that the sun of the plan is meant to reach the place
                fill(shade, swept_shadow(piece.shape, piece.high_m, light), 255)
                fill(solid, piece.shape, 255)
        for x, y, radius, low, top, _ in around.trees if around is not None else ():
            for z, r in ((low + 0.25 * (top - low), 0.8), (0.5 * (low + top), 1.0), (low + 0.75 * (top - low), 0.7)):
                shift = min(z / max(float(light.to_sun[2]), 0.05), 60.0)
                spot = Point(x - shift * light.to_sun[0], y - shift * light.to_sun[1]).buffer(r * radius)
                fill(shade, spot, 215)
        puddles = np.zeros(shape, np.uint8)
        for puddle in venue.puddles:
            fill(puddles, puddle.shape.intersection(venue.floor), 255)
        paint = np.zeros(shape, np.uint8)
        if around is not None and (around.pieces or len(around.trees)):
            for dash in _dashes(venue):
                fill(paint, dash, 255)
        beyond = cv2.distanceTransform(255 - inside, cv2.DIST_L2, 5) * cell
        away = cv2.distanceTransform(255 - solid, cv2.DIST_L2, 5) * cell if solid.any() else np.full(shape, 9.0)
        ambient = 1 - 0.45 * np.exp(-away / _CONTACT_M)
        blur = 0.05 / cell
        sunlit = 1 - cv2.GaussianBlur(shade, (0, 0), max(blur, 0.6)).astype(np.float32) / 255
        soft = cv2.GaussianBlur(puddles, (0, 0), max(0.03 / cell, 0.6)).astype(np.float32) / 255
        layers = np.stack(
            (sunlit, ambient, inside.astype(np.float32) / 255, soft, paint.astype(np.float32) / 255, beyond)
        )
        return cls(np.ascontiguousarray(layers, np.float32), (x0, y0), cell)

    def sunlit(self, position_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return which share of the sun reaches the ground at positions (n, 2); shape (n,)."""
        return np.asarray(_samples(self.layers[0], (position_m - self.origin_m) / self.cell_m), np.float64)


def _dashes(venue: Venue) -> list[Polygon]:
    """The dashes of the line in the middle of the street around a venue."""
    way = venue.floor.buffer(LANE_M, join_style="mitre").exterior
    dashes = []
    for begin in np.arange(0.0, way.length - _DASH_M, 3 * _DASH_M):
        part = substring(way, float(begin), float(begin) + _DASH_M)
        dashes.append(part.buffer(0.06, cap_style="flat"))
    return dashes


def swept_shadow(shape: Polygon, height_m: float, light: Light) -> BaseGeometry:
    """Return the ground that a prism hides from the sun: its outline swept away from the sun.

    Args:
        shape: Its outline.
        height_m: Its height.
        light: Where the sun stands.
    """
    reach = min(height_m / max(float(light.to_sun[2]), 1e-3), 300.0)
    dx, dy = -reach * light.to_sun[0], -reach * light.to_sun[1]
    swept = [shape, translate(shape, dx, dy)]
    for (ax, ay), (bx, by) in pairwise(shape.exterior.coords):
        quad = Polygon([(ax, ay), (bx, by), (bx + dx, by + dy), (ax + dx, ay + dy)])
        if quad.area > 1e-9:
            swept.append(quad.buffer(0))
    return union_all(swept)


@njit(cache=True, error_model="numpy")
def sample(layer: Any, column: float, row: float) -> Any:
    """Return a layer's value between its cells; outside, that of the nearest cell."""
    rows, columns = layer.shape
    column = min(max(column, 0.0), columns - 1.001)
    row = min(max(row, 0.0), rows - 1.001)
    i, j = int(row), int(column)
    fy, fx = row - i, column - j
    low = layer[i, j] * (1 - fx) + layer[i, j + 1] * fx
    high = layer[i + 1, j] * (1 - fx) + layer[i + 1, j + 1] * fx
    return low * (1 - fy) + high * fy


@njit(cache=True, nogil=True, error_model="numpy")
def _samples(layer: Any, place: Any) -> Any:
    """Return a layer's values at columns and rows (n, 2); shape (n,)."""
    out = np.empty(place.shape[0])
    for i in range(place.shape[0]):
        out[i] = sample(layer, place[i, 0], place[i, 1])
    return out
