"""Who looks at pictures of alerts: the page knows the name, the routes of pictures do not, so it gives them tickets."""

from __future__ import annotations

import contextlib
import secrets
from threading import Lock
from typing import Final

from detect.store import Store, StorePlace
from scenarios.errors import ParvisError

__all__ = ["Viewers", "viewers"]

_NOBODY: Final = "somebody without the page"
_MOST: Final = 10_000


class Viewers:
    """Tickets of this process, and what their holders have looked at already: each thing is noted once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._noted: set[tuple[str, str, str]] = set()
        self._turn = Lock()

    def ticket(self, name: str) -> str:
        """Return a new ticket for somebody whose name the session knows."""
        with self._turn:
            if len(self._names) >= _MOST:
                del self._names[next(iter(self._names))]
            ticket = secrets.token_urlsafe(12)
            self._names[ticket] = name
        return ticket

    def note(self, store: StorePlace, alert_id: str, what: str, ticket: str) -> None:
        """Put into the record who was shown what; whoever has no ticket is nobody's name, but is recorded too.

        A store that cannot be written hides no alert from who has to decide about it.
        """
        with self._turn:
            name = self._names.get(ticket, _NOBODY)
            key = (ticket if ticket in self._names else "", alert_id, what)
            if key in self._noted:
                return
            if len(self._noted) >= _MOST:
                self._noted.clear()
            self._noted.add(key)
        with contextlib.suppress(ParvisError), Store.open_existing(store) as opened:
            opened.note_view(alert_id, what, name)


viewers: Final = Viewers()
"""Those of this process, in which pages and routes are."""
