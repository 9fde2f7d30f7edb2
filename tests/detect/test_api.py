"""The interface for other programs: nothing without a token, nothing made up, every mistake a sentence."""

import asyncio
import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from detect.desk import Alert, AlertState
from detect.live.api import _pictures, build_api
from detect.live.config import load_config
from detect.live.openapi import description
from detect.store import CameraState, Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

TOKEN, OTHER = "canary-token-ada-7731", "canary-token-bob-9402"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


def an_alert(number, kind=EventKind.ABANDONED_OBJECT):
    event = Event(
        f"e{number}", kind, "gate", 3.0, None, (1.0, 2.0), (1.0, 2.0, 30.0, 40.0), None, (4,), 0.8, kind.value
    )
    return Alert(
        f"gate-{number}", event, AlertState.NEW, datetime.now(UTC) - timedelta(seconds=number), (f"e{number}",)
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "live.sqlite"
    now = datetime.now(UTC)
    with Store.create_or_open(path) as store:
        store.say_camera(CameraState("gate", "rtsp://cam/x", "live", "", now, {"frames": 7, "gaps": 1, "alerts": 2}))
        store.say_camera(CameraState("away", "rtsp://b/x", "lost", "no answer", None, {}))
        store.keep_picture("gate", b"\xff\xd8gate", now)
        store.raise_alert(an_alert(1), b"\xff\xd8still")
        store.raise_alert(an_alert(2, EventKind.CROWD_MOVEMENT))
        store.switch("purpose:density", on=False, by="ada", reason="wrong zone")
    return path


@pytest.fixture
def client(path):
    app = build_api(path, {"ada": TOKEN, "bob": OTHER}, ("testserver",))
    with TestClient(app, headers=SHOWN, raise_server_exceptions=False) as client:
        yield client


def routes():
    return [
        (method, re.sub(r"\{\w+\}", "gate-1", path))
        for path, item in description()["paths"].items()
        for method in ("get", "post")
        if method in item
    ]


@pytest.mark.parametrize(("method", "route"), [*routes(), ("get", "/"), ("get", "/nothing")])
@pytest.mark.parametrize("shown", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
def test_every_route_asks_for_a_token(path, method, route, shown):
    client = TestClient(build_api(path, {"ada": TOKEN}), headers={} if shown is None else {"Authorization": shown})
    answer = client.request(method, f"{route}?token={TOKEN}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text


def test_it_answers_to_its_own_names_only(client):
    assert client.get("/api/cameras", headers={"Host": "evil.example"}).status_code == 421


def test_cameras_say_how_old_their_picture_is(client):
    away, gate = client.get("/api/cameras").json()
    assert (gate["id"], gate["live"], gate["counters"]["frames"]) == ("gate", True, 7)
    assert 0 <= gate["picture_age_s"] < 60
    assert (away["live"], away["words"], away["picture_age_s"]) == (False, "no answer", None)
    assert client.get("/api/cameras/gate/snapshot.jpg").content == b"\xff\xd8gate"
    assert client.get("/api/cameras/away/snapshot.jpg").status_code == 404


def test_a_decision_is_by_whose_token_it_is_and_made_once(client, path):
    said = {"verdict": "confirmed", "by": "mallory"}
    assert client.post("/api/alerts/gate-1/decision", json=said).status_code == 422
    assert client.post("/api/alerts/gate-1/decision", json={"verdict": "dismissed"}).status_code == 422
    made = client.post("/api/alerts/gate-1/decision", json={"verdict": "dismissed", "reason": "a statue"})
    assert (made.status_code, made.json()["by"]) == (200, "ada")
    again = client.post(
        "/api/alerts/gate-1/decision", json={"verdict": "confirmed"}, headers={"Authorization": f"Bearer {OTHER}"}
    )
    assert again.status_code == 409
    assert client.get("/api/alerts?state=dismissed").json()[0]["id"] == "gate-1"
    with Store.open_existing(path) as store:
        assert [(d.by, d.reason) for d in store.decisions()] == [("ada", "a statue")]
        assert store.verify().ok
    assert client.get("/api/audit").json()["ok"] is True


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("get", "/api/alerts/none", None, 404),
        ("get", "/api/alerts/gate-2/still.jpg", None, 404),
        ("get", "/api/cameras/none/stream.mjpeg", None, 404),
        ("get", "/api/alerts?limit=0", None, 422),
        ("get", "/api/alerts?limit=%C2%B2", None, 422),
        ("get", "/api/alerts?state=open", None, 422),
        ("get", "/api/alerts?stat=new", None, 422),
        ("post", "/api/alerts/gate-2/decision", b"{", 400),
        ("post", "/api/alerts/gate-2/decision", b"\xff\xfe", 400),
        ("post", "/api/alerts/gate-2/decision", b"[" * 9000, 400),
        ("post", "/api/alerts/gate-2/decision", b"[]", 422),
        ("post", "/api/alerts/gate-2/decision", b" " * 20_000, 413),
        ("post", "/api/alerts/none/decision", b'{"verdict": "confirmed"}', 404),
        ("post", "/api/cameras", None, 405),
    ],
)
def test_what_makes_no_sense_is_one_sentence(client, method, route, body, status):
    answer = client.request(method, route, content=body)
    assert answer.status_code == status
    assert "\n" not in answer.json()["error"]


def test_a_store_that_is_gone_is_said_and_not_made(tmp_path):
    client = TestClient(build_api(tmp_path / "no.sqlite", {"ada": TOKEN}), headers=SHOWN, raise_server_exceptions=False)
    answer = client.get("/api/alerts")
    assert (answer.status_code, "no such alert store" in answer.json()["error"]) == (503, True)
    assert not (tmp_path / "no.sqlite").exists()


def test_metrics_name_cameras_and_kinds_and_nothing_else(client):
    told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'parvis_camera_live{camera="gate"} 1.0' in told.text
    assert 'parvis_camera_frames_total{camera="gate"} 7.0' in told.text
    assert 'parvis_camera_state{camera="away",state="lost"} 1.0' in told.text
    assert 'parvis_alerts{kind="crowd_movement",state="new"} 1.0' in told.text
    assert 'parvis_switched_off{what="purpose:density"} 1.0' in told.text
    assert 'parvis_camera_picture_age_seconds{camera="away"}' not in told.text, "no picture is no age of 0"
    assert "rtsp" not in told.text
    assert "ada" not in told.text


def test_a_stream_shows_a_card_where_no_picture_comes(path):
    async def first_of(camera):
        told = _pictures(path, camera)
        first = await anext(told)
        await told.aclose()
        return first

    first = asyncio.run(first_of("away"))
    assert first.startswith(b"--picture\r\nContent-Type: image/jpeg")
    assert len(first) > 1000
    assert asyncio.run(first_of("gate")).rstrip().endswith(b"\xff\xd8gate")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('tokens = { ada = "short" }', "http.tokens.ada: has 5 characters"),
        ('tokens = { ada = "${PARVIS_NOT_SET}" }', "PARVIS_NOT_SET is not set"),
        (f'tokens = {{ ada = "{TOKEN}", bob = "{TOKEN}" }}', "two are the same"),
        (f'port = 99999\ntokens = {{ ada = "{TOKEN}" }}', "port"),
        ("port = 8600", "tokens"),
    ],
)
def test_configurations_that_make_no_sense(tmp_path, text, words):
    (tmp_path / "live.toml").write_text('cameras = [{ id = "gate", source = "webcam:0" }]\n[http]\n' + text)
    with pytest.raises(ParvisError, match=re.escape(words)) as caught:
        load_config(tmp_path / "live.toml")
    assert TOKEN not in str(caught.value)


