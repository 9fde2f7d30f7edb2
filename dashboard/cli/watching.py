"""What the command watches: footage, a recording again, several cameras, two runs beside each other."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import (
    CAMERA_MOTION_HELP,
    CameraMotionOption,
    DetectorOption,
    ForceOption,
    JsonOption,
    TrackerOption,
    TrustOption,
    again,
    plain,
    screen,
    show_score,
    split,
)  # fmt: skip
from detect import defaults
from detect.motion_mode import DEFAULT_MODE, MODES
from scenarios.errors import ScenarioError

__all__ = ["compare", "count", "live", "replay", "watch"]


def watch(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Video file, folder of pictures, webcam:0 or rtsp://...")
    ],
    camera: Annotated[Path | None, typer.Option("--camera", help="Calibration of the camera (TOML).")] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="MOTChallenge gt.txt: then it is scored.")] = None,
    detector: DetectorOption = defaults.DETECTOR,
    tracker: TrackerOption = "bytetrack",
    camera_motion: CameraMotionOption = DEFAULT_MODE,
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

    for_scenario, for_rules = split(changes)
    if for_scenario:
        raise ScenarioError(f"--set {for_scenario[0]}: real footage takes only rule.NAME.KEY=VALUE")
    with bars(quiet=as_json) as report:
        recording = watch_real(
            source,
            calibration=camera,
            truth=truth,
            watching=Watching(detector, tracker, for_rules, trust_weights, camera_motion),
            fps=fps,
            seconds=seconds,
            store=store,
            out=out,
            overwrite=force or out is None,
            command=again(),
            report=report,
        )
    if recording is not None:
        show_score(recording.folder, as_json)


def count(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Video file, folder of pictures, webcam:0 or rtsp://...")
    ],
    camera: Annotated[
        Path | None, typer.Option("--camera", help="Calibration of the camera (TOML): then its zones are measured.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option("--network", help="ONNX file of `parvis train-heads`; default: the one shipped.")
    ] = None,
    scale: Annotated[
        float | None, typer.Option("--scale", min=0.1, max=8, help="Enlarge pictures; default: as the first ones tell.")
    ] = None,
    every: Annotated[float, typer.Option("--every", min=0, help="Seconds between pictures that are counted.")] = 1.0,
    fps: Annotated[float | None, typer.Option("--fps", help="True frame rate, where the file's header lies.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count the heads in footage of a crowd, one line a picture; nobody is followed.

    Example: parvis count data/vtest.avi --camera tests/reference/pets09_s2l1/camera.toml
    """
    from dashboard.head_counts import count_heads

    for told in count_heads(source, calibration=camera, network=network, scale=scale, every_s=every, fps=fps):
        if as_json:
            typer.echo(json.dumps(asdict(told)))
            continue
        zones = (
            f"  {zone}: {density:.2f} /m2{'' if told.valid[zone] else ' (outside the range in which heads are right)'}"
            for zone, density in told.per_m2.items()
        )
        typer.echo(f"{told.time_s:9.2f} s  {told.heads:7.1f} heads{''.join(zones)}")


def replay(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder whose footage is watched again.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="rule.abandoned_object.alone_s=20")
    ] = None,
    detector: Annotated[str | None, typer.Option("--detector", metavar="D", help="Default: as before.")] = None,
    tracker: Annotated[str | None, typer.Option("--tracker", help="Default: as before.")] = None,
    camera_motion: Annotated[
        str | None,
        typer.Option("--camera-motion", metavar="|".join(MODES), help=f"{CAMERA_MOTION_HELP}. Default: as before."),
    ] = None,
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
    for_scenario, for_rules = split(changes)
    if for_scenario:
        raise ScenarioError(f"--set {for_scenario[0]}: recorded footage takes only rule.NAME.KEY=VALUE")
    rules = {name: dict(keys) for name, keys in made.get("rules", {}).items()}
    for name, keys in for_rules.items():
        rules.setdefault(name, {}).update(keys)
    with bars(quiet=as_json) as report:
        after = watch_again(
            run_folder,
            out or run_folder.with_name(f"{run_folder.name}-replay"),
            Watching(
                detector or made["detector_spec"],
                tracker or made["tracker"],
                rules,
                trust_weights,
                camera_motion or made.get("camera_motion", DEFAULT_MODE),
            ),
            overwrite=force or out is None,
            command=again(),
            report=report,
        )
    if not as_json:
        screen.print(table_of(compare_runs(run_folder, after.folder)))
    show_score(after.folder, as_json)


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
        screen.print(table_of(difference))
        for line in broken:
            screen.print(f"[bold red]gate broken:[/] {plain(line)}")
    raise typer.Exit(1 if broken else 0)


def live(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file: cameras, rules, store.")],
) -> None:
    """Watch several cameras until stopped, each in a process of its own; alerts go to the store.

    Example: parvis live live.toml
    """
    from detect.live import run_daemon

    run_daemon(config)
