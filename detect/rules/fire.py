"""Fire: flames, or smoke that rises, at one place for long enough."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from shapely import Point

from detect.rules.contract import Scene
from detect.rules.flames import Flame, Flames
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["Fire", "FireSettings"]

Floats = NDArray[np.float64]


class FireSettings(Entry):
    """Settings of the rule.

    Attributes:
        hold_s: Flames are at one place for so long, before it is said.
        disorder: Least share of the flicker that is not the same all over the spot; a lamp's is 0.
        unrepeated: Least unlikeness to one period earlier, against the usual unlikeness; a beacon's is near 0.
        outline_least: Least share of its area by which a flame's outline changes from look to look; a sign's does not,
        outline_most: and the most; what blinks changes more.
        present: Least share of the looks in which a flame is there; a beacon's light comes and goes.
        brightness: A flame's brightest tenth is at least so bright, in grey levels: clothes are not.
        drift_mps: What burns stays where it is; what goes faster than this does not burn.
        least_m: Flames of less than the square of this are not said.
        within_m: What seems to stand farther from the camera is not judged: mostly it hangs high on a wall.
        reach_m: What flickers nearer than this to a fire is part of it.
        foot_m: So high above the floor what burns is taken to be: between rubbish on the floor and a full bin.
        dip_s: So long nothing may be seen of it, before the time begins anew.
        quiet_s: It has ended when nothing was seen of it for so long.
        silence_s: No new alarm near an ended one for so long.
    """

    hold_s: Annotated[float, Field(ge=0, le=600)] = 1.5
    disorder: Annotated[float, Field(ge=0, le=1)] = 0.3
    unrepeated: Annotated[float, Field(ge=0, le=1)] = 0.4
    outline_least: Annotated[float, Field(ge=0, le=2)] = 0.1
    outline_most: Annotated[float, Field(gt=0, le=2)] = 1.0
    present: Annotated[float, Field(ge=0, le=1)] = 0.65
    brightness: Annotated[float, Field(ge=0, le=255)] = 205.0
    drift_mps: Annotated[float, Field(gt=0, le=20)] = 0.4
    least_m: Annotated[float, Field(ge=0, le=10)] = 0.12
    within_m: Annotated[float, Field(gt=0, le=10_000)] = 60.0
    reach_m: Annotated[float, Field(gt=0, le=100)] = 3.0
    foot_m: Annotated[float, Field(ge=0, le=10)] = 0.5
    dip_s: Annotated[float, Field(ge=0, le=60)] = 0.7
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    silence_s: Annotated[float, Field(ge=0, le=3600)] = 20.0


_HIDDEN: Final = 0.6
"""A spot of which so much lies in people's boxes is theirs: their clothes, or what they walk in front of."""
_REACH_SHARE: Final = 0.1
"""Of the picture's width: the reach where there is no calibration."""
_DRIFT_S: Final = 2.0
"""How fast something goes is told over its last so many seconds,"""
_DRIFT_SHARE: Final = 0.5
"""and without a calibration in its own size: no fire goes so many of it a second."""
_RISING: Final = 3.0
"""Smoke above a fire dims the lights behind it: upward the reach is so many times as long."""
_SHARE_SEEN: Final = 0.6
"""It was there in at least so many of the looks."""


@dataclass(slots=True, eq=False)
class _Burning:
    """One place where something seems to burn.

    Attributes:
        since_s: Since when.
        seen_s: When last.
        box_px: Of all that was seen of it lately.
        looks: Looks at it so far.
        found: Looks at which it burnt.
        latest: As last seen.
        largest_px: Its largest area.
        first_px: Its area at first.
        event: The alarm, while it lasts.
    """

    since_s: float
    seen_s: float
    box_px: Floats
    latest: Flame
    first_px: float
    largest_px: float
    looks: int = 0
    found: int = 0
    disorder: list[float] = field(default_factory=list)
    feet: list[tuple[float, float, float]] = field(default_factory=list)
    event: Event | None = None

    def see(self, flame: Flame, now: float) -> None:
        self.seen_s, self.latest = now, flame
        self.found += 1
        self.largest_px = max(self.largest_px, flame.area_px)
        self.disorder.append(flame.disorder)
        self.feet.append((now, float(flame.box_px[[0, 2]].mean()), float(flame.box_px[3])))
        self.box_px = flame.box_px


