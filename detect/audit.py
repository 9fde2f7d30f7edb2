"""The record that holds: every entry carries the hash of the one before, so nothing can be changed in silence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from detect.database import Connection

__all__ = ["GENESIS", "AuditReport", "append", "check_chain", "digest"]

GENESIS: Final = "0" * 64
"""Hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the record found.

    Attributes:
        ok: Whether every entry is there and unchanged, and the store says what the record says.
        rows: Entries that were checked.
        problem: The first thing that is wrong, in words; empty if nothing is.
        deleted: How many pictures, films, alerts and events the record tells to be deleted.
    """

    ok: bool
    rows: int
    problem: str = ""
    deleted: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def append(database: Connection, action: str, facts: Mapping[str, Any]) -> str:
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


def check_chain(
    entries: Iterable[tuple[int, str, str, str, str]],
    head: str | None,
    hear: Callable[[str, str, dict[str, Any]], None],
) -> AuditReport:
    """Check that no entry was changed, removed, put in or cut off at the end.

    Args:
        entries: Number, instant, action, facts as they were written, hash; in their order.
        head: Number and hash of the last one, ``seq:hash``.
        hear: Told instant, action and facts of each entry that holds.
    """
    before, expected = GENESIS, 1
    for seq, at, action, text, entry_hash in entries:
        if seq != expected:
            return AuditReport(False, expected - 1, f"entry {expected} is missing")
        if entry_hash != _hash(seq, at, action, text, before):
            return AuditReport(False, expected - 1, f"entry {seq} ({action}, {at}) was changed")
        hear(at, action, json.loads(text))
        before, expected = entry_hash, expected + 1
    if head != f"{expected - 1}:{before}":
        return AuditReport(False, expected - 1, f"entries after number {expected - 1} are missing")
    return AuditReport(True, expected - 1)


def _hash(seq: int, at: str, action: str, text: str, before: str) -> str:
    return hashlib.sha256(json.dumps([seq, at, action, text, before], ensure_ascii=False).encode()).hexdigest()
