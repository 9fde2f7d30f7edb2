"""Real input through the same stack: the real video from its file, and a film of ours from a real RTSP server."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dashboard.real import watch_real
from dashboard.rehearsal import Watching, film_only
from detect.observations import Observations
from detect.pipeline import nothing_found
from detect.store import Store
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from scenarios.recording import Recording
from scenarios.truth import column

SERVER = Path(__file__).parent.parent / "reference" / "rtsp_server.py"
PYTHON = "/usr/bin/python3"


@pytest.mark.real
@pytest.mark.slow
def test_the_real_video_is_followed_in_metres_and_scored(vtest, reference, tmp_path):
    """PETS2009 S2.L1 view 1; public Faster R-CNN boxes with ByteTrack reach HOTA 0.374, MOTA 0.578, IDF1 0.502."""
    pets = reference / "pets09_s2l1"
    run = watch_real(
        str(vtest), calibration=pets / "camera.toml", truth=[pets / "gt.txt"], out=tmp_path / "run", command="x"
    )
    assert run is not None
    tracks = run.score()["tracks"]
    assert tracks["hota"] > 0.45
    assert tracks["mota"] > 0.65
    assert tracks["idf1"] > 0.60
    assert run.score()["footage_s"] == pytest.approx(795 / 7, abs=0.01)
    assert run.annotated("view_001").stat().st_size > 1_000_000
    assert run.report.is_file()
    seen = Observations.load(run)
    assert not [e for e in seen.events if e.kind.value in ("abandoned_object", "crowd_movement")]
    _check_positions(seen, run)


def _check_positions(seen: Observations, run: Recording) -> None:
    """Ground positions of tracks lie near the feet of the truth that they cover."""
    truth = run.truth().boxes
    assert truth is not None
    off = []
    frame_t, frame_s = column(truth, "frame"), column(seen.tracks, "frame")
    for frame in range(50, 795, 25):
        t, s = truth.filter(frame_t == frame), seen.tracks.filter(frame_s == frame)
        feet = np.c_[(column(t, "x1") + column(t, "x2")) / 2, column(t, "y2")]
        mine = np.c_[(column(s, "x1") + column(s, "x2")) / 2, column(s, "y2")]
        where_t = np.c_[column(t, "x_m"), column(t, "y_m")]
        where_s = np.c_[column(s, "x_m"), column(s, "y_m")]
        for foot, place in zip(feet, where_t, strict=True):
            away = np.hypot(*(mine - foot).T)
            if len(away) and away.min() < 12:
                off.append(float(np.hypot(*(where_s[away.argmin()] - place))))
    assert len(off) > 60
    assert np.median(off) < 0.6


def test_a_calibration_of_another_size_is_refused(vtest, reference, tmp_path):
    text = (reference / "pets09_s2l1" / "camera.toml").read_text().replace("[768, 576]", "[1920, 1080]")
    (tmp_path / "camera.toml").write_text(text)
    with pytest.raises(ScenarioError, match=r"resolution_px is 1920x1080, but the pictures are 768x576"):
        watch_real(str(vtest), calibration=tmp_path / "camera.toml", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Twelve seconds of the forecourt."""
    world = load_scenario("forecourt_bag_v1", ["duration_s=20", "cameras.0.resolution_px=[640,360]"])
    return film_only(world, tmp_path_factory.mktemp("film") / "run")


class Camera:
    """A real RTSP server that plays a film, in a process of its own."""

    def __init__(self, film: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.film = film
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [PYTHON, str(SERVER), str(self.film), "--port", str(self.port)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def camera(film):
    ready = subprocess.run(
        [PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"], capture_output=True, check=False
    ) if Path(PYTHON).exists() else None  # fmt: skip
    if ready is None or ready.returncode:
        pytest.skip("NO RTSP SERVER: apt install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-ugly")
    server = Camera(film.video("mast"))
    yield server
    server.kill()


@pytest.mark.rtsp
@pytest.mark.slow
def test_a_stream_that_dies_comes_back_by_itself(camera, tmp_path):
    """Kill the server and start it again: a gap is stated, tracks begin anew, the same command goes on."""
    store = tmp_path / "live.sqlite"

    def fail() -> None:
        time.sleep(6)
        camera.kill()
        time.sleep(3)
        camera.start()

    trouble = threading.Thread(target=fail)
    trouble.start()
    run = watch_real(camera.url, watching=Watching(), seconds=22, store=store, out=tmp_path / "run")
    trouble.join()
    assert run is not None
    times = run.frame_times("camera")
    holes = np.diff(times)
    assert holes.max() > 2.5, "the server was away"
    assert holes.max() < 3 + 10, "pictures are back within 10 s of the server"
    assert times[-1] - times[0] == pytest.approx(22, abs=2)
    assert len(Observations.load(run).detections) > 50
    with Store.open_existing(store) as opened:
        (state,) = opened.cameras()
        assert state.counters["gaps"] == 1
        assert state.counters["reconnects"] >= 1
        assert opened.verify().ok
        assert opened.picture("camera") is not None


@pytest.mark.rtsp
@pytest.mark.slow
def test_a_stream_gives_the_detections_of_its_file(camera, film, tmp_path):
    """The film from the server and the film from the disk: same people, same places."""
    streamed = watch_real(camera.url, seconds=12, out=tmp_path / "stream")
    filed = watch_real(str(film.video("mast")), out=tmp_path / "file")
    assert streamed is not None
    assert filed is not None
    a, b = Observations.load(streamed).detections, Observations.load(filed).detections
    per_picture = [table.num_rows / len(run.frame_times("camera")) for table, run in ((a, streamed), (b, filed))]
    assert per_picture[0] == pytest.approx(per_picture[1], rel=0.35)
    assert per_picture[0] > 1


@pytest.mark.rtsp
def test_nothing_is_recorded_of_a_live_source_unless_asked(camera, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert watch_real(camera.url, seconds=2) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.rtsp
def test_ctrl_c_keeps_what_was_seen(camera, tmp_path):
    out = tmp_path / "run"
    watch = ["watch", camera.url, "--detector", "background", "--out", str(out)]
    command = [sys.executable, "-m", "dashboard.cli", *watch]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env={**os.environ, "COLUMNS": "100"})
    time.sleep(12)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    assert len(Recording.open(out).frame_times("camera")) > 10


class Deaf:
    """A detector in which Ctrl-C is lost, as it is in compilers that catch everything."""

    name, weights_sha256 = "deaf", None

    def __init__(self):
        self.seen = 0

    def start(self, camera):
        pass

    def detect(self, frames):
        self.seen += 1
        if self.seen == 5:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        return [nothing_found() for _ in frames]


def test_a_ctrl_c_that_a_library_swallows_still_ends_the_watch(tmp_path, monkeypatch):
    changes = ["fps=10", "duration_s=4", "incidents=[]", "cameras.0.resolution_px=[320,180]"]
    scenario = load_scenario("forecourt_bag_v1", changes)
    filmed = film_only(scenario, tmp_path / "film")
    deaf, before = Deaf(), signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("dashboard.rehearsal.build_detector", lambda *_, **__: deaf)
    run = watch_real(str(filmed.video("mast")), out=tmp_path / "run")
    assert deaf.seen == 5
    assert len(run.frame_times("camera")) == 5
    assert signal.getsignal(signal.SIGINT) is before