class Fire:
    """Says when something burns in the sight of a camera that stands still; one event a fire.

    Where a moving camera looks changes, everything is learned anew. Colours need a camera that sees them: in a grey
    picture only what burns out the sensor and flickers counts, which the evidence says.
    """

    Settings: ClassVar[type[Entry]] = FireSettings
    name = "fire"
    kind = EventKind.FIRE

    def __init__(self, settings: FireSettings | None = None) -> None:
        self.settings = settings or FireSettings()
        self._flames = Flames()
        self._burning: list[_Burning] = []
        self._ended: list[tuple[float, Floats]] = []
        self._camera: Camera | None = None
        self._said = 0
        self._last_s = 0.0

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.frame.time_s
        if scene.camera is not self._camera:
            if self._camera is not None and scene.camera is not None and _turned(self._camera, scene.camera):
                self._flames.forget()
            self._camera = scene.camera
        flames = self._flames.update(scene.frame.image, now)
        if flames is None:
            return self._end(now)
        people = scene.tracks.of(ObjectClass.PERSON).box_px
        self._take([f for f in flames if self._is_flame(f, people)], scene, now)
        return [*self._end(now), *self._say(scene, now)]

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(b.event, end_s=self._last_s) for b in self._burning if b.event is not None]
        self._flames.forget()
        self._burning, self._ended, self._camera = [], [], None
        return ended

    def _is_flame(self, flame: Flame, people: Floats) -> bool:
        s = self.settings
        if flame.disorder < s.disorder or flame.unrepeated < s.unrepeated:
            return False
        if not s.outline_least <= flame.outline <= s.outline_most:
            return False
        if flame.present < s.present or flame.brightness < s.brightness:
            return False
        if self._camera is not None:
            place = _place(flame.box_px, self._camera, s.foot_m)
            if place is None or np.linalg.norm(place - self._camera.position_m[:2]) > s.within_m:
                return False
            if flame.area_px < (s.least_m * _metre_px(flame.box_px, self._camera, s.foot_m)) ** 2:
                return False
        return _covered(flame.box_px, people) < _HIDDEN

    def _take(self, flames: list[Flame], scene: Scene, now: float) -> None:
        """Let what flickers feed the fires that it is near to, the nearest first, or begin a new one."""
        for burning in self._burning:
            burning.looks += 1
        fed: set[int] = set()
        for flame in sorted(flames, key=lambda f: -f.area_px):
            near = [b for b in self._burning if self._apart(b.box_px, flame.box_px, scene) <= 1]
            if near:
                burning = min(near, key=lambda b: self._apart(b.box_px, flame.box_px, scene))
                if id(burning) not in fed:
                    burning.see(flame, now)
                    fed.add(id(burning))
            else:
                begun = _Burning(now, now, flame.box_px, flame, flame.area_px, flame.area_px, looks=1)
                begun.see(flame, now)
                self._burning.append(begun)
                fed.add(id(begun))

    def _apart(self, a: Floats, b: Floats, scene: Scene) -> float:
        """Return how far a box lies from that of a fire in the picture, in reaches."""
        gap = np.maximum(np.maximum(a[:2] - b[2:], b[:2] - a[2:]), 0)
        if b[3] < a[1]:
            gap[1] /= _RISING
        reach: float = _REACH_SHARE * scene.frame.image.shape[1]
        if scene.camera is not None:
            scale = _metre_px(a, scene.camera, self.settings.foot_m)
            reach = self.settings.reach_m * scale if np.isfinite(scale) else reach
        return float(np.hypot(*gap)) / reach

    def _goes(self, burning: _Burning, scene: Scene) -> bool:
        """Return whether it goes somewhere, as people and vehicles do."""
        t, x, y = np.array([foot for foot in burning.feet if burning.seen_s - foot[0] <= _DRIFT_S]).T
        if len(t) < 3 or t[-1] <= t[0]:
            return False
        px = np.array([np.polyfit(t - t[0], v, 1) for v in (x, y)])
        ends = np.stack((px[:, 1], px[:, 1] + px[:, 0] * (t[-1] - t[0])))
        if scene.camera is not None:
            places = scene.camera.to_ground(ends, self.settings.foot_m)
            if np.isfinite(places).all():
                return float(np.linalg.norm(places[1] - places[0]) / (t[-1] - t[0])) > self.settings.drift_mps
        size = float(np.sqrt((burning.box_px[2:] - burning.box_px[:2]).prod()))
        return float(np.linalg.norm(px[:, 0])) > _DRIFT_SHARE * size

    def _say(self, scene: Scene, now: float) -> list[Event]:
        s, statements = self.settings, []
        self._ended = [(t, box) for t, box in self._ended if now - t < s.silence_s]
        for burning in self._burning:
            if burning.event is not None or burning.seen_s < now or now - burning.since_s < s.hold_s:
                continue
            if burning.found < _SHARE_SEEN * burning.looks or self._goes(burning, scene):
                continue
            if any(self._apart(box, burning.box_px, scene) <= 1 for _, box in self._ended):
                continue
            burning.event = self._event(burning, scene, now)
            statements.append(burning.event)
        return statements

    def _end(self, now: float) -> list[Event]:
        s, going, statements = self.settings, [], []
        for burning in self._burning:
            if burning.event is not None and self._flames.still_there(burning.box_px):
                burning.seen_s = now
            if now - burning.seen_s <= (s.quiet_s if burning.event is not None else s.dip_s):
                going.append(burning)
            elif burning.event is not None:
                statements.append(replace(burning.event, end_s=max(burning.seen_s, burning.event.start_s)))
                self._ended.append((now, burning.box_px))
        self._burning = going
        return statements

    def _event(self, burning: _Burning, scene: Scene, now: float) -> Event:
        self._said += 1
        s, flame = self.settings, burning.latest
        place = None if scene.camera is None else _place(flame.box_px, scene.camera, s.foot_m)
        x1, y1, x2, y2 = flame.box_px.tolist()
        evidence: dict[str, float | int | str | bool | None] = {
            "seen": "flames",
            "burning_for_s": round(now - burning.since_s, 2),
            "alarm_from_s": s.hold_s,
            "flicker_without_order": round(float(np.mean(burning.disorder)), 2),
            "flicker_turns_per_s": round(flame.turns_per_s, 2),
            "outline_changes_by": round(flame.outline, 2),
            "unlike_one_period_earlier": round(flame.unrepeated, 2),
            "grew_by": round(burning.largest_px / max(burning.first_px, 1.0), 2),
            "by_colour": self._flames.colours,
        }
        if scene.camera is not None:
            evidence["height_m"] = round(_height_m(flame.box_px, scene.camera, s.foot_m), 2)
            evidence["taken_to_be_above_floor_m"] = s.foot_m
        return Event(
            event_id=f"{self.name}-{scene.frame.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=scene.frame.camera_id,
            start_s=now,
            end_s=None,
            place_m=place,
            box_px=(x1, y1, x2, y2),
            zone=next((z.id for z in scene.zones if place is not None and z.shape.covers(Point(place))), None),
            track_ids=(),
            score=min(1.0, float(np.mean(burning.disorder)) * burning.found / burning.looks / 0.6),
            rule=self.name,
            evidence=evidence,
        )


