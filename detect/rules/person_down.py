"""Person down: somebody who was upright fell within a moment, and stays on the ground."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from detect.rules.contract import Scene
from detect.rules.floor import Floor, feet_px
from detect.rules.low import LowPlaces, overlaps
from detect.rules.persons import Person, Persons
from detect.rules.stature import Stature, statures
from detect.tracks import ObjectClass
from scenarios.entry import Entry
from scenarios.event import Event, EventKind
from scenarios.incident import DOWN_HOLD_S

__all__ = ["PersonDown", "PersonDownSettings"]

Floats = NDArray[np.float64]


class PersonDownSettings(Entry):
    """Settings of the rule.

    Attributes:
        hold_s: Who fell and surely lies is said after so long.
        low_s: Who went down as fast but may only crouch (no wider than that, and not flatter) is said after so long.
        fall_s: From straight to low takes a fall at most so long; who lies down to rest takes longer.
        low_share: Low is whose box is at most this share of the body's own height when it was upright,
        up_share: and upright whose box is at least this share of it.
        flat_share: Surely lies whose box is at most this share of that height,
        wide_m: or at least so wide.
        lost_s: Somebody who is lost upright and found low at the same place within this time has fallen meanwhile.
        quiet_s: It has ended when nobody low has been seen there for so long.
    """

    hold_s: Annotated[float, Field(ge=0, le=3600)] = DOWN_HOLD_S
    low_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    fall_s: Annotated[float, Field(gt=0, le=10)] = 1.6
    low_share: Annotated[float, Field(gt=0, lt=1)] = 0.62
    up_share: Annotated[float, Field(gt=0, lt=1)] = 0.78
    flat_share: Annotated[float, Field(gt=0, lt=1)] = 0.36
    wide_m: Annotated[float, Field(gt=0, le=3)] = 1.15
    lost_s: Annotated[float, Field(ge=0, le=60)] = 4.0
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 5.0


_REMEMBERED_S: Final = 6.0
_LEAST_UPRIGHT_M: Final = 0.9
"""A child who can walk is taller."""
_LEAST_UPRIGHT_S: Final = 0.6
"""For so long somebody must have been seen upright before a fall."""
_SMOOTHED: Final = 3
_STRAIGHT: Final = 0.9
_TOP_FELL: Final = 0.2
"""The head comes down by so much of the body's height; where the feet are hidden by others, it stays."""
_SAME_PLACE: Final = 0.2
_BEFORE_S: Final = 0.5
_SETTLES_S: Final = 1.0
"""So long after it began a fall still moves."""
_DIP_S: Final = 2.0
"""So long who has fallen may be hidden before the alarm."""
_LEAST_SHARE: Final = 0.4
"""Low in so many of the pictures since the fall."""
_GROUND_M: Final = 1.2
"""From where somebody was last seen upright to where they are found low."""
_HELPS_M: Final = 2.5
"""Who goes down so near to somebody who has fallen kneels there to help, unless it is surely a fall too."""


@dataclass(slots=True, eq=False)
class _Down:
    """A place where somebody fell.

    Attributes:
        since_s: When low at first.
        seen_s: When seen low there at last.
        box_px: The body there, shape (4,); it follows the fall and stays then.
        person: Who fell.
        tall_m: How tall the body was upright.
        low_m: How high it is now.
        fell_in_s: From upright to low.
        looks: How many pictures there were since,
        low: in how many somebody low was there,
        lies: and in how many of these surely lying.
        tracks: That showed it.
        event: The alarm, while it lasts.
    """

    since_s: float
    seen_s: float
    box_px: Floats
    person: Person
    tall_m: float
    low_m: float
    fell_in_s: float
    looks: int = 0
    low: int = 0
    lies: int = 0
    tracks: list[int] = field(default_factory=list)
    event: Event | None = None


