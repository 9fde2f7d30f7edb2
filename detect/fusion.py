"""Several cameras over one floor: who is seen by more than one of them is one person.

Nothing but places is compared. Two tracks of two cameras are one person when their places agree within what both are
uncertain by, boxes and calibration together, in the mean over a moment; the cameras are joined one after the
other by the assignment that contradicts least. Who was one person stays so until the places clearly part.

References:
    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. DOI 10.1002/nav.3800020109.
    Bar-Shalom, Y., Willett, P. K., Tian, X. (2011). Tracking and data fusion. YBS Publishing, chapter 9: track-to-track
    association and fusion.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from detect.tracks import ObjectClass, Tracks

__all__ = ["Floor", "FloorFuser", "FusionSettings"]

Floats = NDArray[np.float64]
Member = tuple[str, int]
"""A camera and the id of its track."""

_NEVER: Final = 1e6


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """When two tracks are one person.

    Attributes:
        join: Squared Mahalanobis distance up to which tracks of two cameras are joined; boxes err with long tails.
        part: The same from which those that are joined are parted.
        most: A distance counts as no more than this in the mean, so that one moment does not outweigh many.
        mean_s: Over which time distances are averaged.
        fresh_s: The tracks of a camera are taken as still true for so long.
        lost_s: Who is seen by no camera for less than that is still the same person when found again.
        agility_mps2: How fast people depart from their velocity, while nobody looks.
    """

    join: float = 12.0
    part: float = 14.0
    most: float = 20.0
    mean_s: float = 0.4
    fresh_s: float = 0.5
    lost_s: float = 2.0
    agility_mps2: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Everybody on the floor at one instant, once.

    Attributes:
        time_s: The instant.
        watching: Cameras that gave pictures around it; without any there is no ``Floor`` at all.
        person_id: Shape (n,); ids are given once.
        position_m: Shape (n, 2).
        velocity_mps: Shape (n, 2); nan where no camera knows it.
        covariance_m2: Of the positions, shape (n, 2, 2).
        members: Whom each person is made of: cameras with their track ids.
    """

    time_s: float
    watching: tuple[str, ...]
    person_id: NDArray[np.int64]
    position_m: Floats
    velocity_mps: Floats
    covariance_m2: Floats
    members: tuple[tuple[Member, ...], ...]

    def __len__(self) -> int:
        return len(self.person_id)


@dataclass(slots=True)
class _Sighting:
    """One camera's track of a person, as of the common instant."""

    member: Member
    place: Floats
    velocity: Floats
    covariance: Floats


@dataclass(slots=True)
class _Person:
    id: int
    seen_s: float
    place: Floats
    velocity: Floats
    covariance: Floats


