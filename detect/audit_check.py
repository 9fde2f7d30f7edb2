"""Whether the store is what its record tells: alerts, decisions, pictures, films, marks, and what was deleted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from detect.audit import AuditReport, check_chain, digest
from detect.database import Connection, Films

__all__ = ["Told", "verify"]


def verify(database: Connection, films: Films) -> AuditReport:
    """Check that no entry was changed, removed, put in or cut off at the end, and that everything agrees with them.

    Somebody who can write the file and recomputes every hash and the head behaves like a new record; against that
    only a copy of the head kept elsewhere helps.

    Args:
        database: The store.
        films: Those of its alerts.
    """
    told = Told()
    head = database.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    entries = database.execute("SELECT seq, at, action, facts, hash FROM audit ORDER BY seq")
    found = check_chain(entries, None if head is None else head[0], told.hear)
    if not found.ok:
        return found
    problem = next(told.against(database, films), "")
    return replace(found, ok=not problem, problem=problem, deleted=dict(told.deleted))


class Told:
    """What there must be, after all that the record tells.

    Attributes:
        deleted: How many pictures, films, alerts and held events were deleted because their time was over.
    """

    def __init__(self) -> None:
        self.deleted: Counter[str] = Counter()
        self._alerts: dict[str, dict[str, Any]] = {}
        self._states: dict[str, str] = {}
        self._decisions: Counter[tuple[str, ...]] = Counter()
        self._films: dict[str, str] = {}
        self._held: set[str] = set()
        self._marks: dict[int, dict[str, Any]] = {}
        self._off: list[str] = []

    def hear(self, at: str, action: str, facts: dict[str, Any]) -> None:
        """Take in one entry, in their order."""
        alert = facts.get("alert", "")
        match action:
            case "alert.raised":
                self._alerts[alert] = dict(facts)
                self._states[alert] = "new"
            case "alert.seen" | "alert.expired":
                self._states[alert] = action.removeprefix("alert.")
            case "alert.decided":
                self._states[alert] = facts["verdict"]
                self._decisions[(alert, at, facts["verdict"], facts["by"], facts["reason"])] += 1
            case "clip.kept":
                self._films[alert] = facts["sha256"]
            case "event.held":
                self._held.add(facts["event"])
            case "mark.made":
                self._marks[facts["mark"]] = {name: value for name, value in facts.items() if name != "mark"}
            case "mark.lifted":
                self._marks[facts["mark"]]["lifted"] = True
            case "switch.off" | "switch.on":
                self._off = facts["off"]
            case "picture.deleted" | "clip.deleted" | "alert.deleted" | "event.deleted" | "mark.deleted":
                self._forget(action, facts)

    def _forget(self, action: str, facts: dict[str, Any]) -> None:
        self.deleted[action.removesuffix(".deleted")] += 1
        match action:
            case "picture.deleted":
                self._alerts[facts["alert"]]["still_sha256"] = None
            case "clip.deleted":
                del self._films[facts["alert"]]
            case "alert.deleted":
                del self._alerts[facts["alert"]]
                self._decisions = Counter({k: n for k, n in self._decisions.items() if k[0] != facts["alert"]})
            case "event.deleted":
                self._held.remove(facts["event"])
            case "mark.deleted":
                del self._marks[facts["mark"]]

    def against(self, database: Connection, films: Films) -> Iterator[str]:
        """Compare with the tables and the films; yield what differs, in words."""
        yield from self._alerts_against(database)
        row = database.execute("SELECT value FROM meta WHERE key = 'switches'").fetchone()
        if sorted(json.loads(row[0]) if row else {}) != self._off:
            yield "a switch was turned: no entry tells of it"
        rows = Counter(database.execute("SELECT alert_id, at, verdict, operator, reason FROM decisions"))
        yield from (f"a decision about alert {key[0]} was changed or put in" for key in rows - self._decisions)
        yield from (f"a decision about alert {key[0]} was removed" for key in self._decisions - rows)
        yield from self._films_against(database, films)
        held = {row[0] for row in database.execute("SELECT held_id FROM held")}
        yield from (f"the event {one} was put in: no entry tells of it" for one in sorted(held - self._held))
        yield from (f"the event {one} was removed" for one in sorted(self._held - held))
        marks = {
            number: json.loads(facts) | ({} if lifted is None else {"lifted": True})
            for number, lifted, facts in database.execute("SELECT mark_id, lifted_at, facts FROM marks")
        }
        yield from (
            f"mark {number} was changed, removed or put in"
            for number in sorted(set(marks) | set(self._marks))
            if marks.get(number) != self._marks.get(number)
        )

    def _alerts_against(self, database: Connection) -> Iterator[str]:
        missing = dict(self._alerts)
        for alert_id, state, kind, still in database.execute(
            "SELECT alert_id, state, kind, still FROM alerts ORDER BY raised_at, alert_id"
        ):
            facts = missing.pop(alert_id, None)
            if facts is None:
                yield f"alert {alert_id} was put in: no entry tells of it"
            elif kind != facts["kind"] or state != self._states[alert_id]:
                yield f"alert {alert_id} was changed: it is {kind}, {state}, the record says otherwise"
            elif "still_sha256" in facts and digest(still) != facts["still_sha256"]:
                yield f"alert {alert_id} was changed: its picture is not the one with which it was raised"
        yield from (f"alert {alert_id} was removed" for alert_id in missing)

    def _films_against(self, database: Connection, films: Films) -> Iterator[str]:
        missing = dict(self._films)
        for alert_id, file, sha256 in database.execute("SELECT alert_id, file, sha256 FROM clips ORDER BY alert_id"):
            if missing.pop(alert_id, None) != sha256:
                yield f"the film of alert {alert_id} was changed or put in: no entry tells of it"
                continue
            film = films.read(database, file)
            if film is None:
                yield f"the film of alert {alert_id} was removed: there is no {file}"
            elif digest(film) != sha256:
                yield f"the film of alert {alert_id} was changed: {file} is not what was kept"
        yield from (f"the film of alert {alert_id} was removed" for alert_id in missing)
