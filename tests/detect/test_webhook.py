"""Others are told in order, once they listen, by signed messages; nothing is lost and nobody else is waited for."""

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from detect.desk import Alert, AlertState
from detect.live.config import load_config
from detect.live.teller import telling
from detect.live.webhook import WebhookConfig, WebhookTeller, sign
from detect.outbox import count_waiting, place_of
from detect.store import CameraState, Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

SECRET = "canary-secret-5519-2277"


class Receiver(ThreadingHTTPServer):
    """Answers with the next of ``answers``, then 200, and keeps what it was told."""

    def __init__(self, answers=()):
        self.answers, self.told = list(answers), []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.server.told.append((dict(self.headers.items()), body))
                status = self.server.answers.pop(0) if self.server.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook?x=1"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def types(self):
        return [json.loads(body)["type"].removeprefix("org.parvis.") for _, body in self.told]


@pytest.fixture
def receiver():
    made = []

    def make(*answers):
        made.append(Receiver(answers))
        return made[-1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        store.note("daemon.started", {"pid": 1})
        yield store


def raised(store, number=1):
    event = Event(f"e{number}", EventKind.FIRE, "gate", 3.0, None, (1.0, 2.0), None, None, (4, 7), 0.8, "fire")
    store.raise_alert(Alert(f"gate-{number}", event, AlertState.NEW, datetime.now(UTC), (f"e{number}",)))


def hook(url, **more):
    return WebhookConfig(id="house", url=url, secret=SECRET, allow_private=True, **more)


def teller(store, url):
    return WebhookTeller(hook(url))


def test_what_happens_from_now_on_is_told_in_order_and_signed(store, receiver):
    house = receiver()
    mine = teller(store, house.url)
    mine.tell(store)  # it begins here
    store.say_camera(CameraState("gate", "rtsp://user@cam/x", "live", "", None, {}))
    raised(store)
    store.mark_seen("gate-1", "ada")
    store.note_view("gate-1", "still", "ada")
    store.decide("gate-1", "confirmed", by="ada")
    mine.tell(store)
    assert house.types() == ["camera.live", "alert.raised", "alert.seen", "alert.decided"]
    headers, body = house.told[1]
    message = json.loads(body)
    assert (message["specversion"], message["subject"]) == ("1.0", "gate-1")
    assert message["data"]["event"]["kind"] == "fire"
    assert "track_ids" not in message["data"]["event"]
    assert "rtsp" not in house.told[0][1].decode()
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert headers["Webhook-Id" if "Webhook-Id" in headers else "webhook-id"] == message["id"]
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == sign(SECRET, message["id"], stamp, body)
    assert headers["webhook-signature"] != sign(SECRET, message["id"], stamp + 1, body)
    assert abs(stamp - time.time()) < 60
    mine.tell(store)
    assert len(house.told) == 4, "told once"


def test_a_signature_is_that_of_the_standard():
    """The example that implementations of Standard Webhooks are held against."""
    found = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_that_is_away_for_long_is_told_everything_when_it_is_back(store, receiver, capsys):
    away = receiver()
    place_of(store.database, "house")
    away.shutdown()
    away.server_close()
    mine = teller(store, away.url)
    for number in range(30):
        raised(store, number)
    waits = [mine.tell(store) for _ in range(12)]
    assert all(later > 1.3 * sooner for sooner, later in pairwise(waits[:7]))
    assert max(waits) <= 1.2 * 300
    assert count_waiting(store.database) == {"house": 30}
    back = receiver(503, 429)
    mine.webhook = hook(back.url)
    while count_waiting(store.database)["house"]:
        mine.tell(store)
    told = [json.loads(body)["subject"] for _, body in back.told]
    assert told == ["gate-0"] * 3 + [f"gate-{n}" for n in range(1, 30)]
    assert len({json.loads(body)["id"] for _, body in back.told[:3]}) == 1, "the same id, so that it can be told apart"
    assert SECRET not in capsys.readouterr().err


def test_what_is_refused_again_and_again_is_passed_over_and_the_record_says_so(store, receiver):
    strict = receiver(*[400] * 5)
    place_of(store.database, "house")
    raised(store, 1)
    raised(store, 2)
    mine = teller(store, strict.url)
    for _ in range(6):
        mine.tell(store)
    assert [json.loads(body)["subject"] for _, body in strict.told] == ["gate-1"] * 5 + ["gate-2"]
    (facts,) = store.database.rows("SELECT facts FROM audit WHERE action = 'webhook.given_up'")
    assert json.loads(facts[0])["why"] == "127.0.0.1 answers 400"
    assert store.verify().ok


def test_redirections_are_not_followed(store, receiver):
    bent = receiver(302)
    place_of(store.database, "house")
    raised(store)
    mine = teller(store, bent.url)
    assert mine.tell(store) >= 0.8
    assert len(bent.told) == 1
    mine.tell(store)
    assert len(bent.told) == 2


def test_private_networks_are_told_only_when_that_is_meant(store, receiver):
    inside = receiver()
    place_of(store.database, "house")
    raised(store)
    for url in (inside.url.replace("http:", "https:"), "https://169.254.169.254/latest", "https://[::1]:1/x"):
        mine = WebhookTeller(WebhookConfig(id="house", url=url, secret=SECRET))
        mine.tell(store)
        status, problem = mine._post(next(iter(_entries(store))), "s")
        assert (status, "private network" in problem) == (0, True)
    assert inside.told == []


def _entries(store):
    from detect.outbox import waiting

    return waiting(store.database, "house")


def test_a_daemons_threads_tell_everybody_for_himself(store, receiver):
    quick, slow = receiver(), receiver(*[503] * 100)
    both = [hook(quick.url), WebhookConfig(id="slow", url=slow.url, secret=SECRET, allow_private=True)]
    for webhook in both:
        place_of(store.database, webhook.id)
    raised(store)
    with telling([WebhookTeller(one) for one in both], store.database.path):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not (quick.told and slow.told):
            time.sleep(0.05)
    assert quick.types() == ["alert.raised"]
    assert slow.told


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ('url = "ftp://h/x"', "should be https://HOST/PATH"),
        ('url = "https://me:pw@h/x"', "holds a user or password"),
        ('url = "http://h/x"', "is not https"),
        ('url = "https://h/x"\nsecret = "short"', "should have 16 characters"),
        ('url = "https://h/x"\nsecret = "${PARVIS_NOT_SET}"', "PARVIS_NOT_SET is not set"),
    ],
)
def test_configurations_that_make_no_sense(tmp_path, webhook, words):
    secret = "" if "secret" in webhook else f'\nsecret = "{SECRET}"'
    (tmp_path / "live.toml").write_text(
        f'cameras = [{{ id = "gate", source = "webcam:0" }}]\n[[webhooks]]\nid = "house"\n{webhook}{secret}'
    )
    with pytest.raises(ParvisError, match=words) as caught:
        load_config(tmp_path / "live.toml")
    assert SECRET not in str(caught.value)
