"""Boxes of one picture become boxes with an identity: one small adapter over Roboflow's `trackers`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import BaseIoU, BoTSORTTracker, ByteTrackTracker, CBIoUTracker, DIoU, IoU, OCSORTTracker, SORTTracker

from detect.camera_motion import Motion, move_boxes
from detect.gate import GroundGate
from detect.tracks import Followed, ObjectClass
from scenarios.camera import Camera
from scenarios.errors import ScenarioError, unknown

__all__ = ["TRACKERS", "Followed", "Tracker", "TrackerSettings"]


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How boxes are followed, in seconds.

    Attributes:
        lost_s: A track that no box was found for is kept that long.
        confirm_s: A track is reported once it has been seen without a break for that long (two pictures at least).
        start_confidence: A box below this starts no track; by ByteTrack it may still continue one,
        weakest_confidence: unless it is below this.
        min_overlap: Least overlap of a box with the track's prediction; by ByteTrack as distance-IoU from -1 to 1
            (Zheng et al. 2020, DOI 10.1609/aaai.v34i07.6999): the distance of the centres decides between boxes that
            overlap alike, and who moves his own width between two pictures, as at 5 a second, is still followed.
        fastest_mps: With a calibrated camera, a box is no continuation of a track when it stands farther from where
            the track is expected than somebody so fast can come, by more than the positions' uncertainty; 0: no limit.
    """

    lost_s: float = 2.0
    confirm_s: float = 0.2
    start_confidence: float = 0.65
    weakest_confidence: float = 0.25
    min_overlap: float = -0.1
    fastest_mps: float = 8.0


def _bytetrack(settings: TrackerSettings, fps: float, confirm: int, lost: int, iou: Gated) -> Any:
    """Zhang et al. (2022). ByteTrack. ECCV. DOI 10.1007/978-3-031-20047-2_1."""
    return ByteTrackTracker(
        frame_rate=fps,
        lost_track_buffer=lost,
        minimum_consecutive_frames=confirm,
        track_activation_threshold=settings.start_confidence,
        high_conf_det_threshold=settings.start_confidence,
        minimum_iou_threshold=settings.min_overlap,
        iou=iou(DIoU()),
    )


def _ocsort(settings: TrackerSettings, fps: float, confirm: int, lost: int, iou: Gated) -> Any:
    """Cao et al. (2023). Observation-centric SORT. CVPR. DOI 10.1109/CVPR52729.2023.00934."""
    return OCSORTTracker(
        frame_rate=fps,
        lost_track_buffer=lost,
        minimum_consecutive_frames=confirm,
        high_conf_det_threshold=settings.start_confidence,
        minimum_iou_threshold=max(settings.min_overlap, _LEAST_IOU),
        iou=iou(IoU()),
    )


def _sort(settings: TrackerSettings, fps: float, confirm: int, lost: int, iou: Gated) -> Any:
    """Bewley et al. (2016). Simple online and realtime tracking. ICIP. DOI 10.1109/ICIP.2016.7533003."""
    return SORTTracker(
        frame_rate=fps,
        lost_track_buffer=lost,
        minimum_consecutive_frames=confirm,
        track_activation_threshold=settings.start_confidence,
        minimum_iou_threshold=max(settings.min_overlap, _LEAST_IOU),
        iou=iou(IoU()),
    )


def _botsort(settings: TrackerSettings, fps: float, confirm: int, lost: int, iou: Gated) -> Any:
    """Aharon et al. (2022). BoT-SORT. DOI 10.48550/arXiv.2206.14651; without looks, without looking at the picture."""
    return BoTSORTTracker(
        frame_rate=fps,
        lost_track_buffer=lost,
        minimum_consecutive_frames=confirm,
        track_activation_threshold=settings.start_confidence,
        high_conf_det_threshold=settings.start_confidence,
        **_fused(settings),
        enable_cmc=False,
        instant_first_frame_activation=False,
        iou=iou(IoU()),
    )


