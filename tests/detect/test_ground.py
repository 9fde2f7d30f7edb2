from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.density import zone_densities
from detect.ground import Grounding, GroundSettings, locate_feet
from detect.tracking import Followed
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.venue import Zone

CAMERA = Camera.looking_at("mast", position_m=(0, -20, 6), look_at_m=(0, 0, 0), hfov_deg=60, resolution_px=(1280, 720))
PERSON = np.array([ObjectClass.PERSON], np.int8)


def followed(box: np.ndarray, ids: tuple[int, ...] = (1,), cls: ObjectClass = ObjectClass.PERSON) -> Followed:
    n = len(ids)
    return Followed(np.array(ids, np.int64), np.full(n, cls, np.int8), box.reshape(-1, 4), np.full(n, 0.9))


@settings(max_examples=30, deadline=None)
@given(st.floats(-6, 6), st.floats(-8, 25))
def test_feet_are_where_the_body_stands(x: float, y: float) -> None:
    to_camera = CAMERA.position_m[:2] - (x, y)
    toe = (x, y) + 0.12 * to_camera / np.linalg.norm(to_camera)  # the box ends at the toe, the axis is behind it
    box = CAMERA.upright_box_px(toe, 1.75) + 0.5  # boxes run along pixel edges, projections through pixel centres
    position, covariance = locate_feet(CAMERA, box, PERSON)
    np.testing.assert_allclose(position[0], (x, y), atol=0.12)  # the width of the body bends the box a little
    assert (np.linalg.eigvalsh(covariance[0]) > 0).all()


def test_covariance_is_the_spread_that_noise_really_makes() -> None:
    rng = np.random.default_rng(3)
    box = CAMERA.upright_box_px((2, 5), 1.75)
    said = GroundSettings(noise_px=1.5, noise_share=0.0)
    _, covariance = locate_feet(CAMERA, box, PERSON, said)
    middle = np.array([(box[0, 0] + box[0, 2]) / 2, box[0, 3]])
    measured = np.cov(CAMERA.to_ground(middle + rng.normal(0, 1.5, (4000, 2))).T)
    np.testing.assert_allclose(covariance[0], measured, rtol=0.1, atol=2e-4)


def test_covariance_grows_with_the_distance() -> None:
    boxes = CAMERA.upright_box_px([(0, 0), (0, 10), (0, 30)], 1.75)
    _, covariance = locate_feet(CAMERA, boxes, np.zeros(3, np.int8), GroundSettings(noise_share=0))
    assert (np.diff(np.linalg.det(covariance)) > 0).all()


def test_feet_below_the_picture_are_found_by_the_head() -> None:
    foot = (0.5, -14.5)
    box = CAMERA.upright_box_px(foot, 1.70)
    assert box[0, 3] > 719
    cut = box.copy()
    cut[:, 3] = 719
    position, covariance = locate_feet(CAMERA, cut, PERSON, GroundSettings(noise_share=0))
    naive = CAMERA.to_ground([((cut[0, 0] + cut[0, 2]) / 2, 719)])[0]
    assert np.linalg.norm(position[0] - foot) < 0.35 < np.linalg.norm(naive - foot)
    assert np.linalg.eigvalsh(covariance[0])[-1] > 0.1**2  # nobody knows how tall the person is


def test_above_the_horizon_there_is_no_ground() -> None:
    position, covariance = locate_feet(CAMERA, np.array([[600.0, -90.0, 620.0, -60.0]]), PERSON)
    assert np.isnan(position).all()
    assert np.isnan(covariance).all()


def test_without_calibration_everything_is_unknown() -> None:
    tracks = Grounding(None).place("cam", followed(np.array([10.0, 10, 40, 90])), 0.0)
    assert len(tracks) == 1
    for values in (tracks.position_m, tracks.velocity_mps, tracks.covariance_m2):
        assert np.isnan(values).all()


@pytest.mark.parametrize("fps", [5.0, 25.0])
def test_velocity_of_a_walker(fps: float) -> None:
    rng = np.random.default_rng(1)
    ground = Grounding(CAMERA)
    errors, rough = [], []
    for i in range(round(8 * fps)):
        true = np.array((-4 + 1.2 * i / fps, 3.0))
        box = CAMERA.upright_box_px(true, 1.75) + rng.normal(0, 1.5, 4)
        tracks = ground.place("cam", followed(box), i / fps)
        if i == 0:
            assert np.isnan(tracks.velocity_mps).all()
        if i > 3 * fps:
            errors.append(tracks.velocity_mps[0] - (1.2, 0))
            rough.append(np.linalg.norm(tracks.position_m[0] - true))
    assert np.sqrt(np.mean(np.square(errors))) < 0.25
    assert np.mean(rough) < 0.25


def test_who_stands_has_no_speed_and_reset_forgets() -> None:
    ground = Grounding(CAMERA)
    box = CAMERA.upright_box_px((1, 1), 1.75)
    for i in range(40):
        tracks = ground.place("cam", followed(box), i / 10)
    np.testing.assert_allclose(tracks.velocity_mps, 0, atol=1e-6)
    ground.reset()
    assert np.isnan(ground.place("cam", followed(box), 4.1).velocity_mps).all()


def test_density_counts_persons_in_the_seen_part_and_says_when_it_is_not_valid() -> None:
    zone = Zone(id="square", polygon=[(-1, 0), (1, 0), (1, 2), (-1, 2)])
    behind = Zone(id="behind", polygon=[(-1, -60), (1, -60), (1, -50), (-1, -50)])
    places = [(x, y) for x in (-0.6, 0.0, 0.6) for y in (0.4, 1.2)] + [(5.0, 5.0)]
    box = CAMERA.upright_box_px(places, 1.75)
    tracks = Grounding(CAMERA).place("cam", followed(box, tuple(range(7))), 0.0)
    full, unseen = zone_densities(tracks, [zone, behind], CAMERA)
    assert (full.persons, full.zone) == (6, "square")
    assert full.per_m2 == pytest.approx(6 / 4)
    assert not full.valid
    assert zone_densities(tracks, [zone], CAMERA, valid_to_per_m2=2.0)[0].valid
    assert unseen.seen_m2 == 0
    assert np.isnan(unseen.per_m2)
    assert not unseen.valid
