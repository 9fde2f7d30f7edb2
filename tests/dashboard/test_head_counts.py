"""`parvis count`, with a network that says one head for every white cell."""

import json

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.head_counts import count_heads
from scenarios.errors import ScenarioError

CAMERA = """
id = "mast"
method = "look_at"
position_m = [0, -10, 8]
look_at_m = [0, 2, 0]
hfov_deg = 60
resolution_px = [320, 240]

[[zones]]
id = "all"
polygon = [[-4, -2], [4, -2], [4, 6], [-4, 6]]
"""


@pytest.fixture
def network(tmp_path):
    kernel = np.zeros((1, 3, 8, 8), np.float32)
    kernel[:, 1] = 1 / 64
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", "kernel"], ["heads"], strides=[8, 8])],
        "heads",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("heads", TensorProto.FLOAT, ["n", 1, "h8", "w8"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    path = tmp_path / "white.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Four pictures, a second apart, with 0, 1, 2 and 3 white cells."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(4):
        image = np.zeros((240, 320, 3), np.uint8)
        image[96:104, 160 : 160 + 8 * k] = 255
        cv2.imwrite(str(folder / f"{k:04d}.png"), image)
    return folder


def test_one_line_a_picture_and_a_density_a_zone(pictures, network, tmp_path):
    (tmp_path / "camera.toml").write_text(CAMERA)
    arguments = ["count", str(pictures), "--network", str(network), "--scale", "1", "--fps", "1", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--camera", str(tmp_path / "camera.toml")])
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [t["heads"] for t in told] == pytest.approx([0, 1, 2, 3], abs=0.02)
    assert [t["time_s"] for t in told] == [0, 1, 2, 3]
    densities = [t["per_m2"]["all"] for t in told]
    assert densities[0] == 0.0
    assert 0 < densities[1] < densities[2] < densities[3] < 3.0
    assert all(t["valid"] == {"all": False} for t in told)  # looser than heads are right at


def test_pictures_in_between_are_left_out_and_the_scale_is_found(pictures, network):
    told = list(count_heads(str(pictures), network=network, every_s=2.0, fps=1.0))
    assert [t.time_s for t in told] == [0.0, 2.0]
    assert told[1].heads > 0
    assert told[1].per_m2 == {}


def test_a_calibration_of_another_size_is_refused(pictures, network, tmp_path):
    (tmp_path / "camera.toml").write_text(CAMERA.replace("[320, 240]", "[640, 480]"))
    with pytest.raises(ScenarioError, match="is for 640x480 pixels"):
        list(count_heads(str(pictures), network=network, calibration=tmp_path / "camera.toml"))


def test_without_a_network_the_sentence_says_how_to_make_one(pictures, tmp_path):
    done = CliRunner().invoke(app, ["count", str(pictures), "--network", str(tmp_path / "none.onnx")])
    assert done.exit_code != 0
    assert "parvis train-heads" in str(done.exception)
