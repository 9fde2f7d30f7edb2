"""Boxes that people annotated, whatever file they come from, as the truth's table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from detect.tracks import CLASS_OF
from scenarios.errors import ScenarioError
from scenarios.truth import BOXES, GroundTruth

__all__ = ["AnnotatedBox", "boxes_truth", "label_class"]


@dataclass(frozen=True, slots=True)
class AnnotatedBox:
    """One box in one picture.

    Attributes:
        frame: From 0.
        id: Of the person or thing, the same in all pictures.
        cls: person or bag.
        box_px: x1, y1, x2, y2.
        visibility: Share that is seen; 0: neither to be found nor wrong.
        place_m: On the ground, or None.
    """

    frame: int
    id: int
    cls: str
    box_px: tuple[float, float, float, float]
    visibility: float = 1.0
    place_m: tuple[float, float] | None = None


def label_class(label: str) -> str | None:
    """Return person or bag for the name of a class, None for what is neither."""
    known = CLASS_OF.get(label.strip().lower())
    return None if known is None else known.name.lower()


def boxes_truth(
    boxes: Iterable[AnnotatedBox], path: Path, *, camera_id: str, fps: float, duration_s: float | None
) -> GroundTruth:
    """Return annotated boxes as truth; nothing is known about owners and incidents.

    Args:
        boxes: In any order.
        path: Their file, for errors.
        camera_id: Camera of the footage.
        fps: Its true frame rate.
        duration_s: Length of the footage; None: to the last box.

    Raises:
        ScenarioError: There are none, or two of one id in one picture.
    """
    rows = sorted(boxes, key=lambda b: (b.frame, b.cls, b.id))
    if not rows:
        raise ScenarioError(f"{path.name}: holds no box of a person or a bag (known labels: {', '.join(CLASS_OF)})")
    for one, other in pairwise(rows):
        if (one.frame, one.cls, one.id) == (other.frame, other.cls, other.id):
            raise ScenarioError(f"{path.name}: {one.cls} {one.id} has two boxes in picture {one.frame}")
    frame = np.array([b.frame for b in rows], np.int32)
    box = np.array([b.box_px for b in rows], float).reshape(-1, 4)
    seen = np.array([b.visibility for b in rows], float)
    place = np.array([b.place_m or (np.nan, np.nan) for b in rows], float)
    shown = np.where(seen[:, None] > 0, box, np.nan)
    columns = {
        "camera": [camera_id] * len(rows),
        "frame": frame,
        "time_s": frame / fps,
        "id": np.array([b.id for b in rows], np.int32),
        "cls": [b.cls for b in rows],
        **{name: box[:, i] for i, name in enumerate(("x1", "y1", "x2", "y2"))},
        **{name: shown[:, i] for i, name in enumerate(("vx1", "vy1", "vx2", "vy2"))},
        "visibility": seen,
        "x_m": place[:, 0],
        "y_m": place[:, 1],
    }
    table = pa.table({f.name: pa.array(columns[f.name], type=f.type, from_pandas=False) for f in BOXES}, BOXES)
    end = (int(frame.max()) + 1) / fps
    return GroundTruth(end if duration_s is None else duration_s, None, None, table, None)
