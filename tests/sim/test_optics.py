import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.conditions import EFFECTS, Conditions
from scenarios.scenario import Scenario
from sim.render.compositor import Compositor
from sim.render.dirt import Dirt, Drops
from sim.render.flare import glare, glare_share
from sim.render.flicker import Flicker
from sim.render.infrared import cloth_in_infrared, looks_in_infrared
from sim.render.light import Light
from sim.render.losses import Losses
from sim.render.motion import drag, smear, smears
from sim.render.optics import defocused
from sim.render.sensor import Sensor, noise_sigma
from sim.render.vibration import Vibration
from sim.state import CrowdState, ObjectState, Snapshot


def scenario(size=(320, 180), **conditions):
    return Scenario.model_validate(
        {
            "name": "test_optics_v1",
            "title": "A place",
            "venue": {
                "outline": [(0, 0), (30, 0), (30, 24), (0, 24)],
                "obstacles": [
                    {"id": "w", "kind": "wall", "polygon": [(4, 12), (8, 12), (8, 12.3), (4, 12.3)], "height_m": 2.6}
                ],
                "lamps": [{"id": "lamp", "position_m": (14, 12, 6), "lumens": 9000}],
            },
            "cameras": [
                {
                    "id": "one",
                    "position_m": (15, -4, 6),
                    "look_at_m": (15, 10, 0.8),
                    "hfov_deg": 75,
                    "resolution_px": size,
                }
            ],
            "population": {},
            "conditions": {"noise": 0.0} | conditions,
        }
    )


def crowd(*places, time_s=1.0):
    n = len(places)
    return Snapshot(
        time_s,
        CrowdState(
            id=np.arange(1, n + 1, dtype=np.int32),
            position_m=np.array(places, float).reshape(-1, 2),
            velocity_mps=np.zeros((n, 2)),
            heading_rad=np.zeros(n),
            posture=np.zeros(n, np.int8),
            role=np.zeros(n, np.int8),
            height_m=np.full(n, 1.76),
            walked_m=np.zeros(n),
            looks=np.arange(n, dtype=np.int64) * 7919 + 12,
            posture_s=np.zeros(n),
            fall=np.zeros(n, np.int8),
            body=np.zeros(n, np.int8),
        ),
        ObjectState(
            id=np.empty(0, np.int32),
            kind=np.empty(0, np.int8),
            position_m=np.empty((0, 2)),
            carried_by=np.empty(0, np.int32),
            owner=np.empty(0, np.int32),
            heading_rad=np.empty(0),
            looks=np.empty(0, np.int64),
        ),
    )


def compositor(seed=1, size=(320, 180), **conditions):
    made = scenario(size, **conditions)
    return Compositor(made, made.cameras[0].build(), np.random.default_rng(seed), mark=False)


def picture(world=None, **conditions):
    return compositor(**conditions).shoot(world or crowd(), 0).frame.image


CAMERA = scenario().cameras[0].build()


@given(st.dictionaries(st.sampled_from(EFFECTS), st.floats(0, 5), max_size=7))
@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mixture_gives_a_picture_and_the_same_one_again(mixture):
    world = crowd((15, 10), (10, 8))
    first = compositor(size=(160, 90), **mixture).shoot(world, 0)
    again = compositor(size=(160, 90), **mixture).shoot(world, 0)
    assert first.frame.image.shape == (90, 160, 3)
    np.testing.assert_array_equal(first.frame.image, again.frame.image)
    assert np.isfinite(first.boxes.whole_px).all()


def test_severity_zero_is_the_same_as_not_said():
    plain = compositor(noise=1.0).shoot(crowd((15, 10)), 0).frame.image
    zeros = {key: 0.0 for key in EFFECTS if key != "noise"}
    np.testing.assert_array_equal(plain, compositor(noise=1.0, **zeros).shoot(crowd((15, 10)), 0).frame.image)


