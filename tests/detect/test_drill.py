"""A drill in one camera's pictures: staged, marked, scored; and nothing else is taken for one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from dashboard.drill_figures import drill_rows
from detect.desk import Desk
from detect.drills import WAITS, DrillState
from detect.live import watch_camera
from detect.live.config import load_config
from detect.live.drill import Inserted
from detect.live.drill_schedule import DrillSchedule, ask_due
from detect.pipeline import Pipeline, nothing_found
from detect.sources import MemorySource
from detect.store import Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind
from scenarios.frame import Frame, Gap

BOX, ELSEWHERE = (40.0, 60.0, 60.0, 80.0), (150.0, 20.0, 170.0, 60.0)
BAG = EventKind.ABANDONED_OBJECT
FPS = 5.0


class Nobody:
    name, weights_sha256 = "nobody", None

    def start(self, camera):
        pass

    def detect(self, frames):
        return [nothing_found() for _ in frames]


class RedSquare:
    """Says one event about what is red at a place, two seconds after it came, and ends it when it is gone."""

    name = "red_square"

    def __init__(self, box_px=BOX, kind=BAG):
        self.box, self.kind, self.since_s, self.event, self.said = box_px, kind, None, None, 0

    def update(self, scene):
        x1, y1, x2, y2 = map(int, self.box)
        now = scene.tracks.time_s
        patch = scene.frame.image[y1:y2, x1:x2]
        if not ((patch[..., 2] > 200) & (patch[..., 0] < 50)).all():
            return self._end(now)
        self.since_s = now if self.since_s is None else self.since_s
        if self.event is not None or now - self.since_s < 2.0:
            return []
        self.said += 1
        self.event = Event(
            f"{self.name}-{self.box[0]}-{self.said}", self.kind, "gate", now, None, None, self.box, None, (), 0.5,
            self.name,
        )  # fmt: skip
        return [self.event]

    def _end(self, now):
        ended, self.event, self.since_s = self.event, None, None
        return [replace(ended, end_s=now)] if ended else []

    def reset(self):
        return self._end(self.event.start_s if self.event else 0.0)


class RedStage:
    """Paints a red square from its third second on."""

    limit_s = 8.0

    def __init__(self):
        self.begin_s = self.happened_s = None

    def insert(self, frame):
        self.begin_s = frame.time_s if self.begin_s is None else self.begin_s
        image = frame.image.copy()
        if frame.time_s - self.begin_s >= 3.0:
            self.happened_s = self.happened_s or frame.time_s
            x1, y1, x2, y2 = map(int, BOX)
            image[y1:y2, x1:x2] = (0, 0, 255)
        there = self.happened_s is not None
        boxes = np.array([BOX]) if there else np.empty((0, 4))
        feet = np.array([(1.0, 2.0)]) if there else np.empty((0, 2))
        return Inserted(image, boxes, feet, self.happened_s, (1.0, 2.0) if there else None)


def red(_drill, pictures, _fps, _calibration):
    assert len(pictures) == 24
    return RedStage()


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as opened:
        yield opened


def film(seconds=40.0, *, red_at=None):
    """Grey pictures; from ``red_at`` on, what is elsewhere is really red."""
    for n in range(round(seconds * FPS)):
        image = np.full((120, 200, 3), 90, np.uint8)
        if red_at is not None and n / FPS >= red_at:
            x1, y1, x2, y2 = map(int, ELSEWHERE)
            image[y1:y2, x1:x2] = (0, 0, 255)
        yield Frame("gate", n, n / FPS, None, image)


def watch(store, items, rules=None, *, set_stage=red, calibration=Path("gate.toml"), **more):
    rules = rules or [RedSquare(), RedSquare(ELSEWHERE)]
    more.setdefault("stop", lambda: False)
    watch_camera(
        "gate", "film.mp4", MemorySource(list(items), fps=FPS), Pipeline(Nobody(), rules), store,
        set_stage=set_stage, calibration=calibration, **more,
    )  # fmt: skip


def test_a_drill_is_staged_raised_marked_and_over(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    watch(store, film())
    drill = store.drills.get(asked.drill_id)
    (alert,) = store.alerts()
    assert alert.event.drill == asked.drill_id
    assert alert.event.end_s is not None  # the figures were taken away
    assert (drill.state, drill.alert_id, drill.place_m) == (DrillState.RAISED, alert.alert_id, (1.0, 2.0))
    assert drill.delay_s == pytest.approx(2.0, abs=0.3)
    assert drill.ended_at is not None
    assert store.verify().ok
    (row,) = drill_rows(store)
    assert (row["held"], row["raised"], row["decided"], row["decision_s"]) == (1, 1, 0, None)
    store.decide(alert.alert_id, "confirmed", by="ben", reason="")
    assert drill_rows(store)[0]["confirmed"] == 1


def test_without_a_drill_the_same_pictures_raise_nothing(store):
    watch(store, film())
    assert store.alerts() == []


def test_alerts_of_drills_are_not_counted_among_the_real_ones(store):
    store.drills.ask("gate", BAG, by="ana")
    watch(store, film(red_at=20.0))
    assert sorted(a.event.drill is not None for a in store.alerts()) == [False, True]
    assert sum(store.count_alerts().values()) == 1


def test_what_really_happens_during_a_drill_is_never_marked(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    watch(store, film(red_at=18.0))
    by_box = {a.event.box_px: a.event.drill for a in store.alerts()}
    assert by_box == {BOX: asked.drill_id, ELSEWHERE: None}


def test_an_alarm_of_another_kind_about_the_figures_is_marked_but_is_no_success(store):
    asked = store.drills.ask("gate", EventKind.PERSON_DOWN, by="ana")
    watch(store, film())
    (alert,) = store.alerts()
    assert alert.event.drill == asked.drill_id
    assert store.drills.get(asked.drill_id).state is DrillState.MISSED


def test_what_nobody_notices_is_missed(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    watch(store, film(), [RedSquare(ELSEWHERE)])
    drill = store.drills.get(asked.drill_id)
    assert (drill.state, drill.alert_id) == (DrillState.MISSED, None)
    assert drill_rows(store)[0]["missed"] == 1


def test_pictures_that_are_kept_say_drill_and_the_others_do_not(store):
    store.drills.ask("gate", BAG, by="ana")
    watch(store, film(red_at=0.0))
    pictures = {a.event.drill is not None: store.still(a.alert_id) for a in store.alerts()}
    corner = {
        drill: cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR)[:14, -40:] for drill, still in
        pictures.items()
    }  # fmt: skip
    assert corner[True].min() < 20
    assert corner[False].min() > 50


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"calibration": None}, "has no calibration"), ({"set_stage": None}, "nobody who could paint")],
)
def test_a_drill_that_cannot_be_staged_is_void_and_says_why(store, settings, words):
    asked = store.drills.ask("gate", BAG, by="ana")
    watch(store, film(3.0), **settings)
    drill = store.drills.get(asked.drill_id)
    assert drill.state is DrillState.VOID
    assert words in drill.words


def test_a_stage_that_fails_is_void_and_the_camera_is_watched_on(store):
    def broken(*_about):
        raise ParvisError("drill: this camera sees no ground well enough")

    asked = store.drills.ask("gate", BAG, by="ana")
    watch(store, film(red_at=25.0), set_stage=broken)
    assert "sees no ground" in store.drills.get(asked.drill_id).words
    assert [a.event.drill for a in store.alerts()] == [None]


def test_a_gap_voids_a_drill_because_the_rules_forget(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    items = list(film())
    items.insert(110, Gap("gate", 21.8, 22.0, "lost"))
    watch(store, items)
    assert store.drills.get(asked.drill_id).state is DrillState.VOID
    assert all(a.event.drill is None or a.event.end_s is not None for a in store.alerts())


def test_who_stops_a_drill_takes_its_figures_away(store):
    asked = store.drills.ask("gate", BAG, by="ana")

    def stop_soon(seen):
        if seen.frame is not None and seen.frame.index == 105:
            store.drills.stop(asked.drill_id, by="ben")

    watch(store, film(), on_observation=stop_soon)
    drill = store.drills.get(asked.drill_id)
    assert (drill.state, drill.words) == (DrillState.VOID, "stopped by ben")
    assert store.alerts() == []
    with pytest.raises(ParvisError, match="is void already"):
        store.drills.stop(asked.drill_id, by="ben")


def test_what_a_dead_process_had_under_way_is_void(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    store.drills.begin(asked.drill_id)
    watch(store, film(1.0))
    assert store.drills.get(asked.drill_id).state is DrillState.VOID


def test_one_at_a_time_a_name_and_only_what_can_be_staged(store):
    with pytest.raises(ParvisError, match="cannot be staged"):
        store.drills.ask("gate", EventKind.FIRE, by="ana")
    with pytest.raises(ParvisError, match="needs the name"):
        store.drills.ask("gate", BAG, by=" ")
    store.drills.ask("gate", BAG, by="ana")
    with pytest.raises(ParvisError, match="one at a time"):
        store.drills.ask("gate", BAG, by="ana")
    store.drills.ask("hall", BAG, by="ana")


def test_a_drill_nobody_takes_up_expires(store):
    asked = store.drills.ask("gate", BAG, by="ana")
    store.drills.expire(datetime.now(UTC) + WAITS / 2)
    assert store.drills.get(asked.drill_id).state is DrillState.ASKED
    store.drills.expire(datetime.now(UTC) + 2 * WAITS)
    assert store.drills.get(asked.drill_id).state is DrillState.VOID


def test_the_desk_never_joins_a_drill_with_what_is_real():
    desk = Desk("s")
    now = datetime.now(UTC)
    real = Event("a", BAG, "gate", 1.0, None, (1.0, 1.0), BOX, None, (), 0.5, "r")
    staged = replace(real, event_id="b", drill="drill-1")
    assert desk.take(real, now).new
    assert desk.take(staged, now).new
    again = desk.take(replace(staged, event_id="c"), now)
    assert not again.new
    assert again.alert is not None
    assert again.alert.event.drill == "drill-1"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('camera = "hall"\nkind = "person_down"', "unknown camera 'hall'"),
        ('camera = "bare"\nkind = "person_down"', "'bare' has no calibration"),
        ('camera = "gate"\nkind = "fire"', "cannot be staged"),
        ('camera = "gate"\nkind = "crowd_movement"', "is not watched for crowd_movement"),
        ('camera = "gate"\nkind = "person_down"\nhours = ["2-4"]', "is no span of the day"),
        ('camera = "gate"\nkind = "person_down"\ntime_zone = "Mars"', "is no time zone"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_one_sentence(tmp_path, lines, words):
    (tmp_path / "gate.toml").write_text("")
    path = tmp_path / "live.toml"
    path.write_text(
        'cameras = [{ id = "gate", source = "a.mp4", calibration = "gate.toml", purposes = ["person_down"] },\n'
        f'{{ id = "bare", source = "b.mp4" }}]\n[[drills]]\n{lines}\n'
    )
    with pytest.raises(ParvisError, match=words):
        load_config(path)


def test_a_schedule_asks_when_its_time_has_come_and_not_again_before(store):
    nightly = DrillSchedule(camera="gate", kind=BAG, every_days=7, hours=["02:00-04:00"], time_zone="UTC")
    night = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
    ask_due([nightly], store, night + timedelta(hours=5))
    assert store.drills.all() == []
    ask_due([nightly], store, night)
    (asked,) = store.drills.all()
    assert (asked.by, asked.camera_id) == ("schedule", "gate")
    store.drills.end(asked.drill_id, "", DrillState.MISSED)
    later = asked.asked_at + timedelta(days=6.5)
    ask_due([nightly], store, later.replace(hour=3))
    assert len(store.drills.all()) == 1
    ask_due([nightly], store, (asked.asked_at + timedelta(days=8)).replace(hour=3))
    assert len(store.drills.all()) == 2
