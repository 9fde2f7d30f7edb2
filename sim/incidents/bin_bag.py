"""Staff bring a full bin bag to a bin and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import BinBag, IncidentKind
from scenarios.population import BagKind, Posture, Role
from scenarios.truth import IncidentTruth
from sim.incidents.actor import CROUCH_S, Actor
from sim.incidents.spot import Spot

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["BinBagIncident"]

_REACH_M: Final = 0.6


class BinBagIncident:
    """A member of staff puts the bag down; from then on it is nobody's."""

    def __init__(self, spec: BinBag, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the way to the bin.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._spot = Spot.of(spec, crowd)
        self._staff = Actor(crowd, rng, role=Role.STAFF)
        self._staff.plan(self._spot.goal, spec.at_s, self._spot.where)
        self._bag: int | None = None
        self._bends_s: float | None = None
        self._put_down_s: float | None = None
        self._gone_s: float | None = None

    def step(self) -> None:
        """Come, put it down, leave."""
        now, staff, spec = self._crowd.time_s, self._staff, self._spec
        self._bag = staff.come(BagKind.BIN_BAG) or self._bag
        if not staff.inside or self._gone_s is not None:
            return
        if self._bends_s is None:
            if staff.approach(self._spot.place_m, spec.at_s, _REACH_M) and now >= spec.at_s - CROUCH_S:
                self._bends_s = now
                staff.hold(Posture.CROUCHING)
        elif self._put_down_s is None:
            staff.turn_to(self._spot.place_m)
            if now >= max(spec.at_s, self._bends_s + 0.5 * CROUCH_S):
                assert self._bag is not None
                self._put_down_s = now
                self._crowd.put_down(self._bag, self._spot.place_m)
                self._crowd.objects.give(self._bag, -1)
        elif now >= self._put_down_s + CROUCH_S:
            self._gone_s = now
            staff.walk(self._spot.exit)

    def truth(self) -> IncidentTruth | None:
        """Return who put it down, and when; nothing is due."""
        if self._put_down_s is None or self._staff.person is None or self._bag is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.BIN_BAG,
            start_s=self._put_down_s,
            end_s=None,
            place_m=self._spec.place_m,
            person_ids=(self._staff.person,),
            object_ids=(self._bag,),
            facts={"put_down_s": self._put_down_s, "left_s": self._gone_s, "due_s": None},
        )
