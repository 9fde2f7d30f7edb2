from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from detect.live.floor_board import FloorBoard
from detect.live.floor_keeper import FloorKeeper
from detect.store import FloorState, Store
from detect.tracks import ObjectClass, Tracks

CONTEXT = multiprocessing.get_context("spawn")


def tracks(camera: str, places: list[tuple[float, float]], first_id: int = 1) -> Tracks:
    n = len(places)
    return Tracks(
        camera_id=camera,
        time_s=0.0,
        track_id=np.arange(first_id, first_id + n),
        cls=np.full(n, ObjectClass.PERSON, np.int8),
        box_px=np.zeros((n, 4)),
        confidence=np.ones(n),
        position_m=np.array(places, float).reshape(n, 2),
        velocity_mps=np.full((n, 2), np.nan),
        covariance_m2=np.tile(np.array([[0.04, 0.01], [0.01, 0.09]]), (n, 1, 1)),
    )


def test_a_board_shows_what_was_put_on_it() -> None:
    board = FloorBoard.make(CONTEXT.RawArray, "gate")
    assert board.read() is None
    said = tracks("gate", [(1.5, -2.0), (3.0, 4.0), (np.nan, np.nan)])
    board.show(said, 12.5)
    read = FloorBoard(board.raw, "gate").read()
    assert read is not None
    assert (read.camera_id, read.time_s, read.track_id.tolist()) == ("gate", 12.5, [1, 2])
    np.testing.assert_array_equal(read.position_m, said.position_m[:2])
    np.testing.assert_array_equal(read.covariance_m2, said.covariance_m2[:2])
    board.clear()
    assert board.read() is None
    board.show(tracks("gate", []), 13.0)
    empty = board.read()
    assert empty is not None
    assert len(empty) == 0


def test_what_is_half_written_is_not_read() -> None:
    board = FloorBoard.make(CONTEXT.RawArray, "gate")
    board.show(tracks("gate", [(1.0, 1.0)]), 1.0)
    board._cells[0] += 1  # its process was killed while it wrote
    assert board.read() is None
    board.clear()
    board.show(tracks("gate", [(2.0, 2.0)]), 2.0)
    read = board.read()
    assert read is not None
    assert read.time_s == 2.0


def test_two_cameras_one_person_and_no_data_when_nobody_looks(tmp_path: Path) -> None:
    clock = [100.0]
    boards = [FloorBoard.make(CONTEXT.RawArray, name) for name in ("east", "west")]
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        keeper = FloorKeeper(lambda: [board.read() for board in boards], store, lambda: clock[0])
        assert store.floor() is None
        boards[0].show(tracks("east", [(0.0, 0.0), (5.0, 5.0)]), 100.0)
        boards[1].show(tracks("west", [(0.1, 0.1)], 40), 100.0)
        keeper.look()
        floor = store.floor()
        assert floor is not None
        assert floor.watching == ("east", "west")
        assert sorted(person[4] for person in floor.people) == [1, 2]
        clock[0] = 101.0
        boards[0].clear()
        boards[1].show(tracks("west", [(0.1, 0.1)], 40), 101.0)
        keeper.look()
        floor = store.floor()
        assert floor is not None
        clock[0] = 110.0
        keeper.look()
        floor = store.floor()
        assert floor == FloorState(floor.at, (), ())
        assert (datetime.now(UTC) - floor.at).total_seconds() < 5


CAMERA = """
method = "look_at"
resolution_px = [160, 120]
position_m = [0, -6, 3]
look_at_m = [0, 4, 0]
hfov_deg = 70
"""


@pytest.mark.slow
def test_the_daemon_keeps_the_floor_of_calibrated_cameras(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for n in range(1200):
            picture = np.full((120, 160, 3), 90, np.uint8)
            picture[40:90, 10 + n % 120 : 30 + n % 120] = 240
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    (tmp_path / "camera.toml").write_text(CAMERA, encoding="utf-8")
    config = tmp_path / "live.toml"
    cameras = ", ".join(f'{{ id = "{n}", source = "film.mp4", calibration = "camera.toml" }}' for n in ("a", "b"))
    config.write_text(f'store = "live.sqlite"\ncameras = [{cameras}]\n', encoding="utf-8")
    command = [sys.executable, "-m", "dashboard.cli", "live", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        seen: set[tuple[str, ...]] = set()
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not any(seen):
                time.sleep(0.2)
                if (tmp_path / "live.sqlite").exists():
                    with Store.open_existing(tmp_path / "live.sqlite") as store:
                        floor = store.floor()
                    seen |= {floor.watching} if floor is not None else set()
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(20)
    assert any(seen), seen
