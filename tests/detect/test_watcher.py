"""One camera watched into a store, without a process of its own."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import cv2
import numpy as np
import pytest
import supervision as sv

from detect.clips import ClipSettings
from detect.desk import DeskSettings
from detect.live import watch_camera
from detect.live.backlog import Backlog
from detect.pipeline import Pipeline
from detect.sources import LiveFeed, LiveSettings, MemorySource
from detect.sources.live_feed import ConnectionLostError, Shot
from detect.store import Store
from detect.tracks import ObjectClass
from scenarios.errors import DetectorError, ParvisError, RecordingError, SourceError
from scenarios.event import Event, EventKind
from scenarios.frame import Frame, Gap

BOX = [100.0, 40.0, 140.0, 160.0]
SIZE = (200, 300, 3)


def frame(n, seed=0):
    squares = np.random.default_rng(seed).integers(0, 2, (SIZE[0] // 4, SIZE[1] // 4, 1), dtype=np.uint8)
    image = np.kron(squares, np.full((4, 4, 3), 200, np.uint8))
    return Frame("gate", n, n / 10, None, image)


class OnePerson:
    """Finds a person at the same place in every picture."""

    name = "one_person"
    weights_sha256 = None

    def start(self, camera):
        pass

    def detect(self, frames):
        found = sv.Detections(
            xyxy=np.array([BOX]), confidence=np.array([0.9]), class_id=np.array([int(ObjectClass.PERSON)])
        )
        return [found for _ in frames]


class Failing(OnePerson):
    def detect(self, frames):  # noqa: ARG002
        raise DetectorError("the network file is damaged")


class SaysAt:
    """Says one event at a given time, and never ends it by itself."""

    name = "says_at"
    kind = EventKind.ABANDONED_OBJECT

    def __init__(self, at_s, *, ends_on_reset=False):
        self.at_s, self.said, self.now_s, self.ends_on_reset = at_s, None, 0.0, ends_on_reset

    def update(self, scene):
        self.now_s = scene.tracks.time_s
        if self.said is not None or self.now_s < self.at_s:
            return []
        self.said = Event("e1", self.kind, "gate", self.now_s, None, None, (1.0, 2, 3, 4), None, (), 0.5, self.name)
        return [self.said]

    def reset(self):
        said, self.said = self.said, None
        return [replace(said, end_s=self.now_s)] if said is not None and self.ends_on_reset else []


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as opened:
        yield opened


def watch(store, items, rules=(), detector=None, on_observation=None, **settings):
    source = MemorySource(items, fps=10)
    pipeline = Pipeline(detector or OnePerson(), rules)
    settings.setdefault("stop", lambda: False)
    watch_camera("gate", "film.mp4", source, pipeline, store, on_observation=on_observation, **settings)


def test_an_open_gap_is_said_at_once_and_no_picture_is_made_up(store):
    states, pictures = [], []

    def note(seen):
        (camera,) = store.cameras()
        states.append((camera.state, camera.words, camera.counters["gaps"]))
        pictures.append(store.picture("gate"))

    items = [frame(0), Gap("gate", 0.0, 0.0, "no picture comes"), Gap("gate", 0.0, 0.9, "lost"), frame(9)]
    watch(store, items, on_observation=note)
    assert [s[0] for s in states] == ["live", "stalled", "live", "live"]
    assert states[1] == ("stalled", "no picture comes", 0)
    assert states[2][2] == 1
    assert pictures[1] == pictures[0]
    assert store.cameras()[0].counters["frames"] == 2
    assert store.cameras()[0].state == "ended"


def test_people_are_unrecognisable_before_they_are_followed(store):
    watch(store, [frame(0)])
    picture = cv2.imdecode(np.frombuffer(store.picture("gate")[0], np.uint8), cv2.IMREAD_COLOR)
    x1, y1, x2, y2 = (int(v) for v in BOX)
    inside = np.zeros(SIZE[:2], bool)
    inside[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4] = True
    wrong = np.abs(picture.astype(float) - frame(0).image).mean(axis=2)
    assert wrong[inside].mean() > 5 * wrong[~inside].mean()
    watch(store, [frame(0)], blur=False)
    plain = cv2.imdecode(np.frombuffer(store.picture("gate")[0], np.uint8), cv2.IMREAD_COLOR)
    wrong = np.abs(plain.astype(float) - frame(0).image).mean(axis=2)
    assert wrong[inside].mean() < 1.2 * wrong[~inside].mean()


def test_pictures_and_states_are_written_no_more_often_than_people_read(store, monkeypatch):
    writes = {"say_camera": 0, "keep_picture": 0}
    for name in writes:
        real = getattr(Store, name)

        def counted(self, *given, _real=real, _name=name):
            writes[_name] += 1
            return _real(self, *given)

        monkeypatch.setattr(Store, name, counted)
    began = time.monotonic()
    watch(store, [frame(n, seed=1) for n in range(60)])
    took = time.monotonic() - began
    assert writes["keep_picture"] <= 1 + took / 0.5
    assert writes["say_camera"] <= 3 + took


def test_an_alert_has_its_picture_and_what_lasts_ends_with_the_source(store):
    watch(store, [frame(n) for n in range(6)], [SaysAt(0.2)])
    (alert,) = store.alerts()
    assert store.still(alert.alert_id).startswith(b"\xff\xd8")
    assert (alert.event.start_s, alert.event.end_s) == (0.2, 0.5)
    assert store.verify().ok


def test_an_alert_ends_with_a_gap(store):
    items = [*(frame(n) for n in range(4)), Gap("gate", 0.3, 0.3, "no picture comes")]
    lasting = []
    watch(store, items, [SaysAt(0.1, ends_on_reset=True)], on_observation=lambda _: lasting.extend(store.alerts()))
    assert lasting[0].event.end_s is None
    assert lasting[-1].event.end_s == 0.3


def test_what_a_watcher_before_left_open_is_ended_by_the_next_one(store):
    class GoneError(BaseException):
        pass

    def die(_):
        if store.alerts():
            monkey.setattr(Store, "update_alert", lambda *_: None)  # it dies without a last word
            raise GoneError

    with pytest.MonkeyPatch.context() as monkey, pytest.raises(GoneError):
        watch(store, [frame(n) for n in range(6)], [SaysAt(0.2)], on_observation=die)
    assert store.alerts()[0].event.end_s is None
    watch(store, [frame(0)])
    assert store.alerts()[0].event.end_s is not None
    assert store.waiting() == store.alerts()


def test_a_matter_that_was_decided_is_raised_again_when_it_is_said_anew(store):
    class Twice(SaysAt):
        def update(self, scene):
            said = super().update(scene)
            if scene.tracks.time_s >= 0.4 and self.said.event_id == "e1":
                self.said = replace(self.said, event_id="e2", start_s=0.4)
                said = [self.said]
            return said

    def dismiss(_):
        for alert in store.waiting():
            if alert.joined == ("e1",):
                store.decide(alert.alert_id, "dismissed", by="Kim", reason="a bin")

    watch(store, [frame(n) for n in range(6)], [Twice(0.1)], on_observation=dismiss)
    assert [a.joined for a in store.waiting()] == [("e2",)]
    assert len(store.decisions()) == 1


def test_a_watcher_that_fails_says_why(store):
    with pytest.raises(DetectorError):
        watch(store, [frame(0)], detector=Failing())
    (camera,) = store.cameras()
    assert camera.state == "lost"
    assert "the network file is damaged" in camera.words


def test_a_watcher_that_is_stopped_says_so(store):
    watch(store, [frame(n) for n in range(50)], stop=lambda: True)
    (camera,) = store.cameras()
    assert (camera.state, camera.words, camera.counters["frames"]) == ("ended", "stopped", 1)


class Flaky:
    """A connection that gives three pictures and breaks; others are refused until it is let."""

    fps, size_px = 10.0, (300, 200)

    def __init__(self):
        self.left = 3

    def read(self):
        if not self.left:
            raise ConnectionLostError("the camera ended the stream")
        self.left -= 1
        time.sleep(0.1)
        return Shot(None, lambda: np.zeros(SIZE, np.uint8))

    def close(self):
        pass


def test_while_no_picture_comes_it_is_said_how_it_stands(store):
    opened = []

    def connect():
        if opened:
            raise SourceError("rtsp://me:canary-5519@gate/x: unreachable")
        opened.append(Flaky())
        return opened[0]

    source = LiveFeed("gate", connect, camera_id="gate", settings=LiveSettings(stall_s=0.4, backoff_s=0.2))
    pipeline = Pipeline(OnePerson(), ())
    arguments = ("gate", "rtsp://me:canary-5519@gate/x", source, pipeline, store)
    began = datetime.now(UTC)
    watcher = threading.Thread(target=watch_camera, args=arguments, kwargs={"stop": lambda: False})
    watcher.start()
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not any(c.state == "lost" for c in store.cameras()):
            time.sleep(0.1)
        (camera,) = store.cameras()
        assert camera.state == "lost"
        assert "unreachable" in camera.words
        assert "canary" not in camera.words + camera.source
        assert camera.last_picture_at is not None
        assert camera.last_picture_at > began
    finally:
        source.close()
        watcher.join(5)
    assert not watcher.is_alive()
    assert store.cameras()[0].state == "ended"


class Bags:
    """Says a bag at a place of the picture every so often, as many as there are places; the first two last."""

    name = "bags"
    kind = EventKind.ABANDONED_OBJECT

    def __init__(self, boxes, every_s=0.1):
        self.boxes, self.every_s, self.said = boxes, every_s, 0

    def update(self, scene):
        if self.said >= len(self.boxes) or scene.tracks.time_s < self.said * self.every_s:
            return []
        self.said += 1
        now, box = scene.tracks.time_s, self.boxes[self.said - 1]
        return [Event(f"e{self.said}", self.kind, "gate", now, None, None, box, None, (), 0.5, self.name)]

    def reset(self):
        return []


def apart(n):
    return (10.0 * n, 5.0, 10.0 * n + 6, 12.0)


def test_an_alert_has_its_film(store):
    watch(store, [frame(n) for n in range(30)], [SaysAt(1.0)], clips=ClipSettings(before_s=0.5, after_s=0.5))
    (alert,) = store.alerts()
    clip = store.clips.of_alert(alert.alert_id)
    assert (clip.pictures, clip.alert_s, clip.blurred) == (11, 0.5, True)
    assert store.clips.film(clip) is not None
    assert store.verify().ok


def test_a_flood_is_one_alert_that_counts_and_nothing_is_lost(store):
    watch(
        store,
        [frame(n) for n in range(30)],
        [Bags([apart(n) for n in range(20)])],
        desk=DeskSettings(most_per_minute=5),
    )
    alerts = store.alerts()
    assert sorted(a.more for a in alerts) == [0, 0, 0, 0, 0, 14]
    group = next(a for a in alerts if a.more)
    held = store.held.of_alert(group.alert_id)
    assert len(held) == 14
    assert {h.event.end_s for h in held} == {2.9}
    assert group.event.end_s == 2.9
    assert store.verify().ok


def test_what_is_marked_meanwhile_is_not_raised_and_what_is_beside_it_is(store, monkeypatch):
    monkeypatch.setattr("detect.live.mark_reader._EVERY_S", 0.0)

    def mark(_):
        if store.alerts() and not store.decisions():
            (alert,) = store.alerts()
            store.decide(alert.alert_id, "dismissed", by="Kim", reason="a bin")
            store.marks.make(alert, hours=1, by="Kim", reason="a bin", fixture=True)

    watch(store, [frame(n) for n in range(10)], [Bags([apart(1), apart(1), apart(2)], 0.2)], on_observation=mark)
    assert len(store.alerts()) == 2
    assert list(store.held.counts().values()) == [1]
    (waiting,) = store.waiting()
    assert waiting.event.box_px == apart(2)
    assert store.verify().ok


def test_what_a_mark_held_back_is_raised_when_it_is_lifted(store, monkeypatch):
    monkeypatch.setattr("detect.live.mark_reader._EVERY_S", 0.0)
    seen = []

    def turn(_):
        seen.append(len(store.alerts()))
        if len(seen) == 5:
            store.marks.lift(1, by="Kim")

    watch(store, [frame(0)], [Bags([apart(1)])])
    store.marks.make(store.alerts()[0], hours=1, by="Kim", reason="a bin")
    watch(store, [frame(n) for n in range(10)], [Bags([apart(1)])], on_observation=turn)
    assert seen == [1] * 5 + [2] * 5
    assert store.still(store.alerts()[0].alert_id)


class Away:
    """A store that cannot be written for a while, as on a full disk or while its server is away."""

    def __init__(self, monkeypatch, names, until_s):
        self.refused = 0
        began = time.monotonic()
        for name in names:
            real = getattr(Store, name)

            def write(store, *given, _real=real, **more):
                if time.monotonic() - began < until_s:
                    self.refused += 1
                    raise RecordingError("live.sqlite: the alert store cannot be used (disk is full)")
                return _real(store, *given, **more)

            monkeypatch.setattr(Store, name, write)


class SaysOften(SaysAt):
    """An event a picture, each over at the next."""

    def update(self, scene):
        now_s = scene.tracks.time_s
        box = (90.0 * now_s, 2.0, 90.0 * now_s + 1, 4.0)
        event = Event(f"e{now_s:.1f}", self.kind, "gate", now_s, None, None, box, None, (), 0.5, self.name)
        return [event, replace(event, end_s=now_s)]


def test_what_a_store_does_not_take_waits_for_it_in_order(store, monkeypatch, capfd):
    away = Away(monkeypatch, ("raise_alert", "update_alert", "say_camera", "keep_picture"), 2.0)
    pace = lambda _seen: time.sleep(0.1)  # noqa: E731
    desk = DeskSettings(merge_s=0, most_per_minute=600)
    watch(store, [frame(n) for n in range(30)], [SaysOften(0.0)], on_observation=pace, desk=desk)
    assert away.refused > 1
    found = sorted(store.alerts(limit=99), key=lambda alert: alert.event.start_s)
    assert [round(a.event.start_s, 1) for a in found] == [n / 10 for n in range(30)]
    assert all(a.event.end_s is not None for a in found)
    assert found[5].raised_at < found[25].raised_at
    assert all(store.has_still(a.alert_id) for a in found)
    assert store.cameras()[0].state == "ended"
    assert store.verify().ok
    assert capfd.readouterr().err.count("what is to be written waits") == 1


def test_a_store_that_never_comes_back_holds_nobody_up(store, monkeypatch, capfd):
    Away(monkeypatch, ("raise_alert", "say_camera", "keep_picture"), 3600.0)
    began = time.monotonic()
    watch(store, [frame(n) for n in range(10)], [SaysAt(0.5)])
    assert time.monotonic() - began < 20
    assert "could not be written and are lost" in capfd.readouterr().err


def test_what_makes_no_sense_is_said_and_not_tried_for_ever():
    backlog = Backlog("gate")
    with pytest.raises(ParvisError, match="nonsense"):
        backlog.write("a", lambda: (_ for _ in ()).throw(ParvisError("nonsense")))
    done = []
    backlog.write("b", lambda: done.append(1))
    assert (len(backlog), done) == (0, [1])


def test_a_backlog_keeps_the_last_of_each_matter_and_says_what_it_loses(capfd):
    now = [0.0]
    backlog, done, fails = Backlog("gate", lambda: now[0]), [], [True]

    def write(what):
        if fails[0]:
            raise RecordingError("away")
        done.append(what)

    for n in range(1200):
        backlog.write(n, partial(write, n))
    backlog.write(3, partial(write, "three"))
    assert (len(backlog), backlog.lost) == (1000, 200)
    fails[0] = False
    backlog.write(4, partial(write, "four"))
    assert done == [], "a store that failed is not asked again at once"
    now[0] = 2.0
    backlog.write("new", partial(write, "new"))
    assert done[:6] == [0, 1, 2, "three", "four", 5]
    assert done[-1] == "new"
    assert len(done) == 1001
    assert "1000 things wait already: 128 lost" in capfd.readouterr().err


def test_people_are_counted_and_a_gap_is_no_zero(store):
    start = datetime(2026, 7, 1, 12, tzinfo=UTC)
    shown = [replace(frame(n), wall_time=start + timedelta(seconds=n / 10)) for n in (*range(40), *range(90, 130))]
    watch(store, [*shown[:40], Gap("gate", 4.0, 9.0, "lost"), *shown[40:]])
    first, second = store.counts.since(start)
    assert (first.begin, first.end) == (start, start + timedelta(seconds=3.9))
    assert (second.begin, second.end) == (start + timedelta(seconds=9), start + timedelta(seconds=12.9))
    assert 0 < first.people <= 1
