"""The record as an outbox: what stands in it is told to others in order, each with a place up to which it was told."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

from detect.audit import append
from detect.database import Database, put_meta

__all__ = ["Entry", "Place", "count_waiting", "give_up", "place_of", "put_place", "store_id", "waiting"]

TOLD: Final = ("alert.", "camera.", "switch.", "configuration.", "daemon.")
"""Kinds of entries that are told; who looked at what is not."""
_QUIET: Final = ("alert.viewed",)
_MOST: Final = 200
_STORE: Final = "store_id"
_PLACE: Final = "told:"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the record that is to be told.

    Attributes:
        seq: Its number.
        at: When, ISO 8601.
        action: What was done.
        facts: About what.
        event: What the rule said of the alert, without the numbers of its tracks; None where it is about none.
    """

    seq: int
    at: str
    action: str
    facts: dict[str, Any]
    event: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a receiver was told.

    Attributes:
        store_id: Random id of the store.
        seq: Number of the last entry.
    """

    store_id: str
    seq: int


def place_of(database: Database, name: str) -> Place:
    """Return up to where a receiver was told; a new one begins with what comes from now on."""
    known = database.row("SELECT value FROM meta WHERE key = ?", (_PLACE + name,))
    if known is not None:
        return Place(store_id(database), int(known[0]))
    with database.write() as connection:
        (head,) = connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()
        connection.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (_PLACE + name, str(head)))
    return place_of(database, name)


def store_id(database: Database) -> str:
    """Return the random id of a store, which is made when it is first asked for."""
    known = database.row("SELECT value FROM meta WHERE key = ?", (_STORE,))
    if known is not None:
        return str(known[0])
    with database.write() as connection:
        connection.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING", (_STORE, uuid.uuid4().hex[:16]))
    return store_id(database)


def waiting(database: Database, name: str) -> list[Entry]:
    """Return the next entries that a receiver has not been told, in order."""
    rows = database.rows(
        "SELECT seq, at, action, facts FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
        (place_of(database, name).seq, _MOST),
    )
    found = [_entry(database, *row) for row in rows if _is_told(row[2])]
    if rows and not found:  # nothing of these is for others
        put_place(database, name, rows[-1][0])
    return found


def count_waiting(database: Database) -> dict[str, int]:
    """Return how many entries each receiver has not been told."""
    actions = database.rows("SELECT seq, action FROM audit ORDER BY seq")
    places = database.rows("SELECT key, value FROM meta WHERE key LIKE ?", (_PLACE + "%",))
    return {
        key.removeprefix(_PLACE): sum(seq > int(value) and _is_told(action) for seq, action in actions)
        for key, value in places
    }


def put_place(database: Database, name: str, seq: int) -> None:
    """Note that a receiver has been told up to an entry."""
    with database.write() as connection:
        put_meta(connection, _PLACE + name, str(seq))


def give_up(database: Database, name: str, seq: int, why: str) -> None:
    """Pass over an entry that a receiver will not take, and say so in the record."""
    with database.write() as connection:
        put_meta(connection, _PLACE + name, str(seq))
        append(connection, "webhook.given_up", {"receiver": name, "entry": seq, "why": why})


def _is_told(action: str) -> bool:
    return action.startswith(TOLD) and action not in _QUIET


def _entry(database: Database, seq: int, at: str, action: str, facts: str) -> Entry:
    told: dict[str, Any] = json.loads(facts)
    for name in ("source", "machine"):  # addresses stay in the house
        told.pop(name, None)
    event = None
    if action.startswith("alert.") and "alert" in told:
        row = database.row("SELECT event FROM alerts WHERE alert_id = ?", (told["alert"],))
        event = None if row is None else {k: v for k, v in json.loads(row[0]).items() if k != "track_ids"}
    return Entry(seq, at, action, told, event)
