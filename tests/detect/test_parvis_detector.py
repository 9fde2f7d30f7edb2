"""The shipped detector: its network, and what stands still for the bags that it overlooks."""

import hashlib
import json

import cv2
import numpy as np
import pytest
import supervision as sv

from detect import defaults
from detect.detectors import build_detector, sharing
from detect.detectors.parvis import PARVIS_ONNX, ParvisDetector
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

CAMERA = Camera.looking_at("mast", position_m=(0, -18, 6), look_at_m=(0, 0, 0), hfov_deg=50, resolution_px=(640, 360))
FLOOR = cv2.GaussianBlur(np.random.default_rng(0).integers(90, 150, (360, 640, 3), np.uint8), (0, 0), 2)
BAG = CAMERA.upright_box_px((2.0, 1.0), 0.5, 0.5)[0].round().astype(int)


def pictures(seconds, since_s):
    """A dark thing of 0.5 m that stands on the floor from an instant on; 5 pictures a second."""
    noise = np.random.default_rng(5)
    for k in range(round(seconds * 5)):
        image = FLOOR.copy()
        if k / 5 >= since_s:
            cv2.rectangle(image, tuple(BAG[:2].tolist()), tuple((BAG[2:] - 1).tolist()), (40, 45, 50), -1)
        yield Frame("mast", k, k / 5, None, np.clip(image + noise.normal(0, 2, image.shape), 0, 255).astype(np.uint8))


def a_network_that_says(monkeypatch, detector, *boxes):
    """Each: corners, confidence, class."""
    said = sv.Detections.empty()
    if boxes:
        said = sv.Detections(
            xyxy=np.array([b[0] for b in boxes], float),
            confidence=np.array([b[1] for b in boxes], float),
            class_id=np.array([int(b[2]) for b in boxes]),
        )
    monkeypatch.setattr(detector.network, "detect", lambda frames: [said for _ in frames])


@pytest.fixture
def detector():
    made = ParvisDetector()
    made.start(CAMERA)
    return made


def test_it_is_what_watches_when_nothing_is_said():
    assert build_detector(defaults.DETECTOR).name == "parvis"


def test_the_card_is_of_the_network_that_is_shipped(detector):
    card = json.loads(PARVIS_ONNX.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(PARVIS_ONNX.read_bytes()).hexdigest() == detector.weights_sha256
    assert PARVIS_ONNX.stat().st_size == card["bytes"] < 12_000_000


def test_a_thing_that_stands_still_is_a_bag_where_the_network_sees_nothing(detector, monkeypatch):
    a_network_that_says(monkeypatch, detector)
    found = [detector.detect([frame])[0] for frame in pictures(14, 6.0)]
    assert not any(len(f) for f in found[:30])
    last = found[-1]
    assert last.class_id.tolist() == [ObjectClass.BAG]
    assert np.abs(last.xyxy[0] - BAG).max() <= 4


@pytest.mark.parametrize(("confidence", "bags"), [(0.6, 0), (0.15, 1)])
def test_whom_the_network_takes_for_a_person_is_no_bag(detector, monkeypatch, confidence, bags):
    person = ((BAG[0] - 5, BAG[1] - 30, BAG[2] + 5, BAG[3] + 2), confidence, ObjectClass.PERSON)
    a_network_that_says(monkeypatch, detector, person)
    last = [detector.detect([frame])[0] for frame in pictures(14, 6.0)][-1]
    assert (last.class_id == ObjectClass.BAG).sum() == bags
    assert (last.class_id == ObjectClass.PERSON).sum() == 1


def test_a_bag_of_the_network_is_said_once(detector, monkeypatch):
    a_network_that_says(monkeypatch, detector, (BAG, 0.2, ObjectClass.BAG))
    last = [detector.detect([frame])[0] for frame in pictures(14, 6.0)][-1]
    assert last.class_id.tolist() == [ObjectClass.BAG]
    assert last.confidence[0] == pytest.approx(0.2)


def test_a_picture_of_another_size_starts_the_empty_scene_anew(detector, monkeypatch):
    a_network_that_says(monkeypatch, detector)
    for frame in pictures(14, 6.0):
        found = detector.detect([frame])[0]
    assert len(found) == 1
    half = np.ascontiguousarray(FLOOR[::2, ::2])
    assert len(detector.detect([Frame("mast", 99, 20.0, None, half)])[0]) == 0


def test_settings_are_those_of_a_network(monkeypatch):
    given = build_detector("parvis:threads=1,tile_px=320")
    assert (given.network.settings.threads, given.network.settings.tile_px) == (1, 320)
    assert given.network.settings.most_overlap == 0.5
    with pytest.raises(DetectorError, match="unknown setting"):
        build_detector("parvis:thread=1")
    monkeypatch.setattr("detect.detectors.engine.usable_cores", lambda: 4)
    assert sharing("parvis", 2) == "parvis:threads=2"
    assert sharing("parvis:tile_px=640", 4) == "parvis:tile_px=640,threads=1"
    assert sharing("parvis:threads=3", 4) == "parvis:threads=3"
