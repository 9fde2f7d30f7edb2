"""The `parvis` command."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from dashboard import __version__
from scenarios.errors import ParvisError, ScenarioError

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

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

_screen: Final = Console()

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A name of the library (see `parvis list`) or a .toml file.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one key of the scenario, such as venue.gates.north.open=false or duration_s=30; "
        "or of a rule, such as rule.abandoned_object.alone_s=20. May be repeated.",
    ),
]
DetectorOption = Annotated[
    str,
    typer.Option(
        "--detector",
        metavar="D",
        help="background, yolo_onnx:MODEL.onnx, a .pt file (extra 'ultralytics'), "
        "or oracle[:miss=0.1,jitter_px=5,false_per_frame=0.1].",
    ),
]
TrackerOption = Annotated[str, typer.Option("--tracker", help="bytetrack, ocsort or sort.")]
TrustOption = Annotated[
    bool, typer.Option("--trust-weights", help="Load .pt files: they can run any code, so only from who you trust.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Fixes all chance; default: the scenario's.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a run folder that is there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on standard output.")]


def main() -> None:
    """Run the command; every error that a person can mend is one sentence and exit code 2."""
    try:
        app()
    except ParvisError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]parvis:[/] {_plain(str(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"parvis {__version__}")
        raise typer.Exit


@app.command()
def run(
    scenario: ScenarioArgument,
    detector: DetectorOption = "background",
    seed: SeedOption = None,
    changes: SetOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; default: in runs/.")] = None,
    tracker: TrackerOption = "bytetrack",
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

    for_scenario, for_rules = _split(changes)
    world = load_scenario(scenario, [*for_scenario, *([f"seed={seed}"] if seed is not None else [])])
    folder = out or Path("runs") / f"{world.name}-seed{world.seed}-{_slug(detector)}"
    with bars(quiet=as_json) as report:
        recording = rehearse(
            world,
            folder,
            Watching(detector, tracker, for_rules, trust_weights),
            overwrite=force or out is None,
            command=_again(),
            report=report,
        )
    _show_score(recording.folder, as_json)


@app.command(name="film")
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
            command=_again(),
            report=report,
        )
    if preview:
        _preview(world, recording.folder / "preview.png", as_json=True)
    made = recording.run()
    if as_json:
        typer.echo(json.dumps({"run_dir": str(recording.folder)} | made))
    else:
        _screen.print(f"Footage and truth: [bold]{_plain(str(recording.folder))}[/bold]")


def _preview(world: Scenario, path: Path, as_json: bool) -> None:
    from dashboard.preview import make_preview
    from dashboard.progress import bars

    with bars(quiet=as_json) as report:
        make_preview(world, path, report=report)
    if as_json:
        typer.echo(json.dumps({"preview": str(path)}))
    else:
        _screen.print(f"Preview: [bold]{_plain(str(path))}[/bold]")


def _serve(world: Scenario, url: str, *, once: bool, expose: bool, as_json: bool) -> None:
    from dashboard.progress import bars
    from dashboard.serve_film import RtspAddress, serve_film

    address = RtspAddress.of(url, expose=expose)

    def say(urls: list[str]) -> None:
        if as_json:
            typer.echo(json.dumps({"serving": urls}))
            sys.stdout.flush()
        else:
            _screen.print("\n".join(f"Serving [bold]{_plain(u)}[/bold]" for u in urls) + "\nStop with Ctrl-C.")

    with bars(quiet=as_json) as report:
        serve_film(world, address, once=once, ready=say, prepare=lambda share: report("film ahead", share))


@app.command(name="plate")
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
            _screen.print(_plain(line))
        _screen.print(f"The twin: [bold]{_plain(str(made.scenario))}[/bold]; film it with `parvis film`.")


@app.command()
def plan(
    scenario: ScenarioArgument,
    seed: SeedOption = None,
    changes: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the crowd only: density, level of service, flows, evacuation time; beside the unchanged scenario.

    Example: parvis plan stadium_egress_surge_v1 --set venue.gates.east.open=false
    """
    from dashboard.plans import compare_plans, table_of
    from dashboard.progress import bars
    from scenarios.load import load_scenario

    seeded = [f"seed={seed}"] if seed is not None else []
    unchanged = load_scenario(scenario, seeded)
    changed = load_scenario(scenario, [*(changes or []), *seeded]) if changes else None
    with bars(quiet=as_json) as report:
        plans = compare_plans(unchanged, changed, report)
    if as_json:
        typer.echo(json.dumps(plans.as_dict()))
    else:
        _screen.print(table_of(plans))


