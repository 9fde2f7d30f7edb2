"""Drills: something made up is put into a real camera's pictures, and what became of it stands in the store.

A drill proves the whole chain, from the camera to the person who decides, without anybody in front of the camera. It
is asked for by a person or a schedule, staged by the camera's process, and scored here: whether an alert was raised
and how long that took; the alert itself says how long the decision took, and what it was.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from detect.audit import append
from detect.database import Database, moment_of, text_of
from scenarios.errors import ParvisError
from scenarios.event import EventKind

__all__ = ["DRILLED", "WAITS", "Drill", "DrillBook", "DrillState"]

DRILLED: Final = (EventKind.ABANDONED_OBJECT, EventKind.PERSON_DOWN, EventKind.CROWD_MOVEMENT)
"""Events that can be staged: somebody leaves a bag, somebody falls, people run."""
WAITS: Final = timedelta(minutes=10)
"""A drill that no camera has taken up for so long does not happen any more."""


class DrillState(StrEnum):
    """Where a drill stands; ``raised`` and ``missed`` are its results, ``void`` means that it proves nothing."""

    ASKED = "asked"
    RUNNING = "running"
    RAISED = "raised"
    MISSED = "missed"
    VOID = "void"


_OPEN: Final = (DrillState.ASKED, DrillState.RUNNING)
_COLUMNS: Final = "drill_id, camera_id, state, asked_at, facts"


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill.

    Attributes:
        drill_id: Unique in its store.
        camera_id: Into whose pictures it is put.
        kind: The event that should be raised.
        state: Where it stands.
        asked_at: When it was asked for, with time zone,
        by: and by whom.
        at_m: Where it was wanted, (x, y) in metres; None: anywhere that people walk.
        began_at: When the first figure was put in.
        happened_at: When the bag stood, the fall began, or people began to run,
        place_m: and where.
        delay_s: From then to the alarm, in seconds of the camera's time.
        alert_id: The alert that was raised for it.
        ended_at: When it was over.
        words: Why it is void, or what else is to be known.
    """

    drill_id: str
    camera_id: str
    kind: EventKind
    state: DrillState
    asked_at: datetime
    by: str
    at_m: tuple[float, float] | None = None
    began_at: datetime | None = None
    happened_at: datetime | None = None
    place_m: tuple[float, float] | None = None
    delay_s: float | None = None
    alert_id: str | None = None
    ended_at: datetime | None = None
    words: str = ""


