"""A detector of one's own without torch: whatever moves and stands upright is a person. Fixed cameras only."""

import cv2
import numpy as np
import supervision as sv

from detect.tracks import ObjectClass
from scenarios.errors import DetectorError


class MovingBlobs:
    """Zivkovic's background mixture (2004, DOI 10.1109/ICPR.2004.1333992) as OpenCV has it, and upright outlines."""

    name = "moving_blobs"
    weights_sha256 = None
    needs_rest = True  # the learned scene holds for one view: start() is called when the camera has moved

    def __init__(self, least_height_px=24):
        self.least_height_px = least_height_px
        self.start(None)

    def start(self, camera):
        """Forget the scene."""
        self._scene = cv2.createBackgroundSubtractorMOG2(history=300, varThreshold=24, detectShadows=True)

    def detect(self, frames):
        """Return one sv.Detections a frame."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame):
        if frame.image.ndim != 3 or frame.image.dtype != np.uint8 or not frame.image.size:
            raise DetectorError(f"picture {frame.index} of '{frame.camera_id}' is not a colour picture of 8 bits")
        moving = (self._scene.apply(frame.image) == 255).astype(np.uint8)  # 127 is shadow
        moving = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, np.ones((9, 5), np.uint8))
        outlines, _ = cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [
            (x, y, x + w, y + h, cv2.contourArea(o) / (w * h)) for o in outlines for x, y, w, h in [cv2.boundingRect(o)]
        ]
        upright = [
            b for b in boxes if b[3] - b[1] >= self.least_height_px and 1.2 <= (b[3] - b[1]) / (b[2] - b[0]) <= 5
        ]
        found = np.array(upright, float).reshape(-1, 5)
        return sv.Detections(
            xyxy=found[:, :4], confidence=found[:, 4], class_id=np.full(len(found), int(ObjectClass.PERSON))
        )


def build(argument, trust_weights):
    """What the entry point names; ``argument`` stands behind the colon of ``--detector moving_blobs:30``."""
    return MovingBlobs(int(argument or 24))
