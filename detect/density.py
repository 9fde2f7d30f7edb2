"""Persons per square metre in zones, with the density up to which counted boxes can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from detect.crowd_meter import HEADS_VALID_FROM_PER_M2, HEADS_VALID_TO_PER_M2, CountBy, heads_count
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.venue import Zone

__all__ = ["VALID_TO_PER_M2", "ZoneDensity", "zone_densities"]

VALID_TO_PER_M2: Final = 1.2
"""Above this, counted boxes miss people, because they hide one another.

At 1.2 persons per square metre the mean free spacing is 0.9 m. A camera that looks down at 15 degrees, as usual on a
mast, sees a person of 1.7 m cover 1.7 / tan(15 deg) = 6 m of ground behind it, over a width of 0.5 m: 3.2 m2, in which
stand about 4 others, each half hidden or more. Box detectors suppress boxes that overlap that much. The limit is a
geometric estimate, not a measurement of one detector; a rehearsal measures it (``count.valid_to_per_m2``).
"""


@dataclass(frozen=True, slots=True)
class ZoneDensity:
    """How full one zone is at one instant.

    Attributes:
        zone: Its id.
        persons: Confirmed tracks of persons that stand in the part that the camera sees; by heads: the density times
            that part.
        seen_m2: Area of that part; 0 where the camera sees nothing of the zone.
        per_m2: Persons per square metre of that part; nan where nothing of it is seen.
        valid: Whether the count can be trusted; above the limit the true density is higher than stated.
        by: What was counted: boxes or heads.
        valid_from_per_m2: Least density at which that is right.
        valid_to_per_m2: Highest density at which that is right.
    """

    zone: str
    persons: int
    seen_m2: float
    per_m2: float
    valid: bool
    by: CountBy = CountBy.BOXES
    valid_from_per_m2: float = 0.0
    valid_to_per_m2: float = VALID_TO_PER_M2


def zone_densities(
    tracks: Tracks,
    zones: Sequence[Zone],
    camera: Camera,
    *,
    valid_to_per_m2: float = VALID_TO_PER_M2,
    heads: Mapping[str, float] | None = None,
) -> list[ZoneDensity]:
    """Count the persons in each zone, by boxes or, where a zone is so full that boxes fail, by heads.

    Args:
        tracks: Of one picture, with ground positions.
        zones: In the order of the result.
        camera: Its footprint cuts the zones: what nobody sees is neither empty nor full.
        valid_to_per_m2: Limit of validity of boxes.
        heads: People per square metre by heads and zone, from ``detect.crowd_meter.CrowdMeter``; None: boxes alone.
    """
    people = tracks.of(ObjectClass.PERSON).position_m
    people = people[np.isfinite(people).all(axis=1)]
    footprint = camera.footprint()
    result = []
    for zone in zones:
        seen = zone.shape.intersection(footprint)
        inside = int(np.count_nonzero(shapely.intersects_xy(zone.shape, people[:, 0], people[:, 1])))
        area = float(seen.area)
        density = inside / area if area > 0 else float("nan")
        by, least, limit = CountBy.BOXES, 0.0, valid_to_per_m2
        known = (heads or {}).get(zone.id)
        if known is not None and area > 0 and heads_count(CountBy.BOTH, known, now=False):
            by, least, limit = CountBy.HEADS, HEADS_VALID_FROM_PER_M2, HEADS_VALID_TO_PER_M2
            density, inside = known, round(known * area)
        result.append(ZoneDensity(zone.id, inside, area, density, bool(least <= density <= limit), by, least, limit))
    return result
