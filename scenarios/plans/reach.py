"""Whether people get to the gates of a venue: not through obstacles, nor through gaps narrower than a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from scenarios.errors import ScenarioError
from scenarios.plans.drawing import Element
from scenarios.venue import Gate, Venue

__all__ = ["check_reach"]

_HALF_BODY_M: Final = 0.2
"""Half the width of the narrowest gap that a body passes; ways are planned with the same."""
_AT_GATE_M: Final = 0.05


def check_reach(
    venue: Venue,
    drawn_as: Mapping[str, Element],
    solids: Sequence[tuple[BaseGeometry, Element]],
    starts: Sequence[tuple[list[tuple[float, float]], str]],
    file: str,
) -> None:
    """Refuse gates to or from which there is no way, and areas of the start from which nobody gets out.

    Args:
        venue: The venue; closed gates count as open.
        drawn_as: By id, what each gate was in the plan.
        solids: Each obstacle with what it was in the plan.
        starts: Corners and name of each area of the start.
        file: Name of the plan's file.

    Raises:
        ScenarioError: One sentence that names the element, and the obstacle if one stands before it.
    """
    free = venue.walkable.buffer(-_HALF_BODY_M, join_style="mitre")
    parts = [part for part in shapely.get_parts(free) if part.area > 0]
    if not parts:
        raise ScenarioError(f"{file}: no part of the floor is wide enough to stand on")
    at = {gate.id: _parts_at(gate.shape, parts) for gate in venue.gates}
    ways_in = [gate for gate in venue.gates if gate.direction != "out"]
    ways_out = [gate for gate in venue.gates if gate.direction != "in"]
    inside = {max(range(len(parts)), key=lambda i: parts[i].area)}
    inside |= {i for gate in ways_in if gate.direction == "in" for i in at[gate.id]}
    areas = [(Polygon(ring), name) for ring, name in starts]
    inside |= {i for area, _ in areas for i, part in enumerate(parts) if part.intersects(area)}
    for gate in ways_out:
        if not at[gate.id] & inside:
            raise ScenarioError(f"{file}: {drawn_as[gate.id]}: nobody can reach it from inside: {_why(gate, solids)}")
    leads_out = {i for gate in ways_out for i in at[gate.id]}
    for gate in ways_in:
        if ways_out and not at[gate.id] & leads_out:
            raise ScenarioError(
                f"{file}: {drawn_as[gate.id]}: who comes in there cannot get to any exit: {_why(gate, solids)}"
            )
    for area, name in areas:
        on = {i for i, part in enumerate(parts) if part.intersects(area)}
        if not on or (ways_out and not on <= leads_out):
            raise ScenarioError(f"{file}: start '{name}': who stands there cannot get to any exit")


def _parts_at(line: LineString, parts: Sequence[Polygon]) -> set[int]:
    """Return the parts of the free floor that a gate opens onto, its first and last half body left out."""
    inset = min(_HALF_BODY_M, 0.4 * line.length)
    ends = shapely.line_interpolate_point(line, [inset, line.length - inset])
    mouth = LineString(list(ends)).buffer(_HALF_BODY_M + _AT_GATE_M, cap_style="flat")
    return {i for i, part in enumerate(parts) if part.intersects(mouth)}


def _why(gate: Gate, solids: Sequence[tuple[BaseGeometry, Element]]) -> str:
    near = [(solid.distance(gate.shape), number) for number, (solid, _) in enumerate(solids)]
    away, number = min(near, default=(0.0, -1))
    if number >= 0 and away <= 2 * _HALF_BODY_M:
        return f"{solids[number][1]} stands before it"
    return "the obstacles leave no gap to it that is 0.4 m wide"
