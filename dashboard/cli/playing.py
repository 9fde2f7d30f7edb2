"""What the command lets people play with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import ScenarioArgument, SeedOption, SetOption, plain, screen

__all__ = ["play"]


def play(
    scenario: ScenarioArgument,
    seed: SeedOption = None,
    changes: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Scenario to save to, on S and on quitting; default: SCENARIO-played.toml, asked."),
    ] = None,
) -> None:
    """Play with a crowd in a window: gates, barriers, bags, falls, surges; save it as a scenario with the same bits.

    Example: parvis play stadium_egress_surge_v1 --out my_evening.toml   (H shows all keys)
    """
    from dashboard.play.session import Session
    from dashboard.play.window import Window, open_display
    from scenarios.load import load_scenario

    world = load_scenario(scenario, [*(changes or []), *([f"seed={seed}"] if seed is not None else [])])
    surface = open_display()
    path = out or Path(f"{world.name}-played.toml")
    window = Window(Session(world), surface, path, save_on_quit=out is not None)
    window.run()
    if window.session.acts and not window.session.unsaved:
        screen.print(f"Played: [bold]{plain(str(path))}[/bold]; the same bits again: `parvis plan {plain(str(path))}`.")
