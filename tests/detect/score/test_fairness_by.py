"""False alarms are put down to bodies, postures and looks of whoever stands nearest, hours to all who are there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from detect.score import ScoreSettings
from detect.score.boxes import Footage
from detect.score.fairness import fairness_by
from scenarios.truth import LOOKS, PEOPLE, GroundTruth

WHO = {1: ("adult", "walking", 0.0), 2: ("wheelchair", "sitting", 20.0), 3: ("child", "walking", 40.0)}
TIMES = np.arange(0.0, 360.0, 0.5)


def people() -> pa.Table:
    rows = [
        {"time_s": t, "id": i, "x_m": x, "y_m": 0.0, "vx_mps": 0.0, "vy_mps": 0.0, "role": "passer_by", "body": body,
         "posture": "lying" if i == 1 and t >= 180 else posture, "group": -1 if i == 1 else 4}
        for t in TIMES.tolist() for i, (body, posture, x) in WHO.items()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, PEOPLE)


def looks() -> pa.Table:
    shades = {1: ("dark", 20), 2: ("light", 240), 3: ("tan", 128)}
    rows = [
        {"id": i, "body": WHO[i][0], "figure": "f", "skin_tone": tone, "upper": "x"} | {f"upper_{c}": v for c in "rgb"}
        for i, (tone, v) in shades.items()
    ]
    return pa.Table.from_pylist([dict.fromkeys(LOOKS.names) | row for row in rows], LOOKS)


@pytest.fixture
def told(alarm):
    truth = GroundTruth(360.0, people(), None, None, (), looks=looks())
    false = [alarm(5.0, (1.0, 0.0)), alarm(200.0, (0.5, 0.0)), alarm(9.0, (21.0, 0.0)), alarm(9.0, (70.0, 0.0))]
    return fairness_by(truth, false, Footage.of((), 360.0, (), ()), ScoreSettings())


def counts(rows):
    return {name: row["false_alarms"] for name, row in rows.items()}


def test_by_body(told):
    assert counts(told["body"]) == {"adult": 2, "child": 0, "wheelchair": 1}
    assert told["body"]["adult"]["person_hours"] == pytest.approx(0.1)


def test_by_posture_at_the_instant_of_the_alarm(told):
    assert counts(told["posture"]) == {"lying": 1, "sitting": 1, "upright": 1}
    assert told["posture"]["lying"]["person_hours"] == pytest.approx(0.05)
    assert told["posture"]["upright"]["person_hours"] == pytest.approx(0.15)


def test_by_skin_and_clothes_of_the_figures(told):
    assert counts(told["skin"]) == {"dark": 2, "light": 1, "tan": 0}
    assert counts(told["clothes"]) == {"dark": 2, "light": 1, "medium": 0}  # L* of 20, 128, 240: 6.3, 53.6, 94.8


def test_without_looks_nobody_has_skin_or_clothes(alarm):
    truth = GroundTruth(360.0, people(), None, None, ())
    found = fairness_by(truth, [], Footage.of((), 360.0, (), ()), ScoreSettings())
    assert set(found) == {"role", "body", "company", "posture"}


def test_hours_count_where_a_camera_saw_the_person(box_truth):
    rows = [(frame, 1, 0, 0, 50, 100) for frame in range(0, 100, 10)]  # one second each, of the first ten
    boxes = box_truth(rows).boxes
    truth = GroundTruth(360.0, people(), None, boxes, ())
    found = fairness_by(truth, [], Footage.of((boxes,), 360.0, (), ()), ScoreSettings())
    assert found["body"] == {"adult": found["body"]["adult"]}
    assert found["body"]["adult"]["person_hours"] == pytest.approx(10 / 3600)


def test_by_company(told):
    assert counts(told["company"]) == {"alone": 2, "group": 1}
    assert told["company"]["group"]["person_hours"] == pytest.approx(0.2)


def test_a_truth_that_does_not_tell_groups_says_nothing_of_them(alarm):
    truth = GroundTruth(360.0, people().drop_columns("group"), None, None, ())
    told = fairness_by(truth, [alarm(5.0, (1.0, 0.0))], Footage.of((), 360.0, (), ()), ScoreSettings())
    assert "company" not in told
    assert counts(told["body"]) == {"adult": 1, "child": 0, "wheelchair": 0}
