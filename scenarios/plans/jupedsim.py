"""Plans of JuPedSim's web editor: ``config.json`` with ``geometry.wkt``, as files, as a zip or in one JSON.

The walkable area is well-known text, under ``walkable_area_wkt`` or ``geometry_wkt`` or in a file of its own; what is
on it stands in tables by id: ``exits``, ``distributions`` (people at the start), ``obstacles`` and ``zones``. Files of
before, with ``accessible_areas``, ``destinations`` and ``distribution_polygons``, are read too.

Reference:
    PedestrianDynamics/jupedsim-web-community, ``docker/llm-bridge/CONFIG_JSON_TEMPLATE.md``, project version 2.0.
    PedestrianDynamics/jupedsim-scenarios, what its ``load_scenario`` accepts.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import Polygon

from scenarios.errors import ScenarioError
from scenarios.plans.drawing import Drawing, Element, Meaning, Role, check_mapping, check_polygon, meaning_of
from scenarios.plans.text import MOST_BYTES, parse_json, read_text
from scenarios.plans.wkt import floor_of_wkt
from scenarios.venue import ObstacleKind

__all__ = ["is_jupedsim", "parse_jupedsim", "read_zip"]

_SECTIONS: Final[dict[str, Meaning]] = {
    "accessible_areas": Meaning(Role.OUTLINE),
    "obstacles": Meaning(Role.OBSTACLE, ObstacleKind.WALL),
    "zones": Meaning(Role.ZONE),
    "exits": Meaning(Role.EXIT),
    "destinations": Meaning(Role.EXIT),
    "distributions": Meaning(Role.START),
    "distribution_polygons": Meaning(Role.START),
}
_WKT_KEYS: Final = ("walkable_area_wkt", "geometry_wkt")
_RING_KEYS: Final = ("coordinates", "vertices")
_HINT: Final = "it should have walkable_area_wkt, or geometry.wkt should lie beside it"


def is_jupedsim(data: Any) -> bool:
    """Return whether a JSON object has what JuPedSim's files have."""
    keys = data if isinstance(data, Mapping) else {}
    inner = keys.get("config")
    inside = inner if isinstance(inner, Mapping) else {}
    return any(key in keys or key in inside for key in (*_SECTIONS, *_WKT_KEYS)) or "simulation_settings" in inside


