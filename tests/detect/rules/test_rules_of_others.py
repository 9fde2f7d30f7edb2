"""A rule of one's own: one file and an entry point; it keeps the contract and appears wherever rules do."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from detect.rules import RULES, build_rules, known_rules
from detect.rules.conformance import shortcomings, speaks
from detect.rules.stage import Player, perform
from detect.rules.zone_intrusion import ZoneIntrusion, ZoneIntrusionSettings
from scenarios.entry import Entry
from scenarios.errors import ScenarioError

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "rules" / "platform_edge.py"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example, installed as another distribution."""
    (tmp_path / "platform_edge.py").write_text(EXAMPLE.read_text())
    about = tmp_path / "my_rules-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-rules\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[parvis.rules]\nplatform_edge = platform_edge:PlatformEdge\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield known_rules()["platform_edge"]
    sys.modules.pop("platform_edge", None)


@pytest.fixture(scope="module")
def lingers():
    """Somebody stands a metre before the works for ten seconds."""
    return list(perform([Player(1, [(0.0, 8.0, 3.0), (4.0, 8.0, 8.2), (14.0, 8.2, 8.2), (18.0, 8.0, 3.0)])], 20.0))


def test_it_is_one_short_file() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 80


def test_it_is_built_beside_the_others_with_its_settings(installed, lingers) -> None:
    assert set(known_rules()) == {*RULES, "platform_edge"}
    (rule,) = build_rules({"platform_edge": {"hold_s": 4.0}}, ["platform_edge"])
    (begins, ends) = [event for scene in lingers for event in rule.update(scene)]
    assert begins.start_s == pytest.approx(3.9 + 4.0, abs=0.7)
    assert ends.end_s == pytest.approx(14.1, abs=0.7)
    with pytest.raises(ScenarioError, match="did you mean 'within_m'"):
        build_rules({"platform_edge": {"within": 2}})


def test_it_keeps_the_contract(installed, lingers) -> None:
    assert speaks(installed, lingers)
    assert shortcomings(installed, lingers) == []


def test_commands_know_it(installed) -> None:
    from dashboard.cli import app

    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert listed["rules"]["platform_edge"].startswith("Says when somebody stays near the edge")
    checked = CliRunner().invoke(app, ["doctor", "--rule", "platform_edge", "--json"])
    assert [row["ok"] for row in json.loads(checked.stdout)] == [True]
    with pytest.raises(ScenarioError, match="did you mean 'platform_edge'"):
        CliRunner().invoke(app, ["doctor", "--rule", "platform_edg"], catch_exceptions=False)


class Broken(ZoneIntrusion):
    """A rule with one fault."""

    fault = ""

    def update(self, scene):
        said = super().update(scene)
        tracks = scene.tracks
        if self.fault == "speaks of nothing" and not said and len(tracks) == 0 and tracks.time_s > 5:
            said = [made_up(self, tracks.time_s)]
        if self.fault == "wrong score":
            said = [replace(e, score=1.5) for e in said]
        if self.fault == "no reason":
            said = [replace(e, evidence={}) for e in said]
        if self.fault == "odd reason":
            said = [replace(e, evidence={"place": np.zeros(2)}) for e in said]
        if self.fault == "another name":
            said = [replace(e, rule="zone") for e in said]
        if self.fault == "reads ids" and said:
            said = [replace(e, score=tracks.track_id[0] % 7 / 7) for e in said]
        if self.fault == "chance":
            said = [replace(e, score=CHANCE.random()) for e in said]
        if self.fault == "ends nothing":
            said = [replace(e, event_id=f"{e.event_id}-over") if e.end_s is not None else e for e in said]
        return said

    def reset(self):
        if self.fault == "never forgets":
            return []
        return super().reset()


CHANCE = np.random.default_rng(1)


def made_up(rule, now):
    scenes = list(perform([Player(1, [(0.0, 8.0, 11.0), (9.0, 8.0, 11.0)])], 4.0))
    sound = ZoneIntrusion()
    (event,) = [e for scene in scenes for e in sound.update(scene)]
    rule.count = getattr(rule, "count", 0) + 1
    return replace(event, event_id=f"{event.event_id}-{rule.count}", start_s=now)


@pytest.fixture(scope="module")
def stays():
    walks = Player(3, [(0.0, -8.0, 2.0), (12.0, 8.0, 2.0)])
    return list(perform([walks, Player(20, [(3.0, 12.0, 11.0), (6.0, 8.0, 11.0), (11.0, 12.0, 11.0)])], 14.0))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("speaks of nothing", "it speaks of an empty floor"),
        ("wrong score", "a score should be from 0 to 1, not 1.5"),
        ("no reason", "an event should say why"),
        ("odd reason", "place is ndarray"),
        ("another name", "name the rule zone_intrusion"),
        ("reads ids", "it depends on what tracks are called"),
        ("chance", "it says something else when the same scenes are played again"),
        ("ends nothing", "it ends an event that it never began"),
        ("never forgets", "reset() should end what lasts"),
    ],
)
def test_a_fault_is_told_in_a_sentence(fault, sentence, stays) -> None:
    faulty = type("Faulty", (Broken,), {"fault": fault})
    assert any(sentence in lack for lack in shortcomings(faulty, stays)), shortcomings(faulty, stays)
    assert shortcomings(type("Sound", (Broken,), {"fault": "none"}), stays) == []


def test_what_cannot_be_judged_is_told_too(stays) -> None:
    class More(Entry):
        ceiling_s: float = 1.0

    class Eager(ZoneIntrusion):
        """Says more when its setting is raised."""

        Settings = More

        def __init__(self, settings=None) -> None:
            super().__init__(ZoneIntrusionSettings(hold_s=2.0 / (settings or More()).ceiling_s))

    class Wordy(ZoneIntrusion):
        Settings = type("Words", (Entry,), {"__annotations__": {"words": str}, "words": "many"})

    class Fails(ZoneIntrusion):
        def update(self, _):
            raise KeyError("zone")

    class Vague(ZoneIntrusion):
        kind = "abnormal_behaviour"

    assert any("it says more when ceiling_s is raised" in lack for lack in shortcomings(Eager, stays))
    assert any("first setting should be its threshold" in lack for lack in shortcomings(Wordy, stays))
    assert shortcomings(Fails, stays) == ["it fails on a plain scene: KeyError: 'zone'"]
    assert any("kind should be one of the decree's" in lack for lack in shortcomings(Vague, stays))
