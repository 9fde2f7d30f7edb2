"""Somebody falls and stays down; who crouches, rests, is up again or half hidden is silent."""

from __future__ import annotations

import pytest

from detect.rules.person_down import PersonDown, PersonDownSettings
from scenarios.camera import Camera

UP, LIES, CROUCHES, SITS = (1.7, 0.5), (0.55, 1.6), (0.95, 0.65), (0.9, 0.7)


def begun(said):
    return [e for e in said if e.end_s is None]


def faller(actor, number=1, *, at_s=8.0, into=LIES, over_s=0.8, up_s=None, until_s=60.0, **more):
    """Walks to the middle, goes down there at ``at_s`` within ``over_s``, and is up again at ``up_s``."""
    shapes = [(0.0, *UP), (at_s, *UP), (at_s + over_s, *into)]
    if up_s is not None:
        shapes += [(up_s, *into), (up_s + 1.0, *UP)]
    return actor(number, [(0.0, -8.0, 4.0), (at_s, 0.0, 4.0), (until_s, 0.0, 4.0)], shapes=shapes, **more)


@pytest.mark.parametrize("calibrated", [True, False])
def test_who_falls_and_stays_down_is_said_once(world, actor, passers_by, calibrated) -> None:
    scene = world() if calibrated else world(camera=None)
    (alarm,) = scene.play(PersonDown(), [faller(actor), *passers_by(40.0, y=8.0)], 40.0)
    assert alarm.start_s == pytest.approx(8.5 + 3.0, abs=0.6)
    assert alarm.track_ids == (1,)
    assert (alarm.place_m is not None) == calibrated
    assert alarm.evidence["height_before_m"] == pytest.approx(1.7, abs=0.15)
    assert alarm.evidence["height_now_m"] < 0.7
    assert alarm.evidence["surely_lying_share"] > 0.8
    assert alarm.evidence["scale"] == ("by calibration" if calibrated else "from heights of people")


def test_it_ends_when_who_fell_is_up_again(world, actor) -> None:
    alarm, ended = world().play(PersonDown(), [faller(actor, up_s=20.0)], 40.0)
    assert ended.event_id == alarm.event_id
    assert ended.end_s == pytest.approx(20.4, abs=0.6)


def test_a_child_is_measured_by_its_own_height(world, actor) -> None:
    shapes = [(0.0, 1.1, 0.4), (8.0, 1.1, 0.4), (8.6, 0.4, 1.1)]
    child = actor(1, [(0.0, -8.0, 4.0), (8.0, 0.0, 4.0), (60.0, 0.0, 4.0)], shapes=shapes)
    assert len(begun(world().play(PersonDown(), [child], 20.0))) == 1


def test_who_trips_and_is_up_again_at_once_is_silent(world, actor) -> None:
    assert world().play(PersonDown(), [faller(actor, up_s=10.5)], 30.0) == []


def test_who_ties_a_shoe_is_silent_and_who_stays_as_low_for_long_is_not(world, actor) -> None:
    assert world().play(PersonDown(), [faller(actor, into=CROUCHES, up_s=16.0)], 30.0) == []
    (alarm,) = begun(world().play(PersonDown(), [faller(actor, into=CROUCHES)], 40.0))
    assert alarm.start_s == pytest.approx(18.5, abs=0.8)
    assert alarm.evidence["surely_lying_share"] == 0.0


def test_who_lies_down_slowly_or_has_lain_there_before_is_silent(world, actor, passers_by) -> None:
    assert world().play(PersonDown(), [faller(actor, over_s=6.0)], 40.0) == []
    rests = actor(5, [(0.0, 0.0, 4.0), (60.0, 0.0, 4.0)], shapes=[(0.0, *LIES)])
    sits = actor(6, [(0.0, 3.0, 4.0), (60.0, 3.0, 4.0)], shapes=[(0.0, *SITS)])
    assert world().play(PersonDown(), [rests, sits, *passers_by(40.0)], 40.0) == []