def test_whatever_is_sent_there_is_no_server_error(path):
    """By the description, and with what it does not allow."""
    app = build_api(path, {"ada": TOKEN})
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=SHOWN)
    tried = []

    def send_to(operation, mode):
        told = {*operation.definition.raw["responses"], "400", "404", "405"}

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            answer = case.call(headers=SHOWN)
            tried.append((operation.path, answer.status_code))
            assert str(answer.status_code) in told - {"503"}

        with contextlib.suppress(Unsatisfiable):  # nothing wrong can be said to what takes nothing
            send()

    for found in schema.exclude(path_regex="mjpeg$").get_all_operations():  # that one does not end
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            send_to(found.ok(), mode)
    wanted = {path for path in description()["paths"] if path.startswith("/api/") and not path.endswith("mjpeg")}
    assert wanted - {path for path, _ in tried} == set()
    assert {200, 404, 422} <= {status for _, status in tried}


def test_drills_are_told_without_who_asked_for_them(client, path):
    with Store.open_existing(path) as store:
        drill = store.drills.ask("gate", EventKind.PERSON_DOWN, by="canary-asker")
        store.drills.stop(drill.drill_id, by="ada")
    (told,) = client.get("/api/drills").json()
    assert (told["id"], told["kind"], told["state"], told["delay_s"]) == (drill.drill_id, "person_down", "void", None)
    assert "canary-asker" not in str(told)
