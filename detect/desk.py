"""The operator's desk: events become alerts, and only a human ends one with a verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from detect.marks import Mark
from scenarios.entry import Entry
from scenarios.errors import ParvisError
from scenarios.event import Event

__all__ = ["TRANSITIONS", "Alert", "AlertState", "Desk", "DeskSettings", "Filed", "Verdict", "move"]

_MINUTE: Final = timedelta(seconds=60)


class AlertState(StrEnum):
    """Where an alert stands."""

    NEW = "new"
    SEEN = "seen"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


class Verdict(StrEnum):
    """What a human decides."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


TRANSITIONS: Final[dict[AlertState, frozenset[AlertState]]] = {
    AlertState.NEW: frozenset(set(AlertState) - {AlertState.NEW}),
    AlertState.SEEN: frozenset({AlertState.CONFIRMED, AlertState.DISMISSED, AlertState.EXPIRED}),
    AlertState.CONFIRMED: frozenset(),
    AlertState.DISMISSED: frozenset(),
    AlertState.EXPIRED: frozenset({AlertState.CONFIRMED, AlertState.DISMISSED}),
}
"""From each state, those that may follow; a verdict is final."""


class DeskSettings(Entry):
    """When two events are one matter for the operator, and how long a matter waits.

    Attributes:
        merge_s: An event of the same kind on the same camera joins an alert that ended at most so long before,
        merge_m: and at most so far from it; without metres, whose boxes overlap.
        expire_s: An alert whose event is over and that nobody decided for so long leaves the list of those that wait.
        most_per_minute: Of one camera, so many alerts are raised within a minute; what is beyond them becomes one
            alert a kind, which counts it.
    """

    merge_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    merge_m: Annotated[float, Field(gt=0, le=100)] = 3.0
    expire_s: Annotated[float, Field(ge=60, le=366 * 86400)] = 86400.0
    most_per_minute: Annotated[int, Field(ge=1, le=600)] = 10


