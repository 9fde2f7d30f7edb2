"""What a watcher is told of the plan: a fixture around every bin."""

import pytest
from pydantic import ValidationError

from scenarios.load import load_scenario
from scenarios.zone import Zone

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]


def test_every_bin_is_a_fixture_and_nothing_else_is():
    venue = load_scenario("bag_exchange_v1").venue
    bins = {o.id for o in venue.obstacles if o.kind.value == "bin"}
    fixtures = {z.id.removesuffix("_fixture"): z for z in venue.watched_zones if z.fixture}
    assert set(fixtures) == bins
    assert bins
    for obstacle in venue.obstacles:
        if obstacle.id in fixtures:
            reach = fixtures[obstacle.id].shape
            assert reach.covers(obstacle.shape)
            assert reach.exterior.distance(obstacle.shape) == pytest.approx(0.9, abs=0.1)
    assert [z for z in venue.watched_zones if not z.fixture] == venue.zones


def test_only_a_fixture_ends():
    with pytest.raises(ValidationError, match="only a fixture ends"):
        Zone(id="square", polygon=SQUARE, until="2026-05-01T12:00:00Z")
    with pytest.raises(ValidationError, match="timezone"):
        Zone(id="square", polygon=SQUARE, fixture=True, until="2026-05-01T12:00:00")
