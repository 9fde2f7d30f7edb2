"""What watching costs: the pipeline against its own network, against ultralytics, and four cameras at once.

Everything is measured in turn within one run, a few pictures at a time, because machines are noisy: medians of times
that were taken side by side can be compared, times of two runs cannot.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import cv2
import numpy as np
import supervision as sv

from benchmarks.claims import Claim, show
from benchmarks.hog import plain_environment
from detect import defaults
from detect.detectors import build_detector, sharing
from detect.detectors.contract import Detector
from detect.detectors.parvis import PARVIS_ONNX, ParvisDetector
from detect.detectors.yolo_onnx import YoloOnnxDetector
from detect.pipeline import Pipeline
from detect.rules import build_rules
from detect.score.annotations import load_mot
from detect.score.oracle import OracleDetector
from detect.sources import VideoFileSource
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import DetectorError, ParvisError
from scenarios.frame import Frame, Gap
from sim.render.video import VideoWriter

__all__ = ["Busy", "Paced", "four_cameras", "overhead", "peer_times"]

_REFERENCE: Final = Path("tests/reference/pets09_s2l1")
_FPS: Final = 7.0
_WARM: Final = 8
_LIVE_FPS: Final = 5.0
_LIVE_SIZE: Final = (1280, 720)
_CAMERAS: Final = 4
_MOST_OVER: Final = 1.1
"""Time of the whole pipeline over that of the bare network."""


class Busy:
    """Runs a detector for its time, then hands on other boxes, so that what follows has the work of a real scene.

    Args:
        detector: Whose time counts.
        boxes: Whose boxes are handed on.
    """

    name = "busy"

    def __init__(self, detector: Detector, boxes: OracleDetector) -> None:
        self.weights_sha256 = detector.weights_sha256
        self._detector, self._boxes = detector, boxes

    def start(self, camera: Camera | None) -> None:
        """Forget what was learned of the empty scene."""
        self._detector.start(camera)

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Return the other's boxes; the detector's are dropped."""
        self._detector.detect(frames)
        return self._boxes.detect(frames)


class Paced:
    """Hands out a video's pictures when a camera would: picture k is there k / fps seconds after the start.

    Args:
        source: Not iterated yet.
        fps: Pictures a second.
        start_s: On the clock of ``time.monotonic``, which all processes of a machine share.
    """

    live = True

    def __init__(self, source: VideoFileSource, fps: float, start_s: float) -> None:
        self.camera_id, self.size_px, self.fps = source.camera_id, source.size_px, fps
        self.frame_count = source.frame_count
        self.due_s: list[float] = []
        """When each picture that was handed out was there."""
        self._source, self._start_s = source, start_s

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Wait for each picture's time; nothing is dropped, so who is too slow falls behind for good."""
        for item in self._source:
            due_s = self._start_s + len(self.due_s) / self.fps
            time.sleep(max(0.0, due_s - time.monotonic()))
            self.due_s.append(due_s)
            yield item

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def overhead(weights: str, video: Path, pictures: int) -> list[Claim]:
    """Measure the pipeline from decoding to events against the bare network, picture by picture in turn."""
    watcher = build_detector(weights)
    network = _network(watcher, weights)
    truth = load_mot(_REFERENCE / "gt.txt", camera_id="pets", fps=_FPS)
    known = load_calibration(_REFERENCE / "camera.toml")
    busy = Busy(watcher, OracleDetector(truth, miss=0.1, jitter_px=2.0, false_per_frame=0.5))
    pipeline = Pipeline(busy, build_rules({}), camera=known.camera, zones=known.zones)
    whole, bare = [], []
    with closing(VideoFileSource(video, camera_id="pets", fps=_FPS)) as source:
        watched = pipeline.watch(source)
        for _ in range(_WARM + pictures):
            start = time.perf_counter()
            seen = next(watched, None)
            middle = time.perf_counter()
            if seen is None or seen.frame is None:
                break
            tensor = network.tensor([seen.frame.image])
            before = time.perf_counter()
            network.engine.run(tensor)
            bare.append(time.perf_counter() - before)
            whole.append(middle - start)
    if len(whole) <= _WARM:
        raise DetectorError(f"{video}: has {len(whole)} pictures, too few to measure with")
    a, b = median(whole[_WARM:]), median(bare[_WARM:])
    extra = median(w - n for w, n in zip(whole[_WARM:], bare[_WARM:], strict=True))
    what = f"{network.engine.name}, {len(whole) - _WARM} pictures"
    claim = f"detect: pipeline, ms a picture, against bare inference ({what})"
    return [
        Claim(claim, 1e3 * a, 1e3 * b, a / b, _MOST_OVER, a <= _MOST_OVER * b),
        Claim.at_least("detect: what the pipeline adds, ms a picture (median of the differences)", 1e3 * extra, None),
    ]


