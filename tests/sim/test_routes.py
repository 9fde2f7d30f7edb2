import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from scenarios.errors import ScenarioError
from scenarios.venue import Venue
from sim.routes import CLEARANCE_M, Routes


def hall(*obstacles, outline=((0, 0), (30, 0), (30, 20), (0, 20)), **closed):
    gates = [
        {"id": "west", "line": [(0, 8), (0, 12)]},
        {"id": "east", "line": [(30, 8), (30, 12)]},
        {"id": "south", "line": [(13, 0), (17, 0)]},
    ]
    return Venue.model_validate(
        {
            "outline": outline,
            "gates": [gate | {"open": not closed.get(gate["id"], False)} for gate in gates],
            "obstacles": [
                {"id": f"o{i}", "kind": "wall", "polygon": ring, "height_m": 2.0} for i, ring in enumerate(obstacles)
            ],
        }
    )


SCREEN = [(14, 3), (15, 3), (15, 17), (14, 17)]
CHAMBER = [(20, 5), (20.3, 5), (20.3, 14.7), (27, 14.7), (27, 5), (27.3, 5), (27.3, 15), (20, 15)]


@pytest.fixture(scope="module")
def empty():
    return Routes(hall())


@pytest.fixture(scope="module")
def screened():
    return Routes(hall(SCREEN))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(x=st.floats(1.5, 28.5), y=st.floats(1.5, 18.5), gate=st.integers(0, 2))
def test_on_an_empty_floor_the_way_is_the_straight_line(empty, x, y, gate):
    straight = empty.venue.gates[gate].shape.distance(Point(x, y))
    planned = empty.distance_m(gate, np.array([[x, y]]))[0]
    assert planned > 0.98 * straight - 0.2
    assert planned < 1.04 * straight + 1.0  # the ease of walking falls beside the gate's posts


def test_a_point_as_a_goal_is_as_far_as_it_is(empty):
    """Measured over 500 places up to 15 m away, not before a gate: at most 0.42 m longer than Euclid's distance."""
    goal = empty.add_point((15.0, 10.0))
    places = np.random.default_rng(1).uniform((1.8, 1.8), (28.2, 19.0), (500, 2))
    straight = np.hypot(*(places - (15.0, 10.0)).T)
    longer = empty.distance_m(goal, places) - straight
    assert longer.min() > -0.2  # a place counts as its cell's centre
    assert longer.max() < 0.45


def test_around_an_obstacle_it_is_as_much_longer_as_the_detour(empty, screened):
    start = np.array([[5.0, 10.0]])
    detour = LineString([(5, 10), (14, 17.3), (15, 17.3), (30, 12)]).length
    assert empty.distance_m(1, start)[0] == pytest.approx(25.0, rel=0.03)
    assert screened.distance_m(1, start)[0] == pytest.approx(detour, rel=0.08)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(x=st.floats(1.0, 13.0), y=st.floats(1.0, 19.0))
def test_whoever_follows_the_way_arrives_and_touches_nothing(screened, x, y):
    way = screened.way_m(1, (x, y))
    assert screened.distance_m(1, way[-1:])[0] <= 0.5
    line = LineString(way)
    wall = screened.venue.obstacles[0].shape
    assert not line.intersects(wall)
    assert line.distance(wall) > CLEARANCE_M / 2
    assert line.length < 1.15 * screened.distance_m(1, np.array([[x, y]]))[0] + 1.0


def test_the_distance_falls_along_the_direction(screened):
    rng = np.random.default_rng(2)
    places = rng.uniform((1, 1), (29, 19), (300, 2))
    places = places[screened.is_free(places)]
    for gate in range(3):
        goals = np.full(len(places), gate, np.int32)
        here = screened.distance_m(goals, places)
        far = here > 1.5
        direction = screened.direction(goals, places)
        assert np.hypot(*direction[far].T) == pytest.approx(1.0)
        there = screened.distance_m(goals, places + 0.5 * direction)
        assert (there < here)[far].mean() > 0.99


def test_a_closed_room_has_no_way(screened):
    room = Routes(hall([(20, 4.7), (27.3, 4.7), (27.3, 5.1), (20, 5.1)], CHAMBER))
    inside, outside = np.array([[23.0, 10.0]]), np.array([[23.0, 2.0]])
    assert np.isinf([room.distance_m(gate, inside)[0] for gate in range(3)]).all()
    assert np.isfinite([room.distance_m(gate, outside)[0] for gate in range(3)]).all()


def test_a_gate_that_opens_and_closes_changes_only_who_may_leave_by_it():
    routes = Routes(hall())
    here = np.array([[29.0, 10.0]])
    near = routes.distance_m(1, here)[0]
    routes.set_venue(hall(east=True))
    assert not routes.venue.gates[1].lets_out
    assert routes.distance_m(0, here)[0] == pytest.approx(29.0, rel=0.03)
    routes.set_venue(hall())
    assert routes.distance_m(1, here)[0] == pytest.approx(near)


@pytest.mark.parametrize("y", [10.0, 10.0 + 1e-9, 10.1, 9.7])
def test_people_who_stay_are_walked_around(y):
    """Also by who comes along the watershed, from where both sides are equally far."""
    routes = Routes(hall(), np.array([[15.0, 10.0]]))
    way = LineString(routes.way_m(1, (5.0, y)))
    assert way.distance(Point(15.0, 10.0)) > 0.4
    assert way.length < 25.5


def test_the_watershed_before_a_wide_obstacle_is_left():
    routes = Routes(hall([(14, 6), (15, 6), (15, 14), (14, 14)]))
    way = LineString(routes.way_m(1, (5.0, 10.0)))
    assert way.length < 1.2 * routes.distance_m(1, np.array([[5.0, 10.0]]))[0]
    assert not way.intersects(routes.venue.obstacles[0].shape)


def test_nobody_is_free_in_a_wall_or_outside(screened):
    places = np.array([[14.5, 10.0], [14.05, 10.0], [13.9, 10.0], [-1.0, 5.0], [0.05, 3.0], [5.0, 5.0]])
    assert screened.is_free(places).tolist() == [False, False, False, False, False, True]


def test_a_point_in_a_wall_is_refused_in_one_sentence(screened):
    with pytest.raises(ScenarioError, match=r"\(14.5, 10.0\) is not on the walkable floor"):
        screened.add_point((14.5, 10.0))


def test_a_floor_too_large_for_planning_is_refused():
    with pytest.raises(ScenarioError, match=r"venue.outline: a floor of 9000 x 9000 m is too large"):
        Routes(hall(outline=((0, 0), (9000, 0), (9000, 9000), (0, 9000))))
