"""A rule of one's own watches, is scored and is shown without a line changed elsewhere."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from dashboard.rehearsal import Watching, rehearse
from detect.observations import Observations
from scenarios.load import load_scenario

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "rules" / "platform_edge.py"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    place = tmp_path / "site"
    about = place / "my_rules-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copy(EXAMPLE, place)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-rules\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[parvis.rules]\nplatform_edge = platform_edge:PlatformEdge\n")
    monkeypatch.syspath_prepend(place)
    yield
    sys.modules.pop("platform_edge", None)


def test_it_is_in_events_scores_ledger_and_report(installed, tmp_path):
    changes = [
        "duration_s=6",
        "fps=5",
        "incidents.climbs_in.at_s=5",
        "incidents.short_cut.at_s=5",
        "incidents.refuse.at_s=4",
        "cameras.0.resolution_px=[640,360]",
        "incidents.along_the_edge.at_s=2",
    ]
    scenario = load_scenario("zone_intrusion_v1", changes)
    watching = Watching(detector="oracle", rules={"platform_edge": {"hold_s": 0.8, "within_m": 2.0}})
    run = rehearse(scenario, tmp_path / "run", watching)
    mine = [e for e in Observations.load(run).events if e.rule == "platform_edge"]
    assert mine
    assert run.run()["rules"] == {"platform_edge": {"hold_s": 0.8, "within_m": 2.0}}
    scored = run.score()["events"]["zone_intrusion"]
    assert scored["false"] >= 1  # by the decree it is none: nobody was inside
    page = run.report.read_text()
    assert "from edge" in page
    assert "platform_edge.hold_s = 0.8" in page
    assert json.loads((run.folder / "events.jsonl").read_text().splitlines()[0])["rule"]
