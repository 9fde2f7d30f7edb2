"""The part of the page Test that shows a sweep, run without a browser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.pages.sweeping import live_settings, sweep_folder
from dashboard.sweep.bench import sweep
from dashboard.sweep.spec import points_of
from dashboard.sweep.task import read_result, save_result
from detect.live.config import load_config
from scenarios.suite import Suite


def _page(folder: str) -> None:
    from pathlib import Path as Folder

    from dashboard.pages.sweeping import show_sweep

    show_sweep(Folder(folder))


@pytest.fixture(scope="module")
def shown(swept: Path, asked, tmp_path_factory) -> Path:
    """A sweep of two settings by two detectors in which a bag is found by one of them and false at 20 s."""
    import json

    folder = tmp_path_factory.mktemp("shown")
    (folder / "runs").symlink_to(swept / "runs")
    (folder / "sweep.json").write_text("{}")
    suite = Suite.model_validate(
        asked | {"grid": {"rule.abandoned_object.alone_s": [20, 30], "detector": ["oracle", "oracle:miss=0.5"]}}
    )
    points = points_of(suite, Path())
    any_result = read_result(swept, next((swept / "results").iterdir()).stem)
    for point in points:
        found = point.keys["detector"] == "oracle"
        false = point.keys["rule.abandoned_object.alone_s"] == 20
        bag = {"kind": "abandoned_object", "due_s": 0.5, "alarm_s": 0.9 if found else None, "place": [20.0, 14.0],
               "camera": "mast" if found else None, "score": 0.8 if found else None, "event_id": "a",
               "status": "found" if found else "missed"}  # fmt: skip
        wrong = bag | {"due_s": None, "alarm_s": 1.2, "camera": "mast", "score": 0.4, "status": "false"}
        events = {"abandoned_object": {"true": 1, "found": int(found), "false": int(false)}}
        result = any_result | {"spec": point.spec.hash, "ledger": [bag, wrong] if false else [bag]}
        result["score"] = any_result["score"] | {"events": events, "camera_hours": 0.5}
        save_result(folder, point.spec.hash, json.dumps(result))
    sweep(suite, points, folder)
    return folder


@pytest.fixture
def page(shown: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # Streamlit puts the page there
    told = AppTest.from_function(_page, args=(str(shown),), default_timeout=60).run()
    assert not told.exception
    return told


def test_it_chooses_the_setting_that_finds_most_at_the_false_alarms_that_may_be(page):
    assert "alone_s = 30, detector = oracle" in page.selectbox(key="sweep-setting").value
    assert page.code[0].value == "--set rule.abandoned_object.alone_s=30 --detector oracle"
    said = next(m.value for m in page.markdown if "false alarms an hour" in m.value)
    assert "Recall **100%**" in said
    assert "**0.00** false" in said
    page.selectbox(key="sweep-setting").select_index(0).run()
    assert page.code[0].value == "--set rule.abandoned_object.alone_s=20 --detector oracle"
    assert any("**2.00** false" in m.value for m in page.markdown)


def test_a_click_on_a_failure_opens_its_film_at_its_instant(page):
    button = next(b for b in page.button if b.key.startswith("false-0-"))
    button.click().run()
    run = page.session_state["run"]
    assert run in button.key
    assert page.session_state["seek"][run]["t"] == "1.200"
    assert page.session_state["seek"][run]["camera"] == "mast"


def test_every_failure_is_listed(page):
    counted = [m.value for m in page.markdown if m.value.startswith((":red", ":orange"))]
    assert counted == [":red[✕ missed]: 4", ":orange[▲ false alarm]: 4"]


def test_runs_of_a_sweep_are_known_as_such(shown, tmp_path):
    assert sweep_folder(shown / "runs") == shown
    assert sweep_folder(tmp_path) is None


def test_a_setting_is_written_as_the_daemon_reads_it(tmp_path):
    at = {
        "rule.abandoned_object.alone_s": "20",
        "rule.crowd_movement.pixels": "True",
        "rule.density.count_by": "heads",
        "detector": "oracle:miss=0.1",
        "conditions.rain": "3",
    }
    live = tmp_path / "live.toml"
    live.write_text('cameras = [{ id = "a", source = "webcam:0" }]\n' + live_settings(at))
    config = load_config(live)
    assert config.detector == "oracle:miss=0.1"
    assert config.rules == {
        "abandoned_object": {"alone_s": 20},
        "crowd_movement": {"pixels": True},
        "density": {"count_by": "heads"},
    }
