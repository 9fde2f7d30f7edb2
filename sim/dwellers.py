"""Who stays in the venue, and where: dwellers with what lies beside them, stewards at their posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.population import Body, DwellerGroup, Posture, Role

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["post_stewards", "settle_dwellers"]

_ROOM_M: Final = 0.7
_ROOM_LYING_M: Final = 1.9
_ROOM_STEWARD_M: Final = 0.45
_FROM_OBSTACLES_M: Final = 0.3
_PLACE_TRIES: Final = 400
_SPOT_TRIES: Final = 40
_BESIDE_M: Final = (0.45, 0.8)


def settle_dwellers(crowd: Crowd, rng: np.random.Generator) -> None:
    """Put every group of dwellers with its belongings into its area.

    Raises:
        ScenarioError: There is no room for all of a group in its area.
    """
    for group in crowd.scenario.population.dwellers:
        for _ in range(group.count):
            place = _place_in(crowd, group, rng)
            person = crowd.settle(place, group.posture, float(rng.uniform(-np.pi, np.pi)))
            for kind, count in sorted(group.belongings.items()):
                for _ in range(count):
                    spot = _spot_beside(crowd, place, rng)
                    crowd.lay_bag(person, kind, spot, float(rng.uniform(-np.pi, np.pi)))


def post_stewards(crowd: Crowd) -> None:
    """Put every steward at the post, looking the way that the scenario says.

    Raises:
        ScenarioError: Somebody stands there already.
    """
    for steward in crowd.scenario.population.stewards:
        place, people = np.asarray(steward.post_m, float), crowd.people
        if len(people) and np.hypot(*(people.position_m - place).T).min() < _ROOM_STEWARD_M:
            raise ScenarioError(
                f"population.stewards.{steward.id}.post_m: at {steward.post_m} somebody stands already; posts "
                f"and dwellers should be at least {_ROOM_STEWARD_M:g} m apart"
            )
        east, north = np.asarray(steward.looks_at_m, float) - place
        crowd.settle(place, Posture.STANDING, float(np.arctan2(north, east)), Role.STAFF, bodies=(Body.ADULT,))


def _place_in(crowd: Crowd, group: DwellerGroup, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a place in the group's area, clear of obstacles and of everybody who is there; who sits may use a bench."""
    venue, people = crowd.scenario.venue, crowd.people
    room_m = _ROOM_LYING_M if group.posture is Posture.LYING else _ROOM_M
    area = shapely.Polygon(group.area)
    solid = [o.shape for o in venue.obstacles if group.posture is not Posture.SITTING or o.kind != "bench"]
    free = area.intersection(venue.floor).difference(shapely.union_all(solid).buffer(_FROM_OBSTACLES_M))
    x0, y0, x1, y1 = free.bounds if not free.is_empty else area.bounds
    for _ in range(_PLACE_TRIES):
        place = rng.uniform((x0, y0), (x1, y1))
        alone = not len(people) or np.hypot(*(people.position_m - place).T).min() >= room_m
        if alone and shapely.contains_xy(free, *place):
            return np.asarray(place)
    raise ScenarioError(f"population.dwellers.{group.id}: there is no room for {group.count} people in its area")


def _spot_beside(crowd: Crowd, place: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a spot on the floor within reach of a place; the place itself where there is none."""
    floor = crowd.scenario.venue.walkable
    for _ in range(_SPOT_TRIES):
        angle = float(rng.uniform(-np.pi, np.pi))
        spot = place + float(rng.uniform(*_BESIDE_M)) * np.array([np.cos(angle), np.sin(angle)])
        if shapely.contains_xy(floor, *spot):
            return np.asarray(spot)
    return place
