"""Annotations of others: read right, or refused in one sentence with the line."""

from __future__ import annotations

import numpy as np
import pytest

from detect.score.annotations import load_annotations, load_incidents, load_mot
from scenarios.calibration import load_calibration
from scenarios.errors import ScenarioError
from scenarios.incident import IncidentKind
from scenarios.truth import BOXES, column


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_pets(pets) -> None:
    truth = load_mot(pets / "gt.txt", camera_id="view_001", fps=7.0)
    boxes = truth.boxes
    assert boxes.schema == BOXES
    assert boxes.num_rows == 4650
    assert len(np.unique(column(boxes, "id"))) == 19
    assert (column(boxes, "visibility") == 0).sum() == 174
    assert truth.duration_s == pytest.approx(795 / 7)
    assert (truth.people, truth.objects, truth.incidents) == (None, None, None)
    first = boxes.slice(0, 1).to_pylist()[0]
    assert (first["frame"], first["time_s"], first["id"], first["camera"]) == (0, 0.0, 9, "view_001")
    assert [first[k] for k in ("x1", "y1", "x2", "y2")] == pytest.approx([498, 157, 529.03, 232.17])


def test_ground_positions_agree_with_the_calibration(pets) -> None:
    boxes = load_mot(pets / "gt.txt", camera_id="view_001", fps=7.0).boxes
    camera = load_calibration(pets / "camera.toml").camera
    feet = np.stack(((column(boxes, "x1") + column(boxes, "x2")) / 2, column(boxes, "y2")), axis=1)
    stated = np.stack((column(boxes, "x_m"), column(boxes, "y_m")), axis=1)
    error = np.linalg.norm(camera.to_ground(feet) - stated, axis=1)
    assert np.median(error) < 0.15


def test_newer_form_with_classes(file) -> None:
    lines = ["1,1,11,21,30,60,1,1,0.8", "1,2,11,21,30,60,1,8,1.0", "1,3,11,21,30,60,1,3,1.0", "2,1,11,21,30,60,0,1,0.9"]
    boxes = load_mot(file("gt.txt", "\n".join(lines)), camera_id="c", fps=10).boxes
    assert column(boxes, "id").tolist() == [1, 2, 1]
    assert column(boxes, "visibility").tolist() == pytest.approx([0.8, 0.0, 0.0])
    assert column(boxes, "time_s").tolist() == [0.0, 0.0, 0.1]
    assert np.isnan(column(boxes, "x_m")).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "gt.txt: is empty"),
        ("1,1,11,21,30,60,1,-1,-1,-1\n1,2,eleven,21,30,60,1,-1,-1,-1", "line 2: '1,2,eleven"),
        ("1,1,11,21,30,60,1,-1,-1,-1\n1,2,11,21,30,60,1", "line 2: has 7 values"),
        ("1,1,11,21,30,60,1,1,1\n1,2,11,21,30,60,1,-1,-1,-1", "line 2: has 10 values"),
        ("0,1,11,21,30,60,1,-1,-1,-1", "line 1: the frame should be a whole number from 1 on, not 0"),
        ("1,1.5,11,21,30,60,1,-1,-1,-1", "line 1: the id"),
        ("1,1,11,21,0,60,1,-1,-1,-1", "line 1: width and height should be above 0"),
        ("1,1,nan,21,3,60,1,-1,-1,-1", "line 1: has a value that is not a finite number"),
        ("3,1,11,21,30,60,1,-1,-1,-1\n3,1,12,21,30,60,1,-1,-1,-1", "id 1 has two boxes in frame 3"),
    ],
)
def test_bad_boxes(file, text, message) -> None:
    with pytest.raises(ScenarioError, match=r"gt\.txt") as error:
        load_mot(file("gt.txt", text), camera_id="c", fps=10)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_incidents(file) -> None:
    text = "kind,start_s,end_s,owner_left_s,x_m,y_m\nabandoned_bag,73.6,,85.2,1.5,2.5\n\nsurge,16.2,19.8,,,\n"
    path = file("truth.csv", text)
    bag, rush = load_incidents(path)
    assert (bag.kind, bag.start_s, bag.end_s, bag.place_m) == (IncidentKind.ABANDONED_BAG, 73.6, None, (1.5, 2.5))
    assert bag.facts == {"owner_left_s": 85.2}
    assert (rush.kind, rush.end_s) == (IncidentKind.SURGE, 19.8)
    assert np.isnan(rush.place_m).all()
    truth = load_annotations([path], camera_id="c", fps=12.5, duration_s=120.0)
    assert truth.duration_s == 120.0
    assert truth.incidents[1] == load_incidents(path)[1] or np.isnan(truth.incidents[1].place_m).all()
    assert load_annotations([path], camera_id="c", fps=12.5).duration_s == 73.6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("kind,start\nsurge,3", "line 1: unknown column 'start'; did you mean 'start_s'?"),
        ("kind,end_s\nsurge,3", "line 1: the column 'start_s' is missing"),
        ("kind,start_s\nsurge,3,4", "line 2: has 3 values, the header names 2"),
        ("kind,start_s\nserge,3", "line 2: unknown kind 'serge'; did you mean 'surge'?"),
        ("kind,start_s\nsurge,soon", "line 2: start_s = 'soon' is not a number"),
        ("kind,start_s\nsurge,-4", "line 2: start_s = -4"),
        ("kind,start_s\nsurge,", "line 2: start_s is missing"),
        ("kind,start_s,end_s\nsurge,5,4", "line 2: end_s = 4 is not after start_s = 5"),
    ],
)
def test_bad_incidents(file, text, message) -> None:
    with pytest.raises(ScenarioError, match=r"truth\.csv") as error:
        load_incidents(file("truth.csv", text))
    assert message in str(error.value)


def test_no_file_and_no_form(file, tmp_path) -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        load_annotations([tmp_path / "gt.txt"], camera_id="c", fps=10)
    with pytest.raises(ScenarioError, match="no XML that can be read"):
        load_annotations([file("truth.xml", "")], camera_id="c", fps=10)
