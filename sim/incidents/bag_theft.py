"""An owner puts a bag down and looks away; somebody else takes it along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import BagTheft, IncidentKind
from scenarios.population import Posture, Role
from scenarios.truth import IncidentTruth
from sim.incidents.actor import CROUCH_S, Actor
from sim.incidents.spot import Spot

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["TheftIncident"]

_REACH_M: Final = 0.55
_GRAB_M: Final = 0.75
_GRAB_S: Final = 0.7
_HURRIES: Final = 1.45
"""The thief goes so much faster than at ease."""
_RUNS_MPS: Final = 2.9
_GIVES_UP_M: Final = 14.0


class TheftIncident:
    """The owner stays with the back to the bag; the thief comes by, bends down, and hurries off with it."""

    def __init__(self, spec: BagTheft, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan both ways.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._spot = Spot.of(spec, crowd)
        mine, theirs = rng.spawn(2)
        self._owner, self._thief = Actor(crowd, mine, role=Role.OWNER), Actor(crowd, theirs)
        came_by = self._owner.plan(self._spot.goal, spec.at_s, self._spot.where, avoid=(self._spot.exit,))
        avoid = (self._spot.exit,) if came_by is None else (self._spot.exit, came_by)
        self._thief.plan(self._spot.goal, self._due_s, self._spot.where, avoid=avoid)
        self._bag: int | None = None
        self._bends_s: float | None = None
        self._put_down_s: float | None = None
        self._grabs_s: float | None = None
        self._taken_s: float | None = None
        self._fled = False
        self._noticed_s: float | None = None

    @property
    def _due_s(self) -> float:
        """When the thief should have the bag."""
        return self._spec.at_s + self._spec.taken_after_s

    def step(self) -> None:
        """Let the owner and then the thief do the next thing."""
        self._bag = self._owner.come(self._spec.bag) or self._bag
        self._thief.come()
        if self._owner.inside:
            self._keep()
        if self._thief.inside and self._put_down_s is not None:
            self._steal()
        elif self._thief.inside:
            self._thief.approach(self._spot.place_m, self._due_s, 3.0)

    def truth(self) -> IncidentTruth | None:
        """Return when it was put down, taken, and missed."""
        if self._put_down_s is None or self._owner.person is None or self._bag is None:
            return None
        people = (self._owner.person,) if self._thief.person is None else (self._owner.person, self._thief.person)
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.BAG_THEFT,
            start_s=self._put_down_s,
            end_s=self._taken_s,
            place_m=self._spec.place_m,
            person_ids=people,
            object_ids=(self._bag,),
            facts={
                "put_down_s": self._put_down_s,
                "taken_s": self._taken_s,
                "noticed_s": self._noticed_s,
                "due_s": None,
            },
        )

    def _keep(self) -> None:
        """Bring the bag, stay beside it with the back to it, notice, run after the thief."""
        now, spec, owner = self._crowd.time_s, self._spec, self._owner
        if self._put_down_s is None:
            if self._bends_s is None:
                if owner.approach(self._spot.place_m, spec.at_s, _REACH_M) and now >= spec.at_s - CROUCH_S:
                    self._bends_s = now
                    owner.hold(Posture.CROUCHING)
            elif now >= max(spec.at_s, self._bends_s + 0.5 * CROUCH_S):
                assert self._bag is not None
                self._put_down_s = now
                self._crowd.put_down(self._bag, self._spot.place_m)
            owner.turn_to(self._spot.place_m)
        elif self._noticed_s is None:
            if now >= self._put_down_s + CROUCH_S:
                owner.stand()
                owner.turn_to(self._spot.place_m, away=True)
            late = spec.noticed_after_s
            if self._taken_s is not None and late is not None and now >= self._taken_s + late:
                self._noticed_s = now
        elif now < self._noticed_s + 1.2:
            owner.turn_to(self._thief.place_m if self._thief.inside else self._spot.place_m)
        elif owner.away_m(self._spot.place_m) < _GIVES_UP_M:
            owner.walk(self._spot.exit, _RUNS_MPS)
        else:
            owner.walk(self._spot.exit)

    def _steal(self) -> None:
        """Come up to the bag, bend down, go off with it."""
        now, thief = self._crowd.time_s, self._thief
        if self._taken_s is not None:
            if not self._fled and now >= self._taken_s + 0.4:
                self._fled = True
                thief.walk(self._spot.exit, _HURRIES * thief.free_mps)
        elif self._grabs_s is not None:
            thief.turn_to(self._spot.place_m)
            if now >= self._grabs_s + _GRAB_S:
                assert self._bag is not None
                assert thief.person is not None
                self._taken_s = now
                self._crowd.pick_up(self._bag, thief.person)
        elif thief.approach(self._spot.place_m, self._due_s - _GRAB_S, _GRAB_M) and now >= self._due_s - 2.0:
            self._grabs_s = now
            thief.hold(Posture.CROUCHING)
