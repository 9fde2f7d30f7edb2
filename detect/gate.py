"""How far somebody can have come since the last picture: a gate on the ground for matching boxes to tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from trackers import BaseIoU

from detect.ground import GroundSettings, locate_feet
from detect.tracks import ObjectClass
from scenarios.camera import Camera

__all__ = ["GroundGate"]

Floats = NDArray[np.float64]

_SIGMAS: Final = 3.0
_HEAD_M: Final = 1.7
"""Any height does, because the same one is taken for both boxes."""
_APART: Final = -0.5
"""Distance-IoU of boxes that no tracker here matches."""
_NEAR: Final = 0.15
"""Share of a box's height, so about 0.25 m of a person, by which nobody is said to have jumped."""
_BETWEEN: Final = GroundSettings(noise_share=0.04)
"""From one picture to the next; what is wrong with both of them is no jump (see ``GroundSettings.lasting``)."""
_NEVER: Final = -1e3
"""Below every threshold of overlap, and finite, because the assignment takes no infinities."""


class GroundGate(BaseIoU):
    """An overlap that is none at all where a match would be a jump on the ground.

    A box may continue a track when it stands within ``fastest_mps`` times the seconds since the track was last seen,
    and three standard deviations of both positions, of where the track is expected: by his feet or by his head,
    because others hide feet, and then the box ends too high. Boxes without a place on the ground (above the horizon)
    are not gated.

    Args:
        overlap: What is gated.
        fastest_mps: How fast somebody departs from where he is expected.
        cls: Whose boxes they are: the feet of people who are cut by the picture's edge are found from their heads.
    """

    def __init__(self, overlap: BaseIoU, fastest_mps: float, cls: ObjectClass) -> None:
        self.camera: Camera | None = None
        """Of the present picture; None: nothing is gated."""
        self.tracks: Callable[[], Sequence[Any]] = tuple
        """The tracker's own tracks: they know how long they were not seen."""
        self._overlap, self._fastest_mps, self._cls = overlap, fastest_mps, cls

    def normalize_for_fusion(self, similarity_matrix: Floats) -> Floats:
        """Return the overlaps from 0 to 1; what is gated stays gated."""
        gated = similarity_matrix <= _NEVER
        return np.where(gated, 0.0, self._overlap.normalize_for_fusion(similarity_matrix))

    def _compute(self, boxes_1: Floats, boxes_2: Floats) -> Floats:
        overlap = np.asarray(self._overlap.compute(boxes_1, boxes_2), float)
        if self.camera is None or not self._suspicious(boxes_1, boxes_2, overlap).any():
            return overlap
        expected, sure_1 = self._place(boxes_1)
        seen, sure_2 = self._place(boxes_2)
        apart = np.linalg.norm(expected[:, None] - seen[None], axis=2)
        if self._cls is ObjectClass.PERSON:
            expected, seen = self._below_heads(boxes_1), self._below_heads(boxes_2)
            apart = np.fmin(apart, np.linalg.norm(expected[:, None] - seen[None], axis=2))
        reach = self._fastest_mps * self._unseen_s(boxes_1)[:, None] + _SIGMAS * np.hypot(sure_1[:, None], sure_2)
        return np.where(apart > reach, _NEVER, overlap)  # nan, without a place, is never more

    def _suspicious(self, boxes_1: Floats, boxes_2: Floats, overlap: Floats) -> NDArray[np.bool_]:
        """Pairs that might be matched though neither feet nor head are near each other: mostly there is none."""
        middle = np.abs((boxes_1[:, 0] + boxes_1[:, 2])[:, None] - (boxes_2[:, 0] + boxes_2[:, 2])[None]) / 2
        ends = np.minimum(*(np.abs(boxes_1[:, k][:, None] - boxes_2[:, k][None]) for k in (1, 3)))
        height = (boxes_1[:, 3] - boxes_1[:, 1])[:, None]
        return np.asarray((overlap > _APART) & (np.maximum(middle, ends) > _NEAR * height))

    def _place(self, boxes: Floats) -> tuple[Floats, Floats]:
        """Where boxes stand, (n, 2), and the standard deviation in the worst direction, (n,)."""
        assert self.camera is not None
        position, covariance = locate_feet(self.camera, boxes, np.full(len(boxes), int(self._cls), np.int8), _BETWEEN)
        sigma = np.full(len(boxes), np.nan)
        known = np.isfinite(covariance).all(axis=(1, 2))
        sigma[known] = np.sqrt(np.linalg.eigvalsh(covariance[known])[:, -1])
        return position, sigma

    def _below_heads(self, boxes: Floats) -> Floats:
        """Where people of one height stand whose heads are at the boxes' upper edges, (n, 2)."""
        assert self.camera is not None
        heads = np.c_[(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1]] - 0.5
        return np.asarray(self.camera.to_ground(heads, _HEAD_M), float)

    def _unseen_s(self, boxes: Floats) -> Floats:
        """Seconds since the tracks of these expected boxes were last seen, (n,)."""
        known = {t.get_state_bbox().tobytes(): t.time_since_update_seconds for t in self.tracks()}
        return np.array([known.get(box.tobytes(), np.nan) for box in np.asarray(boxes, float)])
