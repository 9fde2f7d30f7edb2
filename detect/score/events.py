"""Alarms against what was due: one to one, in time and place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from detect.rules import NOT_IMPLEMENTED
from detect.score.due import EVENT_OF_INCIDENT, DueEvent, due_events, knowable
from detect.score.settings import ScoreSettings
from scenarios.event import Event, EventKind
from scenarios.truth import GroundTruth, column
from scenarios.venue import Zone

__all__ = ["EVENT_OF_INCIDENT", "EventScore", "Meeting", "ledger", "meet", "score_events"]

_MATCHED: Final = 1e6
"""Worth of a match against any delay: first as many as possible, then as early as possible."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Truth and alarms of one kind, brought together.

    Attributes:
        kind: Of all of them.
        found: What was due, with its first alarm.
        missed: What was due and not said.
        false: Alarms about nothing that was due.
        ruled: Whether any rule could have said it; without one nothing was measured.
        surest: Of each found, the largest score of all cameras' alarms about it.
    """

    kind: EventKind
    found: tuple[tuple[DueEvent, Event], ...]
    missed: tuple[DueEvent, ...]
    false: tuple[Event, ...]
    ruled: bool = True
    surest: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class EventScore:
    """How well one kind of event is said.

    Attributes:
        true: How many were due.
        found: How many of these were said in time and place.
        false: Alarms about nothing.
        camera_hours: Footage over all cameras.
        delays_s: From due to alarm, of those found, by due time.
        alpha_live: Recall bias of the live role.
        alpha_record: Recall bias of the record role.
        ruled: Whether any rule could have said it.
    """

    true: int
    found: int
    false: int
    camera_hours: float
    delays_s: tuple[float, ...]
    alpha_live: float
    alpha_record: float
    ruled: bool = True

    @property
    def recall(self) -> float | None:
        """Share of what was due that was said; None when nothing was."""
        return self.found / self.true if self.true else None

    @property
    def precision(self) -> float | None:
        """Share of the alarms that were right; None without alarms."""
        said = self.found + self.false
        return self.found / said if said else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None when nothing was due."""
        return 2 * self.found / (self.true + self.found + self.false) if self.true else None

    @property
    def f1_live(self) -> float | None:
        """F1 of i-LIDS for the role of the live alert."""
        return self._ilids(self.alpha_live)

    @property
    def f1_record(self) -> float | None:
        """F1 of i-LIDS for the role of the forensic record."""
        return self._ilids(self.alpha_record)

    @property
    def false_per_camera_hour(self) -> float | None:
        """False alarms per hour of one camera; None without footage."""
        return self.false / self.camera_hours if self.camera_hours > 0 else None

    def as_json(self) -> dict[str, Any]:
        """Return the keys of ``score.json``; what is not defined is absent.

        Of a kind for which there is no rule only ``true`` and ``rule`` (false) are said: nobody looked.
        """
        if not self.ruled:
            return {"true": self.true, "rule": False}
        values: dict[str, Any] = {"true": self.true, "found": self.found, "false": self.false}
        rates = {
            "recall": self.recall,
            "precision": self.precision,
            "f1": self.f1,
            "false_per_camera_hour": self.false_per_camera_hour,
        }
        values |= {name: value for name, value in rates.items() if value is not None}
        if self.delays_s:
            median, p90 = np.percentile(self.delays_s, [50, 90])
            values["delay_s"] = {"median": round(float(median), 4), "p90": round(float(p90), 4)}
        return values

    def _ilids(self, alpha: float) -> float | None:
        """(a + 1) R P / (R + a P); Home Office (2008), i-LIDS user guide."""
        recall, precision = self.recall, self.precision
        if recall is None:
            return None
        if not recall or not precision:
            return 0.0
        return (alpha + 1) * recall * precision / (recall + alpha * precision)


def meet(
    truth: GroundTruth,
    events: Sequence[Event],
    settings: ScoreSettings,
    *,
    zones: Sequence[Zone] = (),
    watched: Collection[EventKind] = (),
    until_s: float | None = None,
) -> list[Meeting]:
    """Match alarms and what was due, one to one on each camera (NIST ActEV's alignment).

    A kind about which this truth does not speak is left out: its alarms are neither right nor wrong. So is a kind of
    which nothing was due and nothing was said, unless a rule watched for it. What any camera says in time is found;
    further alarms of the same camera about the same thing are false.

    Args:
        truth: What is true.
        events: What was said.
        settings: Of the scorer.
        zones: Watched zones.
        watched: Kinds for which a rule watched.
        until_s: End of the footage; None: of the truth.
    """
    end = truth.duration_s if until_s is None else until_s
    due = due_events(truth, zones, settings, end)
    known = knowable(truth, zones)
    who = _Whereabouts(truth)
    meetings = []
    for kind in EventKind:
        ours = [d for d in due if d.kind is kind]
        said = [e for e in events if e.kind is kind]
        if kind in known and (ours or said or kind in watched):
            ruled = bool(said) or kind in watched or kind.value not in NOT_IMPLEMENTED
            meetings.append(replace(_meet(kind, ours, said, who, settings, end), ruled=ruled))
    return meetings