@dataclass(slots=True)
class FloorFuser:
    """Joins the tracks of several cameras, instant by instant.

    Attributes:
        settings: When two tracks are one person.
    """

    settings: FusionSettings = field(default_factory=FusionSettings)
    _latest: dict[str, Tracks] = field(default_factory=dict)
    _apart: dict[tuple[Member, Member], tuple[float, float]] = field(default_factory=dict)
    _joined: set[tuple[Member, Member]] = field(default_factory=set)
    _whose: dict[Member, int] = field(default_factory=dict)
    _people: dict[int, _Person] = field(default_factory=dict)
    _next_id: int = 1

    def take(self, tracks: Tracks) -> None:
        """Take what one camera saw; times of one camera never run back."""
        self._latest[tracks.camera_id] = tracks

    def lose(self, camera_id: str) -> None:
        """A camera gives no pictures: what it saw last is true no more."""
        self._latest.pop(camera_id, None)

    def at(self, time_s: float) -> Floor | None:
        """Say who is on the floor at an instant; times never run back.

        Returns:
            None where no camera gave a picture shortly before: that nobody looks is not that nobody is there.
        """
        fresh = {
            camera: tracks
            for camera, tracks in sorted(self._latest.items())
            if -1e-6 <= time_s - tracks.time_s <= self.settings.fresh_s
        }
        if not fresh:
            return None
        sightings = {camera: _sightings(tracks, time_s, self.settings) for camera, tracks in fresh.items()}
        self._measure(sightings, time_s)
        groups = self._group(sightings)
        self._joined = {pair for group in groups for pair in _pairs(s.member for s in group)}
        fused = [_fuse(group) for group in groups]
        ids = self._name(groups, fused, time_s)
        self._forget(time_s)
        order = np.argsort(ids, kind="stable")
        return Floor(
            time_s,
            tuple(fresh),
            np.array(ids, np.int64)[order],
            _stacked([f.place for f in fused], (2,))[order],
            _stacked([f.velocity for f in fused], (2,))[order],
            _stacked([f.covariance for f in fused], (2, 2))[order],
            tuple(tuple(s.member for s in groups[k]) for k in order.tolist()),
        )

    def _measure(self, sightings: dict[str, list[_Sighting]], time_s: float) -> None:
        """Renew the mean distances of all pairs of tracks of different cameras that may be one person."""
        cameras = list(sightings)
        renewed: dict[tuple[Member, Member], tuple[float, float]] = {}
        for k, first in enumerate(cameras):
            for second in cameras[k + 1 :]:
                a, b = sightings[first], sightings[second]
                if not a or not b:
                    continue
                off = np.stack([s.place for s in a])[:, None] - np.stack([s.place for s in b])[None]
                spread = np.stack([s.covariance for s in a])[:, None] + np.stack([s.covariance for s in b])[None]
                far = np.einsum("ijk,ijkl,ijl->ij", off, np.linalg.inv(spread), off)
                for i, j in zip(*np.nonzero(far < 4 * self.settings.part), strict=True):
                    pair = (a[i].member, b[j].member)
                    mean, when = self._apart.get(pair, (min(float(far[i, j]), self.settings.most), time_s))
                    share = 1 - math.exp(-max(0.0, time_s - when) / self.settings.mean_s)
                    renewed[pair] = (mean + share * (min(float(far[i, j]), self.settings.most) - mean), time_s)
        present = {s.member for found in sightings.values() for s in found}
        unseen = {
            pair: (mean, when)
            for pair, (mean, when) in self._apart.items()
            if not present.issuperset(pair) and time_s - when < self.settings.lost_s
        }
        self._apart = unseen | renewed

    def _group(self, sightings: dict[str, list[_Sighting]]) -> list[list[_Sighting]]:
        """Put the tracks of all cameras into groups, one a person, with at most one track a camera."""
        groups: list[list[_Sighting]] = []
        for found in sightings.values():
            if not groups or not found:
                groups += [[s] for s in found]
                continue
            cost = np.array([[self._cost(group, s) for s in found] for group in groups])
            taken: set[int] = set()
            grown = list(groups)
            for i, j in zip(*linear_sum_assignment(cost), strict=True):
                if cost[i, j] < 0:
                    grown[i] = [*groups[i], found[j]]
                    taken.add(int(j))
            groups = grown + [[s] for j, s in enumerate(found) if j not in taken]
        return groups

    def _cost(self, group: list[_Sighting], sighting: _Sighting) -> float:
        """What it costs to call a track one of a group; below 0: more is said for it than against."""
        worst, total = 0.0, 0.0
        for other in group:
            pair = (other.member, sighting.member)
            mean, _ = self._apart.get(pair, (_NEVER, 0.0))
            limit = self.settings.part if pair in self._joined else self.settings.join
            worst = max(worst, mean / limit)
            total += mean - limit
        return total / len(group) if worst < 1 else 0.0

    def _name(self, groups: list[list[_Sighting]], fused: list[_Sighting], time_s: float) -> list[int]:
        """Give each group the id of the person that most of its tracks were before, or of one who was lost nearby."""
        ids: list[int | None] = [None] * len(groups)
        claims: list[tuple[int, int, int]] = []
        for k, group in enumerate(groups):
            known = [self._whose[s.member] for s in group if s.member in self._whose]
            claims += [(-known.count(i), i, k) for i in set(known)]
        used: set[int] = set()
        for _, person, k in sorted(claims):
            if ids[k] is None and person not in used:
                ids[k] = person
                used.add(person)
        self._find_again(ids, used, fused, time_s)
        named: list[int] = []
        for k, given in enumerate(ids):
            person = self._next_id if given is None else given
            self._next_id = max(self._next_id, person + 1)
            one = fused[k]
            self._people[person] = _Person(person, time_s, one.place, one.velocity, one.covariance)
            named.append(person)
            for s in groups[k]:
                self._whose[s.member] = person
        return named

    def _find_again(self, ids: list[int | None], used: set[int], fused: list[_Sighting], time_s: float) -> None:
        new = [k for k, given in enumerate(ids) if given is None]
        lost = [p for p in self._people.values() if p.id not in used and time_s - p.seen_s <= self.settings.lost_s]
        if not new or not lost:
            return
        cost = np.zeros((len(lost), len(new)))
        for i, person in enumerate(lost):
            gone = time_s - person.seen_s
            there = person.place + np.nan_to_num(person.velocity) * gone
            wander = (self.settings.agility_mps2 * gone**2 / 2) ** 2
            wander += 0.0 if np.isfinite(person.velocity).all() else (1.34 * gone) ** 2
            for j, k in enumerate(new):
                off = fused[k].place - there
                spread = person.covariance + fused[k].covariance + wander * np.eye(2)
                cost[i, j] = min(0.0, float(off @ np.linalg.solve(spread, off)) - self.settings.join)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < 0:
                ids[new[int(column)]] = lost[int(row)].id

    def _forget(self, time_s: float) -> None:
        gone = {i for i, p in self._people.items() if time_s - p.seen_s > max(10.0, self.settings.lost_s)}
        for i in gone:
            del self._people[i]
        if gone:
            self._whose = {m: i for m, i in self._whose.items() if i not in gone}


