import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from scenarios.errors import ScenarioError
from scenarios.incident import IncidentKind
from scenarios.load import load_scenario


def said(name, *overrides):
    with pytest.raises(ScenarioError) as error:
        load_scenario(name, overrides)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "override", "sentence"),
    [
        ("person_down_v1", "incidents.collapses.at_s=50", "not before the end of the scenario"),
        ("person_down_v1", "incidents.collapses.place_m=[9.0, 17.0]", "not on the walkable floor"),
        ("person_down_v1", "incidents.collapses.fall=up", "forward"),
        ("person_down_v1", "incidents.collapses.body=wheelchair", "elderly"),
        ("person_down_v1", "incidents.collapses.leave_by=weast", "leave_by"),
        ("zone_intrusion_v1", "incidents.climbs_in.zone=work", "did you mean 'works'"),
        ("zone_intrusion_v1", "incidents.climbs_in.zone=forecourt", "is not forbidden; set forbidden = true"),
        ("zone_intrusion_v1", "incidents.climbs_in.place_m=[5.0, 5.0]", "is not inside zone 'works'"),
        ("zone_intrusion_v1", "incidents.along_the_edge.place_m=[18.0, 3.0]", "8.0 m away"),
        ("zone_intrusion_v1", "incidents.along_the_edge.place_m=[18.0, 13.0]", "is inside"),
        ("zone_intrusion_v1", "incidents.refuse.place_m=[30.0, 5.0]", "within 2 m of a bin"),
        ("zone_intrusion_v1", "venue.zones.works.one_way=[1, 0]", "nobody may be in a forbidden zone"),
        ("wrong_way_v1", "incidents.turns_back.through=hall", "has no direction; set one_way"),
        ("wrong_way_v1", "incidents.turns_back.through=street", 'it should have direction = "out"'),
        ("wrong_way_v1", "incidents.turns_back.through=entrence", "entrance"),
        ("wrong_way_v1", "incidents.turns_back.place_m=[30.0, 5.0]", "is not inside zone 'entrance'"),
        ("wrong_way_v1", "venue.zones.entrance.one_way=[0, 0]", "has no direction"),
        ("fire_v1", "incidents.bin_fire.place_m=[12.0, 10.0]", "is not on an obstacle of kind 'bin'"),
        ("fire_v1", "incidents.rubbish.place_m=[26.0, 13.0]", "not on the walkable floor"),
        ("fire_v1", "incidents.neon_sign.place_m=[80.0, 19.0]", "outside the venue's outline"),
        ("fire_v1", "incidents.neon_sign.source=candle", "neon"),
        ("bag_exchange_v1", "incidents.handed_over.taker_leaves_by=nowhere", "taker_leaves_by"),
        ("bag_exchange_v1", "incidents.tent.at_s=3", "at_s"),
        ("bag_exchange_v1", "incidents.tent.belongings={holdall=6, carton=6, backpack=6}", "do not fit around a tent"),
    ],
)
def test_what_cannot_happen_is_said_in_one_sentence(name, override, sentence):
    text = said(name, override)
    assert sentence in text
    assert "\n" not in text
    assert text.startswith(f"{name}.toml with {override}:")


def test_who_comes_in_by_a_gate_passes():
    text = said(
        "wrong_way_v1", "venue.gates.side_street.direction=out", "incidents.turns_back.through=side_street",
        "population.flows=[]", "incidents.turns_back.place_m=[26.0, 4.0]",
    )  # fmt: skip
    assert "needs a one-way zone" in text


@given(x=st.floats(0.5, 33.5), y=st.floats(0.5, 23.5))
def test_a_fall_can_be_wherever_one_can_walk_and_nowhere_else(x, y):
    override = f"incidents=[{{kind='person_down', id='p', at_s=1.0, place_m=[{x!r}, {y!r}]}}]"
    walkable = load_scenario("wrong_way_v1").venue.walkable
    if walkable.covers(Point(x, y)):
        (incident,) = load_scenario("wrong_way_v1", [override]).incidents
        assert incident.kind is IncidentKind.PERSON_DOWN
    else:
        assert "not on the walkable floor" in said("wrong_way_v1", override)
