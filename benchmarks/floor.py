"""Where people stand and how many there are: places, their stated uncertainty, and several cameras over one floor.

python -m benchmarks.floor [--json] [--seconds 20] [--seed 2]

Real: the public Faster R-CNN boxes of PETS2009 S2.L1 view 1 through its calibration, against the annotated feet.
Simulated: `hall_three_cameras_v1` filmed once; the true boxes spoilt on purpose (a twentieth missed, edges 2 px off,
false ones), and the same again through calibrations that are wrong by what they say; one, two and three cameras.
Calibration by the heights of people: on the same real boxes, beside the true calibration.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import supervision as sv
import typer
from scipy.optimize import linear_sum_assignment

from benchmarks.claims import Claim, show
from dashboard.rehearsal import film_only
from detect.calibrating.heights import calibrate_heights
from detect.calibrating.people_boxes import load_people_boxes
from detect.calibrating.solution import facts_of
from detect.floors import fuse_tracks
from detect.ground import Grounding
from detect.observations import ObservationLog
from detect.pipeline import Pipeline
from detect.score.boxes import iou_matrix
from detect.score.floor import floor_scores
from detect.score.oracle import OracleDetector
from detect.score.settings import ScoreSettings
from detect.sources.memory import MemorySource
from detect.tracking import Tracker
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.doubt import changed, stated_doubt
from scenarios.frame import Frame
from scenarios.load import load_scenario
from scenarios.recording import Recording

REFERENCE: Final = Path(__file__).parent.parent / "tests" / "reference" / "pets09_s2l1"
SCENARIO: Final = "hall_three_cameras_v1"
SPOILT: Final = {"miss": 0.05, "jitter_px": 2.0, "false_per_frame": 0.1}
WRONG: Final = {"turn_deg": 0.3, "position_m": 0.05, "focal_share": 0.01}
REAL_FPS: Final = 7.0
_SAME: Final = 0.5


def real_places() -> dict[str, float]:
    """Return median and 95 % of the errors of real places, and how many are inside their ellipses."""
    camera = load_calibration(REFERENCE / "camera.toml").camera
    truth, found = (np.loadtxt(REFERENCE / name, delimiter=",") for name in ("gt.txt", "det.txt"))
    tracker, ground = Tracker(fps=REAL_FPS), Grounding(camera)
    off, far = [], []
    for number in range(1, int(truth[:, 0].max()) + 1):
        now = (number - 1) / REAL_FPS
        true, seen = truth[truth[:, 0] == number], found[found[:, 0] == number]
        boxes = sv.Detections(xyxy=_corners(seen), confidence=seen[:, 6], class_id=np.zeros(len(seen), int))
        tracks = ground.place(camera.id, tracker.update(boxes, now, camera), now)
        overlap = iou_matrix(_corners(true), tracks.box_px)
        for i, j in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[i, j] >= _SAME and np.isfinite(tracks.position_m[j]).all():
                apart = tracks.position_m[j] - true[i, 7:9]
                off.append(float(np.linalg.norm(apart)))
                far.append(float(apart @ np.linalg.solve(tracks.covariance_m2[j], apart)))
    return {
        "median_m": float(np.median(off)),
        "p95_m": float(np.quantile(off, 0.95)),
        "covered_68": float(np.mean(np.array(far) <= 2.279)),
        "covered_95": float(np.mean(np.array(far) <= 5.991)),
        "people": float(len(off)),
    }


def _corners(rows: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Boxes of MOTChallenge rows, whose first pixel is 1."""
    return np.asarray(np.c_[rows[:, 2:4] - 1, rows[:, 2:4] - 1 + rows[:, 4:6]].reshape(-1, 4))


