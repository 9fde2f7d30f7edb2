"""Is a picture that arrives now a picture of now, or one that was held up on its way?"""

from __future__ import annotations

from typing import Final

__all__ = ["Freshness"]

_DRIFT: Final = 0.002
"""Seconds a second by which a camera's clock may be slower than ours without being taken for a delay."""
_JUMP_S: Final = 10.0
"""A step of the camera's clock beyond this is a new clock, not a delay."""
_BURST: Final = 0.5
"""A picture is part of a burst when it follows the one before in less than this share of their distance."""


class Freshness:
    """Tells live pictures of one connection from a backlog that arrives faster than real time.

    After a freeze of the camera or of the network, pictures that were held up arrive in a burst. Each of them is
    late by (arrival - camera's time) against the smallest such difference seen so far. Late pictures are stale until
    the burst has caught up; when pictures stay late but come at the pace of real time, the delay is the new normal.
    """

    def __init__(self, max_lag_s: float = 1.0, settle_s: float = 1.0) -> None:
        """Begin with a new connection.

        Args:
            max_lag_s: A picture that is later than this is stale.
            settle_s: Late pictures at the pace of real time over this span are accepted as live.
        """
        self.lag_s = 0.0
        """How late the newest picture was."""
        self._max_lag_s = max_lag_s
        self._settle_s = settle_s
        self._least_s: float | None = None
        self._before: tuple[float, float] | None = None
        self._late_since: tuple[float, float] | None = None
        self._starting = True
        self._seen = 0

    def is_stale(self, arrival_s: float, pts_s: float | None) -> bool:
        """Judge the next picture.

        Args:
            arrival_s: Our monotonic clock when it arrived.
            pts_s: The camera's clock, or None where the stream does not say.
        """
        self._seen += 1
        if pts_s is None:
            return self._seen == 1
        delay = arrival_s - pts_s
        if self._before is None or self._least_s is None:
            self._before, self._least_s = (arrival_s, pts_s), delay
            return self._starting
        step_arrival, step_pts = arrival_s - self._before[0], pts_s - self._before[1]
        self._before = (arrival_s, pts_s)
        if not 0 < step_pts <= max(_JUMP_S, step_arrival + _JUMP_S):
            self._least_s, self._late_since, self.lag_s = delay, None, 0.0
            return False
        self._least_s = min(self._least_s + _DRIFT * step_arrival, delay)
        self.lag_s = delay - self._least_s
        if self._starting:
            if step_arrival < _BURST * step_pts:
                return True
            self._starting = False
        return self._is_late(arrival_s, pts_s, delay)

    def _is_late(self, arrival_s: float, pts_s: float, delay: float) -> bool:
        if self.lag_s <= self._max_lag_s:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = (arrival_s, pts_s)
            return True
        span = arrival_s - self._late_since[0]
        if span < self._settle_s:
            return True
        pace = (pts_s - self._late_since[1]) / span
        self._late_since = (arrival_s, pts_s)
        if pace > 1.1:
            return True
        self._least_s, self._late_since, self.lag_s = delay, None, 0.0
        return False
