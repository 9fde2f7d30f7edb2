from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import supervision as sv
from trackers import DIoU

from detect.gate import GroundGate
from detect.tracking import TRACKERS, Tracker, TrackerSettings
from detect.tracks import ObjectClass
from scenarios.camera import Camera

CAMERA = Camera.looking_at("cam", position_m=(0, 0, 6), look_at_m=(0, 20, 0), hfov_deg=60, resolution_px=(640, 480))


def person(x_m: float, y_m: float) -> list[float]:
    """The box of somebody of 1.7 m who stands there."""
    (u, feet), (_, head) = CAMERA.project(np.array([(x_m, y_m, 0.0), (x_m, y_m, 1.7)]))[0] + 0.5
    return [u - 8, head, u + 8, feet]


def gate(unseen_s: float, expected: np.ndarray, fastest_mps: float = 8.0) -> GroundGate:
    made = GroundGate(DIoU(), fastest_mps, ObjectClass.PERSON)
    made.camera = CAMERA
    tracks = [SimpleNamespace(get_state_bbox=lambda b=b: b, time_since_update_seconds=unseen_s) for b in expected]
    made.tracks = lambda: tracks
    return made


def test_a_jump_is_no_match_a_step_and_a_long_absence_are() -> None:
    expected, seen = np.array([person(0, 20)]), np.array([person(0.3, 20), person(0, 24)])
    step, jump = gate(0.1, expected).compute(expected, seen)[0]
    plain = DIoU().compute(expected, seen)[0]
    assert step == pytest.approx(plain[0])
    assert plain[1] > -0.1, "the jump would be matched without the gate"
    assert jump < -100
    assert gate(2.0, expected).compute(expected, seen)[0, 1] == pytest.approx(plain[1])


def test_who_is_hidden_from_the_waist_down_has_not_jumped() -> None:
    whole = np.array(person(0, 20))
    half = whole.copy()
    half[3] = (whole[1] + whole[3]) / 2
    overlap = gate(0.1, whole[None]).compute(whole[None], half[None])
    np.testing.assert_allclose(overlap, DIoU().compute(whole[None], half[None]))


def test_without_calibration_or_above_the_horizon_nothing_is_gated() -> None:
    expected, seen = np.array([person(0, 20)]), np.array([person(0, 24)])
    free = gate(0.1, expected)
    free.camera = None
    np.testing.assert_allclose(free.compute(expected, seen), DIoU().compute(expected, seen))
    sky, near = np.array([[300.0, 1, 320, 6]]), np.array([[312.0, 1, 332, 6]])
    np.testing.assert_allclose(gate(0.1, sky).compute(sky, near), DIoU().compute(sky, near))


@pytest.mark.parametrize("name", sorted(set(TRACKERS) - {"cbiou"}))
def test_every_tracker_follows_a_walker_through_the_gate(name: str) -> None:
    tracker = Tracker(name, fps=10)
    ids = set()
    for i in range(30):
        found = sv.Detections(
            xyxy=np.array([person(-3 + 0.14 * i, 20)]), confidence=np.array([0.9]), class_id=np.array([0])
        )
        ids |= set(tracker.update(found, i / 10, CAMERA).track_id.tolist())
    assert len(ids) == 1


@pytest.mark.parametrize(("fastest_mps", "same"), [(0.0, True), (8.0, False)])
def test_an_id_does_not_jump(fastest_mps: float, same: bool) -> None:
    tracker = Tracker(fps=10, settings=TrackerSettings(fastest_mps=fastest_mps))
    ids = []
    for i in range(20):
        found = sv.Detections(
            xyxy=np.array([person(0, 20 if i < 10 else 24)]), confidence=np.array([0.9]), class_id=np.array([0])
        )
        ids += tracker.update(found, i / 10, CAMERA).track_id.tolist()
    assert (len(set(ids)) == 1) is same
