"""Figures that are put into the pictures of a real camera: the chain raises what they do, marked as a drill.

That nothing is raised there without them is in `test_real.py`.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from dashboard.drill_stage import set_stage
from detect.detectors import build_detector
from detect.drills import Drill, DrillState
from detect.live import watch_camera
from detect.pipeline import Pipeline
from detect.rules import build_rules
from detect.sources import open_source
from detect.store import Store
from scenarios.calibration import load_calibration
from scenarios.errors import ParvisError
from scenarios.event import EventKind
from scenarios.frame import Frame

CALIBRATION = Path(__file__).parent.parent / "reference" / "pets09_s2l1" / "camera.toml"
FPS_MOST = 3.5
PLACE = (-9.9, -10.9)


def watch(vtest, store):
    """Watch until the drill is over."""
    known = load_calibration(CALIBRATION)
    source = open_source(str(vtest), camera_id="view_001", fps=7.0)
    pipeline = Pipeline(build_detector("parvis"), build_rules({}), camera=known.camera, zones=known.zones)
    try:
        watch_camera(
            "view_001", "vtest.avi", source, pipeline, store,
            stop=lambda: store.drills.all()[0].ended_at is not None,
            fps_most=FPS_MOST, calibration=CALIBRATION, set_stage=set_stage,
        )  # fmt: skip
    finally:
        source.close()


@pytest.mark.real
@pytest.mark.slow
def test_a_bag_put_into_real_pictures_is_raised_as_a_drill_and_timed(vtest, tmp_path, monkeypatch):
    """One drill, whose id fixes who comes and which way; of others, with other people, some are missed."""
    monkeypatch.setattr("detect.drills.uuid.uuid4", lambda: UUID(int=3 << 96))
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        asked = store.drills.ask("view_001", EventKind.ABANDONED_OBJECT, by="ana", at_m=PLACE)
        watch(vtest, store)
        drill = store.drills.get(asked.drill_id)
        (alert,) = store.alerts()
        assert drill.state is DrillState.RAISED, drill.words
        assert alert.event.drill == asked.drill_id
        assert np.hypot(*np.subtract(alert.event.place_m, PLACE)) < 1.0
        assert 30.0 <= drill.delay_s <= 80.0  # the owner walks off, then it is alone for half a minute
        assert store.count_alerts() == {}
        assert store.verify().ok


def pictures(vtest, count=24):
    source = open_source(str(vtest), camera_id="v", fps=7.0)
    taken = [frame.image for _, frame in zip(range(5 * count), source, strict=False)][::5]
    source.close()
    return taken


def drill(kind=EventKind.PERSON_DOWN, at_m=None):
    return Drill("drill-00000001", "v", kind, DrillState.ASKED, datetime.now(UTC), "ana", at_m)


@pytest.mark.real
def test_only_the_figures_change_the_picture(vtest):
    taken = pictures(vtest)
    source = open_source(str(vtest), camera_id="v", fps=7.0)
    stage = set_stage(drill(), taken, 7.0, CALIBRATION)
    hidden = 0
    for frame in source:
        if frame.time_s > 14.0:
            break
        before = frame.image.copy()
        seen = stage.insert(frame)
        assert (frame.image == before).all()
        changed = (seen.image != frame.image).any(axis=2)
        for x1, y1, x2, y2 in seen.boxes_px:
            changed[max(0, int(y1) - 8) : int(y2) + 9, max(0, int(x1) - 12) : int(x2) + 13] = False
        hidden += int(changed.sum() > 0.002 * changed.size)  # shadows reach a little farther
    source.close()
    assert hidden == 0
    assert stage.insert(frame).happened_s is not None


@pytest.mark.real
def test_who_really_stands_nearer_hides_the_figures(vtest):
    taken = pictures(vtest)
    stage = set_stage(drill(at_m=PLACE), taken, 7.0, CALIBRATION)
    frame = Frame("v", 0, 0.0, None, taken[0])
    stage.insert(frame)
    seen = stage.insert(replace(frame, time_s=30.0))
    ((x1, y1, x2, y2),) = seen.boxes_px.astype(int)
    nearer = taken[0].copy()
    nearer[y1 - 60 : y2 + 60, x1 - 5 : x2 + 5] = (200, 30, 200)  # feet far below those of the figure
    farther = taken[0].copy()
    farther[y1 - 60 : y2 - 15, x1 - 5 : x2 + 5] = (200, 30, 200)
    behind = stage.insert(replace(frame, time_s=30.1, image=nearer))
    assert (behind.image[y1 - 50 : y2 + 50, x1:x2] == (200, 30, 200)).all()
    assert len(behind.boxes_px) == 0
    before = stage.insert(replace(frame, time_s=30.2, image=farther))
    assert len(before.boxes_px) == 1


@pytest.mark.real
def test_a_place_that_cannot_be_seen_is_one_sentence(vtest):
    with pytest.raises(ParvisError, match="not seen well enough, or nobody walks there"):
        set_stage(drill(at_m=(300.0, 300.0)), pictures(vtest), 7.0, CALIBRATION)


@pytest.mark.real
def test_pictures_of_another_size_are_one_sentence(vtest):
    small = [picture[::2, ::2] for picture in pictures(vtest)]
    with pytest.raises(ParvisError, match="is for 768x576 pixels, the pictures have 384x288"):
        set_stage(drill(), small, 7.0, CALIBRATION)
