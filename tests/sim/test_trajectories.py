import numpy as np
import pytest

from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from sim.crowd import Crowd
from sim.measure import measure
from sim.trajectories import Recorder, read_trajectories, write_trajectories


@pytest.fixture(scope="module")
def run():
    scenario = load_scenario("stadium_egress_surge_v1", ["duration_s=13"])
    recorder = Recorder(scenario.step_s)
    measures = measure(scenario, watch=recorder)
    return scenario, measures, recorder.trajectories()


def test_everybody_is_recorded_at_every_instant(run):
    scenario, measures, ways = run
    crowd = Crowd(scenario)
    first = ways.at(0)
    assert np.array_equal(ways.id[first], np.sort(crowd.people.id))
    assert np.array_equal(ways.position_m[first], crowd.people.position_m[np.argsort(crowd.people.id)])
    assert len(np.unique(ways.id)) == measures.people
    assert ways.frames[-1] == round(scenario.duration_s * ways.rate_hz)
    assert ways.rate_hz == pytest.approx(10, rel=0.35)


def test_watching_changes_nothing(run):
    scenario, measures, _ = run
    assert measure(scenario).as_dict() == measures.as_dict()


@pytest.mark.parametrize(("name", "off_m"), [("ways.parquet", 0.0), ("ways.txt", 0.00005001)])
def test_what_is_written_is_read_again(run, tmp_path, name, off_m):
    ways = run[2]
    write_trajectories(ways, tmp_path / name)
    again = read_trajectories(tmp_path / name)
    assert again.rate_hz == pytest.approx(ways.rate_hz, rel=1e-5)
    assert np.array_equal(again.id, ways.id)
    assert np.array_equal(again.frame, ways.frame)
    assert np.abs(again.position_m - ways.position_m).max() <= off_m


@pytest.mark.parametrize(
    ("name", "said"),
    [("ways.csv", "neither .parquet nor .txt"), ("nowhere/ways.txt", "there is no folder"), ("d.txt", "is a folder")],
)
def test_a_bad_path_is_said_in_one_sentence(run, tmp_path, name, said):
    (tmp_path / "d.txt").mkdir()
    with pytest.raises(ScenarioError, match=said):
        write_trajectories(run[2], tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "1 0 2.0 3.0\n"),
        ("b.txt", "# framerate: 10\n1 0 x 3\n"),
        ("c.parquet", "no"),
        ("e.txt", "# framerate: 0\n"),
    ],
)
def test_a_bad_file_is_said_in_one_sentence(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ScenarioError, match="is no file of trajectories"):
        read_trajectories(tmp_path / name)
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_trajectories(tmp_path / "missing.txt")
