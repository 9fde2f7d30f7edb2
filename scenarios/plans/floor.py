"""From what was drawn to a venue: one floor, what stands on it, gates on its border; each thing wrong said by name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import shapely
from pydantic import BaseModel, ValidationError
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from scenarios.errors import ScenarioError
from scenarios.load import model_error
from scenarios.plans.border import gate_line
from scenarios.plans.drawing import WALL_M, Drawing, Element, Role
from scenarios.plans.reach import check_reach
from scenarios.venue import Gate, GateDirection, Obstacle, ObstacleKind, Venue, Zone

__all__ = ["Floor", "StartArea", "lay_floor"]

_Model = TypeVar("_Model", bound=BaseModel)
_LEAST_M2: Final = 4.0
_MOST_M2: Final = 4_000_000.0
_ON_BORDER_M: Final = 1e-3
_FAR_M: Final = 5_000.0
_DECIMALS: Final = 6
_HEIGHTS_M: Final[dict[ObstacleKind, float]] = {
    ObstacleKind.WALL: 2.8,
    ObstacleKind.BUILDING: 4.0,
    ObstacleKind.KIOSK: 2.7,
    ObstacleKind.PILLAR: 3.5,
    ObstacleKind.BARRIER: 1.1,
    ObstacleKind.BENCH: 0.45,
    ObstacleKind.BIN: 0.95,
    ObstacleKind.PLANTER: 0.6,
    ObstacleKind.SIGN: 2.2,
    ObstacleKind.TURNSTILE: 1.0,
    ObstacleKind.TICKET_MACHINE: 1.8,
    ObstacleKind.BILLBOARD: 2.5,
    ObstacleKind.LAMP_POST: 5.0,
    ObstacleKind.STAIRS: 1.0,
}
"""Heights where the plan says none; they decide only what a camera cannot see."""
_DIRECTIONS: Final = {Role.ENTRANCE: GateDirection.IN, Role.EXIT: GateDirection.OUT, Role.GATE: GateDirection.BOTH}
_STARTS_PER_M2: Final = 0.5
_STARTS_MOST: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class StartArea:
    """Where people are when the scenario starts.

    Attributes:
        id: Its name.
        ring: Corners in metres.
        count: How many.
    """

    id: str
    ring: list[tuple[float, float]]
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """A venue as it was laid out from a drawing.

    Attributes:
        venue: It.
        starts: Where people are at the start.
        notes: What a person should know.
    """

    venue: Venue
    starts: Sequence[StartArea]
    notes: Sequence[str]


def lay_floor(drawing: Drawing) -> Floor:
    """Make a venue of a drawing.

    Raises:
        ScenarioError: It is no sound venue; one sentence that names the element.
    """
    file = drawing.file
    whole, where_outline = _outline(drawing)
    west, south = (math.floor(bound) for bound in whole.bounds[:2])
    notes = list(drawing.notes)
    shift = np.zeros(2)
    if max(map(abs, whole.bounds)) > _FAR_M:
        shift = -np.array([west, south], float)
        notes.append(f"the origin was moved to ({west}, {south}) of the plan")

    def moved(shape: BaseGeometry) -> Any:
        return shapely.transform(shape, lambda c: np.round(c + shift, _DECIMALS))

    whole = moved(whole)
    floor = Polygon(whole.exterior)
    names = _Names()
    obstacles, solids = _obstacles(drawing, moved, floor, names)
    for number, ring in enumerate(whole.interiors, 1):
        shape = Polygon(ring)
        solids.append((shape, Element(Role.OBSTACLE, shape, f"hole {number} of {where_outline}")))
        entry = _entry(names.take("hole", "", number), shape, ObstacleKind.BUILDING, {})
        obstacles.append(_made(Obstacle, entry, solids[-1][1], file))
    zones = []
    for element in _of(drawing, Role.ZONE):
        shape = moved(element.shape)
        _refuse_outside(shape, floor, element, file)
        for part in _whole_parts(shape):
            entry = {"id": names.take("zone", element.name), "polygon": _ring(part)}
            traits = {k: element.traits[k] for k in Zone.model_fields if k in element.traits}
            zones.append(_made(Zone, entry | traits, element, file))
    starts = []
    for element in _of(drawing, Role.START):
        shape = moved(element.shape)
        _refuse_outside(shape, floor, element, file)
        starts.append(_start(names.take("start", element.name), shape, element, file))
    gates, drawn_as = [], {}
    for element in _of(drawing, Role.GATE, Role.ENTRANCE, Role.EXIT):
        shape = moved(element.shape)
        line = gate_line(shape, floor, f"{file}: {element}", inside=bool(element.traits.get("inside")))
        if line.distance(floor.exterior) > _ON_BORDER_M:
            notes.append(f"{element} lies inside the floor: people leave by its middle line")
        gate_id = names.take("gate", element.name)
        entry = {"id": gate_id, "line": [_point(p) for p in line.coords]}
        traits = {k: element.traits[k] for k in ("direction", "open") if k in element.traits}
        gates.append(_made(Gate, entry | {"direction": _DIRECTIONS[element.role].value} | traits, element, file))
        drawn_as[gate_id] = element
    try:
        venue = Venue(outline=_ring(floor), obstacles=obstacles, zones=zones, gates=gates)
    except ValidationError as error:
        raise ScenarioError(model_error(error, Venue, file)) from None
    check_reach(venue, drawn_as, solids, [(s.ring, s.id) for s in starts], file)
    if not any(gate.lets_out for gate in venue.gates):
        notes.append(
            "no gate lets people out, so nobody walks yet; add gates under [venue] and flows under [population]"
        )
    return Floor(venue, starts, notes)


def _of(drawing: Drawing, *roles: Role) -> list[Element]:
    return [element for element in drawing.elements if element.role in roles]


def _outline(drawing: Drawing) -> tuple[Polygon, str]:
    """Return the one floor that all outlines make together, and what it is called."""
    file, drawn = drawing.file, _of(drawing, Role.OUTLINE)
    if not drawn:
        raise ScenarioError(f"{file}: nothing says which area can be walked on: {drawing.hint}")
    whole = shapely.union_all([element.shape for element in drawn])
    parts = sorted(shapely.get_parts(whole), key=lambda part: -part.area)
    if len(parts) > 1:
        first, second = (next(e for e in drawn if e.shape.intersects(p.representative_point())) for p in parts[:2])
        raise ScenarioError(
            f"{file}: the walkable floor falls into {len(parts)} parts, such as {first.where} and {second.where}; "
            "they should touch along an edge"
        )
    where = drawn[0].where
    if not _LEAST_M2 <= whole.area <= _MOST_M2:
        wide, high = whole.bounds[2] - whole.bounds[0], whole.bounds[3] - whole.bounds[1]
        raise ScenarioError(
            f"{file}: {where}: the floor measures {wide:.4g} x {high:.4g} m, {whole.area:.4g} m2; a venue has between "
            f"{_LEAST_M2:g} m2 and {_MOST_M2 / 1e6:g} km2, so say with --scale how many metres one unit of the plan is"
        )
    return parts[0], where


def _obstacles(
    drawing: Drawing, moved: Any, floor: Polygon, names: _Names
) -> tuple[list[Obstacle], list[tuple[BaseGeometry, Element]]]:
    """Return the obstacles, and each shape with the element that it was."""
    entries, solids = [], []
    for element in _of(drawing, Role.OBSTACLE):
        line = isinstance(element.shape, LineString)
        shape = moved(_thick(element.shape) if line else element.shape)
        _refuse_outside(shape, floor, element, drawing.file)
        kind = element.traits.get("kind", ObstacleKind.WALL if line else ObstacleKind.BUILDING)
        for part in _whole_parts(shape):
            entry = _entry(names.take(kind.value, element.name), part, kind, element.traits)
            entries.append(_made(Obstacle, entry, element, drawing.file))
            solids.append((part, element))
    if solids and floor.difference(shapely.union_all([s for s, _ in solids])).area < _LEAST_M2:
        raise ScenarioError(f"{drawing.file}: the obstacles leave less than {_LEAST_M2:g} m2 of the floor free")
    return entries, solids


def _made(model: type[_Model], entry: dict[str, Any], element: Element, file: str) -> _Model:
    """Return an entry of the venue; where a trait makes no sense, the message names the element of the plan."""
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        raise ScenarioError(model_error(error, model, f"{file}: {element}")) from None


def _thick(line: LineString) -> BaseGeometry:
    return line.buffer(WALL_M / 2, cap_style="square", join_style="mitre").simplify(1e-9)


def _entry(name: str, shape: Polygon, kind: ObstacleKind, traits: Any) -> dict[str, Any]:
    height = traits.get("height_m", _HEIGHTS_M[kind])
    return {"id": name, "kind": kind.value, "polygon": _ring(shape), "height_m": height}


def _start(name: str, shape: Polygon, element: Element, file: str) -> StartArea:
    count = element.traits.get("count", min(_STARTS_MOST, max(1, round(shape.area * _STARTS_PER_M2))))
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= 100_000:
        raise ScenarioError(f"{file}: {element}: {count!r} people should be a whole number from 1 to 100000")
    return StartArea(name, _ring(shape), count)


def _refuse_outside(shape: BaseGeometry, floor: Polygon, element: Element, file: str) -> None:
    if shape.intersection(floor).area <= 0:
        raise ScenarioError(
            f"{file}: {element}: lies outside the floor, {shape.distance(floor):.4g} m away from it; move it or take "
            "it out"
        )


def _whole_parts(shape: BaseGeometry) -> list[Polygon]:
    """Cut a shape into polygons without holes, upright through the middle of each hole."""
    done: list[Polygon] = []
    todo = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and part.area > 0]
    while todo:
        part = todo.pop(0)
        if not part.interiors:
            done.append(part)
            continue
        _, south, _, north = part.bounds
        x = Polygon(part.interiors[0]).centroid.x
        west, east = part.bounds[0], part.bounds[2]
        halves = (shapely.box(west - 1, south - 1, x, north + 1), shapely.box(x, south - 1, east + 1, north + 1))
        todo += [p for half in halves for p in shapely.get_parts(part & half) if isinstance(p, Polygon) and p.area > 0]
    return done


def _ring(shape: Polygon) -> list[tuple[float, float]]:
    return [_point(p) for p in shape.exterior.coords[:-1]]


def _point(place: Sequence[float]) -> tuple[float, float]:
    """Return a place rounded to a thousandth of a millimetre, without a minus before zero."""
    return round(place[0], _DECIMALS) + 0.0, round(place[1], _DECIMALS) + 0.0


class _Names:
    """Ids of a venue, each used once: small letters, digits and underscores."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, what: str, name: str, number: int | None = None) -> str:
        """Return an id after a name; where there is none, or it is taken, with a number."""
        base = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:34]
        if base and not base[0].isalpha():
            base = f"{what}_{base}"[:34]
        candidate = base or f"{what}_{number or 1}"
        count = number or 1
        while candidate in self._taken:
            count += 1
            candidate = f"{base or what}_{count}"
        self._taken.add(candidate)
        return candidate
