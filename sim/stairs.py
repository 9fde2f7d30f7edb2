"""Stairs: who goes up or down them is slower; speeds are those over the plan, not along the slope.

Reference:
    Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zuerich, IVT 90. DOI 10.3929/ethz-a-000687810: means of
    0.610 m/s up and 0.694 m/s down, where people walk at 1.34 m/s on the level.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.venue import Venue

__all__ = ["DOWN_FACTOR", "UP_FACTOR", "Stairs"]

Floats = NDArray[np.float64]

UP_FACTOR: Final = 0.610 / 1.34
DOWN_FACTOR: Final = 0.694 / 1.34


class Stairs:
    """The stairs of a venue: its zones that rise."""

    def __init__(self, venue: Venue) -> None:
        """Take the zones that are stairs."""
        self._flights = [
            (zone.shape, np.array(zone.stairs_up) / np.hypot(*zone.stairs_up))
            for zone in venue.zones
            if zone.stairs_up is not None
        ]

    def pace(self, position_m: Floats, direction: Floats) -> Floats:
        """Return the speed on stairs against that on the level, shape (n,); across them it is that of going down.

        Args:
            position_m: Shape (n, 2).
            direction: Unit vectors of where each goes, shape (n, 2).
        """
        factor = np.ones(len(position_m))
        for shape, up in self._flights:
            on = np.flatnonzero(shapely.contains_xy(shape, position_m))
            factor[on] = np.where(direction[on] @ up > 0, UP_FACTOR, DOWN_FACTOR)
        return factor
