"""The `parvis` command: its verbs, in the order in which they are shown, and how it ends."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer
from rich.console import Console

from dashboard import __version__
from dashboard.cli import calibrating, drilling, keeping, learning, making, playing, surveying, sweeping, watching
from dashboard.cli.words import plain
from scenarios.errors import ParvisError

__all__ = ["app", "main"]

app: Final = typer.Typer(
    name="parvis",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Rehearse a venue before the crowd comes, prove the detectors that will watch it, then watch it live.\n\n"
    "Begin with: [bold]parvis run forecourt_bag_v1[/bold], then [bold]parvis dashboard[/bold].",
)
audit_app: Final = typer.Typer(help="The record of what was alarmed and decided.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"parvis {__version__}")
        raise typer.Exit


app.command()(making.run)
app.command(name="film")(making.film_command)
app.command(name="plate")(making.plate_command)
app.command()(making.plan)
app.command()(playing.play)
app.command()(surveying.venue)
app.command()(learning.train)
app.command("train-heads")(learning.train_heads)
app.command()(calibrating.calibrate)
app.command()(watching.watch)
app.command()(watching.count)
app.command()(watching.replay)
app.command(name="sweep")(sweeping.sweep_command)
app.command()(watching.compare)
app.command()(watching.live)
app.command(name="drill")(drilling.drill_command)
app.command()(keeping.dashboard)
app.command(name="list")(keeping.list_command)
app.command()(keeping.doctor)
app.command()(keeping.schema)
app.command()(keeping.dossier)
app.command()(keeping.cases)
app.command()(keeping.retain)
app.command()(keeping.switch)
audit_app.command()(keeping.export)
audit_app.command()(keeping.verify)


def main() -> None:
    """Run the command; every error that a person can mend is one sentence and exit code 2."""
    try:
        app()
    except ParvisError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]parvis:[/] {plain(str(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
