import json

import numpy as np
import pytest

from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.measure import DENSE_PER_M2, FRUIN_WALKWAY_PER_M2, LEVELS, level_of_service, measure


def hall(*, rate_per_min=0.0, initial=30, duration_s=45.0, obstacles=(), dwellers=()):
    return Scenario.model_validate(
        {
            "name": "hall_v1",
            "title": "A hall",
            "duration_s": duration_s,
            "fps": 10.0,
            "seed": 5,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 12), (0, 12)],
                "gates": [{"id": "west", "line": [(0, 3), (0, 9)]}, {"id": "east", "line": [(20, 5), (20, 7)]}],
                "obstacles": list(obstacles),
            },
            "cameras": [{"id": "c", "position_m": (10, -6, 8), "look_at_m": (10, 6, 0)}],
            "population": {
                "flows": [
                    {"id": "f", "start": "west", "to": ["east"], "rate_per_min": rate_per_min, "initial": initial}
                ],
                "dwellers": list(dwellers),
            },
        }
    )


@pytest.fixture(scope="module")
def egress():
    scenario = load_scenario("stadium_egress_surge_v1", ["duration_s=40"])
    return scenario, measure(scenario)


@pytest.fixture(scope="module")
def emptied():
    return measure(hall(dwellers=[{"id": "d", "count": 3, "area": [(8, 1), (12, 1), (12, 3), (8, 3)]}]))


@pytest.mark.parametrize(
    ("density", "level"),
    [
        (0.0, "A"),
        (0.30, "A"),
        (0.31, "B"),
        (0.43, "B"),
        (0.44, "C"),
        (0.71, "C"),
        (0.73, "D"),
        (1.07, "D"),
        (1.08, "E"),
        (2.17, "E"),
        (2.18, "F"),
        (9.0, "F"),
    ],
)
def test_levels_of_service_are_fruins(density, level):
    """Walkways: more than 3.24 m2 a person A, 2.32 B, 1.39 C, 0.93 D, 0.46 E, less F (Fruin 1971)."""
    assert LEVELS[level_of_service(np.array([density]))[0]] == level


def test_the_level_never_gets_better_in_a_thicker_crowd():
    levels = level_of_service(np.linspace(0, 6, 500))
    assert (np.diff(levels) >= 0).all()
    assert len(FRUIN_WALKWAY_PER_M2) == len(LEVELS) - 1


def test_the_mean_density_adds_up_to_the_people_present():
    """Everybody stands still: the map times its cells' areas is their number at every instant, so in the mean."""
    group = {"id": "d", "count": 37, "area": [(3.2, 2.1), (16.7, 2.1), (16.7, 9.8), (3.2, 9.8)]}
    wall = {"id": "w", "kind": "wall", "polygon": [(9.5, 4.5), (10.5, 4.5), (10.5, 7.5), (9.5, 7.5)], "height_m": 2}
    scenario = hall(initial=0, duration_s=2.0, dwellers=[group])
    numbers = measure(scenario)
    assert np.nansum(numbers.density_mean_per_m2) * 1.0 == pytest.approx(37)
    assert numbers.density_mean_per_m2.shape == (len(numbers.y_m), len(numbers.x_m)) == (12, 20)
    crowd = Crowd(scenario)
    column, row = (crowd.people.position_m.astype(int)).T
    counts = np.zeros((12, 20))
    np.add.at(counts, (row, column), 1)
    assert numbers.density_mean_per_m2 == pytest.approx(counts)
    walled = measure(hall(initial=0, duration_s=1.0, obstacles=[wall]))
    assert np.nansum(walled.density_mean_per_m2) == 0
    whole = {"id": "w", "kind": "wall", "polygon": [(9, 4), (11, 4), (11, 8), (9, 8)], "height_m": 2}
    hidden = measure(hall(initial=0, duration_s=1.0, obstacles=[whole])).density_mean_per_m2
    assert np.isnan(hidden).sum() == 8
    assert np.isnan(hidden[4:8, 9:11]).all()


def test_the_mean_density_of_a_moving_crowd_adds_up_too(egress):
    _, numbers = egress
    present = numbers.inside_people.mean()
    assert np.nansum(numbers.density_mean_per_m2) == pytest.approx(present, rel=0.03)
    assert (numbers.density_peak_per_m2 >= 0)[np.isfinite(numbers.density_peak_per_m2)].all()
    assert np.nanmax(numbers.density_peak_per_m2) >= numbers.density_peak - 1e-9
    assert 1.0 < numbers.density_peak < 7.0


