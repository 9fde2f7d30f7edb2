"""A real bag that is left in a station, filmed without a calibration: one alert, at the bag, and nothing else."""

from pathlib import Path

import cv2
import pytest

from dashboard.real import watch_real
from detect.observations import Observations
from detect.score.annotations import load_incidents
from scenarios.errors import SourceError

FROM_S, FPS, EVERY = 50.0, 12.5, 2
FACTS = Path(__file__).parent.parent / "reference" / "pets2006" / "events.csv"


@pytest.fixture
def station(parvis_data, tmp_path):
    """Every second picture from 50 s on, as it is stored: twice as high as it was meant."""
    source = cv2.VideoCapture(str(parvis_data / "pets2006_bag" / "pets2006_3.mp4"))
    path = tmp_path / "station.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS / EVERY, (720, 1152))
    number = 0
    while True:
        there, picture = source.read()
        if not there:
            break
        if number >= FROM_S * FPS and number % EVERY == 0:
            film.write(picture)
        number += 1
    source.release()
    film.release()
    return path


@pytest.mark.real
@pytest.mark.slow
def test_a_bag_left_in_a_station_gives_one_alert_when_its_owner_has_been_gone_for_half_a_minute(station, tmp_path):
    (bag,) = load_incidents(FACTS)
    run = watch_real(str(station), size="720x576", out=tmp_path / "run", command="x")
    assert run is not None
    (said,) = Observations.load(run).events
    assert said.kind.value == "abandoned_object"
    left_s = bag.facts["owner_left_s"] - FROM_S
    assert left_s + 27.0 <= said.start_s <= left_s + 36.0
    x, y = (said.box_px[0] + said.box_px[2]) / 2, (said.box_px[1] + said.box_px[3]) / 2
    assert bag.facts["x1_px"] < x < bag.facts["x2_px"]
    assert bag.facts["y1_px"] < y < bag.facts["y2_px"]


@pytest.mark.parametrize("size", ["720", "720x", "axb", "0x576", "720x99999", "-1x5"])
def test_a_size_that_makes_no_sense_is_one_sentence(vtest, tmp_path, size):
    with pytest.raises(SourceError, match="should be WIDTHxHEIGHT"):
        watch_real(str(vtest), size=size, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
