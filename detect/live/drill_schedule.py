"""Drills that come round by themselves: how often, and at which hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from detect.drills import DRILLED, DrillState
from detect.live.authorisation import check_spans, check_zone, within
from detect.store import Store
from scenarios.entry import Entry, Id
from scenarios.errors import ParvisError
from scenarios.event import EventKind

__all__ = ["DrillSchedule", "ask_due"]

_BY: Final = "schedule"
_AGAIN: Final = timedelta(hours=1)
"""A drill that proved nothing is tried again after so long."""


class DrillSchedule(Entry):
    """One drill that comes round.

    Attributes:
        camera: Whose pictures are used; it needs a calibration.
        kind: What is staged: abandoned_object, person_down or crowd_movement.
        every_days: So many days lie between two of them.
        hours: Spans of the day in which it may begin, such as ``02:00-04:00``; empty: any time.
        time_zone: Of the hours, by its IANA name.
        place_m: Where, (x, y); None: anywhere that people walk.
    """

    camera: Id
    kind: EventKind
    every_days: Annotated[float, Field(ge=0.01, le=366)] = 30.0
    hours: list[str] = []
    time_zone: str = "Europe/Paris"
    place_m: tuple[float, float] | None = None

    _are_spans = field_validator("hours")(check_spans)
    _is_known = field_validator("time_zone")(check_zone)

    @field_validator("kind")
    @classmethod
    def _can_be_staged(cls, kind: EventKind) -> EventKind:
        if kind not in DRILLED:
            raise ValueError(f"'{kind}' cannot be staged; it should be one of {', '.join(DRILLED)}")
        return kind


def ask_due(schedules: Sequence[DrillSchedule], store: Store, now: datetime) -> None:
    """Ask for the drills whose time has come, one a camera at a time; void what no camera took up."""
    store.drills.expire(now)
    drills = store.drills.all()
    for one in schedules:
        if one.hours and not within(one.hours, now.astimezone(ZoneInfo(one.time_zone)).time()):
            continue
        mine = [d for d in drills if (d.camera_id, d.kind) == (one.camera, one.kind)]
        proved = max((d.asked_at for d in mine if d.state is not DrillState.VOID), default=None)
        tried = max((d.asked_at for d in mine), default=None)
        if proved is not None and now - proved < timedelta(days=one.every_days):
            continue
        if tried is not None and now - tried < _AGAIN:
            continue
        try:
            store.drills.ask(one.camera, one.kind, by=_BY, at_m=one.place_m)
        except ParvisError:
            continue  # another one is under way there: a minute later is soon enough
