import json
import tomllib
from pathlib import Path

import pytest
import tomli_w

from scenarios.errors import ScenarioError
from scenarios.load import json_schema, library, load_scenario
from scenarios.scenario import Scenario

SMALL = {
    "name": "small_v1",
    "title": "A small square",
    "duration_s": 20.0,
    "venue": {
        "outline": [[0, 0], [20, 0], [20, 20], [0, 20]],
        "gates": [
            {"id": "north", "line": [[8, 20], [12, 20]]},
            {"id": "south", "line": [[8, 0], [12, 0]]},
        ],
        "obstacles": [{"id": "kiosk", "kind": "kiosk", "polygon": [[2, 2], [4, 2], [4, 4], [2, 4]], "height_m": 2.6}],
    },
    "cameras": [{"id": "mast", "position_m": [10, -4, 6], "look_at_m": [10, 10, 0]}],
    "population": {"flows": [{"id": "walkers", "start": "south", "to": ["north"], "initial": 5}]},
    "incidents": [{"id": "bag", "kind": "abandoned_bag", "at_s": 5.0, "place_m": [10, 10]}],
}


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(tomli_w.dumps(SMALL))
    return path


def test_a_scenario_survives_being_written_and_read(small, tmp_path):
    world = load_scenario(small)
    again = tmp_path / "again.toml"
    again.write_text(tomli_w.dumps(world.model_dump(mode="json", exclude_none=True)))
    assert load_scenario(again) == world
    assert load_scenario(again).hash == world.hash


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("venue.gates.north.direction=inn", ["venue.gates[0].direction", "'inn'", "did you mean 'in'", "both"]),
        ("venue.gates.north.line=[[30,20],[34,20]]", ["venue.gates.north.line", "outside the venue's outline"]),
        ("venue.gates.nort.open=false", ["did you mean 'north'"]),
        ("venue.outline=[[0,0],[20,20],[20,0],[0,20]]", ["venue.outline", "simple polygon"]),
        ("cameras.mast.look_at_m=[10,-40,0]", ["cameras.mast", "sees nothing"]),
        ("cameras.mast.look_at_m=[10,-4,6]", ["cameras", "same point"]),
        ("incidents.bag.at_s=20", ["incidents.bag.at_s", "not before the end"]),
        ("incidents.bag.place_m=[3,3]", ["incidents.bag.place_m", "not on the walkable floor"]),
        ("incidents.bag.leave_by=nroth", ["incidents.bag", "did you mean 'north'"]),
        ("incidents.bag.kind=abandonned_bag", ["did you mean 'abandoned_bag'"]),
        ("incidents.bag.at=3", ["unknown key 'at'", "at_s"]),
        ("population.flows.walkers.to=['est']", ["unknown gate 'est'"]),
        ("population.flows.walkers.initial=-3", ["population.flows[0].initial", "-3", "greater than or equal to 0"]),
        ("population.speed.mean_mps=9", ["population.speed.mean_mps", "9"]),
        ("duration_s=0", ["duration_s", "greater than 0"]),
        ("duraton_s=30", ["unknown key 'duraton_s'", "did you mean 'duration_s'"]),
        ("title.x=3", ["plain value"]),
        ("duration_s", ["should be key=value"]),
        ("name=Small", ["name"]),
    ],
)
def test_every_mistake_is_one_sentence_that_names_it(small, change, said):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(small, [change])
    text = str(caught.value)
    assert "\n" not in text
    for part in said:
        assert part in text


def test_override_reaches_entries_by_id_and_by_number(small):
    by_id = load_scenario(small, ["venue.gates.north.open=false", "seed=7"])
    by_number = load_scenario(small, ["venue.gates.0.open=false", "seed=7"])
    assert by_id == by_number
    assert not by_id.venue.gate("north").open
    assert by_id.seed == 7
    assert by_id.hash != load_scenario(small).hash


def test_unknown_scenario_names_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'forecourt_bag_v1'"):
        load_scenario("forcourt_bag_v1")


def test_broken_toml_names_file_and_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('name = "x\n')
    with pytest.raises(ScenarioError, match=r"broken\.toml: is not valid TOML.*line 1"):
        load_scenario(path)


def test_missing_file_and_missing_key(tmp_path):
    with pytest.raises(ScenarioError, match="no such scenario file"):
        load_scenario(tmp_path / "nowhere.toml")
    path = tmp_path / "empty.toml"
    path.write_text("")
    with pytest.raises(ScenarioError, match="the key 'name' is missing"):
        load_scenario(path)


@pytest.mark.parametrize("name", sorted(library()))
def test_the_library_loads_and_says_what_it_is(name):
    world = load_scenario(name)
    assert world.name == name
    assert len(world.title) > 5
    assert len(world.description) > 40
    assert world.incidents or {"twin", "several_cameras", "negatives"} & set(world.tags)


def test_the_shipped_schema_is_the_present_one():
    shipped = Path(str(next(iter(library().values())))).with_name("scenario.schema.json")
    assert json.loads(shipped.read_text()) == json_schema(), f"run: parvis schema --out {shipped}"


def test_times_of_steps_and_frames():
    world = Scenario.model_validate(SMALL | {"fps": 12.5, "duration_s": 6.0})
    assert world.frame_count == 75
    assert world.steps_per_frame == 2
    assert world.step_s == pytest.approx(0.04)
    assert Scenario.model_validate(SMALL | {"fps": 20.0}).steps_per_frame == 1


def test_library_files_carry_the_schema_for_editors():
    for path in library().values():
        assert path.read_text().startswith("#:schema ./scenario.schema.json"), path.name
        tomllib.loads(path.read_text())
