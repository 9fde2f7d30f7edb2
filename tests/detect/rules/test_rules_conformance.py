"""What every rule of the table must do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.rules import NOT_IMPLEMENTED, RULES, build_rules
from detect.tracks import ObjectClass
from scenarios.errors import ScenarioError
from scenarios.event import EventKind
from scenarios.venue import Zone

ZONES = [Zone(id="square", polygon=[(-4, 0), (4, 0), (4, 8), (-4, 8)], max_density_per_m2=0.3)]

THRESHOLDS = {
    "abandoned_object": ("alone_s", [5.0, 20.0, 30.0, 60.0]),
    "crowd_movement": ("running_mps", [1.0, 2.0, 3.0, 5.0]),
    "density": ("hold_s", [1.0, 3.0, 10.0, 30.0]),
}
"""For each rule a threshold, in the order of rising demands: none of them finds more by a higher one."""


@pytest.fixture
def lively(bag_story, passers_by, actor):
    """A left bag, passers-by, forty who gather, and ten who run."""
    rng = np.random.default_rng(11)
    crowd = [
        actor(500 + i, [(20.0, *rng.uniform((-3, 1), (3, 7))), (34.0, *rng.uniform((-3, 1), (3, 7)))])
        for i in range(40)
    ]
    runners = [
        actor(600 + i, [(40.0, -10.0 + rng.uniform(0, 4), 9 + i / 3), (46.0, 11.0 + rng.uniform(0, 4), 9 + i / 3)])
        for i in range(10)
    ]
    return bag_story() + passers_by(50.0, every_s=4.0) + crowd + runners


def story(events):
    return [(e.event_id, e.start_s, e.end_s, e.place_m, e.zone, e.score) for e in events]


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


@pytest.mark.parametrize("name", RULES)
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
def test_monotone_in_its_threshold(name, world, lively) -> None:
    key, values = THRESHOLDS[name]
    lasting = []
    for value in values:
        (rule,) = build_rules({name: {key: value}}, [name])
        said = world(zones=ZONES, fps=8.0).play(rule, lively, 60.0) + rule.reset()
        ends = {e.event_id: e.end_s for e in said if e.end_s is not None}
        lasting.append(sum(ends[e.event_id] - e.start_s for e in said if e.end_s is None))
    assert lasting == sorted(lasting, reverse=True)
    assert lasting[0] > 0
    assert lasting[-1] < lasting[0]


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


@pytest.mark.parametrize("name", RULES)
def test_reset_ends_what_lasts_and_starts_anew(name, world, lively) -> None:
    (rule,) = build_rules(names=[name])
    until = {"abandoned_object": 55.0, "crowd_movement": 44.0, "density": 30.0}[name]
    play = world(zones=ZONES)
    first = play.play(rule, lively, until)
    lasting = {e.event_id for e in first if e.end_s is None} - {e.event_id for e in first if e.end_s is not None}
    assert lasting
    ended = rule.reset()
    assert {e.event_id for e in ended} == lasting
    assert all(e.end_s is not None for e in ended)
    again = play.play(rule, lively, until)
    assert [e.start_s for e in again] == [e.start_s for e in first]
    assert not {e.event_id for e in again} & {e.event_id for e in first}


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
