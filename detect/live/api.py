"""The store over HTTP: cameras, pictures, alerts, decisions, metrics; everything behind a token.

Who decides is whose token it is, never what a request says.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from detect.desk import Alert, AlertState, Verdict
from detect.live.cap import CapConfig, cap_message
from detect.live.metrics import CONTENT_TYPE, exposition
from detect.live.openapi import description
from detect.observations import event_to_json
from detect.outbox import store_id
from detect.store import CameraState, Store, StorePlace
from scenarios.errors import ParvisError

__all__ = ["build_api"]

_MOST_BODY: Final = 16 * 1024
_MOST_ALERTS: Final = 1000
_LIVE_WITHIN_S: Final = 5.0
"""A picture older than this is not live."""
_POLL_S: Final = 0.25
_LONGEST_S: Final = 3600.0
_JPEG: Final = "image/jpeg"
_GUARDED: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Decision(BaseModel):
    """What the body of a decision says."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    reason: Annotated[str, Field(max_length=2000)] = ""


class _Bearer:
    """Lets nobody through without a token, and by no name but its own."""

    def __init__(self, app: ASGIApp, tokens: Mapping[str, str], hosts: tuple[str, ...]) -> None:
        self._app, self._hosts = app, hosts
        self._tokens = {name: token.encode() for name, token in tokens.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        host = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
        if self._hosts and host not in self._hosts:
            await _error(421, "this interface does not go by that name")(scope, receive, send)
            return
        kind, _, shown = headers.get(b"authorization", b"").partition(b" ")
        found = [name for name, token in self._tokens.items() if hmac.compare_digest(token, shown.strip())]
        if kind.lower() != b"bearer" or not found:
            answer = _error(401, "show a token: Authorization: Bearer ...")
            answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send)
            return
        scope["parvis_name"] = found[0]
        await self._app(scope, receive, send)


def build_api(
    store: StorePlace, tokens: Mapping[str, str], hosts: tuple[str, ...] = (), cap: CapConfig | None = None
) -> Starlette:
    """Return the ASGI application.

    Args:
        store: Alert store; opened anew for every request, for the daemon writes it meanwhile.
        tokens: Name of who has it to token.
        hosts: Names by which it may be called, without the port; none: any.
        cap: How confirmed alerts are worded for others; None: as usual.
    """
    wording = cap or CapConfig()

    def asks(answer: Callable[[Store, Request], Response]) -> Callable[[Request], Any]:
        async def respond(request: Request) -> Response:
            def look() -> Response:
                with Store.open_existing(store) as opened:
                    return answer(opened, request)

            return await run_in_threadpool(look)

        return respond

    async def decide(request: Request) -> Response:
        body = await _body(request)

        def act() -> Response:
            with Store.open_existing(store) as opened:
                return _decide(opened, request, body)

        return await run_in_threadpool(act)

    async def stream(request: Request) -> Response:
        camera = request.path_params["camera"]

        def known() -> bool:
            with Store.open_existing(store) as opened:
                return any(c.camera_id == camera for c in opened.cameras())

        if not await run_in_threadpool(known):
            raise HTTPException(404, f"there is no camera {camera}")
        kind = "multipart/x-mixed-replace; boundary=picture"
        return StreamingResponse(_pictures(store, camera), media_type=kind, headers=_GUARDED)

    async def openapi(_request: Request) -> Response:
        return JSONResponse(description(), headers=_GUARDED)

    routes = [
        Route("/openapi.json", openapi),
        Route("/metrics", asks(_metrics)),
        Route("/api/cameras", asks(_cameras)),
        Route("/api/cameras/{camera}/snapshot.jpg", asks(_snapshot)),
        Route("/api/cameras/{camera}/stream.mjpeg", stream),
        Route("/api/alerts", asks(_alerts)),
        Route("/api/alerts/{alert}", asks(_alert)),
        Route("/api/alerts/{alert}/still.jpg", asks(_still)),
        Route("/api/alerts/{alert}/cap.xml", asks(lambda opened, request: _cap(opened, request, wording))),
        Route("/api/alerts/{alert}/decision", decide, methods=["POST"]),
        Route("/api/drills", asks(_drills)),
        Route("/api/audit", asks(_audit)),
    ]
    handlers = {HTTPException: _told, ParvisError: _failed}
    guard = Middleware(_Bearer, tokens=tokens, hosts=hosts)
    return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)


def _metrics(store: Store, _request: Request) -> Response:
    return Response(exposition(store), headers=_GUARDED | {"Content-Type": CONTENT_TYPE})


def _cameras(store: Store, _request: Request) -> Response:
    now = datetime.now(UTC)
    return JSONResponse([_camera(camera, now) for camera in store.cameras()], headers=_GUARDED)


def _snapshot(store: Store, request: Request) -> Response:
    camera = request.path_params["camera"]
    picture = store.picture(camera)
    if picture is None:
        raise HTTPException(404, f"there is no picture of a camera {camera}")
    headers = _GUARDED | {"Last-Modified": picture[1].astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    return Response(picture[0], media_type=_JPEG, headers=headers)


def _alerts(store: Store, request: Request) -> Response:
    asked = request.query_params
    for key in asked:
        if key not in ("state", "limit"):
            raise HTTPException(422, f"'{key[:40]}': should be state or limit")
    state, limit = asked.get("state"), asked.get("limit", "200")
    if state is not None and state not in set(AlertState):
        raise HTTPException(422, f"state: should be one of {', '.join(AlertState)}")
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 9 and 1 <= int(limit) <= _MOST_ALERTS):
        raise HTTPException(422, f"limit: should be a whole number from 1 to {_MOST_ALERTS}")
    found = store.alerts(state=None if state is None else AlertState(state), limit=int(limit))
    return JSONResponse([_alert_json(alert) for alert in found], headers=_GUARDED)


