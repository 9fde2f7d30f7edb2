"""One network for several processes: the same boxes, batches, and what happens when either side is gone."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from detect.detectors import build_detector, shared_engine, sharing, with_engine
from detect.detectors.engine import NetworkAbout, Port
from detect.detectors.parvis import ParvisDetector
from detect.detectors.shared_engine import SHARED, NetworkServer, SharedEngine
from scenarios.errors import DetectorError
from scenarios.frame import Frame


class Doubles:
    """A network that doubles the first value of each input, and takes its time."""

    name = "doubles"

    def __init__(self, fails_above=np.inf):
        self.fails_above = fails_above

    def run(self, tensor):
        time.sleep(0.05)
        if tensor.max() > self.fails_above:
            raise DetectorError("too much for it")
        return 2 * tensor[:, 0, 0, :1]


def about(batch):
    return NetworkAbout((Port("images", "tensor(float)", (batch, 3, 8, 8)),), (Port("out", "", (1, 1, 1)),), {"a": "b"})


def filled(value):
    return np.full((1, 3, 8, 8), value, np.float32)


class Serving:
    """A server in a thread."""

    def __init__(self, address, batch="batch", engine=None):
        self.server = NetworkServer(str(address), engine or Doubles(), about(batch))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.server.run, args=(self.stop,))
        self.thread.start()

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@pytest.mark.parametrize(("batch", "fewer"), [("batch", True), (1, False)])
def test_everybody_gets_what_is_theirs_in_batches_where_the_network_takes_them(tmp_path, batch, fewer):
    found = {}

    def ask(number):
        engine = SharedEngine(str(tmp_path / "s"))
        found[number] = [float(engine.run(filled(number + k / 10))[0, 0]) for k in range(5)]
        engine.close()

    with Serving(tmp_path / "s", batch) as server:
        askers = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert server.pictures == 30
        assert (server.batches < 20) == fewer
    for number, values in found.items():
        assert values == pytest.approx([2 * (number + k / 10) for k in range(5)])
    assert [p.name for p in tmp_path.iterdir()] == [], "nothing is left in the folder"


def test_what_a_file_says_of_its_network_arrives(tmp_path):
    with Serving(tmp_path / "s"):
        engine = SharedEngine(str(tmp_path / "s"))
        assert engine.about == about("batch")
        engine.close()


def test_a_picture_that_cannot_be_looked_at_is_said_to_who_asked(tmp_path):
    with Serving(tmp_path / "s", 1, Doubles(fails_above=5)):
        engine = SharedEngine(str(tmp_path / "s"))
        with pytest.raises(DetectorError, match="too much for it"):
            engine.run(filled(6))
        assert engine.run(filled(1))[0, 0] == 2
        engine.close()


def test_larger_inputs_after_smaller_ones(tmp_path):
    with Serving(tmp_path / "s"):
        engine = SharedEngine(str(tmp_path / "s"))
        for many in (1, 4, 2):
            assert engine.run(np.concatenate([filled(n) for n in range(many)])).shape == (many, 1)
        engine.close()


def test_a_client_that_is_killed_leaves_the_others_alone(tmp_path):
    code = (
        "import sys, numpy as np\nfrom detect.detectors.shared_engine import SharedEngine\n"
        "engine = SharedEngine(sys.argv[1])\nprint('ready', flush=True)\n"
        "while True:\n    engine.run(np.ones((1, 3, 8, 8), np.float32))\n"
    )
    with Serving(tmp_path / "s"):
        other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        engine = SharedEngine(str(tmp_path / "s"))
        engine.run(filled(1))
        other.kill()
        other.communicate()
        for number in range(5):
            assert engine.run(filled(number))[0, 0] == 2 * number
        engine.close()


def test_who_asks_waits_for_the_next_server_but_not_for_ever(tmp_path, monkeypatch):
    first = Serving(tmp_path / "s")
    engine = SharedEngine(str(tmp_path / "s"))
    assert engine.run(filled(1))[0, 0] == 2
    first.__exit__()
    again = threading.Timer(1.0, lambda: again.__setattr__("serving", Serving(tmp_path / "s")))
    again.start()
    assert engine.run(filled(3))[0, 0] == 6
    again.serving.__exit__()
    monkeypatch.setattr(shared_engine, "_BACK_S", 0.5)
    with pytest.raises(DetectorError, match="does not answer"):
        engine.run(filled(4))
    with pytest.raises(DetectorError, match="does not answer"):
        SharedEngine(str(tmp_path / "s"))


def test_specs_of_networks_take_an_engine():
    assert with_engine("parvis", "shared@/x") == "parvis:engine=shared@/x"
    assert with_engine("parvis:most_overlap=0.4", "shared@/x") == "parvis:most_overlap=0.4,engine=shared@/x"
    assert with_engine("own.onnx", "shared@/x") == "own.onnx,engine=shared@/x"
    assert (
        with_engine("yolo_onnx:own.onnx,tile_px=640", "shared@/x") == "yolo_onnx:own.onnx,tile_px=640,engine=shared@/x"
    )
    assert with_engine("background", "shared@/x") is None
    assert with_engine("parvis:engine=cuda", "shared@/x") is None
    assert sharing("parvis:engine=shared@/x", 4) == "parvis:engine=shared@/x"


def test_the_shipped_detector_finds_the_same_by_another_process(tmp_path):
    own = build_detector("parvis:engine=onnxruntime")
    assert isinstance(own, ParvisDetector)
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (360, 640, 3), np.uint8)
    image[100:260, 300:350] = 20
    frame = Frame("gate", 0, 0.0, None, image)
    server = NetworkServer(str(tmp_path / "s"), own.network.engine, own.network.about)
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        shared = build_detector(f"parvis:least_confidence=0.0001,engine={SHARED}{tmp_path / 's'}")
        own = build_detector("parvis:least_confidence=0.0001,engine=onnxruntime")
        (a,), (b,) = own.detect([frame]), shared.detect([frame])
        assert len(a) > 0
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.confidence, b.confidence)
        assert shared.weights_sha256 == own.weights_sha256
    finally:
        stop.set()
        thread.join()
