"""The record that holds: every entry carries the hash of the one before, so nothing can be changed in silence."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["GENESIS", "AuditReport", "append", "digest", "verify"]

GENESIS: Final = "0" * 64
"""Hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the record found.

    Attributes:
        ok: Whether every entry is there and unchanged, and the store says what the record says.
        rows: Entries that were checked.
        problem: The first thing that is wrong, in words; empty if nothing is.
    """

    ok: bool
    rows: int
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def append(database: sqlite3.Connection, action: str, facts: Mapping[str, Any]) -> str:
    """Add an entry, inside the transaction that does what it records.

    Args:
        database: The store.
        action: What was done, such as ``alert.raised``.
        facts: About what; plain JSON values, never an address with credentials.

    Returns:
        The instant that the entry names, ISO 8601.
    """
    last = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, before = (last[0] + 1, last[1]) if last else (1, GENESIS)
    at = datetime.now(UTC).isoformat()
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    entry_hash = _hash(seq, at, action, text, before)
    database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?)", (seq, at, action, text, entry_hash))
    database.execute("UPDATE meta SET value = ? WHERE key = 'audit_head'", (f"{seq}:{entry_hash}",))
    return at


def digest(picture: bytes | None) -> str | None:
    """Return the SHA-256 by which the record knows a picture."""
    return None if picture is None else hashlib.sha256(picture).hexdigest()


def verify(database: sqlite3.Connection) -> AuditReport:
    """Check that no entry was changed, removed, put in or cut off at the end, and that alerts and decisions agree.

    Somebody who can write the file and recomputes every hash and the head behaves like a new record; against that
    only a copy of the head kept elsewhere helps.
    """
    before, expected = GENESIS, 1
    told = _Told()
    for seq, at, action, text, entry_hash in database.execute(
        "SELECT seq, at, action, facts, hash FROM audit ORDER BY seq"
    ):
        if seq != expected:
            return AuditReport(False, expected - 1, f"entry {expected} is missing")
        if entry_hash != _hash(seq, at, action, text, before):
            return AuditReport(False, expected - 1, f"entry {seq} ({action}, {at}) was changed")
        told.hear(at, action, json.loads(text))
        before, expected = entry_hash, expected + 1
    head = database.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    if head is None or head[0] != f"{expected - 1}:{before}":
        return AuditReport(False, expected - 1, f"entries after number {expected - 1} are missing")
    problem = told.against(database)
    return AuditReport(not problem, expected - 1, problem)


class _Told:
    """What alerts and decisions there must be, after all that the record tells."""

    def __init__(self) -> None:
        self._alerts: dict[str, dict[str, Any]] = {}
        self._states: dict[str, str] = {}
        self._decisions: Counter[tuple[str, ...]] = Counter()
        self._off: list[str] = []

    def hear(self, at: str, action: str, facts: dict[str, Any]) -> None:
        match action:
            case "alert.raised":
                self._alerts[facts["alert"]] = facts
                self._states[facts["alert"]] = "new"
            case "alert.seen" | "alert.expired":
                self._states[facts["alert"]] = action.removeprefix("alert.")
            case "switch.off" | "switch.on":
                self._off = facts["off"]
            case "alert.decided":
                self._states[facts["alert"]] = facts["verdict"]
                self._decisions[(facts["alert"], at, facts["verdict"], facts["by"], facts["reason"])] += 1

    def against(self, database: sqlite3.Connection) -> str:
        """Compare with the tables; return the first thing that differs, in words."""
        missing = dict(self._alerts)
        for alert_id, state, kind, still in database.execute(
            "SELECT alert_id, state, kind, still FROM alerts ORDER BY rowid"
        ):
            facts = missing.pop(alert_id, None)
            if facts is None:
                return f"alert {alert_id} was put in: no entry tells of it"
            if kind != facts["kind"] or state != self._states[alert_id]:
                return f"alert {alert_id} was changed: it is {kind}, {state}, the record says otherwise"
            if "still_sha256" in facts and digest(still) != facts["still_sha256"]:
                return f"alert {alert_id} was changed: its picture is not the one with which it was raised"
        for alert_id in missing:
            return f"alert {alert_id} was removed"
        row = database.execute("SELECT value FROM meta WHERE key = 'switches'").fetchone()
        if sorted(json.loads(row[0]) if row else {}) != self._off:
            return "a switch was turned: no entry tells of it"
        rows = Counter(database.execute("SELECT alert_id, at, verdict, operator, reason FROM decisions"))
        for alert_id, *_ in rows - self._decisions:
            return f"a decision about alert {alert_id} was changed or put in"
        for alert_id, *_ in self._decisions - rows:
            return f"a decision about alert {alert_id} was removed"
        return ""


def _hash(seq: int, at: str, action: str, text: str, before: str) -> str:
    return hashlib.sha256(json.dumps([seq, at, action, text, before], ensure_ascii=False).encode()).hexdigest()
