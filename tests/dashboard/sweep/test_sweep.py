"""A sweep: one result each, resumed, the same bytes in this process and by workers of whom one is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from multiprocessing import active_children
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import tomli_w
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.sweep.bench import sweep
from dashboard.sweep.engine import choose, first_of_films, in_process
from dashboard.sweep.spec import points_of
from dashboard.sweep.table import read_table
from dashboard.sweep.workers import TRIES, local_workers
from scenarios.errors import RecordingError, ScenarioError
from scenarios.recording import Recording
from scenarios.suite import Suite, load_suite


def _kill(victim):
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    return victim.pid


class Deadly:
    """Kills worker processes that have begun a task, so many times; hands everything on."""

    def __init__(self, engine, kills):
        self.engine, self.kills = engine, kills

    def __call__(self, points, folder, tell):
        self.tell = tell
        self.engine(points, folder, self)

    def progress(self, point, share):
        if self.kills:
            self.kills -= 1
            _kill(active_children()[0])
        self.tell.progress(point, share)

    def done(self, point):
        self.tell.done(point)

    def failed(self, point, why):
        self.tell.failed(point, why)


def test_a_worker_that_is_killed_costs_nobody_a_result_and_no_byte(small, points, swept, tmp_path, bytes_of):
    engine = Deadly(local_workers(2), kills=1)
    done = sweep(small, points, tmp_path / "s", engine)
    assert engine.kills == 0
    assert (done.points, done.specs, done.failed) == (4, 4, {})
    assert bytes_of(tmp_path / "s") == bytes_of(swept)
    assert len(bytes_of(swept)) == 4 + 2


def test_a_task_that_kills_every_worker_is_given_up(small, points, tmp_path):
    killed = []

    def kill_at_once():
        while len(killed) < TRIES:
            killed.extend(_kill(victim) for victim in active_children())
            time.sleep(0.05)

    killer = threading.Thread(target=kill_at_once)
    killer.start()
    done = sweep(small, points[:1], tmp_path / "s", local_workers(1))
    killer.join()
    assert len(set(killed)) == TRIES
    assert list(done.failed) == [0]
    assert "died 3 times" in done.failed[0]


def test_what_is_there_is_not_run_again(small, points, swept, tmp_path, bytes_of):
    folder = tmp_path / "s"
    sweep(small, points[:1], folder)
    first = next((folder / "results").glob("*.json"))
    before = first.stat().st_mtime_ns
    ran = []

    def engine(points, folder, tell):
        ran.extend(p.number for p in points)
        in_process(points, folder, tell)

    done = sweep(small, points, folder, engine)
    assert ran == [1, 2, 3]
    assert done.found == 1
    assert first.stat().st_mtime_ns == before
    assert bytes_of(folder) == bytes_of(swept)


def test_footage_is_filmed_once_for_all_that_share_it_and_takes_no_room_twice(swept, points):
    assert len({p.spec.scenario.hash for p in points}) == 2
    films = sorted((swept / "films").glob("*/video/mast.mp4"))
    assert len(films) == 2
    runs = sorted((swept / "runs").glob("*/video/mast.mp4"))
    assert len(runs) == 4
    assert {r.stat().st_ino for r in runs} == {f.stat().st_ino for f in films}


def test_run_folders_are_whole(swept, points):
    for point in points:
        recording = Recording.open(swept / "runs" / point.spec.run_name)
        assert recording.report.is_file()
        assert recording.run()["command"] == point.command
    assert "--set rule.abandoned_object.alone_s=30" in points[-1].command


def test_the_table_has_a_row_a_point_with_keys_and_scores(swept):
    table, about = read_table(swept)
    assert about == {"suite": "small", "version": 1, "keys": ["rule.abandoned_object.alone_s"]}
    assert table.column("point").to_pylist() == [0, 1, 2, 3]
    assert table.column("seed").to_pylist() == [1, 2, 1, 2]
    assert table.column("rule.abandoned_object.alone_s").to_pylist() == [20, 20, 30, 30]
    assert table.column("boxes.person.recall").to_pylist()[0] > 0.9
    assert "wall_s" not in table.column_names
    assert pq.read_schema(swept / "events.parquet").names[:3] == ["point", "case", "run"]


def test_two_sweeps_into_one_folder_are_kept_apart(small, points, tmp_path):
    def engine(points, folder, tell):
        with pytest.raises(RecordingError, match="another sweep is running"):
            sweep(small, points, folder)

    sweep(small, points[:1], tmp_path / "s", engine)


def test_a_folder_of_something_else_is_left_alone(small, points, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(RecordingError, match="not the folder of a sweep"):
        sweep(small, points, tmp_path)


def test_a_point_that_cannot_run_does_not_stop_the_others(small, points, swept, tmp_path):
    def engine(points, folder, tell):
        tell.failed(points[0], "no")
        in_process(points[1:], folder, tell)

    folder = tmp_path / "s"
    sweep(small, points[:2], folder)
    done = sweep(small, points, folder, engine)
    assert done.failed == {2: "forecourt_bag_v1, seed 1: no"}
    assert read_table(folder)[0].column("point").to_pylist() == [0, 1, 3]


def test_the_same_specification_twice_is_run_once(asked, tmp_path):
    twice = Suite.model_validate(asked | {"grid": {"rule.abandoned_object.alone_s": [20, 20.0]}, "seeds": [1]})
    points = points_of(twice, Path())
    assert [p.spec.hash == points[0].spec.hash for p in points] == [True, True]
    done = sweep(twice, points, tmp_path / "s")
    assert (done.points, done.specs) == (2, 1)
    assert len(list((tmp_path / "s" / "results").iterdir())) == 1
    assert read_table(tmp_path / "s")[0].num_rows == 2


def test_films_are_begun_early_and_not_by_two(points, tmp_path):
    order = first_of_films(points)
    assert [p.number for p in order] == [0, 1, 2, 3]
    assert [p.number for p in first_of_films([points[0], points[2], points[1]])] == [0, 1, 2]
    assert choose([points[2]], [points[0]], tmp_path) is None
    assert choose([points[2], points[1]], [points[0]], tmp_path) is points[1]


def test_random_keys_are_drawn_the_same_for_every_seed_and_inside_their_range(asked):
    drawn = {"samples": 40, "seed": 3, "keys": {
        "conditions.rain": {"min": 0.0, "max": 1.0},
        "rule.abandoned_object.alone_s": {"min": 1, "max": 100, "log": True},
        "population.flows.0.initial": {"min": 1, "max": 4, "whole": True},
        "detector": ["oracle", "background"],
    }}  # fmt: skip
    points = points_of(Suite.model_validate({**asked, "grid": {}, "random": drawn}), Path())
    assert len(points) == 80
    assert [p.keys for p in points[::2]] == [p.keys for p in points[1::2]]
    rain = [p.keys["conditions.rain"] for p in points[::2]]
    alone = sorted(p.keys["rule.abandoned_object.alone_s"] for p in points[::2])
    assert 0 <= min(rain) < 0.2 < 0.8 < max(rain) <= 1
    assert alone[0] >= 1
    assert alone[-1] <= 100
    assert 4 < alone[20] < 25  # the median of 1 to 100 in the logarithm is 10
    assert {p.keys["population.flows.0.initial"] for p in points} == {1, 2, 3, 4}
    assert {p.spec.watching.detector for p in points} == {"oracle", "background"}
    assert points[0].spec.scenario.population.flows[0].initial == points[0].keys["population.flows.0.initial"]


def test_options_of_a_detector_are_keys(asked):
    suite = Suite.model_validate(asked | {"grid": {"detector.miss": [0.0, 0.1]}, "seeds": [1]})
    assert [p.spec.watching.detector for p in points_of(suite, Path())] == ["oracle:miss=0.0", "oracle:miss=0.1"]


def test_what_decides_the_result_decides_the_hash(asked):
    suite = Suite.model_validate(asked | {"title": "another", "grid": {}, "seeds": [1]})
    one = points_of(suite, Path())[0].spec.hash
    assert points_of(suite, Path())[0].spec.hash == one
    for changes in (["duration_s=2.2"], ["rule.density.hold_s=9"]):
        assert points_of(suite, Path(), changes=changes)[0].spec.hash != one
    assert points_of(suite, Path(), watched_by={"tracker": "sort"})[0].spec.hash != one


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scenarios": []}, "says nothing to run"),
        ({"scenarios": ["no_such_v1"]}, "unknown scenario"),
        ({"scenarios": ["fire_v1", "fire_v1"]}, "used twice"),
        ({"grid": {"conditions.rian": [1]}}, "rian"),
        ({"grid": {"rule.abandoned_object.alone": [1]}}, "alone"),
        ({"grid": {"detector": ["orakel"]}}, "orakel"),
        ({"grid": {"seed": [1]}}, "said by seeds"),
        ({"seeds": "3-1"}, "1-10"),
        ({"random": {"samples": 1, "keys": {"fps": {"min": 3, "max": 2}}}}, "not below"),
        ({"random": {"samples": 1, "keys": {"rule.abandoned_object.alone_s": [1]}}}, "stands in the grid"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(tmp_path, asked, change, said):
    file = tmp_path / "wrong.toml"
    file.write_text(tomli_w.dumps(asked | change))
    with pytest.raises(Exception, match=said) as caught:
        points_of(*load_suite(file))
    assert "\n" not in str(caught.value)


def test_the_command(tmp_path, swept, asked):
    file = tmp_path / "small.toml"
    file.write_text(tomli_w.dumps(asked))
    out = str(tmp_path / "s")
    words = ["sweep", str(file), "--out", out, "--workers", "0", "--seeds", "1", "--json"]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told["summary"]["runs"] == 2
    told.pop("summary")
    assert told == {"sweep_dir": out, "points": 2, "specs": 2, "found": 0, "failed": []}
    again = CliRunner().invoke(app, words)
    assert json.loads(again.stdout)["found"] == 2
    mine = {p.name for p in (tmp_path / "s" / "results").iterdir()}
    assert mine < {p.name for p in (swept / "results").iterdir()}  # --seeds chooses among the same specifications
    with pytest.raises(ScenarioError, match="--engine ray"):
        CliRunner().invoke(app, ["sweep", str(file), "--address", "x:1"], catch_exceptions=False)
