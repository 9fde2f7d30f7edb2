"""Which tracker, and how fast people may be: HOTA, IDF1 and MOTA on simulated and real footage at several rates.

python -m benchmarks.tracking [--json] [--doc docs/tracking.md]

Simulated: the true boxes of a film, spoilt on purpose (a tenth missed, edges 3 px off, false ones). Real: PETS2009
S2.L1 view 1, with what `background` finds in the video, and with the public Faster R-CNN boxes. Every tracker gets
the same boxes; lower rates leave pictures out. Footage is made or watched once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Annotated, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import supervision as sv
import typer

from benchmarks.claims import Claim, show
from dashboard.fetch_footage import vtest
from dashboard.progress import Report, bars
from dashboard.rehearsal import film_only
from detect.detectors import build_detector
from detect.score.annotations import load_mot
from detect.score.boxes import BoxTable, Footage, true_boxes
from detect.score.oracle import OracleDetector
from detect.score.settings import ScoreSettings
from detect.score.tracking import track_scores
from detect.sources import VideoFileSource
from detect.tracking import TRACKERS, Tracker, TrackerSettings
from detect.tracks import ObjectClass
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.frame import Frame
from scenarios.load import load_scenario
from scenarios.truth import GroundTruth

REFERENCE: Final = Path(__file__).parent.parent / "tests" / "reference" / "pets09_s2l1"
SCENARIO: Final = "forecourt_bag_v1"
FILM_S: Final = 40.0
SPOILT: Final = {"miss": 0.1, "jitter_px": 3.0, "false_per_frame": 0.5}
REAL_FPS: Final = 7.0
LIMITS_MPS: Final = (0.0, 3.0, 5.0, 8.0)
DEFAULT: Final = "bytetrack"
_READING: Final = (
    "On these films the limit neither helps nor harms by more than the trackers' own scatter: overlap alone rarely",
    "matches boxes that are metres apart. It stays on for what they do not show, at a speed that only sprinters reach.",
    "Tracks are followed in the picture; where the camera moves, what is expected is moved with it before boxes are",
    "matched (`detect/camera_motion.py`).",
)
_KEYS: Final = ("hota", "idf1", "mota")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Boxes of every picture of one camera, and what is true.

    Attributes:
        name: For the reader.
        truth: With boxes.
        camera: The calibration.
        fps: Pictures a second.
        found: Time and boxes by the number of the picture.
    """

    name: str
    truth: GroundTruth
    camera: Camera
    fps: float
    found: Mapping[int, tuple[float, sv.Detections]]

    def thinned(self, fps: float) -> Case:
        """Return the case at a lower rate: of the pictures, the first one due at each instant."""
        kept, due_s = {}, 0.0
        for frame, (time_s, boxes) in sorted(self.found.items()):
            if time_s >= due_s - 1e-6:
                kept[frame] = (time_s, boxes)
                due_s += 1 / fps
        return replace(self, fps=fps, found=kept)


def follow(case: Case, tracker: str, settings: TrackerSettings) -> dict[str, float]:
    """Return HOTA, IDF1 and MOTA of people, and milliseconds a picture."""
    true, seen, seconds = followed_boxes(case, tracker, settings, ScoreSettings())
    return track_scores(true, seen) | {"ms": 1000 * seconds / len(case.found)}


