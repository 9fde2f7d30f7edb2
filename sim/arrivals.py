"""The arrivals: who comes, when, by which entrance, to which exit, and with what in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.population import BagKind, Body, Flow
from sim.state import BODIES

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["Arrivals"]

_ROOM_M: Final = 0.45
_ROOM_TRIES: Final = 8
_TRIES: Final = 40
_ALONG: Final = (0.1, 0.9)
_BESIDE_WAY_M: Final = 2.5
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
        self.plan()
        self._rngs = rng.spawn(max(1, len(self._flows)))
        self._times = [self._times_of(flow, own) for flow, own in zip(self._flows, self._rngs, strict=False)]

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
            self._spread(number, flow, rng)

    def admit(self) -> None:
        """Let in who has arrived, as far as there is room at the gate."""
        for number, times in enumerate(self._times):
            rng = self._rngs[number]
            while times and times[-1] <= self._crowd.time_s:
                place = self._room_at(self._entrances[number], rng)
                if place is None:
                    break
                times.pop()
                self._bring(number, place, self._choose_exit(number, place, rng), rng)

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

    def _times_of(self, flow: Flow, rng: np.random.Generator) -> list[float]:
        """Draw Poisson arrivals, latest first."""
        duration_s = self._crowd.scenario.duration_s
        end_s = min(flow.end_s or duration_s, duration_s)
        times: list[float] = []
        now = flow.start_s
        while flow.rate_per_min:
            now += float(rng.exponential(60 / flow.rate_per_min))
            if now >= end_s:
                break
            times.append(now)
        return times[::-1]

    def _spread(self, number: int, flow: Flow, rng: np.random.Generator) -> None:
        """Put the initial people of one flow on their ways."""
        crowd = self._crowd
        start = [gate.id for gate in crowd.scenario.venue.gates].index(flow.start)
        ways: dict[int, NDArray[np.float64]] = {}
        for _ in range(flow.initial):
            for _ in range(_TRIES):
                begin = crowd.threshold(start, float(rng.uniform(*_ALONG)))
                goal = self._choose_exit(number, begin, rng)
                if goal not in ways:
                    ways[goal] = crowd.routes.way_m(goal, (float(begin[0]), float(begin[1])))
                way = ways[goal]
                place = way[int(rng.integers(len(way)))] + rng.uniform(-_BESIDE_WAY_M, _BESIDE_WAY_M, 2)
                if self._has_room(place) and np.isfinite(crowd.routes.distance_m(goal, place[None])[0]):
                    break
            else:
                raise ScenarioError(
                    f"population.flows.{flow.id}.initial: there is no room for {flow.initial} people on the way"
                )
            self._bring(number, place, goal, rng)

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
        if self._flows[number].spread:
            here = np.asarray(place, float)[None]
            reached = [e for e in exits if np.isfinite(self._crowd.routes.distance_m(int(e), here)[0])]
            if reached:
                return int(reached[int(rng.integers(len(reached)))])
        return self._crowd.nearest_exit(place, exits)

    def _bring(self, number: int, place: NDArray[np.float64], goal: int, rng: np.random.Generator) -> None:
        """Put a person of a flow into the venue, with what the person carries."""
        person = self._crowd.enter(place, goal, flow=number)
        draw = float(rng.random())
        for kind, share in sorted(self._flows[number].carries.items()):
            draw -= share
            if draw < 0:
                if kind is BagKind.BACKPACK or BODIES[self._crowd.people.body[-1]] not in _HANDS_FULL:
                    self._crowd.give_bag(person, kind)
                return
