"""A detector of one's own through ultralytics: RT-DETR (Zhao et al. 2024, DOI 10.1109/CVPR52733.2024.01605)."""

import hashlib
from pathlib import Path

import numpy as np
import supervision as sv

from detect.tracks import ObjectClass
from scenarios.errors import DetectorError, MissingExtraError

OURS = {
    "person": ObjectClass.PERSON,
    "backpack": ObjectClass.BAG,
    "handbag": ObjectClass.BAG,
    "suitcase": ObjectClass.BAG,
}


class RtDetr:
    """Looks at every picture alone, so a moving camera is no matter."""

    name = "rtdetr"

    def __init__(self, path):
        try:
            from ultralytics import RTDETR
        except ImportError:
            raise MissingExtraError("detector 'rtdetr'", "ultralytics") from None
        self.weights_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self._model = RTDETR(str(path))
        self._ours = {number: OURS[name] for number, name in self._model.names.items() if name in OURS}

    def start(self, camera):
        """Nothing is remembered."""

    def detect(self, frames):
        """Return one sv.Detections a frame."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame):
        if frame.image.ndim != 3 or frame.image.dtype != np.uint8 or not frame.image.size:
            raise DetectorError(f"picture {frame.index} of '{frame.camera_id}' is not a colour picture of 8 bits")
        found = sv.Detections.from_ultralytics(self._model.predict(frame.image, conf=0.1, verbose=False)[0])
        found = found[np.isin(found.class_id, list(self._ours))]
        ours = np.array([int(self._ours[int(number)]) for number in found.class_id], int)
        return sv.Detections(xyxy=found.xyxy.astype(float), confidence=found.confidence, class_id=ours)


def build(argument, trust_weights):
    """What the entry point names: ``--detector rtdetr:rtdetr-l.pt --trust-weights``, because a .pt is a pickle."""
    if not trust_weights:
        raise DetectorError(f"{argument}: a .pt file runs its own code when it is loaded; give --trust-weights")
    return RtDetr(Path(argument))
