"""Alerts, decisions, camera states and the record of it all, in one SQLite file.

The watcher writes while pages read and decide; every transaction is short.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from detect.audit import AuditReport, append, digest, verify
from detect.camera_state import CameraState, keep_camera, load_cameras
from detect.database import Database, moment_of, text_of
from detect.desk import Alert, AlertState, Verdict, move
from detect.floor_state import FloorState, keep_floor, load_floor
from detect.observations import event_from_json, event_to_json
from detect.switches import load_switches, turn
from scenarios.errors import ParvisError

__all__ = ["CameraState", "Decision", "FloorState", "Store"]


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


class Store:
    """One store; use it as a context manager."""

    def __init__(self, database: Database) -> None:
        """Take an open database; use ``open_existing`` or ``create_or_open``."""
        self._database = database

    @classmethod
    def create_or_open(cls, path: Path) -> Store:
        """Open a store; make it if there is none.

        Raises:
            RecordingError: The file cannot be made, or is no store of ours.
        """
        return cls(Database.create(path)) if Database.is_blank(path) else cls.open_existing(path)

    @classmethod
    def open_existing(cls, path: Path) -> Store:
        """Open a store that is there.

        Raises:
            RecordingError: There is none, or the file is no store of this version.
        """
        return cls(Database.open(path))

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
        with self._database.write() as database:
            append(database, action, facts)

    def raise_alert(self, alert: Alert, still: bytes | None = None) -> None:
        """Keep a new alert, with a JPEG of the picture at which it was raised."""
        kind = alert.event.kind.value
        said, joined = json.dumps(event_to_json(alert.event)), json.dumps(alert.joined)
        facts = {
            "alert": alert.alert_id,
            "kind": kind,
            "camera": alert.event.camera_id,
            "still_sha256": digest(still),
        }
        with self._database.write() as database:
            database.execute(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (alert.alert_id, text_of(alert.raised_at), alert.state.value, kind, said, joined, still),
            )
            append(database, "alert.raised", facts)

    def update_alert(self, alert: Alert) -> None:
        """Keep what a rule last said of an alert; its state stays as it is."""
        with self._database.write() as database:
            _say_event(database, alert)

    def alert(self, alert_id: str) -> Alert:
        """Return one alert.

        Raises:
            ParvisError: There is none of that id.
        """
        row = self._database.row(f"SELECT {_ALERT} FROM alerts WHERE alert_id = ?", (alert_id,))  # noqa: S608
        if row is None:
            raise ParvisError(f"there is no alert {alert_id}")
        return _alert(row)

    def alerts(self, *, state: AlertState | None = None, limit: int = 200) -> list[Alert]:
        """Return alerts, the newest first."""
        which = "" if state is None else "WHERE state = ?"
        rows = self._database.rows(
            f"SELECT {_ALERT} FROM alerts {which} ORDER BY raised_at DESC, alert_id LIMIT ?",  # noqa: S608
            (limit,) if state is None else (state.value, limit),
        )
        return [_alert(row) for row in rows]

    def count_alerts(self) -> dict[tuple[str, str], int]:
        """Return how many alerts there are of each kind in each state."""
        rows = self._database.rows("SELECT kind, state, count(*) FROM alerts GROUP BY kind, state ORDER BY kind, state")
        return {(kind, state): many for kind, state, many in rows}

    def waiting(self, limit: int = 200) -> list[Alert]:
        """Return alerts without a verdict, those that still last first, then the newest first."""
        rows = self._database.rows(
            f"SELECT {_ALERT} FROM alerts WHERE state IN ('new', 'seen') "  # noqa: S608
            f"ORDER BY {_LASTS} DESC, raised_at DESC, alert_id LIMIT ?",
            (limit,),
        )
        return [_alert(row) for row in rows]

    def mark_seen(self, alert_id: str) -> None:
        """Note that somebody has looked at a new alert.

        Raises:
            ParvisError: There is no such alert.
        """
        with self._database.write() as database:
            if self.alert(alert_id).state is AlertState.NEW:
                _set_state(database, alert_id, AlertState.SEEN)
                append(database, "alert.seen", {"alert": alert_id})

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
        facts = {"alert": alert_id, "verdict": str(verdict), "by": by.strip(), "reason": reason.strip()}
        with self._database.write() as database:
            alert = move(self.alert(alert_id), AlertState(verdict))
            _set_state(database, alert_id, alert.state)
            at = append(database, "alert.decided", facts)
            database.execute(
                "INSERT INTO decisions VALUES (?, ?, ?, ?, ?)",
                (alert_id, at, facts["verdict"], facts["by"], facts["reason"]),
            )
        return Decision(alert, Verdict(verdict), facts["by"], facts["reason"], datetime.fromisoformat(at))

    def decisions(self, limit: int = 100) -> list[Decision]:
        """Return verdicts, the newest first."""
        rows = self._database.rows(
            "SELECT alert_id, at, verdict, operator, reason FROM decisions ORDER BY at DESC LIMIT ?", (limit,)
        )
        return [
            Decision(self.alert(alert_id), Verdict(verdict), by, reason, datetime.fromisoformat(at))
            for alert_id, at, verdict, by, reason in rows
        ]

    def expire(self, raised_before: datetime) -> list[str]:
        """Let alerts that are over, and that nobody decided, leave the list of those that wait.

        A late verdict is still possible.

        Returns:
            Their ids.
        """
        which = f"state IN ('new', 'seen') AND NOT {_LASTS} AND raised_at < ?"
        values = (text_of(raised_before),)
        if self._database.row(f"SELECT 1 FROM alerts WHERE {which} LIMIT 1", values) is None:  # noqa: S608
            return []
        with self._database.write() as database:
            ids = [row[0] for row in database.execute(f"SELECT alert_id FROM alerts WHERE {which}", values)]  # noqa: S608
            for alert_id in ids:
                _set_state(database, alert_id, AlertState.EXPIRED)
                append(database, "alert.expired", {"alert": alert_id})
        return ids

    def end_lasting(self, camera_id: str, why: str) -> list[str]:
        """End the events of a camera that its watcher could not end: it died, or its source ended.

        Each ends with the last picture that was taken of it.

        Returns:
            The ids of their alerts.
        """
        of_camera = f"SELECT {_ALERT} FROM alerts WHERE {_LASTS} AND json_extract(event, '$.camera_id') = ?"  # noqa: S608
        ended = []
        with self._database.write() as database:
            row = database.execute("SELECT last_picture_at FROM cameras WHERE camera_id = ?", (camera_id,)).fetchone()
            last = moment_of(row[0]) if row else None
            for alert in map(_alert, database.execute(of_camera, (camera_id,)).fetchall()):
                lasted_s = 0.0 if last is None else max(0.0, (last - alert.raised_at).total_seconds())
                event = replace(alert.event, end_s=alert.event.start_s + lasted_s)
                _say_event(database, replace(alert, event=event))
                append(database, "alert.ended", {"alert": alert.alert_id, "why": why})
                ended.append(alert.alert_id)
        return ended

    def still(self, alert_id: str) -> bytes | None:
        """Return the JPEG that was kept with an alert."""
        row = self._database.row("SELECT still FROM alerts WHERE alert_id = ?", (alert_id,))
        return None if row is None else row[0]

    def say_camera(self, camera: CameraState) -> None:
        """Keep a camera's state; a change of state goes into the record."""
        with self._database.write() as database:
            keep_camera(database, camera)

    def keep_picture(self, camera_id: str, jpeg: bytes, taken_at: datetime) -> None:
        """Keep the newest picture of a camera, in place of the one before.

        Raises:
            ParvisError: The camera has not said its state yet.
        """
        with self._database.write() as database:
            changed = database.execute(
                "UPDATE cameras SET picture = ?, picture_at = ? WHERE camera_id = ?",
                (jpeg, text_of(taken_at), camera_id),
            )
            if not changed.rowcount:
                raise ParvisError(f"camera {camera_id}: has to say its state before its pictures can be kept")

    def cameras(self) -> list[CameraState]:
        """Return all cameras by their ids."""
        with self._database.read() as database:
            return load_cameras(database)

    def picture(self, camera_id: str) -> tuple[bytes, datetime] | None:
        """Return the newest JPEG of a camera and when it was taken."""
        row = self._database.row(
            "SELECT picture, picture_at FROM cameras WHERE camera_id = ? AND picture IS NOT NULL", (camera_id,)
        )
        return None if row is None else (row[0], datetime.fromisoformat(row[1]))

    def switched_off(self) -> dict[str, str]:
        """Return what is switched off: ``camera:ID`` or ``purpose:KIND`` to who did it and why."""
        return load_switches(self._database)

    def switch(self, what: str, *, on: bool, by: str, reason: str = "") -> None:
        """Switch ``camera:ID`` or ``purpose:KIND`` off, or on again; the daemon follows within seconds.

        Raises:
            ParvisError: It makes no sense, or stands so already.
        """
        with self._database.write() as database:
            turn(database, what, on=on, by=by, reason=reason)

    def say_floor(self, floor: FloorState) -> None:
        """Keep who is on the floor now, in place of what was said before."""
        keep_floor(self._database, floor)

    def floor(self) -> FloorState | None:
        """Return who was on the floor when it was last said; None where that never was."""
        return load_floor(self._database)

    def verify(self) -> AuditReport:
        """Check the record, and that alerts and decisions are what it tells."""
        with self._database.read() as database:
            return verify(database)


_ALERT: Final = "alert_id, event, state, raised_at, joined"
_LASTS: Final = "json_extract(event, '$.end_s') IS NULL"


def _say_event(database: sqlite3.Connection, alert: Alert) -> None:
    changed = database.execute(
        "UPDATE alerts SET event = ?, joined = ? WHERE alert_id = ?",
        (json.dumps(event_to_json(alert.event)), json.dumps(alert.joined), alert.alert_id),
    )
    if not changed.rowcount:
        raise ParvisError(f"there is no alert {alert.alert_id}")


def _set_state(database: sqlite3.Connection, alert_id: str, state: AlertState) -> None:
    database.execute("UPDATE alerts SET state = ? WHERE alert_id = ?", (state.value, alert_id))


def _alert(row: tuple[Any, ...]) -> Alert:
    alert_id, event, state, raised_at, joined = row
    return Alert(
        alert_id,
        event_from_json(json.loads(event)),
        AlertState(state),
        datetime.fromisoformat(raised_at),
        tuple(json.loads(joined)),
    )
