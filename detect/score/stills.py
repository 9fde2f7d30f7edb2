"""Boxes of single pictures, gathered one by one, and how well they find what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detect.score.boxes import BoxTable
from detect.score.detection import average_precision, match_boxes

__all__ = ["StillBoxes"]

Floats = NDArray[np.float64]


@dataclass(slots=True)
class StillBoxes:
    """True and seen boxes of one class.

    Attributes:
        true: Boxes and whether they are ignored, by picture.
        seen: Boxes and confidences, by picture.
    """

    true: list[tuple[Floats, NDArray[np.bool_]]] = field(default_factory=list)
    seen: list[tuple[Floats, Floats]] = field(default_factory=list)

    def add(self, true: Floats, ignore: NDArray[np.bool_], seen: Floats, confidence: Floats) -> None:
        """Add one picture: true boxes (n, 4), which of them are ignored (n,), seen boxes (m, 4), confidences (m,)."""
        self.true.append((true, ignore))
        self.seen.append((seen, confidence))

    def ap50(self) -> float:
        """Return the average precision at an overlap of one half; nan without true boxes."""
        true = _table([box for box, _ in self.true], ignore=[skip for _, skip in self.true])
        seen = _table([box for box, _ in self.seen], confidence=[sure for _, sure in self.seen])
        return float(average_precision(true, seen, match_boxes(true, seen, np.array([0.5])))[0])

    def wanted(self) -> int:
        """Return how many true boxes are to be found."""
        return int(sum((~skip).sum() for _, skip in self.true))


def _table(
    boxes: Sequence[Floats],
    confidence: Sequence[Floats] | None = None,
    ignore: Sequence[NDArray[np.bool_]] | None = None,
) -> BoxTable:
    """Boxes of many pictures, by picture and falling confidence."""
    key = np.repeat(np.arange(len(boxes)), [len(b) for b in boxes])
    n = len(key)
    sure = np.ones(n) if confidence is None else np.concatenate([*confidence, np.empty(0)])
    skip = np.zeros(n, bool) if ignore is None else np.concatenate([*ignore, np.empty(0, bool)])
    order = np.lexsort((-sure, key))
    every = np.concatenate([*boxes, np.empty((0, 4))])[order]
    return BoxTable(key[order], every, np.full(n, -1), sure[order], skip[order], np.full((n, 2), np.nan))
