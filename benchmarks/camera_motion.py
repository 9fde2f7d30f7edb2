"""Following people before cameras that move: not moved along, by the camera's poses, by what the pictures show.

python -m benchmarks.camera_motion [--json] [--doc docs/camera_motion.md] [--seconds 13] [--seeds 1]

A dome on its tour and a drone in wind, filmed once a seed at 25 pictures a second; lower rates leave pictures out. The
pipeline gets the true boxes spoilt on purpose, in several draws, the same for all modes, and the decoded pictures.
Beside the scores: how far the next true box of everybody is from where his last one is taken, while the camera moves.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Annotated, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer

from benchmarks.camera_motion_page import page
from benchmarks.claims import Claim, show
from dashboard.progress import Report, bars
from dashboard.rehearsal import film_only
from detect.camera_motion import Motion, PictureMotion, by_homography, by_poses, move_boxes
from detect.observations import ObservationLog
from detect.pipeline import Pipeline, moved
from detect.score.boxes import Footage, seen_boxes, true_boxes
from detect.score.oracle import OracleDetector
from detect.score.settings import ScoreSettings
from detect.score.tracking import identity_switches, track_scores
from detect.sources import VideoFileSource
from detect.sources.memory import MemorySource
from scenarios.camera_track import CameraTrack
from scenarios.frame import Frame
from scenarios.load import load_scenario
from scenarios.truth import GroundTruth, column

FILMS: Final = {"concourse_ptz_v1": ("dome on its tour", (640, 360)), "square_drone_v1": ("drone in wind", (1280, 720))}
"""Scenario to what it is and the size of its pictures."""
SPOILT: Final = {"miss": 0.1, "jitter_px": 3.0, "false_per_frame": 0.5}
RATES: Final = (25.0, 10.0, 5.0)
SPOILINGS: Final = 4
MODES: Final = ("off", "poses", "picture")
_SEEN: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A film of a moving camera.

    Attributes:
        name: The scenario.
        seed: Of the film.
        frames: Its decoded pictures.
        fps: Pictures a second.
        truth: Who was where.
        track: The poses.
    """

    name: str
    seed: int
    frames: Sequence[Frame]
    fps: float
    truth: GroundTruth
    track: CameraTrack

    def thinned(self, fps: float) -> Shot:
        """Return the shot at a lower rate: of the pictures, the first one due at each instant."""
        kept, due_s = [], 0.0
        for frame in self.frames:
            if frame.time_s >= due_s - 1e-6:
                kept.append(frame)
                due_s += 1 / fps
        boxes = self.truth.boxes
        assert boxes is not None
        numbers = pa.array([f.index for f in kept], boxes.schema.field("frame").type)
        truth = replace(self.truth, boxes=boxes.filter(pc.is_in(boxes.column("frame"), numbers)))
        return replace(self, frames=kept, fps=fps, truth=truth)


def shots(folder: Path, seconds: float, seeds: int, report: Report) -> Iterator[Shot]:
    """Film and decode one after the other."""
    for name, (_, size_px) in FILMS.items():
        for seed in range(1, seeds + 1):
            changes = [f"seed={seed}", f"duration_s={seconds:g}", "fps=25", "incidents=[]"]
            world = load_scenario(name, [*changes, f"cameras.0.resolution_px={list(size_px)}"])
            world = world.model_copy(update={"cameras": world.cameras[:1]})
            path = folder / f"{name}-{seed}"
            recording = film_only(world, path, report=report)
            view = recording.views()[0]
            assert view.track is not None
            with closing(VideoFileSource(recording.video(view.id), camera_id=view.id)) as source:
                frames = [item for item in source if isinstance(item, Frame)]
            yield Shot(name, seed, frames, 25.0, recording.truth(), view.track)


def measured(shot: Shot, mode: str, spoiling: int) -> dict[str, Any]:
    """Return the scores of people by one mode, and milliseconds a picture of the tracker's stage."""
    detector = OracleDetector(shot.truth, seed=spoiling, **SPOILT)
    pipeline = Pipeline(detector, [], camera=shot.track, camera_motion=mode)
    log = ObservationLog()
    for seen in pipeline.watch(MemorySource(shot.frames, fps=shot.fps)):
        assert seen.frame is not None
        log.add(seen.frame, seen.detections, seen.tracks, ())
    assert shot.truth.boxes is not None
    footage = Footage.of((shot.truth.boxes,), shot.frames[-1].time_s, (shot.track.camera(0),), ())
    true = true_boxes(shot.truth.boxes, "person", footage, ScoreSettings())
    followed = seen_boxes(log.finish().tracks, "person", footage)
    return {
        "film": shot.name,
        "seed": shot.seed,
        "spoiling": spoiling,
        "fps": shot.fps,
        "mode": mode,
        **track_scores(true, followed),
        "switches": identity_switches(true, followed),
        "ms": 1000 * pipeline.timings_s["tracker"] / len(shot.frames),
    }


