"""Staff are neither passers-by nor dwellers: their hours and the alarms about them count for nobody."""

import numpy as np
import pytest

from detect.score import ScoreSettings
from detect.score.boxes import Footage
from detect.score.fairness import fairness
from scenarios.truth import GroundTruth


def test_staff_are_not_counted_as_passers_by(people_table, alarm) -> None:
    rows = [(t, p, x, 0.0, r) for t in np.arange(0.0, 360.0, 0.5).tolist()
            for p, x, r in ((1, 0.0, "staff"), (2, 9.0, "passer_by"))]  # fmt: skip
    truth = GroundTruth(360.0, people_table(rows), None, None, ())
    found = fairness(
        truth, [alarm(5.0, (0.5, 0.0)), alarm(9.0, (9.5, 0.0))], Footage.of((), 360.0, (), ()), ScoreSettings()
    )
    assert list(found) == ["passer_by"]
    assert found["passer_by"]["person_hours"] == pytest.approx(0.1)
    assert found["passer_by"]["false_alarms"] == 1
