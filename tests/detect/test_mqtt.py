"""A real broker is told of an alert's life and of cameras; nothing is lost while it is away, and no secret is told."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from detect.desk import Alert, AlertState
from detect.live.config import load_config
from detect.live.mqtt import MqttConfig, MqttTeller
from detect.live.teller import telling
from detect.outbox import count_waiting
from detect.store import CameraState, Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
PASSWORD = "canary-mqtt-7731"
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def listens(port):
    """Wait until somebody answers there."""
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


class Broker:
    """A mosquitto of our own on a free port of this machine, and somebody who hears everything there."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.heard, self.process, self.ear = folder, [], None, None
        (folder / "users").write_text(f"parvis:{PASSWORD}\near:{PASSWORD}\n")
        (folder / "users").chmod(0o600)
        passwd = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
        subprocess.run([passwd, "-U", str(folder / "users")], check=True)
        (folder / "broker.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/users\nuser root\n"
        )

    def start(self):
        with (self.folder / "broker.log").open("a") as log:
            command = [MOSQUITTO, "-c", str(self.folder / "broker.conf")]
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        self.ear = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear")
        self.ear.username_pw_set("ear", PASSWORD)
        self.ear.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        ready = threading.Event()
        self.ear.on_subscribe = lambda *_: ready.set()
        self.ear.on_message = lambda _c, _d, m: self.heard.append((m.topic, m.payload.decode()))
        listens(self.port)
        self.ear.connect("127.0.0.1", self.port)
        self.ear.loop_start()
        assert ready.wait(10)

    def stop(self):
        self.ear.disconnect()
        self.ear.loop_stop()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def until(self, wanted, within_s=20):
        deadline = time.monotonic() + within_s
        while not (found := [text for topic, text in self.heard if wanted(topic, text)]):
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.02)
        return found

    def alerts(self):
        return [json.loads(text) for topic, text in self.heard if topic.startswith("parvis/alerts/")]


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        store.say_camera(CameraState("gate", "rtsp://user@cam/x", "live", "", None, {}))
        yield store


def raised(store, number=1, drill=None):
    event = Event(
        f"e{number}", EventKind.FIRE, "gate", 3.0, None, (1.0, 2.0), None, None, (4, 7), 0.8, "fire", drill=drill
    )
    store.raise_alert(Alert(f"gate-{number}", event, AlertState.NEW, datetime.now(UTC), (f"e{number}",)))


def config(port, **more):
    more = {"user": "parvis", "password": PASSWORD} | more
    return MqttConfig(id="house", host="127.0.0.1", port=port, tls=False, **more)


def told(store, tmp_path, broker, **more):
    return telling([MqttTeller(config(broker.port, **more), tmp_path)], store.database.path)


def test_an_alerts_life_is_told_in_order_where_receivers_can_choose(store, broker, tmp_path):
    with told(store, tmp_path, broker):
        broker.until(lambda topic, text: (topic, text) == ("parvis/status", "online"))
        raised(store)
        store.mark_seen("gate-1", "ada")
        store.decide("gate-1", "dismissed", by="ada", reason="steam")
        broker.until(lambda _, text: '"end"' in text)
        raised(store, 2, drill="drill-1")
        broker.until(lambda _, text: "drill-1" in text)
    broker.until(lambda topic, text: (topic, text) == ("parvis/status", "offline"))  # it leaves in order
    said = broker.alerts()
    assert [(m["type"], m["state"]) for m in said[:3]] == [("new", "new"), ("update", "seen"), ("end", "dismissed")]
    assert len({m["id"] for m in said}) == 4
    assert {topic for topic, _ in broker.heard if "alerts/" in topic} == {"parvis/alerts/gate/fire"}
    assert "drill" not in said[0]
    assert said[3]["drill"] == "drill-1"
    assert json.loads(dict(broker.heard)["parvis/cameras/gate/state"])["live"] is True
    assert [text for topic, text in broker.heard if topic == "parvis/waiting"][-1] == "0", "drills do not wait"
    everything = repr(broker.heard)
    for never in ("ada", "steam", "rtsp", "track", PASSWORD):
        assert never not in everything


def test_what_happens_while_the_broker_is_away_is_told_when_it_is_back(store, broker, tmp_path, capfd):
    with told(store, tmp_path, broker):
        broker.until(lambda _, text: text == "online")
        broker.stop()
        for number in range(1, 6):
            raised(store, number)
        time.sleep(1.0)
        assert count_waiting(store.database)["mqtt house"] == 5
        broker.start()
        broker.until(lambda _, text: '"gate-5"' in text, within_s=30)
    first = list(dict.fromkeys(m["alert"] for m in broker.alerts()))
    assert first == [f"gate-{number}" for number in range(1, 6)]
    assert count_waiting(store.database)["mqtt house"] == 0
    assert PASSWORD not in "".join(capfd.readouterr())


