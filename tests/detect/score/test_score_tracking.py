"""HOTA, IDF1 and MOTA are those of an independent implementation, and those that the field publishes."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import supervision as sv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trackers import ByteTrackTracker

from detect.score.annotations import load_mot
from detect.score.boxes import Footage, seen_boxes, true_boxes
from detect.score.settings import ScoreSettings
from detect.score.tracking import align, track_scores

FPS = 7.0


def sides(truth, seen, strict=None):
    footage = Footage.of((truth.boxes, seen.tracks), truth.duration_s, (), seen.gaps)
    return true_boxes(truth.boxes, "person", footage, strict or ScoreSettings()), seen_boxes(
        seen.tracks, "person", footage
    )


def by_trackeval(true, seen):
    """The same numbers by TrackEval (Luiten and Hoffhues 2020)."""
    from trackeval.metrics import CLEAR, HOTA, Identity

    ((ids, tracks, overlap),) = align(true, seen)
    names, numbers = np.unique(np.concatenate(ids), return_inverse=True)
    track_names, track_numbers = np.unique(np.concatenate(tracks), return_inverse=True)
    cut, track_cut = np.cumsum([len(i) for i in ids])[:-1], np.cumsum([len(t) for t in tracks])[:-1]
    data = {
        "num_timesteps": len(ids),
        "gt_ids": np.split(numbers, cut),
        "tracker_ids": np.split(track_numbers, track_cut),
        "similarity_scores": overlap,
        "num_gt_dets": len(numbers),
        "num_tracker_dets": len(track_numbers),
        "num_gt_ids": len(names),
        "num_tracker_ids": len(track_names),
    }
    with contextlib.redirect_stdout(io.StringIO()):
        hota = HOTA().eval_sequence(data)
        identity = Identity({"THRESHOLD": 0.5, "PRINT_CONFIG": False}).eval_sequence(data)
        clear = CLEAR({"THRESHOLD": 0.5, "PRINT_CONFIG": False}).eval_sequence(data)
    return {
        "hota": hota["HOTA"].mean(),
        "det_a": hota["DetA"].mean(),
        "ass_a": hota["AssA"].mean(),
        "idf1": identity["IDF1"],
        "mota": clear["MOTA"],
    }


@pytest.fixture(scope="module")
def public_tracks():
    """Public Faster R-CNN boxes of PETS09-S2L1, followed by ByteTrack."""
    from pathlib import Path

    det = np.loadtxt(Path(__file__).parents[2] / "reference" / "pets09_s2l1" / "det.txt", delimiter=",")
    tracker = ByteTrackTracker(
        lost_track_buffer=60, frame_rate=FPS, track_activation_threshold=0.7, high_conf_det_threshold=0.7
    )
    rows = []
    for frame in range(1, 796):
        here = det[det[:, 0] == frame]
        box = np.concatenate((here[:, 2:4] - 1, here[:, 2:4] - 1 + here[:, 4:6]), axis=1)
        found = tracker.update(sv.Detections(xyxy=box, confidence=here[:, 6], class_id=np.zeros(len(here), int)))
        rows += [(frame - 1, int(i), *b) for i, b in zip(found.tracker_id, found.xyxy.tolist(), strict=True) if i >= 0]
    return rows


def test_published_numbers_on_real_footage(pets, observed, public_tracks) -> None:
    truth = load_mot(pets / "gt.txt", camera_id="cam", fps=FPS, keep_ignored=True)
    scores = track_scores(*sides(truth, observed(tracks=public_tracks, fps=FPS)))
    assert scores["hota"] == pytest.approx(0.374, abs=0.010)
    assert scores["mota"] == pytest.approx(0.578, abs=0.003)
    assert scores["idf1"] == pytest.approx(0.502, abs=0.010)


@pytest.mark.parametrize("keep_ignored", [True, False])
def test_parity_with_trackeval_on_real_footage(pets, observed, public_tracks, keep_ignored) -> None:
    truth = load_mot(pets / "gt.txt", camera_id="cam", fps=FPS, keep_ignored=keep_ignored)
    true, seen = sides(truth, observed(tracks=public_tracks, fps=FPS))
    assert true.ignore.sum() == (0 if keep_ignored else 174)
    assert track_scores(true, seen) == pytest.approx(by_trackeval(true, seen), abs=1e-6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_parity_with_trackeval_on_chance(box_truth, observed, seed) -> None:
    rng = np.random.default_rng(seed)
    people, tracks = [], []
    for frame in range(int(rng.integers(2, 25))):
        for who in rng.permutation(6)[: rng.integers(0, 7)].tolist():
            x, y = 30.0 * who + rng.normal(0, 4), 50 + 2.0 * frame
            people.append((frame, who, x, y, x + 40, y + 90, float(rng.choice([1.0, 1.0, 0.1]))))
            if rng.random() < 0.8:
                shift = rng.normal(0, 6, 2)
                other = who if rng.random() < 0.8 else 20 + int(rng.integers(0, 3)) * 10 + who
                tracks.append((frame, other, x + shift[0], y + shift[1], x + shift[0] + 40, y + shift[1] + 90))
        tracks += [
            (frame, 90 + k, *rng.uniform(0, 200, 2), *rng.uniform(201, 300, 2)) for k in range(rng.integers(0, 2))
        ]
    true, seen = sides(box_truth(people), observed(tracks=tracks)) if people and tracks else (None, None)
    if true is None or true.ignore.all():
        return
    assert track_scores(true, seen) == pytest.approx(by_trackeval(true, seen), abs=1e-6)


def test_perfect_none_and_unknown(box_truth, observed) -> None:
    rows = [(f, i, 50.0 * i, 10.0, 50.0 * i + 30, 90.0) for f in range(10) for i in range(3)]
    perfect = track_scores(*sides(box_truth(rows), observed(tracks=rows)))
    assert perfect == pytest.approx(dict.fromkeys(("hota", "det_a", "ass_a", "idf1", "mota"), 1.0))
    assert track_scores(*sides(box_truth(rows), observed()))["hota"] == 0.0
    hidden = [(*r, 0.1) for r in rows]
    assert track_scores(*sides(box_truth(hidden), observed(tracks=rows))) == {}


def test_tracks_on_ignored_people_are_neither_right_nor_wrong(box_truth, observed) -> None:
    rows = [(f, i, 50.0 * i, 10.0, 50.0 * i + 30, 90.0) for f in range(10) for i in range(3)]
    hidden = [(*r, 0.1) if r[1] == 2 else r for r in rows]
    assert track_scores(*sides(box_truth(hidden), observed(tracks=rows)))["mota"] == 1.0
    assert track_scores(*sides(box_truth(hidden), observed(tracks=[r for r in rows if r[1] != 2])))["mota"] == 1.0
    assert track_scores(*sides(box_truth(rows), observed(tracks=[r for r in rows if r[1] != 2])))["mota"] < 0.7


def test_gaps_are_no_data(box_truth, observed) -> None:
    from scenarios.frame import Gap

    rows = [(f, 0, 10.0, 10.0, 40.0, 90.0) for f in range(20)]
    seen = [r for r in rows if not 5 < r[0] < 15]
    gap = Gap("cam", 0.5, 1.5, "no picture")
    assert track_scores(*sides(box_truth(rows), observed(tracks=seen, gaps=[gap])))["mota"] == 1.0
    assert track_scores(*sides(box_truth(rows), observed(tracks=seen)))["mota"] == pytest.approx(0.55)
