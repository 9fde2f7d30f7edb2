"""Alerts, decisions, camera states and the record of it all, in one SQLite file or on a PostgreSQL server.

The watcher writes while pages read and decide; every transaction is short.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from detect.alert_rows import COLUMNS, LASTS, alert_of, end_lasting, expire, put_alert, say_event, see
from detect.audit import AuditReport, append
from detect.audit_check import verify
from detect.audit_export import export_record
from detect.camera_state import CameraState, keep_camera, load_cameras
from detect.clip_shelf import ClipShelf
from detect.counts import CountBook
from detect.database import Database, text_of
from detect.decisions import Decision, decide, load_decisions
from detect.desk import Alert, AlertState
from detect.drills import DrillBook
from detect.floor_state import FloorState, keep_floor, load_floor
from detect.held import HeldEvents
from detect.mark_book import MarkBook
from detect.postgres import PostgresServer, is_server
from detect.retention import Deleted, Retention, retain
from detect.sqlite_file import SqliteFile
from detect.switches import load_switches, turn
from scenarios.errors import ParvisError

__all__ = ["CameraState", "Decision", "FloorState", "Store", "StorePlace"]

StorePlace: TypeAlias = Path | str
"""A SQLite file, or ``postgresql://USER@HOST/DATABASE`` as a text, in which ``${NAME}`` is of the environment."""