def test_the_broker_says_offline_when_the_daemon_is_killed(store, broker, tmp_path):
    script = (
        "import sys, time, pathlib\n"
        "from detect.live.mqtt import MqttConfig, MqttTeller\n"
        "from detect.live.teller import telling\n"
        f"broker = MqttConfig(id='house', host='127.0.0.1', port={broker.port}, tls=False, user='parvis', "
        f"password='{PASSWORD}')\n"
        f"with telling([MqttTeller(broker, pathlib.Path('.'))], pathlib.Path({str(store.database.path)!r})):\n"
        "    time.sleep(60)\n"
    )
    daemon = subprocess.Popen([sys.executable, "-c", script])
    broker.until(lambda topic, text: (topic, text) == ("parvis/status", "online"))
    daemon.kill()
    daemon.wait()
    broker.until(lambda topic, text: (topic, text) == ("parvis/status", "offline"))


def test_a_wrong_password_is_said_once_and_never_shown(store, broker, tmp_path, capfd):
    wrong = "canary-wrong-8842"
    with told(store, tmp_path, broker, password=wrong):
        raised(store)
        deadline = time.monotonic() + 10
        said = ""
        while "refuses the connection" not in said:
            assert time.monotonic() < deadline
            said += capfd.readouterr().err
            time.sleep(0.05)
        time.sleep(1.5)
    said += "".join(capfd.readouterr())
    assert said.count("not authorized") == 1
    assert wrong not in said
    assert broker.alerts() == []
    assert wrong not in repr(store.database.rows("SELECT facts FROM audit"))


def test_home_assistant_finds_cameras_and_what_waits(store, broker, tmp_path):
    with told(store, tmp_path, broker, home_assistant="homeassistant"):
        broker.until(lambda topic, _: topic.endswith("gate/config"))
        store.say_camera(CameraState("hall", "rtsp://cam2", "live", "", None, {}))
        broker.until(lambda topic, _: topic.endswith("hall/config"))
    configs = {topic: json.loads(text) for topic, text in broker.heard if topic.startswith("homeassistant/")}
    assert set(configs) == {
        "homeassistant/sensor/parvis/waiting/config",
        "homeassistant/binary_sensor/parvis/gate/config",
        "homeassistant/binary_sensor/parvis/hall/config",
    }
    heard = dict(broker.heard)
    for entity in configs.values():
        assert heard[entity["state_topic"]]
        assert entity["availability_topic"] == "parvis/status"
    assert len({entity["unique_id"] for entity in configs.values()}) == 3


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('host = "b.example"\ntls = false', "allow_plain = true"),
        ('host = "b.example"\npassword = "x"', "user: is missing"),
        ('host = "b.example"\nprefix = "a/#"', "no prefix of topics"),
        ('host = "b.example"\nuser = "${NOT_SET_ANYWHERE}"', "NOT_SET_ANYWHERE"),
        ('host = ""', "host"),
    ],
)
def test_a_broker_that_makes_no_sense_is_one_sentence(tmp_path, lines, words):
    path = tmp_path / "live.toml"
    path.write_text(f'cameras = [{{ id = "a", source = "a.mp4" }}]\n[[mqtt]]\nid = "house"\n{lines}\n')
    with pytest.raises(ParvisError, match=words.replace("{", r"\{")):
        load_config(path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.filterwarnings("ignore:Exception ignored in.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_with_tls_only_a_certificate_that_holds_is_talked_to(store, tmp_path, capfd):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*made, "-addext", "subjectAltName=DNS:localhost", *files], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "tls.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n"
    )
    process = subprocess.Popen([MOSQUITTO, "-c", str(tmp_path / "tls.conf")], stderr=subprocess.DEVNULL)
    try:
        listens(port)
        for ca_file, wanted in (("cert.pem", True), (None, False)):
            broker = MqttConfig(id=f"ca_{wanted}".lower(), host="localhost", port=port, ca_file=ca_file)
            mine = MqttTeller(broker, tmp_path)
            said, deadline = "", time.monotonic() + 10
            while time.monotonic() < deadline and not mine._up.is_set() and "certificate" not in said:
                mine.tell(store)
                time.sleep(0.05)
                said += capfd.readouterr().err
            assert mine._up.is_set() is wanted, said
            assert ("its certificate does not hold" in said) is not wanted
            mine.close()
    finally:
        process.kill()
        process.wait()
