"""Too many people in a zone, for long enough; and what the count is worth."""

from __future__ import annotations

import numpy as np
import pytest

from detect.rules.density import Density, DensitySettings
from scenarios.venue import Zone


def zone(limit=1.0, y=2.0):
    return Zone(id="gate", polygon=[(0, y), (4, y), (4, y + 4), (0, y + 4)], max_density_per_m2=limit)


@pytest.fixture
def filling(actor):
    """Twenty-four people stand in 16 m2 from 5 s to 15 s, six of them all the time."""
    grid = [(0.4 + 0.6 * (i % 6), 2.4 + 0.9 * (i // 6)) for i in range(24)]
    return [
        actor(i + 1, [(0.0, x, y), (30.0, x, y)] if i < 6 else [(5.0, x, y), (15.0, x, y)])
        for i, (x, y) in enumerate(grid)
    ]


def test_says_when_it_fills_and_when_it_empties(world, filling) -> None:
    begun, ended = world(zones=[zone()]).play(Density(), filling, 25.0)
    assert begun.start_s == pytest.approx(5.0 + 2.0 + 0.7, abs=0.4)
    assert begun.zone == "gate"
    assert begun.evidence["density_per_m2"] == pytest.approx(1.5, abs=0.1)
    assert begun.evidence["area_m2"] == pytest.approx(16.0)
    assert ended.event_id == begun.event_id
    assert ended.end_s == pytest.approx(15.0 + 2.0 + 0.6, abs=0.5)
    assert 2.0 < begun.place_m[1] < 6.0


def test_says_what_the_count_is_worth(world, filling) -> None:
    worth = world(zones=[zone()]).play(Density(DensitySettings(valid_to_per_m2=2.0)), filling, 10.0)[0]
    assert worth.evidence["at_least"] is False
    less = world(zones=[zone()]).play(Density(DensitySettings(valid_to_per_m2=1.0)), filling, 10.0)[0]
    assert less.evidence["at_least"] is True
    assert less.score < worth.score


def test_silent_without_limit_calibration_or_view(world, filling) -> None:
    assert world(zones=[zone(limit=None)]).play(Density(), filling, 20.0) == []
    assert world(zones=[zone()], camera=None).play(Density(), filling, 20.0) == []
    behind = zone(y=-60.0)
    assert world(zones=[behind]).play(Density(), filling, 20.0) == []


def test_does_not_flutter_at_the_limit(world, actor) -> None:
    rng = np.random.default_rng(2)
    people = [actor(i, [(0.0, *rng.uniform((0.2, 2.2), (3.8, 5.8))), (40.0, 2.0, 4.0)]) for i in range(17)]
    said = world(zones=[zone()], miss=0.04).play(Density(), people, 40.0)  # 17 / 16 m2, some are missed
    assert len([e for e in said if e.end_s is None]) <= 1
