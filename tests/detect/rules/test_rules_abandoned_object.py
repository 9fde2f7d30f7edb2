"""The owner decides: stories about bags, told as tracks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detect.rules.abandoned_object import AbandonedObject
from detect.rules.abandoned_settings import AbandonedObjectSettings
from detect.tracks import ObjectClass
from scenarios.zone import Zone

LEFT_S = 13.0 + 3.0 / 1.3  # the owner is 3 m away
DUE_S = LEFT_S + 30.0


@pytest.mark.parametrize("carried_seen", [True, False])
@pytest.mark.parametrize(("miss", "jitter_m"), [(0.0, 0.0), (0.1, 0.08)])
def test_owner_leaves_among_passers_by(world, bag_story, passers_by, carried_seen, miss, jitter_m) -> None:
    actors = bag_story(carried_seen=carried_seen) + passers_by(60.0)
    said = world(miss=miss, jitter_m=jitter_m).play(AbandonedObject(), actors, 60.0)
    (alarm,) = said
    assert DUE_S - 0.5 <= alarm.start_s <= DUE_S + 2.0
    assert alarm.place_m == pytest.approx((0.0, 4.2), abs=0.3)
    assert alarm.evidence["owner_track"] == 1
    assert alarm.evidence["put_down_s"] == pytest.approx(10.2, abs=1.0)
    assert alarm.evidence["unattended_since_s"] == pytest.approx(LEFT_S, abs=0.5)
    assert alarm.evidence["owner_distance_m"] > 3.0
    assert set(alarm.track_ids) == {100, 1}


def test_owner_who_stays_is_no_alarm(world, bag_story, passers_by) -> None:
    assert (
        world(miss=0.1, jitter_m=0.08).play(AbandonedObject(), bag_story(leaves=False) + passers_by(80.0), 80.0) == []
    )


def test_owner_back_before_time_is_no_alarm_and_the_clock_starts_again(world, bag_story, actor) -> None:
    assert world().play(AbandonedObject(), bag_story(returns_s=38.0), 85.0) == []
    owner, bag = bag_story(returns_s=38.0, until_s=45.0)
    owner.knots = [*owner.knots, (60.0, 19.8, 4.0)]
    bag.knots = [*bag.knots[:-1], (100.0, 0.0, 4.2)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag], 90.0)
    assert alarm.start_s == pytest.approx(45.0 + 2.7 / 1.3 + 30.0, abs=1.0)


def test_owner_back_after_the_alarm_ends_it(world, bag_story) -> None:
    said = world().play(AbandonedObject(), bag_story(returns_s=60.0), 80.0)
    assert [e.end_s is None for e in said] == [True, False]
    assert said[0].event_id == said[1].event_id
    assert said[1].end_s == pytest.approx(60.0 - 2.7 / 0.5, abs=1.0)


def test_bag_fetched_after_the_alarm_ends_it(world, bag_story) -> None:
    owner, bag = bag_story(returns_s=60.0)
    owner.knots = [*owner.knots[:-1], (62.0, 0.3, 4.0), (72.0, 13.3, 4.0)]
    bag.knots = [*bag.knots[:-1], (62.0, 0.0, 4.2), (72.0, 13.0, 4.2)]
    said = world().play(AbandonedObject(), [owner, bag], 80.0)
    assert [e.end_s is None for e in said] == [True, False]


def test_bag_taken_by_somebody_else_ends_it(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    thief = actor(7, [(45.0, -10.0, 4.0), (55.0, 0.0, 4.0), (65.0, 13.0, 4.0)])
    bag.knots = [*bag.knots[:-1], (55.0, 0.0, 4.2), (65.0, 13.0, 4.2)]
    said = world().play(AbandonedObject(), [owner, bag, thief], 75.0)
    assert [e.end_s is None for e in said] == [True, False]
    assert said[1].end_s == pytest.approx(55.0, abs=2.0)


def test_bag_that_vanishes_with_somebody_at_it_ends_it(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    bag.knots = [*bag.knots[:-1], (55.5, 0.0, 4.2)]
    thief = actor(7, [(45.0, -10.0, 4.0), (55.0, 0.0, 4.0), (65.0, 13.0, 4.0)])
    said = world().play(AbandonedObject(), [owner, bag, thief], 70.0)
    assert [e.end_s is None for e in said] == [True, False]
    assert said[1].end_s == pytest.approx(55.5, abs=1.0)


@pytest.mark.parametrize("other", [100, 150])
def test_bag_hidden_for_seconds_keeps_its_clock(world, bag_story, other) -> None:
    owner, bag = bag_story()
    bag.hidden, bag.other_ids = [(25.0, 33.0)], [(25.0, other)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_bag_hidden_when_due_is_said_when_seen_again(world, bag_story) -> None:
    owner, bag = bag_story()
    bag.hidden = [(38.0, 50.0)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag], 60.0)
    assert alarm.start_s == pytest.approx(50.0, abs=1.0)


def test_owner_switches_id_beside_the_bag(world, bag_story) -> None:
    owner, bag = bag_story()
    owner.hidden, owner.other_ids = [(11.0, 11.6)], [(11.0, 77)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag], 60.0)
    assert alarm.evidence["owner_track"] == 77
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_owner_with_a_new_id_who_stays_is_no_alarm(world, bag_story) -> None:
    owner, bag = bag_story(leaves=False)
    owner.hidden, owner.other_ids = [(20.0, 21.0), (40.0, 41.5)], [(20.0, 77), (40.0, 78)]
    assert world().play(AbandonedObject(), [owner, bag], 85.0) == []


def test_owner_lost_on_the_way_is_gone(world, bag_story) -> None:
    owner, bag = bag_story()
    owner.knots = [*owner.knots[:-1], (17.0, 5.2, 4.0)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_somebody_else_standing_at_the_bag_does_not_guard_it(world, bag_story, actor) -> None:
    stranger = actor(9, [(20.0, 1.5, 5.0), (60.0, 1.5, 5.0)])
    (alarm,) = world().play(AbandonedObject(), [*bag_story(), stranger], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_companions_guard_only_when_set_so(world, bag_story, actor) -> None:
    friend = actor(2, [(0.0, -13.0, 4.9), (10.0, 0.0, 4.9), (60.0, 0.5, 4.9)])
    stranger = actor(9, [(20.0, 1.5, 5.0), (60.0, 1.5, 5.0)])
    story = [*bag_story(), friend, stranger]
    both = AbandonedObjectSettings(attended_by="owner_and_companions")
    assert len(world().play(AbandonedObject(), story, 60.0)) == 1
    assert world().play(AbandonedObject(both), story, 60.0) == []
    assert len(world().play(AbandonedObject(both), [*bag_story(), stranger], 60.0)) == 1


def test_furniture_never_alarms_unless_set_so(world, actor, passers_by) -> None:
    bin_ = actor(100, [(0.0, 0.0, 4.0), (80.0, 0.0, 4.0)], ObjectClass.BAG)
    story = [bin_, *passers_by(70.0)]
    assert world(miss=0.1, jitter_m=0.08).play(AbandonedObject(), story, 80.0) == []
    (alarm,) = world().play(AbandonedObject(AbandonedObjectSettings(ownerless="alarm")), story, 80.0)
    assert alarm.evidence["owner_track"] is None


def test_a_shadow_that_appears_with_nobody_near_has_no_owner(world, actor) -> None:
    shadow = actor(100, [(20.0, 0.0, 4.0), (80.0, 0.0, 4.0)], ObjectClass.BAG)
    far = actor(1, [(0.0, -8.0, 12.0), (80.0, 8.0, 12.0)])
    assert world().play(AbandonedObject(), [shadow, far], 80.0) == []


def test_dwellers_belongings_are_no_alarm_until_they_leave_them(world, actor) -> None:
    dwellers = [actor(i, [(0.0, -6.0 + 3 * i, 6.0), (120.0, -6.0 + 3 * i, 6.0)]) for i in range(1, 5)]
    bags = [
        actor(100 + i, [(0.0, -5.3 + 3 * i, 6.0), (120.0, -5.3 + 3 * i, 6.0)], ObjectClass.BAG) for i in range(1, 5)
    ]
    dwellers[0].hidden = [(20.0, 65.0)]  # lies down and is not found any more
    noisy = world(miss=0.1, jitter_m=0.08)
    assert noisy.play(AbandonedObject(), dwellers + bags, 90.0) == []
    dwellers[2].knots = [(0.0, 3.0, 6.0), (30.0, 3.0, 6.0), (45.0, 14.0, -1.0)]
    (alarm,) = noisy.play(AbandonedObject(), dwellers + bags, 90.0)
    assert 103 in alarm.track_ids
    assert alarm.evidence["owner_track"] == 3


@pytest.mark.parametrize("belonging", [True, False])
def test_owner_whose_id_goes_off_with_a_passer_by_still_stands_there(world, bag_story, actor, belonging) -> None:
    """Trackers swap ids when people cross."""
    if belonging:
        owner = actor(1, [(0.0, 0.0, 4.0), (90.0, 0.0, 4.0)])
        bag = actor(100, [(0.0, 0.7, 4.0), (90.0, 0.7, 4.0)], ObjectClass.BAG)
    else:
        owner, bag = bag_story(leaves=False)
        owner.knots = [*owner.knots[:-1], (90.0, 0.0, 4.0)]
    passing = actor(50, [(12.0, -10.4, 4.2), (20.0, 0.0, 4.2), (30.0, 13.0, 4.2)])
    owner.other_ids, passing.other_ids = [(20.0, 50)], [(20.0, 1)]
    assert world(miss=0.05, jitter_m=0.05).play(AbandonedObject(), [owner, bag, passing], 85.0) == []
    owner.knots = [*owner.knots[:-1], (40.0, 0.0, 4.0), (50.0, 13.0, 4.0)]
    (alarm,) = world(miss=0.05, jitter_m=0.05).play(AbandonedObject(), [owner, bag, passing], 85.0)
    assert alarm.evidence["owner_track"] == 50
    assert alarm.start_s == pytest.approx(40.0 + 3.0 / 1.3 + 30.0, abs=1.0)


def test_owner_whose_id_comes_by_with_somebody_else_is_not_back(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    owner.other_ids = [(20.0, 60)]
    passing = actor(60, [(14.0, 16.9, 5.0), (20.0, 9.1, 5.0), (40.0, -16.9, 5.0)], other_ids=[(20.0, 1)])
    (alarm,) = world().play(AbandonedObject(), [owner, bag, passing], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_two_bags_one_left(world, bag_story) -> None:
    stays = bag_story(leaves=False, owner=2, bag=101, place=(0.0, 9.0))
    (alarm,) = world(miss=0.1, jitter_m=0.08).play(AbandonedObject(), bag_story() + stays, 70.0)
    assert alarm.evidence["owner_track"] == 1


def test_two_bags_both_left(world, bag_story) -> None:
    said = world().play(AbandonedObject(), bag_story() + bag_story(owner=2, bag=101, place=(0.0, 9.0)), 70.0)
    assert sorted(e.evidence["owner_track"] for e in said) == [1, 2]
    assert len({e.event_id for e in said}) == 2


def test_carried_bags_are_no_candidates(world, actor) -> None:
    story = []
    for i in range(6):
        path = [(3.0 * i, -10.0, 3.0 + i), (3.0 * i + 40.0, 10.0, 3.0 + i)]
        story += [actor(i + 1, path), actor(i + 100, [(t, x + 0.3, y) for t, x, y in path], ObjectClass.BAG)]
    assert world(jitter_m=0.05).play(AbandonedObject(), story, 70.0) == []


def test_bag_track_that_jumps_to_a_passing_bag_comes_back(world, bag_story) -> None:
    owner, bag = bag_story()
    bag.knots = [*bag.knots[:-1], (25.0, 0.0, 4.2), (28.0, 4.0, 4.2)]  # the id goes on with somebody else's bag
    stays = replace(bag, id=160, knots=[(25.6, 0.0, 4.2), (90.0, 0.0, 4.2)])
    (alarm,) = world().play(AbandonedObject(), [owner, bag, stays], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


@pytest.mark.parametrize("carried_seen", [True, False])
def test_without_calibration(world, bag_story, passers_by, carried_seen) -> None:
    rule = AbandonedObject()
    actors = bag_story(carried_seen=carried_seen) + passers_by(60.0, every_s=3.0, y=5.5)
    (alarm,) = world(camera=None).play(rule, actors, 60.0)
    assert alarm.place_m is None
    assert alarm.box_px is not None
    assert alarm.start_s == pytest.approx(DUE_S, abs=2.0)
    assert world(camera=None).play(AbandonedObject(), bag_story(leaves=False) + passers_by(60.0), 60.0) == []


def test_reset_ends_the_alarm_and_forgets(world, bag_story) -> None:
    rule = AbandonedObject()
    (alarm,) = world().play(rule, bag_story(), 60.0)
    (ended,) = rule.reset()
    assert (ended.event_id, ended.end_s) == (alarm.event_id, pytest.approx(60.0, abs=0.2))
    assert rule.reset() == []
    (again,) = world().play(rule, bag_story(), 60.0)
    assert again.event_id != alarm.event_id


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.floats(1.5, 8.0), alone=st.floats(5.0, 30.0), speed=st.floats(0.8, 1.8))
def test_alarm_comes_when_the_definition_is_met(world, actor, limit, alone, speed) -> None:
    owner = actor(1, [(0.0, -13.0, 4.0), (10.0, 0.0, 4.0), (13.0, 0.0, 4.0), (13.0 + 15.0 / speed, 15.0, 4.0)])
    bag = actor(100, [(10.0, 0.0, 4.2), (90.0, 0.0, 4.2)], ObjectClass.BAG)
    rule = AbandonedObject(AbandonedObjectSettings(owner_distance_m=limit, alone_s=alone))
    (alarm,) = world(fps=8.0).play(rule, [owner, bag], 72.0)
    assert alarm.start_s == pytest.approx(13.0 + limit / speed + alone, abs=0.4)


BIN = Zone(id="bin_fixture", polygon=[(-0.8, 3.4), (0.8, 3.4), (0.8, 5.0), (-0.8, 5.0)], fixture=True)


def test_a_bag_at_a_fixture_waits_longer_and_one_beside_it_does_not(world, bag_story) -> None:
    square = Zone(id="square", polygon=[(-9, -2), (9, -2), (9, 9), (-9, 9)])
    told = world(zones=[BIN, square])
    assert told.play(AbandonedObject(), bag_story(), 80.0) == []
    (late,) = told.play(AbandonedObject(AbandonedObjectSettings(fixture_s=50.0)), bag_story(), 80.0)
    assert late.start_s == pytest.approx(LEFT_S + 50.0, abs=2.0)
    assert late.evidence["at_fixture"] == "bin_fixture"
    assert late.zone == "square"
    (beside,) = told.play(AbandonedObject(), bag_story(place=(1.3, 4.0)), 60.0)
    assert beside.zone == "square"
    assert "at_fixture" not in beside.evidence


@pytest.mark.parametrize(("until", "alarms"), [(None, 0), ("2026-05-01T12:00:00Z", 1), ("2026-05-01T14:00:00Z", 0)])
def test_a_fixture_ends_when_its_time_is_over(world, bag_story, until, alarms) -> None:
    class Dated(world):
        def scene(self, actors, k, rng):
            scene = super().scene(actors, k, rng)
            moment = datetime(2026, 5, 1, 13, tzinfo=UTC) + timedelta(seconds=scene.frame.time_s)
            return replace(scene, frame=replace(scene.frame, wall_time=moment))

    marked = Zone(id="bin", polygon=BIN.polygon, fixture=True, until=until)
    assert len(Dated(zones=[marked]).play(AbandonedObject(), bag_story(), 60.0)) == alarms


def test_footage_that_tells_no_moment_keeps_its_fixtures(world, bag_story) -> None:
    marked = Zone(id="bin", polygon=BIN.polygon, fixture=True, until="2020-01-01T00:00:00Z")
    assert world(zones=[marked]).play(AbandonedObject(), bag_story(), 60.0) == []
