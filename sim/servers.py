"""Servers: so many people are served at a time, each for a drawn while; at stalls as at turnstiles."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

__all__ = ["Servers"]


class Servers:
    """Who is being served, and until when.

    Args:
        count: So many at a time.
        service_s: Least and most of a service, uniform.
        rng: Draws how long each takes.
    """

    def __init__(self, count: int, service_s: tuple[float, float], rng: np.random.Generator) -> None:
        self._count, self._service_s, self._rng = count, service_s, rng
        self._until_s: dict[int, float] = {}

    def __contains__(self, person: int) -> bool:
        return person in self._until_s

    @property
    def free(self) -> int:
        """How many more can be served now."""
        return self._count - len(self._until_s)

    def begin(self, person: int, now_s: float) -> None:
        """Begin to serve somebody."""
        self._until_s[person] = now_s + float(self._rng.uniform(*self._service_s))

    def done(self, now_s: float) -> list[int]:
        """Return who has been served since, in the order in which their service began; they are served no more."""
        over = [person for person, end_s in self._until_s.items() if end_s <= now_s]
        for person in over:
            del self._until_s[person]
        return over

    def keep(self, here: Container[int]) -> None:
        """Serve only those who are still here."""
        for person in [p for p in self._until_s if p not in here]:
            del self._until_s[person]
