"""Crowd movement: many people near one another suddenly run, together, apart or to one point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import Point

from detect.rules.contract import Scene
from detect.rules.floor import Floor, feet_px
from detect.rules.trails import Trails
from detect.tracks import ObjectClass
from scenarios.entry import Entry
from scenarios.event import Event, EventKind

__all__ = ["CrowdMovement", "CrowdMovementSettings"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TRAIL_S: Final = 3.0


class CrowdMovementSettings(Entry):
    """Settings of the rule.

    Attributes:
        running_mps: Who is faster than this runs; free walking is 1.34 +- 0.26 m/s (Weidmann 1993).
        min_people: So many must run near one another.
        neighbourhood_m: Who is nearer than this to a runner is near.
        coherence: Least order parameter of their headings, from 0 (each another way) to 1 (all the same way, all
            away from one point, or all towards one).
        hold_s: For so long, before it is said.
        speed_over_s: Speeds are means over this.
        release: Share of ``running_mps`` and ``min_people`` below which it ends; that speed should be above walking.
        quiet_s: It has ended after so long below that.
        silence_s: No new alarm near an ended one for so long.
    """

    running_mps: Annotated[float, Field(gt=0, le=12)] = 2.0
    min_people: Annotated[int, Field(ge=2, le=10_000)] = 5
    neighbourhood_m: Annotated[float, Field(gt=0, le=100)] = 6.0
    coherence: Annotated[float, Field(ge=0, le=1)] = 0.7
    hold_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    speed_over_s: Annotated[float, Field(ge=0.2, le=2.5)] = 0.8
    release: Annotated[float, Field(gt=0, le=1)] = 0.8
    quiet_s: Annotated[float, Field(ge=0, le=600)] = 3.0
    silence_s: Annotated[float, Field(ge=0, le=3600)] = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class _Cluster:
    place: Floats
    members: Ints
    speed_mps: float
    coherence: float


@dataclass(slots=True, eq=False)
class _Surge:
    place: Floats
    since_s: float
    seen_s: float
    members: set[int]
    event: Event | None = None

    def owns(self, cluster: _Cluster, reach_m: float) -> bool:
        """Whether a cluster is near, or a splinter."""
        mine = sum(member in self.members for member in cluster.members.tolist())
        return 2 * mine >= len(cluster.members) or float(np.linalg.norm(cluster.place - self.place)) <= reach_m


class CrowdMovement:
    """Says when a group of people begins to run.

    The order parameter is the polarisation of Vicsek et al. (1995), DOI 10.1103/PhysRevLett.75.1226, equation 2, of
    the headings or, for people who scatter or converge, of the headings turned by the bearing from their centre.
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
        people = tracks.of(ObjectClass.PERSON)
        places = self._floor.places(people)
        known = np.isfinite(places).all(axis=1)
        ids, boxes, places = people.track_id[known], people.box_px[known], places[known]
        self._trails.add(now, ids, boxes, feet_px(boxes), places)
        velocity = self._trails.velocity(now, ids, places, s.speed_over_s)
        strict = self._clusters(ids, places, velocity, s.running_mps, s.min_people, s.coherence)
        loose = self._clusters(
            ids, places, velocity, s.release * s.running_mps, max(2, round(s.release * s.min_people)), 0.0
        )
        statements = self._follow(strict, loose, now)
        for surge in self._surges:
            if surge.event is None and now - surge.since_s >= s.hold_s and surge.seen_s == now:
                cluster = min(strict, key=lambda c: float(np.linalg.norm(c.place - surge.place)))
                surge.event = self._event(cluster, surge, scene, now)
                statements.append(surge.event)
        return statements

    def reset(self) -> list[Event]:
        """Forget everything; what lasted ends with the last picture."""
        ended = [replace(surge.event, end_s=self._last_s) for surge in self._surges if surge.event is not None]
        self._forget()
        return ended

    def _forget(self) -> None:
        self._floor = Floor()
        self._trails = Trails(_TRAIL_S)
        self._surges: list[_Surge] = []
        self._ended: list[tuple[float, _Surge]] = []
        self._last_s = 0.0

    def _clusters(
        self, ids: Ints, places: Floats, velocity: Floats, above_mps: float, least: int, coherence: float
    ) -> list[_Cluster]:
        speed = np.linalg.norm(velocity, axis=1)
        runs = np.flatnonzero(speed > above_mps)  # nan is not above anything
        if len(runs) < least:
            return []
        pairs = cKDTree(places[runs]).query_pairs(self.settings.neighbourhood_m, output_type="ndarray")
        links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(runs), len(runs)))
        count, label = connected_components(links, directed=False)
        found = []
        for part in range(count):
            member = runs[label == part]
            order = _order(places[member], velocity[member])
            if len(member) >= least and order >= coherence:
                centre, mean = places[member].mean(axis=0), float(speed[member].mean())
                found.append(_Cluster(centre, ids[member], mean, order))
        return found

    def _follow(self, strict: list[_Cluster], loose: list[_Cluster], now: float) -> list[Event]:
        """Let clusters start, feed or no longer feed surges; return the events that end."""
        s = self.settings
        reach = 2 * s.neighbourhood_m
        self._ended = [(t, surge) for t, surge in self._ended if now - t < s.silence_s]
        for surge in self._surges:
            feeding = [c for c in (loose if surge.event is not None else strict) if surge.owns(c, reach)]
            if feeding:
                surge.place, surge.seen_s = max(feeding, key=lambda c: len(c.members)).place, now
                surge.members.update(*(c.members.tolist() for c in feeding))
        for cluster in strict:
            if not any(surge.owns(cluster, reach) for surge in [*self._surges, *(e for _, e in self._ended)]):
                self._surges.append(_Surge(cluster.place, now, now, set(cluster.members.tolist())))
        statements, going = [], []
        for surge in self._surges:
            patience = s.quiet_s if surge.event is not None else s.hold_s / 4
            if now - surge.seen_s <= patience:
                going.append(surge)
            elif surge.event is not None:
                statements.append(replace(surge.event, end_s=max(surge.seen_s, surge.event.start_s)))
                self._ended.append((now, surge))
        self._surges = going
        return statements

    def _event(self, cluster: _Cluster, surge: _Surge, scene: Scene, now: float) -> Event:
        self._said += 1
        tracks = scene.tracks
        boxes = tracks.box_px[np.isin(tracks.track_id, cluster.members) & (tracks.cls == ObjectClass.PERSON)]
        place = (float(cluster.place[0]), float(cluster.place[1])) if scene.camera is not None else None
        return Event(
            event_id=f"{self.name}-{tracks.camera_id}-{self._said}",
            kind=self.kind,
            camera_id=tracks.camera_id,
            start_s=now,
            end_s=None,
            place_m=place,
            box_px=(
                float(boxes[:, 0].min()),
                float(boxes[:, 1].min()),
                float(boxes[:, 2].max()),
                float(boxes[:, 3].max()),
            ),
            zone=next((z.id for z in scene.zones if place is not None and z.shape.covers(Point(place))), None),
            track_ids=tuple(cluster.members.tolist()),
            score=min(1.0, cluster.coherence),
            rule=self.name,
            evidence={
                "running_since_s": round(surge.since_s, 3),
                "people_running": len(cluster.members),
                "mean_speed_mps": round(cluster.speed_mps, 2),
                "coherence": round(cluster.coherence, 3),
                "calibrated": scene.camera is not None,
            },
        )


def _order(places: Floats, velocity: Floats) -> float:
    """Order parameter: of headings, or of headings against the bearing from the centre."""
    unit = velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
    outward = places - places.mean(axis=0)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    together = float(np.linalg.norm(unit.mean(axis=0)))
    return max(together, abs(float((unit * outward).sum(axis=1).mean())))
