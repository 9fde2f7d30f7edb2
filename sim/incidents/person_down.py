"""Somebody walks, falls, and stays down; or gets up after a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.incident import DOWN_HOLD_S, IncidentKind, Part, PersonDown
from scenarios.population import FREE_SPEED_FACTOR, Posture
from scenarios.truth import IncidentTruth
from sim.incidents.actor import Actor
from sim.incidents.onlookers import Onlookers
from sim.incidents.spot import Spot
from sim.state import FALL_TURN_RAD, FALLS

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["FALLS_FOR_S", "PersonDownIncident"]

FALLS_FOR_S: Final = 0.9
"""From the loss of balance to lying still."""
_REACH_M: Final = 0.35
_EARLY_S: Final = 1.5
"""Nobody stands and waits for the fall: who is there so early falls so early."""
_RISES_FOR_S: Final = 1.6
"""Crouching between lying and standing."""
_SHAKEN: Final = 0.75
"""Speed after a fall against before."""


class PersonDownIncident:
    """The person walks as others do up to the place, where the fall begins without a stop."""

    def __init__(self, spec: PersonDown, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the way to the place.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        mine, self._theirs = rng.spawn(2)
        speed = crowd.draw_speed(mine) * FREE_SPEED_FACTOR[spec.body]
        self._faller = Actor(crowd, mine, body=spec.body, free_mps=speed)
        self._spot: Spot | None = None
        if spec.who is Part.NEWCOMER:
            self._meet(Spot.of(spec, crowd))
        self._blocks: NDArray[np.float64] | None = None
        self._fell_s: float | None = None
        self._down_s: float | None = None
        self._rises_s: float | None = None
        self._up_s: float | None = None

    def step(self) -> None:
        """Come, fall, lie, get up, walk on."""
        now, who = self._crowd.time_s, self._faller
        spot = self._spot or self._trip_the_nearest(now)
        if spot is None:
            return
        if self._spec.who is Part.NEWCOMER:
            who.come()
        if not who.inside or self._up_s is not None:
            return
        if self._fell_s is None:
            if who.approach(spot.place_m, self._spec.at_s, _REACH_M) and now >= self._spec.at_s - _EARLY_S:
                self._fall(now)
        elif self._down_s is None:
            if now >= self._fell_s + FALLS_FOR_S - 1e-9:
                self._down_s = now
                who.hold(Posture.FALLEN)
                self._blocks = self._body_m()
                self._crowd.routes.block(self._blocks)
        elif self._rises_s is None:
            assert self._blocks is not None
            self._onlookers.step(self._blocks[1])
            after = self._spec.gets_up_after_s
            if after is not None and now >= self._down_s + after:
                self._rises_s = now
                who.hold(Posture.CROUCHING)
        elif now >= self._rises_s + _RISES_FOR_S:
            assert self._blocks is not None
            self._up_s = now
            self._crowd.routes.unblock(self._blocks)
            self._onlookers.disperse()
            who.walk(spot.exit, _SHAKEN * who.free_mps)

    def truth(self) -> IncidentTruth | None:
        """Return who fell, when, and when it is due."""
        if self._fell_s is None or self._faller.person is None or self._spot is None:
            return None
        x, y = self._spot.place_m
        down, up = self._down_s, self._rises_s
        until = self._crowd.time_s if up is None else up
        due = None if down is None or until < down + DOWN_HOLD_S - 1e-9 else down + DOWN_HOLD_S
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.PERSON_DOWN,
            start_s=self._fell_s,
            end_s=self._up_s,
            place_m=self._spec.place_m if self._spec.who is Part.NEWCOMER else (float(x), float(y)),
            person_ids=(self._faller.person, *self._onlookers.people),
            object_ids=(),
            facts={
                "fell_s": self._fell_s,
                "down_s": down,
                "rises_s": up,
                "up_s": self._up_s,
                "helped_s": self._onlookers.helped_s,
                "due_s": due,
            },
        )

    def _meet(self, spot: Spot) -> None:
        """Know the place, and who may stop there to look."""
        crowd, spec = self._crowd, self._spec
        self._spot = spot
        self._onlookers = Onlookers(crowd, self._theirs, spec.bystanders, (1.4, 3.2), helper_goal=spot.goal)
        if spec.who is Part.NEWCOMER:
            self._faller.plan(spot.goal, spec.at_s, spot.where, avoid=(spot.exit,))

    def _trip_the_nearest(self, now: float) -> Spot | None:
        """Once it is time, let whoever walks nearest to the place fall; None until somebody does."""
        if now < self._spec.at_s or not self._faller.take_over(self._spec.place_m):
            return None
        row = self._faller.row
        assert row is not None
        spot = Spot.on_the_way(self._spec, self._crowd, row, self._faller.place_m)
        self._meet(spot)
        self._fall(now)
        return spot

    def _fall(self, now: float) -> None:
        self._fell_s = now
        row = self._faller.row
        assert row is not None
        self._crowd.people.fall[row] = FALLS.index(self._spec.fall)
        self._faller.hold(Posture.FALLING)

    def _body_m(self) -> NDArray[np.float64]:
        """Return where feet, trunk and head lie, shape (3, 2)."""
        row = self._faller.row
        assert row is not None
        people = self._crowd.people
        ahead = people.heading_rad[row] + FALL_TURN_RAD[FALLS.index(self._spec.fall)]
        shares = np.array([0.05, 0.5, 0.9])[:, None] * people.height_m[row]
        return np.asarray(people.position_m[row] + shares * np.array([np.cos(ahead), np.sin(ahead)]))
