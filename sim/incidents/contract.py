"""What an incident is: it watches the clock, changes what people want, and says in the end what happened."""

from __future__ import annotations

from typing import Protocol

from scenarios.truth import IncidentTruth

__all__ = ["Incident"]


class Incident(Protocol):
    """One incident of a scenario; built as ``Incident(spec, crowd, rng)``."""

    def step(self) -> None:
        """Do what is due now; called before every step of the crowd."""

    def truth(self) -> IncidentTruth | None:
        """Return how it went so far; None before it has begun."""
