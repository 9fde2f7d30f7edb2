from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from detect.tracking import TRACKERS, Tracker, TrackerSettings
from detect.tracks import ObjectClass
from scenarios.errors import ScenarioError


def boxes(*rows: tuple[float, float, ObjectClass]) -> sv.Detections:
    """Boxes of 30 x 80 by their upper left corner."""
    return sv.Detections(
        xyxy=np.array([(x, y, x + 30, y + 80) for x, y, _ in rows], float).reshape(-1, 4),
        confidence=np.full(len(rows), 0.9),
        class_id=np.array([int(c) for _, _, c in rows], int),
    )


PERSON, BAG = ObjectClass.PERSON, ObjectClass.BAG


@pytest.mark.parametrize("name", sorted(TRACKERS))
def test_two_people_keep_their_ids(name: str) -> None:
    tracker = Tracker(name, fps=10)
    seen = [tracker.update(boxes((10 + 5 * i, 50, PERSON), (400 - 5 * i, 200, PERSON)), i / 10) for i in range(30)]
    ids = {tuple(s.track_id) for s in seen[5:]}
    assert len(ids) == 1
    assert len(next(iter(ids))) == 2
    left = seen[-1].box_px[seen[-1].track_id.argmin()]
    assert left[0] in (10 + 5 * 29, 400 - 5 * 29)


def test_a_bag_never_takes_over_a_persons_id() -> None:
    tracker = Tracker(fps=10)
    for i in range(10):
        first = tracker.update(boxes((50, 50, PERSON)), i / 10)
    for i in range(10, 25):
        then = tracker.update(boxes((52, 52, BAG)), i / 10)
    assert first.cls.tolist() == [PERSON]
    assert then.cls.tolist() == [BAG]
    assert set(first.track_id).isdisjoint(then.track_id)


def test_ids_are_never_given_twice_even_after_a_reset() -> None:
    tracker = Tracker(fps=10)
    seen: list[set[int]] = []
    time_s = 0.0
    for _ in range(3):
        ids: set[int] = set()
        for _ in range(8):
            ids |= set(tracker.update(boxes((50, 50, PERSON), (200, 50, BAG)), time_s).track_id.tolist())
            time_s += 0.1
        seen.append(ids)
        tracker.reset()
    assert [len(ids) for ids in seen] == [2, 2, 2]
    assert len(set.union(*seen)) == 6


@pytest.mark.parametrize(
    ("fps", "away_s", "same"), [(5, 1.0, True), (25, 1.0, True), (5, 3.0, False), (25, 3.0, False)]
)
def test_lost_s_means_seconds_at_every_frame_rate(fps: float, away_s: float, same: bool) -> None:
    tracker = Tracker(fps=fps, settings=TrackerSettings(lost_s=2.0))
    at = 0
    ids = []
    for phase, seconds in ((True, 2.0), (False, away_s), (True, 2.0)):
        for _ in range(round(seconds * fps)):
            found = tracker.update(boxes((50, 50, PERSON)) if phase else boxes(), at / fps)
            ids += found.track_id.tolist()
            at += 1
    assert (len(set(ids)) == 1) is same


def test_confirm_s_and_order_of_rows() -> None:
    tracker = Tracker(fps=10, settings=TrackerSettings(confirm_s=0.5))
    counts = [len(tracker.update(boxes((300, 50, PERSON), (50, 50, PERSON)), i / 10).track_id) for i in range(10)]
    assert counts == [0] * 4 + [2] * 6
    last = tracker.update(boxes((300, 50, PERSON), (50, 50, PERSON)), 1.0)
    swapped = tracker.update(boxes((50, 50, PERSON), (300, 50, PERSON)), 1.1)
    assert last.track_id.tolist() == swapped.track_id.tolist() == sorted(last.track_id)
    np.testing.assert_allclose(last.box_px, swapped.box_px)


def test_wrong_names_and_rates() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'bytetrack'"):
        Tracker("bytetrak", fps=10)
    with pytest.raises(ScenarioError, match="must be positive"):
        Tracker(fps=0)
