"""What stands in the store beside alerts: films, marks, events held back, who saw what; and stores of before."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detect.audit import digest
from detect.clips import Clip, gaps_of
from detect.desk import Alert, AlertState, Filed
from detect.schema import _STEPS, VERSION
from detect.store import Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BAG = Event(
    "e1", EventKind.ABANDONED_OBJECT, "mast", 10.0, None, (1.5, 2.5), (1.0, 2.0, 3.0, 4.0), None, (7,), 0.75, "rule"
)


def alert(number=1, **changes):
    return Alert(f"a{number}", replace(BAG, **changes), AlertState.NEW, NOW, ("e1",))


@pytest.fixture
def store(place):
    with Store.create_or_open(place) as opened:
        yield opened


def keep_film(store, alert_id="a1", film=b"film"):
    store.clips.folder.mkdir(parents=True, exist_ok=True)
    clip = Clip(
        alert_id, f"{alert_id}.mp4", digest(film), NOW, 5.0, 9.9, 100, (640, 360), (1280, 720), True, ((2.0, 4.5),)
    )
    (store.clips.folder / clip.file).write_bytes(film)
    store.clips.keep(clip)
    return clip


def test_a_store_of_before_is_brought_up_to_date_and_keeps_everything(tmp_path):
    path = tmp_path / "live.sqlite"
    with Store.create_or_open(path) as store:
        store.raise_alert(alert(), b"jpeg")
        store.decide("a1", "dismissed", by="Kim", reason="a bin")
    raw = sqlite3.connect(path)
    old = sqlite3.connect(tmp_path / "old.sqlite")
    for statement in _STEPS[0].split(";"):
        old.execute(statement)
    for table, columns in (("meta", "*"), ("decisions", "*"), ("audit", "*"),
                           ("alerts", "alert_id, raised_at, state, kind, event, joined, still")):  # fmt: skip
        rows = raw.execute(f"SELECT {columns} FROM {table}").fetchall()
        old.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    old.execute("UPDATE meta SET value = '1' WHERE key = 'parvis_store'")
    old.commit()
    old.close()
    raw.close()
    for opening in (1, 2):  # the second time there is nothing to do
        with Store.open_existing(tmp_path / "old.sqlite") as store:
            (decision,) = store.decisions()
            assert (decision.alert.alert_id, decision.seen_at) == ("a1", None)
            assert store.still("a1") == b"jpeg"
            assert store.verify().rows == 2 + opening  # raised and decided; upgraded; then the alert of last time
            assert store.verify().ok
            store.raise_alert(alert(1 + opening))
    check = sqlite3.connect(tmp_path / "old.sqlite")
    assert check.execute("SELECT value FROM meta WHERE key = 'parvis_store'").fetchone() == (str(VERSION),)
    check.close()


def test_who_saw_and_decided_when_and_how_long_it_took(store):
    store.raise_alert(replace(alert(), raised_at=datetime.now(UTC) - timedelta(seconds=60)))
    store.note_view("a1", "picture", "Lou")
    store.note_view("a1", "film", "Kim")
    store.decide("a1", "confirmed", by="Kim")
    (decision,) = store.decisions()
    assert (decision.seen_by, decision.by) == ("Lou", "Kim")
    assert 60 <= decision.unseen_s <= decision.took_s < 120
    assert store.verify().rows == 5  # raised, seen, two views, decided
    assert store.verify().ok


def test_what_was_never_seen_says_so(store):
    store.raise_alert(alert())
    assert store.decide("a1", "confirmed", by="Kim").unseen_s is None


def test_a_film_comes_back_as_it_was_kept(store):
    store.raise_alert(alert())
    clip = keep_film(store)
    assert store.clips.of_alert("a1") == clip
    assert store.clips.film(clip) == b"film"
    assert store.clips.of_alert("a2") is None
    assert store.verify().ok
    with pytest.raises(ParvisError, match="has its film already"):
        keep_film(store)
    with pytest.raises(ParvisError, match="there is no alert a9"):
        keep_film(store, "a9")


def test_gaps_are_what_is_longer_than_the_camera_s_usual_steps():
    assert gaps_of([]) == gaps_of([1.0]) == ()
    assert gaps_of([0.0, 0.1, 0.2, 2.0, 2.1]) == ((0.2, 2.0),)
    assert gaps_of([0.0, 2.0, 4.0, 6.0]) == ()  # a picture every two seconds is all that this camera gives
    assert gaps_of([0.0, 0.1, 0.2, 1.1]) == ()


def test_marks_hold_where_they_were_made_until_they_end_or_are_lifted(store):
    store.raise_alert(alert())
    made = store.marks.make(store.alert("a1"), hours=2, by=" Kim ", reason="a bin", fixture=True, now=NOW)
    assert store.marks.standing(NOW) == (made,)
    assert (made.by, made.fixture, made.until) == ("Kim", True, NOW + timedelta(hours=2))
    assert made.covers(replace(BAG, event_id="e9"), NOW)
    assert store.marks.standing(NOW, "gate") == ()
    assert store.marks.standing(NOW + timedelta(hours=2)) == ()
    store.marks.lift(made.mark_id, by="Lou")
    assert store.marks.standing(NOW) == ()
    assert store.verify().ok
    with pytest.raises(ParvisError, match="no mark 1 that could be lifted"):
        store.marks.lift(made.mark_id, by="Lou")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hours": 0}, "0 to 8784 hours"),
        ({"hours": float("nan")}, "0 to 8784 hours"),
        ({"hours": 9000}, "0 to 8784 hours"),
        ({"radius_m": 0}, "0 to 100 m"),
        ({"by": " "}, "the name of who makes it"),
        ({"reason": ""}, "needs a reason"),
    ],
)
def test_marks_that_are_refused_change_nothing(store, wrong, said):
    store.raise_alert(alert())
    with pytest.raises(ParvisError, match=said):
        store.marks.make(store.alert("a1"), **{"hours": 1, "by": "Kim", "reason": "x"} | wrong)
    assert store.verify().rows == 1
    nowhere = alert(2, place_m=None, box_px=None)
    with pytest.raises(ParvisError, match="tells no place"):
        store.marks.make(nowhere, hours=1, by="Kim", reason="x")


def test_what_is_held_back_is_kept_once_and_ends_with_what_is_said_last(store):
    group = replace(alert(), more=2)
    store.raise_alert(alert())
    for number in (2, 3):
        store.held.keep("s", Filed(replace(BAG, event_id=f"e{number}"), group, held=True), NOW)
    store.update_alert(group)
    store.held.keep("s", Filed(replace(BAG, event_id="e2", end_s=30.0), group, held=True), NOW)
    mark = store.marks.make(group, hours=1, by="Kim", reason="a bin")
    store.held.keep("s", Filed(replace(BAG, event_id="e4"), None, held=True, mark=mark), NOW)
    assert [(h.event.event_id, h.event.end_s) for h in store.held.of_alert("a1")] == [("e2", 30.0), ("e3", None)]
    assert store.held.counts() == {mark.mark_id: 1}
    assert [h.event.event_id for h in store.held.of_mark(mark.mark_id)] == ["e4"]
    assert store.alert("a1").more == 2
    assert store.verify().ok


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ("UPDATE marks SET facts = replace(facts, '\"radius_m\": 1.5', '\"radius_m\": 50')", "mark 1 was changed"),
        ("UPDATE marks SET lifted_at = '2026'", "mark 1 was changed"),
        ("DELETE FROM marks", "mark 1 was changed, removed"),
        ("DELETE FROM held", "the event s-e2 was removed"),
        ("UPDATE held SET held_id = 's-e7'", "the event s-e7 was put in"),
        ("DELETE FROM clips", "the film of alert a1 was removed"),
        ("UPDATE clips SET sha256 = 'x'", "the film of alert a1 was changed"),
    ],
)
def test_marks_films_and_held_events_are_what_the_record_tells(store, tamper, statements, said):
    store.raise_alert(alert())
    keep_film(store)
    mark = store.marks.make(store.alert("a1"), hours=1, by="Kim", reason="a bin")
    store.held.keep("s", Filed(replace(BAG, event_id="e2"), None, held=True, mark=mark), NOW)
    assert store.verify().ok
    tamper(statements)
    assert said in store.verify().problem


def test_a_film_that_was_changed_or_taken_away_is_found(store, place, tamper):
    store.raise_alert(alert())
    file = store.clips.folder / keep_film(store).file
    if isinstance(place, str):
        assert not file.exists()  # it lies in the table now, and nowhere else
        tamper("UPDATE films SET film = 'another film'")
    else:
        file.write_bytes(b"another film")
    assert "is not what was kept" in store.verify().problem
    if isinstance(place, str):
        tamper("DELETE FROM films")
    else:
        file.unlink()
    assert "there is no a1.mp4" in store.verify().problem
