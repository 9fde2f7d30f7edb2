"""Drawn places: what mirrors, what shines, how deep things stand, and that a place is a function of its camera."""

import time

import numpy as np
import pytest

from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.render.backdrop import Backdrop
from sim.render.floor import Floor
from sim.render.light import Light
from sim.render.surround import Surround

STAIRS = {"id": "flight", "kind": "stairs", "polygon": [(12, 8), (18, 8), (18, 12), (12, 12)], "height_m": 1.7}
BOARD = {"id": "board", "kind": "billboard", "polygon": [(7, 9), (9, 9), (9, 9.2), (7, 9.2)], "height_m": 2.4}
PUDDLE = {"id": "wet", "polygon": [(13, 3), (16, 3), (16, 5), (13, 5)]}


def place(ground="paving", obstacles=(STAIRS, BOARD), puddles=(), conditions=None, name="place_test_v1"):
    return Scenario.model_validate(
        {
            "name": name,
            "title": "A place",
            "venue": {
                "outline": [(0, 0), (30, 0), (30, 24), (0, 24)],
                "ground": ground,
                "obstacles": list(obstacles),
                "puddles": list(puddles),
            },
            "cameras": [
                {
                    "id": "one",
                    "position_m": (15, -4, 6),
                    "look_at_m": (15, 8, 0),
                    "hfov_deg": 75,
                    "resolution_px": (320, 180),
                }
            ],
            "population": {},
            "conditions": conditions or {},
        }
    )


def draw(scenario, **how):
    camera = scenario.cameras[0].build()
    light = Light.of(scenario.conditions, scenario.venue, camera)
    floor = Floor.of(scenario.venue, light, Surround.of(scenario))
    return camera, Backdrop.of(scenario, camera, light, floor, **how)


def pixel(camera, x, y, z=0.0):
    (u, v), depth = (part[0] for part in camera.project([(x, y, z)]))
    return round(float(v)), round(float(u)), float(depth)


@pytest.mark.parametrize(
    ("ground", "mirrors"), [("paving", False), ("asphalt", False), ("tiles", True), ("terrazzo", True)]
)
def test_only_polished_floors_mirror(ground, mirrors):
    _, seen = draw(place(ground))
    assert seen.reflect is not None
    floor = seen.ground > 0
    assert not seen.reflect[~floor].any()
    assert (seen.reflect[floor] > 0).mean() > 0.95 if mirrors else not seen.reflect.any()


def test_a_puddle_mirrors_and_nothing_around_it():
    camera, seen = draw(place(puddles=[PUDDLE]))
    v, u, _ = pixel(camera, 14.5, 4)
    assert seen.reflect[v, u] > 8
    v, u, _ = pixel(camera, 11, 4)
    assert seen.reflect[v, u] == 0


def test_floors_mirror_more_the_flatter_they_are_seen():
    camera, seen = draw(place("terrazzo", obstacles=()))
    near = seen.reflect[pixel(camera, 15, 2)[:2]]
    far = seen.reflect[pixel(camera, 15, 20)[:2]]
    assert far > 1.5 * near


def test_stairs_rise_step_by_step():
    camera, seen = draw(place())
    for share in (0.15, 0.45, 0.75):
        y = 8 + 4 * share
        height = np.ceil(share * 10) * 0.17
        v, u, depth = pixel(camera, 15, y, height)
        assert seen.depth_m[v, u] == pytest.approx(depth, abs=0.25)
        assert seen.ground[v, u] == 0


def test_windows_are_lit_at_night_only():
    scenario = place(name="lit_place_v1")
    assert draw(scenario)[1].glow is None
    _, night = draw(place(conditions={"darkness": 4.0}, name="lit_place_v1"))
    assert night.glow is not None
    assert 0.003 < (night.glow[..., 1] > 60).mean() < 0.5


def test_the_same_camera_sees_the_same_place():
    first, again = draw(place())[1], draw(place())[1]
    for name in ("image", "depth_m", "ground", "sunlit", "reflect"):
        assert np.array_equal(getattr(first, name), getattr(again, name), equal_nan=True), name


def test_what_stands_around_hides_nothing_of_the_place():
    scenario = place(obstacles=())
    around = Surround.of(scenario)
    assert len(around.pieces) > 20
    assert len(around.trees)
    assert not any(piece.shape.intersects(scenario.venue.floor) for piece in around.pieces)
    camera, seen = draw(scenario)
    for x, y in [(3, 3), (15, 12), (27, 21), (3, 22)]:
        v, u, _ = pixel(camera, x, y)
        if 0 <= v < camera.height_px and 0 <= u < camera.width_px:
            assert seen.ground[v, u] == 255
            assert np.isinf(seen.depth_m[v, u])


def test_halls_have_no_street_and_streets_no_ceiling():
    assert Surround.of(place("tiles")).pieces == ()
    camera, hall = draw(place("tiles", obstacles=()))
    assert np.isfinite(hall.depth_m[hall.ground == 0]).all()
    v, u, depth = pixel(camera, 15, 24, 3.0)
    assert hall.depth_m[v, u] == pytest.approx(depth, rel=0.02)


def test_a_puddle_outside_the_venue_is_refused():
    with pytest.raises((ScenarioError, ValueError), match=r"venue\.puddles\.wet\.polygon: lies outside"):
        place(puddles=[PUDDLE | {"polygon": [(90, 90), (91, 90), (91, 91)]}])


def test_a_picture_of_one_ray_a_pixel_is_quick():
    """A moving camera draws each picture anew: at 640 x 360 well under a second on a busy core."""
    scenario = load_scenario("forecourt_bag_v1", ["cameras.0.resolution_px=[640,360]"])
    draw(scenario, fine=False)
    times = []
    for _ in range(3):
        begin = time.process_time()
        draw(scenario, fine=False)
        times.append(time.process_time() - begin)
    assert min(times) < 1.0