def _cbiou(settings: TrackerSettings, fps: float, confirm: int, lost: int, iou: Gated) -> Any:  # noqa: ARG001
    """Yang et al. (2023). Cascaded buffered IoU. WACV. DOI 10.1109/WACV56688.2023.00478; takes no ground gate."""
    return CBIoUTracker(
        frame_rate=fps,
        lost_track_buffer=lost,
        minimum_consecutive_frames=confirm,
        track_activation_threshold=settings.start_confidence,
        high_conf_det_threshold=settings.start_confidence,
        **_fused(settings),
        instant_first_frame_activation=False,
    )


def _fused(settings: TrackerSettings) -> dict[str, Any]:
    least = max(settings.min_overlap, _LEAST_IOU)
    return {f"minimum_iou_threshold_{step}_assoc": least for step in ("first", "second", "unconfirmed")}


_LEAST_IOU: Final = 0.1
"""The others gain nothing by distance-IoU; they take the usual IoU, for which less than this is no overlap."""

Gated = Callable[[BaseIoU], BaseIoU]
"""Puts the ground gate around an overlap."""

TRACKERS: Final[dict[str, Callable[[TrackerSettings, float, int, int, Gated], Any]]] = {
    "bytetrack": _bytetrack,
    "ocsort": _ocsort,
    "sort": _sort,
    "botsort": _botsort,
    "cbiou": _cbiou,
}
"""Name to builder; it takes settings, pictures a second, pictures to confirm, 30ths of a second to keep, the gate."""


