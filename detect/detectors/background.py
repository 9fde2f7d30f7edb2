"""People and bags in front of a fixed camera's empty scene: no weights, nothing learned from other pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.detectors.bodies import BODY_M, BodySizes, LearnedSizes, fit_bodies, sizes_from_camera
from detect.detectors.foreground import FOREGROUND, ForegroundSettings, SceneModel
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["BackgroundDetector", "BackgroundSettings"]

_Box = tuple[float, float, float, float, float, ObjectClass]


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """What is looked for.

    Attributes:
        foreground: How the empty scene is learned.
        work_px: Pictures are reduced to about so many pixels.
        least_fit: Bodies that fit worse are not reported.
        least_person_m: Upright things lower than this are no persons.
        bag_m: Least and largest extent of a bag.
        still_s: A bag has stood still for so long: what moves by itself is none.
        ghost_s: What has stood still for so long is checked for being a hole in the learned scene.
    """

    foreground: ForegroundSettings = field(default_factory=ForegroundSettings)
    work_px: int = 250_000
    least_fit: float = 0.3
    least_person_m: float = 1.05
    bag_m: tuple[float, float] = (0.18, 1.0)
    still_s: float = 1.0
    ghost_s: float = 1.0


class BackgroundDetector:
    """Static-camera foreground, explained by bodies of the size that the calibration expects.

    Without calibration the size of bodies is learned from single walkers.
    """

    name = "background"
    weights_sha256: str | None = None
    needs_rest = True
    """What is learned of the empty scene holds for one view only."""

    def __init__(self, settings: BackgroundSettings | None = None) -> None:
        self.settings = settings or BackgroundSettings()
        self.start(None)

    def start(self, camera: Camera | None) -> None:
        """Forget everything; the next frames come from this camera (None: not calibrated)."""
        self._camera = camera
        self._scene = SceneModel(self.settings.foreground)
        self._full: tuple[int, ...] | None = None
        self._sizes: BodySizes | None = None
        self._learned: LearnedSizes | None = None
        self._looked: NDArray[np.uint8] | None = None
        self._scale = 1.0

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order.

        Raises:
            DetectorError: A picture is not 8-bit colour or changes its size.
        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise DetectorError(
                f"detector 'background': picture {frame.index} of '{frame.camera_id}' has shape {image.shape} and "
                f"type {image.dtype}; it must be (height, width, 3) of uint8"
            )
        if self._full is None:
            self._prepare(image.shape)
        elif self._full != image.shape:
            raise DetectorError(
                f"detector 'background': picture {frame.index} of '{frame.camera_id}' has shape {image.shape}, "
                f"those before it had {self._full}"
            )
        small = image
        if self._scale < 1:
            assert self._looked is not None
            how = cv2.INTER_AREA if self._scale < _ALIASES else cv2.INTER_LINEAR
            small = np.asarray(cv2.resize(image, self._looked.shape[::-1], interpolation=how), np.uint8)
        labels = self._scene.label(small, frame.time_s)
        if labels is None:
            return self._report([])
        mask = np.asarray((labels == FOREGROUND).astype(np.uint8) * self._looked)
        return self._report(self._explain(small, mask))

    def _prepare(self, shape: tuple[int, ...]) -> None:
        self._full = shape
        height, width = shape[:2]
        self._scale = min(1.0, float(np.sqrt(self.settings.work_px / (height * width))))
        small = (max(round(height * self._scale), 1), max(round(width * self._scale), 1))
        self._looked = np.ones(small, np.uint8)
        if self._camera is not None:
            self._sizes = sizes_from_camera(self._camera, small, self._scale)
            for polygon in self._camera.masks_px:
                corners = np.round((polygon + 0.5) * self._scale - 0.5).astype(np.int32)
                cv2.fillPoly(self._looked, [corners], (0,))
        else:
            self._learned = LearnedSizes(small)

    def _explain(self, image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> list[_Box]:
        joined = cv2.dilate(cv2.medianBlur(mask, 3), _JOIN)
        _, areas, stats, _ = cv2.connectedComponentsWithStats(joined)
        found: list[_Box] = []
        blobs: list[NDArray[np.float32]] = []
        for i, (x, y, w, h, _) in enumerate(stats[1:], start=1):
            part = (areas[y : y + h, x : x + w] == i) & (mask[y : y + h, x : x + w] > 0)
            if np.count_nonzero(part) < _LEAST_AREA:
                continue
            if self._is_ghost(image, part, int(x), int(y)):
                self._scene.absorb(part, int(y), int(x))
                continue
            rows, cols = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            window = (int(x + cols[0]), int(y + rows[0]), int(x + cols[-1] + 1), int(y + rows[-1] + 1))
            blobs.append(np.array(window, np.float32))
            alone = np.zeros_like(mask)
            alone[y : y + h, x : x + w] = part
            found += self._bodies(alone, window)
        if self._learned is not None and blobs:
            self._learned.learn(np.array(blobs))
            self._sizes = self._learned.sizes
        return found

    def _bodies(self, mask: NDArray[np.uint8], window: tuple[int, int, int, int]) -> list[_Box]:
        x1, y1, x2, y2 = window
        if self._sizes is None:  # sizes are not known yet: only what has the shape of one upright person
            aspect = (y2 - y1) / (x2 - x1)
            if not (1.4 <= aspect <= 5 and y2 - y1 >= 0.05 * mask.shape[0]):
                return []
            filled = float(mask[y1:y2, x1:x2].mean())
            return [(x1, y1, x2, y2, _confidence(min(1.6 * filled, 1.0)), ObjectClass.PERSON)]
        bodies = fit_bodies(mask, self._sizes, window, least_fit=self.settings.least_fit)
        found: list[_Box] = [
            (*(float(c) for c in box), _confidence(float(fit)), ObjectClass.PERSON)  # type: ignore[misc]
            for box, fit in zip(bodies.box, bodies.fit, strict=True)
        ]
        return found + self._rest(bodies.left, window)

    def _rest(self, left: NDArray[np.uint8], window: tuple[int, int, int, int]) -> list[_Box]:
        """What no standing body explains: bags, and people who sit or lie."""
        assert self._sizes is not None
        ox, oy = max(window[0] - 4, 0), max(window[1] - 4, 0)
        part = np.ascontiguousarray(left[oy : window[3] + 4, ox : window[2] + 4])
        _, areas, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(part, cv2.MORPH_CLOSE, _JOIN))
        found: list[_Box] = []
        for i, (x, y, w, h, _) in enumerate(stats[1:], start=1):
            inner = (areas[y : y + h, x : x + w] == i) & (part[y : y + h, x : x + w] > 0)
            area = np.count_nonzero(inner)
            x1, y1 = x + ox, y + oy
            body = float(self._sizes.height[min(y1 + h, left.shape[0]) - 1, min(x1 + w // 2, left.shape[1] - 1)])
            if area < _LEAST_AREA or not body:
                continue
            tall_m, wide_m = h * BODY_M / body, w * BODY_M / body
            age = self._scene.still_s[y1 : y1 + h, x1 : x1 + w][inner]
            still = _median(age) >= self.settings.still_s
            filled = area / (w * h)
            least, most = self.settings.bag_m
            box = (float(x1), float(y1), float(x1 + w), float(y1 + h))
            if filled < _LEAST_FILL:
                continue
            if still and least <= max(tall_m, wide_m) <= most and min(tall_m, wide_m) >= least:
                found.append((*box, _confidence(filled), ObjectClass.BAG))
            elif self.settings.least_person_m <= tall_m <= 2.3 and 0.3 <= wide_m <= 1.4:
                found.append((*box, _confidence(0.7 * filled), ObjectClass.PERSON))  # sits, or is a child
            elif still and 1.2 <= wide_m <= 2.2 and tall_m >= 0.25:
                found.append((*box, _confidence(0.6 * filled), ObjectClass.PERSON))  # lies
        return found

    def _is_ghost(self, image: NDArray[np.uint8], part: NDArray[np.bool_], x: int, y: int) -> bool:
        h, w = part.shape
        if _median(self._scene.still_s[y : y + h, x : x + w][part]) < self.settings.ghost_s:
            return False
        solid = part.astype(np.uint8)
        rim = (cv2.dilate(solid, _CROSS) - cv2.erode(solid, _CROSS)) > 0
        if not rim.any():  # it fills the picture
            return False
        seen, known = self._scene.contrast(image, rim, y, x)
        return seen < _GHOST_SHARE * known

    def _report(self, found: list[_Box]) -> sv.Detections:
        boxes = np.array([f[:4] for f in found], float).reshape(-1, 4) / self._scale
        if self._full is not None:
            boxes[:, 0::2] = np.clip(boxes[:, 0::2], 0, self._full[1])
            boxes[:, 1::2] = np.clip(boxes[:, 1::2], 0, self._full[0])
        return sv.Detections(
            xyxy=boxes,
            confidence=np.array([f[4] for f in found], float),
            class_id=np.array([int(f[5]) for f in found], int),
        )


def _confidence(fit: float) -> float:
    return float(np.clip(0.5 + 0.5 * fit, 0.05, 0.99))


def _median(values: NDArray[np.float32]) -> float:
    """The median of numbers without nan, at a third of the cost of numpy's, which counts with few of them."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    ordered = np.partition(values, (middle - 1, middle))
    return float((ordered[middle - 1] + ordered[middle]) / np.float32(2))


_JOIN: Final = np.ones((7, 5), np.uint8)
_CROSS: Final = np.ones((3, 3), np.uint8)
_LEAST_AREA: Final = 12
_ALIASES: Final = 0.5
"""Below this scale single pixels are lost by linear interpolation, so areas are averaged, at ten times the cost."""
_LEAST_FILL: Final = 0.4
"""Tape, cables and branches fill less of their box."""
_GHOST_SHARE: Final = 0.6
"""An object whose rim has less than this share of the contrast that the scene has there is a hole in the scene."""
