"""What a detector is: pictures in, boxes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import supervision as sv

from scenarios.camera import Camera
from scenarios.frame import Frame

__all__ = ["Detector"]


class Detector(Protocol):
    """Finds people and bags in pictures.

    A detector returns one ``sv.Detections`` a frame with ``xyxy`` (n, 4) in pixels, ``confidence`` (n,) in 0 to 1 and
    ``class_id`` (n,) from ``detect.tracks.ObjectClass``; all three are set, also when n is 0. Classes of a network
    that have no counterpart there are dropped by the detector. Several frames in one call give the same as one by one.

    One that learns the empty scene has ``needs_rest = True``: it is started anew whenever the camera has moved, and so
    finds nothing while it moves.
    """

    name: str
    """As in the table of detectors and in ``score.json``."""
    weights_sha256: str | None
    """Of the weight file, or None for a method without weights."""

    def start(self, camera: Camera | None) -> None:
        """Forget everything; the next frames come from this camera (None: not calibrated)."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order."""
