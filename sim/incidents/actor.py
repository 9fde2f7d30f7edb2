"""Somebody who plays a part in an incident: comes to a place in time, waits, turns, crouches, leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.population import BagKind, Body, Posture, Role
from sim.state import ROLES

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["CROUCH_S", "Actor", "turn_towards"]

CROUCH_S: Final = 0.6
"""Going down to a bag takes so long, and coming up again as long."""
_SLOWEST_MPS: Final = 0.6
_FASTEST_MPS: Final = 2.2
_EARLY_S: Final = 1.0
_HELD_UP: Final = 1.2
"""The others make the way longer by this."""
_TURN_RADPS: Final = 3.0


class Actor:
    """One person of an incident; outside the venue until its time has come, and again after leaving.

    Attributes:
        person: Id once inside; it stays after the person has left.
        free_mps: Speed at which the person walks at ease.
    """

    def __init__(
        self,
        crowd: Crowd,
        rng: np.random.Generator,
        *,
        role: Role = Role.PASSER_BY,
        body: Body = Body.ADULT,
        free_mps: float | None = None,
    ) -> None:
        """Draw the speed; nothing happens before `come`."""
        self._crowd, self._rng, self._role, self._body = crowd, rng, role, body
        self.person: int | None = None
        self.free_mps = crowd.draw_speed(rng) if free_mps is None else free_mps
        self._goal = -1
        self._begin_s, self._begin_at = np.inf, (0.0, 0.0)

    def plan(
        self, goal: int, at_s: float, where: str, *, avoid: tuple[int, ...] = (), start: int | None = None
    ) -> int | None:
        """Plan to be at a goal in time; who needs longer than that from a gate is on the way at the start.

        Args:
            goal: Number of the goal in the crowd's routes.
            at_s: When to be there.
            where: Key of the scenario that gave the goal, for the message.
            avoid: Gates by which not to come, where there is another.
            start: Gate by which to come; None: any, by chance.

        Returns:
            The gate by which the person comes.

        Raises:
            ScenarioError: No gate leads there.
        """
        crowd, routes = self._crowd, self._crowd.routes
        self._goal = goal
        ways = []
        for index, gate in enumerate(crowd.scenario.venue.gates):
            if not gate.lets_in or (start is not None and index != start):
                continue
            x, y = crowd.threshold(index)
            length = float(routes.distance_m(goal, np.array([[x, y]]))[0])
            if np.isfinite(length):
                ways.append((length, index, (float(x), float(y))))
        if not ways:
            raise ScenarioError(f"{where}: no open gate that lets in leads there")
        others = [w for w in ways if w[1] not in avoid] or ways
        length, gate_index, at = others[int(self._rng.integers(len(others)))]
        needed = length / self.free_mps * _HELD_UP + _EARLY_S
        if needed <= at_s:
            self._begin_s, self._begin_at = at_s - needed, at
            return gate_index
        way = routes.way_m(goal, at)
        left = max(0.6, (at_s - _EARLY_S) * self.free_mps / _HELD_UP)
        to_go = np.concatenate((np.cumsum(np.hypot(*np.diff(way[::-1], axis=0).T))[::-1], [0.0]))
        near = way[int(np.argmin(np.abs(to_go - left)))]
        self._begin_s, self._begin_at = 0.0, (float(near[0]), float(near[1]))
        return gate_index

    def plan_at(self, place_m: tuple[float, float], goal: int, at_s: float) -> None:
        """Plan to come in at a place and an instant."""
        self._begin_s, self._begin_at, self._goal = at_s, place_m, goal

    def come(self, bag: BagKind | None = None) -> int | None:
        """Come in when it is time; return the id of the bag that is brought, if the person has just come with one."""
        if self.person is not None or self._crowd.time_s < self._begin_s:
            return None
        self.person = self._crowd.enter(
            self._begin_at, self._goal, role=self._role, free_mps=self.free_mps, body=self._body
        )
        return None if bag is None else self._crowd.give_bag(self.person, bag)

    def take_over(self, place_m: Any) -> bool:
        """Become whoever of the passers-by walks nearest to a place; return whether there was anybody."""
        crowd, people = self._crowd, self._crowd.people
        walking = (people.flow >= 0) & (people.role == ROLES.index(Role.PASSER_BY)) & ~people.stays
        rows = np.flatnonzero(walking & (people.wanted_mps > 0) & crowd.routes.is_inside(people.position_m))
        if not len(rows):
            return False
        row = int(rows[np.argmin(np.hypot(*(people.position_m[rows] - np.asarray(place_m)).T))])
        self.person = int(people.id[row])
        self.free_mps = float(people.free_mps[row])
        people.role[row] = ROLES.index(self._role)
        return True

    @property
    def row(self) -> int | None:
        """Row in the crowd's arrays; None while outside."""
        return None if self.person is None else self._crowd.people.row(self.person)

    @property
    def inside(self) -> bool:
        """Whether the person is in the venue."""
        return self.row is not None

    @property
    def place_m(self) -> NDArray[np.float64]:
        """Where the person is, shape (2,); nan outside."""
        row = self.row
        return np.full(2, np.nan) if row is None else self._crowd.people.position_m[row]

    def away_m(self, place_m: Any) -> float:
        """Return the distance from a place; nan outside."""
        return float(np.hypot(*(self.place_m - np.asarray(place_m))))

    def approach(self, place_m: Any, at_s: float, reach_m: float) -> bool:
        """Walk so as to be within reach of a place in time, hurrying or dawdling; return whether it is reached."""
        row = self.row
        if row is None:
            return False
        people, left_s, away = self._crowd.people, at_s - self._crowd.time_s, self.away_m(place_m)
        if away <= reach_m:
            people.wanted_mps[row] = 0.0
            return True
        speed = self.free_mps if left_s <= 0 else (away - reach_m) / max(left_s - 0.3, 0.1)
        speed = min(max(speed, _SLOWEST_MPS), _FASTEST_MPS)
        people.wanted_mps[row] = min(speed, self.free_mps * 1.3) if left_s > 1.0 else speed
        return False

    def walk(self, goal: int, speed_mps: float | None = None) -> None:
        """Walk to a goal, at ease or at a speed; who crouches or lies gets up at once."""
        row = self.row
        if row is not None:
            people = self._crowd.people
            people.stays[row] = False
            people.goal[row] = goal
            people.wanted_mps[row] = self.free_mps if speed_mps is None else speed_mps

    def stand(self) -> None:
        """Stop and stand."""
        row = self.row
        if row is not None:
            self._crowd.people.stays[row] = False
            self._crowd.people.wanted_mps[row] = 0.0

    def hold(self, posture: Posture) -> None:
        """Stay on the spot in a posture until told to stand or walk."""
        row = self.row
        if row is not None:
            people = self._crowd.people
            people.stays[row] = True
            people.wanted_mps[row] = 0.0
            people.velocity_mps[row] = 0.0
            people.take(row, posture)

    def turn_to(self, place_m: Any, *, away: bool = False) -> None:
        """Turn towards a place, or away from it, as far as a body turns in one step."""
        row = self.row
        if row is not None:
            turn_towards(self._crowd, row, np.asarray(place_m, float), away=away)


def turn_towards(crowd: Crowd, row: int, place_m: NDArray[np.float64], *, away: bool = False) -> None:
    """Turn somebody towards a place, or away from it, as far as a body turns in one step."""
    people = crowd.people
    dx, dy = place_m - people.position_m[row]
    wanted = np.arctan2(dy, dx) + (np.pi if away else 0.0)
    off = (wanted - people.heading_rad[row] + np.pi) % (2 * np.pi) - np.pi
    most = _TURN_RADPS * crowd.scenario.step_s
    turned = people.heading_rad[row] + np.clip(off, -most, most)
    people.heading_rad[row] = (turned + np.pi) % (2 * np.pi) - np.pi
