"""What the command takes in: the plan of a venue, from other programs' files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import JsonOption, plain, screen
from scenarios.errors import ScenarioError

__all__ = ["venue"]


def venue(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Plan: GeoJSON, DXF (extra 'dxf'), JuPedSim JSON or zip, or WKT.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Scenario to write (.toml); default: after the plan, here.")
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="NAME=ROLE",
            help="What a layer or kind of the plan stands for: outline, obstacle, zone, gate, entrance, exit, start, "
            "a kind of obstacle such as wall or bench, or ignore. May be repeated.",
        ),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            "--scale", help="Metres of one unit of the plan, such as 0.001 for millimetres; default: its own."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a scenario that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a scenario of a floor plan: checked, with people from every entrance, and a picture of it to look at.

    Example: parvis venue hall.dxf --layer A-DOOR=exit --out hall_v1.toml
    """
    from dashboard.venue_import import import_venue

    made = import_venue(file, out, layers=_mapping(layers or []), scale=scale, overwrite=force)
    if as_json:
        typer.echo(json.dumps(made.as_dict()))
        return
    for note in made.notes:
        screen.print(plain(f"{note[:1].upper()}{note[1:]}."))
    for line in made.lines():
        screen.print(plain(line))
    screen.print(f"The plan to look at: [bold]{plain(str(made.picture))}[/bold]")
    screen.print(
        f"The scenario: [bold]{plain(str(made.scenario))}[/bold]; try `parvis plan {plain(str(made.scenario))}`."
    )


def _mapping(layers: list[str]) -> dict[str, str]:
    mapping = {}
    for layer in layers:
        name, sign, role = layer.rpartition("=")
        if not sign or not name.strip() or not role.strip():
            raise ScenarioError(f"--layer {layer}: should be NAME=ROLE, such as A-WALL=wall")
        mapping[name.strip()] = role.strip()
    return mapping
