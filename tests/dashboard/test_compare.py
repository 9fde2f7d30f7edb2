import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.compare import compare_runs
from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.recording import FORMAT, writing


def a_run(folder, seed, recall, false, mae=None):
    lens = Camera.looking_at("c", position_m=(0, 0, 5), look_at_m=(0, 9, 0), hfov_deg=60, resolution_px=(64, 64))
    score = {
        "scenario": "x_v1",
        "seed": seed,
        "detector": "d",
        "footage_s": 60.0,
        "wall_s": 1.0,
        "events": {"abandoned_object": {"recall": recall, "false": false}},
    }
    if mae is not None:
        score["count"] = {"mae": mae}
    with writing(folder) as recording:
        recording.save_cameras([lens])
        recording.video("c").parent.mkdir()
        recording.video("c").write_bytes(b"film")
        recording.save_json(recording.score_json, score)
        recording.save_json(recording.run_json, {"format": FORMAT})
    return folder


def change(difference, key):
    return next(c for c in difference.changes if c.key == key)


def test_two_runs_have_a_difference_and_no_interval(tmp_path):
    found = compare_runs(a_run(tmp_path / "a", 1, 1.0, 0), a_run(tmp_path / "b", 1, 0.5, 2, mae=3.0))
    recall = change(found, "events.abandoned_object.recall")
    assert (recall.before, recall.after, recall.change, recall.ci95) == (1.0, 0.5, -0.5, None)
    only_after = change(found, "count.mae")
    assert (only_after.before, only_after.after, only_after.change) == (None, 3.0, None)
    assert "seed" not in {c.key for c in found.changes}


def test_seeds_are_paired_and_give_students_interval(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for seed, (was, now) in enumerate([(0.5, 0.6), (0.9, 0.9), (0.7, 0.9)]):
        a_run(old / str(seed), seed, was, 0)
        a_run(new / str(seed), seed, now, 0)
    recall = change(compare_runs(old, new), "events.abandoned_object.recall")
    assert recall.pairs == 3
    assert recall.change == pytest.approx(0.1)
    # steps 0.1, 0.0, 0.2: standard deviation 0.1, standard error 0.1 / sqrt(3), t(0.975, 2) = 4.3027
    assert recall.ci95 == pytest.approx((0.1 - 0.24841, 0.1 + 0.24841), abs=1e-4)


def test_folders_that_cannot_be_compared(tmp_path):
    with pytest.raises(RecordingError, match="no such run folder"):
        compare_runs(tmp_path / "nowhere", tmp_path)
    with pytest.raises(RecordingError, match="holds none"):
        compare_runs(tmp_path, tmp_path)
    a_run(tmp_path / "two" / "a", 1, 1.0, 0)
    a_run(tmp_path / "two" / "b", 1, 1.0, 0)
    with pytest.raises(RecordingError, match="two runs with seed 1"):
        compare_runs(tmp_path / "two", tmp_path / "two")


def test_the_difference_is_plain_json(tmp_path):
    run = a_run(tmp_path / "a", 1, 1.0, 0)
    assert json.loads(json.dumps(compare_runs(run, run).as_dict()))["changes"]


def a_sweep(folder, rows):
    folder.mkdir()
    names = ("point", "case", "conditions.rain", "scenario", "seed", "detector", "spec", "run", "events.fire.recall")
    pq.write_table(
        pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]), folder / "results.parquet"
    )
    return folder


def test_sweeps_are_paired_by_case_keys_and_seed(tmp_path):
    old = a_sweep(tmp_path / "old", [
        (0, "a", 0.0, "x_v1", 1, "d", "s", "r", 1.0), (1, "a", 3.0, "x_v1", 1, "d", "t", "r", 0.5),
        (2, "b", 0.0, "y_v1", 1, "d", "u", "r", None),
    ])  # fmt: skip
    new = a_sweep(tmp_path / "new", [
        (0, "a", 3.0, "x_v1", 1, "e", "v", "r", 0.25), (1, "a", 0.0, "x_v1", 1, "e", "w", "r", 1.0),
        (2, "c", 0.0, "z_v1", 1, "e", "x", "r", 0.0),
    ])  # fmt: skip
    (recall,) = compare_runs(old, new).changes
    assert (recall.key, recall.pairs, recall.change) == ("events.fire.recall", 2, -0.125)
    twice = a_sweep(tmp_path / "twice", [(0, "a", 0.0, "x_v1", 1, "d", "s", "r", 1.0)] * 2)
    with pytest.raises(RecordingError, match=r"a, 0\.0, 1 twice"):
        compare_runs(twice, new)
