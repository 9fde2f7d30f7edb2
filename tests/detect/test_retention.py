"""What is deleted when its time is over, that it is gone for good, and that the record proves it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from detect.audit_export import verify_record
from detect.clips import Clip
from detect.desk import Alert, AlertState
from detect.retention import Deleted, Retention
from detect.store import Store
from scenarios.errors import RecordingError
from scenarios.event import Event, EventKind

NOW = datetime.now(UTC)
STILL = b"\xff\xd8canary-picture-5519"


@pytest.fixture
def store(place):
    """Alerts of 0, 40 and 400 days ago, each once decided and once waiting, with stills and films."""
    with Store.create_or_open(place) as store:
        for days in (0, 40, 400):
            for state in ("decided", "waits"):
                name = f"gate-{days}-{state}"
                event = Event(name, EventKind.FIRE, "gate", 3.0, 9.0, None, None, None, (), 0.8, "fire")
                at = NOW - timedelta(days=days, hours=1)
                store.raise_alert(Alert(name, event, AlertState.NEW, at, (name,)), STILL + name.encode())
                film = store.clips.folder / f"{name}.mp4"
                film.parent.mkdir(parents=True, exist_ok=True)
                film.write_bytes(b"film of " + name.encode())
                store.clips.keep(clip_of(name, film))
                if state == "decided":
                    store.decide(name, "dismissed", by="ada", reason="a statue")
        yield store


def clip_of(name, film):
    hashed = hashlib.sha256(film.read_bytes()).hexdigest()
    return Clip(name, film.name, hashed, NOW, 1.0, 2.0, 21, (160, 120), (160, 120), True, ())


def left(store):
    pictures = {a.alert_id for a in store.alerts() if store.still(a.alert_id) is not None}
    films = {n for n in EVERY if store.clips.film(Clip(n, f"{n}.mp4", "", NOW, 0, 0, 0, (), (), True, ()))}
    return {a.alert_id for a in store.alerts()}, pictures, films


EVERY = {f"gate-{days}-{state}" for days in (0, 40, 400) for state in ("decided", "waits")}


def test_what_is_old_goes_and_what_waits_for_a_human_stays(store):
    done = store.retain(Retention(), by="ada")
    assert (done.pictures, done.films, done.alerts) == (2, 2, 1)
    alerts, pictures, films = left(store)
    assert alerts == EVERY - {"gate-400-decided"}
    assert pictures == films == EVERY - {"gate-400-decided", "gate-40-decided"}
    found = store.verify()
    assert found.ok, found.problem
    assert dict(found.deleted) == {"picture": 2, "clip": 2, "alert": 1}
    assert store.retain(Retention(), by="ada") == Deleted()


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_a_picture_that_was_deleted_is_not_in_the_file_any_more(store, tmp_path):
    store.retain(Retention(), by="ada")
    store.close()
    for file in tmp_path.glob("live.sqlite*"):
        if file.is_file():
            assert STILL + b"gate-400-decided" not in file.read_bytes()
    assert STILL + b"gate-0-decided" in (tmp_path / "live.sqlite").read_bytes()


def test_none_keeps_everything(store):
    assert store.retain(Retention(pictures_days=None, alerts_days=None), by="ada") == Deleted()
    assert left(store)[0] == EVERY


def test_what_is_taken_away_past_the_record_is_a_loss_and_no_retention(store):
    store.retain(Retention(), by="ada")
    with store.database.write() as database:
        database.execute("UPDATE alerts SET still = NULL WHERE alert_id = 'gate-0-decided'")
    assert "gate-0-decided" in store.verify().problem


def test_an_export_is_checked_without_the_store(store, tmp_path):
    store.retain(Retention(), by="ada")
    out = tmp_path / "record.jsonl"
    many = store.export_record(out, by="ada")
    found = verify_record(out)
    assert (found.ok, found.rows) == (True, many)
    with pytest.raises(RecordingError, match="is there already"):
        store.export_record(out, by="ada")
    lines = out.read_text().splitlines()
    entry = json.loads(lines[3])
    entry["facts"]["by"] = "mallory"
    for changed, words in [
        ([*lines[:3], json.dumps(entry), *lines[4:]], "was changed"),
        ([*lines[:3], *lines[4:]], "missing"),
        (lines[:-1], "missing"),
        ([*lines[:3], "{", *lines[4:]], "line 4 is no entry"),
    ]:
        out.write_text("\n".join(changed) + "\n")
        told = verify_record(out)
        assert not told.ok
        assert words in told.problem
    out.write_text("hello\n")
    with pytest.raises(RecordingError, match="is no record"):
        verify_record(out)


def test_the_commands(store, place, tmp_path):
    (tmp_path / "live.toml").write_text(
        f'store = "{place}"\ncameras = [{{ id = "gate", source = "webcam:0" }}]\n[retention]\npictures_days = 10\n'
    )
    run = CliRunner().invoke(app, ["retain", str(tmp_path / "live.toml")])
    assert run.output == "deleted: 2 pictures, 2 films, 1 alerts\n"
    assert CliRunner().invoke(app, ["retain", str(tmp_path / "live.toml")]).output == "nothing is old enough\n"
    out = tmp_path / "record.jsonl"
    assert CliRunner().invoke(app, ["audit", "export", str(place), "--out", str(out)]).exit_code == 0
    for what in (out, place):
        run = CliRunner().invoke(app, ["audit", "verify", str(what)])
        assert (run.exit_code, "intact" in run.output) == (0, True), run.output
