"""A scenario's crowd beside another's, over one or many seeds: in numbers, for the terminal, scripts and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.table import Table

from dashboard.compare import Change, change_by_seed, interval_95
from dashboard.plan_jobs import measure_all
from dashboard.progress import Report, silent
from dashboard.verdict import flat_numbers, words_and_unit
from scenarios.scenario import Scenario
from sim.measure import Measures
from sim.trajectories import Recorder, check_target, write_trajectories

__all__ = ["Plans", "Side", "compare_plans", "names_of", "table_of", "with_seeds"]


_A_NAME: Final = "limiting_gate"
"""The one measure that is no number; it is None where no gate limits."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two crowds that are compared.

    Attributes:
        name: Such as "as it is", "as changed", or a scenario's title.
        scenario: With its first seed.
        runs: One a seed.
    """

    name: str
    scenario: Scenario
    runs: tuple[Measures, ...]

    def numbers(self, seeds: Sequence[int]) -> dict[int, dict[str, float]]:
        """Return what each seed measured, by key; what was not measured is absent."""
        flat = [flat_numbers(run.as_dict()) for run in self.runs]
        return {s: {k: v for k, v in one.items() if v is not None} for s, one in zip(seeds, flat, strict=True)}

    @property
    def title(self) -> str:
        """The name, as it begins a line."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def typical(self) -> int:
        """Number of the run that is the middle one: by the evacuation time if all have one, else by peak density."""
        times = [run.evacuation_s for run in self.runs]
        by = [t for t in times if t is not None]
        values = by if len(by) == len(times) else [run.density_peak for run in self.runs]
        return int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """What was measured.

    Attributes:
        scenario: Its name.
        seeds: That decide chance, the same on both sides.
        before: The scenario as it is.
        after: As changed, or another scenario; None where there is nothing beside it.
    """

    scenario: str
    seeds: tuple[int, ...]
    before: Side
    after: Side | None

    @property
    def asked(self) -> Side:
        """The side that the question is about."""
        return self.before if self.after is None else self.after

    @property
    def seed(self) -> int:
        """The first seed."""
        return self.seeds[0]

    @property
    def unchanged(self) -> Measures:
        """What the first seed measured of the scenario as it is."""
        return self.before.runs[0]

    @property
    def changed(self) -> Measures | None:
        """What the first seed measured of the other side."""
        return None if self.after is None else self.after.runs[0]

    def changes(self) -> list[Change]:
        """Return every number before and after, with the difference and its interval paired by seed."""
        old, new = self.before.numbers(self.seeds), (self.after or self.before).numbers(self.seeds)
        keys = dict.fromkeys(key for side in (self.before, self.asked) for r in side.runs for key in _keys(r))
        return [change_by_seed(key, old, new) for key in keys]

    def interval(self, key: str, side: Side | None = None) -> tuple[float, float, float] | None:
        """Return mean and 95 % interval of one number of a side, over seeds; None where a seed did not measure it."""
        numbers = (side or self.asked).numbers(self.seeds)
        if any(key not in one for one in numbers.values()):
            return None
        values = [one[key] for one in numbers.values()]
        mean = float(np.mean(values))
        return (mean, *(interval_95(values) or (mean, mean)))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values.

        Of one seed the measures of what was asked, and where something is beside it those of ``unchanged``; of many
        the same of every seed in ``runs``, and ``changes`` with means and intervals.
        """
        if len(self.seeds) == 1:
            plain = {"scenario": self.scenario, "seed": self.seed} | self.asked.runs[0].as_dict()
            return plain if self.after is None else plain | {"unchanged": self.unchanged.as_dict()}
        runs = [{"seed": s} | run.as_dict() for s, run in zip(self.seeds, self.asked.runs, strict=True)]
        plain = {"scenario": self.scenario, "seeds": list(self.seeds), "runs": runs}
        plain["ci95"] = {key: self.interval(key) for key in self.asked.numbers(self.seeds)[self.seed]}
        if self.after is None:
            return plain
        before = [{"seed": s} | run.as_dict() for s, run in zip(self.seeds, self.before.runs, strict=True)]
        return plain | {"unchanged": before, "changes": [asdict(change) for change in self.changes()]}


def names_of(first: Scenario, second: Scenario) -> tuple[str, str]:
    """Return what two scenarios are called beside each other: by their titles, or by their names where those agree."""
    return (first.title, second.title) if first.title != second.title else (first.name, second.name)


def with_seeds(scenario: Scenario, seeds: Sequence[int]) -> list[Scenario]:
    """Return the scenario once for each seed."""
    return [scenario.model_copy(update={"seed": seed}) for seed in seeds]


def compare_plans(
    unchanged: Scenario,
    changed: Scenario | None,
    report: Report = silent,
    *,
    seeds: Sequence[int] = (),
    names: tuple[str, str] = ("as it is", "as changed"),
    workers: int | None = None,
    trajectories: Path | None = None,
) -> Plans:
    """Run the crowd of a scenario, and of its changed form or of another scenario if there is one.

    Args:
        unchanged: As it is.
        changed: What stands beside it.
        report: Told the progress.
        seeds: Of both sides; none: each has its own.
        names: What the sides are called.
        workers: Processes; None: one a core where it is worth it.
        trajectories: File to write everybody's way to, .parquet or .txt: of the first seed, of what stands beside if
            there is something.

    Raises:
        ScenarioError: Somebody has no way to go, or the file cannot be written.
    """
    if trajectories is not None:
        check_target(trajectories)
    chance = tuple(seeds) or (unchanged.seed,)
    first = with_seeds(unchanged, chance) if seeds else [unchanged]
    second = [] if changed is None else with_seeds(changed, chance) if seeds else [changed]
    asked = (second or first)[0]
    recorder = Recorder(asked.step_s) if trajectories is not None else None
    measured = measure_all(
        [*first, *second],
        workers=workers,
        progress=lambda share: report("crowds", share),
        watch=None if recorder is None else (len(first) if second else 0, recorder),
    )
    if recorder is not None and trajectories is not None:
        write_trajectories(recorder.trajectories(), trajectories)
    runs, beside = tuple(measured[: len(chance)]), tuple(measured[len(chance) :])
    return Plans(
        unchanged.name,
        chance,
        Side(names[0], first[0], runs),
        Side(names[1], second[0], beside) if second else None,
    )


def table_of(plans: Plans) -> Table:
    """Return the table for the terminal; what was not measured is a dash.

    With something beside it, what surely differs (its interval leaves out 0) comes first, then what may; what does not
    differ at all is one line.
    """
    many = len(plans.seeds) > 1
    seeds = f"{len(plans.seeds)} seeds, means and 95 % intervals" if many else f"seed {plans.seed}"
    heads = ["measure", "value"] if plans.after is None else ["measure", plans.before.name, plans.after.name]
    heads += ["difference"] * (plans.after is not None) + ["95 % interval"] * many
    table = Table(*heads, title=f"{plans.scenario}, {seeds}", title_justify="left")
    shown = plans.changes()
    if plans.after is not None:
        shown = sorted((change for change in shown if _differs(change)), key=lambda change: not _surely(change))
    for change in shown:
        name, unit = words_and_unit(change.key)
        row = [f"{name}, {unit}" if unit else name, _text(change.before)]
        if plans.after is not None:
            row += [_text(change.after), f"{change.change:+.4g}" if change.change else ""]
            between = change.ci95
        else:
            found = plans.interval(change.key)
            between = None if found is None else found[1:]
        if many:
            sign = "+" if plans.after is not None else ""
            row.append("" if between is None else f"{between[0]:{sign}.4g} to {between[1]:{sign}.4g}")
        table.add_row(*row)
    same = len(plans.changes()) - len(shown)
    if same:
        table.add_row(f"{same} more do not differ", *[""] * (len(heads) - 1), style="dim")
    return table


def _differs(change: Change) -> bool:
    """Whether any seed measured another number on the other side, or only one side measured it."""
    if change.before is None and change.after is None:
        return False
    return change.change is None or bool(change.change) or any(change.ci95 or ())


def _surely(change: Change) -> bool:
    """Whether the interval of the difference leaves out 0."""
    return change.ci95 is not None and not change.ci95[0] <= 0 <= change.ci95[1]


def _keys(run: Measures) -> list[str]:
    return [key for key in flat_numbers(run.as_dict()) if key != _A_NAME]


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
