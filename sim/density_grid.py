"""Density by counting in squares of the floor: maps, what walkers met, levels of service, and a film of the crowd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from scenarios.venue import Venue
from sim.service_level import LEVELS, QUEUES_BELOW_MPS, level_of_service

__all__ = ["CELL_M", "CrowdFilm", "DensityGrid"]

Floats = NDArray[np.float64]

CELL_M: Final = 1.0
_WINDOW: Final = 3
"""Cells along each side of the square in which a local density is counted: 9 square metres."""
_MOST_PICTURES: Final = 180


@dataclass(frozen=True, slots=True, eq=False)
class CrowdFilm:
    """The crowd from above at regular instants.

    Attributes:
        time_s: Shape (n,).
        density_per_m2: Local density, (n, rows, columns).
        position_m: Everybody's place at each instant, (people, 2) each.
    """

    time_s: Floats
    density_per_m2: NDArray[np.float32]
    position_m: tuple[NDArray[np.float32], ...]


class DensityGrid:
    """Counts people in cells and in the windows around cells.

    Attributes:
        x_m: Centres of the columns.
        y_m: Centres of the rows, south to north.
        area_m2: Floor of each cell, (rows, columns).
        peak: Largest local density of each cell so far.
        met: Local density at every walker and instant.
        above_s: Seconds for which the local density was above ``dense_per_m2`` somewhere.
        above_person_s: The same, times the walkers who stood in it.
        level_s: Seconds of each cell at each of Fruin's levels for walkways, (6, rows, columns).
        walking: Walkers' samples at each level by the table of walkways, of those who walked.
        queuing: By the table of queues, of those who were slower than ``QUEUES_BELOW_MPS``.
    """

    def __init__(self, venue: Venue, *, every_s: float, instants: int, dense_per_m2: float) -> None:
        """Prepare.

        Args:
            venue: Its outline decides the grid.
            every_s: Time between instants.
            instants: How many there will be.
            dense_per_m2: Local density above which time is counted.
        """
        x0, y0, x1, y1 = venue.floor.bounds
        columns, rows = int(np.ceil((x1 - x0) / CELL_M)), int(np.ceil((y1 - y0) / CELL_M))
        self._origin, self._every_s, self._dense = np.array([x0, y0]), every_s, dense_per_m2
        self.x_m = x0 + (np.arange(columns) + 0.5) * CELL_M
        self.y_m = y0 + (np.arange(rows) + 0.5) * CELL_M
        corners = [
            shapely.box(x - CELL_M / 2, y - CELL_M / 2, x + CELL_M / 2, y + CELL_M / 2)
            for y in self.y_m
            for x in self.x_m
        ]
        self.area_m2 = shapely.area(shapely.intersection(corners, venue.walkable)).reshape(rows, columns)
        self._window_m2 = _around(self.area_m2)
        self._counts = np.zeros((rows, columns))
        self._samples = 0
        self._film_every = max(1, int(np.ceil(instants / _MOST_PICTURES)))
        self._film: list[tuple[float, NDArray[np.float32], NDArray[np.float32]]] = []
        self.peak = np.zeros((rows, columns))
        self.met: list[float] = []
        self.above_s = 0.0
        self.above_person_s = 0.0
        self.level_s = np.zeros((len(LEVELS), rows, columns))
        self.walking, self.queuing = np.zeros(len(LEVELS)), np.zeros(len(LEVELS))

    def add(self, time_s: float, position_m: Floats, speed_mps: Floats, walkers: NDArray[np.bool_]) -> None:
        """Take in one instant.

        Args:
            time_s: When.
            position_m: Everybody's place, (n, 2).
            speed_mps: Everybody's speed, (n,).
            walkers: Who is no dweller and has not fallen, (n,).
        """
        rows, columns = self.area_m2.shape
        cell = ((position_m - self._origin) / CELL_M).astype(np.int64)
        column, row = np.clip(cell[:, 0], 0, columns - 1), np.clip(cell[:, 1], 0, rows - 1)
        counts = np.zeros((rows, columns))
        np.add.at(counts, (row, column), 1.0)
        self._counts += counts
        local = _around(counts) / np.maximum(self._window_m2, CELL_M**2)
        self.peak = np.maximum(self.peak, local)
        met = local[row[walkers], column[walkers]]
        self.met += met.tolist()
        self.above_s += self._every_s * bool((met > self._dense).any())
        self.above_person_s += self._every_s * int((met > self._dense).sum())
        self.level_s[level_of_service(local), np.arange(rows)[:, None], np.arange(columns)] += self._every_s
        queues = speed_mps[walkers] < QUEUES_BELOW_MPS
        self.walking += np.bincount(level_of_service(met[~queues]), minlength=len(LEVELS))
        self.queuing += np.bincount(level_of_service(met[queues], queuing=True), minlength=len(LEVELS))
        if self._samples % self._film_every == 0:
            self._film.append((time_s, local.astype(np.float32), position_m.astype(np.float32)))
        self._samples += 1

    def mean(self) -> Floats:
        """Mean density of each cell, persons per square metre of its floor."""
        return np.asarray(self._counts / max(self._samples, 1) / np.maximum(self.area_m2, 0.2 * CELL_M**2))

    def level_lasting(self, at_least_s: float) -> NDArray[np.int64]:
        """Return the worst level that each cell had for so long altogether, as an index; -1 where there is no floor."""
        worse = np.cumsum(self.level_s[::-1], axis=0)[::-1]
        level = np.maximum((worse >= at_least_s).sum(axis=0) - 1, 0)
        return np.where(self.area_m2 > 0, level, -1)

    def film(self) -> CrowdFilm:
        """Return the film so far."""
        times, maps, places = zip(*self._film, strict=True)
        return CrowdFilm(np.array(times), np.stack(maps), places)


def _around(values: Floats) -> Floats:
    return np.asarray(uniform_filter(values, _WINDOW, mode="constant") * _WINDOW**2)