def peer_times(weights: str, peer_weights: Path, python: Path, video: Path, pictures: int, turn: int = 10) -> Claim:
    """Measure ultralytics' `model.track()` and the pipeline in turn, ``turn`` pictures each.

    Raises:
        DetectorError: There is no such Python or file, or it has no ultralytics.
    """
    watcher = build_detector(weights)
    network = _network(watcher, weights)
    for path in (python, peer_weights):
        if not path.is_file():
            raise DetectorError(f"{path}: there is no such file for the peer")
    height, width = network.size_px[1], network.size_px[0]
    command = [str(python), str(Path(__file__).with_name("track_worker.py")), str(peer_weights), str(video)]
    pipeline = Pipeline(watcher, build_rules({}))
    ours, theirs = [], []
    with (
        subprocess.Popen(
            [*command, str(height), str(width)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=plain_environment() | {"YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true"},
        ) as worker,
        closing(VideoFileSource(video, fps=_FPS)) as source,
    ):
        assert worker.stdin is not None
        assert worker.stdout is not None
        version = worker.stdout.readline().strip()
        if not version:
            raise DetectorError(f"{python}: cannot run ultralytics; is it installed there?")
        watched = pipeline.watch(source)
        for round_ in range(1 + pictures // turn):
            worker.stdin.write(f"{turn}\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
            if not answer:
                raise DetectorError(f"{python}: model.track() ended with an error; it is printed above")
            seconds, seen, _ = json.loads(answer)
            start = time.perf_counter()
            mine = sum(1 for _ in islice(watched, turn))
            took = time.perf_counter() - start
            if seen < turn or mine < turn:
                break
            if round_:  # the first loads and warms up
                theirs.append(seconds / turn)
                ours.append(took / turn)
        worker.stdin.close()
    if not ours:
        raise DetectorError(f"{video}: is too short to measure with")
    name = f"ultralytics {version} model.track({peer_weights.suffix})"
    return Claim.against(
        f"detect: pictures/s of the pipeline against {name}", 1 / median(ours), 1 / median(theirs), 2.0
    )


def four_cameras(weights: str, video: Path, seconds: float) -> list[Claim]:
    """Watch four 720p cameras of 5 pictures/s at once, a process each, and take the age of every picture."""
    count = round(seconds * _LIVE_FPS)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "camera.mp4"
        _film_720p(video, film, count)
        context = multiprocessing.get_context("spawn")
        ready, told = context.Barrier(_CAMERAS), context.Queue()
        arguments = (sharing(weights, _CAMERAS), film, ready, told)
        processes = [context.Process(target=_watch_live, args=arguments) for _ in range(_CAMERAS)]
        for process in processes:
            process.start()
        ages = [told.get(timeout=60 + 20 * seconds) for _ in processes]
        for process in processes:
            process.join()
    every = np.concatenate([np.array(a) for a in ages])
    what = f"{_CAMERAS} cameras 720p, {_LIVE_FPS:g} pictures/s each, {seconds:g} s"
    return [
        Claim.at_most(f"detect: {what}: age of the oldest picture when it was done, s", float(every.max()), 1.0),
        Claim.at_most(f"detect: {what}: age of a picture, median, s", float(np.median(every)), 1.0),
        Claim.at_least(
            f"detect: {what}: share of the pictures that were watched", len(every) / (_CAMERAS * count), 1.0
        ),
    ]


def _watch_live(spec: str, film: Path, ready: Any, told: Any) -> None:
    """One camera's process: tell the ages of its pictures when they were done."""
    detector = build_detector(spec)
    cv2.setNumThreads(1)
    with closing(VideoFileSource(film)) as warm_up:
        list(islice(Pipeline(detector, build_rules({})).watch(warm_up), 3))
    ready.wait()
    ages: list[float] = []
    with closing(Paced(VideoFileSource(film), _LIVE_FPS, time.monotonic() + 0.2)) as source:
        ages.extend(time.monotonic() - source.due_s[-1] for _ in Pipeline(detector, build_rules({})).watch(source))
    told.put(ages)


def _film_720p(video: Path, film: Path, count: int) -> None:
    with closing(VideoFileSource(video)) as source, VideoWriter(film, *_LIVE_SIZE, _LIVE_FPS) as writer:
        for item in islice((i for i in source if isinstance(i, Frame)), count):
            writer.write(np.asarray(cv2.resize(item.image, _LIVE_SIZE), np.uint8))


def _network(detector: Detector, weights: str) -> YoloOnnxDetector:
    """Return what of a detector is a network."""
    if isinstance(detector, ParvisDetector):
        return detector.network
    if not isinstance(detector, YoloOnnxDetector):
        raise DetectorError(f"{weights}: the benchmark needs a network, an .onnx file")
    return detector


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ParvisError as error:
        print(f"detect: {error}", file=sys.stderr)
        sys.exit(2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detect", description=__doc__)
    parser.add_argument(
        "--weights", default=defaults.DETECTOR, help="the default detector, or MODEL.onnx[,threads=N][,engine=E]"
    )
    parser.add_argument("--video", type=Path, default=Path("data/vtest.avi"), help="PETS2009 S2.L1, view 1")
    parser.add_argument("--pictures", type=int, default=100, help="to measure with")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of the test with four cameras")
    parser.add_argument("--peer-python", type=Path, help="a Python that has ultralytics and lap")
    parser.add_argument(
        "--peer-weights", type=Path, help="the same network for the peer, .pt or .onnx; default: the .onnx"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    with _told():
        claims = overhead(given.weights, given.video, given.pictures)
        if given.peer_python is None:
            claims.append(
                Claim.against("detect: pictures/s against ultralytics (needs --peer-python)", None, None, 2.0)
            )
        else:
            named = given.weights.removeprefix("yolo_onnx:").partition(",")[0]
            same = given.peer_weights or (PARVIS_ONNX if named == defaults.DETECTOR else Path(named))
            claims.append(peer_times(given.weights, same, given.peer_python, given.video, given.pictures))
        claims += four_cameras(given.weights, given.video, given.seconds)
    show(claims, as_json=given.json)


if __name__ == "__main__":
    main()