def test_one_effect_does_not_change_the_chance_of_another():
    held = [Vibration(Conditions(vibration=2, **more), CAMERA, np.random.default_rng(5)) for more in ({}, {"dirt": 3})]
    assert held[0].shift_px(3.3) == held[1].shift_px(3.3)
    grey = np.full((180, 320, 3), 128, np.uint8)
    alone, beside = compositor(noise=2.0), compositor(noise=2.0, flicker=0.0, gain=0.0, dropped_frames=3)
    np.testing.assert_array_equal(alone._optics.expose(grey.copy(), 0.0), beside._optics.expose(grey.copy(), 0.0))


def test_contrast_falls_with_fog_by_koschmieder():
    spots = [(15.0, 6.0), (15.0, 12.0), (15.0, 20.0)]
    for severity in (1, 3, 5):
        fog = Conditions(fog=severity)
        light = Light.of(fog, None, CAMERA)
        rows = light.on_figures(np.array(spots), np.ones(3))
        away = np.linalg.norm(np.c_[spots, np.full(3, 1.1)] - CAMERA.position_m, axis=1)
        np.testing.assert_allclose(rows[:, 18], np.exp(-fog.fog_per_m * away), rtol=1e-9)
    wall, floor = (np.round(CAMERA.project([p])[0][0]).astype(int) for p in ((6, 12, 1.0), (10, 11, 0)))
    contrast = []
    for severity in (0, 1, 3, 5):
        seen = picture(fog=severity, shadow=0.0).astype(float)
        contrast.append(abs(seen[wall[1], wall[0]] - seen[floor[1], floor[0]]).mean())
    assert contrast == sorted(contrast, reverse=True)


def test_the_still_picture_fades_by_the_same_law():
    backdrop = compositor(fog=3)
    view = backdrop.view
    expected = np.exp(-view.light.extinction_per_m * 20.0)
    slant = np.linalg.norm(view.camera.rays([[160, 90]])[0])
    depth = view.surface_m[90, 160]
    assert view.clear[90, 160] / 255 == pytest.approx(np.exp(-view.light.extinction_per_m * depth * slant), abs=0.005)
    assert 0.4 < expected < 0.7


