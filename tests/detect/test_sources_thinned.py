"""Fewer pictures a second than the source has, at an even pace, gaps and all."""

import numpy as np
import pytest

from detect.sources.memory import MemorySource
from detect.sources.thinned import Thinned
from scenarios.frame import Frame, Gap

BLACK = np.zeros((4, 4, 3), np.uint8)


def source(times, gap_after=None):
    items = []
    for k, t in enumerate(times):
        items.append(Frame("c", k, t, None, BLACK))
        if k == gap_after:
            items.append(Gap("c", t, t + 1.0, "lost"))
    return MemorySource(items, fps=25.0)


@pytest.mark.parametrize(
    ("fps", "most", "seen"), [(25.0, 5.0, 50), (25.0, 10.0, 100), (12.5, 5.0, 50), (5.0, 25.0, 50)]
)
def test_the_pace_is_even(fps, most, seen):
    times = np.arange(0.0, 10.0, 1 / fps)
    rng = np.random.default_rng(1)
    shown = [f.time_s for f in Thinned(source(times + rng.uniform(0, 0.004, len(times))), most)]
    assert len(shown) == pytest.approx(seen, abs=1)
    assert max(np.diff(shown)) < 1 / min(fps, most) + 1 / fps + 0.01


def test_gaps_stay_and_a_late_picture_is_not_made_up_for():
    times = [0.0, 0.1, 0.2, 5.0, 5.05, 5.1, 5.2]
    shown = list(Thinned(source(times, gap_after=2), 5.0))
    assert [round(i.time_s, 2) if isinstance(i, Frame) else i.reason for i in shown] == [0.0, 0.2, "lost", 5.0, 5.2]
