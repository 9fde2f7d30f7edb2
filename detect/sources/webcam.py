"""A camera that is plugged into this machine."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detect.sources.live_feed import ConnectionLostError, LiveFeed, LiveSettings, Shot
from scenarios.errors import SourceError
from scenarios.frame import Image

__all__ = ["WebcamSource"]

_USUAL_FPS: Final = 30.0


class WebcamSource(LiveFeed):
    """A camera at this machine, such as webcam:0."""

    def __init__(
        self,
        spec: str,
        *,
        camera_id: str = "camera",
        fps: float | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        """Open the camera.

        Args:
            spec: ``webcam:0`` for the first one.
            camera_id: Whose pictures they are.
            fps: Nominal rate, where the driver says a wrong one.
            settings: Time limits.

        Raises:
            SourceError: There is no such camera, or it gives no picture.
        """
        number = spec.partition(":")[2]
        if not number.isdecimal():
            raise SourceError(f"{spec}: should be like webcam:0")
        super().__init__(spec, partial(_WebcamConnection, int(number)), camera_id=camera_id, fps=fps, settings=settings)


class _WebcamConnection:
    """One opened device."""

    def __init__(self, number: int) -> None:
        device = Path(f"/dev/video{number}")
        if sys.platform == "linux" and not device.exists():
            there = sorted(p.name.removeprefix("video") for p in Path("/dev").glob("video[0-9]*"))
            raise SourceError(f"webcam:{number}: there is no {device} (cameras here: {', '.join(there) or 'none'})")
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(f"webcam:{number}: cannot be opened; is another program using it?")
        ok, image = self._capture.read()
        if not ok:
            self._capture.release()
            raise SourceError(f"webcam:{number}: gives no picture")
        self.size_px = (image.shape[1], image.shape[0])
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS)) or _USUAL_FPS

    def read(self) -> Shot:
        """Wait for the next picture."""
        ok, image = self._capture.read()
        if not ok:
            raise ConnectionLostError("the camera gives no more pictures")
        picture: Image = np.asarray(image, np.uint8)
        return Shot(None, lambda: picture)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()
