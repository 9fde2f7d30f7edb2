import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.population import BagKind, Posture
from sim.render import skeleton as sk
from sim.render import solids as so
from sim.render import wardrobe as wa
from sim.render.bags import MOST_BAG_SOLIDS, bag_solids
from sim.render.figures import MOST_SOLIDS, dress
from sim.state import BAG_KINDS, POSTURES

LOOKS = st.integers(0, 2**63 - 1)
HEIGHTS = st.floats(1.2, 2.05)


def posed(posture, height=1.75, speed=0.0, walked=0.0, seat=0.45, looks=12345, holds=0):
    joints = np.zeros((sk.JOINTS, 3))
    sk.pose(POSTURES.index(posture), height, speed, walked, 0.0, seat, looks, holds, joints)
    return joints


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(Posture)), HEIGHTS, st.floats(0, 4), st.floats(0, 500), LOOKS)
def test_legs_keep_their_length_and_stay_above_the_floor(posture, height, speed, walked, looks):
    joints = posed(posture, height, speed, walked, looks=looks)
    assert np.isfinite(joints).all()
    assert joints[:, 2].min() > 0
    for side in range(2):
        hip, knee, ankle = joints[sk.HIP + side], joints[sk.KNEE + side], joints[sk.ANKLE + side]
        assert np.linalg.norm(knee - hip) == pytest.approx(0.245 * height, rel=0.12)
        assert np.linalg.norm(ankle - knee) == pytest.approx(0.246 * height, rel=0.12)


@settings(max_examples=30, deadline=None)
@given(HEIGHTS, LOOKS)
def test_who_stands_is_as_tall_as_the_body_height(height, looks):
    assert posed(Posture.STANDING, height, looks=looks)[sk.CROWN, 2] == pytest.approx(height, rel=0.012)


def test_postures_differ_in_height_as_bodies_do():
    tall = {posture: posed(posture, speed=1.4)[:, 2].max() for posture in Posture}
    assert tall[Posture.STANDING] > tall[Posture.SITTING] > tall[Posture.LYING]
    assert tall[Posture.LYING] < 0.4


def test_a_planted_foot_does_not_slide():
    steps = np.arange(0, 2.8, 0.01)
    feet = np.array([posed(Posture.WALKING, speed=1.4, walked=w)[sk.ANKLE] + (w, 0, 0) for w in steps])
    flat = feet[:, 2] < 0.0395 * 1.75
    moved = np.abs(np.diff(feet[:, 0]))[flat[1:] & flat[:-1]]
    assert flat.mean() > 0.25
    assert np.median(moved) < 0.1 * 0.01  # a tenth of the body's own way


def test_left_and_right_alternate():
    stride = 0.78 * 1.75
    early, late = posed(Posture.WALKING, speed=1.4), posed(Posture.WALKING, speed=1.4, walked=stride / 2)
    assert early[sk.ANKLE, 0] == pytest.approx(late[sk.ANKLE + 1, 0], abs=0.03)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(POSTURES))), LOOKS, st.floats(-7, 7))
def test_everybody_fits_the_table_and_stays_near_the_feet(posture, looks, heading):
    joints = posed(POSTURES[posture], speed=1.3, looks=looks)
    clothes = np.empty(wa.LOOKS)
    wa.wardrobe(looks, clothes)
    out = np.zeros((MOST_SOLIDS + 8, so.SOLID))
    count = dress(posture, 1.75, heading, 10.0, 20.0, looks, joints, clothes, out)
    assert 10 < count <= MOST_SOLIDS
    ends = np.concatenate((out[:count, so.A : so.A + 3], out[:count, so.B : so.B + 3]))
    assert np.hypot(ends[:, 0] - 10, ends[:, 1] - 20).max() < 1.2
    assert np.isfinite(out[:count]).all()
    assert (clothes[wa.SKIN : wa.BUILD] >= 0).all()
    assert (clothes[wa.SKIN : wa.BUILD] < 256).all()


def test_looks_span_light_and_dark_skin_and_many_clothes():
    rng = np.random.default_rng(1)
    table = np.empty((400, wa.LOOKS))
    for row, looks in zip(table, rng.integers(0, 2**63 - 1, 400), strict=True):
        wa.wardrobe(int(looks), row)
    skin = table[:, wa.SKIN : wa.SKIN + 3].mean(axis=1)
    assert skin.min() < 50
    assert skin.max() > 160
    assert ((skin > 60) & (skin < 150)).mean() > 0.3
    assert len(np.unique(np.round(table[:, wa.CLOTH : wa.CLOTH + 3] / 24), axis=0)) > 40
    assert 0.05 < (table[:, wa.SKIRT] > 0).mean() < 0.4
    assert 0.1 < (table[:, wa.COAT] > 0).mean() < 0.5


@pytest.mark.parametrize("kind", list(BagKind))
@pytest.mark.parametrize("carried", [False, True])
def test_a_bag_has_the_size_of_a_bag_and_stands_on_the_floor(kind, carried):
    joints = posed(Posture.STANDING) + np.array((5, 6, 0))
    out = np.zeros((MOST_BAG_SOLIDS, so.SOLID))
    count = bag_solids(BAG_KINDS.index(kind), 5.0, 6.0, 0.3, 77, carried, joints, out)
    assert 1 <= count <= MOST_BAG_SOLIDS
    body = out[0]
    middle = (body[so.A : so.A + 3] + body[so.B : so.B + 3]) / 2
    axes = body[so.AXES : so.AXES + 9].reshape(3, 3)
    half = np.abs(axes).sum(axis=1) + np.abs(body[so.B : so.B + 3] - body[so.A : so.A + 3]) / 2
    assert 0.2 < 2 * half.max() < 1.1
    assert np.hypot(*(middle[:2] - (5, 6))) < 1.0
    if not carried:
        assert abs(middle[2] - half[2]) < 0.1
    elif kind is not BagKind.SUITCASE:
        assert middle[2] > 0.15
