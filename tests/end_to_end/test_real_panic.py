"""A real crowd that begins to run, filmed without a calibration: said soon after, and not before."""

import cv2
import pytest

from dashboard.real import watch_real
from detect.observations import Observations

FROM, FPS = 330, 30.0
ONSET_S = (486 - FROM) / FPS
"""Of the first of the UMN events, +- 0.5 s."""


@pytest.fixture
def panic(parvis_data, tmp_path):
    folder = parvis_data / "umn_panic"
    path = tmp_path / "panic.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 240))
    number = 0
    for part in ("scene1_train1.avi", "scene1_test1.avi"):
        source = cv2.VideoCapture(str(folder / part))
        while True:
            there, picture = source.read()
            if not there:
                break
            picture[:22] = 0  # a caption is burned in after the onset
            if number >= FROM:
                film.write(picture)
            number += 1
        source.release()
    film.release()
    return path


@pytest.mark.real
@pytest.mark.slow
def test_a_panic_is_said_within_two_seconds_with_a_scale_from_heights(panic, tmp_path):
    run = watch_real(str(panic), out=tmp_path / "run", command="x")
    assert run is not None
    said = [e for e in Observations.load(run).events if e.kind.value == "crowd_movement"]
    assert len({e.event_id for e in said}) == 1
    assert ONSET_S - 0.5 <= said[0].start_s <= ONSET_S + 2.0
    assert said[0].evidence["scale"] == "from heights of people"
    assert not [e for e in Observations.load(run).events if e.kind.value in ("abandoned_object", "person_down")]
