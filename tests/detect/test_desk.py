from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.desk import TRANSITIONS, Alert, AlertState, Desk, DeskSettings, move
from detect.marks import Mark
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def take(desk, said, now=NOW):
    filed = desk.take(said, now)
    return filed.alert, filed.new


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
    first, new = take(desk, event())
    again, renewed = take(desk, event(end_s=20.0))
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
    first, _ = take(desk, event())
    alert, new = take(desk, other)
    assert new is not joins
    assert (alert.alert_id == first.alert_id) is joins
    if joins:
        assert alert.joined == ("e1", "e2")


def test_a_matter_that_is_long_over_is_another_matter():
    desk = Desk("s", DeskSettings(merge_s=30.0))
    take(desk, event(end_s=20.0))
    assert take(desk, event(2, at=49.0))[1] is False
    desk = Desk("s", DeskSettings(merge_s=30.0))
    take(desk, event(end_s=20.0))
    assert take(desk, event(2, at=51.0))[1] is True


def test_sessions_do_not_share_ids():
    assert take(Desk("a"), event())[0].alert_id != take(Desk("b"), event())[0].alert_id


def test_what_was_decided_takes_nothing_more_in():
    closed = set()
    desk = Desk("s", is_closed=closed.__contains__)
    first, _ = take(desk, event())
    joined, new = take(desk, event(2, at=12.0))
    assert not new
    closed.add(first.alert_id)
    beside, new = take(desk, event(3, at=14.0))
    assert new
    assert beside.alert_id != first.alert_id
    late, new = take(desk, event(1, end_s=20.0))
    assert not new
    assert late.alert_id == joined.alert_id


def test_an_alert_lasts_as_long_as_one_of_its_events():
    desk = Desk("s")
    take(desk, event(1))
    take(desk, event(2, at=12.0))
    assert take(desk, event(1, end_s=15.0))[0].event.end_s is None
    over, _ = take(desk, event(2, at=12.0, end_s=18.0))
    assert over.event.end_s == 18.0
    assert over.joined == ("e1", "e2")


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(-20, 20), st.booleans()), max_size=25))
@settings(max_examples=40, deadline=None)
def test_every_statement_is_in_exactly_one_alert(statements):
    desk = Desk("s", DeskSettings(most_per_minute=25))
    alerts = {}
    for number, (at, x, ends) in enumerate(sorted(statements)):
        said = event(number, at=at, place=(x, 0.0), end_s=at if ends else None)
        alert, new = take(desk, said)
        assert new == (alert.alert_id not in alerts)
        alerts[alert.alert_id] = alert
    joined = [event_id for alert in alerts.values() for event_id in alert.joined]
    assert sorted(joined) == sorted(f"e{number}" for number in range(len(statements)))


def test_a_desk_that_stands_for_months_stays_small():
    desk = Desk("s", DeskSettings(merge_s=30.0))
    for number in range(500):
        take(desk, event(number, at=100.0 * number, end_s=100.0 * number + 5), later(100 * number))
    assert len(desk._matters) == 1


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def flood(desk, many, *, at=0.0, kind=EventKind.ZONE_INTRUSION, first=100, ends=True):
    """Events far from each other, one a second."""
    said = [
        event(first + n, at=at + n, place=(100.0 * (first + n), 0.0), kind=kind, end_s=at + n if ends else None)
        for n in range(many)
    ]
    return [desk.take(one, later(at + n)) for n, one in enumerate(said)]


def test_what_is_too_much_for_a_person_is_one_alert_that_counts_it():
    desk = Desk("s", DeskSettings(most_per_minute=4))
    filed = flood(desk, 19)
    raised = [f.alert for f in filed if f.new]
    assert len(raised) == 5
    assert [f.held for f in filed] == [False] * 5 + [True] * 14
    assert {f.alert.alert_id for f in filed[4:]} == {raised[4].alert_id}
    assert filed[-1].alert.more == 14
    assert filed[-1].alert.event.event_id == raised[4].event.event_id


def test_a_fire_does_not_drown_in_a_flood_of_something_else():
    desk = Desk("s", DeskSettings(most_per_minute=4))
    flood(desk, 30)
    fire = desk.take(event(1, kind=EventKind.FIRE), later(30))
    assert fire.new
    assert fire.alert.event.kind is EventKind.FIRE
    assert fire.alert.more == 0


def test_after_the_flood_alerts_are_single_again():
    desk = Desk("s", DeskSettings(most_per_minute=4))
    flood(desk, 10)
    late = flood(desk, 5, at=75.0, first=200)
    assert [f.new for f in late] == [True] * 5
    assert late[4].alert.more == 0, "the group of the flood before takes nothing more in"


