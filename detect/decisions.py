"""What a human decided about an alert, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detect.alert_rows import load_alert, set_state
from detect.audit import append
from detect.database import Connection, Database, moment_of
from detect.desk import Alert, AlertState, Verdict, move
from scenarios.errors import ParvisError

__all__ = ["Decision", "decide", "load_decisions"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a human decided about an alert.

    Attributes:
        alert: The alert, as it stands now.
        verdict: Confirmed or dismissed.
        by: Who.
        reason: Why; never empty for a dismissal.
        at: When.
        seen_at: When somebody first looked at the alert, or None where that was never told.
        seen_by: Who that was.
    """

    alert: Alert
    verdict: Verdict
    by: str
    reason: str
    at: datetime
    seen_at: datetime | None = None
    seen_by: str = ""

    @property
    def took_s(self) -> float:
        """Seconds from the alert to the verdict."""
        return max(0.0, (self.at - self.alert.raised_at).total_seconds())

    @property
    def unseen_s(self) -> float | None:
        """Seconds from the alert until somebody looked at it."""
        return None if self.seen_at is None else max(0.0, (self.seen_at - self.alert.raised_at).total_seconds())


def decide(database: Connection, alert_id: str, verdict: str, *, by: str, reason: str) -> Decision:
    """Record a human's verdict, inside a transaction.

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
    alert = move(load_alert(database, alert_id), AlertState(verdict))
    set_state(database, alert_id, alert.state)
    at = append(database, "alert.decided", facts)
    database.execute(
        "INSERT INTO decisions (alert_id, at, verdict, operator, reason) VALUES (?, ?, ?, ?, ?)",
        (alert_id, at, facts["verdict"], facts["by"], facts["reason"]),
    )
    seen_at, seen_by = database.execute(
        "SELECT seen_at, seen_by FROM alerts WHERE alert_id = ?", (alert_id,)
    ).fetchone()
    when = datetime.fromisoformat(at)
    return Decision(alert, Verdict(verdict), facts["by"], facts["reason"], when, moment_of(seen_at), seen_by or "")


def load_decisions(database: Database, limit: int, alert_id: str | None = None) -> list[Decision]:
    """Return verdicts, the newest first; of one alert only, where one is named."""
    which, values = ("", (limit,)) if alert_id is None else ("WHERE alert_id = ?", (alert_id, limit))
    with database.read() as reading:
        rows = reading.execute(
            "SELECT alert_id, at, verdict, operator, reason, seen_at, seen_by "  # noqa: S608
            f"FROM decisions JOIN alerts USING (alert_id) {which} ORDER BY at DESC LIMIT ?",
            values,
        ).fetchall()
        return [
            Decision(
                load_alert(reading, decided),
                Verdict(verdict),
                by,
                reason,
                datetime.fromisoformat(at),
                moment_of(seen_at),
                seen_by or "",
            )
            for decided, at, verdict, by, reason, seen_at, seen_by in rows
        ]
