"""Pictures of the page Live as web routes: the wall of cameras, their newest pictures, stills and films of alerts.

Pictures go by routes and not through Streamlit, whose own pictures flicker when they are refreshed. Nothing here is
kept by a browser: an old picture must not come back as if it were live.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.player import style, template_file, templates
from dashboard.viewers import viewers
from detect.store import Store, StorePlace
from scenarios.errors import ParvisError

if TYPE_CHECKING:
    from dashboard.control_room import ControlRoom

__all__ = ["picture_routes"]

T = TypeVar("T")
_NEVER_KEPT: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")


def picture_routes(alert_store: Callable[[], StorePlace | None]) -> list[BaseRoute]:
    """Return the routes.

    Args:
        alert_store: Says where the alert store is now, or None.
    """

    def room() -> ControlRoom | None:
        from dashboard.control_room import ControlRoom  # only where something is watched

        place = alert_store()
        return ControlRoom(place) if place is not None and Store.is_there(place) else None

    async def wall(request: Request) -> Response:  # noqa: ARG001  Starlette hands it
        page = templates().get_template("wall.html.j2")
        return HTMLResponse(page.render(style=style(), script=template_file("wall.js")), headers=_NEVER_KEPT)

    async def cameras(request: Request) -> Response:  # noqa: ARG001
        def look() -> list[dict[str, object]]:
            here = room()
            return [] if here is None else [asdict(camera) for camera in here.cameras()]

        try:
            return JSONResponse({"cameras": await run_in_threadpool(look)}, headers=_NEVER_KEPT)
        except ParvisError as error:
            return JSONResponse({"error": str(error)}, status_code=503, headers=_NEVER_KEPT)

    async def picture(request: Request) -> Response:
        camera = request.path_params["camera"]
        return await _jpeg(lambda here: here.picture(camera))

    async def still(request: Request) -> Response:
        alert = request.path_params["alert"]

        def read(here: ControlRoom) -> bytes | None:
            found = here.still(alert)
            if found is not None:
                viewers.note(here.path, alert, "picture", request.query_params.get("viewer", ""))
            return found

        return await _jpeg(read)

    async def film(request: Request) -> Response:
        alert = request.path_params["alert"]

        def look() -> bytes | None:
            here = room()
            found = None if here is None else here.film(alert)
            if here is None or found is None:
                return None
            viewers.note(here.path, alert, "film", request.query_params.get("viewer", ""))
            return found[1]

        found = await _found(look)
        return _missing() if found is None else _video(found, request.headers.get("range"))

    async def film_page(request: Request) -> Response:
        alert = request.path_params["alert"]

        def look() -> dict[str, object] | None:
            here = room()
            return None if here is None else here.about_film(alert)

        about = await _found(look)
        if about is None:
            return _missing()
        ticket = quote(request.query_params.get("viewer", ""), safe="")
        page = templates().get_template("clip.html.j2")
        url = f"/live/alert/{quote(alert, safe='')}.mp4?viewer={ticket}"
        text = page.render(style=style(), script=template_file("clip.js"), about=about, film=url)
        return HTMLResponse(text, headers=_NEVER_KEPT)

    async def _jpeg(read: Callable[[ControlRoom], bytes | None]) -> Response:
        def look() -> bytes | None:
            here = room()
            return None if here is None else read(here)

        found = await _found(look)
        return _missing() if found is None else Response(found, media_type="image/jpeg", headers=_NEVER_KEPT)

    return [
        Route("/live/wall", wall),
        Route("/live/cameras.json", cameras),
        Route("/live/picture/{camera}.jpg", picture),
        Route("/live/alert/{alert}.jpg", still),
        Route("/live/alert/{alert}.mp4", film),
        Route("/live/alert/{alert}/film", film_page),
    ]


async def _found(look: Callable[[], T | None]) -> T | None:
    try:
        return await run_in_threadpool(look)
    except ParvisError:
        return None


def _video(film: bytes, asked: str | None) -> Response:
    """Answer with the part that was asked for (RFC 9110, section 14): else players cannot jump in a film."""
    headers = _NEVER_KEPT | {"Accept-Ranges": "bytes"}
    part = _RANGE.fullmatch(asked or "")
    if part is None:
        return Response(film, media_type="video/mp4", headers=headers)
    first, last = int(part[1]), min(int(part[2] or len(film)), len(film) - 1)
    if first > last:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{len(film)}"})
    headers |= {"Content-Range": f"bytes {first}-{last}/{len(film)}"}
    return Response(film[first : last + 1], status_code=206, media_type="video/mp4", headers=headers)


def _missing() -> Response:
    return PlainTextResponse("there is no such picture", status_code=404, headers=_NEVER_KEPT)
