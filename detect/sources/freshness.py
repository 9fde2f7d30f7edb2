"""Is a picture that arrives now a picture of now, or one that was held up on its way?"""

from __future__ import annotations

from typing import Final

__all__ = ["Freshness"]

_DRIFT: Final = 0.002
"""Seconds a second by which a camera's clock may be slower than ours without being taken for a delay."""
_JUMP_S: Final = 10.0
"""A step of the camera's clock that much beyond ours is a new clock, not a delay."""
_BURST: Final = 0.5
"""A picture belongs to a burst when it follows the one before in less than this share of their distance."""
_PAUSE_S: Final = 0.5
"""Silence that much longer than the distance of two pictures is a pause, not the pace of real time."""
_REAL_TIME: Final = 1.1
"""Up to this many seconds of pictures a second is the pace of real time."""
_ENOUGH: Final = 5
"""Pictures that it takes to know a pace."""


class Freshness:
    """Tells live pictures of one connection from a backlog that arrives faster than real time.

    After a freeze of the camera or of the network, pictures that were held up arrive in a burst. Each of them is
    late by (arrival - camera's time) against the smallest such difference seen so far. Late pictures are stale until
    the burst has caught up; when pictures stay late but come at the pace of real time, the delay is the new normal.
    A new connection may begin with a burst, too: the pictures with which the stream was probed.
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
        self._before: tuple[float, float] = (0.0, 0.0)
        self._step_s: float | None = None
        self._late_since: tuple[float, float, int] | None = None
        self._starting = True
        self._seen = 0

    def is_stale(self, arrival_s: float, pts_s: float | None) -> bool:
        """Judge the next picture.

        Args:
            arrival_s: Our monotonic clock when it arrived.
            pts_s: The camera's clock; None where the stream does not say: then the usual step is assumed.
        """
        self._seen += 1
        if pts_s is None:
            if self._least_s is None or self._step_s is None:
                return self._seen == 1
            pts_s = self._before[1] + self._step_s
        delay = arrival_s - pts_s
        if self._least_s is None:
            self._before, self._least_s = (arrival_s, pts_s), delay
            return self._starting
        step_arrival, step_pts = arrival_s - self._before[0], pts_s - self._before[1]
        self._before = (arrival_s, pts_s)
        if not 0 <= step_pts <= step_arrival + _JUMP_S:
            self._least_s, self._late_since, self.lag_s = delay, None, 0.0
            return False
        if step_pts > 0:
            self._step_s = step_pts
        self._least_s = min(self._least_s + _DRIFT * step_arrival, delay)
        self.lag_s = delay - self._least_s
        if self._starting:
            if step_arrival < _BURST * step_pts:
                return True
            self._starting = False
        return self._is_late(arrival_s, pts_s, paused=step_arrival > step_pts + _PAUSE_S)

    def _is_late(self, arrival_s: float, pts_s: float, *, paused: bool) -> bool:
        if self.lag_s <= self._max_lag_s:
            self._late_since = None
            return False
        if self._late_since is None or paused:
            self._late_since = (arrival_s, pts_s, self._seen)
            return True
        since_s, since_pts_s, first = self._late_since
        if arrival_s - since_s < self._settle_s or self._seen - first < _ENOUGH:
            return True
        if (pts_s - since_pts_s) / (arrival_s - since_s) > _REAL_TIME:
            self._late_since = (arrival_s, pts_s, self._seen)
            return True
        self._least_s, self._late_since, self.lag_s = arrival_s - pts_s, None, 0.0
        return False
