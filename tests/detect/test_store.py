import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detect.desk import Alert, AlertState, Verdict
from detect.store import CameraState, Store
from scenarios.errors import ParvisError, RecordingError
from scenarios.event import Event, EventKind

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def alert(number, *, lasts=True, state=AlertState.NEW):
    event = Event(
        event_id=f"e{number}",
        kind=EventKind.ABANDONED_OBJECT,
        camera_id="mast",
        start_s=10.0 + number,
        end_s=None if lasts else 30.0,
        place_m=(1.5, 2.5),
        box_px=(1.0, 2.0, 3.0, 4.0),
        zone="hall",
        track_ids=(7, 9),
        score=0.75,
        rule="abandoned_object",
        evidence={"put_down_s": 4.5, "owner_track": None},
    )
    return Alert(f"a{number}", event, state, NOW + timedelta(seconds=number), (f"e{number}",))


@pytest.fixture
def store(place):
    with Store.create_or_open(place) as opened:
        yield opened


def test_everything_comes_back_as_it_was_put(store, place):
    store.raise_alert(alert(1), still=b"jpeg")
    assert store.alert("a1") == alert(1)
    assert store.still("a1") == b"jpeg"
    with Store.open_existing(place) as other:
        assert other.alerts() == [alert(1)]
        assert other.alerts(state=AlertState.CONFIRMED) == []


def test_what_lasts_waits_first_then_the_newest(store):
    for number, lasts in ((1, True), (2, False), (3, True), (4, False)):
        store.raise_alert(alert(number, lasts=lasts))
    assert [a.alert_id for a in store.waiting()] == ["a3", "a1", "a4", "a2"]
    store.decide("a3", "confirmed", by="Kim")
    store.mark_seen("a1")
    assert [a.alert_id for a in store.waiting()] == ["a1", "a4", "a2"]
    assert store.alert("a1").state is AlertState.SEEN


def test_a_decision_is_kept_with_name_and_reason(store):
    store.raise_alert(alert(1))
    store.raise_alert(alert(2))
    store.decide("a1", "dismissed", by=" Kim ", reason="a bin")
    store.decide("a2", Verdict.CONFIRMED, by="Lou")
    newest, first = store.decisions()
    assert (newest.alert.alert_id, newest.verdict, newest.by) == ("a2", Verdict.CONFIRMED, "Lou")
    assert (first.by, first.reason, first.alert.state) == ("Kim", "a bin", AlertState.DISMISSED)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a1", "dismissed", "Kim", " "), "dismissing it needs a reason"),
        (("a1", "confirmed", " ", ""), "needs the name"),
        (("a1", "maybe", "Kim", ""), "should be confirmed or dismissed"),
        (("a9", "confirmed", "Kim", ""), "there is no alert a9"),
        (("a2", "confirmed", "Kim", ""), "is dismissed already"),
    ],
)
def test_decisions_that_are_refused_change_nothing(store, arguments, said):
    store.raise_alert(alert(1))
    store.raise_alert(alert(2))
    store.decide("a2", "dismissed", by="Lou", reason="x")
    rows = store.verify().rows
    alert_id, verdict, by, reason = arguments
    with pytest.raises(ParvisError, match=said):
        store.decide(alert_id, verdict, by=by, reason=reason)
    assert len(store.decisions()) == 1
    assert store.verify().rows == rows
    assert store.alert("a1").state is AlertState.NEW


def test_a_camera_is_what_it_last_said_and_only_changes_are_recorded(store):
    def say(state, taken=None, **counters):
        store.say_camera(CameraState("mast", "rtsp://***@h/x", state, "", taken, counters))

    say("connecting")
    say("live", NOW, frames=1)
    say("live", NOW + timedelta(seconds=1), frames=9)
    store.keep_picture("mast", b"one", NOW)
    store.keep_picture("mast", b"two", NOW + timedelta(seconds=1))
    say("stalled")
    (camera,) = store.cameras()
    assert camera.state == "stalled"
    assert camera.last_picture_at == NOW + timedelta(seconds=1)
    assert store.picture("mast") == (b"two", NOW + timedelta(seconds=1))
    assert store.verify().rows == 3
    assert store.picture("other") is None


