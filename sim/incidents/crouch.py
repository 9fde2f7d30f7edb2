"""Somebody stops, crouches for a while, and walks on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.incident import Crouch, IncidentKind
from scenarios.population import Posture
from scenarios.truth import IncidentTruth
from sim.incidents.actor import Actor

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["CrouchIncident"]

_REACH_M: Final = 0.4


class CrouchIncident:
    """A person who ties a shoe."""

    def __init__(self, spec: Crouch, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the way to the place.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._exit = crowd.exit_by(spec.leave_by, spec.place_m)
        self._who = Actor(crowd, rng)
        goal = crowd.routes.add_point(spec.place_m)
        self._who.plan(goal, spec.at_s, f"incidents.{spec.id}.place_m", avoid=(self._exit,))
        self._down_s: float | None = None
        self._up_s: float | None = None

    def step(self) -> None:
        """Come, go down, come up, walk on."""
        now, who, spec = self._crowd.time_s, self._who, self._spec
        who.come()
        if not who.inside or self._up_s is not None:
            return
        if self._down_s is None:
            if who.approach(spec.place_m, spec.at_s, _REACH_M):
                self._down_s = now
                who.hold(Posture.CROUCHING)
        elif now >= self._down_s + spec.lasts_s:
            self._up_s = now
            who.walk(self._exit)

    def truth(self) -> IncidentTruth | None:
        """Return when the person went down and came up."""
        if self._down_s is None or self._who.person is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.CROUCH,
            start_s=self._down_s,
            end_s=self._up_s,
            place_m=self._spec.place_m,
            person_ids=(self._who.person,),
            object_ids=(),
            facts={"down_s": self._down_s, "up_s": self._up_s, "due_s": None},
        )
