from itertools import pairwise

import numpy as np
import pytest

from dashboard.studio import Studio, item, person
from scenarios.population import BagKind, Fall, Posture, ThingKind
from sim.people import Objects, People
from sim.render.actors.stock import shipped
from sim.render.actors.transitions import Transitions
from sim.state import FALLS, POSTURES

STEP_S = 0.04
SIDE = {"position_m": [0.0, -9.0, 1.0], "look_at_m": [0.0, 0.0, 1.0], "hfov_deg": 30.0}
PX_PER_M = 320 / 2 / np.tan(np.radians(15.0)) / 9.0


@pytest.fixture(scope="module")
def studio():
    return Studio(SIDE, (320, 240), conditions={"noise": 0.0, "shadow": 0.0})


def code(posture):
    return POSTURES.index(posture)


def head_m(studio, row, items=()):
    """Where the head is: metres to the right of the middle, and above the floor, of who stands nine metres away."""
    (x, y), *_ = studio.shoot([row], items).boxes.head_px
    return np.array(((x - 159.5) / PX_PER_M, 1.0 - (y - 119.5) / PX_PER_M))


def acted(studio, postures, items=(), **more):
    """Heads through some postures: (posture, seconds) one after another."""
    heads, before = [], postures[0][0]
    for posture, lasts_s in postures:
        for t in np.arange(0.0, lasts_s, STEP_S):
            row = person(0.0, looks=more.get("looks", 77), heading_deg=0.0, posture=posture, posture_s=t, speed_mps=0.0)
            row |= {"posture_before": code(before), "fall": more.get("fall", 0)}
            heads.append(head_m(studio, row, items))
        before = posture
    return np.array(heads)


@pytest.mark.parametrize("looks", [77, 78, 81, 95])
def test_who_puts_a_bag_down_bends_to_it_and_comes_up_without_a_jump(studio, looks):
    bag = [item(BagKind.HOLDALL, 0.4, looks=3)]
    postures = [(Posture.STANDING, 0.2), (Posture.CROUCHING, 0.9), (Posture.STANDING, 0.8)]
    heads = acted(studio, postures, bag, looks=looks)
    assert heads[0, 1] - heads[:, 1].min() > 0.3
    assert heads[-1, 1] == pytest.approx(heads[0, 1], abs=0.06)
    assert np.abs(np.diff(heads[:, 1])).max() < 0.16  # at most 4 m/s; the whole way at once would be 0.4 m and more
    low = heads[heads[:, 1].argmin() - 2 : heads[:, 1].argmin() + 3, 1]
    assert np.ptp(low) < 0.1


@pytest.mark.parametrize("fall", [Fall.FORWARD, Fall.BACKWARD, Fall.LEFT, Fall.RIGHT])
def test_who_gets_up_after_a_fall_goes_over_hands_and_knees_to_the_feet(studio, fall):
    heads = acted(studio, [(Posture.FALLEN, 0.1), (Posture.CROUCHING, 1.6)], fall=FALLS.index(fall))
    assert heads[0, 1] < 0.6
    assert heads[-1, 1] > 1.6
    assert np.abs(np.diff(heads[3:, 1])).max() < 0.16
    assert (np.diff(heads[:, 1]) > -0.06).all()


def test_who_lies_lies_along_the_heading_with_the_head_ahead():
    above = {"position_m": [0.0, 0.0, 12.0], "look_at_m": [0.0, 0.001, 0.0], "hfov_deg": 20.0}
    down = Studio(above, (320, 240), conditions={"noise": 0.0})
    for k in range(8):
        turn = 45.0 * k
        shot = down.shoot([person(0.0, looks=31 + 877 * k, heading_deg=turn, posture=Posture.LYING)])
        rows, columns = np.nonzero(shot.instance_id == 1)
        ahead = shot.boxes.head_px[0] - (159.5, 119.5)
        assert ahead @ (np.cos(np.radians(turn)), -np.sin(np.radians(turn))) > 0.75 * np.hypot(*ahead)
        assert np.hypot(*(np.array((columns.mean(), rows.mean())) - (159.5, 119.5))) < 0.35 * 320 / 4.23


def test_who_lies_on_a_sleeping_bag_does_not_sink_into_it():
    above = {"position_m": [0.0, -6.0, 5.0], "look_at_m": [0.0, 0.0, 0.1], "hfov_deg": 24.0}
    studio = Studio(above, (480, 360), conditions={"noise": 0.0})
    for looks in (5, 6, 90, 91):
        sleeper = person(0.0, looks=looks, heading_deg=0.0, posture=Posture.LYING)
        shot = studio.shoot([sleeper], [item(ThingKind.SLEEPING_BAG, 0.0, looks=4, heading_deg=0.0)])
        assert shot.boxes.visibility[0] > 0.93
        assert 0.1 < shot.boxes.visibility[1] < 0.9


def someone(posture, **values):
    """One person of the crowd, who has been so all the time."""
    people = People()
    blank = dict.fromkeys(People.__slots__, 0) | {"id": 1, "position_m": (0.0, 0.0), "velocity_mps": (0.0, 0.0)}
    people.add(1, **(blank | {"posture": code(posture), "posture_before": code(posture)} | values))
    return people


def test_who_stands_shifts_the_weight_now_and_then():
    stock = shipped()
    stand = int(stock.clip_first[[clip.name for clip in stock.clips].index("stand")])
    transitions, ways = Transitions(stock), 0
    for looks in range(40, 56):
        shown = []
        for posture_s in np.arange(0.0, 40.0, 0.1):
            people = someone(Posture.STANDING, looks=looks, posture_s=posture_s, posture_before=code(Posture.WALKING))
            key, blend = np.array([[stand, stand]]), np.zeros(1)
            transitions.enact(people.state(), Objects().state(), key, blend)
            shown.append((*key[0].tolist(), float(blend[0])))
        assert shown[0] == (stand, shown[0][1], 0.0)
        still = [share in (0.0, 1.0) for _, _, share in shown]
        assert np.mean(still) > 0.7
        for (_, last, share), (first, _, begins) in pairwise(shown):
            if begins < share:  # another change comes up: it begins in the pose in which the last one ended
                assert first == last
                assert share > 0.95
        ways += len({first for first, _, _ in shown}) > 1
    assert ways > 10


def test_feet_stay_while_the_weight_shifts(studio):
    for looks in (40, 43, 47):
        feet = []
        for posture_s in np.arange(0.0, 30.0, 0.4):
            row = person(0.0, looks=looks, heading_deg=-90.0, posture=Posture.STANDING, posture_s=posture_s)
            rows, columns = np.nonzero(studio.shoot([row]).instance_id == 1)
            feet.append(columns[rows >= rows.max() - 3].mean() / PX_PER_M)
        assert np.ptp(feet) < 0.12


def test_the_posture_before_is_kept_and_a_fall_until_the_next_but_one():
    people = someone(Posture.WALKING)
    told = []
    for posture in (Posture.FALLING, Posture.FALLEN, Posture.CROUCHING, Posture.WALKING, Posture.STANDING):
        people.take(0, posture)
        told.append(POSTURES[people.posture_before[0]])
    assert told == [Posture.WALKING, Posture.FALLING, Posture.FALLEN, Posture.FALLEN, Posture.WALKING]
    people.posture_s[0] = 3.0
    people.take(0, Posture.STANDING)
    assert people.posture_s[0] == 3.0
