"""What is due follows from the facts; alarms meet it one to one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from detect.score import ScoreSettings, event_ledger, scorecard
from detect.score.due import EVENT_OF_INCIDENT, due_events, knowable
from detect.score.events import meet, score_events
from detect.score.fairness import fairness
from detect.score.intervals import poisson_interval
from scenarios.event import EventKind
from scenarios.frame import Gap
from scenarios.incident import IncidentKind
from scenarios.truth import GroundTruth, IncidentTruth
from scenarios.venue import Zone

S = ScoreSettings()
STEP = 0.5
BAG = EventKind.ABANDONED_OBJECT


@pytest.fixture
def bag_truth(people_table, object_table):
    """An owner who puts a bag down at 5 s at (0, 0) and is ``path(t)`` metres east of it; None: not in the venue."""

    def build(path, duration=100.0, picked_s=None, owner=1, more=()):
        people, objects = [], []
        for t in np.arange(0.0, duration, STEP).tolist():
            x = path(t)
            if x is not None:
                people.append((t, 1, x, 0.0, "owner"))
            held = 1 if t < 5.0 or (picked_s is not None and t >= picked_s) else -1
            objects.append((t, 50, 0.0 if held < 0 else (x or 0.0), 0.0, held, owner))
            people += [(t, *m) for m in more]
        return GroundTruth(duration, people_table(people), object_table(objects), None, ())

    return build


def leaves(t):
    return 0.0 if t < 10 else t - 10.0  # 3 m away at 13 s


def stays(t):
    return 1.0


def stays_a_little_off(t):
    return 2.9


def test_due_thirty_seconds_after_the_owner_is_three_metres_away(bag_truth) -> None:
    (due,) = due_events(bag_truth(leaves), (), S)
    assert (due.kind, due.due_s, due.until_s) == (BAG, 13.5 + 30.0, None)
    assert due.place_m == (0.0, 0.0)
    assert due.person_ids == (1,)


def test_a_venue_without_a_single_bag_is_due_nothing(people_table, object_table) -> None:
    people = people_table([(t, 1, 0.0, 0.0, "passer_by") for t in (0.0, 0.5, 1.0)])
    assert due_events(GroundTruth(1.5, people, object_table([]), None, ()), (), S) == []


def test_owner_who_left_the_venue_is_away(bag_truth) -> None:
    (due,) = due_events(bag_truth(lambda t: 1.0 if t < 20 else None), (), S)
    assert due.due_s == 50.0


@pytest.mark.parametrize(
    "path",
    [
        stays,
        stays_a_little_off,
        lambda t: 10.0 if 15 < t < 40 else 1.0,  # away, but not for long enough
        lambda t: 10.0 if t > 15 and int(t) % 20 else 1.0,  # comes back again and again
    ],
)
def test_attended_bags_are_never_due(bag_truth, path) -> None:
    assert due_events(bag_truth(path), (), S) == []


def test_until_the_owner_is_back_or_the_bag_is_fetched(bag_truth) -> None:
    (due,) = due_events(bag_truth(lambda t: 10.0 if 15 < t < 60 else 1.0), (), S)
    assert (due.due_s, due.until_s) == (45.5, 60.0)
    (due,) = due_events(bag_truth(leaves, picked_s=70.0), (), S)
    assert due.until_s == 70.0
    assert due_events(bag_truth(leaves, picked_s=40.0), (), S) == []


def test_left_twice_is_due_twice(bag_truth) -> None:
    assert [d.due_s for d in due_events(bag_truth(lambda t: 1.0 if 50 <= t <= 60 else leaves(t)), (), S)] == [
        43.5,
        90.5,
    ]


def test_a_bag_without_owner_is_never_due(bag_truth) -> None:
    assert due_events(bag_truth(leaves, owner=-1), (), S) == []


def test_what_is_due_after_the_footage_was_not_watched(bag_truth) -> None:
    assert due_events(bag_truth(leaves), (), S, until_s=40.0) == []


def one(truth, events, **kw):
    settings = kw.pop("settings", S)
    (meeting,) = meet(truth, events, settings, **kw)
    return score_events(meeting, truth.duration_s / 3600, settings)


@pytest.mark.parametrize(
    ("at_s", "place", "found"),
    [
        (43.5, (0.0, 0.0), True),
        (41.0, (0.0, 0.0), True),
        (40.0, (0.0, 0.0), False),
        (73.0, (0.0, 2.9), True),
        (74.0, (0.0, 0.0), False),
        (44.0, (0.0, 3.1), False),
        (44.0, None, True),
    ],
)
def test_alarms_meet_in_time_and_place(bag_truth, alarm, at_s, place, found) -> None:
    score = one(bag_truth(leaves), [alarm(at_s, place)])
    assert (score.true, score.found, score.false) == (1, int(found), int(not found))
    assert score.delays_s == ((at_s - 43.5,) if found else ())


def test_no_alarm_after_it_is_over(bag_truth, alarm) -> None:
    truth = bag_truth(lambda t: 10.0 if 15 < t < 48 else 1.0)
    assert one(truth, [alarm(47.9)]).found == 1
    assert one(truth, [alarm(49.0)]).found == 0


def test_one_to_one(bag_truth, alarm) -> None:
    score = one(bag_truth(leaves), [alarm(44.0), alarm(50.0), alarm(46.0)])
    assert (score.found, score.false) == (1, 2)
    assert score.delays_s == (0.5,)


def test_as_many_as_possible_before_as_early_as_possible(bag_truth, alarm) -> None:
    truth = bag_truth(lambda t: 1.0 if 50 <= t <= 52 else leaves(t), duration=130.0)  # due at 43.5 and 82.5
    strict = ScoreSettings(late_s=60.0)
    score = one(truth, [alarm(49.5), alarm(84.0)], settings=strict)
    assert (score.found, score.false) == (2, 0)


def test_several_cameras_may_say_the_same(bag_truth, alarm) -> None:
    score = one(bag_truth(leaves), [alarm(46.0, camera="a"), alarm(45.0, camera="b")])
    assert (score.found, score.false, score.delays_s) == (1, 0, (1.5,))


def test_due_at_the_very_end_is_scored_only_when_found(bag_truth, alarm) -> None:
    truth = bag_truth(leaves, duration=45.0)
    assert meet(truth, [], S)[0].missed == ()
    assert one(truth, [alarm(44.5)]).found == 1


def test_rates_and_what_is_not_defined(bag_truth, alarm) -> None:
    score = one(bag_truth(leaves), [alarm(44.0), alarm(20.0, (5.0, 5.0))])
    values = score.as_json()
    assert values.pop("delay_s") == {"median": 0.5, "p90": 0.5}
    assert values == pytest.approx(
        {
            "true": 1,
            "found": 1,
            "false": 1,
            "recall": 1.0,
            "precision": 0.5,
            "f1": 2 / 3,
            "false_per_camera_hour": 36.0,
        }
    )
    nothing = one(bag_truth(stays), [], watched=[BAG]).as_json()
    assert nothing == {"true": 0, "found": 0, "false": 0, "false_per_camera_hour": 0.0}
    missed = one(bag_truth(leaves), []).as_json()
    assert missed == {"true": 1, "found": 0, "false": 0, "recall": 0.0, "f1": 0.0, "false_per_camera_hour": 0.0}


def test_ilids_f1(bag_truth, alarm) -> None:
    score = one(bag_truth(leaves), [alarm(44.0), alarm(20.0, (5.0, 5.0))])
    assert score.f1_live == pytest.approx(1.5 * 0.5 / (1 + 0.25))
    assert score.f1_record == pytest.approx(11 * 0.5 / (1 + 5.0))
    same = ScoreSettings(alpha_live=1.0)
    assert one(bag_truth(leaves), [alarm(44.0), alarm(20.0)], settings=same).f1_live == pytest.approx(score.f1)


def test_ledger(bag_truth, alarm, observed) -> None:
    truth = bag_truth(lambda t: 1.0 if 50 <= t <= 60 else leaves(t))
    wrong, right = alarm(20.0, (5.0, 5.0)), alarm(44.0)
    rows = event_ledger(truth, observed(events=[wrong, right]))
    assert [r["status"] for r in rows] == ["false", "found", "missed"]
    assert rows[0] == {
        "kind": "abandoned_object",
        "due_s": None,
        "until_s": None,
        "place": [5.0, 5.0],
        "status": "false",
        "alarm_s": 20.0,
        "event_id": wrong.event_id,
        "camera": "cam",
        "score": 1.0,
    }
    assert (rows[1]["due_s"], rows[1]["until_s"], rows[1]["alarm_s"]) == (43.5, 50.0, 44.0)
    assert (rows[2]["due_s"], rows[2]["alarm_s"], rows[2]["event_id"]) == (90.5, None, None)


def surge(start=10.0, end=20.0, people=(), place=(0.0, 0.0)):
    return IncidentTruth("s", IncidentKind.SURGE, start, end, place, tuple(people), (), {})


def test_surges(people_table, alarm) -> None:
    runs = people_table([(t, 1, 3.0 * max(0.0, t - 10), 0.0) for t in np.arange(0.0, 30, 0.5).tolist()])
    truth = GroundTruth(30.0, runs, None, None, (surge(people=[1]),))
    move = EventKind.CROWD_MOVEMENT
    assert one(truth, [alarm(15.0, (14.0, 1.0), kind=move)]).found == 1  # the runner is at 15 m by then
    assert one(truth, [alarm(15.0, (25.0, 1.0), kind=move)]).false == 1
    assert one(truth, [alarm(21.0, (30.0, 1.0), kind=move)]).false == 1


def test_density(people_table, alarm) -> None:
    zone = Zone(id="gate", polygon=[(0, 0), (2, 0), (2, 2), (0, 2)], max_density_per_m2=1.0)
    rows = [(t, i, 0.3 * i, 1.0) for t in np.arange(0.0, 40, 0.5).tolist() for i in range(6 if 10 <= t < 20 else 2)]
    truth = GroundTruth(40.0, people_table(rows), None, None, None)
    (due,) = due_events(truth, [zone], S)
    assert (due.due_s, due.until_s, due.zone) == (12.0, 20.0, "gate")
    full = [alarm(13.0, (50.0, 50.0), kind=EventKind.DENSITY, zone="gate")]
    assert one(truth, full, zones=[zone]).found == 1
    assert one(truth, [alarm(13.0, kind=EventKind.DENSITY, zone="hall")], zones=[zone]).false == 1
    assert meet(truth, full, S) == []  # nobody told the limits


def test_truth_that_does_not_speak_of_a_kind_scores_nothing(people_table, alarm, observed) -> None:
    truth = GroundTruth(30.0, people_table([(0.0, 1, 0.0, 0.0)]), None, None, None)
    assert knowable(truth, ()) == frozenset()
    events = [alarm(5.0), alarm(5.0, kind=EventKind.CROWD_MOVEMENT), alarm(5.0, kind=EventKind.FIRE)]
    assert meet(truth, events, S, watched=list(EventKind)) == []
    card = scorecard(
        truth, observed(events=events), scenario_name="x", seed=None, detector="d", footage_s=30.0, wall_s=1.0
    )
    assert card == {"scenario": "x", "detector": "d", "footage_s": 30.0, "wall_s": 1.0}


def test_annotated_bag_by_its_box(alarm) -> None:
    facts = {"owner_left_s": 20.0, "x1_px": 100.0, "y1_px": 100.0, "x2_px": 140.0, "y2_px": 140.0}
    bag = IncidentTruth("b", IncidentKind.ABANDONED_BAG, 10.0, None, (np.nan, np.nan), (), (), facts)
    truth = GroundTruth(120.0, None, None, None, (bag,))
    assert one(truth, [alarm(51.0, None, box=(120.0, 120.0, 160.0, 160.0))]).found == 1
    assert one(truth, [alarm(51.0, None, box=(320.0, 120.0, 360.0, 160.0))]).found == 0


def test_every_incident_has_its_event() -> None:
    assert set(EVENT_OF_INCIDENT) == set(IncidentKind)


def test_garwood() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, 3.6889), abs=1e-4)  # published tables
    assert poisson_interval(1) == pytest.approx((0.0253, 5.5716), abs=1e-4)
    assert poisson_interval(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)


@given(count=st.integers(1, 300))
def test_garwood_is_exact(count) -> None:
    low, high = poisson_interval(count)
    assert poisson.sf(count - 1, low) == pytest.approx(0.025)
    assert poisson.cdf(count, high) == pytest.approx(0.025)


def test_fairness(bag_truth, alarm) -> None:
    truth = bag_truth(
        stays, duration=360.0, more=[(2, 10.0, 0.0, "dweller"), (3, 20.0, 0.0, "passer_by"), (4, 24, 0.0)]
    )
    false = [alarm(5.0, (11.0, 0.0)), alarm(50.0, (9.0, 0.0)), alarm(60.0, (19.5, 0.0)), alarm(70.0, (60.0, 60.0))]
    from detect.score.boxes import Footage

    found = fairness(truth, false, Footage.of((), 360.0, (), ()), S)
    assert list(found) == ["dweller", "passer_by"]
    assert found["dweller"]["person_hours"] == pytest.approx(0.1)
    assert found["passer_by"]["person_hours"] == pytest.approx(0.2)
    assert (found["dweller"]["false_alarms"], found["passer_by"]["false_alarms"]) == (2, 1)
    assert found["dweller"]["per_person_hour"] == pytest.approx(20.0)
    assert found["dweller"]["ci95"] == pytest.approx([v / 0.1 for v in poisson_interval(2)])


def test_camera_hours_leave_out_gaps(bag_truth, alarm, observed) -> None:
    truth = bag_truth(stays)
    kw = {"scenario_name": "x", "seed": 3, "detector": "d", "footage_s": 100.0, "wall_s": 1.0}
    wrong = [alarm(20.0, (9.0, 9.0))]
    found = observed([(0, 1.0, 1.0, 9.0, 9.0, 0.5)], events=wrong, gaps=[Gap("cam", 40.0, 90.0, "cable")])
    card = scorecard(truth, found, **kw)
    assert card["events"]["abandoned_object"]["false_per_camera_hour"] == pytest.approx(72.0)
    assert card["seed"] == 3
