"""Somebody brings a bag, puts it down and walks away; or comes back for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import AbandonedBag, IncidentKind, Part
from scenarios.population import Posture, Role
from scenarios.truth import IncidentTruth
from sim.incidents.actor import CROUCH_S, Actor
from sim.incidents.spot import Spot

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["BagIncident"]

_REACH_M: Final = 0.5
"""The owner stands so far from the bag when putting it down."""
_LEFT_M: Final = 3.0
_GATE_WAIT_M: Final = 3.0
_GRAB_M: Final = 0.8
_AT_FEET_M: Final = 0.3
_AHEAD_M: Final = 0.45
"""Who puts a bag down on the spot puts it so far ahead."""


class BagIncident:
    """The owner walks to the place so as to be there in time, hurrying or waiting as needed."""

    def __init__(self, spec: AbandonedBag, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the owner's way; who needs longer than ``spec.at_s`` from a gate is on the way at the start.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._owner = Actor(crowd, rng, role=Role.OWNER)
        self._spot: Spot | None = None
        if spec.who is Part.NEWCOMER:
            self._spot = Spot.of(spec, crowd)
            self._owner.plan(self._spot.goal, spec.at_s, self._spot.where, avoid=(self._spot.exit,))
        self._bag: int | None = None
        self._bends_s: float | None = None
        self._put_down_s: float | None = None
        self._leaves_s: float | None = None
        self._owner_left_s: float | None = None
        self._grabs_s: float | None = None
        self._reclaimed_s: float | None = None
        self._gone = False

    def step(self) -> None:
        """Do the owner's next thing."""
        now, owner = self._crowd.time_s, self._owner
        spot = self._spot or self._ask_the_nearest(now)
        if spot is None:
            return
        if self._spec.who is Part.NEWCOMER:
            bag = owner.come(self._spec.bag)
            self._bag = bag or self._bag
        if owner.person is None:
            return
        if not owner.inside:
            if self._put_down_s is not None and self._owner_left_s is None:
                self._owner_left_s = now
            return
        if self._put_down_s is None:
            self._bring(now, spot)
        elif self._leaves_s is None:
            if now >= self._put_down_s + CROUCH_S:
                owner.stand()
            if now >= self._put_down_s + max(self._spec.stays_s, CROUCH_S):
                self._leaves_s = now
                owner.walk(spot.exit)
        elif not self._gone:
            if self._owner_left_s is None and owner.away_m(spot.place_m) > _LEFT_M:
                self._owner_left_s = now
            self._return(now, spot)

    def truth(self) -> IncidentTruth | None:
        """Return when the bag was put down, left and taken again."""
        if self._put_down_s is None or self._owner.person is None or self._bag is None or self._spot is None:
            return None
        x, y = self._spot.place_m
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.ABANDONED_BAG,
            start_s=self._put_down_s,
            end_s=self._reclaimed_s,
            place_m=self._spec.place_m if self._spec.who is Part.NEWCOMER else (float(x), float(y)),
            person_ids=(self._owner.person,),
            object_ids=(self._bag,),
            facts={
                "put_down_s": self._put_down_s,
                "owner_left_s": self._owner_left_s,
                "reclaimed_s": self._reclaimed_s,
            },
        )

    def _ask_the_nearest(self, now: float) -> Spot | None:
        """Once it is time, let whoever walks nearest to the place put a bag down there; None until somebody does."""
        spec, crowd, owner = self._spec, self._crowd, self._owner
        place = np.array(spec.place_m)
        if now < spec.at_s or not crowd.routes.is_inside(place[None])[0] or not owner.take_over(place):
            return None
        row = owner.row
        assert row is not None
        assert owner.person is not None
        carried = np.flatnonzero(crowd.objects.carried_by == owner.person)
        self._bag = int(crowd.objects.id[carried[0]]) if len(carried) else crowd.give_bag(owner.person, spec.bag)
        if owner.away_m(place) < _AT_FEET_M:
            heading = float(crowd.people.heading_rad[row])
            ahead = owner.place_m + _AHEAD_M * np.array([np.cos(heading), np.sin(heading)])
            place = ahead if crowd.routes.is_inside(ahead[None])[0] else place
        self._spot = Spot.on_the_way(spec, crowd, row, place)
        return self._spot

    def _bring(self, now: float, spot: Spot) -> None:
        """Come to the place, bend down in time, and let go of the bag."""
        spec, owner = self._spec, self._owner
        if self._bends_s is None:
            if spec.who is Part.NEAREST:
                owner.walk(spot.goal)
            if owner.approach(spot.place_m, spec.at_s, _REACH_M):
                owner.turn_to(spot.place_m)
                if now >= spec.at_s - CROUCH_S:
                    self._bends_s = now
                    owner.hold(Posture.CROUCHING)
            return
        owner.turn_to(spot.place_m)
        if now >= max(spec.at_s, self._bends_s + 0.5 * CROUCH_S):
            assert self._bag is not None
            self._put_down_s = now
            self._crowd.put_down(self._bag, spot.place_m)

    def _return(self, now: float, spot: Spot) -> None:
        spec, owner = self._spec, self._owner
        if spec.returns_after_s is None or self._leaves_s is None:
            return
        if self._reclaimed_s is not None:
            if now >= self._reclaimed_s + CROUCH_S:
                self._gone = True
                owner.walk(spot.exit)
        elif self._grabs_s is not None:
            owner.turn_to(spot.place_m)
            if now >= self._grabs_s + CROUCH_S:
                assert self._bag is not None
                assert owner.person is not None
                self._crowd.pick_up(self._bag, owner.person)
                self._reclaimed_s = now
        elif now < self._leaves_s + spec.returns_after_s:
            to_gate = float(self._crowd.routes.distance_m(spot.exit, owner.place_m[None])[0])
            owner.walk(spot.exit, 0.0 if to_gate < _GATE_WAIT_M else None)
        elif owner.away_m(spot.place_m) <= _GRAB_M:
            self._grabs_s = now
            owner.hold(Posture.CROUCHING)
        else:
            owner.walk(spot.goal)
