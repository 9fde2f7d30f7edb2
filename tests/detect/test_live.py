"""The daemon, run as a person runs it."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import av
import numpy as np
import pytest

from detect.live.config import load_config
from detect.store import Store
from scenarios.errors import ParvisError

PLAIN = """
store = "live.sqlite"
cameras = [{ id = "gate", source = "SOURCE" }]
"""


def a_film(path, seconds, fps=10):
    """A white square walks over grey ground."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for n in range(seconds * fps):
            picture = np.full((120, 160, 3), 90, np.uint8)
            picture[40:90, 10 + n % 120 : 30 + n % 120] = 240
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def daemon(config, **how):
    command = [sys.executable, "-m", "dashboard.cli", "live", str(config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)


def until(condition, within_s):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {within_s} s")


def children_of(pid):
    """Processes that this one started, by /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                command = (entry / "cmdline").read_bytes().decode()
                if "spawn_main" in command:
                    found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def state_of(place, camera_id="gate"):
    try:
        with Store.open_existing(place) as store:
            return {c.camera_id: c for c in store.cameras()}.get(camera_id)
    except ParvisError:
        return None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace("id =", "idd ="), "unknown key 'idd'; did you mean 'id'"),
        (PLAIN.replace("]", ', { id = "gate", source = "x" }]'), "the id 'gate' is used twice"),
        (PLAIN.replace('"SOURCE"', '"x", calibration = "no.toml"'), "cameras.gate.calibration: there is no file"),
        (PLAIN.replace("SOURCE", "rtsp://${PARVIS_NOT_SET}@h/x"), "PARVIS_NOT_SET is not set"),
        (PLAIN + "tracker = 'bytetrak'", "unknown tracker 'bytetrak'; did you mean 'bytetrack'"),
        (PLAIN + "camera_motion = 'pictures'", "unknown camera motion 'pictures'; did you mean 'picture'"),
        (PLAIN + "camera_motion = 'poses'", "cameras.gate: camera motion 'poses' needs a calibration"),
        (PLAIN + "[desk]\nmerge_m = 0", "merge_m"),
        (PLAIN + "[rules.abandoned_objects]\nalone_s = 3", "did you mean 'abandoned_object'"),
        (PLAIN + "[rules.abandoned_object]\nalone_s = -3", "alone_s"),
        ("cameras = []", "cameras"),
        ("cameras = 3 4", "not valid TOML"),
    ],
)
def test_configurations_that_make_no_sense(tmp_path, text, said):
    (tmp_path / "live.toml").write_text(text)
    with pytest.raises(ParvisError, match=said) as caught:
        load_config(tmp_path / "live.toml")
    assert "\n" not in str(caught.value)


def test_paths_are_meant_from_the_file_and_passwords_stay_out_of_what_was_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GATE_PASSWORD", "canary-5519")
    monkeypatch.setenv("FILMS", "films")
    sources = ["a.mp4", "${FILMS}/b.mp4", "/abs/c.mp4", "rtsp://me:${GATE_PASSWORD}@h/x", "webcam:0"]
    cameras = ", ".join(f'{{ id = "c{n}", source = "{source}" }}' for n, source in enumerate(sources))
    (tmp_path / "live.toml").write_text(f"cameras = [{cameras}]")
    config = load_config(tmp_path / "live.toml")
    assert [camera.source for camera in config.cameras] == [
        str(tmp_path / "a.mp4"),
        str(tmp_path / "films/b.mp4"),
        "/abs/c.mp4",
        "rtsp://me:${GATE_PASSWORD}@h/x",
        "webcam:0",
    ]
    assert config.store == tmp_path / "live.sqlite"
    assert "canary" not in repr(config)


def test_the_command_refuses_with_one_sentence(tmp_path):
    (tmp_path / "live.toml").write_text(PLAIN.replace("store", "stoor"))
    process = daemon(tmp_path / "live.toml")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "did you mean 'store'" in out
    assert "Traceback" not in out


@pytest.mark.slow
def test_a_film_and_a_camera_that_is_away(tmp_path, monkeypatch):
    monkeypatch.setenv("GATE_PASSWORD", "canary-5519")
    a_film(tmp_path / "film.mp4", 6)
    (tmp_path / "live.toml").write_text(
        """
        cameras = [
            { id = "gate", source = "film.mp4" },
            { id = "away", source = "rtsp://me:${GATE_PASSWORD}@127.0.0.1:9/x" },
        ]
        [http]
        port = 0
        tokens = { ada = "${ADA_TOKEN}" }
        """
    )
    monkeypatch.setenv("ADA_TOKEN", "canary-token-of-ada")
    process = daemon(tmp_path / "live.toml")
    store = tmp_path / "live.sqlite"
    assert process.stdout is not None
    first = process.stdout.readline() + process.stdout.readline()
    address = re.search(r"interface at (http://127.0.0.1:\d+)/api", first)
    assert address, first
    away = until(lambda: (s := state_of(store, "away")) and s.state == "unreachable" and s, 60)
    assert "unreachable" in away.words
    ended = until(lambda: (s := state_of(store)) and s.state == "ended" and s, 60)
    assert ended.counters["frames"] == 60
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{address[1]}/metrics", timeout=10)
    shown = {"Authorization": "Bearer canary-token-of-ada"}
    with urlopen(Request(f"{address[1]}/metrics", headers=shown), timeout=10) as answer:
        metrics = answer.read().decode()
    assert 'parvis_camera_frames_total{camera="gate"} 60.0' in metrics
    assert 'parvis_camera_state{camera="away",state="unreachable"} 1.0' in metrics
    assert "canary" not in metrics
    children = children_of(process.pid)
    assert children, "a camera that is away is tried again for ever"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0, out
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    with Store.open_existing(store) as opened:
        picture = opened.picture("gate")
        assert picture is not None
        assert picture[0].startswith(b"\xff\xd8")
        assert opened.picture("away") is None
        assert opened.verify().ok
    assert "canary" not in first + out
    for file in tmp_path.glob("live.sqlite*"):
        assert b"canary" not in file.read_bytes()


@pytest.mark.slow
def test_a_camera_process_that_dies_or_hangs_is_replaced_and_a_killed_daemon_leaves_none(tmp_path):
    a_film(tmp_path / "film.mp4", 900)
    (tmp_path / "live.toml").write_text("hung_s = 4\n" + PLAIN.replace("SOURCE", "film.mp4"))
    process = daemon(tmp_path / "live.toml")
    store = tmp_path / "live.sqlite"
    until(lambda: (s := state_of(store)) and s.state == "live", 60)
    refused = daemon(tmp_path / "live.toml")
    out, _ = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert "another daemon watches with this store" in out
    (first,) = children_of(process.pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: (s := state_of(store)) and s.state == "lost", 15)
    (second,) = until(lambda: [c for c in children_of(process.pid) if c != first], 30)
    until(lambda: (s := state_of(store)) and s.state == "live", 60)
    os.kill(second, signal.SIGSTOP)
    (third,) = until(lambda: [c for c in children_of(process.pid) if c not in (first, second)], 30)
    assert not Path(f"/proc/{second}").exists()
    process.kill()
    process.communicate(timeout=20)
    until(lambda: not Path(f"/proc/{third}").exists(), 20)
    with Store.open_existing(store) as opened:
        assert opened.verify().ok


@pytest.mark.slow
def test_cameras_outlive_the_process_that_runs_their_network(tmp_path):
    a_film(tmp_path / "film.mp4", 900)
    both = 'cameras = [{ id = "gate", source = "film.mp4" }, { id = "hall", source = "film.mp4" }]'
    (tmp_path / "live.toml").write_text(f'store = "live.sqlite"\n{both}\n')
    process = daemon(tmp_path / "live.toml")
    store = tmp_path / "live.sqlite"

    def both_since(moment):
        states = [state_of(store, name) for name in ("gate", "hall")]
        return all(s and s.state == "live" and s.last_picture_at > moment for s in states)

    try:
        until(lambda: both_since(datetime.min.replace(tzinfo=UTC)), 60)
        children = children_of(process.pid)
        assert len(children) == 3, "two cameras, and what runs the network of both"
        (network,) = (c for c in children if any("parvis_network" in f for f in open_files(c)))
        os.kill(network, signal.SIGKILL)
        until(lambda: not both_since(datetime.now(UTC) - timedelta(seconds=0.5)), 10)
        until(lambda: both_since(datetime.now(UTC) - timedelta(seconds=0.5)), 15)
        assert set(children) - {network} <= set(children_of(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert "the process that runs the network ended (-9)" in out
    assert not list(Path("/dev/shm").glob(f"parvis_network_{process.pid}_*"))


def open_files(pid):
    """Sockets that a process listens on, by their paths."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return [row[7] for row in rows if len(row) > 7 and row[3] == "00010000" and f"socket:[{row[6]}]" in inodes]


@pytest.mark.slow
def test_interrupting_the_whole_terminal_while_it_starts_ends_it_without_noise(tmp_path):
    a_film(tmp_path / "film.mp4", 900)
    (tmp_path / "live.toml").write_text(PLAIN.replace("SOURCE", "film.mp4"))
    process = daemon(tmp_path / "live.toml", start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("watching gate")
    (child,) = until(lambda: children_of(process.pid), 10)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert out == ""
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.slow
def test_a_switch_a_new_configuration_and_an_order_that_is_over_are_followed_while_it_runs(tmp_path):
    a_film(tmp_path / "film.mp4", 900)
    config, store = tmp_path / "live.toml", tmp_path / "live.sqlite"
    config.write_text(PLAIN.replace("SOURCE", "film.mp4"))
    process = daemon(config)
    try:
        until(lambda: (s := state_of(store)) and s.state == "live", 60)
        with Store.open_existing(store) as opened:
            opened.switch("camera:gate", on=False, by="ada", reason="a march")
        off = until(lambda: (s := state_of(store)) and s.state == "off" and s, 30)
        assert off.words == "switched off: a march (ada)"
        with Store.open_existing(store) as opened:
            opened.switch("camera:gate", on=True, by="ada")
        until(lambda: (s := state_of(store)) and s.state == "live", 30)
        config.write_text(PLAIN.replace("SOURCE", "film.mp4") + "[rules.abandoned_objects]\nalone_s = 3")
        told = until(lambda: entries(store, "configuration.refused"), 15)
        assert "did you mean 'abandoned_object'" in told[0]["why"]
        assert state_of(store).state == "live"
        config.write_text(PLAIN.replace("SOURCE", "film.mp4") + "[rules.abandoned_object]\nalone_s = 3")
        told = until(lambda: entries(store, "configuration.changed"), 30)
        assert told[0]["rules"] == {"abandoned_object": {"alone_s": 3}}
        assert told[0]["restarted"] == ["gate"]
        until(lambda: (s := state_of(store)) and s.state == "live", 30)
        over = '[authorisation]\norder = "order 117"\nfirst = 2020-01-01\nlast = 2020-02-01\n'
        config.write_text(PLAIN.replace("SOURCE", "film.mp4") + over)
        off = until(lambda: (s := state_of(store)) and s.state == "off" and s, 30)
        assert "since 2020-02-01 is over (order 117)" in off.words
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert "did you mean 'abandoned_object'" in out
    with Store.open_existing(store) as opened:
        assert opened.verify().ok


def entries(path, action):
    """Facts of all entries of the record with an action."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT facts FROM audit WHERE action = ? ORDER BY seq", (action,)).fetchall()
    return [json.loads(row[0]) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["server"], indirect=True)
def test_a_daemon_goes_on_when_the_server_comes_back(postgres, place, tmp_path):
    a_film(tmp_path / "film.mp4", 600)
    (tmp_path / "live.toml").write_text(f'store = "{place}"\ncameras = [{{ id = "gate", source = "film.mp4" }}]\n')
    process = daemon(tmp_path / "live.toml")
    try:
        until(lambda: (s := state_of(place)) and s.state == "live", 60)
        second = daemon(tmp_path / "live.toml")
        out, _ = second.communicate(timeout=60)
        assert (second.returncode, "another daemon watches with this store" in out) == (2, True), out
        postgres.stop("immediate")
        time.sleep(3)
        postgres.start()
        back = datetime.now(UTC)
        until(lambda: (s := state_of(place)) and s.state == "live" and s.last_picture_at > back, 60)
        os.kill(process.pid, signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0, out
    finally:
        process.kill()
        process.wait()
    assert "what is to be written waits" in out
    with Store.open_existing(place) as store:
        assert store.verify().ok
        died = store.database.rows("SELECT 1 FROM audit WHERE action = ?", ("camera.process_died",))
        assert died == [], "the camera's process outlives the outage, and what it has to write with it"
