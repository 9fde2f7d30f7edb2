"""Run against run: what changed, how sure that is, and whether a gate is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, ValidationError, model_validator
from rich.table import Table
from scipy import stats

from scenarios.entry import Entry
from scenarios.errors import RecordingError, ScenarioError, unknown
from scenarios.load import model_error, read_toml
from scenarios.recording import Recording

__all__ = ["Change", "Difference", "change_by_seed", "check_gate", "compare_runs", "interval_95", "table_of"]

_NOT_SCORES: Final = frozenset({"seed", "footage_s"})
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Change:
    """One key of ``score.json``, before and after.

    Attributes:
        key: Dotted, such as ``events.abandoned_object.recall``.
        before: Mean over the runs; None where none of them measured it.
        after: The same.
        change: Mean of the differences of runs of the same seed, else difference of the means.
        ci95: Interval of ``change`` by Student's t over paired seeds; None with fewer than two pairs.
        pairs: Number of seeds that both sides have.
    """

    key: str
    before: float | None
    after: float | None
    change: float | None
    ci95: tuple[float, float] | None
    pairs: int


@dataclass(frozen=True, slots=True)
class Difference:
    """All keys that either side measured."""

    before: str
    after: str
    changes: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"before": self.before, "after": self.after, "changes": [asdict(c) for c in self.changes]}


class _Gate(Entry):
    min: float | None = None
    max: float | None = None
    max_drop: Annotated[float, Field(ge=0)] | None = None
    max_rise: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> _Gate:
        if all(v is None for v in (self.min, self.max, self.max_drop, self.max_rise)):
            raise ValueError("a gate needs at least one of min, max, max_drop, max_rise")
        return self


class _GateFile(Entry):
    gates: Annotated[dict[str, _Gate], Field(min_length=1)]


def compare_runs(before: Path, after: Path) -> Difference:
    """Compare two runs, or two folders of runs paired by their seeds.

    Raises:
        RecordingError: A folder is no run folder and holds none.
    """
    old, new = _scores(before), _scores(after)
    keys = sorted({key for score in (*old.values(), *new.values()) for key in score}, key=_reading_order)
    return Difference(str(before), str(after), tuple(change_by_seed(key, old, new) for key in keys))


def check_gate(difference: Difference, gate: Path) -> list[str]:
    """Return a sentence for every limit that is broken; a key that was not measured breaks its gate.

    Raises:
        ScenarioError: The gate file is wrong.
    """
    try:
        limits = _GateFile.model_validate(read_toml(gate)).gates
    except ValidationError as error:
        raise ScenarioError(model_error(error, _GateFile, gate.name)) from None
    broken = []
    for pattern, limit in limits.items():
        hit = [c for c in difference.changes if fnmatchcase(c.key, pattern)]
        if not hit:
            raise ScenarioError(unknown("score", pattern, [c.key for c in difference.changes], gate.name))
        broken += [text for change in hit for text in _broken(change, limit)]
    return broken


def table_of(difference: Difference) -> Table:
    """Return the table for the terminal."""
    table = Table("score", "before", "after", "change", "95 % interval", title="before and after", title_justify="left")
    for c in difference.changes:
        interval = "" if c.ci95 is None else f"{c.ci95[0]:+.3f} to {c.ci95[1]:+.3f} ({c.pairs} seeds)"
        table.add_row(c.key, _text(c.before), _text(c.after), "-" if c.change is None else f"{c.change:+.3f}", interval)
    return table


def _broken(change: Change, limit: _Gate) -> Iterator[str]:
    if change.after is None:
        yield f"{change.key} was not measured"
        return
    if limit.min is not None and change.after < limit.min:
        yield f"{change.key} is {change.after:.3f}, below {limit.min:g}"
    if limit.max is not None and change.after > limit.max:
        yield f"{change.key} is {change.after:.3f}, above {limit.max:g}"
    if change.change is None:
        if limit.max_drop is not None or limit.max_rise is not None:
            yield f"{change.key} was not measured before"
        return
    if limit.max_drop is not None and change.change < -limit.max_drop:
        yield f"{change.key} fell by {-change.change:.3f}, more than {limit.max_drop:g}"
    if limit.max_rise is not None and change.change > limit.max_rise:
        yield f"{change.key} rose by {change.change:.3f}, more than {limit.max_rise:g}"


def change_by_seed(key: str, old: Mapping[int, Mapping[str, float]], new: Mapping[int, Mapping[str, float]]) -> Change:
    """Compare one key of what was measured before and after, paired by seed where both sides have seeds in common.

    Args:
        key: What to compare.
        old: Seed to key to value; a key that was not measured is absent.
        new: The same, after.
    """
    was = {seed: score[key] for seed, score in old.items() if key in score}
    now = {seed: score[key] for seed, score in new.items() if key in score}
    before = float(np.mean(list(was.values()))) if was else None
    after = float(np.mean(list(now.values()))) if now else None
    both = sorted(was.keys() & now.keys())
    if both:
        steps = [now[seed] - was[seed] for seed in both]
        return Change(key, before, after, float(np.mean(steps)), interval_95(steps), len(both))
    return Change(key, before, after, None if before is None or after is None else after - before, None, 0)


def interval_95(values: ArrayLike) -> tuple[float, float] | None:
    """Return the interval of a mean at 95 % by Student's t; None of fewer than two values."""
    array = np.asarray(values, float)
    if len(array) < 2:
        return None
    half = float(stats.t.ppf((1 + _CONFIDENCE) / 2, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return float(array.mean()) - half, float(array.mean()) + half


def _scores(folder: Path) -> dict[int, dict[str, float]]:
    runs = [folder]
    if folder.is_dir() and not (folder / "run.json").exists():
        runs = sorted(p.parent for p in folder.glob("*/run.json"))
        if not runs:
            raise RecordingError(f"{folder}: is no run folder and holds none (no run.json in it or one level below)")
    scores: dict[int, dict[str, float]] = {}
    for run in runs:
        score = Recording.open(run).score()
        seed = int(score.get("seed") or 0)
        if seed in scores:
            raise RecordingError(f"{folder}: holds two runs with seed {seed}; compare folders with one run a seed")
        scores[seed] = dict(_flat(score))
    return scores


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and prefix not in _NOT_SCORES:
        yield prefix, float(value)


def _reading_order(key: str) -> tuple[int, str]:
    first = ("events", "boxes", "tracks", "count", "fairness")
    head = key.partition(".")[0]
    return (first.index(head) if head in first else len(first), key)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
