from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import supervision as sv

from detect.pipeline import Pipeline
from detect.rules.contract import Scene
from scenarios.camera import Camera
from scenarios.errors import DetectorError, ScenarioError
from scenarios.event import Event, EventKind
from scenarios.frame import Frame, Gap

CAMERA = Camera.looking_at(
    "cam",
    position_m=(0, -20, 6),
    look_at_m=(0, 0, 0),
    hfov_deg=60,
    resolution_px=(320, 240),
    masks_px=(np.array([(0, 0), (60, 0), (60, 239), (0, 239)], float),),
)


class Listed:
    """A source of given items."""

    camera_id, live, size_px, fps, frame_count = "cam", False, (320, 240), 10.0, None

    def __init__(self, items: Sequence[Frame | Gap]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Frame | Gap]:
        return iter(self.items)

    def close(self) -> None:
        pass


class Still:
    """Finds one person in the open and one behind the mask."""

    name, weights_sha256 = "still", None

    def __init__(self) -> None:
        self.started: list[Camera | None] = []

    def start(self, camera: Camera | None) -> None:
        self.started.append(camera)

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        boxes = np.array([(150, 80, 170, 140), (20, 80, 40, 140)], float)
        return [sv.Detections(xyxy=boxes, confidence=np.array((0.9, 0.9)), class_id=np.zeros(2, int)) for _ in frames]


class Noting:
    """Remembers what it was shown and says one event when it is reset."""

    name, kind = "noting", EventKind.DENSITY

    def __init__(self) -> None:
        self.seen: list[Scene] = []

    def update(self, scene: Scene) -> list[Event]:
        self.seen.append(scene)
        return []

    def reset(self) -> list[Event]:
        return [Event("e1", self.kind, "cam", 0.0, 1.0, None, None, None, (), 1.0, self.name)]


def frame(i: int, shape: tuple[int, ...] = (240, 320, 3)) -> Frame:
    return Frame("cam", i, i / 10, None, np.zeros(shape, np.uint8))


def test_from_pictures_to_tracks_in_metres() -> None:
    rule, detector = Noting(), Still()
    pipeline = Pipeline(detector, [rule], camera=CAMERA)
    seen = list(pipeline.watch(Listed([frame(i) for i in range(8)])))
    assert [o.frame.index for o in seen if o.frame is not None] == list(range(8))
    assert all(len(o.detections) == 1 for o in seen)  # the other one is behind the mask
    assert [len(o.tracks) for o in seen] == [0, 1, 1, 1, 1, 1, 1, 1]
    assert np.isfinite(seen[-1].tracks.position_m).all()
    assert rule.seen[-1].tracks is seen[-1].tracks
    assert detector.started == [CAMERA]
    assert set(pipeline.timings_s) == {"source", "detector", "tracker", "ground", "rules"}
    assert all(seconds > 0 for seconds in pipeline.timings_s.values())


def test_a_gap_resets_everything_and_gives_no_id_twice() -> None:
    detector = Still()
    gap = Gap("cam", 0.7, 5.0, "camera lost")
    items = [*(frame(i) for i in range(8)), gap, *(frame(i) for i in range(50, 58))]
    seen = list(Pipeline(detector, [Noting()]).watch(Listed(items)))
    at = seen[8]
    assert at.gap is gap
    assert at.frame is None
    assert len(at.detections) == len(at.tracks) == 0
    assert [e.event_id for e in at.events] == ["e1"]
    assert detector.started == [None, None]
    before = {i for o in seen[:8] for i in o.tracks.track_id.tolist()}
    after = {i for o in seen[9:] for i in o.tracks.track_id.tolist()}
    assert before
    assert after
    assert before.isdisjoint(after)
    assert len(seen[9].tracks) == 0


def test_pictures_of_another_size_than_the_calibration() -> None:
    with pytest.raises(DetectorError, match="320x240 pixels, the pictures of 'cam' have 100x50"):
        list(Pipeline(Still(), [], camera=CAMERA).watch(Listed([frame(0, (50, 100, 3))])))


def test_unknown_tracker() -> None:
    with pytest.raises(ScenarioError, match="unknown tracker 'deepsort'"):
        list(Pipeline(Still(), [], tracker="deepsort").watch(Listed([])))
