"""Tracks against true people: HOTA, IDF1, MOTA."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from trackers.eval import (
    aggregate_clear_metrics,
    aggregate_hota_metrics,
    aggregate_identity_metrics,
    compute_clear_metrics,
    compute_hota_metrics,
    compute_identity_metrics,
)

from detect.score.boxes import BoxTable, iou_matrix, pictures

__all__ = ["Sequences", "align", "identity_switches", "track_scores"]

Sequences = tuple[list[NDArray[np.int64]], list[NDArray[np.int64]], list[NDArray[np.float64]]]
"""True ids (g,), track ids (t,) and their overlaps (g, t), a picture each."""

_IGNORE_IOU: Final = 0.5


def align(true: BoxTable, seen: BoxTable) -> list[Sequences]:
    """Bring true people and tracks together, one sequence a camera.

    As MOTChallenge does: tracks are first matched to all true boxes, ignored ones included; a track that falls on an
    ignored one is taken out, and so are the ignored ones (Dendorfer et al. 2021, DOI 10.1007/s11263-020-01393-0).
    """
    cameras = np.union1d(true.camera, seen.camera)
    found: dict[int, Sequences] = {int(c): ([], [], []) for c in cameras}
    for camera, ids, tracks, overlap in _pairs(true, seen):
        sequence = found[camera]
        sequence[0].append(ids)
        sequence[1].append(tracks)
        sequence[2].append(overlap)
    return [found[int(c)] for c in cameras]


def track_scores(true: BoxTable, seen: BoxTable, iou: float = 0.5) -> dict[str, float]:
    """Return ``hota``, ``det_a``, ``ass_a``, ``idf1`` and ``mota`` over all cameras; nothing without true people.

    Reference:
        HOTA: Luiten et al. (2021), DOI 10.1007/s11263-020-01375-2. IDF1: Ristani et al. (2016),
        DOI 10.1007/978-3-319-48881-3_2. MOTA: Bernardin and Stiefelhagen (2008), DOI 10.1155/2008/246309.
    """
    if true.ignore.all():
        return {}
    sequences = align(true, seen)
    hota: dict[str, Any] = aggregate_hota_metrics([compute_hota_metrics(*s) for s in sequences])
    identity: dict[str, Any] = aggregate_identity_metrics([compute_identity_metrics(*s, iou) for s in sequences])
    clear: dict[str, Any] = aggregate_clear_metrics([compute_clear_metrics(*s, iou) for s in sequences])
    return {
        "hota": float(hota["HOTA"]),
        "det_a": float(hota["DetA"]),
        "ass_a": float(hota["AssA"]),
        "idf1": float(identity["IDF1"]),
        "mota": float(clear["MOTA"]),
    }


def identity_switches(true: BoxTable, seen: BoxTable, iou: float = 0.5) -> int:
    """Return how often a true person goes on under another track's id (the switches in MOTA)."""
    clear: dict[str, Any] = aggregate_clear_metrics([compute_clear_metrics(*s, iou) for s in align(true, seen)])
    return int(clear["IDSW"])


def _pairs(
    true: BoxTable, seen: BoxTable
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    for _, ours, theirs in pictures(true, seen):
        camera = int(true.camera[ours.start] if ours.stop > ours.start else seen.camera[theirs.start])
        overlap = iou_matrix(true.box_px[ours], seen.box_px[theirs])
        keep, stay = ~true.ignore[ours], np.ones(theirs.stop - theirs.start, bool)
        if not keep.all() and overlap.size:
            at, on = linear_sum_assignment(-np.where(overlap >= _IGNORE_IOU, overlap, 0.0))
            fell = (overlap[at, on] >= _IGNORE_IOU) & ~keep[at]
            stay[on[fell]] = False
        yield camera, true.id[ours][keep], seen.id[theirs][stay], overlap[keep][:, stay]
