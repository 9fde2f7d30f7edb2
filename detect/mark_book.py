"""Marks in the store: made, lifted, and read by the camera's process while it runs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from detect.audit import append
from detect.database import Database, text_of
from detect.desk import Alert
from detect.marks import Mark
from scenarios.errors import ParvisError
from scenarios.event import EventKind

__all__ = ["LONGEST_H", "RADIUS_M", "MarkBook"]

RADIUS_M: Final = 1.5
"""How far around its place a mark holds, unless told otherwise."""
LONGEST_H: Final = 366 * 24.0
"""No mark holds for good: whoever made it may be gone, and so may the thing."""


class MarkBook:
    """Those of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        alert: Alert,
        *,
        hours: float,
        by: str,
        reason: str,
        fixture: bool = False,
        radius_m: float = RADIUS_M,
        now: datetime | None = None,
    ) -> Mark:
        """Say of an alert's place that its kind is not to be raised there for so many hours.

        Raises:
            ParvisError: No name, no reason, hours or radius that make no sense, or the alert has no place at all.
        """
        event = alert.event
        if not by.strip() or not reason.strip():
            raise ParvisError(f"alert {alert.alert_id}: a mark needs a reason and the name of who makes it")
        if not (math.isfinite(hours) and 0 < hours <= LONGEST_H):
            raise ParvisError(f"alert {alert.alert_id}: a mark holds for 0 to {LONGEST_H:g} hours, not {hours:g}")
        if not (math.isfinite(radius_m) and 0 < radius_m <= 100):
            raise ParvisError(f"alert {alert.alert_id}: a mark reaches 0 to 100 m, not {radius_m:g}")
        if event.place_m is None and event.box_px is None and event.zone is None:
            raise ParvisError(f"alert {alert.alert_id}: tells no place, so nothing can be marked there")
        made_at = now or datetime.now(UTC)
        mark = Mark(
            mark_id=0,
            fixture=fixture,
            kind=event.kind,
            camera_id=event.camera_id,
            place_m=event.place_m,
            radius_m=radius_m,
            box_px=event.box_px,
            zone=event.zone,
            made_at=made_at,
            until=made_at + timedelta(hours=hours),
            by=by.strip(),
            reason=reason.strip(),
            alert_id=alert.alert_id,
        )
        facts = _to_json(mark)
        with self._database.write() as database:
            ((number,),) = database.execute(
                "INSERT INTO marks (until, facts) VALUES (?, ?) RETURNING mark_id",
                (facts["until"], json.dumps(facts)),
            ).fetchall()
            append(database, "mark.made", {"mark": number, **facts})
        return _from_json(int(number), facts)

    def lift(self, mark_id: int, *, by: str) -> None:
        """Let a mark hold no more.

        Raises:
            ParvisError: There is no such mark that still stands, or no name.
        """
        if not by.strip():
            raise ParvisError(f"mark {mark_id}: lifting it needs the name of who does")
        with self._database.write() as database:
            changed = database.execute(
                "UPDATE marks SET lifted_at = ? WHERE mark_id = ? AND lifted_at IS NULL",
                (text_of(datetime.now(UTC)), mark_id),
            )
            if not changed.rowcount:
                raise ParvisError(f"there is no mark {mark_id} that could be lifted")
            append(database, "mark.lifted", {"mark": mark_id, "by": by.strip()})

    def standing(self, now: datetime, camera_id: str | None = None) -> tuple[Mark, ...]:
        """Return the marks that hold, the newest first."""
        rows = self._database.rows(
            "SELECT mark_id, facts FROM marks WHERE lifted_at IS NULL AND until > ? ORDER BY mark_id DESC",
            (text_of(now),),
        )
        marks = (_from_json(mark_id, json.loads(facts)) for mark_id, facts in rows)
        return tuple(mark for mark in marks if camera_id in (None, mark.camera_id))


def _to_json(mark: Mark) -> dict[str, Any]:
    facts = asdict(mark) | {"made_at": text_of(mark.made_at), "until": text_of(mark.until), "kind": mark.kind.value}
    del facts["mark_id"]
    return facts


def _from_json(mark_id: int, facts: dict[str, Any]) -> Mark:
    return Mark(
        **{
            **facts,
            "mark_id": mark_id,
            "kind": EventKind(facts["kind"]),
            "place_m": None if facts["place_m"] is None else tuple(facts["place_m"]),
            "box_px": None if facts["box_px"] is None else tuple(facts["box_px"]),
            "made_at": datetime.fromisoformat(facts["made_at"]),
            "until": datetime.fromisoformat(facts["until"]),
        }
    )