def test_a_group_that_was_decided_takes_nothing_more_in_but_hears_what_is_its_own():
    closed = set()
    desk = Desk("s", DeskSettings(most_per_minute=1), is_closed=closed.__contains__)
    first = flood(desk, 3, ends=False)[1].alert
    closed.add(first.alert_id)
    second = flood(desk, 1, at=5.0, first=200, ends=False)[0]
    assert second.new
    over = desk.take(event(102, end_s=9.0, kind=EventKind.ZONE_INTRUSION), later(9))
    assert (over.alert.alert_id, over.new, over.held) == (first.alert_id, False, True)
    own = desk.take(event(101, end_s=9.5, kind=EventKind.ZONE_INTRUSION), later(9))
    assert (own.held, own.alert.event.end_s) == (False, 9.5)


def test_a_flood_of_days_is_no_burden():
    desk = Desk("s", DeskSettings(most_per_minute=3))
    filed = flood(desk, 3000)
    assert sum(f.new for f in filed) + sum(f.held for f in filed) == 3000
    assert len(desk._groups) <= 1
    assert max(len(f.alert.joined) for f in filed) == 1


def mark(**changes):
    plain = Mark(
        1, False, EventKind.ABANDONED_OBJECT, "mast", (5.0, 5.0), 1.5, (10.0, 10.0, 20.0, 20.0), None,
        NOW, later(3600), "Kim", "a bin", "a1",
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("said", "covered"),
    [
        (event(), True),
        (event(place=(6.0, 5.9)), True),
        (event(place=(6.6, 5.0)), False),
        (event(place=(6.6, 5.0), box_px=(10.0, 10.0, 20.0, 20.0)), False),  # metres count, where there are some
        (event(camera_id="gate"), False),
        (event(kind=EventKind.FIRE), False),
        (event(place=None), True),
        (event(place=None, box_px=(12.0, 12.0, 22.0, 22.0)), True),
        (event(place=None, box_px=(19.0, 19.0, 30.0, 30.0)), False),  # a bag beside it only touches it
        (event(place=None, box_px=(0.0, 0.0, 200.0, 200.0)), False),
        (event(place=None, box_px=None), False),
    ],
)
def test_a_mark_covers_its_kind_at_its_place(said, covered):
    assert mark().covers(said, NOW) is covered
    assert not mark().covers(said, later(3600))


def test_a_mark_of_a_zone_covers_what_has_no_place_but_that_zone():
    of_zone = mark(kind=EventKind.DENSITY, place_m=None, box_px=None, zone="hall")
    said = event(kind=EventKind.DENSITY, place=None, box_px=None, zone="hall")
    assert of_zone.covers(said, NOW)
    assert not of_zone.covers(replace(said, zone="stairs"), NOW)
    assert not replace(of_zone, zone=None).covers(replace(said, zone=None), NOW)


def test_what_is_marked_is_counted_and_raised_when_the_mark_ends_before_it_does():
    marks = [mark()]
    desk = Desk("s", marks=lambda: marks)
    held = desk.take(event(), NOW)
    assert (held.alert, held.new, held.held, held.mark) == (None, False, True, marks[0])
    assert desk.look_again(later(3599)) == []
    (raised,) = desk.look_again(later(3600))
    assert raised.new
    assert raised.alert.event.event_id == "e1"
    assert desk.look_again(later(3601)) == []


def test_what_ended_under_a_mark_is_not_raised_later():
    marks = [mark()]
    desk = Desk("s", marks=lambda: marks)
    desk.take(event(), NOW)
    over = desk.take(event(end_s=20.0), NOW)
    assert (over.alert, over.held) == (None, True)
    marks.clear()
    assert desk.look_again(NOW) == []
    assert desk.take(event(2, at=30.0), NOW).new


def test_an_alert_that_is_there_goes_on_under_a_mark():
    marks = []
    desk = Desk("s", marks=lambda: marks)
    first = desk.take(event(), NOW)
    marks.append(mark())
    assert desk.take(event(end_s=20.0), NOW).alert.alert_id == first.alert.alert_id


def test_a_clock_that_is_set_back_does_not_silence_the_desk():
    """After a flood, an hour that begins anew must not count its alerts among those of the flood."""
    desk = Desk("s", DeskSettings(most_per_minute=2, merge_m=1.0, merge_s=0.0))
    flood = datetime(2026, 10, 25, 2, 59, 50, tzinfo=UTC)

    def said(number):
        place = (10.0 * number, 0.0)
        return Event(
            f"e{number}", EventKind.FIRE, "gate", float(number), number + 0.5, place, None, None, (), 0.5, "fire"
        )

    taken = [desk.take(said(number), flood + timedelta(seconds=number)) for number in range(5)]
    assert [t.new for t in taken] == [True, True, True, False, False]
    assert taken[-1].held
    later = desk.take(said(20), flood - timedelta(hours=1))
    assert later.new
    assert not later.held
