import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.camera import Camera
from sim.render.lens import lens_array, local_map, project_point

CAMERA = Camera.looking_at(
    "bent",
    position_m=(3, -7, 6),
    look_at_m=(4, 9, 0.5),
    hfov_deg=80,
    resolution_px=(1280, 720),
    distortion=(-0.2, 0.05, 0.002, -0.003, 0.001),
    roll_deg=4,
)
PLACES = st.tuples(st.floats(-12, 20), st.floats(-2, 40), st.floats(0, 3))


@settings(max_examples=60, deadline=None)
@given(PLACES)
def test_a_point_lands_where_the_calibrated_camera_puts_it(place):
    px, depth = CAMERA.project([place])
    u, v, d = project_point(lens_array(CAMERA), *place)
    assert d == pytest.approx(depth[0])
    np.testing.assert_allclose((u, v), px[0], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(PLACES)
def test_the_derivative_is_that_of_the_projection(place):
    lens = lens_array(CAMERA)
    if np.isnan(project_point(lens, *place)[0]):
        return
    derived = np.empty((3, 3))
    local_map(lens, *place, derived)
    h = 1e-5
    for axis in range(3):
        step = np.eye(3)[axis] * h
        ahead = np.array(project_point(lens, *(np.array(place) + step)))
        behind = np.array(project_point(lens, *(np.array(place) - step)))
        if np.isnan(ahead).any() or np.isnan(behind).any():
            return
        np.testing.assert_allclose(derived[:, axis], (ahead - behind) / (2 * h), rtol=1e-4, atol=1e-4)


def test_what_is_behind_the_camera_has_no_picture():
    assert np.isnan(project_point(lens_array(CAMERA), 3.0, -20.0, 1.0)[0])
