"""Which way out: people think over, now and then, by which gate they would be out soonest, the queues counted.

The time by a gate, as people judge it, is the walk to it, counted twice, and the time that those who are nearer to it
need to pass it, at the specific flow of a bottleneck. The queue is what people see of it: everybody who goes there and
is nearer.

Reference:
    Kretz, T. (2009). Pedestrian traffic: on the quickest path. Journal of Statistical Mechanics P03012.
    DOI 10.1088/1742-5468/2009/03/P03012, for choosing by time in place of length.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.people import People
from sim.routes import Routes

__all__ = ["ExitChoices"]

_FLOW_PER_M_S: Final = 1.3
"""Persons that pass a metre of a gate in a second while there is a queue; NIST TN 1822 takes 1.33."""
_WALK_COUNTS: Final = 2.0
"""A second of walking weighs so many of waiting: what is far is seen worse and judged later (assumed)."""
_WORTH: Final = 0.7
"""People change to a gate by which they are out in less than this share of the time,"""
_WORTH_S: Final = 2.0
"""and sooner by more than this."""
_TURNS: Final = 8
"""An eighth of the people thinks it over at a time, or all would run to and fro together."""


class ExitChoices:
    """Sets of gates among which people choose the quickest; ``People.choice`` says which set each has."""

    def __init__(self) -> None:
        self._sets: list[tuple[int, ...]] = []
        self._turn = 0

    def among(self, gates: Iterable[int]) -> int:
        """Return the number of a set of gates."""
        wanted = tuple(sorted(int(gate) for gate in gates))
        if wanted not in self._sets:
            self._sets.append(wanted)
        return self._sets.index(wanted)

    def gates(self, number: int) -> NDArray[np.int32]:
        """Return the gates of a set."""
        return np.array(self._sets[number], np.int32)

    def think(self, people: People, routes: Routes) -> None:
        """Let those whose turn it is change to a gate by which they are out clearly sooner."""
        self._turn = (self._turn + 1) % _TURNS
        for number in range(len(self._sets)):
            mine = (people.choice == number) & ~people.stays & (people.wanted_mps > 0)
            rows = np.flatnonzero(mine & (people.id % _TURNS == self._turn))
            if len(rows):
                self._change(people, routes, rows, self.gates(number))

    def _change(self, people: People, routes: Routes, rows: NDArray[np.intp], gates: NDArray[np.int32]) -> None:
        times = self._times(people, routes, rows, gates)
        best = np.argmin(times, axis=1)
        soonest = times[np.arange(len(rows)), best]
        at = np.searchsorted(gates, people.goal[rows])
        own = np.clip(at, 0, len(gates) - 1)
        now = np.where(gates[own] == people.goal[rows], times[np.arange(len(rows)), own], np.inf)
        better = (soonest < _WORTH * now) & (soonest < now - _WORTH_S)
        people.goal[rows[better]] = gates[best[better]]

    @staticmethod
    def _times(people: People, routes: Routes, rows: NDArray[np.intp], gates: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the time in which each row would be out by each gate, inf by none, shape (rows, gates)."""
        times = np.full((len(rows), len(gates)), np.inf)
        for column, gate in enumerate(gates.tolist()):
            if not routes.lets_out[gate]:
                continue
            away = routes.distance_m(gate, people.position_m[rows])
            bound = np.flatnonzero((people.goal == gate) & ~people.stays)
            queue = np.sort(routes.distance_m(gate, people.position_m[bound]))
            x0, y0, x1, y1 = routes.gate_lines_m[gate]
            passed_per_s = _FLOW_PER_M_S * float(np.hypot(x1 - x0, y1 - y0))
            waits = np.searchsorted(queue, away) / passed_per_s
            times[:, column] = _WALK_COUNTS * away / people.wanted_mps[rows] + waits
        return times
