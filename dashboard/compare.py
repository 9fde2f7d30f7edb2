"""Run against run: what changed, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from rich.table import Table
from scipy import stats

from dashboard.sweep.table import TABLE, read_table
from scenarios.errors import RecordingError
from scenarios.recording import Recording

__all__ = ["Change", "Difference", "change_by_seed", "compare_runs", "interval_95", "table_of"]

_NOT_SCORES: Final = frozenset({"seed", "footage_s", "camera_hours"})
_CONFIDENCE: Final = 0.95
Pair = int | tuple[str | int, ...]
"""What pairs a rehearsal with another one: its seed, or in a sweep its case and seed."""
_AnyPair = TypeVar("_AnyPair", int, Pair)


@dataclass(frozen=True, slots=True)
class Change:
    """One key of ``score.json``, before and after.

    Attributes:
        key: Dotted, such as ``events.abandoned_object.recall``.
        before: Mean over the runs; None where none of them measured it.
        after: The same.
        change: Mean of the differences of runs of the same seed, else difference of the means.
        ci95: Interval of ``change`` by Student's t over pairs; None with fewer than two pairs.
        pairs: Number of seeds, or of cases and seeds of a sweep, that both sides have.
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


def compare_runs(before: Path, after: Path) -> Difference:
    """Compare two runs, two folders of runs paired by their seeds, or two sweeps paired by case and seed.

    Raises:
        RecordingError: A folder is no run folder and holds none.
    """
    old, new = _scores(before), _scores(after)
    keys = sorted({key for score in (*old.values(), *new.values()) for key in score}, key=_reading_order)
    return Difference(str(before), str(after), tuple(change_by_seed(key, old, new) for key in keys))


def table_of(difference: Difference) -> Table:
    """Return the table for the terminal."""
    table = Table("score", "before", "after", "change", "95 % interval", title="before and after", title_justify="left")
    for c in difference.changes:
        if c.key.startswith("fairness_by.") and not c.key.endswith("per_person_hour"):
            continue  # gates may ask for them; for the eye they are too many
        interval = "" if c.ci95 is None else f"{c.ci95[0]:+.3f} to {c.ci95[1]:+.3f} ({c.pairs} pairs)"
        table.add_row(c.key, _text(c.before), _text(c.after), "-" if c.change is None else f"{c.change:+.3f}", interval)
    return table


def change_by_seed(
    key: str, old: Mapping[_AnyPair, Mapping[str, float]], new: Mapping[_AnyPair, Mapping[str, float]]
) -> Change:
    """Compare one key of what was measured before and after, paired where both sides have pairs in common.

    Args:
        key: What to compare.
        old: Seed (or case and seed) to key to value; a key that was not measured is absent.
        new: The same, after.
    """
    was = {seed: score[key] for seed, score in old.items() if key in score}
    now = {seed: score[key] for seed, score in new.items() if key in score}
    before = float(np.mean(list(was.values()))) if was else None
    after = float(np.mean(list(now.values()))) if now else None
    both = sorted(was.keys() & now.keys(), key=str)
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


def _scores(folder: Path) -> dict[Pair, dict[str, float]]:
    if (folder / TABLE).is_file():
        return _sweep(folder)
    runs = [folder]
    if folder.is_dir() and not (folder / "run.json").exists():
        runs = sorted(p.parent for p in folder.glob("*/run.json"))
        if not runs:
            raise RecordingError(f"{folder}: is no run folder and holds none (no run.json in it or one level below)")
    scores: dict[Pair, dict[str, float]] = {}
    for run in runs:
        score = Recording.open(run).score()
        seed = int(score.get("seed") or 0)
        if seed in scores:
            raise RecordingError(f"{folder}: holds two runs with seed {seed}; compare folders with one run a seed")
        scores[seed] = dict(_flat(score))
    return scores


def _sweep(folder: Path) -> dict[Pair, dict[str, float]]:
    """Scores of a sweep's rehearsals, by case, keys of the grid and seed."""
    table, _ = read_table(folder)
    names = table.column_names
    case, scores_from = names[names.index("case") : names.index("scenario")], names.index("run") + 1
    scores: dict[Pair, dict[str, float]] = {}
    for row in table.to_pylist():
        pair: tuple[str | int, ...] = (*(str(row[name]) for name in case), int(row["seed"]))
        if pair in scores:
            raise RecordingError(f"{folder}: holds {', '.join(map(str, pair))} twice")
        measured = {name: row[name] for name in names[scores_from:] if isinstance(row[name], int | float)}
        scores[pair] = {name: float(value) for name, value in measured.items() if name not in _NOT_SCORES}
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
