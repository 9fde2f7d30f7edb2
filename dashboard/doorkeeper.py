"""Who may come in: from this machine, pages that call it by its own name; from beyond it, who shows the token."""

from __future__ import annotations

import hmac
import secrets
from http.cookies import SimpleCookie
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Doorkeeper", "is_loopback", "new_token"]

_COOKIE: Final = "parvis_token"


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(24)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Doorkeeper:
    """ASGI middleware in front of everything.

    421 where the request names a host that is not among ``hosts`` (a page of another site whose name was bent to this
    machine), 401 without the token, which comes once as ``?token=`` and then as a cookie.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] = (), token: str | None = None) -> None:
        """Stand before an application.

        Args:
            app: The application.
            hosts: Names by which it may be called, without the port; none: any.
            token: What a visitor has to show; None: nothing.
        """
        self._app = app
        self._hosts = hosts
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or one socket through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self._hosts and urlsplit(f"//{headers.get(b'host', '')}").hostname not in self._hosts:
            await _refuse(scope, send, 421, b"421: these pages do not go by that name")
            return
        if self._token is None:
            await self._app(scope, receive, send)
            return
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        kept = SimpleCookie(headers.get(b"cookie", "")).get(_COOKIE)
        if self._right(shown):

            async def send_with_cookie(message: Message) -> None:
                if message["type"] == "http.response.start":
                    cookie = f"{_COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
                    message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
                await send(message)

            await self._app(scope, receive, send_with_cookie)
        elif kept is not None and self._right(kept.value):
            await self._app(scope, receive, send)
        else:
            await _refuse(
                scope,
                send,
                401,
                b"401: open the address that was printed when the pages were started; it has the token",
            )

    def _right(self, token: str) -> bool:
        return self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())


async def _refuse(scope: Scope, send: Send, status: int, body: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
