"""Where tracks stand, in metres: by the camera's calibration or, without one, by the height of the people."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detect.rules.contract import Scene
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera

__all__ = ["Floor", "feet_px"]

Floats = NDArray[np.float64]

_BODY_M: Final = 1.7
_FIRST_FIT: Final = 30
_LAST_FIT: Final = 4000
_FOCAL_PER_WIDTH: Final = 1.0
"""Focal length over picture width that is assumed without calibration: a field of view of 53 degrees."""
_LEAST_HEIGHT_PX: Final = 4.0
_TRIM: Final = 0.25


def feet_px(boxes: Floats) -> Floats:
    """Return the middle of the lower edge of boxes (n, 4), shape (n, 2)."""
    return np.stack(((boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]), axis=1)


class Floor:
    """Places tracks on the floor.

    With a calibration these are the tracks' own world positions. Without one the scale is learnt from the people:
    on level ground the height of a standing person in the picture grows linearly with the row of the feet
    (Hoiem, Efros, Hebert 2008, DOI 10.1007/s11263-008-0137-5, equation 6), so that feet at (x, y) are at
    1.7 m / h(y) times (x - centre, focal length). The focal length is assumed; across the view the places do not
    depend on it. They are rough, in a frame of their own, and good for distances and speeds only.
    """

    def __init__(self) -> None:
        self._camera: Camera | None = None
        self._size: tuple[int, int] = (1, 1)
        self._rows: list[Floats] = []
        self._count = 0
        self._next_fit = _FIRST_FIT
        self._line: tuple[float, float] | None = None

    @property
    def ready(self) -> bool:
        """Whether places are known."""
        return self._camera is not None or self._line is not None

    def update(self, scene: Scene) -> bool:
        """Take note of the people in this picture.

        Returns:
            Whether places that were computed before must be computed again from their pixels.
        """
        self._camera = scene.camera
        height, width = scene.frame.image.shape[:2]
        self._size = (width, height)
        if self._camera is not None or self._count >= _LAST_FIT:
            return False
        people = scene.tracks.of(ObjectClass.PERSON).box_px
        whole = (people[:, 0] > 1) & (people[:, 1] > 1) & (people[:, 2] < width - 1) & (people[:, 3] < height - 1)
        if whole.any():
            self._rows.append(np.stack((people[whole, 3], people[whole, 3] - people[whole, 1]), axis=1))
            self._count += int(whole.sum())
        if self._count < self._next_fit:
            return False
        self._next_fit = 2 * self._count
        self._line = _fit(np.concatenate(self._rows))
        return True

    def places(self, tracks: Tracks) -> Floats:
        """Return where tracks stand, shape (n, 2), metres; nan where it is not known."""
        if self._camera is not None:
            return tracks.position_m
        return self.metres(feet_px(tracks.box_px))

    def metres(self, points_px: ArrayLike) -> Floats:
        """Return where pixels of the floor lie, shape (n, 2), metres; nan where it is not known."""
        px = np.atleast_2d(np.asarray(points_px, float))
        if self._camera is not None:
            return self._camera.to_ground(px)
        if self._line is None or not len(px):
            return np.full((len(px), 2), np.nan)
        base, slope = self._line
        scale = _BODY_M / np.maximum(base + slope * px[:, 1], _LEAST_HEIGHT_PX)
        if slope == 0:
            return np.stack((px[:, 0] * scale, -px[:, 1] * scale), axis=1)
        return np.stack(((px[:, 0] - self._size[0] / 2) * scale, _FOCAL_PER_WIDTH * self._size[0] * scale), axis=1)


def _fit(samples: Floats) -> tuple[float, float]:
    """Fit height = base + slope * row to (row, height); slope 0 where the rows do not tell."""
    rows, heights = samples.T
    typical = float(np.median(heights))
    if rows.std() < typical / 4:
        return typical, 0.0
    keep = np.ones(len(rows), bool)
    slope, base = 0.0, typical
    for _ in range(3):
        slope, base = (float(v) for v in np.polyfit(rows[keep], heights[keep], 1))
        line = base + slope * rows
        keep = np.abs(heights - line) <= _TRIM * np.maximum(line, _LEAST_HEIGHT_PX)
        if keep.sum() < _FIRST_FIT // 2 or rows[keep].std() < typical / 8:
            return typical, 0.0
    return (base, slope) if slope > 0 else (typical, 0.0)
