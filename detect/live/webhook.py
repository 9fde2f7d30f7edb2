"""Tells other systems by webhook what goes into the record: alerts, decisions, cameras that come and go.

The record is the outbox: what is told stands in it before anybody is told, in the same transaction as what it tells.
Each receiver has a place in it up to which it has been told, so nothing is lost when the daemon or the receiver is
killed; something may be told twice, by the same id.
"""

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
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import field_validator

from detect.outbox import Entry as Told
from detect.outbox import give_up, place_of, put_place, waiting
from detect.sources.address import expand
from detect.store import Store
from scenarios.entry import Entry, Id
from scenarios.errors import ParvisError, ScenarioError

__all__ = ["WebhookConfig", "check_webhooks", "cloud_event", "sign", "telling"]

_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.5
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


@contextmanager
def telling(webhooks: Sequence[WebhookConfig], store: Path) -> Iterator[None]:
    """Tell all receivers while inside, each in a thread of its own, so that one that is away delays no other."""
    over = Flag()
    threads = [
        Thread(target=_Teller(webhook, store, over).run, name=f"webhook {webhook.id}", daemon=True)
        for webhook in webhooks
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(_TIMEOUT_S + 1)


@dataclass(slots=True)
class _Teller:
    webhook: WebhookConfig
    store: Path
    over: Flag
    failures: int = 0
    refused: int = 0

    def run(self) -> None:
        while not self.over.is_set():
            wait_s = _POLL_S
            try:
                with Store.open_existing(self.store) as store:
                    wait_s = self.tell(store)
            except ParvisError as error:  # the store is locked, or its disk is full
                print(f"webhook {self.webhook.id}: {error}", file=sys.stderr, flush=True)
                wait_s = _FIRST_WAIT_S
            self.over.wait(wait_s)

    def tell(self, store: Store) -> float:
        """Tell what there is; returns for how long to wait before the next look."""
        database, name = store.database, self.webhook.id
        for told in waiting(database, name):
            if self.over.is_set():
                return 0.0
            status, problem = self._post(told, place_of(database, name).store_id)
            if 200 <= status < 300:
                self.failures = self.refused = 0
                put_place(database, name, told.seq)
                continue
            self.failures += 1
            if 400 <= status < 500 and status not in _TRY_AGAIN:
                self.refused += 1
                if self.refused >= _REFUSALS:
                    give_up(database, name, told.seq, problem)
                    self.failures = self.refused = 0
                    continue
            wait: float = min(_FIRST_WAIT_S * 2 ** min(self.failures - 1, 12), _MOST_WAIT_S)
            print(f"webhook {name}: {problem}; again in {wait:.0f} s", file=sys.stderr, flush=True)
            return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        return _POLL_S

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
