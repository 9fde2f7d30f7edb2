"""The interface's web server, in a thread of the daemon; it listens on this machine unless told otherwise."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Annotated, Final

import uvicorn
from pydantic import Field

from detect.live.api import build_api
from detect.live.cap import CapConfig
from detect.sources.address import expand
from detect.store import StorePlace
from scenarios.entry import Entry, Id
from scenarios.errors import ParvisError, ScenarioError

__all__ = ["HttpConfig", "serving", "tokens_of"]

_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_SHORTEST_TOKEN: Final = 16


class HttpConfig(Entry):
    """Where the interface listens, and who may use it.

    Attributes:
        host: Address; only this machine by default. From beyond it, put a TLS proxy in front.
        port: Port; 0: any free one.
        names: Names by which it may be called from beyond this machine, such as that of the proxy.
        tokens: Who has one (decisions are recorded by that name) to the token, best as ``${NAME}`` of the environment.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8600
    names: list[str] = []
    tokens: Annotated[dict[Id, str], Field(min_length=1)]


def tokens_of(config: HttpConfig, where: str) -> dict[str, str]:
    """Return the tokens with the environment's values put in.

    Raises:
        ParvisError: A variable is not set, or a token is easily guessed; it is not in the message.
    """
    found = {}
    for name, written in config.tokens.items():
        token = expand(written)
        if len(token) < _SHORTEST_TOKEN:
            raise ScenarioError(
                f"{where}: http.tokens.{name}: has {len(token)} characters, should have {_SHORTEST_TOKEN} or more; "
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(24))"'
            )
        found[name] = token
    if len(set(found.values())) < len(found):
        raise ScenarioError(f"{where}: http.tokens: two are the same, so nobody could say who decided")
    return found


@contextmanager
def serving(config: HttpConfig | None, store: StorePlace, cap: CapConfig | None = None) -> Iterator[str | None]:
    """Serve while inside; yields the address, None where nothing is to be served.

    Args:
        config: Where, and for whom.
        store: What is served.
        cap: How confirmed alerts are worded for others; None: as usual.

    Raises:
        ParvisError: The port is taken, or the address is not one of this machine's.
    """
    if config is None:
        yield None
        return
    tokens = tokens_of(config, "live.toml")
    try:
        listener = socket.create_server((config.host, config.port), reuse_port=False)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ParvisError(f"http: {config.host}:{config.port} cannot be listened on ({why})") from None
    app = build_api(store, tokens, (*_LOCAL_NAMES, *config.names), cap)
    quiet = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
    server = uvicorn.Server(quiet)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    try:
        yield f"http://{config.host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)
        listener.close()
