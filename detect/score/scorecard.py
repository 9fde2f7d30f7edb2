"""The scorecard: everything that was seen and said, against the truth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from detect.floors import Floors
from detect.observations import Observations
from detect.score.boxes import Footage, seen_boxes, true_boxes
from detect.score.counting import count_scores
from detect.score.detection import box_scores, match_boxes
from detect.score.events import ledger, meet, score_events
from detect.score.fairness import fairness, fairness_by
from detect.score.floor import floor_scores
from detect.score.settings import ScoreSettings
from detect.score.tracking import track_scores
from scenarios.camera import Camera
from scenarios.event import EventKind
from scenarios.truth import GroundTruth
from scenarios.venue import Zone

__all__ = ["event_ledger", "scorecard"]

_CLASSES = ("person", "bag")


def scorecard(
    truth: GroundTruth,
    seen: Observations,
    *,
    scenario_name: str,
    seed: int | None,
    detector: str,
    footage_s: float,
    wall_s: float,
    zones: Sequence[Zone] = (),
    settings: ScoreSettings | None = None,
    cameras: Iterable[Camera] = (),
    watched: Collection[EventKind] = (),
    floors: Floors | None = None,
) -> dict[str, Any]:
    """Score one run; the keys of ``score.json``, absent where not measured.

    Args:
        truth: What is true.
        seen: What was seen and said.
        scenario_name: Of the scenario, or of the footage.
        seed: Of the scenario; None: the footage is real.
        detector: Its name; an oracle's name says so.
        footage_s: Length of the footage of one camera.
        wall_s: How long the whole run took.
        zones: Watched zones.
        settings: How strictly is scored.
        cameras: Where given, true boxes are cut at the edge of their pictures.
        watched: Kinds for which a rule watched: scored also when nothing was due and nothing was said.
        floors: Who was where on the floor, by all cameras together.
    """
    settings = settings or ScoreSettings()
    footage = Footage.of((truth.boxes, seen.detections, seen.tracks), footage_s, cameras, seen.gaps)
    card: dict[str, Any] = {"scenario": scenario_name}
    if seed is not None:
        card["seed"] = seed
    card |= {"detector": detector, "footage_s": footage_s, "wall_s": wall_s}
    if truth.boxes is not None:
        card |= _box_parts(truth, seen, footage, settings)
        on_floor = floor_scores(truth.boxes, floors, settings) if floors is not None else {}
        card |= {"floor": on_floor} if on_floor else {}
    meetings = meet(truth, seen.events, settings, zones=zones, watched=watched, until_s=footage_s)
    hours = _camera_hours(footage)
    if meetings:
        card["camera_hours"] = hours
        card["events"] = {m.kind.value: score_events(m, hours, settings).as_json() for m in meetings}
        false = [event for m in meetings for event in m.false]
        roles = fairness(truth, false, footage, settings)
        if roles:
            card["fairness"] = roles
            card["fairness_by"] = fairness_by(truth, false, footage, settings)
    return card


def event_ledger(
    truth: GroundTruth,
    seen: Observations,
    *,
    zones: Sequence[Zone] = (),
    settings: ScoreSettings | None = None,
    footage_s: float | None = None,
) -> list[dict[str, Any]]:
    """Return what was due and what was said, for the timeline.

    Returns:
        By time: ``kind``, ``due_s``, ``until_s``, ``place`` ([x, y] in metres), ``status`` (found, missed, false,
        no_rule), ``alarm_s``, ``event_id``, ``camera`` and ``score`` of the alarm (of what several cameras said: the
        first, and the largest score); each None where there is none.
    """
    return ledger(meet(truth, seen.events, settings or ScoreSettings(), zones=zones, until_s=footage_s))


def _box_parts(truth: GroundTruth, seen: Observations, footage: Footage, settings: ScoreSettings) -> dict[str, Any]:
    boxes: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for cls in _CLASSES:
        true, found = true_boxes(truth.boxes, cls, footage, settings), seen_boxes(seen.detections, cls, footage)
        if cls == "bag" and not len(true):
            continue
        match = match_boxes(true, found)
        at = match if match.thresholds[0] == settings.iou else match_boxes(true, found, np.array([settings.iou]))
        scores = box_scores(true, found, match, at)
        if scores:
            boxes[cls] = scores
        if cls == "person":
            followed = seen_boxes(seen.tracks, cls, footage)
            tracks = track_scores(true, followed, settings.iou)
            counts = count_scores(true, followed, match_boxes(true, followed, np.array([settings.iou])), settings)
            parts = ({"tracks": tracks} if tracks else {}) | ({"count": counts} if counts else {})
    return ({"boxes": boxes} if boxes else {}) | parts


def _camera_hours(footage: Footage) -> float:
    lost = sum(max(0.0, min(g.end_s, footage.until_s) - g.start_s) for g in footage.gaps)
    return max(0.0, max(1, len(footage.cameras)) * footage.until_s - lost) / 3600
