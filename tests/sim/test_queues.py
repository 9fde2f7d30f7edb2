"""People queue at stalls, are served first come first served, and go on; stewards stand at their posts."""

import numpy as np
import pytest
import shapely

from dashboard.floor_plan import floor_plan
from dashboard.plan_words import stall_sentences
from dashboard.plans import compare_plans
from scenarios.errors import ScenarioError
from scenarios.population import Role
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.state import ROLES

KIOSK = {"id": "kiosk", "kind": "kiosk", "polygon": [(9, 7), (12, 7), (12, 9), (9, 9)], "height_m": 2.5}
STALL = {"id": "stall", "counter": [(9.5, 7), (11.5, 7)], "service_s": (5.0, 5.0)}
ALARM = {"kind": "evacuation", "id": "alarm", "at_s": 20.0, "premovement_s": (0.0, 2.0), "by": ["east"]}


def hall(stall=STALL, *, flow=(), obstacles=(KIOSK,), incidents=(), seed=4, mirrored=False, duration=300.0, **more):
    def m(points):
        return [(x, 10 - y) if mirrored else (x, y) for x, y in points]

    people = {"id": "all", "start": "west", "to": ["east"], "rate_per_min": 0, "initial": 12, "visits": {"stall": 1.0}}
    stalls = [stall | {key: m(stall[key]) for key in ("counter", "line") if key in stall}] if stall else []
    return Scenario.model_validate(
        {
            "name": "hall_v1", "title": "A hall", "duration_s": duration, "fps": 10.0, "seed": seed,
            "venue": {
                "outline": m([(0, 0), (20, 0), (20, 10), (0, 10)]),
                "gates": [{"id": "west", "line": m([(0, 3), (0, 7)])}, {"id": "east", "line": m([(20, 3), (20, 7)])}],
                "obstacles": [o | {"polygon": m(o["polygon"])} for o in obstacles],
                "stalls": stalls,
            },
            "cameras": [{"id": "c", "position_m": (10, -6, 8), "look_at_m": (10, 5, 0)}],
            "population": {
                "bodies": {}, "speed": {"mean_mps": 1.3, "sd_mps": 0.1}, "flows": [people | dict(flow)], **more,
            },
            "incidents": list(incidents),
        }
    )  # fmt: skip


def play(scenario, seconds=300.0):
    """Step until all who walk are out; return the crowd and the queue, by ids, of every second step."""
    crowd, queues = Crowd(scenario), []
    place = crowd._queues._places["stall"]
    while crowd.time_s < seconds and (~crowd.people.stays).any():
        crowd.step()
        queues.append([*place.spot_of, *place.queue])
    return crowd, queues


@pytest.fixture(scope="module")
def one_queue():
    return play(hall())


def test_first_come_is_served_first_and_nobody_is_lost(one_queue):
    crowd, queues = one_queue
    joined, called = [], []
    for queue in queues:
        joined += [p for p in queue if p not in joined]
        called += [p for p in queue[:1] if p not in called]
    assert joined == called
    assert len(joined) == 12 == crowd.stalls["stall"].served
    assert {left.person for left in crowd.left} == set(range(1, 13))
    assert {left.gate for left in crowd.left} == {"east"}


def test_a_busy_server_serves_at_the_rate_that_is_written(one_queue):
    """Twelve people who come at once, five seconds each: the last is called after eleven services."""
    crowd, _ = one_queue
    waits = crowd.stalls["stall"].waits_s
    assert crowd.stalls["stall"].longest >= 8
    assert crowd.time_s >= 12 * 5
    assert max(waits) <= 11 * 5
    assert max(waits) >= 8 * 5


def test_waits_are_those_of_a_queue_with_poisson_arrivals_and_a_fixed_service():
    """M/D/1 by hand: 8 a minute, 5 s each: two thirds busy, mean wait 5 * (2/3) / (2 * (1/3)) = 5 s.

    Kendall's notation; Pollaczek-Khinchine. The mean of some 200 waits, which hang together, lies within 3 s of it;
    the way from the end of the queue to its beginning adds a second.
    """
    flow = {"initial": 0, "rate_per_min": 8.0}
    crowd = Crowd(hall(flow=flow, duration=1500.0))
    while crowd.time_s < 1500:
        crowd.step()
    waits = crowd.stalls["stall"].waits_s
    assert len(waits) > 170
    assert 3.0 <= np.mean(waits) <= 9.0
    assert 0.55 <= len(waits) * 5 / crowd.time_s <= 0.75


