"""Stalls: places where people queue and are served, such as a kiosk, a ticket machine or a food stall."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final

from pydantic import Field, model_validator
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from scenarios.entry import Entry, Id, Point2

__all__ = ["STANDS_M", "Stall"]

STANDS_M: Final = 0.45
"""Who is served stands so far from the counter."""
_FIRST_M: Final = 1.2
"""The first in the queue stands so far from it."""


class Stall(Entry):
    """A place where people are served one after the other, in the order in which they come.

    What stands there (a kiosk, a machine) is an obstacle of its own.

    Attributes:
        counter: From where to where people are served. They stand 0.45 m before it, on the side where there is floor;
            where there is on both, to the left of the line.
        service_s: Least and most of the time that each takes, uniform, from being called to being done.
        servers: So many are served at a time, side by side along the counter.
        line: Where people queue, from the first in the queue to the end; none: straight away from the counter's
            middle. A queue that outgrows it goes on behind its end, as straight as the floor lets it.
        spacing_m: From one to the next in the queue. People keep 0.5 to 0.7 m where nothing keeps them apart (Fruin
            1971, Pedestrian planning and design: queues at level C).
        most_waiting: Who finds so many in the queue goes on unserved; None: everybody waits.
    """

    id: Id
    counter: tuple[Point2, Point2]
    service_s: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0, le=3600)]]
    servers: Annotated[int, Field(ge=1, le=50)] = 1
    line: list[Point2] = []
    spacing_m: Annotated[float, Field(ge=0.45, le=3)] = 0.6
    most_waiting: Annotated[int, Field(ge=1, le=1000)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Stall:
        if self.shape.length < 0.4 * self.servers:
            raise ValueError(
                f"counter: is {self.shape.length:.2f} m long; {self.servers} servers need {0.4 * self.servers:.1f} m"
            )
        if self.service_s[0] > self.service_s[1]:
            least, most = self.service_s
            raise ValueError(f"service_s: the least ({least:g} s) is more than the most ({most:g} s)")
        if any(a == b for a, b in zip(self.line, self.line[1:], strict=False)):
            raise ValueError("line: two points that follow each other are the same")
        return self

    @cached_property
    def shape(self) -> LineString:
        """The counter on the floor."""
        return LineString(self.counter)

    def front(self, walkable: BaseGeometry) -> Point2 | None:
        """Return the unit vector from the counter towards who is served; None where nobody can stand on either side."""
        (ax, ay), (bx, by) = self.counter
        length = self.shape.length
        left = ((ay - by) / length, (bx - ax) / length)
        for front in (left, (-left[0], -left[1])):
            if all(walkable.covers(Point(spot)) for spot in self.spots(front)):
                return front
        return None

    def spots(self, front: Point2) -> list[Point2]:
        """Return where those who are served stand, one for each server, along the counter."""
        (ax, ay), (bx, by) = self.counter
        shares = [(n + 0.5) / self.servers for n in range(self.servers)]
        return [(ax + s * (bx - ax) + STANDS_M * front[0], ay + s * (by - ay) + STANDS_M * front[1]) for s in shares]

    def queue(self, front: Point2) -> list[Point2]:
        """Return the line on which people queue, first in the queue first; of one given by no line its first metre."""
        if len(self.line) > 1:
            return self.line
        (ax, ay), (bx, by) = self.counter
        x, y = self.line[0] if self.line else ((ax + bx) / 2 + _FIRST_M * front[0], (ay + by) / 2 + _FIRST_M * front[1])
        return [(x, y), (x + front[0], y + front[1])]
