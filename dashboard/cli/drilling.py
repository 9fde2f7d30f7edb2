"""The verb that proves an operator's chain: put something into a camera's pictures, and see what becomes of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import JsonOption, plain, screen

__all__ = ["drill_command"]


def drill_command(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of a `parvis live` that runs.")],
    camera: Annotated[str | None, typer.Option("--camera", help="Whose pictures are used; it is calibrated.")] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="abandoned_object, person_down or crowd_movement.")
    ] = "abandoned_object",
    at: Annotated[
        str | None, typer.Option("--at", metavar="X,Y", help="Where, in metres; default: anywhere that people walk.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end.")] = True,
    stop: Annotated[str | None, typer.Option("--stop", metavar="DRILL", help="End one that waits or runs.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Put a bag, a fall or a surge into a live camera's pictures; the alert says DRILL, and how fast it came is kept.

    Without --camera it shows the figures of each month. Exit code 1: the drill was missed or proved nothing.

    Example: parvis drill live.toml --camera gate --kind person_down
    """
    import getpass

    from dashboard.drill_figures import drill_rows
    from dashboard.drilling import ask, follow, table_of
    from detect.drills import DrillState
    from detect.live.config import load_config
    from detect.store import Store

    read = load_config(config)
    with Store.open_existing(read.store) as store:
        if stop is not None:
            store.drills.stop(stop, by=getpass.getuser())
            screen.print(f"{plain(stop)} is stopped; its figures leave the pictures within seconds")
            return
        if camera is None:
            if as_json:
                typer.echo(json.dumps(drill_rows(store)))
            else:
                screen.print(table_of(store))
            return
        drill = ask(store, read, camera, kind, at, by=getpass.getuser())
        if wait:
            drill = follow(store, drill.drill_id, screen, quiet=as_json)
        if as_json:
            typer.echo(json.dumps(asdict(drill), default=str))
        elif not wait:
            screen.print(f"{drill.drill_id} is asked for")
    raise typer.Exit(0 if not wait or drill.state is DrillState.RAISED else 1)
