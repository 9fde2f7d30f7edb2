"""Plans of venues in other formats, one a file; ``FORMATS`` lists them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scenarios.errors import ScenarioError
from scenarios.plans.drawing import Drawing
from scenarios.plans.dxf import read_dxf
from scenarios.plans.geojson import parse_geojson
from scenarios.plans.jupedsim import is_jupedsim, parse_jupedsim, read_zip
from scenarios.plans.text import read_json
from scenarios.plans.wkt import read_wkt

__all__ = ["FORMATS", "read_plan"]


def _read_geojson(path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    return parse_geojson(read_json(path), path, scale, layers)


def _read_json(path: Path, scale: float | None, layers: Mapping[str, str]) -> Drawing:
    """Read what ends in .json by what it holds."""
    data = read_json(path)
    parse = parse_jupedsim if is_jupedsim(data) else parse_geojson
    return parse(data, path, scale, layers)


FORMATS: Final[dict[str, Callable[[Path, float | None, Mapping[str, str]], Drawing]]] = {
    ".geojson": _read_geojson,
    ".json": _read_json,
    ".zip": read_zip,
    ".wkt": read_wkt,
    ".dxf": read_dxf,
}
"""Ending of a file to what reads it."""


def read_plan(path: Path, *, scale: float | None = None, layers: Mapping[str, str] | None = None) -> Drawing:
    """Read a plan by the ending of its name.

    Args:
        path: The file.
        scale: Metres of one unit of its coordinates; None: as the file says.
        layers: Layers or kinds of the file to roles, where its own names say nothing.

    Raises:
        ScenarioError: It cannot be read; one sentence that names the element.
        MissingExtraError: It is DXF and the extra is not installed.
    """
    reader = FORMATS.get(path.suffix.casefold())
    if reader is None:
        raise ScenarioError(f"{path.name}: its ending says no plan; it should be one of {', '.join(FORMATS)}")
    return reader(path, scale, layers or {})
