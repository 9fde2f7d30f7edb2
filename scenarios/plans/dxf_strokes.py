"""What is drawn in a DXF file, freed of its kinds of entities: strokes and filled areas on layers, and words.

Blocks are taken apart; what lies on layer 0 of a block is on the layer on which the block was inserted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

__all__ = ["Area", "Sheet", "Stroke", "Words", "fill", "take_apart"]

_LINES: Final = ("LINE", "LWPOLYLINE", "POLYLINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE", "HELIX")
_AREAS: Final = ("HATCH", "MPOLYGON", "SOLID", "TRACE")
_WORDS: Final = ("TEXT", "MTEXT", "ATTRIB")
_CURVE_SEGMENTS: Final = 24
"""Arcs are first parted into so many pieces that their Bezier curves are exact to 1e-8 of the radius."""
_NESTED_MOST: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A line, open or closed.

    Attributes:
        layer: Where it lies.
        where: Kind and handle, for messages.
        points: Shape (n, 2), in the drawing's units; closed ones end where they begin.
        closed: Whether it is.
    """

    layer: str
    where: str
    points: NDArray[np.float64]
    closed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A filled area, in one or more parts, with holes; as drawn, it may cross itself.

    Attributes:
        layer: Where it lies.
        where: Kind and handle, for messages.
        rings: Each shape (n, 2), in the drawing's units; what is inside an odd number of them is filled.
    """

    layer: str
    where: str
    rings: list[NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Words:
    """A text.

    Attributes:
        layer: Where it lies.
        text: In one line.
        place: Where it begins, in the drawing's units.
    """

    layer: str
    text: str
    place: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All of a drawing's model space.

    Attributes:
        strokes: Lines.
        areas: Filled areas.
        words: Texts.
        left_out: By layer and kind, how many entities were neither.
        layers: All layers on which something lies.
    """

    strokes: list[Stroke] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    layers: set[str] = field(default_factory=set)


def take_apart(document: Any, tolerance: float) -> Sheet:
    """Return what lies in the model space.

    Args:
        document: An ``ezdxf`` drawing.
        tolerance: How far a chord may be from its curve, in the drawing's units.
    """
    sheet = Sheet()
    for entity, layer, where in _entities(document.modelspace(), None, "", 0):
        kind = entity.dxftype()
        sheet.layers.add(layer)
        if kind in _LINES:
            stroke = _stroke(entity, layer, where, tolerance)
            if stroke is not None:
                sheet.strokes.append(stroke)
        elif kind in _AREAS:
            sheet.areas.append(Area(layer, where, _rings(entity, kind, tolerance)))
        elif kind in _WORDS:
            text = entity.plain_text() if kind != "MTEXT" else entity.plain_text(split=False)
            insert = entity.dxf.insert
            sheet.words.append(Words(layer, " ".join(str(text).split()), (float(insert.x), float(insert.y))))
        else:
            sheet.left_out[layer, kind] += 1
    return sheet


def fill(area: Area, scale: float) -> BaseGeometry:
    """Return a filled area in metres.

    Raises:
        ValueError: One of its rings crosses itself; the argument is that ring as a polygon, in the drawing's units.
    """
    whole: BaseGeometry = Polygon()
    for ring in area.rings:
        part = Polygon(ring)
        if not part.is_valid:
            raise ValueError(part)
        whole = whole.symmetric_difference(Polygon(scale * ring))
    return whole


def _entities(space: Any, outer: str | None, within: str, depth: int) -> Iterator[tuple[Any, str, str]]:
    """Yield every entity with its layer and its name for messages, blocks taken apart."""
    for entity in space:
        layer = str(entity.dxf.layer)
        layer = outer if outer is not None and layer == "0" else layer
        where = within or f"{entity.dxftype()} handle {entity.dxf.handle} on layer {layer}"
        if entity.dxftype() != "INSERT" or depth >= _NESTED_MOST:
            yield entity, layer, where
            continue
        copies = entity.multi_insert() if entity.mcount > 1 else [entity]
        inside = within or f"block {entity.dxf.name} (INSERT handle {entity.dxf.handle}) on layer {layer}"
        for copy in copies:
            yield from _entities(copy.virtual_entities(), layer, inside, depth + 1)
            yield from ((text, str(text.dxf.layer), inside) for text in copy.attribs)


def _stroke(entity: Any, layer: str, where: str, tolerance: float) -> Stroke | None:
    from ezdxf.path import make_path

    try:
        path = make_path(entity, segments=_CURVE_SEGMENTS)
    except TypeError:  # a mesh that calls itself a polyline
        return None
    points = _flat(path, tolerance)
    if len(points) < 2:
        return None
    ends = float(np.hypot(*(points[-1] - points[0])))
    closed = len(points) > 3 and ends <= tolerance / 5
    if closed:
        points = np.concatenate((points[:-1], points[:1]))
    return Stroke(layer, where, points, closed)


def _rings(entity: Any, kind: str, tolerance: float) -> list[NDArray[np.float64]]:
    from ezdxf.path import from_hatch

    if kind in ("SOLID", "TRACE"):
        corners = np.array([(v.x, v.y) for v in entity.wcs_vertices()], float).reshape(-1, 2)
        return [corners] if len(corners) > 2 else []
    rings = [_flat(path, tolerance) for path in from_hatch(entity)]
    return [ring for ring in rings if len(np.unique(ring, axis=0)) > 2]


def _flat(path: Any, tolerance: float) -> NDArray[np.float64]:
    """Return the points of a path, shape (n, 2), none twice in a row."""
    points = np.array([(p.x, p.y) for p in path.flattening(tolerance / 20, segments=1)], float).reshape(-1, 2)
    if len(points) > 1:
        apart = np.hypot(*np.diff(points, axis=0).T) > 0
        points = points[np.concatenate(([True], apart))]
    if path.has_curves and len(points) > 2:
        points = shapely.get_coordinates(LineString(points).simplify(0.9 * tolerance))
    return points
