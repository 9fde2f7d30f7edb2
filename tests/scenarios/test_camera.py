import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.camera import Camera

finite = st.floats(-1, 1, allow_nan=False)


def camera(height=6.0, reach=15.0, hfov=70.0, distortion=(-0.25, 0.06, 0.001, -0.001, 0.0), roll=0.0):
    return Camera.looking_at(
        "c",
        position_m=(2.0, -3.0, height),
        look_at_m=(2.0 + reach * 0.3, -3.0 + reach, 0.0),
        hfov_deg=hfov,
        resolution_px=(1280, 720),
        distortion=distortion,
        roll_deg=roll,
    )


@settings(max_examples=60, deadline=None)
@given(
    u=st.floats(0, 1279),
    v=st.floats(250, 719),
    height=st.floats(2.5, 20),
    hfov=st.floats(30, 80),
    roll=st.floats(-5, 5),
)
def test_ground_and_picture_are_inverse(u, v, height, hfov, roll):
    lens = camera(height=height, hfov=hfov, roll=roll)
    ground = lens.to_ground([[u, v]])
    if not np.isfinite(ground).all() or np.linalg.norm(ground) > 300:
        return
    back, depth = lens.project([[*ground[0], 0.0]])
    assert depth[0] > 0
    assert np.abs(back[0] - (u, v)).max() < 1e-3


def test_the_target_is_in_the_middle_and_up_is_up():
    lens = camera(distortion=())
    target = [2.0 + 4.5, 12.0]
    middle, _ = lens.project([[*target, 0.0], [*target, 1.0]])
    assert middle[0] == pytest.approx([639.5, 359.5], abs=1e-6)
    assert middle[1, 1] < middle[0, 1]


def test_east_is_right_when_looking_north():
    lens = Camera.looking_at(
        "c", position_m=(0, 0, 5), look_at_m=(0, 10, 0), hfov_deg=60, resolution_px=(640, 480), distortion=()
    )
    px, _ = lens.project([[1.0, 10.0, 0.0], [-1.0, 10.0, 0.0]])
    assert px[0, 0] > px[1, 0]


def test_straight_down_has_north_at_the_top():
    lens = Camera.looking_at("c", position_m=(0, 0, 20), look_at_m=(0, 0, 0), hfov_deg=60, resolution_px=(640, 480))
    px, _ = lens.project([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert px[0, 1] < 239.5
    assert px[1, 0] > 319.5


def test_behind_the_camera_there_is_no_picture_and_above_the_horizon_no_ground():
    lens = camera()
    px, depth = lens.project([[2.0, -40.0, 1.0]])
    assert depth[0] < 0
    assert np.isnan(px).all()
    assert np.isnan(lens.to_ground([[640.0, -4000.0]])).all()


def test_a_person_in_the_box_of_a_person():
    lens = camera(distortion=())
    box = lens.upright_box_px([[4.0, 10.0]], 1.7)[0]
    foot, _ = lens.project([[4.0, 10.0, 0.0]])
    head, _ = lens.project([[4.0, 10.0, 1.7]])
    assert box[0] < foot[0, 0] < box[2]
    assert box[1] == pytest.approx(head[0, 1], abs=2)
    assert box[3] == pytest.approx(foot[0, 1], abs=2)


def test_footprint_holds_what_the_picture_shows():
    from shapely import Point

    lens = camera()
    seen = lens.footprint()
    inside = lens.to_ground([[640.0, 600.0], [200.0, 500.0], [1100.0, 700.0]])
    assert all(seen.covers(Point(p)) for p in inside)
    assert not seen.covers(Point(2.0, -20.0))


def test_a_camera_that_looks_at_the_sky_sees_no_ground():
    up = Camera.looking_at("c", position_m=(0, 0, 5), look_at_m=(0, 10, 30), hfov_deg=40, resolution_px=(640, 480))
    assert up.footprint().is_empty


def test_tsai_agrees_with_the_equations_of_the_paper():
    """Distort by Tsai's own equations, solved by Newton's method, and compare with the converted camera."""
    kappa, focal, centre = 0.0051, 5.55, (324.2, 282.6)
    turn = Camera.looking_at("c", position_m=(0, 0, 7), look_at_m=(0, 25, 0), hfov_deg=40, resolution_px=(768, 576))
    lens = Camera.from_tsai(
        "t",
        focal_mm=focal,
        kappa1_per_mm2=kappa,
        centre_px=centre,
        scale_x=1.09,
        pixel_mm=(0.00513, 0.00465),
        rotation=turn.rotation,
        translation_m=turn.translation_m,
        resolution_px=(768, 576),
    )
    points = np.array([[x, y, z] for x in (-6.0, 0.0, 5.0) for y in (15.0, 25.0, 40.0) for z in (0.0, 1.8)])
    seen = points @ turn.rotation.T + turn.translation_m
    ideal = focal * seen[:, :2] / seen[:, 2:]
    bent = ideal.copy()
    for _ in range(50):
        r2 = (bent**2).sum(axis=1, keepdims=True)
        bent -= (bent * (1 + kappa * r2) - ideal) / (1 + 3 * kappa * r2)
    expected = bent / (0.00513, 0.00465) * (1.09, 1.0) + centre
    assert np.abs(lens.project(points)[0] - expected).max() < 0.05