def test_the_peak_is_what_nine_square_metres_held():
    group = {"id": "d", "count": 9, "area": [(6.1, 5.1), (8.9, 5.1), (8.9, 7.9), (6.1, 7.9)]}
    scenario = hall(initial=0, duration_s=1.0, dwellers=[group])
    peak = measure(scenario).density_peak_per_m2
    assert peak[6, 7] == pytest.approx(1.0)
    assert np.nanmax(peak) == pytest.approx(1.0)
    assert peak[1, 15] == 0.0


def test_the_shares_of_the_levels_are_a_whole(egress):
    _, numbers = egress
    assert list(numbers.level_of_service) == list(LEVELS)
    assert sum(numbers.level_of_service.values()) == pytest.approx(1)
    assert numbers.level_of_service["A"] > 0


def test_the_curve_of_leaving_only_rises(egress):
    _, numbers = egress
    assert (np.diff(numbers.egress_people) >= 0).all()
    assert (np.diff(numbers.egress_time_s) > 0).all()
    assert numbers.egress_time_s[0] == 0
    assert numbers.egress_time_s[-1] == pytest.approx(40)
    assert numbers.egress_people[-1] == numbers.people_left == sum(numbers.gate_out.values())
    assert numbers.people == numbers.people_left + numbers.people_inside


def test_there_is_no_evacuation_time_while_somebody_is_inside(egress, emptied):
    assert egress[1].people_inside > 0
    assert egress[1].evacuation_s is None
    assert emptied.people_inside == 0
    assert emptied.people == 33
    assert emptied.people_left == 30
    assert emptied.evacuation_s is not None
    assert 10 < emptied.evacuation_s < 45
    until = emptied.egress_time_s[np.argmax(emptied.egress_people == 30)]
    assert until - 0.5 <= emptied.evacuation_s <= until


def test_flows_and_travel_times_are_those_of_who_left():
    scenario = hall(rate_per_min=60, initial=5, duration_s=60)
    numbers = measure(scenario)
    crowd = Crowd(scenario)
    for _ in range(round(60 / scenario.step_s)):
        crowd.step()
    instants = [x.left_s for x in crowd.left]
    assert numbers.gate_out == {"west": 0, "east": len(instants)}
    assert numbers.gate_out_per_min["east"] == pytest.approx(len(instants))
    assert numbers.gate_flow_per_m_s["east"] == pytest.approx((len(instants) - 1) / (instants[-1] - instants[0]) / 2.0)
    assert numbers.gate_flow_per_m_s["east"] < 1.9
    times = [x.left_s - x.entered_s for x in crowd.left if x.entered_s > 0]
    assert numbers.travel_s["median"] == pytest.approx(np.median(times))
    assert 20 / 2.2 < numbers.travel_s["median"] < numbers.travel_s["p90"]


def test_closing_a_gate_raises_the_flow_of_the_others(egress):
    """Street gates of the stadium within 40 s: 71, 162 and 60 left, with the eastern one closed 72 and 224.

    The specific flow of the centre rises from 1.06 to 1.45 persons per metre and second, which it still carries: no
    fewer get out, but a fifth of their time passes at levels E and F, where it was 7 %.
    """
    scenario, usual = egress
    closed = measure(load_scenario("stadium_egress_surge_v1", ["duration_s=40", "venue.gates.6.open=false"]))
    assert scenario.venue.gates[6].id == "street_east"
    assert usual.gate_out["street_east"] > 50
    assert "street_east" not in closed.gate_out
    assert closed.gate_out["street_centre"] > 1.2 * usual.gate_out["street_centre"]
    assert closed.gate_flow_per_m_s["street_centre"] > 1.2 * usual.gate_flow_per_m_s["street_centre"]
    assert closed.density_peak > usual.density_peak
    crowded = [m.level_of_service["E"] + m.level_of_service["F"] for m in (usual, closed)]
    assert crowded[1] > 2 * crowded[0]


