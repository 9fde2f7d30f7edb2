"""Who is troubled by false alarms, over many runs: each group against those it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from detect.score.intervals import poisson_interval, ratio_interval

__all__ = ["AGAINST", "fair_rates"]

AGAINST: Final[Mapping[str, str | None]] = {
    "role": "passer_by",
    "body": "adult",
    "company": "alone",
    "posture": "upright",
    "skin": None,
    "clothes": None,
}
"""By trait, the group with which the others are compared; None: each with everybody else."""


def fair_rates(results: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add up the person-hours and false alarms of all runs and compare the groups.

    Args:
        results: Each with ``score``, a scorecard with ``fairness_by``.

    Returns:
        Trait to group to ``person_hours``, ``false_alarms``, ``per_person_hour`` with ``ci95`` (exact Poisson), and,
        but for the group itself, ``ratio`` to the rate of those in ``against``, with ``ratio_ci95`` (exact; an end
        without a bound is None). ``unequal`` says that the interval of the ratio leaves out 1.
    """
    sums: dict[str, dict[str, list[float]]] = {}
    for result in results:
        for trait, rows in (result["score"].get("fairness_by") or {}).items():
            for group, row in rows.items():
                added = sums.setdefault(trait, {}).setdefault(group, [0, 0.0])
                added[0] += row["false_alarms"]
                added[1] += row["person_hours"]
    return {
        trait: {group: _row(group, groups, AGAINST.get(trait)) for group in sorted(groups)}
        for trait, groups in sums.items()
    }


def _row(group: str, groups: Mapping[str, list[float]], against: str | None) -> dict[str, Any]:
    count, hours = int(groups[group][0]), groups[group][1]
    low, high = poisson_interval(count)
    row: dict[str, Any] = {
        "person_hours": hours,
        "false_alarms": count,
        "per_person_hour": count / hours,
        "ci95": [low / hours, high / hours],
    }
    if against is None:
        others = [name for name in groups if name != group]
    else:
        others = [against] if against in groups else []
    if against == group or not others:
        return row
    other, other_hours = int(sum(groups[g][0] for g in others)), sum(groups[g][1] for g in others)
    ends = ratio_interval(count, hours, other, other_hours)
    return row | {
        "against": against or "others",
        "ratio": (count / hours) / (other / other_hours) if other else None,
        "ratio_ci95": list(ends),
        "unequal": (ends[0] is not None and ends[0] > 1) or (ends[1] is not None and ends[1] < 1),
    }