def test_a_dweller_whose_track_breaks_beside_a_passer_by_who_is_lost_has_not_fallen(world, actor) -> None:
    ids = [(10.2, 55)]
    rests = actor(5, [(0.0, 0.3, 4.0), (60.0, 0.3, 4.0)], shapes=[(0.0, *LIES)], hidden=[(9.0, 10.2)], other_ids=ids)
    lost = actor(7, [(0.0, -12.0, 4.0), (10.0, 0.0, 4.0)])
    assert world().play(PersonDown(), [rests, lost], 30.0) == []


def test_who_is_lost_while_falling_and_found_low_by_another_track_has_fallen(world, actor) -> None:
    broken = faller(actor, hidden=[(8.1, 9.6)], other_ids=[(9.6, 44)])
    (alarm,) = begun(world().play(PersonDown(), [broken], 30.0))
    assert alarm.track_ids == (1, 44) or alarm.track_ids == (44,)


def test_who_is_hidden_up_to_the_chest_by_others_has_not_fallen(world, actor) -> None:
    """The head stays where it was; what is seen of the body is short and seems to stand farther away."""
    import numpy as np

    from tests.detect.rules.conftest import CAMERA, World

    class Hidden(World):
        def scene(self, actors, k, rng):
            scene = super().scene(actors, k, rng)
            if scene.tracks.time_s >= 8.0:
                box = scene.tracks.box_px
                box[:, 3] -= 0.5 * (box[:, 3] - box[:, 1])
                scene.tracks.position_m[:] = CAMERA.to_ground(np.c_[box[:, [0, 2]].mean(axis=1), box[:, 3]])
            return scene

    stands = actor(1, [(0.0, -8.0, 4.0), (8.0, 0.0, 4.0), (60.0, 0.0, 4.0)])
    assert Hidden().play(PersonDown(), [stands], 40.0) == []


def test_who_kneels_beside_somebody_who_fell_is_no_second_fall(world, actor) -> None:
    helper = actor(
        2, [(0.0, 9.0, 5.0), (13.0, 1.3, 4.6), (60.0, 1.3, 4.6)],
        shapes=[(0.0, *UP), (13.0, *UP), (13.8, *CROUCHES)],
    )  # fmt: skip
    assert len(begun(world().play(PersonDown(), [faller(actor), helper], 45.0))) == 1


@pytest.mark.parametrize("seed", range(4))
def test_misses_and_trembling_boxes_change_nothing(world, actor, passers_by, seed) -> None:
    people = [faller(actor), faller(actor, 2, into=CROUCHES, up_s=15.5), *passers_by(35.0, y=7.0)]
    people[1].knots = [(t, x, y + 5.0) for t, x, y in people[1].knots]
    assert len(begun(world(miss=0.1, jitter_m=0.04).play(PersonDown(), people, 35.0, seed=seed))) == 1


def test_from_straight_above_nothing_is_said(world, actor) -> None:
    above = Camera.looking_at(
        "cam", position_m=(0, 3.9, 14), look_at_m=(0, 4, 0), hfov_deg=75, resolution_px=(1280, 720)
    )
    said = world(camera=above).play(PersonDown(), [faller(actor)], 30.0)
    assert said == []


def test_a_reset_ends_what_lasts(world, actor) -> None:
    rule = PersonDown()
    (alarm,) = world().play(rule, [faller(actor)], 20.0)
    (ended,) = rule.reset()
    assert ended.event_id == alarm.event_id
    assert rule.reset() == []


def test_the_longer_the_hold_the_later(world, actor) -> None:
    starts = [
        begun(world().play(PersonDown(PersonDownSettings(hold_s=hold)), [faller(actor)], 40.0))[0].start_s
        for hold in (2.0, 5.0, 12.0)
    ]
    assert starts == sorted(starts)
    assert starts[2] - starts[0] == pytest.approx(10.0, abs=0.3)
