"""Against the direction of a one-way zone; waiting, turning and stepping back are silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.rules.wrong_way import WrongWay, WrongWaySettings
from scenarios.venue import Zone

ENTRANCE = Zone(id="entrance", polygon=[(-3, 2), (3, 2), (3, 10), (-3, 10)], one_way=(0, 2))


def begun(said):
    return [e for e in said if e.end_s is None]


def against(actor, number=1, *, at_s=0.0, x=0.0, **more):
    """Walks south at 1.3 m/s; in the zone from 1.54 s after ``at_s`` to 7.7 s."""
    return actor(number, [(at_s, x, 12.0), (at_s + 10.0, x, -1.0)], **more)


def along(actor, number, *, at_s=0.0, x=0.0, **more):
    return actor(number, [(at_s, x, -1.0), (at_s + 10.0, x, 12.0)], **more)


def test_against_the_direction_is_said_once_and_it_ends(world, actor) -> None:
    said = world(zones=[ENTRANCE]).play(WrongWay(), [against(actor)], 14.0)
    alarm, ended = said
    assert alarm.start_s == pytest.approx(1.54 + 2.0 / 1.3, abs=0.35)
    assert (alarm.zone, alarm.track_ids) == ("entrance", (1,))
    assert alarm.evidence["went_against_direction_m"] == pytest.approx(2.15, abs=0.2)
    assert alarm.score > 0.95
    assert ended.event_id == alarm.event_id
    assert ended.end_s == pytest.approx(7.7, abs=0.3)


def test_a_stream_along_the_direction_is_silent(world, actor) -> None:
    stream = [along(actor, i, at_s=0.5 * i, x=-2.5 + (1.7 * i) % 5) for i in range(30)]
    for seed in range(3):
        assert world(zones=[ENTRANCE], jitter_m=0.1, miss=0.1).play(WrongWay(), stream, 25.0, seed=seed) == []


@pytest.mark.parametrize(
    "path",
    [
        [(0.0, 0, 12), (3.0, 0, 8.9), (4.5, 0, 8.9), (8.0, 0, 12)],  # turns back after a step
        [(0.0, 0, 12), (2.0, 0, 10.3), (25.0, 0, 10.3), (28.0, 0, 12)],  # waits at the zone's end
        [(0.0, 0, -1), (6.0, 0, 7), (20.0, 0, 6.6), (26.0, 0.5, 7.0), (30.0, 0, 12)],  # waits inside
        [(0.0, 0, -1), (5.0, 0, 6), (6.5, 0, 4.5), (10.0, 0, 12)],  # steps back for something, walks on
        [(0.0, -6, 6), (8.0, 6, 6), (16.0, -6, 6)],  # crosses it
        [(0.0, 4, 12), (10.0, 4, -1)],  # walks the other way beside it
    ],
)
def test_near_misses_are_silent(world, actor, path) -> None:
    for seed in range(3):
        assert world(zones=[ENTRANCE], jitter_m=0.06).play(WrongWay(), [actor(1, path)], 30.0, seed=seed) == []


def test_what_counts_is_the_net_way_however_long_it_takes(world, actor) -> None:
    slow = actor(1, [(0.0, 0, 11), (4.0, 0, 9), (10.0, 0, 9), (12.0, 0, 9.5), (16.0, 0, 8.2), (30.0, 0, 6.9)])
    (alarm,) = begun(world(zones=[ENTRANCE]).play(WrongWay(), [slow], 30.0))
    assert 16.0 <= alarm.start_s <= 30.0


def test_the_way_goes_on_through_misses_and_new_tracks(world, actor) -> None:
    who = against(actor, hidden=[(4.0, 4.4)], other_ids=[(2.3, 5), (3.0, 6), (4.2, 7), (5.0, 8)])
    said = world(zones=[ENTRANCE], miss=0.1, jitter_m=0.05).play(WrongWay(), [who], 14.0)
    assert [e.end_s is None for e in said] == [True, False]


def test_tracks_swapped_when_two_meet_are_one_event(world, actor) -> None:
    """Two people pass each other in the zone and the tracker exchanges their ids there."""
    for swap_s in (4.6, 5.0, 5.4):
        down = against(actor, 1, other_ids=[(swap_s, 2)])
        up = along(actor, 2, x=0.4, other_ids=[(swap_s, 1)])
        said = world(zones=[ENTRANCE]).play(WrongWay(), [down, up], 14.0)
        assert [e.end_s is None for e in said] == [True, False], swap_s
        assert said[-1].end_s == pytest.approx(7.7, abs=0.4)


def test_several_after_one_another_are_each_an_event(world, actor) -> None:
    both = [against(actor, 1), against(actor, 2, at_s=0.9, x=0.5)]
    said = begun(world(zones=[ENTRANCE], miss=0.1).play(WrongWay(), both, 14.0))
    assert [e.track_ids for e in said] == [(1,), (2,)]


def test_gaps_are_no_way(world, actor) -> None:
    """Tracks that are lost at the front and begin anew at the back of a stream have gone nowhere."""
    broken = [actor(1, [(0.0, 0, -1), (20.0, 0, 12.0)], other_ids=[(4.0 + 2 * k, 50 + k) for k in range(5)])]
    stream = [actor(100 + k, [(3.0 * k, 0.3 * (k % 3), 3.0), (3.0 * k + 2.5, 0.3 * (k % 3), 6.0)]) for k in range(8)]
    assert world(zones=[ENTRANCE]).play(WrongWay(), broken + stream, 26.0) == []


@pytest.mark.parametrize("heads", [0.6, 0.0])
def test_feet_that_come_out_from_behind_somebody_are_no_step(world, actor, heads) -> None:
    """Hidden feet seem farther along; when they come out the place comes back by metres and the head goes nowhere."""
    who = [actor(1, [(0.0, 0, 3.0), (10.0, 0, 5.0)])]
    rule = WrongWay(WrongWaySettings(heads=heads))
    play, rng, said = world(zones=[ENTRANCE]), np.random.default_rng(1), []
    for k in range(80):
        scene = play.scene(who, k, rng)
        hidden = np.interp(scene.tracks.time_s, [0, 3, 4, 10], [3.5, 3.5, 0, 0])
        tracks = replace(scene.tracks, position_m=scene.tracks.position_m + np.array([0, hidden]))
        said += rule.update(replace(scene, tracks=tracks))
    assert (said == []) is (heads > 0)


def test_monotone_in_the_distance(world, actor) -> None:
    starts = []
    for against_m in (1.0, 2.0, 3.0, 5.0):
        rule = WrongWay(WrongWaySettings(against_m=against_m))
        (alarm,) = begun(world(zones=[ENTRANCE]).play(rule, [against(actor)], 14.0))
        starts.append(alarm.start_s)
    assert np.diff(starts) == pytest.approx([0.77, 0.77, 1.54], abs=0.2)
    assert world(zones=[ENTRANCE]).play(WrongWay(WrongWaySettings(against_m=9.0)), [against(actor)], 14.0) == []
