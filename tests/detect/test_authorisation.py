"""When the analysis may run: days, hours, purposes and switches."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from detect.live.authorisation import Authorisation, permit
from detect.store import Store
from scenarios.errors import ParvisError
from scenarios.event import EventKind

ALL = frozenset(EventKind)
BAG = EventKind.ABANDONED_OBJECT


def order(**more):
    return Authorisation(order="order 2026-117", first="2026-06-01", last="2026-06-10", **more)


def paris(day, hour, minute=0):
    return datetime(2026, 6, day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "at", "words"),
    [
        ([], paris(1, 0), ""),
        ([], paris(10, 23, 59), ""),
        ([], paris(11, 0), "since 2026-06-10 is over"),
        ([], datetime(2026, 5, 31, 21, 59, tzinfo=UTC), "before 2026-06-01"),
        ([], datetime(2026, 5, 31, 22, 0, tzinfo=UTC), ""),  # midnight in Paris
        (["08:00-12:00", "18:00-23:30"], paris(5, 8), ""),
        (["08:00-12:00", "18:00-23:30"], paris(5, 12), "at this hour, only 08:00-12:00, 18:00-23:30"),
        (["08:00-12:00", "18:00-23:30"], paris(5, 23, 29), ""),
        (["20:00-02:00"], paris(5, 1, 59), ""),
        (["20:00-02:00"], paris(5, 2), "at this hour"),
        (["20:00-02:00"], paris(11, 1), ""),  # the night that began on the last day
        (["20:00-02:00"], paris(11, 3), "is over"),
        (["20:00-02:00"], paris(11, 21), "is over"),
    ],
)
def test_days_and_hours(hours, at, words):
    said = order(hours=hours).refusal(at)
    assert (said == "") if not words else (words in said and "order 2026-117" in said)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"hours": ["8-9h"]}, "no span of the day"),
        ({"hours": ["08:00-08:00"]}, "begins when it ends"),
        ({"time_zone": "Europe/Pari"}, "no time zone"),
        ({"last": "2026-05-01"}, "before the first day"),
        ({"purposes": ["faces"]}, "purposes"),
    ],
)
def test_what_makes_no_sense_is_refused(more, words):
    with pytest.raises(ValidationError, match=words):
        Authorisation(**{"order": "order 2026-117", "first": "2026-06-01", "last": "2026-06-10"} | more)


def test_purposes_are_those_that_everybody_allows():
    now = paris(5, 12)
    assert permit("gate", None, ALL, {}, now).purposes == ALL
    only = order(purposes=[BAG, EventKind.DENSITY])
    assert permit("gate", only, ALL, {}, now).purposes == {BAG, EventKind.DENSITY}
    assert permit("gate", only, frozenset({BAG, EventKind.FIRE}), {}, now).purposes == {BAG}
    assert "nothing" in permit("gate", only, frozenset({EventKind.FIRE}), {}, now).refusal
    off = {"purpose:density": "too many (ada)"}
    assert permit("gate", only, ALL, off, now).purposes == {BAG}
    assert permit("gate", only, ALL, {"camera:gate": "a march (ada)"}, now).refusal == "switched off: a march (ada)"
    assert permit("hall", only, ALL, {"camera:gate": "a march (ada)"}, now).refusal == ""


def test_switches_are_recorded_and_the_record_proves_them(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        store.switch("camera:gate", on=False, by="ada", reason="a march")
        store.switch("purpose:density", on=False, by="ada", reason="wrong zone")
        assert store.switched_off() == {"camera:gate": "a march (ada)", "purpose:density": "wrong zone (ada)"}
        store.switch("camera:gate", on=True, by="bob")
        assert list(store.switched_off()) == ["purpose:density"]
        assert store.verify().ok
        for what, words in [
            ("camera:gate", "is on already"),
            ("purpose:face", "unknown purpose"),
            ("gate", "camera:ID"),
        ]:
            with pytest.raises(ParvisError, match=words):
                store.switch(what, on=True, by="bob")
        with pytest.raises(ParvisError, match="needs a reason"):
            store.switch("camera:gate", on=False, by="bob")
        with pytest.raises(ParvisError, match="needs the name"):
            store.switch("camera:gate", on=False, by=" ", reason="x")
        with store._database.write() as database:  # somebody who writes past the record
            database.execute("UPDATE meta SET value = '{}' WHERE key = 'switches'")
        assert "a switch was turned" in store.verify().problem
