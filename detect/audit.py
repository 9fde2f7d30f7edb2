"""The record that holds: every entry carries the hash of the one before, so nothing can be changed in silence."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["GENESIS", "AuditReport", "append", "verify"]

GENESIS: Final = "0" * 64
"""Hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the record found.

    Attributes:
        ok: Whether every entry is there and unchanged.
        rows: Entries that were checked.
        problem: The first thing that is wrong, in words; empty if nothing is.
    """

    ok: bool
    rows: int
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def append(database: sqlite3.Connection, action: str, facts: Mapping[str, Any]) -> None:
    """Add an entry, inside the transaction that does what it records.

    Args:
        database: The store.
        action: What was done, such as ``alert.raised``.
        facts: About what; plain JSON values, never an address with credentials.
    """
    last = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, before = (last[0] + 1, last[1]) if last else (1, GENESIS)
    at = datetime.now(UTC).isoformat()
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    entry_hash = _hash(seq, at, action, text, before)
    database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?)", (seq, at, action, text, entry_hash))
    database.execute("UPDATE meta SET value = ? WHERE key = 'audit_head'", (f"{seq}:{entry_hash}",))


def verify(database: sqlite3.Connection) -> AuditReport:
    """Check that no entry was changed, removed, put in or cut off at the end.

    Somebody who can write the file and recomputes every hash and the head behaves like a new record; against that
    only a copy of the head kept elsewhere helps.
    """
    before, expected = GENESIS, 1
    for seq, at, action, text, entry_hash in database.execute(
        "SELECT seq, at, action, facts, hash FROM audit ORDER BY seq"
    ):
        if seq != expected:
            return AuditReport(False, expected - 1, f"entry {expected} is missing")
        if entry_hash != _hash(seq, at, action, text, before):
            return AuditReport(False, expected - 1, f"entry {seq} ({action}, {at}) was changed")
        before, expected = entry_hash, expected + 1
    head = database.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    if head is None or head[0] != f"{expected - 1}:{before}":
        return AuditReport(False, expected - 1, f"entries after number {expected - 1} are missing")
    return AuditReport(True, expected - 1)


def _hash(seq: int, at: str, action: str, text: str, before: str) -> str:
    return hashlib.sha256(json.dumps([seq, at, action, text, before], ensure_ascii=False).encode()).hexdigest()
