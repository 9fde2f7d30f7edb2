"""Queues at stalls: people go there, queue one behind the other, are served in the order in which they came, go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from scenarios.errors import ScenarioError
from scenarios.scenario import Scenario
from scenarios.stall import Stall
from scenarios.venue import Venue
from sim.gates import threshold
from sim.people import People
from sim.queue_line import QueueLine
from sim.routes import Routes
from sim.servers import Servers
from sim.state import BODIES
from sim.walk import WIDTH

__all__ = ["Queued", "Queues", "StallRecord"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_JOINS_M: Final = 1.5
"""Who comes so near to the end of a queue stands behind it."""
_CALLED_M: Final = 0.5
"""The first in the queue is called once so near to its beginning."""
_ARRIVES_S: Final = 0.5
"""Who moves up slows down over so long,"""
_THERE_M: Final = 0.06
"""and stands once so near."""
_POINT_EVERY_M: Final = 1.8
"""Ways to the end of a queue are planned to points of the line that are so far apart, and around the queue."""
_SPACE: Final = np.array([max(1.0, WIDTH[body]) for body in BODIES])


@dataclass(slots=True)
class StallRecord:
    """What has happened at a stall.

    Attributes:
        served: Persons who were served.
        gave_up: Persons who went on unserved, because the queue was too long for them or for the floor.
        waits_s: How long each waited of those who were called, from joining the queue.
        longest: Most persons in the queue at once, those who are served not counted.
        waiting: Persons in it now.
        joined: Who have joined it, in order, by id.
    """

    served: int = 0
    gave_up: int = 0
    waits_s: list[float] = field(default_factory=list)
    longest: int = 0
    waiting: int = 0
    joined: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Queued:
    """Where those go now who queue or are served.

    Attributes:
        rows: Of theirs in ``People``, shape (q,).
        direction: Unit vectors to their places, shape (q, 2).
        speed_mps: How fast they want to go there, shape (q,).
        face_rad: Where they look once they stand, shape (q,).
    """

    rows: Rows
    direction: Floats
    speed_mps: Floats
    face_rad: Floats


@dataclass(frozen=True, slots=True)
class _Errand:
    """To which stall somebody goes, and where afterwards."""

    stall: str
    goal: int
    choice: int


class _Place:
    """One stall with who goes there, who queues, and who is served at which spot.

    Attributes:
        coming: Who is on the way to the end of the queue.
        queue: Who queues, the first first.
        spot_of: Who is served, and at which spot.
        joined_s: When each in the queue joined it.
        arcs_m: How far each in the queue stands from its beginning, shape (q,).
        points: Goals along the line as it lies now, by number.
        goals: All goals that ever were.
    """

    def __init__(self, stall: Stall, rng: np.random.Generator) -> None:
        self.stall = stall
        self.record = StallRecord()
        self.servers = Servers(stall.servers, stall.service_s, rng)
        self.coming: list[int] = []
        self.queue: list[int] = []
        self.spot_of: dict[int, int] = {}
        self.joined_s: dict[int, float] = {}
        self.arcs_m = np.empty(0)
        self.line: QueueLine
        self.points: dict[int, int] = {}
        self.goals: set[int] = set()

    @property
    def end_m(self) -> float:
        """How far behind the first the next to come would stand."""
        return float(self.arcs_m[-1]) + self.stall.spacing_m if len(self.arcs_m) else 0.0

    def space(self, people: People) -> None:
        """Say anew how far each stands from the beginning; wide bodies need more room."""
        wide = _SPACE[people.body[_rows(people, self.queue)]]
        between = self.stall.spacing_m * (wide[:-1] + wide[1:]) / 2
        self.arcs_m = np.concatenate((np.zeros(min(1, len(self.queue))), np.cumsum(between)))

    def forget(self, person: int) -> None:
        """Take somebody out who does something else now."""
        for group in (self.coming, self.queue):
            if person in group:
                group.remove(person)
        self.joined_s.pop(person, None)
        self.spot_of.pop(person, None)


class Queues:
    """All stalls of a venue.

    Whoever is on an errand to a stall has a point of its line as goal. Who gets another goal, by an alarm, a flight or
    any other incident, has lost the place in the queue, and goes to its end if the goal is the stall again.
    """

    def __init__(self, venue: Venue, routes: Routes, rng: np.random.Generator) -> None:
        """Nobody queues yet.

        Args:
            venue: With its stalls.
            routes: The ways; points of the lines become goals of it.
            rng: Gives every stall a child of its own.
        """
        self._routes = routes
        self._venue: Venue | None = None
        children = rng.spawn(max(1, len(venue.stalls)))
        self._places = {stall.id: _Place(stall, own) for stall, own in zip(venue.stalls, children, strict=False)}
        self._errands: dict[int, _Errand] = {}
        self._dissolved = False
        self._lay_lines()

    @property
    def records(self) -> dict[str, StallRecord]:
        """What has happened so far, by stall."""
        return {name: place.record for name, place in self._places.items()}

    def check_ways(self, scenario: Scenario) -> None:
        """Find out whether everybody gets to the stalls that they visit.

        Raises:
            ScenarioError: A flow visits a stall to which no way leads from its gate.
        """
        ids = [gate.id for gate in scenario.venue.gates]
        for flow in scenario.population.flows:
            start = threshold(scenario.venue, ids.index(flow.start))[None]
            for name in flow.visits:
                goal = self._point(self._places[name], 0.0)
                if not np.isfinite(self._routes.distance_m(goal, start)[0]):
                    raise ScenarioError(
                        f"population.flows.{flow.id}.visits: stall '{name}' cannot be reached from gate '{flow.start}'"
                    )

    def send(self, people: People, person: int, stall: str) -> None:
        """Send somebody to a stall; what the person's goal is now becomes the goal for afterwards."""
        row, place = people.row(person), self._places[stall]
        assert row is not None
        self._errands[person] = _Errand(stall, int(people.goal[row]), int(people.choice[row]))
        place.coming.append(person)
        people.choice[row] = -1
        people.goal[row] = self._point(place, place.end_m)

    def dissolve(self, people: People) -> None:
        """An alarm: everybody leaves the queues and goes on, for good."""
        self._dissolved = True
        for place in self._places.values():
            for person in [*place.coming, *place.queue, *place.spot_of]:
                place.forget(person)
                self._release(people, person)
            place.servers.keep(())
            place.arcs_m = np.empty(0)
            place.record.waiting = 0

    def standing(self, people: People) -> NDArray[np.bool_]:
        """Return who queues or is served, shape (n,)."""
        found = np.zeros(len(people), np.bool_)
        here = [p for place in self._places.values() for p in (*place.queue, *place.spot_of)]
        found[_rows(people, [p for p in here if people.row(p) is not None])] = True
        return found

    def step(self, people: People, now_s: float) -> Queued | None:
        """Serve, call, and let join; return where those who queue go now, None: nobody does."""
        if not self._errands:
            return None
        self._lay_lines()
        self._look_after(people)
        moves = []
        for place in self._places.values():
            for person in place.servers.done(now_s):
                place.forget(person)
                place.record.served += 1
                self._release(people, person)
            self._call(people, place, now_s)
            self._join(people, place, now_s)
            place.record.waiting = len(place.queue)
            place.record.longest = max(place.record.longest, len(place.queue))
            people.goal[_rows(people, place.coming)] = self._point(place, place.end_m)
            moves.append(_moves(people, place))
        rows, targets, faces = (np.concatenate(part) for part in zip(*moves, strict=True))
        if not len(rows):
            return None
        off = targets - people.position_m[rows]
        away = np.hypot(*off.T)
        speed = np.where(away > _THERE_M, np.minimum(people.wanted_mps[rows], away / _ARRIVES_S), 0.0)
        return Queued(rows, off / np.maximum(away, 1e-9)[:, None], speed, faces)

    def _lay_lines(self) -> None:
        """Lay the lines on the floor, again whenever it has changed."""
        if self._venue is self._routes.venue:
            return
        self._venue = self._routes.venue
        laid: list[QueueLine] = []
        for place in self._places.values():
            place.line, place.points = QueueLine(place.stall, self._routes, tuple(laid)), {}
            laid.append(place.line)

    def _look_after(self, people: People) -> None:
        """Take out whoever has left or got something else to do, take back whoever comes again."""
        rows = {person: people.row(person) for person in self._errands}
        for person, errand in list(self._errands.items()):
            row, place = rows[person], self._places[errand.stall]
            known = person in place.joined_s or person in place.spot_of or person in place.coming
            if row is None:
                del self._errands[person]
            elif not people.stays[row] and int(people.goal[row]) in place.goals:
                if self._dissolved:
                    self._release(people, person)
                elif not known:
                    place.coming.append(person)
                continue
            if known:
                place.forget(person)
        for place in self._places.values():
            place.servers.keep(place.spot_of)
            place.space(people)

    def _call(self, people: People, place: _Place, now_s: float) -> None:
        """Call the first in the queue to every server who is free."""
        head = place.line.at(np.zeros(1))[0]
        while place.queue and place.servers.free:
            first = place.queue[0]
            if np.hypot(*(people.position_m[_rows(people, [first])[0]] - head)) > _CALLED_M:
                return
            place.queue.pop(0)
            place.space(people)
            place.spot_of[first] = min(set(range(place.stall.servers)) - set(place.spot_of.values()))
            place.servers.begin(first, now_s)
            place.record.waits_s.append(now_s - place.joined_s.pop(first))

    def _join(self, people: People, place: _Place, now_s: float) -> None:
        """Let those who have come to the end of the queue stand behind it, the nearest first."""
        if not place.coming:
            return
        rows = _rows(people, place.coming)
        end = place.line.at(np.array([place.end_m]))[0]
        away = np.hypot(*(people.position_m[rows] - end).T)
        for k in np.lexsort((people.id[rows], away)):
            if away[k] > _JOINS_M:
                return
            person = int(people.id[rows[k]])
            if not LineString((people.position_m[rows[k]], end)).within(self._routes.venue.walkable):
                continue
            place.forget(person)
            most = place.stall.most_waiting
            if (most is not None and len(place.queue) >= most) or not place.line.covers(place.end_m):
                place.record.gave_up += 1
                self._release(people, person)
                continue
            place.queue.append(person)
            place.joined_s[person] = now_s
            place.record.joined.append(person)
            place.space(people)

    def _release(self, people: People, person: int) -> None:
        """Let somebody go on to the gate of before."""
        errand, row = self._errands.pop(person), people.row(person)
        if row is not None:
            people.goal[row], people.choice[row] = errand.goal, errand.choice

    def _point(self, place: _Place, arc_m: float) -> int:
        """Return the goal that is nearest to a place in a queue."""
        number = round(arc_m / _POINT_EVERY_M)
        if number not in place.points:
            place.line.covers(number * _POINT_EVERY_M)
            x, y = place.line.at(np.array([number * _POINT_EVERY_M]))[0]
            queue = place.line.at(np.arange(0.0, number * _POINT_EVERY_M - 1.0, place.stall.spacing_m))
            place.points[number] = self._routes.add_point((float(x), float(y)), around_m=queue)
            place.goals.add(place.points[number])
        return place.points[number]


def _moves(people: People, place: _Place) -> tuple[Rows, Floats, Floats]:
    """Return the rows of who queues and who is served at one stall, their places and where they look."""
    line, arcs = place.line, place.arcs_m
    line.covers(float(arcs.max(initial=0.0)))
    places, ahead = line.at(arcs), line.at(np.maximum(arcs - place.stall.spacing_m, 0.0))
    ahead[: min(1, len(arcs))] = places[: min(1, len(arcs))] - line.front
    toward = ahead - places
    rows = np.concatenate((_rows(people, place.queue), _rows(people, list(place.spot_of))))
    targets = np.concatenate((places, line.spots_m[list(place.spot_of.values())].reshape(-1, 2)))
    counter = float(np.arctan2(-line.front[1], -line.front[0]))
    faces = np.concatenate((np.arctan2(toward[:, 1], toward[:, 0]), np.full(len(place.spot_of), counter)))
    return rows, targets, faces


def _rows(people: People, ids: list[int]) -> Rows:
    """Return the rows of people who are all inside."""
    return np.asarray(np.searchsorted(people.id, np.array(ids, people.id.dtype)), np.intp)
