"""Tells other systems by webhook what goes into the record: alerts, decisions, cameras that come and go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import random
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import field_validator

from detect.live.teller import POLL_S, complain
from detect.outbox import Entry as Told
from detect.outbox import give_up, place_of, put_place, waiting
from detect.sources.address import expand
from detect.store import Store
from scenarios.entry import Entry, Id
from scenarios.errors import ParvisError, ScenarioError

__all__ = ["WebhookConfig", "WebhookTeller", "check_webhooks", "cloud_event", "sign"]

_TIMEOUT_S: Final = 10.0
_FIRST_WAIT_S: Final = 1.0
_MOST_WAIT_S: Final = 300.0
_REFUSALS: Final = 5
"""So often a receiver may refuse one and the same thing, before the next one is told."""
_TRY_AGAIN: Final = (408, 409, 425, 429)
_SHORTEST_SECRET: Final = 16
_CODED: Final = "whsec_"


class WebhookConfig(Entry):
    """A receiver.

    Attributes:
        id: Its name in the record.
        url: Where it is told, best https.
        secret: Shared with the receiver, best as ``${NAME}`` of the environment; every message is signed with it.
        allow_private: Whether it may stand in this machine's or a private network, and be told without TLS.
    """

    id: Id
    url: str
    secret: str
    allow_private: bool = False

    @field_validator("url")
    @classmethod
    def _is_web(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("should be https://HOST/PATH")
        if parts.username or parts.password:
            raise ValueError("holds a user or password; messages are signed with the secret instead")
        return url


def check_webhooks(webhooks: Sequence[WebhookConfig], where: str) -> None:
    """Check what only the environment tells.

    Raises:
        ScenarioError: Two have one name, a secret is short or its variable is not set, or TLS is missing.
    """
    names = [webhook.id for webhook in webhooks]
    if len(set(names)) < len(names):
        raise ScenarioError(f"{where}: webhooks: two have the same id")
    for webhook in webhooks:
        if len(expand(webhook.secret)) < _SHORTEST_SECRET:
            raise ScenarioError(
                f"{where}: webhooks.{webhook.id}.secret: should have {_SHORTEST_SECRET} characters or more"
            )
        if urlsplit(webhook.url).scheme == "http" and not webhook.allow_private:
            raise ScenarioError(
                f"{where}: webhooks.{webhook.id}.url: is not https; set allow_private = true if it stays in the house"
            )


def cloud_event(told: Told, store_id: str) -> dict[str, Any]:
    """Return an entry of the record as a CloudEvents 1.0 message in structured mode."""
    return {
        "specversion": "1.0",
        "id": f"{store_id}-{told.seq}",
        "source": f"urn:parvis:{store_id}",
        "type": f"org.parvis.{told.action}",
        "time": told.at,
        **({"subject": str(told.facts["alert"])} if "alert" in told.facts else {}),
        "datacontenttype": "application/json",
        "data": told.facts | ({} if told.event is None else {"event": told.event}),
    }


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: HMAC-SHA256 of id, time and body, as Standard Webhooks 1.0 has it.

    A secret that begins with ``whsec_`` goes on in base64, any other is taken as it is.
    """
    key = base64.b64decode(secret.removeprefix(_CODED)) if secret.startswith(_CODED) else secret.encode()
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class WebhookTeller:
    """Tells one receiver by webhook.

    Attributes:
        webhook: The receiver.
        name: In the record.
        over: Set when it should come to an end.
    """

    webhook: WebhookConfig
    name: str = field(init=False)
    over: Flag = field(default_factory=Flag, init=False)
    _failures: int = field(default=0, init=False)
    _refused: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Take its name."""
        self.name = self.webhook.id

    def tell(self, store: Store) -> float:
        """Tell what there is; returns for how many seconds to wait before the next look."""
        database, name = store.database, self.name
        for told in waiting(database, name):
            if self.over.is_set():
                return 0.0
            status, problem = self._post(told, place_of(database, name).store_id)
            if 200 <= status < 300:
                self._failures = self._refused = 0
                put_place(database, name, told.seq)
                continue
            self._failures += 1
            if 400 <= status < 500 and status not in _TRY_AGAIN:
                self._refused += 1
                if self._refused >= _REFUSALS:
                    give_up(database, name, told.seq, problem)
                    self._failures = self._refused = 0
                    continue
            wait: float = min(_FIRST_WAIT_S * 2 ** min(self._failures - 1, 12), _MOST_WAIT_S)
            complain(f"webhook {name}", f"{problem}; again in {wait:.0f} s")
            return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        return POLL_S

    def close(self) -> None:
        """Nothing stays open between messages."""

    def _post(self, told: Told, store_id: str) -> tuple[int, str]:
        """Send one message; returns the status, 0 where there was no answer, and what was wrong in words."""
        message = cloud_event(told, store_id)
        body, now = json.dumps(message).encode(), int(time.time())
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": message["id"],
            "webhook-timestamp": str(now),
            "webhook-signature": sign(expand(self.webhook.secret), message["id"], now, body),
        }
        parts = urlsplit(self.webhook.url)
        try:
            with closing(_connect(parts, allow_private=self.webhook.allow_private)) as connection:
                target = parts.path or "/"
                connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body, headers)
                status = connection.getresponse().status
        except ParvisError as error:
            return 0, str(error)
        except (OSError, http.client.HTTPException) as error:
            return 0, f"{parts.hostname} does not answer ({type(error).__name__})"
        return status, f"{parts.hostname} answers {status}"


def _connect(parts: SplitResult, *, allow_private: bool) -> http.client.HTTPConnection:
    """Connect to an address that was looked at, so that a name cannot mean another one a moment later.

    Raises:
        ParvisError: The name means an address in a private network, and that is not allowed.
    """
    host, secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    if not allow_private and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
        raise ParvisError(f"{host} is an address of a private network; set allow_private = true if that is meant")
    raw = socket.socket(family, kind, protocol)
    raw.settimeout(_TIMEOUT_S)
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        raw.connect(address)
        connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host) if secure else raw
    except BaseException:
        raw.close()
        raise
    return connection
