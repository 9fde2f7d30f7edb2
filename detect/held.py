"""Events that were not raised as alerts of their own: too many within a minute, or under a mark. None is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from detect.audit import append
from detect.database import Connection, Database, text_of
from detect.desk import Filed
from detect.observations import event_from_json, event_to_json
from scenarios.event import Event

__all__ = ["Held", "HeldEvents"]


@dataclass(frozen=True, slots=True)
class Held:
    """One of them.

    Attributes:
        event: As it was last said.
        at: When it was first said, with time zone.
        alert_id: The alert that counts it, or None.
        mark_id: The mark because of which it was not raised, or None.
    """

    event: Event
    at: datetime
    alert_id: str | None
    mark_id: int | None


class HeldEvents:
    """Those of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, session: str, filed: Filed, now: datetime) -> None:
        """Keep what was held back, or what is said of it anew."""
        with self._database.write() as database:
            keep_held(database, session, filed, now)

    def of_alert(self, alert_id: str) -> list[Held]:
        """Return the events that an alert counts, the first first."""
        return self._held("alert_id", alert_id)

    def of_mark(self, mark_id: int) -> list[Held]:
        """Return the events that were not raised because of a mark, the first first."""
        return self._held("mark_id", mark_id)

    def counts(self) -> Mapping[int, int]:
        """Return how many events each mark held back."""
        rows = self._database.rows("SELECT mark_id, count(*) FROM held WHERE mark_id IS NOT NULL GROUP BY mark_id")
        return {int(mark): int(count) for mark, count in rows}

    def _held(self, column: str, value: str | int) -> list[Held]:
        rows = self._database.rows(
            f"SELECT event, at, alert_id, mark_id FROM held WHERE {column} = ? ORDER BY at, held_id",  # noqa: S608
            (value,),
        )
        return [
            Held(event_from_json(json.loads(event)), datetime.fromisoformat(at), alert_id, mark_id)
            for event, at, alert_id, mark_id in rows
        ]


def keep_held(database: Connection, session: str, filed: Filed, now: datetime) -> None:
    """Keep it inside a transaction; only that it began goes into the record, with what was said then."""
    event = filed.event
    held_id = f"{session}-{event.event_id}"
    said = json.dumps(event_to_json(event))
    if database.execute("UPDATE held SET event = ? WHERE held_id = ?", (said, held_id)).rowcount:
        return
    alert_id = None if filed.alert is None else filed.alert.alert_id
    mark_id = None if filed.mark is None else filed.mark.mark_id
    database.execute(
        "INSERT INTO held (held_id, at, alert_id, mark_id, event) VALUES (?, ?, ?, ?, ?)",
        (held_id, text_of(now), alert_id, mark_id, said),
    )
    facts = {
        "event": held_id,
        "kind": event.kind.value,
        "camera": event.camera_id,
        "start_s": event.start_s,
        "place_m": event.place_m,
        "box_px": event.box_px,
        "zone": event.zone,
        "said_sha256": hashlib.sha256(said.encode()).hexdigest(),
    }
    append(database, "event.held", facts | ({"mark": mark_id} if alert_id is None else {"alert": alert_id}))
