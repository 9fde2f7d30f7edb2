"""A sweep summed up: every kind of event over all its runs and by condition, and who is troubled by false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from dashboard.sweep.spec import Point
from dashboard.sweep.task import read_result
from detect.score.fair_rates import fair_rates
from detect.score.rates import outcomes_of, rates
from scenarios.recording import Recording

__all__ = ["SUMMARY", "save_summary", "summary_of", "table_of"]

SUMMARY: Final = "summary.json"


def summary_of(points: Sequence[Point], folder: Path) -> dict[str, Any]:
    """Sum up what there is of a sweep.

    Returns:
        ``runs``, ``missing`` (rehearsals without a result), ``detectors``, ``events`` (kind to
        `detect.score.rates.rates`), ``by`` (label of a condition, or ``case``, or a varied key, to its values to
        ``events`` again), ``fairness`` (`detect.score.fair_rates`). A
        specification that several points share counts once.
    """
    kept: dict[str, tuple[Point, dict[str, Any]]] = {}
    for point in points:
        result = read_result(folder, point.spec.hash)
        if result is not None:
            kept.setdefault(point.spec.hash, (point, result))
    every = list(kept.values())
    results = [result for _, result in every]
    return {
        "runs": len(results),
        "missing": len({point.spec.hash for point in points}) - len(results),
        "detectors": sorted({result["detector"] for result in results}),
        "events": _events(results),
        "by": {
            label: {value: _events(some) for value, some in groups.items()}
            for label, groups in _groups(every).items()
            if len(groups) > 1
        },
        "fairness": fair_rates(results),
    }


def save_summary(points: Sequence[Point], folder: Path) -> dict[str, Any]:
    """Write ``summary.json`` and return what stands in it."""
    summed = summary_of(points, folder)
    fresh = folder / f".{SUMMARY}.part"
    Recording.save_json(fresh, summed)
    fresh.replace(folder / SUMMARY)
    return summed


def table_of(summed: Mapping[str, Any]) -> Table:
    """Return the table for the terminal."""
    table = Table(
        "event", "true", "found", "false", "recall", "false/hour", "delay",
        title=f"{summed['runs']} runs; false alarms per camera-hour, median delay; 95 % intervals",
        title_justify="left",
    )  # fmt: skip
    for kind, row in summed["events"].items():
        if row.get("rule") is False:
            table.add_row(kind, str(row["true"]), "no rule yet")
            continue
        table.add_row(
            kind,
            str(row["true"]),
            str(row["found"]),
            str(row["false"]),
            *(_text(row.get(name)) for name in ("recall", "false_per_camera_hour")),
            _text((row.get("delay_s") or {}).get("median"), " s"),
        )
    return table


def _events(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {kind: rates(runs) for kind, runs in outcomes_of(results).items()}


def _groups(every: Sequence[tuple[Point, dict[str, Any]]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for point, result in every:
        for label, value in {"case": point.case, **point.condition, **point.keys}.items():
            groups.setdefault(label, {}).setdefault(str(value), []).append(result)
    return groups


def _text(rate: Mapping[str, Any] | None, unit: str = "") -> str:
    if rate is None or rate["value"] is None:
        return "-"
    ends = rate.get("ci95")
    return f"{rate['value']:.2f}{unit}" + ("" if ends is None else f" ({ends[0]:.2f} to {ends[1]:.2f})")
