"""What the command makes: a rehearsal, footage, a served camera, the twin of a camera, a plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.cli.words import (
    CameraMotionOption,
    DetectorOption,
    ForceOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    TrackerOption,
    TrustOption,
    again,
    plain,
    screen,
    seeds_of,
    show_score,
    slug,
    split,
)  # fmt: skip
from detect import defaults
from detect.motion_mode import DEFAULT_MODE
from scenarios.errors import ScenarioError

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

__all__ = ["film_command", "plan", "plate_command", "run"]


def run(
    scenario: ScenarioArgument,
    detector: DetectorOption = defaults.DETECTOR,
    seed: SeedOption = None,
    changes: SetOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; default: in runs/.")] = None,
    tracker: TrackerOption = "bytetrack",
    camera_motion: CameraMotionOption = DEFAULT_MODE,
    trust_weights: TrustOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate, film, detect and score one scenario; write a run folder with a report.

    Example: parvis run forecourt_bag_v1 --detector oracle --seed 3
    """
    from dashboard.progress import bars
    from dashboard.rehearsal import Watching, rehearse
    from scenarios.load import load_scenario

    said = split(changes)
    world = load_scenario(scenario, [*said.scenario, *([f"seed={seed}"] if seed is not None else [])])
    folder = out or Path("runs") / f"{world.name}-seed{world.seed}-{slug(detector)}"
    with bars(quiet=as_json) as report:
        recording = rehearse(
            world,
            folder,
            Watching(detector, tracker, said.rules, trust_weights, camera_motion, said.calibration),
            overwrite=force or out is None,
            command=again(),
            report=report,
        )
    show_score(recording.folder, as_json)


def film_command(
    scenario: ScenarioArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Also as: coco, yolo, mot, fiftyone (comma between).")] = "",
    masks: Annotated[
        bool, typer.Option("--masks", help="Keep a mask of every person and bag (truth/masks.parquet).")
    ] = False,
    serve: Annotated[
        str | None,
        typer.Option(
            "--serve",
            metavar="URL",
            help="Show it as a network camera in real time, such as rtsp://127.0.0.1:8554/cam1; "
            "of several cameras that is the first, and each is at /its_id. Begins again at the end.",
        ),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            help="Only a contact sheet (PNG), quickly: pictures with boxes, plan, timeline; "
            "with --out FOLDER, preview.png beside the footage.",
        ),
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="With --serve: stop at the end.")] = False,
    expose: Annotated[bool, typer.Option("--expose", help="With --serve: let other machines connect.")] = False,
    seed: SeedOption = None,
    changes: SetOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Film a scenario: H.264 footage and exact truth, no detection; or look at it; or serve it as network cameras.

    Example: parvis film station_hall_dwellers_v1 --out films/hall --masks --format coco,fiftyone

    Example: parvis film square_drone_v1 --preview

    Example: parvis film forecourt_bag_v1 --serve rtsp://127.0.0.1:8554/cam1
    """
    from scenarios.load import load_scenario

    if serve is not None and (out is not None or preview):
        raise ScenarioError("film: --serve shows pictures and writes none; leave out --out and --preview")
    if serve is None and out is None and not preview:
        raise ScenarioError("film: give --out FOLDER (footage and truth), --preview (a picture) or --serve URL")
    world = load_scenario(scenario, [*(changes or []), *([f"seed={seed}"] if seed is not None else [])])
    if serve is not None:
        _serve(world, serve, once=once, expose=expose, as_json=as_json)
        return
    if out is None:
        _preview(world, Path(f"{world.name}-preview.png"), as_json)
        return
    from dashboard.progress import bars
    from dashboard.rehearsal import film_only

    with bars(quiet=as_json) as report:
        recording = film_only(
            world,
            out,
            formats=[f.strip() for f in formats.split(",") if f.strip()],
            masks=masks,
            overwrite=force,
            command=again(),
            report=report,
        )
    if preview:
        _preview(world, recording.folder / "preview.png", as_json=True)
    made = recording.run()
    if as_json:
        typer.echo(json.dumps({"run_dir": str(recording.folder)} | made))
    else:
        screen.print(f"Footage and truth: [bold]{plain(str(recording.folder))}[/bold]")


def _preview(world: Scenario, path: Path, as_json: bool) -> None:
    from dashboard.preview import make_preview
    from dashboard.progress import bars

    with bars(quiet=as_json) as report:
        make_preview(world, path, report=report)
    if as_json:
        typer.echo(json.dumps({"preview": str(path)}))
    else:
        screen.print(f"Preview: [bold]{plain(str(path))}[/bold]")


def _serve(world: Scenario, url: str, *, once: bool, expose: bool, as_json: bool) -> None:
    from dashboard.progress import bars
    from dashboard.serve_film import RtspAddress, serve_film

    address = RtspAddress.of(url, expose=expose)

    def say(urls: list[str]) -> None:
        if as_json:
            typer.echo(json.dumps({"serving": urls}))
            sys.stdout.flush()
        else:
            screen.print("\n".join(f"Serving [bold]{plain(u)}[/bold]" for u in urls) + "\nStop with Ctrl-C.")

    with bars(quiet=as_json) as report:
        serve_film(world, address, once=once, ready=say, prepare=lambda share: report("film ahead", share))


def plate_command(
    source: Annotated[str, typer.Argument(metavar="VIDEO", help="Video file or folder of pictures of a fixed camera.")],
    camera: Annotated[Path, typer.Option("--camera", help="Calibration of the camera (TOML).")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write plate.png and twin_v1.toml to.")],
    truth: Annotated[
        Path | None, typer.Option("--truth", help="MOTChallenge gt.txt: the twin's people go the real ways.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the twin of a real camera: its empty scene, its light, and a scenario that plays in it.

    Example: parvis plate data/vtest.avi --camera tests/reference/pets09_s2l1/camera.toml --out data/pets_twin
    """
    from dashboard.plate_maker import make_plate
    from dashboard.progress import bars

    with bars(quiet=as_json) as report:
        made = make_plate(source, camera, out, truth=truth, report=report)
    if as_json:
        typer.echo(json.dumps({"scenario": str(made.scenario), "plate": str(made.plate), "said": made.said}))
    else:
        for line in made.said[1:]:
            screen.print(plain(line))
        screen.print(f"The twin: [bold]{plain(str(made.scenario))}[/bold]; film it with `parvis film`.")


