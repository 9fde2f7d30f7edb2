"""The pages as a web server: Streamlit's application with routes for films, players and pictures beside it.

It listens on this machine alone unless told otherwise; then whoever comes needs the token that it prints.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, Final

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from streamlit.runtime.pages_manager import PagesManager

from dashboard.doorkeeper import Doorkeeper, is_loopback, new_token
from dashboard.player import player_page
from dashboard.shelf import Shelf
from detect.postgres import is_server
from detect.store import StorePlace
from scenarios.errors import ParvisError, SourceError

__all__ = ["FOLDER_VARIABLE", "STORE_VARIABLE", "alert_store", "build_app", "config", "routes", "serve", "shelf"]

FOLDER_VARIABLE: Final = "PARVIS_FOLDER"
"""Environment variable in which the pages find the folder of runs."""
STORE_VARIABLE: Final = "PARVIS_STORE"
"""Environment variable in which the pages find the alert store."""

_SCRIPT: Final = Path(__file__).with_name("app.py")
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_GUARDED: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def shelf() -> Shelf:
    """Return the folder of runs that this process shows."""
    return Shelf(Path(os.environ.get(FOLDER_VARIABLE, "runs")))


def routes(shown: Shelf) -> list[BaseRoute]:
    """Return the routes beside Streamlit's own: films with byte ranges, players and reports of the runs."""

    def film(request: Request) -> Response:
        path = shown.file(request.path_params["run"], "video", f"{request.path_params['camera']}.mp4")
        return _missing() if path is None else FileResponse(path, media_type="video/mp4", headers=_GUARDED)

    def report(request: Request) -> Response:
        path = shown.file(request.path_params["run"], "report.html")
        return _missing() if path is None else FileResponse(path, media_type="text/html", headers=_GUARDED)

    async def player(request: Request) -> Response:
        try:
            page = await run_in_threadpool(lambda: player_page(shown.open(request.path_params["run"])))
        except ParvisError as error:
            return PlainTextResponse(str(error), status_code=404, headers=_GUARDED)
        return HTMLResponse(page, headers={"Cache-Control": "no-store", **_GUARDED})

    return [
        Route("/files/{run}/video/{camera}.mp4", film),
        Route("/files/{run}/report.html", report),
        Route("/files/{run}/player", player),
    ]


def alert_store() -> StorePlace | None:
    """Return the alert store that this process shows: the one it was given, else the newest in the folder of runs."""
    given = os.environ.get(STORE_VARIABLE)
    if given:
        return given if is_server(given) else Path(given)
    found = [path for path in shelf().folder.glob("*.sqlite") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def build_app(
    folder: Path, *, store: StorePlace | None = None, hosts: tuple[str, ...] = _LOCAL_NAMES, token: str | None = None
) -> st.App:
    """Return the ASGI application.

    Args:
        folder: Folder of runs.
        store: Alert store of the page Live; None: the newest ``*.sqlite`` in the folder of runs.
        hosts: Names by which it may be called; none: any.
        token: What a visitor has to show once; None: nothing.
    """
    from dashboard.gallery_routes import gallery_routes
    from dashboard.pictures import picture_routes

    os.environ[FOLDER_VARIABLE] = str(folder.resolve())
    os.environ[STORE_VARIABLE] = "" if store is None else str(store if is_server(store) else Path(store).resolve())
    # Streamlit takes a folder named pages for its older way of many pages until st.navigation has run once, and so
    # tells the first visitor of /plan that there is no such page; this is what st.navigation itself sets.
    PagesManager.uses_pages_directory = False
    guard = Middleware(Doorkeeper, hosts=hosts, token=token)
    beside = [*routes(Shelf(folder)), *picture_routes(alert_store), *gallery_routes()]
    return st.App(_SCRIPT, routes=beside, middleware=[guard])


def config(host: str, port: int) -> dict[str, Any]:
    """Return the settings of Streamlit: nothing is sent anywhere, uploads are small, the looks are a control room's."""
    local = is_loopback(host)
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.maxUploadSize": 5,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.showEmailPrompt": False,
        "server.allowedHosts": list(_LOCAL_NAMES) if local else [],
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost" if local else host,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "type",
        "theme.base": "dark",
        "theme.primaryColor": "#5cc4f5",
        "theme.backgroundColor": "#0e1317",
        "theme.secondaryBackgroundColor": "#161d23",
        "theme.textColor": "#e8eef3",
        "theme.borderColor": "#2c3843",
        "theme.linkColor": "#5cc4f5",
        "theme.baseRadius": "8px",
        "theme.showWidgetBorder": True,
        "theme.headingFontSizes": ["1.75rem", "1.3rem", "1.1rem", "1rem", "0.9rem", "0.9rem"],
    }


def serve(folder: Path, host: str = "127.0.0.1", port: int = 8501, store: StorePlace | None = None) -> None:
    """Show the pages until the process is told to stop.

    Args:
        folder: Folder of runs, or of a sweep, whose runs are then shown.
        host: Address to listen on; any but this machine's own asks visitors for a token, which is printed.
        port: Port to listen on.
        store: Alert store of the page Live; None: the newest ``*.sqlite`` in the folder of runs.

    Raises:
        SourceError: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise SourceError(f"{host}:{port}: cannot be listened on ({error.strerror}); choose another --port") from None
    if (folder / "sweep.json").is_file():
        folder /= "runs"
    token = None if is_loopback(host) else new_token()
    if token is not None:
        print(f"visitors need this address: http://{host}:{port}/?token={token}", flush=True)
    hosts = _LOCAL_NAMES if token is None else ()
    build_app(folder, store=store, hosts=hosts, token=token).run(config=config(host, port))


def _missing() -> Response:
    return PlainTextResponse("there is no such file", status_code=404, headers=_GUARDED)
