"""From a floor to a whole scenario that runs at once: people from every entrance, and a camera that sees the floor."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from scenarios.errors import ScenarioError
from scenarios.load import model_error
from scenarios.plans.floor import Floor
from scenarios.population import Flow
from scenarios.scenario import Scenario
from scenarios.venue import Gate, Venue

__all__ = ["draft_scenario", "scenario_name"]

_DURATION_S: Final = 120.0
_RATE_PER_MIN_M: Final = 6.0
"""Arrivals a minute and metre of an entrance: a fifteenth of what it would let through (1.5 /m/s)."""
_RATE_MOST_PER_MIN: Final = 120.0
_SAYS_NOTHING: Final = ("config", "geometry")
_LIST_KEYS: Final = ("obstacles", "zones", "gates")


def scenario_name(file: Path) -> str:
    """Return the name of the scenario that is made from a file, such as ``town_hall_v1``.

    A file whose name says nothing, as the web editor's ``config.json``, is named after its folder.
    """
    said = file.resolve().parent.name if file.stem in _SAYS_NOTHING else file.stem
    stem = re.sub(r"[^a-z0-9]+", "_", said.casefold()).strip("_")
    stem = re.sub(r"_v[0-9]+$", "", stem) or "venue"
    return f"{stem if stem[0].isalpha() else f'venue_{stem}'}_v1"


def draft_scenario(floor: Floor, name: str, source: str) -> tuple[Scenario, str]:
    """Write a scenario around a floor.

    Args:
        floor: The venue, with areas of the start.
        name: Of the scenario.
        source: What the plan is and where from, for its description.

    Returns:
        The scenario, and the text of its file; loading the text gives the scenario.

    Raises:
        ScenarioError: The schema of scenarios refuses it.
    """
    venue = floor.venue
    description = " ".join([f"The venue is {source}.", *(f"{n[:1].upper()}{n[1:]}." for n in floor.notes)])
    plain = venue.model_dump(mode="json", exclude_defaults=True)
    top = {
        "name": name,
        "title": name.rpartition("_v")[0].replace("_", " ").capitalize(),
        "description": description,
        "tags": ["imported"],
        "duration_s": _DURATION_S,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in top.items()]
    lines += ["", "[venue]", f"outline = {_toml(plain['outline'])}"]
    for key in _LIST_KEYS:
        lines += _list(key, plain.get(key, []))
    lines += ["", "[[cameras]]", 'id = "overview"']
    lines += [f"{key} = {_toml(value)}" for key, value in _camera(venue).items()]
    lines += ["", "[population]", *_list("flows", _flows(floor))]
    text = "\n".join(lines) + "\n"
    try:
        return Scenario.model_validate(tomllib.loads(text)), text
    except ValidationError as error:
        raise ScenarioError(model_error(error, Scenario, name)) from None


def _flows(floor: Floor) -> list[dict[str, Any]]:
    """Return a flow from every entrance to all exits, and one from every area of the start."""
    gates = floor.venue.gates
    exits = [gate for gate in gates if gate.direction != "in"]
    flows: list[dict[str, Any]] = []
    for gate in gates:
        to = [e.id for e in exits if e.id != gate.id] or [e.id for e in exits]
        if gate.direction == "out" or not to:
            continue
        rate = min(_RATE_MOST_PER_MIN, max(1.0, round(_RATE_PER_MIN_M * gate.width_m)))
        flows.append({"id": f"by_{gate.id}"[:40], "start": gate.id, "to": to, "spread": True, "rate_per_min": rate})
    for start in floor.starts:
        if exits and "area" in Flow.model_fields:
            nearest = min(exits, key=lambda e: _away(e, start.ring))
            to = [e.id for e in exits]
            entry = {"id": f"from_{start.id}"[:40], "start": nearest.id, "to": to, "initial": start.count}
            flows.append(entry | {"area": start.ring})
    return flows


def _away(gate: Gate, ring: Sequence[tuple[float, float]]) -> float:
    middle = gate.shape.centroid
    return min(math.hypot(middle.x - x, middle.y - y) for x, y in ring)


def _camera(venue: Venue) -> dict[str, Any]:
    """Return a camera that looks over the whole floor from beyond its south edge."""
    west, south, east, north = venue.floor.bounds
    wide, deep = east - west, north - south
    height = min(60.0, max(4.0, 0.35 * max(wide, deep)))
    middle = venue.floor.representative_point() if wide * deep > 4 * venue.floor.area else venue.floor.centroid
    return {
        "position_m": [round((west + east) / 2, 2), round(south - 0.25 * height, 2), round(height, 2)],
        "look_at_m": [round(middle.x, 2), round(middle.y, 2), 0.0],
        "hfov_deg": 90.0,
        "resolution_px": [1280, 720],
    }


def _list(key: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{key} = [", *(f"    {_toml(entry)}," for entry in entries), "]"] if entries else []


def _toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return str(value)