class Store:
    """One store; use it as a context manager.

    Attributes:
        clips: Films of alerts.
        held: Events that were counted and not raised.
        marks: What is not to be raised, and where.
        drills: Proofs of the chain with what is put into a camera's pictures.
        counts: How many people each camera saw.
    """

    def __init__(self, database: Database) -> None:
        """Take an open database; use ``open_existing`` or ``create_or_open``."""
        self._database = database
        self.clips = ClipShelf(database)
        self.held = HeldEvents(database)
        self.marks = MarkBook(database)
        self.drills = DrillBook(database)
        self.counts = CountBook(database)

    @classmethod
    def create_or_open(cls, place: StorePlace) -> Store:
        """Open a store; make it if there is none.

        Raises:
            RecordingError: It cannot be made, or what is there is no store of ours.
        """
        if is_server(place):
            return cls(PostgresServer.create_or_open(str(place)))
        path = Path(place)
        return cls(SqliteFile.create(path) if SqliteFile.is_blank(path) else SqliteFile.open(path))

    @classmethod
    def open_existing(cls, place: StorePlace) -> Store:
        """Open a store that is there.

        Raises:
            RecordingError: There is none, or what is there is no store of this version.
        """
        return cls(PostgresServer.open(str(place)) if is_server(place) else SqliteFile.open(Path(place)))

    @staticmethod
    def is_there(place: StorePlace) -> bool:
        """Tell whether there is something to open; what is on a server is only known by opening it."""
        return is_server(place) or Path(place).is_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def database(self) -> Database:
        """The tables under it, for modules that keep a matter of their own there."""
        return self._database

    def close(self) -> None:
        """Let go of it."""
        self._database.close()

    def note(self, action: str, facts: Mapping[str, Any]) -> None:
        """Add an entry to the record: started, stopped, camera up or down."""
        with self._database.write() as database:
            append(database, action, facts)

    def raise_alert(self, alert: Alert, still: bytes | None = None) -> None:
        """Keep a new alert, with a JPEG of the picture at which it was raised."""
        with self._database.write() as database:
            put_alert(database, alert, still)

    def update_alert(self, alert: Alert) -> None:
        """Keep what a rule last said of an alert; its state stays as it is."""
        with self._database.write() as database:
            say_event(database, alert)

    def alert(self, alert_id: str) -> Alert:
        """Return one alert.

        Raises:
            ParvisError: There is none of that id.
        """
        row = self._database.row(f"SELECT {COLUMNS} FROM alerts WHERE alert_id = ?", (alert_id,))  # noqa: S608
        if row is None:
            raise ParvisError(f"there is no alert {alert_id}")
        return alert_of(row)

    def alerts(self, *, state: AlertState | None = None, limit: int = 200) -> list[Alert]:
        """Return alerts, the newest first."""
        which = "" if state is None else "WHERE state = ?"
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM alerts {which} ORDER BY raised_at DESC, alert_id LIMIT ?",  # noqa: S608
            (limit,) if state is None else (state.value, limit),
        )
        return [alert_of(row) for row in rows]

    def count_alerts(self) -> dict[tuple[str, str], int]:
        """Return how many alerts there are of each kind in each state, those of drills left out."""
        rows = self._database.rows(
            "SELECT kind, state, count(*) FROM alerts WHERE drill IS NULL GROUP BY kind, state ORDER BY kind, state"
        )
        return {(kind, state): many for kind, state, many in rows}

    def how_many_wait(self) -> int:
        """Return how many alerts have no verdict, drills included."""
        row = self._database.row("SELECT count(*) FROM alerts WHERE state IN ('new', 'seen')")
        return 0 if row is None else int(row[0])

    def waiting(self, limit: int = 200) -> list[Alert]:
        """Return alerts without a verdict, those that still last first, then the newest first."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM alerts WHERE state IN ('new', 'seen') "  # noqa: S608
            f"ORDER BY {LASTS} DESC, raised_at DESC, alert_id LIMIT ?",
            (limit,),
        )
        return [alert_of(row) for row in rows]

    def mark_seen(self, alert_id: str, by: str = "") -> None:
        """Note that somebody has looked at a new alert.

        Raises:
            ParvisError: There is no such alert.
        """
        with self._database.write() as database:
            see(database, alert_id, by)

    def note_view(self, alert_id: str, what: str, by: str) -> None:
        """Note that a person was shown the picture or the film of an alert, which is seen by that.

        Raises:
            ParvisError: There is no such alert.
        """
        with self._database.write() as database:
            see(database, alert_id, by)
            append(database, "alert.viewed", {"alert": alert_id, "what": what, "by": by})

    def decide(self, alert_id: str, verdict: str, *, by: str, reason: str = "") -> Decision:
        """Record a human's verdict.

        Raises:
            ParvisError: No such alert, no such verdict, decided already, no name, or dismissed without a reason.
        """
        with self._database.write() as database:
            return decide(database, alert_id, verdict, by=by, reason=reason)

    def decisions(self, limit: int = 100) -> list[Decision]:
        """Return verdicts, the newest first."""
        return load_decisions(self._database, limit)

    def decision(self, alert_id: str) -> Decision | None:
        """Return the verdict about one alert; None where there is none."""
        return next(iter(load_decisions(self._database, 1, alert_id)), None)

    def expire(self, raised_before: datetime) -> list[str]:
        """Let alerts that are over, and that nobody decided, leave the list of those that wait.

        A late verdict is still possible.

        Returns:
            Their ids.
        """
        with self._database.write() as database:
            return expire(database, raised_before)

    def end_lasting(self, camera_id: str, why: str) -> list[str]:
        """End the events of a camera that its watcher could not end: it died, or its source ended.

        Each ends with the last picture that was taken of it.

        Returns:
            The ids of their alerts.
        """
        with self._database.write() as database:
            return end_lasting(database, camera_id, why)

    def still(self, alert_id: str) -> bytes | None:
        """Return the JPEG that was kept with an alert."""
        row = self._database.row("SELECT still FROM alerts WHERE alert_id = ?", (alert_id,))
        return None if row is None else row[0]

    def has_still(self, alert_id: str) -> bool:
        """Return whether one was kept, without reading it."""
        return (
            self._database.row("SELECT 1 FROM alerts WHERE alert_id = ? AND still IS NOT NULL", (alert_id,)) is not None
        )

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

    def retain(self, settings: Retention, *, by: str, now: datetime | None = None) -> Deleted:
        """Delete what has been kept for long enough; the record keeps that, and the hashes of what it was.

        Raises:
            RecordingError: The store cannot be written.
        """
        return retain(self._database, settings, now or datetime.now(UTC), by=by)

    def export_record(self, out: Path, *, by: str) -> int:
        """Write the record as JSON lines that can be verified on their own; return how many entries it has.

        Raises:
            RecordingError: The file is there already or cannot be written.
        """
        return export_record(self._database, out, by=by)

    def verify(self) -> AuditReport:
        """Check the record, and that everything is what it tells."""
        with self._database.read() as database:
            return verify(database, self._database.films)
