"""The burnt-in mark: nobody may take a simulated picture for a real one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.frame import Image

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

__all__ = ["Mark", "clock", "masked"]

_TEXT: Final = "SYNTHETIC"
_LONGEST_TIME: Final = "00:00:00.00"
_Calibrated = TypeVar("_Calibrated", Camera, CameraTrack)


class Mark:
    """Writes ``SYNTHETIC  <camera>  <time>`` into the upper left corner.

    Args:
        camera: Whose pictures are marked.
    """

    def __init__(self, camera: Camera | CameraTrack) -> None:
        pygame.font.init()
        self._id = camera.id
        self._font = pygame.font.Font(None, max(14, round(camera.height_px / 30)))
        widest, tall = self._font.size(f"{_TEXT}  {camera.id}  {_LONGEST_TIME}")
        self.size_px: tuple[int, int] = (min(widest + 14, camera.width_px), min(tall + 8, camera.height_px))
        """Width and height of the band."""
        self._band = np.zeros((self.size_px[1], self.size_px[0], 4), np.uint8)
        self._surface: Any = pygame.image.frombuffer(self._band.data, self.size_px, "BGRA")

    def burn(self, picture: Image, time_s: float) -> None:
        """Draw the band and the time into a finished picture, shape (h, w, 3), as a recorder does."""
        self._surface.fill((16, 16, 16))
        self._surface.blit(self._font.render(f"{_TEXT}  {self._id}  {clock(time_s)}", True, (238, 238, 238)), (7, 4))
        picture[: self.size_px[1], : self.size_px[0]] = self._band[..., :3]

    @property
    def polygon_px(self) -> NDArray[np.float64]:
        """Corners of the band, shape (4, 2)."""
        w, h = self.size_px
        return np.array(((-0.5, -0.5), (w - 0.5, -0.5), (w - 0.5, h - 0.5), (-0.5, h - 0.5)))


def masked(camera: _Calibrated) -> _Calibrated:
    """Return the camera with the mark's band among the parts that are never looked at."""
    return replace(camera, masks_px=(*camera.masks_px, Mark(camera).polygon_px))


def clock(time_s: float) -> str:
    """Write a time of the scenario as hours, minutes, seconds and hundredths."""
    hundredths = round(time_s * 100)
    return (
        f"{hundredths // 360000:02d}:{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
    )
