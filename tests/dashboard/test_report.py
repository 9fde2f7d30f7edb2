"""The report, the player's data, the ledger and the verdict, without a browser."""

from __future__ import annotations

import base64
import json
import re
import shutil
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.ledger import LedgerStatus, ledger_of
from dashboard.overlay import LAYERS, track_layer, truth_layer
from dashboard.player import player_data, player_html, player_page
from dashboard.report import write_report
from dashboard.verdict import NOT_MEASURED, key_scores, sentences, tables
from detect.observations import TRACKS, Observations
from scenarios.errors import RecordingError
from scenarios.recording import Recording, View
from scenarios.truth import BOXES


class _Page(HTMLParser):
    """All attributes that could load something, and all texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [f"{tag} {v}" for k, v in attrs if k in ("src", "href", "srcset", "poster", "data", "action")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def _unpacked(html: str) -> dict[str, Any]:
    packed = re.search(r'class="pv-data">([^<]*)<', html)
    assert packed
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    return data


def _absolute(frames: list[list[int]], stride: int) -> list[dict[int, list[int]]]:
    """What the script in the browser does: differences to boxes, by id and picture."""
    last: dict[int, list[int]] = {}
    out = []
    for frame in frames:
        seen = {}
        for i in range(0, len(frame), stride):
            before = last.get(frame[i], [0, 0, 0, 0])
            last[frame[i]] = [b + d for b, d in zip(before, frame[i + 2 : i + 6], strict=True)]
            seen[frame[i]] = last[frame[i]]
        out.append(seen)
    return out


@pytest.fixture
def report(rehearsed: Recording, tmp_path: Path) -> str:
    folder = shutil.copytree(rehearsed.folder, tmp_path / "run")
    return write_report(Recording.open(folder)).read_text(encoding="utf-8")


def test_report_loads_nothing_from_elsewhere(report: str) -> None:
    assert _Page(report).loaded == []
    assert not re.search(r"""url\(\s*['"]?(?!#)""", report)
    assert "@import" not in report
    for outside in re.findall(r"https?://[^\s\"'<]+", report):
        assert outside == "http://www.w3.org/2000/svg"


def test_report_films_lie_beside_it(report: str) -> None:
    assert [c["src"] for c in _unpacked(report)["cameras"]] == ["video/south_mast.mp4", "video/west_wall.mp4"]


def test_report_says_what_made_it(report: str, rehearsed: Recording) -> None:
    texts = _Page(report).texts
    assert "SYNTHETIC FOOTAGE" in texts
    assert "parvis run small_forecourt_v1 --seed 7 --detector background" in texts
    assert rehearsed.run()["scenario_hash"] in texts
    assert "ab" * 32 in texts
    assert "SHA-256 of pixels" in texts
    assert "+1.4 s" in texts
    assert "owner away 5.25 m, alone 30 s" in texts


def test_report_of_real_footage_scores_nothing(watched: Recording, tmp_path: Path) -> None:
    folder = shutil.copytree(watched.folder, tmp_path / "run")
    html = write_report(Recording.open(folder)).read_text(encoding="utf-8")
    texts = _Page(html).texts
    assert "REAL FOOTAGE" in texts
    assert "SYNTHETIC FOOTAGE" not in texts
    assert texts.count(NOT_MEASURED) == 6
    assert "alarm, not scored" in texts
    data = _unpacked(html)
    assert {line["status"] for line in data["ledger"]} == {"unscored"}
    assert all(camera["truth"] is None for camera in data["cameras"])


def test_report_escapes_what_others_wrote(rehearsed: Recording, tmp_path: Path) -> None:
    recording = Recording.open(shutil.copytree(rehearsed.folder, tmp_path / "run"))
    nasty = "</script><img src=x onerror=alert(1)>"
    recording.save_json(recording.run_json, recording.run() | {"title": nasty, "command": nasty, "detector": nasty})
    assert nasty not in write_report(recording).read_text(encoding="utf-8")


def test_report_of_a_half_written_run(rehearsed: Recording, tmp_path: Path) -> None:
    recording = Recording.open(shutil.copytree(rehearsed.folder, tmp_path / "run"))
    recording.tracks.unlink()
    with pytest.raises(RecordingError, match=r"tracks\.parquet is missing"):
        write_report(recording)
    assert not recording.report.exists()


def test_player_boxes_are_those_of_the_tables(rehearsed: Recording) -> None:
    data = player_data(rehearsed)
    camera = data["cameras"][0]
    assert len(camera["media_s"]) == len(camera["time_s"]) == len(camera["truth"]) == 150
    truth = rehearsed.truth().boxes
    assert truth is not None
    frame = 40
    rows = [r for r in truth.to_pylist() if r["camera"] == camera["id"] and r["frame"] == frame]
    boxes = sorted(_absolute(camera["truth"], LAYERS["truth"])[frame].values())
    wanted = sorted([round(r["x1"]), round(r["y1"]), round(r["x2"]) - round(r["x1"])] for r in rows)
    assert [b[:3] for b in boxes] == wanted
    seen = [camera["truth"][frame][i + 10] for i in range(0, len(camera["truth"][frame]), LAYERS["truth"])]
    assert sorted(seen) == sorted(-1 if np.isnan(r["vx1"]) else round(100 * r["visibility"]) for r in rows)


def test_player_times_are_those_of_the_film(rehearsed: Recording) -> None:
    camera = player_data(rehearsed)["cameras"][0]
    assert camera["media_s"] == pytest.approx(camera["time_s"], abs=1e-3)
    assert camera["gaps"] == []


def test_player_marks_a_gap(rehearsed: Recording, tmp_path: Path) -> None:
    recording = Recording.open(shutil.copytree(rehearsed.folder, tmp_path / "run"))
    times = recording.frame_times("south_mast")
    times[100:] += 20.0
    recording.save_frame_times("south_mast", times)
    data = player_data(recording)
    assert data["cameras"][0]["gaps"] == [[7.92, 28.0]]
    assert data["end_s"] == pytest.approx(31.92)


def test_player_without_calibration(watched: Recording, tmp_path: Path) -> None:
    recording = Recording.open(shutil.copytree(watched.folder, tmp_path / "run"))
    recording.save_views([View(v.id, v.width_px, v.height_px, None) for v in recording.views()])
    data = player_data(recording)
    assert [c["width"] for c in data["cameras"]] == [640, 640]
    assert [list(line["boxes"]) for line in data["ledger"]] == [[], ["south_mast"], []]
    assert write_report(recording).is_file()


def test_player_page_is_whole(rehearsed: Recording) -> None:
    assert _Page(player_page(rehearsed)).loaded == []


def test_player_is_small(rehearsed: Recording) -> None:
    data = player_data(rehearsed)
    numbers = sum(len(f) for c in data["cameras"] for layer in LAYERS for f in c[layer])
    packed = re.search(r'class="pv-data">([^<]*)<', player_html(data))
    assert packed
    assert len(packed[1]) < 1.5 * numbers


def test_ledger_reads_the_scorers_list(rehearsed: Recording) -> None:
    entries = ledger_of(rehearsed, Observations.load(rehearsed), rehearsed.cameras())
    assert [e.status.value for e in entries] == ["false", "found", "missed", "false"]
    assert [e.number for e in entries] == [1, 2, 3, 4]
    assert [e.at_s for e in entries] == sorted(e.at_s for e in entries)
    found = entries[1]
    assert found.delay_s == pytest.approx(1.4)
    assert found.event is not None
    missed = next(e for e in entries if e.status is LedgerStatus.MISSED)
    assert missed.camera_id in ("south_mast", "west_wall")
    assert missed.delay_s is None


def test_ledger_that_cannot_be_read(rehearsed: Recording, tmp_path: Path) -> None:
    recording = Recording.open(shutil.copytree(rehearsed.folder, tmp_path / "run"))
    recording.save_json(recording.run_json, recording.run() | {"ledger": [{"kind": "loitering", "status": "found"}]})
    with pytest.raises(RecordingError, match=r"run\.json: its ledger cannot be read"):
        ledger_of(recording, Observations.load(recording), recording.cameras())


def test_verdict_never_makes_up_a_zero() -> None:
    empty = {"scenario": "x", "detector": "y"}
    assert set(key_scores(empty).values()) == {None}
    assert all(not table.rows for table in tables(empty))
    assert not any("0" in sentence for sentence in sentences(empty))
    partly = {"events": {"density": {"true": 0, "found": 0, "false": 2}}, "tracks": {"idf1": 0.5}}
    cells = {table.title: table.rows for table in tables(partly)}
    assert cells["Events"] == (("Density", "0", "0", "2", *[NOT_MEASURED] * 6),)
    assert cells["Tracks"] == (("People", NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, "0.500", NOT_MEASURED),)
    assert key_scores(partly)["recall"] is None
    assert key_scores(partly)["precision"] == 0.0


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.integers(-5, 5), st.floats(-50, 700), st.floats(-50, 400), st.floats(1, 90)),
        unique_by=lambda r: (r[0], r[1]),
        max_size=40,
    )
)
def test_tracks_survive_packing(rows: list[tuple[int, int, float, float, float]]) -> None:
    table = pa.Table.from_pylist(
        [
            {"camera": "c", "frame": f, "time_s": f / 10, "track_id": t * 10**9, "cls": "bag" if t < 0 else "person"}
            | {"x1": x, "y1": y, "x2": x + size, "y2": y + size, "confidence": 0.5}
            for f, t, x, y, size in rows
        ],
        TRACKS,
    )
    layer, names = track_layer(table, "c", 10)
    boxes = _absolute(layer, LAYERS["tracks"])
    assert sum(len(frame) for frame in boxes) == len(rows)
    for f, t, x, y, _ in rows:
        box = boxes[f][names.index(t * 10**9)]
        assert abs(box[0] - x) <= 0.51
        assert abs(box[1] - y) <= 0.51


def test_order_within_a_picture_is_kept() -> None:
    rows = [{"camera": "c", "frame": f, "id": i, "cls": "person", "visibility": 1.0} for f in (1, 0) for i in range(40)]
    box = {"x1": 0.0, "y1": 0.0, "x2": 4.0, "y2": 9.0, "vx1": 0.0, "vy1": 0.0, "vx2": 4.0, "vy2": 9.0}
    table = pa.Table.from_pylist([row | box for row in rows], BOXES)
    layer = truth_layer(table, "c", 2)
    assert [frame[:: LAYERS["truth"]] for frame in layer] == [list(range(40))] * 2


def test_empty_tables_give_empty_pictures() -> None:
    assert truth_layer(BOXES.empty_table(), "c", 3) == [[], [], []]
    assert track_layer(TRACKS.empty_table(), "c", 2) == ([[], []], [])
