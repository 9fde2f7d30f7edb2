"""Passers-by who stop to look at something, and the one who helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import Posture
from sim.incidents.actor import turn_towards

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["Onlookers"]

_NOTICES_M: Final = 6.0
_SEES_RAD: Final = 1.75
_REACTS_S: Final = (0.4, 1.4)
_LOOKS_S: Final = (5.0, 14.0)
_HELPS_FROM_M: Final = 1.15


@dataclass(slots=True)
class _Mind:
    """What somebody who has noticed does: stops at a distance, looks for a time, and walks on as before."""

    stops_at_m: float
    from_s: float
    lasts_s: float
    goal: int
    wanted_mps: float
    looks_since_s: float | None = None
    over: bool = False


class Onlookers:
    """People of the flows who come near a place and stop; everybody decides once, by an own chance."""

    def __init__(
        self,
        crowd: Crowd,
        rng: np.random.Generator,
        share: float,
        stop_m: tuple[float, float],
        *,
        helper_goal: int | None = None,
    ) -> None:
        """Prepare.

        Args:
            crowd: Who may come by.
            rng: Draws who stops, where and how long.
            share: Share of those who notice and stop.
            stop_m: Between these distances they stop.
            helper_goal: Goal at which the first who stops crouches and stays; None: nobody helps.
        """
        self._crowd, self._rng, self._share, self._stop_m = crowd, rng, share, stop_m
        self._goal = helper_goal
        self._minds: dict[int, _Mind | None] = {}
        self._helper: int | None = None
        self.helped_s: float | None = None

    @property
    def people(self) -> tuple[int, ...]:
        """Ids of those who stopped so far, in ascending order."""
        return tuple(sorted(p for p, mind in self._minds.items() if mind and mind.looks_since_s is not None))

    def step(self, place_m: NDArray[np.float64]) -> None:
        """Let people notice, stop, look and walk on."""
        self._notice(place_m)
        for person, mind in self._minds.items():
            row = self._crowd.people.row(person)
            if mind is None or mind.over or row is None or self._crowd.time_s < mind.from_s:
                continue
            if person == self._helper:
                self._help(row, mind, place_m)
            else:
                self._look(row, mind, place_m)

    def disperse(self) -> None:
        """There is nothing more to see: everybody walks on, the helper too."""
        for person, mind in self._minds.items():
            row = self._crowd.people.row(person)
            if mind is not None and not mind.over and row is not None:
                self._go_on(row, mind)
            self._minds[person] = mind if mind is not None and mind.over else None

    def _notice(self, place_m: NDArray[np.float64]) -> None:
        people, now = self._crowd.people, self._crowd.time_s
        toward = place_m - people.position_m
        away = np.hypot(*toward.T)
        off = np.arctan2(toward[:, 1], toward[:, 0]) - people.heading_rad
        seen = np.abs((off + np.pi) % (2 * np.pi) - np.pi) <= _SEES_RAD
        free = (people.flow >= 0) & ~people.stays & (people.wanted_mps > 0)
        for row in np.flatnonzero(free & seen & (away <= _NOTICES_M + self._stop_m[1])):
            person = int(people.id[row])
            if person in self._minds:
                continue
            draws = self._rng.random(4)
            if draws[0] >= self._share:
                self._minds[person] = None
                continue
            self._minds[person] = _Mind(
                stops_at_m=self._stop_m[0] + draws[1] * (self._stop_m[1] - self._stop_m[0]),
                from_s=now + _REACTS_S[0] + draws[2] * (_REACTS_S[1] - _REACTS_S[0]),
                lasts_s=_LOOKS_S[0] + draws[3] * (_LOOKS_S[1] - _LOOKS_S[0]),
                goal=int(people.goal[row]),
                wanted_mps=float(people.wanted_mps[row]),
            )
            if self._helper is None and self._goal is not None:
                self._helper = person

    def _look(self, row: int, mind: _Mind, place_m: NDArray[np.float64]) -> None:
        people, now = self._crowd.people, self._crowd.time_s
        away = float(np.hypot(*(place_m - people.position_m[row])))
        if mind.looks_since_s is None:
            passed = away > _NOTICES_M + self._stop_m[1]
            if passed:
                mind.over = True
            elif away <= mind.stops_at_m:
                mind.looks_since_s = now
            return
        people.wanted_mps[row] = 0.0
        turn_towards(self._crowd, row, place_m)
        if now >= mind.looks_since_s + mind.lasts_s:
            self._go_on(row, mind)

    def _help(self, row: int, mind: _Mind, place_m: NDArray[np.float64]) -> None:
        people, now = self._crowd.people, self._crowd.time_s
        if mind.looks_since_s is None:
            mind.looks_since_s = now
        away = float(np.hypot(*(place_m - people.position_m[row])))
        if away > _HELPS_FROM_M and not people.stays[row]:
            assert self._goal is not None
            people.goal[row] = self._goal
            people.wanted_mps[row] = 1.3 * people.free_mps[row]
            return
        if self.helped_s is None:
            self.helped_s = now
            people.stays[row] = True
            people.wanted_mps[row] = 0.0
            people.velocity_mps[row] = 0.0
            people.take(row, Posture.CROUCHING)
        turn_towards(self._crowd, row, place_m)

    def _go_on(self, row: int, mind: _Mind) -> None:
        people = self._crowd.people
        mind.over = True
        people.stays[row] = False
        people.goal[row] = mind.goal
        people.wanted_mps[row] = mind.wanted_mps
