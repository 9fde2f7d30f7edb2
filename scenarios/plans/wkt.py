"""Plans as well-known text, the form in which JuPedSim's Python interface takes the walkable area.

Polygons are the floor, their holes what stands on it; lines of a collection are gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely import GEOSException, LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from scenarios.errors import ScenarioError
from scenarios.plans.drawing import Drawing, Element, Role, check_mapping, check_polygon
from scenarios.plans.text import read_text

__all__ = ["floor_of_wkt", "read_wkt"]

_HINT: Final = "it should hold a POLYGON, or a GEOMETRYCOLLECTION with one"


def read_wkt(path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    """Read a plan in well-known text.

    Args:
        path: The file.
        scale: Metres of one unit; None: one.
        layers: Must be empty, well-known text has no names.

    Raises:
        ScenarioError: It is none, or wrong; the message names the geometry by its number, from 1.
    """
    check_mapping(layers, (), "layer", path)
    elements = floor_of_wkt(read_text(path), path.name, scale)
    return Drawing(path.name, "WKT", elements, _HINT, [f"one unit of the coordinates is {scale or 1:g} m"])


def floor_of_wkt(text: str, place: str, scale: float | None) -> list[Element]:
    """Return polygons as parts of the floor and lines as gates.

    Args:
        text: Well-known text.
        place: File, and key if any, for messages.
        scale: Metres of one unit; None: one.

    Raises:
        ScenarioError: It is no well-known text, or holds what is no part of a plan.
    """
    try:
        with np.errstate(invalid="ignore"):  # what is no number is said below
            geometry = shapely.from_wkt(text.strip())
    except GEOSException as error:
        said = str(error).removeprefix("ParseException: ").strip().rstrip(".")
        raise ScenarioError(f"{place}: is not well-known text (WKT): {said[:1].lower()}{said[1:]}") from None
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ScenarioError(f"{place}: has a coordinate that is no number")
    elements = []
    for number, shape in enumerate(_shapes(geometry), 1):
        where = f"{shape.geom_type} {number}"
        if isinstance(shape, MultiPoint) and len(shape.geoms) >= 3:
            shape = Polygon([(point.x, point.y) for point in shape.geoms])
        if not isinstance(shape, Polygon | LineString) or shape.is_empty:
            raise ScenarioError(f"{place}: {where}: is no part of a plan; {_HINT}")
        if isinstance(shape, Polygon):
            check_polygon(shape, f"{place}: {where}")
        role = Role.OUTLINE if isinstance(shape, Polygon) else Role.GATE
        elements.append(Element(role, shapely.transform(shapely.force_2d(shape), lambda c: c * (scale or 1.0)), where))
    return elements


def _shapes(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.geom_type in ("GeometryCollection", "MultiPolygon", "MultiLineString"):
        for part in shapely.get_parts(geometry):
            yield from _shapes(part)
    else:
        yield geometry
