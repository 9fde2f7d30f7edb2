import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.render.actors.clothes import PERSON, people_looks, random_of, wear
from sim.render.actors.drawing import LOOK
from sim.render.actors.patterns import PATTERNS, bank
from sim.render.library import REGIONS

LOOKS = np.random.default_rng(1).integers(0, 2**63 - 1, 3000)
SKIN, UPPER = REGIONS.index("skin"), REGIONS.index("upper")


def worn(looks, staff=False):
    out = np.empty((len(looks), LOOK))
    wear(np.asarray(looks, np.int64), np.full(len(looks), PERSON), np.full(len(looks), staff), out)
    return out.reshape(len(looks), -1, 8)


def test_skin_is_spread_evenly_from_very_light_to_dark():
    looks = people_looks(LOOKS)
    share, _ = np.histogram(looks.skin_ita_deg, np.linspace(-58, 62, 7))
    assert share.min() > 0.13 * len(LOOKS)
    light, dark = looks.skin_ita_deg > 45, looks.skin_ita_deg < -40
    assert looks.skin_bgr[light].mean() > 2 * looks.skin_bgr[dark].mean()
    assert (looks.skin_bgr[:, 2] > looks.skin_bgr[:, 0]).all()  # skin is never blue


def test_looks_are_a_pure_function_of_the_number():
    one, two = people_looks(LOOKS[:50]), people_looks(LOOKS[:50][::-1])
    np.testing.assert_array_equal(one.upper_bgr, two.upper_bgr[::-1])
    np.testing.assert_array_equal(worn(LOOKS[:50])[:, UPPER, :3], one.upper_bgr)


def test_half_the_clothes_are_dark_or_grey_and_some_are_bright():
    upper = people_looks(LOOKS).upper_bgr
    luma = upper @ (0.114, 0.587, 0.299)
    colourful = upper.max(axis=1) - upper.min(axis=1) > 70
    assert 0.3 < (luma < 70).mean() < 0.6
    assert 0.08 < (luma > 170).mean() < 0.3
    assert 0.08 < colourful.mean() < 0.3
    assert len(np.unique(np.round(upper / 24), axis=0)) > 60


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**63 - 1), st.integers(0, 300))
def test_chance_lies_between_0_and_1_and_fields_differ(looks, field):
    first, second = random_of(looks, field), random_of(looks, field + 1)
    assert 0 <= first < 1
    assert first != second


def test_colours_are_picture_values_and_patterns_exist():
    rows = worn(LOOKS)
    assert (rows[..., :6] >= 0).all()
    assert (rows[..., :6] <= 255).all()
    assert set(np.unique(rows[..., 6])) <= set(range(len(PATTERNS)))
    assert 0.2 < (rows[:, UPPER, 6] > 0).mean() < 0.5


def test_staff_wears_high_visibility_and_hardly_anybody_else():
    staff, others = worn(LOOKS[:400], staff=True), worn(LOOKS)
    vest = PATTERNS.index("hi_vis")
    assert (staff[:, UPPER, 6] == vest).all()
    assert 0 < (others[:, UPPER, 6] == vest).mean() < 0.03


def test_patterns_tile_around_the_body_and_folds_are_balanced():
    drawn = bank()
    assert drawn.shape == (len(PATTERNS) + 1, 64, 64)
    assert not drawn[0].any()
    for layer in drawn[1:-1]:
        assert 0.01 < layer.mean() / 255 < 0.85
    folds = drawn[-1].astype(float)
    assert folds.mean() == pytest.approx(127.5, abs=4)
    seam = np.abs(folds[:, 0] - folds[:, -1]).mean()
    assert seam < 1.5 * np.abs(np.diff(folds, axis=1)).mean()
