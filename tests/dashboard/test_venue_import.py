import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.plans import compare_plans
from dashboard.venue_import import import_venue
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario


def features(*extra):
    shapes = [
        ("outline", "Polygon", [[[0, 0], [24, 0], [24, 16], [0, 16], [0, 0]]], {}),
        ("entrance", "LineString", [[0, 6], [0, 9]], {"name": "west"}),
        ("exit", "LineString", [[24, 6], [24, 9]], {"name": "east"}),
        ("bench", "Polygon", [[[10, 4], [12, 4], [12, 5], [10, 5], [10, 4]]], {}),
        ("zone", "Polygon", [[[8, 9], [16, 9], [16, 14], [8, 14], [8, 9]]], {"name": "queue"}),
        *extra,
    ]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"kind": k} | more, "geometry": {"type": t, "coordinates": c}}
            for k, t, c, more in shapes
        ],
    }


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / 'Tom\'s "hall" é.geojson'
    path.write_text(json.dumps(features()))
    return path


def test_what_is_written_loads_and_plans_at_once(plan, tmp_path):
    made = import_venue(plan, tmp_path / "made" / "hall_v3.toml")
    scenario = load_scenario(str(made.scenario), ["duration_s=20"])
    assert scenario.name == "hall_v1"
    assert scenario.venue == made.floor.venue
    assert plan.name in scenario.description
    plans = compare_plans(scenario, None).as_dict()
    assert plans["people"] > 3


def test_the_picture_shows_floor_gates_and_obstacle(plan, tmp_path):
    made = import_venue(plan, tmp_path / "hall.toml")
    picture = cv2.imread(str(made.picture))
    assert picture.shape[1] == 1600
    green, blue = (np.abs(picture.astype(int) - c).sum(axis=2) < 30 for c in ((80, 145, 22), (200, 120, 24)))
    left, right = picture[:, :800], picture[:, 800:]
    assert blue[:-120, :800].sum() > 500 > 100 > blue[:-120, 800:].sum()
    assert green[:-120, 800:].sum() > 500 > 100 > green[:-120, :800].sum()
    assert (left.min(axis=(0, 1)) < 60).all()
    assert right.max() == 255


def test_the_command_says_what_it_found(plan, tmp_path):
    out = tmp_path / "hall.toml"
    said = CliRunner().invoke(app, ["venue", str(plan), "--out", str(out), "--json"])
    assert said.exit_code == 0
    found = json.loads(said.stdout)
    assert found["walkable_m2"] == 24 * 16 - 2
    assert found["gates"] == {
        "west": {"width_m": 3, "direction": "in"},
        "east": {"width_m": 3, "direction": "out"},
    }
    assert (out.exists(), out.with_suffix(".png").exists()) == (True, True)
    again = CliRunner().invoke(app, ["venue", str(plan), "--out", str(out)])
    assert isinstance(again.exception, ScenarioError)
    assert "is there already" in str(again.exception)
    forced = CliRunner().invoke(app, ["venue", str(plan), "--out", str(out), "--force"])
    assert (forced.exit_code, "Gates in: west (3.00 m)" in forced.stdout) == (0, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layer", "bench"], "--layer bench: should be NAME=ROLE"),
        (["--layer", "bench=sofa"], "unknown role 'sofa'"),
        (["--layer", "sofa=bench"], "unknown kind 'sofa'"),
        (["--scale", "0"], "--scale 0: should be the metres"),
        (["--scale", "-1"], "--scale -1: should be the metres"),
        (["--scale", "0.01"], "--scale how many metres"),
        (["--scale", "1e-5"], "--scale how many metres"),
        (["--out", "x.json"], "should end in .toml"),
        (["--layer", "exit=ignore", "--layer", "entrance=exit", "--layer", "bench=exit"], "is no way out"),
    ],
)
def test_nothing_is_written_of_what_is_wrong(plan, tmp_path, monkeypatch, options, said):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = CliRunner().invoke(app, ["venue", str(plan), *options])
    assert isinstance(result.exception, ScenarioError)
    assert said in str(result.exception)
    assert not list((tmp_path / "here").iterdir())


def test_people_stream_from_every_entrance_to_every_exit(tmp_path):
    path = tmp_path / "hall.geojson"
    path.write_text(json.dumps(features(("gate", "LineString", [[8, 0], [12, 0]], {"name": "south"}))))
    flows = load_scenario(str(import_venue(path, tmp_path / "h.toml").scenario)).population.flows
    assert {f.start: set(f.to) for f in flows} == {"west": {"east", "south"}, "south": {"east"}}
    assert all(f.rate_per_min > 0 for f in flows)
