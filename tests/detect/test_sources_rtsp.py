"""The RTSP source against a real server: the same pictures as the file, stalls, reconnection, no stale backlog."""

import logging
import shutil
import signal
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from detect.sources import FeedState, LiveSettings, open_source
from detect.sources.rtsp import RtspSource
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap

pytestmark = pytest.mark.rtsp

SYSTEM_PYTHON = "/usr/bin/python3"
FPS, BITS, BLOCK = 10, 10, 32
CANARY = "canary-5519"


@pytest.fixture(scope="module", autouse=True)
def _gstreamer():
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if (
        shutil.which(SYSTEM_PYTHON) is None
        or subprocess.run([SYSTEM_PYTHON, "-c", check], capture_output=True, check=False).returncode
    ):
        pytest.skip("NO RTSP SERVER: install python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-{good,bad}")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Pictures that show their own number in large black and white blocks, on a moving ground."""
    return write_film(tmp_path_factory.mktemp("film") / "numbers.mp4", [numbered(k) for k in range(400)])


def numbered(number):
    image = np.full((120, BITS * BLOCK, 3), 90, np.uint8)
    image[64:] = np.uint8(60 + 8 * (number % 16))
    for bit in range(BITS):
        image[:48, bit * BLOCK : (bit + 1) * BLOCK] = 235 if number >> bit & 1 else 20
    return image


def number_of(image):
    lit = [image[12:36, bit * BLOCK + 8 : (bit + 1) * BLOCK - 8].mean() > 128 for bit in range(BITS)]
    return sum(1 << bit for bit, on in enumerate(lit) if on)


def write_film(path, images, fps=FPS):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "g": str(fps)}
        for k, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = k, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


class Server:
    """tests/reference/rtsp_server.py in a process of its own."""

    def __init__(self, script: Path, film: Path, *more: str) -> None:
        self._words = [SYSTEM_PYTHON, str(script), str(film), *more]
        self.url, self._process = "", None
        self.start("0")

    def start(self, port=None):
        port = port or self.url.rpartition(":")[2].partition("/")[0]
        self._process = subprocess.Popen([*self._words, "--port", port], stdout=subprocess.PIPE, text=True)
        ready = self._process.stdout.readline().split()
        assert ready[:1] == ["ready"], "the RTSP server did not start"
        self.url = ready[1]

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def serve(reference, film):
    servers = []

    def start(*more, play=film):
        servers.append(Server(reference / "rtsp_server.py", play, *more))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def test_pictures_and_times_are_those_of_the_file(serve, film):
    """Coded pictures are passed on as they are, so decoding them gives the very same bits."""
    server = serve("--once")
    with_file, live = open_source(str(film)), RtspSource(server.url, settings=LiveSettings(lossless=True))
    try:
        for count, (wanted, item) in enumerate(zip(with_file, live, strict=False)):
            assert isinstance(item, Frame)
            assert item.index == wanted.index == count
            assert np.array_equal(item.image, wanted.image)
            assert item.time_s == pytest.approx(wanted.time_s, abs=2e-3)
            assert item.wall_time is not None
            if count == 30:
                break
        assert (live.size_px, live.fps) == (with_file.size_px, with_file.fps)
    finally:
        live.close()
        with_file.close()
    assert count == 30


@pytest.mark.real
def test_the_real_video_is_seen_as_from_the_file(serve, vtest, tmp_path):
    """The same pictures, detections and tracks, through the network and from the disk."""
    from detect.detectors import build_detector
    from detect.pipeline import Pipeline

    original = open_source(str(vtest))
    images = [frame.image for frame, _ in zip(original, range(100), strict=False)]
    original.close()
    film = write_film(tmp_path / "vtest.mp4", images, fps=25)
    server = serve("--once", play=film)
    from_file = open_source(str(film))
    live = RtspSource(server.url, settings=LiveSettings(lossless=True))

    def watch(source):
        return Pipeline(build_detector("background"), []).watch(source)

    tracks = 0
    try:
        for seen, wanted, image in zip(watch(live), watch(from_file), images, strict=False):
            noise = np.mean((seen.frame.image.astype(float) - image) ** 2)
            assert 10 * np.log10(255**2 / noise) > 30  # dB
            assert np.array_equal(seen.detections.xyxy, wanted.detections.xyxy)
            assert np.array_equal(seen.tracks.box_px, wanted.tracks.box_px)
            tracks += len(seen.tracks)
    finally:
        live.close()
        from_file.close()
    assert tracks > 50


def test_joining_a_running_stream_begins_with_a_whole_picture(serve, film):
    """As with a real camera: the first picture that arrives is in the middle of something."""
    server = serve("--shared")
    pictures = {frame.index: frame.image for frame, _ in zip(open_source(str(film)), range(120), strict=False)}
    first = open_source(server.url)
    for item, _ in zip(first, range(7), strict=False):
        assert np.array_equal(item.image, pictures[number_of(item.image)])
    second = open_source(server.url)
    joined = [item.image for item, _ in zip(second, range(7), strict=False)]
    first.close()
    second.close()
    assert number_of(joined[0]) > 7
    assert all(np.array_equal(image, pictures[number_of(image)]) for image in joined)


def test_killed_then_restarted(serve):
    """Stall seen within 5 s; pictures back within 10 s of the camera's return."""
    server = serve()
    source = open_source(server.url, camera_id="gate")
    down_s = up_s = seen_s = back_s = None
    last = None
    try:
        for item in source:
            now = time.monotonic()
            if isinstance(item, Frame) and down_s is None and item.time_s > 0.5:
                server.kill()
                down_s, last = now, item
            elif isinstance(item, Gap) and item.end_s == item.start_s:
                seen_s = now - down_s
                assert source.status.state in (FeedState.LOST, FeedState.STALLED)
                server.start()
                up_s = time.monotonic()
            elif isinstance(item, Gap):
                closed = item
            elif up_s is not None:
                back_s = now - up_s
                first = item
                break
        assert source.status.reconnects >= 1
    finally:
        source.close()
    print(f"killed: stall seen after {seen_s:.1f} s; pictures back {back_s:.1f} s after the server's return")
    assert seen_s <= 5
    assert back_s <= 10
    assert (closed.camera_id, closed.end_s) == ("gate", first.time_s)
    assert closed.start_s >= last.time_s
    assert "lost" in closed.reason


