"""The live feed without a network: stalls, gaps, reconnection, dropped and stale pictures."""

import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.sources import FeedState, LiveFeed, LiveSettings, WebcamSource
from detect.sources.freshness import Freshness
from detect.sources.live_feed import ConnectionLostError, Shot
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap

FAST = LiveSettings(stall_s=0.4, backoff_s=0.02, most_backoff_s=0.05)
STEP_S = 0.04


class Camera:
    """A camera that is told what to do: every connection plays one script of pauses, then breaks or freezes."""

    def __init__(self, *scripts, refuse=()):
        self.scripts = list(scripts)
        self.refuse = set(refuse)
        self.tries = 0

    def connect(self):
        self.tries += 1
        if self.tries in self.refuse or not self.scripts:
            raise SourceError("camera: unreachable (as told)")
        return Wire(self, self.scripts.pop(0))


class Wire:
    size_px = (8, 6)
    fps = 25.0

    def __init__(self, camera, script):
        self.camera, self.script, self.next, self.clock_s = camera, script, 0, 0.0

    def read(self):
        if self.next >= len(self.script):
            raise ConnectionLostError("as told")
        pause = self.script[self.next]
        if pause is None:  # frozen until its own time limit
            time.sleep(1.2)
            raise ConnectionLostError("frozen")
        if isinstance(pause, Exception):
            raise pause
        time.sleep(pause)
        number, self.next = self.next, self.next + 1
        self.clock_s += max(pause, STEP_S) if number else 0
        return Shot(self.clock_s, lambda: np.full((6, 8, 3), number % 250, np.uint8))

    def close(self):
        pass


def feed_of(camera, **given):
    return LiveFeed("camera", camera.connect, settings=given.pop("settings", FAST), **given)


def watch(feed, seconds, until=None):
    """Take items until the time is over; a thread closes the feed then."""
    timer = threading.Timer(seconds, feed.close)
    timer.start()
    items = []
    for item in feed:
        items.append(item)
        if until and until(items):
            break
    timer.cancel()
    feed.close()
    return items


def test_pictures_come_in_order_with_the_cameras_own_distances():
    items = watch(feed_of(Camera([STEP_S] * 40 + [None])), 1.2)
    assert all(isinstance(i, Frame) for i in items[:20])
    frames = [i for i in items if isinstance(i, Frame)]
    assert frames[0].time_s == 0
    assert all(b.time_s > a.time_s and b.index > a.index for a, b in pairwise(frames))
    assert [b.time_s - a.time_s for a, b in pairwise(frames[:15])] == pytest.approx([STEP_S] * 14)
    assert frames[0].wall_time.tzinfo is not None


def test_first_connection_that_fails_is_said_at_once():
    with pytest.raises(SourceError, match="unreachable"):
        feed_of(Camera())


def test_a_freeze_is_an_open_gap_within_the_limit_then_a_closed_one():
    camera = Camera([STEP_S] * 8 + [1.0] + [STEP_S] * 30 + [None])
    began = time.monotonic()
    seen = []
    for item in (feed := feed_of(camera)):
        seen.append((time.monotonic() - began, item))
        if isinstance(item, Gap) and item.end_s == item.start_s:
            assert feed.status.state is FeedState.STALLED
        if len(seen) > 14:
            feed.close()
    gaps = [(at, g) for at, g in seen if isinstance(g, Gap)]
    (opened_at, opened), (_, closed) = gaps
    last = max(at for at, i in seen if isinstance(i, Frame) and at < opened_at)
    assert opened.start_s == opened.end_s == closed.start_s
    assert opened_at - last < FAST.stall_s + 0.2
    assert 0.8 < closed.end_s - closed.start_s < 1.6
    after = seen[[i for _, i in seen].index(closed) + 1][1]
    assert isinstance(after, Frame)
    assert after.time_s == closed.end_s


def test_it_reconnects_for_ever_and_says_what_was_missed():
    camera = Camera([STEP_S] * 8, [STEP_S] * 8, [STEP_S] * 200, refuse={2, 3, 4, 6})
    feed = feed_of(camera)
    items = watch(feed, 4, until=lambda items: feed.status.reconnects == 2 and isinstance(items[-1], Frame))
    gaps = [i for i in items if isinstance(i, Gap) and i.end_s > i.start_s]
    assert len(gaps) == 2
    assert all("connection lost: as told" in g.reason for g in gaps)
    assert feed.status.reconnects == 2
    times = [i.time_s if isinstance(i, Frame) else i.end_s for i in items]
    assert times == sorted(times)


