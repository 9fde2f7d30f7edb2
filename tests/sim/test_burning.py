from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.incident import FIRE_SMOKE_S, FLAME_SEEN_M, Fire
from sim.burning import burning_across_m, due_after_s, flame_height_m, heat_kw, smoke_strength

SECONDS_TO_1055_KW = {"slow": 600.0, "medium": 300.0, "fast": 150.0, "ultra_fast": 75.0}


def fire(**more):
    return Fire.model_validate({"kind": "fire", "id": "f", "at_s": 0.0, "place_m": (1, 1)} | more)


@pytest.mark.parametrize(("growth", "seconds"), SECONDS_TO_1055_KW.items())
def test_growth_reaches_1055_kw_when_its_class_says(growth, seconds):
    burns = fire(growth=growth, peak_kw=5000.0, smoulders_s=10.0)
    assert heat_kw(burns, 10.0 + seconds) == pytest.approx(1055.0, rel=0.01)


def test_flame_height_is_heskestads():
    burns = fire(peak_kw=500.0, across_m=0.6, growth="ultra_fast")
    assert burning_across_m(burns, 500.0) == pytest.approx(0.6)
    assert flame_height_m(burns, 500.0) == pytest.approx(0.235 * 500**0.4 - 1.02 * 0.6)
    assert flame_height_m(burns, 500.0) == pytest.approx(2.21, abs=0.01)  # by hand: 0.235 x 12.01 - 0.612


@given(
    peak=st.floats(5, 5000),
    across=st.floats(0.1, 3),
    smoulders=st.floats(0, 60),
    growth=st.sampled_from(list(SECONDS_TO_1055_KW)),
)
def test_a_fire_only_grows_until_it_dies(peak, across, smoulders, growth):
    burns = fire(peak_kw=peak, across_m=across, smoulders_s=smoulders, growth=growth, lasts_s=300.0)
    heats = [heat_kw(burns, age) for age in range(301)]
    assert heats[0] == 0
    assert all(a <= b + 1e-9 for a, b in pairwise(heats))
    assert max(heats) <= peak
    assert smoke_strength(burns, 0.0) == 0
    assert all(smoke_strength(burns, age) > 0 for age in range(1, 300))
    assert heat_kw(burns, 320.0) == 0
    assert flame_height_m(burns, 320.0) == 0


@given(peak=st.floats(5, 3000), across=st.floats(0.1, 2), smoulders=st.floats(0, 120))
def test_it_is_due_by_flame_or_by_smoke(peak, across, smoulders):
    burns = fire(peak_kw=peak, across_m=across, smoulders_s=smoulders)
    due = due_after_s(burns, 0.05)
    assert 0 < due <= FIRE_SMOKE_S + 0.05
    assert flame_height_m(burns, due) >= FLAME_SEEN_M or due >= FIRE_SMOKE_S - 1e-9
    assert flame_height_m(burns, due - 0.051) < FLAME_SEEN_M
