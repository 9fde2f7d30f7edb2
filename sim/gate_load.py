"""Which gate limits: how long each gate passes as many as it can while people are held up before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.venue import Gate, Venue

__all__ = ["GateLoad", "GateWatch"]

_BEFORE_M: Final = 2.5
_HELD_UP_BELOW: Final = 0.5
"""Share of the own free speed under which somebody is held up: Weidmann's speed at the density of the greatest flow.

Reference:
    Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zurich. DOI 10.3929/ethz-a-000687810
"""
_HELD_UP_PER_M: Final = 1.5
_NEAR_CAPACITY: Final = 0.75
_FLOW_OVER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class GateLoad:
    """How hard a gate was used.

    Attributes:
        at_capacity_s: Seconds in which people were held up before it (at least 1.5 a metre of width, within 2.5 m,
            slower than half their pace) while at least three quarters of its greatest flow went through.
        capacity_per_m_s: Its specific flow in that time; None where that never was.
        top_flow_per_m_s: Its greatest specific flow over ten seconds; 0 where nobody left.
        held_up_people: Most people who were held up before it at once.
    """

    at_capacity_s: float
    capacity_per_m_s: float | None
    top_flow_per_m_s: float
    held_up_people: int


class GateWatch:
    """Looks at the floor before every gate that lets people out, at regular instants."""

    def __init__(self, venue: Venue, every_s: float) -> None:
        """Prepare for the gates of a venue that ever let people out."""
        self._every_s = every_s
        self._gates = [gate for gate in venue.gates if gate.direction != "in"]
        self._areas = [gate.shape.buffer(_BEFORE_M).intersection(venue.walkable) for gate in self._gates]
        self._times: list[float] = []
        self._held_up: list[list[int]] = []

    def add(
        self,
        time_s: float,
        position_m: NDArray[np.float64],
        speed_mps: NDArray[np.float64],
        free_mps: NDArray[np.float64],
    ) -> None:
        """Take in one instant of the walkers.

        Args:
            time_s: When.
            position_m: Places, (n, 2).
            speed_mps: Speeds, (n,).
            free_mps: Speeds when nothing is in the way, (n,).
        """
        x, y = position_m[speed_mps < _HELD_UP_BELOW * free_mps].T
        self._times.append(time_s)
        self._held_up.append([int(shapely.contains_xy(area, x, y).sum()) for area in self._areas])

    def loads(self, left_s: Mapping[str, Sequence[float]]) -> dict[str, GateLoad]:
        """Return what each gate had to bear.

        Args:
            left_s: Gate to when people left by it, ascending.
        """
        held_up = np.array(self._held_up).reshape(len(self._times), len(self._gates))
        pairs = zip(self._gates, held_up.T, strict=True)
        return {gate.id: self._load(gate, people, left_s.get(gate.id, [])) for gate, people in pairs}

    def _load(self, gate: Gate, held_up: NDArray[np.int64], left_s: Sequence[float]) -> GateLoad:
        times, half = np.array(self._times), _FLOW_OVER_S / 2
        through = np.searchsorted(left_s, times + half, side="right") - np.searchsorted(left_s, times - half)
        flow = through / _FLOW_OVER_S / gate.width_m
        top = float(flow.max(initial=0.0))
        full = (held_up >= _HELD_UP_PER_M * gate.width_m) & (flow >= _NEAR_CAPACITY * top) & (top > 0)
        return GateLoad(
            at_capacity_s=float(full.sum() * self._every_s),
            capacity_per_m_s=float(flow[full].mean()) if full.any() else None,
            top_flow_per_m_s=top,
            held_up_people=int(held_up.max(initial=0)),
        )
