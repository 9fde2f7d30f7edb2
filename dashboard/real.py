"""Real footage -> pipeline -> score -> run folder: the same stack, the same folder, the same report."""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from detect.pipeline import Pipeline
from detect.score.annotations import load_mot
from sim.render.video import VideoWriter

from dashboard.annotate import Annotator
from dashboard.progress import Report, silent
from dashboard.rehearsal import Watching, finish
from detect.observations import ObservationLog
from detect.rules import build_rules
from detect.sources import open_source, redact
from detect.sources.contract import Source
from scenarios.calibration import Calibration, load_calibration
from scenarios.errors import ScenarioError
from scenarios.recording import Recording, View, writing
from scenarios.truth import GroundTruth

__all__ = ["watch_real"]


def watch_real(
    source_spec: str,
    *,
    calibration: Path | None = None,
    truth: Path | None = None,
    watching: Watching | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    command: str = "",
    report: Report = silent,
) -> Recording:
    """Watch a file, a folder of pictures or a stream to its end; write a run folder with an annotated film.

    Args:
        source_spec: As for ``detect.sources.open_source``.
        calibration: TOML file of the camera; without it there are no metres.
        truth: MOTChallenge ``gt.txt``; then it is scored.
        watching: Detector, tracker and rules.
        fps: True frame rate where the header lies; overrides the calibration's.
        seconds: Stop after so much footage.
        out: Run folder; default: in ``runs``, named by the source.
        overwrite: Replace a run folder that is there.
        command: The command that makes this run again.
        report: Told how far it is.

    Raises:
        ParvisError: Something given is wrong; nothing is left behind.
    """
    watching = watching or Watching()
    known = load_calibration(calibration) if calibration is not None else None
    build_rules(watching.rules)
    camera_id = known.camera.id if known else "camera"
    true_fps = fps or (known.camera.fps if known else None)
    name = _name(source_spec)
    with ExitStack() as stack:
        source = open_source(source_spec, camera_id=camera_id, fps=true_fps)
        stack.callback(source.close)
        _check_size(source, known, calibration)
        annotated = load_mot(truth, camera_id=camera_id, fps=source.fps) if truth is not None else None
        recording = stack.enter_context(writing(out or Path("runs") / name, overwrite=overwrite))
        seen, about = _watch(source, recording, known, annotated, watching, seconds, report)
        if annotated is not None:
            annotated.save(recording.truth_dir)
        finish(
            recording,
            seen,
            truth=annotated,
            zones=known.zones if known else (),
            about={
                "kind": "real",
                "scenario": name,
                "title": f"Real footage: {name}",
                "source": {"spec": redact(source_spec), "sha256": _sha256(source_spec)},
                "seed": None,
                "command": command,
            }
            | about,
            report=report,
        )
        target = out or Path("runs") / name
    return Recording.open(target)


def _watch(
    source: Source,
    recording: Recording,
    known: Calibration | None,
    truth: GroundTruth | None,
    watching: Watching,
    seconds: float | None,
    report: Report,
) -> tuple[Any, dict[str, Any]]:
    """Run the stack over the source, keeping the film as it was and as it was understood."""
    started = time.perf_counter()
    camera = known.camera if known else None
    detector = watching.build_detector(truth, 0)
    pipeline = Pipeline(
        detector,
        build_rules(watching.rules),
        camera=camera,
        zones=known.zones if known else (),
        tracker=watching.tracker,
    )
    log, annotator = ObservationLog(), Annotator(source.fps)
    times: list[float] = []
    width, height = source.size_px
    recording.video(source.camera_id).parent.mkdir(parents=True)
    with (
        VideoWriter(recording.video(source.camera_id), (width, height), source.fps) as plain,
        VideoWriter(recording.annotated(source.camera_id), (width, height), source.fps) as drawn,
    ):
        for seen in pipeline.watch(source):
            if seen.frame is None:
                if seen.gap is not None:
                    log.miss(seen.gap)
                    log.say(seen.events)
                continue
            if seconds is not None and seen.frame.time_s >= seconds:
                break
            frame = replace(seen.frame, index=len(times))  # counts the pictures of the film, not those of the stream
            times.append(frame.time_s)
            log.add(frame, seen.detections, seen.tracks, seen.events)
            plain.write(frame.image)
            drawn.write(annotator.draw(frame.image, seen.tracks, seen.events))
            report("watch", len(times) / source.frame_count if source.frame_count else None, f"{frame.time_s:.0f} s")
    view = View(source.camera_id, width, height, camera)
    recording.save_views([view])
    recording.save_frame_times(source.camera_id, np.array(times))
    wall = time.perf_counter() - started
    return log.finish(), {
        "detector": detector.name,
        "detector_spec": watching.detector,
        "weights_sha256": detector.weights_sha256,
        "tracker": watching.tracker,
        "rules": {rule: dict(keys) for rule, keys in watching.rules.items()},
        "footage_s": len(times) / source.fps,
        "wall_s": wall,
        "timings": {"watch_s": wall, "stages_s": dict(pipeline.timings_s)},
    }


def _check_size(source: Source, known: Calibration | None, path: Path | None) -> None:
    if known is None or path is None:
        return
    wanted = (known.camera.width_px, known.camera.height_px)
    if source.size_px != wanted:
        raise ScenarioError(
            f"{path.name}: resolution_px is {wanted[0]}x{wanted[1]}, but the pictures are "
            f"{source.size_px[0]}x{source.size_px[1]}; a calibration holds for one size only"
        )


def _name(spec: str) -> str:
    stem = Path(redact(spec).rstrip("/")).stem
    return "".join(c if c.isalnum() else "_" for c in stem).strip("_").lower() or "footage"


def _sha256(spec: str) -> str | None:
    path = Path(spec)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
