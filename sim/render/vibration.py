"""A camera that shakes: its mast sways and rattles in the wind."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions

__all__ = ["Vibration"]

_BANDS_HZ: Final = ((0.6, 1.3), (3.0, 5.0), (9.0, 14.0))
"""Of a slender steel mast: its first bending modes, and the rattle of the bracket."""
_SHARES: Final = (0.84, 0.46, 0.28)
"""Root mean squares of the three; together 1."""


class Vibration:
    """The shift of the picture over time.

    A small turn of the camera shifts its whole picture by the focal length times the angle, which is what is done to
    the picture and to all that is drawn and counted in it; the calibration that a detector gets stays that of the
    camera at rest.

    Args:
        conditions: How much it shakes.
        camera: At rest.
        rng: Draws frequencies and phases.
    """

    def __init__(self, conditions: Conditions, camera: Camera, rng: np.random.Generator) -> None:
        self.rms_px = float(np.radians(conditions.shake_deg) * camera.matrix[0, 0])
        """Root mean square of the shift along each axis."""
        low, high = np.array(_BANDS_HZ).T
        self._turn = 2 * np.pi * rng.uniform(low, high, (2, 3))
        self._phase = rng.uniform(0, 2 * np.pi, (2, 3))
        self._reach = np.sqrt(2) * self.rms_px * np.array(_SHARES) / np.linalg.norm(_SHARES)

    @property
    def margin_px(self) -> int:
        """The picture never shifts further; even."""
        most = float(np.sum(self._reach))
        return 2 * int(np.ceil((most + 1) / 2)) if most else 0

    def shift_px(self, time_s: float) -> tuple[float, float]:
        """Return how far the picture is shifted at a time: right, down."""
        right, down = (self._reach * np.sin(self._turn * time_s + self._phase)).sum(axis=1)
        return float(right), float(down)

    def drift_px(self, time_s: float, shutter_s: float) -> tuple[float, float]:
        """Return how far the picture moves while the shutter is open around a time: right, down."""
        way: NDArray[np.float64] = np.subtract(
            self.shift_px(time_s + shutter_s / 2), self.shift_px(time_s - shutter_s / 2)
        )
        return float(way[0]), float(way[1])

    def shifted(self, camera: Camera, time_s: float) -> Camera:
        """Return the camera whose picture is shifted as at a time."""
        right, down = self.shift_px(time_s)
        matrix = camera.matrix.copy()
        matrix[:2, 2] += (right, down)
        return replace(camera, matrix=matrix)

    def padded(self, camera: Camera) -> Camera:
        """Return a camera with a margin on every side, from whose picture all shifted ones can be cut."""
        margin = self.margin_px
        matrix = camera.matrix.copy()
        matrix[:2, 2] += margin
        return replace(
            camera, matrix=matrix, width_px=camera.width_px + 2 * margin, height_px=camera.height_px + 2 * margin
        )
