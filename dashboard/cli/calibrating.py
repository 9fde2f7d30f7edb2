"""What the command finds out about a camera: where it hangs and how it looks, from points, people or a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dashboard.cli.words import ForceOption, JsonOption, plain, screen
from scenarios.errors import ScenarioError, unknown

if TYPE_CHECKING:
    from scenarios.camera import Camera

__all__ = ["calibrate"]

_SHOWN: Final = (
    ("height", "height_m", "m", 2),
    ("looks down", "tilt_deg", "°", 1),
    ("roll", "roll_deg", "°", 1),
    ("focal length", "focal_px", "px", 0),
    ("field of view", "hfov_deg", "°", 1),
)


def calibrate(
    points: Annotated[
        Path | None, typer.Argument(metavar="[POINTS]", help="TOML file: points of the picture and of the plan.")
    ] = None,
    imported: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Calibration of OpenCV (yml, json, xml) or Tsai (xml)."),
    ] = None,
    heights: Annotated[
        Path | None,
        typer.Option(
            "--from-heights",
            metavar="BOXES",
            help="Nothing is known but people: a run folder (parvis watch VIDEO --out RUN), or boxes as MOTChallenge.",
        ),
    ] = None,
    hfov: Annotated[
        float | None,
        typer.Option(
            "--hfov", min=5, max=150, help="With --from-heights: the lens's field of view across, in degrees."
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option("--fps", min=0.1, help="With --from-heights: pictures a second of MOTChallenge boxes."),
    ] = None,
    camera_id: Annotated[str | None, typer.Option("--id", help="Name of the camera.")] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WIDTHxHEIGHT", help="Of the pictures, where the file says nothing.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="Of the file's translation: m, cm or mm. Default: Tsai mm, OpenCV m.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Camera file to write.")] = Path("camera.toml"),
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Calibrate a camera, and say how sure that is; `--camera` of the other verbs reads what it writes.

    With POINTS and --import together the lens is taken from the file, position and direction from the points.

    Example: parvis calibrate points.toml --out cameras/north.toml

    Example: parvis calibrate --import View_001.xml --out cameras/view_001.toml

    Example: parvis calibrate --from-heights runs/vtest --hfov 36 --out cameras/rough.toml
    """
    if heights is not None and (points is not None or imported is not None):
        raise ScenarioError("calibrate: --from-heights is for when nothing else is known; leave out the others")
    if points is None and imported is None and heights is None:
        raise ScenarioError("calibrate: give a file of POINTS, --import FILE or --from-heights BOXES")
    if heights is not None:
        camera, note, facts = _by_heights(heights, camera_id, _size(size), fps, hfov)
    elif points is not None:
        camera, note, facts = _by_points(points, imported, camera_id, unit)
    else:
        assert imported is not None
        camera, note, facts = _by_file(imported, camera_id, unit, _size(size))
    _finish(camera, note, facts, out, force=force, as_json=as_json)


def _by_points(
    path: Path, lens_file: Path | None, camera_id: str | None, unit: str | None
) -> tuple[Camera, str, dict[str, Any]]:
    from detect.calibrating.imported import import_calibration
    from detect.calibrating.points import calibrate_points, load_points

    file = load_points(path)
    if camera_id is not None:
        file = file.model_validate(file.model_dump() | {"id": camera_id})
    lens = None
    if lens_file is not None:
        lens = import_calibration(lens_file, unit=_unit(unit), resolution_px=file.resolution_px).camera
    fit = calibrate_points(file, lens, where=path.name)
    facts = fit.as_dict()
    words = f"{facts['points']} points of {path.name}, rms {facts['rms_px']:.2f} px, {facts['rms_m']:.3f} m"
    return fit.camera, words + (f"; lens of {lens_file.name}" if lens_file else ""), facts


def _by_file(
    path: Path, camera_id: str | None, unit: str | None, size: tuple[int, int] | None
) -> tuple[Camera, str, dict[str, Any]]:
    from detect.calibrating.imported import import_calibration

    found = import_calibration(path, id=camera_id or "camera", unit=_unit(unit), resolution_px=size)
    if not found.posed:
        raise ScenarioError(
            f"{path.name}: says how the lens is, not where the camera hangs (no rvec and tvec); add points of the "
            f"floor: parvis calibrate points.toml --import {path.name}"
        )
    return found.camera, f"imported from {path.name} ({found.kind})", {"imported": found.kind}


def _by_heights(
    path: Path, camera_id: str | None, size: tuple[int, int] | None, fps: float | None, hfov: float | None
) -> tuple[Camera, str, dict[str, Any]]:
    from detect.calibrating.heights import calibrate_heights
    from detect.calibrating.people_boxes import load_people_boxes

    boxes = load_people_boxes(path, camera_id=camera_id, size_px=size, fps=fps)
    fit = calibrate_heights(boxes, hfov_deg=hfov, where=path.name)
    assumed = "" if fit.learnt_focal or hfov is not None else "; the focal length is little more than assumed"
    words = f"heights of {fit.people} people in {path.name} ({fit.boxes} of {fit.of_boxes} boxes){assumed}"
    return fit.camera, words, fit.as_dict()


def _finish(camera: Camera, note: str, facts: dict[str, Any], out: Path, *, force: bool, as_json: bool) -> None:
    from detect.calibrating.camera_file import save_camera
    from detect.calibrating.solution import facts_of

    save_camera(camera, out, note=note, overwrite=force)
    about = facts_of(camera)
    if as_json:
        typer.echo(json.dumps({"camera": str(out), "note": note} | about.as_dict() | facts))
        return
    screen.print(f"[bold]{plain(str(out))}[/bold]: {plain(note)}")
    for name, key, unit, digits in _SHOWN:
        spread = f" ± {about.sigma[key]:.{digits}f}" if key in about.sigma else ""
        screen.print(f"  {name:14} {getattr(about, key):.{digits}f}{spread} {unit}", highlight=False)
    for number in facts.get("odd_points", ()):
        off_px, off_m = facts["residual_px"][number - 1], facts["residual_m"][number - 1]
        there = "" if off_m is None else f", {off_m:.2f} m"
        screen.print(
            f"  [yellow]point {number} does not go with the others[/]: {off_px:.1f} px{there}; look at it again"
        )


def _unit(unit: str | None) -> str | None:
    from detect.calibrating.imported import UNITS_M

    if unit is not None and unit not in UNITS_M:
        raise ScenarioError(unknown("unit", unit, UNITS_M, "--unit"))
    return unit


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise ScenarioError(f"--size {text}: should be like 1280x720")
    return int(found[1]), int(found[2])
