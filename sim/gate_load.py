"""Which gate limits: how long each gate or turnstile passes as many as it can while people are held up before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.venue import Passage, Venue

__all__ = ["GateLoad", "GateWatch", "watched_as"]

_BEFORE_M: Final = 2.5
_HELD_UP_BELOW: Final = 0.5
"""Share of the own free speed under which somebody is held up: Weidmann's speed at the density of the greatest flow.

Reference:
    Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zurich. DOI 10.3929/ethz-a-000687810
"""
_HELD_UP_PER_M: Final = 1.5
_NEAR_CAPACITY: Final = 0.75
_GOOD_SHARE: Final = 0.9
_FLOW_OVER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class GateLoad:
    """How hard a gate, or a passage that holds people, was used.

    Attributes:
        width_m: Its width.
        at_capacity_s: Seconds in which people were held up before it (at least 1.5 a metre of width, within 2.5 m,
            slower than half their pace) while at least three quarters of its good flow went through: the one that it
            exceeds in a tenth of the time in which people are held up.
        capacity_per_m_s: Its specific flow in that time; None where that never was.
        top_flow_per_m_s: Its greatest specific flow over ten seconds; 0 where nobody left.
        held_up_people: Most people who were held up before it at once.
    """

    width_m: float
    at_capacity_s: float
    capacity_per_m_s: float | None
    top_flow_per_m_s: float
    held_up_people: int


def watched_as(passage: Passage, venue: Venue) -> str:
    """Return a passage's name among those of the gates."""
    return f"{passage.id}_passage" if passage.id in {gate.id for gate in venue.gates} else passage.id


class GateWatch:
    """Looks at the floor before every gate that lets people out and every passage that holds people, at instants."""

    def __init__(self, venue: Venue, every_s: float) -> None:
        """Prepare for the gates of a venue that ever let people out, and the passages at which they are served."""
        self._every_s = every_s
        gates = {gate.id: gate.shape for gate in venue.gates if gate.direction != "in"}
        served = {watched_as(passage, venue): passage.shape for passage in venue.passages if passage.service_s}
        self._lines = gates | served
        self._areas = [line.buffer(_BEFORE_M).intersection(venue.walkable) for line in self._lines.values()]
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
            left_s: Gate to when people left by it, passage to when they passed it, ascending.
        """
        held_up = np.array(self._held_up).reshape(len(self._times), len(self._lines))
        pairs = zip(self._lines.items(), held_up.T, strict=True)
        return {name: self._load(line.length, people, left_s.get(name, [])) for (name, line), people in pairs}

    def _load(self, width_m: float, held_up: NDArray[np.int64], left_s: Sequence[float]) -> GateLoad:
        times, half = np.array(self._times), _FLOW_OVER_S / 2
        through = np.searchsorted(left_s, times + half, side="right") - np.searchsorted(left_s, times - half)
        flow = through / _FLOW_OVER_S / width_m
        pressed = held_up >= _HELD_UP_PER_M * width_m
        good = float(np.quantile(flow[pressed], _GOOD_SHARE)) if pressed.any() else 0.0
        full = pressed & (flow >= _NEAR_CAPACITY * good) & (good > 0)
        return GateLoad(
            width_m=width_m,
            at_capacity_s=float(full.sum() * self._every_s),
            capacity_per_m_s=float(flow[full].mean()) if full.any() else None,
            top_flow_per_m_s=float(flow.max(initial=0.0)),
            held_up_people=int(held_up.max(initial=0)),
        )
