"""Exports, read back by the programs that they are for."""

import contextlib
import io
import json

import cv2
import numpy as np
import pytest

from scenarios.mask import decode_mask, load_masks
from scenarios.recording import Recording
from scenarios.truth import column
from sim.export import FORMATS
from sim.film import film, shots
from sim.labels import CLASSES, MIN_VISIBILITY, Labels

WAITING = {
    "id": "waiting",
    "count": 3,
    "area": [(8, 6), (13, 6), (13, 10), (8, 10)],
    "posture": "standing",
    "belongings": {"holdall": 1},
}
LEFT = {
    "kind": "abandoned_bag",
    "id": "left",
    "at_s": 0.4,
    "place_m": (10, 8),
    "bag": "backpack",
    "stays_s": 0.5,
    "leave_by": "east",
}


@pytest.fixture(scope="module")
def busy(square):
    """People cross, some wait with their bags, one leaves a bag."""
    return square(
        carries={"suitcase": 0.5}, duration_s=3.0, fps=5.0, population={"dwellers": [WAITING]}, incidents=[LEFT]
    )


@pytest.fixture(scope="module")
def filmed(tmp_path_factory, busy):
    recording = Recording(tmp_path_factory.mktemp("run"))
    film(busy, recording, masks=True)
    for name, write in FORMATS.items():
        write(recording, recording.folder / name)
    return recording


@pytest.fixture(scope="module")
def taken(busy):
    return [pair for _, pair in shots(busy)]


def test_masks_are_the_rendered_pixels(filmed, taken):
    rows = load_masks(filmed.masks).to_pylist()
    at = {(r["camera"], r["frame"], r["id"]): r for r in rows}
    assert len(at) == len(rows)
    seen = 0
    for pair in taken:
        for shot in pair:
            for who in np.unique(shot.instance_id[shot.instance_id >= 0]).tolist():
                row = at[shot.frame.camera_id, shot.frame.index, who]
                mask = shot.instance_id == who
                np.testing.assert_array_equal(decode_mask(row["counts"], (320, 180)), mask)
                assert row["area_px"] == mask.sum()
                seen += 1
    assert seen == len(rows) > 200


def test_heads_are_on_top_of_who_stands(filmed, taken):
    truth, cameras = filmed.truth(), {c.id: c for c in filmed.cameras()}
    tall = {}
    for shot in (s for pair in taken for s in pair):
        for who, box in zip(shot.boxes.id.tolist(), shot.boxes.whole_px, strict=True):
            tall[shot.frame.camera_id, shot.frame.index, who] = box
    where = {(round(r["time_s"], 4), r["id"]): r for r in truth.people.to_pylist()}
    checked = 0
    for head in truth.heads.to_pylist():
        x1, y1, x2, y2 = tall[head["camera"], head["frame"], head["id"]]
        person = where[round(head["frame"] / 5.0, 4), head["id"]]
        if person["posture"] in ("standing", "walking"):
            assert x1 - 2 <= head["x"] <= x2 + 1
            assert abs(head["y"] - y1) <= 0.1 * (y2 - y1) + 2
            foot, _ = cameras[head["camera"]].project([(person["x_m"], person["y_m"], 0.0)])
            assert head["y"] < foot[0, 1]
            checked += 1
    assert checked > 150
    assert column(truth.heads, "seen").mean() > 0.5


