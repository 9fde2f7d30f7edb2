"""Left, carried, fetched, swapped: which bag it is, and whether its owner is back."""

from __future__ import annotations

import pytest

from detect.rules.abandoned_object import AbandonedObject
from detect.tracks import ObjectClass

DUE_S = 13.0 + 3.0 / 1.3 + 30.0  # the owner is 3 m away for 30 s


def test_bags_carried_past_are_not_the_bag_that_was_taken_away(world, actor) -> None:
    """Somebody waits with a bag in the hand and goes out of sight with it; others carry theirs over the same place."""
    waits = actor(1, [(5.0, -6.5, 4.0), (10.0, 0.0, 4.0), (14.0, 0.0, 4.0), (24.0, 13.0, 4.0)])
    in_hand = actor(100, [(5.0, -6.5, 4.2), (10.0, 0.0, 4.2), (14.0, 0.0, 4.2)], ObjectClass.BAG)
    story = [waits, in_hand]
    for i, start in enumerate(range(11, 70, 3)):
        path = [(start, -5.2, 4.3), (start + 8.0, 5.2, 4.3)]
        near = [(t, x, 4.4) for t, x in ((start + 3.4, -0.78), (start + 4.6, 0.78))]
        story += [actor(10 + i, path), actor(200 + i, near, ObjectClass.BAG)]
    for noise in ({}, {"miss": 0.1, "jitter_m": 0.08}):
        assert world(**noise).play(AbandonedObject(), story, 85.0) == []


def test_a_walked_bag_does_not_refresh_a_remembered_one(world, bag_story, actor) -> None:
    """The left bag is hidden from 25 s on; one that is carried over its place is no sighting of it."""
    owner, bag = bag_story()
    bag.hidden = [(25.0, 100.0)]
    path = [(38.0, -9.1, 4.0), (52.0, 9.1, 4.0)]
    seen = [(44.4, -0.78, 4.2), (45.6, 0.78, 4.2)]
    carrier, carried = actor(5, path), actor(150, seen, ObjectClass.BAG)
    assert world().play(AbandonedObject(), [owner, bag, carrier, carried], 60.0) == []


def test_a_bag_that_somebody_brings_to_the_place_of_another_is_a_new_one(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    bag.knots = [*bag.knots[:-1], (20.0, 0.0, 4.2)]  # taken, unseen, by who stands in front of it
    front = actor(6, [(18.0, 0.0, 3.2), (90.0, 0.0, 3.2)])
    waits = actor(7, [(15.0, -13.0, 4.3), (25.0, 0.0, 4.3), (90.0, 0.0, 4.3)])
    own = actor(170, [(15.0, -13.0, 4.5), (25.0, 0.0, 4.5), (90.0, 0.0, 4.5)], ObjectClass.BAG)
    assert world().play(AbandonedObject(), [owner, bag, front, waits, own], 80.0) == []


def test_a_track_that_goes_over_from_a_bag_carried_past_shows_the_left_bag(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    bag.hidden = [(25.0, 27.0)]
    carrier = actor(5, [(17.0, -10.4, 4.6), (33.0, 10.4, 4.6)])
    carried = actor(150, [(18.0, -9.1, 4.7), (25.0, 0.0, 4.7)], ObjectClass.BAG)
    bag.other_ids = [(25.0, 150)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag, carrier, carried], 60.0)
    assert alarm.evidence["owner_track"] == 1
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_who_stands_behind_a_bag_does_not_hide_it(world, bag_story, actor) -> None:
    """A bag that is fetched while somebody stands behind its place is gone all the same."""
    owner, bag = bag_story(until_s=20.0)
    behind = actor(8, [(0.0, 0.0, 4.8), (90.0, 0.0, 4.8)])
    rule = AbandonedObject()
    assert world().play(rule, [owner, bag, behind], 30.0) == []
    assert rule._bags == []


def test_a_missed_picture_of_a_passer_by_with_the_owners_id_is_no_return(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    owner.other_ids = [(20.0, 60)]
    passing = actor(60, [(14.0, 16.9, 5.0), (20.0, 9.1, 5.0), (40.0, -16.9, 5.0)], other_ids=[(20.0, 1)])
    passing.hidden = [(25.5, 25.7), (26.5, 26.7), (27.5, 27.7)]
    (alarm,) = world().play(AbandonedObject(), [owner, bag, passing], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)


def test_one_slow_instant_of_who_walks_by_with_the_owners_id_is_no_return(world, bag_story, actor) -> None:
    owner, bag = bag_story()
    owner.other_ids = [(20.0, 60)]
    way = [
        (14.0, 16.9, 5.0),
        (20.0, 9.1, 5.0),
        (25.6, 1.8, 5.0),
        (26.8, 1.2, 5.0),
        (27.4, 0.0, 5.0),
        (40.0, -16.9, 5.0),
    ]
    passing = actor(60, way, other_ids=[(20.0, 1)])
    (alarm,) = world().play(AbandonedObject(), [owner, bag, passing], 60.0)
    assert alarm.start_s == pytest.approx(DUE_S, abs=0.5)
