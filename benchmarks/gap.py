"""Scores of one detector on two films of the same walks, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from benchmarks.tracking import Case, followed_boxes
from detect.score.boxes import BoxTable
from detect.score.counting import count_scores
from detect.score.detection import average_precision, match_boxes
from detect.score.settings import ScoreSettings
from detect.score.tracking import track_scores
from detect.tracking import TrackerSettings

__all__ = ["GAPS", "Gap", "Row", "Scored", "Sides", "correlation", "gap_row", "stretches"]

Floats = NDArray[np.float64]

GAPS: Final = ("ap50", "recall", "hota", "idf1", "mota", "count_mae")
STRETCH_S: Final = 10.0
_DRAWS: Final = 2000
_RANK_DRAWS: Final = 500
_SEED: Final = 20091
_SCORING: Final = ScoreSettings(min_visibility=0.01)
"""Annotators of real footage write hidden people down too; so on both sides whoever shows at all counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One side at one threshold.

    Attributes:
        whole: Each of ``GAPS`` over the whole film.
        parts: The same of stretches of 10 s, shape (k, len(GAPS)); nan where nobody was there.
        weight: True boxes of each stretch, shape (k,).
        pictures: How many were watched.
    """

    whole: dict[str, float]
    parts: Floats
    weight: Floats
    pictures: int


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The real film and its twin."""

    real: Scored
    twin: Scored


