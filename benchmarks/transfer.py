"""How far a score on simulated footage says what the score on real footage would be.

python -m benchmarks.transfer [--json] [--detector background@0,0.5] [--detector model.onnx@0.3,0.5] [--doc FILE]

The same detectors watch a real video (PETS2009 S2.L1 view 1) and its synthetic twin (scenario `pets_twin_v1`: the same
empty picture and camera, simulated people on the real people's ways) through the same calibration and tracker, and are
scored alike. What stands behind `@` are thresholds, each a setting of its own: weaker boxes are dropped before anything
else. Films and boxes are kept in a folder, so that what was broken off goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import supervision as sv
import typer
from numpy.typing import NDArray

from benchmarks.claims import Claim, show
from benchmarks.gap import GAPS, Row, Sides, correlation, gap_row, stretches
from benchmarks.hog import HogDetector
from benchmarks.tracking import REFERENCE, Case
from benchmarks.transfer_page import page
from dashboard.fetch_footage import vtest
from dashboard.progress import Report, bars
from dashboard.rehearsal import film_only
from dashboard.trust import PUBLISHED
from detect.detectors import build_detector
from detect.detectors.contract import Detector
from detect.pipeline import drop_masked, mask_raster
from detect.score.annotations import load_mot
from detect.sources import VideoFileSource
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError, ParvisError, ScenarioError, SourceError
from scenarios.frame import Frame
from scenarios.load import load_scenario
from scenarios.recording import Recording
from scenarios.truth import GroundTruth

TWIN: Final = "pets_twin_v1"
FPS: Final = 7.0
_USUAL: Final = ("parvis@0.1,0.3,0.5,0.7,0.8", "background@0,0.75,0.8,0.85,0.9")
_USUAL_HOG: Final = "hog@0,0.3,0.6,1"
_WITHIN: Final = 0.05
_RANK: Final = 0.9


def main(
    detector: Annotated[
        list[str] | None, typer.Option("--detector", help="Name or file, then @ and thresholds; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    stride: Annotated[int, typer.Option("--stride", min=1, max=20, help="Watch every n-th picture.")] = 1,
    seconds: Annotated[float | None, typer.Option("--seconds", min=20.0, help="Only so much of both films.")] = None,
    hog_python: Annotated[
        Path | None, typer.Option("--hog-python", envvar="PARVIS_HOG_PYTHON", help="A Python with OpenCV 4.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Keeps film and boxes.")] = Path("runs/transfer"),
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the table as Markdown.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Put it into the package, for every report.")] = False,
) -> None:
    """Score detectors on the real video and on its twin, and say how far the scores differ."""
    specs = detector or [*_USUAL, *([_USUAL_HOG] if hog_python is not None else [])]
    try:
        wanted = [_parts(spec) for spec in specs]
        with bars(quiet=as_json) as report:
            twin, camera, scenario_sha256 = _twin(folder, report)
            rows = list(_measured(wanted, twin, camera, stride, seconds, hog_python, folder, report))
    except ParvisError as error:
        typer.echo(f"transfer: {error}", err=True)
        raise typer.Exit(2) from None
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "pictures": rows[0].pictures,
        "video": "PETS2009 S2.L1 view 1",
        "twin": TWIN,
        "scenario_sha256": scenario_sha256,
        "stride": stride,
        "seconds": seconds,
        "command": _command(specs, stride, seconds),
        "rows": [row.as_json() for row in rows],
        "rank": {key: correlation(rows, key) for key in GAPS},
    }
    if doc is not None:
        doc.write_text(page(told), encoding="utf-8")
    if publish:
        PUBLISHED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    show(list(_claims(rows)), as_json=as_json, more={"transfer": told})
    if not as_json:
        print(page(told))


def _parts(spec: str) -> tuple[str, tuple[float, ...]]:
    name, _, thresholds = spec.partition("@")
    try:
        return name, tuple(sorted(float(t) for t in thresholds.split(","))) if thresholds else (0.0,)
    except ValueError:
        raise DetectorError(f"--detector {spec}: behind @ should stand numbers such as 0.3,0.5") from None


def _command(specs: Sequence[str], stride: int, seconds: float | None) -> str:
    chosen = "".join(f" --detector {Path(spec).name}" for spec in specs)
    return f"python -m benchmarks.transfer{chosen} --stride {stride}" + (f" --seconds {seconds:g}" if seconds else "")


def _twin(folder: Path, report: Report) -> tuple[Recording, Camera, str]:
    """Film the twin, unless this very scenario is in the folder."""
    world = load_scenario(TWIN)
    path = folder / f"{TWIN}-{world.hash[:16]}"
    recording = Recording.open(path) if path.is_dir() else film_only(world, path, report=report)
    camera = recording.views()[0].calibration
    if not isinstance(camera, Camera):
        raise ScenarioError(f"{TWIN}: its camera should be fixed")
    return recording, camera, world.hash


def _measured(
    wanted: Sequence[tuple[str, tuple[float, ...]]], twin: Recording, camera: Camera, stride: int,
    seconds: float | None, hog_python: Path | None, folder: Path, report: Report,
) -> Iterator[Row]:  # fmt: skip
    video = vtest()
    if video is None:
        raise SourceError("the real video is not here: python -m dashboard.fetch_footage gets it")
    films: dict[str, tuple[Path, GroundTruth]] = {
        "real": (video, load_mot(REFERENCE / "gt.txt", camera_id=camera.id, fps=FPS)),
        "twin": (twin.video(camera.id), twin.truth()),
    }
    for name, thresholds in wanted:
        with ExitStack() as stack:
            watcher = stack.enter_context(HogDetector(hog_python)) if name == "hog" else build_detector(name)
            cases = {
                side: Case(
                    side,
                    truth,
                    camera,
                    FPS / stride,
                    _seen(path, side, watcher, camera, stride, seconds, folder, report),
                )
                for side, (path, truth) in films.items()
            }
        for threshold in thresholds:
            sides = Sides(*(stretches(cases[side], threshold, seconds) for side in ("real", "twin")))
            yield gap_row(Path(name).name, threshold, watcher.weights_sha256, sides)


def _seen(
    path: Path,
    side: str,
    detector: Detector,
    camera: Camera,
    stride: int,
    seconds: float | None,
    folder: Path,
    report: Report,
) -> dict[int, tuple[float, sv.Detections]]:
    """Boxes of people by picture; from the folder where this detector has watched this film before."""
    key = getattr(detector, "key", None) or detector.weights_sha256 or _code(detector)
    name = hashlib.sha256(
        f"{key} {stride}{seconds or ''} {camera.matrix.tolist()}".encode() + path.read_bytes()
    ).hexdigest()
    kept = folder / "boxes" / f"{name}.npz"
    if not kept.is_file():
        rows, times = _watch(path, side, detector, camera, stride, seconds, report)
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, rows=rows, times=times)
        part.replace(kept)
    with np.load(kept, allow_pickle=False) as stored:
        rows, times = stored["rows"], stored["times"]
    found = {}
    for frame, time_s in times.tolist():
        mine = rows[rows[:, 0] == frame]
        found[int(frame)] = (
            time_s,
            sv.Detections(
                xyxy=mine[:, 1:5], confidence=mine[:, 5], class_id=np.full(len(mine), int(ObjectClass.PERSON))
            ),
        )
    return found


def _code(detector: Detector) -> str:
    """Stand for a detector without weights: the files of its folder decide its boxes."""
    import detect.detectors as home

    files = sorted(Path(home.__file__).parent.glob("*.py"))
    return f"{detector.name} {hashlib.sha256(b''.join(f.read_bytes() for f in files)).hexdigest()}"


def _watch(
    path: Path, side: str, detector: Detector, camera: Camera, stride: int, seconds: float | None, report: Report
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mask = mask_raster(camera) if camera.masks_px else None
    detector.start(camera)
    rows, times = [], []
    with closing(VideoFileSource(path, camera_id=camera.id, fps=FPS)) as source:
        total = source.frame_count
        for frame in source:
            if not isinstance(frame, Frame) or frame.index % stride:
                continue
            if seconds is not None and frame.time_s >= seconds:
                break
            found = drop_masked(detector.detect([frame])[0], mask)
            assert found.confidence is not None
            people = found.class_id == int(ObjectClass.PERSON)
            boxes = np.c_[np.asarray(found.xyxy, float), found.confidence][people]
            rows.append(np.c_[np.full(len(boxes), frame.index), boxes])
            times.append((frame.index, frame.time_s))
            report(f"{detector.name}, {side}", (frame.index + 1) / total if total else None)
    return np.concatenate(rows), np.array(times)


def _claims(rows: Sequence[Row]) -> Iterator[Claim]:
    for key in ("hota", "recall"):
        yield Claim.at_most(
            f"transfer: largest |twin - real| of {key} over {len(rows)} settings",
            max(abs(row.gap[key].value) for row in rows), _WITHIN,
        )  # fmt: skip
    for key in ("ap50", "hota"):
        told = correlation(rows, key)
        yield Claim.at_least(
            f"transfer: rank correlation of {key} over {len(rows)} settings (Spearman)", told["spearman"], _RANK
        )


if __name__ == "__main__":
    typer.run(main)
