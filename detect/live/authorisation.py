"""When and for what the analysis may run: the order that allows it, and the switches that stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from scenarios.entry import Entry
from scenarios.event import EventKind

__all__ = ["Authorisation", "Permit", "check_spans", "check_zone", "permit", "within"]

_ALL: Final = frozenset(EventKind)


def check_spans(hours: list[str]) -> list[str]:
    """Return spans of the day as they are.

    Raises:
        ValueError: One makes no sense.
    """
    for span in hours:
        _span(span)
    return hours


def check_zone(name: str) -> str:
    """Return the name of a time zone as it is.

    Raises:
        ValueError: There is none of that name.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"'{name}' is no time zone; it should be such as Europe/Paris") from None
    return name


def within(hours: Sequence[str], now: time) -> bool:
    """Whether a time of day lies in one of the spans."""
    return any(_holds(*_span(span), now) for span in hours)


class Authorisation(Entry):
    """The order by which the analysis is allowed; outside of it no picture is analysed.

    Attributes:
        order: What allows it, as it is cited.
        first: First day,
        last: and last day.
        hours: Spans of the day such as ``08:00-23:30``; one that ends before it begins goes on after midnight.
            Empty: the whole day.
        time_zone: Of days and hours, by its IANA name.
        purposes: Events that may be looked for; empty: all.
    """

    order: Annotated[str, Field(min_length=3)]
    first: date
    last: date
    hours: list[str] = []
    time_zone: str = "Europe/Paris"
    purposes: list[EventKind] = []

    _are_spans = field_validator("hours")(check_spans)
    _is_known = field_validator("time_zone")(check_zone)

    @model_validator(mode="after")
    def _has_days(self) -> Authorisation:
        if self.last < self.first:
            raise ValueError(f"last: {self.last} is before the first day, {self.first}")
        return self

    def refusal(self, at: datetime) -> str:
        """Return why the analysis may not run at a moment; empty where it may."""
        here = at.astimezone(ZoneInfo(self.time_zone))
        if here.date() < self.first and not self._last_night(here):
            return f"not authorised before {self.first} ({self.order})"
        if here.date() > self.last and not self._last_night(here):
            return f"not authorised since {self.last} is over ({self.order})"
        if self.hours and not within(self.hours, here.time()):
            return f"not authorised at this hour, only {', '.join(self.hours)} ({self.order})"
        return ""

    def _last_night(self, here: datetime) -> bool:
        """Whether it is the night that began on the last day."""
        if (here.date() - self.last).days != 1:
            return False
        return any(end < begin and here.time() < end for begin, end in map(_span, self.hours))


@dataclass(frozen=True, slots=True)
class Permit:
    """What may be done now.

    Attributes:
        refusal: Why nothing may; empty where something may.
        purposes: What may be looked for.
    """

    refusal: str
    purposes: frozenset[EventKind]


def permit(
    camera_id: str,
    authorisation: Authorisation | None,
    wanted: frozenset[EventKind],
    switched_off: Mapping[str, str],
    at: datetime,
) -> Permit:
    """Decide what a camera may be watched for at a moment.

    Args:
        camera_id: Which.
        authorisation: The order; None: none is needed.
        wanted: What the configuration looks for.
        switched_off: ``camera:ID`` and ``purpose:KIND`` to the words of who switched it off.
        at: The moment, with time zone.
    """
    nothing: frozenset[EventKind] = frozenset()
    if (words := switched_off.get(f"camera:{camera_id}")) is not None:
        return Permit(f"switched off: {words}", nothing)
    refusal = "" if authorisation is None else authorisation.refusal(at)
    if refusal:
        return Permit(refusal, nothing)
    allowed = wanted & (frozenset(authorisation.purposes) if authorisation and authorisation.purposes else _ALL)
    allowed -= {kind for kind in allowed if f"purpose:{kind.value}" in switched_off}
    return Permit("" if allowed else "there is nothing that it may be watched for", allowed)


def _span(text: str) -> tuple[time, time]:
    begin, dash, end = text.partition("-")
    try:
        if not dash:
            raise ValueError
        span = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise ValueError(f"'{text}' is no span of the day; it should be such as 08:00-23:30") from None
    if span[0] == span[1]:
        raise ValueError(f"'{text}' begins when it ends; leave hours out for the whole day")
    return span


def _holds(begin: time, end: time, now: time) -> bool:
    return begin <= now < end if begin < end else now >= begin or now < end
