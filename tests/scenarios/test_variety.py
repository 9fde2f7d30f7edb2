import numpy as np

from scenarios.conditions import EFFECTS
from scenarios.variety import draw_scenario


def _drawn(count=120, **kwargs):
    return [draw_scenario(np.random.default_rng((7, n)), **kwargs) for n in range(count)]


def test_every_draw_is_a_scenario_and_the_same_chance_gives_the_same():
    first, second = _drawn(40), _drawn(40)
    assert first == second
    assert len({s.seed for s in first}) == 40


def test_weather_defects_and_empty_places_come_up_but_do_not_rule():
    drawn = _drawn()
    hit = [{e for e in EFFECTS if e != "noise" and getattr(s.conditions, e) > 0} for s in drawn]
    assert 0.3 < sum(bool(h) for h in hit) / len(hit) < 0.8
    assert {"fog", "rain", "snow", "darkness", "infrared", "defocus", "motion_blur"} <= set().union(*hit)
    empty = [s for s in drawn if not s.population.flows and not s.population.dwellers]
    assert 1 <= len(empty) < 30


def test_nobody_comes_where_all_are_to_be_empty():
    assert all(not s.population.flows and not s.population.dwellers for s in _drawn(10, empty=1.0))


def test_cameras_hang_at_all_angles():
    steep = []
    for scenario in _drawn(60, cameras=2):
        assert len(scenario.cameras) == 2
        for camera in scenario.cameras:
            away = np.array(camera.look_at_m) - camera.position_m
            steep.append(np.degrees(np.arctan2(-away[2], np.hypot(*away[:2]))))
    assert min(steep) < 12
    assert max(steep) > 60
