import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.conditions import EFFECTS, Conditions, explained
from scenarios.errors import ScenarioError
from scenarios.load import load_scenario

PHYSICAL = {
    "darkness": ("sky_lux", -1),
    "low_sun": ("sun_height_deg", -1),
    "infrared": ("illuminator_reach_m", -1),
    "fog": ("extinction_per_m", 1),
    "rain": ("rain_mm_per_h", 1),
    "snow": ("snow_cover", 1),
    "defocus": ("confusion_px", 1),
    "motion_blur": ("shutter_s", 1),
    "vibration": ("shake_deg", 1),
    "dirt": ("dirt_share", 1),
    "drops": ("drop_count", 1),
    "underexposure": ("exposure", -1),
    "overexposure": ("exposure", 1),
    "gain": ("gain_db", 1),
    "flicker": ("flicker_depth", 1),
    "compression": ("bits_per_pixel", -1),
    "dropped_frames": ("dropped_share", 1),
}


@pytest.mark.parametrize("effect", PHYSICAL)
@given(pair=st.tuples(st.floats(0.5, 5), st.floats(0.5, 5)))
def test_a_higher_severity_is_physically_worse(effect, pair):
    quantity, sign = PHYSICAL[effect]
    mild, harsh = (sign * getattr(Conditions(**{effect: s}), quantity) for s in sorted(pair))
    assert harsh >= mild
    strict = [sign * getattr(Conditions(**{effect: s}), quantity) for s in (1, 3, 5)]
    assert strict[0] < strict[1] < strict[2]


def test_every_effect_has_a_key_and_a_line_in_the_docstring():
    assert set(EFFECTS) == set(PHYSICAL) | {"web", "noise"}
    assert set(EFFECTS) <= set(Conditions.model_fields)
    assert list(explained()) == list(Conditions.model_fields)
    assert "500, 250, 100, 60 and 30 m" in explained()["fog"]


def test_published_scales():
    assert [3.0 / Conditions(fog=s).fog_per_m for s in (1, 3, 5)] == pytest.approx([500, 100, 30])
    heavy = Conditions(rain=5)  # ITU-R P.1814: 1.076 R^0.67 dB/km at 50 mm/h
    assert heavy.extinction_per_m * 10_000 / np.log(10) == pytest.approx(1.076 * 50**0.67)
    assert Conditions(compression=1).bits_per_pixel * 1280 * 720 * 12.5 == pytest.approx(1.84e6, rel=0.01)
    assert Conditions(overexposure=2).exposure ** 2.2 == pytest.approx(2.0)  # a stop


def test_the_clock_and_the_severity_say_the_same():
    for time, dark in (("day", 0), ("dusk", 3), ("night", 5)):
        assert Conditions(time=time).sky_dark == dark
        assert Conditions(time=time).sky_lux == pytest.approx(Conditions(darkness=dark).sky_lux)
    assert Conditions(infrared=1).sky_dark == 5


def test_keys_of_before_still_load():
    old = {"sun_azimuth_deg": 235.0, "sun_elevation_deg": 42.0, "shadow": 0.55, "brightness": 0.9, "noise": 1.5}
    assert Conditions(**old).model_dump(include=set(old)) == old
    assert all(getattr(Conditions(), key) == 0 for key in EFFECTS if key != "noise")


def test_severities_are_set_from_the_command_line_and_checked():
    assert load_scenario("forecourt_bag_v1", ["conditions.fog=3"]).conditions.fog == 3
    for wrong, said in (
        ("conditions.fog=6", "conditions.fog = 6"),
        ("conditions.frog=3", "did you mean 'fog'"),
        ("conditions.time=noon", "known: day, dusk, night"),
        ("conditions.rain=-1", "conditions.rain = -1"),
    ):
        with pytest.raises(ScenarioError, match="conditions") as error:
            load_scenario("forecourt_bag_v1", [wrong])
        assert said in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["rain", "snow"])
def test_it_neither_rains_nor_snows_in_a_hall(key):
    with pytest.raises(ScenarioError, match="under a roof"):
        load_scenario("station_hall_dwellers_v1", [f"conditions.{key}=2"])


def test_lamps_hang_above_the_ground_and_have_names_of_their_own():
    lamp = "{ id = 'a', position_m = [10, 10, %s] }"
    with pytest.raises(ScenarioError, match="above the ground"):
        load_scenario("forecourt_bag_v1", [f"venue.lamps=[{lamp % '0.1'}]"])
    with pytest.raises(ScenarioError, match="'a' is used twice"):
        load_scenario("forecourt_bag_v1", [f"venue.lamps=[{lamp % 6}, {lamp % 6}]"])
    assert all(
        a.position_m != b.position_m
        for name in ("forecourt_bag_v1", "stadium_egress_surge_v1", "station_hall_dwellers_v1")
        for a, b in itertools.pairwise(load_scenario(name).venue.lamps)
    )


def test_the_page_about_conditions_names_every_key_with_its_numbers():
    page = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == set(Conditions.model_fields)
    numbers = {
        "fog": [f"{3 / Conditions(fog=s).fog_per_m:.0f} m" for s in (1, 3, 5)],
        "rain": [f"{Conditions(rain=s).rain_mm_per_h:g} mm/h" for s in (1, 3, 5)],
        "low_sun": [f"{Conditions(low_sun=s).sun_height_deg:g}°" for s in (1, 3, 5)],
        "vibration": [f"{Conditions(vibration=s).shake_deg:g}°" for s in (1, 3, 5)],
        "defocus": [f"{Conditions(defocus=s).confusion_px:g} px" for s in (1, 3, 5)],
        "flicker": [f"{100 * Conditions(flicker=s).flicker_depth:g} %" for s in (1, 3, 5)],
        "dropped_frames": [f"{100 * Conditions(dropped_frames=s).dropped_share:g} %" for s in (1, 3, 5)],
        "darkness": [f"{Conditions(darkness=s).sky_lux:g} lux" for s in (1, 3, 5)],
        "infrared": [f"{Conditions(infrared=s).illuminator_reach_m:g} m" for s in (1, 3, 5)],
        "motion_blur": [f"{1000 * Conditions(motion_blur=s).shutter_s:g} ms" for s in (1, 3, 5)],
    }
    for key, wanted in numbers.items():
        assert all(number in rows[key] for number in wanted), (key, wanted, rows[key])
