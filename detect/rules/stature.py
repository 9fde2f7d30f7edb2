"""How high and how wide a box is, in metres, as if what it shows stood upright on the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from detect.rules.floor import Floor, feet_px

__all__ = ["Stature", "statures"]

Floats = NDArray[np.float64]

_EDGE_PX: Final = 2.0
"""A box this near to the picture's edge may go on beyond it, and has no height."""


@dataclass(frozen=True, slots=True, eq=False)
class Stature:
    """A body in one picture.

    Attributes:
        time_s: When.
        height_m: Of the box, as of something upright; of who lies it depends on how the camera looks down.
        width_m: Of the box.
        place: Where its lower edge stands, shape (2,), metres.
        body_px: Pixels that somebody of 1.7 m would be high there.
        box_px: The box, shape (4,).
    """

    BODY_M: ClassVar[float] = 1.7

    time_s: float
    height_m: float
    width_m: float
    place: Floats
    body_px: float
    box_px: Floats


def statures(boxes: Floats, floor: Floor, size_px: tuple[int, int], time_s: float) -> list[Stature | None]:
    """Measure boxes, shape (n, 4); None for one that is cut by the picture's edge or stands nowhere known."""
    if not len(boxes):
        return []
    feet = feet_px(boxes)
    places, body = floor.metres(feet), floor.body_px(feet)
    inside = np.c_[boxes[:, :2] > _EDGE_PX, boxes[:, 2:] < np.array(size_px) - 1 - _EDGE_PX]
    known = np.c_[inside, np.isfinite(places), body > 0].all(axis=1)
    high = Stature.BODY_M * (boxes[:, 3] - boxes[:, 1]) / body[:, 0]
    wide = (boxes[:, 2] - boxes[:, 0]) / body[:, 1]
    return [
        Stature(time_s, float(high[i]), float(wide[i]), places[i], float(body[i, 0]), boxes[i]) if known[i] else None
        for i in range(len(boxes))
    ]
