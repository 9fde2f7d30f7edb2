"""What the verbs of the command share: their options, and how they read and print words."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from dashboard.changes import split
from detect.motion_mode import MODES
from scenarios.suite import read_seeds

__all__ = [
    "CAMERA_MOTION_HELP", "CameraMotionOption", "DetectorOption", "ForceOption", "JsonOption", "ScenarioArgument",
    "SeedOption", "SetOption", "StoreArgument", "TrackerOption",
    "TrustOption", "again", "plain", "screen", "seeds_of", "show_score", "slug", "split",
]  # fmt: skip

screen: Final = Console()
_MOST_SEEDS: Final = 200

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A name of the library (see `parvis list`) or a .toml file.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one key of the scenario, such as venue.gates.north.open=false or duration_s=30; "
        "or of a rule, such as rule.abandoned_object.alone_s=20; or how wrong the watcher's calibration is, such as "
        "calibration.tilt_deg=1. May be repeated.",
    ),
]
DetectorOption = Annotated[
    str,
    typer.Option(
        "--detector",
        metavar="D",
        help="parvis (the network that comes with it), background (no weights), "
        "MODEL.onnx[,engine=auto|onnxruntime|openvino|cuda][,threads=N][,input_px=N][,tile_px=N], "
        "a .pt file (extra 'ultralytics'), "
        "or oracle[:miss=0.1,jitter_px=5,false_per_frame=0.1].",
    ),
]
TrackerOption = Annotated[str, typer.Option("--tracker", help="bytetrack, ocsort or sort.")]
CAMERA_MOTION_HELP: Final = "How tracks are moved with a camera that moves. " + "; ".join(
    f"{name} = {what}" for name, what in MODES.items()
)
CameraMotionOption = Annotated[str, typer.Option("--camera-motion", metavar="|".join(MODES), help=CAMERA_MOTION_HELP)]
TrustOption = Annotated[
    bool, typer.Option("--trust-weights", help="Load .pt files: they can run any code, so only from who you trust.")
]
StoreArgument = Annotated[
    str,
    typer.Argument(
        metavar="STORE",
        help="What `parvis live` or `parvis watch --store` writes: a SQLite file, or postgresql://USER@HOST/DATABASE "
        "(extra 'postgresql'; the password from PGPASSWORD or ~/.pgpass).",
    ),
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Fixes all chance; default: the scenario's.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a run folder that is there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on standard output.")]


def seeds_of(text: str) -> tuple[int, ...]:
    """Read seeds as they are written, such as ``1-10`` or ``1,2,7``.

    Raises:
        ScenarioError: It says no seeds, or one twice.
    """
    return read_seeds(text, "--seeds", _MOST_SEEDS)


def again() -> str:
    """Return the command that is running, to be shown as what makes a result again."""
    return shlex.join(["parvis", *sys.argv[1:]])


def slug(text: str) -> str:
    """Return the last part of a path or name as letters, digits and underscores."""
    return "".join(c if c.isalnum() else "_" for c in Path(text).name).strip("_").lower()


def plain(text: str) -> str:
    """Return text in which rich sees no markup."""
    return text.replace("[", r"\[")


def show_score(folder: Path, as_json: bool) -> None:
    """Print the score of a run folder."""
    from dashboard.scoreboard import print_score
    from scenarios.recording import Recording

    recording = Recording.open(folder)
    if as_json:
        typer.echo(json.dumps(recording.score() | {"run_dir": str(folder)}))
    else:
        print_score(recording, screen)
