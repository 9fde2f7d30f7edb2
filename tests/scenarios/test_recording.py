import json

import pytest

from scenarios.camera import Camera
from scenarios.errors import RecordingError
from scenarios.recording import FORMAT, Recording, writing


def make(recording: Recording) -> None:
    lens = Camera.looking_at("c", position_m=(0, 0, 5), look_at_m=(0, 9, 0), hfov_deg=60, resolution_px=(64, 64))
    recording.save_cameras([lens])
    recording.video("c").parent.mkdir()
    recording.video("c").write_bytes(b"film")
    recording.save_json(recording.run_json, {"format": FORMAT})


def test_a_folder_that_exists_is_whole(tmp_path):
    out = tmp_path / "run"
    with writing(out) as recording:
        make(recording)
        assert not out.exists()
    assert Recording.open(out).cameras()[0].id == "c"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_an_error_leaves_nothing_and_keeps_what_was_there(tmp_path):
    out = tmp_path / "run"
    with writing(out) as recording:
        make(recording)
    with pytest.raises(RuntimeError), writing(out, overwrite=True) as recording:
        recording.video("c").parent.mkdir()
        raise RuntimeError
    assert Recording.open(out).video("c").read_bytes() == b"film"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_nothing_is_overwritten_unasked(tmp_path):
    out = tmp_path / "run"
    with writing(out) as recording:
        make(recording)
    with pytest.raises(RecordingError, match="exists already"), writing(out):
        pass
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x")
    with pytest.raises(RecordingError, match="not a run folder"), writing(mine, overwrite=True):
        pass
    assert (mine / "thesis.txt").exists()


def test_half_written_folders_are_refused(tmp_path):
    with pytest.raises(RecordingError, match="no such run folder"):
        Recording.open(tmp_path / "nowhere")
    half = tmp_path / "half"
    half.mkdir()
    with pytest.raises(RecordingError, match=r"run\.json is missing"):
        Recording.open(half)
    with writing(tmp_path / "run") as recording:
        make(recording)
    (tmp_path / "run" / "video" / "c.mp4").unlink()
    with pytest.raises(RecordingError, match=r"half written.*c\.mp4"):
        Recording.open(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(RecordingError, match="format 99"):
        Recording.open(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{")
    with pytest.raises(RecordingError, match="cannot be read"):
        Recording.open(tmp_path / "run")