@app.command()
def watch(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Video file, folder of pictures, webcam:0 or rtsp://...")
    ],
    camera: Annotated[Path | None, typer.Option("--camera", help="Calibration of the camera (TOML).")] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="MOTChallenge gt.txt: then it is scored.")] = None,
    detector: DetectorOption = "background",
    tracker: TrackerOption = "bytetrack",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Setting of a rule: rule.abandoned_object.alone_s=20."),
    ] = None,
    fps: Annotated[float | None, typer.Option("--fps", help="True frame rate, where the file's header lies.")] = None,
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.")] = None,
    store: Annotated[Path | None, typer.Option("--store", help="Alert store; the Live page reads it.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; live sources: only if given.")] = None,
    trust_weights: TrustOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the same detection stack on real footage; with --truth, score it.

    Example: parvis watch data/vtest.avi --camera tests/reference/pets09_s2l1/camera.toml
    """
    from dashboard.progress import bars
    from dashboard.real import watch_real
    from dashboard.rehearsal import Watching

    for_scenario, for_rules = _split(changes)
    if for_scenario:
        raise ScenarioError(f"--set {for_scenario[0]}: real footage takes only rule.NAME.KEY=VALUE")
    with bars(quiet=as_json) as report:
        recording = watch_real(
            source,
            calibration=camera,
            truth=truth,
            watching=Watching(detector, tracker, for_rules, trust_weights),
            fps=fps,
            seconds=seconds,
            store=store,
            out=out,
            overwrite=force or out is None,
            command=_again(),
            report=report,
        )
    if recording is not None:
        _show_score(recording.folder, as_json)


@app.command()
def replay(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder whose footage is watched again.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="rule.abandoned_object.alone_s=20")
    ] = None,
    detector: Annotated[str | None, typer.Option("--detector", metavar="D", help="Default: as before.")] = None,
    tracker: Annotated[str | None, typer.Option("--tracker", help="Default: as before.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Default: RUN-replay beside it.")] = None,
    trust_weights: TrustOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Watch recorded footage again with other settings; show the score before and after.

    Example: parvis replay runs/demo --set rule.abandoned_object.alone_s=20
    """
    from dashboard.compare import compare_runs, table_of
    from dashboard.progress import bars
    from dashboard.rehearsal import Watching
    from dashboard.rehearsal import replay as watch_again
    from scenarios.recording import Recording

    made = Recording.open(run_folder).run()
    for_scenario, for_rules = _split(changes)
    if for_scenario:
        raise ScenarioError(f"--set {for_scenario[0]}: recorded footage takes only rule.NAME.KEY=VALUE")
    rules = {name: dict(keys) for name, keys in made.get("rules", {}).items()}
    for name, keys in for_rules.items():
        rules.setdefault(name, {}).update(keys)
    with bars(quiet=as_json) as report:
        after = watch_again(
            run_folder,
            out or run_folder.with_name(f"{run_folder.name}-replay"),
            Watching(detector or made["detector_spec"], tracker or made["tracker"], rules, trust_weights),
            overwrite=force or out is None,
            command=_again(),
            report=report,
        )
    if not as_json:
        _screen.print(table_of(compare_runs(run_folder, after.folder)))
    _show_score(after.folder, as_json)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, or a folder with a run a seed.")],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="The other.")],
    gate: Annotated[Path | None, typer.Option("--gate", help="Limits (TOML); exit code 1 if one is broken.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how two runs differ; with --gate, fail when the second is worse than allowed.

    Example: parvis compare runs/old runs/new --gate gate.toml
    """
    from dashboard.compare import check_gate, compare_runs, table_of

    difference = compare_runs(before, after)
    broken = check_gate(difference, gate) if gate else []
    if as_json:
        typer.echo(json.dumps(difference.as_dict() | {"broken": broken}))
    else:
        _screen.print(table_of(difference))
        for line in broken:
            _screen.print(f"[bold red]gate broken:[/] {_plain(line)}")
    raise typer.Exit(1 if broken else 0)


@app.command()
def live(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file: cameras, rules, store.")],
) -> None:
    """Watch several cameras until stopped, each in a process of its own; alerts go to the store.

    Example: parvis live live.toml
    """
    from detect.live import run_daemon

    run_daemon(config)


@app.command()
def dashboard(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of run folders.")] = Path("runs"),
    store: Annotated[Path | None, typer.Option("--store", help="Alert store of the Live page.")] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 8501,
    host: Annotated[str, typer.Option("--host", help="Address; only this machine by default.")] = "127.0.0.1",
) -> None:
    """Open the control room in the browser: Plan, Test, Live."""
    from dashboard.serve import serve

    serve(folder, host=host, port=port, store=store)


@app.command(name="list")
def list_command(as_json: JsonOption = False) -> None:
    """Show what there is: scenarios, detectors, trackers, rules, incidents, motion models, sources."""
    from dashboard.inventory import inventory, table_of

    found = inventory()
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _screen.print(table_of(found))


@app.command()
def doctor(
    prepare: Annotated[bool, typer.Option("--prepare", help="Compile everything now: half a minute, once.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check what this machine can do: codecs, extras, speed, browsers; say what is missing and how to get it."""
    from dashboard.doctor import checks, table_of

    if prepare:
        from dashboard.progress import bars
        from dashboard.rehearsal import compile_all

        with bars(quiet=as_json) as report:
            compile_all(report)
    found = checks()
    if as_json:
        typer.echo(json.dumps([c.as_dict() for c in found]))
    else:
        _screen.print(table_of(found))
    raise typer.Exit(1 if any(c.required and not c.ok for c in found) else 0)


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")] = None,
) -> None:
    """Print the JSON Schema of scenario files: editors complete and check with it."""
    from scenarios.load import json_schema

    text = json.dumps(json_schema(), indent=1) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@audit_app.command()
def verify(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="SQLite file of `parvis live` or `parvis watch`.")],
    as_json: JsonOption = False,
) -> None:
    """Check the hash chain of the record: was a row changed, removed or put in?"""
    from detect.store import Store

    with Store.open_existing(store) as opened:
        found = opened.verify()
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
    elif found.ok:
        _screen.print(f"intact: {found.rows} entries")
    else:
        _screen.print(f"[bold red]NOT INTACT[/]: {_plain(found.problem)}")
    raise typer.Exit(0 if found.ok else 1)


def _split(changes: list[str] | None) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Part ``--set`` values into those of the scenario and those of the rules."""
    import tomllib

    scenario: list[str] = []
    rules: dict[str, dict[str, Any]] = {}
    for change in changes or []:
        if not change.startswith(("rule.", "rules.")):
            scenario.append(change)
            continue
        key, sign, text = change.partition("=")
        parts = key.split(".")
        if len(parts) != 3 or not sign:
            raise ScenarioError(f"--set {change}: should be like rule.abandoned_object.alone_s=20")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        rules.setdefault(parts[1], {})[parts[2]] = value
    return scenario, rules


def _again() -> str:
    return shlex.join(["parvis", *sys.argv[1:]])


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in Path(text).name).strip("_").lower()


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _show_score(folder: Path, as_json: bool) -> None:
    from dashboard.scoreboard import print_score
    from scenarios.recording import Recording

    recording = Recording.open(folder)
    if as_json:
        typer.echo(json.dumps(recording.score() | {"run_dir": str(folder)}))
    else:
        print_score(recording, _screen)


if __name__ == "__main__":
    main()
