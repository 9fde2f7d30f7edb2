"""Plans in GeoJSON (RFC 7946): what a feature is stands in its ``properties.kind``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely import LineString, Polygon

from scenarios.errors import ScenarioError, unknown
from scenarios.plans.drawing import (
    Drawing,
    Element,
    Meaning,
    Role,
    check_mapping,
    check_polygon,
    meaning_of,
    meanings,
)
from scenarios.plans.tangent_plane import to_plane

__all__ = ["parse_geojson"]

_KIND_KEYS: Final = ("kind", "role", "layer", "Layer")
_NAME_KEYS: Final = ("name", "id")
_TRAITS: Final = ("height_m", "direction", "open", "max_density_per_m2", "forbidden", "one_way", "stairs_up", "count")
_DEGREES_MOST: Final = 1.0
"""Coordinates that spread over less, within the range of longitude and latitude, are degrees: as metres the whole
venue would be smaller than a person's reach, and as degrees a wider one would be larger than a city."""
_WGS84: Final = ("crs84", "epsg:4326", "epsg::4326")
_GEOMETRIES: Final = ("Polygon", "MultiPolygon", "LineString", "MultiLineString")


def parse_geojson(data: Any, path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    """Take the elements out of a GeoJSON object.

    Args:
        data: The object, a FeatureCollection, a Feature or a bare geometry.
        path: Its file, for messages.
        scale: Metres of one unit; None: as the coordinates say (see ``docs/venues.md``).
        layers: Values of ``properties.kind`` to roles, for other people's words.

    Raises:
        ScenarioError: Something in it is wrong; the message names the feature by its number, from 1.
    """
    parts = list(_parts(data, path.name))
    kinds = [part.kind for part in parts if part.kind]
    check_mapping(layers, kinds, "kind", path)
    meant = [_meaning(part, layers, path.name, alone=len(parts) == 1) for part in parts]
    kept = [(part, m) for part, m in zip(parts, meant, strict=True) if m.role is not Role.IGNORE]
    if not kept:
        raise ScenarioError(f"{path.name}: has no feature that is a part of a venue; give it polygons with a kind")
    move, note = _projection(data, [part.shape for part, _ in kept], path.name, scale)
    elements = []
    for part, meaning in kept:
        place = f"{path.name}: {part.where}"
        if isinstance(part.shape, Polygon):
            check_polygon(part.shape, place)
        elif meaning.role in (Role.OUTLINE, Role.ZONE, Role.START):
            raise ScenarioError(f"{place}: is a LineString; {_a(meaning.role)} should be a Polygon")
        obstacle = {"kind": meaning.obstacle} if meaning.obstacle is not None else {}
        traits = {key: part.properties[key] for key in _TRAITS if key in part.properties} | obstacle
        elements.append(Element(meaning.role, shapely.transform(part.shape, move), part.where, part.name, traits))
    hint = 'one Polygon should have "kind": "outline" in its properties'
    return Drawing(path.name, "GeoJSON", elements, hint, [note])


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A simple geometry with what is said of it."""

    shape: Polygon | LineString
    where: str
    kind: str
    name: str
    properties: Mapping[str, Any]


def _parts(data: Any, file: str) -> Iterator[_Part]:
    if not isinstance(data, Mapping):
        raise ScenarioError(
            f"{file}: is neither GeoJSON nor a JuPedSim project: it should be an object with a type or exits"
        )
    kind = data.get("type")
    if kind == "FeatureCollection":
        features = data.get("features")
        if not isinstance(features, list) or not features:
            raise ScenarioError(f"{file}: the FeatureCollection has no features")
        for number, feature in enumerate(features, 1):
            yield from _feature(feature, file, f"feature {number}")
    elif kind == "Feature":
        yield from _feature(data, file, "feature 1")
    elif kind in (*_GEOMETRIES, "GeometryCollection"):
        yield from _feature({"type": "Feature", "geometry": data, "properties": {}}, file, f"the {kind}")
    else:
        if "type" not in data:
            raise ScenarioError(
                f"{file}: is neither GeoJSON (no type) nor a JuPedSim project (no walkable area, no exits)"
            )
        raise ScenarioError(f"{file}: {unknown('type', str(kind), ['FeatureCollection', 'Feature', *_GEOMETRIES])}")


def _feature(feature: Any, file: str, where: str) -> Iterator[_Part]:
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise ScenarioError(f"{file}: {where}: is not a Feature")
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise ScenarioError(f"{file}: {where}: its properties should be an object")
    kind = next((str(properties[key]) for key in _KIND_KEYS if properties.get(key)), "")
    named = [properties.get(key) for key in _NAME_KEYS] + [feature.get("id")]
    name = next((str(n) for n in named if n not in (None, "")), "")
    shapes = list(_shapes(feature.get("geometry"), f"{file}: {where}"))
    for number, shape in enumerate(shapes, 1):
        part = f", part {number}" if len(shapes) > 1 else ""
        yield _Part(shape, where + part, kind, name, properties)


def _shapes(geometry: Any, place: str) -> Iterator[Polygon | LineString]:
    if not isinstance(geometry, Mapping):
        raise ScenarioError(f"{place}: has no geometry")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        inner = geometry.get("geometries")
        for each in inner if isinstance(inner, list) else [None]:
            yield from _shapes(each, place)
        return
    if kind not in _GEOMETRIES:
        raise ScenarioError(f"{place}: is a {kind}; a part of a venue should be one of {', '.join(_GEOMETRIES)}")
    coordinates = geometry.get("coordinates")
    several = coordinates if str(kind).startswith("Multi") else [coordinates]
    if not isinstance(several, list) or not several:
        raise ScenarioError(f"{place}: has no coordinates")
    for each in several:
        if str(kind).endswith("Polygon"):
            if not isinstance(each, list) or not each:
                raise ScenarioError(f"{place}: a Polygon should be a list of rings of positions [x, y]")
            rings = [_positions(ring, place, 3) for ring in each]
            yield Polygon(rings[0], rings[1:])
        else:
            yield LineString(_positions(each, place, 2))


def _positions(raw: Any, place: str, least: int) -> list[tuple[float, float]]:
    """Check a list of positions and leave out heights and points that repeat the one before."""
    if not isinstance(raw, list):
        raise ScenarioError(f"{place}: its coordinates should be lists of positions [x, y]")
    points: list[tuple[float, float]] = []
    for position in raw:
        if not isinstance(position, list) or len(position) < 2 or not all(_is_number(n) for n in position[:2]):
            raise ScenarioError(f"{place}: {json.dumps(position)[:40]} should be a position of two numbers [x, y]")
        point = (float(position[0]), float(position[1]))
        if not points or point != points[-1]:
            points.append(point)
    distinct = len(points) - (len(points) > 1 and points[0] == points[-1])
    if distinct < least:
        raise ScenarioError(f"{place}: has {distinct} different positions; it should have at least {least}")
    return points


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _meaning(part: _Part, layers: Mapping[str, str], file: str, *, alone: bool) -> Meaning:
    if not part.kind:
        if alone and isinstance(part.shape, Polygon):
            return Meaning(Role.OUTLINE)
        raise ScenarioError(
            f'{file}: {part.where}: its properties should say what it is, such as "kind": "obstacle" '
            f"(known: {', '.join(meanings())})"
        )
    found = meaning_of(part.kind, layers)
    if found is None:
        said = unknown("kind", part.kind, meanings(), f"{file}: {part.where}")
        raise ScenarioError(f"{said}; map it with --layer '{part.kind}=ROLE', or leave it out with ROLE ignore")
    return found


def _projection(data: Any, shapes: list[Polygon | LineString], file: str, scale: float | None) -> tuple[Any, str]:
    """Return the function that takes coordinates to metres, and the sentence that says which it is."""
    if scale is not None:
        return (lambda c: c * scale), f"one unit of the coordinates is {scale:g} m"
    west, south, east, north = (float(b) for b in shapely.total_bounds(shapes))
    in_range = max(-west, east) <= 180 and max(-south, north) <= 90
    named = _crs(data)
    small = max(east - west, north - south) < _DEGREES_MOST
    degrees = any(named.endswith(word) for word in _WGS84) if named else in_range and small
    if not degrees:
        return (lambda c: c), "coordinates are metres"
    if not in_range:
        raise ScenarioError(f"{file}: its crs says degrees, but {max(map(abs, (west, south, east, north))):g} is none")
    origin = (west + east) / 2, (south + north) / 2
    note = (
        f"coordinates are degrees (WGS 84); the origin is {abs(origin[1]):.6f} {'S' if origin[1] < 0 else 'N'}, "
        f"{abs(origin[0]):.6f} {'W' if origin[0] < 0 else 'E'}"
    )
    return (lambda c: to_plane(np.asarray(c, float), origin)), note


def _crs(data: Any) -> str:
    """Return the name of the coordinate system by GeoJSON 2008, in small letters; empty where there is none."""
    crs = data.get("crs") if isinstance(data, Mapping) else None
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    return str(properties.get("name", "")).casefold() if isinstance(properties, Mapping) else ""


def _a(role: Role) -> str:
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role.value}"
