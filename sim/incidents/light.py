"""A light goes on, and off again: a sign, a beacon, the sun in a pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.incident import IncidentKind, Light
from scenarios.truth import IncidentTruth
from sim.state import LightState

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["LightIncident"]


class LightIncident:
    """Nobody reacts to it."""

    def __init__(self, spec: Light, crowd: Crowd, _: np.random.Generator) -> None:
        """Reserve its id; nothing is left to chance."""
        self._spec, self._crowd = spec, crowd
        self._id = crowd.objects.reserve()
        self._state: LightState | None = None
        self._off_s: float | None = None

    def step(self) -> None:
        """Switch on and off."""
        now, spec = self._crowd.time_s, self._spec
        if self._state is None and now >= spec.at_s - 1e-9:
            self._state = LightState(self._id, spec, now)
            self._crowd.lights.append(self._state)
        elif self._state is not None and self._off_s is None and self._is_over(now):
            self._off_s = now
            self._crowd.lights.remove(self._state)

    def truth(self) -> IncidentTruth | None:
        """Return when it shone; nothing is due."""
        if self._state is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.LIGHT,
            start_s=self._state.began_s,
            end_s=self._off_s,
            place_m=self._spec.place_m,
            person_ids=(),
            object_ids=(self._id,),
            facts={"height_m": self._spec.height_m, "due_s": None},
        )

    def _is_over(self, now: float) -> bool:
        lasts, state = self._spec.lasts_s, self._state
        return lasts is not None and state is not None and now >= state.began_s + lasts - 1e-9
