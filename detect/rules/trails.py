"""Where people were in the last seconds, as arrays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sighting", "Trails"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EVERY_S: Final = 0.2
_SLACK_S: Final = 1e-6


@dataclass(slots=True, eq=False)
class Sighting:
    """Where somebody was first and last seen.

    Attributes:
        first_s: Time of the first sighting.
        first_m: Place of it, shape (2,).
        last_s: Time of the last sighting.
        last_m: Place of it, shape (2,).
        box_px: Box of it, shape (4,).
    """

    first_s: float
    first_m: Floats
    last_s: float
    last_m: Floats
    box_px: Floats


@dataclass(slots=True, eq=False)
class _Instant:
    time_s: float
    ids: Ints
    feet_px: Floats
    places: Floats


class Trails:
    """Remembers people for some seconds.

    Args:
        keep_s: How long.
    """

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._instants: deque[_Instant] = deque()
        self.seen: dict[int, Sighting] = {}

    def add(self, time_s: float, ids: Ints, boxes: Floats, feet: Floats, places: Floats) -> None:
        """Take note of all people of one picture; every fifth of a second becomes part of the trails."""
        for i, person in enumerate(ids.tolist()):
            known = self.seen.get(person)
            if known is None:
                self.seen[person] = Sighting(time_s, places[i], time_s, places[i], boxes[i])
            else:
                known.last_s, known.last_m, known.box_px = time_s, places[i], boxes[i]
        if not self._instants or time_s - self._instants[-1].time_s >= _EVERY_S - _SLACK_S:
            self._instants.append(_Instant(time_s, ids, feet, places))
        while self._instants and self._instants[0].time_s < time_s - self._keep_s:
            self._instants.popleft()
        if len(self.seen) > 4 * (len(ids) + 64):
            self.seen = {k: s for k, s in self.seen.items() if s.last_s >= time_s - 10 * self._keep_s}

    def move(self, metres: Callable[[Floats], Floats]) -> None:
        """Compute all places again from their pixels."""
        for instant in self._instants:
            instant.places = metres(instant.feet_px)
        for seen in self.seen.values():
            foot = np.array([[(seen.box_px[0] + seen.box_px[2]) / 2, seen.box_px[3]]])
            seen.first_m = seen.last_m = metres(foot)[0]

    def between(self, since_s: float, until_s: float) -> tuple[Floats, Ints, Floats]:
        """Return times (k,), ids (m,) and places (k, m, 2) of everybody in that span; nan where not seen."""
        chosen = [i for i in self._instants if since_s - _SLACK_S <= i.time_s <= until_s + _SLACK_S]
        times = np.array([i.time_s for i in chosen])
        if not chosen:
            return times, np.empty(0, np.int64), np.empty((0, 0, 2))
        every = np.concatenate([i.ids for i in chosen])
        _, first = np.unique(every, return_index=True)
        ids = every[np.sort(first)]  # in the order of appearance: names of ids decide nothing
        order = np.argsort(ids)
        places = np.full((len(chosen), len(ids), 2), np.nan)
        for k, instant in enumerate(chosen):
            places[k, order[np.searchsorted(ids[order], instant.ids)]] = instant.places
        return times, ids, places

    def velocity(self, time_s: float, ids: Ints, places: Floats, over_s: float) -> Floats:
        """Return mean velocities (n, 2) over about ``over_s``; nan for those who were not seen so long ago."""
        result = np.full((len(ids), 2), np.nan)
        past = [i for i in self._instants if i.time_s <= time_s - over_s + _EVERY_S / 2]
        if not past or not len(ids):
            return result
        then = past[-1]
        order = np.argsort(then.ids)
        if not len(order):
            return result
        at = np.minimum(np.searchsorted(then.ids[order], ids), len(order) - 1)
        where = order[at]
        same = then.ids[where] == ids
        result[same] = (places[same] - then.places[where[same]]) / (time_s - then.time_s)
        return result
