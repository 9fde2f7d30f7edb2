"""Any YOLO weights through ultralytics: the extra ``parvis[ultralytics]``; brings torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import supervision as sv

from detect.detectors.yolo_onnx import class_table
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError, MissingExtraError
from scenarios.frame import Frame

__all__ = ["UltralyticsDetector"]


class UltralyticsDetector:
    """Runs a ``.pt`` file. Loading one runs code that is inside it: the caller must have asked whether to trust it."""

    name = "ultralytics"

    def __init__(self, path: Path, *, least_confidence: float = 0.1) -> None:
        """Load a network.

        Raises:
            MissingExtraError: ultralytics is not installed.
            DetectorError: The file cannot be loaded, or knows neither persons nor bags.
        """
        try:
            from ultralytics import YOLO
        except ImportError:
            raise MissingExtraError(f"the weight file '{path}'", "ultralytics") from None
        self.least_confidence = least_confidence
        try:
            self.weights_sha256: str | None = hashlib.sha256(path.read_bytes()).hexdigest()
            self._model = YOLO(str(path))
            names = dict(self._model.names)
        except Exception as error:  # a pickle may raise whatever it likes
            raise DetectorError(f"{path}: these weights cannot be loaded ({error})") from None
        self._class_of: list[ObjectClass | None] = class_table(str(names), str(path))

    def start(self, camera: Camera | None) -> None:
        """Nothing is remembered from picture to picture."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        shape, kind = frame.image.shape, frame.image.dtype
        if len(shape) != 3 or shape[2] != 3 or kind != np.uint8 or not frame.image.size:
            raise DetectorError(
                f"detector 'ultralytics': picture {frame.index} of '{frame.camera_id}' has shape {shape} "
                f"and type {kind}; it must be (height, width, 3) of uint8"
            )
        found = self._model.predict(frame.image, conf=self.least_confidence, verbose=False)[0].boxes
        mapped = np.array([-1 if (c := self._class_of[int(k)]) is None else int(c) for k in found.cls.tolist()], int)
        keep = mapped >= 0
        return sv.Detections(
            xyxy=found.xyxy.cpu().numpy().astype(float).reshape(-1, 4)[keep],
            confidence=found.conf.cpu().numpy().astype(float)[keep],
            class_id=mapped[keep],
        )