def score_events(meeting: Meeting, camera_hours: float, settings: ScoreSettings) -> EventScore:
    """Count one kind of event."""
    return EventScore(
        true=len(meeting.found) + len(meeting.missed),
        found=len(meeting.found),
        false=len(meeting.false),
        camera_hours=camera_hours,
        delays_s=tuple(event.start_s - due.due_s for due, event in meeting.found),
        alpha_live=settings.alpha_live,
        alpha_record=settings.alpha_record,
        ruled=meeting.ruled,
    )


def ledger(meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return every due event and every false alarm as plain JSON values, by time."""
    rows: list[dict[str, Any]] = []
    for meeting in meetings:
        rows += [
            _row(meeting.kind, due, "found", event, score)
            for (due, event), score in zip(meeting.found, meeting.surest, strict=True)
        ]
        status = "missed" if meeting.ruled else "no_rule"
        rows += [_row(meeting.kind, due, status, None) for due in meeting.missed]
        rows += [_row(meeting.kind, None, "false", event) for event in meeting.false]
    return sorted(rows, key=lambda r: (r["due_s"] if r["due_s"] is not None else r["alarm_s"], r["kind"]))


class _Whereabouts:
    """Where the people who take part in something are at an instant."""

    def __init__(self, truth: GroundTruth) -> None:
        self._known = truth.people is not None and truth.people.num_rows > 0
        if not self._known:
            return
        self._times, start = np.unique(column(truth.people, "time_s"), return_inverse=True)
        order = np.argsort(start, kind="stable")
        self._bounds = np.searchsorted(start[order], np.arange(len(self._times) + 1))
        self._ids = column(truth.people, "id")[order]
        self._xy = np.stack((column(truth.people, "x_m"), column(truth.people, "y_m")), axis=1)[order]

    def of(self, people: tuple[int, ...], time_s: float) -> NDArray[np.float64]:
        """Return their places, shape (n, 2); empty where nothing is known."""
        if not self._known or not people:
            return np.empty((0, 2))
        at = int(np.argmin(np.abs(self._times - time_s)))
        rows = slice(int(self._bounds[at]), int(self._bounds[at + 1]))
        return np.asarray(self._xy[rows][np.isin(self._ids[rows], people)])


def _meet(
    kind: EventKind, due: list[DueEvent], said: list[Event], who: _Whereabouts, s: ScoreSettings, end: float
) -> Meeting:
    first: dict[int, Event] = {}
    surest: dict[int, float] = {}
    false: list[Event] = []
    for camera in sorted({e.camera_id for e in said}):
        here = [e for e in said if e.camera_id == camera]
        fits = np.array([[_fits(d, e, who, s) for e in here] for d in due], bool).reshape(len(due), len(here))
        delay = np.array([[abs(e.start_s - d.due_s) for e in here] for d in due]).reshape(fits.shape)
        rows, columns = linear_sum_assignment(np.where(fits, delay - _MATCHED, 0.0))
        pairs = {int(c): int(r) for r, c in zip(rows, columns, strict=True) if fits[r, c]}
        for c, event in enumerate(here):
            if c not in pairs:
                false.append(event)
                continue
            surest[pairs[c]] = max(event.score, surest.get(pairs[c], 0.0))
            if pairs[c] not in first or event.start_s < first[pairs[c]].start_s:
                first[pairs[c]] = event
    missed = [d for i, d in enumerate(due) if i not in first and d.due_s <= end - s.settle_s]
    return Meeting(
        kind=kind,
        found=tuple((due[i], first[i]) for i in sorted(first)),
        missed=tuple(missed),
        false=tuple(sorted(false, key=lambda e: (e.start_s, e.event_id))),
        surest=tuple(surest[i] for i in sorted(first)),
    )


def _fits(due: DueEvent, event: Event, who: _Whereabouts, s: ScoreSettings) -> bool:
    latest = due.due_s + s.late_s
    if due.until_s is not None:
        latest = max(min(latest, due.until_s), due.due_s + s.settle_s)
    if not due.due_s - s.early_s - 1e-9 <= event.start_s <= latest + 1e-9:
        return False
    if due.zone is not None:
        return event.zone == due.zone
    if event.place_m is None or due.place_m is None:
        return due.box_px is None or event.box_px is None or _touch(due.box_px, event.box_px)
    places = np.array([due.place_m])
    if due.kind is EventKind.CROWD_MOVEMENT:
        places = np.concatenate((places, who.of(due.person_ids, event.start_s)))
    return bool(np.linalg.norm(places - event.place_m, axis=1).min() <= s.place_m)


def _touch(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _row(
    kind: EventKind, due: DueEvent | None, status: str, event: Event | None, score: float | None = None
) -> dict[str, Any]:
    place = due.place_m if due is not None else event.place_m if event is not None else None
    return {
        "kind": kind.value,
        "due_s": None if due is None else due.due_s,
        "until_s": None if due is None else due.until_s,
        "place": None if place is None else list(place),
        "status": status,
        "alarm_s": None if event is None else event.start_s,
        "event_id": None if event is None else event.event_id,
        "camera": None if event is None else event.camera_id,
        "score": event.score if score is None and event is not None else score,
    }
