"""Somebody where nobody may be; who walks along the edge, or only steps over it, is silent."""

from __future__ import annotations

import numpy as np
import pytest

from detect.rules.zone_intrusion import ZoneIntrusion, ZoneIntrusionSettings
from scenarios.venue import Zone

WORKS = Zone(id="works", polygon=[(-3, 3), (3, 3), (3, 9), (-3, 9)], forbidden=True)
OPEN = Zone(id="open", polygon=[(-3, 3), (3, 3), (3, 9), (-3, 9)])


def begun(said):
    return [e for e in said if e.end_s is None]


def crosses(actor, number=1, *, at_s=0.0, y=6.0, **more):
    """Walks through the zone at 1.3 m/s; at the edge 3 s after ``at_s``."""
    return actor(number, [(at_s, -6.9, y), (at_s + 10.0, 6.1, y)], **more)


def test_who_crosses_is_said_once_and_it_ends(world, actor) -> None:
    said = world(zones=[WORKS]).play(ZoneIntrusion(), [crosses(actor)], 16.0)
    alarm, ended = said
    assert 3.9 <= alarm.start_s <= 4.6
    assert (alarm.zone, alarm.track_ids) == ("works", (1,))
    assert alarm.evidence["inside_for_s"] == pytest.approx(1.0, abs=0.13)
    assert alarm.evidence["from_edge_m"] > 1.0
    assert ended.event_id == alarm.event_id
    assert ended.end_s == pytest.approx(7.6, abs=0.4)


def test_a_zone_that_is_not_forbidden_and_no_calibration_are_silent(world, actor) -> None:
    assert world(zones=[OPEN]).play(ZoneIntrusion(), [crosses(actor)], 12.0) == []
    assert world(camera=None, zones=[WORKS]).play(ZoneIntrusion(), [crosses(actor)], 12.0) == []


@pytest.mark.parametrize("off_m", [0.1, 0.3, 1.0])
def test_who_walks_along_the_edge_is_silent_however_the_boxes_tremble(world, actor, off_m) -> None:
    around = [(0.0, -6.0, 3 - off_m), (9.0, 6.0, 3 - off_m), (18.0, -6.0, 3 - off_m)]
    for seed in range(5):
        assert world(zones=[WORKS], jitter_m=0.1).play(ZoneIntrusion(), [actor(1, around)], 18.0, seed=seed) == []


def test_what_is_near_the_edge_counts_by_how_well_the_place_is_known(world, actor) -> None:
    inside = [actor(1, [(0.0, -2.0, 3.25), (10.0, 2.0, 3.25)])]  # a quarter of a metre inside; sd 0.14 m
    assert len(begun(world(zones=[WORKS]).play(ZoneIntrusion(), inside, 10.0))) == 1
    assert world(zones=[WORKS]).play(ZoneIntrusion(ZoneIntrusionSettings(sure=0.99)), inside, 10.0) == []


def test_a_step_over_the_edge_is_silent(world, actor) -> None:
    step = [(0.0, 0.0, 0.0), (2.0, 0.0, 3.0), (2.3, 0.0, 3.4), (2.6, 0.0, 3.4), (2.9, 0.0, 3.0), (6.0, 0.0, 0.0)]
    assert world(zones=[WORKS]).play(ZoneIntrusion(), [actor(1, step)], 8.0) == []


def test_one_stay_is_one_event_through_misses_and_new_tracks(world, actor) -> None:
    path = [(0.0, -6.9, 6.0), (5.0, -0.4, 6.0), (25.0, 0.4, 6.0), (31.0, 8.0, 6.0)]
    who = actor(1, path, hidden=[(8.0, 10.5), (15.0, 17.0)], other_ids=[(10.0, 2), (13.0, 3), (16.0, 4)])
    said = world(zones=[WORKS], miss=0.1, jitter_m=0.05).play(ZoneIntrusion(), [who], 34.0)
    assert [e.end_s is None for e in said] == [True, False]
    assert 26.0 <= said[-1].end_s <= 29.0


def test_everybody_inside_is_an_event_of_their_own(world, actor) -> None:
    both = [crosses(actor, 1), crosses(actor, 2, at_s=4.0, y=7.5)]
    said = begun(world(zones=[WORKS]).play(ZoneIntrusion(), both, 16.0))
    assert [e.track_ids for e in said] == [(1,), (2,)]
    assert said[1].start_s - said[0].start_s == pytest.approx(4.0, abs=0.2)


def test_a_track_that_jumps_to_another_body_is_another_person(world, actor) -> None:
    """The tracker hands the id of somebody inside to a passer-by outside: the stay is not over, nor a new one begun."""
    inside = actor(1, [(0.0, -6.9, 6.0), (5.0, -0.4, 6.0), (20.0, 0.4, 6.0)], other_ids=[(10.0, 2)])
    passing = actor(2, [(6.0, 8.0, 0.0), (18.0, -8.0, 0.0)], other_ids=[(10.0, 1)])
    said = world(zones=[WORKS]).play(ZoneIntrusion(), [inside, passing], 20.0)
    assert [e.end_s for e in said] == [None]


def test_feet_that_are_hidden_and_come_out_are_no_second_intruder(world, actor) -> None:
    """The place leaps by 2.4 m, as when a barrier hides the feet; two who stand apart stay two."""
    leaps = [(0.0, 0.0, 0.0), (4.0, 0.0, 4.5), (8.0, 0.0, 4.5), (8.1, 0.0, 6.9), (14.0, 0.0, 6.9)]
    said = world(zones=[WORKS]).play(ZoneIntrusion(), [actor(1, leaps, other_ids=[(8.1, 2)])], 14.0)
    assert [e.end_s for e in said] == [None]
    stays = actor(3, [(5.0, 0.0, 12.0), (8.0, 0.0, 7.5), (14.0, 0.0, 7.0)])
    said = world(zones=[WORKS]).play(ZoneIntrusion(), [actor(1, leaps), stays], 14.0)
    assert [e.end_s for e in said] == [None, None]


def test_the_longer_the_hold_the_later(world, actor) -> None:
    starts = []
    for hold_s in (0.5, 1.0, 2.0, 3.0):
        settings = ZoneIntrusionSettings(hold_s=hold_s)
        (alarm,) = begun(world(zones=[WORKS]).play(ZoneIntrusion(settings), [crosses(actor)], 12.0))
        starts.append(alarm.start_s)
    assert np.diff(starts) == pytest.approx([0.5, 1.0, 1.0], abs=0.13)
    never = ZoneIntrusionSettings(hold_s=6.0)
    assert world(zones=[WORKS]).play(ZoneIntrusion(never), [crosses(actor)], 12.0) == []


def test_two_zones_are_watched_each_by_itself(world, actor) -> None:
    beyond = replace_zone("beyond", dx=7.0)
    said = begun(
        world(zones=[WORKS, beyond]).play(ZoneIntrusion(), [actor(1, [(0.0, -6.9, 6.0), (14.0, 11.3, 6.0)])], 14.0)
    )
    assert [e.zone for e in said] == ["works", "beyond"]


def replace_zone(name, dx):
    return Zone(id=name, polygon=[(x + dx, y) for x, y in WORKS.polygon], forbidden=True)