def test_measures_repeat_and_follow_the_seed():
    scenario = hall(rate_per_min=60, duration_s=10)
    one, same, other = measure(scenario), measure(scenario, seed=5), measure(scenario, seed=6)
    assert one.as_dict() == same.as_dict()
    assert np.array_equal(one.density_mean_per_m2, same.density_mean_per_m2, equal_nan=True)
    assert one.as_dict() != other.as_dict()


def test_progress_is_told_to_the_end():
    told = []
    measure(hall(duration_s=5), progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1


def test_the_numbers_are_plain_json_also_where_nobody_comes(egress):
    nobody = measure(hall(initial=0, duration_s=2))
    assert nobody.people == 0
    assert nobody.level_of_service == {}
    assert nobody.travel_s == {}
    assert nobody.evacuation_s is None
    for numbers in (egress[1], nobody):
        assert json.loads(json.dumps(numbers.as_dict())) == numbers.as_dict()


def test_zones_lines_and_gates_are_measured():
    """A crowd that leaves by a narrow gate: it limits, and says so with its evidence."""
    crowded = hall(initial=150, duration_s=60.0).model_dump(mode="json")
    crowded["venue"]["gates"][1]["line"] = [(20, 5.5), (20, 6.7)]
    crowded["venue"]["zones"] = [
        {"id": "before_east", "polygon": [(17, 4), (20, 4), (20, 8), (17, 8)], "max_density_per_m2": 1.0},
        {"id": "corner", "polygon": [(0, 11), (1, 11), (1, 12), (0, 12)]},
    ]
    crowded["venue"]["lines"] = [{"id": "middle", "points": [(10, 0), (10, 12)]}]
    numbers = measure(Scenario.model_validate(crowded))
    before, corner = numbers.zones["before_east"], numbers.zones["corner"]
    assert before.threshold_per_m2 == 1.0
    assert 10 < before.above_s <= 61
    assert 1 < before.density_mean_per_m2 < before.density_peak_per_m2 < 7
    assert corner.threshold_per_m2 == DENSE_PER_M2
    assert corner.above_s == 0
    assert numbers.lines["middle"].to_right > 60
    assert numbers.lines["middle"].to_left <= 2
    load = numbers.gates["east"]
    assert numbers.limiting_gate == "east"
    assert load.at_capacity_s > 20
    assert 0.8 < load.capacity_per_m_s <= load.top_flow_per_m_s < 2.5
    assert load.held_up_people > 5
    assert numbers.gates["west"].at_capacity_s == 0
    plain = json.loads(json.dumps(numbers.as_dict()))
    assert plain["zone_density"]["before_east"]["above_s"] == before.above_s
    assert plain["limiting_gate"] == "east"


def test_no_gate_limits_where_nobody_is_held_up(emptied):
    assert emptied.limiting_gate is None
    assert emptied.zones == {}
    assert emptied.pressure_peak_per_s2 is None


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([(3, 3), (3, 3)], "venue.lines.l.points: are the same point"),
        ([(50, 50), (60, 60)], "venue.lines.l.points: lie outside the venue's outline"),
    ],
)
def test_a_bad_line_is_said_in_one_sentence(points, said):
    bad = hall().model_dump(mode="json")
    bad["venue"]["lines"] = [{"id": "l", "points": points}]
    with pytest.raises(ValueError, match=said):
        Scenario.model_validate(bad)


def test_a_turnstile_can_limit_too():
    checked = hall(initial=40, duration_s=60.0).model_dump(mode="json")
    walls = [[(12, 0), (12.4, 0), (12.4, 5.4), (12, 5.4)], [(12, 6.6), (12.4, 6.6), (12.4, 12), (12, 12)]]
    checked["venue"]["obstacles"] = [
        {"id": f"w{i}", "kind": "wall", "polygon": ring, "height_m": 2} for i, ring in enumerate(walls)
    ]
    turnstile = {"id": "east", "line": [(12.2, 5.4), (12.2, 6.6)], "toward": (1, 0), "service_s": (2, 3)}
    checked["venue"]["passages"] = [turnstile]
    numbers = measure(Scenario.model_validate(checked))
    load = numbers.gates["east_passage"]
    assert numbers.limiting_gate == "east_passage"
    assert load.width_m == pytest.approx(1.2)
    assert load.at_capacity_s > 20
    assert 1 / 3 <= load.capacity_per_m_s * load.width_m <= 0.55
    assert numbers.gates["east"].at_capacity_s == 0
