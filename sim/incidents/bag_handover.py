"""Two meet, one hands a bag to the other, both walk on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import BagHandover, IncidentKind
from scenarios.population import Role
from scenarios.truth import IncidentTruth
from sim.incidents.actor import Actor

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["HandoverIncident"]

_REACH_M: Final = 0.35
_ARMS_M: Final = 0.85
"""From one to the other when the bag changes hands."""
_GREET_S: Final = 1.4
_PART_S: Final = 1.2


class HandoverIncident:
    """The giver waits at the place; the taker comes within reach; the bag changes hands and owner."""

    def __init__(self, spec: BagHandover, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan both ways, from different gates where there are two.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._place = np.array(spec.place_m)
        self._goal = crowd.routes.add_point(spec.place_m)
        where = f"incidents.{spec.id}.place_m"
        mine, theirs = rng.spawn(2)
        self._exits = tuple(crowd.exit_by(g, spec.place_m) for g in (spec.giver_leaves_by, spec.taker_leaves_by))
        self._giver, self._taker = Actor(crowd, mine, role=Role.OWNER), Actor(crowd, theirs)
        came_by = self._giver.plan(self._goal, spec.at_s - 0.5, where, avoid=(self._exits[0],))
        avoid = (self._exits[1],) if came_by is None else (self._exits[1], came_by)
        self._taker.plan(self._goal, spec.at_s + 0.5, where, avoid=avoid)
        self._bag: int | None = None
        self._met_s: float | None = None
        self._handed_s: float | None = None
        self._parted_s: float | None = None
        self._distance_m: float | None = None

    def step(self) -> None:
        """Come, meet, hand over, part."""
        now, giver, taker = self._crowd.time_s, self._giver, self._taker
        self._bag = giver.come(self._spec.bag) or self._bag
        taker.come()
        if not giver.inside or not taker.inside or self._parted_s is not None:
            return
        apart = giver.away_m(taker.place_m)
        if self._met_s is None:
            there = giver.approach(self._place, self._spec.at_s - 0.5, _REACH_M)
            if there:
                giver.turn_to(taker.place_m)
            near = taker.approach(giver.place_m, self._spec.at_s + 0.5, _ARMS_M) if apart < 3.0 else False
            if apart >= 3.0:
                taker.approach(self._place, self._spec.at_s + 0.5, _REACH_M)
            if there and near:
                self._met_s = now
            return
        giver.stand()
        taker.stand()
        giver.turn_to(taker.place_m)
        taker.turn_to(giver.place_m)
        if self._handed_s is None and now >= self._met_s + _GREET_S:
            assert self._bag is not None
            assert taker.person is not None
            self._handed_s, self._distance_m = now, apart
            self._crowd.pick_up(self._bag, taker.person)
            self._crowd.objects.give(self._bag, taker.person)
        elif self._handed_s is not None and now >= self._handed_s + _PART_S:
            self._parted_s = now
            giver.walk(self._exits[0])
            taker.walk(self._exits[1])

    def truth(self) -> IncidentTruth | None:
        """Return who gave what to whom, and when."""
        if self._met_s is None or self._giver.person is None or self._taker.person is None or self._bag is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.BAG_HANDOVER,
            start_s=self._met_s,
            end_s=self._parted_s,
            place_m=self._spec.place_m,
            person_ids=(self._giver.person, self._taker.person),
            object_ids=(self._bag,),
            facts={"handed_s": self._handed_s, "distance_m": self._distance_m, "due_s": None},
        )
