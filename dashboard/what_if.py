"""A changed scenario: which gates are open, how many people come, which seed; said as the command's ``--set``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from scenarios.load import load_scenario
from scenarios.scenario import Scenario

__all__ = ["WhatIf"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a planner changes.

    Attributes:
        scenario: Name in the library, or a file.
        seed: Fixes all chance in both, the unchanged and the changed.
        duration_s: Length of both.
        gates: Gate to whether it is open; a gate that is not named stays as it is.
        people: Flow to a factor on the people already there and on the arrivals.
        runs: How many seeds, from ``seed`` upwards.
        against: Another scenario to set beside it, in place of the changes; None: none.
    """

    scenario: str
    seed: int
    duration_s: float
    gates: Mapping[str, bool] = field(default_factory=dict)
    people: Mapping[str, float] = field(default_factory=dict)
    runs: int = 1
    against: str | None = None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed."""
        return tuple(range(self.seed, self.seed + self.runs))

    @property
    def common(self) -> list[str]:
        """The settings that hold for both."""
        return [f"seed={self.seed}", f"duration_s={self.duration_s:g}"]

    def changes(self) -> list[str]:
        """Return what differs from the scenario as it is, each as ``key=value``."""
        if self.against is not None:
            return []
        plain = load_scenario(self.scenario)
        said = []
        for gate in plain.venue.gates:
            wanted = self.gates.get(gate.id, gate.open)
            if wanted != gate.open:
                said.append(f"venue.gates.{gate.id}.open={str(wanted).lower()}")
        for flow in plain.population.flows:
            factor = self.people.get(flow.id, 1.0)
            if factor == 1.0:
                continue
            if flow.rate_per_min:
                said.append(f"population.flows.{flow.id}.rate_per_min={flow.rate_per_min * factor:g}")
            if flow.initial:
                said.append(f"population.flows.{flow.id}.initial={round(flow.initial * factor)}")
        return said

    def unchanged_scenario(self) -> Scenario:
        """Load the scenario with this seed and length only.

        Raises:
            ScenarioError: It does not make sense with them.
        """
        return load_scenario(self.scenario, self.common)

    def changed_scenario(self) -> Scenario:
        """Load the scenario with everything changed, or the other one.

        Raises:
            ScenarioError: It does not make sense like this.
        """
        return load_scenario(self.against or self.scenario, [*self.common, *self.changes()])

    def command(self) -> str:
        """Return the command that gives the same numbers."""
        plain = load_scenario(self.scenario)
        chance = ["--seed", str(self.seed)] if self.runs == 1 else ["--seeds", f"{self.seeds[0]}-{self.seeds[-1]}"]
        lengths = {plain.duration_s}
        if self.against is not None:
            chance = ["--against", self.against, *chance]
            lengths.add(load_scenario(self.against).duration_s)
        longer = [] if lengths == {self.duration_s} else [f"duration_s={self.duration_s:g}"]
        words = ["parvis", "plan", self.scenario, *chance]
        for change in (*longer, *self.changes()):
            words += ["--set", change]
        return shlex.join(words)
