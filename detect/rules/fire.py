"""Fire: flames, or smoke that rises, at one place for long enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from shapely import Point

from detect.rules.burning import Burning, covered, height_m, metre_px, place_m, turned
from detect.rules.contract import Scene
from detect.rules.flames import Flame, Flames
from detect.rules.smoke import Smoke, Veils
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["Fire", "FireSettings"]

Floats = NDArray[np.float64]
Evidence = dict[str, float | int | str | bool | None]


class FireSettings(Entry):
    """Settings of the rule.

    Attributes:
        hold_s: Flames are at one place for so long, before it is said.
        smoke_s: So long a veil of smoke hangs before the scene, before it is said.
        smoke_hides: Least share of the contrast behind it that smoke hides,
        smoke_lives: and by how much that usually changes within a second at least: what does not is no smoke.
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
    smoke_s: Annotated[float, Field(ge=2, le=600)] = 7.0
    smoke_hides: Annotated[float, Field(ge=0, le=1)] = 0.15
    smoke_lives: Annotated[float, Field(ge=0, le=1)] = 0.03
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
_PASSED_S: Final = 2.0
"""and so is where they were so shortly before."""
_REACH_SHARE: Final = 0.1
"""Of the picture's width: the reach where there is no calibration."""
_DRIFT_SHARE: Final = 0.5
"""Without a calibration: no fire goes so many of its own size a second."""
_RISING: Final = 3.0
"""Smoke rises, and dims the lights behind it: upward the reach is so many times as long."""
_SMOKES: Final = 0.7
"""A veil hangs where it is told in so large a share of the looks,"""
_SMOKE_BLOCKS: Final = 5
"""over so many blocks of the picture at least,"""
_SMOKE_STANDS: Final = 0.7
"""at least so high against its width,"""
_SINKS: Final = -0.1
"""does not sink more than this,"""
_SMOKE_AGAIN_S: Final = 0.8
"""and is found again for so long."""
_SHARE_SEEN: Final = 0.6
"""It was there in at least so many of the looks."""


