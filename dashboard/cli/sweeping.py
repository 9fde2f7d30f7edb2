"""What the command runs many of: sweeps and suites."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import CAMERA_MOTION_HELP, JsonOption, SetOption, TrustOption, again, plain, screen, seeds_of
from scenarios.errors import ScenarioError

__all__ = ["EngineName", "sweep_command"]


class EngineName(StrEnum):
    """What runs a sweep."""

    LOCAL = "local"
    RAY = "ray"


def sweep_command(
    wanted: Annotated[
        str,
        typer.Argument(metavar="SWEEP", help="A suite of the library (see `parvis list`) or a .toml file of your own."),
    ],
    detector: Annotated[
        str | None, typer.Option("--detector", metavar="D", help="As for `parvis run`; in place of the sweep's own.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="1-10", help="In place of the sweep's, such as 1-10 or 1,2,7.")
    ] = None,
    changes: SetOption = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="local: this machine; ray: a cluster (extra 'ray').")
    ] = EngineName.LOCAL,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=0, help="Processes; 0: in this one; default: one a core. Ray: tasks at once."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="HOST:PORT", help="Of a Ray cluster; default: one started on this machine."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; default: in sweeps/. It goes on where it was.")
    ] = None,
    tracker: Annotated[str | None, typer.Option("--tracker", help="bytetrack, ocsort or sort.")] = None,
    camera_motion: Annotated[str | None, typer.Option("--camera-motion", help=CAMERA_MOTION_HELP)] = None,
    trust_weights: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run many rehearsals: cases, times a grid or random draws of any keys, times seeds. Can be stopped and goes on.

    Example: parvis sweep decree --detector oracle --set duration_s=20

    Example: parvis sweep my_sweep.toml --workers 4
    """
    from dashboard.progress import bars
    from dashboard.sweep.bench import sweep
    from dashboard.sweep.engine import in_process
    from dashboard.sweep.spec import points_of
    from dashboard.sweep.summary import table_of
    from dashboard.sweep.workers import local_workers, usual_workers
    from scenarios.suite import load_suite

    if address is not None and engine is not EngineName.RAY:
        raise ScenarioError("sweep: --address is of a Ray cluster; give --engine ray with it")
    suite, folder = load_suite(wanted)
    given = {"detector": detector, "tracker": tracker, "camera_motion": camera_motion}
    points = points_of(
        suite,
        folder,
        changes=changes or (),
        watched_by={key: value for key, value in given.items() if value is not None},
        seeds=None if seeds is None else seeds_of(seeds),
        trust_weights=trust_weights,
    )
    if engine is EngineName.RAY:
        from dashboard.sweep.cluster import on_ray

        runs = on_ray(address, at_once=workers)
    else:
        runs = in_process if workers == 0 else local_workers(workers or usual_workers())
    with bars(quiet=as_json) as report:
        done = sweep(suite, points, out or Path("sweeps") / suite.name, runs, command=again(), report=report)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "sweep_dir": str(done.folder),
                    "points": done.points,
                    "specs": done.specs,
                    "found": done.found,
                    "failed": list(done.failed.values()),
                    "summary": done.summary,
                }
            )
        )
    else:
        screen.print(f"{done.points} points, {done.specs} rehearsals, {done.found} of them there from before.")
        screen.print(table_of(done.summary))
        screen.print(f"Report: [bold]{plain(str(done.folder / 'report.html'))}[/bold]")
    if done.failed:
        first = next(iter(done.failed.values()))
        raise ScenarioError(
            f"{done.folder}: {len(done.failed)} of {done.specs} rehearsals could not be run; the first: {first}"
        )