def test_night_is_darker_than_dusk_and_the_gain_rises():
    levels = [picture(darkness=d).mean() for d in (0, 2, 3.5, 5)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < 0.6 * levels[0]
    gains = [compositor(darkness=d).view.light.exposure.gain_db for d in (0, 2, 3.5, 5)]
    assert gains == sorted(gains)
    assert gains[0] == 0
    assert gains[-1] > 6


def test_lamps_light_in_pools_and_walls_throw_shadows():
    view = compositor(time="night").view

    def lit(x, y):
        u, v = np.round(view.camera.project([(x, y, 0.0)])[0][0]).astype(int)
        return view.empty[v - 1 : v + 2, u - 1 : u + 2, :3].mean()

    assert lit(14, 11) > 1.5 * lit(24, 20)
    lamps = view.light.lamps
    behind, beside = lamps.lux_at([(3.2, 12.2, 0.0), (3.2, 8.0, 0.0)])[0][:, 0]
    assert behind < 0.2 * beside


def test_a_figure_under_a_lamp_has_it_as_its_key_light():
    light = Light.of(scenario(time="night").conditions, scenario().venue, CAMERA)
    near, far = light.on_figures(np.array([(13.0, 12.0), (28.0, 2.0)]), np.ones(2))
    assert near[14] > 3 * far[14]
    to_lamp = np.array((14, 12, 6)) - (13.0, 12.0, 1.1)
    np.testing.assert_allclose(near[11:14], to_lamp / np.linalg.norm(to_lamp))
    assert 0.3 < near[23] <= 1


def test_infrared_is_grey_and_fades_with_distance():
    seen = picture(crowd((15, 8)), infrared=3)
    assert (np.ptp(seen, axis=2) == 0).all()
    dark = Conditions(infrared=5, noise=0)
    light = Light.of(dark, None, CAMERA)
    ahead = CAMERA.position_m + np.outer((5.0, 10.0, 20.0), CAMERA.rotation[2])
    np.testing.assert_allclose(light.illuminator_lux(ahead) * (25, 100, 400), light.illuminator_lux(ahead)[0] * 25)
    look = np.tile((30.0, 30, 34, 225, 225, 225, 0, 9), (1, 2))
    dressed = looks_in_infrared(look, ("skin", "upper"))
    assert (dressed[0, :3] > 120).all()
    assert dressed[0, 11] > 255
    assert dressed[0, 6:8].tolist() == [0, 9]
    black_cotton, black_leather = cloth_in_infrared([(20, 20, 20)] * 2, [0.8, 0.1])
    assert black_cotton[0] > 80
    assert black_leather[0] < 40


@pytest.mark.parametrize("gain_db", [0, 12, 24, 36])
def test_noise_is_what_the_sensor_s_electrons_give(gain_db):
    spread = {}
    for level in (20, 117, 220):
        sensor = Sensor(320, 180, 1.0, gain_db, False, np.random.default_rng(2), lens=False)
        flat = np.full((180, 320, 3), level, np.uint8)
        spread[level] = float((sensor.take(flat.copy()).astype(float) - level).std())
        wanted = float(noise_sigma(level, 1.0, gain_db))
        assert spread[level] == pytest.approx(wanted, rel=0.3, abs=0.35) or level == 20
    assert spread[20] > 0.7 * spread[117]
    if gain_db >= 24:
        assert spread[20] > 1.15 * spread[220]


def test_noise_grows_with_gain_and_severity():
    sigma = [float(noise_sigma(60, 1.0, g)) for g in (0, 6, 12, 18, 24, 30, 36)]
    assert sigma == sorted(sigma)
    assert float(noise_sigma(117, 1.0, 0)) == pytest.approx(2.2)
    assert float(noise_sigma(117, 3.0, 0)) == pytest.approx(6.6)


@pytest.mark.parametrize("diameter", [2, 4, 6, 9, 13])
def test_defocus_spreads_a_point_over_its_circle(diameter):
    dot = np.zeros((121, 121, 3), np.uint8)
    dot[58:62, 58:62] = 255
    spread = defocused(dot, diameter).astype(float)[..., 0]
    y, x = np.mgrid[:121, :121]
    weight = spread / spread.sum()
    cx, cy = (weight * x).sum(), (weight * y).sum()
    variance = (weight * ((x - cx) ** 2 + (y - cy) ** 2)).sum() - 2 * (16 - 1) / 12
    assert np.sqrt(8 * max(variance, 0)) == pytest.approx(diameter, rel=0.2, abs=0.5)  # of a disc: D^2 / 8
    assert abs(cx - 59.5) < 0.3


def test_the_shutter_smears_along_the_way_and_only_then():
    before = np.zeros((40, 60, 3), np.uint8)
    owner = np.full((40, 60), -1, np.int16)
    owner[18:22, 18:22] = 0
    owner[18:22, 40:44] = 1
    out = before.copy()
    out[owner >= 0] = 240
    box = np.array([(18, 18, 22, 22), (40, 18, 44, 22)], float)
    smear(out, before, owner, np.array([0, 1]), box, np.array([(9.0, 0.0), (0.0, 0.0)]))
    assert (out[18:22, 40:44] == 240).all()
    moved = out[:, :38, 0].astype(float)
    rows, columns = (np.flatnonzero(moved.max(axis=k) > 12) for k in (1, 0))
    assert np.ptp(rows) == 3
    assert np.ptp(columns) == pytest.approx(3 + 9, abs=1)
    assert moved.sum() == pytest.approx(16 * 240, rel=0.06)
    assert (moved * np.arange(38)).sum() / moved.sum() == pytest.approx(19.5, abs=0.2)
    still = smears(CAMERA, np.array([(15.0, 10.0)] * 2), np.array([(0.0, 0), (1.4, 0)]), np.full(2, 1.7), 0.08)
    assert (still[0] == 0).all()
    scale = CAMERA.matrix[0, 0] / CAMERA.project([(15.0, 10, 0.85)])[1][0]
    assert still[1, 0] == pytest.approx(1.4 * 0.08 * scale, rel=0.02)


def test_a_shaken_camera_smears_as_far_as_it_moves():
    line = np.zeros((60, 60, 3), np.uint8)
    line[:, 30] = 255
    seen = drag(line, 10.0, 0.0)[30, :, 0].astype(float)
    assert (seen > 12).sum() == pytest.approx(10, abs=1)
    assert seen.sum() == pytest.approx(255, rel=0.06)
    assert drag(line, 0.1, 0.1) is line


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_vibration_moves_picture_and_truth_alike(severity):
    shaken, calm = compositor(vibration=severity), compositor()
    world = crowd((15, 9))
    shots = []
    for index, time_s in enumerate(np.linspace(0.2, 3.0, 4)):
        now = Snapshot(float(time_s), world.people, world.objects)
        shots.append((time_s, shaken.shoot(now, index), calm.shoot(now, index)))
    for time_s, moved, still in shots:
        dx, dy = shaken._optics._vibration.shift_px(time_s)
        box = moved.boxes.whole_px[0] - still.boxes.whole_px[0]
        np.testing.assert_allclose(box, (dx, dy, dx, dy), atol=1.05)
        move = np.array(((1.0, 0.0, dx), (0.0, 1.0, dy)))
        wanted = cv2.warpAffine(calm.view.empty, move, (320, 180))[20:-20, 20:-20].astype(float)
        found = shaken._views.at(0, time_s).empty[20:-20, 20:-20].astype(float)
        assert abs(found - wanted).mean() < 0.6 * max(abs(found - calm.view.empty[20:-20, 20:-20]).mean(), 1.0)


def test_vibration_has_the_root_mean_square_that_it_says():
    for severity in (1, 3, 5):
        conditions = Conditions(vibration=severity)
        shake = Vibration(conditions, CAMERA, np.random.default_rng(3))
        ways = np.array([shake.shift_px(t) for t in np.linspace(0, 200, 9001)])
        wanted = np.radians(conditions.shake_deg) * CAMERA.matrix[0, 0]
        np.testing.assert_allclose(np.sqrt((ways**2).mean(axis=0)), wanted, rtol=0.05)
        assert np.abs(ways).max() <= shake.margin_px


@pytest.mark.parametrize(("mains", "fps"), [(50, 12.5), (50, 15), (60, 25), (50, 30)])
def test_bands_roll_at_the_alias_of_twice_the_mains(mains, fps):
    conditions = Conditions(flicker=4, mains_hz=mains)
    flicker = Flicker(conditions, 90, np.random.default_rng(4))
    seconds = 400
    level = np.array([flicker.rows(k / fps)[0] for k in range(int(seconds * fps))])
    power = np.abs(np.fft.rfft(level - level.mean())) ** 2
    found = np.fft.rfftfreq(len(level), 1 / fps)[power.argmax()]
    assert found == pytest.approx(flicker.rolls_hz(fps), abs=1.5 / seconds)
    alias = min(abs(2 * mains - k * fps) for k in range(1, 20))
    assert flicker.rolls_hz(fps) == pytest.approx(alias, abs=0.2)
    rows = flicker.rows(0.0) ** 2.2
    assert (rows.max() - rows.min()) / (rows.max() + rows.min()) == pytest.approx(conditions.flicker_depth, rel=0.05)


def test_flicker_reaches_the_picture():
    rows = picture(flicker=5).astype(float).mean(axis=(1, 2)) / picture().astype(float).mean(axis=(1, 2))
    assert rows.max() > 1.08
    assert rows.min() < 0.92


@pytest.mark.parametrize("share", [0.01, 0.1, 0.35])
def test_lost_pictures_have_the_share_and_come_in_bursts(share):
    losses = Losses(share, np.random.default_rng(6))
    lost = np.array([losses.next() for _ in range(40_000)])
    assert not lost[0]
    assert lost.mean() == pytest.approx(share, rel=0.12)
    starts = np.flatnonzero(np.diff(lost.astype(int)) == 1)
    assert lost.sum() / len(starts) > 2


def test_dirt_covers_the_share_that_it_says_and_more_is_worse():
    white = np.full((360, 640, 3), 255, np.uint8)
    changed = []
    for severity in (1, 3, 5):
        conditions = Conditions(dirt=severity)
        seen = white.copy()
        Dirt(conditions, 640, 360, 1.0, 0.0, False, np.random.default_rng(8)).veil(seen, 0.0)
        gone = 1 - seen.mean(axis=2) / 255
        changed.append(float(gone.mean()))
        assert (gone > 0.035).mean() >= 0.8 * conditions.dirt_share
    assert changed == sorted(changed)


def test_webs_and_drops_grow_and_drops_come_and_go():
    grey = np.full((360, 640, 3), 90, np.uint8)
    touched = []
    for severity in (1, 3, 5):
        seen = grey.copy()
        Dirt(Conditions(web=severity), 640, 360, 1.0, 0.0, True, np.random.default_rng(8)).veil(seen, 0.0)
        touched.append(int((seen > 95).sum()))
    assert touched == sorted(touched)
    scene = np.random.default_rng(1).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    wet = []
    for severity in (1, 3, 5):
        drops = Drops(Conditions(drops=severity).drop_count, 640, 360, np.random.default_rng(9))
        early, later = scene.copy(), scene.copy()
        drops.refract(early, 0.0)
        drops.refract(later, 40.0)
        wet.append(int((early != scene).any(axis=2).sum()))
        assert (early != later).any()
    assert wet == sorted(wet)


def test_a_low_sun_dazzles_whom_it_faces():
    def towards(azimuth, severity):
        conditions = Conditions(low_sun=severity, sun_azimuth_deg=azimuth)
        light = Light.of(conditions, None, CAMERA)
        sky = np.full((180, 320), np.inf, np.float32)
        added = glare(conditions, CAMERA, light, sky)
        return glare_share(conditions, CAMERA, light), 0.0 if added is None else float(added.mean())

    assert towards(180, 5) == (0.0, 0.0)
    shares, sums = zip(*(towards(0, s) for s in (1, 3, 5)), strict=True)
    assert list(shares) == sorted(shares)
    assert list(sums) == sorted(sums)
    assert sums[-1] > 10


def test_a_low_sun_throws_longer_shadows():
    reach = [1.7 / np.tan(np.radians(Conditions(low_sun=s).sun_height_deg)) for s in (1, 3, 5)]
    assert reach[0] > 4
    assert reach == sorted(reach)
    light = Light.of(Conditions(low_sun=5, shadow=0.9), None, CAMERA)
    assert light.sky + light.sun * light.to_sun[2] == pytest.approx(1.0)
    assert light.sun_bgr[0] < 0.7 < light.sun_bgr[2]


def test_exposure_errors_are_stops():
    base = picture().astype(float)
    dark, bright = (picture(**{key: 2}).astype(float) for key in ("underexposure", "overexposure"))
    middle = (base > 40) & (base < 150)
    assert np.median(dark[middle] / base[middle]) == pytest.approx(0.5 ** (1 / 2.2), abs=0.02)
    assert np.median(bright[middle] / base[middle]) == pytest.approx(2 ** (1 / 2.2), abs=0.03)


def test_snow_whitens_and_rain_wets_the_floor():
    floor = np.round(CAMERA.project([(15, 8, 0.0)])[0][0]).astype(int)
    patch = np.s_[floor[1] - 15 : floor[1] + 15, floor[0] - 60 : floor[0] + 60]
    white = [float(np.median(compositor(snow=s).view.empty[..., :3][patch])) for s in (0, 1, 3, 5)]
    assert white[0] < white[2] < white[3]
    views = [compositor(rain=s).view for s in (0, 3)]
    near = np.round(CAMERA.project([(15, 3, 0.0)])[0][0]).astype(int)
    dry, wet = (v.empty[near[1] - 5 : near[1] + 5, near[0] - 20 : near[0] + 20, :3].mean() for v in views)
    assert wet < 0.9 * dry


@pytest.mark.parametrize("kind", ["rain", "snow"])
def test_more_falls_at_a_higher_severity_and_it_moves(kind):
    added = []
    for severity in (1, 3, 5):
        film = compositor(**{kind: severity})
        black = np.zeros((180, 320, 3), np.uint8)
        pictures = []
        for time_s in (0.0, 0.1):
            scene = black.copy()
            film._optics._falling.fall(scene, time_s)
            pictures.append(scene)
        added.append(float(pictures[0].mean()))
        assert (pictures[0] != pictures[1]).any()
    assert added == sorted(added)
    assert added[0] > 0
