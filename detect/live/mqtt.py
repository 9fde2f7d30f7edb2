"""Tells an MQTT broker of alerts and cameras, as the record has them; Home Assistant finds them by itself.

Under a prefix: ``status`` (online or offline, kept by the broker; offline also by Last Will when the daemon is gone),
``cameras/CAMERA/state`` (kept), ``waiting`` (kept: alerts that wait for a decision), and
``alerts/CAMERA/KIND``, one message a step of an alert's life, of type new, update or end. Camera and kind stand in
the topic, so that a receiver can ask for a part with a wildcard. Nobody's name, no picture and no track number is told.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Annotated, Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import Field, field_validator, model_validator

from detect.live.teller import POLL_S, complain
from detect.outbox import Entry as Told
from detect.outbox import place_of, put_place, waiting
from detect.sources.address import expand
from detect.store import CameraState, Store
from scenarios.entry import Entry, Id
from scenarios.errors import ScenarioError

__all__ = ["MqttConfig", "MqttTeller", "check_brokers"]

_AGAIN_S: Final = (1, 60)
"""Shortest and longest wait before a connection that was lost is tried again."""
_ANSWER_S: Final = 10.0
_KEEP_ALIVE_S: Final = 15
"""The broker tells the Last Will one and a half times so long after the daemon was last heard of."""
_NEAR: Final = ("localhost", "127.0.0.1", "::1")
_TYPES: Final = {"alert.raised": "new", "alert.seen": "update"}
_STATES: Final = {"alert.raised": "new", "alert.seen": "seen", "alert.expired": "expired"}
_SAID: Final = ("kind", "camera_id", "zone", "place_m", "start_s", "end_s", "score", "drill")


class MqttConfig(Entry):
    """A broker.

    Attributes:
        id: Its name in the record.
        host: Where it is.
        port: 8883 with TLS, 1883 without.
        user: Name there, best as ``${NAME}`` of the environment,
        password: and password.
        tls: Whether it is talked to with TLS; without it only on this machine, unless ``allow_plain``.
        allow_plain: Whether it may be talked to without TLS across a network.
        ca_file: Certificates that its own is checked against, a path as seen from this file; None: the system's.
        prefix: Of all topics.
        home_assistant: Prefix under which Home Assistant looks for devices, by default ``homeassistant``; None: it is
            told nothing.
    """

    id: Id
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    user: str | None = None
    password: str | None = None
    tls: bool = True
    allow_plain: bool = False
    ca_file: Path | None = None
    prefix: str = "parvis"
    home_assistant: str | None = None

    @field_validator("prefix", "home_assistant")
    @classmethod
    def _is_topic(cls, prefix: str | None) -> str | None:
        if prefix is not None and (not prefix.strip("/") or any(c in prefix for c in "#+\0") or prefix[0] in "$/"):
            raise ValueError(f"'{prefix}' is no prefix of topics; it should be such as parvis or house/parvis")
        return None if prefix is None else prefix.rstrip("/")

    @model_validator(mode="after")
    def _is_guarded(self) -> MqttConfig:
        if not self.tls and self.host not in _NEAR and not self.allow_plain:
            raise ValueError(
                "tls: is off and the broker is not on this machine; set allow_plain = true if that is meant"
            )
        if self.password is not None and self.user is None:
            raise ValueError("user: is missing, and a password stands alone")
        return self


def check_brokers(brokers: list[MqttConfig], where: str) -> None:
    """Check what only the environment tells.

    Raises:
        ScenarioError: Two have one name, or a variable is not set.
    """
    names = [broker.id for broker in brokers]
    if len(set(names)) < len(names):
        raise ScenarioError(f"{where}: mqtt: two have the same id")
    for broker in brokers:
        for written in (broker.user, broker.password):
            expand(written or "")


@dataclass(slots=True)
class MqttTeller:
    """Tells one broker.

    Attributes:
        broker: The broker.
        beside: Folder from which ``ca_file`` is seen.
        name: In the record.
        over: Set when it should come to an end.
    """

    broker: MqttConfig
    beside: Path
    name: str = field(init=False)
    over: Flag = field(default_factory=Flag, init=False)
    _client: paho.Client | None = field(default=None, init=False)
    _up: Flag = field(default_factory=Flag, init=False)
    _greeted: bool = field(default=False, init=False)
    _known: set[str] = field(default_factory=set, init=False)
    _problem: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Take its name."""
        self.name = f"mqtt {self.broker.id}"

    def tell(self, store: Store) -> float:
        """Tell what there is; returns for how many seconds to wait before the next look."""
        place = place_of(store.database, self.name)
        if self._client is None:
            self._client = self._connect(f"parvis-{place.store_id}-{self.broker.id}")
        if self._client is None or not self._up.is_set():
            return POLL_S
        if not self._greeted and not self._greet(store):
            return POLL_S
        for told in waiting(store.database, self.name):
            if self.over.is_set() or not self._pass_on(told, store, place.store_id):
                return POLL_S
            put_place(store.database, self.name, told.seq)
        return POLL_S

    def close(self) -> None:
        """Say that nobody watches any more, and leave."""
        if self._client is not None:
            if self._up.is_set():
                self._publish("status", "offline", keep=True)
            self._client.disconnect()
            self._client.loop_stop()

    def _connect(self, client_id: str) -> paho.Client | None:
        broker = self.broker
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=True)
        if broker.user is not None:
            client.username_pw_set(expand(broker.user), None if broker.password is None else expand(broker.password))
        if broker.tls:
            ca_file = None if broker.ca_file is None else self.beside / broker.ca_file
            try:
                client.tls_set_context(ssl.create_default_context(cafile=ca_file))
            except (OSError, ssl.SSLError):
                self._complain(f"{ca_file} holds no certificates that can be read")
                return None
        client.will_set(f"{broker.prefix}/status", "offline", qos=1, retain=True)
        client.reconnect_delay_set(*_AGAIN_S)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_connect_fail = self._unreached
        client.connect_async(broker.host, broker.port, keepalive=_KEEP_ALIVE_S)
        client.loop_start()
        return client

    def _connected(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if code.is_failure:
            self._complain(f"{self.broker.host} refuses the connection: {str(code).lower()}")
            return
        self._problem = ""
        self._greeted = False
        self._up.set()

    def _unreached(self, _client: Any, _data: Any) -> None:
        doubt = ", or its certificate does not hold" if self.broker.tls else ""
        self._complain(f"{self.broker.host} does not answer{doubt}")

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if self._up.is_set() and not self.over.is_set():
            self._complain(f"{self.broker.host} is away: {str(code).lower()}")
        self._up.clear()

    def _complain(self, problem: str) -> None:
        """Say what is wrong, once as long as it is the same."""
        if problem != self._problem:
            self._problem = problem
            complain(self.name, problem)

    def _greet(self, store: Store) -> bool:
        """Say what is so now; a broker that was started anew may have forgotten everything."""
        cameras = store.cameras()
        said = [self._publish("status", "online", keep=True), self._say_waiting(store)]
        said += [self._say_camera(camera) for camera in cameras]
        if self.broker.home_assistant is not None:
            said += [
                self._publish_at(f"{self.broker.home_assistant}/{topic}", json.dumps(config), keep=True)
                for topic, config in _discovery(self.broker.prefix, [c.camera_id for c in cameras]).items()
            ]
        self._greeted = all(said)
        self._known = {camera.camera_id for camera in cameras}
        return self._greeted

    def _pass_on(self, told: Told, store: Store, store_id: str) -> bool:
        facts = told.facts
        if told.action.startswith("camera.") and "camera" in facts:
            camera = next((c for c in store.cameras() if c.camera_id == facts["camera"]), None)
            if camera is None:
                return True
            self._greeted = self._greeted and camera.camera_id in self._known
            return self._say_camera(camera)
        if not told.action.startswith("alert.") or told.event is None:
            return True
        event = told.event
        message = {
            "type": _TYPES.get(told.action, "end"),
            "id": f"{store_id}-{told.seq}",
            "at": told.at,
            "alert": facts["alert"],
            "state": facts.get("verdict") or _STATES.get(told.action, told.action.removeprefix("alert.")),
            **{key: event[key] for key in _SAID if event.get(key) is not None},
        }
        topic = f"alerts/{event['camera_id']}/{event['kind']}"
        return self._publish(topic, json.dumps(message)) and self._say_waiting(store)

    def _say_camera(self, camera: CameraState) -> bool:
        message = {"camera": camera.camera_id, "state": camera.state, "live": camera.state == "live"}
        return self._publish(f"cameras/{camera.camera_id}/state", json.dumps(message), keep=True)

    def _say_waiting(self, store: Store) -> bool:
        many = sum(n for (_, state), n in store.count_alerts().items() if state in ("new", "seen"))
        return self._publish("waiting", str(many), keep=True)

    def _publish(self, topic: str, text: str, *, keep: bool = False) -> bool:
        return self._publish_at(f"{self.broker.prefix}/{topic}", text, keep=keep)

    def _publish_at(self, topic: str, text: str, *, keep: bool) -> bool:
        """Return whether the broker has said that it has it."""
        assert self._client is not None
        try:
            sent = self._client.publish(topic, text, qos=1, retain=keep)
            sent.wait_for_publish(_ANSWER_S)
            return bool(sent.is_published())
        except (RuntimeError, ValueError):  # the connection was lost meanwhile, or its queue is full
            return False


def _discovery(prefix: str, cameras: list[str]) -> dict[str, dict[str, Any]]:
    """Return what Home Assistant reads to make entities: topic below its prefix to configuration.

    Reference:
        https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
    """
    node = "".join(c if c.isalnum() else "_" for c in prefix)
    shared: dict[str, Any] = {
        "availability_topic": f"{prefix}/status",
        "device": {"identifiers": [node], "name": "Parvis", "manufacturer": "Parvis"},
    }
    found: dict[str, dict[str, Any]] = {
        f"sensor/{node}/waiting/config": shared
        | {
            "name": "Alerts to verify",
            "unique_id": f"{node}_waiting",
            "state_topic": f"{prefix}/waiting",
            "unit_of_measurement": "alerts",
            "state_class": "measurement",
        }
    }
    for camera in cameras:
        found[f"binary_sensor/{node}/{camera}/config"] = shared | {
            "name": f"Camera {camera}",
            "unique_id": f"{node}_camera_{camera}",
            "device_class": "connectivity",
            "state_topic": f"{prefix}/cameras/{camera}/state",
            "value_template": "{{ 'ON' if value_json.live else 'OFF' }}",
        }
    return found
