"""The crowd: a Mesa model whose agents decide, over arrays that a pedestrian model moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import mesa
import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ScenarioError, unknown
from scenarios.incident import IncidentSpec
from scenarios.population import FREE_SPEED_FACTOR, HEIGHT_M, BagKind, Body, ExitChoice, Posture, Role, ThingKind
from scenarios.scenario import Scenario
from scenarios.truth import IncidentTruth
from scenarios.venue import Venue
from sim.arrivals import Arrivals
from sim.beyond import Beyond
from sim.congestion import EVERY_S, Congestion
from sim.demography import draw_ages
from sim.dwellers import post_stewards, settle_dwellers
from sim.exit_choice import ExitChoices
from sim.gates import Left, leaving_rows, nearest_exit, threshold
from sim.incidents import INCIDENTS
from sim.incidents.contract import Incident
from sim.incidents.evacuation import EvacuationIncident
from sim.motion import MODELS
from sim.passages import Passages
from sim.people import Objects, People
from sim.queues import Queues, StallRecord
from sim.reach import Reach
from sim.routes import Routes
from sim.state import BODIES, POSTURES, ROLES, FireState, LightState, Snapshot
from sim.walk import Pace, radii_m, walk
from sim.ways import GivenWays

__all__ = ["Crowd", "Left", "Pedestrian"]

_TRIES: Final = 40
_DECIDE_EVERY_S: Final = 0.25
_THINK_EVERY_S: Final = 0.5
_SETTLED_S: Final = (10.0, 60.0)
"""Whoever comes in has held the posture for so long before."""
_HEIGHT_M: Final = np.array([HEIGHT_M[body] for body in BODIES])
_SPEED_FACTOR: Final = np.array([FREE_SPEED_FACTOR[body] for body in BODIES])


class Pedestrian(mesa.Agent):
    """Somebody who decides; where the body is stands in the crowd's arrays.

    Exits are chosen on the way in; a choice is made again only where the gate of the first one was closed. The crowd
    asks only those who have something to decide, a few times a second.
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
        pace: The pedestrian model, and in which steps it goes.
        people: Who is inside.
        objects: The bags inside.
        fires: What burns.
        lights: What shines because of an incident.
        routes: The ways to every gate.
        entered: How many have come in so far, dwellers and initial people included.
        left: Who has left, in order.
    """

    def __init__(self, scenario: Scenario, seed: int | None = None, *, model: str | None = None) -> None:
        """Put everybody who is there at the start in place.

        Args:
            scenario: What to play.
            seed: In place of the scenario's own.
            model: Pedestrian model, one of ``sim.motion.MODELS``, in place of the scenario's own.

        Raises:
            ScenarioError: Somebody has no way to go, or there is no room for all.
        """
        super().__init__(rng=np.random.default_rng(scenario.seed if seed is None else seed))
        self.scenario = scenario
        motion = MODELS[model or scenario.population.model]()
        gap_s = scenario.population.time_gap_s
        self.pace = Pace(motion, scenario.step_s, motion.time_gap_s if gap_s is None else gap_s)
        self._beyond = Beyond()
        place, arrive, looks, incidents, service, waits = self.rng.spawn(6)
        self._passages = Passages(scenario.venue, service)
        self._looks = looks
        self.people, self.objects = People(), Objects()
        self._exits = ExitChoices()
        self._congestion = Congestion() if scenario.population.detours else None
        self.fires: list[FireState] = []
        self.lights: list[LightState] = []
        self.left: list[Left] = []
        self.entered = 0
        self._clock = 0
        self._minds: dict[int, Pedestrian] = {}
        settle_dwellers(self, place)
        post_stewards(self)
        self.routes = Routes(scenario.venue, self.people.position_m.copy())
        self._queues = Queues(scenario.venue, self.routes, waits)
        self._queues.check_ways(scenario)
        self._arrivals = Arrivals(self, arrive)
        self._arrivals.spread_initial(place)
        self._ways = GivenWays(self) if scenario.population.ways is not None else None
        self._chances = incidents
        self.incidents: list[Incident] = []
        for spec in scenario.incidents:
            self.add_incident(spec)
        self._run_incidents()
        self.objects.follow(self.people)

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        return self._clock * self.scenario.step_s

    @property
    def seen_s(self) -> float:
        """The instant at which people stand where incidents see them: incidents act before the step is walked."""
        return max(0, self._clock - 1) * self.scenario.step_s

    def step(self) -> None:
        """Advance by ``scenario.step_s``."""
        self._clock += 1
        self.people.posture_s += self.scenario.step_s
        self._arrivals.admit()
        self._run_incidents()
        if self._clock % max(1, round(_DECIDE_EVERY_S / self.scenario.step_s)) == 0:
            self._decide()
        if self._clock % max(1, round(_THINK_EVERY_S / self.scenario.step_s)) == 0:
            self._exits.think(self.people, self.routes)
        if self._congestion is not None and self._clock % max(1, round(EVERY_S / self.scenario.step_s)) == 0:
            self._congestion.look(self.people, self.routes, EVERY_S)
        held = self._passages.held(self.people, self.routes, self.time_s)
        queued = self._queues.step(self.people, self.time_s)
        walk(self.people, self.objects, self.routes, self._beyond, self.pace, held, queued)
        if self._ways is not None:
            self._ways.step()
        self._see_off()
        self.objects.follow(self.people)

    def snapshot(self) -> Snapshot:
        """Return this instant."""
        now, first = self.routes.venue.obstacles, self.scenario.venue.obstacles
        moved = tuple(now) if now is not first and now != first else None
        return Snapshot(
            self.time_s, self.people.state(), self.objects.state(), tuple(self.fires), tuple(self.lights), moved
        )

    def incidents_truth(self) -> tuple[IncidentTruth, ...]:
        """Return how every incident that has begun went so far."""
        told = (incident.truth() for incident in self.incidents)
        return tuple(t for t in told if t is not None)

    def add_incident(self, spec: IncidentSpec) -> None:
        """Let a further thing happen; it draws from a chance of its own, so that nothing else changes by it.

        Raises:
            ScenarioError: It cannot happen.
        """
        self.incidents.append(INCIDENTS[spec.kind](spec, self, self._chances.spawn(1)[0]))

    def enter(
        self,
        place_m: Any,
        goal: int,
        *,
        role: Role = Role.PASSER_BY,
        flow: int = -1,
        group: int = -1,
        free_mps: float | None = None,
        heading_rad: float | None = None,
        body: Body | None = None,
    ) -> int:
        """Put a person into the venue and return the id.

        Args:
            place_m: Where (x, y).
            goal: Number of the goal in ``routes``.
            role: Why the person is here.
            flow: Number of the flow.
            group: Number of the group that the person stays with.
            free_mps: Free walking speed; drawn from the population for the body where not given.
            heading_rad: Where the body faces; along the way where not given.
            body: What body; drawn from the population where not given.
        """
        return self.enter_all(
            np.asarray(place_m, float)[None],
            goal,
            role=role,
            flow=flow,
            group=group,
            free_mps=free_mps,
            heading_rad=heading_rad,
            body=body,
        )[0]

    def enter_all(
        self,
        places_m: NDArray[np.float64],
        goal: NDArray[np.int32] | int,
        *,
        role: Role = Role.PASSER_BY,
        flow: int = -1,
        group: int = -1,
        free_mps: NDArray[np.float64] | float | None = None,
        heading_rad: float | None = None,
        body: Body | None = None,
    ) -> list[int]:
        """Put people into the venue and return their ids; the arguments are those of ``enter``.

        Args:
            places_m: Where, shape (n, 2).
            goal: One for all, or one each, shape (n,).
            role: Why they are here.
            flow: Number of the flow.
            group: Number of the group that they stay with.
            free_mps: One for all, or one each, shape (n,).
            heading_rad: Where the bodies face.
            body: What body they all have.
        """
        n = len(places_m)
        goals = np.broadcast_to(np.asarray(goal, np.int32), n)
        if heading_rad is None:
            ahead = self.routes.direction(goals, places_m)
            heading: Any = np.arctan2(ahead[:, 1], ahead[:, 0])
        else:
            heading = heading_rad
        bodies = self._draw_bodies(n, tuple(Body)) if body is None else np.full(n, BODIES.index(body), np.int8)
        if self.scenario.population.ages and body is None:
            bodies, drawn = draw_ages(self.scenario.population, self._looks, bodies)
        elif free_mps is None:
            drawn = self.draw_speeds(self._looks, n) * _SPEED_FACTOR[bodies]
        if free_mps is None:
            free_mps = drawn
        return self._add_people(
            places_m, role, Posture.WALKING, heading, bodies, goal=goals, flow=flow, group=group, speed=free_mps
        )

    def settle(
        self,
        place_m: NDArray[np.float64],
        posture: Posture,
        heading_rad: float,
        role: Role = Role.DWELLER,
        bodies: tuple[Body, ...] = (Body.ADULT, Body.ELDERLY),
    ) -> int:
        """Put a person into the venue whom the pedestrian model does not move, and return the id.

        Args:
            place_m: Where (x, y).
            posture: How the person stays there.
            heading_rad: Where the body faces.
            role: Why the person is here.
            bodies: Among which the body is drawn.
        """
        drawn = self._draw_bodies(1, bodies)
        at = np.asarray(place_m)[None]
        person = self._add_people(at, role, posture, heading_rad, drawn, goal=-1, flow=-1, group=-1, speed=1.0)[0]
        self.people.stays[-1] = True
        self.people.wanted_mps[-1] = 0.0
        return person

    def take_out(self, person: int) -> None:
        """Take a person out of the venue who does not leave by a gate."""
        row = self.people.row(person)
        assert row is not None
        flow, entered_s = int(self.people.flow[row]), float(self.people.entered_s[row])
        self.left.append(Left(person, flow, "", entered_s, self.time_s))
        self._minds.pop(person).remove()
        self.people.keep(self.people.id != person)

    def give_bag(self, person: int, kind: BagKind) -> int:
        """Put a bag into somebody's hands and return its id."""
        row = self.people.row(person)
        assert row is not None
        looks = int(self._looks.integers(2**63 - 1))
        place = self.people.position_m[row]
        return self.objects.add(kind, person, place, carried=True, heading_rad=0.0, looks=looks)

    def lay_bag(self, owner: int, kind: BagKind | ThingKind, place_m: NDArray[np.float64], heading_rad: float) -> int:
        """Put somebody's bag or thing on the ground and return its id."""
        looks = int(self._looks.integers(2**63 - 1))
        return self.objects.add(kind, owner, place_m, carried=False, heading_rad=heading_rad, looks=looks)

    def put_down(self, bag: int, place_m: NDArray[np.float64]) -> None:
        """A carried bag is put on the ground; from now on the ways lead round it."""
        self.objects.put_down(bag, place_m)
        self.routes.block(np.asarray(place_m, float))

    def pick_up(self, bag: int, person: int) -> None:
        """Somebody takes a bag off the ground, where it was put down."""
        self.routes.unblock(self.objects.position_m[self.objects.row(bag)])
        self.objects.pick_up(bag, person)

    def draw_speed(self, rng: np.random.Generator) -> float:
        """Draw a free walking speed of the population's adults."""
        return float(self.draw_speeds(rng, 1)[0])

    def draw_speeds(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """Draw free walking speeds of the population's adults, shape (n,)."""
        speed = self.scenario.population.speed
        drawn = rng.normal(speed.mean_mps, speed.sd_mps, n)
        for _ in range(_TRIES):
            out = (drawn < speed.min_mps) | (drawn > speed.max_mps)
            if not out.any():
                return drawn
            drawn[out] = rng.normal(speed.mean_mps, speed.sd_mps, int(out.sum()))
        return np.where(out, speed.mean_mps, drawn)

    def nearest_exit(self, place_m: Any, among: NDArray[np.int32] | None = None) -> int:
        """Return the open gate that is reached soonest.

        Raises:
            ScenarioError: Nobody can leave from there.
        """
        return nearest_exit(self.routes, place_m, among)

    def exit_by(self, gate_id: str | None, place_m: Any) -> int:
        """Return the number of a gate by its id; of the nearest exit from a place where none is named."""
        return self.nearest_exit(place_m) if gate_id is None else self.routes.gate_index(gate_id)

    def other_exit(self, row: int) -> int:
        """Return the exit that the person in a row takes when the chosen one is closed.

        Raises:
            ScenarioError: Nobody can leave from there.
        """
        place, flow, choice = self.people.position_m[row], int(self.people.flow[row]), int(self.people.choice[row])
        if choice >= 0:
            among = self._exits.gates(choice)
            if self.routes.lets_out[among].any():
                return self.nearest_exit(place, among)
        return self.nearest_exit(place, self._arrivals.exits(flow) if flow >= 0 else None)

    def choose_among(self, row: int, gates: Iterable[int], choice: ExitChoice) -> None:
        """Send the person in a row out by one of some gates.

        Args:
            row: Of the person in ``people``.
            gates: Their numbers.
            choice: Which of them; who wants the quickest begins with the nearest and thinks it over on the way.

        Raises:
            ScenarioError: None of them, nor any other, can be reached from there.
        """
        people = self.people
        people.choice[row] = self._exits.among(gates)
        if choice is ExitChoice.RANDOM:
            at = people.position_m[row][None]
            reached = [g for g in gates if self.routes.lets_out[g] and np.isfinite(self.routes.distance_m(g, at)[0])]
            goal = int(self._looks.choice(reached)) if reached else -1
        else:
            goal = -1
        people.goal[row] = self.other_exit(row) if goal < 0 else goal
        if choice is not ExitChoice.QUICKEST:
            people.choice[row] = -1

    def stop_arrivals(self) -> None:
        """Nobody comes in any more."""
        self._arrivals.stop()

    def stop_services(self) -> None:
        """An alarm: passages that are free then hold nobody any more, and nobody queues at a stall."""
        self._passages.release()
        self._queues.dissolve(self.people)

    def send_to_stall(self, person: int, stall_id: str) -> None:
        """Send somebody to a stall, to be served before leaving."""
        self._queues.send(self.people, person, stall_id)

    @property
    def stalls(self) -> dict[str, StallRecord]:
        """What has happened at each stall so far, by id."""
        return self._queues.records

    def queuing(self) -> NDArray[np.bool_]:
        """Return who stands in the queue of a stall or is served there, shape (n,)."""
        return self._queues.standing(self.people)

    def sets_off_s(self, incident: str) -> dict[int, float]:
        """Return when each sets off in an evacuation that has begun, by id."""
        return next(i.sets_off_s for i in self.incidents if isinstance(i, EvacuationIncident) and i.id == incident)

    def threshold(self, gate: int, along: float = 0.5) -> NDArray[np.float64]:
        """Return a point just inside a gate, shape (2,), at the share ``along`` of its line."""
        return threshold(self.scenario.venue, gate, along)

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
        self.change_venue(before.model_copy(update={"gates": gates}))

    def change_venue(self, venue: Venue) -> None:
        """Let gates be open or closed, or obstacles stand, as in another form of the venue.

        Raises:
            ScenarioError: A flow has no way in or out then, or somebody is cut off by an obstacle; nothing changes.
        """
        before = self.routes.venue
        reach = Reach.of(self) if venue.obstacles != before.obstacles else None
        self.routes.set_venue(venue)
        try:
            self._arrivals.plan()
            if reach is not None:
                reach.check(self)
        except ScenarioError:
            self.routes.set_venue(before)
            self._arrivals.plan()
            raise

    def _run_incidents(self) -> None:
        for incident in self.incidents:
            incident.step()

    def _decide(self) -> None:
        """Ask those who have something to decide: whose gate was closed."""
        people, lets_out = self.people, self.routes.lets_out
        to_gate = np.flatnonzero((people.goal >= 0) & (people.goal < len(lets_out)) & ~people.stays)
        for person in people.id[to_gate[~lets_out[people.goal[to_gate]]]]:
            self._minds[int(person)].decide()

    def _see_off(self) -> None:
        """Take out who has reached the gate of leaving."""
        people, gates = self.people, self.routes.venue.gates
        gone = leaving_rows(people, self.routes)
        if not len(gone):
            return
        for row in gone:
            person = int(people.id[row])
            gate = gates[people.goal[row]].id
            self.left.append(Left(person, int(people.flow[row]), gate, float(people.entered_s[row]), self.time_s))
            self._minds.pop(person).remove()
        self._beyond.add(people, gone, self.routes, self.pace.time_gap_s, radii_m(people, self.pace.motion)[gone])
        stay = np.ones(len(people), bool)
        stay[gone] = False
        people.keep(stay)

    def _draw_bodies(self, n: int, among: tuple[Body, ...]) -> NDArray[np.int8]:
        """Draw bodies by the population's shares, as codes; what is left, and what is not among these, are adults."""
        kinds = sorted(self.scenario.population.bodies.items())
        ends = np.cumsum([share for _, share in kinds])
        adult = BODIES.index(Body.ADULT)
        codes = np.array([BODIES.index(kind) if kind in among else adult for kind, _ in kinds] + [adult], np.int8)
        return np.asarray(codes[np.searchsorted(ends, self._looks.random(n), side="right")])

    def _add_people(
        self,
        places: NDArray[np.float64],
        role: Role,
        posture: Posture,
        heading_rad: Any,
        bodies: NDArray[np.int8],
        *,
        goal: Any,
        flow: int,
        group: int,
        speed: Any,
    ) -> list[int]:
        n, rng = len(places), self._looks
        mean, deviation, least, most = _HEIGHT_M[bodies].T
        ids = range(self.entered + 1, self.entered + n + 1)
        self.entered += n
        self.people.add(
            n,
            id=ids,
            position_m=places,
            velocity_mps=(0.0, 0.0),
            free_mps=speed,
            wanted_mps=speed,
            goal=goal,
            heading_rad=heading_rad,
            posture=POSTURES.index(posture),
            posture_before=POSTURES.index(posture),
            posture_s=rng.uniform(*_SETTLED_S, n),
            fall=0,
            body=bodies,
            role=ROLES.index(role),
            height_m=np.clip(rng.normal(mean, deviation), least, most),
            walked_m=rng.uniform(0, 1.5, n),
            looks=rng.integers(2**63 - 1, size=n),
            stays=False,
            entered_s=self.time_s,
            flow=flow,
            group=group,
            choice=-1,
        )
        self._minds |= {person: Pedestrian(self, person) for person in ids}
        return list(ids)