def test_no_kind_of_error_ends_the_reader_for_good():
    camera = Camera([STEP_S] * 8 + [MemoryError()], [STEP_S] * 200)
    feed = feed_of(camera)
    items = watch(feed, 4, until=lambda items: feed.status.reconnects == 1 and isinstance(items[-1], Frame))
    (gap,) = [i for i in items if isinstance(i, Gap) and i.end_s > i.start_s]
    assert "MemoryError" in gap.reason
    assert isinstance(items[-1], Frame)


def test_a_slow_consumer_gets_the_newest_picture_and_drops_are_counted():
    camera = Camera([STEP_S] * 60 + [None])
    feed = feed_of(camera)
    ages = []
    for item in feed:
        if isinstance(item, Gap):
            break
        ages.append(feed.status.age_s)
        time.sleep(0.2)
        if len(ages) == 6:
            feed.close()
    assert feed.status.drops > 10
    assert max(ages) < 0.15


def test_what_was_lost_before_a_dropped_picture_is_not_forgotten():
    camera = Camera([STEP_S] * 6, [STEP_S] * 100)
    feed = feed_of(camera)
    pictures = iter(feed)
    assert isinstance(next(pictures), Frame)
    time.sleep(1.0)  # the connection breaks and comes back meanwhile
    seen = [next(pictures) for _ in range(3)]
    feed.close()
    assert any(isinstance(i, Gap) and "as told" in i.reason for i in seen)


def test_lossless_keeps_every_picture():
    camera = Camera([0.001] * 200)
    feed = feed_of(camera, settings=LiveSettings(stall_s=0.5, lossless=True, backoff_s=9))
    frames = []
    for item in feed:
        if isinstance(item, Gap):
            break
        frames.append(item)
        if len(frames) % 50 == 0:
            time.sleep(0.1)
    feed.close()
    assert [f.index for f in frames] == list(range(200))
    assert [f.time_s for f in frames] == pytest.approx([k * STEP_S for k in range(200)])


def test_closing_ends_the_iterating_of_another_thread():
    feed = feed_of(Camera([STEP_S] * 3 + [None]))
    ended = threading.Event()

    def consume():
        for _ in feed:
            pass
        ended.set()

    threading.Thread(target=consume, daemon=True).start()
    time.sleep(0.2)
    feed.close()
    feed.close()
    assert ended.wait(1)
    assert feed.status.state is FeedState.CLOSED
    assert list(feed) == []


def test_status_while_lost():
    feed = feed_of(Camera([STEP_S] * 5))
    deadline = time.monotonic() + 2
    while feed.status.state is not FeedState.LOST and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    status = feed.status
    feed.close()
    assert status.state is FeedState.LOST
    assert "unreachable" in status.problem
    assert status.frames > 0


# --- a camera at this machine, with a device that is only pretended ---


class Device:
    """Stands for cv2.VideoCapture: gives some pictures, then none."""

    left = 12

    def __init__(self, number):
        self.number = number

    def isOpened(self):
        return True

    def get(self, _what):
        return 0.0

    def read(self):
        time.sleep(STEP_S)
        Device.left -= 1
        return (True, np.full((6, 8, 3), 7, np.uint8)) if Device.left > 0 else (False, None)

    def release(self):
        pass


def test_webcam(monkeypatch):
    monkeypatch.setattr("detect.sources.webcam.Path.exists", lambda _path: True)
    monkeypatch.setattr("detect.sources.webcam.cv2.VideoCapture", Device)
    Device.left = 12
    feed = WebcamSource("webcam:3", camera_id="desk", settings=FAST)
    assert (feed.size_px, feed.fps, feed.live) == ((8, 6), 30.0, True)
    items = watch(feed, 3, until=lambda items: isinstance(items[-1], Gap))
    assert len([i for i in items if isinstance(i, Frame) and i.camera_id == "desk"]) >= 5
    assert isinstance(items[-1], Gap)
    assert "webcam:3: gives no picture" in items[-1].reason