def _sightings(tracks: Tracks, time_s: float, settings: FusionSettings) -> list[_Sighting]:
    """The people of one camera that have a place, brought to the common instant."""
    ahead = time_s - tracks.time_s
    wander = (settings.agility_mps2 * ahead**2 / 2) ** 2
    found = []
    for k in np.flatnonzero(np.asarray(tracks.cls) == ObjectClass.PERSON).tolist():
        place, covariance = tracks.position_m[k], tracks.covariance_m2[k]
        if not (np.isfinite(place).all() and np.isfinite(covariance).all()):
            continue
        velocity = tracks.velocity_mps[k]
        known = bool(np.isfinite(velocity).all())
        spread = covariance + (wander + (0.0 if known else (1.34 * ahead) ** 2)) * np.eye(2)
        member = (tracks.camera_id, int(tracks.track_id[k]))
        found.append(_Sighting(member, place + (velocity * ahead if known else 0.0), velocity, spread))
    return found


def _fuse(group: list[_Sighting]) -> _Sighting:
    """Return the mean by certainty; the errors of different cameras are independent.

    Where the places differ by more than they should, the mean is less sure by as much (Birge 1932, DOI
    10.1103/PhysRev.40.207).
    """
    if len(group) == 1:
        return group[0]
    weight = np.linalg.inv(np.stack([s.covariance for s in group]))
    covariance = np.linalg.inv(weight.sum(axis=0))
    places = np.stack([s.place for s in group])
    place = covariance @ np.einsum("nij,nj->i", weight, places)
    off = places - place
    excess = float(np.einsum("ni,nij,nj->", off, weight, off)) / (2 * len(group) - 2)
    covariance = covariance * max(1.0, excess)
    known = [s.velocity for s in group if np.isfinite(s.velocity).all()]
    velocity = np.mean(known, axis=0) if known else np.full(2, np.nan)
    return _Sighting(group[0].member, np.asarray(place), np.asarray(velocity), np.asarray(covariance))


def _pairs(members: Iterable[Member]) -> list[tuple[Member, Member]]:
    every = list(members)
    return [(a, b) for k, a in enumerate(every) for b in every[k + 1 :]]


def _stacked(parts: list[Floats], shape: tuple[int, ...]) -> Floats:
    return np.stack(parts) if parts else np.empty((0, *shape))
