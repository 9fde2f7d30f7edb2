"""What networks find on drawn places that no training saw: at which input size and cost, and in bad conditions.

python -m benchmarks.held_out [--json] [--network model.onnx,tile_px=640] [--severity 3] [--doc docs/held_out.md]

Places, cameras, crowds and light are drawn as for training (`scenarios.variety`), with other seeds, and filmed at 720p.
Every still is taken once in fair conditions and once more in each bad one, of the same people at the same instant; so
the points lost are those of the condition alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Annotated, Final

import cv2
import numpy as np
import supervision as sv
import typer
from numpy.typing import NDArray

from benchmarks.claims import Claim, show
from benchmarks.held_out_page import FAIR, OPEN, REAL, WET, fair_of, page
from dashboard.fetch_footage import vtest
from dashboard.progress import Report, bars
from detect.detectors import build_detector
from detect.detectors.contract import Detector
from detect.detectors.parvis import PARVIS_ONNX
from detect.score.annotations import load_mot
from detect.score.boxes import Footage, true_boxes
from detect.score.settings import ScoreSettings
from detect.score.stills import StillBoxes
from detect.sources import VideoFileSource
from detect.tracks import ObjectClass
from scenarios.conditions import EFFECTS
from scenarios.errors import ParvisError, ScenarioError
from scenarios.frame import Frame
from scenarios.scenario import Scenario
from scenarios.variety import draw_scenario
from scenarios.venue import Ground
from sim.crowd import Crowd
from sim.render.compositor import Compositor, Shot

__all__ = ["still_scenario"]

Floats = NDArray[np.float64]

_REFERENCE: Final = Path(__file__).parent.parent / "tests" / "reference" / "pets09_s2l1"
_REAL_FPS: Final = 7.0
_STREAM: Final = 0x0DD
"""Keeps these places apart from those of any training."""
_SIZE_PX: Final = (1280, 720)
_TALL_PX: Final = (8.0, 75.0)
"""In a picture as wide as the drawn ones; three times as much at 720p."""
_MOMENTS: Final = 3
_APART_S: Final = 4.0
_JPEG: Final = 90
_IN_MOTION: Final = ("vibration", "compression", "dropped_frames")
"""What a still does not show."""
_ROOFED: Final = (Ground.TILES, Ground.TERRAZZO)
_SCORING: Final = ScoreSettings(min_visibility=0.3, min_height_px=30.0)
_AS_SHIPPED: Final = f"{PARVIS_ONNX},most_overlap=0.5"
_CLASSES: Final = {"person": ObjectClass.PERSON, "bag": ObjectClass.BAG}
_GOALS: Final = {"person": 0.90, "bag": 0.80}
_MOST_LOST: Final = 0.15


Tally = dict[tuple[str, str, str], StillBoxes]
"""By network, condition and class."""


def main(
    network: Annotated[list[str] | None, typer.Option("--network", help="A detector; again for more.")] = None,
    scenarios: Annotated[int, typer.Option("--scenarios", min=1, help="Places drawn.")] = 16,
    cameras: Annotated[int, typer.Option("--cameras", min=1, max=8, help="Cameras of each.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Decides all chance.")] = 1,
    severity: Annotated[float, typer.Option("--severity", min=0, max=5, help="Of the bad conditions; 0: none.")] = 3.0,
    stride: Annotated[int, typer.Option("--stride", min=1, help="Every n-th picture of the real video.")] = 7,
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the tables as Markdown.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score networks on stills of drawn places in fair and bad conditions, and on the real video."""
    specs = network or [_AS_SHIPPED]
    tally: Tally = {}
    times: dict[str, list[float]] = {_name(spec): [] for spec in specs}
    try:
        watchers = {_name(spec): build_detector(spec) for spec in specs}
        with bars(quiet=as_json) as report:
            for number in range(scenarios):
                report("places", number / scenarios, f"{number + 1} of {scenarios}")
                for conditions, shot in _shots(seed, number, cameras, severity):
                    _look(watchers, conditions, shot, tally, times)
            _real(watchers, stride, tally, report)
    except ParvisError as error:
        typer.echo(f"held_out: {error}", err=True)
        raise typer.Exit(2) from None
    scores = {key: found.ap50() for key, found in tally.items()}
    wanted = {cls: tally[_name(specs[0]), FAIR, cls].wanted() for cls in _CLASSES}
    costs = {name: 1e3 * median(spent) for name, spent in times.items()}
    command = f"python -m benchmarks.held_out{''.join(f' --network {_name(s)}' for s in network or [])}"
    text = page(scores, costs, wanted, severity=severity, command=command)
    if doc is not None:
        doc.write_text(text, encoding="utf-8")
    claims = [
        *(
            Claim.at_least(f"held out: {name}, {cls} AP50 over {wanted[cls]} boxes", scores[name, FAIR, cls], goal)
            for name in costs
            for cls, goal in _GOALS.items()
        ),
        *(
            Claim.at_most(
                f"held out: {name}, {cls} AP50 lost by {condition} {severity:g}",
                scores[name, fair_of(condition), cls] - ap,
                _MOST_LOST,
            )
            for (name, condition, cls), ap in scores.items()
            if condition not in (FAIR, OPEN, REAL)
        ),
    ]
    show(claims, as_json=as_json, more={"ms_a_picture": costs})
    if not as_json:
        print(text)


