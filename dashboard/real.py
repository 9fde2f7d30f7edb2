"""Real footage -> pipeline -> score -> run folder: the same stack, the same folder, the same report."""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import numpy as np

from dashboard.annotate import Annotator
from dashboard.progress import Report, silent
from dashboard.rehearsal import Watching, finish
from detect.live import watch_camera
from detect.motion_mode import check_mode
from detect.observations import ObservationLog
from detect.pipeline import Observation, Pipeline
from detect.rules import build_rules
from detect.score.annotations import load_annotations
from detect.sources import open_source, redact
from detect.sources.ahead import Ahead
from detect.sources.contract import Source
from detect.sources.resized import Resized, read_size
from detect.store import Store, StorePlace
from scenarios.calibration import Calibration, load_calibration
from scenarios.errors import ParvisError, ScenarioError
from scenarios.frame import Frame
from scenarios.recording import Recording, View, writing
from sim.render.video import VideoWriter

__all__ = ["watch_real"]

_RUNS: Final = Path("runs")


def watch_real(
    source_spec: str,
    *,
    calibration: Path | None = None,
    truth: Sequence[Path] = (),
    watching: Watching | None = None,
    fps: float | None = None,
    size: str | None = None,
    seconds: float | None = None,
    store: StorePlace | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    command: str = "",
    report: Report = silent,
) -> Recording | None:
    """Watch a file, a folder of pictures or a stream to its end; write a run folder with an annotated film.

    Of a live source nothing is recorded unless ``out`` is given.

    Args:
        source_spec: As for ``detect.sources.open_source``.
        calibration: TOML file of the camera; without it there are no metres.
        truth: Files of boxes and of incidents (`detect.score.annotations`); then it is scored.
        watching: Detector, tracker and rules.
        fps: True frame rate where the header lies; overrides the calibration's.
        size: WIDTHxHEIGHT to which the pictures of a file are brought, because its pixels are not square.
        seconds: Stop after so much footage.
        store: Alert store, for the Live page.
        out: Run folder; default for what is not live: in ``runs``, named by the source.
        overwrite: Replace a run folder that is there.
        command: The command that makes this run again.
        report: Told how far it is.

    Returns:
        The recording, or None where nothing was recorded.

    Raises:
        ParvisError: Something given is wrong; nothing is left behind.
    """
    watching = watching or Watching()
    check_mode(watching.camera_motion, calibrated=calibration is not None)
    known = load_calibration(calibration) if calibration is not None else None
    rules = build_rules(watching.rules)
    camera_id = known.camera.id if known else "camera"
    name = _name(source_spec)
    true_fps = fps or (known.camera.fps if known else None)
    opened_source = open_source(source_spec, camera_id=camera_id, fps=true_fps)
    if size is not None:
        opened_source = _resized(opened_source, size)
    with closing(opened_source if opened_source.live else Ahead(opened_source)) as source, ExitStack() as stack:
        _check_size(source, known, calibration)
        annotated = load_annotations(truth, camera_id=camera_id, fps=source.fps) if truth else None
        detector = watching.build_detector(annotated, 0)
        zones = known.zones if known else ()
        pipeline = Pipeline(
            detector,
            rules,
            camera=watching.calibration.of(known.camera) if known else None,
            zones=zones,
            tracker=watching.tracker,
            camera_motion=watching.camera_motion,
        )
        if truth and source.live:
            raise ScenarioError(
                f"--truth {truth[0]}: a live source cannot be scored; record it with --out and watch that"
            )
        folder = out if source.live else out or _RUNS / name
        recording = stack.enter_context(writing(folder, overwrite=overwrite)) if folder is not None else None
        keeper = _Keeper(source, recording, known, seconds, report)
        started = time.perf_counter()
        with keeper:
            if store is not None:
                opened = stack.enter_context(Store.create_or_open(store))
                watch_camera(
                    camera_id,
                    source_spec,
                    source,
                    pipeline,
                    opened,
                    stop=lambda: keeper.enough,
                    on_observation=keeper.take,
                )
            else:
                for seen in pipeline.watch(source):
                    keeper.take(seen)
                    if keeper.enough:
                        break
        if recording is None:
            return None
        if not keeper.times:
            raise ScenarioError(f"{redact(source_spec)}: gave no picture in the time it was watched")
        if annotated is not None:
            annotated.save(recording.truth_dir)
        wall = time.perf_counter() - started
        finish(
            recording,
            keeper.log.finish(),
            truth=annotated,
            zones=zones,
            about={
                "kind": "real",
                "scenario": name,
                "title": f"Real footage: {name}",
                "source": {"spec": redact(source_spec), "sha256": _sha256(source_spec)},
                "seed": None,
                "command": redact(command),
                "footage_s": keeper.times[-1] - keeper.times[0] + 1 / source.fps,
                "wall_s": wall,
                "timings": {"watch_s": wall, "stages_s": dict(pipeline.timings_s)},
            }
            | watching.about(detector),
            report=report,
        )
    assert folder is not None
    if keeper.failure is not None:
        raise ParvisError(f"{keeper.failure}; what was seen before is in {folder}")
    return Recording.open(folder)


