"""The same three boxes in CVAT's and in COCO's form, and what is wrong with a file in one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detect.score.annotations import load_annotations
from scenarios.errors import ScenarioError
from scenarios.truth import column

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><start_frame>100</start_frame></task></meta>
  <track id="4" label="pedestrian">
    <box frame="100" keyframe="1" outside="0" occluded="0" xtl="10" ytl="20" xbr="30" ybr="80"/>
    <box frame="101" keyframe="0" outside="0" occluded="1" xtl="12" ytl="20" xbr="32" ybr="80"/>
    <box frame="102" keyframe="1" outside="1" occluded="0" xtl="14" ytl="20" xbr="34" ybr="80"/>
  </track>
  <track id="5" label="car"><box frame="100" outside="0" occluded="0" xtl="0" ytl="0" xbr="9" ybr="9"/></track>
  <track id="6" label="Suitcase"><box frame="101" outside="0" occluded="0" xtl="40" ytl="70" xbr="52" ybr="80"/></track>
</annotations>"""
COCO = {
    "images": [{"id": 7, "camera": "north", "frame": 0}, {"id": 8, "camera": "north", "frame": 1}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 1, "track_id": 4, "bbox": [10, 20, 20, 60], "world_m": [3, 4]},
        {"id": 2, "image_id": 8, "category_id": 1, "track_id": 4, "bbox": [12, 20, 20, 60], "visibility": 0.5},
        {"id": 3, "image_id": 8, "category_id": 2, "track_id": 6, "bbox": [40, 70, 12, 10]},
        {"id": 4, "image_id": 7, "category_id": 9, "track_id": 5, "bbox": [0, 0, 9, 9]},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "bag"}, {"id": 9, "name": "car"}],
}


@pytest.fixture
def read(tmp_path):
    def read(name, text, *more):
        path = tmp_path / name
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return load_annotations([path, *more], camera_id="north", fps=10.0)

    return read


@pytest.mark.parametrize(("name", "text"), [("a.xml", CVAT), ("a.json", COCO)])
def test_both_forms_say_the_same(read, name, text) -> None:
    truth = read(name, text)
    table = truth.boxes.select(["frame", "id", "cls", "x1", "y1", "x2", "y2", "visibility"]).to_pylist()
    assert [tuple(row.values()) for row in table] == [
        (0, 4, "person", 10, 20, 30, 80, 1.0),
        (1, 6, "bag", 40, 70, 52, 80, 1.0),
        (1, 4, "person", 12, 20, 32, 80, 0.5),
    ]
    assert truth.duration_s == pytest.approx(0.2)
    assert truth.incidents is None


def test_places_are_taken_where_they_are_known(read) -> None:
    place = column(read("a.json", COCO).boxes, "x_m")
    assert place[0] == 3
    assert np.isnan(place[1:]).all()


def test_boxes_and_incidents_are_joined(read, tmp_path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("kind,start_s,end_s\nsurge,1.5,4\n")
    truth = read("a.xml", CVAT, events)
    assert truth.boxes.num_rows == 3
    assert [i.start_s for i in truth.incidents] == [1.5]
    assert truth.duration_s == 4.0


def test_the_camera_of_the_footage_is_picked_out(read) -> None:
    both = COCO | {"images": [*COCO["images"], {"id": 9, "camera": "south", "frame": 0}]}
    both["annotations"] = [*COCO["annotations"], {"image_id": 9, "category_id": 1, "track_id": 1, "bbox": [1, 1, 9, 9]}]
    assert read("a.json", both).boxes.num_rows == 3


def test_who_is_in_a_crowd_region_is_ignored(read) -> None:
    crowd = COCO | {"annotations": [*COCO["annotations"][:1], COCO["annotations"][1] | {"iscrowd": 1}]}
    assert column(read("a.json", crowd).boxes, "visibility").tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.xml", "<annotations><track>", "no XML that can be read"),
        ("a.xml", "<annotations><image/></annotations>", "CVAT for video 1.1"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', "no XML that can be read"),
        ("a.xml", CVAT.replace('xtl="12"', 'xtl="left"'), "track 4, frame 1: xtl should be a number, not 'left'"),
        ("a.xml", CVAT.replace('xtl="12"', 'xtl="99"'), "the box is empty"),
        ("a.xml", CVAT.replace("pedestrian", "lorry").replace("Suitcase", "lorry"), "no box of a person or a bag"),
        ("a.xml", CVAT.replace('frame="101" keyframe="0"', 'frame="100"'), "person 4 has two boxes in picture 0"),
        ("a.json", "{", "no JSON"),
        ("a.json", {"images": []}, "images, annotations and categories"),
        (
            "a.json",
            COCO | {"annotations": [{"id": 3, "image_id": 7, "category_id": 1}]},
            "annotation 3 has no track_id",
        ),
        (
            "a.json",
            COCO | {"annotations": [{"id": 3, "image_id": 7, "category_id": 1, "track_id": 1, "bbox": [1, 2, 0, 4]}]},
            "above 0, not 0 and 4",
        ),
        ("a.json", COCO | {"images": [{"id": 7, "video_id": 1}, {"id": 8, "video_id": 2}]}, "holds 2 videos"),
        ("a.mat", "", "should be boxes"),
    ],
)
def test_mistakes_are_one_sentence(read, name, text, message) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        read(name, text)
    assert "\n" not in str(caught.value)


def test_two_files_of_boxes_are_one_too_many(read, tmp_path) -> None:
    other = tmp_path / "b.json"
    other.write_text(json.dumps(COCO))
    with pytest.raises(ScenarioError, match="second file of boxes"):
        read("a.xml", CVAT, other)
