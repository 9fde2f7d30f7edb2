"""Crowd movement: many people near one another suddenly run, together, apart or to one point."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.spatial import cKDTree
from shapely import Point

from detect.rules.contract import Scene
from detect.rules.floor import Floor, feet_px
from detect.rules.flow import Flow
from detect.rules.runners import Cluster, Movers, clusters
from detect.rules.trails import Trails
from detect.tracks import ObjectClass, Tracks
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["CrowdMovement", "CrowdMovementSettings"]

Floats = NDArray[np.float64]

_TRAIL_S: Final = 3.0
_PIXELS_SILENT_S: Final = 0.5
"""When the pictures have told no motion for so long, the tracks are asked."""
_BESIDE_PEOPLE_M: Final = 8.0
"""What moves farther from everybody who was seen lately is nobody."""
_MEMBER_M: Final = 1.5
_INDEPENDENT: Final = 0.4
"""Share of the variance of a place that is another one in every picture (see `detect.ground.GroundSettings`)."""


class CrowdMovementSettings(Entry):
    """Settings of the rule.

    Attributes:
        running_mps: Who is faster than this runs; free walking is 1.34 +- 0.26 m/s (Weidmann 1993).
        min_people: So many must run near one another.
        neighbourhood_m: Who is nearer than this to a runner is near.
        coherence: Least order parameter of their headings, from 0 (each another way) to 1 (all the same way, all
            away from one point, or all towards one); or else
        share: at least this share of those who move near them runs, whichever way.
        hold_s: For so long, before it is said.
        speed_over_s: Speeds are means over this.
        release: Share of ``running_mps`` and ``min_people`` below which it ends; that speed should be above walking.
        quiet_s: It has ended after so long below that.
        silence_s: No new alarm near an ended one for so long.
        pixels: Whether the motion of the pixels is believed rather than that of the tracks, where it can be told.
    """

    running_mps: Annotated[float, Field(gt=0, le=12)] = 2.0
    min_people: Annotated[int, Field(ge=2, le=10_000)] = 5
    neighbourhood_m: Annotated[float, Field(gt=0, le=100)] = 8.0
    coherence: Annotated[float, Field(ge=0, le=1)] = 0.7
    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    hold_s: Annotated[float, Field(ge=0, le=60)] = 0.3
    speed_over_s: Annotated[float, Field(ge=0.2, le=2.5)] = 0.6
    release: Annotated[float, Field(gt=0, le=1)] = 0.8
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    silence_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    pixels: bool = True


@dataclass(slots=True, eq=False)
class _Surge:
    since_s: float
    seen_s: float
    cells: Floats
    latest: Cluster
    event: Event | None = None

    def owns(self, cluster: Cluster, reach_m: float) -> bool:
        """Whether some of a cluster is near some of this."""
        near, _ = cKDTree(self.cells).query(cluster.cells, distance_upper_bound=reach_m)
        return bool(np.isfinite(near).any())


class CrowdMovement:
    """Says when a group of people begins to run.

    How fast people are the pixels tell (`detect.rules.flow`), because the boxes of people who run in a crowd tremble
    and get lost; near those whom the tracks have shown lately. Where the pixels do not tell, as while the camera turns,
    the speed of the tracks counts. Without a calibration metres come from the heights of people (`detect.rules.floor`).
    """

    Settings: ClassVar[type[Entry]] = CrowdMovementSettings
    name = "crowd_movement"
    kind = EventKind.CROWD_MOVEMENT

    def __init__(self, settings: CrowdMovementSettings | None = None) -> None:
        self.settings = settings or CrowdMovementSettings()
        self._said = 0
        self._forget()

    def update(self, scene: Scene) -> list[Event]:
        """Look at one instant."""
        s, tracks = self.settings, scene.tracks
        now = self._last_s = tracks.time_s
        if self._floor.update(scene):
            self._trails.move(self._floor.metres)
            self._looks.clear()
        people = tracks.of(ObjectClass.PERSON)
        places = self._floor.places(people)
        known = np.isfinite(places).all(axis=1)
        ids, boxes, places = people.track_id[known], people.box_px[known], places[known]
        self._trails.add(now, ids, boxes, feet_px(boxes), places)
        movers = self._by_pixels(scene) if s.pixels else None
        running: Floats | float = s.running_mps
        if movers is None:
            if now - self._pixels_s <= _PIXELS_SILENT_S:
                return self._follow([], [], scene, now, looked=False)
            velocity = self._trails.velocity(now, ids, places, s.speed_over_s)
            movers = Movers(places, velocity, np.ones(len(ids)), boxes)
            running = s.running_mps + _speed_sd(people.covariance_m2[known], s.speed_over_s)
        strict = [
            c
            for c in clusters(movers, running, s.min_people, s.neighbourhood_m)
            if c.coherence >= s.coherence or c.share >= s.share
        ]
        loose = clusters(movers, s.release * running, max(2, s.release * s.min_people), s.neighbourhood_m)
        return self._follow(strict, loose, scene, now, looked=True)

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(surge.event, end_s=self._last_s) for surge in self._surges if surge.event is not None]
        self._forget()
        return ended

    def _forget(self) -> None:
        self._floor = Floor()
        self._flow = Flow()
        self._trails = Trails(_TRAIL_S)
        self._looks: deque[tuple[float, Movers]] = deque()
        self._surges: list[_Surge] = []
        self._ended: list[tuple[float, _Surge]] = []
        self._last_s = 0.0
        self._pixels_s = -np.inf

    def _by_pixels(self, scene: Scene) -> Movers | None:
        """Return what moves near people, as a mean over the last looks; None where the pixels tell nothing now."""
        s, now = self.settings, scene.tracks.time_s
        lately = [seen.last_m for seen in self._trails.seen.values() if now - seen.last_s <= _TRAIL_S]
        if len(lately) < s.min_people / 2 or not self._floor.ready:
            return None
        moving = self._flow.update(scene.frame, self._floor)
        if moving is None:
            return None
        self._pixels_s = now
        near, _ = cKDTree(np.array(lately)).query(moving.place, distance_upper_bound=_BESIDE_PEOPLE_M)
        moving = moving.only(np.isfinite(near))
        self._looks.append((now, Movers(moving.place, moving.velocity, moving.bodies, moving.box_px)))
        while now - self._looks[0][0] > s.speed_over_s:
            self._looks.popleft()
        return Movers.mean([look for _, look in self._looks])

    def _follow(
        self, strict: list[Cluster], loose: list[Cluster], scene: Scene, now: float, *, looked: bool
    ) -> list[Event]:
        """Let clusters start, feed or no longer feed surges; return the events that begin or end."""
        s = self.settings
        reach = 2 * s.neighbourhood_m
        self._ended = [(t, surge) for t, surge in self._ended if now - t < s.silence_s]
        for surge in self._surges:
            feeding = [c for c in (loose if surge.event is not None else strict) if surge.owns(c, reach)]
            if feeding:
                surge.latest, surge.seen_s = max(feeding, key=lambda c: c.people), now
                surge.cells = np.concatenate([c.cells for c in feeding])
        for cluster in strict:
            if not any(surge.owns(cluster, reach) for surge in [*self._surges, *(e for _, e in self._ended)]):
                self._surges.append(_Surge(now, now, cluster.cells, cluster))
        statements, going = [], []
        for surge in self._surges:
            patience = s.quiet_s if surge.event is not None else max(s.hold_s / 2, _PIXELS_SILENT_S / 2)
            if now - surge.seen_s <= patience:
                going.append(surge)
            elif surge.event is not None:
                statements.append(replace(surge.event, end_s=max(surge.seen_s, surge.event.start_s)))
                self._ended.append((now, surge))
        self._surges = going
        for surge in going:
            if surge.event is None and looked and now - surge.since_s >= s.hold_s and surge.seen_s == now:
                surge.event = self._event(surge.latest, surge, scene, now)
                statements.append(surge.event)
        return statements

    def _event(self, cluster: Cluster, surge: _Surge, scene: Scene, now: float) -> Event:
        self._said += 1
        s, tracks = self.settings, scene.tracks
        place = (float(cluster.place[0]), float(cluster.place[1])) if scene.camera is not None else None
        x1, y1, x2, y2 = cluster.box_px.tolist()
        return Event(
            event_id=f"{self.name}-{tracks.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=tracks.camera_id,
            start_s=now,
            end_s=None,
            place_m=place,
            box_px=(x1, y1, x2, y2),
            zone=next((z.id for z in scene.zones if place is not None and z.shape.covers(Point(place))), None),
            track_ids=self._members(cluster, tracks),
            score=max(cluster.coherence, cluster.share),
            rule=self.name,
            evidence={
                "people_running": round(cluster.people),
                "mean_speed_mps": round(cluster.speed_mps, 2),
                "running_for_s": round(now - surge.since_s, 2),
                "share_of_movers": round(cluster.share, 2),
                "coherence": round(cluster.coherence, 2),
                "speed_by": "pixels" if now == self._pixels_s else "tracks",
                "alarm_from_people": s.min_people,
                "alarm_from_mps": s.running_mps,
                **self._floor.evidence,
            },
        )

    def _members(self, cluster: Cluster, tracks: Tracks) -> tuple[int, ...]:
        """Return the tracks of those who run where the runners are."""
        people = tracks.of(ObjectClass.PERSON)
        places = self._floor.places(people)
        known = np.flatnonzero(np.isfinite(places).all(axis=1))
        if not len(known):
            return ()
        near, _ = cKDTree(cluster.cells).query(places[known], distance_upper_bound=_MEMBER_M)
        ids = people.track_id[known]
        speed = np.linalg.norm(
            self._trails.velocity(tracks.time_s, ids, places[known], self.settings.speed_over_s), axis=1
        )
        run = np.isfinite(near) & (speed > self.settings.release * self.settings.running_mps)
        return tuple(ids[run].tolist())


def _speed_sd(covariance: Floats, over_s: float) -> Floats:
    """What the uncertainty of places does to speeds over ``over_s``, shape (n,); 0 where it is not known."""
    largest = np.zeros(len(covariance))
    known = np.isfinite(covariance).all(axis=(1, 2))
    largest[known] = np.linalg.eigvalsh(covariance[known])[:, -1]
    return np.asarray(np.sqrt(2 * _INDEPENDENT * np.maximum(largest, 0)) / over_s)