@dataclass(slots=True)
class _Keeper:
    """Keeps what was seen: the film as it was, the film as it was understood, and the log."""

    source: Source
    recording: Recording | None
    known: Calibration | None
    seconds: float | None
    report: Report
    log: ObservationLog = field(default_factory=ObservationLog)
    times: list[float] = field(default_factory=list)
    enough: bool = False
    failure: ParvisError | None = None
    _default: Any = None
    _alarms: int = 0
    _seen: int = 0
    _first_s: float | None = None
    _films: ExitStack = field(default_factory=ExitStack)
    _plain: VideoWriter | None = None
    _drawn: VideoWriter | None = None
    _annotator: Annotator | None = None

    def __enter__(self) -> _Keeper:
        if self.recording is not None:
            (width, height), fps, camera_id = self.source.size_px, self.source.fps, self.source.camera_id
            even = (width - width % 2, height - height % 2)
            self._plain = self._films.enter_context(VideoWriter(self.recording.video(camera_id), *even, fps))
            self._drawn = self._films.enter_context(VideoWriter(self.recording.annotated(camera_id), *even, fps))
            self._annotator = Annotator(fps)
        if threading.current_thread() is threading.main_thread():
            self._default = signal.signal(signal.SIGINT, self._stop)
        return self

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C, once: where a library swallows the exception, as compilers do, the next picture is the last."""
        self.enough = True
        signal.default_int_handler(number, frame)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if self._default is not None:
            signal.signal(signal.SIGINT, self._default)
        # who stops a live source, or loses it for good, wants what was seen so far
        if self.source.live and self.times and isinstance(error, ParvisError):
            self.failure = error
        stopped = kind is KeyboardInterrupt or self.failure is not None
        self._films.__exit__(None if stopped else kind, None if stopped else error, None if stopped else trace)
        if self.recording is not None and (kind is None or stopped):
            width, height = self.source.size_px
            camera = self.known.camera if self.known else None
            self.recording.save_views([View(self.source.camera_id, width, height, camera)])
            self.recording.save_frame_times(self.source.camera_id, np.array(self.times))
        return stopped

    def take(self, seen: Observation) -> None:
        """Keep one observation."""
        self._alarms += sum(event.end_s is None for event in seen.events)
        if seen.frame is None:
            if seen.gap is not None and self.recording is not None:
                self.log.miss(seen.gap)
                self.log.say(seen.events)
            if seen.gap is not None and seen.gap.end_s == seen.gap.start_s:
                self.report("watch", None, f"NO PICTURE: {seen.gap.reason}")
            return
        self._first_s = seen.frame.time_s if self._first_s is None else self._first_s
        self._seen += 1
        self.enough |= self.seconds is not None and seen.frame.time_s - self._first_s >= self.seconds
        if self.recording is not None:
            self._record(seen.frame, seen)
        share = self._seen / self.source.frame_count if self.source.frame_count else self._share_of_time(seen.frame)
        self.report("watch", share, f"{seen.frame.time_s:.0f} s, {len(seen.tracks)} tracks, {self._alarms} to verify")

    def _share_of_time(self, frame: Frame) -> float | None:
        return None if self.seconds is None else min(1.0, (frame.time_s - (self._first_s or 0.0)) / self.seconds)

    def _record(self, frame: Frame, seen: Observation) -> None:
        assert self._plain is not None
        assert self._drawn is not None
        assert self._annotator is not None
        counted = replace(frame, index=len(self.times))  # counts the pictures of the film, not those of the stream
        self.times.append(frame.time_s)
        self.log.add(counted, seen.detections, seen.tracks, seen.events)
        height, width = frame.image.shape[:2]
        even = (slice(0, height - height % 2), slice(0, width - width % 2))
        self._plain.write(frame.image[even])
        self._drawn.write(self._annotator.draw(frame.image, seen.tracks, seen.events)[even])


def _resized(source: Source, size: str) -> Source:
    try:
        if source.live:
            raise ScenarioError(f"--size {size}: a live source is watched as it comes; set the size at the camera")
        return Resized(source, read_size(size))
    except ParvisError:
        source.close()
        raise


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
