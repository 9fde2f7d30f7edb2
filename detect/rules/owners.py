"""Whose a bag is: who brought it, who stays beside it, who came along, and whose track goes on under another id."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.rules.abandoned_settings import AbandonedObjectSettings
from detect.rules.bags import Bag
from detect.rules.trails import Trails

__all__ = ["companions_of", "double_of", "dweller_of", "owner_of", "successor_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_BAG_M: Final = 1.0
"""Scale on which somebody is *at* a bag."""
_AT_BAG_S: Final = 0.4
"""Whoever was at a bag for less, weighted, is not its owner."""
_VANISHED_S: Final = 2.2
"""Who was lost from sight so long before the thing came to rest did not put it down: it may be that very person."""
_MEMORY_S: Final = 10.0
_SLOW_MPS: Final = 0.6
_SLOW_OVER: Final = 3
"""Instants of the trails over which a speed is measured."""
_SLOW_WORTH: Final = 2.0
_WALKED_M: Final = 2.0
_TOGETHER_M: Final = 1.5
_TOGETHER_S: Final = 3.0
_EDGE_PX: Final = 2.0
_PREDICT_S: Final = 1.5
_WALKING_MPS: Final = 0.5
_SPOT_M: Final = 0.6
_SPOT_S: Final = 2.0
_LEFT_SPOT_M: Final = 1.2
_STILL_OVER_S: Final = 1.0


def owner_of(
    trails: Trails, place: Floats, put_down_s: float, now_s: float, path: deque[tuple[float, Floats, Floats]]
) -> int | None:
    """Find who put a bag down: who carried it, or was at its place when it first appeared there.

    Everybody's time at the bag is added up, at its own place of each instant while it moved and at its resting place
    before it was seen; time longer before the putting down counts less, time standing still counts more: people
    who only pass by do not stop. Nobody is the owner merely by being nearest.

    Args:
        trails: Where people were.
        place: Where the bag rests.
        put_down_s: Since when.
        now_s: The present.
        path: Where the bag was before.
    """
    times, ids, places = trails.between(put_down_s - _MEMORY_S, now_s)
    if not len(ids):
        return None
    reference = np.tile(place, (len(times), 1))
    moved = np.array([t for t, _, _ in path])
    along = np.array([p for _, p, _ in path])
    if len(moved):
        at = np.clip(np.searchsorted(moved, times + 1e-6) - 1, 0, len(moved) - 1)
        carried = (times >= moved[0]) & (times < put_down_s)
        reference[carried] = along[at[carried]]
    distance = np.linalg.norm(places - reference[:, None, :], axis=2)
    recent = np.exp(-np.maximum(put_down_s - times, 0.0) / _MEMORY_S)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.2
    worth = np.where(_slow(times, places), _SLOW_WORTH, 1.0) * recent[:, None] * step
    at_bag = np.nansum(np.exp(-((distance / _AT_BAG_M) ** 2)) * worth, axis=0)
    last_s = np.where(np.isfinite(places[:, :, 0]), times[:, None], -np.inf).max(axis=0)
    at_bag[last_s < put_down_s - _VANISHED_S] = 0.0
    best = int(np.argmax(at_bag))
    return int(ids[best]) if at_bag[best] >= _AT_BAG_S else None


def dweller_of(trails: Trails, place: Floats, now_s: float, reach_m: float, least_s: float) -> int | None:
    """Find who has stayed, standing, sitting or lying, within ``reach_m`` of a place for ``least_s``."""
    times, ids, places = trails.between(now_s - _MEMORY_S, now_s)
    if len(times) < 2 or not len(ids):
        return None
    distance = np.linalg.norm(places - place, axis=2)
    stays = (distance <= reach_m) & _slow(times, places)
    stayed = stays.sum(axis=0) * float(np.median(np.diff(times)))
    if stayed.max() < least_s:
        return None
    longest = np.flatnonzero(stayed >= stayed.max() - 1.0)
    return int(ids[longest[np.argmin(np.nanmean(distance[:, longest], axis=0))]])


def companions_of(trails: Trails, owner: int, put_down_s: float) -> frozenset[int]:
    """Find who walked with the owner: near for seconds while the owner walked metres, before the bag was put down."""
    times, ids, places = trails.between(put_down_s - _MEMORY_S, put_down_s)
    column = np.flatnonzero(ids == owner)
    if len(times) < 2 or not len(column):
        return frozenset()
    of_owner = places[:, column[0]]
    step = float(np.median(np.diff(times)))
    beside = np.linalg.norm(places - of_owner[:, None, :], axis=2) <= _TOGETHER_M
    beside[:, column[0]] = False
    return frozenset(
        int(ids[c])
        for c in np.flatnonzero(beside.sum(axis=0) * step >= _TOGETHER_S)
        if _span(of_owner[beside[:, c]]) >= _WALKED_M
    )


def successor_of(
    bag: Bag,
    trails: Trails,
    present: Ints,
    picture_px: tuple[int, int],
    now_s: float,
    settings: AbandonedObjectSettings,
) -> int | None:
    """Find the new track of an owner whose track was lost in the middle of the picture.

    It begins soon after the loss, near where the owner would be by then, and does not walk the opposite way. Who was
    lost at the edge of the picture has left it and has no successor.

    Args:
        bag: Whose owner is not seen.
        trails: Where people were.
        present: Tracks of the people in this picture.
        picture_px: Its width and height.
        now_s: The present.
        settings: Of the rule.
    """
    seen = trails.seen.get(bag.owner) if bag.owner is not None else None
    if seen is None or now_s - bag.owner_s > settings.reassociate_s + settings.still_s:
        return None
    width, height = picture_px
    x1, y1, x2, y2 = seen.box_px
    if x1 <= _EDGE_PX or y1 <= _EDGE_PX or x2 >= width - 1 - _EDGE_PX or y2 >= height - 1 - _EDGE_PX:
        return None
    motion = np.where(np.isfinite(bag.owner_mps), bag.owner_mps, 0.0)
    best: tuple[float, int] | None = None
    for track in present.tolist():
        other = trails.seen[track]
        begins = other.first_s - bag.owner_s
        if not 0 < begins <= settings.reassociate_s or now_s - other.first_s < settings.return_s:
            continue
        away = float(np.linalg.norm(other.first_m - bag.owner_m - motion * min(begins, _PREDICT_S)))
        went = (other.last_m - other.first_m) / max(now_s - other.first_s, 0.1)
        both_walk = min(np.linalg.norm(went), np.linalg.norm(motion)) > _WALKING_MPS
        turned = both_walk and float(went @ motion) < 0
        if away <= settings.reassociate_m and not turned and (best is None or away < best[0]):
            best = (away, track)
    return None if best is None else best[1]


def double_of(
    bag: Bag, trails: Trails, ids: Ints, places: Floats, now_s: float, settings: AbandonedObjectSettings
) -> int | None:
    """Find who stands where the owner stood, when the owner's track went off with somebody who passed in front.

    Trackers swap ids when people cross: the track walks away, the owner stays under another id. Whoever stands still
    on the very spot within seconds, and did not stand there before, is the owner.

    Args:
        bag: Whose owner has left the spot.
        trails: Where people were.
        ids: Tracks of the people in this picture.
        places: Where they are, shape (n, 2).
        now_s: The present.
        settings: Of the rule.
    """
    left = float(np.linalg.norm(bag.owner_m - bag.stood_m))
    if not left > _LEFT_SPOT_M or now_s - bag.stood_s > settings.reassociate_s:
        return None
    away = np.linalg.norm(places - bag.stood_m, axis=1)
    speed = np.linalg.norm(trails.velocity(now_s, ids, places, _STILL_OVER_S), axis=1)
    times, before, where = trails.between(bag.stood_s - _SPOT_S, bag.stood_s)
    was_far = np.linalg.norm(where - bag.stood_m, axis=2) > _SPOT_M
    known = dict(zip(before.tolist(), (np.isnan(where[:, :, 0]) | was_far).any(axis=0).tolist(), strict=True))
    for i in np.argsort(away, kind="stable").tolist():
        if away[i] > _SPOT_M:
            return None
        if ids[i] != bag.owner and speed[i] <= _SLOW_MPS and (len(times) == 0 or known.get(int(ids[i]), True)):
            return int(ids[i])
    return None


def _slow(times: Floats, places: Floats) -> NDArray[np.bool_]:
    """Who hardly moves, shape (k, m): measured over about 0.6 s."""
    speed = np.full(places.shape[:2], np.nan)
    n = _SLOW_OVER
    if len(times) > n:
        moved = np.linalg.norm(places[n:] - places[:-n], axis=2)
        speed[n:] = moved / (times[n:] - times[:-n])[:, None]
        speed[:n] = speed[n]
    with np.errstate(invalid="ignore"):
        return np.asarray(speed <= _SLOW_MPS)


def _span(places: Floats) -> float:
    return float(np.linalg.norm(np.ptp(places, axis=0))) if len(places) else 0.0
