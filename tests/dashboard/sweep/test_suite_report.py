"""The page about a suite: complete, readable without a network, with pictures of what went wrong."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from dashboard.sweep.failures import distinct, failures_of, picture_of
from dashboard.sweep.figures import det_figure, interval_bar
from dashboard.sweep.report import write_suite_report
from dashboard.sweep.summary import summary_of
from dashboard.sweep.task import read_result, save_result
from dashboard.sweep.words import headline

PLACE = [20.0, 14.0]


@pytest.fixture
def failed(swept: Path, points, tmp_path: Path) -> Path:
    """The same sweep with its own run folders, but a bag missed everywhere and false fires of two scores."""
    (tmp_path / "runs").symlink_to(swept / "runs")
    for point in points:
        result = read_result(swept, point.spec.hash)
        bag = {"kind": "abandoned_object", "due_s": 0.5, "alarm_s": None, "place": PLACE, "camera": None, "score": None}
        fire = {"kind": "fire", "due_s": None, "alarm_s": 1.0, "place": [22.0, 12.0], "camera": "mast", "event_id": "e"}
        result["ledger"] = [
            bag | {"status": "missed", "event_id": None},
            fire | {"status": "false", "score": 0.3 + 0.1 * point.number},
        ]
        events = {"abandoned_object": {"true": 1, "found": 0}, "fire": {"true": 0, "false": 1}, "wrong_way": {"true": 2, "rule": False}}  # fmt: skip  # noqa: E501
        result["score"] |= {"events": events, "camera_hours": 0.1}
        save_result(tmp_path, point.spec.hash, json.dumps(result))
    return tmp_path


def test_the_worst_come_first(failed, points):
    found = failures_of(points, failed)
    assert [f.status for f in found[:2]] == ["missed", "false"]  # one of each case before a second of any
    fires = [f.score for f in found if f.status == "false"]
    assert fires == sorted(fires, reverse=True)
    assert len(found) == 8
    assert found[0].at_s == 0.5
    assert found[0].command.startswith("parvis run forecourt_bag_v1")


def test_what_several_settings_make_of_one_film_is_shown_once(failed, points):
    told = distinct(failures_of(points, failed))
    assert [often for _, often in told] == [2, 2, 2, 2]
    assert {(f.status, f.seed) for f, _ in told} == {("missed", 1), ("missed", 2), ("false", 1), ("false", 2)}
    assert max(f.score or 0 for f, _ in told) == pytest.approx(0.6)  # the surest of the false ones stands for them


def test_the_place_is_ringed_in_the_picture_of_the_instant(failed, points):
    first = failures_of(points, failed)[0]
    data = picture_of(first, failed)
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[:2] == (180, 320)
    red = (image[..., 2].astype(int) - image[..., 1] > 90) & (image[..., 2].astype(int) - image[..., 0] > 90)
    y, x = np.nonzero(red)
    camera = points[0].spec.scenario.cameras[0].build()
    (u, v), _ = (part[0] for part in camera.project([(*PLACE, 0.0)]))
    assert (np.median(x), np.median(y)) == pytest.approx((u, v), abs=3)


def test_a_run_that_is_elsewhere_has_no_picture(failed, points, tmp_path):
    assert picture_of(failures_of(points, failed)[0], tmp_path / "elsewhere") is None


def test_the_page(failed, points, small):
    summed = summary_of(points, failed)
    page = write_suite_report(small, points, failed, summed, "parvis sweep small.toml").read_text()
    for text in ("0/4", "no rule yet", "Nobody looked for wrong way", "oracle", "parvis sweep small.toml", "rendered"):
        assert text in page
    assert page.count("data:image/jpeg;base64,") == 4  # a miss and a false alarm of each of the two films
    assert page.count("in 2 runs of this film</figcaption>") == 4
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(value.startswith(("data:", "runs/")) for value in loaded)
    for run in {value.partition("#")[0] for value in loaded if value.startswith("runs/")}:
        assert (failed / run).is_file()


def test_a_sweep_that_is_not_complete_says_so(swept, points, tmp_path):
    first = points[0].spec.hash
    save_result(tmp_path, first, (swept / "results" / f"{first}.json").read_text())
    _, said = headline(summary_of(points, tmp_path))
    assert any("3 rehearsals of this suite have no result" in sentence for sentence in said)


def test_every_sweep_has_its_report(swept):
    page = (swept / "report.html").read_text()
    assert "Nothing was missed, and no alarm was false." in page
    assert "parvis sweep small.toml" in page


def test_figures_stay_inside_their_frame():
    det = [[0.9, 0.0, 0.5], [0.5, 0.05, 0.4], [0.2, 5000.0, 0.1]]
    drawn = det_figure({"fire": {"det": det}}, {"fire": "#000"})
    x = [float(v) for v in re.findall(r"H([\d.]+)V", drawn.partition('fill="none"')[0])]
    assert x
    assert max(x) <= 446
    assert interval_bar({"value": 0.5, "ci95": [0.2, 0.8]}).count("circle") == 1
    assert interval_bar(None) == ""
