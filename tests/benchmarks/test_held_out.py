"""What the benchmark of held-out places films."""

import numpy as np
import pytest

from benchmarks.held_out import FAIR, _shots, still_scenario
from scenarios.conditions import EFFECTS


def test_bad_conditions_show_the_same_people_at_the_same_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.held_out.EFFECTS", ("fog", "vibration"))
    shots = list(_shots(seed=1, number=0, cameras=1, severity=3.0))
    assert {condition for condition, _ in shots} == {FAIR, "fog"}
    fair, fog = ([shot for condition, shot in shots if condition == name] for name in (FAIR, "fog"))
    assert len(fair) == len(fog) == 3
    for a, b in zip(fair, fog, strict=True):
        assert np.array_equal(a.boxes.id, b.boxes.id)
        assert np.array_equal(a.boxes.whole_px, b.boxes.whole_px)
        assert a.frame.image.std() > 1.3 * b.frame.image.std()


def test_places_are_fair_and_filmed_at_720p() -> None:
    scenario, _ = still_scenario(1, 3, 2)
    assert all(getattr(scenario.conditions, e) == (1.0 if e == "noise" else 0.0) for e in EFFECTS)
    assert {c.resolution_px for c in scenario.cameras} == {(1280, 720)}
