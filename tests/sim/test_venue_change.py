"""What happens to a crowd that is running: it must come out the same when it is asked for from the start."""

import numpy as np
import pytest
from pydantic import ValidationError

from scenarios.errors import ScenarioError
from scenarios.incident import AbandonedBag, GateChange, ObstacleMove, Part, PersonDown, Surge
from scenarios.load import load_scenario
from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.incidents.obstacle_move import why_not_now


def bits(crowd):
    """Everything that the truth and the renderer read of one instant, as bytes."""
    shot = crowd.snapshot()
    arrays = [getattr(shot.people, name) for name in shot.people.__slots__]
    arrays += [getattr(shot.objects, name) for name in shot.objects.__slots__]
    return shot.time_s, tuple(array.tobytes() for array in arrays), shot.obstacles


def with_incidents(scenario, *specs):
    return Scenario.model_validate(
        scenario.model_dump() | {"incidents": [*scenario.incidents, *specs]}, context={"folder": None}
    )


@pytest.fixture(scope="module")
def hall():
    """A square with two exits, a barrier in the middle and people who carry bags."""
    return load_scenario("forecourt_bag_v1", ["duration_s=24"])


def played(scenario, acts, steps):
    """Run a crowd; ``acts`` maps the number of steps done to a function of the crowd that gives a spec."""
    crowd, specs, seen = Crowd(scenario), [], []
    for done in range(steps):
        if done in acts:
            at_s = (done + 1) * scenario.step_s
            spec = acts[done](crowd, at_s)
            specs.append(spec)
            crowd.add_incident(spec)
        crowd.step()
        seen.append(bits(crowd))
    return crowd, specs, seen


ACTS = {
    20: lambda c, t: PersonDown(
        kind="person_down", id="p", at_s=t, place_m=tuple(c.people.position_m[9].tolist()), who="nearest",
        gets_up_after_s=4.0,
    ),
    40: lambda _, t: AbandonedBag(kind="abandoned_bag", id="b", at_s=t, place_m=(20.0, 12.0), who="nearest"),
    70: lambda _, t: GateChange(kind="gate_change", id="g", at_s=t, gate="east", open=False),
    100: lambda _, t: ObstacleMove(kind="obstacle_move", id="m", at_s=t, obstacle="bin_west", place_m=(33.0, 27.0)),
    130: lambda _, t: Surge(kind="surge", id="s", at_s=t, place_m=(20.0, 15.0), radius_m=9.0, toward="south"),
    200: lambda _, t: GateChange(kind="gate_change", id="h", at_s=t, gate="east", open=True),
}  # fmt: skip


@pytest.fixture(scope="module")
def session(hall):
    return played(hall, ACTS, 300)


def test_what_is_done_to_a_running_crowd_gives_the_same_bits_when_it_is_in_the_scenario_from_the_start(hall, session):
    crowd, specs, seen = session
    again = Crowd(with_incidents(hall, *specs))
    for number, instant in enumerate(seen):
        again.step()
        assert bits(again) == instant, number
    assert again.incidents_truth() == crowd.incidents_truth()
    assert {t.id for t in crowd.incidents_truth()} >= {"p", "b", "g", "m", "s", "h"}


def test_until_something_is_done_nothing_is_different(hall, session):
    _, _, seen = session
    plain = Crowd(hall)
    first = min(ACTS)
    for number in range(first + 4):
        plain.step()
        assert (bits(plain) == seen[number]) == (number < first)


def test_the_nearest_falls_where_the_person_was_and_walks_on(hall, session):
    crowd, specs, _ = session
    fallen = next(t for t in crowd.incidents_truth() if t.id == "p")
    who = fallen.person_ids[0]
    before = Crowd(hall)
    for _ in range(20):
        before.step()
    row = before.people.row(who)
    assert np.array_equal(before.people.position_m[row], specs[0].place_m)
    assert np.hypot(*np.subtract(fallen.place_m, specs[0].place_m)) < 0.15
    assert fallen.facts["up_s"] > fallen.facts["down_s"] + 4
    assert who <= before.entered, "nobody came in for it"


def test_the_nearest_puts_a_bag_down_at_the_place_and_leaves_it(hall, session):
    crowd, specs, _ = session
    truth = next(t for t in crowd.incidents_truth() if t.id == "b")
    (bag,) = truth.object_ids
    row = crowd.objects.row(bag)
    assert crowd.objects.carried_by[row] == -1
    assert np.hypot(*(crowd.objects.position_m[row] - specs[1].place_m)) < 0.5
    assert truth.facts["owner_left_s"] > truth.facts["put_down_s"] >= specs[1].at_s


def test_nobody_leaves_by_a_gate_while_it_is_closed(session):
    crowd, specs, _ = session
    shut, opened = specs[2].at_s, specs[5].at_s
    by_east = [left.left_s for left in crowd.left if left.gate == "east"]
    assert any(t < shut for t in by_east)
    assert not any(shut < t <= opened for t in by_east)


