"""The gates: where people stand when they come in, which one is nearest, who has just left by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.venue import Venue
from sim.people import People
from sim.routes import Routes

__all__ = ["Left", "leaving_rows", "nearest_exit", "threshold"]

_LEFT_WITHIN_M: Final = 0.15
_OUTSIDE_WITHIN_M: Final = 1.0
"""Who has stepped out by a gate is this near to it: no step is longer."""
_THRESHOLD_M: Final = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody has left the venue.

    Attributes:
        person: Id.
        flow: Number of the flow in the scenario, -1 for who belongs to none.
        gate: Id of the gate; empty for who was on a given way, which ends where its table ends.
        entered_s: When the person came in.
        left_s: When the person left.
    """

    person: int
    flow: int
    gate: str
    entered_s: float
    left_s: float


def threshold(venue: Venue, gate: int, along: float = 0.5) -> NDArray[np.float64]:
    """Return a point just inside a gate, shape (2,), at the share ``along`` of its line."""
    (ax, ay), (bx, by) = venue.gates[gate].line
    line = np.array([bx - ax, by - ay])
    normal = np.array([-line[1], line[0]]) / np.hypot(*line)
    on_line = np.array([ax, ay]) + along * line
    sides = [on_line + sign * _THRESHOLD_M * normal for sign in (1.0, -1.0)]
    inside = [side for side in sides if shapely.contains_xy(venue.floor, *side)]
    return inside[0] if inside else on_line


def nearest_exit(routes: Routes, place_m: Any, among: NDArray[np.int32] | None = None) -> int:
    """Return the number of the open gate that is reached soonest.

    Args:
        routes: The ways to every gate.
        place_m: From where (x, y).
        among: Numbers of the gates to choose from; all where not given.

    Raises:
        ScenarioError: Nobody can leave from there.
    """
    gates = routes.venue.gates
    open_gates = [i for i, gate in enumerate(gates) if gate.lets_out and (among is None or i in among)]
    here = routes.on_floor(np.asarray(place_m, float))[None]
    ways = [(float(routes.distance_m(i, here)[0]), i) for i in open_gates]
    best = min(ways, default=(np.inf, -1))
    if not np.isfinite(best[0]):
        x, y = here[0]
        raise ScenarioError(f"venue.gates: from ({x:.1f}, {y:.1f}) no open gate that lets out can be reached")
    return best[1]


def leaving_rows(people: People, routes: Routes) -> NDArray[np.intp]:
    """Return the rows of those who have reached the gate of their leaving and may pass it, in ascending order."""
    away = np.empty(len(people))
    _from_gate(people.position_m, people.goal, people.stays, routes.gate_lines_m, routes.lets_out, away)
    rows = np.flatnonzero(away < _OUTSIDE_WITHIN_M)
    if not len(rows):
        return rows
    outside = ~shapely.contains_xy(routes.venue.floor, people.position_m[rows])
    return np.asarray(rows[(away[rows] < _LEFT_WITHIN_M) | outside])


@njit(cache=True, nogil=True)
def _from_gate(position: Any, goal: Any, stays: Any, line: Any, lets_out: Any, out: Any) -> None:
    """Write how far each walker is from the gate that he goes to; inf where he goes to none that lets out."""
    for i in range(position.shape[0]):
        g = goal[i]
        if stays[i] or g < 0 or g >= line.shape[0] or not lets_out[g]:
            out[i] = np.inf
            continue
        ax, ay, ux, uy = line[g, 0], line[g, 1], line[g, 2] - line[g, 0], line[g, 3] - line[g, 1]
        px, py = position[i, 0] - ax, position[i, 1] - ay
        t = min(max((px * ux + py * uy) / (ux * ux + uy * uy), 0.0), 1.0)
        out[i] = np.sqrt((px - t * ux) ** 2 + (py - t * uy) ** 2)