@dataclass(frozen=True, slots=True)
class Alert:
    """One matter to verify.

    Attributes:
        alert_id: Unique in its store.
        event: The event as it was last said; of several joined ones, one that lasts.
        state: Where it stands.
        raised_at: When it was put on the desk, with time zone.
        joined: Events that were merged into it, the first included.
        more: How many further ones like it were too many to be raised and are counted here.
    """

    alert_id: str
    event: Event
    state: AlertState
    raised_at: datetime
    joined: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one statement of a rule.

    Attributes:
        event: The statement.
        alert: The alert it belongs to; None: it is only counted, because of a mark.
        new: Whether that alert is new.
        held: Whether the event stands in the record beside the alerts: beyond the limit, or under a mark.
        mark: The mark because of which it was not raised.
    """

    event: Event
    alert: Alert | None
    new: bool = False
    held: bool = False
    mark: Mark | None = None


def move(alert: Alert, state: AlertState) -> Alert:
    """Return the alert in another state.

    Raises:
        ParvisError: From where it stands it cannot go there.
    """
    if state not in TRANSITIONS[alert.state]:
        raise ParvisError(f"alert {alert.alert_id}: is {alert.state} already and cannot become {state}")
    return replace(alert, state=state)


class Desk:
    """Turns the statements of one camera's rules into alerts: one a matter, not one a statement.

    What a human has decided is closed: a new event at the same place is a new matter, so that a bag beside one that
    was dismissed is never swallowed.
    """

    def __init__(
        self,
        session: str,
        settings: DeskSettings | None = None,
        *,
        is_closed: Callable[[str], bool] = lambda _alert_id: False,
        marks: Callable[[], Sequence[Mark]] = tuple,
    ) -> None:
        """Open the desk.

        Args:
            session: Distinguishes this run of the watcher from all others: event ids begin anew each time.
            settings: When two events are one matter, and how many alerts are too many.
            is_closed: Tells of an alert whether it was decided or has expired meanwhile.
            marks: Tells what is not to be raised now.
        """
        self._session = session
        self._settings = settings or DeskSettings()
        self._is_closed = is_closed
        self._marks = marks
        self._matters: dict[str, _Matter] = {}
        self._groups: list[_Group] = []
        self._raised: deque[datetime] = deque()
        self._muted: dict[str, tuple[Event, Mark]] = {}

    def take(self, event: Event, now: datetime) -> Filed:
        """Take one statement of a rule."""
        self._forget(event.start_s, now)
        if event.event_id in self._muted:
            return self._mute(event, self._muted.pop(event.event_id)[1])
        of_group = next((g for g in self._groups if event.event_id in g.lasting), None)
        if of_group is not None:
            return Filed(event, of_group.hear(event), held=event.event_id not in of_group.alert.joined)
        matter = next((m for m in self._matters.values() if event.event_id in m.said), None)
        if matter is None:
            mark = next((m for m in self._marks() if m.covers(event, now)), None)
            if mark is not None:
                return self._mute(event, mark)
            near = (m for m in reversed(self._matters.values()) if self._is_same(m, event))
            matter = next((m for m in near if not self._is_closed(m.alert.alert_id)), None)
        if matter is not None:
            return Filed(event, matter.hear(event))
        return self._raise(event, now)

    def look_again(self, now: datetime) -> list[Filed]:
        """Return what was not raised because of a mark that holds no more, and lasts still: it is raised now."""
        free = [e for e, _ in self._muted.values() if not any(m.covers(e, now) for m in self._marks())]
        for event in free:
            del self._muted[event.event_id]
        return [self.take(event, now) for event in free]

    def _mute(self, event: Event, mark: Mark) -> Filed:
        if event.end_s is None:
            self._muted[event.event_id] = event, mark
        return Filed(event, None, held=True, mark=mark)

    def _raise(self, event: Event, now: datetime) -> Filed:
        alert = Alert(f"{self._session}-{event.event_id}", event, AlertState.NEW, now, (event.event_id,))
        if len(self._raised) < self._settings.most_per_minute:
            self._raised.append(now)
            self._matters[alert.alert_id] = _Matter(alert, {event.event_id: event})
            return Filed(event, alert, new=True)
        alike = (g for g in self._groups if (g.alert.event.kind, g.alert.event.drill) == (event.kind, event.drill))
        group = next((g for g in alike if not self._is_closed(g.alert.alert_id)), None)
        if group is not None:
            return Filed(event, group.add(event, now), held=True)
        self._groups.append(_Group(alert, now, {event.event_id} if event.end_s is None else set()))
        return Filed(event, alert, new=True)

    def _is_same(self, matter: _Matter, new: Event) -> bool:
        return any(self._belongs(old, new) for old in matter.said.values())

    def _belongs(self, old: Event, new: Event) -> bool:
        if (old.kind, old.camera_id, old.zone, old.drill) != (new.kind, new.camera_id, new.zone, new.drill):
            return False
        if old.end_s is not None and new.start_s - old.end_s > self._settings.merge_s:
            return False
        if old.place_m is not None and new.place_m is not None:
            (ax, ay), (bx, by) = old.place_m, new.place_m
            return (ax - bx) ** 2 + (ay - by) ** 2 <= self._settings.merge_m**2
        if old.box_px is not None and new.box_px is not None:
            return _overlap(old.box_px, new.box_px)
        return old.place_m is None and new.place_m is None and old.zone is not None

    def _forget(self, now_s: float, now: datetime) -> None:
        """Let go of matters that nothing can join any more: a desk stands for months."""
        for alert_id, matter in list(self._matters.items()):
            if all(e.end_s is not None and now_s - e.end_s > self._settings.merge_s for e in matter.said.values()):
                del self._matters[alert_id]
        while self._raised and not _is_within_a_minute(self._raised[0], now):
            self._raised.popleft()
        self._groups = [g for g in self._groups if g.lasting or _is_within_a_minute(g.last_at, now)]


@dataclass(slots=True)
class _Matter:
    """An alert, and the last statement about each event in it."""

    alert: Alert
    said: dict[str, Event]

    def hear(self, event: Event) -> Alert:
        self.said[event.event_id] = event
        lasts = [e for e in self.said.values() if e.end_s is None]
        joined = self.alert.joined if event.event_id in self.alert.joined else (*self.alert.joined, event.event_id)
        self.alert = replace(self.alert, event=lasts[-1] if lasts else event, joined=joined)
        return self.alert


@dataclass(slots=True)
class _Group:
    """An alert that stands for all that were too many, which it counts; the first of them is the one it shows."""

    alert: Alert
    last_at: datetime
    lasting: set[str] = field(default_factory=set)

    def add(self, event: Event, now: datetime) -> Alert:
        self.last_at = now
        self.alert = replace(self.alert, more=self.alert.more + 1)
        if event.end_s is None:
            self.lasting.add(event.event_id)
        return self._say(event)

    def hear(self, event: Event) -> Alert:
        if event.end_s is not None:
            self.lasting.discard(event.event_id)
        return self._say(event)

    def _say(self, event: Event) -> Alert:
        """It lasts while one of them does."""
        shown = event if event.event_id == self.alert.event.event_id else self.alert.event
        end_s = None if self.lasting else max(shown.end_s or shown.start_s, event.end_s or event.start_s)
        self.alert = replace(self.alert, event=replace(shown, end_s=end_s))
        return self.alert


def _is_within_a_minute(then: datetime, now: datetime) -> bool:
    """What is said to be in the future was said before the clock was set back."""
    return timedelta(0) <= now - then < _MINUTE


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
