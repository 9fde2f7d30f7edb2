"""What the drills of each month proved: whether alerts were raised, how fast, and how fast a human decided."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

from detect.desk import Verdict
from detect.drills import DrillState
from detect.store import Store

__all__ = ["drill_rows"]

_ALL: Final = 100_000


def drill_rows(store: Store) -> list[dict[str, Any]]:
    """Count the drills of each month (UTC), the newest month first.

    Returns:
        A row a month: ``month`` as YYYY-MM; ``held``, those that proved something; of them ``raised`` and ``missed``;
        ``void``; ``alarm_s``, median from what happened to the alarm, None where none was raised; ``decided`` and
        ``confirmed`` of those raised; ``decision_s``, median from the alert to the verdict, None where there is none.
    """
    verdicts = {d.alert.alert_id: d for d in store.decisions(limit=_ALL) if d.alert.event.drill is not None}
    drills = store.drills.all(limit=_ALL)
    rows = []
    for month in sorted({f"{d.asked_at:%Y-%m}" for d in drills}, reverse=True):
        mine = [d for d in drills if f"{d.asked_at:%Y-%m}" == month]
        raised = [d for d in mine if d.state is DrillState.RAISED]
        missed = sum(d.state is DrillState.MISSED for d in mine)
        decided = [verdicts[d.alert_id] for d in raised if d.alert_id in verdicts]
        rows.append(
            {
                "month": month,
                "held": len(raised) + missed,
                "raised": len(raised),
                "missed": missed,
                "void": sum(d.state is DrillState.VOID for d in mine),
                "alarm_s": median(d.delay_s for d in raised if d.delay_s is not None) if raised else None,
                "decided": len(decided),
                "confirmed": sum(d.verdict is Verdict.CONFIRMED for d in decided),
                "decision_s": median(d.took_s for d in decided) if decided else None,
            }
        )
    return rows
