"""The floor as a raster in metres: what is inside, where obstacles throw their shadow, where corners are dark."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapely import Polygon, union_all
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from scenarios.venue import Obstacle, ObstacleKind, Venue
from sim.render.light import Light

__all__ = ["Floor", "sample"]

_MARGIN_M: Final = 12.0
_MAX_CELLS: Final = 4_000_000
_FINEST_M: Final = 0.04
_CONTACT_M: Final = 0.22
_SOLID_SHARE: Final = {ObstacleKind.BARRIER: 0.35, ObstacleKind.SIGN: 0.7, ObstacleKind.BENCH: 0.8}


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Three layers over the same cells.

    Attributes:
        layers: sunlit share, ambient share (dark beside obstacles), inside the outline; each 0 to 1;
            shape (3, rows, columns), float32.
        origin_m: Middle of the cell (0, 0), the south-western one.
        cell_m: Side of a cell.
    """

    layers: NDArray[np.float32]
    origin_m: tuple[float, float]
    cell_m: float

    @classmethod
    def of(cls, venue: Venue, light: Light) -> Floor:
        """Rasterise a venue under a light."""
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
            fill(shade, _shadow(obstacle, light), round(255 * _SOLID_SHARE.get(obstacle.kind, 1.0)))
            if obstacle.kind is not ObstacleKind.BARRIER:
                fill(solid, obstacle.shape, 255)
        away = cv2.distanceTransform(255 - solid, cv2.DIST_L2, 5) * cell if solid.any() else np.full(shape, 9.0)
        ambient = 1 - 0.45 * np.exp(-away / _CONTACT_M)
        blur = 0.05 / cell
        sunlit = 1 - cv2.GaussianBlur(shade, (0, 0), max(blur, 0.6)).astype(np.float32) / 255
        layers = np.stack((sunlit, ambient.astype(np.float32), inside.astype(np.float32) / 255))
        return cls(np.ascontiguousarray(layers, np.float32), (x0, y0), cell)

    def sunlit(self, position_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return which share of the sun reaches the ground at positions (n, 2); shape (n,)."""
        out = np.empty(len(position_m))
        for i, (x, y) in enumerate(position_m):
            out[i] = sample(self.layers[0], (x - self.origin_m[0]) / self.cell_m, (y - self.origin_m[1]) / self.cell_m)
        return out


def _shadow(obstacle: Obstacle, light: Light) -> BaseGeometry:
    """The ground that a prism hides from the sun: its outline swept away from the sun."""
    reach = min(obstacle.height_m / float(light.to_sun[2]), 300.0)
    dx, dy = -reach * light.to_sun[0], -reach * light.to_sun[1]
    ring = list(obstacle.shape.exterior.coords)
    swept = [obstacle.shape, translate(obstacle.shape, dx, dy)]
    for (ax, ay), (bx, by) in pairwise(ring):
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
