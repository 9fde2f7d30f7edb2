"""Misses against false alarms as the threshold on alarms rises, and whether their score means what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detect.score.intervals import Interval, wilson_interval

__all__ = ["Bin", "DetPoint", "brier", "calibration_error", "det_curve", "miss_at", "reliability"]

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class DetPoint:
    """One threshold.

    Attributes:
        threshold: Alarms of this score and above are raised; infinite: none.
        false_per_hour: False alarms per camera-hour.
        miss: Share of what was due that is then missed.
    """

    threshold: float
    false_per_hour: float
    miss: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Alarms of about one score.

    Attributes:
        low: Least score.
        high: Largest score (of the last bin included, else excluded).
        alarms: How many.
        score: Their mean score.
        right: Share of them that were right.
        ci95: Interval of that share (Wilson).
    """

    low: float
    high: float
    alarms: int
    score: float
    right: float
    ci95: Interval


def det_curve(found: Sequence[float], false: Sequence[float], true: int, camera_hours: float) -> list[DetPoint]:
    """Return every threshold that makes a difference, the strictest first.

    Alarms and events are aligned once, with all alarms, as in NIST's ActEV: Fiscus, J. et al., ActEV evaluation plans;
    the curve is that of Martin, A. et al. (1997), The DET curve in assessment of detection task performance,
    Eurospeech, DOI 10.21437/Eurospeech.1997-504.

    Args:
        found: Scores of the alarms that found something, one each.
        false: Scores of the alarms about nothing.
        true: How much was due.
        camera_hours: Footage over all cameras.

    Raises:
        ValueError: Nothing was due, more was found than was due, or there is no footage.
    """
    if true <= 0 or len(found) > true or camera_hours <= 0:
        raise ValueError(f"{len(found)} found of {true} in {camera_hours} h is no curve")
    hits, wrong = np.sort(np.asarray(found, float)), np.sort(np.asarray(false, float))
    points = [DetPoint(float("inf"), 0.0, 1.0)]
    for threshold in np.unique(np.concatenate((hits, wrong)))[::-1].tolist():
        above = len(hits) - int(np.searchsorted(hits, threshold))
        alarms = len(wrong) - int(np.searchsorted(wrong, threshold))
        points.append(DetPoint(threshold, alarms / camera_hours, 1 - above / true))
    return points


def miss_at(curve: Sequence[DetPoint], false_per_hour: float) -> float:
    """Return the least share that is missed at a threshold with at most so many false alarms an hour."""
    return min(point.miss for point in curve if point.false_per_hour <= false_per_hour + 1e-12)


def reliability(found: Sequence[float], false: Sequence[float], bins: int = _BINS) -> list[Bin]:
    """Return how often alarms of each score are right; bins without alarms are left out.

    Reference:
        Murphy, A. H., Winkler, R. L. (1977). Reliability of subjective probability forecasts of precipitation and
        temperature. Applied Statistics 26, 41-47. DOI 10.2307/2346866.
    """
    score = np.concatenate((np.asarray(found, float), np.asarray(false, float)))
    right = np.concatenate((np.ones(len(found)), np.zeros(len(false))))
    at = np.clip((score * bins + 1e-9).astype(int), 0, bins - 1)
    rows = []
    for index in range(bins):
        here = at == index
        if here.any():
            hits, count = int(right[here].sum()), int(here.sum())
            ci95 = wilson_interval(hits, count)
            rows.append(Bin(index / bins, (index + 1) / bins, count, float(score[here].mean()), hits / count, ci95))
    return rows


def calibration_error(rows: Sequence[Bin]) -> float | None:
    """Mean distance of score and share that was right, over alarms; None without alarms.

    Reference:
        Naeini, M. P., Cooper, G. F., Hauskrecht, M. (2015). Obtaining well calibrated probabilities using Bayesian
        binning. AAAI 29, 2901-2907. DOI 10.1609/aaai.v29i1.9602.
    """
    every = sum(row.alarms for row in rows)
    return sum(row.alarms * abs(row.score - row.right) for row in rows) / every if every else None


def brier(found: Sequence[float], false: Sequence[float]) -> float | None:
    """Mean square of what the score is off, 0 to 1; None without alarms.

    Reference:
        Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review 78,
        1-3. DOI 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    count = len(found) + len(false)
    return (sum((1 - s) ** 2 for s in found) + sum(s * s for s in false)) / count if count else None