class DrillBook:
    """Those of one store; every step stands in the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, camera_id: str, kind: EventKind, *, by: str, at_m: tuple[float, float] | None = None) -> Drill:
        """Ask for a drill; the camera's process takes it up within seconds.

        Raises:
            ParvisError: There is no such drill, no name, or one waits or runs on that camera already.
        """
        if kind not in DRILLED:
            raise ParvisError(f"a drill of {kind} cannot be staged; it should be one of {', '.join(DRILLED)}")
        if not by.strip():
            raise ParvisError(f"camera {camera_id}: a drill needs the name of who asks for it")
        now = datetime.now(UTC)
        drill = Drill(f"drill-{uuid.uuid4().hex[:8]}", camera_id, kind, DrillState.ASKED, now, by.strip(), at_m)
        with self._database.write() as database:
            others = database.execute(
                "SELECT drill_id FROM drills WHERE camera_id = ? AND state IN (?, ?)", (camera_id, *_OPEN)
            ).fetchone()
            if others is not None:
                raise ParvisError(f"camera {camera_id}: {others[0]} is under way there; one at a time")
            database.execute(
                "INSERT INTO drills (drill_id, camera_id, state, asked_at, facts) VALUES (?, ?, ?, ?, ?)",
                (drill.drill_id, camera_id, drill.state.value, text_of(now), json.dumps(_facts(drill))),
            )
            told = {"drill": drill.drill_id, "camera": camera_id, "kind": kind.value, "by": drill.by}
            append(database, "drill.asked", told)
        return drill

    def get(self, drill_id: str) -> Drill:
        """Return one drill.

        Raises:
            ParvisError: There is none of that id.
        """
        row = self._database.row(f"SELECT {_COLUMNS} FROM drills WHERE drill_id = ?", (drill_id,))  # noqa: S608
        if row is None:
            raise ParvisError(f"there is no drill {drill_id}")
        return _drill(row)

    def all(self, limit: int = 1000) -> list[Drill]:
        """Return drills, the newest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM drills ORDER BY asked_at DESC, drill_id LIMIT ?",  # noqa: S608
            (limit,),
        )
        return [_drill(row) for row in rows]

    def asked(self, camera_id: str) -> Drill | None:
        """Return the drill that waits for a camera, or None."""
        return next((d for d in self._open(camera_id) if d.state is DrillState.ASKED), None)

    def begin(self, drill_id: str) -> Drill:
        """Say that the camera's process stages it."""
        return self._change(drill_id, "drill.began", state=DrillState.RUNNING, began_at=datetime.now(UTC))

    def happened(self, drill_id: str, place_m: tuple[float, float]) -> Drill:
        """Say that what should be noticed is in the pictures now."""
        return self._change(drill_id, "drill.happened", happened_at=datetime.now(UTC), place_m=place_m)

    def raised(self, drill_id: str, alert_id: str, delay_s: float) -> Drill:
        """Say which alert was raised for it."""
        return self._change(drill_id, "drill.raised", state=DrillState.RAISED, alert_id=alert_id, delay_s=delay_s)

    def end(self, drill_id: str, words: str = "", state: DrillState | None = None) -> Drill:
        """Say that its figures are gone: ``void`` or ``missed``, unless it was raised."""
        state = state or self.get(drill_id).state
        return self._change(drill_id, "drill.ended", state=state, ended_at=datetime.now(UTC), words=words)

    def stop(self, drill_id: str, *, by: str) -> Drill:
        """End a drill that waits or runs; its figures leave the pictures within seconds.

        Raises:
            ParvisError: It is over already, or no name.
        """
        if not by.strip():
            raise ParvisError(f"{drill_id}: stopping it needs the name of who does")
        drill = self.get(drill_id)
        if drill.state not in _OPEN:
            raise ParvisError(f"{drill_id}: is {drill.state} already")
        return self.end(drill_id, f"stopped by {by.strip()}", DrillState.VOID)

    def forget(self, camera_id: str, words: str) -> None:
        """Void what a process that is gone had under way."""
        for drill in self._open(camera_id):
            if drill.state is DrillState.RUNNING:
                self.end(drill.drill_id, words, DrillState.VOID)

    def expire(self, now: datetime) -> None:
        """Void what was asked for long ago and never taken up."""
        for drill in self._open(None):
            if drill.state is DrillState.ASKED and now - drill.asked_at > WAITS:
                self.end(drill.drill_id, "the camera gave no pictures in time", DrillState.VOID)

    def _open(self, camera_id: str | None) -> list[Drill]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM drills WHERE state IN (?, ?) ORDER BY asked_at",  # noqa: S608
            _OPEN,
        )
        return [drill for drill in map(_drill, rows) if camera_id in (None, drill.camera_id)]

    def _change(self, drill_id: str, action: str, **changes: Any) -> Drill:
        with self._database.write() as database:
            row = database.execute(f"SELECT {_COLUMNS} FROM drills WHERE drill_id = ?", (drill_id,)).fetchone()  # noqa: S608
            drill = replace(_drill(row), **changes)
            facts = _facts(drill)
            database.execute(
                "UPDATE drills SET state = ?, facts = ? WHERE drill_id = ?",
                (drill.state.value, json.dumps(facts), drill_id),
            )
            told = {key: value for key, value in facts.items() if key in {*changes, "kind"}}
            append(database, action, {"drill": drill_id, "camera": drill.camera_id, "state": drill.state.value, **told})
        return drill


_MOMENTS: Final = ("began_at", "happened_at", "ended_at")
_PLACES: Final = ("at_m", "place_m")


def _facts(drill: Drill) -> dict[str, Any]:
    moments = {key: None if (at := getattr(drill, key)) is None else text_of(at) for key in _MOMENTS}
    places = {key: None if (at := getattr(drill, key)) is None else list(at) for key in _PLACES}
    plain = {"by": drill.by, "delay_s": drill.delay_s, "alert_id": drill.alert_id, "words": drill.words}
    return {"kind": drill.kind.value, **moments, **places, **plain}


def _drill(row: tuple[Any, ...]) -> Drill:
    drill_id, camera_id, state, asked_at, said = row
    facts = json.loads(said)
    facts |= {key: None if facts[key] is None else moment_of(facts[key]) for key in _MOMENTS}
    facts |= {key: None if facts[key] is None else tuple(facts[key]) for key in _PLACES}
    facts["kind"] = EventKind(facts["kind"])
    return Drill(drill_id, camera_id, state=DrillState(state), asked_at=datetime.fromisoformat(asked_at), **facts)
