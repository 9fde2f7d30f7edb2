"""The oracle: the truth as boxes, spoilt as set; and the whole loop without pictures."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from detect.ground import Grounding
from detect.observations import ObservationLog
from detect.rules import build_rules
from detect.rules.contract import Scene
from detect.score import event_ledger, scorecard
from detect.score.oracle import OracleDetector
from detect.tracking import Tracker
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.event import EventKind
from scenarios.frame import Frame
from scenarios.truth import BOXES, GroundTruth

PICTURE = np.zeros((720, 1280, 3), np.uint8)
FPS = 12.5


def frame(k, fps=10.0, camera="cam"):
    return Frame(camera, k, k / fps, None, PICTURE)


@pytest.fixture
def crowd(box_truth):
    rows = [(f, i, 40.0 * i, 100.0, 40.0 * i + 30, 200.0) for f in range(200) for i in range(20)]
    return box_truth(rows)


def test_perfect(box_truth) -> None:
    truth = box_truth(
        [
            (0, 1, 10.0, 10.0, 50.0, 110.0),
            (0, 2, -20.0, 600.0, 50.0, 800.0, 0.4),  # cut by the picture's edge
            (0, 3, 200.0, 10.0, 250.0, 110.0, 0.05),  # hidden
            (0, 4, 300.0, 80.0, 330.0, 110.0, 1.0, "bag"),
            (2, 1, 12.0, 10.0, 52.0, 110.0),
        ]
    )
    oracle = OracleDetector(truth)
    oracle.start(None)
    first, second, third = oracle.detect([frame(0), frame(1), frame(2)])
    assert first.xyxy.tolist() == [[10, 10, 50, 110], [0, 600, 50, 720], [300, 80, 330, 110]]
    assert first.class_id.tolist() == [ObjectClass.PERSON, ObjectClass.PERSON, ObjectClass.BAG]
    assert len(second) == 0
    assert second.class_id is not None
    assert second.confidence is not None
    assert third.xyxy.tolist() == [[12, 10, 52, 110]]
    assert (oracle.name, oracle.weights_sha256) == ("oracle", None)
    assert len(OracleDetector(truth, min_visibility=0.0).detect([frame(0)])[0]) == 4
    assert len(oracle.detect([frame(0, camera="other")])[0]) == 0


def test_spoilt_as_set(crowd) -> None:
    frames = [frame(k) for k in range(200)]
    oracle = OracleDetector(crowd, miss=0.2, jitter_px=2.0, false_per_frame=1.5, seed=4)
    assert oracle.name == "oracle(miss=0.2,jitter_px=2,false_per_frame=1.5)"
    found = oracle.detect(frames)
    assert np.mean([len(d) for d in found]) == pytest.approx(20 * 0.8 + 1.5, abs=0.4)
    noise = np.concatenate([d.xyxy[:, 1] for d in found])
    noise = noise[np.abs(noise - 100) < 10]
    assert noise.std() == pytest.approx(2.0, abs=0.15)
    assert all((d.xyxy[:, 2:] > d.xyxy[:, :2]).all() and d.xyxy.max() <= 1280 for d in found)


def test_order_batch_and_seed(crowd) -> None:
    frames = [frame(k) for k in range(20)]
    spoilt = {"miss": 0.2, "jitter_px": 2.0, "false_per_frame": 1.5}
    together = OracleDetector(crowd, seed=4, **spoilt).detect(frames)
    again = OracleDetector(crowd, seed=4, **spoilt)
    for k in reversed(range(20)):
        (alone,) = again.detect([frames[k]])
        assert alone == together[k]
    other = OracleDetector(crowd, seed=5, **spoilt).detect(frames)
    assert any(len(a) != len(b) or not np.array_equal(a.xyxy, b.xyxy) for a, b in zip(together, other, strict=True))


def test_refusals(crowd) -> None:
    with pytest.raises(DetectorError, match="this footage has none"):
        OracleDetector(GroundTruth(1.0, None, None, None, None))
    with pytest.raises(DetectorError, match=r"miss=1\.5 should be from 0 to 1"):
        OracleDetector(crowd, miss=1.5)
    with pytest.raises(DetectorError, match="truth of the same footage"):
        OracleDetector(crowd).detect([Frame("cam", 20, 3.0, None, PICTURE)])


@pytest.fixture
def scripted(people_table, object_table):
    """Thirty people cross a square; one puts a bag down at 10 s and leaves at 13 s, another one comes back for hers."""
    camera = Camera.looking_at(
        "cam",
        position_m=(0, -16, 9),
        look_at_m=(0, 5, 0),
        hfov_deg=75,
        resolution_px=(PICTURE.shape[1], PICTURE.shape[0]),
    )
    rng = np.random.default_rng(8)
    walkers = [
        (float(rng.uniform(-20, 45)), float(rng.uniform(-2, 16)), float(rng.choice([-1, 1]) * rng.uniform(1, 1.6)))
        for _ in range(30)
    ]

    def owner(t, returns):
        if t < 10:
            return 1.3 * (t - 10)
        out = max(0.0, 1.3 * (t - 13))
        return out if returns is None or t < returns else max(0.0, 1.3 * (returns - 13) - 1.3 * (t - returns))

    people, objects, boxes = [], [], []
    for k in range(round(60 * FPS)):
        t = k / FPS
        here = [(1, owner(t, None), 4.0, "owner"), (2, owner(t, 20.0) - 6.0, 9.0, "owner")]
        for i, (begin, y, speed) in enumerate(walkers):
            here.append((10 + i, -np.sign(speed) * 22 + speed * (t - begin), y, "passer_by"))
        here = [p for p in here if -22 <= p[1] <= 22]
        people += [(t, i, x, y, role) for i, x, y, role in here]
        at = {i: (x, y) for i, x, y, _ in here}
        bags = [(101, 1, (0.0, 4.2)), (102, 2, (-6.0, 9.2))]
        standing = []
        for bag, who, place in bags:
            held = t < 10.0 and who in at
            if held or t >= 10.0:
                place = (at[who][0], at[who][1] + 0.2) if held else place
                objects.append((t, bag, *place, who if held else -1, who))
                standing.append((bag, *place, "bag"))
        for i, x, y, kind in [*((i, x, y, "person") for i, x, y, _ in here), *standing]:
            size = (0.4, 0.4) if kind == "bag" else (1.7, 0.5)
            (box,) = camera.upright_box_px([(x, y)], *size)
            if np.isfinite(box).all() and box[2] > 0 and box[0] < 1280 and box[3] > 0 and box[1] < 720:
                boxes.append(("cam", k, t, i, kind, *box, *box, 1.0, x, y))
    columns = list(zip(*boxes, strict=True))
    table = pa.table({f.name: pa.array(c, type=f.type) for f, c in zip(BOXES, columns, strict=True)}, BOXES)
    return camera, GroundTruth(60.0, people_table(people), object_table(objects), table, ())


@pytest.mark.parametrize(
    "spoilt", [{}, {"miss": 0.1, "jitter_px": 1.0}, {"miss": 0.1, "jitter_px": 1.5, "false_per_frame": 0.5}]
)
def test_the_loop_without_pictures(scripted, spoilt) -> None:
    camera, truth = scripted
    oracle = OracleDetector(truth, seed=3, **spoilt)
    tracker, ground, log = Tracker(fps=FPS), Grounding(camera), ObservationLog()
    rules = build_rules()
    for k in range(round(60 * FPS)):
        picture = frame(k, FPS)
        (found,) = oracle.detect([picture])
        tracks = ground.place("cam", tracker.update(found, picture.time_s), picture.time_s)
        scene = Scene(picture, tracks, camera, ())
        log.add(picture, found, tracks, [event for rule in rules for event in rule.update(scene)])
    seen = log.finish()
    card = scorecard(
        truth,
        seen,
        scenario_name="scripted_v1",
        seed=1,
        detector=oracle.name,
        footage_s=60.0,
        wall_s=1.0,
        cameras=[camera],
        watched=[rule.kind for rule in rules],
    )
    bag = card["events"]["abandoned_object"]
    assert (bag["true"], bag["recall"], bag["precision"]) == (1, 1.0, 1.0)
    assert -0.5 <= bag["delay_s"]["median"] <= 2.0
    assert card["events"]["crowd_movement"]["false"] == 0
    assert [r["status"] for r in event_ledger(truth, seen)] == ["found"]
    assert card["boxes"]["person"]["recall"] > (0.99 if not spoilt else 0.85)
    assert card["tracks"]["hota"] > (0.9 if not spoilt else 0.5)
    assert set(card) == {
        "scenario", "seed", "detector", "footage_s", "wall_s", "boxes", "tracks", "count", "events",
        "camera_hours", "fairness", "fairness_by",
    }  # fmt: skip
    assert set(card["count"]) == {"mae", "rmse", "valid_to_per_m2"}
    assert set(card["boxes"]) == {"person", "bag"}
    assert card["fairness"]["passer_by"]["false_alarms"] == 0
    assert seen.events[0].kind is EventKind.ABANDONED_OBJECT
