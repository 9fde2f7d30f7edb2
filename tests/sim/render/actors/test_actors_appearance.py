import numpy as np
import pyarrow as pa
import pytest

from dashboard.studio import Studio, person
from scenarios.population import Posture
from scenarios.truth import LOOKS, SKIN_TONES
from sim.render.actors.appearance import HEADWEAR, Appearance, skin_tone
from sim.render.actors.clothes import people_looks
from sim.render.actors.colours import COLOURS, colour_name
from sim.render.actors.repertoire import Repertoire
from sim.render.actors.stock import shipped

NUMBERS = [int(n) for n in np.random.default_rng(5).integers(0, 2**63 - 1, 60)]


@pytest.fixture(scope="module")
def said():
    figures = Repertoire(shipped()).people(np.zeros(60, np.int8), np.full(60, 1.72), np.array(NUMBERS))
    appearance = Appearance(shipped())
    return [appearance.of(int(figure), looks, False) for figure, looks in zip(figures, NUMBERS, strict=True)]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"), ((34, 32, 32), "black"), ((128, 128, 128), "grey"), ((255, 255, 255), "white"),
        ((255, 0, 0), "red"), ((120, 44, 44), "red"), ((245, 120, 40), "orange"), ((255, 255, 0), "yellow"),
        ((0, 128, 0), "green"), ((215, 235, 70), "yellow"), ((0, 0, 255), "blue"), ((36, 44, 62), "blue"),
        ((0, 0, 128), "blue"), ((128, 0, 128), "purple"), ((255, 192, 203), "pink"), ((139, 69, 19), "brown"),
        ((210, 180, 140), "beige"),
    ],
)  # fmt: skip
def test_colours_are_called_what_people_call_them(rgb, name):
    assert colour_name(np.array(rgb, float)) == name
    assert name in COLOURS


def test_skin_tones_part_at_the_published_angles():
    angles = (60, 50, 35, 20, -10, -40)
    assert tuple(skin_tone(a) for a in angles) == SKIN_TONES
    assert (skin_tone(55.1), skin_tone(54.9)) == ("very_light", "light")


def test_rows_fit_the_table_and_are_a_pure_function_of_the_number(said):
    table = pa.Table.from_pylist([{"id": 1, "body": "adult", **row} for row in said], schema=LOOKS)
    assert set(said[0]) == set(LOOKS.names) - {"id", "body"}
    assert table.num_rows == 60
    looks = people_looks(np.array(NUMBERS))
    for row, number, bgr in zip(said, NUMBERS, looks.skin_bgr, strict=True):
        assert row == Appearance(shipped()).of([f.name for f in shipped().figures].index(row["figure"]), number, False)
        assert [row["skin_b"], row["skin_g"], row["skin_r"]] == pytest.approx(bgr, abs=0.5)
        assert row["upper"] in COLOURS
        assert row["lower"] in COLOURS
        assert row["headwear"] in (*HEADWEAR, "none")
        assert (row["headwear"] == "none") == (row["headwear_r"] is None)
        assert (row["hair"] == "none") == (row["hair_r"] is None)
    assert {row["skin_tone"] for row in said} == set(SKIN_TONES)
    assert len({row["upper"] for row in said}) >= 6


def test_scarves_hide_the_hair_and_dresses_reach_below_the_hips():
    names = [f.name for f in shipped().figures]
    appearance = Appearance(shipped())
    scarf = appearance.of(names.index("woman_coat_scarf"), NUMBERS[0], False)
    assert (scarf["headwear"], scarf["hair"]) == ("scarf", "none")
    dress = appearance.of(names.index("woman_long_dress"), NUMBERS[0], False)
    assert dress["lower"] == dress["upper"]
    vest = {appearance.of(names.index("man_jacket_straight"), n, True)["upper"] for n in NUMBERS[:8]}
    assert vest <= {"yellow", "green", "orange"}


def test_what_is_said_is_what_is_drawn():
    """In even light, people in front of a camera have the colours that the truth says, darker or lighter as a whole."""
    light = {"noise": 0.0, "shadow": 0.0, "sun_elevation_deg": 89.0}
    nigh = {"position_m": [0.0, -9.0, 1.2], "look_at_m": [0.0, 0.0, 1.0], "hfov_deg": 14.0}
    studio = Studio(nigh, (240, 240), conditions=light)
    repertoire, appearance = Repertoire(shipped()), Appearance(shipped())
    off = []
    for looks in NUMBERS[:16]:
        shot = studio.shoot([person(0.0, looks=looks, heading_deg=90.0, posture=Posture.STANDING)])
        rows, columns = np.nonzero(shot.instance_id == 1)
        seen = shot.frame.image[rows, columns, ::-1].astype(float)
        figure = int(repertoire.people(np.zeros(1, np.int8), np.array([1.72]), np.array([looks]))[0])
        row = appearance.of(figure, looks, False)
        share = (rows - rows.min()) / np.ptp(rows)
        for part, low, high in (("upper", 0.24, 0.42), ("lower", 0.6, 0.75)):
            told = np.array([row[f"{part}_{c}"] for c in "rgb"], float)
            found = np.median(seen[(share > low) & (share < high)], axis=0)
            off.append(np.abs(told / told.sum() - found / found.sum()).max())
    assert np.median(off) < 0.03
    assert np.mean(np.array(off) < 0.08) > 0.85  # bare legs and long coats
