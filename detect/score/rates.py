"""Scores of one kind of event over many runs, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from detect.score.curve import brier, calibration_error, det_curve, miss_at, reliability
from detect.score.intervals import bootstrap_interval, poisson_interval, wilson_interval

__all__ = ["MISS_RATES", "Outcome", "outcomes_of", "rates"]

MISS_RATES: Final = (0.1, 1.0, 6.0)
"""False alarms per camera-hour at which misses are told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to for one kind of event.

    Attributes:
        true: How many were due.
        camera_hours: Footage over all cameras.
        found: Scores of the alarms that found one, one each.
        delays_s: From due to alarm, of those found.
        false: Scores of the alarms about nothing.
        ruled: Whether any rule could have said it.
    """

    true: int
    camera_hours: float
    found: tuple[float, ...] = ()
    delays_s: tuple[float, ...] = ()
    false: tuple[float, ...] = ()
    ruled: bool = True


def outcomes_of(results: Iterable[Mapping[str, Any]]) -> dict[str, list[Outcome]]:
    """Return, by kind of event, what each run came to; a run whose truth does not speak of a kind is not in its list.

    Args:
        results: Each with ``score`` (a scorecard) and ``ledger`` (of the same run).
    """
    kinds: dict[str, list[Outcome]] = {}
    for result in results:
        score, ledger = result["score"], result["ledger"]
        for kind, row in (score.get("events") or {}).items():
            ours = [entry for entry in ledger if entry["kind"] == kind]
            hits = [entry for entry in ours if entry["status"] == "found"]
            kinds.setdefault(kind, []).append(
                Outcome(
                    true=int(row["true"]),
                    camera_hours=float(score["camera_hours"]),
                    found=tuple(float(entry["score"]) for entry in hits),
                    delays_s=tuple(float(entry["alarm_s"] - entry["due_s"]) for entry in hits),
                    false=tuple(float(entry["score"]) for entry in ours if entry["status"] == "false"),
                    ruled=row.get("rule", True),
                )
            )
    return kinds


def rates(runs: Sequence[Outcome]) -> dict[str, Any]:
    """Return the rates over runs; what is not defined is absent, never a made-up zero.

    Returns:
        ``runs``, ``camera_hours``, ``true``, ``found``, ``false``; ``recall`` and ``precision`` with Wilson's
        interval; ``f1`` with a bootstrapped one; ``false_per_camera_hour`` with the exact Poisson one;
        ``miss_at`` (by false alarms per hour), ``delay_s`` (median and p90, bootstrapped), ``det`` (the curve),
        ``reliability``, ``calibration_error``, ``brier``. Every rate is ``{"value": ..., "ci95": [low, high]}``.
    """
    hours = sum(run.camera_hours for run in runs)
    true = sum(run.true for run in runs)
    told: dict[str, Any] = {"runs": len(runs), "camera_hours": hours, "true": true}
    if not all(run.ruled for run in runs):
        return told | {"rule": False}
    found = [score for run in runs for score in run.found]
    false = [score for run in runs for score in run.false]
    told |= {"found": len(found), "false": len(false)}
    if true:
        told["recall"] = _rate(len(found) / true, wilson_interval(len(found), true))
    if found or false:
        said = len(found) + len(false)
        told["precision"] = _rate(len(found) / said, wilson_interval(len(found), said))
    if true:
        told["f1"] = _rate(_f1(runs), bootstrap_interval(runs, _f1))
    if hours > 0:
        low, high = poisson_interval(len(false))
        told["false_per_camera_hour"] = _rate(len(false) / hours, (low / hours, high / hours))
    if true and hours > 0:
        told["miss_at"] = {
            f"{rate:g}": _rate(_miss(runs, rate), bootstrap_interval(runs, lambda some, r=rate: _miss(some, r)))  # type: ignore[misc]
            for rate in MISS_RATES
        }
        curve = det_curve(found, false, true, hours)
        told["det"] = [[p.threshold, p.false_per_hour, p.miss] for p in curve if np.isfinite(p.threshold)]
    if found:
        told["delay_s"] = {
            name: _rate(_delay(runs, share), bootstrap_interval(runs, lambda some, s=share: _delay(some, s)))  # type: ignore[misc]
            for name, share in (("median", 50.0), ("p90", 90.0))
        }
    rows = reliability(found, false)
    if rows:
        told |= {
            "reliability": [asdict(row) | {"ci95": list(row.ci95)} for row in rows],
            "calibration_error": calibration_error(rows),
            "brier": brier(found, false),
        }
    return told


def _rate(value: float | None, ci95: tuple[float, float] | None) -> dict[str, Any]:
    return {"value": value} | ({} if ci95 is None else {"ci95": list(ci95)})


def _f1(runs: Sequence[Outcome]) -> float | None:
    true, found = sum(run.true for run in runs), sum(len(run.found) for run in runs)
    return 2 * found / (true + found + sum(len(run.false) for run in runs)) if true else None


def _miss(runs: Sequence[Outcome], rate: float) -> float | None:
    true, hours = sum(run.true for run in runs), sum(run.camera_hours for run in runs)
    if not true or hours <= 0:
        return None
    found = [score for run in runs for score in run.found]
    return miss_at(det_curve(found, [score for run in runs for score in run.false], true, hours), rate)


def _delay(runs: Sequence[Outcome], share: float) -> float | None:
    delays = [delay for run in runs for delay in run.delays_s]
    return float(np.percentile(delays, share)) if delays else None
