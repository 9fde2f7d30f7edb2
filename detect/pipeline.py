"""Watching one camera: source -> detector -> tracker -> ground -> rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.camera_motion import PictureMotion, by_homography, by_poses
from detect.detectors.contract import Detector
from detect.ground import Grounding
from detect.motion_mode import DEFAULT_MODE, check_mode
from detect.rules.contract import Rule, Scene
from detect.sources.contract import Source
from detect.tracking import Followed, Tracker, TrackerSettings
from detect.tracks import Tracks
from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.errors import DetectorError
from scenarios.event import Event
from scenarios.frame import Frame, Gap
from scenarios.venue import Zone

__all__ = ["Observation", "Pipeline", "drop_masked"]


_STANDS: Final = np.eye(3)
_STAGES: Final = ("source", "detector", "tracker", "ground", "rules")


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What was seen and said at one picture, or at one gap.

    Attributes:
        frame: The picture; None for a gap.
        gap: The span without pictures; None for a picture.
        detections: Boxes outside the camera's masks; empty for a gap.
        tracks: Confirmed tracks; empty for a gap.
        events: What the rules said.
    """

    frame: Frame | None
    gap: Gap | None
    detections: sv.Detections
    tracks: Tracks
    events: tuple[Event, ...]


@dataclass(slots=True, eq=False)
class Pipeline:
    """Watches the pictures of one camera.

    Attributes:
        detector: Finds people and bags.
        rules: Say events.
        camera: The calibration, or the poses of a moving camera: every picture is then placed by the pose of its
            instant. None: there are boxes and ids, but no metres.
        zones: What the rules watch.
        tracker: A name of ``detect.tracking.TRACKERS``.
        tracking: Settings of the tracker in seconds, or None for the usual ones.
        camera_motion: How tracks are moved with the camera, one of ``detect.motion_mode.MODES``: by the poses of
            a moving camera, by what the pictures show, not at all, or (auto) by the best that there is.
        timings_s: Seconds spent in each stage so far.

    Raises:
        ScenarioError: There is no such way to tell the camera's motion, or not for this camera.
    """

    detector: Detector
    rules: Sequence[Rule]
    camera: Camera | CameraTrack | None = field(default=None, kw_only=True)
    zones: Sequence[Zone] = field(default=(), kw_only=True)
    tracker: str = field(default="bytetrack", kw_only=True)
    tracking: TrackerSettings | None = field(default=None, kw_only=True)
    camera_motion: str = field(default=DEFAULT_MODE, kw_only=True)
    timings_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0), init=False)

    def __post_init__(self) -> None:
        """Check what would otherwise be said only at the first picture."""
        check_mode(self.camera_motion, calibrated=self.camera is not None)

    def watch(self, source: Source) -> Iterator[Observation]:
        """Watch until the source ends; after a gap everything is learned anew, because nobody knows what was missed.

        Args:
            source: Pictures and gaps; closed by its owner.

        Raises:
            ScenarioError: There is no such tracker.
            DetectorError: The pictures are not of the size that the camera was calibrated at.
        """
        tracker = Tracker(self.tracker, fps=source.fps, settings=self.tracking)
        camera = None if self.camera is None else self.camera.at(0.0)
        ground = Grounding(camera)
        mask = None if camera is None or not camera.masks_px else mask_raster(camera)
        pictures = PictureMotion(mask) if self._by_pictures() else None
        self.detector.start(camera)
        items = iter(source)
        while True:
            with self._clock("source"):
                item = next(items, None)
            if item is None:
                return
            if isinstance(item, Gap):
                tracker.reset()
                ground.reset()
                if pictures is not None:
                    pictures.reset()
                self.detector.start(camera)
                said = [event for rule in self.rules for event in rule.reset()]
                nobody = ground.place(item.camera_id, Followed.nobody(), item.end_s)
                yield Observation(None, item, nothing_found(), nobody, tuple(said))
                continue
            self._check_size(item)
            motion, before = None, camera
            if self.camera is not None and before is not None:
                camera = self.camera.at(item.time_s)
                if moved(before, camera):
                    ground.camera = camera
                    if getattr(self.detector, "needs_rest", False):
                        self.detector.start(camera)
            with self._clock("detector"):
                found = drop_masked(self.detector.detect([item])[0], mask)
            with self._clock("tracker"):
                if pictures is not None:
                    shown = pictures.step(item.image, np.asarray(found.xyxy, float))
                    motion = None if shown is None or np.array_equal(shown, _STANDS) else by_homography(shown)
                elif self.camera_motion in ("auto", "poses") and before is not None and camera is not None:
                    motion = by_poses(before, camera) if moved(before, camera) else None
                followed = tracker.update(found, item.time_s, camera, motion)
            with self._clock("ground"):
                tracks = ground.place(item.camera_id, followed, item.time_s)
            with self._clock("rules"):
                scene = Scene(item, tracks, camera, self.zones)
                said = [event for rule in self.rules for event in rule.update(scene)]
            yield Observation(item, None, found, tracks, tuple(said))

    def _by_pictures(self) -> bool:
        """Return whether the camera's motion is told from the pictures."""
        return self.camera_motion == "picture" or (self.camera_motion == "auto" and self.camera is None)

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.timings_s[stage] += perf_counter() - start

    def _check_size(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        if self.camera is not None and (width, height) != (self.camera.width_px, self.camera.height_px):
            raise DetectorError(
                f"camera '{self.camera.id}': its calibration is for {self.camera.width_px}x{self.camera.height_px} "
                f"pixels, the pictures of '{frame.camera_id}' have {width}x{height}"
            )


def nothing_found() -> sv.Detections:
    """Return no boxes, with all that a ``Detector`` sets."""
    return sv.Detections(xyxy=np.empty((0, 4)), confidence=np.empty(0), class_id=np.empty(0, int))


def drop_masked(detections: sv.Detections, mask: NDArray[np.uint8] | None) -> sv.Detections:
    """Drop boxes of which half or more is masked; ``mask`` is 1 there, shape (height, width)."""
    if mask is None or not len(detections):
        return detections
    keep = []
    for x1, y1, x2, y2 in np.maximum(np.asarray(detections.xyxy, float).round().astype(int), 0):
        covered = mask[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
        keep.append(covered.size == 0 or float(covered.mean()) < 0.5)
    kept = detections[np.array(keep, bool)]
    assert isinstance(kept, sv.Detections)
    return kept


def moved(before: Camera, after: Camera) -> bool:
    """Return whether a camera stands or looks otherwise than before."""
    return before is not after and not (
        np.array_equal(before.rotation, after.rotation)
        and np.array_equal(before.translation_m, after.translation_m)
        and np.array_equal(before.matrix, after.matrix)
    )


def mask_raster(camera: Camera) -> NDArray[np.uint8]:
    """Draw the camera's masks: 1 where nobody looks, shape (height, width)."""
    raster = np.zeros((camera.height_px, camera.width_px), np.uint8)
    for mask in camera.masks_px:
        cv2.fillPoly(raster, [np.round(mask).astype(np.int32)], (1,))
    return raster
