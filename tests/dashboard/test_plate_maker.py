"""A plate out of footage: the empty scene, what is measured, and a twin that can be read."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dashboard.plate_maker import make_plate, tones_to_look
from dashboard.plate_people import passers_in, shadows_of
from dashboard.plate_picture import empty_scene, noise_of, sharpness_of
from scenarios.calibration import load_calibration
from scenarios.errors import ParvisError
from scenarios.load import load_scenario

CALIBRATION = """
method = "look_at"
id = "cam"
resolution_px = [320, 240]
position_m = [0, -12, 6]
look_at_m = [0, 0, 0]
hfov_deg = 60
"""
RNG_SEED = 5


@pytest.fixture
def camera(tmp_path: Path):
    path = tmp_path / "camera.toml"
    path.write_text(CALIBRATION)
    return load_calibration(path).camera


def scene(rng):
    ground = np.full((240, 320, 3), 130.0) + cv2.GaussianBlur(rng.normal(0, 60, (240, 320, 3)), (0, 0), 3)
    return np.clip(ground, 60, 200)


def filmed(camera, ground, rng, *, pictures=60, noise=2.0, shadow_towards=None):
    """Upright dark bodies cross the ground; with a sun they throw shadows of 1.5 m."""
    out = []
    for k in range(pictures):
        picture = ground.copy()
        for lane in (-3.0, 0.0, 3.0):
            foot = np.array([-5 + 10 * ((k * 7 + int(lane) * 11) % pictures) / pictures, lane])
            x1, y1, x2, y2 = camera.upright_box_px(foot, 1.7, 0.5)[0]
            if shadow_towards is not None:
                tip = foot + 1.5 * np.array(shadow_towards)
                corners = camera.project([(foot[0] - 0.2, foot[1], 0), (foot[0] + 0.2, foot[1], 0), (*tip, 0)])[0]
                mask = np.zeros(picture.shape[:2], np.uint8)
                cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
                mask = cv2.dilate(mask, np.ones((3, 5), np.uint8))
                picture[mask > 0] *= 0.6
            picture[round(y1) : round(y2) + 1, round(x1) : round(x2) + 1] = (40, 30, 25)
        out.append(np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8))
    return np.stack(out)


def test_who_passes_or_lingers_leaves_no_trace(camera):
    rng = np.random.default_rng(RNG_SEED)
    ground = scene(rng)
    pictures = filmed(camera, ground, rng)
    pictures[:16, 100:140, 60:75] = (30, 30, 30)  # somebody stands there; others take another sixth of the time
    off = np.abs(empty_scene(pictures).astype(float) - ground)
    assert off.max() < 8
    assert off.mean() < 1


def test_noise_is_measured_where_nothing_moves(camera):
    rng = np.random.default_rng(RNG_SEED)
    pictures = filmed(camera, scene(rng), rng, pictures=12, noise=3.0)
    pairs = np.stack((pictures[:-1], pictures[1:]), axis=1)
    assert noise_of(pairs) == pytest.approx(3 / np.sqrt(3), rel=0.12)  # of the mean of three colours
    assert noise_of(pairs[:0]) == 0


@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.6])
def test_blur_of_outlines_is_found_again(sigma):
    rng = np.random.default_rng(RNG_SEED)
    large = np.full((1600, 1600), 150, np.uint8)
    for _ in range(70):
        x, y = rng.uniform(100, 1500, 2)
        box = cv2.boxPoints(((x, y), tuple(rng.uniform(80, 300, 2)), float(rng.uniform(0, 90))))
        cv2.fillPoly(large, [box.astype(np.int32)], int(rng.integers(40, 210)))
    soft = cv2.resize(cv2.GaussianBlur(large, (0, 0), 4 * sigma), (400, 400), interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR)[None]
    found = sharpness_of(picture, np.ones((1, 400, 400), bool))
    assert found.sharpen == 0
    assert found.blur_px == pytest.approx(sigma, abs=0.2)


@pytest.mark.parametrize("towards", [(1.0, 0.0), (-0.8, -0.6)])
def test_the_sun_is_found_from_shadows(camera, towards):
    rng = np.random.default_rng(RNG_SEED)
    ground = scene(rng)
    pictures = filmed(camera, ground, rng, shadow_towards=towards)
    found = shadows_of(pictures, ground.astype(np.uint8), camera)
    assert found.sure
    wanted = np.degrees(np.arctan2(-towards[0], -towards[1])) % 360
    assert abs((found.sun_azimuth_deg - wanted + 180) % 360 - 180) < 25
    assert found.depth == pytest.approx(0.4, abs=0.12)


def test_without_shadows_no_sun_is_made_up(camera):
    rng = np.random.default_rng(RNG_SEED)
    ground = scene(rng)
    found = shadows_of(filmed(camera, ground, rng), ground.astype(np.uint8), camera)
    assert not found.sure


def test_who_stands_upright_is_counted_where_the_feet_are(camera):
    rng = np.random.default_rng(RNG_SEED)
    ground = scene(rng)
    seen = passers_in(filmed(camera, ground, rng, pictures=30), ground.astype(np.uint8), camera)
    assert 1.5 < seen.per_picture <= 3  # those at the rim are cut and do not count
    assert np.percentile(np.abs(seen.feet_m[:, 1:2] - np.array([[-3.0, 0.0, 3.0]])).min(axis=1), 90) < 0.3
    assert seen.tones[1] == pytest.approx(31, abs=6)


def test_tones_become_gain_and_black():
    gain, black = tones_to_look(np.array((10.0, 40.0, 90.0)), np.array((40.0, 80.0, 140.0)))
    assert gain == pytest.approx(0.8)
    assert black == pytest.approx(140 / 3 - 0.8 * 260 / 3, abs=0.1)
    assert tones_to_look(np.full(3, np.nan), np.ones(3)) == (1.0, 0.0)


def test_a_twin_is_made_from_a_folder_of_pictures(camera, tmp_path):
    rng = np.random.default_rng(RNG_SEED)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k, picture in enumerate(filmed(camera, scene(rng), rng, pictures=24)):
        cv2.imwrite(str(folder / f"{k:03}.png"), picture)
    made = make_plate(str(folder), tmp_path / "camera.toml", tmp_path / "twin")
    twin = load_scenario(made.scenario)
    assert twin.has_its_files
    assert len(twin.venue.gates) >= 2
    assert sum(flow.initial for flow in twin.population.flows) >= 2
    assert twin.cameras[0].plate.light.noise == pytest.approx(2 / np.sqrt(3), rel=0.3)
    assert "overcast is assumed" in made.scenario.read_text()
    again = make_plate(str(folder), tmp_path / "camera.toml", tmp_path / "again")
    assert again.plate.read_bytes() == made.plate.read_bytes()
    assert again.scenario.read_text() == made.scenario.read_text()


def test_footage_of_another_size_is_refused(camera, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(9):
        cv2.imwrite(str(folder / f"{k}.png"), np.zeros((120, 160, 3), np.uint8))
    with pytest.raises(ParvisError, match="320x240, but the pictures are 160x120"):
        make_plate(str(folder), tmp_path / "camera.toml", tmp_path / "twin")
