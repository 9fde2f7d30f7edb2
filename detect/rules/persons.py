"""Persons: one body from its first to its last sighting, over the tracks into which a tracker breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detect.tracks import ObjectClass, Tracks

__all__ = ["Person", "Persons"]

Floats = NDArray[np.float64]

_FASTEST_MPS: Final = 7.0
"""A track that moves faster shows another body now; a sprinter among passers-by is slower."""
_SLACK_M: Final = 0.7
_WANDER_MPS: Final = 1.34
"""So fast somebody who is not seen gets away from where the last velocity leads (free walking, Weidmann 1993)."""
_COASTS_S: Final = 1.0
"""A last velocity is believed for so long."""
_FARTHEST_M: Final = 3.0


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who is followed.

    Attributes:
        track: The track that shows this body now, or did last.
        first_s: When first seen.
        seen_s: When seen last.
        before_s: When seen before that by the same track; nan where the track is new to this body.
        place: Where, shape (2,), metres.
        spread: Covariance of it, shape (2, 2), square metres; 0 where it is not known.
        velocity: Shape (2,), nan where unknown.
        box_px: Its box, shape (4,).
        tracks: All tracks that showed this body, in order.
    """

    track: int
    first_s: float
    seen_s: float
    before_s: float
    place: Floats
    spread: Floats
    velocity: Floats
    box_px: Floats
    tracks: list[int] = field(default_factory=list)

    def where(self, time_s: float) -> Floats:
        """Return where this body should be at a time, shape (2,)."""
        coasts = min(time_s - self.seen_s, _COASTS_S)
        return self.place + np.nan_to_num(self.velocity) * coasts


class Persons:
    """Joins tracks to persons.

    A track that jumps, because the tracker handed it to another body, lets go of its person; a track that is new, or
    let go, takes over the person who was lost near its place a short while before.

    Args:
        patience_s: A person who is not seen for longer is gone.
    """

    def __init__(self, patience_s: float = 4.0) -> None:
        self._patience_s = patience_s
        self._known: list[Person] = []

    def update(self, tracks: Tracks) -> list[Person]:
        """Take note of the people of one picture; return those who are seen in it, in the order of the tracks."""
        now = tracks.time_s
        people = tracks.of(ObjectClass.PERSON)
        self._known = [p for p in self._known if now - p.seen_s <= self._patience_s]
        shown: list[Person | None] = [None] * len(people)
        by_track = {person.track: person for person in self._known}
        homeless = []
        for i, track in enumerate(people.track_id.tolist()):
            if not np.isfinite(people.position_m[i]).all():
                continue
            person = by_track.get(track)
            if person is None or self._jumps(person, people, i):
                homeless.append(i)
            else:
                shown[i] = person
                self._see(person, people, i, before_s=person.seen_s)
        for i, person in self._nearest(people, homeless):
            shown[i] = person
            self._see(person, people, i, before_s=np.nan)
        for i in homeless:
            if shown[i] is None:
                shown[i] = self._meet(people, i)
        return [person for person in shown if person is not None]

    def forget(self) -> None:
        """Forget everybody."""
        self._known = []

    def move(self, metres: Callable[[ArrayLike], Floats]) -> None:
        """Put everybody where their feet are by a new scale, which takes pixels (n, 2) to metres."""
        for person in self._known:
            x1, _, x2, y2 = person.box_px
            (person.place,) = metres([((x1 + x2) / 2, y2)])
            person.velocity = np.full(2, np.nan)

    def _jumps(self, person: Person, people: Tracks, i: int) -> bool:
        off = float(np.linalg.norm(people.position_m[i] - person.place))
        spread = np.sqrt(np.trace(person.spread) + np.trace(_spread(people, i)))
        return off > _SLACK_M + float(spread) + _FASTEST_MPS * (people.time_s - person.seen_s)

    def _nearest(self, people: Tracks, rows: list[int]) -> list[tuple[int, Person]]:
        """Pair tracks without a person and persons without a track, the nearest first."""
        now = people.time_s
        lost = [p for p in self._known if p.seen_s < now]
        if not lost or not rows:
            return []
        off = np.linalg.norm(people.position_m[rows][:, None] - np.array([p.where(now) for p in lost]), axis=2)
        gone_s = np.array([now - p.seen_s for p in lost])
        reach = np.minimum(_SLACK_M + _WANDER_MPS * gone_s, _FARTHEST_M)
        off[off > reach] = np.inf
        pairs = []
        while np.isfinite(off).any():
            row, column = np.unravel_index(int(np.argmin(off)), off.shape)
            pairs.append((rows[int(row)], lost[int(column)]))
            off[row], off[:, column] = np.inf, np.inf
        return pairs

    def _see(self, person: Person, people: Tracks, i: int, *, before_s: float) -> None:
        person.track, person.before_s, person.seen_s = int(people.track_id[i]), before_s, people.time_s
        person.place, person.spread = people.position_m[i], _spread(people, i)
        person.velocity, person.box_px = people.velocity_mps[i], people.box_px[i]
        if person.track != person.tracks[-1]:
            person.tracks.append(person.track)

    def _meet(self, people: Tracks, i: int) -> Person:
        track = int(people.track_id[i])
        person = Person(
            track=track,
            first_s=people.time_s,
            seen_s=people.time_s,
            before_s=np.nan,
            place=people.position_m[i],
            spread=_spread(people, i),
            velocity=people.velocity_mps[i],
            box_px=people.box_px[i],
            tracks=[track],
        )
        self._known.append(person)
        return person


def _spread(people: Tracks, i: int) -> Floats:
    covariance = people.covariance_m2[i]
    return covariance if np.isfinite(covariance).all() else np.zeros((2, 2))
