"""One or some go against a one-way zone, or come in by an exit; or turn back, or wait at its edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.incident import WRONG_WAY_M, IncidentKind, WrongWay, WrongWayEnding
from scenarios.truth import IncidentTruth
from sim.incidents.actor import Actor

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["WrongWayIncident"]

_REACH_M: Final = 0.6
_OUTSIDE_M: Final = 0.8
"""Who waits stands so far before the zone."""
_APART_S: Final = 0.9
_ASIDE_M: Final = 0.5
_TURNS_AFTER_M: Final = 1.1


@dataclass(slots=True)
class _Walker:
    """One of them: how far along the way, and how far against the direction."""

    actor: Actor
    at_s: float
    stops: list[tuple[int, NDArray[np.float64]]]
    stage: int = 0
    waits_since_s: float | None = None
    inside_since_s: float | None = None
    left_s: float | None = None
    due_s: float | None = None
    against_m: float = 0.0
    farthest_m: float = field(default=-np.inf)


class WrongWayIncident:
    """They come from beyond the zone's end, pass it on its axis against the direction, and leave."""

    def __init__(self, spec: WrongWay, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the ways.

        Raises:
            ScenarioError: No gate leads to the zone's end, or none away from its beginning.
        """
        self._spec, self._crowd = spec, crowd
        venue = crowd.scenario.venue
        zones = {zone.id: zone for zone in venue.zones}
        self._where = f"incidents.{spec.id}"
        self._by_gate = spec.through not in zones
        if not self._by_gate:
            zone = zones[spec.through]
            assert zone.one_way is not None
            self._zone = zone.shape
            self._along = np.array(zone.one_way) / np.hypot(*zone.one_way)
            self._begin_in_zone(rng)
        else:
            self._begin_at_gate(rng)

    def step(self) -> None:
        """Let each do the next thing and note how far it goes."""
        for walker in self._walkers:
            walker.actor.come()
            if walker.actor.inside:
                self._watch(walker)
                self._move(walker)
            elif walker.actor.person is not None and walker.inside_since_s is not None and walker.left_s is None:
                walker.left_s = self._crowd.time_s

    def truth(self) -> IncidentTruth | None:
        """Return who went against the direction, from when to when."""
        begun = [w for w in self._walkers if w.inside_since_s is not None or w.waits_since_s is not None]
        if not begun:
            return None
        starts = [w.inside_since_s if w.inside_since_s is not None else w.waits_since_s for w in begun]
        ends = [w.left_s for w in begun]
        due = [w.due_s for w in begun if w.due_s is not None]
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.WRONG_WAY,
            start_s=min(s for s in starts if s is not None),
            end_s=None if any(e is None for e in ends) else max(e for e in ends if e is not None),
            place_m=self._spec.place_m,
            person_ids=tuple(w.actor.person for w in begun if w.actor.person is not None),
            object_ids=(),
            facts={
                "against_m": max(w.against_m for w in begun),
                "direction_deg": float(np.degrees(np.arctan2(self._along[0], self._along[1])) % 360),
                "due_s": min(due, default=None),
            },
        )

    def _begin_in_zone(self, rng: np.random.Generator) -> None:
        """Plan from a point beyond the zone's end to one before its beginning."""
        spec, crowd = self._spec, self._crowd
        far, near = self._axis()
        end, begin = crowd.routes.add_point(far), crowd.routes.add_point(near)
        passes = spec.ending is WrongWayEnding.PASSES
        self._exit = crowd.exit_by(spec.leave_by, near if passes else far)
        aside = np.array([-self._along[1], self._along[0]])
        start = crowd.routes.gate_index(spec.start) if spec.start else self._nearest_entrance(end, begin)
        self._walkers: list[_Walker] = []
        for number, chance in enumerate(rng.spawn(spec.count)):
            actor = Actor(crowd, chance)
            at_s = spec.at_s + number * _APART_S
            actor.plan(end, at_s, f"{self._where}.place_m", start=start)
            offset = aside * float(chance.uniform(-_ASIDE_M, _ASIDE_M)) * min(1, number)
            stops = [(end, np.array(far) + offset), (begin, np.array(near))]
            self._walkers.append(_Walker(actor, at_s, stops))

    def _begin_at_gate(self, rng: np.random.Generator) -> None:
        """Plan to come in by the exit; inwards from the gate is against its direction."""
        spec, crowd = self._spec, self._crowd
        gate = crowd.routes.gate_index(spec.through)
        x, y = crowd.threshold(gate)
        line = crowd.scenario.venue.gates[gate].shape
        outward = np.array(line.interpolate(line.project(shapely.Point(x, y))).coords[0]) - (x, y)
        self._along = outward / np.hypot(*outward)
        self._zone = crowd.scenario.venue.floor
        goal = crowd.routes.add_point(spec.place_m)
        if not np.isfinite(crowd.routes.distance_m(goal, np.array([[x, y]]))[0]):
            raise ScenarioError(f"{self._where}.place_m: from gate '{spec.through}' there is no way to {spec.place_m}")
        self._exit = crowd.exit_by(spec.leave_by, spec.place_m)
        self._walkers = []
        for number, chance in enumerate(rng.spawn(spec.count)):
            actor = Actor(crowd, chance)
            at_s = spec.at_s + number * _APART_S
            actor.plan_at((float(x), float(y)), goal, at_s)
            self._walkers.append(_Walker(actor, at_s, [(goal, np.array(spec.place_m))], stage=1))

    def _axis(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the points just beyond the zone's end and just before its beginning, on the line through the place."""
        place = np.array(self._spec.place_m)
        x0, y0, x1, y1 = self._zone.bounds
        reach = float(np.hypot(x1 - x0, y1 - y0))
        walkable = self._crowd.scenario.venue.walkable.buffer(-0.3)
        ends = []
        for sign in (1.0, -1.0):
            ray = shapely.LineString([place, place + sign * reach * self._along])
            inside = ray.intersection(self._zone)
            length = inside.length if inside.geom_type == "LineString" else inside.geoms[0].length
            spots = [place + sign * (length + beyond) * self._along for beyond in (_OUTSIDE_M, 0.4, 0.0, -0.4, -0.8)]
            on_floor = [s for s in spots if shapely.contains_xy(walkable, *s)]
            if not on_floor:
                raise ScenarioError(
                    f"{self._where}.place_m: the line through {self._spec.place_m} along the zone's direction "
                    "leads off the walkable floor"
                )
            ends.append((float(on_floor[0][0]), float(on_floor[0][1])))
        return ends[0], ends[1]

    def _nearest_entrance(self, far_goal: int, near_goal: int) -> int | None:
        """Return the gate by which to come: the nearest to the zone's end of those nearer to it than to its start."""
        crowd, routes = self._crowd, self._crowd.routes
        ways = []
        for index, gate in enumerate(crowd.scenario.venue.gates):
            if gate.lets_in:
                at = crowd.threshold(index)[None]
                to_far, to_near = float(routes.distance_m(far_goal, at)[0]), float(routes.distance_m(near_goal, at)[0])
                ways.append((to_far > to_near, to_far, index))
        return min(ways)[2] if ways else None

    def _move(self, walker: _Walker) -> None:
        """Come to the zone's end in time, then do as the ending says."""
        now, actor, spec = self._crowd.time_s, walker.actor, self._spec
        if walker.stage == 0:
            if not actor.approach(walker.stops[0][1], walker.at_s, _REACH_M):
                return
            if spec.ending is WrongWayEnding.WAITS:
                walker.stage = 2
                walker.waits_since_s = now
                return
            walker.stage = 1
            actor.walk(walker.stops[1][0])
        elif walker.stage == 1:
            if spec.ending is WrongWayEnding.TURNS_BACK and walker.against_m >= _TURNS_AFTER_M:
                walker.stage = 2
                walker.waits_since_s = now
            elif actor.away_m(walker.stops[-1][1]) <= _REACH_M:
                walker.stage = 3
                actor.walk(self._exit)
                walker.left_s = now if self._by_gate else walker.left_s
        elif walker.stage == 2:
            assert walker.waits_since_s is not None
            actor.stand()
            actor.turn_to(actor.place_m - 4.0 * self._along)
            if now >= walker.waits_since_s + spec.waits_s:
                walker.stage = 3
                actor.walk(self._exit)
                if walker.inside_since_s is None:
                    walker.left_s = now

    def _watch(self, walker: _Walker) -> None:
        """Note how far somebody has gone against the direction since the farthest point along it."""
        now, place = self._crowd.seen_s, walker.actor.place_m
        if walker.left_s is not None or walker.stage == 0:
            return
        if not shapely.contains_xy(self._zone, *place):
            if walker.inside_since_s is not None:
                walker.left_s = now
            return
        if walker.inside_since_s is None:
            walker.inside_since_s = now
        along = float(place @ self._along)
        walker.farthest_m = max(walker.farthest_m, along)
        walker.against_m = max(walker.against_m, walker.farthest_m - along)
        if walker.due_s is None and walker.against_m >= WRONG_WAY_M:
            walker.due_s = now