def read_zip(path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    """Read a project as the web editor exports it: one JSON and one WKT file in a zip.

    Raises:
        ScenarioError: It is no zip, does not hold just these two, or something in them is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = {}
            for ending in (".json", ".wkt"):
                names = [n for n in archive.namelist() if n.endswith(ending) and not n.startswith("__MACOSX")]
                if len(names) != 1:
                    raise ScenarioError(f"{path.name}: holds {len(names)} files ending in {ending}; it should hold one")
                if archive.getinfo(names[0]).file_size > MOST_BYTES:
                    raise ScenarioError(f"{path.name}: {names[0]} is too large for a plan")
                found[ending] = archive.read(names[0]).decode("utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name}: is not a zip that can be read ({error})") from None
    return parse_jupedsim(parse_json(found[".json"], path.name), path, scale, layers, found[".wkt"])


def parse_jupedsim(
    data: Any, path: Path, scale: float | None, layers: Mapping[str, str], floor_wkt: str | None = None
) -> Drawing:
    """Take the elements out of a JuPedSim project.

    Args:
        data: Its JSON.
        path: Its file, for messages; the walkable area may lie beside it.
        scale: Metres of one unit; None: one, as in JuPedSim.
        layers: Sections such as ``distributions``, or ids of elements, to roles.
        floor_wkt: The walkable area; None: in the JSON, or beside it.

    Raises:
        ScenarioError: Something in it is wrong; the message names the section and the id.
    """
    if not isinstance(data, Mapping):
        raise ScenarioError(f"{path.name}: is no JuPedSim project; it should be a JSON object")
    inner = data.get("config")
    project = inner if isinstance(inner, Mapping) and any(key in inner for key in _SECTIONS) else data
    elements = _floor(data, project, path, scale, floor_wkt)
    found = list(_entries(project, path.name))
    check_mapping(layers, [*(s for s in _SECTIONS if s in project), *(i for _, i, _ in found)], "section or id", path)
    folded = {key.strip().casefold() for key in layers}
    notes = [f"one unit of the coordinates is {scale or 1:g} m"]
    for section, name, entry in found:
        named = next((key for key in (name, section) if key.casefold() in folded), None)
        meaning = (named and meaning_of(named, layers)) or _SECTIONS[section]
        if meaning.role is Role.IGNORE:
            continue
        where = f"{section}.{name}"
        shape = _polygon(entry, f"{path.name}: {where}")
        traits: dict[str, Any] = {"kind": meaning.obstacle} if meaning.obstacle else {}
        if meaning.role is Role.START:
            traits |= _count(entry)
        if meaning.role is Role.EXIT:
            traits["inside"] = True
        notes += _left_out(where, entry)
        shape = shapely.transform(shape, lambda c: c * (scale or 1.0))
        elements.append(Element(meaning.role, shape, where, name, traits))
    routes = sum(len(project.get(key) or ()) for key in ("checkpoints", "journeys_v2"))
    if routes:
        notes.append("checkpoints and journeys are left out: everybody walks to a gate")
    return Drawing(path.name, "JuPedSim project", elements, _HINT, notes)


def _floor(
    data: Mapping[str, Any], project: Mapping[str, Any], path: Path, scale: float | None, text: str | None
) -> list[Element]:
    """Return the walkable area from where it is; nothing where the sections should have it."""
    place = path.name
    for holder in (data, project):
        for key in _WKT_KEYS:
            if text is None and isinstance(holder.get(key), str):
                text, place = holder[key], f"{path.name}: {key}"
    if text is None and "accessible_areas" not in project:
        beside = [path.with_name("geometry.wkt"), path.with_suffix(".wkt")]
        there = next((file for file in beside if file.is_file()), None)
        if there is not None:
            text, place = read_text(there), there.name
    return floor_of_wkt(text, place, scale) if text is not None else []


def _entries(project: Mapping[str, Any], file: str) -> Iterator[tuple[str, str, Any]]:
    """Yield section, id and entry of all elements; sections are tables by id, or lists of tables with an id."""
    for section in _SECTIONS:
        held = project.get(section) or {}
        if isinstance(held, Mapping):
            yield from ((section, str(name), entry) for name, entry in held.items())
        elif isinstance(held, list):
            for number, entry in enumerate(held, 1):
                name = entry.get("id", number) if isinstance(entry, Mapping) else number
                yield section, str(name), entry
        else:
            raise ScenarioError(f"{file}: {section}: should be a table of elements by id")


def _polygon(entry: Any, place: str) -> Polygon:
    held = next((entry[k] for k in _RING_KEYS if k in entry), None) if isinstance(entry, Mapping) else entry
    if not isinstance(held, list):
        raise ScenarioError(f"{place}: should have coordinates, a list of [x, y]")
    points = []
    for point in held:
        if not isinstance(point, list) or len(point) < 2 or not all(_is_number(n) for n in point[:2]):
            raise ScenarioError(f"{place}: {str(point)[:40]} should be a position of two numbers [x, y]")
        points.append((float(point[0]), float(point[1])))
    if len(set(points)) < 3:
        raise ScenarioError(f"{place}: has {len(set(points))} different positions; it should have at least 3")
    return check_polygon(Polygon(points), place)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _count(entry: Any) -> dict[str, Any]:
    """Return how many people a distribution holds; nothing where it only says a share of what fits."""
    given = entry.get("parameters") if isinstance(entry, Mapping) else None
    parameters = given if isinstance(given, Mapping) else {}
    schedule = parameters.get("flow_schedule") or []
    if schedule and isinstance(schedule, list):
        planned = [w.get("number", w.get("sim_count", 0)) for w in schedule if isinstance(w, Mapping)]
        return {"count": (parameters.get("initial_number") or 0) + sum(planned)}
    return {"count": parameters["number"]} if parameters.get("number") else {}


def _left_out(where: str, entry: Any) -> list[str]:
    """Say what of an element has no counterpart here."""
    if not isinstance(entry, Mapping):
        return []
    parameters = entry.get("parameters") or {}
    notes = []
    if entry.get("enable_throughput_throttling"):
        notes.append(f"{where}: its limit of {entry.get('max_throughput')} people a second is left out")
    if entry.get("speed_factor") not in (None, 1, 1.0):
        notes.append(f"{where}: its speed factor {entry['speed_factor']} is left out")
    if isinstance(parameters, Mapping) and parameters.get("use_flow_spawning"):
        notes.append(f"{where}: comes over time in JuPedSim, here all are there at the start")
    return notes
