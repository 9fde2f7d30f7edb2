"""What a watcher may say: the closed list of the French decree 2023-828, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Event", "EventKind"]


class EventKind(StrEnum):
    """The eight events of decree 2023-828 of 28 August 2023, article 3.

    There is no "abnormal behaviour" and no "loitering": neither has a counterpart in the decree.
    ``WEAPON`` is listed because the decree lists it; no rule implements it.
    """

    ABANDONED_OBJECT = "abandoned_object"
    WEAPON = "weapon"
    WRONG_WAY = "wrong_way"
    ZONE_INTRUSION = "zone_intrusion"
    PERSON_DOWN = "person_down"
    CROWD_MOVEMENT = "crowd_movement"
    DENSITY = "density"
    FIRE = "fire"


Evidence = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a rule asks a human to verify.

    A rule says an event when its condition has become true (``end_s`` None) and says the same
    ``event_id`` again, with ``end_s``, when the condition has ended.

    Attributes:
        event_id: Unique within one run; the same in every statement about the same event.
        kind: One of the decree's events.
        camera_id: The camera on whose pictures it was seen.
        start_s: The instant at which the rule's condition was met: the moment of the alarm.
        end_s: When the condition ended, or None while it lasts.
        place_m: Ground position (x, y) in metres, or None without calibration.
        box_px: Where in the picture (x1, y1, x2, y2), or None.
        zone: Id of the zone, if the rule watches zones.
        track_ids: Tracks that it is about.
        score: From 0 to 1: how sure the rule is.
        rule: Name of the rule.
        evidence: Why, for a person: plain names with units and plain values.
        drill: Id of the drill whose figures it is about; None: it is about what the camera sees.
    """

    event_id: str
    kind: EventKind
    camera_id: str
    start_s: float
    end_s: float | None
    place_m: tuple[float, float] | None
    box_px: tuple[float, float, float, float] | None
    zone: str | None
    track_ids: tuple[int, ...]
    score: float
    rule: str
    evidence: Evidence = field(default_factory=dict)
    drill: str | None = None
