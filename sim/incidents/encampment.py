"""People who live outside, with a tent, sleeping bags and what they own; they are there from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from scenarios.errors import ScenarioError
from scenarios.incident import Encampment, IncidentKind
from scenarios.population import Posture, ThingKind
from scenarios.truth import IncidentTruth

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["EncampmentIncident"]

_TENT_M: Final = 1.25
"""From the middle of the tent to its sides."""
_SLEEPER: Final = (0.0, 2.05)
"""Where the sleeper lies, ahead of the tent and to its left, in metres; the others sit before its door."""
_SITTERS: Final = ((2.2, -0.5), (2.5, 0.7), (1.5, -2.0))
_KEPT_M: Final = 2.6
"""Belongings lie no farther from the one whose they are."""
_BAGS: Final = (
    (-0.3, -1.65), (0.5, -1.6), (1.2, -1.5), (0.9, 2.9), (1.6, 1.6), (1.9, -1.3), (-1.0, -1.6), (-1.2, 1.6),
    (-1.7, 0.3), (-0.5, 2.9), (0.2, 3.0), (-0.9, 2.7), (1.3, 2.4), (-1.5, 2.2), (1.8, 2.2),
)  # fmt: skip


class EncampmentIncident:
    """Everything is placed once; nobody there moves."""

    def __init__(self, spec: Encampment, crowd: Crowd, rng: np.random.Generator) -> None:
        """Put people and things in their places.

        Raises:
            ScenarioError: The camp does not fit where it should stand.
        """
        self._spec, self._crowd = spec, crowd
        facing = np.pi / 2 - np.radians(spec.turned_deg)
        ahead = np.array([np.cos(facing), np.sin(facing)])
        aside = np.array([-ahead[1], ahead[0]])
        middle = np.array(spec.place_m)
        floor = crowd.scenario.venue.walkable
        room = shapely.Point(spec.place_m).buffer(_TENT_M)
        if spec.tent and not floor.covers(room):
            raise ScenarioError(
                f"incidents.{spec.id}.place_m: a tent at {spec.place_m} needs {_TENT_M:g} m of free floor around it"
            )
        spots = [middle + x * ahead + y * aside for x, y in (_SLEEPER, *_SITTERS[: spec.people - 1])]
        if not shapely.contains_xy(floor, np.array(spots)).all():
            raise ScenarioError(f"incidents.{spec.id}.place_m: {spec.people} people do not fit around {spec.place_m}")
        self._people = [crowd.settle(spots[0], Posture.LYING, float(facing))]
        for spot in spots[1:]:
            turn = float(facing + rng.uniform(-0.7, 0.7))
            self._people.append(crowd.settle(spot, Posture.SITTING, turn))
        owner = self._people[0]
        self._objects = [crowd.lay_bag(owner, ThingKind.SLEEPING_BAG, spots[0], float(facing))]
        if spec.tent:
            self._objects.append(crowd.lay_bag(owner, ThingKind.TENT, middle, float(facing)))
        places = [middle + x * ahead + y * aside for x, y in _BAGS]
        nearest = [int(np.argmin([np.hypot(*(spot - who)) for who in spots])) for spot in places]
        free = [
            (spot, self._people[who])
            for spot, who in zip(places, nearest, strict=True)
            if shapely.contains_xy(floor, *spot) and np.hypot(*(spot - spots[who])) <= _KEPT_M
        ]
        bags = [kind for kind, count in sorted(spec.belongings.items()) for _ in range(count)]
        if len(bags) > len(free):
            raise ScenarioError(f"incidents.{spec.id}.belongings: {len(bags)} bags do not fit around {spec.place_m}")
        for kind, (spot, keeper) in zip(bags, free, strict=False):
            jitter = rng.uniform(-0.1, 0.1, 2)
            self._objects.append(crowd.lay_bag(keeper, kind, spot + jitter, float(rng.uniform(-np.pi, np.pi))))
        around = [middle + 0.7 * (x * ahead + y * aside) for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1), (0, 0))]
        crowd.routes.block(np.array([*around, *spots]))

    def step(self) -> None:
        """Nothing happens."""

    def truth(self) -> IncidentTruth | None:
        """Return who lives there and with what; nothing is due."""
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.ENCAMPMENT,
            start_s=0.0,
            end_s=None,
            place_m=self._spec.place_m,
            person_ids=tuple(self._people),
            object_ids=tuple(self._objects),
            facts={"due_s": None},
        )
