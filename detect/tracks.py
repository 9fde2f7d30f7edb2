"""What is followed: boxes with an identity that lives as long as the camera's session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASS_OF", "Followed", "ObjectClass", "Tracks"]


class ObjectClass(IntEnum):
    """Classes that detectors report; the number is supervision's ``class_id``."""

    PERSON = 0
    BAG = 1


CLASS_OF: Final = {
    "person": ObjectClass.PERSON,
    "pedestrian": ObjectClass.PERSON,
    "backpack": ObjectClass.BAG,
    "handbag": ObjectClass.BAG,
    "suitcase": ObjectClass.BAG,
    "bag": ObjectClass.BAG,
    "holdall": ObjectClass.BAG,
    "carton": ObjectClass.BAG,
}
"""Names of classes, of networks and of annotations, that have a counterpart here; all others are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The boxes of one picture that belong to confirmed tracks, by ascending id.

    Attributes:
        track_id: Shape (n,).
        cls: ``ObjectClass`` codes, shape (n,).
        box_px: Shape (n, 4).
        confidence: Shape (n,).
    """

    track_id: NDArray[np.int64]
    cls: NDArray[np.int8]
    box_px: NDArray[np.float64]
    confidence: NDArray[np.float64]

    @classmethod
    def nobody(cls) -> Followed:
        """Return no tracks."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int8), np.empty((0, 4)), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """All confirmed tracks of one camera in one picture.

    Attributes:
        camera_id: Which camera.
        time_s: Time of the picture.
        track_id: Shape (n,), int64.
        cls: ``ObjectClass`` codes, shape (n,), int8.
        box_px: x1, y1, x2, y2, shape (n, 4).
        confidence: 0 to 1, shape (n,).
        position_m: Ground position of the feet, shape (n, 2); nan without calibration or above the horizon.
        velocity_mps: Smoothed ground velocity, shape (n, 2); nan where unknown.
        covariance_m2: Uncertainty of ``position_m``, shape (n, 2, 2); nan where unknown.
    """

    camera_id: str
    time_s: float
    track_id: NDArray[np.int64]
    cls: NDArray[np.int8]
    box_px: NDArray[np.float64]
    confidence: NDArray[np.float64]
    position_m: NDArray[np.float64]
    velocity_mps: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.track_id)

    def of(self, cls: ObjectClass) -> Tracks:
        """Return only the tracks of one class."""
        return self.only(self.cls == cls)

    def only(self, keep: NDArray[np.bool_]) -> Tracks:
        """Return only some of the tracks; ``keep`` has shape (n,)."""
        return Tracks(
            self.camera_id,
            self.time_s,
            self.track_id[keep],
            self.cls[keep],
            self.box_px[keep],
            self.confidence[keep],
            self.position_m[keep],
            self.velocity_mps[keep],
            self.covariance_m2[keep],
        )
