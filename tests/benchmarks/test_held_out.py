"""What the benchmark of held-out places films."""

import numpy as np
import pytest

from benchmarks.held_out import _shots, still_scenario
from benchmarks.held_out_page import FAIR, OPEN, page
from scenarios.conditions import EFFECTS


def test_bad_conditions_show_the_same_people_at_the_same_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.held_out.EFFECTS", ("fog", "vibration"))
    shots = list(_shots(seed=1, number=0, cameras=1, severity=3.0))
    assert {conditions[0] for conditions, _ in shots} == {FAIR, "fog"}
    fair, fog = ([shot for conditions, shot in shots if name in conditions] for name in (FAIR, "fog"))
    assert len(fair) == len(fog) == 3
    for a, b in zip(fair, fog, strict=True):
        assert np.array_equal(a.boxes.id, b.boxes.id)
        assert np.array_equal(a.boxes.whole_px, b.boxes.whole_px)
        assert a.frame.image.std() > 1.3 * b.frame.image.std()


def test_places_are_fair_and_filmed_at_720p() -> None:
    scenario, _ = still_scenario(1, 3, 2)
    assert all(getattr(scenario.conditions, e) == (1.0 if e == "noise" else 0.0) for e in EFFECTS)
    assert {c.resolution_px for c in scenario.cameras} == {(1280, 720)}


def test_rain_is_compared_with_the_places_on_which_it_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.held_out.EFFECTS", ("rain",))
    told = {number: [names for names, _ in _shots(1, number, 1, 3.0)] for number in (0, 1)}
    for names in told.values():
        assert ((FAIR, OPEN) in names) == (("rain",) in names)
    assert {((FAIR, OPEN) in names) for names in told.values()} == {True, False}
    scores = {("n", FAIR, c): 0.5 for c in ("person", "bag")} | {("n", OPEN, c): 0.7 for c in ("person", "bag")}
    scores |= {("n", "rain", c): 0.6 for c in ("person", "bag")} | {("n", "fog", c): 0.6 for c in ("person", "bag")}
    text = page(scores, {"n": 1.0}, {"person": 1, "bag": 1}, severity=3, command="x")
    assert "| rain | 0.60, -10 (0.60, -10) |" in text
    assert "| fog | 0.60, +10 (0.60, +10) |" in text