def _alert(store: Store, request: Request) -> Response:
    return JSONResponse(_alert_json(_known(store, request)), headers=_GUARDED)


def _still(store: Store, request: Request) -> Response:
    alert = _known(store, request)
    still = store.still(alert.alert_id)
    if still is None:
        raise HTTPException(404, f"alert {alert.alert_id}: no picture was kept")
    return Response(still, media_type=_JPEG, headers=_GUARDED)


def _cap(store: Store, request: Request, wording: CapConfig) -> Response:
    alert = _known(store, request)
    decision = store.decision(alert.alert_id)
    if decision is None or alert.state is not AlertState.CONFIRMED:
        raise HTTPException(409, f"alert {alert.alert_id}: is {alert.state}; only what a human confirmed is passed on")
    message = cap_message(decision, wording, store_id(store.database))
    return Response(message, media_type="application/cap+xml", headers=_GUARDED)


def _drills(store: Store, _request: Request) -> Response:
    told = [
        {
            "id": drill.drill_id,
            "camera": drill.camera_id,
            "kind": drill.kind.value,
            "state": drill.state.value,
            "asked_at": drill.asked_at.isoformat(),
            "delay_s": drill.delay_s,
            "alert": drill.alert_id,
            "words": drill.words,
        }
        for drill in store.drills.all()
    ]
    return JSONResponse(told, headers=_GUARDED)


def _audit(store: Store, _request: Request) -> Response:
    return JSONResponse(store.verify().as_dict(), headers=_GUARDED)


def _decide(store: Store, request: Request, body: Decision) -> Response:
    alert = _known(store, request)
    if body.verdict is Verdict.DISMISSED and not body.reason.strip():
        raise HTTPException(422, "reason: dismissing an alert needs one")
    try:
        made = store.decide(alert.alert_id, body.verdict, by=request.scope["parvis_name"], reason=body.reason)
    except ParvisError as error:
        if store.alert(alert.alert_id).state.value in set(Verdict):
            raise HTTPException(409, str(error)) from None
        raise
    told = {"alert": alert.alert_id, "verdict": made.verdict.value, "by": made.by, "at": made.at.isoformat()}
    return JSONResponse(told, headers=_GUARDED)


def _known(store: Store, request: Request) -> Alert:
    wanted = request.path_params["alert"]
    try:
        return store.alert(wanted)
    except ParvisError:
        raise HTTPException(404, f"there is no alert {wanted[:80]}") from None


async def _body(request: Request) -> Decision:
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > _MOST_BODY:
            raise HTTPException(413, f"the body is longer than {_MOST_BODY} bytes")
    try:
        return Decision.model_validate(json.loads(read))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(p) for p in first["loc"]) or "body"
        raise HTTPException(422, f"{where}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is no JSON") from None


async def _pictures(store: StorePlace, camera: str) -> AsyncIterator[bytes]:
    """Yield each new picture; where none comes, a card that says so, never an old picture as if it were of now."""

    def newest() -> tuple[bytes, datetime] | None:
        with Store.open_existing(store) as opened:
            return opened.picture(camera)

    shown: object = None
    for _ in range(round(_LONGEST_S / _POLL_S)):
        picture = await run_in_threadpool(newest)
        fresh = picture is not None and (datetime.now(UTC) - picture[1]).total_seconds() <= _LIVE_WITHIN_S
        stamp = picture[1] if picture is not None and fresh else "none"
        if stamp != shown:
            shown = stamp
            jpeg = picture[0] if picture is not None and fresh else _card(None if picture is None else picture[1])
            yield b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
        await asyncio.sleep(_POLL_S)


def _card(since: datetime | None) -> bytes:
    words = "NO PICTURE" if since is None else f"NO PICTURE SINCE {since.astimezone():%d %b %H:%M:%S}"
    card = np.full((180, 640, 3), 40, np.uint8)
    cv2.putText(card, words, (24, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (235, 235, 235), 2, cv2.LINE_AA)
    return cv2.imencode(".jpg", card)[1].tobytes()


def _camera(camera: CameraState, now: datetime) -> dict[str, Any]:
    age_s = None if camera.last_picture_at is None else max(0.0, (now - camera.last_picture_at).total_seconds())
    return {
        "id": camera.camera_id,
        "state": camera.state,
        "live": camera.state == "live" and age_s is not None and age_s <= _LIVE_WITHIN_S,
        "words": camera.words,
        "picture_age_s": age_s,
        "counters": dict(camera.counters),
    }


def _alert_json(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "state": alert.state.value,
        "raised_at": alert.raised_at.isoformat(),
        "lasts": alert.event.end_s is None,
        "events": len(alert.joined),
        "event": event_to_json(alert.event),
    }


def _error(status: int, words: str) -> JSONResponse:
    return JSONResponse({"error": words}, status_code=status, headers=_GUARDED)


def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _error(error.status_code, error.detail)
    answer.headers.update(error.headers or {})
    return answer


def _failed(_request: Request, error: Exception) -> Response:
    return _error(503, str(error))
