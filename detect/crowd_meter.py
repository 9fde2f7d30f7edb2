"""People per square metre by heads, zone by zone; and when that is to be believed rather than boxes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.heads import HeadCounter, HeadMap, scale_for, seen_of
from scenarios.camera import Camera
from scenarios.frame import Frame
from scenarios.venue import Zone

__all__ = ["HEADS_VALID_FROM_PER_M2", "HEADS_VALID_TO_PER_M2", "SWITCH_PER_M2", "CountBy", "CrowdMeter", "heads_count"]

SWITCH_PER_M2: Final = 1.5
"""Above this density, by heads, heads are believed, below it boxes: between where they are better than `background` and
where they are better than the best boxes there can be (docs/density.md)."""
HEADS_VALID_FROM_PER_M2: Final = 3.0
HEADS_VALID_TO_PER_M2: Final = 4.0
"""Between these densities heads were measured to be off by at most 15 % on average (docs/density.md)."""
_STAY: Final = 0.8
"""Heads are believed down to this share of the switch, once they are: a count does not flutter between the two."""
_LEAST_SEEN: Final = 0.02


class CountBy(StrEnum):
    """What people are counted by."""

    BOXES = "boxes"
    HEADS = "heads"
    BOTH = "both"


def heads_count(by: CountBy, heads_per_m2: float | None, *, now: bool, switch_per_m2: float = SWITCH_PER_M2) -> bool:
    """Return whether heads are to be believed in a zone.

    Args:
        by: What was asked for.
        heads_per_m2: Density by heads; None: not known.
        now: Whether they are believed until now.
        switch_per_m2: Density at which they take over.
    """
    if heads_per_m2 is None or by is CountBy.BOXES:
        return False
    return by is CountBy.HEADS or heads_per_m2 > switch_per_m2 * (_STAY if now else 1.0)


class CrowdMeter:
    """Measures zones of one camera by heads, now and then.

    Attributes:
        counter: Counts heads.
        every_s: A picture is counted when the last one is so old: crowds change slowly, and networks cost time.
    """

    def __init__(self, counter: HeadCounter, *, every_s: float = 1.0) -> None:
        """Take a counter; it may serve several meters."""
        self.counter, self.every_s = counter, every_s
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._camera: Camera | None = None
        self._shares: dict[str, NDArray[np.float32]] = {}
        self._area: dict[str, float] = {}
        self._scale = 1.0
        self._at_s = -np.inf
        self._per_m2: dict[str, float] = {}

    def measure(self, frame: Frame, camera: Camera, zones: Sequence[Zone]) -> dict[str, float]:
        """Return the latest people per square metre by zone; zones in which no heads can be seen are left out.

        Args:
            frame: A picture of the camera.
            camera: Its calibration.
            zones: What to measure, by different ids.
        """
        if frame.time_s - self._at_s < self.every_s and camera is self._camera:
            return self._per_m2
        if camera is not self._camera or self._area.keys() != {zone.id for zone in zones}:
            self._scale = scale_for(camera, zones)
            self._shares = {}
            self._area = {zone.id: seen_of(camera, zone) * float(zone.shape.area) for zone in zones}
            self._camera = camera
        found = self.counter.look(frame.image, scale=self._scale)
        self._at_s = frame.time_s
        self._per_m2 = {
            zone.id: self._people(found, camera, zone) / self._area[zone.id]
            for zone in zones
            if self._area[zone.id] > _LEAST_SEEN * zone.shape.area
        }
        return self._per_m2

    def _people(self, found: HeadMap, camera: Camera, zone: Zone) -> float:
        shares = self._shares.get(zone.id)
        if shares is None or shares.shape != found.heads.shape:
            shares = self._shares[zone.id] = found.shares_in(camera, zone)
        return float((found.heads * shares).sum())