class Fire:
    """Says when something burns in the sight of a camera that stands still; one event a fire.

    Where a camera turns, everything is learned anew. In a grey picture, which the evidence says, only what burns out
    the sensor and flickers counts. Smoke has no place in metres, because where it rises from is not seen.
    """

    Settings: ClassVar[type[Entry]] = FireSettings
    name = "fire"
    kind = EventKind.FIRE

    def __init__(self, settings: FireSettings | None = None) -> None:
        self.settings = settings or FireSettings()
        self._flames, self._veils = Flames(), Veils()
        self._burning: list[Burning] = []
        self._ended: list[tuple[float, Flame | Smoke]] = []
        self._camera: Camera | None = None
        self._people: deque[tuple[float, Floats]] = deque()
        self._said = 0
        self._last_s = 0.0

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.frame.time_s
        if scene.camera is not self._camera:
            if self._camera is not None and scene.camera is not None and turned(self._camera, scene.camera):
                self._flames.forget()
                self._veils.forget()
            self._camera = scene.camera
        people = scene.tracks.of(ObjectClass.PERSON).box_px
        self._people.append((now, people))
        while now - self._people[0][0] > _PASSED_S:
            self._people.popleft()
        flames = self._flames.update(scene.frame.image, now)
        if flames is not None:
            passed = np.concatenate([boxes for _, boxes in self._people])
            self._take([f for f in flames if self._is_flame(f, passed)], Flame, scene)
        smokes = self._veils.update(scene.frame.image, now, people, self.settings.smoke_s, _SMOKES)
        if smokes is not None:
            self._take([v for v in smokes if self._is_smoke(v)], Smoke, scene)
        return [*self._end(now), *self._say(scene, now)]

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(b.event, end_s=self._last_s) for b in self._burning if b.event is not None]
        self._flames.forget()
        self._veils.forget()
        self._burning, self._ended, self._camera = [], [], None
        self._people.clear()
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
            place = place_m(flame.box_px, self._camera, s.foot_m)
            if place is None or np.linalg.norm(place - self._camera.position_m[:2]) > s.within_m:
                return False
            if flame.area_px < (s.least_m * metre_px(flame.box_px, self._camera, s.foot_m)) ** 2:
                return False
        return covered(flame.box_px, people) < _HIDDEN

    def _is_smoke(self, smoke: Smoke) -> bool:
        s = self.settings
        wide, high = smoke.box_px[2:] - smoke.box_px[:2]
        if smoke.blocks < _SMOKE_BLOCKS or high < _SMOKE_STANDS * wide or self._flames.trembles:
            return False
        return smoke.hides >= s.smoke_hides and smoke.lives >= s.smoke_lives and smoke.rises >= _SINKS

    def _take(self, sights: Sequence[Flame | Smoke], kind: type[Flame | Smoke], scene: Scene) -> None:
        """Let what is seen feed the fires that it is near to, the nearest first, or begin a new one."""
        now = self._last_s
        for burning in self._burning:
            burning.looks += isinstance(burning.latest, kind)
        fed: set[int] = set()
        for sight in sights:
            apart = {i: self._apart(b.latest, sight, scene) for i, b in enumerate(self._burning)}
            nearest = min(apart, key=lambda i: apart[i], default=None)
            if nearest is not None and apart[nearest] <= 1:
                burning = self._burning[nearest]
                if not isinstance(burning.latest, kind):
                    burning.seen_s = now if burning.event is not None else burning.seen_s
                    if burning.event is not None or kind is Smoke:
                        continue
                    self._burning.remove(burning)  # smoke not said yet, and now its flames are seen
                elif id(burning) not in fed:
                    burning.see(sight, now)
                    fed.add(id(burning))
                    continue
                else:
                    continue
            begun = Burning(now, sight, sight)
            begun.see(sight, now)
            self._burning.append(begun)
            fed.add(id(begun))

    def _apart(self, fire: Flame | Smoke, sight: Flame | Smoke, scene: Scene) -> float:
        """Return how far something lies from a fire in the picture, in reaches."""
        a, b = fire.box_px, sight.box_px
        gap = np.maximum(np.maximum(a[:2] - b[2:], b[:2] - a[2:]), 0)
        if b[3] < a[1] or isinstance(fire, Smoke):
            gap[1] /= _RISING
        reach: float = _REACH_SHARE * scene.frame.image.shape[1]
        if scene.camera is not None:
            scale = metre_px(a, scene.camera, self.settings.foot_m)
            reach = self.settings.reach_m * scale if np.isfinite(scale) else reach
        return float(np.hypot(*gap)) / reach

    def _goes(self, burning: Burning, scene: Scene) -> bool:
        """Return whether it goes somewhere, as people and vehicles do."""
        ends, over_s = burning.went()
        if not over_s:
            return False
        if scene.camera is not None:
            places = scene.camera.to_ground(ends, self.settings.foot_m)
            if np.isfinite(places).all():
                return float(np.linalg.norm(places[1] - places[0])) > self.settings.drift_mps * over_s
        size = float(np.sqrt((burning.box_px[2:] - burning.box_px[:2]).prod()))
        return float(np.linalg.norm(ends[1] - ends[0])) > _DRIFT_SHARE * size * over_s

    def _say(self, scene: Scene, now: float) -> list[Event]:
        s, statements = self.settings, []
        self._ended = [(t, fire) for t, fire in self._ended if now - t < s.silence_s]
        for burning in self._burning:
            hold_s = s.hold_s if isinstance(burning.latest, Flame) else _SMOKE_AGAIN_S
            if burning.event is not None or burning.seen_s < now or now - burning.since_s < hold_s:
                continue
            if burning.found < _SHARE_SEEN * burning.looks:
                continue
            if isinstance(burning.latest, Flame) and self._goes(burning, scene):
                continue
            if any(self._apart(fire, burning.latest, scene) <= 1 for _, fire in self._ended):
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
                self._ended.append((now, burning.latest))
        self._burning = going
        return statements

    def _event(self, burning: Burning, scene: Scene, now: float) -> Event:
        self._said += 1
        sight, camera, s = burning.latest, scene.camera, self.settings
        place = None if camera is None or isinstance(sight, Smoke) else place_m(sight.box_px, camera, s.foot_m)
        evidence = self._of_flames(burning, sight, now) if isinstance(sight, Flame) else self._of_smoke(sight)
        if camera is not None and isinstance(sight, Flame):
            evidence["height_m"] = round(height_m(sight.box_px, camera, s.foot_m), 2)
            evidence["taken_to_be_above_floor_m"] = s.foot_m
        x1, y1, x2, y2 = sight.box_px.tolist()
        sure = float(np.mean(burning.disorder)) / 0.6 if burning.disorder else 0.5
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
            score=min(1.0, sure * burning.found / burning.looks),
            rule=self.name,
            evidence=evidence,
        )

    def _of_flames(self, burning: Burning, flame: Flame, now: float) -> Evidence:
        first = burning.first
        return {
            "seen": "flames",
            "burning_for_s": round(now - burning.since_s, 2),
            "alarm_from_s": self.settings.hold_s,
            "flicker_without_order": round(float(np.mean(burning.disorder)), 2),
            "flicker_turns_per_s": round(flame.turns_per_s, 2),
            "outline_changes_by": round(flame.outline, 2),
            "unlike_one_period_earlier": round(flame.unrepeated, 2),
            "grew_by": round(flame.area_px / max(first.area_px, 1.0), 2) if isinstance(first, Flame) else None,
            "by_colour": self._flames.colours,
        }

    def _of_smoke(self, smoke: Smoke) -> Evidence:
        return {
            "seen": "smoke",
            "place": "not known: where it rises from is not seen",
            "alarm_from_s": self.settings.smoke_s,
            "contrast_hidden": round(smoke.hides, 2),
            "which_changes_by": round(smoke.lives, 3),
            "height_over_width": round(float(np.divide(*(smoke.box_px[2:] - smoke.box_px[:2])[::-1])), 2),
        }
