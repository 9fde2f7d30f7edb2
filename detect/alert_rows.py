"""Alerts as rows of the store: put in, changed and read inside transactions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from detect.audit import append, digest
from detect.database import Connection, moment_of, text_of
from detect.desk import Alert, AlertState
from detect.observations import event_from_json, event_to_json
from scenarios.errors import ParvisError

__all__ = [
    "COLUMNS", "LASTS", "alert_of", "end_lasting", "expire", "load_alert", "put_alert", "say_event", "see", "set_state",
]  # fmt: skip

COLUMNS: Final = "alert_id, event, state, raised_at, joined, more"
LASTS: Final = "json_extract(event, '$.end_s') IS NULL"


def put_alert(database: Connection, alert: Alert, still: bytes | None) -> None:
    """Put in a new alert."""
    kind = alert.event.kind.value
    said, joined = json.dumps(event_to_json(alert.event)), json.dumps(alert.joined)
    database.execute(
        "INSERT INTO alerts (alert_id, raised_at, state, kind, event, joined, still, more, drill) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(alert.alert_id, text_of(alert.raised_at), alert.state.value, kind, said, joined, still, alert.more),
            alert.event.drill,
        ),
    )
    facts = {"alert": alert.alert_id, "kind": kind, "camera": alert.event.camera_id, "still_sha256": digest(still)}
    if alert.event.drill is not None:
        facts["drill"] = alert.event.drill
    append(database, "alert.raised", facts)


def say_event(database: Connection, alert: Alert) -> None:
    """Keep what was last said of an alert.

    Raises:
        ParvisError: There is none of that id.
    """
    changed = database.execute(
        "UPDATE alerts SET event = ?, joined = ?, more = ? WHERE alert_id = ?",
        (json.dumps(event_to_json(alert.event)), json.dumps(alert.joined), alert.more, alert.alert_id),
    )
    if not changed.rowcount:
        raise ParvisError(f"there is no alert {alert.alert_id}")


def set_state(database: Connection, alert_id: str, state: AlertState) -> None:
    """Set where an alert stands."""
    database.execute("UPDATE alerts SET state = ? WHERE alert_id = ?", (state.value, alert_id))


def see(database: Connection, alert_id: str, by: str) -> None:
    """Note that somebody has looked at an alert, if it is new.

    Raises:
        ParvisError: There is no such alert.
    """
    if load_alert(database, alert_id).state is not AlertState.NEW:
        return
    at = append(database, "alert.seen", {"alert": alert_id, "by": by})
    database.execute(
        "UPDATE alerts SET state = ?, seen_at = ?, seen_by = ? WHERE alert_id = ?",
        (AlertState.SEEN.value, at, by, alert_id),
    )


def load_alert(database: Connection, alert_id: str) -> Alert:
    """Return one alert.

    Raises:
        ParvisError: There is none of that id.
    """
    row = database.execute(f"SELECT {COLUMNS} FROM alerts WHERE alert_id = ?", (alert_id,)).fetchone()  # noqa: S608
    if row is None:
        raise ParvisError(f"there is no alert {alert_id}")
    return alert_of(row)


def alert_of(row: tuple[Any, ...]) -> Alert:
    """Read a row of ``COLUMNS``."""
    alert_id, event, state, raised_at, joined, more = row
    return Alert(
        alert_id,
        event_from_json(json.loads(event)),
        AlertState(state),
        datetime.fromisoformat(raised_at),
        tuple(json.loads(joined)),
        more,
    )


def expire(database: Connection, raised_before: datetime) -> list[str]:
    """Let alerts that are over, and that nobody decided, leave the list of those that wait; return their ids."""
    which = f"state IN ('new', 'seen') AND NOT {LASTS} AND raised_at < ?"
    found = database.execute(f"SELECT alert_id FROM alerts WHERE {which}", (text_of(raised_before),))  # noqa: S608
    ids = [row[0] for row in found]
    for alert_id in ids:
        set_state(database, alert_id, AlertState.EXPIRED)
        append(database, "alert.expired", {"alert": alert_id})
    return ids


def end_lasting(database: Connection, camera_id: str, why: str) -> list[str]:
    """End the events of a camera with the last picture that was taken of them; return the ids of their alerts."""
    of_camera = f"SELECT {COLUMNS} FROM alerts WHERE {LASTS} AND json_extract(event, '$.camera_id') = ?"  # noqa: S608
    row = database.execute("SELECT last_picture_at FROM cameras WHERE camera_id = ?", (camera_id,)).fetchone()
    last = moment_of(row[0]) if row else None
    ended = []
    for alert in map(alert_of, database.execute(of_camera, (camera_id,)).fetchall()):
        lasted_s = 0.0 if last is None else max(0.0, (last - alert.raised_at).total_seconds())
        event = replace(alert.event, end_s=alert.event.start_s + lasted_s)
        say_event(database, replace(alert, event=event))
        append(database, "alert.ended", {"alert": alert.alert_id, "why": why})
        ended.append(alert.alert_id)
    return ended
