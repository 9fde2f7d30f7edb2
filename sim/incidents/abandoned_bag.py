"""Somebody brings a bag, puts it down and walks away; or comes back for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.errors import ScenarioError
from scenarios.incident import AbandonedBag, IncidentKind
from scenarios.population import Role
from scenarios.truth import IncidentTruth

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["BagIncident"]

_REACH_M: Final = 0.5
"""The owner stands so far from the bag when putting it down."""
_SLOWEST_MPS: Final = 0.6
_FASTEST_MPS: Final = 2.2
_EARLY_S: Final = 1.0
_LEFT_M: Final = 3.0
_GATE_WAIT_M: Final = 3.0
_GRAB_M: Final = 0.8


class BagIncident:
    """The owner walks to the place so as to be there in time, hurrying or waiting as needed."""

    def __init__(self, spec: AbandonedBag, crowd: Crowd, rng: np.random.Generator) -> None:
        """Plan the owner's way; who needs longer than ``spec.at_s`` from a gate is on the way at the start.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        self._spec, self._crowd, self._rng = spec, crowd, rng
        self._place = np.array(spec.place_m)
        self._bag_goal = crowd.routes.add_point(spec.place_m)
        self._exit = (
            crowd.nearest_exit(spec.place_m) if spec.leave_by is None else crowd.routes.gate_index(spec.leave_by)
        )
        self._free_mps = crowd.draw_speed(rng)
        self._begin_s, self._begin_at = self._plan()
        self._owner: int | None = None
        self._bag: int | None = None
        self._put_down_s: float | None = None
        self._leaves_s: float | None = None
        self._owner_left_s: float | None = None
        self._reclaimed_s: float | None = None

    def step(self) -> None:
        """Do the owner's next thing."""
        now = self._crowd.time_s
        if self._owner is None:
            if now >= self._begin_s:
                self._owner = self._crowd.enter(
                    self._begin_at, self._bag_goal, role=Role.OWNER, free_mps=self._free_mps
                )
                self._bag = self._crowd.give_bag(self._owner, self._spec.bag)
            return
        row = self._crowd.people.row(self._owner)
        if row is None:
            if self._put_down_s is not None and self._owner_left_s is None:
                self._owner_left_s = now
            return
        away = float(np.hypot(*(self._crowd.people.position_m[row] - self._place)))
        if self._put_down_s is None:
            self._approach(row, away, now)
        elif self._leaves_s is None:
            if now >= self._put_down_s + self._spec.stays_s:
                self._leaves_s = now
                self._walk(row, self._exit)
        elif self._reclaimed_s is None:
            if self._owner_left_s is None and away > _LEFT_M:
                self._owner_left_s = now
            self._return(row, away, now)

    def truth(self) -> IncidentTruth | None:
        """Return when the bag was put down, left and taken again."""
        if self._put_down_s is None or self._owner is None or self._bag is None:
            return None
        return IncidentTruth(
            id=self._spec.id,
            kind=IncidentKind.ABANDONED_BAG,
            start_s=self._put_down_s,
            end_s=self._reclaimed_s,
            place_m=self._spec.place_m,
            person_ids=(self._owner,),
            object_ids=(self._bag,),
            facts={
                "put_down_s": self._put_down_s,
                "owner_left_s": self._owner_left_s,
                "reclaimed_s": self._reclaimed_s,
            },
        )

    def _plan(self) -> tuple[float, tuple[float, float]]:
        """Return when the owner begins, and where."""
        routes, spec = self._crowd.routes, self._spec
        ways = []
        for index, gate in enumerate(self._crowd.scenario.venue.gates):
            if not gate.lets_in:
                continue
            x, y = self._crowd.threshold(index)
            length = float(routes.distance_m(self._bag_goal, np.array([[x, y]]))[0])
            if np.isfinite(length):
                ways.append((length, index, (float(x), float(y))))
        if not ways:
            raise ScenarioError(f"incidents.{spec.id}.place_m: no open gate that lets in leads to {spec.place_m}")
        others = [w for w in ways if w[1] != self._exit] or ways
        length, _, at = others[int(self._rng.integers(len(others)))]
        needed = length / self._free_mps * 1.1 + _EARLY_S
        if needed <= spec.at_s:
            return spec.at_s - needed, at
        way = routes.way_m(self._bag_goal, at)
        left = max(0.6, (spec.at_s - _EARLY_S) * self._free_mps / 1.1)
        to_go = np.concatenate((np.cumsum(np.hypot(*np.diff(way[::-1], axis=0).T))[::-1], [0.0]))
        near = way[int(np.argmin(np.abs(to_go - left)))]
        return 0.0, (float(near[0]), float(near[1]))

    def _approach(self, row: int, away: float, now: float) -> None:
        people = self._crowd.people
        left_s = self._spec.at_s - now
        if away > _REACH_M:
            speed = self._free_mps if left_s <= 0 else (away - _REACH_M) / max(left_s - 0.3, 0.1)
            people.wanted_mps[row] = min(max(speed, _SLOWEST_MPS), _FASTEST_MPS)
            if left_s > 1.0:
                people.wanted_mps[row] = min(people.wanted_mps[row], self._free_mps * 1.3)
            return
        people.wanted_mps[row] = 0.0
        if left_s <= 0:
            assert self._bag is not None
            self._put_down_s = now
            self._crowd.objects.put_down(self._bag, self._place)

    def _return(self, row: int, away: float, now: float) -> None:
        people, spec = self._crowd.people, self._spec
        if spec.returns_after_s is None or self._leaves_s is None:
            return
        if now < self._leaves_s + spec.returns_after_s:
            to_gate = float(self._crowd.routes.distance_m(self._exit, people.position_m[row : row + 1])[0])
            people.wanted_mps[row] = 0.0 if to_gate < _GATE_WAIT_M else self._free_mps
            return
        if away <= _GRAB_M:
            assert self._bag is not None
            assert self._owner is not None
            self._crowd.objects.pick_up(self._bag, self._owner)
            self._reclaimed_s = now
            self._walk(row, self._exit)
        else:
            self._walk(row, self._bag_goal)

    def _walk(self, row: int, goal: int) -> None:
        self._crowd.people.goal[row] = goal
        self._crowd.people.wanted_mps[row] = self._free_mps
