"""People on the floor against where they truly stood: count, places, and whether the stated uncertainty holds.

References:
    Kasturi, R. et al. (2009). Framework for performance evaluation of face, text, and vehicle detection and tracking in
    video. IEEE TPAMI 31(2), DOI 10.1109/TPAMI.2008.57: MODA and MODP; here on the ground, within ``floor_m``.
    Chavdarova, T. et al. (2018). WILDTRACK. CVPR, DOI 10.1109/CVPR.2018.00528: the same on the ground at 0.5 m.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from detect.floors import Floors
from detect.score.settings import ScoreSettings
from scenarios.truth import column

__all__ = ["floor_scores"]

Floats = NDArray[np.float64]

_FAR_M: Final = 2.0
"""Errors of places are measured on who is found within this: the gate of the scores would cut them off."""
_INSIDE: Final = {"covered_68": 2.279, "covered_95": 5.991}
"""Squared Mahalanobis distances within which so many of two-dimensional errors are."""
_SAME_S: Final = 0.03


def floor_scores(boxes: pa.Table, floors: Floors, settings: ScoreSettings) -> dict[str, Any]:
    """Return what is known of places and counts; empty without true places.

    Due is everybody of whom at least one camera can see enough; whoever is there but cannot be seen enough is neither
    right nor wrong.

    Args:
        boxes: Table ``scenarios.truth.BOXES``, with places.
        floors: Who was said to be where.
        settings: Of the scorer.
    """
    people = boxes.filter(pc.equal(boxes.column("cls"), "person"))
    place = np.stack((column(people, "x_m"), column(people, "y_m")), axis=1).astype(float)
    if not np.isfinite(place).all(axis=1).any() or not len(floors.instants_s):
        return {}
    cameras = np.asarray(column(people, "camera"), dtype=object).astype(str)
    tally = _Tally(settings.floor_m)
    times, ids = column(people, "time_s").astype(float), column(people, "id").astype(np.int64)
    tall = column(people, "y2").astype(float) - column(people, "y1")
    seen = (np.nan_to_num(column(people, "visibility").astype(float)) >= settings.min_visibility) & (
        tall >= settings.min_height_px
    )
    order = np.argsort(times, kind="stable")
    times, ids, place, seen = times[order], ids[order], place[order], seen[order]
    said_s = column(floors.table, "time_s").astype(float)
    said = np.stack((column(floors.table, "x_m"), column(floors.table, "y_m")), axis=1).astype(float)
    spread = np.stack([column(floors.table, n) for n in ("xx_m2", "xy_m2", "xy_m2", "yy_m2")], axis=1).astype(float)
    for now in floors.instants_s.tolist():
        here = slice(*np.searchsorted(times, [now - _SAME_S, now + _SAME_S]))
        mine = slice(*np.searchsorted(said_s, [now - 1e-6, now + 1e-6]))
        if here.start == here.stop and now > times[-1] + _SAME_S:
            continue  # annotations end before the footage
        true, first = np.unique(ids[here], return_index=True)
        due = np.array([bool(seen[here][ids[here] == i].any()) for i in true], bool)
        tally.add(place[here][first], due, said[mine], spread[mine].reshape(-1, 2, 2))
    return {"cameras": len(np.unique(cameras))} | tally.scores()


class _Tally:
    """Counts hits and misses over instants."""

    def __init__(self, within_m: float) -> None:
        self._within_m = within_m
        self._due = self._hits = self._false = self._instants = 0
        self._near = 0.0
        self._off: list[float] = []
        self._far: list[float] = []
        self._error: list[int] = []

    def add(self, true: Floats, due: NDArray[np.bool_], said: Floats, spread: Floats) -> None:
        """Take one instant: true places (n, 2), who of them is due, places said (m, 2) with their covariances."""
        known = np.isfinite(true).all(axis=1)
        true, due = true[known], due[known]
        apart = cdist(true, said) if len(true) and len(said) else np.empty((len(true), len(said)))
        hits, excused = _matched(apart, due, self._within_m)
        self._instants += 1
        self._due += int(due.sum())
        self._hits += len(hits)
        self._false += len(said) - len(hits) - excused
        self._near += sum(1 - apart[i, j] / self._within_m for i, j in hits)
        self._error.append(len(said) - excused - int(due.sum()))
        wider, _ = _matched(apart, due, _FAR_M)
        for i, j in wider:
            off = said[j] - true[i]
            self._off.append(float(apart[i, j]))
            self._far.append(float(off @ np.linalg.solve(spread[j], off)))

    def scores(self) -> dict[str, Any]:
        """Return the scores; what cannot be said is left out."""
        error, off = np.array(self._error, float), np.array(self._off)
        found: dict[str, Any] = {"people": self._due / max(1, self._instants)}
        if self._due:
            found |= {
                "moda": 1 - (self._due - self._hits + self._false) / self._due,
                "recall": self._hits / self._due,
                "count": {
                    "mae": float(np.abs(error).mean()),
                    "bias": float(error.mean()),
                    "share": float(np.abs(error).sum() / self._due),
                },
            }
        if self._hits:
            found["modp"] = self._near / self._hits
        if self._hits + self._false:
            found["precision"] = self._hits / (self._hits + self._false)
        if len(off):
            found["position_m"] = {"median": float(np.median(off)), "p95": float(np.quantile(off, 0.95))}
            far = np.array(self._far)
            found |= {name: float(np.mean(far <= limit)) for name, limit in _INSIDE.items()}
        return found


def _matched(apart: Floats, due: NDArray[np.bool_], within_m: float) -> tuple[list[tuple[int, int]], int]:
    """Match who is due, then excuse what stands where somebody is who is not due."""
    hits = _assign(apart[due], within_m)
    rows = np.flatnonzero(due)
    found = [(int(rows[i]), j) for i, j in hits]
    left = np.setdiff1d(np.arange(apart.shape[1]), [j for _, j in found])
    return found, len(_assign(apart[~due][:, left], within_m))


def _assign(apart: Floats, within_m: float) -> list[tuple[int, int]]:
    if not apart.size:
        return []
    gain = np.minimum(apart - within_m - 1e-9, 0.0)
    return [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(gain), strict=True) if gain[i, j] < 0]
