"""The one-to-one alignment of alarms and events against scipy's assignment, built here from the rules as written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from detect.score.events import meet
from detect.score.settings import ScoreSettings
from scenarios.event import Event, EventKind
from scenarios.incident import IncidentKind
from scenarios.truth import GroundTruth, IncidentTruth

S = ScoreSettings()
END = 90.0

fires = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 8)), max_size=6)
alarms = st.lists(st.tuples(st.integers(0, 85), st.integers(0, 8), st.integers(1, 9)), max_size=8)


def met(due, said):
    burning = tuple(
        IncidentTruth(f"f{i}", IncidentKind.FIRE, float(t), None, (float(x), 0.0), (), (), {})
        for i, (t, x) in enumerate(due)
    )
    events = [
        Event(f"e{i}", EventKind.FIRE, "cam", float(t), None, (float(x), 0.0), None, None, (), score / 10, "fire", {})
        for i, (t, x, score) in enumerate(said)
    ]
    truth = GroundTruth(END, None, None, None, burning)
    return meet(truth, events, S, watched=(EventKind.FIRE,), until_s=END)[0]


@given(due=fires, said=alarms)
def test_as_many_as_can_be_matched_are_and_with_the_least_delay(due, said):
    meeting = met(due, said)
    fits = np.zeros((len(due), len(said)), bool)
    delay = np.zeros(fits.shape)
    for i, (due_s, x) in enumerate(due):
        for j, (alarm_s, at, _) in enumerate(said):
            fits[i, j] = due_s - 3 <= alarm_s <= due_s + 30 and abs(x - at) <= 3
            delay[i, j] = abs(alarm_s - due_s)
    most = int((maximum_bipartite_matching(csr_array(fits)) >= 0).sum()) if fits.size else 0
    assert len(meeting.found) == most
    assert len(meeting.false) == len(said) - most
    late = [i for i, (t, _) in enumerate(due) if t > END - S.settle_s]
    assert len(due) - most - len(late) <= len(meeting.missed) <= len(due) - most
    if most:
        rows, columns = linear_sum_assignment(np.where(fits, 1e4 - delay, 0.0), maximize=True)
        least = sum(delay[r, c] for r, c in zip(rows, columns, strict=True) if fits[r, c])
        assert sum(abs(e.start_s - d.due_s) for d, e in meeting.found) == pytest.approx(least)
    assert len({e.event_id for _, e in meeting.found}) == most  # one to one


@given(due=fires, said=alarms, order=st.randoms())
def test_the_order_in_which_alarms_are_given_changes_no_count(due, said, order):
    mixed = list(said)
    order.shuffle(mixed)
    a, b = met(due, said), met(due, mixed)
    assert (len(a.found), len(a.false), len(a.missed)) == (len(b.found), len(b.false), len(b.missed))


def test_of_several_cameras_the_first_counts_and_the_surest_is_kept():
    fire = IncidentTruth("f", IncidentKind.FIRE, 10.0, None, (0.0, 0.0), (), (), {})
    said = [
        Event(f"e{c}", EventKind.FIRE, c, t, None, (0.0, 0.0), None, None, (), score, "fire", {})
        for c, t, score in (("a", 12.0, 0.4), ("b", 15.0, 0.9))
    ]
    meeting = meet(GroundTruth(END, None, None, None, (fire,)), said, S, until_s=END)[0]
    assert [e.event_id for _, e in meeting.found] == ["ea"]
    assert meeting.surest == (0.9,)
    assert not meeting.false
