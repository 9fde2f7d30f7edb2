"""A scenario's crowd, and what changes when something is changed: in numbers, for the terminal and for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from dashboard.progress import Report, silent
from dashboard.verdict import flat_numbers, words_and_unit
from scenarios.scenario import Scenario
from sim.measure import Measures, measure
from sim.trajectories import Recorder, check_target, write_trajectories

__all__ = ["Plans", "compare_plans", "table_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """What was measured.

    Attributes:
        scenario: Its name.
        seed: That decided both.
        unchanged: The scenario as it is.
        changed: As changed, or None where nothing was.
    """

    scenario: str
    seed: int
    unchanged: Measures
    changed: Measures | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values: the measures of what was asked, and where it was changed those of before."""
        asked = self.unchanged if self.changed is None else self.changed
        plain = {"scenario": self.scenario, "seed": self.seed} | asked.as_dict()
        return plain if self.changed is None else plain | {"unchanged": self.unchanged.as_dict()}


def compare_plans(
    unchanged: Scenario, changed: Scenario | None, report: Report = silent, *, trajectories: Path | None = None
) -> Plans:
    """Run the crowd of a scenario, and of its changed form if there is one.

    Args:
        unchanged: As it is.
        changed: Its changed form.
        report: Told the progress.
        trajectories: File to write the ways of everybody to, .parquet or .txt: those of the changed form if there is
            one.

    Raises:
        ScenarioError: Somebody has no way to go, or the file cannot be written.
    """
    asked = unchanged if changed is None else changed
    recorder = Recorder(asked.step_s) if trajectories is not None else None
    if trajectories is not None:
        check_target(trajectories)
    alone = recorder if changed is None else None
    first = measure(unchanged, progress=lambda share: report("as it is", share), watch=alone)
    second = None
    if changed is not None:
        second = measure(changed, progress=lambda share: report("as changed", share), watch=recorder)
    if recorder is not None and trajectories is not None:
        write_trajectories(recorder.trajectories(), trajectories)
    return Plans(unchanged.name, unchanged.seed, first, second)


def table_of(plans: Plans) -> Table:
    """Return the table for the terminal; what was not measured is a dash."""
    before = flat_numbers(plans.unchanged.as_dict())
    after = flat_numbers(plans.changed.as_dict()) if plans.changed is not None else None
    heads = ("measure", "value") if after is None else ("measure", "as it is", "as changed", "difference")
    table = Table(*heads, title=f"{plans.scenario}, seed {plans.seed}", title_justify="left")
    for key in [*before, *(k for k in after or {} if k not in before)]:
        name, unit = words_and_unit(key)
        label = f"{name}, {unit}" if unit else name
        was = before.get(key)
        if after is None:
            table.add_row(label, _text(was))
            continue
        now = after.get(key)
        step = "" if was is None or now is None or now == was else f"{now - was:+.4g}"
        table.add_row(label, _text(was), _text(now), step)
    return table


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