def test_what_is_over_and_was_never_decided_expires_and_can_still_be_decided(store):
    for number, lasts in ((1, True), (2, False), (3, False), (4, False)):
        store.raise_alert(alert(number, lasts=lasts))
    store.decide("a3", "confirmed", by="Kim")
    assert store.expire(NOW + timedelta(seconds=4)) == ["a2"]
    assert store.expire(NOW + timedelta(seconds=4)) == []
    assert [a.alert_id for a in store.waiting()] == ["a1", "a4"]
    assert [a.alert_id for a in store.alerts(state=AlertState.EXPIRED)] == ["a2"]
    store.decide("a2", "dismissed", by="Kim", reason="seen too late")
    assert store.verify().ok


def test_what_a_dead_watcher_left_is_ended_with_its_last_picture(store):
    store.raise_alert(alert(1))
    store.raise_alert(replace(alert(2), event=replace(alert(2).event, camera_id="gate")))
    store.say_camera(CameraState("mast", "x", "live", "", NOW + timedelta(seconds=8), {}))
    assert store.end_lasting("mast", "its watcher died") == ["a1"]
    assert store.alert("a1").event.end_s == 11.0 + 7.0
    assert store.alert("a1").state is AlertState.NEW
    assert store.alert("a2").event.end_s is None
    assert store.end_lasting("mast", "its watcher died") == []
    assert store.verify().ok


def test_what_lasts_waits_first_however_many_are_over(store):
    store.raise_alert(alert(0))
    for number in range(1, 8):
        store.raise_alert(alert(number, lasts=False))
    assert [a.alert_id for a in store.waiting(limit=3)] == ["a0", "a7", "a6"]


def test_a_store_that_cannot_be_written_says_so_in_one_sentence(store, tamper):
    tamper("DROP TABLE audit")
    with pytest.raises(RecordingError, match="cannot be used") as caught:
        store.raise_alert(alert(1))
    assert "\n" not in str(caught.value)
    assert store.alerts() == []


def test_another_program_s_database_is_left_as_it_was(tmp_path):
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="has version none"):
        Store.open_existing(path)
    assert path.read_bytes() == before


