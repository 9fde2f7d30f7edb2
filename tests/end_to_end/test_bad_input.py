"""Each mistake is one sentence on the standard error and exit code 2, through the real command."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


def parvis(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(*words: str, cwd: Path) -> str:
    done = parvis(*words, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("parvis:")]
    assert len(said) == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1] == said[0]
    return said[0]


def test_unknown_scenario(tmp_path):
    assert "did you mean 'forecourt_bag_v1'" in refused("run", "forcourt_bag_v1", cwd=tmp_path)


def test_broken_toml(tmp_path):
    (tmp_path / "x.toml").write_text("name = \n")
    assert "x.toml: is not valid TOML" in refused("run", "x.toml", cwd=tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("venue.gates.0.line=[[900,900],[904,900]]", "outside the venue's outline"),
        ("cameras.0.look_at_m=[0,-900,400]", "sees nothing"),
        ("incidents.0.at_s=600", "not before the end"),
        ("rule.abandoned_objct.alone_s=3", "did you mean 'abandoned_object'"),
        ("rule.abandoned_object.alone=3", "alone_s"),
        ("rule.abandoned_object.alone_s=-3", "alone_s"),
    ],
)
def test_scenario_that_makes_no_sense(tmp_path, change, said):
    assert said in refused("run", "forecourt_bag_v1", "--set", change, cwd=tmp_path)


def test_unknown_detector_and_tracker(tmp_path):
    assert "did you mean 'background'" in refused("run", "forecourt_bag_v1", "--detector", "backgroud", cwd=tmp_path)
    assert "did you mean 'bytetrack'" in refused("run", "forecourt_bag_v1", "--tracker", "bytetrak", cwd=tmp_path)


@pytest.mark.parametrize("words", [("run", "forecourt_bag_v1"), ("watch", "x.mp4")])
def test_unknown_camera_motion(tmp_path, words):
    said = refused(*words, "--camera-motion", "pose", cwd=tmp_path)
    assert "unknown camera motion 'pose'; did you mean 'poses'? (known: auto, off, picture, poses)" in said


def test_poses_of_a_camera_without_a_calibration(tmp_path):
    said = refused("watch", "x.mp4", "--camera-motion", "poses", cwd=tmp_path)
    assert "camera motion 'poses' needs a calibration" in said


def test_weights_without_the_extra_or_without_trust(tmp_path):
    (tmp_path / "x.pt").write_bytes(b"x")
    said = refused("run", "forecourt_bag_v1", "--detector", "x.pt", cwd=tmp_path)
    assert "parvis[ultralytics]" in said or "--trust-weights" in said


def test_onnx_that_is_missing_or_none(tmp_path):
    assert "nowhere.onnx" in refused("run", "forecourt_bag_v1", "--detector", "nowhere.onnx", cwd=tmp_path)
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    assert "x.onnx" in refused("run", "forecourt_bag_v1", "--detector", "x.onnx", cwd=tmp_path)


def test_videos_that_are_none(tmp_path):
    assert "nowhere.mp4" in refused("watch", "nowhere.mp4", cwd=tmp_path)
    (tmp_path / "x.mp4").write_text("not a video")
    assert "x.mp4" in refused("watch", "x.mp4", cwd=tmp_path)
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert "empty.mp4" in refused("watch", "empty.mp4", cwd=tmp_path)
    assert "scheme" in refused("watch", "ftp://example.org/x.mp4", cwd=tmp_path)


def test_unreachable_camera_does_not_show_the_password(tmp_path):
    done = parvis("watch", "rtsp://me:canary-7731@127.0.0.1:9/cam", cwd=tmp_path)
    assert done.returncode == 2
    assert "canary-7731" not in done.stderr + done.stdout
    assert "127.0.0.1:9" in done.stderr


def test_run_folder_half_written(tmp_path):
    half = tmp_path / "half"
    (half / "video").mkdir(parents=True)
    assert "not a whole run folder" in refused("replay", "half", cwd=tmp_path)
    assert "no run folder and holds none" in refused("compare", "half", "half", cwd=tmp_path)


def test_truth_that_is_none(tmp_path, vtest):
    (tmp_path / "gt.txt").write_text("1,2,three\n")
    said = refused("watch", str(vtest), "--truth", "gt.txt", cwd=tmp_path)
    assert "gt.txt" in said
    assert "line 1" in said


def test_wrong_calibration(tmp_path, vtest):
    (tmp_path / "camera.toml").write_text('method = "tsay"\n')
    assert "did you mean 'tsai'" in refused("watch", str(vtest), "--camera", "camera.toml", cwd=tmp_path)


def test_nothing_is_left_behind_by_a_mistake(tmp_path):
    refused("run", "forecourt_bag_v1", "--detector", "backgroud", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "channels", "said"),
    [("{0: 'dog'}", 3, "none of it is a person or a bag"), ("{0: 'person'}", 1, "its input must be one picture")],
)
def test_onnx_with_wrong_shapes_or_classes(tmp_path, names, channels, said):
    inlet = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, channels, 64, 64])
    outlet = helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 5, 8])
    fixed = numpy_helper.from_array(np.zeros((1, 5, 8), np.float32), "value")
    graph = helper.make_graph([helper.make_node("Constant", [], ["output0"], value=fixed)], "g", [inlet], [outlet])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"names": names})
    onnx.save(model, tmp_path / "x.onnx")
    heard = refused("run", "forecourt_bag_v1", "--detector", "x.onnx", cwd=tmp_path)
    assert "x.onnx" in heard
    assert said in heard
