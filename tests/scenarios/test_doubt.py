from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.doubt import CHANGES, changed, ground_change, ground_doubt, stated_doubt
from scenarios.errors import ScenarioError
from scenarios.recording import Recording, View

CAMERA = Camera.looking_at(
    "mast",
    position_m=(0, -20, 6),
    look_at_m=(0, 0, 0),
    hfov_deg=80,
    resolution_px=(1280, 720),
    distortion=(-0.2, 0.03),
    roll_deg=3,
)
PIXELS = np.array([[100.0, 600], [640, 360], [1200, 500]])
LOOK_AT = """
method = "look_at"
resolution_px = [1280, 720]
position_m = [0, -20, 6]
look_at_m = [0, 0, 0]
hfov_deg = 80
"""


@pytest.mark.parametrize("height_m", [0.0, 1.7])
def test_places_move_with_the_camera_as_the_derivative_says(height_m: float) -> None:
    by = ground_change(CAMERA, PIXELS, height_m)
    for k, name in enumerate(CHANGES):
        step = np.zeros(8)
        step[k] = 1e-5
        there, back = (changed(CAMERA, s).to_ground(PIXELS, height_m) for s in (step, -step))
        np.testing.assert_allclose(by[:, :, k], (there - back) / 2e-5, rtol=1e-5, atol=1e-6, err_msg=name)


def test_doubt_of_places_is_the_spread_that_wrong_calibrations_make() -> None:
    rng = np.random.default_rng(5)
    doubt = stated_doubt(turn_deg=0.2, position_m=0.05, focal_share=0.01, k1=0.01)
    places = np.stack(
        [changed(CAMERA, rng.multivariate_normal(np.zeros(8), doubt)).to_ground(PIXELS) for _ in range(3000)]
    )
    said = ground_doubt(replace(CAMERA, doubt=doubt), PIXELS)
    for k in range(len(PIXELS)):
        np.testing.assert_allclose(said[k], np.cov(places[:, k].T), rtol=0.12, atol=0.02 * np.trace(said[k]))


def test_an_exact_calibration_leaves_nothing_open() -> None:
    assert not ground_doubt(CAMERA, PIXELS).any()


def test_a_file_states_deviations_or_a_whole_covariance(tmp_path: Path) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(LOOK_AT + "[uncertainty]\nturn_deg = 0.5\nposition_m = 0.1\n", encoding="utf-8")
    doubt = load_calibration(file).camera.doubt
    assert doubt is not None
    np.testing.assert_allclose(np.sqrt(np.diag(doubt)), [*[np.radians(0.5)] * 3, 0.1, 0.1, 0.1, 0, 0])
    whole = (np.diag(np.arange(1.0, 9)) + 0.1).tolist()
    file.write_text(LOOK_AT + f"[uncertainty]\ncovariance = {whole}\n", encoding="utf-8")
    doubt = load_calibration(file).camera.doubt
    assert doubt is not None
    np.testing.assert_allclose(doubt, whole)
    file.write_text(LOOK_AT, encoding="utf-8")
    assert load_calibration(file).camera.doubt is None


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("turn_deg = -1", "turn_deg"),
        ("covariance = [[1.0]]", "8 rows of 8"),
        (f"covariance = {(-np.eye(8)).tolist()}", "not negative"),
        (f"turn_deg = 1.0\ncovariance = {np.eye(8).tolist()}", "leave out"),
    ],
)
def test_what_is_no_covariance_is_refused(tmp_path: Path, said: str, complaint: str) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(LOOK_AT + "[uncertainty]\n" + said + "\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=complaint):
        load_calibration(file)


def test_a_recording_keeps_the_doubt(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    doubt = stated_doubt(turn_deg=0.3, focal_share=0.02)
    recording.save_views([View.of(replace(CAMERA, doubt=doubt)), View.of(replace(CAMERA, id="exact"))])
    first, second = recording.cameras()
    assert first.doubt is not None
    np.testing.assert_array_equal(first.doubt, doubt)
    assert second.doubt is None


def test_a_moving_camera_keeps_the_doubt(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    poses = [replace(CAMERA, doubt=stated_doubt(turn_deg=0.5)), replace(CAMERA, doubt=stated_doubt(turn_deg=0.5))]
    recording.save_views([View.of(CameraTrack.of(poses, [0.0, 1.0]))])
    (view,) = recording.views()
    assert view.calibration is not None
    for time_s in (0.0, 1.0):
        doubt = view.calibration.at(time_s).doubt
        assert doubt is not None
        np.testing.assert_array_equal(doubt, poses[0].doubt)
