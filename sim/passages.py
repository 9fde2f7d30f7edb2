"""Passages with a service: turnstiles, ticket checks and the like hold people, so many at a time, each for a while."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.venue import Passage, Venue
from sim.people import People
from sim.routes import Routes
from sim.servers import Servers

__all__ = ["Passages"]

_STOPS_M: Final = 0.45
"""Who is served stands so far before the line, and whoever comes so near waits for that."""
_FORGOTTEN_M: Final = 1.5
"""Who has been served and is farther off than this may be served again."""
_BESIDE_M: Final = 0.1


class Passages:
    """Who is held at which passage; queues form behind them by themselves."""

    def __init__(self, venue: Venue, rng: np.random.Generator) -> None:
        """Nobody is held yet."""
        self._passages = [p for p in venue.passages if p.service_s is not None]
        self._servers = [Servers(p.lanes, p.service_s, rng) for p in self._passages if p.service_s is not None]
        self._served: list[set[int]] = [set() for _ in self._passages]

    def release(self) -> None:
        """An alarm: the passages that are free then hold nobody any more."""
        kept = [k for k, passage in enumerate(self._passages) if not passage.free_in_alarm]
        self._passages = [self._passages[k] for k in kept]
        self._servers = [self._servers[k] for k in kept]
        self._served = [self._served[k] for k in kept]

    def held(self, people: People, routes: Routes, now_s: float) -> NDArray[np.bool_] | None:
        """Return who stands at a passage now, shape (n,); None: nobody anywhere."""
        if not self._passages or not len(people):
            return None
        held = np.zeros(len(people), np.bool_)
        for passage, servers, served in zip(self._passages, self._servers, self._served, strict=True):
            rows, before_m = _coming(passage, people, routes)
            served.intersection_update(_near_ids(passage, people))
            served.update(servers.done(now_s))
            waits = [int(row) for row in rows[np.argsort(before_m, kind="stable")] if people.id[row] not in served]
            servers.keep({int(people.id[row]) for row in waits})
            for row in waits:
                person = int(people.id[row])
                if person not in servers and servers.free:
                    servers.begin(person, now_s)
            held[waits] = True
        return held


def _coming(passage: Passage, people: People, routes: Routes) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows of those right before a passage who are about to pass it, and how far before it each is."""
    off, along = _off_and_along(passage, people.position_m)
    length = passage.shape.length
    rows = np.flatnonzero(
        (np.abs(off) <= _STOPS_M) & (along >= -_BESIDE_M) & (along <= length + _BESIDE_M) & ~people.stays
    )
    if passage.toward is not None:
        rows = rows[off[rows] <= 0]
    ways = routes.direction(people.goal[rows], people.position_m[rows]) @ np.asarray(passage.across)
    rows = rows[ways * np.where(off[rows] <= 0, 1.0, -1.0) > 0]
    return rows, np.abs(off[rows])


def _near_ids(passage: Passage, people: People) -> set[int]:
    off, along = _off_and_along(passage, people.position_m)
    beyond = np.maximum(np.maximum(-along, along - passage.shape.length), 0)
    return set(people.id[np.hypot(off, beyond) <= _FORGOTTEN_M].tolist())


def _off_and_along(
    passage: Passage, position_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far beyond the line, the way it is passed, and how far along it each position is."""
    start, end = (np.asarray(point, float) for point in passage.line)
    away = position_m - start
    return away @ np.asarray(passage.across), away @ (end - start) / passage.shape.length
