"""The lamps of a venue: how much light each gives to a place, and where obstacles stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon, union_all
from shapely.geometry.base import BaseGeometry

from scenarios.conditions import Conditions
from scenarios.venue import LampKind, Obstacle, Venue

__all__ = ["LAMP_BGR", "Lamps"]

LAMP_BGR: Final = {
    LampKind.LED: (1.04, 1.01, 0.96),
    LampKind.WARM: (0.72, 0.95, 1.12),
    LampKind.SODIUM: (0.40, 0.80, 1.22),
}
"""Colour of the light as an automatic white balance leaves it."""
_BURN_FROM: Final = 1.5
_CUT_OFF: Final = 0.25
"""Cosine to the vertical under which a street lamp's light is screened."""
_MARGIN_M: Final = 10.0
_CELL_M: Final = 0.12
_MOST_CELLS: Final = 250_000
_PENUMBRA_M: Final = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """The lamps that burn, as arrays over k of them.

    Attributes:
        position_m: Shape (k, 3).
        candela: Downwards, the same in all directions up to the cut-off, shape (k,).
        bgr: Colour of the light, shape (k, 3).
        free: Share of the light that obstacles let through to the floor, shape (k, rows, columns), uint8.
        origin_m: Middle of the first cell of ``free``.
        cell_m: Side of its cells.
    """

    position_m: NDArray[np.float64]
    candela: NDArray[np.float64]
    bgr: NDArray[np.float64]
    free: NDArray[np.uint8]
    origin_m: tuple[float, float]
    cell_m: float

    @classmethod
    def of(cls, venue: Venue, conditions: Conditions) -> Self:
        """Return the lamps of a venue that burn in these conditions."""
        dark = conditions.sky_dark >= _BURN_FROM
        burning = [lamp for lamp in venue.lamps if dark or lamp.always]
        x0, y0, x1, y1 = venue.floor.bounds
        x0, y0, x1, y1 = x0 - _MARGIN_M, y0 - _MARGIN_M, x1 + _MARGIN_M, y1 + _MARGIN_M
        cell = max(_CELL_M, float(np.sqrt((x1 - x0) * (y1 - y0) / _MOST_CELLS)))
        shape = (int(np.ceil((y1 - y0) / cell)) + 1, int(np.ceil((x1 - x0) / cell)) + 1)
        free = np.full((len(burning), *shape), 255, np.uint8)
        for layer, lamp in zip(free, burning, strict=True):
            for obstacle in venue.obstacles:
                if obstacle.height_m >= lamp.position_m[2] and obstacle.shape.covers(_point(lamp.position_m)):
                    continue  # it hangs on this one
                _fill(layer, _shadow(obstacle, lamp.position_m), (x0, y0), cell)
            layer[:] = cv2.GaussianBlur(layer, (0, 0), max(_PENUMBRA_M / cell, 0.6))
        return cls(
            position_m=np.array([lamp.position_m for lamp in burning], float).reshape(-1, 3),
            candela=np.array([lamp.lumens / (2 * np.pi) for lamp in burning], float),
            bgr=np.array([LAMP_BGR[lamp.kind] for lamp in burning], float).reshape(-1, 3),
            free=free,
            origin_m=(x0, y0),
            cell_m=cell,
        )

    def lux_at(self, points_m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Light that a small surface turned towards each lamp gets at points (n, 3).

        Returns:
            Lux, shape (n, k); and unit vectors towards the lamps, shape (n, k, 3).
        """
        points = np.asarray(points_m, float).reshape(-1, 3)
        to_lamp = self.position_m[None] - points[:, None]
        square = np.maximum((to_lamp**2).sum(axis=2), 0.05)
        to_lamp /= np.sqrt(square)[..., None]
        lux = self.candela * np.clip(to_lamp[..., 2] / _CUT_OFF, 0, 1) / square
        if lux.size:
            columns = np.round((points[:, 0] - self.origin_m[0]) / self.cell_m)
            rows = np.round((points[:, 1] - self.origin_m[1]) / self.cell_m)
            j = np.clip(columns, 0, self.free.shape[2] - 1).astype(np.int64)
            i = np.clip(rows, 0, self.free.shape[1] - 1).astype(np.int64)
            lux *= self.free[:, i, j].T / 255.0
        return lux, to_lamp

    def mean_lux(self, venue: Venue) -> float:
        """Return the mean light on the venue's floor."""
        if not len(self.candela):
            return 0.0
        x0, y0, x1, y1 = venue.floor.bounds
        grid = np.stack(np.meshgrid(np.linspace(x0, x1, 24), np.linspace(y0, y1, 24)), axis=-1).reshape(-1, 2)
        lux, to_lamp = self.lux_at(np.c_[grid, np.zeros(len(grid))])
        return float((lux * to_lamp[..., 2]).sum(axis=1).mean())


def _point(position: tuple[float, float, float]) -> BaseGeometry:
    x, y, _ = position
    return Polygon([(x - 0.05, y - 0.05), (x + 0.05, y - 0.05), (x, y + 0.05)])


def _shadow(obstacle: Obstacle, lamp: tuple[float, float, float]) -> BaseGeometry:
    """The floor that a prism hides from a lamp: the sweep from its outline to that of its top, thrown down."""
    x, y, z = lamp
    far = min(z / (z - obstacle.height_m), 40.0) if z > obstacle.height_m else 40.0
    foot = [(float(px), float(py)) for px, py in obstacle.shape.exterior.coords]
    top = [(x + (px - x) * far, y + (py - y) * far) for px, py in foot]
    swept = []
    for (a, b), (c, d) in zip(pairwise(foot), pairwise(top), strict=True):
        quad = Polygon([a, b, d, c])
        if quad.area > 1e-9:
            swept.append(quad.buffer(0))
    return union_all(swept).difference(obstacle.shape)  # its own top and whoever sits on it are lit


def _fill(layer: NDArray[np.uint8], shape: BaseGeometry, origin: tuple[float, float], cell: float) -> None:
    for part in getattr(shape, "geoms", [shape]):
        if isinstance(part, Polygon) and not part.is_empty:
            corners = (np.asarray(part.exterior.coords) - origin) / cell * 16
            cv2.fillPoly(layer, [np.round(np.clip(corners, -1e6, 1e6)).astype(np.int32)], 0, cv2.LINE_8, 4)
