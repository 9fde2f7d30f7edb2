"""Zone intrusion: somebody is inside a zone where nobody may be, surely enough and for long enough."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from detect.rules.contract import Scene
from detect.rules.inside import Standing, standing
from detect.rules.persons import Person, Persons
from scenarios.entry import Entry
from scenarios.event import Event, EventKind
from scenarios.incident import INTRUSION_HOLD_S
from scenarios.venue import Zone

__all__ = ["ZoneIntrusion", "ZoneIntrusionSettings"]

Floats = NDArray[np.float64]


class ZoneIntrusionSettings(Entry):
    """Settings of the rule; which zones are forbidden the venue says.

    Attributes:
        hold_s: Somebody is inside for so long, before it is said.
        sure: Least probability that the feet are inside, by the uncertainty of their place.
        release: Who is inside less probably than this is out.
        dip_s: So long somebody may seem to be out, before the time inside begins anew.
        quiet_s: It has ended after so long outside,
        lost_s: or unseen.
    """

    hold_s: Annotated[float, Field(ge=0, le=3600)] = INTRUSION_HOLD_S
    sure: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    release: Annotated[float, Field(gt=0, le=0.5)] = 0.3
    dip_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    lost_s: Annotated[float, Field(ge=0, le=600)] = 4.0


_WITHIN_M: Final = 0.75
"""Who is lost, or comes into sight, so deep inside has not gone over the edge meanwhile."""
_SAME_M: Final = 4.0
"""A body that hides its feet or shows them again seems to move so far at most."""


@dataclass(slots=True, eq=False)
class _Stay:
    """Somebody inside a zone: since when, last when, how deep and how surely.

    Attributes:
        since_s: Since when inside.
        sure_s: When last surely inside.
        inside_s: When last not surely outside.
        first_m: Where at first, shape (2,).
        last_m: Where at last, shape (2,).
        first_depth_m: How deep at first.
        last_depth_m: How deep at last.
        deepest_m: How deep at most.
        tracks: The tracks that showed it.
        looks: How often seen surely inside.
        total: Sum of the probabilities then.
        event: The alarm, while it lasts.
    """

    since_s: float
    sure_s: float
    inside_s: float
    first_m: Floats
    last_m: Floats
    first_depth_m: float
    last_depth_m: float
    deepest_m: float
    tracks: list[int] = field(default_factory=list)
    looks: int = 0
    total: float = 0.0
    event: Event | None = None

    def look(self, at: Standing, person: Person) -> None:
        if person.track not in self.tracks:
            self.tracks.append(person.track)
        self.last_m, self.last_depth_m = person.place, at.depth_m
        self.looks, self.total = self.looks + 1, self.total + at.probability
        self.deepest_m = max(self.deepest_m, at.depth_m)


class ZoneIntrusion:
    """Says when somebody is inside a forbidden zone: one event a person and stay. Needs a calibration.

    A place is known as well as box and calibration allow: somebody counts as inside only when the feet are inside with
    the probability ``sure``, so that who walks along the edge gives no alarm, however near or far the camera is.
    """

    Settings: ClassVar[type[Entry]] = ZoneIntrusionSettings
    name = "zone_intrusion"
    kind = EventKind.ZONE_INTRUSION

    def __init__(self, settings: ZoneIntrusionSettings | None = None) -> None:
        self.settings = settings or ZoneIntrusionSettings()
        self._persons = Persons(self.settings.lost_s)
        self._stays: dict[tuple[str, Person], _Stay] = {}
        self._said = 0
        self._last_s = 0.0

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.tracks.time_s
        forbidden = [zone for zone in scene.zones if zone.forbidden]
        if scene.camera is None or not forbidden:
            return []
        seen = self._persons.update(scene.tracks)
        statements = []
        for zone in forbidden:
            for person, at in zip(seen, standing(zone, seen), strict=True):
                statements += self._judge(zone, person, at, scene.tracks.camera_id, now)
        return statements + self._end(now, set(seen))

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(stay.event, end_s=self._last_s) for stay in self._stays.values() if stay.event is not None]
        self._persons.forget()
        self._stays = {}
        return ended

    def _judge(self, zone: Zone, person: Person, at: Standing, camera_id: str, now: float) -> list[Event]:
        s = self.settings
        stay = self._stays.get((zone.id, person))
        sure = at.probability >= s.sure
        if stay is None:
            if not sure:
                return []
            stay = self._stays[zone.id, person] = _Stay(
                now, now, now, person.place, person.place, at.depth_m, at.depth_m, at.depth_m
            )
        if at.probability >= s.release:
            stay.inside_s = now
        if not sure:
            return []
        stay.sure_s = now
        stay.look(at, person)
        if stay.event is not None or now - stay.since_s < s.hold_s or self._takes_over(zone, stay):
            return []
        stay.event = self._event(zone, person, stay, at, camera_id, now)
        return [stay.event]

    def _takes_over(self, zone: Zone, stay: _Stay) -> bool:
        """Whether this is somebody of whom it was said already, and who was lost inside and found again there."""
        if stay.first_depth_m < _WITHIN_M:
            return False
        for (zone_id, _), other in self._stays.items():
            if zone_id != zone.id or other.event is None or other is stay or other.last_depth_m < _WITHIN_M:
                continue
            near = float(np.linalg.norm(other.last_m - stay.first_m)) <= _SAME_M
            if near and other.sure_s <= stay.since_s:
                stay.event, other.event = other.event, None
                return True
        return False

    def _end(self, now: float, seen: set[Person]) -> list[Event]:
        """End stays of those who are out again, or not seen for long."""
        s = self.settings
        ended = []
        for key, stay in list(self._stays.items()):
            if stay.event is None:
                over = now - stay.sure_s > s.dip_s
            else:
                over = now - stay.inside_s > (s.quiet_s if key[1] in seen else max(s.quiet_s, s.lost_s))
            if over:
                del self._stays[key]
                if stay.event is not None:
                    ended.append(replace(stay.event, end_s=max(stay.inside_s, stay.event.start_s)))
        return ended

    def _event(self, zone: Zone, person: Person, stay: _Stay, at: Standing, camera_id: str, now: float) -> Event:
        self._said += 1
        x1, y1, x2, y2 = person.box_px.tolist()
        return Event(
            event_id=f"{self.name}-{camera_id}-{self._said}",
            kind=self.kind,
            camera_id=camera_id,
            start_s=now,
            end_s=None,
            place_m=(float(person.place[0]), float(person.place[1])),
            box_px=(x1, y1, x2, y2),
            zone=zone.id,
            track_ids=tuple(stay.tracks),
            score=stay.total / stay.looks,
            rule=self.name,
            evidence={
                "inside_for_s": round(now - stay.since_s, 2),
                "from_edge_m": round(at.depth_m, 2),
                "deepest_m": round(stay.deepest_m, 2),
                "place_uncertain_by_m": round(at.sd_m, 2),
                "probability_inside": round(at.probability, 3),
                "alarm_from_s": self.settings.hold_s,
                "alarm_from_probability": self.settings.sure,
            },
        )
