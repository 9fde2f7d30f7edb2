"""Too high density: more persons per square metre in a zone than it is set to bear."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import Field
from shapely.geometry.base import BaseGeometry

from detect.crowd_meter import (
    HEADS_VALID_FROM_PER_M2,
    HEADS_VALID_TO_PER_M2,
    SWITCH_PER_M2,
    CountBy,
    CrowdMeter,
    heads_count,
)
from detect.density import VALID_TO_PER_M2
from detect.heads import HeadCounter
from detect.rules.contract import Scene
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.entry import Entry
from scenarios.event import Event, EventKind
from scenarios.venue import Zone

__all__ = ["Density", "DensitySettings"]


class DensitySettings(Entry):
    """Settings of the rule; the limit itself is the zone's ``max_density_per_m2``.

    Attributes:
        hold_s: The density is above the limit for so long, before it is said.
        smooth_s: Densities are means over this.
        release: Share of the limit at or below which it ends, when so for ``hold_s``.
        min_seen: Least share of the zone's area that the camera must show.
        valid_to_per_m2: Above this a count of boxes misses people, because they hide one another: the alarm stands,
            but the true density is higher than the one that it names.
        count_by: Boxes; heads, by the network of ``detect.heads``; or both: boxes where it is loose, heads where it
            is dense.
        switch_per_m2: With both, the density by heads above which heads are believed.
        heads_every_s: Heads are counted so often.
        heads_valid_to_per_m2: Up to this heads were measured to be right.
    """

    hold_s: Annotated[float, Field(ge=0, le=3600)] = 2.0
    smooth_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    release: Annotated[float, Field(gt=0, le=1)] = 0.9
    min_seen: Annotated[float, Field(gt=0, le=1)] = 0.3
    valid_to_per_m2: Annotated[float, Field(gt=0, le=12)] = VALID_TO_PER_M2
    count_by: CountBy = CountBy.BOXES
    switch_per_m2: Annotated[float, Field(ge=0, le=12)] = SWITCH_PER_M2
    heads_every_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    heads_valid_to_per_m2: Annotated[float, Field(gt=0, le=12)] = HEADS_VALID_TO_PER_M2


@dataclass(slots=True, eq=False)
class _Watch:
    """One zone: its seen part, its latest densities, and since when it is above or back below the limit."""

    limit: float
    camera: Camera
    seen: BaseGeometry
    share: float
    latest: deque[tuple[float, float]] = field(default_factory=deque)
    above_s: float | None = None
    below_s: float | None = None
    event: Event | None = None
    by_heads: bool = False

    @property
    def mean(self) -> float:
        return float(np.mean([d for _, d in self.latest]))


class Density:
    """Says when a zone holds too many people. Needs a calibration, and zones with a limit."""

    Settings: ClassVar[type[Entry]] = DensitySettings
    name = "density"
    kind = EventKind.DENSITY

    def __init__(self, settings: DensitySettings | None = None, *, counter: HeadCounter | None = None) -> None:
        """Take settings, and what counts heads where they say so; None: the network that comes with Parvis."""
        self.settings = settings or DensitySettings()
        self._meter: CrowdMeter | None = None
        if self.settings.count_by is not CountBy.BOXES:
            self._meter = CrowdMeter(counter or HeadCounter(), every_s=self.settings.heads_every_s)
        self._said = 0
        self._zones: dict[str, _Watch] = {}
        self._last_s = 0.0

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        now = self._last_s = scene.tracks.time_s
        if scene.camera is None:
            return []
        people = scene.tracks.of(ObjectClass.PERSON)
        statements: list[Event] = []
        limited = [zone for zone in scene.zones if zone.max_density_per_m2 is not None]
        heads = self._meter.measure(scene.frame, scene.camera, limited) if self._meter is not None and limited else {}
        for zone in limited:
            assert zone.max_density_per_m2 is not None
            watch = self._zones.get(zone.id)
            if watch is None:
                watch = self._zones[zone.id] = _watch(zone, zone.max_density_per_m2, scene.camera)
            elif watch.camera is not scene.camera:  # it moves: another part of the zone is seen
                now_seen = _watch(zone, zone.max_density_per_m2, scene.camera)
                watch.camera, watch.seen, watch.share = now_seen.camera, now_seen.seen, now_seen.share
            if watch.share >= self.settings.min_seen:
                statements += self._judge(zone, watch, people, now, heads.get(zone.id))
            else:  # nobody knows how it is now: what has lasted lasts, and nothing begins or ends by an old count
                watch.latest.clear()
                watch.above_s = watch.below_s = None
        return statements

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(w.event, end_s=self._last_s) for w in self._zones.values() if w.event is not None]
        self._zones = {}
        if self._meter is not None:
            self._meter.reset()
        return ended

    def _judge(self, zone: Zone, watch: _Watch, people: Tracks, now: float, heads: float | None) -> list[Event]:
        s = self.settings
        inside = shapely.contains_xy(watch.seen, people.position_m[:, 0], people.position_m[:, 1])
        density = float(inside.sum()) / watch.seen.area
        watch.by_heads = heads_count(s.count_by, heads, now=watch.by_heads, switch_per_m2=s.switch_per_m2)
        if watch.by_heads and heads is not None:
            density = heads
        watch.latest.append((now, density))
        while now - watch.latest[0][0] > s.smooth_s:
            watch.latest.popleft()
        density = watch.mean
        if density > watch.limit:
            watch.above_s = now if watch.above_s is None else watch.above_s
        else:
            watch.above_s = None
        if density <= s.release * watch.limit:
            watch.below_s = now if watch.below_s is None else watch.below_s
        else:
            watch.below_s = None
        if watch.event is None and watch.above_s is not None and now - watch.above_s >= s.hold_s:
            watch.event = self._event(zone, watch, people, inside, now)
            return [watch.event]
        if watch.event is not None and watch.below_s is not None and now - watch.below_s >= s.hold_s:
            ended, watch.event = replace(watch.event, end_s=now), None
            return [ended]
        return []

    def _event(self, zone: Zone, watch: _Watch, people: Tracks, inside: NDArray[np.bool_], now: float) -> Event:
        self._said += 1
        boxes = people.box_px[inside]
        lowest, highest = boxes.min(axis=0, initial=np.inf), boxes.max(axis=0, initial=-np.inf)
        around = (float(lowest[0]), float(lowest[1]), float(highest[2]), float(highest[3]))
        centre = watch.seen.representative_point()
        density = watch.mean
        valid = self.settings.heads_valid_to_per_m2 if watch.by_heads else self.settings.valid_to_per_m2
        by = CountBy.HEADS if watch.by_heads else CountBy.BOXES
        return Event(
            event_id=f"{self.name}-{people.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=people.camera_id,
            start_s=now,
            end_s=None,
            place_m=(float(centre.x), float(centre.y)),
            box_px=around if len(boxes) else None,
            zone=zone.id,
            track_ids=tuple(people.track_id[inside].tolist()),
            score=min(1.0, valid / density),
            rule=self.name,
            evidence={
                "density_per_m2": round(density, 3),
                "limit_per_m2": watch.limit,
                "people": round(density * watch.seen.area) if watch.by_heads else int(inside.sum()),
                "counted_by": by.value,
                "area_m2": round(float(watch.seen.area), 1),
                "share_of_zone_seen": round(watch.share, 3),
                "valid_from_per_m2": HEADS_VALID_FROM_PER_M2 if watch.by_heads else 0.0,
                "valid_to_per_m2": valid,
                "at_least": density > valid,
            },
        )


def _watch(zone: Zone, limit: float, camera: Camera) -> _Watch:
    seen = zone.shape.intersection(camera.footprint())
    shapely.prepare(seen)
    return _Watch(limit=limit, camera=camera, seen=seen, share=float(seen.area / zone.shape.area))
