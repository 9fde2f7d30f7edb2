"""Marks: what a person, deciding about an alert, says of its place from now on, for as long as it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scenarios.event import Event, EventKind

__all__ = ["Mark"]

_SAME_BOX: Final = 0.3
"""Least share of two boxes' union that both cover, without metres."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Alerts of a kind at a place are not raised, but counted, until a moment.

    Attributes:
        mark_id: Unique in its store.
        fixture: It stands there always, such as a bin; else it is only not wanted again for a while.
        kind: Of event.
        camera_id: By whose pictures.
        place_m: Where, in metres; or
        radius_m: (how far around it)
        box_px: where in the picture; or, with neither,
        zone: in which zone.
        made_at: Since when, with time zone.
        until: From then on it holds no more.
        by: Who.
        reason: Why.
        alert_id: About which alert.
    """

    mark_id: int
    fixture: bool
    kind: EventKind
    camera_id: str
    place_m: tuple[float, float] | None
    radius_m: float
    box_px: tuple[float, float, float, float] | None
    zone: str | None
    made_at: datetime
    until: datetime
    by: str
    reason: str
    alert_id: str

    def covers(self, event: Event, now: datetime) -> bool:
        """Tell whether the event is not to be raised now."""
        if now >= self.until or (event.kind, event.camera_id) != (self.kind, self.camera_id):
            return False
        if self.place_m is not None and event.place_m is not None:
            (ax, ay), (bx, by) = self.place_m, event.place_m
            return (ax - bx) ** 2 + (ay - by) ** 2 <= self.radius_m**2
        if self.box_px is not None and event.box_px is not None:
            return _overlap(self.box_px, event.box_px) >= _SAME_BOX
        nowhere = self.place_m is None and self.box_px is None and event.place_m is None and event.box_px is None
        return nowhere and self.zone is not None and self.zone == event.zone


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
