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
_MIDDLE_M: Final = _BODY_M / 2
_MOST_SHORTENED: Final = (3.0, 2.0)
"""Motion away from the camera is lengthened at most so many times: with a calibration, and without."""
_HEIGHTS_SD: Final = 0.07
"""What people's own heights leave open of a scale from few of them; 1.7 m +- 0.1 m, children and bad boxes."""


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
        self._sd = np.nan
        self.version = 0
        """Changes whenever pixels lie elsewhere than before."""

    @property
    def ready(self) -> bool:
        """Whether places are known."""
        return self._camera is not None or self._line is not None

    @property
    def calibrated(self) -> bool:
        """Whether places are those of the camera's calibration."""
        return self._camera is not None

    @property
    def evidence(self) -> dict[str, float | int | str]:
        """What metres rest on, to be stated in an event's evidence."""
        if self._camera is not None:
            return {"scale": "by calibration"}
        return {
            "scale": "from heights of people",
            "heights_measured": self._count,
            "scale_uncertain_by": round(self._sd, 2),
        }

    def update(self, scene: Scene) -> bool:
        """Take note of the people in this picture.

        Returns:
            Whether places that were computed before must be computed again from their pixels.
        """
        if scene.camera is not self._camera:
            self._camera, self.version = scene.camera, self.version + 1
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
        samples = np.concatenate(self._rows)
        self._line, self.version = _fit(samples), self.version + 1
        self._sd = _uncertainty(samples, self._line)
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

    def body_px(self, feet: Floats) -> Floats:
        """Return how high a body of 1.7 m, and how wide a metre across the view, is at pixels of the floor.

        Args:
            feet: Shape (n, 2).

        Returns:
            Height and width, pixels, shape (n, 2); nan where it is not known.
        """
        if self._camera is not None:
            box = self._camera.upright_box_px(self._camera.to_ground(feet), _BODY_M, 1.0)
            return np.stack((box[:, 3] - box[:, 1], box[:, 2] - box[:, 0]), axis=1)
        if self._line is None:
            return np.full((len(feet), 2), np.nan)
        tall = np.maximum(self._line[0] + self._line[1] * feet[:, 1], _LEAST_HEIGHT_PX)
        return np.stack((tall, tall / _BODY_M), axis=1)

    def around(self, points_px: Floats) -> tuple[Floats, Floats, Floats]:
        """Say of pixels that show the middle of a body what its metres are.

        Args:
            points_px: Shape (n, 2).

        Returns:
            Where the body stands (n, 2); metres on the floor for a pixel right and down (n, 2, 2), lengthened at most
            as far as is sure; its height in the picture (n,), pixels. nan where it is not known.
        """
        n = len(points_px)
        if self._camera is not None:
            step = np.array([(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5)])
            at = self._camera.to_ground((points_px[None] + step[:, None]).reshape(-1, 2), _MIDDLE_M).reshape(5, n, 2)
            place, metres = at[0], np.stack((at[1] - at[2], at[3] - at[4]), axis=2)
            head, _ = self._camera.project(np.c_[place, np.full(n, _BODY_M)])
            foot, _ = self._camera.project(np.c_[place, np.zeros(n)])
            return place, _limited(metres, _MOST_SHORTENED[0]), np.linalg.norm(head - foot, axis=1)
        if self._line is None:
            return np.full((n, 2), np.nan), np.full((n, 2, 2), np.nan), np.full(n, np.nan)
        base, slope = self._line
        foot_row = (points_px[:, 1] + base / 2) / (1 - slope / 2)
        tall = np.maximum(base + slope * foot_row, _LEAST_HEIGHT_PX)
        scale = _BODY_M / tall
        metres = np.zeros((n, 2, 2))
        metres[:, 0, 0] = scale
        metres[:, 1, 1] = -scale * np.clip(_FOCAL_PER_WIDTH * self._size[0] * slope / tall, 1.0, _MOST_SHORTENED[1])
        return self.metres(np.c_[points_px[:, 0], foot_row]), metres, tall


def _limited(metres: Floats, most: float) -> Floats:
    """Cut what one direction is lengthened against the other, shapes (n, 2, 2)."""
    known = np.isfinite(metres).all(axis=(1, 2))
    result = np.full_like(metres, np.nan)
    left, size, right = np.linalg.svd(metres[known])
    size[:, 0] = np.minimum(size[:, 0], most * size[:, 1])
    result[known] = left * size[:, None, :] @ right
    return result


def _uncertainty(samples: Floats, line: tuple[float, float]) -> float:
    """Standard deviation of the scale, as a share: what bodies differ in, and what a few boxes leave open."""
    tall = np.maximum(line[0] + line[1] * samples[:, 0], _LEAST_HEIGHT_PX)
    off = np.log(np.maximum(samples[:, 1], _LEAST_HEIGHT_PX) / tall)
    spread = 1.4826 * float(np.median(np.abs(off - np.median(off))))
    return float(np.hypot(_HEIGHTS_SD, spread / np.sqrt(len(samples) / 30)))


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
