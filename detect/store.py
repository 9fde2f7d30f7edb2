"""Alerts, decisions, camera states and the record of it all, in one SQLite file.

WAL with ``synchronous=FULL``: what was acknowledged survives a crash. The watcher writes while pages read and decide;
every transaction is short.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from detect.audit import GENESIS, AuditReport, append, verify
from detect.desk import Alert, AlertState, Verdict, move
from detect.observations import event_from_json, event_to_json
from scenarios.errors import ParvisError, RecordingError

__all__ = ["CameraState", "Decision", "Store"]

_VERSION: Final = 1
_BUSY_S: Final = 10.0
_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE alerts (alert_id TEXT PRIMARY KEY, raised_at TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL,
    event TEXT NOT NULL, joined TEXT NOT NULL, still BLOB);
CREATE INDEX alerts_by_state ON alerts (state, raised_at);
CREATE TABLE decisions (alert_id TEXT NOT NULL REFERENCES alerts, at TEXT NOT NULL, verdict TEXT NOT NULL,
    operator TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE cameras (camera_id TEXT PRIMARY KEY, source TEXT NOT NULL, state TEXT NOT NULL, words TEXT NOT NULL,
    last_picture_at TEXT, counters TEXT NOT NULL, picture BLOB, picture_at TEXT);
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, facts TEXT NOT NULL,
    hash TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a human decided about an alert.

    Attributes:
        alert: The alert, as it stands now.
        verdict: Confirmed or dismissed.
        by: Who.
        reason: Why; never empty for a dismissal.
        at: When.
    """

    alert: Alert
    verdict: Verdict
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera, as its watcher last said.

    Attributes:
        camera_id: Which.
        source: Where its pictures come from, without credentials.
        state: connecting, live, stalled, lost, ended.
        words: What is wrong, for a person; empty if nothing is.
        last_picture_at: When the newest picture was taken; None before the first.
        counters: frames, drops, reconnects and the like.
    """

    camera_id: str
    source: str
    state: str
    words: str
    last_picture_at: datetime | None
    counters: Mapping[str, int]


class Store:
    """One store; use it as a context manager."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Take an open database; use ``open_existing`` or ``create_or_open``."""
        self._database = database

    @classmethod
    def create_or_open(cls, path: Path) -> Store:
        """Open a store; make it if there is none.

        Raises:
            RecordingError: The file cannot be made, or is no store of ours.
        """
        if path.exists() and path.stat().st_size:
            return cls.open_existing(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            database = _connect(path)
            with _immediate(database):
                if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                    for statement in filter(str.strip, _TABLES.split(";")):
                        database.execute(statement)
                    database.execute(
                        "INSERT INTO meta VALUES ('parvis_store', ?), ('audit_head', ?)",
                        (str(_VERSION), f"0:{GENESIS}"),
                    )
        except (OSError, sqlite3.Error) as error:
            raise RecordingError(f"{path}: the alert store cannot be made ({error})") from None
        return cls(database)

    @classmethod
    def open_existing(cls, path: Path) -> Store:
        """Open a store that is there.

        Raises:
            RecordingError: There is none, or the file is no store of this version.
        """
        if not path.is_file():
            raise RecordingError(f"{path}: there is no such alert store")
        database = None
        try:
            database = _connect(path)
            row = database.execute("SELECT value FROM meta WHERE key = 'parvis_store'").fetchone()
        except sqlite3.Error as error:
            if database is not None:
                database.close()
            raise RecordingError(f"{path}: is no alert store ({error})") from None
        if row is None or row[0] != str(_VERSION):
            database.close()
            found = "none" if row is None else row[0]
            raise RecordingError(f"{path}: has version {found}, this program reads version {_VERSION}")
        return cls(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def note(self, action: str, facts: Mapping[str, Any]) -> None:
        """Add an entry to the record: started, stopped, camera up or down."""
        with _immediate(self._database):
            append(self._database, action, facts)

    def raise_alert(self, alert: Alert, still: bytes | None = None) -> None:
        """Keep a new alert, with a JPEG of the picture at which it was raised."""
        with _immediate(self._database):
            self._database.execute(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.alert_id,
                    alert.raised_at.isoformat(),
                    alert.state.value,
                    alert.event.kind.value,
                    json.dumps(event_to_json(alert.event)),
                    json.dumps(alert.joined),
                    still,
                ),
            )
            facts = {"alert": alert.alert_id, "kind": alert.event.kind.value, "camera": alert.event.camera_id}
            append(self._database, "alert.raised", facts)

    def update_alert(self, alert: Alert) -> None:
        """Keep what a rule last said of an alert; its state stays as it is."""
        with _immediate(self._database):
            self._database.execute(
                "UPDATE alerts SET event = ?, joined = ? WHERE alert_id = ?",
                (json.dumps(event_to_json(alert.event)), json.dumps(alert.joined), alert.alert_id),
            )

    def alert(self, alert_id: str) -> Alert:
        """Return one alert.

        Raises:
            ParvisError: There is none of that id.
        """
        row = self._database.execute(f"SELECT {_ALERT} FROM alerts WHERE alert_id = ?", (alert_id,)).fetchone()  # noqa: S608
        if row is None:
            raise ParvisError(f"there is no alert {alert_id}")
        return _alert(row)

    def alerts(self, *, state: AlertState | None = None, limit: int = 200) -> list[Alert]:
        """Return alerts, the newest first."""
        which = "" if state is None else "WHERE state = ?"
        rows = self._database.execute(
            f"SELECT {_ALERT} FROM alerts {which} ORDER BY raised_at DESC, alert_id LIMIT ?",  # noqa: S608
            (limit,) if state is None else (state.value, limit),
        )
        return [_alert(row) for row in rows]

    def waiting(self, limit: int = 200) -> list[Alert]:
        """Return alerts without a verdict, those that still last first, then the newest first."""
        rows = self._database.execute(
            f"SELECT {_ALERT} FROM alerts WHERE state IN ('new', 'seen') ORDER BY raised_at DESC, alert_id LIMIT ?",  # noqa: S608
            (limit,),
        )
        return sorted((_alert(row) for row in rows), key=lambda a: a.event.end_s is not None)

    def mark_seen(self, alert_id: str) -> None:
        """Note that somebody has looked at a new alert.

        Raises:
            ParvisError: There is no such alert.
        """
        with _immediate(self._database):
            if self.alert(alert_id).state is AlertState.NEW:
                self._set_state(alert_id, AlertState.SEEN)
                append(self._database, "alert.seen", {"alert": alert_id})

    def decide(self, alert_id: str, verdict: str, *, by: str, reason: str = "") -> Decision:
        """Record a human's verdict.

        Raises:
            ParvisError: No such alert, no such verdict, decided already, no name, or dismissed without a reason.
        """
        if verdict not in set(Verdict):
            raise ParvisError(f"verdict '{verdict}': should be {' or '.join(Verdict)}")
        if not by.strip():
            raise ParvisError(f"alert {alert_id}: a verdict needs the name of who decides")
        if verdict == Verdict.DISMISSED and not reason.strip():
            raise ParvisError(f"alert {alert_id}: dismissing it needs a reason")
        with _immediate(self._database):
            alert = move(self.alert(alert_id), AlertState(verdict))
            at = datetime.now(UTC)
            self._set_state(alert_id, alert.state)
            self._database.execute(
                "INSERT INTO decisions VALUES (?, ?, ?, ?, ?)",
                (alert_id, at.isoformat(), verdict, by.strip(), reason.strip()),
            )
            facts = {"alert": alert_id, "verdict": verdict, "by": by.strip(), "reason": reason.strip()}
            append(self._database, "alert.decided", facts)
        return Decision(alert, Verdict(verdict), by.strip(), reason.strip(), at)

    def decisions(self, limit: int = 100) -> list[Decision]:
        """Return verdicts, the newest first."""
        rows = self._database.execute(
            "SELECT alert_id, at, verdict, operator, reason FROM decisions ORDER BY at DESC LIMIT ?", (limit,)
        ).fetchall()
        return [
            Decision(self.alert(alert_id), Verdict(verdict), by, reason, datetime.fromisoformat(at))
            for alert_id, at, verdict, by, reason in rows
        ]

    def still(self, alert_id: str) -> bytes | None:
        """Return the JPEG that was kept with an alert."""
        row = self._database.execute("SELECT still FROM alerts WHERE alert_id = ?", (alert_id,)).fetchone()
        return None if row is None else row[0]

    def say_camera(self, camera: CameraState) -> None:
        """Keep a camera's state; a change of state goes into the record."""
        with _immediate(self._database):
            row = self._database.execute(
                "SELECT state FROM cameras WHERE camera_id = ?", (camera.camera_id,)
            ).fetchone()
            taken = camera.last_picture_at.isoformat() if camera.last_picture_at else None
            self._database.execute(
                "INSERT INTO cameras (camera_id, source, state, words, last_picture_at, counters) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (camera_id) DO UPDATE SET source = excluded.source, "
                "state = excluded.state, words = excluded.words, counters = excluded.counters, "
                "last_picture_at = coalesce(excluded.last_picture_at, last_picture_at)",
                (camera.camera_id, camera.source, camera.state, camera.words, taken, json.dumps(dict(camera.counters))),
            )
            if row is None or row[0] != camera.state:
                facts = {"camera": camera.camera_id, "source": camera.source, "why": camera.words}
                append(self._database, f"camera.{camera.state}", facts)

    def keep_picture(self, camera_id: str, jpeg: bytes, taken_at: datetime) -> None:
        """Keep the newest picture of a camera, in place of the one before."""
        with _immediate(self._database):
            self._database.execute(
                "UPDATE cameras SET picture = ?, picture_at = ? WHERE camera_id = ?",
                (jpeg, taken_at.isoformat(), camera_id),
            )

    def cameras(self) -> list[CameraState]:
        """Return all cameras by their ids."""
        rows = self._database.execute(
            "SELECT camera_id, source, state, words, last_picture_at, counters FROM cameras ORDER BY camera_id"
        )
        return [
            CameraState(camera_id, source, state, words, _moment(taken), json.loads(counters))
            for camera_id, source, state, words, taken, counters in rows
        ]

    def picture(self, camera_id: str) -> tuple[bytes, datetime] | None:
        """Return the newest JPEG of a camera and when it was taken."""
        row = self._database.execute(
            "SELECT picture, picture_at FROM cameras WHERE camera_id = ? AND picture IS NOT NULL", (camera_id,)
        ).fetchone()
        return None if row is None else (row[0], datetime.fromisoformat(row[1]))

    def verify(self) -> AuditReport:
        """Check the record."""
        return verify(self._database)

    def _set_state(self, alert_id: str, state: AlertState) -> None:
        self._database.execute("UPDATE alerts SET state = ? WHERE alert_id = ?", (state.value, alert_id))


_ALERT: Final = "alert_id, event, state, raised_at, joined"


def _alert(row: tuple[str, str, str, str, str]) -> Alert:
    alert_id, event, state, raised_at, joined = row
    return Alert(
        alert_id,
        event_from_json(json.loads(event)),
        AlertState(state),
        datetime.fromisoformat(raised_at),
        tuple(json.loads(joined)),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:  # somebody else is changing it this very moment; SQLite does not wait here
            if time.monotonic() > deadline:
                database.close()
                raise
            time.sleep(0.05)
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    return database


@contextmanager
def _immediate(database: sqlite3.Connection) -> Iterator[None]:
    """One short transaction that takes the write lock at its start, so that reading and writing in it are one."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