def off_px(shot: Shot, mode: str) -> dict[str, float]:
    """Return how far feet are from where the camera's motion alone takes them: median and 95 %, pixels.

    Of everybody's true box in the picture before, while the camera moves; what people walk themselves is in it.
    """
    pictures = PictureMotion() if mode == "picture" else None
    before: dict[int, Any] = {}
    camera, off = shot.track.at(shot.frames[0].time_s), []
    boxes = _boxes(shot)
    for frame in shot.frames:
        last, camera = camera, shot.track.at(frame.time_s)
        now = boxes.get(frame.index, {})
        motion: Motion | None = None
        if pictures is not None:
            found = pictures.step(frame.image, np.reshape(list(now.values()), (-1, 4)))
            motion = None if found is None else by_homography(found)
        elif mode == "poses":
            motion = by_poses(last, camera)
        same = [i for i in now if i in before]
        if same and moved(last, camera):
            stood, came = (np.array([of[i] for i in same]) for of in (before, now))
            taken = stood if motion is None else move_boxes(stood, motion)
            foot, true = (np.c_[(b[:, 0] + b[:, 2]) / 2, b[:, 3]] for b in (taken, came))
            off.append(np.linalg.norm(foot - true, axis=1))
        before = now
    apart = np.concatenate(off)
    return {"off_px": float(np.median(apart)), "off_px_p95": float(np.quantile(apart, 0.95))}


def _boxes(shot: Shot) -> dict[int, dict[int, Any]]:
    """True boxes of people who can be seen and are not cut by the picture's edge, by picture and person."""
    assert shot.truth.boxes is not None
    table = shot.truth.boxes.filter(pc.equal(shot.truth.boxes.column("cls"), "person"))
    corners = np.stack([column(table, n) for n in ("x1", "y1", "x2", "y2")], axis=1).astype(float)
    whole = (corners[:, :2] > 0).all(axis=1) & (corners[:, 2:] < (shot.track.width_px, shot.track.height_px)).all(
        axis=1
    )
    found: dict[int, dict[int, Any]] = {}
    for frame, who, box, seen, inside in zip(
        column(table, "frame"),
        column(table, "id"),
        corners,
        column(table, "visibility"),
        np.asarray(whole),
        strict=True,
    ):
        if seen >= _SEEN and inside:
            found.setdefault(int(frame), {})[int(who)] = box
    return found


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    doc: Annotated[Path | None, typer.Option(help="Write the page with the table.")] = None,
    seconds: Annotated[float, typer.Option(min=2, help="Length of each film.")] = 13.0,
    seeds: Annotated[int, typer.Option(min=1, help="Films of each camera.")] = 1,
) -> None:
    """Measure every mode at every rate."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, bars(quiet=as_json) as report:
        for shot in shots(Path(folder), seconds, seeds, report):
            for fps in RATES:
                thin = shot.thinned(fps)
                for mode in MODES:
                    off = off_px(thin, mode)
                    rows += [measured(thin, mode, k) | off for k in range(1, SPOILINGS + 1)]
    told = {
        "command": shlex.join(["python", "-m", "benchmarks.camera_motion", *sys.argv[1:]]),
        "seconds": seconds,
        "seeds": seeds,
        "spoilt": SPOILT,
        "spoilings": SPOILINGS,
        "rows": rows,
    }
    if doc is not None:
        doc.write_text(page(told, FILMS), encoding="utf-8")
    show(_claims(rows), as_json=as_json, more=told)


def _claims(rows: Sequence[dict[str, Any]]) -> list[Claim]:
    """What `auto` takes, the poses, against the pictures and against nothing."""
    by = {m: {k: mean(r[k] for r in rows if r["mode"] == m) for k in ("hota", "idf1")} for m in MODES}
    claims = [
        Claim.against(f"moving cameras: {key.upper()} by {one}, against {other}", by[one][key], by[other][key], goal)
        for one, other, goal in (("poses", "picture", 0.99), ("poses", "off", 1.0), ("picture", "off", 1.0))
        for key in ("hota", "idf1")
    ]
    cost = {m: median(r["ms"] for r in rows if r["mode"] == m) for m in MODES}
    claims.append(Claim.at_most("moving cameras: ms a picture that the poses cost", cost["poses"] - cost["off"], 2.0))
    return claims


if __name__ == "__main__":
    typer.run(main)
