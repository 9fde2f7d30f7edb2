"""A scenario served as RTSP: what a client decodes is what was rendered."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest

from dashboard import serve_film as served
from dashboard.serve_film import RtspAddress, gstreamer_problem, serve_film
from detect.sources import LiveSettings
from detect.sources.rtsp import RtspSource
from scenarios.errors import MissingExtraError, ParvisError, ScenarioError
from scenarios.frame import Frame
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.film import frames

pytestmark = pytest.mark.rtsp

CODEC_LEVELS = 1.2
"""Mean error of brightness in grey levels that H.264 may leave in these finely textured pictures; measured: 0.4 to
0.97. The halved colours and the limited range before any codec are not in it: they alone would be 2.3."""
MOVING_LEVELS = 4.0
"""The same of all three colours where something moves in the film; measured: 1.1 to 3.0. Of the picture before or after
it is 6.5 and more."""

PLACE = {"outline": [(0, 0), (20, 0), (20, 16), (0, 16)], "gates": [{"id": "west", "line": [(0, 4), (0, 11)]}]}
LOOK = {"look_at_m": (9, 8, 0.5), "hfov_deg": 70, "resolution_px": (320, 180)}


@pytest.fixture(scope="module")
def world():
    return Scenario.model_validate(
        {
            "name": "served_v1",
            "title": "Served",
            "duration_s": 2.0,
            "fps": 10.0,
            "venue": PLACE,
            "cameras": [
                {"id": "south", "position_m": (10, -4, 5), **LOOK},
                {"id": "north", "position_m": (12, 20, 5), **LOOK},
            ],
            "population": {"flows": [{"id": "in", "start": "west", "to": ["west"], "initial": 12}]},
            "conditions": {"noise": 0.0},  # a codec keeps no noise, and none of it is to hide a wrong pixel
        }
    )


def as_sent(image):
    """A picture as it is before any codec: in H.264's limited range, its colours at half the size."""
    halved = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24").reformat(format="yuv420p")
    return halved.to_ndarray(format="bgr24")


@pytest.fixture(scope="module")
def rendered(world):
    """Every picture of each camera, as it is sent."""
    south, north = zip(*((as_sent(a.image), as_sent(b.image)) for a, b in frames(world)), strict=True)
    return {"south": np.stack(south), "north": np.stack(north)}


@pytest.fixture(scope="module")
def server(world):
    if problem := gstreamer_problem():
        pytest.skip(f"NO RTSP SERVER: {problem}")
    running = []

    def start(url="rtsp://127.0.0.1:0/cam1", shown=world, **more):
        stopping, told, ready = threading.Event(), [], threading.Event()

        def say(urls):
            told.extend(urls)
            ready.set()

        thread = threading.Thread(
            target=serve_film,
            args=(shown, RtspAddress.of(url)),
            kwargs={"ready": say, "stopping": stopping} | more,
            daemon=True,
        )
        thread.start()
        running.append((stopping, thread))
        assert ready.wait(30)
        return told, thread

    yield start
    for stopping, thread in running:
        stopping.set()
        thread.join(15)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def told(server):
    """Where the world is served, over and over."""
    urls, _ = server()
    return urls


def which(image, pictures):
    """Number of the rendered picture that was decoded; it alone is like it, and no more off than a codec may be."""
    moving = np.ptp(pictures, axis=0).max(axis=-1) > 24
    errors = np.abs(pictures[:, moving].astype(np.int16) - image[moving]).mean(axis=(1, 2))
    number = int(np.argmin(errors))
    assert errors[number] < MOVING_LEVELS
    assert np.delete(errors, number).min() > 1.4 * MOVING_LEVELS, "another picture is as like it"
    grey = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY).astype(np.int16) for each in (image, pictures[number])]
    assert np.abs(grey[0] - grey[1]).mean() < CODEC_LEVELS
    return number


def test_a_client_decodes_what_was_rendered(told, rendered):
    assert [re.sub(r":\d+/", ":*/", url) for url in told] == [
        "rtsp://127.0.0.1:*/cam1",
        "rtsp://127.0.0.1:*/south",
        "rtsp://127.0.0.1:*/north",
    ]
    sources = [RtspSource(url, settings=LiveSettings(lossless=True)) for url in (told[0], told[2])]
    try:
        for source, name in zip(sources, ("south", "north"), strict=True):
            numbers, times = [], []
            for item in source:
                assert isinstance(item, Frame)
                numbers.append(which(item.image, rendered[name]))
                times.append(item.time_s)
                if len(numbers) == 14:
                    break
            assert ((np.diff(numbers) - 1) % 20 == 0).all()  # every picture, in order, over the end and on
            np.testing.assert_allclose(np.diff(times), 0.1, atol=2e-3)
            assert source.size_px == (320, 180)
    finally:
        for source in sources:
            source.close()