@dataclass(frozen=True, slots=True)
class Gap:
    """Twin less real, with the interval of 95 %."""

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One detector at one threshold on both films."""

    detector: str
    threshold: float
    weights_sha256: str | None
    sides: Sides
    gap: dict[str, Gap]

    @property
    def pictures(self) -> int:
        """How many pictures of the real film were watched."""
        return self.sides.real.pictures

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "detector": self.detector,
            "threshold": self.threshold,
            "weights_sha256": self.weights_sha256,
            "real": self.sides.real.whole,
            "twin": self.sides.twin.whole,
            "gap": {key: asdict(gap) for key, gap in self.gap.items()},
        }


def stretches(case: Case, threshold: float, seconds: float | None) -> Scored:
    """Follow and score everybody, over the whole film and over each stretch of it.

    Args:
        case: Boxes and truth.
        threshold: Weaker boxes are dropped; the rest may all start a track.
        seconds: How much of the film; None: all of it.
    """
    found = {}
    for frame, (time_s, boxes) in case.found.items():
        if seconds is None or time_s < seconds:
            strong = boxes[np.asarray(boxes.confidence) >= threshold]
            assert isinstance(strong, sv.Detections)
            found[frame] = (time_s, strong)
    kept = Case(case.name, case.truth, case.camera, case.fps, found)
    true, tracks, _ = followed_boxes(
        kept, "bytetrack", TrackerSettings(start_confidence=threshold, weakest_confidence=0.0), _SCORING
    )
    seen = _boxes(found)
    number = {frame: int(time_s // STRETCH_S) for frame, (time_s, _) in found.items()}
    parts, weight = [], []
    for k in range(max(number.values()) + 1):
        inside = np.array([frame for frame, n in number.items() if n == k], np.int64)
        mine = _only(true, inside)
        parts.append(
            [_scores(mine, _only(seen, inside), _only(tracks, inside), len(inside)).get(g, np.nan) for g in GAPS]
        )
        weight.append(len(mine))
    return Scored(_scores(true, seen, tracks, len(found)), np.array(parts, float), np.array(weight, float), len(found))


def gap_row(detector: str, threshold: float, weights_sha256: str | None, sides: Sides) -> Row:
    """Subtract, with intervals from a bootstrap over stretches, both sides drawn together, as the ways are the same.

    Identities are told within each stretch there, so the draws' spread is taken, and laid around the whole films' gap.
    """
    draws = _drawn(sides.twin) - _drawn(sides.real)
    gap = {}
    for k, key in enumerate(GAPS):
        value = sides.twin.whole[key] - sides.real.whole[key]
        low, high = np.nanquantile(draws[:, k] - np.nanmean(draws[:, k]), (0.025, 0.975))
        gap[key] = Gap(value, (value + float(low), value + float(high)))
    return Row(detector, threshold, weights_sha256, sides, gap)


def correlation(rows: Sequence[Row], key: str) -> dict[str, Any]:
    """Return Spearman's and Kendall's rank correlation of a score on real and twin over the settings.

    The interval of 95 % is that of Spearman's over resampled stretches: it knows the chance of this recording, not
    that there are few settings, and that thresholds of one detector are not independent. None for fewer than four
    settings, or where one side scores all of them alike.
    """
    k = GAPS.index(key)
    real, twin = (np.array([side.whole[key] for side in sides]) for sides in _columns(rows))
    n = len(rows)
    if n < 4 or len(set(real)) < 2 or len(set(twin)) < 2:
        return {"n": n, "spearman": None, "kendall": None, "ci95": None}
    real_draws, twin_draws = (
        np.stack([side.whole[key] + (d := _drawn(side)[:, k]) - np.nanmean(d) for side in sides], axis=1)
        for sides in _columns(rows)
    )
    drawn = [
        float(spearmanr(a, b).statistic)
        for a, b in zip(real_draws[:_RANK_DRAWS], twin_draws[:_RANK_DRAWS], strict=True)
        if len(set(a)) > 1 and len(set(b)) > 1
    ]
    return {
        "n": n,
        "spearman": float(spearmanr(real, twin).statistic),
        "kendall": float(kendalltau(real, twin).statistic),
        "ci95": [float(v) for v in np.quantile(drawn, (0.025, 0.975))],
    }


def _columns(rows: Sequence[Row]) -> tuple[list[Scored], list[Scored]]:
    return [row.sides.real for row in rows], [row.sides.twin for row in rows]


def _scores(true: BoxTable, seen: BoxTable, tracks: BoxTable, pictures: int) -> dict[str, float]:
    if not len(true) or true.ignore.all():
        return {}
    match = match_boxes(true, seen, np.array([0.5]))
    told = track_scores(true, tracks)
    count = count_scores(true, seen, match, _SCORING)
    errors = count["mae"] * (_last(true, seen) + 1) / pictures  # the scorer divides by all pictures up to the last
    found = match.found[0] & ~true.ignore
    return {
        "ap50": float(average_precision(true, seen, match)[0]),
        "recall": float(found.sum() / (~true.ignore).sum()),
        **{key: told[key] for key in ("hota", "idf1", "mota")},
        "count_mae": errors,
    }


def _last(true: BoxTable, seen: BoxTable) -> int:
    return int(max(true.key.max(initial=0), seen.key.max(initial=0)))


def _boxes(found: dict[int, tuple[float, sv.Detections]]) -> BoxTable:
    """All boxes of the one camera there is, by falling confidence within a picture."""
    keys, boxes, scores = [], [], []
    for frame, (_, said) in sorted(found.items()):
        assert said.confidence is not None
        order = np.argsort(-said.confidence, kind="stable")
        keys.append(np.full(len(order), frame, np.int64))
        boxes.append(np.asarray(said.xyxy, float).reshape(-1, 4)[order])
        scores.append(np.asarray(said.confidence, float)[order])
    n = sum(map(len, keys))
    none = np.full(n, -1, np.int64)
    return BoxTable(
        np.concatenate(keys), np.concatenate(boxes), none, np.concatenate(scores), np.zeros(n, bool),
        np.full((n, 2), np.nan),
    )  # fmt: skip


def _only(table: BoxTable, frames: NDArray[np.int64]) -> BoxTable:
    keep = np.isin(table.key, frames)
    return BoxTable(
        table.key[keep], table.box_px[keep], table.id[keep], table.confidence[keep], table.ignore[keep],
        table.place_m[keep],
    )  # fmt: skip


def _drawn(side: Scored) -> Floats:
    """Weighted means over resampled stretches, shape (draws, len(GAPS)); the same stretches for both sides."""
    rng = np.random.default_rng(_SEED)
    k = len(side.weight)
    times = rng.multinomial(k, np.full(k, 1 / k), size=_DRAWS)
    weight = times[:, :, None] * np.where(np.isnan(side.parts), 0.0, side.weight[:, None])
    total = weight.sum(axis=1)
    sums = (weight * np.nan_to_num(side.parts)).sum(axis=1)
    return np.asarray(np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0))
