"""Cameras on the machines of a Ray cluster, three nodes of which stand on this one; one of them goes away."""

import gc
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import av
import numpy as np
import pytest

from detect.store import Store
from scenarios.errors import ParvisError

ray = pytest.importorskip("ray", reason="NO RAY: install the extra 'ray'")

WITHIN_S = 30.0
CAMERAS = ("north", "south", "east", "west")


def a_film(path, seconds, fps=5):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for n in range(seconds * fps):
            picture = np.full((120, 160, 3), 90, np.uint8)
            picture[40:90, 10 + n % 120 : 30 + n % 120] = 240
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))


def live(config, address):
    command = [sys.executable, "-m", "dashboard.cli", "live", str(config), "--ray", address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def seen_since(place, moment):
    """The cameras that have a picture of after a moment."""
    try:
        with Store.open_existing(place) as store:
            states = store.cameras()
    except ParvisError:
        return set()
    return {c.camera_id for c in states if c.state == "live" and c.last_picture_at and c.last_picture_at > moment}


def machines_of(place):
    """Where each camera was put last, by the record."""
    with Store.open_existing(place) as store:
        rows = store.database.rows("SELECT facts FROM audit WHERE action = ? ORDER BY seq", ("camera.placed",))
    return dict(re.search(r'"camera": "(\w+)", "machine": "\S+ (\w+)"', facts).groups() for (facts,) in rows)


def until(condition, within_s):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, f"not within {within_s} s"
        time.sleep(0.2)
    return time.monotonic() - began


def test_a_store_that_only_this_machine_has_is_refused(tmp_path):
    (tmp_path / "live.toml").write_text('cameras = [{ id = "gate", source = "webcam:0" }]\n')
    out, _ = (process := live(tmp_path / "live.toml", "127.0.0.1:1")).communicate(timeout=60)
    assert process.returncode == 2, out
    assert "need a store on a server" in " ".join(out.split())
    assert "Traceback" not in out


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.parametrize("place", ["server"], indirect=True)
def test_the_cameras_of_a_node_that_goes_away_go_on_elsewhere(place, tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    a_film(tmp_path / "film.mp4", 900)
    cameras = "".join(f'[[cameras]]\nid = "{name}"\nsource = "film.mp4"\n' for name in CAMERAS)
    (tmp_path / "live.toml").write_text(f'store = "{place}"\ndetector = "background"\n{cameras}')
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = {node.node_id[:8]: node for node in (cluster.add_node(num_cpus=1) for _ in range(2))}
    process = live(tmp_path / "live.toml", cluster.address)
    try:
        until(lambda: seen_since(place, datetime.min.replace(tzinfo=UTC)) == set(CAMERAS), 120)
        until(lambda: set(machines_of(place)) == set(CAMERAS), 10)
        before = machines_of(place)
        assert len(set(before.values())) == 3, "they are spread"
        lost, node = next((name, nodes[name]) for name in before.values() if name in nodes)
        cluster.remove_node(node, allow_graceful=False)
        gone = time.monotonic()
        moved = {camera for camera, machine in before.items() if machine == lost}
        until(lambda: lost not in machines_of(place).values(), WITHIN_S)
        elsewhere = datetime.now(UTC)
        until(lambda: moved <= seen_since(place, elsewhere), WITHIN_S)
        took_s = time.monotonic() - gone
        print(f"{len(moved)} of {len(CAMERAS)} cameras went on elsewhere after {took_s:.1f} s")
        assert took_s < WITHIN_S
        after = machines_of(place)
        assert {c: m for c, m in after.items() if c not in moved} == {c: m for c, m in before.items() if c not in moved}
        until(lambda: set(CAMERAS) == seen_since(place, elsewhere), 10)
        process.terminate()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
    finally:
        process.kill()
        process.wait()
        cluster.shutdown()
        gc.collect()  # Ray leaves its files open
    with Store.open_existing(place) as store:
        assert {c.state for c in store.cameras()} == {"ended"}
        assert store.verify().ok
