"""One picture of one camera at one instant, and the statement that there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Gap", "Image"]

Image = NDArray[np.uint8]
"""A picture, shape (height, width, 3), blue-green-red, 0 to 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a camera, simulated or real, hands to the detection stack.

    Attributes:
        camera_id: Which camera.
        index: Number of the picture since the source was opened, from 0; a lost picture leaves a hole.
        time_s: Seconds since the start of the scenario or of the source.
        wall_time: When it was taken, with time zone; None when nobody knows.
        image: Shape (height, width, 3), uint8, BGR.
    """

    camera_id: str
    index: int
    time_s: float
    wall_time: datetime | None
    image: Image


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without pictures: it is *no data*, never an empty square.

    Attributes:
        camera_id: Which camera.
        start_s: Time of the last picture before the gap.
        end_s: Time of the first picture after it; equal to ``start_s`` while it is still open.
        reason: For a person: what was lost and why.
    """

    camera_id: str
    start_s: float
    end_s: float
    reason: str
