"""What happened against what was said, one line an event: the list behind the timeline, the table and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from detect.observations import Observations
from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.event import Event, EventKind
from scenarios.recording import Recording

__all__ = ["LedgerEntry", "LedgerStatus", "ledger_of"]


class LedgerStatus(StrEnum):
    """How truth and alarm met."""

    FOUND = "found"
    MISSED = "missed"
    NO_RULE = "no_rule"
    FALSE = "false"
    UNSCORED = "unscored"

    @property
    def words(self) -> str:
        """The status for a person."""
        return {
            "found": "found",
            "missed": "missed",
            "no_rule": "no rule yet",
            "false": "false alarm",
            "unscored": "alarm, not scored",
        }[self]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One true event, one false alarm, or one alarm about which no truth is known.

    Attributes:
        number: Place in the list, from 1.
        kind: One of the decree's events.
        status: How truth and alarm met.
        due_s: When a perfect watcher would have said it; None for an alarm without a true event.
        until_s: When the true event was over; None where it lasted to the end, or without a true event.
        alarm_s: When the alarm was raised; None where there was none.
        place_m: Ground position (x, y), or None where it is not known.
        camera_id: The camera on whose pictures to look; None where no camera sees the place.
        event: The alarm, or None.
    """

    number: int
    kind: EventKind
    status: LedgerStatus
    due_s: float | None
    until_s: float | None
    alarm_s: float | None
    place_m: tuple[float, float] | None
    camera_id: str | None
    event: Event | None

    @property
    def at_s(self) -> float:
        """The instant at which to look."""
        first = [t for t in (self.due_s, self.alarm_s) if t is not None]
        return min(first) if first else 0.0

    @property
    def delay_s(self) -> float | None:
        """From the instant at which it was due to the alarm, or None where one of them is missing."""
        return None if self.due_s is None or self.alarm_s is None else self.alarm_s - self.due_s

    @property
    def label(self) -> str:
        """The kind for a person."""
        return self.kind.value.replace("_", " ")


def ledger_of(recording: Recording, observations: Observations, cameras: list[Camera]) -> tuple[LedgerEntry, ...]:
    """Read the ledger of a run: what the scorer left in ``run.json``, and every other alarm as not scored.

    Raises:
        RecordingError: The ledger in ``run.json`` cannot be read.
    """
    events = {event.event_id: event for event in observations.events}
    rows: list[Mapping[str, Any]] = list(recording.run().get("ledger") or [])
    try:
        named = {row.get("event_id") for row in rows}
        rows += [
            {"kind": e.kind, "status": "unscored", "alarm_s": e.start_s, "place": e.place_m, "event_id": e.event_id}
            for e in observations.events
            if e.event_id not in named
        ]
        entries = [_entry(row, events, cameras) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RecordingError(f"{recording.run_json}: its ledger cannot be read ({error})") from None
    entries.sort(key=lambda e: (e.at_s, e.kind.value, e.status.value))
    return tuple(replace(entry, number=number) for number, entry in enumerate(entries, 1))


def _entry(row: Mapping[str, Any], events: Mapping[str, Event], cameras: list[Camera]) -> LedgerEntry:
    event = events.get(row.get("event_id") or "")
    place = row.get("place")
    if place is None and event is not None:
        place = event.place_m
    place_m = None if place is None else (float(place[0]), float(place[1]))
    return LedgerEntry(
        number=0,
        kind=EventKind(row["kind"]),
        status=LedgerStatus(row["status"]),
        due_s=_seconds(row.get("due_s")),
        until_s=_seconds(row.get("until_s")),
        alarm_s=_seconds(row.get("alarm_s")),
        place_m=place_m,
        camera_id=event.camera_id if event is not None else _camera_that_sees(place_m, cameras),
        event=event,
    )


def _seconds(value: float | None) -> float | None:
    """A time; infinity means that it lasted to the end."""
    return float(value) if value is not None and np.isfinite(value) else None


def _camera_that_sees(place_m: tuple[float, float] | None, cameras: list[Camera]) -> str | None:
    if place_m is None:
        return None
    for camera in cameras:
        (x, y), _ = (part[0] for part in camera.project([(*place_m, 0.0)]))
        if 0 <= x < camera.width_px and 0 <= y < camera.height_px:
            return camera.id
    return None
