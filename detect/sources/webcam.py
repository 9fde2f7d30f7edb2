"""A camera that is plugged into this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np

from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap

__all__ = ["WebcamSource"]

_DEFAULT_FPS: Final = 25.0
_PATIENCE_S: Final = 5.0
_RETRY_S: Final = 0.5


class WebcamSource:
    """Pictures of a local camera, as they come; when it is unplugged a gap is stated and it is opened again."""

    live = True

    def __init__(self, number: int, *, camera_id: str = "camera", fps: float | None = None) -> None:
        """Open the camera.

        Args:
            number: Which one, from 0.
            camera_id: What it is called.
            fps: Wanted pictures a second; the camera's own where nothing is said.

        Raises:
            SourceError: There is none of that number, or it gives no pictures.
        """
        self.camera_id = camera_id
        self._number = number
        self._wanted = fps
        self._capture = self._connect()
        if self._capture is None:
            raise SourceError(f"webcam:{number}: there is no such camera on this machine, or it is in use")
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.size_px = (width, height)
        self.fps = fps or self._capture.get(cv2.CAP_PROP_FPS) or _DEFAULT_FPS
        self.frame_count: int | None = None
        self._open = True

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate until closed."""
        start, last_s, index, lost = time.monotonic(), 0.0, 0, False
        while self._open:
            ok, image = self._capture.read() if self._capture is not None else (False, None)
            now_s = time.monotonic() - start
            if ok and image is not None:
                if lost:
                    yield Gap(self.camera_id, last_s, now_s, "the camera gave no pictures")
                    lost = False
                yield Frame(self.camera_id, index, now_s, datetime.now(UTC), np.asarray(image, np.uint8))
                index, last_s = index + 1, now_s
                continue
            if not lost and now_s - last_s > _PATIENCE_S:
                lost = True
                yield Gap(self.camera_id, last_s, last_s, "the camera gives no pictures")
            time.sleep(_RETRY_S)
            if lost:
                self._release()
                self._capture = self._connect()

    def close(self) -> None:
        """Release the camera."""
        self._open = False
        self._release()

    def _connect(self) -> cv2.VideoCapture | None:
        capture = cv2.VideoCapture(self._number)
        if not capture.isOpened():
            capture.release()
            return None
        if self._wanted:
            capture.set(cv2.CAP_PROP_FPS, self._wanted)
        return capture

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
