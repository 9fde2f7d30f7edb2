"""The crowd: a Mesa model whose agents decide, over arrays that a pedestrian model moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import mesa
import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.errors import ScenarioError, unknown
from scenarios.population import BagKind, DwellerGroup, Flow, Posture, Role
from scenarios.scenario import Scenario
from scenarios.truth import IncidentTruth
from sim.incidents import INCIDENTS
from sim.incidents.contract import Incident
from sim.motion import MODELS, Bodies
from sim.people import Objects, People
from sim.routes import Routes
from sim.state import POSTURES, ROLES, Snapshot

__all__ = ["Crowd", "Left", "Pedestrian"]

_LEFT_WITHIN_M: Final = 0.15
_STANDING_MPS: Final = 0.15
_RUNNING_MPS: Final = 2.0
_TURN_RADPS: Final = 4.0
_ROOM_M: Final = 0.45
_THRESHOLD_M: Final = 0.5
_POST_RADIUS_M: Final = 0.25
_BAG_RADIUS_M: Final = 0.15
_TRIES: Final = 40
_DECIDE_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody has left the venue.

    Attributes:
        person: Id.
        flow: Number of the flow in the scenario, -1 for who belongs to none.
        gate: Id of the gate.
        entered_s: When the person came in.
        left_s: When the person left.
    """

    person: int
    flow: int
    gate: str
    entered_s: float
    left_s: float


class Pedestrian(mesa.Agent):
    """Somebody who decides; where the body is stands in the crowd's arrays.

    Passers-by decide once, when they choose their exit; those who have a part in an incident decide again and again.
    """

    def __init__(self, model: Crowd, person: int) -> None:
        """Make the mind of a person who is in the arrays already."""
        super().__init__(model)
        self.person = person

    def decide(self) -> None:
        """Choose again where to go where a gate was closed: the nearest of the other ways out."""
        crowd = self.model
        row = crowd.people.row(self.person)
        if row is None or crowd.people.stays[row]:
            return
        goal = int(crowd.people.goal[row])
        if 0 <= goal < len(crowd.scenario.venue.gates) and not crowd.routes.venue.gates[goal].lets_out:
            crowd.people.goal[row] = crowd.other_exit(row)