class Tracker:
    """Follows people and bags, each class by itself, so that a bag never takes over the id of its owner.

    An id is given once: neither another class nor a track after ``reset`` ever gets it again.
    """

    def __init__(self, name: str = "bytetrack", *, fps: float, settings: TrackerSettings | None = None) -> None:
        """Make a tracker for one camera.

        Args:
            name: One of ``TRACKERS``.
            fps: Nominal pictures a second of the source; the times of the pictures are what counts.
            settings: In seconds.

        Raises:
            ScenarioError: There is no such tracker, or ``fps`` is not positive.
        """
        if name not in TRACKERS:
            raise ScenarioError(unknown("tracker", name, TRACKERS))
        if not (math.isfinite(fps) and fps > 0):
            raise ScenarioError(f"tracker '{name}': {fps:g} pictures a second is not a frame rate; it must be positive")
        self.name = name
        self.settings = settings or TrackerSettings()
        self._fps = fps
        self._ids: dict[tuple[ObjectClass, int], int] = {}
        self._next_id = 1
        self._gates: list[GroundGate] = []
        self._inner = self._fresh()

    def reset(self) -> None:
        """Forget all tracks, because pictures were lost; ids go on where they were."""
        self._ids.clear()
        self._inner = self._fresh()

    def update(
        self,
        detections: sv.Detections,
        time_s: float,
        camera: Camera | None = None,
        motion: Motion | None = None,
    ) -> Followed:
        """Take in the boxes of the next picture.

        Args:
            detections: As a ``Detector`` returns them.
            time_s: Time of the picture; never runs back.
            camera: How the camera stood then, for the ground gate; None: not calibrated, no gate.
            motion: How the picture moved with the camera since the one before: what is expected moves with it.
                None: it stands, or nobody knows. OC-SORT, which looks back at boxes of earlier pictures, takes no
                notice.
        """
        if motion is not None and self.name in _MOVED:
            for inner in self._inner.values():
                _move(inner.tracks, motion)
        for gate in self._gates:
            gate.camera = camera
        count = len(detections)
        if count and (detections.class_id is None or detections.confidence is None):
            raise ValueError("detections without class_id or confidence")
        strong = (
            np.asarray(detections.confidence, float) >= self.settings.weakest_confidence if count else np.zeros(0, bool)
        )
        found: list[tuple[int, int, int]] = []
        for cls, inner in self._inner.items():
            mine = np.flatnonzero(strong & (np.asarray(detections.class_id) == cls)) if count else _NOTHING
            boxes = sv.Detections(
                xyxy=np.asarray(detections.xyxy, float).reshape(-1, 4)[mine],
                confidence=None if detections.confidence is None else np.asarray(detections.confidence, float)[mine],
                class_id=np.asarray(mine),  # the row travels here, because trackers change the order
            )
            followed = inner.update(boxes, timestamp=time_s)
            for row, inner_id in zip(_of(followed.class_id), _of(followed.tracker_id), strict=True):
                if inner_id >= 0:
                    found.append((self._id(cls, int(inner_id)), int(row), int(cls)))
        found.sort()
        rows = np.array([row for _, row, _ in found], int)
        return Followed(
            track_id=np.array([i for i, _, _ in found], np.int64),
            cls=np.array([cls for _, _, cls in found], np.int8),
            box_px=np.asarray(detections.xyxy, float).reshape(-1, 4)[rows],
            confidence=np.asarray(detections.confidence, float)[rows] if len(rows) else np.empty(0),
        )

    def _id(self, cls: ObjectClass, inner_id: int) -> int:
        key = (cls, inner_id)
        if key not in self._ids:
            self._ids[key] = self._next_id
            self._next_id += 1
        return self._ids[key]

    def _fresh(self) -> dict[ObjectClass, Any]:
        confirm = max(2, math.ceil(self.settings.confirm_s * self._fps))
        lost = round(self.settings.lost_s * 30)  # these trackers count a track's grace in 30ths of a second
        self._gates = []
        return {cls: self._build(cls, confirm, lost) for cls in ObjectClass}

    def _build(self, cls: ObjectClass, confirm: int, lost: int) -> Any:
        gates: list[GroundGate] = []

        def gated(overlap: BaseIoU) -> BaseIoU:
            if not self.settings.fastest_mps > 0:
                return overlap
            gates.append(GroundGate(overlap, self.settings.fastest_mps, cls))
            return gates[-1]

        inner = TRACKERS[self.name](self.settings, self._fps, confirm, lost, gated)
        for gate in gates:
            gate.tracks = lambda: inner.tracks
        self._gates += gates
        return inner


_NOTHING: Final = np.empty(0, int)
_MOVED: Final = frozenset(TRACKERS) - {"ocsort"}
"""Trackers whose tracks know nothing of the picture but the state of their Kalman filter."""


def _move(tracks: Sequence[Any], motion: Motion) -> None:
    """Move the boxes of tracks, and where they would be one picture later, so that velocities turn along.

    What a state means (corners, centre and area, centre and size) the library's estimator says itself.
    """
    stood, boxes = [], []
    for track in tracks:
        estimator = track.state_estimator
        state = estimator.kf.state
        places, speeds = estimator.motion.pos_idx, estimator.motion.vel_idx
        stood.append(state.copy())
        boxes.append(np.array(estimator.state_to_bbox(), float))
        state[places] += state[speeds]
        boxes.append(np.array(estimator.state_to_bbox(), float))
    moved = move_boxes(np.reshape(boxes, (-1, 4)), motion).reshape(-1, 2, 4)
    for track, state, pair in zip(tracks, stood, moved, strict=True):
        estimator = track.state_estimator
        places, speeds = estimator.motion.pos_idx, estimator.motion.vel_idx
        estimator.kf.state[:] = state
        if np.isfinite(pair).all():
            first, second = (np.asarray(estimator.bbox_to_measurement(box), float) for box in pair)
            estimator.kf.state[: len(first), 0] = first
            estimator.kf.state[speeds, 0] = (second - first)[places]


def _of(values: Any) -> NDArray[np.int64]:
    return _NOTHING if values is None else np.asarray(values, np.int64)