def test_frozen_then_thawed_gives_no_stale_backlog(serve):
    """What is delivered after a freeze is at most a second older than before it."""
    server = serve()
    source = open_source(server.url)
    settings = source.settings
    delay_s, delays_after, frozen_s, seen_s, thawed_s = np.inf, [], None, None, None
    try:
        for item in source:
            now = time.monotonic()
            if isinstance(item, Gap):
                if item.end_s == item.start_s:
                    seen_s = now - frozen_s
                    assert source.status.state is FeedState.STALLED
                    time.sleep(0.5)
                    server.signal(signal.SIGCONT)
                    thawed_s = time.monotonic()
                continue
            delay = now - number_of(item.image) / FPS
            if frozen_s is None:
                delay_s = min(delay_s, delay)
                if item.time_s > 1:
                    server.signal(signal.SIGSTOP)
                    frozen_s = now
            elif thawed_s is not None:
                delays_after.append(delay - delay_s)
                if now - thawed_s > 3:
                    break
        status = source.status
    finally:
        server.signal(signal.SIGCONT)
        source.close()
    print(f"frozen: stall seen after {seen_s:.1f} s; {status.stale} stale pictures thrown away")
    assert seen_s <= 5
    assert len(delays_after) > 15
    assert max(delays_after) < settings.max_lag_s + 0.3
    assert np.median(delays_after) < 0.3
    assert status.stale > 15  # the backlog was there and was thrown away


def test_a_slow_consumer_sees_the_present(serve):
    server = serve()
    source = open_source(server.url)
    delays = []
    try:
        for item in source:
            delays.append(time.monotonic() - number_of(item.image) / FPS)
            time.sleep(0.7)
            if len(delays) == 5:
                break
        assert source.status.drops >= 15
    finally:
        source.close()
    assert max(delays) - min(delays) < 1


def test_user_and_password(serve, monkeypatch, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    server = serve("--user", "operator", "--password", CANARY)
    address = server.url.removeprefix("rtsp://")
    with pytest.raises(SourceError, match="refuses this user name or password") as caught:
        open_source(f"rtsp://operator:wrong-{CANARY}@{address}")
    said = str(caught.value) + repr(caught.value.__cause__)
    monkeypatch.setenv("GATE_PASSWORD", CANARY)
    source = open_source(f"rtsp://operator:${{GATE_PASSWORD}}@{address}")
    assert isinstance(next(iter(source)), Frame)
    server.kill()
    deadline = time.monotonic() + 5
    while not source.status.problem and time.monotonic() < deadline:
        time.sleep(0.1)
    said += source.status.problem + source.name
    source.close()
    server.start()
    said += "".join(capfd.readouterr()) + caplog.text
    assert "127.0.0.1" in said
    assert CANARY not in said


def test_nobody_there(capfd):
    with pytest.raises(SourceError, match="unreachable") as caught:
        open_source(f"rtsp://me:{CANARY}@127.0.0.1:9/cam")
    assert CANARY not in str(caught.value) + "".join(capfd.readouterr())
    assert caught.value.__cause__ is None


def test_silence_on_the_line_is_refused_in_time():
    """Something that accepts the connection and never says a word."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = time.monotonic()
        with pytest.raises(SourceError, match="no answer within the time limit"):
            open_source(f"rtsp://127.0.0.1:{mute.getsockname()[1]}/cam")
        assert time.monotonic() - began < 10


def test_no_descriptor_is_left_open(serve):
    if sys.platform != "linux":
        pytest.skip("counts /proc/self/fd")
    server = serve()

    def count():
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = count()
    for _ in range(3):
        source = open_source(server.url)
        next(iter(source))
        source.close()
    assert count() <= before