def _foot_px(box: Floats) -> Floats:
    return np.array([[(box[0] + box[2]) / 2, box[3]]])


def _place(box: Floats, camera: Camera, foot_m: float) -> tuple[float, float] | None:
    place = camera.to_ground(_foot_px(box), foot_m)[0]
    return (float(place[0]), float(place[1])) if np.isfinite(place).all() else None


def _metre_px(box: Floats, camera: Camera, foot_m: float) -> float:
    """Return how many pixels a metre upright at the foot of a box has; nan where that is not on the floor."""
    place = _place(box, camera, foot_m)
    if place is None:
        return float("nan")
    pixels, _ = camera.project(np.array([(*place, foot_m), (*place, foot_m + 1)]))
    return float(np.linalg.norm(pixels[1] - pixels[0]))


def _height_m(box: Floats, camera: Camera, foot_m: float) -> float:
    scale = _metre_px(box, camera, foot_m)
    return float((box[3] - box[1]) / scale) if np.isfinite(scale) and scale > 0 else float("inf")


def _covered(box: Floats, people: Floats) -> float:
    """Return the largest share of a box that one person's box covers."""
    if not len(people):
        return 0.0
    low, high = np.maximum(people[:, :2], box[:2]), np.minimum(people[:, 2:], box[2:])
    share: Floats = np.maximum(high - low, 0).prod(axis=1) / (box[2:] - box[:2]).prod()
    return float(share.max())


def _turned(before: Camera, after: Camera) -> bool:
    return not (
        np.array_equal(before.rotation, after.rotation)
        and np.array_equal(before.translation_m, after.translation_m)
        and np.array_equal(before.matrix, after.matrix)
    )
