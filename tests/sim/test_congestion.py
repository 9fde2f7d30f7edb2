"""People walk round where others are held up; where nobody is, the ways stay the shortest."""

import numpy as np

from scenarios.scenario import Scenario
from sim.congestion import Congestion
from sim.crowd import Crowd

BLOCK = {"id": "b", "kind": "wall", "polygon": [(9, 4), (11, 4), (11, 7), (9, 7)], "height_m": 3.0}


def hall(*, detours, people=1, rate=0.0, counter=0):
    """A block before the east gate; the way below it is a little shorter than the way above."""
    flows = [{"id": "east", "start": "west", "to": ["east"], "rate_per_min": rate, "initial": people}]
    if counter:
        area = [(12, 0.5), (19, 0.5), (19, 9.5), (12, 9.5)]
        flows.append({"id": "west", "start": "east", "to": ["west"], "initial": counter, "area": area})
    return Scenario.model_validate(
        {
            "name": "hall_v1", "title": "A hall", "duration_s": 200.0, "fps": 10.0, "seed": 3,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 10), (0, 10)],
                "gates": [{"id": "west", "line": [(0, 3), (0, 7)]}, {"id": "east", "line": [(20, 3), (20, 7)]}],
                "obstacles": [BLOCK],
            },
            "cameras": [{"id": "c", "position_m": (10, -6, 8), "look_at_m": (10, 5, 0)}],
            "population": {"bodies": {}, "detours": detours, "flows": flows},
        }
    )  # fmt: skip


def ways(crowd):
    return crowd.routes.way_m(1, (5.0, 5.2))


def held_below(crowd):
    """Fill the way below the block with people who do not get on, and look twice."""
    spots = np.stack(np.meshgrid(np.arange(8.5, 11.6, 0.6), np.arange(1.0, 3.9, 0.6)), axis=-1).reshape(-1, 2)
    crowd.enter_all(spots, 1)
    look = Congestion()
    look.look(crowd.people, crowd.routes, 2.0)
    look.look(crowd.people, crowd.routes, 2.0)
    return look


def test_the_way_leads_round_a_jam_and_back_when_it_has_gone():
    crowd = Crowd(hall(detours=False))
    shortest, far = ways(crowd), crowd.routes.distance_m(1, np.array([[5.0, 5.2]]))
    assert shortest[:, 1].min() < 4.0
    look = held_below(crowd)
    assert ways(crowd)[:, 1].max() > 7.0
    assert np.array_equal(crowd.routes.distance_m(1, np.array([[5.0, 5.2]])), far)
    crowd.people.keep(crowd.people.id == crowd.people.id[0])
    crowd.people.walked_m = crowd.people.walked_m + 2.0
    look.look(crowd.people, crowd.routes, 2.0)
    assert np.array_equal(ways(crowd), shortest)


def test_one_who_waits_is_no_jam():
    crowd = Crowd(hall(detours=False))
    shortest = ways(crowd)
    look = Congestion()
    look.look(crowd.people, crowd.routes, 2.0)
    look.look(crowd.people, crowd.routes, 2.0)
    assert np.array_equal(ways(crowd), shortest)


def test_nobody_takes_a_detour_where_the_scenario_says_so():
    crowd = Crowd(hall(detours=False, people=20, rate=60))
    assert crowd._congestion is None
    for _ in range(100):
        crowd.step()
    assert np.array_equal(ways(crowd), ways(Crowd(hall(detours=False))))


def test_counterflow_with_detours_gives_the_same_bits_and_loses_nobody():
    ends = []
    for _ in range(2):
        crowd = Crowd(hall(detours=True, people=40, counter=60))
        while len(crowd.people) and crowd.time_s < 150:
            crowd.step()
        ends.append([(left.person, left.gate, left.left_s) for left in crowd.left])
    assert ends[0] == ends[1]
    assert len(ends[0]) == 100
