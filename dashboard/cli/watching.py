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
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            "--truth",
            help="Then it is scored: boxes (.txt MOTChallenge, .xml CVAT for video, .json COCO with tracks) "
            "and events (.csv); may be given twice, once for each.",
        ),
    ] = None,
    detector: DetectorOption = defaults.DETECTOR,
    tracker: TrackerOption = "bytetrack",
    camera_motion: CameraMotionOption = DEFAULT_MODE,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Setting of a rule: rule.abandoned_object.alone_s=20."),
    ] = None,
    fps: Annotated[float | None, typer.Option("--fps", help="True frame rate, where the file's header lies.")] = None,
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="WxH", help="Bring pictures to 720x576, say, where pixels are not square."),
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.")] = None,
    store: Annotated[
        str | None, typer.Option("--store", help="Alert store, a file or postgresql://...; the Live page reads it.")
    ] = None,
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

    said = split(changes).none_of_scenario("real footage")
    with bars(quiet=as_json) as report:
        recording = watch_real(
            source,
            calibration=camera,
            truth=truth or (),
            watching=Watching(detector, tracker, said.rules, trust_weights, camera_motion, said.calibration),
            fps=fps,
            size=size,
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
    said = split(changes).none_of_scenario("recorded footage")
    rules = {name: dict(keys) for name, keys in made.get("rules", {}).items()}
    for name, keys in said.rules.items():
        rules.setdefault(name, {}).update(keys)
    with bars(quiet=as_json) as report:
        after = watch_again(
            run_folder,
            out or run_folder.with_name(f"{run_folder.name}-replay"),
            Watching(
                detector or made.get("detector_spec", defaults.DETECTOR),
                tracker or made.get("tracker", "bytetrack"),
                rules,
                trust_weights,
                camera_motion or made.get("camera_motion", DEFAULT_MODE),
                said.calibration.over(made.get("calibration", {})),
            ),
            overwrite=force or out is None,
            command=again(),
            report=report,
        )
    if not as_json and "detector_spec" in made:  # footage alone was never watched before
        screen.print(table_of(compare_runs(run_folder, after.folder)))
    show_score(after.folder, as_json)


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="RUN", help="Run folder, a folder with a run a seed, or a sweep's folder.")
    ],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="The other.")],
    gate: Annotated[Path | None, typer.Option("--gate", help="Limits (TOML); exit code 1 if one is broken.")] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write the gate's verdicts for build servers (JUnit XML).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how two runs differ; with --gate, fail when the second is worse than allowed.

    Example: parvis compare sweeps/old sweeps/new --gate gate.toml --junit gate.xml
    """
    from dashboard.compare import compare_runs, table_of
    from dashboard.gates import check_gate
    from dashboard.gates import junit as junit_of

    if junit is not None and gate is None:
        raise ScenarioError("--junit: writes what a gate says; give the gate with --gate")
    difference = compare_runs(before, after)
    verdicts = check_gate(difference, gate) if gate else []
    broken = [line for verdict in verdicts for line in verdict.broken]
    if junit is not None:
        junit.write_bytes(junit_of(verdicts, difference))
    if as_json:
        told = {"broken": broken, "verdicts": [verdict.as_dict() for verdict in verdicts]}
        typer.echo(json.dumps(difference.as_dict() | told))
    else:
        screen.print(table_of(difference))
        for line in broken:
            screen.print(f"[bold red]gate broken:[/] {plain(line)}")
        if verdicts and not broken:
            screen.print(f"[bold green]gate holds:[/] {len(verdicts)} scores")
    raise typer.Exit(1 if broken else 0)


def live(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file: cameras, rules, store.")],
    cluster: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Spread the cameras over the machines of a Ray cluster (extra 'ray'): 10.0.0.7:6379, or auto. "
            "Needs a store on a server, that is store = 'postgresql://...'.",
        ),
    ] = None,
) -> None:
    """Watch several cameras until stopped, each in a process of its own; alerts go to the store.

    Example: parvis live live.toml
    """
    from dashboard.drill_stage import set_stage
    from detect.live import run_daemon

    run_daemon(config, set_stage, cluster=cluster)
