"""Density by Voronoi cells: everybody's share of the floor, cut off at a radius and at the walls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi
from shapely.geometry.base import BaseGeometry

__all__ = ["CUT_OFF_M", "VoronoiCells"]

CUT_OFF_M: Final = 1.0
"""Nobody's cell reaches further than this."""
_QUARTER: Final = 3
"""Sides of a quarter of the circle that cuts a cell off."""
_FAR: Final = 50.0
_GRID_M: Final = 1e-9
"""Of the coordinates where edges may lie on each other, as walls and zones do: without it GEOS 3.14 takes one of two
polygons that touch along a nearly common edge for what they have in common."""


@dataclass(frozen=True, slots=True, eq=False)
class VoronoiCells:
    """Who has which part of the floor at one instant.

    Attributes:
        cells: Polygon of each, shape (n,); empty for who stands outside the floor.
        density_per_m2: One over the cell's area, shape (n,); nan for who stands outside the floor.

    Reference:
        Steffen, B., & Seyfried, A. (2010). Methods for measuring pedestrian density, flow, speed and direction with
        minimal scatter. Physica A, 389(9), 1902-1910. DOI 10.1016/j.physa.2009.12.015
    """

    cells: NDArray[np.object_]
    density_per_m2: NDArray[np.float64]

    @classmethod
    def of(
        cls, position_m: NDArray[np.float64], walkable: BaseGeometry, *, cut_off_m: float = CUT_OFF_M
    ) -> VoronoiCells:
        """Part the floor among people.

        Args:
            position_m: Shape (n, 2); people at the very same point share a cell.
            walkable: The floor without what stands on it; of a cell that a wall parts, the person's side counts.
            cut_off_m: Radius beyond which no cell reaches.
        """
        if not len(position_m):
            return cls(np.empty(0, object), np.empty(0))
        places, back, shared = np.unique(position_m, axis=0, return_inverse=True, return_counts=True)
        back = back.reshape(-1)
        points = shapely.points(places)
        cells = shapely.intersection(_parts(places, cut_off_m), shapely.buffer(points, cut_off_m, quad_segs=_QUARTER))
        shapely.prepare(walkable)
        beside_wall = ~shapely.covers(walkable, cells)
        cells[beside_wall] = shapely.intersection(cells[beside_wall], walkable, grid_size=_GRID_M)
        for at in np.flatnonzero(shapely.get_num_geometries(cells) > 1):
            parts = shapely.get_parts(cells[at])
            cells[at] = parts[np.argmin(shapely.distance(parts, points[at]))]
        area = shapely.area(cells)
        density = np.divide(shared, area, out=np.full(len(area), np.nan), where=area > 0)
        return cls(np.asarray(cells)[back], density[back])

    def density_in(self, area: BaseGeometry) -> float:
        """Return the density in an area, persons per square metre: everybody counts by the share of the cell in it."""
        if not len(self.cells):
            return 0.0
        whole = shapely.area(self.cells)
        shapely.prepare(area)
        inside = np.where(shapely.covers(area, self.cells), whole, 0.0)
        cut = shapely.intersects(area, self.cells) & (inside < whole)
        inside[cut] = shapely.area(shapely.intersection(self.cells[cut], area, grid_size=_GRID_M))
        return float(np.divide(inside, whole, out=np.zeros(len(whole)), where=whole > 0).sum() / area.area)


def _parts(places: NDArray[np.float64], reach_m: float) -> Any:
    """Return each place's part of the plane as polygons, all finite; what is further off than ``reach_m`` is any."""
    low, high = places.min(axis=0), places.max(axis=0)
    middle, away = (low + high) / 2, _FAR * (float((high - low).max()) + reach_m)
    turns = np.deg2rad(np.arange(8) * 45.0 + 11.0)
    frame = middle + away * np.column_stack([np.cos(turns), np.sin(turns)])
    diagram = Voronoi(np.concatenate([places, frame]) - middle)
    rings = [diagram.vertices[diagram.regions[region]] + middle for region in diagram.point_region[: len(places)]]
    counts = [len(ring) for ring in rings]
    owner = np.repeat(np.arange(len(rings)), counts)
    return shapely.convex_hull(shapely.multipoints(shapely.points(np.concatenate(rings)), indices=owner))
