"""The detector that comes with Parvis: its network for people and bags, what stands still for the bags it overlooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.detectors.background import BackgroundDetector
from detect.detectors.yolo_onnx import YoloOnnxDetector
from detect.detectors.yolo_settings import YoloSettings
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.frame import Frame

__all__ = ["AS_SHIPPED", "PARVIS_ONNX", "ParvisDetector"]

PARVIS_ONNX: Final = Path(__file__).parent / "weights" / "parvis-n.onnx"
"""Trained on rendered pictures alone; its card is beside it."""
AS_SHIPPED: Final = YoloSettings(most_overlap=0.5)
"""How the network is run unless something else is said."""
_LOOKS_APART_S: Final = 0.3
"""The empty scene is looked at so often: what stands still needs no more."""
_SURE: Final = 0.3
"""A person of the network of at least this confidence is no bag."""
_COVERED: Final = 0.5
"""Share of a still thing's box that a person or a bag of the network covers when they are the same."""


class ParvisDetector:
    """The shipped network, and static foreground as its second witness for bags.

    A network for whole pictures overlooks a dark bag 15 px wide; before a camera at rest it is still new on the
    learned floor (`detect.detectors.background`). What the network takes for a person is never made a bag of.
    """

    name = "parvis"
    needs_rest = True
    """For the second witness only; the network sees while the camera moves."""

    def __init__(self, settings: YoloSettings = AS_SHIPPED) -> None:
        """Load the network; how it is run, ``settings`` say."""
        self.network = YoloOnnxDetector(PARVIS_ONNX, settings)
        """What sees people and bags in a whole picture."""
        self.weights_sha256: str | None = self.network.weights_sha256
        self.start(None)

    def start(self, camera: Camera | None) -> None:
        """Forget the empty scene; the next frames come from this camera (None: not calibrated)."""
        self._camera = camera
        self._witness = BackgroundDetector()
        self._witness.start(camera)
        self._size: tuple[int, ...] | None = None
        self._due_s = -np.inf
        self._still = sv.Detections.empty()

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order.

        Raises:
            DetectorError: A picture is not 8-bit colour, or the network cannot be run on it.
        """
        return [
            self._with_still_bags(found, frame)
            for found, frame in zip(self.network.detect(frames), frames, strict=True)
        ]

    def _with_still_bags(self, found: sv.Detections, frame: Frame) -> sv.Detections:
        if self._size is not None and frame.image.shape != self._size:
            self.start(self._camera)
        self._size = frame.image.shape
        if frame.time_s >= self._due_s:
            seen = self._witness.detect([frame])[0]
            bags = seen[np.asarray(seen.class_id) == ObjectClass.BAG]
            assert isinstance(bags, sv.Detections)
            self._still, self._due_s = bags, frame.time_s + _LOOKS_APART_S
        if not len(self._still):
            return found
        known = np.asarray(found.xyxy)[
            (np.asarray(found.class_id) == ObjectClass.BAG) | (np.asarray(found.confidence) >= _SURE)
        ]
        overlooked = self._still[_covered(np.asarray(self._still.xyxy), known) < _COVERED]
        assert isinstance(overlooked, sv.Detections)
        if not len(overlooked):
            return found
        return sv.Detections.merge([found, overlooked]) if len(found) else overlooked


def _covered(boxes: NDArray[np.floating], by: NDArray[np.floating]) -> NDArray[np.float64]:
    """Largest share of each box (n, 4) that one of the others (m, 4) covers, shape (n,)."""
    if not len(by):
        return np.zeros(len(boxes))
    low, high = np.maximum(boxes[:, None, :2], by[None, :, :2]), np.minimum(boxes[:, None, 2:], by[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    return np.asarray(common.max(axis=1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9))
