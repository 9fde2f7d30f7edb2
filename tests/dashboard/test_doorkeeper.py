"""Who is let in to the pages, and who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboard.doorkeeper import Doorkeeper, is_loopback, new_token


async def _app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def _ask(keeper: Doorkeeper, *, kind: str = "http", query: str = "", **headers: str) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "headers": raw, "query_string": query.encode(), "path": "/"}
    asyncio.run(keeper(scope, None, send))  # type: ignore[arg-type]
    return sent


def test_token_opens_once_and_the_cookie_after() -> None:
    keeper = Doorkeeper(_app, token="right")
    assert _ask(keeper)[0]["status"] == 401
    assert _ask(keeper, query="token=wrong")[0]["status"] == 401
    assert _ask(keeper, cookie="parvis_token=wrong")[0]["status"] == 401
    first = _ask(keeper, query="token=right")
    assert first[0]["status"] == 200
    cookie = dict(first[0]["headers"])[b"set-cookie"].decode()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert _ask(keeper, cookie=cookie.split(";")[0])[0]["status"] == 200


def test_sockets_need_the_token_too() -> None:
    keeper = Doorkeeper(_app, token="right")
    assert _ask(keeper, kind="websocket") == [{"type": "websocket.close", "code": 4401}]
    assert _ask(keeper, kind="websocket", cookie="parvis_token=right")[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1:8501", 200), ("[::1]:8501", 200), ("evil.example", 421)])
def test_only_own_names_are_answered(host: str, status: int) -> None:
    assert _ask(Doorkeeper(_app, hosts=("127.0.0.1", "::1")), host=host)[0]["status"] == status


def test_a_request_without_a_host_is_refused() -> None:
    assert _ask(Doorkeeper(_app, hosts=("127.0.0.1",)))[0]["status"] == 421


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_tokens_differ() -> None:
    assert len({new_token() for _ in range(20)}) == 20
