"""How a stall did: whom it served, how long they waited, how long the queue grew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.queues import StallRecord

__all__ = ["StallLoad"]


@dataclass(frozen=True, slots=True)
class StallLoad:
    """One stall over a run.

    Attributes:
        served_people: Who were served.
        unserved_people: Who went on unserved, because the queue was too long for them or for the floor.
        waiting_people: Who are in the queue at the end.
        longest_queue_people: Most in the queue at once, those who are served not counted.
        wait_median_s: Half of those who were called had waited no longer; None where nobody was.
        wait_p90_s: Nine in ten of them.
        wait_longest_s: All of them.
    """

    served_people: int
    unserved_people: int
    waiting_people: int
    longest_queue_people: int
    wait_median_s: float | None
    wait_p90_s: float | None
    wait_longest_s: float | None

    @classmethod
    def of(cls, record: StallRecord) -> StallLoad:
        """Sum up what happened at a stall."""
        waits = record.waits_s
        median, p90, longest = (float(np.quantile(waits, q)) if waits else None for q in (0.5, 0.9, 1.0))
        return cls(record.served, record.gave_up, record.waiting, record.longest, median, p90, longest)
