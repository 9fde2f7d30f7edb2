"""Bags: candidates while they move, remembered by their place once they stand on the floor."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.rules.floor import feet_px
from detect.tracks import Tracks
from scenarios.event import Event

__all__ = ["Bag", "Candidate", "cover", "iou", "slack_m"]

Floats = NDArray[np.float64]

_MOSTLY: Final = 0.8
"""Share of its sightings in which a bag at rest is near its place."""
_PLACE_SMOOTHING_S: Final = 5.0
_ARRIVAL_S: Final = 0.3
_SIGMA_CAP_M: Final = 1.0
_SIGHTING_S: Final = 0.5
"""What one sighting after a time out of sight counts at most: it is one look, however long the bag was hidden."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A track of a bag that has not come to rest yet.

    Attributes:
        track: Its id.
        first_s: When it was first seen.
        seen_s: When it was last seen.
        path: Its latest (time, place, foot in pixels).
    """

    track: int
    first_s: float
    seen_s: float
    path: deque[tuple[float, Floats, Floats]] = field(default_factory=deque)

    def add(self, time_s: float, place: Floats, foot_px: Floats, keep_s: float) -> None:
        """Take note of where it is now."""
        self.seen_s = time_s
        self.path.append((time_s, place, foot_px))
        while self.path[0][0] < time_s - keep_s:
            self.path.popleft()

    def rest(self, still_s: float, still_m: float) -> tuple[Floats, float] | None:
        """Return the place where it has been still for ``still_s`` and since when, or None while it moves."""
        now = self.path[-1][0]
        times = np.array([t for t, _, _ in self.path])
        places = np.array([p for _, p, _ in self.path])
        latest = places[times >= now - still_s]
        if now - times[0] < still_s or len(latest) < 2:
            return None
        place = np.median(latest, axis=0)
        near = np.linalg.norm(places - place, axis=1) <= still_m
        half = len(latest) // 2
        drift = float(np.linalg.norm(latest[-half:].mean(axis=0) - latest[:half].mean(axis=0)))
        if near[-len(latest) :].mean() < _MOSTLY or drift > still_m / 2:
            return None
        away = np.flatnonzero(~near & (times < now - still_s))
        since = times[away[-1] + 1] if len(away) else times[0]
        return place, float(since)

    def came_from(self, place: Floats, beyond_m: float) -> bool:
        """Return whether it was farther than ``beyond_m`` from a place when it was first seen."""
        first = [p for t, p, _ in self.path if t <= self.path[0][0] + _ARRIVAL_S]
        return float(np.linalg.norm(np.median(first, axis=0) - place)) > beyond_m


@dataclass(slots=True, eq=False)
class Bag:
    """A bag on the floor.

    Attributes:
        track: Id of the track that shows it, or of the last that did.
        place: Where it stands, shape (2,).
        foot_px: The same in the picture, shape (2,).
        box_px: Its box, shape (4,).
        confidence: Smoothed confidence of its boxes.
        put_down_s: When it came to rest there.
        seen_s: When it was last seen.
        belonging: Whether it was there from the first picture.
        owner: Track of the owner, or None while unknown.
        owner_m: Where the owner was last seen, shape (2,).
        owner_mps: How the owner moved then, shape (2,).
        owner_s: When the owner was last seen.
        stood_m: Where the owner last stood still, shape (2,).
        stood_s: Until when.
        companions: Tracks of those who came with the owner.
        away_since_s: Since when the owner is away; None while the bag is attended.
        back_since_s: Since when the owner is back, while that is not certain yet.
        stays_since_s: Since when the owner who is back hardly moves, or None.
        stray_s: Since when its track is somewhere else, or None.
        hidden: Whether it is not seen in this picture.
        unseen_s: How long it has not been seen although nobody stood in the way.
        taken: Whether somebody was at it when it was last seen.
        event: The alarm, while it lasts.
    """

    track: int
    place: Floats
    foot_px: Floats
    box_px: Floats
    confidence: float
    put_down_s: float
    seen_s: float
    belonging: bool
    owner: int | None = None
    owner_m: Floats = field(default_factory=lambda: np.full(2, np.nan))
    owner_mps: Floats = field(default_factory=lambda: np.full(2, np.nan))
    owner_s: float = -np.inf
    stood_m: Floats = field(default_factory=lambda: np.full(2, np.nan))
    stood_s: float = -np.inf
    companions: frozenset[int] = frozenset()
    away_since_s: float | None = None
    back_since_s: float | None = None
    stays_since_s: float | None = None
    stray_s: float | None = None
    hidden: bool = False
    unseen_s: float = 0.0
    taken: bool = False
    event: Event | None = None

    @property
    def owner_distance_m(self) -> float:
        """How far from the bag the owner was last seen; nan without an owner."""
        return float(np.linalg.norm(self.owner_m - self.place))

    def see(self, bags: Tracks, i: int, now: float) -> None:
        """Take note that the track ``i`` of ``bags`` shows it now."""
        share = min(max(now - self.seen_s, 0.0), _SIGHTING_S) / _PLACE_SMOOTHING_S
        self.place = self.place + share * (bags.position_m[i] - self.place)
        self.foot_px = self.foot_px + share * (feet_px(bags.box_px[i : i + 1])[0] - self.foot_px)
        self.confidence += share * (float(bags.confidence[i]) - self.confidence)
        self.box_px, self.seen_s, self.hidden = bags.box_px[i], now, False


def slack_m(bags: Tracks, i: int) -> float:
    """Twice the standard deviation of a bag's place, in metres; 0 where it is not known."""
    covariance = bags.covariance_m2[i]
    if not np.isfinite(covariance).all():
        return 0.0
    return 2 * min(float(np.sqrt(max(np.linalg.eigvalsh(covariance)[-1], 0.0))), _SIGMA_CAP_M)


def cover(people: Floats, box: Floats) -> Floats:
    """Share of a box that each person's box covers, shape (n,)."""
    wide = np.minimum(people[:, 2], box[2]) - np.maximum(people[:, 0], box[0])
    high = np.minimum(people[:, 3], box[3]) - np.maximum(people[:, 1], box[1])
    area = max(float((box[2] - box[0]) * (box[3] - box[1])), 1.0)
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0) / area)


def iou(a: Floats, b: Floats) -> float:
    """Intersection over union of two boxes (4,)."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    inside = max(float(wide), 0.0) * max(float(high), 0.0)
    union = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])) - inside
    return inside / union if union > 0 else 0.0
