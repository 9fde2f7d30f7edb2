"""The store on a server: what only a server can do wrong. What both kinds promise is tested in ``test_store``."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detect.desk import Alert, AlertState
from detect.live.config import load_config
from detect.postgres import _translated, is_server
from detect.store import CameraState, Store
from scenarios.errors import RecordingError
from scenarios.event import Event, EventKind

psycopg = pytest.importorskip("psycopg")
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def alert(number):
    event = Event(f"e{number}", EventKind.FIRE, "mast", 3.0, None, None, None, None, (), 0.8, "fire")
    return Alert(f"a{number}", event, AlertState.NEW, NOW, (f"e{number}",))


@pytest.fixture
def address(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return postgres.database()


def test_statements_are_said_in_the_server_s_words():
    assert _translated("SELECT a FROM t WHERE b = ? AND c > ?") == "SELECT a FROM t WHERE b = %s AND c > %s"
    assert _translated("json_extract(event, '$.end_s') IS NULL") == "(event::json ->> 'end_s') IS NULL"
    assert "BYTEA" in _translated("CREATE TABLE t (x BLOB)")


def test_what_is_a_server_and_what_a_file():
    assert is_server("postgresql://me@h/db")
    assert is_server("postgres://h/db")
    assert not is_server("postgresql.sqlite")
    assert not is_server(Path("postgresql://me@h/db"))


def test_a_server_that_is_restarted_is_used_again_and_nothing_that_was_acknowledged_is_gone(postgres, address):
    with Store.create_or_open(address) as store:
        store.raise_alert(alert(1))
        postgres.stop("immediate")  # as if the power went
        try:
            with pytest.raises(RecordingError, match="the alert store cannot be used") as caught:
                store.raise_alert(alert(2))
            assert "\n" not in str(caught.value)
        finally:
            postgres.start()
        store.raise_alert(alert(3))
        assert {a.alert_id for a in store.alerts()} == {"a1", "a3"}
        assert store.verify().ok


def python(code, *arguments):
    """Another process that says a line when it is ready."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_who_freezes_in_the_middle_loses_the_turn_and_changes_nothing(address):
    freeze = (
        "import sys, time\nfrom detect.store import Store\n"
        "with Store.create_or_open(sys.argv[1]) as store, store.database.write() as writing:\n"
        "    writing.execute('DELETE FROM meta')\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    frozen = python(freeze, address)
    frozen.send_signal(signal.SIGSTOP)
    try:
        with Store.open_existing(address) as other:
            began = time.monotonic()
            other.raise_alert(alert(1))  # the server ends the frozen one, and the turn goes on
            assert 2 < time.monotonic() - began < 10
            assert other.verify().ok
    finally:
        frozen.kill()
        frozen.communicate()


def test_only_one_daemon_writes_a_store_until_its_end_however_that_comes(address):
    hold = (
        "import sys, time\nfrom detect.store import Store\n"
        "with Store.create_or_open(sys.argv[1]) as store, store.database.alone():\n"
        "    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    holder = python(hold, address)
    with Store.open_existing(address) as store:
        with pytest.raises(RecordingError, match="another daemon watches with this store"), store.database.alone():
            pass
        holder.kill()
        holder.communicate(timeout=10)
        deadline = time.monotonic() + 5
        while True:
            try:
                with store.database.alone():
                    break
            except RecordingError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        with store.database.alone():  # what let go of it can take it again
            pass


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("/store_", "/nowhere_", "does not exist"),
        ("127.0.0.1", "host.invalid", "the alert store cannot be used"),
        ("127.0.0.1:", "127.0.0.1:x", "is no address of a store"),
        ("parvis@", "parvis:${PARVIS_NOT_SET}@", "the environment variable PARVIS_NOT_SET is not set"),
        ("", "", "there is no alert store in this database yet"),
    ],
)
def test_addresses_that_lead_nowhere_are_one_sentence(address, old, new, said):
    command = [sys.executable, "-m", "dashboard.cli", "audit", "verify", address.replace(old, new, 1)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert said in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_another_program_s_tables_are_left_as_they_were(address):
    with psycopg.connect(address) as server:
        server.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    with pytest.raises(RecordingError, match="has version none"):
        Store.create_or_open(address)
    with psycopg.connect(address) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("meta",)]


def test_two_stores_live_in_two_schemas(address):
    with psycopg.connect(address) as server:
        server.execute("CREATE SCHEMA north")
        server.execute("CREATE SCHEMA south")
    places = [f"{address}?options=-csearch_path%3D{name}" for name in ("north", "south")]
    for number, place in enumerate(places):
        with Store.create_or_open(place) as store, store.database.alone():
            store.raise_alert(alert(number))
    with Store.open_existing(places[1]) as store:
        assert [a.alert_id for a in store.alerts()] == ["a1"]


def test_the_password_is_of_the_environment_and_nowhere_else(address, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PARVIS_PG", "canary-7711")
    place = address.replace("parvis@", "parvis:${PARVIS_PG}@")
    (tmp_path / "live.toml").write_text(f'store = "{place}"\ncameras = [{{ id = "gate", source = "webcam:0" }}]\n')
    config = load_config(tmp_path / "live.toml")
    assert config.store == place
    with Store.create_or_open(config.store) as store:
        store.say_camera(CameraState("gate", "x", "live", "", NOW, {}))
        assert "canary" not in store.database.name + repr(config)
        store.export_record(tmp_path / "record.jsonl", by="ada")
    assert "canary" not in (tmp_path / "record.jsonl").read_text()
    wrong = place.rsplit("/", 1)[0] + "/nowhere"
    with pytest.raises(RecordingError) as caught:
        Store.open_existing(wrong)
    assert "canary" not in str(caught.value) + "".join(capfd.readouterr())
