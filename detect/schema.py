"""Tables of the alert store, in numbered steps: an older store is brought up to date when it is opened."""

from __future__ import annotations

from typing import Final

from detect.audit import GENESIS, append
from detect.database import Connection

__all__ = ["VERSION", "make", "upgrade"]

_STEPS: Final = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE alerts (alert_id TEXT PRIMARY KEY, raised_at TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL,
    event TEXT NOT NULL, joined TEXT NOT NULL, still BLOB);
CREATE INDEX alerts_by_state ON alerts (state, raised_at);
CREATE TABLE decisions (alert_id TEXT NOT NULL REFERENCES alerts, at TEXT NOT NULL, verdict TEXT NOT NULL,
    operator TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE cameras (camera_id TEXT PRIMARY KEY, source TEXT NOT NULL, state TEXT NOT NULL, words TEXT NOT NULL,
    last_picture_at TEXT, counters TEXT NOT NULL, picture BLOB, picture_at TEXT);
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, facts TEXT NOT NULL,
    hash TEXT NOT NULL)
""",
    """
ALTER TABLE alerts ADD COLUMN more INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN seen_at TEXT;
ALTER TABLE alerts ADD COLUMN seen_by TEXT;
CREATE TABLE clips (alert_id TEXT PRIMARY KEY, file TEXT NOT NULL, sha256 TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE marks (mark_id INTEGER PRIMARY KEY AUTOINCREMENT, until TEXT NOT NULL, lifted_at TEXT,
    facts TEXT NOT NULL);
CREATE TABLE held (held_id TEXT PRIMARY KEY, at TEXT NOT NULL, alert_id TEXT, mark_id INTEGER, event TEXT NOT NULL);
CREATE INDEX held_by_alert ON held (alert_id);
CREATE INDEX held_by_mark ON held (mark_id)
""",
    """
ALTER TABLE alerts ADD COLUMN drill TEXT;
CREATE TABLE drills (drill_id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, state TEXT NOT NULL, asked_at TEXT NOT NULL,
    facts TEXT NOT NULL);
CREATE INDEX drills_by_state ON drills (state, camera_id)
""",
    """
CREATE TABLE counts (camera_id TEXT NOT NULL, begun_at TEXT NOT NULL, ended_at TEXT NOT NULL, people REAL NOT NULL,
    facts TEXT NOT NULL, PRIMARY KEY (camera_id, begun_at))
""",
)
"""What each version added; a step that has been released is never changed."""

VERSION: Final = len(_STEPS)


def make(database: Connection) -> None:
    """Make all tables in an empty file, inside a transaction."""
    _take(database, 0)
    database.execute("INSERT INTO meta VALUES ('parvis_store', ?), ('audit_head', ?)", (str(VERSION), f"0:{GENESIS}"))


def upgrade(database: Connection) -> None:
    """Bring an older store up to date, inside a transaction; another process may have done so meanwhile."""
    before = int(database.execute("SELECT value FROM meta WHERE key = 'parvis_store'").fetchone()[0])
    if before >= VERSION:
        return
    _take(database, before)
    database.execute("UPDATE meta SET value = ? WHERE key = 'parvis_store'", (str(VERSION),))
    append(database, "store.upgraded", {"from": before, "to": VERSION})


def _take(database: Connection, done: int) -> None:
    for step in _STEPS[done:]:
        for statement in step.split(";"):
            database.execute(statement)
