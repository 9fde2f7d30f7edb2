"""What is deleted when its time is over: pictures and films of alerts, then the alerts; what the record tells stays.

Every deletion is an entry with the hash of what was deleted, so that it can be told from a loss.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from detect.audit import append, digest
from detect.database import Connection, Database, Films, text_of
from scenarios.entry import Entry

__all__ = ["Deleted", "Retention", "retain"]

_BATCH: Final = 50
"""So many go in one transaction: the watchers write meanwhile."""
_STRAY_S: Final = 3600.0
"""A file of the films' folder that the store does not know after so long was left by a crash."""
_DECIDED: Final = "state NOT IN ('new', 'seen')"


class Retention(Entry):
    """How long what is kept of alerts stays; alerts that wait for a decision stay until they are decided or expire.

    Attributes:
        pictures_days: Stills and films; None: as long as the alerts.
        alerts_days: Alerts with their decisions, events that were held back, and marks that are over; None: for good.
            The record keeps what happened and who decided.
    """

    pictures_days: Annotated[float, Field(gt=0, le=36525)] | None = 30.0
    alerts_days: Annotated[float, Field(gt=0, le=36525)] | None = 366.0


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much was deleted.

    Attributes:
        pictures: Stills.
        films: Films.
        alerts: Alerts with their decisions.
        events: Events that were held back.
        marks: Marks that were over.
        strays: Files that a crash had left in the folder of films.
    """

    pictures: int = 0
    films: int = 0
    alerts: int = 0
    events: int = 0
    marks: int = 0
    strays: int = 0

    def __bool__(self) -> bool:
        """Tell whether anything was."""
        return any(asdict(self).values())

    def as_dict(self) -> dict[str, int]:
        """Return plain JSON values."""
        return asdict(self)


def retain(database: Database, settings: Retention, now: datetime, *, by: str) -> Deleted:
    """Delete all whose time is over.

    Args:
        database: The store.
        settings: How long things stay.
        now: With time zone.
        by: Who has it done, for the record.

    Raises:
        RecordingError: The store cannot be written; what is deleted by then is in the record.
    """
    spans = [d for d in (settings.pictures_days, settings.alerts_days) if d is not None]
    done = Deleted(strays=_sweep(database, database.films.folder))
    if spans:
        why = f"older than {min(spans):g} days"
        old = (text_of(now - timedelta(days=min(spans))),)
        done = replace(
            done,
            films=_all(
                database,
                f"SELECT alert_id, file, sha256 FROM clips JOIN alerts USING (alert_id) "  # noqa: S608
                f"WHERE {_DECIDED} AND raised_at < ? LIMIT {_BATCH}",
                old,
                lambda writing, row: _drop_film(writing, database.films, row, why),
            ),
            pictures=_all(
                database,
                f"SELECT alert_id, still FROM alerts WHERE {_DECIDED} AND still IS NOT NULL AND raised_at < ? "  # noqa: S608
                f"LIMIT {_BATCH}",
                old,
                lambda writing, row: _drop_picture(writing, row, why),
            ),
        )
    if settings.alerts_days is not None:
        why = f"older than {settings.alerts_days:g} days"
        old = (text_of(now - timedelta(days=settings.alerts_days)),)
        done = replace(
            done,
            events=_all(
                database,
                "SELECT held_id, held.event FROM held LEFT JOIN alerts USING (alert_id) "  # noqa: S608
                f"WHERE at < ? AND (raised_at IS NULL OR ({_DECIDED} AND raised_at < ?)) LIMIT {_BATCH}",
                old * 2,
                lambda writing, row: _drop_event(writing, row, why),
            ),
            alerts=_all(
                database,
                f"SELECT alert_id, event, joined FROM alerts WHERE {_DECIDED} AND raised_at < ? "  # noqa: S608
                f"AND alert_id NOT IN (SELECT alert_id FROM held WHERE alert_id IS NOT NULL) LIMIT {_BATCH}",
                old,
                lambda writing, row: _drop_alert(writing, row, why),
            ),
            marks=_all(
                database,
                f"SELECT mark_id, facts FROM marks WHERE until < ? LIMIT {_BATCH}",  # noqa: S608
                old,
                lambda writing, row: _drop_mark(writing, row, why),
            ),
        )
    if done:
        with database.write() as writing:
            append(writing, "retention.done", {"by": by, **settings.model_dump(), **done.as_dict()})
        database.leave_no_traces()
    return done


def _all(
    database: Database,
    which: str,
    values: tuple[str, ...],
    drop: Callable[[Connection, tuple[Any, ...]], None],
) -> int:
    count = 0
    while True:
        with database.write() as writing:
            rows = writing.execute(which, values).fetchall()
            for row in rows:
                drop(writing, row)
        count += len(rows)
        if len(rows) < _BATCH:
            return count


def _drop_film(writing: Connection, films: Films, row: tuple[Any, ...], why: str) -> None:
    alert_id, file, sha256 = row
    writing.execute("DELETE FROM clips WHERE alert_id = ?", (alert_id,))
    append(writing, "clip.deleted", {"alert": alert_id, "sha256": sha256, "why": why})
    films.drop(writing, file)


def _drop_picture(writing: Connection, row: tuple[Any, ...], why: str) -> None:
    alert_id, still = row
    writing.execute("UPDATE alerts SET still = NULL WHERE alert_id = ?", (alert_id,))
    append(writing, "picture.deleted", {"alert": alert_id, "sha256": digest(still), "why": why})


def _drop_alert(writing: Connection, row: tuple[Any, ...], why: str) -> None:
    alert_id, event, joined = row
    writing.execute("DELETE FROM decisions WHERE alert_id = ?", (alert_id,))
    writing.execute("DELETE FROM alerts WHERE alert_id = ?", (alert_id,))
    append(writing, "alert.deleted", {"alert": alert_id, "sha256": _sha256(event, joined), "why": why})


def _drop_event(writing: Connection, row: tuple[Any, ...], why: str) -> None:
    held_id, event = row
    writing.execute("DELETE FROM held WHERE held_id = ?", (held_id,))
    append(writing, "event.deleted", {"event": held_id, "sha256": _sha256(event), "why": why})


def _drop_mark(writing: Connection, row: tuple[Any, ...], why: str) -> None:
    mark_id, facts = row
    writing.execute("DELETE FROM marks WHERE mark_id = ?", (mark_id,))
    append(writing, "mark.deleted", {"mark": mark_id, "sha256": _sha256(facts), "why": why})


def _sha256(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


def _sweep(database: Database, films: Path) -> int:
    if not films.is_dir():
        return 0
    known = {row[0] for row in database.rows("SELECT file FROM clips")}
    count = 0
    for path in films.iterdir():
        is_ours = path.suffix in (".mp4", ".part") and path.name not in known
        if is_ours and time.time() - path.stat().st_mtime > _STRAY_S:
            path.unlink()
            count += 1
    return count
