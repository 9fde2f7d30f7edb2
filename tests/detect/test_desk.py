from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.desk import TRANSITIONS, Alert, AlertState, Desk, DeskSettings, move
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def event(number=1, at=10.0, place=(5.0, 5.0), **changes):
    plain = Event(
        event_id=f"e{number}",
        kind=EventKind.ABANDONED_OBJECT,
        camera_id="mast",
        start_s=at,
        end_s=None,
        place_m=place,
        box_px=(10.0, 10.0, 20.0, 20.0),
        zone=None,
        track_ids=(3,),
        score=0.8,
        rule="abandoned_object",
    )
    return replace(plain, **changes)


@pytest.mark.parametrize("old", list(AlertState))
@pytest.mark.parametrize("new", list(AlertState))
def test_only_the_allowed_steps_can_be_taken(old, new):
    alert = Alert("a", event(), old, NOW, ("e1",))
    if new in TRANSITIONS[old]:
        assert move(alert, new).state is new
    else:
        with pytest.raises(ParvisError, match=f"is {old} already"):
            move(alert, new)


def test_a_verdict_is_final_and_nothing_becomes_new_again():
    assert not TRANSITIONS[AlertState.CONFIRMED]
    assert not TRANSITIONS[AlertState.DISMISSED]
    assert all(AlertState.NEW not in after for after in TRANSITIONS.values())


def test_the_same_event_said_again_is_the_same_alert():
    desk = Desk("s")
    first, new = desk.take(event(), NOW)
    again, renewed = desk.take(event(end_s=20.0), NOW)
    assert (new, renewed) == (True, False)
    assert again.alert_id == first.alert_id
    assert again.event.end_s == 20.0


@pytest.mark.parametrize(
    ("other", "joins"),
    [
        (event(2, at=15.0, place=(6.0, 6.0)), True),
        (event(2, at=15.0, place=(9.0, 5.0)), False),
        (event(2, at=15.0, camera_id="gate"), False),
        (event(2, at=15.0, kind=EventKind.DENSITY), False),
        (event(2, at=15.0, place=None, box_px=(15.0, 15.0, 30.0, 30.0)), True),
        (event(2, at=15.0, place=None, box_px=(40.0, 40.0, 50.0, 50.0)), False),
    ],
)
def test_what_is_one_matter(other, joins):
    desk = Desk("s")
    first, _ = desk.take(event(), NOW)
    alert, new = desk.take(other, NOW)
    assert new is not joins
    assert (alert.alert_id == first.alert_id) is joins
    if joins:
        assert alert.joined == ("e1", "e2")


def test_a_matter_that_is_long_over_is_another_matter():
    desk = Desk("s", DeskSettings(merge_s=30.0))
    desk.take(event(end_s=20.0), NOW)
    assert desk.take(event(2, at=49.0), NOW)[1] is False
    desk = Desk("s", DeskSettings(merge_s=30.0))
    desk.take(event(end_s=20.0), NOW)
    assert desk.take(event(2, at=51.0), NOW)[1] is True


def test_sessions_do_not_share_ids():
    assert Desk("a").take(event(), NOW)[0].alert_id != Desk("b").take(event(), NOW)[0].alert_id


def test_what_was_decided_takes_nothing_more_in():
    closed = set()
    desk = Desk("s", is_closed=closed.__contains__)
    first, _ = desk.take(event(), NOW)
    joined, new = desk.take(event(2, at=12.0), NOW)
    assert not new
    closed.add(first.alert_id)
    beside, new = desk.take(event(3, at=14.0), NOW)
    assert new
    assert beside.alert_id != first.alert_id
    late, new = desk.take(event(1, end_s=20.0), NOW)
    assert not new
    assert late.alert_id == joined.alert_id


def test_an_alert_lasts_as_long_as_one_of_its_events():
    desk = Desk("s")
    desk.take(event(1), NOW)
    desk.take(event(2, at=12.0), NOW)
    assert desk.take(event(1, end_s=15.0), NOW)[0].event.end_s is None
    over, _ = desk.take(event(2, at=12.0, end_s=18.0), NOW)
    assert over.event.end_s == 18.0
    assert over.joined == ("e1", "e2")


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(-20, 20), st.booleans()), max_size=25))
@settings(max_examples=40, deadline=None)
def test_every_statement_is_in_exactly_one_alert(statements):
    desk = Desk("s")
    alerts = {}
    for number, (at, x, ends) in enumerate(sorted(statements)):
        said = event(number, at=at, place=(x, 0.0), end_s=at if ends else None)
        alert, new = desk.take(said, NOW)
        assert new == (alert.alert_id not in alerts)
        alerts[alert.alert_id] = alert
    joined = [event_id for alert in alerts.values() for event_id in alert.joined]
    assert sorted(joined) == sorted(f"e{number}" for number in range(len(statements)))


def test_a_desk_that_stands_for_months_stays_small():
    desk = Desk("s", DeskSettings(merge_s=30.0))
    for number in range(500):
        desk.take(event(number, at=100.0 * number, end_s=100.0 * number + 5), NOW)
    assert len(desk._matters) == 1
