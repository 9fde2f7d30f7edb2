"""A calibration that is wrong by known amounts puts places where trigonometry says."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.miscalibration import Miscalibration

MAST = Camera.turned("c", position_m=(2, -3, 6), pan_deg=0, tilt_deg=-30, hfov_deg=60, resolution_px=(640, 360))
MIDDLE = [(319.5, 179.5)]


def far_m(camera: Camera) -> float:
    """How far away, on the ground, the middle of the picture is taken to be."""
    return float(np.linalg.norm(camera.to_ground(MIDDLE)[0] - camera.position_m[:2]))


def test_the_middle_of_the_picture_is_where_the_wrong_angle_says():
    assert far_m(MAST) == pytest.approx(6 / np.tan(np.radians(30)))
    assert far_m(Miscalibration(tilt_deg=2).of(MAST)) == pytest.approx(6 / np.tan(np.radians(28)))
    assert far_m(Miscalibration(tilt_deg=-2).of(MAST)) == pytest.approx(6 / np.tan(np.radians(32)))


def test_a_camera_that_is_taken_to_hang_higher_sees_all_farther_by_the_ratio():
    wrong = Miscalibration(height_m=0.6).of(MAST)
    assert wrong.position_m == pytest.approx((2, -3, 6.6))
    assert far_m(wrong) == pytest.approx(far_m(MAST) * 1.1)


def test_pan_is_clockwise_from_above():
    x, y = Miscalibration(pan_deg=90 / 4).of(MAST).to_ground(MIDDLE)[0] - MAST.position_m[:2]
    assert np.degrees(np.arctan2(x, y)) == pytest.approx(22.5)


def test_each_is_as_if_the_camera_had_been_built_so():
    built = Camera.turned(
        "c", position_m=(2, -3, 6.5), pan_deg=5, tilt_deg=-27, roll_deg=4, hfov_deg=60, resolution_px=(640, 360)
    )
    wrong = Miscalibration(height_m=0.5, tilt_deg=3, pan_deg=5, roll_deg=4).of(MAST)
    assert wrong.rotation == pytest.approx(built.rotation, abs=1e-12)
    assert wrong.translation_m == pytest.approx(built.translation_m, abs=1e-12)


def test_zoom_is_the_focal_length():
    wrong = Miscalibration(zoom=1.25).of(MAST)
    assert wrong.matrix[0, 0] == pytest.approx(1.25 * MAST.matrix[0, 0])
    assert wrong.matrix[1, 1] == pytest.approx(1.25 * MAST.matrix[1, 1])
    assert wrong.matrix[:, 2] == pytest.approx(MAST.matrix[:, 2])


def test_every_pose_of_a_moving_camera_is_wrong_alike():
    other = Camera.turned("c", position_m=(5, 1, 9), pan_deg=70, tilt_deg=-50, hfov_deg=40, resolution_px=(640, 360))
    wrong = Miscalibration(height_m=0.3, tilt_deg=1.5)
    track = wrong.of(CameraTrack.of([MAST, other], [0.0, 1.0]))
    for index, camera in enumerate((MAST, other)):
        assert track.camera(index).rotation == pytest.approx(wrong.of(camera).rotation)
        assert track.camera(index).translation_m == pytest.approx(wrong.of(camera).translation_m)


def test_nothing_wrong_changes_nothing():
    assert Miscalibration().of(MAST) is MAST
    with pytest.raises(ValidationError):
        Miscalibration(tilt=1)


def test_what_is_not_said_is_as_before():
    before = Miscalibration(tilt_deg=2, height_m=1).model_dump(exclude_defaults=True)
    assert Miscalibration(tilt_deg=0).over(before) == Miscalibration(height_m=1)
