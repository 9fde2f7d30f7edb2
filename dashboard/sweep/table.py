"""The results of a sweep as two Parquet tables: one row a rehearsal, and one row an event or alarm."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.sweep.spec import Point
from dashboard.sweep.task import read_result
from scenarios.errors import RecordingError

__all__ = ["ALARMS", "EVENTS", "TABLE", "flat_scores", "read_table", "save_tables"]

TABLE: Final = "results.parquet"
EVENTS: Final = "events.parquet"
_ABOUT: Final = b"parvis"
_FIRST: Final = ("events", "fairness", "boxes", "tracks", "count", "floor")

ALARMS: Final = pa.schema(
    [
        ("point", pa.int32()),
        ("case", pa.string()),
        ("run", pa.string()),
        ("spec", pa.string()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("due_s", pa.float64()),
        ("until_s", pa.float64()),
        ("alarm_s", pa.float64()),
        ("delay_s", pa.float64()),
        ("score", pa.float64()),
        ("x_m", pa.float64()),
        ("y_m", pa.float64()),
        ("camera", pa.string()),
        ("event_id", pa.string()),
    ]
)
"""Columns of ``events.parquet``: what was due and what was said; ``status`` as in a run's ledger."""


def save_tables(points: Sequence[Point], folder: Path, about: Mapping[str, Any]) -> None:
    """Write both tables from the results that there are, in the order of the points.

    The bytes follow from the results alone. DuckDB reads them as they are:
    ``SELECT "conditions.rain", avg("events.abandoned_object.recall") FROM 'results.parquet' GROUP BY 1``.

    Args:
        points: All of the sweep; one without a result has no row.
        folder: Of the sweep.
        about: What the file says of itself: plain JSON values.
    """
    rows, events = [], []
    for point in points:
        result = read_result(folder, point.spec.hash)
        if result is None:
            continue
        row: dict[str, Any] = {"point": point.number, "case": point.case}
        row |= {f"condition.{label}": value for label, value in point.condition.items()}
        row |= {name: result[name] for name in ("scenario", "seed", "spec", "run")}
        row |= {"detector": point.spec.watching.detector, "detector_name": result["detector"]} | dict(point.keys)
        rows.append(row | dict(flat_scores(result["score"])))
        events += [_event(point, result, entry) for entry in result["ledger"]]
    whole = _table(rows).replace_schema_metadata({_ABOUT: json.dumps(dict(about), sort_keys=True).encode()})
    _save(whole, folder / TABLE)
    _save(pa.Table.from_pylist(events, ALARMS), folder / EVENTS)


def read_table(folder: Path, name: str = TABLE) -> tuple[pa.Table, dict[str, Any]]:
    """Return one of the tables of a sweep, and what it says of itself.

    Raises:
        RecordingError: There is none.
    """
    path = folder / name
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise RecordingError(f"{folder}: is no finished sweep ({name} is missing)") from None
    except (OSError, pa.ArrowException) as error:
        raise RecordingError(f"{path}: cannot be read ({error})") from None
    about = json.loads((table.schema.metadata or {}).get(_ABOUT, b"{}"))
    return table, about


def flat_scores(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float | bool]]:
    """Yield all numbers of a scorecard by their dotted keys; ends of intervals are 0 and 1."""
    entries: Iterable[tuple[Any, Any]] = value.items()
    for key, inner in entries:
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping):
            yield from flat_scores(inner, f"{name}.")
        elif isinstance(inner, list):
            yield from flat_scores({str(i): v for i, v in enumerate(inner)}, f"{name}.")
        elif isinstance(inner, (int, float)) and name not in ("seed",):
            yield name, inner


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row)
    first = [n for n in names if n.partition(".")[0] not in _FIRST]
    scores = sorted((n for n in names if n not in first), key=lambda n: (_FIRST.index(n.partition(".")[0]), n))
    return pa.table({name: _column([row.get(name) for row in rows]) for name in [*first, *scores]})


def _column(values: Sequence[Any]) -> pa.Array:
    """Whole numbers, numbers, truth values or text; what is neither stays readable as JSON."""
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int}:
        return pa.array(values, pa.int64())
    if kinds <= {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds <= {str}:
        return pa.array(values, pa.string())
    return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())


def _event(point: Point, result: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    place = entry.get("place") or (None, None)
    both = entry["due_s"] is not None and entry["alarm_s"] is not None
    return {
        "point": point.number,
        "case": point.case,
        "run": result["run"],
        "spec": result["spec"],
        **{
            key: entry.get(key)
            for key in ("kind", "status", "due_s", "until_s", "alarm_s", "score", "camera", "event_id")
        },
        "delay_s": entry["alarm_s"] - entry["due_s"] if both else None,
        "x_m": place[0],
        "y_m": place[1],
    }


def _save(table: pa.Table, path: Path) -> None:
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    pq.write_table(table, fresh, compression="zstd")
    fresh.replace(path)
