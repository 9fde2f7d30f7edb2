"""Boxes of truth, detector and tracker, packed for drawing over a film in the browser.

A layer is a list with one entry a picture; each entry is a flat list of whole numbers, so many a box:

==========  ==========================================================================================
truth       id, class, x, y, width, height, left, top, right, bottom inset of what can be seen, visibility %
detections  class, x, y, width, height, confidence %
tracks      id, class, x, y, width, height, confidence %
==========  ==========================================================================================

In ``truth`` and ``tracks`` x, y, width and height are differences to the same id's box before; ids are numbered anew
from 0, in order of appearance, so that they stay short. Visibility -1: nothing of it can be seen.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scenarios.truth import column

__all__ = ["LAYERS", "detection_layer", "track_layer", "truth_layer"]

LAYERS: Final = {"truth": 11, "detections": 6, "tracks": 7}
"""Numbers a box in each layer."""

Ints = NDArray[np.int64]
Layer = list[list[int]]

_FAR_PX: Final = 20_000
"""Boxes that reach farther out of the picture than this are cut: they would be numbers without meaning."""


def truth_layer(boxes: pa.Table, camera_id: str, frames: int) -> Layer:
    """Pack the true boxes of one camera.

    Args:
        boxes: Table ``scenarios.truth.BOXES``.
        camera_id: Which camera.
        frames: Pictures of its film.
    """
    rows = _of_camera(boxes, camera_id, frames)
    full = _corners(rows, ("x1", "y1", "x2", "y2"))
    seen = np.stack([np.asarray(column(rows, n), float) for n in ("vx1", "vy1", "vx2", "vy2")], axis=1)
    hidden = ~np.isfinite(seen).all(axis=1)
    seen_px = np.where(hidden[:, None], full, np.rint(np.clip(np.nan_to_num(seen), -_FAR_PX, _FAR_PX))).astype(np.int64)
    inset = np.maximum((seen_px - full) * (1, 1, -1, -1), 0)
    percent = np.nan_to_num(np.asarray(column(rows, "visibility"), float)) * 100
    percent = np.where(hidden, -1, np.rint(percent)).astype(np.int64)
    ids = _short(column(rows, "id"))
    values = np.column_stack([ids, _classes(rows), _steps(ids, _sizes(full)), inset, percent])
    return _by_frame(rows, values, frames)


def detection_layer(detections: pa.Table, camera_id: str, frames: int) -> Layer:
    """Pack the boxes of the detector; arguments as in ``truth_layer``, table ``detect.observations.DETECTIONS``."""
    rows = _of_camera(detections, camera_id, frames)
    boxes = _sizes(_corners(rows, ("x1", "y1", "x2", "y2")))
    return _by_frame(rows, np.column_stack([_classes(rows), boxes, _percent(rows, "confidence")]), frames)


def track_layer(tracks: pa.Table, camera_id: str, frames: int) -> tuple[Layer, list[int]]:
    """Pack the tracks; arguments as in ``truth_layer``, table ``detect.observations.TRACKS``.

    Returns:
        The layer, and the track id of each short id in it.
    """
    rows = _of_camera(tracks, camera_id, frames)
    named = column(rows, "track_id")
    ids = _short(named)
    boxes = _steps(ids, _sizes(_corners(rows, ("x1", "y1", "x2", "y2"))))
    layer = _by_frame(rows, np.column_stack([ids, _classes(rows), boxes, _percent(rows, "confidence")]), frames)
    first = np.unique(ids, return_index=True)[1]
    return layer, [int(named[i]) for i in first]


def _of_camera(table: pa.Table, camera_id: str, frames: int) -> pa.Table:
    mine = table.filter(pc.and_(pc.equal(table["camera"], camera_id), pc.less(table["frame"], frames)))
    return mine.take(np.argsort(column(mine, "frame"), kind="stable"))  # Arrow's own sort changes the order of equals


def _corners(rows: pa.Table, names: tuple[str, ...]) -> Ints:
    values = np.stack([np.asarray(column(rows, name), float) for name in names], axis=1)
    whole: Ints = np.rint(np.clip(np.nan_to_num(values), -_FAR_PX, _FAR_PX)).astype(np.int64)
    return whole


def _sizes(corners: Ints) -> Ints:
    return np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1)


def _classes(rows: pa.Table) -> Ints:
    return np.fromiter((1 if c == "bag" else 0 for c in column(rows, "cls")), np.int64, rows.num_rows)


def _percent(rows: pa.Table, name: str) -> Ints:
    whole: Ints = np.rint(np.nan_to_num(np.asarray(column(rows, name), float)) * 100).astype(np.int64)
    return whole


def _short(ids: NDArray[Any]) -> Ints:
    """Number ids from 0 in order of appearance."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _steps(ids: Ints, boxes: Ints) -> Ints:
    """Differences to the same id's box before; a first box stays whole."""
    order = np.argsort(ids, kind="stable")
    sorted_ids, sorted_boxes = ids[order], boxes[order]
    steps = sorted_boxes.copy()
    same = np.flatnonzero(sorted_ids[1:] == sorted_ids[:-1]) + 1
    steps[same] = sorted_boxes[same] - sorted_boxes[same - 1]
    out = np.empty_like(steps)
    out[order] = steps
    return out


def _by_frame(rows: pa.Table, values: Ints, frames: int) -> Layer:
    if not rows.num_rows:
        return [[] for _ in range(frames)]
    frame = np.asarray(column(rows, "frame"), np.int64)
    edges = np.searchsorted(frame, np.arange(frames + 1))
    return [values[a:b].ravel().tolist() for a, b in pairwise(edges)]