def still_scenario(seed: int, number: int, cameras: int) -> tuple[Scenario, np.random.Generator]:
    """Draw a place that is filmed at 720p in fair conditions; beside it the chance of what happens there.

    Raises:
        ScenarioError: There is no room for the people who were drawn, again and again.
    """
    rng = np.random.default_rng((_STREAM, seed, number))
    for _ in range(20):
        drawn = draw_scenario(rng, cameras=cameras, duration_s=_MOMENTS * _APART_S + 1, empty=0.0, tall_px=_TALL_PX)
        views = [c.model_copy(update={"resolution_px": _SIZE_PX}) for c in drawn.cameras]
        fair = drawn.conditions.model_copy(update={**dict.fromkeys(EFFECTS, 0.0), "noise": 1.0, "brightness": 1.0})
        scenario = drawn.model_copy(update={"cameras": tuple(views), "conditions": fair})
        try:
            Crowd(scenario, scenario.seed)
        except ScenarioError as error:
            full = error
            continue
        return scenario, rng
    raise full


def _shots(seed: int, number: int, cameras: int, severity: float) -> Iterator[tuple[tuple[str, ...], Shot]]:
    """Film one place: every still in fair conditions, then in each bad one; with the names under which it counts."""
    scenario, rng = still_scenario(seed, number, cameras)
    crowd, steps, snapshots = Crowd(scenario, scenario.seed), round(_APART_S / scenario.step_s), []
    for moment in range(_MOMENTS):
        for _ in range(steps if moment else round(1.0 / scenario.step_s)):
            crowd.step()
        snapshots.append(crowd.snapshot())
    roofed = scenario.venue.ground in _ROOFED
    bad = [e for e in EFFECTS if severity and e not in _IN_MOTION and not (roofed and e in WET)]
    for condition in (FAIR, *bad):
        changed = scenario.conditions.model_copy(update={} if condition == FAIR else {condition: severity})
        world = scenario.model_copy(update={"conditions": changed})
        for spec, chance in zip(world.cameras, rng.spawn(cameras), strict=True):
            compositor = Compositor(world, spec.build(), chance, mark=False)
            for moment, snapshot in enumerate(snapshots):
                dry = condition == FAIR and not roofed
                yield (FAIR, OPEN) if dry else (condition,), compositor.shoot(snapshot, moment)


def _look(
    watchers: dict[str, Detector], conditions: tuple[str, ...], shot: Shot, tally: Tally, times: dict[str, list[float]]
) -> None:
    """Let every network look at a still, in turn, and put down what it found."""
    _, packed = cv2.imencode(".jpg", shot.frame.image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG])
    image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    frame = Frame(shot.frame.camera_id, shot.frame.index, shot.frame.time_s, shot.frame.wall_time, image)
    height, width = image.shape[:2]
    box = np.clip(shot.boxes.whole_px, 0, (width, height, width, height))
    for name, watcher in watchers.items():
        start = perf_counter()
        seen = watcher.detect([frame])[0]
        times[name].append(perf_counter() - start)
        for cls in _CLASSES:
            mine = shot.boxes.is_bag if cls == "bag" else ~shot.boxes.is_bag
            least = _SCORING.min_height_px * (0.25 if cls == "bag" else 1.0)
            low = box[mine, 3] - box[mine, 1] < least
            ignore = low | (shot.boxes.visibility[mine] < _SCORING.min_visibility)
            for condition in conditions:
                found = tally.setdefault((name, condition, cls), StillBoxes())
                found.add(box[mine], ignore, *_of_class(seen, cls))


def _real(watchers: dict[str, Detector], stride: int, tally: Tally, report: Report) -> None:
    """Let every network look at the real video, if it is here."""
    video = vtest()
    if video is None:
        return
    truth = load_mot(_REFERENCE / "gt.txt", camera_id="pets", fps=_REAL_FPS)
    with closing(VideoFileSource(video, camera_id="pets", fps=_REAL_FPS)) as source:
        width, height = source.size_px
        footage = Footage(("pets",), np.inf, {"pets": (width, height)}, ())
        assert truth.boxes is not None
        table = true_boxes(truth.boxes, "person", footage, ScoreSettings())
        frame_of = footage.keys(np.array(["pets"], object), np.zeros(1, np.int64))[0]
        for item in source:
            if not isinstance(item, Frame) or item.index % stride:
                continue
            report(REAL, item.index / (source.frame_count or item.index + 1))
            rows = table.key - frame_of == item.index
            for name, watcher in watchers.items():
                seen = _of_class(watcher.detect([item])[0], "person")
                tally.setdefault((name, REAL, "person"), StillBoxes()).add(
                    table.box_px[rows], table.ignore[rows], *seen
                )


def _of_class(seen: sv.Detections, cls: str) -> tuple[Floats, Floats]:
    mine = np.asarray(seen.class_id) == _CLASSES[cls]
    return np.asarray(seen.xyxy, float)[mine], np.asarray(seen.confidence, float)[mine]


def _name(spec: str) -> str:
    """A detector without the folder of its file."""
    file, comma, rest = spec.partition(",")
    return Path(file).name + comma + rest


if __name__ == "__main__":
    typer.run(main)