def watched(recording: Recording, seed: int, *, wrong: bool) -> pa.Table:
    """Return the tracks of all cameras of a film from spoilt true boxes."""
    detector = OracleDetector(recording.truth(), seed=seed, **SPOILT)
    log = ObservationLog()
    rng = np.random.default_rng(seed)
    doubt = stated_doubt(**WRONG)
    for view in recording.views():
        assert isinstance(view.camera, Camera)
        camera = view.camera
        if wrong:
            camera = replace(changed(camera, rng.multivariate_normal(np.zeros(8), doubt)), doubt=doubt)
        black = np.zeros((view.height_px, view.width_px, 3), np.uint8)
        times = recording.frame_times(view.id).tolist()
        frames = [Frame(view.id, k, t, None, black) for k, t in enumerate(times)]
        source = MemorySource(frames, fps=1 / (times[1] - times[0]))
        for seen in Pipeline(detector, [], camera=camera).watch(source):
            assert seen.frame is not None
            log.add(seen.frame, seen.detections, seen.tracks, ())
    return log.finish().tracks


def fused(recording: Recording, tracks: pa.Table, cameras: Sequence[str]) -> dict[str, Any]:
    """Return the scores of some of the cameras together, and what adding up their counts would say."""
    boxes = recording.truth().boxes
    assert boxes is not None
    mine = boxes.filter(pc.is_in(boxes.column("camera"), pa.array(cameras)))
    floors = fuse_tracks(tracks, {c: recording.frame_times(c) for c in cameras})
    scores = floor_scores(mine, floors, ScoreSettings())
    people = tracks.filter(pc.and_(pc.is_in(tracks["camera"], pa.array(cameras)), pc.equal(tracks["cls"], "person")))
    added = people.num_rows / len(floors.instants_s)
    return scores | {"added_up": added / scores["people"]}


def by_heights() -> dict[str, Any]:
    """Return what the heights of people tell of the real camera, beside what is true."""
    true = facts_of(load_calibration(REFERENCE / "camera.toml").camera)
    seen = load_people_boxes(REFERENCE / "det.txt", size_px=(768, 576), fps=REAL_FPS)
    rows: dict[str, Any] = {"true": true.as_dict()}
    for name, hfov in (("nothing known", None), ("lens known", true.hfov_deg)):
        rows[name] = facts_of(calibrate_heights(seen, hfov_deg=hfov).camera).as_dict()
    return rows


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    seconds: Annotated[float, typer.Option(help="Length of the film.")] = 20.0,
    seed: Annotated[int, typer.Option(help="Of the film and of what is spoilt.")] = 2,
) -> None:
    """Measure."""
    real, heights = real_places(), by_heights()
    claims = [
        Claim.at_most("places on the real video: median error, m", real["median_m"], 0.30),
        Claim.at_least("places on the real video: share inside the 68 % ellipse", real["covered_68"], 0.6),
        Claim.at_least("places on the real video: share inside the 95 % ellipse", real["covered_95"], 0.9),
    ]
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        world = load_scenario(SCENARIO, [f"duration_s={seconds}", f"seed={seed}"])
        recording = film_only(world, Path(folder) / "film")
        names = [view.id for view in recording.views()]
        for wrong in (False, True):
            tracks = watched(recording, seed, wrong=wrong)
            for cameras in [[name] for name in names] + [names[:2], names]:
                key = f"{' + '.join(cameras)}{', calibrations wrong' if wrong else ''}"
                rows[key] = fused(recording, tracks, cameras)
        for count, cameras in ((2, names[:2]), (3, names)):
            row = rows[" + ".join(cameras)]
            claims += [
                Claim.at_most(f"{count} cameras: count off by, share of the people", row["count"]["share"], 0.05),
                Claim.at_least(f"{count} cameras: MODA at 0.5 m", row["moda"], 0.85),
                Claim.at_most(f"{count} cameras: median error of places, m", row["position_m"]["median"], 0.30),
            ]
    show(claims, as_json=as_json, more={"real": real, "heights": heights, "floor": rows})


if __name__ == "__main__":
    typer.run(main)
