"""A sweep's table sliced: counts added up over runs by any keys, for heat maps and for choosing settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from detect.score.intervals import poisson_interval, wilson_interval

__all__ = ["MEASURES", "Cell", "keys_of", "kinds_of", "slices"]

MEASURES: Final = {
    "recall": "Share of the true events that were found",
    "miss": "Share of the true events that were missed",
    "false_per_hour": "False alarms per camera-hour",
    "precision": "Share of the alarms that were right",
}
_ALWAYS: Final = ("scenario", "detector", "seed")


@dataclass(frozen=True, slots=True)
class Cell:
    """Runs that have the same values of some keys, added up for one kind of event.

    Attributes:
        at: Key to value.
        runs: How many.
        true: Events that were due.
        found: Of those, how many were said.
        false: Alarms about nothing.
        camera_hours: Footage.
        names: Of the run folders.
    """

    at: Mapping[str, str]
    runs: int
    true: int
    found: int
    false: int
    camera_hours: float
    names: tuple[str, ...]

    def value(self, measure: str) -> float | None:
        """Return one of ``MEASURES``; None where it is not defined."""
        said = self.found + self.false
        return {
            "recall": self.found / self.true if self.true else None,
            "miss": 1 - self.found / self.true if self.true else None,
            "false_per_hour": self.false / self.camera_hours if self.camera_hours > 0 else None,
            "precision": self.found / said if said else None,
        }[measure]

    def interval(self, measure: str) -> tuple[float, float] | None:
        """Return its interval at 95 %: Wilson's for shares, the exact Poisson one for false alarms."""
        if self.value(measure) is None:
            return None
        if measure == "false_per_hour":
            low, high = poisson_interval(self.false)
            return low / self.camera_hours, high / self.camera_hours
        if measure == "precision":
            return wilson_interval(self.found, self.found + self.false)
        return wilson_interval(self.found if measure == "recall" else self.true - self.found, self.true)


def keys_of(table: pa.Table, about: Mapping[str, Any]) -> list[str]:
    """Return the keys by which a sweep can be sliced, what varies first; those with one value are left out."""
    named = [key for key in about.get("keys", []) if key in table.column_names]
    named += [name for name in table.column_names if name.startswith("condition.")]
    named += [name for name in ("case", *_ALWAYS) if name in table.column_names]
    return [key for key in dict.fromkeys(named) if len(set(table.column(key).to_pylist())) > 1]


def kinds_of(table: pa.Table) -> list[str]:
    """Return the kinds of event for which anything was measured."""
    named = [n.split(".")[1] for n in table.column_names if n.startswith("events.") and n.endswith(".found")]
    return sorted(set(named))


def slices(table: pa.Table, kind: str, keys: Sequence[str]) -> list[Cell]:
    """Add up the runs by the values of some keys.

    Runs that share one specification (a key that changes nothing) are counted in each cell they belong to, once.

    Args:
        table: ``results.parquet``.
        kind: Of event.
        keys: Of ``keys_of``.

    Returns:
        One cell for each combination of values that occurs, in order of appearance; runs whose truth does not speak
        of the kind, or for which there was no rule, are in none.
    """
    cells: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    wanted = [*keys, "spec", "run", "camera_hours", *(f"events.{kind}.{name}" for name in ("true", "found", "false"))]
    if any(name not in table.column_names for name in wanted):
        return []
    for row in table.select(list(dict.fromkeys(wanted))).to_pylist():
        if row[f"events.{kind}.found"] is not None:
            cells.setdefault(tuple(_text(row[key]) for key in keys), {})[row["spec"]] = row
    return [
        Cell(
            at=dict(zip(keys, at, strict=True)),
            runs=len(rows),
            true=sum(int(row[f"events.{kind}.true"]) for row in rows.values()),
            found=sum(int(row[f"events.{kind}.found"]) for row in rows.values()),
            false=sum(int(row[f"events.{kind}.false"]) for row in rows.values()),
            camera_hours=sum(row["camera_hours"] for row in rows.values()),
            names=tuple(row["run"] for row in rows.values()),
        )
        for at, rows in cells.items()
    ]


def _text(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
