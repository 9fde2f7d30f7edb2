import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detect.score.due import EVENT_OF_INCIDENT, due_events
from detect.score.scorecard import event_ledger, scorecard
from detect.score.settings import ScoreSettings
from detect.score.trespass import downs, intrusions, wrong_ways
from scenarios.event import EventKind
from scenarios.incident import IncidentKind
from scenarios.truth import PEOPLE, GroundTruth, IncidentTruth
from scenarios.venue import Zone

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
FORBIDDEN = Zone(id="works", polygon=SQUARE, forbidden=True)
ONE_WAY = Zone(id="passage", polygon=SQUARE, one_way=(0, 1))
S = ScoreSettings()


def walk(xs, ys=5.0, *, person=1, step_s=0.1):
    xs, ys = np.broadcast_arrays(np.asarray(xs, float), np.asarray(ys, float))
    return [(k * step_s, person, x, y) for k, (x, y) in enumerate(zip(xs, ys, strict=True))]


def test_who_is_inside_long_enough_intrudes_from_then_on(people_table):
    table = people_table(walk(np.linspace(-2, 12, 141)))
    (found,) = intrusions(table, [FORBIDDEN], S)
    assert found.kind is EventKind.ZONE_INTRUSION
    assert (found.zone, found.person) == ("works", 1)
    assert found.due_s == pytest.approx(2.1 + S.intrusion_hold_s, abs=0.11)
    assert found.until_s == pytest.approx(12.0, abs=0.11)


def test_a_step_over_the_edge_is_no_intrusion(people_table):
    inside = [*np.full(30, -1.0), *np.full(9, 0.5), *np.full(30, -1.0)]
    assert intrusions(people_table(walk(inside)), [FORBIDDEN], S) == []
    assert intrusions(people_table(walk(np.linspace(-5, -0.1, 100))), [FORBIDDEN], S) == []
    assert intrusions(people_table(walk(np.linspace(-2, 12, 141))), [ONE_WAY], S) == []


def test_who_leaves_the_venue_ends_the_event(people_table):
    rows = walk(np.full(40, 5.0)) + walk(np.full(200, -3.0), person=2)
    (found,) = intrusions(people_table(rows), [FORBIDDEN], S)
    assert found.until_s == pytest.approx(3.9)


def test_against_the_direction_is_the_wrong_way_and_with_it_is_not(people_table):
    down, up = np.linspace(11, -1, 121), np.linspace(-1, 11, 121)
    (found,) = wrong_ways(people_table(walk(5.0, down)), [ONE_WAY], S)
    assert found.due_s == pytest.approx((11 - 10) / 1.0 + S.wrong_way_m, abs=0.15)
    assert wrong_ways(people_table(walk(5.0, up)), [ONE_WAY], S) == []
    turned = np.concatenate((np.linspace(11, 8.5, 26), np.linspace(8.5, 11, 26)))
    assert wrong_ways(people_table(walk(5.0, turned)), [ONE_WAY], S) == []


@given(back=st.floats(0, 6), forth=st.floats(0, 4))
def test_what_counts_is_the_way_back_from_the_farthest_point(back, forth):
    ys = np.concatenate((np.linspace(1, 1 + forth, 30), np.linspace(1 + forth, 1 + forth - back, 60)))
    ys = np.maximum(ys, 0.01)
    names = ("time_s", "id", "x_m", "y_m")
    rest = {"vx_mps": 0.0, "vy_mps": 0.0, "posture": "walking", "role": "passer_by", "body": "adult"}
    rows = [dict(zip(names, row, strict=True)) | rest for row in walk(5.0, ys)]
    found = wrong_ways(pa.Table.from_pylist(rows, PEOPLE), [ONE_WAY], S)
    against = 1 + forth - float(ys.min()) if back else 0.0
    assert bool(found) == (min(back, against) >= S.wrong_way_m - 1e-6)


def test_the_fallen_are_down_and_who_lies_down_to_rest_is_not(people_table):
    table = people_table(walk(np.full(100, 5.0)))
    for posture, count in (("fallen", 1), ("lying", 0), ("crouching", 0), ("sitting", 0)):
        column = ["walking"] * 20 + [posture] * 60 + ["walking"] * 20
        changed = table.set_column(table.column_names.index("posture"), "posture", [column])
        found = downs(changed, S)
        assert len(found) == count
        if found:
            assert found[0].due_s == pytest.approx(2.0 + S.down_hold_s)
            assert found[0].until_s == pytest.approx(8.0)
    short = ["walking"] * 20 + ["fallen"] * 25 + ["walking"] * 55
    assert downs(table.set_column(table.column_names.index("posture"), "posture", [short]), S) == []


def test_every_incident_kind_is_mapped_and_the_harmless_ones_to_nothing():
    assert set(EVENT_OF_INCIDENT) == set(IncidentKind)
    nothing = {kind for kind, event in EVENT_OF_INCIDENT.items() if event is None}
    assert nothing == {
        IncidentKind.CROUCH, IncidentKind.LIGHT, IncidentKind.BAG_HANDOVER, IncidentKind.BAG_THEFT,
        IncidentKind.BIN_BAG, IncidentKind.ENCAMPMENT, IncidentKind.EVACUATION, IncidentKind.GATE_CHANGE,
        IncidentKind.OBSTACLE_MOVE,
    }  # fmt: skip


def incident(kind, due_s=None, **facts):
    if due_s is not None:
        facts["due_s"] = due_s
    return IncidentTruth("i", kind, 5.0, 20.0, (5.0, 5.0), (1,), (), facts)


def test_where_nobody_noted_people_the_incidents_say_what_is_due():
    for kind, event in EVENT_OF_INCIDENT.items():
        if event in (EventKind.PERSON_DOWN, EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY, EventKind.FIRE):
            (due,) = due_events(GroundTruth(60.0, None, None, None, (incident(kind, 8.0),)), (), S)
            assert (due.kind, due.due_s) == (event, 8.0)
            (due,) = due_events(GroundTruth(60.0, None, None, None, (incident(kind),)), (), S)
            assert due.due_s == 5.0  # an annotator who gave no more than its beginning
            near_miss = IncidentTruth("i", kind, 5.0, 20.0, (5.0, 5.0), (1,), (), {"due_s": None})
            assert due_events(GroundTruth(60.0, None, None, None, (near_miss,)), (), S) == []
        elif event is None:
            assert due_events(GroundTruth(60.0, None, None, None, (incident(kind),)), (), S) == []


def test_a_kind_without_a_rule_says_so_and_is_no_zero(observed, alarm, monkeypatch):
    monkeypatch.setattr("detect.score.events.NOT_IMPLEMENTED", {"fire": "there is no rule"})
    truth = GroundTruth(60.0, None, None, None, (incident(IncidentKind.FIRE, 8.0), incident(IncidentKind.SURGE)))
    told = {"scenario_name": "x", "seed": 1, "detector": "d", "footage_s": 60.0, "wall_s": 1.0}
    events = scorecard(truth, observed(), **told)["events"]
    assert events["fire"] == {"true": 1, "rule": False}
    assert events["crowd_movement"]["found"] == 0
    rows = event_ledger(truth, observed())
    assert {row["kind"]: row["status"] for row in rows} == {"fire": "no_rule", "crowd_movement": "missed"}
    watched = scorecard(truth, observed(), watched=[EventKind.FIRE], **told)["events"]  # a rule of somebody else's
    assert watched["fire"]["found"] == 0