def test_files_that_are_no_stores(tmp_path):
    with pytest.raises(RecordingError, match="there is no such alert store"):
        Store.open_existing(tmp_path / "nowhere.sqlite")
    (tmp_path / "text").write_text("not a database, but long enough to look at " * 20)
    with pytest.raises(RecordingError, match="is no alert store"):
        Store.open_existing(tmp_path / "text")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE t (x)")
    other.commit()
    other.close()
    with pytest.raises(RecordingError, match="is no alert store"):
        Store.open_existing(tmp_path / "other.sqlite")
    with Store.create_or_open(tmp_path / "new.sqlite"):
        pass
    raw = sqlite3.connect(tmp_path / "new.sqlite")
    raw.execute("UPDATE meta SET value = '99' WHERE key = 'parvis_store'")
    raw.commit()
    raw.close()
    with pytest.raises(RecordingError, match="has version 99"):
        Store.open_existing(tmp_path / "new.sqlite")


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE audit SET facts = replace(facts, 'a2', 'a7') WHERE seq = 2", "entry 2 .* was changed"),
        ("UPDATE audit SET action = 'alert.seen' WHERE seq = 3", "entry 3 .* was changed"),
        ("UPDATE audit SET at = '2020-01-01' WHERE seq = 1", "entry 1 .* was changed"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE seq = 4", "entries after number 3 are missing"),
        ("DELETE FROM audit", "entries after number 0 are missing"),
        ("INSERT INTO audit SELECT 5, at, action, facts, hash FROM audit WHERE seq = 4", "entry 5 .* was changed"),
        (
            "UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3);"
            "UPDATE audit SET seq = -seq WHERE seq < 0",
            "entry 2 .* was changed",
        ),
    ],
)
def test_the_record_shows_every_kind_of_tampering(store, tamper, tampering, said):
    for number in range(1, 5):
        store.raise_alert(alert(number))
    assert store.verify().ok
    tamper(tampering)
    found = store.verify()
    assert not found.ok
    assert re.search(said, found.problem), found.problem


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE decisions SET reason = 'nothing'", "a decision about alert a2 was changed"),
        ("UPDATE decisions SET operator = 'Lou'", "a decision about alert a2 was changed"),
        ("DELETE FROM decisions", "a decision about alert a2 was removed"),
        ("INSERT INTO decisions SELECT 'a1', at, verdict, operator, reason FROM decisions", "a1 was changed or put in"),
        ("UPDATE alerts SET state = 'dismissed' WHERE alert_id = 'a1'", "alert a1 was changed"),
        ("UPDATE alerts SET still = NULL WHERE alert_id = 'a1'", "alert a1 was changed: its picture"),
        ("DELETE FROM alerts WHERE alert_id = 'a1'", "alert a1 was removed"),
        (
            "INSERT INTO alerts (alert_id, raised_at, state, kind, event, joined) "
            "SELECT 'a9', raised_at, state, kind, event, joined FROM alerts WHERE alert_id = 'a1'",
            "alert a9 was put in",
        ),
        (  # the end cut off, and the head made to fit
            "DELETE FROM audit WHERE seq = 3;"
            "UPDATE meta SET value = (SELECT seq || ':' || hash FROM audit WHERE seq = 2) WHERE key = 'audit_head'",
            "alert a2 was changed",
        ),
    ],
)
def test_alerts_and_decisions_are_what_the_record_tells(store, tamper, tampering, said):
    store.raise_alert(alert(1), b"picture")
    store.raise_alert(alert(2))
    store.decide("a2", "dismissed", by="Kim", reason="a bin")
    assert store.verify().ok
    tamper(tampering)
    found = store.verify()
    assert not found.ok
    assert said in found.problem


WRITER = """
    import sys
    sys.path.insert(0, sys.argv[3])
    from test_store import alert
    from detect.store import Store
    with Store.create_or_open(sys.argv[1]) as store:
        for number in range(int(sys.argv[2])):
            store.raise_alert(alert(number), b"x" * 2000)
            print(number, flush=True)
"""


def writer(place, count):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(place), str(count), os.path.dirname(__file__)]  # noqa: PTH120
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_loses_nothing_that_was_acknowledged(place):
    process = writer(place, 100_000)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    process.stdout.close()
    with Store.open_existing(place) as store:
        kept = {a.alert_id for a in store.alerts(limit=1_000_000)}
        assert {f"a{number}" for number in acknowledged} <= kept
        assert len(kept) <= len(acknowledged) + 1
        assert store.verify().ok


def test_one_writes_while_another_decides(place):
    with Store.create_or_open(place) as store:
        process = writer(place, 60)
        assert process.stdout is not None
        decided = 0
        for line in process.stdout:
            store.decide(f"a{int(line)}", "confirmed", by="Kim")
            decided += 1
        assert process.wait() == 0
        process.stdout.close()
        assert decided == 60
        assert store.waiting() == []
        assert store.verify().ok
        assert store.verify().rows == 120


def test_what_belongs_to_nothing_is_refused(store):
    with pytest.raises(ParvisError, match="camera mast: has to say its state before"):
        store.keep_picture("mast", b"jpeg", NOW)
    with pytest.raises(ParvisError, match="there is no alert a1"):
        store.update_alert(alert(1))


def test_a_store_that_another_process_begins_to_make_is_made_together(tmp_path):
    path = tmp_path / "live.sqlite"
    begun = sqlite3.connect(path)
    begun.execute("PRAGMA journal_mode = WAL")  # what the other has done when it comes to its first transaction
    with Store.create_or_open(path) as store:
        store.raise_alert(alert(1))
        assert store.verify().ok
    begun.close()