def followed_boxes(
    case: Case, tracker: str, settings: TrackerSettings, scoring: ScoreSettings
) -> tuple[BoxTable, BoxTable, float]:
    """Return the true people, the followed ones, and the seconds that following them took."""
    follower = Tracker(tracker, fps=case.fps, settings=settings)
    assert case.truth.boxes is not None
    frames = pa.array(sorted(case.found), pa.int32())
    table = case.truth.boxes.filter(pc.is_in(case.truth.boxes.column("frame").cast(pa.int32()), frames))
    table = table.filter(pc.equal(table.column("camera"), case.camera.id))
    until_s = max(time_s for time_s, _ in case.found.values())
    footage = Footage.of((table,), until_s, (case.camera,), ())
    true = true_boxes(table, "person", footage, scoring)
    keys, boxes, ids, seconds = [], [], [], 0.0
    for frame, (time_s, found) in sorted(case.found.items()):
        start = perf_counter()
        followed = follower.update(found, time_s, case.camera)
        seconds += perf_counter() - start
        people = followed.cls == ObjectClass.PERSON
        keys.append(np.full(int(people.sum()), frame, np.int64))
        boxes.append(followed.box_px[people])
        ids.append(followed.track_id[people])
    key = footage.keys(np.full(sum(map(len, keys)), case.camera.id, object), np.concatenate(keys))
    n = len(key)
    seen = BoxTable(
        key, np.concatenate(boxes), np.concatenate(ids), np.ones(n), np.zeros(n, bool), np.full((n, 2), np.nan)
    )
    return true, seen, seconds


def simulated(folder: Path, report: Report) -> Iterator[Case]:
    """The spoilt true boxes of a film at 25, 10 and 5 pictures a second."""
    scenario = load_scenario(SCENARIO, ["seed=1", f"duration_s={FILM_S:g}", "fps=25"])
    recording = film_only(scenario, folder / "film", report=report)
    truth, view = recording.truth(), recording.views()[0]
    assert view.calibration is not None
    camera = view.calibration.at(0.0)
    oracle = OracleDetector(truth, **SPOILT, seed=1)
    blank = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
    found = {
        k: (k / 25, oracle.detect([Frame(camera.id, k, k / 25, None, blank)])[0]) for k in range(round(FILM_S * 25))
    }
    case = Case("simulated, spoilt boxes", truth, camera, 25.0, found)
    yield from (case, case.thinned(10.0), case.thinned(5.0))


def real(report: Report) -> Iterator[Case]:
    """Real footage at its own rate of 7 pictures a second and at half of it."""
    camera = load_calibration(REFERENCE / "camera.toml").camera
    truth = load_mot(REFERENCE / "gt.txt", camera_id=camera.id, fps=REAL_FPS)
    cases = [Case("real, Faster R-CNN boxes", truth, camera, REAL_FPS, _public())]
    video = vtest()
    if video is not None:
        cases.append(Case("real, `background`", truth, camera, REAL_FPS, _background(video, camera, report)))
    for case in cases:
        yield from (case, case.thinned(REAL_FPS / 2))


def _public() -> dict[int, tuple[float, sv.Detections]]:
    rows = np.loadtxt(REFERENCE / "det.txt", delimiter=",")
    corner = rows[:, 2:4] - 1.0
    box, frame = np.c_[corner, corner + rows[:, 4:6]], rows[:, 0].astype(int) - 1
    return {
        k: (
            k / REAL_FPS,
            sv.Detections(
                xyxy=box[frame == k],
                confidence=rows[frame == k, 6],
                class_id=np.full(int((frame == k).sum()), int(ObjectClass.PERSON)),
            ),
        )
        for k in range(frame.max() + 1)
    }


def _background(video: Path, camera: Camera, report: Report) -> dict[int, tuple[float, sv.Detections]]:
    detector = build_detector("background")
    detector.start(camera)
    found = {}
    with closing(VideoFileSource(video, camera_id=camera.id, fps=REAL_FPS)) as source:
        for item in source:
            if isinstance(item, Frame):
                found[item.index] = (item.time_s, detector.detect([item])[0])
                report("watch", None, f"picture {item.index}")
    return found


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    doc: Annotated[Path | None, typer.Option(help="Write the page with all tables.")] = None,
) -> None:
    """Measure every tracker, then the speed limit with the default one."""
    with tempfile.TemporaryDirectory() as folder, bars(quiet=as_json) as report:
        cases = [*simulated(Path(folder), report), *real(report)]
        trackers = [(case, name, follow(case, name, TrackerSettings())) for case in cases for name in TRACKERS]
        limits = [
            (case, f"{limit:g}", follow(case, DEFAULT, TrackerSettings(fastest_mps=limit)))
            for case in cases
            for limit in LIMITS_MPS
        ]
    if doc is not None:
        doc.write_text(_page(trackers, limits), encoding="utf-8")
    told = {"trackers": _rows(trackers), "limits_mps": _rows(limits)}
    show(_claims(trackers), as_json=as_json, more=told)


