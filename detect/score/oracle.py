"""A detector that reads the truth: to test rules apart from pictures. Its name stands in every score it touches."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame
from scenarios.truth import GroundTruth, column

__all__ = ["OracleDetector"]

Floats = NDArray[np.float64]

_CLASSES: Final = {"person": ObjectClass.PERSON, "bag": ObjectClass.BAG}
_SURE: Final = 0.9
_FALSE_SURE: Final = (0.3, 0.9)
_FALSE_SIZE: Final = (0.03, 0.12)
"""Width and height of a false box over those of the picture, where there is no true box to take them from."""
_CLOCK_S: Final = 0.25


class OracleDetector:
    """Gives the true boxes, perfect or spoilt on purpose.

    A true box is given when at least ``min_visibility`` of it can be seen: the box of the whole body, also where a
    part is hidden, cut at the edge of the picture. What is spoilt depends on seed, camera and frame number only, so
    that any order and any batch give the same.

    Args:
        truth: With boxes.
        miss: Probability that a box is left out.
        jitter_px: Standard deviation of each of its four edges.
        false_per_frame: Mean number (Poisson) of boxes in a picture where nothing is: copies of true ones elsewhere.
        min_visibility: Least share that can be seen.
        seed: For all chance.

    Raises:
        DetectorError: The truth has no boxes, or a value makes no sense.
    """

    weights_sha256: str | None = None

    def __init__(
        self,
        truth: GroundTruth,
        *,
        miss: float = 0.0,
        jitter_px: float = 0.0,
        false_per_frame: float = 0.0,
        min_visibility: float = 0.1,
        seed: int = 0,
    ) -> None:
        if truth.boxes is None:
            raise DetectorError("the detector 'oracle' reads the true boxes, and this footage has none")
        spoilt = {"miss": miss, "jitter_px": jitter_px, "false_per_frame": false_per_frame}
        for name, value in (spoilt | {"min_visibility": min_visibility}).items():
            most = 1.0 if name in ("miss", "min_visibility") else 1000.0
            if not 0 <= value <= most:
                raise DetectorError(f"oracle: {name}={value:g} should be from 0 to {most:g}")
        options = [f"{name}={value:g}" for name, value in spoilt.items() if value]
        options += [f"min_visibility={min_visibility:g}"] if min_visibility != 0.1 else []
        self.name = f"oracle({','.join(options)})" if options else "oracle"
        self._miss, self._jitter, self._false = miss, jitter_px, false_per_frame
        self._seed = seed
        visible = np.nan_to_num(column(truth.boxes, "visibility").astype(float))
        known = np.isin(np.asarray(column(truth.boxes, "cls"), dtype=object).astype(str), list(_CLASSES))
        rows = np.flatnonzero((visible >= min_visibility) & (visible > 0) & known)
        frame = column(truth.boxes, "frame").astype(np.int64)
        camera = np.asarray(column(truth.boxes, "camera"), dtype=object)
        order = rows[np.lexsort((column(truth.boxes, "id")[rows], frame[rows], camera[rows].astype(str)))]
        self._frame, self._time_s = frame[order], column(truth.boxes, "time_s")[order]
        self._box: Floats = np.stack([column(truth.boxes, n) for n in ("x1", "y1", "x2", "y2")], axis=1)[order].astype(
            float
        )
        kinds = np.asarray(column(truth.boxes, "cls"), dtype=object)[order]
        self._cls = np.array([_CLASSES[str(kind)] for kind in kinds], np.int64)
        names, first = np.unique(camera[order].astype(str), return_index=True)
        ends = [*first[1:].tolist(), len(order)]
        self._rows = {str(n): (a, b) for n, a, b in zip(names, first.tolist(), ends, strict=True)}

    def start(self, camera: Camera | None) -> None:
        """Nothing is remembered from picture to picture."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Return what is true in each picture, spoilt as set.

        Raises:
            DetectorError: The pictures' times are not those of the truth: it belongs to other footage.
        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        begin, end = self._rows.get(frame.camera_id, (0, 0))
        here = begin + np.arange(*np.searchsorted(self._frame[begin:end], [frame.index, frame.index + 1]))
        if len(here) and abs(float(self._time_s[here[0]]) - frame.time_s) > _CLOCK_S:
            raise DetectorError(
                f"the truth of picture {frame.index} of '{frame.camera_id}' is of {self._time_s[here[0]]:.2f} s, the "
                f"picture of {frame.time_s:.2f} s: the oracle needs the truth of the same footage, at its frame rate"
            )
        rng = np.random.default_rng([self._seed, zlib.crc32(frame.camera_id.encode()), frame.index])
        height, width = frame.image.shape[:2]
        kept = here[rng.random(len(here)) >= self._miss]
        box = self._box[kept] + rng.normal(0.0, 1.0, (len(kept), 4)) * self._jitter
        cls, sure = self._cls[kept], np.full(len(kept), _SURE)
        extra = int(rng.poisson(self._false))
        if extra:
            size, kind = self._like(here, extra, width, height, rng)
            corner = rng.random((extra, 2)) * np.maximum((width, height) - size, 1.0)
            box = np.concatenate((box, np.concatenate((corner, corner + size), axis=1)))
            cls = np.concatenate((cls, kind))
            sure = np.concatenate((sure, rng.uniform(*_FALSE_SURE, extra)))
        box = np.clip(box, 0, (width, height, width, height))
        real = (box[:, 2] - box[:, 0] >= 1) & (box[:, 3] - box[:, 1] >= 1)
        return sv.Detections(xyxy=box[real], confidence=sure[real], class_id=cls[real])

    def _like(
        self, here: NDArray[np.int64], extra: int, width: int, height: int, rng: np.random.Generator
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Sizes and classes for false boxes, as those of true ones in the same picture."""
        if not len(here):
            size = np.tile(np.array(_FALSE_SIZE) * (width, height), (extra, 1))
            return size, np.full(extra, int(ObjectClass.PERSON))
        chosen = here[rng.integers(0, len(here), extra)]
        return self._box[chosen, 2:] - self._box[chosen, :2], self._cls[chosen]
