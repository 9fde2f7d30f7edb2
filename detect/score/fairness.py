"""Who is troubled by false alarms: people who stay against people who pass by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detect.score.boxes import Footage
from detect.score.intervals import poisson_interval
from detect.score.settings import ScoreSettings
from scenarios.event import Event
from scenarios.population import Role
from scenarios.truth import GroundTruth, column

__all__ = ["fairness", "fairness_by"]

Floats = NDArray[np.float64]

_ROLES: Final = (Role.DWELLER, Role.PASSER_BY)
_LOW: Final = ("sitting", "lying", "crouching")
_UNKNOWN: Final = ""
_DARK: Final = 35.0
_LIGHT: Final = 65.0
"""CIE L* below which clothes are dark, and above which they are light."""


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
    told = fairness_by(truth, false, footage, settings).get("role", {})
    return {name.value: told[name.value] for name in _ROLES if name.value in told}


def fairness_by(
    truth: GroundTruth, false: Sequence[Event], footage: Footage, settings: ScoreSettings
) -> dict[str, dict[str, Any]]:
    """Return the same by every trait that the truth holds, over all who are not staff.

    Returns:
        ``role``; ``body`` (adult, child, elderly, wheelchair, pram); ``company`` (alone, group); ``posture`` (upright,
        or sitting, lying, crouching at the instant); of figures also ``skin`` (``scenarios.truth.SKIN_TONES``) and
        ``clothes`` (dark, medium, light: CIE L* of the upper part below 35, up to 65, above). A trait that the truth
        does not hold is absent.
    """
    if truth.people is None or not truth.people.num_rows:
        return {}
    people = _People.of(truth)
    blamed = [row for event in false if (row := people.nearest(event, settings.fairness_reach_m)) is not None]
    hours = _hours(truth, people, footage, settings)
    told: dict[str, dict[str, Any]] = {}
    for trait, values in people.traits.items():
        counted = {str(v) for v in values[people.counts]} - {_UNKNOWN}
        rows = {
            value: _row(float(hours[people.counts & (values == value)].sum()), sum(values[b] == value for b in blamed))
            for value in sorted(counted)
        }
        told[trait] = {value: row for value, row in rows.items() if row["person_hours"] > 0}
    return {trait: rows for trait, rows in told.items() if rows}


def _row(hours: float, count: int) -> dict[str, Any]:
    if hours <= 0:
        return {"person_hours": 0.0}
    low, high = poisson_interval(count)
    return {
        "person_hours": hours,
        "false_alarms": count,
        "per_person_hour": count / hours,
        "ci95": [low / hours, high / hours],
    }


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """One row a person and instant, as in the truth.

    Attributes:
        time_s: Shape (n,).
        id: Shape (n,).
        place_m: Shape (n, 2).
        counts: Whether it is anybody but staff.
        traits: Trait to its value in every row.
    """

    time_s: Floats
    id: NDArray[np.int64]
    place_m: Floats
    counts: NDArray[np.bool_]
    traits: Mapping[str, NDArray[np.object_]]

    @classmethod
    def of(cls, truth: GroundTruth) -> _People:
        """Gather them, sorted by person and time."""
        assert truth.people is not None
        table = truth.people
        person = column(table, "id").astype(np.int64)
        time = np.asarray(column(table, "time_s"), float)
        order = np.lexsort((time, person))
        person, time = person[order], time[order]
        role = np.asarray(column(table, "role"), object)[order]
        posture = np.asarray(column(table, "posture"), object)[order]
        traits = {
            "role": role,
            "body": np.asarray(column(table, "body"), object)[order],
            **_company(table, order),
            "posture": np.where(np.isin(posture.astype(str), _LOW), posture, "upright").astype(object),
        }
        place = np.stack((column(table, "x_m"), column(table, "y_m")), axis=1)[order]
        return cls(time, person, place, role != Role.STAFF.value, traits | _looks(truth, person))

    def nearest(self, event: Event, reach_m: float) -> int | None:
        """Return the row of the person to whom an alarm is put down, or None."""
        if event.place_m is None:
            return None
        instants = np.unique(self.time_s)
        rows = np.flatnonzero(self.time_s == instants[np.argmin(np.abs(instants - event.start_s))])
        away = np.linalg.norm(self.place_m[rows] - event.place_m, axis=1)
        row = int(rows[np.argmin(away)])
        return row if away.min() <= reach_m and self.counts[row] else None


def _company(table: pa.Table, order: NDArray[np.intp]) -> dict[str, NDArray[np.object_]]:
    """Say of each row whether that person stays with others, where the truth has it."""
    if "group" not in table.column_names:  # written before groups were
        return {}
    group = np.asarray(column(table, "group"), float)[order]
    return {"company": np.select([group >= 0, group < 0], ["group", "alone"], _UNKNOWN).astype(object)}


def _looks(truth: GroundTruth, person: NDArray[np.int64]) -> dict[str, NDArray[np.object_]]:
    """Skin and clothes of the figure in each row, where the truth has them."""
    if truth.looks is None or not truth.looks.num_rows:
        return {}
    ids = column(truth.looks, "id").astype(np.int64)
    order = np.argsort(ids)
    at = np.minimum(np.searchsorted(ids[order], person), len(ids) - 1)
    known = ids[order][at] == person
    skin = np.asarray(column(truth.looks, "skin_tone"), object)[order]
    cloth = np.stack([np.asarray(column(truth.looks, f"upper_{c}"), float) for c in "rgb"], axis=1)[order]
    light = _lightness(cloth)
    shade = np.select([~np.isfinite(light), light < _DARK, light > _LIGHT], [_UNKNOWN, "dark", "light"], "medium")
    return {
        "skin": np.where(known, skin[at], _UNKNOWN).astype(object),
        "clothes": np.where(known, shade.astype(object)[at], _UNKNOWN).astype(object),
    }


def _lightness(srgb: Floats) -> Floats:
    """CIE 1976 L* of sRGB values of 0 to 255 (IEC 61966-2-1), shape (n,)."""
    share = srgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array((0.2126, 0.7152, 0.0722))
    return np.asarray(np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27))


def _hours(truth: GroundTruth, people: _People, footage: Footage, settings: ScoreSettings) -> Floats:
    """Hours for which each row of the people stands: its instants, times the cameras that saw the person then."""
    if truth.boxes is not None and truth.boxes.num_rows:
        camera = np.asarray(column(truth.boxes, "camera"), dtype=object)
        seen = np.nan_to_num(column(truth.boxes, "visibility")) >= settings.min_visibility
        rows = seen & footage.watched(camera, column(truth.boxes, "time_s"))
        times = np.asarray(column(truth.boxes, "time_s"), float)
        step_s = _step(times)
        person, when = column(truth.boxes, "id").astype(np.int64)[rows], times[rows]
    else:
        rows = people.time_s <= footage.until_s + 1e-6
        step_s = _step(people.time_s)
        person, when = people.id[rows], people.time_s[rows]
    first = np.searchsorted(people.id, person)
    known = (first < len(people.id)) & (people.id[np.minimum(first, len(people.id) - 1)] == person)
    person, when = person[known], when[known]
    width = 2.0 + float(people.time_s.max() - people.time_s.min())  # one key in which persons do not overlap
    keys = people.id * width + (people.time_s - people.time_s.min())
    at = np.searchsorted(keys, person * width + (when - people.time_s.min()) - 1e-6)
    at = np.minimum(at, len(keys) - 1)
    at = np.where(people.id[at] == person, at, at - 1)  # seen after the last row: the last
    return np.asarray(np.bincount(at, minlength=len(keys)) * step_s / 3600)


def _step(times: Floats) -> float:
    instants = np.unique(times)
    return float(np.median(np.diff(instants))) if len(instants) > 1 else 0.0
