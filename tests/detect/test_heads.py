"""Counting by a network that is known: it says one head for every cell that is white."""

from __future__ import annotations

import json

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from detect.crowd_meter import CountBy, CrowdMeter, heads_count
from detect.density import zone_densities
from detect.ground import Grounding
from detect.heads import HEAD_PLANE_M, HEADS_ONNX, HeadCounter, plateau_scale, scale_for, seen_of
from detect.tracking import Followed
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame
from scenarios.venue import Zone

SIZE = (640, 480)
CAMERA = Camera.looking_at("cam", position_m=(0, -10, 8), look_at_m=(0, 2, 0), hfov_deg=60, resolution_px=SIZE)
SQUARE = Zone(id="square", polygon=[(-3, -1), (3, -1), (3, 5), (-3, 5)], max_density_per_m2=1.0)
BEHIND = Zone(id="behind", polygon=[(-1, -60), (1, -60), (1, -50), (-1, -50)])


def write_counter(path, *, stride=8, planes=1):
    """A network that gives the mean green of each cell, in which white is 1."""
    kernel = np.zeros((planes, 3, stride, stride), np.float32)
    kernel[:, 1] = 1 / stride**2
    node = helper.make_node("Conv", ["picture", "kernel"], ["heads"], strides=[stride, stride])
    graph = helper.make_graph(
        [node],
        "heads",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("heads", TensorProto.FLOAT, ["n", planes, "h8", "w8"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    return HeadCounter(write_counter(tmp_path_factory.mktemp("heads") / "white.onnx"), threads=1)


def crowd(places, radius_px=4):
    """A black picture with a white dot of about one cell's area on every head."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels, _ = CAMERA.project(np.c_[places, np.full(len(places), HEAD_PLANE_M)])
    for x, y in pixels.round().astype(int):
        cv2.rectangle(image, (x - radius_px, y - radius_px), (x + radius_px - 1, y + radius_px - 1), (255,) * 3, -1)
    return image


def lattice(zone, apart):
    x0, y0, x1, y1 = zone.shape.bounds
    x, y = np.arange(x0 + apart / 2, x1, apart), np.arange(y0 + apart / 2, y1, apart)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def test_the_sum_of_the_map_is_the_count_and_padding_adds_nobody(counter):
    image = np.zeros((104, 80, 3), np.uint8)  # of 8, not of 32
    image[8:24, 8:32] = 255
    found = counter.look(image)
    assert found.count == pytest.approx(6.0)
    assert (found.heads.shape, found.cell_px, found.size_px) == ((13, 10), (8.0, 8.0), (80, 104))
    assert counter.look(np.zeros((5, 3, 3), np.uint8)).heads.shape == (1, 1)


def test_a_scaled_picture_has_cells_of_other_size_over_the_same_places(counter):
    image = np.zeros((96, 128, 3), np.uint8)
    image[32:64, 64:96] = 255
    found = counter.look(image, scale=2.0)
    assert found.cell_px == (4.0, 4.0)
    y, x = (found.heads > 0.5).nonzero()
    assert (x.min() * 4, (x.max() + 1) * 4, y.min() * 4, (y.max() + 1) * 4) == (64, 96, 32, 64)


@pytest.mark.parametrize(
    "image",
    [np.zeros((0, 10, 3), np.uint8), np.zeros((10, 10), np.uint8), np.zeros((10, 10, 3), np.uint16)],
    ids=["empty", "grey", "16 bit"],
)
def test_what_is_no_picture_is_refused(counter, image):
    with pytest.raises(DetectorError, match=r"must be \(height, width, 3\) of uint8"):
        counter.look(image)


def test_files_that_are_no_such_network_are_refused(tmp_path):
    with pytest.raises(DetectorError, match="there is no such network"):
        HeadCounter(tmp_path / "none.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    with pytest.raises(DetectorError, match="not an ONNX model"):
        HeadCounter(tmp_path / "broken.onnx")
    with pytest.raises(DetectorError, match="a network that counts heads takes"):
        HeadCounter(write_counter(tmp_path / "two.onnx", planes=2))
    coarse = HeadCounter(write_counter(tmp_path / "coarse.onnx", stride=16))
    with pytest.raises(DetectorError, match="gave an output of shape"):
        coarse.look(np.zeros((64, 64, 3), np.uint8))


def test_heads_are_put_on_their_plane_and_summed_over_the_zone(counter):
    outside = Zone(id="outside", polygon=[(3.5, -1), (5, -1), (5, 5), (3.5, 5)])
    places = lattice(SQUARE, 1.0)
    found = counter.look(crowd(np.concatenate((places, lattice(outside, 1.0)))))
    inside = float((found.heads * found.shares_in(CAMERA, SQUARE)).sum())
    assert len(places) == 36
    assert inside == pytest.approx(36, abs=1.0)
    assert found.count > 40


def test_only_the_seen_part_of_a_zone_counts(counter):
    wide = Zone(id="wide", polygon=[(-40, 0), (40, 0), (40, 4), (-40, 4)])
    share = seen_of(CAMERA, wide)
    assert 0.1 < share < 0.3
    assert seen_of(CAMERA, BEHIND) == 0.0
    assert seen_of(CAMERA, SQUARE) == pytest.approx(1.0)
    places = lattice(wide, 0.8)
    frame = Frame("cam", 0, 0.0, None, crowd(places, radius_px=4))
    told = CrowdMeter(counter).measure(frame, CAMERA, [wide, BEHIND])
    assert set(told) == {"wide"}


def test_a_meter_counts_now_and_then_and_at_the_scale_of_the_camera(counter):
    meter = CrowdMeter(counter, every_s=1.0)
    full = Frame("cam", 0, 0.0, None, crowd(lattice(SQUARE, 0.5)))
    empty = [Frame("cam", k, t, None, np.zeros_like(full.image)) for k, t in ((1, 0.5), (2, 1.1))]
    first = meter.measure(full, CAMERA, [SQUARE])["square"]
    assert first > 2.0
    assert meter.measure(empty[0], CAMERA, [SQUARE])["square"] == first
    assert meter.measure(empty[1], CAMERA, [SQUARE])["square"] == 0.0


def test_far_people_are_enlarged_and_near_ones_reduced():
    box = CAMERA.upright_box_px([(0, 2)], 1.7)[0]
    assert scale_for(CAMERA, [SQUARE]) == pytest.approx(90 / (box[3] - box[1]), rel=0.1)
    assert scale_for(CAMERA, [BEHIND]) == 1.0


def test_the_scale_is_where_counts_change_least(counter):
    class Scripted:
        def look(self, image, *, scale):  # noqa: ARG002
            heads = {0.5: 10.0, 1.0: 30.0, 1.4: 31.0, 2.0: 32.0, 3.0: 70.0}[scale]
            return type("Map", (), {"count": heads})()

    assert plateau_scale(Scripted(), [np.zeros((9, 9, 3), np.uint8)], (0.5, 1.0, 1.4, 2.0, 3.0)) == 1.4
    with pytest.raises(DetectorError, match="at least three"):
        plateau_scale(counter, [], (1.0, 2.0))


@pytest.mark.parametrize(
    ("by", "density", "now", "heads"),
    [
        (CountBy.BOXES, 5.0, True, False),
        (CountBy.HEADS, 0.1, False, True),
        (CountBy.HEADS, None, True, False),
        (CountBy.BOTH, 0.9, False, False),
        (CountBy.BOTH, 0.9, True, True),
        (CountBy.BOTH, 0.7, True, False),
        (CountBy.BOTH, 1.1, False, True),
    ],
)
def test_heads_take_over_above_the_switch_and_keep_it_a_little_below(by, density, now, heads):
    assert heads_count(by, density, now=now, switch_per_m2=1.0) is heads


def test_a_dense_zone_is_told_by_heads_with_their_own_range():
    nobody = Grounding(CAMERA).place("cam", Followed.nobody(), 0.0)
    loose, dense = (zone_densities(nobody, [SQUARE], CAMERA, heads={"square": d})[0] for d in (0.1, 3.5))
    assert (loose.by, loose.per_m2, loose.valid) == (CountBy.BOXES, 0.0, True)
    assert (dense.by, dense.per_m2, dense.valid) == (CountBy.HEADS, 3.5, True)
    assert dense.persons == pytest.approx(3.5 * 36, abs=1)
    assert not zone_densities(nobody, [SQUARE], CAMERA, heads={"square": 11.0})[0].valid
    assert loose.valid_from_per_m2 == 0.0 < dense.valid_from_per_m2 < 3.5 < dense.valid_to_per_m2


def test_the_network_that_ships_sees_a_crowd_and_nobody_on_an_empty_floor():
    """Small, as its card says, and it tells a row of drawn heads and shoulders from plain paving."""
    card = json.loads(HEADS_ONNX.with_suffix(".json").read_text(encoding="utf-8"))
    shipped = HeadCounter(threads=1)
    assert card["sha256"] == shipped.weights_sha256
    assert HEADS_ONNX.stat().st_size == card["bytes"] <= 4_000_000
    rng = np.random.default_rng(1)
    paving = np.clip(rng.normal(128, 3, (256, 320, 3)), 0, 255).astype(np.uint8)
    people = paving.copy()
    for x in range(30, 300, 40):
        cv2.ellipse(people, (x, 165), (11, 45), 0, 0, 360, (60, 40, 40), -1)
        cv2.circle(people, (x, 112), 8, (110, 140, 190), -1)
    empty, crowd_there = shipped.look(paving).count, shipped.look(people).count
    assert empty < 1.5
    assert crowd_there > empty + 2
