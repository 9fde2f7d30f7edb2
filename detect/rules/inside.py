"""Inside a zone or not, with the doubt that a place has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from detect.rules.persons import Person
from scenarios.venue import Zone

__all__ = ["Standing", "standing"]

Floats = NDArray[np.float64]

_LEAST_SD_M: Final = 0.05
"""No place is known better."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a zone.

    Attributes:
        depth_m: Distance to the nearest edge; below 0 outside.
        sd_m: Standard deviation of that distance.
        probability: That the feet are inside, the edge taken to be straight.
    """

    depth_m: float
    sd_m: float
    probability: float


def standing(zone: Zone, persons: Sequence[Person]) -> list[Standing]:
    """Say of each person how far inside a zone they are, and how probably."""
    if not persons:
        return []
    places = np.array([p.place for p in persons])
    points = shapely.points(places)
    ways = shapely.get_coordinates(shapely.shortest_line(points, zone.shape.exterior)).reshape(-1, 2, 2)
    across = ways[:, 1] - ways[:, 0]
    far = np.linalg.norm(across, axis=1)
    depths = np.where(shapely.contains_xy(zone.shape, places), far, -far)
    found = []
    for person, depth, way, length in zip(persons, depths.tolist(), across, far.tolist(), strict=True):
        if length > 1e-6:
            sd = float(np.sqrt(max(way @ person.spread @ way, 0.0)) / length)
        else:  # on the edge itself
            sd = float(np.sqrt(np.trace(person.spread) / 2))
        sd = max(sd, _LEAST_SD_M)
        found.append(Standing(depth, sd, 0.5 * (1 + erf(depth / sd / sqrt(2)))))
    return found
