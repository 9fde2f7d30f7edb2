import itertools
import tomllib

import numpy as np
import pytest

from scenarios.recording import Recording
from scenarios.scenario import Scenario
from scenarios.truth import BOXES, LOOKS, OBJECTS, PEOPLE, column
from sim.film import digest, film, film_cameras, frames, shots


@pytest.fixture(scope="module")
def filmed(tmp_path_factory, square):
    told = []
    recording = Recording(tmp_path_factory.mktemp("run"))
    return film(square(), recording, progress=told.append), told


def test_everything_that_a_run_folder_needs_is_written(filmed, square):
    result, told = filmed
    recording = result.recording
    assert told[-1] == 1
    assert told == sorted(told)
    assert result.frame_count == 20
    assert [c.id for c in recording.cameras()] == ["south", "north"]
    assert all(len(c.masks_px) == 1 for c in recording.cameras())
    np.testing.assert_allclose(recording.frame_times("south"), np.arange(20) / 10, atol=1e-6)
    again = Scenario.model_validate(tomllib.loads(recording.scenario_toml.read_text(encoding="utf-8")))
    assert again == square()
    assert not recording.run_json.exists()


def test_the_truth_has_its_tables_once_an_instant(filmed):
    truth = filmed[0].recording.truth()
    assert (truth.people.schema, truth.objects.schema, truth.boxes.schema) == (PEOPLE, OBJECTS, BOXES)
    assert len(np.unique(column(truth.people, "time_s"))) == 20
    assert truth.looks.schema == LOOKS
    assert column(truth.looks, "id").tolist() == sorted(set(column(truth.people, "id").tolist()))
    assert set(column(truth.boxes, "camera")) == {"south", "north"}
    assert set(column(truth.boxes, "cls")) <= {"person", "bag"}
    assert not set(column(truth.people, "id")) & set(column(truth.objects, "id"))
    assert set(column(truth.boxes, "id")) <= set(column(truth.people, "id")) | set(column(truth.objects, "id"))
    seen = column(truth.boxes, "visibility")
    assert seen.min() >= 0
    assert seen.max() <= 1
    hidden = np.isnan(column(truth.boxes, "vx1"))
    np.testing.assert_array_equal(hidden, seen == 0)


def test_a_box_stands_where_its_person_stands(filmed):
    truth, camera = filmed[0].truth, filmed[0].cameras[0]
    boxes = [row for row in truth.boxes.to_pylist() if row["camera"] == "south" and row["cls"] == "person"]
    where = {(round(r["time_s"], 6), r["id"]): (r["x_m"], r["y_m"]) for r in truth.people.to_pylist()}
    assert len(boxes) > 50
    for row in boxes:
        x, y = where[round(row["time_s"], 6), row["id"]]
        (px,), _ = camera.project([(x, y, 0.0)])
        tall = row["y2"] - row["y1"]
        assert abs(px[1] - row["y2"]) < 0.2 * tall + 2
        assert abs(px[0] - (row["x1"] + row["x2"]) / 2) < 0.5 * tall


def test_mot_lines_count_from_one(filmed):
    recording = filmed[0].recording
    rows = np.loadtxt(recording.mot_truth("south"), delimiter=",")
    boxes = filmed[0].truth.boxes.to_pylist()
    mine = [b for b in boxes if b["camera"] == "south" and b["cls"] == "person"]
    assert rows.shape == (len(mine), 9)
    assert rows[:, 0].min() == 1
    first = mine[0]
    expected = (first["frame"] + 1, first["id"], first["x1"] + 1, first["y1"] + 1, first["x2"] - first["x1"])
    np.testing.assert_allclose(rows[0, :5], expected, atol=0.01)
    assert (rows[:, 6:8] == 1).all()


def test_same_scenario_and_seed_same_truth_and_pixels(filmed, tmp_path, square):
    first = digest(filmed[0].recording)
    (tmp_path / "same").mkdir()
    (tmp_path / "other").mkdir()
    assert digest(film(square(), Recording(tmp_path / "same")).recording) == first
    other = digest(film(square(), Recording(tmp_path / "other"), seed=6).recording)
    assert other["truth_sha256"] != first["truth_sha256"]
    assert other["pixels_sha256"] != first["pixels_sha256"]


def test_the_stream_shows_what_the_film_shows_and_cameras_do_not_depend_on_each_other(square):
    both = next(iter(frames(square())))
    only = next(iter(frames(square(), cameras=["north"])))
    assert [f.camera_id for f in both] == ["south", "north"]
    assert [f.camera_id for f in only] == ["north"]
    np.testing.assert_array_equal(both[1].image, only[0].image)


def test_shots_come_with_the_world_and_in_time(square):
    taken = list(itertools.islice(shots(square()), 4))
    np.testing.assert_allclose([world.time_s for world, _ in taken], (0, 0.1, 0.2, 0.3), atol=1e-9)
    assert [shot.frame.index for _, (shot, _) in taken] == [0, 1, 2, 3]
    assert all(shot.frame.time_s == world.time_s for world, (shot, _) in taken)


def test_cameras_of_a_film_mask_the_mark(square):
    (south, north) = film_cameras(square())
    assert south.masks_px[0].shape == (4, 2)
    assert (south.id, north.id) == ("south", "north")
