"""The operator's desk: events become alerts, and only a human ends one with a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from scenarios.entry import Entry
from scenarios.errors import ParvisError
from scenarios.event import Event

__all__ = ["TRANSITIONS", "Alert", "AlertState", "Desk", "DeskSettings", "Verdict", "move"]


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
    """

    merge_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    merge_m: Annotated[float, Field(gt=0, le=100)] = 3.0
    expire_s: Annotated[float, Field(ge=60, le=366 * 86400)] = 86400.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One matter to verify.

    Attributes:
        alert_id: Unique in its store.
        event: The event as it was last said; of several joined ones, one that lasts.
        state: Where it stands.
        raised_at: When it was put on the desk, with time zone.
        joined: Events that were merged into it, the first included.
    """

    alert_id: str
    event: Event
    state: AlertState
    raised_at: datetime
    joined: tuple[str, ...]


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
    ) -> None:
        """Open the desk.

        Args:
            session: Distinguishes this run of the watcher from all others: event ids begin anew each time.
            settings: When two events are one matter.
            is_closed: Tells of an alert whether it was decided or has expired meanwhile.
        """
        self._session = session
        self._settings = settings or DeskSettings()
        self._is_closed = is_closed
        self._matters: dict[str, _Matter] = {}

    def take(self, event: Event, now: datetime) -> tuple[Alert, bool]:
        """Take one statement of a rule.

        Returns:
            The alert it belongs to, and whether that is new.
        """
        self._forget(event.start_s)
        matter = next((m for m in self._matters.values() if event.event_id in m.said), None)
        if matter is None:
            near = (m for m in reversed(self._matters.values()) if self._is_same(m, event))
            matter = next((m for m in near if not self._is_closed(m.alert.alert_id)), None)
        if matter is not None:
            return matter.hear(event), False
        alert = Alert(f"{self._session}-{event.event_id}", event, AlertState.NEW, now, (event.event_id,))
        self._matters[alert.alert_id] = _Matter(alert, {event.event_id: event})
        return alert, True

    def _is_same(self, matter: _Matter, new: Event) -> bool:
        return any(self._belongs(old, new) for old in matter.said.values())

    def _belongs(self, old: Event, new: Event) -> bool:
        if (old.kind, old.camera_id, old.zone) != (new.kind, new.camera_id, new.zone):
            return False
        if old.end_s is not None and new.start_s - old.end_s > self._settings.merge_s:
            return False
        if old.place_m is not None and new.place_m is not None:
            (ax, ay), (bx, by) = old.place_m, new.place_m
            return (ax - bx) ** 2 + (ay - by) ** 2 <= self._settings.merge_m**2
        if old.box_px is not None and new.box_px is not None:
            return _overlap(old.box_px, new.box_px)
        return old.place_m is None and new.place_m is None and old.zone is not None

    def _forget(self, now_s: float) -> None:
        """Let go of matters that nothing can join any more: a desk stands for months."""
        for alert_id, matter in list(self._matters.items()):
            if all(e.end_s is not None and now_s - e.end_s > self._settings.merge_s for e in matter.said.values()):
                del self._matters[alert_id]


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


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
