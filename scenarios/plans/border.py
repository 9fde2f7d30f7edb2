"""Gates on the border of a floor: a line or area of a plan becomes the straight piece of outline it stands on."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from scenarios.errors import ScenarioError

__all__ = ["NARROWEST_M", "gate_line"]

NARROWEST_M: Final = 0.5
"""Nobody passes a narrower gate."""
_NEAR_M: Final = 0.5
"""So far from the outline a gate may be drawn, as in the thickness of a wall."""
_STRAIGHT_M: Final = 0.1


def gate_line(shape: LineString | Polygon, floor: Polygon, place: str, *, inside: bool = False) -> LineString:
    """Return the gate as a line of two points on the outline.

    Of an area, such as JuPedSim's exits, it is the longest straight piece of the outline inside it; where none is,
    its longest edge that lies within half a metre of the outline, moved there. A line is moved there likewise.

    Args:
        shape: As it was drawn.
        floor: The floor, without holes.
        place: File and element, for the message.
        inside: Whether an area may lie inside the floor; its long middle line is the gate then.

    Raises:
        ScenarioError: It is not on the outline, bent, or too narrow to pass.
    """
    line = _of_line(shape, floor, place) if isinstance(shape, LineString) else _of_area(shape, floor, place, inside)
    if line.length < NARROWEST_M:
        raise ScenarioError(f"{place}: is {line.length:.2g} m wide; nobody passes a gate below {NARROWEST_M:g} m")
    return line


def _of_line(line: LineString, floor: Polygon, place: str) -> LineString:
    ends = LineString([line.coords[0], line.coords[-1]])
    if line.hausdorff_distance(ends) > _STRAIGHT_M or ends.length == 0:
        raise ScenarioError(f"{place}: is bent; a gate should be a straight line on the border of the floor")
    _check_near(ends, floor, place)
    return _onto(ends, floor)


def _of_area(area: Polygon, floor: Polygon, place: str, inside_too: bool) -> LineString:
    border = floor.exterior.simplify(1e-6)
    edges = [LineString(pair) for pair in zip(border.coords[:-1], border.coords[1:], strict=True)]
    inside = [p for edge in edges for p in shapely.get_parts(edge.intersection(area)) if isinstance(p, LineString)]
    straight = max(inside, key=lambda piece: piece.length, default=None)
    if straight is not None and straight.length >= NARROWEST_M:
        return LineString([straight.coords[0], straight.coords[-1]])
    own = area.exterior.simplify(1e-6)
    sides = [LineString(pair) for pair in zip(own.coords[:-1], own.coords[1:], strict=True)]
    near = [side for side in sides if _away_m(side, floor) <= _NEAR_M]
    if not near and inside_too and floor.covers(area):
        return _middle(area)
    if not near:
        _check_near(min(sides, key=lambda side: _away_m(side, floor)), floor, place)
    return _onto(max(near, key=lambda side: side.length), floor)


def _middle(area: Polygon) -> LineString:
    """Return the long middle line of the smallest rectangle around an area."""
    corners = np.array(area.minimum_rotated_rectangle.exterior.coords[:4])
    if np.hypot(*(corners[1] - corners[0])) > np.hypot(*(corners[2] - corners[1])):
        corners = np.roll(corners, -1, axis=0)
    return LineString([(corners[0] + corners[1]) / 2, (corners[2] + corners[3]) / 2])


def _away_m(line: LineString, floor: Polygon) -> float:
    points = shapely.line_interpolate_point(line, np.linspace(0, 1, 9), normalized=True)
    return float(shapely.distance(points, floor.exterior).max())


def _check_near(line: LineString, floor: Polygon, place: str) -> None:
    away = _away_m(line, floor)
    if away > _NEAR_M:
        side = "inside" if floor.covers(line.centroid) else "outside"
        raise ScenarioError(
            f"{place}: is no way out: it lies {side} the floor, up to {away:.3g} m from its border, and a gate should "
            f"be on the border, {_NEAR_M:g} m off at most"
        )


def _onto(line: LineString, floor: Polygon) -> LineString:
    border = floor.exterior
    ends = [border.interpolate(border.project(Point(end))) for end in line.coords]
    return LineString([(end.x, end.y) for end in ends])
