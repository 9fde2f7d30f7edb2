"""Wrong way: somebody goes against the direction of a one-way zone, farther than a step or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from detect.rules.contract import Scene
from detect.rules.inside import standing
from detect.rules.persons import Person, Persons
from scenarios.camera import Camera
from scenarios.entry import Entry
from scenarios.event import Event, EventKind
from scenarios.incident import WRONG_WAY_M
from scenarios.venue import Zone

__all__ = ["WrongWay", "WrongWaySettings"]

Floats = NDArray[np.float64]

_HEAD_M: Final = 1.7
"""Height of a head, in the mean of adults; which one does not matter much for how far it moves."""
_HEAD_SMOOTHING_S: Final = 0.3
_STEP_S: Final = 1.5
"""Over a longer time without a sighting of the same track nobody knows which way it went: that does not count."""
_TOGETHER_S: Final = 1.5
_TOGETHER_M: Final = 1.5
_TURNED_M: Final = 0.5
_EDGE_PX: Final = 2.0


class WrongWaySettings(Entry):
    """Settings of the rule; which zones have a direction the venue says.

    Attributes:
        against_m: So far somebody has gone against the direction inside the zone, from the farthest point reached in
            it, before it is said.
        margins: So many standard deviations of the place are asked beyond that.
        heads: The head has gone at least this share of that, too. Feet come out from behind others and are hidden by
            them, which looks like a step of metres; heads seldom do. 0: heads are not asked.
        inside: Only what is inside the zone with this probability counts.
        quiet_s: It has ended after so long outside the zone,
        lost_s: or unseen.
    """

    against_m: Annotated[float, Field(gt=0, le=100)] = WRONG_WAY_M
    margins: Annotated[float, Field(ge=0, le=5)] = 1.0
    heads: Annotated[float, Field(ge=0, le=1)] = 0.75
    inside: Annotated[float, Field(gt=0, lt=1)] = 0.5
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 1.5
    lost_s: Annotated[float, Field(ge=0, le=600)] = 4.0


@dataclass(slots=True, eq=False)
class _Walk:
    """Somebody in a one-way zone.

    Attributes:
        since_s: When this began.
        inside_s: When last inside.
        place: Where then.
        way_m: How far along the direction since then, gaps left out.
        best_m: The most that was.
        best_s: When.
        best_place: Where then.
        least_m: The least since, and
        least_s: when,
        least_place: and where.
        head_m: How far along the direction the head is, smoothed, from where this began; nan where it is not seen.
        best_head_m: The same at the farthest point.
        path_m: Length of the way gone since the farthest point, in the direction or against it.
        tracks: The tracks that showed it.
        event: The alarm, while it lasts.
    """

    since_s: float
    inside_s: float
    place: Floats
    way_m: float = 0.0
    best_m: float = 0.0
    best_s: float = 0.0
    best_place: Floats | None = None
    least_m: float = 0.0
    least_s: float = 0.0
    least_place: Floats | None = None
    head_m: float = np.nan
    best_head_m: float = np.nan
    path_m: float = 0.0
    tracks: list[int] = field(default_factory=list)
    event: Event | None = None

    def step(self, place: Floats, head_m: float, along: Floats, now: float, *, counts: bool) -> None:
        """Take a step to a place; it counts where both of its ends were seen."""
        self._nod(head_m, now, counts=counts)
        gone = float((place - self.place) @ along) if counts else 0.0
        self.way_m += gone
        self.path_m += abs(gone)
        self.place, self.inside_s = place, now
        if self.best_place is None or self.way_m >= self.best_m:
            self.best_m, self.best_s, self.best_place, self.path_m = self.way_m, now, place, 0.0
            self.best_head_m = self.head_m
            self.least_m, self.least_s, self.least_place = self.way_m, now, place
        if self.way_m <= self.least_m:
            self.least_m, self.least_s, self.least_place = self.way_m, now, place

    def _nod(self, head_m: float, now: float, *, counts: bool) -> None:
        """Take note of the head; over a gap it stays where it was, as the feet do."""
        if not counts or np.isnan(self.head_m):
            if not np.isnan(self.head_m):
                self.best_head_m += head_m - self.head_m
            self.head_m = head_m
        else:
            self.head_m += min(1.0, (now - self.inside_s) / _HEAD_SMOOTHING_S) * (head_m - self.head_m)

    @property
    def head_against_m(self) -> float:
        """Return how far the head has gone back since the farthest point; nan where it was not seen."""
        return self.best_head_m - self.head_m

    @property
    def against_m(self) -> float:
        return self.best_m - self.way_m


class WrongWay:
    """Says when somebody goes against the direction of a one-way zone: one event a person and stay.

    What counts is the net way back from the farthest point that somebody reached in the zone: who waits, turns, or
    steps back a little, is silent. The alarm needs more than the uncertainty of the place could feign, and the head has
    to go along with the feet. Needs a calibration.
    """

    Settings: ClassVar[type[Entry]] = WrongWaySettings
    name = "wrong_way"
    kind = EventKind.WRONG_WAY

    def __init__(self, settings: WrongWaySettings | None = None) -> None:
        self.settings = settings or WrongWaySettings()
        self._persons = Persons(self.settings.lost_s)
        self._walks: dict[tuple[str, Person], _Walk] = {}
        self._said = 0
        self._last_s = 0.0

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.tracks.time_s
        directed = [zone for zone in scene.zones if zone.one_way is not None]
        if scene.camera is None or not directed:
            return []
        seen = self._persons.update(scene.tracks)
        heads = _heads(scene.camera, seen)
        statements = []
        for zone in directed:
            for person, head, at in zip(seen, heads, standing(zone, seen), strict=True):
                if at.probability >= self.settings.inside:
                    statements += self._judge(zone, person, head, scene.tracks.camera_id, now)
        return statements + self._end(now, set(seen))

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(walk.event, end_s=self._last_s) for walk in self._walks.values() if walk.event is not None]
        self._persons.forget()
        self._walks = {}
        return ended

    def _judge(self, zone: Zone, person: Person, head: Floats, camera_id: str, now: float) -> list[Event]:
        s = self.settings
        assert zone.one_way is not None
        along = np.array(zone.one_way) / np.hypot(*zone.one_way)
        walk = self._walks.get((zone.id, person))
        if walk is None:
            walk = self._walks[zone.id, person] = _Walk(now, now, person.place)
        if person.track not in walk.tracks:
            walk.tracks.append(person.track)
        walk.step(
            person.place, float(head @ along), along, now, counts=now - person.before_s <= _STEP_S
        )  # nan: not known
        if walk.event is not None:
            return []
        doubt = float(np.sqrt(max(along @ person.spread @ along, 0.0)))
        stays = s.heads > 0 and walk.head_against_m < s.heads * s.against_m  # nan is not less than anything
        if walk.against_m < s.against_m + s.margins * doubt or stays or self._takes_over(zone, walk):
            return []
        walk.event = self._event(zone, person, walk, doubt, camera_id, now)
        return [walk.event]

    def _takes_over(self, zone: Zone, walk: _Walk) -> bool:
        """Whether this is a way that was said already, and two tracks have swapped their bodies on it since.

        Then one track ceased to go against the direction where and when the other began.
        """
        assert walk.best_place is not None
        for (zone_id, _), other in self._walks.items():
            if zone_id != zone.id or other.event is None or other is walk or other.least_place is None:
                continue
            turned = other.way_m - other.least_m >= _TURNED_M or other.inside_s < self._last_s
            if not turned or abs(other.least_s - walk.best_s) > _TOGETHER_S:
                continue
            if float(np.linalg.norm(other.least_place - walk.best_place)) <= _TOGETHER_M:
                walk.event, other.event = other.event, None
                other.best_m, other.best_place, other.path_m = other.way_m, other.place, 0.0
                return True
        return False

    def _end(self, now: float, seen: set[Person]) -> list[Event]:
        """End the walks of those who have left the zone, or are not seen for long."""
        s = self.settings
        ended = []
        for key, walk in list(self._walks.items()):
            if now - walk.inside_s > (s.quiet_s if key[1] in seen else max(s.quiet_s, s.lost_s)):
                del self._walks[key]
                if walk.event is not None:
                    ended.append(replace(walk.event, end_s=max(walk.inside_s, walk.event.start_s)))
        return ended

    def _event(self, zone: Zone, person: Person, walk: _Walk, doubt: float, camera_id: str, now: float) -> Event:
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
            track_ids=tuple(walk.tracks),
            score=min(1.0, walk.against_m / max(walk.path_m, 1e-9)),
            rule=self.name,
            evidence={
                "went_against_direction_m": round(walk.against_m, 2),
                "head_went_m": None if np.isnan(walk.head_against_m) else round(float(walk.head_against_m), 2),
                "within_s": round(now - walk.best_s, 2),
                "in_zone_for_s": round(now - walk.since_s, 2),
                "place_uncertain_by_m": round(doubt, 2),
                "alarm_from_m": self.settings.against_m,
            },
        )


def _heads(camera: Camera, persons: Sequence[Person]) -> Floats:
    """Return where heads are, seen from above, shape (n, 2), metres; nan where the picture's edge cuts them."""
    if not persons:
        return np.empty((0, 2))
    box = np.array([p.box_px for p in persons])
    heads = camera.to_ground(np.c_[(box[:, 0] + box[:, 2]) / 2, box[:, 1]] - 0.5, _HEAD_M)
    heads[box[:, 1] <= _EDGE_PX] = np.nan
    return np.asarray(heads)
