"""What every rule of the table must do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.rules import NOT_IMPLEMENTED, RULES, build_rules, known_rules
from detect.rules.conformance import shortcomings, speaks
from detect.tracks import ObjectClass
from scenarios.errors import ScenarioError
from scenarios.event import EventKind
from scenarios.venue import Zone

ZONES = [
    Zone(id="square", polygon=[(-4, 0), (4, 0), (4, 8), (-4, 8)], max_density_per_m2=0.3),
    Zone(id="works", polygon=[(6, 9), (10, 9), (10, 13), (6, 13)], forbidden=True),
    Zone(id="entrance", polygon=[(-9, 10), (-5, 10), (-5, 16), (-9, 16)], one_way=(0, 1)),
]


ON_STAGE = {"abandoned_object", "crowd_movement", "density", "person_down", "wrong_way", "zone_intrusion"}
"""For what happens in the staged minute; fire, for one, is seen in pictures only."""


@pytest.fixture
def lively(bag_story, passers_by, actor):
    """A left bag, passers-by, forty who gather, ten who run, an intruder, one against the direction, one who falls."""
    rng = np.random.default_rng(11)
    crowd = [
        actor(500 + i, [(20.0, *rng.uniform((-3, 1), (3, 7))), (34.0, *rng.uniform((-3, 1), (3, 7)))])
        for i in range(40)
    ]
    runners = [
        actor(600 + i, [(40.0, -10.0 + rng.uniform(0, 4), 9 + i / 3), (46.0, 11.0 + rng.uniform(0, 4), 9 + i / 3)])
        for i in range(10)
    ]
    intruder = actor(700, [(30.0, 12.0, 11.0), (33.0, 8.0, 11.0), (39.0, 8.0, 11.0), (43.0, 12.0, 15.0)])
    against = actor(701, [(30.0, -7.0, 18.0), (38.0, -7.0, 9.0)])
    shapes = [(47.0, 1.7, 0.5), (47.6, 0.5, 1.6)]
    falls = actor(702, [(38.0, -10.0, 7.0), (47.0, -3.0, 7.0), (70.0, -3.0, 7.0)], shapes=shapes)
    return [*bag_story(), *passers_by(50.0, every_s=4.0), *crowd, *runners, intruder, against, falls]


def story(events):
    return [(e.event_id, e.start_s, e.end_s, e.place_m, e.zone, e.score) for e in events]


@pytest.mark.parametrize("name", known_rules())
def test_keeps_the_contract(name) -> None:
    """Also what arrives by an entry point: detect/rules/conformance.py says what is asked of every rule."""
    assert shortcomings(known_rules()[name]) == []
    if name in ON_STAGE:
        assert speaks(known_rules()[name])


@pytest.mark.parametrize("name", RULES)
def test_names_itself_and_its_kind(name) -> None:
    (rule,) = build_rules(names=[name])
    assert rule.name == name
    assert rule.kind in EventKind


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("calibrated", [True, False])
def test_silent_on_an_empty_floor(name, calibrated, world) -> None:
    (rule,) = build_rules(names=[name])
    assert (world(zones=ZONES) if calibrated else world(camera=None)).play(rule, [], 40.0) == []
    assert rule.reset() == []


@pytest.mark.parametrize("name", sorted(ON_STAGE))
def test_speaks_when_something_happens_and_never_by_another_name(name, world, lively) -> None:
    (rule,) = build_rules(names=[name])
    said = world(zones=ZONES).play(rule, lively, 60.0)
    assert said
    for event in said:
        assert (event.kind, event.rule, event.camera_id) == (rule.kind, name, "cam")
        assert 0 <= event.score <= 1
        assert event.end_s is None or event.end_s >= event.start_s
    begun = [e.event_id for e in said if e.end_s is None]
    assert len(begun) == len(set(begun))
    assert {e.event_id for e in said if e.end_s is not None} <= set(begun)


@pytest.mark.parametrize("name", RULES)
def test_unchanged_when_ids_are_renamed(name, world, lively) -> None:
    names = np.random.default_rng(5).permutation(1000)
    (rule,) = build_rules(names=[name])
    noisy = world(zones=ZONES, miss=0.1, jitter_m=0.03)
    as_named = noisy.play(rule, lively, 60.0)
    (other,) = build_rules(names=[name])
    renamed = replace(noisy, rename=lambda i: int(names[i])).play(other, lively, 60.0)
    assert story(renamed) == story(as_named)
    assert [{int(names[t]) for t in e.track_ids} for e in as_named] == [set(e.track_ids) for e in renamed]


@pytest.mark.parametrize(
    ("given", "names", "message"),
    [
        ({"abandoned": {}}, None, "did you mean 'abandoned_object'"),
        ({"abandoned_object": {"alone": 3}}, None, "did you mean 'alone_s'"),
        ({"density": {"hold_s": -1}}, None, "rules.density: hold_s = -1"),
        ({"crowd_movement": {"min_people": "many"}}, None, "min_people = 'many'"),
        ({"abandoned_object": {"ownerless": "perhaps"}}, None, "known: alarm, ignore"),
        (None, ["weapon"], "'weapon' is an event of decree 2023-828 for which there is no rule"),
    ],
)
def test_bad_settings_are_one_sentence(given, names, message) -> None:
    with pytest.raises(ScenarioError) as error:
        build_rules(given, names)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_event_of_the_decree_is_watched_or_said_not_to_be() -> None:
    assert {rule.kind for rule in build_rules()} | {EventKind(k) for k in NOT_IMPLEMENTED} == set(EventKind)
    assert "weapon" in NOT_IMPLEMENTED


def test_bags_and_people_are_told_apart(world, actor) -> None:
    """A pile of standing bags is neither a crowd nor a movement."""
    bags = [actor(i, [(5.0, i % 6, i // 6), (50.0, i % 6, i // 6)], ObjectClass.BAG) for i in range(40)]
    for rule in build_rules():
        assert world(zones=ZONES, fps=5.0).play(rule, bags, 50.0) == []
