"""The operator's desk: events become alerts, and only a human ends one with a verdict."""

from __future__ import annotations

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
    """When two events are one matter for the operator.

    Attributes:
        merge_s: An event of the same kind on the same camera joins an alert that ended at most so long before,
        merge_m: and at most so far from it; without metres, whose boxes overlap.
    """

    merge_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    merge_m: Annotated[float, Field(gt=0, le=100)] = 3.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One matter to verify.

    Attributes:
        alert_id: Unique in its store.
        event: The event as it was last said.
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
    """Turns the statements of one camera's rules into alerts: one a matter, not one a statement."""

    def __init__(self, session: str, settings: DeskSettings | None = None) -> None:
        """Open the desk.

        Args:
            session: Distinguishes this run of the watcher from all others: event ids begin anew each time.
            settings: When two events are one matter.
        """
        self._session = session
        self._settings = settings or DeskSettings()
        self._alerts: dict[str, Alert] = {}
        self._of_event: dict[str, str] = {}

    def take(self, event: Event, now: datetime) -> tuple[Alert, bool]:
        """Take one statement of a rule.

        Returns:
            The alert it belongs to, and whether that is new.
        """
        known = self._of_event.get(event.event_id)
        if known is not None:
            alert = replace(self._alerts[known], event=event)
            self._alerts[known] = alert
            return alert, False
        same = next((a for a in reversed(self._alerts.values()) if self._is_same(a.event, event)), None)
        if same is not None:
            alert = replace(same, event=event, joined=(*same.joined, event.event_id))
            self._alerts[alert.alert_id] = alert
            self._of_event[event.event_id] = alert.alert_id
            return alert, False
        alert_id = f"{self._session}-{event.event_id}"
        alert = Alert(alert_id, event, AlertState.NEW, now, (event.event_id,))
        self._alerts[alert_id] = alert
        self._of_event[event.event_id] = alert_id
        return alert, True

    def _is_same(self, old: Event, new: Event) -> bool:
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


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
