"""Who is troubled by false alarms: people who stay against people who pass by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.stats import chi2

from detect.score.boxes import Footage
from detect.score.settings import ScoreSettings
from scenarios.event import Event
from scenarios.population import Role
from scenarios.truth import GroundTruth, column

__all__ = ["fairness", "poisson_interval"]

_ROLES: Final = (Role.DWELLER, Role.PASSER_BY)


def poisson_interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval for the mean of a Poisson count.

    Reference:
        Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.
        DOI 10.1093/biomet/28.3-4.437.
    """
    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count) / 2) if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def fairness(truth: GroundTruth, false: Sequence[Event], footage: Footage, settings: ScoreSettings) -> dict[str, Any]:
    """Return person-hours, false alarms and their rate, by role; only roles of whom somebody was watched.

    Person-hours are those in which a person could be seen by a camera (each camera counts), or, without true boxes,
    was inside the venue. A false alarm is put down to the nearest person at its instant, within
    ``fairness_reach_m`` of its place; one with nobody near, or about a role that is not listed, to nobody.

    Args:
        truth: What is true.
        false: Alarms about nothing.
        footage: What was watched.
        settings: Of the scorer.
    """
    if truth.people is None or not truth.people.num_rows:
        return {}
    time, person = column(truth.people, "time_s"), column(truth.people, "id").astype(np.int64)
    role = np.asarray(column(truth.people, "role"), dtype=object)
    ids, first = np.unique(person, return_index=True)
    role_of = role[first]
    hours = _hours(truth, ids, footage, settings)
    blamed: list[str] = []
    xy = np.stack((column(truth.people, "x_m"), column(truth.people, "y_m")), axis=1)
    instants = np.unique(time)
    for event in false:
        if event.place_m is None:
            continue
        rows = np.flatnonzero(time == instants[np.argmin(np.abs(instants - event.start_s))])
        away = np.linalg.norm(xy[rows] - event.place_m, axis=1)
        if away.min() <= settings.fairness_reach_m:
            blamed.append(str(role[rows[np.argmin(away)]]))
    result: dict[str, Any] = {}
    for name in _ROLES:
        watched = float(hours[role_of == name.value].sum())
        if watched > 0:
            count = blamed.count(name.value)
            low, high = poisson_interval(count)
            result[name.value] = {
                "person_hours": watched,
                "false_alarms": count,
                "per_person_hour": count / watched,
                "ci95": [low / watched, high / watched],
            }
    return result


def _hours(truth: GroundTruth, ids: Any, footage: Footage, settings: ScoreSettings) -> Any:
    """Hours of each person, in the order of ``ids``."""
    if truth.boxes is not None and truth.boxes.num_rows:
        camera = np.asarray(column(truth.boxes, "camera"), dtype=object)
        seen = np.nan_to_num(column(truth.boxes, "visibility")) >= settings.min_visibility
        rows = seen & footage.watched(camera, column(truth.boxes, "time_s"))
        times, person = column(truth.boxes, "time_s"), column(truth.boxes, "id").astype(np.int64)[rows]
    else:
        assert truth.people is not None
        times, person = column(truth.people, "time_s"), column(truth.people, "id").astype(np.int64)
        person = person[times <= footage.until_s + 1e-6]
    instants = np.unique(times)
    step_s = float(np.median(np.diff(instants))) if len(instants) > 1 else 0.0
    at = np.searchsorted(ids, person)
    known = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == person)
    return np.bincount(at[known], minlength=len(ids)) * step_s / 3600
