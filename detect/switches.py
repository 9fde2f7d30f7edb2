"""Switches that stop the analysis of a camera, or for a purpose, at once; who turned them stands in the record."""

from __future__ import annotations

import json
from typing import Final

from detect.audit import append
from detect.database import Connection, Database, put_meta
from scenarios.errors import ParvisError, unknown
from scenarios.event import EventKind

__all__ = ["load_switches", "turn"]

_KEY: Final = "switches"


def load_switches(database: Database) -> dict[str, str]:
    """Return what is switched off: ``camera:ID`` or ``purpose:KIND`` to who did it and why."""
    row = database.row("SELECT value FROM meta WHERE key = ?", (_KEY,))
    return {} if row is None else dict(json.loads(row[0]))


def turn(database: Connection, what: str, *, on: bool, by: str, reason: str) -> None:
    """Switch a camera or a purpose off, or on again, inside a transaction.

    Raises:
        ParvisError: There is no such purpose, no name, switched off without a reason, or it stands so already.
    """
    kind, _, name = what.partition(":")
    if kind == "purpose" and name not in set(EventKind):
        raise ParvisError(unknown("purpose", name, list(EventKind)))
    if kind not in ("camera", "purpose") or not name:
        raise ParvisError(f"switch '{what}': should be camera:ID or purpose:EVENT")
    if not by.strip():
        raise ParvisError(f"switch {what}: needs the name of who turns it")
    if not on and not reason.strip():
        raise ParvisError(f"switch {what}: switching it off needs a reason")
    row = database.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    off: dict[str, str] = {} if row is None else json.loads(row[0])
    if on == (what not in off):
        raise ParvisError(f"switch {what}: is {'on' if on else 'off'} already")
    if on:
        del off[what]
    else:
        off[what] = f"{reason.strip()} ({by.strip()})"
    put_meta(database, _KEY, json.dumps(off, sort_keys=True))
    facts = {"what": what, "by": by.strip(), "reason": reason.strip(), "off": sorted(off)}
    append(database, "switch.on" if on else "switch.off", facts)