def _rows(results: Sequence[tuple[Case, str, dict[str, float]]]) -> list[dict[str, Any]]:
    return [{"case": case.name, "fps": case.fps, "what": what, **scores} for case, what, scores in results]


def _claims(trackers: Sequence[tuple[Case, str, dict[str, float]]]) -> list[Claim]:
    """The default against the best of the others, over all cases."""
    names = list(TRACKERS)
    by_name = {n: {k: mean(s[k] for _, name, s in trackers if name == n) for k in _KEYS} for n in names}
    return [
        Claim.against(
            f"tracking: mean {key.upper()} of {DEFAULT} over all cases, against the best of the others",
            by_name[DEFAULT][key],
            max(by_name[n][key] for n in names if n != DEFAULT),
            1.0,
        )
        for key in _KEYS
    ]


def _page(
    trackers: Sequence[tuple[Case, str, dict[str, float]]], limits: Sequence[tuple[Case, str, dict[str, float]]]
) -> str:
    spoilt = ", ".join(f"{k} {v:g}" for k, v in SPOILT.items())
    lines = [
        "# Which tracker",
        "",
        "`python -m benchmarks.tracking --doc docs/tracking.md`",
        "",
        f"Simulated: `{SCENARIO}`, seed 1, {FILM_S:g} s, true boxes spoilt ({spoilt}).",
        "Real: PETS2009 S2.L1 view 1, 795 pictures at 7 a second, and every second one of them.",
        "All trackers get the same boxes and settings (`detect.tracking.TrackerSettings`); none sees a picture.",
        f"Default: `{DEFAULT}`.",
        "",
        "Each cell: HOTA / IDF1 / MOTA.",
        "",
        *_table("tracker", trackers),
        "",
        "## How fast people may be",
        "",
        "With a calibrated camera a box is no continuation of a track when it stands farther from where the track is",
        "expected than somebody of this speed can come since it was last seen, by more than three standard deviations",
        f"of both positions, by feet and by head (`detect/gate.py`); 0 is no limit. `{DEFAULT}`, metres a second.",
        "",
        *_table("limit", limits),
    ]
    return "\n".join([*lines, "", *_READING]) + "\n"


def _table(head: str, results: Sequence[tuple[Case, str, dict[str, float]]]) -> list[str]:
    whats = list(dict.fromkeys(what for _, what, _ in results))
    cases = list({id(case): case for case, _, _ in results}.values())
    lines = [f"| boxes | a second | {' | '.join(whats)} |", f"| --- | --- |{' --- |' * len(whats)}"]
    lines[0] = lines[0].replace("boxes", f"boxes \\ {head}")
    for case in cases:
        cells = [" / ".join(f"{s[k]:.3f}" for k in _KEYS) for c, _, s in results if c is case]
        lines.append(f"| {case.name} | {case.fps:g} | {' | '.join(cells)} |")
    means = [" / ".join(f"{mean(s[k] for _, w, s in results if w == what):.3f}" for k in _KEYS) for what in whats]
    lines.append(f"| mean | | {' | '.join(means)} |")
    cost = [f"{mean(s['ms'] for _, w, s in results if w == what):.1f}" for what in whats]
    lines.append(f"| ms a picture | | {' | '.join(cost)} |")
    return lines


if __name__ == "__main__":
    typer.run(main)