def plan(
    scenario: ScenarioArgument,
    seed: SeedOption = None,
    changes: SetOption = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="SCENARIO", help="Another scenario beside it; --set then holds for both."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", metavar="1-10", help="Many seeds, such as 1-10 or 1,2,7: means and 95 % intervals."),
    ] = None,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", help="Write a page to print: figures, maps, a film, the limits."),
    ] = None,
    trajectories: Annotated[
        Path | None,
        typer.Option(
            "--trajectories",
            metavar="FILE",
            help="Write everybody's way, of the changed scenario where --set is given: .parquet, or .txt for PedPy.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; default: one a core for four crowds or more.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the crowd only: density, level of service, flows, evacuation time; beside a changed or another scenario.

    Example: parvis plan hall_evacuation_v1 --set venue.gates.north.open=true --seeds 1-10 --report hall.html

    Example: parvis plan stadium_egress_surge_v1 --trajectories ways.txt
    """
    from dashboard.plan_report import check_report_target, write_plan_report
    from dashboard.plans import compare_plans, names_of, table_of
    from dashboard.progress import bars
    from scenarios.load import load_scenario

    if seed is not None and seeds is not None:
        raise ScenarioError("plan: give --seed or --seeds, not both")
    chance = seeds_of(seeds) if seeds is not None else () if seed is None else (seed,)
    if report_file is not None:
        check_report_target(report_file)
    unchanged = load_scenario(scenario, (changes or []) if against is not None else [])
    names = ("as it is", "as changed")
    changed = None
    if against is not None:
        changed = load_scenario(against, changes or [])
        names = names_of(unchanged, changed)
        chance = chance or (unchanged.seed,)
    elif changes:
        changed = load_scenario(scenario, changes)
    with bars(quiet=as_json) as report:
        plans = compare_plans(
            unchanged, changed, report, seeds=chance, names=names, workers=workers, trajectories=trajectories
        )
    if report_file is not None:
        said = [] if against is not None else changes or []
        write_plan_report(plans, report_file, changes=said, command=again())
    if as_json:
        typer.echo(json.dumps(plans.as_dict() | ({} if report_file is None else {"report": str(report_file)})))
        return
    screen.print(table_of(plans))
    if report_file is not None:
        screen.print(f"Report: [bold]{plain(str(report_file))}[/bold]")
