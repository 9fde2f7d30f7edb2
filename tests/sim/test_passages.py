"""Turnstiles hold people one by one; one-way passages turn their ways round."""

import numpy as np
import pytest
from shapely import LineString

from dashboard.floor_plan import floor_plan
from scenarios.errors import ScenarioError
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.routes import Routes

WALLS = [
    {"id": "north", "kind": "wall", "polygon": [(9.8, 5.5), (10.2, 5.5), (10.2, 10), (9.8, 10)], "height_m": 3.0},
    {"id": "south", "kind": "wall", "polygon": [(9.8, 0), (10.2, 0), (10.2, 4.5), (9.8, 4.5)], "height_m": 3.0},
]
ISLAND = [{"id": "o", "kind": "wall", "polygon": [(8, 3), (12, 3), (12, 9), (8, 9)], "height_m": 3.0}]


def hall(passages, obstacles=WALLS, *, people=30, incidents=(), start="west", to="east", speed=1.3):
    area = [(0.5, 0.5), (8.5, 0.5), (8.5, 9.5), (0.5, 9.5)] if start == "west" else None
    flow = {"id": "all", "start": start, "to": [to], "rate_per_min": 0, "initial": people}
    return Scenario.model_validate(
        {
            "name": "hall_v1", "title": "A hall", "duration_s": 300.0, "fps": 10.0, "seed": 4,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 10), (0, 10)],
                "gates": [{"id": "west", "line": [(0, 3), (0, 7)]}, {"id": "east", "line": [(20, 3), (20, 7)]}],
                "obstacles": list(obstacles),
                "passages": list(passages),
            },
            "cameras": [{"id": "c", "position_m": (10, -6, 8), "look_at_m": (10, 5, 0)}],
            "population": {
                "bodies": {},
                "speed": {"mean_mps": speed, "sd_mps": 0.1},
                "flows": [flow | ({"area": area} if area else {})],
            },
            "incidents": list(incidents),
        }
    )  # fmt: skip


def crossings(scenario, seconds=200.0):
    """When each passes x = 10, by id."""
    crowd, before, passed = Crowd(scenario), {}, {}
    while crowd.time_s < seconds and len(crowd.people):
        crowd.step()
        now = dict(zip(crowd.people.id.tolist(), crowd.people.position_m[:, 0].tolist(), strict=True))
        passed |= {p: crowd.time_s for p, x in now.items() if before.get(p, x) < 10 <= x}
        before = now
    return np.sort(list(passed.values())), crowd


GAP = {"id": "gap", "line": [(10, 4.5), (10, 5.5)]}


def test_a_turnstile_passes_one_at_a_time_and_everybody_in_the_end():
    """Two seconds of service: a person every 2 to 3 s, the step up to it included; free, it takes a third."""
    free, _ = crossings(hall([]))
    held, crowd = crossings(hall([GAP | {"service_s": (2.0, 2.0)}]))
    assert len(free) == len(held) == 30
    assert not len(crowd.people)
    between = np.diff(held)
    assert 1.95 <= between.mean() <= 3.0
    assert between.max() < 8.0
    assert np.diff(free).mean() < 0.5 * between.mean()


def test_lanes_serve_side_by_side():
    wide = [w | {"polygon": [(x, max(y, 7.0) if w["id"] == "north" else min(y, 3.0)) for x, y in w["polygon"]]}
            for w in WALLS]  # fmt: skip
    gate = {"id": "row", "line": [(10, 3), (10, 7)], "service_s": (3.0, 3.0)}
    one, _ = crossings(hall([gate], wide))
    three, _ = crossings(hall([gate | {"lanes": 3}], wide))
    rate = [(len(t) - 1) / (t[-1] - t[0]) for t in (one, three)]
    assert 0.2 <= rate[0] <= 1 / 3
    assert 2.2 <= rate[1] / rate[0] <= 3.3


def test_who_could_only_pass_against_the_arrow_has_no_way():
    with pytest.raises(ScenarioError, match="flows"):
        Crowd(hall([GAP | {"toward": (-1, 0)}]))


def test_nobody_walks_against_a_one_way_passage():
    """Below the island it is short, above it long; eastward both are free, westward only the long one."""
    below = {"id": "below", "line": [(10, 0), (10, 3)], "toward": (1, 0)}
    venue = hall([below], ISLAND).venue
    routes, free = Routes(venue), Routes(hall([], ISLAND).venue)
    east, west = np.array([[3.0, 2.0]]), np.array([[17.0, 2.0]])
    assert routes.distance_m(1, east)[0] == pytest.approx(free.distance_m(1, east)[0], abs=1e-9)
    assert routes.distance_m(0, west)[0] > free.distance_m(0, west)[0] + 3.0
    line = LineString(below["line"])
    assert LineString(routes.way_m(1, (3.0, 2.0))).intersects(line)
    assert not LineString(routes.way_m(0, (17.0, 2.0))).intersects(line)
    for x, y in np.random.default_rng(3).uniform((12.5, 0.5), (19.0, 2.6), (20, 2)):
        assert not LineString(routes.way_m(0, (x, y))).intersects(line)


@pytest.mark.parametrize("angle", [0.3, 0.8, 1.2])
def test_a_slanting_one_way_passage_does_not_leak(angle):
    dx = 3.0 / np.tan(np.pi / 2 - angle) / 2
    below = {"id": "below", "line": [(10 - dx, 0), (10 + dx, 3.2)], "toward": (1, 0)}
    routes = Routes(hall([below], [ISLAND[0] | {"polygon": [(5, 3), (15, 3), (15, 9), (5, 9)]}]).venue)
    line = LineString(below["line"])
    for y in (0.6, 1.5, 2.4):
        assert not LineString(routes.way_m(0, (18.0, y))).intersects(line)


def test_an_alarm_opens_what_is_free_then():
    alarm = [{"kind": "evacuation", "id": "alarm", "at_s": 20.0, "premovement_s": (0.0, 1.0), "by": ["east"]}]
    slow = GAP | {"service_s": (20.0, 20.0)}
    opened, _ = crossings(hall([slow], incidents=alarm))
    kept, _ = crossings(hall([slow | {"free_in_alarm": False}], incidents=alarm))
    assert (opened < 20).sum() <= 1
    assert len(opened) == 30
    assert opened[-1] < 60
    assert len(kept) <= 10


def test_same_seed_same_bits():
    ends = []
    for _ in range(2):
        crowd = Crowd(hall([GAP | {"service_s": (0.5, 3.0)}]))
        for _ in range(600):
            crowd.step()
        ends.append(crowd.people.position_m.tobytes())
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "changes nothing"),
        ({"service_s": (3, 2)}, r"the least \(3 s\) is more than the most"),
        ({"toward": (0, 1)}, "leads along the line"),
        ({"toward": (0, 0)}, "leads along the line or nowhere"),
        ({"line": [(10, 4), (10, 4.1)], "toward": (1, 0)}, "0.10 m long"),
        ({"line": [(10, 4), (10, 14)], "toward": (1, 0)}, r"venue\.passages\.gap\.line: lies outside"),
    ],
)
def test_a_passage_that_makes_no_sense_is_said(changes, said):
    with pytest.raises(ValueError, match=said):
        hall([GAP | changes])


def test_the_plan_shows_what_is_passed_how():
    venue = hall([GAP | {"service_s": (1, 3), "toward": (1, 0)}]).venue
    drawn = floor_plan(venue, [], [])
    assert drawn is not None
    assert drawn.count('class="p-passage"') == 1
    assert "passage gap, 1 to 3 s each" in drawn
