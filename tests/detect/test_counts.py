"""How many people a camera saw, span by span; a gap is no zero."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard.timeline import Timeline, draw_counts, words_of_counts
from detect.counts import Count, Tally
from detect.store import Store
from detect.tracks import ObjectClass, Tracks
from scenarios.venue import Zone

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HALL = Zone(id="hall", polygon=[(0, 0), (4, 0), (4, 5), (0, 5)])


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def people(*places, bags=0):
    n = len(places) + bags
    position = np.array([*places, *[(1.0, 1.0)] * bags], float).reshape(-1, 2)
    cls = np.array([ObjectClass.PERSON] * len(places) + [ObjectClass.BAG] * bags, np.int8)
    return Tracks(
        "gate", 0.0, np.arange(n), cls, np.zeros((n, 4)), np.ones(n), position, np.zeros((n, 2)), np.zeros((n, 2, 2))
    )


def test_spans_of_ten_seconds_with_their_means_and_bags_are_nobody():
    tally = Tally("gate", [HALL])
    found = [tally.see(people((1, 1), (9, 9), bags=3) if n < 5 else people(), at(n)) for n in range(21)]
    first, second = (count for count in found if count is not None)
    assert (first.begin, first.end) == (at(0), at(9))
    assert first.people == 1.0
    assert first.per_m2 == {"hall": pytest.approx(0.5 / 20, abs=5e-4)}
    assert (second.people, second.begin, second.end) == (0.0, at(10), at(19))
    assert tally.end() == Count("gate", at(20), at(20), 0.0, {"hall": 0.0})
    assert tally.end() is None


def test_they_come_back_and_go_after_two_days(place):
    with Store.create_or_open(place) as store:
        for n in (0, 1, 5):
            store.counts.keep(Count("gate", at(10 * n), at(10 * n + 9), 2.35, {"hall": 0.25}))
        store.counts.keep(Count("gate", at(0), at(9), 9.0, {}))  # said again after an outage
        store.counts.keep(Count("west", at(0), at(9), 1.0, {}))
        assert [c.begin for c in store.counts.since(at(5))] == [at(10), at(50)]
        assert store.counts.since(NOW)[0] == Count("gate", at(0), at(9), 2.35, {"hall": 0.25})
        later = at(2 * 86400 + 15)
        store.counts.keep(Count("gate", later, later, 0.0, {}))
        assert [(c.camera_id, c.begin) for c in store.counts.since(NOW)] == [
            *(("gate", moment) for moment in (at(50), later)),
            ("west", at(0)),
        ]
        assert store.verify().ok


def test_the_line_is_broken_where_nobody_counted():
    counts = tuple(Count("gate", at(s), at(s + 9), n, {"hall": n / 20}) for s, n in ((0, 4.0), (10, 6.0), (60, 2.0)))
    line = Timeline(at(0), at(3600), ("gate", "west"), (), (), counts)
    gate, west = draw_counts(line).data
    assert list(gate.y) == [4.0, 4.0, 6.0, 6.0, None, 2.0, 2.0]
    assert gate.connectgaps is False
    assert list(west.y) == []
    assert list(draw_counts(line, "hall").data[0].y)[:2] == [0.2, 0.2]
    assert words_of_counts(line) == "People: gate: 2 now, 6 at most; west: -."
