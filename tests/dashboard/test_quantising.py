"""A network in eight bits sees what it saw before; what stills say of it is hand-made."""

import cv2
import numpy as np
import onnx
import pytest

from dashboard.quantising import quantise, still_scores
from detect.detectors.yolo_onnx import YoloOnnxDetector
from scenarios.errors import MissingExtraError
from scenarios.frame import Frame


@pytest.fixture
def stills(tmp_path):
    """Four bright pictures, each with one dark square; the last one's label is elsewhere."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for k in range(4):
        image = np.full((64, 64, 3), 250, np.uint8)
        image[16:24, 8 * k : 8 * k + 8] = 10
        cv2.imwrite(str(tmp_path / "images" / f"{k}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 100])
        column = 7 if k == 3 else k
        text = f"0 {(8 * column + 4) / 64} {20 / 64} {8 / 64} {8 / 64}\n"
        (tmp_path / "labels" / f"{k}.txt").write_text(text)
    return tmp_path


def test_eight_bits_find_the_same_boxes(dark_finder, stills, tmp_path):
    small = tmp_path / "small.onnx"
    quantise(dark_finder, list((stills / "images").glob("*.jpg")), small)
    nodes = onnx.load(str(small)).graph.node
    assert "QuantizeLinear" in {node.op_type for node in nodes}
    assert "Add" in {node.op_type for node in nodes}, "what the last module does stays in floating point"
    image = cv2.imread(str(stills / "images" / "1.jpg"))
    plain, eight = (YoloOnnxDetector(p).detect([Frame("c", 0, 0.0, None, image)])[0] for p in (dark_finder, small))
    assert len(plain) == len(eight) == 1
    assert np.allclose(plain.xyxy, [[8, 16, 16, 24]], atol=0.5)
    assert np.allclose(plain.xyxy, eight.xyxy, atol=1.0)
    assert plain.confidence == pytest.approx(eight.confidence, abs=0.02)


def test_the_same_pictures_give_the_same_file(dark_finder, stills, tmp_path):
    pictures = list((stills / "images").glob("*.jpg"))
    for name, given in (("one.onnx", pictures), ("two.onnx", pictures[::-1])):
        quantise(dark_finder, given, tmp_path / name)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_stills_say_how_many_were_found(dark_finder, stills):
    assert still_scores(dark_finder, stills) == {"person": pytest.approx(0.75, abs=0.01)}


def test_without_onnx_the_extra_is_named(dark_finder, stills, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="ultralytics"):
        quantise(dark_finder, [], tmp_path / "small.onnx")
