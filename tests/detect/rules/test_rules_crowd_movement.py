"""Many people begin to run; a few, or a crowd that walks, do not matter."""

from __future__ import annotations

import numpy as np
import pytest

from detect.rules.crowd_movement import CrowdMovement, CrowdMovementSettings

ONSET_S = 10.0


@pytest.fixture
def crowd(actor):
    """People who walk east at 1.3 m/s; from 10 s on, those in ``runners`` run by ``speed`` in the direction given."""

    def tell(runners=10, speed=3.0, direction="east", walkers=10, stops_s=14.0, until_s=40.0):
        rng = np.random.default_rng(4)
        actors = []
        for i in range(runners + walkers):
            x, y = rng.uniform(-4, 4), rng.uniform(0, 7)
            start = (0.0, x - 13.0, y)
            if i >= runners:
                actors.append(actor(i + 1, [start, (until_s, x - 13.0 + 1.3 * until_s, y)]))
                continue
            anywhere = float(rng.uniform(-np.pi, np.pi))
            heading = {"east": 0.0, "apart": float(np.arctan2(y - 3.5, x)), "random": anywhere}[direction]
            far = speed * (stops_s - ONSET_S)
            end = (stops_s, x + far * np.cos(heading), y + far * np.sin(heading))
            actors.append(actor(i + 1, [start, (ONSET_S, x, y), end, (until_s, end[1] + 5.0, end[2])]))
        return actors

    return tell


@pytest.mark.parametrize("camera", [True, False])
@pytest.mark.parametrize("direction", ["east", "apart"])
def test_people_who_begin_to_run(world, crowd, camera, direction) -> None:
    play = world(jitter_m=0.03, miss=0.1) if camera else world(camera=None)
    said = play.play(CrowdMovement(), crowd(runners=16, direction=direction), 30.0)
    assert [e.end_s is None for e in said] == [True, False]
    alarm, ended = said
    assert ONSET_S < alarm.start_s <= ONSET_S + 2.5
    assert alarm.evidence["people_running"] >= 5
    assert alarm.evidence["scale"] == ("by calibration" if camera else "from heights of people")
    assert (alarm.place_m is not None) is camera
    assert set(alarm.track_ids) <= set(range(1, 17))
    assert ended.event_id == alarm.event_id
    assert 11.5 <= ended.end_s <= 16.0


def test_walking_and_few_runners_and_confusion_are_silent(world, crowd) -> None:
    noisy = world(jitter_m=0.03, miss=0.1)
    assert noisy.play(CrowdMovement(), crowd(runners=0, walkers=30), 25.0) == []
    assert noisy.play(CrowdMovement(), crowd(runners=3), 25.0) == []
    assert noisy.play(CrowdMovement(), crowd(runners=6, walkers=20, direction="random"), 25.0) == []


def test_runners_far_from_one_another_are_silent(world, actor) -> None:
    lonely = [actor(i, [(0.0, -12.0, 9.0 * i - 9.0), (8.0, 14.0, 9.0 * i - 9.0)]) for i in range(1, 7)]
    assert world().play(CrowdMovement(), lonely, 8.0) == []


def test_a_burst_shorter_than_the_hold_is_silent(world, crowd) -> None:
    assert world().play(CrowdMovement(), crowd(stops_s=ONSET_S + 0.6), 20.0) == []


def test_no_second_alarm_for_the_same_surge(world, crowd) -> None:
    actors = crowd(stops_s=13.0)
    for one in actors[:10]:  # rests for 4 s, runs again
        t, x, y = one.knots[2]
        one.knots = [*one.knots[:3], (t + 4.0, x + 2.0, y), (t + 7.0, x - 8.0, y), (40.0, x - 8.0, y)]
    said = world().play(CrowdMovement(), actors, 30.0)
    assert len([e for e in said if e.end_s is None]) == 1


def test_release_keeps_it_while_they_slow_down(world, crowd) -> None:
    actors = crowd(walkers=0)
    for one in actors[:10]:
        t, x, y = one.knots[2]
        one.knots = [*one.knots[:3], (t + 6.0, x + 9.0, y), (40.0, x + 9.0, y)]  # goes on at 1.5 m/s
    said = world().play(CrowdMovement(CrowdMovementSettings(release=0.6)), actors, 30.0)
    assert said[-1].end_s == pytest.approx(20.0, abs=1.5)
    said = world().play(CrowdMovement(CrowdMovementSettings(release=1.0)), actors, 30.0)
    assert said[-1].end_s == pytest.approx(14.5, abs=1.5)
