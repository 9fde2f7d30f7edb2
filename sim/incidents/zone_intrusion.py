"""Somebody enters a forbidden zone and stays or crosses it; or walks along its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.incident import INTRUSION_HOLD_S, IncidentKind, Intrusion, ZoneIntrusion
from scenarios.truth import IncidentTruth
from sim.incidents.actor import Actor

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["IntrusionIncident"]

_REACH_M: Final = 0.45
_BEYOND_M: Final = 0.9
"""Who crosses is across so far behind the far edge."""
_LOOKS_AROUND_S: Final = 2.5


class IntrusionIncident:
    """One person, with the points to be walked to one after the other; the last is a gate."""

    def __init__(self, spec: ZoneIntrusion, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the way into, across or along the zone.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd = spec, crowd
        self._zone = crowd.scenario.venue.zone(spec.zone).shape
        self._exit = crowd.exit_by(spec.leave_by, spec.place_m)
        mine, self._rng = rng.spawn(2)
        self._who = Actor(crowd, mine)
        where = f"incidents.{spec.id}.place_m"
        routes = crowd.routes
        goal = routes.add_point(spec.place_m, trespass=spec.does is not Intrusion.SKIRTS)
        self._stops: list[tuple[int, NDArray[np.float64]]] = [(goal, np.array(spec.place_m))]
        if spec.does is Intrusion.SKIRTS:
            first, last = self._edge_points()
            self._stops = [(routes.add_point(first), np.array(first)), (routes.add_point(last), np.array(last))]
            self._who.plan(self._stops[0][0], spec.at_s, where, avoid=(self._exit,))
        else:
            start = self._who.plan(goal, spec.at_s, where, avoid=(self._exit,))
            assert start is not None
            x, y = crowd.threshold(start)
            way = routes.way_m(goal, (float(x), float(y)))
            inside = shapely.contains_xy(self._zone, way)
            enters = way[int(np.argmax(inside))] if inside.any() else way[-1]
            self._depth_m = float(np.hypot(*(enters - np.array(spec.place_m))))
            self._who.plan(goal, spec.at_s + self._depth_m / self._who.free_mps, where, start=start)
            if spec.does is Intrusion.CROSSES:
                beyond = self._far_side(enters)
                if beyond is not None:
                    self._stops.append((routes.add_point(beyond, trespass=True), np.array(beyond)))
        self._next = 0
        self._reached_s: float | None = None
        self._looks_at: Any = None
        self._looked_s = 0.0
        self._entered_s: float | None = None
        self._left_s: float | None = None
        self._since_s: float | None = None
        self._due_s: float | None = None
        self._nearest_m = np.inf
        self._near_s: float | None = None

    def step(self) -> None:
        """Walk on; note when the edge is crossed."""
        self._who.come()
        if self._who.person is None:
            return
        if not self._who.inside:
            if self._entered_s is not None and self._left_s is None:
                self._left_s = self._crowd.time_s
            return
        self._watch()
        if self._next < len(self._stops):
            self._walk(self._stops[self._next][1])

    def truth(self) -> IncidentTruth | None:
        """Return when the person was inside, or how near the edge."""
        start = self._near_s if self._spec.does is Intrusion.SKIRTS else self._entered_s
        if start is None or self._who.person is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.ZONE_INTRUSION,
            start_s=start,
            end_s=self._left_s,
            place_m=self._spec.place_m,
            person_ids=(self._who.person,),
            object_ids=(),
            facts={
                "entered_s": self._entered_s,
                "left_s": self._left_s if self._entered_s is not None else None,
                "nearest_m": float(self._nearest_m),
                "due_s": self._due_s,
            },
        )

    def _walk(self, place: NDArray[np.float64]) -> None:
        """Go to the next point; stay there if this is where one stays."""
        now, who, spec = self._crowd.time_s, self._who, self._spec
        if self._next == 0:
            late = self._depth_m / who.free_mps if spec.does is not Intrusion.SKIRTS else 0.0
            there = who.approach(place, spec.at_s + late, _REACH_M)
        else:
            there = who.away_m(place) <= _REACH_M
        if not there:
            return
        if self._next == 0 and spec.does is Intrusion.STAYS:
            self._reached_s = now if self._reached_s is None else self._reached_s
            if now < self._reached_s + spec.stays_s:
                self._look_around(now)
                return
        self._next += 1
        who.walk(self._stops[self._next][0] if self._next < len(self._stops) else self._exit)

    def _look_around(self, now: float) -> None:
        if self._looks_at is None or now >= self._looked_s:
            angle = float(self._rng.uniform(-np.pi, np.pi))
            self._looks_at = self._who.place_m + 5.0 * np.array([np.cos(angle), np.sin(angle)])
            self._looked_s = now + _LOOKS_AROUND_S * float(self._rng.uniform(0.6, 1.6))
        self._who.turn_to(self._looks_at)

    def _watch(self) -> None:
        """Note what is true of the person and the zone at this instant."""
        now, place = self._crowd.seen_s, self._who.place_m
        inside = bool(shapely.contains_xy(self._zone, *place))
        away = 0.0 if inside else float(self._zone.distance(shapely.Point(place)))
        self._nearest_m = min(self._nearest_m, away)
        if inside:
            if self._entered_s is None:
                self._entered_s = now
            self._left_s = None
            self._since_s = now if self._since_s is None else self._since_s
            if self._due_s is None and now >= self._since_s + INTRUSION_HOLD_S - 1e-9:
                self._due_s = now
        else:
            self._since_s = None
            if self._entered_s is not None and self._left_s is None:
                self._left_s = now
        if self._spec.does is Intrusion.SKIRTS:
            if self._near_s is None and self._next == 1:
                self._near_s = now
            if self._near_s is not None and self._left_s is None and self._next == len(self._stops):
                self._left_s = now

    def _edge_points(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return where the walk along the edge begins and ends: outside, as far off as the place, on the floor."""
        place = shapely.Point(self._spec.place_m)
        line = self._zone.buffer(self._zone.distance(place)).exterior
        middle, half = line.project(place), self._spec.along_m / 2
        walkable = self._crowd.scenario.venue.walkable.buffer(-0.3)
        ends = []
        for sign in (-1.0, 1.0):
            for share in (1.0, 0.75, 0.5, 0.25, 0.0):
                spot = line.interpolate((middle + sign * half * share) % line.length)
                if share == 0.0:
                    spot = place
                if walkable.covers(spot) or share == 0.0:
                    ends.append((float(spot.x), float(spot.y)))
                    break
        gate = self._crowd.threshold(self._exit)
        ends.sort(key=lambda p: -float(np.hypot(*(gate - np.array(p)))))
        return ends[0], ends[1]

    def _far_side(self, enters: NDArray[np.float64]) -> tuple[float, float] | None:
        """Return a point behind the far edge, straight on from where the person comes in; None where there is none."""
        place = np.array(self._spec.place_m)
        ahead = place - enters
        length = float(np.hypot(*ahead))
        if length < 0.2:
            centre = np.array(self._zone.centroid.coords[0])
            ahead, length = centre - enters, max(float(np.hypot(*(centre - enters))), 1e-6)
        x0, y0, x1, y1 = self._zone.bounds
        ray = shapely.LineString([place, place + ahead / length * float(np.hypot(x1 - x0, y1 - y0))])
        reach = ray.intersection(self._zone).length + _BEYOND_M
        spot = place + ahead / length * reach
        walkable = self._crowd.scenario.venue.walkable.buffer(-0.3)
        return (float(spot[0]), float(spot[1])) if shapely.contains_xy(walkable, *spot) else None