def test_webcam_that_is_none():
    with pytest.raises(SourceError, match="should be like webcam:0"):
        WebcamSource("webcam:-1")
    with pytest.raises(SourceError, match="there is no /dev/video98"):
        WebcamSource("webcam:98")


# --- freshness: numbers in, judgement out ---


def judge(freshness, start_s, pts):
    """Arrivals and camera times from ``pts``: list of (arrival, pts)."""
    return [freshness.is_stale(start_s + arrival, p) for arrival, p in pts]


def steady(begin, count, step=0.1):
    return [(begin + k * step, begin + k * step) for k in range(count)]


def test_steady_pictures_are_fresh_from_the_second_on():
    assert judge(Freshness(), 1000.0, steady(0, 50)) == [True] + [False] * 49


def test_a_backlog_after_a_freeze_is_stale_until_it_has_caught_up():
    freshness = Freshness(max_lag_s=1.0)
    judge(freshness, 0, steady(0, 20))
    backlog = [(7.0 + 0.005 * k, 2.0 + 0.1 * k) for k in range(50)]  # five seconds in a quarter of one
    verdicts = judge(freshness, 0, backlog)
    late = [arrival - pts > 1.1 for arrival, pts in backlog]
    assert all(stale for stale, is_late in zip(verdicts, late, strict=True) if is_late)
    assert not verdicts[-1]
    assert not any(judge(freshness, 0, steady(7.3, 20)))


def test_a_lasting_delay_at_real_pace_becomes_the_normal():
    freshness = Freshness(max_lag_s=1.0, settle_s=1.0)
    judge(freshness, 0, steady(0, 20))
    late = [(5.0 + 0.1 * k, 2.0 + 0.1 * k) for k in range(40)]  # three seconds late for good
    verdicts = judge(freshness, 0, late)
    assert verdicts[0]
    assert not any(verdicts[-20:])


def test_pictures_without_a_time_are_judged_by_the_usual_step():
    freshness = Freshness()
    judge(freshness, 0, steady(0, 20))
    assert freshness.is_stale(8.0, None)
    assert not judge(Freshness(), 0, [(0.0, None), (0.1, None), (0.2, None)])[-1]


def test_the_pictures_of_probing_are_stale():
    probed = [(0.001 * k, 0.1 * k) for k in range(8)] + [(0.1 * k, 0.7 + 0.1 * k) for k in range(1, 5)]
    assert judge(Freshness(), 0, probed) == [True] * 8 + [False] * 4


@settings(max_examples=40, deadline=None)
@given(
    drift=st.floats(-1e-3, 1e-3),
    jitter=st.lists(st.floats(0, 0.3), min_size=200, max_size=200),
    step=st.sampled_from([0.04, 0.1, 1.0]),
)
def test_drift_and_jitter_are_not_taken_for_a_backlog(drift, jitter, step):
    freshness = Freshness(max_lag_s=1.0)
    arrivals = np.maximum.accumulate([k * step * (1 + drift) + j for k, j in enumerate(jitter)])
    verdicts = [freshness.is_stale(float(a), k * step) for k, a in enumerate(arrivals)]
    first_live = verdicts.index(False)
    assert not any(verdicts[first_live:])


class JumpyWire(Wire):
    """Its clock is an hour ahead from one picture on, and an hour behind from another."""

    def read(self):
        shot = super().read()
        ahead = 3600.0 if 15 <= self.next < 30 else -3600.0 if self.next >= 30 else 0.0
        return Shot(shot.pts_s + ahead, shot.image)


class JumpyCamera(Camera):
    def connect(self):
        return JumpyWire(self, self.scripts.pop(0))


def test_a_camera_s_clock_that_jumps_moves_no_picture_in_time():
    camera = JumpyCamera([STEP_S] * 60)
    begun = time.monotonic()
    items = watch(feed_of(camera), 2.0, until=lambda items: len(items) >= 50)
    took_s = time.monotonic() - begun
    frames = [item for item in items if isinstance(item, Frame)]
    assert len(frames) >= 45
    assert [item for item in items if isinstance(item, Gap)] == []
    steps = np.diff([frame.time_s for frame in frames])
    assert (steps > 0).all()
    assert steps.max() < 0.5
    assert frames[-1].time_s < took_s + 0.2
