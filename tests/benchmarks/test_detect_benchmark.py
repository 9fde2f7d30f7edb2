"""The instrument itself: it waits as a camera does, takes turns with the peer, and says what is wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.detect import Paced, peer_times
from detect.sources import VideoFileSource
from scenarios.errors import DetectorError
from sim.render.video import VideoWriter

PEER = """#!{python}
print('9.9', flush=True)
import sys
for line in sys.stdin:
    print('[2.0, 5, 0]', flush=True)
"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with VideoWriter(path, 64, 64, 25) as writer:
        for k in range(20):
            writer.write(np.full((64, 64, 3), 10 * k, np.uint8))
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Finds nothing, whatever it sees."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "nothing"], ["output0"]),
        ],
        "blind",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4, 6])],
        [
            numpy_helper.from_array(np.array([1, 2, 3]), "axes"),
            numpy_helper.from_array(np.zeros((1, 4, 6), np.float32), "nothing"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"names": "{0: 'person'}"})
    onnx.save(model, tmp_path / "blind.onnx")
    return tmp_path / "blind.onnx"


def test_pictures_come_when_a_camera_would_give_them(film: Path) -> None:
    start = time.monotonic()
    with closing(Paced(VideoFileSource(film), 50.0, start)) as source:
        came = [time.monotonic() - start for _ in source]
    due = np.arange(20) / 50
    assert len(came) == 20
    assert (np.array(came) >= due - 1e-3).all()
    np.testing.assert_allclose(np.array(source.due_s) - start, due, atol=1e-9)


def test_turns_with_the_peer(network: Path, film: Path, tmp_path: Path) -> None:
    peer = tmp_path / "python"  # says that five pictures took it two seconds
    peer.write_text(PEER.format(python=sys.executable))
    peer.chmod(0o755)
    claim = peer_times(str(network), network, peer, film, pictures=10, turn=5)
    assert "ultralytics 9.9" in claim.claim
    assert claim.peer == pytest.approx(2.5)
    assert claim.value is not None
    assert claim.ratio == pytest.approx(claim.value / 2.5)


def test_a_peer_without_ultralytics(network: Path, film: Path, tmp_path: Path) -> None:
    peer = tmp_path / "python"
    peer.write_text("#!/bin/sh\nexit 1\n")
    peer.chmod(0o755)
    with pytest.raises(DetectorError, match="cannot run ultralytics"):
        peer_times(str(network), network, peer, film, pictures=10)


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.detect", "--weights", str(tmp_path / "no.onnx")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("detect: ")
    assert len(done.stderr.splitlines()) == 1