def test_a_second_client_sees_the_same_running_stream(told, rendered):
    first = RtspSource(told[0])
    seen = {}
    for item in first:
        seen[which(item.image, rendered["south"])] = time.monotonic()
        if len(seen) == 8:
            break
    second = RtspSource(told[1])
    item = next(iter(second))
    number = which(item.image, rendered["south"])
    late = time.monotonic()
    first.close()
    second.close()
    running = (max(seen) + (late - seen[max(seen)]) * 10) % 20
    assert min((running - number) % 20, (number - running) % 20) <= 9  # what is on now, not the beginning


def test_it_runs_in_real_time(told, rendered):
    source = RtspSource(told[0])
    at = []
    for item in source:
        at.append((time.monotonic(), which(item.image, rendered["south"])))
        if len(at) == 16:
            break
    source.close()
    shown = sum((b - a) % 20 for (_, a), (_, b) in pairwise(at)) / 10
    assert at[-1][0] - at[0][0] == pytest.approx(shown, abs=0.5)


def test_a_wrong_picture_is_told_from_the_right_one(rendered):
    pictures = rendered["south"]
    assert which(pictures[7], pictures) == 7
    for wrong in (pictures[7][..., ::-1], np.roll(pictures[7], 1, axis=1), (pictures[6] // 2 + pictures[7] // 2)):
        with pytest.raises(AssertionError):
            which(wrong, pictures)


def test_once_ends_the_stream(server, world):
    told, thread = server(shown=world.model_copy(update={"duration_s": 3.0}), once=True)
    source = RtspSource(told[0])
    assert isinstance(next(iter(source)), Frame)
    thread.join(15)
    assert not thread.is_alive()
    source.close()


def test_a_port_that_is_taken_is_said(world):
    if gstreamer_problem():
        pytest.skip("NO RTSP SERVER")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ParvisError, match=f"rtsp://127.0.0.1:{port} cannot be served .*port is taken.*another"):
            serve_film(world, RtspAddress.of(f"rtsp://127.0.0.1:{port}/cam"))


def test_without_gstreamer_the_packages_are_named(world, monkeypatch):
    monkeypatch.setattr(served, "_PYTHONS", ("/nowhere/python3",))
    with pytest.raises(MissingExtraError, match=r"no /nowhere/python3; on Debian: apt install python3-gi gir1.2-gst"):
        serve_film(world, RtspAddress.of("rtsp://127.0.0.1:0/cam"))
    monkeypatch.setattr(served, "_PYTHONS", (sys.executable,))
    assert gstreamer_problem() == "GStreamer's RTSP server is not installed"


@pytest.mark.parametrize("url", ["http://127.0.0.1/cam", "rtsp://", "rtsp://127.0.0.1:99999/a", "rtsp://u@127.0.0.1/a"])
def test_what_is_no_address_is_said(url):
    with pytest.raises(ScenarioError, match=r"should be an address like rtsp://127\.0\.0\.1:8554/cam1"):
        RtspAddress.of(url)


def test_other_machines_only_when_asked():
    with pytest.raises(ScenarioError, match=r"open to other machines; use rtsp://127.0.0.1:8554/..., or add --expose"):
        RtspAddress.of("rtsp://0.0.0.0:8554/cam")
    assert RtspAddress.of("rtsp://0.0.0.0:8554/cam", expose=True) == RtspAddress("0.0.0.0", 8554, "cam")


def test_paths():
    address = RtspAddress.of("rtsp://127.0.0.1/cam1")
    assert address.mounts(["mast"]) == {"/cam1": 0}
    assert address.mounts(["a", "b"]) == {"/cam1": 0, "/a": 0, "/b": 1}
    assert RtspAddress.of("rtsp://127.0.0.1").mounts(["a", "b"]) == {"/a": 0, "/b": 1}
    assert RtspAddress.of("rtsp://127.0.0.1/b").mounts(["a", "b"]) == {"/a": 0, "/b": 1}


def test_the_command_serves_and_ends_with_its_film():
    if gstreamer_problem():
        pytest.skip("NO RTSP SERVER")
    scenario = load_scenario("forecourt_bag_v1").name
    words = ["--serve", "rtsp://127.0.0.1:0/cam1", "--once", "--json", "--set", "incidents=[]"]
    small = ["--set", "cameras.0.resolution_px=[320,180]", "--set", "duration_s=1"]
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "film", scenario, *words, *small],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (url,) = json.loads(done.stdout)["serving"]
    assert re.fullmatch(r"rtsp://127\.0\.0\.1:\d+/cam1", url)
