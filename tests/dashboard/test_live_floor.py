"""The map of the floor now: people and densities only where somebody looks, and no data where nobody does."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from dashboard.draw_live_floor import draw_live_floor, ground_m2
from detect.live.floor_keeper import FloorKeeper
from detect.store import FloorState, Store
from scenarios.camera import Camera

LEFT = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
RIGHT = ((5.0, 0.0), (15.0, 0.0), (15.0, 10.0), (5.0, 10.0), (5.0, 0.0))


def floor(watching=("left", "right"), people=()):
    return FloorState(datetime.now(UTC), watching, people, (("left", LEFT), ("right", RIGHT)))


def test_ground_that_two_see_counts_once_and_what_nobody_sees_not_at_all():
    assert ground_m2(floor()) == pytest.approx(150)
    assert ground_m2(floor(("left",))) == pytest.approx(100)
    assert ground_m2(floor(())) == 0.0


def test_densities_are_those_of_the_people_and_stay_on_watched_ground():
    crowd = tuple((n, 3.0 + 0.01 * n, 5.0, 0.2, 1) for n in range(18))
    (heat,) = [t for t in draw_live_floor(floor(("left",), crowd)).data if t.type == "heatmap"]
    density = np.array(heat.z, float)
    assert np.nanmax(density) == pytest.approx(2.0)
    beyond = np.array(heat.x) > 10.5
    assert not np.isfinite(density[:, beyond]).any()


def test_without_pictures_there_is_no_density_and_it_says_so():
    figure = draw_live_floor(floor(()))
    assert [t.type for t in figure.data if t.type == "heatmap"] == []
    assert sorted(a.text for a in figure.layout.annotations) == ["left: no data", "right: no data"]
    assert all(t.line.dash == "dot" for t in figure.data)


def test_the_daemon_tells_what_each_camera_sees(tmp_path):
    camera = Camera.looking_at(
        "gate", position_m=(0, 0, 6), look_at_m=(15, 0, 0), hfov_deg=60, resolution_px=(640, 360), distortion=[]
    )
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        keeper = FloorKeeper(list, store)
        keeper.see({"gate": camera})
        keeper.look()
        told = store.floor()
        assert told is not None
        ((name, ring),) = told.ground
        assert name == "gate"
        assert camera.footprint(80).buffer(0.6).covers(shapely.Polygon(ring))
        assert shapely.Polygon(ring).area > 100
