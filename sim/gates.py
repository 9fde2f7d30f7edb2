"""The gates: where people stand when they come in, which one is nearest, who has just left by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.venue import Gate, Venue
from sim.people import People
from sim.routes import Routes

__all__ = ["Left", "leaving_rows", "nearest_exit", "threshold"]

_LEFT_WITHIN_M: Final = 0.15
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


def leaving_rows(people: People, gates: Sequence[Gate], floor: shapely.Polygon) -> NDArray[np.intp]:
    """Return the rows of those who have reached the gate of their leaving and may pass it, in ascending order.

    Args:
        people: Who is inside.
        gates: The gates as they are now, numbered as the people's goals.
        floor: The outline of the venue.
    """
    rows = np.flatnonzero((people.goal >= 0) & (people.goal < len(gates)) & ~people.stays)
    if not len(rows):
        return rows
    lines = np.array([gate.shape for gate in gates])[people.goal[rows]]
    away = shapely.distance(shapely.points(people.position_m[rows]), lines)
    outside = ~shapely.contains_xy(floor, people.position_m[rows])
    lets_out = np.array([gate.lets_out for gate in gates], bool)[people.goal[rows]]
    return np.asarray(rows[((away < _LEFT_WITHIN_M) | outside) & lets_out])
