"""How dense it is now, everywhere on the floor: for the overlay and for the densest place."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scenarios.venue import Venue

__all__ = ["DensityField"]

_CELL_M: Final = 0.5
_SIGMA_M: Final = 0.7
"""Of the Gaussian that a person counts as, as in Helbing, Johansson and Al-Abideen (2007), whose radius is 1 m."""
_LEAST_FLOOR: Final = 0.25
"""Near walls, what is over the edge of the floor is not counted as floor, down to this share."""


class DensityField:
    """Persons per square metre on a grid over a venue, by a Gaussian of 0.7 m that is cut off by walls.

    Attributes:
        origin_m: Lower left corner (x, y).
        cell_m: Side of a cell.

    Reference:
        Helbing, D., Johansson, A., Al-Abideen, H. Z. (2007). Dynamics of crowd disasters: an empirical study.
        Physical Review E 75, 046109. DOI 10.1103/PhysRevE.75.046109. Equation 1.
    """

    def __init__(self, venue: Venue) -> None:
        """Find out how much floor there is around every cell."""
        x0, y0, x1, y1 = venue.floor.bounds
        self.origin_m, self.cell_m = (x0, y0), _CELL_M
        self._shape = (int(np.ceil((y1 - y0) / _CELL_M)), int(np.ceil((x1 - x0) / _CELL_M)))
        xs = x0 + (np.arange(self._shape[1]) + 0.5) * _CELL_M
        ys = y0 + (np.arange(self._shape[0]) + 0.5) * _CELL_M
        self._floor = shapely.contains_xy(venue.walkable, *np.meshgrid(xs, ys))
        share = gaussian_filter(self._floor.astype(float), _SIGMA_M / _CELL_M, mode="constant")
        self._area_m2 = np.maximum(share, _LEAST_FLOOR) * _CELL_M**2

    def of(self, position_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the densities, shape (rows, columns), south first; 0 where nobody can stand."""
        rows, columns = self._shape
        cell = ((position_m - self.origin_m) / _CELL_M).astype(np.int64)
        counts = np.zeros(self._shape)
        np.add.at(counts, (np.clip(cell[:, 1], 0, rows - 1), np.clip(cell[:, 0], 0, columns - 1)), 1.0)
        spread = gaussian_filter(counts, _SIGMA_M / _CELL_M, mode="constant")
        return np.where(self._floor, spread / self._area_m2, 0.0)

    def densest(self, density_per_m2: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
        """Return the largest density, and where it is in metres."""
        row, column = np.unravel_index(int(np.argmax(density_per_m2)), density_per_m2.shape)
        x = self.origin_m[0] + (float(column) + 0.5) * _CELL_M
        y = self.origin_m[1] + (float(row) + 0.5) * _CELL_M
        return float(density_per_m2[row, column]), (x, y)