class PersonDown:
    """Says when somebody falls and stays down: one event a fall.

    The height of each box is measured in metres, against the body's own height while it was upright. A fall is short,
    so who lies down slowly, sits or lies from the beginning, or stands behind others gives no alarm; who is as low as
    one who crouches gives one only after a longer time. Straight from above nobody is low, and nothing is said.
    """

    Settings: ClassVar[type[Entry]] = PersonDownSettings
    name = "person_down"
    kind = EventKind.PERSON_DOWN

    def __init__(self, settings: PersonDownSettings | None = None) -> None:
        self.settings = settings or PersonDownSettings()
        self._said = 0
        self._last_s = 0.0
        self._floor = Floor()
        self._persons = Persons(self.settings.lost_s)
        self._seen: dict[Person, deque[Stature]] = {}
        self._low = LowPlaces()
        self._downs: list[_Down] = []

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.tracks.time_s
        if self._floor.update(scene):
            self._persons.move(self._floor.metres)
        people = scene.tracks.of(ObjectClass.PERSON)
        if scene.camera is None:
            places = self._floor.places(people)
            people = replace(people, position_m=places, covariance_m2=np.full((len(people), 2, 2), np.nan))
        persons = self._persons.update(people)
        height, width = scene.frame.image.shape[:2]
        looks = statures(np.array([p.box_px for p in persons]).reshape(-1, 4), self._floor, (width, height), now)
        self._seen = {p: seen for p, seen in self._seen.items() if now - p.seen_s <= self.settings.lost_s}
        for person, look in zip(persons, looks, strict=True):
            if look is not None:
                self._look(person, look)
        low = [(p, k) for p, k in zip(persons, looks, strict=True) if k is not None and self._is_low(p, k)]
        self._low.update(now, [look.box_px for _, look in low])
        for down in self._downs:
            self._feed(down, low, now)
        return self._say(scene, now)

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(down.event, end_s=self._last_s) for down in self._downs if down.event is not None]
        self._floor, self._persons, self._low = Floor(), Persons(self.settings.lost_s), LowPlaces()
        self._seen, self._downs = {}, []
        return ended

    def _look(self, person: Person, look: Stature) -> None:
        """Take note of a body; where it has just fallen, a new place begins."""
        seen = self._seen.setdefault(person, deque())
        seen.append(look)
        while look.time_s - seen[0].time_s > _REMEMBERED_S:
            seen.popleft()
        found = self._fall(person, seen)
        if found is not None and not any(overlaps(found.box_px, down.box_px, _SAME_PLACE) for down in self._downs):
            self._downs.append(found)

    def _fall(self, person: Person, seen: deque[Stature]) -> _Down | None:
        """Return what has just become of somebody who was upright until a moment ago, or None."""
        s, looks = self.settings, list(seen)
        tall = self._tall(looks)
        if tall is None:
            return None
        height = float(np.median([k.height_m for k in looks[-_SMOOTHED:]]))
        if height > s.low_share * tall:
            return None
        upright = [k for k in looks if k.height_m >= s.up_share * tall]
        straight = next((k for k in reversed(upright) if k.height_m >= _STRAIGHT * tall), upright[0])
        after = [k for k in looks if k.time_s > upright[-1].time_s]
        first = next((k for k in after if k.height_m <= s.low_share * tall), None)
        if first is None:  # one box too high among the low ones
            return None
        took_s = first.time_s - straight.time_s
        unseen = first is after[0] and np.linalg.norm(first.place - upright[-1].place) <= _GROUND_M
        if took_s > (max(s.fall_s, s.lost_s) if unseen and upright[-1] is straight else s.fall_s):
            return None
        if upright[-1].time_s - upright[0].time_s < _LEAST_UPRIGHT_S:
            return None
        now = looks[-1]
        if now.box_px[1] - straight.box_px[1] < _TOP_FELL * straight.body_px:
            return None
        if self._low.known(now.box_px, before_s=upright[-1].time_s):
            return None
        return _Down(first.time_s, now.time_s, now.box_px, person, tall, height, took_s)

    def _tall(self, looks: list[Stature]) -> float | None:
        """Return how tall a body is upright, or None where it has not been seen so for long enough."""
        tall = float(np.quantile([k.height_m for k in looks], 0.75))
        best = [k.height_m for k in looks if k.height_m >= self.settings.up_share * tall]
        tall = float(np.median(best))
        return tall if tall >= _LEAST_UPRIGHT_M and len(best) >= _SMOOTHED else None

    def _is_low(self, person: Person, look: Stature) -> bool:
        tall = max((down.tall_m for down in self._downs if down.person is person), default=Stature.BODY_M)
        return look.height_m <= self.settings.low_share * tall

    def _feed(self, down: _Down, low: list[tuple[Person, Stature]], now: float) -> None:
        """Look for somebody low where somebody fell, whoever the tracker takes it for."""
        s = self.settings
        down.looks += 1
        here = [(p, k) for p, k in low if overlaps(k.box_px, down.box_px, _SAME_PLACE)]
        if down.event is None:  # who lay there before did not fall
            here = [(p, k) for p, k in here if not self._low.known(k.box_px, before_s=down.since_s - _BEFORE_S)]
        if not here:
            return
        person, look = min(here, key=lambda pair: (pair[0] is not down.person, pair[1].height_m))
        if now - down.since_s <= _SETTLES_S:
            down.box_px = look.box_px
        down.seen_s, down.low_m = now, look.height_m
        down.low += 1
        down.lies += look.height_m <= s.flat_share * down.tall_m or look.width_m >= s.wide_m
        if person.track not in down.tracks:
            down.tracks.append(person.track)

    def _say(self, scene: Scene, now: float) -> list[Event]:
        s, said, going = self.settings, [], []
        for down in self._downs:
            if down.event is not None:
                if now - down.seen_s > s.quiet_s:
                    said.append(replace(down.event, end_s=max(down.seen_s, down.event.start_s)))
                    continue
            elif now - down.seen_s > _DIP_S:
                continue
            else:
                surely = down.lies > down.low / 2
                enough = down.low >= _LEAST_SHARE * down.looks and down.low > 0
                lasts_s = s.hold_s if surely else max(s.hold_s, s.low_s)
                if not surely and self._helps(down):
                    continue
                if enough and down.seen_s == now and now - down.since_s >= lasts_s:
                    down.event = self._event(down, scene, now)
                    said.append(down.event)
            going.append(down)
        self._downs = going
        return said

    def _helps(self, down: _Down) -> bool:
        """Whether somebody fell beside this one, and before."""
        others = [d for d in self._downs if d is not down and d.since_s <= down.since_s and d.event is not None]
        if not others:
            return False
        here, *there = self._floor.metres(feet_px(np.array([down.box_px, *(d.box_px for d in others)])))
        return bool((np.linalg.norm(np.array(there) - here, axis=1) <= _HELPS_M).any())

    def _event(self, down: _Down, scene: Scene, now: float) -> Event:
        self._said += 1
        s, tracks = self.settings, scene.tracks
        x1, y1, x2, y2 = down.box_px.tolist()
        place = None
        if scene.camera is not None:
            (at,) = scene.camera.to_ground([[(x1 + x2) / 2, y2]])
            place = (float(at[0]), float(at[1])) if np.isfinite(at).all() else None
        return Event(
            event_id=f"{self.name}-{tracks.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=tracks.camera_id,
            start_s=now,
            end_s=None,
            place_m=place,
            box_px=(x1, y1, x2, y2),
            zone=None,
            track_ids=tuple(down.tracks),
            score=0.5 + 0.5 * down.lies / down.low,
            rule=self.name,
            evidence={
                "height_before_m": round(down.tall_m, 2),
                "height_now_m": round(down.low_m, 2),
                "fell_within_s": round(down.fell_in_s, 2),
                "down_for_s": round(now - down.since_s, 2),
                "surely_lying_share": round(down.lies / down.low, 2),
                "alarm_from_s": s.hold_s if down.lies > down.low / 2 else max(s.hold_s, s.low_s),
                **self._floor.evidence,
            },
        )
