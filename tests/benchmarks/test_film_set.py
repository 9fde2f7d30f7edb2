"""The crowds that the film benchmark counts with are what it says."""

import numpy as np
import pytest

from benchmarks.film import _exponent
from benchmarks.film_set import build_set


@pytest.fixture(scope="module")
def filmed():
    return build_set(2)


def test_exactly_so_many_people_whole_in_the_picture(filmed):
    camera = filmed.scenario.cameras[0].build()
    for count in (25, 800):
        for snapshot in filmed.with_people(count):
            assert len(snapshot.people.id) == count
            box = camera.upright_box_px(snapshot.people.position_m, 1.75)
            assert (box[:, :2] > 0).all()
            assert (box[:, 2:] < (1280, 720)).all()
            carried = snapshot.objects.carried_by
            assert np.isin(carried, snapshot.people.id).all()
    with pytest.raises(ValueError, match="were asked for"):
        filmed.with_people(5000)


def test_the_same_people_at_every_instant_and_they_move(filmed):
    first, last = filmed.with_people(100)[0], filmed.with_people(100)[-1]
    assert (first.people.id == last.people.id).all()
    assert np.median(np.linalg.norm(first.people.position_m - last.people.position_m, axis=1)) > 0.03


def test_the_exponent_of_a_linear_cost_is_one():
    linear = {str(n): 0.004 + 1e-4 * n for n in (0, 25, 50, 100, 200, 400, 800)}
    assert _exponent(linear) == pytest.approx((1.0, 1e-4))
    square = {str(n): 0.004 + 1e-6 * n**2 for n in (0, 25, 50, 100, 200, 400, 800)}
    assert _exponent(square)[0] == pytest.approx(2.0)
