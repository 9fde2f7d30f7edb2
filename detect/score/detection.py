"""Boxes against true boxes: average precision, precision and recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.score.boxes import BoxTable, iou_matrix, pictures

__all__ = ["BoxMatch", "average_precision", "box_scores", "match_boxes"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
_SLACK: Final = 1e-12
_RECALLS: Final = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True, eq=False)
class BoxMatch:
    """Which boxes found which true ones, at each threshold of the overlap.

    Attributes:
        thresholds: Shape (t,).
        right: Seen boxes that found a true one, shape (t, n).
        ignored: Seen boxes that found one that is ignored, shape (t, n).
        found: True boxes that were found, shape (t, m).
    """

    thresholds: Floats
    right: Bools
    ignored: Bools
    found: Bools


def match_boxes(true: BoxTable, seen: BoxTable, thresholds: Floats = _THRESHOLDS) -> BoxMatch:
    """Match greedily by falling confidence, as COCO does: the best free true box; an ignored one only if none is free.

    Reference:
        Lin et al. (2014). Microsoft COCO. ECCV. DOI 10.1007/978-3-319-10602-1_48.
    """
    t = len(thresholds)
    right, ignored = np.zeros((t, len(seen)), bool), np.zeros((t, len(seen)), bool)
    found = np.zeros((t, len(true)), bool)
    rows = np.arange(t)
    for _, ours, theirs in pictures(true, seen):
        if ours.start == ours.stop or theirs.start == theirs.stop:
            continue
        overlap = iou_matrix(seen.box_px[theirs], true.box_px[ours])
        near = overlap >= thresholds[0] - _SLACK
        real = ~true.ignore[ours]
        taken = found[:, ours]  # a view
        count, first = near.sum(axis=1), near.argmax(axis=1)
        alone = (count == 1) & (near.sum(axis=0)[first] == 1)
        pairs = np.flatnonzero(alone)  # one box and one true box that touch no others: nothing to choose
        on = first[pairs]
        hits = overlap[pairs, on] >= thresholds[:, None] - _SLACK
        taken[:, on] = hits
        right[:, theirs.start + pairs] = hits & real[on]
        ignored[:, theirs.start + pairs] = hits & ~real[on]
        for d in np.flatnonzero((count > 0) & ~alone).tolist():
            some = np.flatnonzero(near[d])
            share = overlap[d, some]
            free = (share >= thresholds[:, None] - _SLACK) & ~taken[:, some]
            rank = np.where(free, share + real[some], -1.0)  # real ones (1 to 2) before ignored ones (0 to 1)
            best = rank.argmax(axis=1)
            hit = rank[rows, best] >= 0
            on = some[best[hit]]
            taken[rows[hit], on] = True
            right[hit, theirs.start + d] = real[on]
            ignored[hit, theirs.start + d] = ~real[on]
    return BoxMatch(thresholds, right, ignored, found)


def average_precision(true: BoxTable, seen: BoxTable, match: BoxMatch) -> Floats:
    """Average precision at each threshold, shape (t,): COCO's mean over 101 recalls; nan without true boxes."""
    wanted = int((~true.ignore).sum())
    result = np.full(len(match.thresholds), np.nan)
    if not wanted:
        return result
    order = np.argsort(-seen.confidence, kind="stable")
    for k in range(len(result)):
        counted = order[~match.ignored[k, order]]
        right = match.right[k, counted]
        n_right, n_all = np.cumsum(right), np.arange(1, len(right) + 1)
        precision = np.maximum.accumulate((n_right / n_all)[::-1])[::-1]
        at = np.searchsorted(n_right / wanted, _RECALLS, side="left")
        result[k] = np.append(precision, 0.0)[np.minimum(at, len(right))].mean()
    return result


def box_scores(true: BoxTable, seen: BoxTable, match: BoxMatch, at: BoxMatch) -> dict[str, float]:
    """Return ``ap50``, ``ap50_95``, ``precision`` and ``recall``; without what is not defined.

    Precision and recall are those of all boxes that the detector gave out, by the match ``at`` one overlap.
    """
    ap = average_precision(true, seen, match)
    right, counted = int(at.right[0].sum()), int((~at.ignored[0]).sum())
    wanted = int((~true.ignore).sum())
    scores: dict[str, float] = {}
    if wanted:
        scores |= {"ap50": float(ap[0]), "ap50_95": float(ap.mean())}
    if counted:
        scores["precision"] = right / counted
    if wanted:
        scores["recall"] = right / wanted
    return scores
