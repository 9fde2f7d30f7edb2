"""Counts against the number of people who can be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from detect.score.boxes import BoxTable, pictures
from detect.score.detection import BoxMatch
from detect.score.settings import ScoreSettings

__all__ = ["count_scores", "local_density", "valid_to"]

Floats = NDArray[np.float64]

_SAMPLED = 300
"""Pictures in which local densities are counted."""


def count_scores(true: BoxTable, seen: BoxTable, match: BoxMatch, settings: ScoreSettings) -> dict[str, float]:
    """Return ``mae``, ``rmse`` and ``valid_to_per_m2`` of counting people by counting boxes or tracks.

    The scorecard counts confirmed tracks, as the rule of density does: of the boxes many are weak, and a network that
    reports those down to 0.1 would count everybody twice. One error a picture: boxes less visible people; boxes on
    people who are ignored do not count. Pictures without either, up to the last one with any, count with no error.

    Args:
        true: All people.
        seen: All boxes of people.
        match: Between them.
        settings: Of the scorer.
    """
    if not len(true):
        return {}
    error = []
    shown = np.concatenate(([0], np.cumsum(~true.ignore)))
    said = np.concatenate(([0], np.cumsum(~match.ignored[0])))
    for _, ours, theirs in pictures(true, seen):
        error.append(said[theirs.stop] - said[theirs.start] - shown[ours.stop] + shown[ours.start])
    every = np.array(error, float)
    n = _picture_count(true, seen)
    scores = {"mae": float(np.abs(every).sum() / n), "rmse": float(np.sqrt((every**2).sum() / n))}
    limit = valid_to(local_density(true, settings.density_radius_m), match.found[0], true.ignore, settings)
    return scores if limit is None else scores | {"valid_to_per_m2": limit}


def local_density(true: BoxTable, radius_m: float) -> Floats:
    """Persons per square metre around each true person, itself included, shape (n,); nan where not counted."""
    density = np.full(len(true), np.nan)
    keys, first = np.unique(true.key, return_index=True)
    last = np.append(first[1:], len(true))
    stride = max(1, len(keys) // _SAMPLED)
    for begin, end in zip(first[::stride].tolist(), last[::stride].tolist(), strict=True):
        known = begin + np.flatnonzero(np.isfinite(true.place_m[begin:end]).all(axis=1))
        if len(known):
            places = true.place_m[known]
            near = cKDTree(places).query_ball_point(places, radius_m, return_length=True)
            density[known] = near / (np.pi * radius_m**2)
    return density


def valid_to(density: Floats, found: NDArray[np.bool_], ignore: NDArray[np.bool_], s: ScoreSettings) -> float | None:
    """Return the local density up to which enough of the visible people are found.

    The upper edge of the last density bin before the first one in which fewer than ``density_found`` of them are
    found; at most the highest density that occurs. 0 when already the lowest fails, None without ground positions.
    """
    counted = np.isfinite(density) & ~ignore
    if not counted.any():
        return None
    bins = (density[counted] / s.density_bin_per_m2).astype(int)
    people = np.bincount(bins)
    hits = np.bincount(bins, weights=found[counted])
    enough = np.flatnonzero(people >= s.density_samples)
    if not len(enough):
        return None
    limit = 0.0
    for b in enough.tolist():
        if hits[b] < s.density_found * people[b]:
            return round(limit, 3)
        limit = min((b + 1) * s.density_bin_per_m2, float(density[counted].max()))
    return round(limit, 3)


def _picture_count(true: BoxTable, seen: BoxTable) -> int:
    """Pictures up to the last with any box, over all cameras."""
    keys = np.concatenate((true.key, seen.key))
    camera = np.concatenate((true.camera, seen.camera))
    return sum(int((keys[camera == c] % 2**32).max()) + 1 for c in np.unique(camera))
