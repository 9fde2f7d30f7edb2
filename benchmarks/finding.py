"""What share of people a detector finds, with intervals that know that pictures of one person are not independent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.footage import People
from detect.score.boxes import iou_matrix

__all__ = ["SIZES_PX", "Difference", "Look", "Share", "Tally", "bootstrap_difference", "match", "tally", "wilson"]

Floats = NDArray[np.float64]

SIZES_PX: Final = ((40, 60), (60, 100), (100, 200))
"""Classes of body height in the picture, from (inclusive) to (exclusive)."""
_DRAWS: Final = 2000
_SEED: Final = 20090
_BLOCK_S: Final = 5.0
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, watched.

    Attributes:
        time_s: When.
        size_px: Width and height of the picture.
        people: Who is in it.
        box_px: What the detector said, shape (m, 4).
        score: Shape (m,).
    """

    time_s: float
    size_px: tuple[int, int]
    people: People
    box_px: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Share:
    """A share with two intervals of 95 %.

    Attributes:
        found: How many were found.
        of: How many there were: boxes of fully visible people.
        people: How many different people.
        share: ``found / of``; None without any.
        wilson: As if each box were independent (Wilson 1927, DOI 10.1080/01621459.1927.10502953).
        by_person: Bootstrap over people with all their boxes (Efron 1979, DOI 10.1214/aos/1176344552).
    """

    found: int
    of: int
    people: int
    share: float | None
    wilson: tuple[float, float] | None
    by_person: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less real, with the bootstrap's interval of 95 %."""

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What was found of one side at one threshold.

    Attributes:
        rows: One row a fully visible person and picture: number of the person, height in px, found; shape (n, 3).
        false: False boxes of each picture, shape (p,).
        block: Number of the stretch of 5 s that each picture is in, shape (p,).
    """

    rows: Floats
    false: Floats
    block: NDArray[np.int64]

    def with_small(self, shrunk: Tally, below_px: float) -> Tally:
        """Add the people under ``below_px`` of the same film, shrunk; false boxes stay those of the film itself."""
        small = shrunk.rows[shrunk.rows[:, 1] < below_px]
        return Tally(np.concatenate((self.rows, small)), self.false, self.block)

    @classmethod
    def joined(cls, parts: Sequence[Tally]) -> Tally:
        """Join films of different people: other seeds have other people and stretches."""
        rows, blocks, people, stretches = [], [], 0, 0
        for part in parts:
            rows.append(part.rows + np.array((people, 0.0, 0.0)))
            blocks.append(part.block + stretches)
            people += int(part.rows[:, 0].max(initial=-1)) + 1
            stretches += int(part.block.max(initial=-1)) + 1
        return cls(np.concatenate(rows), np.concatenate([p.false for p in parts]), np.concatenate(blocks))

    def share(self, size_px: tuple[int, int]) -> Share:
        """Return the share found of people of one size."""
        who, of, found = self._counts(size_px)
        n, k = int(of.sum()), int(found.sum())
        if not n:
            return Share(0, 0, 0, None, None, None)
        draws = _resampled(of, found)
        low, high = (float(v) for v in np.quantile(draws, (0.025, 0.975)))
        return Share(k, n, len(who), k / n, wilson(k, n), (low, high))

    def draws(self, size_px: tuple[int, int], stream: int) -> Floats | None:
        """Shares of resampled people, other ones for each ``stream``; None where there is nobody."""
        _, of, found = self._counts(size_px)
        return _resampled(of, found, stream) if of.sum() else None

    def false_per_frame(self) -> tuple[float, tuple[float, float]]:
        """Return the mean of false boxes a picture with an interval over stretches of 5 s."""
        blocks = np.unique(self.block, return_inverse=True)[1]
        count = np.bincount(blocks).astype(np.float64)
        draws = _resampled(count, np.asarray(np.bincount(blocks, self.false), np.float64))
        low, high = (float(v) for v in np.quantile(draws, (0.025, 0.975)))
        return float(self.false.mean()), (low, high)

    def _counts(self, size_px: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
        keep = (self.rows[:, 1] >= size_px[0]) & (self.rows[:, 1] < size_px[1])
        who, number = np.unique(self.rows[keep, 0], return_inverse=True)
        of = np.bincount(number, minlength=len(who)).astype(np.float64)
        found = np.bincount(number, self.rows[keep, 2], minlength=len(who))
        return np.asarray(who, np.float64), of, np.asarray(found, np.float64)


def tally(looks: Iterable[Look], *, threshold: float, iou: float) -> Tally:
    """Count who was found and what was wrong.

    Boxes are taken by falling score, each to the person that it overlaps most among those not taken yet (as Everingham
    et al. 2010, DOI 10.1007/s11263-009-0275-4, do). A box without a person is false, unless more than half of it lies
    on somebody who is not fully visible, or it touches the picture's border, where annotators of real footage leave
    people out: those are neither right nor wrong, on both sides alike.

    Args:
        looks: The pictures.
        threshold: Boxes at or under it do not count.
        iou: Least overlap.
    """
    rows, false, block = [], [], []
    for look in looks:
        keep = np.flatnonzero(look.score > threshold)
        keep = keep[np.argsort(-look.score[keep], kind="stable")]
        found, wrong = match(look, keep, iou)
        false.append(float(len(wrong)))
        block.append(int(look.time_s // _BLOCK_S))
        people = look.people
        tall = people.box_px[:, 3] - people.box_px[:, 1]
        rows += [(float(people.id[k]), tall[k], float(found[k])) for k in np.flatnonzero(people.clear)]
    return Tally(np.array(rows, float).reshape(-1, 3), np.array(false), np.array(block, np.int64))


def match(look: Look, order: NDArray[np.int64], iou: float) -> tuple[NDArray[np.bool_], list[int]]:
    """Match boxes, best first.

    Args:
        look: The picture.
        order: Rows of the boxes that count, by falling score.
        iou: Least overlap.

    Returns:
        Who was found, shape (n,); and the rows of false boxes.
    """
    people, (wide, high) = look.people, look.size_px
    overlap = iou_matrix(look.box_px, people.box_px)
    found = np.zeros(len(people.id), np.bool_)
    wrong = []
    for row in order:
        free = np.where(found, 0.0, overlap[row])
        best = int(free.argmax()) if len(free) else -1
        if best >= 0 and free[best] >= iou:
            found[best] = True
            continue
        box = look.box_px[row]
        at_border = box[0] < 2 or box[1] < 2 or box[2] > wide - 2 or box[3] > high - 2
        if not at_border and not _on(box, people.box_px[~people.clear]):
            wrong.append(int(row))
    return found, wrong


def bootstrap_difference(ours: Tally, real: Tally, size_px: tuple[int, int]) -> Difference | None:
    """Return how many more of ours are found than of the real; None where one side has nobody of that size."""
    a, b = ours.draws(size_px, 1), real.draws(size_px, 2)
    mine, theirs = ours.share(size_px).share, real.share(size_px).share
    if a is None or b is None or mine is None or theirs is None:
        return None
    low, high = (float(v) for v in np.quantile(a - b, (0.025, 0.975)))
    return Difference(mine - theirs, (low, high))


def wilson(found: int, of: int) -> tuple[float, float]:
    """Return the interval of 95 % of a share by Wilson's score."""
    p, z2 = found / of, _Z**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * np.sqrt(p * (1 - p) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _resampled(of: Floats, found: Floats, stream: int = 0) -> Floats:
    """Ratios of sums over resampled groups, shape (draws,)."""
    rng = np.random.default_rng((_SEED, stream))
    weight = rng.multinomial(len(of), np.full(len(of), 1 / len(of)), size=_DRAWS)
    total = weight @ of
    return np.asarray(np.divide(weight @ found, total, out=np.zeros(_DRAWS), where=total > 0))


def _on(box: Floats, others: Floats) -> bool:
    wide = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    high = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
    return bool((np.maximum(wide, 0) * np.maximum(high, 0) / area > 0.5).any())
