"""Networks whose output is known beforehand: built here, node by node."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from detect.detectors import build_detector, sharing
from detect.detectors.yolo_onnx import Letterbox, YoloOnnxDetector
from detect.detectors.yolo_settings import YoloSettings
from detect.tracks import ObjectClass
from scenarios.errors import DetectorError
from scenarios.frame import Frame

NAMES = "{0: 'person', 1: 'car', 2: 'suitcase'}"


def write_network(
    path: Path,
    output: np.ndarray,
    *,
    names: str | None = NAMES,
    batch: int | str = 1,
    inlet: tuple[Any, ...] = (3, 64, 64),
    brightness_to: np.ndarray | None = None,
) -> Path:
    """An output that is constant, plus the mean of the picture times ``brightness_to``."""
    add = np.zeros_like(output) if brightness_to is None else brightness_to
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["mean3"]),
        helper.make_node("Mul", ["mean3", "slope"], ["moved"]),
        helper.make_node("Add", ["moved", "fixed"], ["output0"]),
    ]
    constants = {
        "axes": np.array([1, 2, 3]),
        "column": np.array([-1, 1, 1]),
        "slope": add[None].astype(np.float32),
        "fixed": output[None].astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "known",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, *inlet])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [batch, *output.shape])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if names is not None:
        helper.set_model_props(model, {"names": names})
    onnx.save(model, path)
    return path


def raw_layout() -> np.ndarray:
    """(4 + 3, 8): two boxes of one person, one car, one suitcase; 64 x 64."""
    out = np.zeros((7, 8), np.float32)
    out[:, 0] = (20, 32, 10, 30, 0.9, 0.1, 0.0)
    out[:, 1] = (20.5, 32, 10, 30, 0.8, 0.0, 0.1)
    out[:, 2] = (50, 32, 8, 8, 0.0, 0.95, 0.1)
    out[:, 3] = (40, 50, 6, 8, 0.1, 0.0, 0.7)
    return out


def end_to_end_layout() -> np.ndarray:
    out = np.zeros((5, 6), np.float32)
    out[0] = (15, 17, 25, 47, 0.9, 0)
    out[1] = (46, 28, 54, 36, 0.95, 1)
    out[2] = (37, 46, 43, 54, 0.7, 2)
    return out


def picture(shape: tuple[int, ...] = (64, 64, 3), value: int = 0, index: int = 0, dtype: type = np.uint8) -> Frame:
    return Frame("cam", index, index / 10, None, np.full(shape, value, dtype))  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", [raw_layout, end_to_end_layout])
def test_both_layouts_give_the_known_boxes(tmp_path: Path, layout: Any) -> None:
    path = write_network(tmp_path / "m.onnx", layout())
    found = YoloOnnxDetector(path).detect([picture()])[0]
    order = np.argsort(found.class_id)
    assert found.class_id[order].tolist() == [ObjectClass.PERSON, ObjectClass.BAG]
    np.testing.assert_allclose(found.xyxy[order], [(15, 17, 25, 47), (37, 46, 43, 54)], atol=1e-4)
    np.testing.assert_allclose(found.confidence[order], [0.9, 0.7], atol=1e-6)


def test_boxes_come_back_through_the_letterbox(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", end_to_end_layout())
    found = YoloOnnxDetector(path).detect([picture((128, 256, 3))])[0]  # a quarter, 16 grey rows above
    person = found.xyxy[found.class_id == ObjectClass.PERSON][0]
    np.testing.assert_allclose(person, np.array((15 * 4, (17 - 16) * 4, 25 * 4, (47 - 16) * 4)), atol=1e-3)


@pytest.mark.parametrize("batch", [1, "batch"])
def test_batch_equals_single_and_sees_the_picture(tmp_path: Path, batch: int | str) -> None:
    slope = np.zeros((5, 6), np.float32)
    slope[0, [0, 2]] = 10  # a white picture moves the person ten pixels to the right
    path = write_network(tmp_path / "m.onnx", end_to_end_layout(), batch=batch, brightness_to=slope)
    detector = YoloOnnxDetector(path)
    frames = [picture(value=v, index=i) for i, v in enumerate((0, 255, 51))]
    together = detector.detect(frames)
    for frame, one in zip(frames, together, strict=True):
        np.testing.assert_array_equal(one.xyxy, detector.detect([frame])[0].xyxy)
    moved = [one.xyxy[one.class_id == ObjectClass.PERSON][0, 0] for one in together]
    np.testing.assert_allclose(np.array(moved) - moved[0], (0, 10, 2), atol=1e-3)
    assert detector.detect([]) == []


def test_nothing_found_still_sets_everything(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", np.zeros((7, 8), np.float32))
    found = YoloOnnxDetector(path).detect([picture()])[0]
    assert found.xyxy.shape == (0, 4)
    assert found.confidence is not None
    assert found.class_id is not None
    assert len(found.confidence) == len(found.class_id) == 0


def test_the_weights_are_named_by_their_hash(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", raw_layout())
    detector = build_detector(str(path))
    assert detector.name == "yolo_onnx"
    assert detector.weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert build_detector(f"yolo_onnx:{path}").weights_sha256 == detector.weights_sha256


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "no such weight file"),
        ("corrupt", "not an ONNX model"),
        ("no names", "no class names"),
        ("unreadable names", "cannot be read"),
        ("useless", "none of it is a person or a bag"),
        ("count", "has 3 classes, its metadata names 1"),
        ("input", "must be one picture"),
    ],
)
def test_bad_weights_are_told_in_one_sentence(tmp_path: Path, kind: str, said: str) -> None:
    path = tmp_path / "m.onnx"
    if kind == "corrupt":
        path.write_bytes(b"no model at all")
    elif kind != "missing":
        names = {"no names": None, "unreadable names": "{0: ", "useless": "{0: 'dog', 1: 'cat', 2: 'cow'}"}
        names |= {"count": "{0: 'person'}"}
        inlet = (1, 64, 64) if kind == "input" else (3, 64, 64)
        write_network(path, raw_layout(), names=names.get(kind, NAMES), inlet=inlet)
    with pytest.raises(DetectorError, match=said) as caught:
        build_detector(str(path))
    assert "\n" not in str(caught.value)
    assert "m.onnx" in str(caught.value)


def test_an_output_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", np.zeros((1, 9, 9), np.float32))
    with pytest.raises(DetectorError, match=r"4 \+ classes"):
        YoloOnnxDetector(path)


@pytest.mark.parametrize(("shape", "dtype"), [((64, 64), np.uint8), ((64, 64, 1), np.uint8), ((64, 64, 3), np.uint16)])
def test_grey_and_16_bit_pictures_are_refused(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    detector = YoloOnnxDetector(write_network(tmp_path / "m.onnx", raw_layout()))
    with pytest.raises(DetectorError, match="of uint8"):
        detector.detect([picture(shape, dtype=dtype)])


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 2000), st.integers(20, 2000), st.sampled_from([(640, 640), (384, 640), (320, 320)]))
def test_letterbox_round_trip(height: int, width: int, inlet: tuple[int, int]) -> None:
    fit = Letterbox.fit((height, width), inlet)
    corners = np.array([[0.0, 0.0, width, height]])
    inside = corners * fit.scale + (fit.left, fit.top, fit.left, fit.top)
    assert inside.min() >= 0
    assert inside[0, 2] <= inlet[1] + 0.5
    assert inside[0, 3] <= inlet[0] + 0.5
    np.testing.assert_allclose(fit.back(inside), corners, atol=1e-6)


def test_tiles_find_what_the_whole_picture_finds_and_come_back_to_their_places(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", end_to_end_layout())
    settings = YoloSettings(tile_px=64)
    found = YoloOnnxDetector(path, settings).detect([picture((64, 112, 3))])[0]  # tiles at 0 and 48
    people = found.xyxy[found.class_id == ObjectClass.PERSON]
    for x in (0, 48):
        box = (15 + x, 17, 25 + x, 47)
        assert (np.abs(people - box).max(axis=1) < 1e-3).any()
    empty = write_network(tmp_path / "none.onnx", np.zeros((5, 6), np.float32))
    nobody = YoloOnnxDetector(empty, settings).detect([picture((64, 112, 3))])[0]
    assert len(nobody) == 0
    assert nobody.class_id is not None


def test_settings_stand_behind_the_file(tmp_path: Path) -> None:
    path = write_network(tmp_path / "m.onnx", raw_layout())
    for spec in (f"{path},engine=onnxruntime,threads=1", f"yolo_onnx:{path},threads=1,engine=onnxruntime"):
        detector = build_detector(spec)
        assert isinstance(detector, YoloOnnxDetector)
        assert detector.settings == YoloSettings(engine="onnxruntime", threads=1)
        assert detector.engine.name == "onnxruntime"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("thread=1", "did you mean 'threads'"),
        ("threads=many", "'many' is not a whole number"),
        ("threads=-1", "threads=-1 should be from 0"),
        ("engine=openvno", "did you mean 'openvino'"),
        ("input_px=100", "a multiple of 32"),
        ("input_px=320", "fixed at 64 x 64"),
        ("tile_px=8", "0, or 64 to 4096"),
        ("least_confidence=2", "from 0 to 1"),
        ("engine=cuda", "needs the package onnxruntime-gpu"),
    ],
)
def test_wrong_settings_are_one_sentence(tmp_path: Path, options: str, said: str) -> None:
    path = write_network(tmp_path / "m.onnx", raw_layout())
    with pytest.raises(DetectorError, match=said) as caught:
        build_detector(f"{path},{options}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 64, 3), (64, 0, 3), (0, 0, 3)])
def test_pictures_without_pixels_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    detector = YoloOnnxDetector(write_network(tmp_path / "m.onnx", raw_layout()))
    with pytest.raises(DetectorError, match="of uint8"):
        detector.detect([picture(shape)])


def test_the_networks_input_is_rgb_from_0_to_1(tmp_path: Path) -> None:
    detector = YoloOnnxDetector(write_network(tmp_path / "m.onnx", raw_layout()))
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :, 0], image[:, :, 1], image[:, :, 2] = 51, 102, 255  # BGR
    tensor = detector.tensor([image])
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0, :, 5, 7], (1.0, 0.4, 0.2), atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "cameras", "same"),
    [("background", 4, True), ("m.onnx", 1, True), ("m.onnx,threads=3", 4, True), ("m.onnx", 999, False)],
)
def test_cameras_share_the_cores(spec: str, cameras: int, same: bool) -> None:
    assert sharing(spec, cameras) == (spec if same else f"{spec},threads=1")
