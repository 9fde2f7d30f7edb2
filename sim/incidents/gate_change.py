"""A gate opens or closes while people walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.incident import GateChange, IncidentKind
from scenarios.truth import IncidentTruth

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["GateChangeIncident"]


class GateChangeIncident:
    """The crowd reacts: arrivals and those who were going there choose again."""

    def __init__(self, spec: GateChange, crowd: Crowd, _: np.random.Generator) -> None:
        """Prepare; nothing is left to chance."""
        self._spec, self._crowd = spec, crowd
        self._done_s: float | None = None

    def step(self) -> None:
        """Open or close it when it is time.

        Raises:
            ScenarioError: A flow is left with no way in or out.
        """
        if self._done_s is None and self._crowd.time_s >= self._spec.at_s:
            self._crowd.set_gate(self._spec.gate, is_open=self._spec.open)
            self._done_s = self._crowd.time_s

    def truth(self) -> IncidentTruth | None:
        """Return which gate it was and when; nothing is due."""
        if self._done_s is None:
            return None
        middle = self._crowd.scenario.venue.gate(self._spec.gate).shape.centroid
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.GATE_CHANGE,
            start_s=self._done_s,
            end_s=self._done_s,
            place_m=(middle.x, middle.y),
            person_ids=(),
            object_ids=(),
            facts={"open": float(self._spec.open), "due_s": None},
        )
