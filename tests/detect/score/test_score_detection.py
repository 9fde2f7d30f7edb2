"""Average precision: cases by hand, and COCO's own implementation as oracle."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from detect.score.boxes import Footage, iou_matrix, seen_boxes, true_boxes
from detect.score.counting import count_scores, local_density, valid_to
from detect.score.detection import average_precision, box_scores, match_boxes
from detect.score.scorecard import scorecard
from detect.score.settings import ScoreSettings

BOX = (10.0, 10.0, 50.0, 110.0)


def sides(truth, seen, **kw):
    footage = Footage.of((truth.boxes, seen.detections), truth.duration_s, kw.pop("cameras", ()), seen.gaps)
    return true_boxes(truth.boxes, "person", footage, ScoreSettings(**kw)), seen_boxes(
        seen.detections, "person", footage
    )


def score(truth, seen, **kw):
    true, found = sides(truth, seen, **kw)
    match = match_boxes(true, found)
    return box_scores(true, found, match, match)


def test_iou_by_hand() -> None:
    a = np.array([[0, 0, 10, 10], [0, 0, 0, 0]], float)
    b = np.array([[5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]], float)
    assert iou_matrix(a, b) == pytest.approx(np.array([[1 / 3, 0, 1], [0, 0, 0]]))


def test_perfect_and_empty(box_truth, observed) -> None:
    truth = box_truth([(0, 1, *BOX), (1, 1, *BOX)])
    everything = {"ap50": 1.0, "ap50_95": 1.0, "precision": 1.0, "recall": 1.0}
    assert score(truth, observed([(0, *BOX, 0.9), (1, *BOX, 0.8)])) == pytest.approx(everything)
    assert score(truth, observed()) == {"ap50": 0.0, "ap50_95": 0.0, "recall": 0.0}
    assert score(box_truth([]), observed([(0, *BOX, 0.9)])) == {"precision": 0.0}
    assert score(box_truth([]), observed()) == {}


def test_double_and_wrong_boxes(box_truth, observed) -> None:
    truth = box_truth([(0, 1, *BOX), (0, 2, 200.0, 10.0, 240.0, 110.0)])
    far = (400.0, 10.0, 440.0, 110.0)
    found = score(truth, observed([(0, *BOX, 0.9), (0, *BOX, 0.8), (0, *far, 0.7)]))
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["recall"] == 0.5
    assert found["ap50"] == pytest.approx(51 / 101)  # precision 1 up to recall 0.5, nothing after


def test_hidden_and_small_people_are_neither_right_nor_wrong(box_truth, observed) -> None:
    small = (300.0, 10.0, 306.0, 29.0)
    truth = box_truth([(0, 1, *BOX), (0, 2, 200.0, 10.0, 240.0, 110.0, 0.2), (0, 3, *small)])
    both = observed([(0, *BOX, 0.9), (0, 200.0, 10.0, 240.0, 110.0, 0.95), (0, *small, 0.99)])
    one = observed([(0, *BOX, 0.9)])
    assert score(truth, both) == score(truth, one) == pytest.approx(dict.fromkeys(score(truth, one), 1.0))
    assert score(truth, both, min_visibility=0.1, min_height_px=10)["recall"] == 1.0
    assert score(truth, one, min_visibility=0.1)["recall"] == 0.5


def test_true_boxes_are_cut_at_the_picture(box_truth, observed) -> None:
    from scenarios.camera import Camera

    camera = Camera.looking_at("cam", position_m=(0, -9, 5), look_at_m=(0, 0, 0), hfov_deg=60, resolution_px=(320, 240))
    truth = box_truth([(0, 1, -60.0, 100.0, 60.0, 300.0)])
    seen = observed([(0, 0.0, 100.0, 60.0, 240.0, 0.9)])
    assert score(truth, seen)["recall"] == 0.0
    assert score(truth, seen, cameras=[camera])["recall"] == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_parity_with_coco(box_truth, observed, seed) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(seed)
    people, found = [], []
    for frame in range(12):
        for who in range(rng.integers(0, 9)):
            x, y, w, h = *rng.uniform(0, 500, 2), *rng.uniform((15, 40), (60, 160))
            people.append((frame, who, x, y, x + w, y + h, float(rng.choice([1.0, 1.0, 0.1]))))
            for _ in range(rng.integers(0, 3)):
                box = np.array([x, y, x + w, y + h]) + rng.normal(0, 4, 4)
                found.append((frame, *box.tolist(), float(rng.random())))
        found += [(frame, *rng.uniform(0, 300, 2), *rng.uniform(301, 600, 2), float(rng.random()))]
    true, seen = sides(box_truth(people), observed(found))
    coco = COCO()
    coco.dataset = {
        "images": [{"id": f + 1} for f in range(12)],
        "categories": [{"id": 1}],
        "annotations": [
            {
                "id": i + 1,
                "image_id": int(true.key[i] % 2**32) + 1,
                "category_id": 1,
                "bbox": [*true.box_px[i, :2], *(true.box_px[i, 2:] - true.box_px[i, :2])],
                "area": 5000.0,
                "iscrowd": 0,
                "ignore": int(true.ignore[i]),
            }
            for i in range(len(true))
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        results = np.column_stack(
            (
                seen.key % 2**32 + 1,
                seen.box_px[:, :2],
                seen.box_px[:, 2:] - seen.box_px[:, :2],
                seen.confidence,
                np.ones(len(seen)),
            )
        )
        judge = COCOeval(coco, coco.loadRes(results), "bbox")
        judge._prepare()  # sets `ignore` from `iscrowd`; ours is set again below
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        prepare = judge._prepare

        def prepared() -> None:
            prepare()
            for annotations in judge._gts.values():
                for one in annotations:
                    one["ignore"] = int(true.ignore[one["id"] - 1])

        judge._prepare = prepared
        judge.evaluate()
        judge.accumulate()
    theirs = judge.eval["precision"][:, :, 0, 0, -1].mean(axis=1)
    assert average_precision(true, seen, match_boxes(true, seen)) == pytest.approx(theirs, abs=1e-6)


def test_counts(box_truth, observed) -> None:
    truth = box_truth([(f, i, 60.0 * i, 10.0, 60.0 * i + 40, 110.0) for f in range(4) for i in range(3)])
    seen = observed([(f, 60.0 * i, 10.0, 60.0 * i + 40, 110.0, 0.9) for f in range(4) for i in range(3) if i < f])
    true, found = sides(truth, seen)
    scores = count_scores(true, found, match_boxes(true, found), ScoreSettings())
    assert scores == pytest.approx({"mae": (3 + 2 + 1 + 0) / 4, "rmse": np.sqrt((9 + 4 + 1) / 4)})


def test_hidden_people_and_boxes_on_them_do_not_count(box_truth, observed) -> None:
    truth = box_truth([(0, 0, *BOX), (0, 1, 100.0, 10.0, 140.0, 110.0, 0.1)])
    true, found = sides(truth, observed([(0, *BOX, 0.9), (0, 100.0, 10.0, 140.0, 110.0, 0.9)]))
    assert count_scores(true, found, match_boxes(true, found), ScoreSettings()) == {"mae": 0.0, "rmse": 0.0}


def test_the_scorecard_counts_who_is_followed_and_no_weak_boxes(box_truth, observed) -> None:
    people = [(k, who, 100 * who, 10, 100 * who + 20, 60) for k in range(10) for who in (1, 2)]
    weak = [(k, 400 + 30 * n, 10, 420 + 30 * n, 60, 0.1) for k in range(10) for n in range(5)]
    boxes = [(k, *box, 0.9) for k, _, *box in people] + weak
    followed = [row for row in people if row[0] < 5 or row[1] == 1]  # the second is lost half-way
    card = scorecard(
        box_truth(people), observed(detections=boxes, tracks=followed),
        scenario_name="x", seed=None, detector="d", footage_s=1.0, wall_s=1.0,
    )  # fmt: skip
    assert card["count"]["mae"] == pytest.approx(0.5)


def test_density_up_to_which_a_count_is_valid(box_truth, observed) -> None:
    rng = np.random.default_rng(3)
    people, found = [], []
    for frame in range(60):
        for who in range(60):  # thirty stand thin, thirty stand thick; only the thin ones are found
            thick = who >= 30
            x, y = rng.uniform((0, 0), (3.5, 3.5) if thick else (14, 14)) + ((40, 0) if thick else (0, 0))
            box = (20.0 * who, 10.0, 20.0 * who + 18, 60.0)
            people.append((frame, who, *box, 1.0, "person", x, y))
            if not thick:
                found.append((frame, *box, 0.9))
    true, seen = sides(box_truth(people), observed(found))
    density = local_density(true, 2.0)
    assert np.nanmedian(density[true.id < 30]) < 0.4
    assert np.nanmedian(density[true.id >= 30]) > 1.0
    match = match_boxes(true, seen)
    limit = count_scores(true, seen, match, ScoreSettings())["valid_to_per_m2"]
    assert 0.25 <= limit <= 1.0
    most = float(np.nanmax(density))
    assert most - 0.25 <= valid_to(density, np.ones(len(true), bool), true.ignore, ScoreSettings()) <= most
    assert valid_to(density, np.zeros(len(true), bool), true.ignore, ScoreSettings()) == 0.0
    assert valid_to(np.full(len(true), np.nan), match.found[0], true.ignore, ScoreSettings()) is None