def test_labels_say_who_carries_what(filmed):
    (view, _) = filmed.views()
    labels = [label for k in range(15) for label in Labels(filmed, view).at(k)]
    people, objects = [x for x in labels if x.cls == 0], [x for x in labels if x.cls == 1]
    assert {x.posture for x in people} >= {"walking", "standing"}
    assert all(x.kind is None and x.carried_by is None for x in people)
    assert {x.carried_by == -1 for x in objects} == {True, False}
    assert all(x.carried_by in {p.id for p in people} | {-1} or x.carried_by > 0 for x in objects)
    assert all(x.visibility >= MIN_VISIBILITY for x in labels)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_read_back_by_pycocotools(filmed):
    coco_api = pytest.importorskip("pycocotools.coco", reason="NO pycocotools: pip install 'parvis[dev]'")
    with contextlib.redirect_stdout(io.StringIO()):
        coco = coco_api.COCO(str(filmed.folder / "coco" / "annotations.json"))
    boxes = [b for b in filmed.truth().boxes.to_pylist() if b["visibility"] >= MIN_VISIBILITY]
    assert len(coco.getAnnIds()) == len(boxes)
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == list(CLASSES)
    masks = {(r["camera"], r["frame"], r["id"]): r for r in load_masks(filmed.masks).to_pylist()}
    true = {(b["camera"], b["frame"], b["id"]): b for b in boxes}
    for image in coco.loadImgs(coco.getImgIds()):
        picture = cv2.imread(str(filmed.folder / "coco" / "images" / image["file_name"]))
        assert picture.shape == (image["height"], image["width"], 3)
        for found in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
            key = (image["camera"], image["frame"], found["track_id"])
            box = true.pop(key)
            x, y, w, h = found["bbox"]
            assert (x, y) == pytest.approx((max(box["x1"], 0), max(box["y1"], 0)), abs=1e-4)
            assert (x + w, y + h) == pytest.approx((min(box["x2"], 320), min(box["y2"], 180)), abs=1e-4)
            mask = coco.annToMask(found)
            assert mask.sum() == found["area"] == masks[key]["area_px"]
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            vx, vy, vw, vh = found["visible_bbox"]
            assert (vx, vy, vx + vw, vy + vh) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            assert found["iscrowd"] == 0
            if found["category_id"] == 1:
                u, v, state = found["keypoints"]
                assert state in (0, 1, 2)
                assert found["num_keypoints"] == (state > 0)
                if state == 2:  # a head that is said to be seen is where the mask is
                    near = mask[max(0, round(v) - 3) : round(v) + 6, max(0, round(u) - 4) : round(u) + 5]
                    assert near.any()
    assert not true


def test_fiftyone_s_own_parser_reads_it(filmed):
    video = pytest.importorskip("eta.core.video", reason="no fiftyone: not needed to write its format")
    datasets = pytest.importorskip("eta.core.datasets")
    folder = filmed.folder / "fiftyone"
    index = datasets.LabeledDatasetIndex.from_json(str(folder / "manifest.json"))
    for record in index:
        assert (folder / record.data).is_file()
        labels = video.VideoLabels.from_json(str(folder / record.labels))
        assert len(labels.frames) == 15


def test_fiftyone_layout(filmed):
    folder = filmed.folder / "fiftyone"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["type"] == "eta.core.datasets.LabeledVideoDataset"
    assert [r["data"] for r in manifest["index"]] == ["data/south.mp4", "data/north.mp4"]
    count = 0
    for record in manifest["index"]:
        assert (folder / record["data"]).read_bytes() == filmed.video(record["data"][5:-4]).read_bytes()
        labels = json.loads((folder / record["labels"]).read_text())
        assert list(labels["frames"]) == [str(k) for k in range(1, 16)]
        (event,) = labels["events"]["events"]
        assert event["label"] == "abandoned_bag"
        first, last = (int(n) for n in event["support"]["ranges"].split("-"))
        assert 1 <= first <= last == 15
        for number, frame in labels["frames"].items():
            assert frame["frame_number"] == int(number)
            for thing in frame["objects"]["objects"]:
                box = thing["bounding_box"]
                for axis in ("x", "y"):
                    assert 0 <= box["top_left"][axis] < box["bottom_right"][axis] <= 1
                count += 1
    boxes = filmed.truth().boxes
    assert count == (column(boxes, "visibility") >= MIN_VISIBILITY).sum()


def test_yolo_and_mot_as_before(filmed):
    lines = (filmed.folder / "yolo" / "labels" / "south_000003.txt").read_text().splitlines()
    mine = [b for b in filmed.truth().boxes.to_pylist() if (b["camera"], b["frame"]) == ("south", 3)]
    mine = [b for b in mine if b["visibility"] >= MIN_VISIBILITY]
    assert len(lines) == len(mine)
    cls, x, y, w, h = (float(v) for v in lines[0].split())
    assert CLASSES[int(cls)] == mine[0]["cls"]
    assert x - w / 2 == pytest.approx(max(mine[0]["x1"], 0) / 320, abs=1e-5)
    assert y + h / 2 == pytest.approx(min(mine[0]["y2"], 180) / 180, abs=1e-5)
    assert (filmed.folder / "mot" / "north" / "gt" / "gt.txt").read_text() == filmed.mot_truth("north").read_text()
    assert len(list((filmed.folder / "mot" / "north" / "img1").glob("*.jpg"))) == 15