def test_two_servers_serve_twice_as_many():
    ends = [play(hall(STALL | {"servers": n}))[0].time_s for n in (1, 2)]
    assert 0.4 <= (ends[1] - 8) / (ends[0] - 8) <= 0.62


def test_who_queues_keeps_a_distance_and_looks_ahead(one_queue):
    crowd = Crowd(hall())
    while crowd.time_s < 25:
        crowd.step()
    place = crowd._queues._places["stall"]
    rows = [crowd.people.row(p) for p in place.queue]
    between = np.hypot(*np.diff(crowd.people.position_m[rows], axis=0).T)
    assert len(rows) >= 5
    assert ((between > 0.5) & (between < 0.75)).all()
    assert np.abs(np.sin(crowd.people.heading_rad[rows]) - 1).max() < 0.1  # the kiosk is in the north
    assert (crowd.people.role[rows] == ROLES.index(Role.PASSER_BY)).all()
    assert not crowd.people.stays[rows].any()


def test_a_queue_that_outgrows_its_line_goes_on_behind_its_end_and_round_the_wall():
    """From the kiosk southward there are five metres; twenty people need twelve."""
    crowd = Crowd(hall(STALL | {"service_s": (60, 60)}, flow={"initial": 25}))
    while crowd.time_s < 60:
        crowd.step()
    place = crowd._queues._places["stall"]
    rows = [crowd.people.row(p) for p in place.queue]
    assert len(rows) >= 20
    at = place.line.at(place.arcs_m)
    assert shapely.contains_xy(crowd.routes.venue.walkable, at).all()
    assert np.hypot(*np.diff(at, axis=0).T).max() < 0.61
    assert np.median(np.hypot(*(crowd.people.position_m[rows] - at).T)) < 0.1


def test_a_given_line_is_kept_and_mirrored_scenarios_mirror():
    stall = STALL | {"line": [(9.2, 5.6), (5, 5.6), (5, 2)]}
    ends = []
    for mirrored in (False, True):
        crowd = Crowd(hall(stall, mirrored=mirrored))
        while crowd.time_s < 20:
            crowd.step()
        place = crowd._queues._places["stall"]
        at = crowd.people.position_m[[crowd.people.row(p) for p in place.queue]]
        ends.append(np.where([False, mirrored], 10 - at, at))
    assert len(ends[0]) >= 6
    assert np.abs(ends[0][1:4, 1] - 5.6).max() < 0.2
    assert np.allclose(*(end[:4] for end in ends), atol=0.1)


def test_same_seed_same_bits():
    ends = []
    for _ in range(2):
        crowd = Crowd(hall(STALL | {"service_s": (1, 9)}, flow={"rate_per_min": 20, "groups": {2: 0.5}}))
        for _ in range(500):
            crowd.step()
        ends.append(crowd.people.position_m.tobytes())
    assert ends[0] == ends[1]


def test_those_of_a_group_visit_together():
    scenario = hall(flow={"groups": {3: 1.0}, "visits": {"stall": 0.5}, "initial": 30}, seed=9)
    crowd = Crowd(scenario)
    goes = np.isin(crowd.people.id, list(crowd._queues._errands))
    assert 0 < goes.sum() < 30
    for group in np.unique(crowd.people.group):
        assert len(set(goes[crowd.people.group == group])) == 1


def test_who_finds_the_queue_too_long_goes_on_unserved():
    crowd, _ = play(hall(STALL | {"most_waiting": 2}))
    record = crowd.stalls["stall"]
    assert record.longest == 2
    assert record.gave_up >= 6
    assert record.served + record.gave_up == 12 == len(crowd.left)


def test_an_alarm_dissolves_the_queue():
    slow = STALL | {"service_s": (100, 100)}
    crowd, queues = play(hall(slow, incidents=[ALARM]))
    assert len(crowd.left) == 12
    assert crowd.time_s < 60
    assert len(queues[350]) > 5  # at 17.5 s
    assert not queues[-1]


