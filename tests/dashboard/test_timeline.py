"""The last hour: a camera is live only while the record says so, and what it does not know it does not fill."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dashboard.control_room import ControlRoom
from dashboard.timeline import draw_timeline, load_timeline, words_of
from detect.desk import Alert, AlertState
from detect.store import CameraState, Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        yield store


def say(store, camera, state, words=""):
    store.say_camera(CameraState(camera, "x", state, words, None, {}))


def move_back(store, **ago):
    """Make everything in the record so much older; the chain is not looked at here."""
    with store.database.write() as database:
        for seq, at in database.execute("SELECT seq, at FROM audit").fetchall():
            then = datetime.fromisoformat(at) - timedelta(**ago)
            database.execute("UPDATE audit SET at = ? WHERE seq = ?", (then.isoformat(), seq))


def raised(store, number, drill=None):
    event = Event(f"e{number}", EventKind.FIRE, "gate", 1.0, None, None, None, None, (), 0.5, "fire", drill=drill)
    store.raise_alert(Alert(f"gate-{number}", event, AlertState.NEW, datetime.now(UTC), ()))


def test_spans_cover_the_hour_without_holes_and_begin_with_what_was_before(store):
    say(store, "gate", "live")
    move_back(store, minutes=80)
    say(store, "gate", "stalled", "no picture comes")
    move_back(store, minutes=10)
    say(store, "gate", "live")
    move_back(store, minutes=10)
    now = datetime.now(UTC)
    line = load_timeline(store, now)
    assert [s.state for s in line.spans] == ["live", "stalled", "live"]
    assert line.spans[0].begin == line.begin
    assert line.spans[-1].end == now
    assert all(a.end == b.begin for a, b in pairwise(line.spans))
    assert line.spans[1].words == "no picture comes"
    assert (line.spans[1].end - line.spans[1].begin).total_seconds() == pytest.approx(600, abs=2)
    assert "gate: 10 min without pictures" in words_of(line)


def test_before_a_camera_was_ever_told_of_nothing_is_known(store):
    say(store, "gate", "live")
    move_back(store, minutes=5)
    line = load_timeline(store, datetime.now(UTC))
    assert [s.state for s in line.spans] == ["unknown", "live"]


def test_a_process_that_died_is_no_state(store):
    say(store, "gate", "live")
    store.note("camera.process_died", {"camera": "gate", "exit_code": -9})
    assert [s.state for s in load_timeline(store, datetime.now(UTC)).spans][-1] == "live"


def test_only_times_with_pictures_are_filled(store):
    say(store, "gate", "live")
    say(store, "gate", "lost", "gone")
    say(store, "hall", "off", "not authorised")
    raised(store, 1)
    raised(store, 2, drill="drill-1")
    move_back(store, minutes=3)
    figure = draw_timeline(load_timeline(store, datetime.now(UTC)))
    bars = [t for t in figure.data if t.type == "bar"]
    filled = [t for t in bars if t.marker.color != "rgba(0,0,0,0)"]
    assert len(bars) > len(filled)
    assert all("live" in t.hovertemplate for t in filled)
    marks = [t for t in figure.data if t.type == "scatter" and t.mode == "markers"]
    assert sorted(m.marker.symbol for m in marks) == ["diamond", "diamond-open"]
    assert any("DRILL" in m.hovertemplate for m in marks)


def test_the_page_switches_and_says_who_and_why(store):
    say(store, "gate", "live")
    room = ControlRoom(store.database.path)
    assert room.switches()["camera:gate"] == ""
    assert "purpose:weapon" not in room.switches()
    room.switch("camera:gate", on=False, by="ada", reason="a march")
    assert "a march (ada)" in room.switches()["camera:gate"]
    with pytest.raises(ParvisError, match="off already"):
        room.switch("camera:gate", on=False, by="ada", reason="again")
    room.switch("camera:gate", on=True, by="ada", reason="")
    assert room.switches()["camera:gate"] == ""
    assert store.verify().ok