def test_a_moved_obstacle_stands_where_it_was_put_and_people_walk_where_it_was(hall, session):
    crowd, specs, seen = session
    moved = {o.id: o for o in seen[-1][2]}["bin_west"]
    assert (moved.shape.centroid.x, moved.shape.centroid.y) == pytest.approx(specs[3].place_m)
    assert seen[50][2] is None
    old = next(o for o in hall.venue.obstacles if o.id == "bin_west").shape.centroid
    free = crowd.routes.is_free(np.array([[old.x, old.y], specs[3].place_m]))
    assert free.tolist() == [True, False]


def test_nothing_is_put_on_people_or_outside_or_on_another_obstacle(hall):
    crowd = Crowd(hall)
    place = tuple(crowd.people.position_m[0].tolist())

    def ask(obstacle, at):
        return why_not_now(crowd, ObstacleMove(kind="obstacle_move", id="m", at_s=1, obstacle=obstacle, place_m=at))

    assert "somebody stands in its way" in ask("barrier", place)
    assert "outside the venue" in ask("barrier", (39.5, 2.0))
    assert "'kiosk'" in ask("barrier", (5.0, 22.0))
    assert "stays where it is" in ask("kiosk", (30.0, 5.0))
    assert "did you mean 'barrier'" in ask("barier", (30.0, 5.0))


def test_nobody_is_cut_off():
    wall = [[9.9, 0], [10.1, 0], [10.1, 7], [9.9, 7]]
    upper = [[9.9, 9], [10.1, 9], [10.1, 16], [9.9, 16]]
    scenario = Scenario.model_validate(
        {
            "name": "door_v1",
            "title": "A door",
            "duration_s": 20.0,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 16), (0, 16)],
                "gates": [{"id": "west", "line": [(0, 5), (0, 11)]}, {"id": "east", "line": [(20, 5), (20, 11)]}],
                "obstacles": [
                    {"id": "low", "kind": "wall", "polygon": wall, "height_m": 3},
                    {"id": "high", "kind": "wall", "polygon": upper, "height_m": 3},
                    {
                        "id": "rail",
                        "kind": "barrier",
                        "height_m": 1,
                        "polygon": [[4, 1], [4.2, 1], [4.2, 2.9], [4, 2.9]],
                    },
                ],
            },
            "cameras": [{"id": "south", "position_m": (10, -4, 5), "look_at_m": (10, 8, 0)}],
            "population": {"flows": [{"id": "f", "start": "west", "to": ["east"], "rate_per_min": 30}]},
        }
    )
    crowd = Crowd(scenario)
    move = ObstacleMove(kind="obstacle_move", id="m", at_s=1, obstacle="rail", place_m=(10.0, 8.0))
    before = crowd.routes.venue
    said = why_not_now(crowd, move)
    assert "no way from gate 'west' to gate 'east'" in said or "none of the open gates can be reached" in said
    assert crowd.routes.venue is before
    with pytest.raises(ScenarioError):
        crowd.change_venue(before.with_obstacle_at("rail", (10.0, 8.0)))
    assert crowd.routes.venue is before
    assert why_not_now(crowd, move.model_copy(update={"place_m": (6.0, 8.0)})) is None


def test_a_file_that_asks_for_the_impossible_is_refused_in_one_sentence():
    def load(**incident):
        scenario = load_scenario("forecourt_bag_v1")
        with pytest.raises(ValidationError) as caught:
            with_incidents(scenario, {"id": "x", "at_s": 2.0} | incident)
        return str(caught.value)

    assert "unknown gate 'eest'" in load(kind="gate_change", gate="eest", open=False)
    assert "stays where it is" in load(kind="obstacle_move", obstacle="kiosk", place_m=(9, 9))
    assert "unknown obstacle" in load(kind="obstacle_move", obstacle="bar", place_m=(9, 9))


def test_a_place_that_is_freed_by_a_move_can_be_used_after_it():
    scenario = load_scenario("forecourt_bag_v1")
    bin_west = next(o for o in scenario.venue.obstacles if o.id == "bin_west").shape.centroid
    move = {"kind": "obstacle_move", "id": "m", "at_s": 2.0, "obstacle": "bin_west", "place_m": (33.0, 27.0)}
    fall = {"kind": "person_down", "id": "p", "at_s": 3.0, "place_m": (bin_west.x, bin_west.y), "who": "nearest"}
    assert len(with_incidents(scenario, fall, move).incidents) == 4
    with pytest.raises(ValidationError, match="walkable floor"):
        with_incidents(scenario, fall | {"at_s": 1.0}, move)


def test_scenarios_of_before_play_as_before():
    assert all(spec.who is Part.NEWCOMER for spec in load_scenario("forecourt_bag_v1").incidents)