def test_who_is_called_away_comes_back_to_the_end():
    crowd = Crowd(hall(STALL | {"service_s": (30, 30)}))
    while crowd.time_s < 15:
        crowd.step()
    place = crowd._queues._places["stall"]
    second = place.queue[1]
    row = crowd.people.row(second)
    before, crowd.people.goal[row] = crowd.people.goal[row], 0
    crowd.step()
    assert second not in place.queue
    crowd.people.goal[crowd.people.row(second)] = before
    crowd.step()
    assert second in place.coming
    for _ in range(300):
        crowd.step()
    assert place.queue[-1] == second


def test_who_queues_beside_a_gate_is_not_held_up_by_it():
    """The queue stands right before the east gate, by which nobody wants to leave yet."""
    booth = {"id": "b", "kind": "kiosk", "polygon": [(17, 7.2), (19, 7.2), (19, 9), (17, 9)], "height_m": 2.5}
    stall = {"id": "stall", "counter": [(17.4, 7.2), (18.6, 7.2)], "service_s": (20.0, 20.0)}
    plans = compare_plans(hall(stall, obstacles=[booth], duration=40.0), None)
    run = plans.before.runs[0]
    assert run.stalls["stall"].longest_queue_people >= 8
    assert run.gates["east"].held_up_people <= 3
    assert run.as_dict()["stall"]["stall"]["longest_queue_people"] == run.stalls["stall"].longest_queue_people
    assert "longest queue is" in stall_sentences(plans.before)[0]


@pytest.mark.parametrize(
    ("stall", "flow", "said"),
    [
        ({"service_s": (3, 2)}, {}, r"the least \(3 s\) is more than the most"),
        ({"servers": 9}, {}, "9 servers need 3.6 m"),
        ({"counter": [(10, 8), (11, 8)]}, {}, r"venue\.stalls\.stall\.counter: there is no room"),
        ({"line": [(10, 6), (10, 8)]}, {}, r"venue\.stalls\.stall\.line: \(10\.0, 8\.0\) is not on the walkable"),
        ({"line": [(10, 6), (10, 6)]}, {}, "two points that follow each other are the same"),
        ({}, {"visits": {"stal": 0.2}}, "did you mean 'stall'"),
        ({}, {"visits": {"stall": 0.7, "other": 0.7}}, "add up to more than 1"),
    ],
)
def test_a_stall_that_makes_no_sense_is_said(stall, flow, said):
    with pytest.raises(ValueError, match=said):
        hall(STALL | stall, flow=flow)


def test_a_stall_that_cannot_be_reached_is_said():
    wall = [(8, 0), (8.4, 0), (8.4, 10), (8, 10)]
    walls = [KIOSK, {"id": "w", "kind": "wall", "polygon": wall, "height_m": 3.0}]
    with pytest.raises(ScenarioError, match="stall 'stall' cannot be reached from gate 'west'"):
        Crowd(hall(obstacles=walls, flow={"to": ["west"], "start": "west", "initial": 0}))


def test_stewards_stand_and_look_where_they_should_even_in_an_alarm():
    post = {"id": "s", "post_m": (15, 5), "looks_at_m": (15, 0)}
    alarm = ALARM | {"dwellers": True}
    crowd = Crowd(hall(None, flow={"visits": {}}, incidents=[alarm], stewards=[post]))
    row = int(np.flatnonzero(crowd.people.role == ROLES.index(Role.STAFF))[0])
    person = crowd.people.id[row]
    while crowd.time_s < 60 and (~crowd.people.stays).any():
        crowd.step()
    assert crowd.people.id.tolist() == [person]
    assert crowd.people.position_m[0].tolist() == [15, 5]
    assert crowd.people.heading_rad[0] == pytest.approx(-np.pi / 2)
    assert len(crowd.left) == 12


def test_a_steward_on_an_obstacle_or_on_somebody_is_said():
    with pytest.raises(ValueError, match=r"population\.stewards\.s\.post_m: .* walkable"):
        hall(stewards=[{"id": "s", "post_m": (10, 8), "looks_at_m": (15, 0)}])
    posts = [{"id": n, "post_m": (15, 5), "looks_at_m": (15, 0)} for n in "st"]
    with pytest.raises(ScenarioError, match=r"stewards\.t\.post_m: .* somebody stands already"):
        Crowd(hall(stewards=posts))


def test_the_plan_shows_stalls():
    drawn = floor_plan(hall(STALL | {"servers": 2}).venue, [], [])
    assert drawn is not None
    assert "stall stall, 5 to 5 s each, 2 at a time" in drawn
    assert drawn.count('class="p-queue"') == 1
