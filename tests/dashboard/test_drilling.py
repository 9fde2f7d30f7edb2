"""A drill from the command line: every mistake a sentence, every step a line, and the figures of the months."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from dashboard.drilling import ask, follow, table_of
from detect.drills import DrillState
from detect.live.config import CameraConfig, LiveConfig
from detect.store import CameraState, Store
from scenarios.errors import ParvisError
from scenarios.event import EventKind

READ = LiveConfig(
    cameras=[
        CameraConfig(id="gate", source="a.mp4", calibration=Path("gate.toml"), purposes=[EventKind.PERSON_DOWN]),
        CameraConfig(id="bare", source="b.mp4"),
    ]
)


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        yield store


@pytest.mark.parametrize(
    ("camera", "kind", "at", "words"),
    [
        ("gat", "person_down", None, "did you mean 'gate'"),
        ("bare", "person_down", None, "has no calibration"),
        ("gate", "fire", None, "unknown drill 'fire'"),
        ("gate", "abandoned_object", None, "is not watched for abandoned_object"),
        ("gate", "person_down", "3", "two numbers in metres"),
        ("gate", "person_down", "a,b", "two numbers in metres"),
    ],
)
def test_every_mistake_is_one_sentence_and_asks_for_nothing(store, camera, kind, at, words):
    with pytest.raises(ParvisError, match=words):
        ask(store, READ, camera, kind, at, by="ana")
    assert store.drills.all() == []


def followed(store, drill_id):
    said = io.StringIO()
    drill = follow(store, drill_id, Console(file=said, width=120), quiet=False)
    return drill, said.getvalue()


def test_a_drill_that_was_raised_says_each_step(store):
    drill = ask(store, READ, "gate", "person_down", "1.5,-2", by="ana")
    assert drill.at_m == (1.5, -2.0)
    store.drills.begin(drill.drill_id)
    store.drills.happened(drill.drill_id, (1.5, -2.0))
    store.drills.raised(drill.drill_id, "gate-7", 4.25)
    store.drills.end(drill.drill_id)
    done, said = followed(store, drill.drill_id)
    assert done.state is DrillState.RAISED
    for words in (
        "asked of gate",
        "figures are in",
        "somebody falls at 1.5, -2.0 m",
        "alert raised 4.2 s later: gate-7",
    ):
        assert words in said


def test_a_drill_that_proves_nothing_says_why(store):
    drill = ask(store, READ, "gate", "person_down", None, by="ana")
    store.say_camera(CameraState("gate", "x", "lost", "gone", None, {}))
    store.drills.stop(drill.drill_id, by="ben")
    done, said = followed(store, drill.drill_id)
    assert done.state is DrillState.VOID
    assert "proves nothing: stopped by ben" in said


def test_the_months_are_a_table(store):
    drill = ask(store, READ, "gate", "person_down", None, by="ana")
    store.drills.begin(drill.drill_id)
    store.drills.end(drill.drill_id, "", DrillState.MISSED)
    table = table_of(store)
    assert table.row_count == 1
    shown = io.StringIO()
    Console(file=shown, width=80).print(table)
    assert f"{drill.asked_at:%Y-%m}" in shown.getvalue()
