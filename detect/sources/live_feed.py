"""What every live source has in common: a reader thread, its newest picture, a watchdog, reconnection and gaps."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from detect.sources.freshness import Freshness
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["Connection", "ConnectionLostError", "FeedState", "FeedStatus", "LiveFeed", "LiveSettings", "Shot"]

_REANCHOR_S: Final = 2.0
"""When the camera's clock and ours differ by more, its times are tied to ours anew."""
_LEAST_STEP_S: Final = 1e-3
"""Times of two pictures differ at least by this."""


class FeedState(StrEnum):
    """How a live source is."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    LOST = "lost"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A live source at one instant.

    Attributes:
        state: ``stalled``: connected, but no new picture; ``lost``: not connected, trying again.
        age_s: Seconds since the last live picture arrived; None before the first.
        frames: Live pictures that arrived.
        drops: Of these, the ones that nobody fetched in time.
        stale: Pictures that were thrown away because they came late, in a burst.
        reconnects: How often the connection was made again.
        lag_s: How late the newest picture was against the quickest one of this connection.
        problem: Why it is not live, for a person, without credentials; empty when it is.
    """

    state: FeedState
    age_s: float | None
    frames: int
    drops: int
    stale: int
    reconnects: int
    lag_s: float
    problem: str


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Spans of a live source, in seconds.

    Attributes:
        stall_s: Without a picture for so long it is stalled.
        max_lag_s: A picture held up for longer on its way is stale.
        backoff_s: First wait before a new connection; doubles each time.
        most_backoff_s: Longest wait.
        lossless: Keep every picture for a consumer that is slower for a while: for comparisons, not for watching.
    """

    stall_s: float = 3.0
    max_lag_s: float = 1.0
    backoff_s: float = 0.5
    most_backoff_s: float = 5.0
    lossless: bool = False


class ConnectionLostError(Exception):
    """A connection gives no more pictures; the text says why, without credentials."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture as it comes out of a connection.

    Attributes:
        pts_s: The camera's clock, or None.
        image: Converts it; called only for pictures that somebody looks at.
    """

    pts_s: float | None
    image: Callable[[], Image]


class Connection(Protocol):
    """An open connection to a camera; used by one thread only."""

    size_px: tuple[int, int]
    fps: float

    def read(self) -> Shot:
        """Wait for the next picture.

        Raises:
            ConnectionLostError: There is none any more, or none came within the connection's own time limit.
        """

    def close(self) -> None:
        """Let go."""


@dataclass(frozen=True, slots=True, eq=False)
class _Arrival:
    shot: Shot
    index: int
    time_s: float
    wall_time: datetime
    lost: str


class LiveFeed:
    """A camera that goes on by itself; a ``Source``."""

    live = True
    frame_count: int | None = None

    def __init__(
        self,
        name: str,
        connect: Callable[[], Connection],
        *,
        camera_id: str = "camera",
        fps: float | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        """Connect once; from then on the connection is made again for ever.

        Args:
            name: For messages, without credentials.
            connect: Opens a connection or raises ``SourceError``.
            camera_id: Whose pictures they are.
            fps: Nominal rate, where the stream says a wrong one.
            settings: Spans.

        Raises:
            SourceError: The first connection failed.
        """
        self.name = name
        self.camera_id = camera_id
        self.settings = settings or LiveSettings()
        self._connect = connect
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._waiting: deque[_Arrival] = deque()
        self._frames = self._drops = self._stale = self._reconnects = 0
        self._last_arrival_s: float | None = None
        self._last_time_s = 0.0
        self._next_index = 0
        self._origin_s: float | None = None
        self._lag_s = 0.0
        self._problem = ""
        self._connected = True
        first = connect()
        self.size_px = first.size_px
        self.fps = float(fps or first.fps)
        self._opened_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(first,), name=f"feed-{camera_id}", daemon=True)
        self._thread.start()

    @property
    def status(self) -> FeedStatus:
        """How it is now."""
        with self._changed:
            now = time.monotonic()
            age = None if self._last_arrival_s is None else now - self._last_arrival_s
            since = now - self._opened_s if age is None else age
            if self._stop.is_set():
                state, problem = FeedState.CLOSED, ""
            elif not self._connected:
                state, problem = FeedState.LOST, self._problem
            elif since > self.settings.stall_s:
                state, problem = FeedState.STALLED, self._problem or f"no live picture for {since:.1f} s"
            elif age is None:
                state, problem = FeedState.CONNECTING, ""
            else:
                state, problem = FeedState.LIVE, ""
            return FeedStatus(
                state, age, self._frames, self._drops, self._stale, self._reconnects, self._lag_s, problem
            )

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Yield the newest picture each time; an open ``Gap`` when a stall is seen, the closed one after it."""
        last_s: float | None = None
        told = False
        while True:
            arrival = self._take(None if told else self.settings.stall_s)
            if arrival is None:
                if self._stop.is_set():
                    return
                told = True
                yield Gap(self.camera_id, last_s or 0.0, last_s or 0.0, self.status.problem or "no picture comes")
                continue
            lost = arrival.lost or ("no picture came" if told else "")
            if lost and (last_s is not None or told):
                yield Gap(self.camera_id, last_s or 0.0, arrival.time_s, lost)
                if self._stop.is_set():
                    return
            told = False
            last_s = arrival.time_s
            yield Frame(self.camera_id, arrival.index, arrival.time_s, arrival.wall_time, arrival.shot.image())

    def close(self) -> None:
        """Stop the reader; a reader that waits for a frozen camera ends with its own time limit."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _take(self, stall_s: float | None) -> _Arrival | None:
        """Wait for a picture; None when there is none for ``stall_s`` seconds, or when it was closed."""
        with self._changed:
            while not self._waiting and not self._stop.is_set():
                left = None
                if stall_s is not None:
                    left = (self._last_arrival_s or self._opened_s) + stall_s - time.monotonic()
                    if left <= 0:
                        return None
                self._changed.wait(left)
            if self._stop.is_set():
                return None
            arrival = self._waiting.popleft()
            self._changed.notify_all()
            return arrival

    def _run(self, connection: Connection | None) -> None:
        lost = ""
        while not self._stop.is_set():
            if connection is None:
                connection = self._connect_again()
                if connection is None:
                    return
                self.size_px = connection.size_px
            try:
                self._read(connection, lost)
            except ConnectionLostError as error:
                lost = f"connection lost: {error}"
            except Exception as error:  # a reader that dies in silence would leave the camera stalled for good
                lost = f"connection lost: {type(error).__name__}"
            finally:
                connection.close()
                connection = None
            with self._changed:
                self._connected = False
                self._problem = lost

    def _connect_again(self) -> Connection | None:
        wait_s = self.settings.backoff_s
        while not self._stop.wait(wait_s):
            try:
                connection = self._connect()
            except Exception as error:  # whatever it is, the next attempt may succeed
                with self._changed:
                    self._problem = str(error) if isinstance(error, SourceError) else type(error).__name__
            else:
                with self._changed:
                    self._connected = True
                    self._reconnects += 1
                return connection
            wait_s = min(2 * wait_s, self.settings.most_backoff_s)
        return None

    def _read(self, connection: Connection, lost: str) -> None:
        """Read one connection until it breaks; ``lost`` is why there was none before."""
        freshness = Freshness(self.settings.max_lag_s)
        session = _SessionClock(connection.fps)
        while not self._stop.is_set():
            shot = connection.read()
            arrival_s = time.monotonic()
            stale = freshness.is_stale(arrival_s, shot.pts_s) and not self.settings.lossless
            with self._changed:
                self._lag_s = freshness.lag_s
                index = self._next_index
                self._next_index += 1
                if stale:
                    self._stale += 1
                    continue
                if self._origin_s is None:
                    self._origin_s = arrival_s
                silence = arrival_s - (self._last_arrival_s or self._opened_s)
                if not lost and silence > self.settings.stall_s:
                    lost = f"no live picture for {silence:.1f} s"
                time_s = session.time_s(arrival_s - self._origin_s, shot.pts_s, keep=self.settings.lossless)
                if self._frames:
                    time_s = max(time_s, self._last_time_s + _LEAST_STEP_S)
                self._frames += 1
                self._last_arrival_s, self._last_time_s, self._problem = arrival_s, time_s, ""
                self._put(_Arrival(shot, index, time_s, datetime.now(UTC), lost))
                lost = ""

    def _put(self, arrival: _Arrival) -> None:
        """Hand over one picture, with the lock held; what was lost before a dropped one is not forgotten."""
        if self.settings.lossless:
            while len(self._waiting) >= _QUEUE and not self._stop.is_set():
                self._changed.wait()
        elif self._waiting:
            dropped = self._waiting.pop()
            self._drops += 1
            if dropped.lost:
                arrival = replace(arrival, lost=dropped.lost)
        self._waiting.append(arrival)
        self._changed.notify_all()


_QUEUE: Final = 64
"""Pictures that a lossless source keeps before the reader waits."""


class _SessionClock:
    """Ties the camera's clock of one connection to the source's clock."""

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps if fps > 0 else 0.0
        self._offset_s: float | None = None
        self._last_s: float | None = None

    def time_s(self, now_s: float, pts_s: float | None, *, keep: bool) -> float:
        """Return the time of the next picture, seconds since the source's first one.

        Args:
            now_s: When it arrived.
            pts_s: The camera's clock, or None.
            keep: Never tie anew, because the pictures may be read later than they are taken.
        """
        if pts_s is None:
            time_s = now_s
        elif self._offset_s is None:
            time_s = now_s if self._last_s is None else self._last_s + self._step_s
            self._offset_s = time_s - pts_s
        else:
            time_s = pts_s + self._offset_s
            if not keep and abs(time_s - now_s) > _REANCHOR_S:
                time_s = now_s
                self._offset_s = now_s - pts_s
        self._last_s = time_s
        return time_s
