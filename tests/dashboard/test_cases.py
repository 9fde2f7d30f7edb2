"""Verdicts become cases: on real footage, with the detector that ships, and with people as they are and pixelated."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.cases import make_cases
from dashboard.cli import app
from detect.clips import ClipSettings
from detect.desk import DeskSettings
from detect.detectors import build_detector
from detect.live import watch_camera
from detect.pipeline import Pipeline
from detect.rules import build_rules
from detect.sources import open_source
from detect.store import Store
from scenarios.calibration import load_calibration
from scenarios.recording import Recording

LAWN = [[-7.5, -8.5], [-2.5, -8.5], [-2.5, -3.5], [-7.5, -3.5]]
LIVE = """
store = "live.sqlite"
cameras = [{ id = "view_001", source = "rtsp://127.0.0.1/x", calibration = "camera.toml" }]
"""


@pytest.fixture(scope="module")
def house(vtest, reference, tmp_path_factory):
    """Sixteen seconds of real footage of a lawn that nobody may walk on; the first half of its films pixelated."""
    folder = tmp_path_factory.mktemp("house")
    text = (reference / "pets09_s2l1" / "camera.toml").read_text()
    zone = f'zones = [{{ id = "lawn", polygon = {LAWN}, forbidden = true }}]'
    (folder / "camera.toml").write_text(text.replace("rotation = ", f"{zone}\nrotation = "))
    (folder / "live.toml").write_text(LIVE)
    known = load_calibration(folder / "camera.toml")
    with Store.create_or_open(folder / "live.sqlite") as store:
        for blur in (False, True):
            source = open_source(str(vtest), camera_id="view_001", fps=7.0)
            pipeline = Pipeline(build_detector("parvis"), build_rules({}), camera=known.camera, zones=known.zones)
            last = [0.0]

            def look(seen, last=last):
                last[0] = seen.tracks.time_s

            def over(last=last):
                return last[0] >= 16.0

            with closing(source):
                watch_camera(
                    "view_001",
                    "vtest",
                    source,
                    pipeline,
                    store,
                    stop=over,
                    on_observation=look,
                    desk=DeskSettings(merge_s=0, merge_m=0.1),
                    blur=blur,
                    clips=ClipSettings(before_s=6, after_s=3, width_px=768),
                )
    return folder


@pytest.fixture(scope="module")
def cases(house):
    """The first of the films with people as they are is dismissed, all others confirmed."""
    with Store.open_existing(house / "live.sqlite") as store:
        alerts = sorted(store.alerts(), key=lambda a: a.raised_at)
        plain = [a for a in alerts if not store.clips.of_alert(a.alert_id).blurred]
        for alert in alerts:
            verdict = "dismissed" if alert == plain[0] else "confirmed"
            store.decide(alert.alert_id, verdict, by="Kim canary", reason="the gardener canary")
    made = {case.alert: case for case in make_cases(house / "live.toml", house / "cases")}
    assert set(made) == {a.alert_id for a in alerts}
    return made[plain[0].alert_id], made[plain[-1].alert_id], made


def score_of(folder):
    return Recording.open(Path(folder)).score()["events"]["zone_intrusion"]


def test_what_was_decided_is_due_or_is_not(house, cases):
    wrong, right, every = cases
    assert (wrong.verdict, right.verdict) == ("dismissed", "confirmed")
    assert right.again
    assert score_of(right.folder)["found"] >= 1
    assert score_of(wrong.folder)["false"] >= 1
    run = CliRunner().invoke(app, ["cases", str(house / "live.toml"), "--out", str(house / "cases"), "--json"])
    assert json.loads(run.output) == [case.as_dict() for case in every.values()], "what is there is left as it is"
    for file in (house / "cases").rglob("*"):
        if file.suffix in (".json", ".csv", ".html", ".jsonl"):
            assert "canary" not in file.read_text(), "who decided, and why, stays in the store"


def test_pixelated_people_are_told_of(cases):
    silent = [case for case in cases[2].values() if not case.again]
    assert all("shows too little" in case.words for case in silent)
    assert any("people pixelated" in case.words for case in silent)


def test_a_case_is_watched_again_with_other_settings(cases):
    _, right, _ = cases
    run = CliRunner().invoke(app, ["replay", right.folder, "--set", "rule.zone_intrusion.hold_s=6", "--json"])
    assert run.exit_code == 0, run.output
    assert score_of(f"{right.folder}-replay")["found"] < score_of(right.folder)["found"], "nobody stays for so long"


def test_what_cannot_be_a_case_says_why(house, cases, tmp_path):
    other = (house / "live.toml").read_text().replace('"live.sqlite"', f'"{house}/live.sqlite"')
    (tmp_path / "live.toml").write_text(other.replace("view_001", "gate").replace(', calibration = "camera.toml"', ""))
    run = CliRunner().invoke(app, ["cases", str(tmp_path / "live.toml"), "--out", str(tmp_path / "cases"), "--json"])
    assert {c["words"] for c in json.loads(run.output)} == {"its camera is not in the configuration any more"}
    assert not (tmp_path / "cases").exists()