class Crowd(mesa.Model):
    """Everybody of one scenario, moved step by step.

    Attributes:
        scenario: What it plays.
        people: Who is inside.
        objects: The bags inside.
        routes: The ways to every gate.
        entered: How many have come in so far, dwellers and initial people included.
        left: Who has left, in order.
    """

    def __init__(self, scenario: Scenario, seed: int | None = None, *, model: str = "collision_free_speed") -> None:
        """Put everybody who is there at the start in place.

        Args:
            scenario: What to play.
            seed: In place of the scenario's own.
            model: Pedestrian model, one of ``sim.motion.MODELS``.

        Raises:
            ScenarioError: Somebody has no way to go, or there is no room for all.
        """
        super().__init__(rng=np.random.default_rng(scenario.seed if seed is None else seed))
        self.scenario = scenario
        self.motion = MODELS[model]()
        place, arrive, looks, incidents = self.rng.spawn(4)
        self._looks = looks
        self.people, self.objects = People(), Objects()
        self.left: list[Left] = []
        self.entered = 0
        self._clock = 0
        self._minds: dict[int, Pedestrian] = {}
        self._add_dwellers(place)
        blockers = self.people.position_m.copy()
        self.routes = Routes(scenario.venue, blockers)
        self._plan_flows()
        self._choices = arrive.spawn(max(1, len(scenario.population.flows)))
        self._arrivals = [
            self._times_of(flow, rng) for flow, rng in zip(scenario.population.flows, self._choices, strict=False)
        ]
        for number, flow in enumerate(scenario.population.flows):
            self._add_initial(number, flow, place)
        chances = incidents.spawn(max(1, len(scenario.incidents)))
        self.incidents: list[Incident] = [
            INCIDENTS[spec.kind](spec, self, rng) for spec, rng in zip(scenario.incidents, chances, strict=False)
        ]
        self._run_incidents()
        self.objects.follow(self.people)

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        return self._clock * self.scenario.step_s

    def step(self) -> None:
        """Advance by ``scenario.step_s``."""
        self._clock += 1
        self._admit()
        self._run_incidents()
        if self._clock % max(1, round(_DECIDE_EVERY_S / self.scenario.step_s)) == 0:
            self.agents.do("decide")
        self._move()
        self._see_off()
        self.objects.follow(self.people)

    def snapshot(self) -> Snapshot:
        """Return this instant."""
        return Snapshot(self.time_s, self.people.state(), self.objects.state())

    def incidents_truth(self) -> tuple[IncidentTruth, ...]:
        """Return how every incident that has begun went so far."""
        told = (incident.truth() for incident in self.incidents)
        return tuple(t for t in told if t is not None)

    def enter(
        self,
        place_m: Any,
        goal: int,
        *,
        role: Role = Role.PASSER_BY,
        flow: int = -1,
        free_mps: float | None = None,
        heading_rad: float | None = None,
    ) -> int:
        """Put a person into the venue and return the id.

        Args:
            place_m: Where (x, y).
            goal: Number of the goal in ``routes``.
            role: Why the person is here.
            flow: Number of the flow.
            free_mps: Free walking speed; drawn from the population where not given.
            heading_rad: Where the body faces; along the way where not given.
        """
        place = np.asarray(place_m, float)
        if heading_rad is None:
            ahead = self.routes.direction(np.array([goal], np.int32), place[None])[0]
            heading_rad = float(np.arctan2(ahead[1], ahead[0]))
        return self._add_person(
            place,
            role,
            Posture.WALKING,
            heading_rad,
            goal=goal,
            flow=flow,
            speed=free_mps or self.draw_speed(self._looks),
        )

    def draw_speed(self, rng: np.random.Generator) -> float:
        """Draw a free walking speed of the population."""
        speed = self.scenario.population.speed
        for _ in range(_TRIES):
            drawn = float(rng.normal(speed.mean_mps, speed.sd_mps))
            if speed.min_mps <= drawn <= speed.max_mps:
                return drawn
        return speed.mean_mps

    def nearest_exit(self, place_m: Any, among: NDArray[np.int32] | None = None) -> int:
        """Return the open gate that is reached soonest.

        Raises:
            ScenarioError: Nobody can leave from there.
        """
        gates = self.routes.venue.gates
        open_gates = [i for i, gate in enumerate(gates) if gate.lets_out and (among is None or i in among)]
        here = self.routes.on_floor(np.asarray(place_m, float))[None]
        ways = [(float(self.routes.distance_m(i, here)[0]), i) for i in open_gates]
        best = min(ways, default=(np.inf, -1))
        if not np.isfinite(best[0]):
            x, y = here[0]
            raise ScenarioError(f"venue.gates: from ({x:.1f}, {y:.1f}) no open gate that lets out can be reached")
        return best[1]

    def other_exit(self, row: int) -> int:
        """Return the exit that the person in a row takes when the chosen one is closed.

        Raises:
            ScenarioError: Nobody can leave from there.
        """
        place, flow = self.people.position_m[row], int(self.people.flow[row])
        return self.nearest_exit(place, self._exits[flow] if flow >= 0 else None)

    def threshold(self, gate: int, along: float = 0.5) -> NDArray[np.float64]:
        """Return a point just inside a gate, shape (2,), at the share ``along`` of its line."""
        (ax, ay), (bx, by) = self.scenario.venue.gates[gate].line
        line = np.array([bx - ax, by - ay])
        normal = np.array([-line[1], line[0]]) / np.hypot(*line)
        on_line = np.array([ax, ay]) + along * line
        sides = [on_line + sign * _THRESHOLD_M * normal for sign in (1.0, -1.0)]
        inside = [side for side in sides if shapely.contains_xy(self.scenario.venue.floor, *side)]
        return inside[0] if inside else on_line

    def mind_of(self, person: int, mind: Pedestrian) -> None:
        """Give a person another mind."""
        self._minds[person].remove()
        self._minds[person] = mind

    def set_gate(self, gate_id: str, *, is_open: bool) -> None:
        """Open or close a gate; arrivals and people who were going there choose again within a quarter of a second.

        Raises:
            ScenarioError: There is no such gate, or a flow is left with no way in or out; nothing changes then.
        """
        before = self.routes.venue
        known = [gate.id for gate in before.gates]
        if gate_id not in known:
            raise ScenarioError(unknown("gate", gate_id, known, "venue.gates"))
        gates = [g.model_copy(update={"open": is_open}) if g.id == gate_id else g for g in before.gates]
        self.routes.set_venue(before.model_copy(update={"gates": gates}))
        try:
            self._plan_flows()
        except ScenarioError:
            self.routes.set_venue(before)
            raise

    def _run_incidents(self) -> None:
        for incident in self.incidents:
            incident.step()

    def _move(self) -> None:
        people, scenario = self.people, self.scenario
        if not len(people):
            return
        walkers = ~people.stays
        direction = np.zeros((len(people), 2))
        direction[walkers] = self.routes.direction(people.goal[walkers], people.position_m[walkers])
        gates = len(scenario.venue.gates)
        lets_out = np.array([gate.lets_out for gate in self.routes.venue.gates] + [False], bool)
        door = np.where((people.goal >= 0) & (people.goal < gates), people.goal, -1).astype(np.int32)
        door[~lets_out[door]] = -1
        grounded = self.objects.position_m[self.objects.carried_by < 0]
        n, m = len(people), len(grounded)
        bodies = Bodies(
            position_m=np.concatenate((people.position_m, grounded)),
            velocity_mps=np.concatenate((people.velocity_mps, np.zeros((m, 2)))),
            desired_direction=np.concatenate((direction, np.zeros((m, 2)))),
            desired_speed_mps=np.concatenate((np.where(walkers, people.wanted_mps, 0.0), np.zeros(m))),
            time_gap_s=np.full(n + m, self.motion.time_gap_s),
            radius_m=np.concatenate(
                (np.where(walkers, self.motion.radius_m, _POST_RADIUS_M), np.full(m, _BAG_RADIUS_M))
            ),
            door=np.concatenate((door, np.full(m, -1, np.int32))),
        )
        self.motion.step(bodies, self.routes.walls, scenario.step_s)
        people.position_m = np.where(walkers[:, None], bodies.position_m[:n], people.position_m)
        people.velocity_mps = np.where(walkers[:, None], bodies.velocity_mps[:n], 0.0)
        speed = np.hypot(*people.velocity_mps.T)
        people.walked_m += speed * scenario.step_s
        self._turn(speed)
        codes = np.where(
            speed >= _RUNNING_MPS,
            POSTURES.index(Posture.RUNNING),
            np.where(speed >= _STANDING_MPS, POSTURES.index(Posture.WALKING), POSTURES.index(Posture.STANDING)),
        ).astype(np.int8)
        people.posture = np.where(walkers, codes, people.posture)

    def _turn(self, speed: NDArray[np.float64]) -> None:
        """Bodies turn to where they walk, no faster than a body turns."""
        people = self.people
        wanted = np.arctan2(people.velocity_mps[:, 1], people.velocity_mps[:, 0])
        off = (wanted - people.heading_rad + np.pi) % (2 * np.pi) - np.pi
        most = _TURN_RADPS * self.scenario.step_s
        step = np.where(speed > _STANDING_MPS, np.clip(off, -most, most), 0.0)
        people.heading_rad = (people.heading_rad + step + np.pi) % (2 * np.pi) - np.pi

    def _see_off(self) -> None:
        """Take out who has reached the gate of leaving."""
        people = self.people
        gates = self.routes.venue.gates
        leaving = (people.goal >= 0) & (people.goal < len(gates)) & ~people.stays
        rows = np.flatnonzero(leaving)
        if not len(rows):
            return
        lines = np.array([gate.shape for gate in gates])[people.goal[rows]]
        away = shapely.distance(shapely.points(people.position_m[rows]), lines)
        outside = ~shapely.contains_xy(self.scenario.venue.floor, people.position_m[rows])
        gone = rows[(away < _LEFT_WITHIN_M) | outside]
        gone = gone[[gates[people.goal[r]].lets_out for r in gone]] if len(gone) else gone
        if not len(gone):
            return
        for row in gone:
            person = int(people.id[row])
            gate = gates[people.goal[row]].id
            self.left.append(Left(person, int(people.flow[row]), gate, float(people.entered_s[row]), self.time_s))
            self._minds.pop(person).remove()
        stay = np.ones(len(people), bool)
        stay[gone] = False
        people.keep(stay)

    def _admit(self) -> None:
        """Let in who has arrived, as far as there is room at the gate."""
        for number, times in enumerate(self._arrivals):
            while times and times[-1] <= self.time_s:
                entrance = self._entrances[number]
                place = self._room_at(entrance, self._choices[number])
                if place is None:
                    break
                times.pop()
                goal = self._choose_exit(number, place, self._choices[number])
                self._equip(self.enter(place, goal, flow=number), number, self._choices[number])

    def _room_at(self, gate: int, rng: np.random.Generator) -> NDArray[np.float64] | None:
        for _ in range(8):
            place = self.threshold(gate, float(rng.uniform(0.1, 0.9)))
            if self._has_room(place):
                return place
        return None

    def _has_room(self, place: NDArray[np.float64], room_m: float = _ROOM_M) -> bool:
        if len(self.people) and np.hypot(*(self.people.position_m - place).T).min() < room_m:
            return False
        return bool(self.routes.is_free(place[None])[0])

    def _choose_exit(self, number: int, place: Any, rng: np.random.Generator) -> int:
        exits = self._exits[number]
        if self.scenario.population.flows[number].spread:
            here = np.asarray(place, float)[None]
            reached = [e for e in exits if np.isfinite(self.routes.distance_m(int(e), here)[0])]
            if reached:
                return int(reached[int(rng.integers(len(reached)))])
        return self.nearest_exit(place, exits)

    def _equip(self, person: int, flow: int, rng: np.random.Generator) -> None:
        draw = float(rng.random())
        for kind, share in sorted(self.scenario.population.flows[flow].carries.items()):
            draw -= share
            if draw < 0:
                self.give_bag(person, kind)
                return

    def give_bag(self, person: int, kind: BagKind) -> int:
        """Put a bag into somebody's hands and return its id."""
        row = self.people.row(person)
        assert row is not None
        looks = int(self._looks.integers(2**63 - 1))
        place = self.people.position_m[row]
        return self.objects.add(kind, person, place, carried=True, heading_rad=0.0, looks=looks)

    def _plan_flows(self) -> None:
        """Find the entrance and the exits of every flow among the gates that are open now."""
        flows = self.scenario.population.flows
        exits, entrances = [self._exits_of(flow) for flow in flows], [self._entrance_of(flow) for flow in flows]
        self._exits, self._entrances = exits, entrances

    def _exits_of(self, flow: Flow) -> NDArray[np.int32]:
        """Return the open exits of a flow; where all are closed, every open exit of the venue."""
        gates = self.routes.venue.gates
        ids = [gate.id for gate in gates]
        mine = [ids.index(g) for g in flow.to if gates[ids.index(g)].lets_out]
        came_by = ids.index(flow.start)
        others = [i for i, gate in enumerate(gates) if gate.lets_out]
        mine = mine or [i for i in others if i != came_by] or others
        start = self.threshold(came_by)[None]
        if not any(np.isfinite(self.routes.distance_m(i, start)[0]) for i in mine):
            raise ScenarioError(
                f"population.flows.{flow.id}.to: from gate '{flow.start}' none of the open gates can be reached"
            )
        return np.array(mine, np.int32)

    def _entrance_of(self, flow: Flow) -> int:
        """Return the gate by which a flow comes in: its own, or where that is closed the nearest that is open."""
        gates = self.routes.venue.gates
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
        end_s = min(flow.end_s or self.scenario.duration_s, self.scenario.duration_s)
        times: list[float] = []
        now = flow.start_s
        while flow.rate_per_min:
            now += float(rng.exponential(60 / flow.rate_per_min))
            if now >= end_s:
                break
            times.append(now)
        return times[::-1]

    def _add_initial(self, number: int, flow: Flow, rng: np.random.Generator) -> None:
        """Spread those who are on the way already along the ways to their exits."""
        gates = self.scenario.venue.gates
        start = [gate.id for gate in gates].index(flow.start)
        ways: dict[int, NDArray[np.float64]] = {}
        for _ in range(flow.initial):
            for _ in range(_TRIES):
                begin = self.threshold(start, float(rng.uniform(0.1, 0.9)))
                goal = self._choose_exit(number, begin, rng)
                if goal not in ways:
                    ways[goal] = self.routes.way_m(goal, (float(begin[0]), float(begin[1])))
                way = ways[goal]
                place = way[int(rng.integers(len(way)))] + rng.uniform(-2.5, 2.5, 2)
                if self._has_room(place) and np.isfinite(self.routes.distance_m(goal, place[None])[0]):
                    break
            else:
                raise ScenarioError(
                    f"population.flows.{flow.id}.initial: there is no room for {flow.initial} people on the way"
                )
            self._equip(self.enter(place, goal, flow=number), number, rng)

    def _add_dwellers(self, rng: np.random.Generator) -> None:
        for group in self.scenario.population.dwellers:
            room = 1.9 if group.posture is Posture.LYING else 0.7
            for _ in range(group.count):
                place = self._place_in(group, room, rng)
                heading = float(rng.uniform(-np.pi, np.pi))
                person = self._add_person(place, Role.DWELLER, group.posture, heading, goal=-1, flow=-1, speed=1.0)
                self.people.stays[-1] = True
                self.people.wanted_mps[-1] = 0.0
                for kind, count in sorted(group.belongings.items()):
                    for _ in range(count):
                        self._put_beside(person, place, kind, rng)

    def _place_in(self, group: DwellerGroup, room_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
        area = shapely.Polygon(group.area)
        solid = [
            o.shape for o in self.scenario.venue.obstacles if group.posture is not Posture.SITTING or o.kind != "bench"
        ]
        free = area.intersection(self.scenario.venue.floor).difference(shapely.union_all(solid).buffer(0.3))
        x0, y0, x1, y1 = free.bounds if not free.is_empty else area.bounds
        for _ in range(400):
            place = rng.uniform((x0, y0), (x1, y1))
            alone = not len(self.people) or np.hypot(*(self.people.position_m - place).T).min() >= room_m
            if alone and shapely.contains_xy(free, *place):
                return np.asarray(place)
        raise ScenarioError(f"population.dwellers.{group.id}: there is no room for {group.count} people in its area")

    def _put_beside(self, person: int, place: NDArray[np.float64], kind: BagKind, rng: np.random.Generator) -> None:
        floor = self.scenario.venue.walkable
        for _ in range(_TRIES):
            angle = float(rng.uniform(-np.pi, np.pi))
            spot = place + float(rng.uniform(0.45, 0.8)) * np.array([np.cos(angle), np.sin(angle)])
            if shapely.contains_xy(floor, *spot):
                break
        else:
            spot = place
        looks = int(self._looks.integers(2**63 - 1))
        self.objects.add(kind, person, spot, carried=False, heading_rad=float(rng.uniform(-np.pi, np.pi)), looks=looks)

    def _add_person(
        self, place: Any, role: Role, posture: Posture, heading_rad: float, *, goal: int, flow: int, speed: float
    ) -> int:
        self.entered += 1
        person = self.entered
        rng = self._looks
        self.people.add(
            id=person,
            position_m=place,
            velocity_mps=(0.0, 0.0),
            free_mps=speed,
            wanted_mps=speed,
            goal=goal,
            heading_rad=heading_rad,
            posture=POSTURES.index(posture),
            role=ROLES.index(role),
            height_m=float(np.clip(rng.normal(1.70, 0.095), 1.45, 2.0)),
            walked_m=float(rng.uniform(0, 1.5)),
            looks=int(rng.integers(2**63 - 1)),
            stays=False,
            entered_s=self.time_s,
            flow=flow,
        )
        self._minds[person] = Pedestrian(self, person)
        return person
