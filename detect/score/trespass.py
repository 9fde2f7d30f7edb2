"""Who was where nobody may be, went against a direction, or lay after a fall: derived from the people's truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from detect.score.settings import ScoreSettings
from scenarios.event import EventKind
from scenarios.population import Posture
from scenarios.truth import column
from scenarios.venue import Zone

__all__ = ["Trespass", "downs", "intrusions", "wrong_ways"]

Floats = NDArray[np.float64]

_GONE_S: Final = 1.0
"""Somebody of whom nothing is known for longer has left."""


@dataclass(frozen=True, slots=True)
class Trespass:
    """One stay of one person that is due to be said.

    Attributes:
        kind: What.
        due_s: From when on.
        until_s: Until when; None: to the end.
        place_m: Where at the due instant.
        zone: In which zone, or None.
        person: Who.
    """

    kind: EventKind
    due_s: float
    until_s: float | None
    place_m: tuple[float, float]
    zone: str | None
    person: int


def intrusions(people: pa.Table, zones: Sequence[Zone], s: ScoreSettings) -> list[Trespass]:
    """Return every stay of ``intrusion_hold_s`` or longer inside a forbidden zone."""
    found = []
    end = _end(people)
    for zone in zones:
        if not zone.forbidden:
            continue
        for person, times, places in _by_person(people):
            for first, after in _runs(shapely.contains_xy(zone.shape, places), times):
                due = np.flatnonzero(times[first:after] - times[first] >= s.intrusion_hold_s - 1e-6)
                if len(due):
                    at = first + int(due[0])
                    found.append(_said(EventKind.ZONE_INTRUSION, at, after, times, places, zone.id, person, end))
    return found


def wrong_ways(people: pa.Table, zones: Sequence[Zone], s: ScoreSettings) -> list[Trespass]:
    """Return every stay in a one-way zone during which somebody went ``wrong_way_m`` or more against its direction."""
    found = []
    end = _end(people)
    for zone in zones:
        if zone.one_way is None:
            continue
        along = np.array(zone.one_way) / np.hypot(*zone.one_way)
        for person, times, places in _by_person(people):
            for first, after in _runs(shapely.contains_xy(zone.shape, places), times):
                way = places[first:after] @ along
                due = np.flatnonzero(np.maximum.accumulate(way) - way >= s.wrong_way_m - 1e-6)
                if len(due):
                    at = first + int(due[0])
                    found.append(_said(EventKind.WRONG_WAY, at, after, times, places, zone.id, person, end))
    return found


def downs(people: pa.Table, s: ScoreSettings) -> list[Trespass]:
    """Return every stay of ``down_hold_s`` or longer on the ground after a fall; who lay down to rest is not down."""
    posture = np.asarray(column(people, "posture"), dtype=object)
    if not (posture == Posture.FALLEN.value).any():
        return []
    found = []
    end = _end(people)
    order = _order(people)
    fallen = dict(_split(people, order, (posture == Posture.FALLEN.value)[order]))
    for person, times, places in _by_person(people):
        if not fallen[person].any():
            continue
        for first, after in _runs(fallen[person], times):
            due = np.flatnonzero(times[first:after] - times[first] >= s.down_hold_s - 1e-6)
            if len(due):
                at = first + int(due[0])
                found.append(_said(EventKind.PERSON_DOWN, at, after, times, places, None, person, end))
    return found


def _said(
    kind: EventKind, at: int, after: int, times: Floats, places: Floats, zone: str | None, person: int, end: float
) -> Trespass:
    last = float(times[after]) if after < len(times) else None
    if last is None and times[-1] < end - _GONE_S:  # the person has left the venue
        last = float(times[-1])
    return Trespass(kind, float(times[at]), last, (float(places[at, 0]), float(places[at, 1])), zone, person)


def _end(people: pa.Table) -> float:
    times = column(people, "time_s")
    return float(times.max()) if len(times) else 0.0


def _order(people: pa.Table) -> NDArray[np.intp]:
    return np.lexsort((column(people, "time_s"), column(people, "id")))


def _by_person(people: pa.Table) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield everybody's id, times and places, in order of time."""
    order = _order(people)
    ids = column(people, "id")[order]
    times = column(people, "time_s")[order].astype(float)
    places = np.stack((column(people, "x_m"), column(people, "y_m")), axis=1)[order].astype(float)
    for begin, after in _parts(ids):
        yield int(ids[begin]), times[begin:after], places[begin:after]


def _split(
    people: pa.Table, order: NDArray[np.intp], values: NDArray[np.bool_]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    ids = column(people, "id")[order]
    for begin, after in _parts(ids):
        yield int(ids[begin]), values[begin:after]


def _parts(ids: NDArray[np.int32]) -> list[tuple[int, int]]:
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])).tolist() if len(ids) else []
    return list(zip(starts, [*starts[1:], len(ids)], strict=True))


def _runs(flags: NDArray[np.bool_], times: Floats) -> list[tuple[int, int]]:
    """First index and index after the last of every run unbroken in flag and, but for ``_GONE_S``, in time."""
    found: list[tuple[int, int]] = []
    if not flags.any():
        return found
    begin = -1
    for i, flag in enumerate(flags.tolist()):
        if begin >= 0 and (not flag or times[i] - times[i - 1] > _GONE_S):
            found.append((begin, i))
            begin = -1
        if flag and begin < 0:
            begin = i
    if begin >= 0:
        found.append((begin, len(flags)))
    return found
