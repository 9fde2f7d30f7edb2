"""The arrivals: who comes, when, by which entrance, to which exit, and with what in hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.population import BagKind, Body, ExitChoice, Flow
from sim.routes import CLEARANCE_M
from sim.state import BODIES
from sim.throng import strew

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["Arrivals"]

_ROOM_M: Final = 0.45
_ROOM_TRIES: Final = 8
_TRIES: Final = 40
_ALONG: Final = (0.1, 0.9)
_BESIDE_WAY_M: Final = 2.5
_TOGETHER_M: Final = 0.9
"""Those of a group are this near to the first of them at the start."""
_PACKED: Final = 0.72
"""People strewn at random keep this share of the spacing that they would have on a square grid."""
_LEAST_ROOM_M: Final = 0.3
_HANDS_FULL: Final = (Body.WHEELCHAIR, Body.PRAM)
"""They carry nothing in their hands."""


class Arrivals:
    """The flows of a scenario: Poisson arrivals that wait at the gate until there is room."""

    def __init__(self, crowd: Crowd, rng: np.random.Generator) -> None:
        """Find the ways of every flow and draw when its people come.

        Args:
            crowd: Who is inside, and the ways.
            rng: Gives every flow a child of its own.

        Raises:
            ScenarioError: A flow has no way in or out.
        """
        self._crowd = crowd
        self._flows = crowd.scenario.population.flows
        self._groups = 0
        self._size_of: dict[int, int] = {}
        self._visit_of: dict[int, str | None] = {}
        self.plan()
        self._rngs = rng.spawn(max(1, len(self._flows)))
        self._due = [self._due_of(flow, own) for flow, own in zip(self._flows, self._rngs, strict=False)]

    def plan(self) -> None:
        """Find the entrance and the exits of every flow among the gates that are open now.

        Raises:
            ScenarioError: A flow has no way in or out; the plan is as before then.
        """
        exits, entrances = [self._exits_of(f) for f in self._flows], [self._entrance_of(f) for f in self._flows]
        self._exits, self._entrances = exits, entrances

    def exits(self, flow: int) -> NDArray[np.int32]:
        """Return the numbers of the gates by which the people of a flow leave now."""
        return self._exits[flow]

    def spread_initial(self, rng: np.random.Generator) -> None:
        """Spread those who are on the way at the start along the ways to their exits.

        Raises:
            ScenarioError: There is no room for all of them.
        """
        for number, flow in enumerate(self._flows):
            if flow.area is None:
                self._spread(number, flow, rng)
            elif flow.initial:
                self._fill(number, flow, flow.area, rng)

    def admit(self) -> None:
        """Let in who has arrived, as far as there is room at the gate."""
        for number, due in enumerate(self._due):
            rng = self._rngs[number]
            while due and due[-1][0] <= self._crowd.time_s:
                place = self._room_at(self._entrances[number], rng)
                if place is None:
                    break
                _, group, goal = due.pop()
                if goal < 0:
                    goal = self._choose_exit(number, place, rng)
                    due += [(0.0, group, goal)] * (self._size_of.pop(group, 1) - 1)
                self._bring(number, place, goal, group, rng)

    def stop(self) -> None:
        """Nobody comes in any more."""
        for due in self._due:
            due.clear()

    def _exits_of(self, flow: Flow) -> NDArray[np.int32]:
        """Return the open exits of a flow; where all are closed, every open exit of the venue."""
        routes = self._crowd.routes
        gates = routes.venue.gates
        ids = [gate.id for gate in gates]
        mine = [ids.index(g) for g in flow.to if gates[ids.index(g)].lets_out]
        came_by = ids.index(flow.start)
        others = [i for i, gate in enumerate(gates) if gate.lets_out]
        mine = mine or [i for i in others if i != came_by] or others
        start = self._crowd.threshold(came_by)[None]
        if not any(np.isfinite(routes.distance_m(i, start)[0]) for i in mine):
            raise ScenarioError(
                f"population.flows.{flow.id}.to: from gate '{flow.start}' none of the open gates can be reached"
            )
        return np.array(mine, np.int32)

    def _entrance_of(self, flow: Flow) -> int:
        """Return the gate by which a flow comes in: its own, or where that is closed the nearest that is open."""
        gates = self._crowd.routes.venue.gates
        own = next(i for i, gate in enumerate(gates) if gate.id == flow.start)
        if gates[own].lets_in or not flow.rate_per_min:
            return own
        others = [(gates[own].shape.distance(gate.shape), i) for i, gate in enumerate(gates) if gate.lets_in]
        if not others:
            raise ScenarioError(
                f"population.flows.{flow.id}.start: gate '{flow.start}' is closed and so are all others"
            )
        return min(others)[1]

    def _due_of(self, flow: Flow, rng: np.random.Generator) -> list[tuple[float, int, int]]:
        """Draw Poisson arrivals as (instant, group or -1, exit or -1), latest first; a group is one arrival."""
        duration_s = self._crowd.scenario.duration_s
        end_s = min(flow.end_s or duration_s, duration_s)
        alone = 1 - sum(flow.groups.values())
        mean = alone + sum(size * share for size, share in flow.groups.items())
        due: list[tuple[float, int, int]] = []
        now = flow.start_s
        while flow.rate_per_min:
            now += float(rng.exponential(60 * mean / flow.rate_per_min))
            if now >= end_s:
                break
            due.append((now, self._new_group(flow, rng), -1))
        return due[::-1]

    def _new_group(self, flow: Flow, rng: np.random.Generator) -> int:
        """Draw whether the next to come is a group, and of how many; returns its number, -1 for who comes alone."""
        if not flow.groups:
            return -1
        draw = float(rng.random())
        for size, share in sorted(flow.groups.items()):
            draw -= share
            if draw < 0:
                self._groups += 1
                self._size_of[self._groups] = size
                return self._groups
        return -1

    def _spread(self, number: int, flow: Flow, rng: np.random.Generator) -> None:
        """Put the initial people of one flow on their ways."""
        crowd = self._crowd
        start = [gate.id for gate in crowd.scenario.venue.gates].index(flow.start)
        ways: dict[int, NDArray[np.float64]] = {}
        first: NDArray[np.float64] | None = None
        goal, group, more = -1, -1, 0
        for _ in range(flow.initial):
            if not more:
                first, group = None, self._new_group(flow, rng)
                more = self._size_of.pop(group, 1)
            for _ in range(_TRIES):
                if first is None:
                    begin = crowd.threshold(start, float(rng.uniform(*_ALONG)))
                    goal = self._choose_exit(number, begin, rng)
                    if goal not in ways:
                        ways[goal] = crowd.routes.way_m(goal, (float(begin[0]), float(begin[1])))
                    way = ways[goal]
                    place = way[int(rng.integers(len(way)))] + rng.uniform(-_BESIDE_WAY_M, _BESIDE_WAY_M, 2)
                else:
                    place = first + rng.uniform(-_TOGETHER_M, _TOGETHER_M, 2)
                if self._has_room(place) and np.isfinite(crowd.routes.distance_m(goal, place[None])[0]):
                    break
            else:
                raise ScenarioError(
                    f"population.flows.{flow.id}.initial: there is no room for {flow.initial} people on the way"
                )
            self._bring(number, place, goal, group, rng)
            first, more = place if first is None else first, more - 1

    def _fill(self, number: int, flow: Flow, area: Sequence[tuple[float, float]], rng: np.random.Generator) -> None:
        """Spread the initial people of one flow evenly over an area."""
        crowd = self._crowd
        free = shapely.Polygon(area).intersection(crowd.scenario.venue.walkable)
        free = free.intersection(crowd.scenario.venue.walkable.buffer(-CLEARANCE_M))
        apart = min(_ROOM_M, _PACKED * float(np.sqrt(max(free.area, 1e-9) / flow.initial)))
        places = strew(rng, free, flow.initial, max(apart, _LEAST_ROOM_M), crowd.people.position_m)
        if len(places) < flow.initial:
            raise ScenarioError(
                f"population.flows.{flow.id}.initial: {flow.initial} people do not fit into the {free.area:.0f} square "
                f"metres of its area; {len(places)} do"
            )
        goals = [self._choose_exit(number, place, rng) for place in places]
        for place, goal in zip(places, goals, strict=True):
            self._bring(number, place, goal, -1, rng)

    def _visit(self, number: int, group: int, rng: np.random.Generator) -> str | None:
        """Draw to which stall somebody goes first, if to any; those of a group go where the first of them goes."""
        visits = self._flows[number].visits
        if not visits:
            return None
        if group in self._visit_of:
            return self._visit_of[group]
        draw, chosen = float(rng.random()), None
        for stall, share in sorted(visits.items()):
            draw -= share
            if draw < 0:
                chosen = stall
                break
        if group >= 0:
            self._visit_of[group] = chosen
        return chosen

    def _room_at(self, gate: int, rng: np.random.Generator) -> NDArray[np.float64] | None:
        """Draw a free place just inside a gate; None where there is none now."""
        for _ in range(_ROOM_TRIES):
            place = self._crowd.threshold(gate, float(rng.uniform(*_ALONG)))
            if self._has_room(place):
                return place
        return None

    def _has_room(self, place: NDArray[np.float64]) -> bool:
        people = self._crowd.people
        if len(people) and np.hypot(*(people.position_m - place).T).min() < _ROOM_M:
            return False
        return bool(self._crowd.routes.is_free(place[None])[0])

    def _choose_exit(self, number: int, place: Any, rng: np.random.Generator) -> int:
        """Choose among the exits of a flow: any that can be reached where the flow is spread, else the nearest."""
        exits = self._exits[number]
        if self._flows[number].exit_choice is ExitChoice.RANDOM:
            here = np.asarray(place, float)[None]
            reached = [e for e in exits if np.isfinite(self._crowd.routes.distance_m(int(e), here)[0])]
            if reached:
                return int(reached[int(rng.integers(len(reached)))])
        return self._crowd.nearest_exit(place, exits)

    def _bring(self, number: int, place: NDArray[np.float64], goal: int, group: int, rng: np.random.Generator) -> None:
        """Put a person of a flow into the venue, with what the person carries."""
        person = self._crowd.enter(place, goal, flow=number, group=group)
        if self._flows[number].exit_choice is ExitChoice.QUICKEST:
            ids = [gate.id for gate in self._crowd.scenario.venue.gates]
            self._crowd.choose_among(-1, [ids.index(to) for to in self._flows[number].to], ExitChoice.QUICKEST)
        stall = self._visit(number, group, rng)
        if stall is not None:
            self._crowd.send_to_stall(person, stall)
        draw = float(rng.random())
        for kind, share in sorted(self._flows[number].carries.items()):
            draw -= share
            if draw < 0:
                if kind is BagKind.BACKPACK or BODIES[self._crowd.people.body[-1]] not in _HANDS_FULL:
                    self._crowd.give_bag(person, kind)
                return
