"""Where it happens: floor, obstacles, zones and gates, in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final

from pydantic import Field, model_validator
from shapely import LineString, Polygon, union_all
from shapely.geometry.base import BaseGeometry

from scenarios.entry import Entry, Id, Point2, Point3, Ring
from scenarios.stall import Stall
from scenarios.zone import Zone

__all__ = [
    "MOVABLE", "Gate", "GateDirection", "Ground", "Lamp", "LampKind", "Line", "Obstacle", "ObstacleKind", "Passage",
    "Puddle", "Venue", "Zone",
]  # fmt: skip


_AT_BIN_M: Final = 0.9
"""Refuse that does not fit in is put down so near to a bin."""


class Ground(StrEnum):
    """What the floor looks like; tiles and terrazzo are polished and lie in a hall."""

    PAVING = "paving"
    ASPHALT = "asphalt"
    TILES = "tiles"
    TERRAZZO = "terrazzo"


class ObstacleKind(StrEnum):
    """What stands on the floor; it decides the looks, the height decides what it hides.

    Stairs of four corners rise from the polygon's first edge to the opposite one.
    """

    WALL = "wall"
    BUILDING = "building"
    KIOSK = "kiosk"
    PILLAR = "pillar"
    BARRIER = "barrier"
    BENCH = "bench"
    BIN = "bin"
    PLANTER = "planter"
    SIGN = "sign"
    TURNSTILE = "turnstile"
    TICKET_MACHINE = "ticket_machine"
    BILLBOARD = "billboard"
    LAMP_POST = "lamp_post"
    STAIRS = "stairs"


MOVABLE: Final = frozenset(
    {
        ObstacleKind.BARRIER, ObstacleKind.BENCH, ObstacleKind.BIN, ObstacleKind.PLANTER, ObstacleKind.SIGN,
        ObstacleKind.TURNSTILE, ObstacleKind.TICKET_MACHINE, ObstacleKind.BILLBOARD,
    }
)  # fmt: skip
"""What staff can put elsewhere while people walk."""


class LampKind(StrEnum):
    """The colour of a lamp's light."""

    LED = "led"
    WARM = "warm"
    SODIUM = "sodium"


class GateDirection(StrEnum):
    """Which way people may pass: in, out, or both."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class Obstacle(Entry):
    """Something that people walk around and that hides what is behind it."""

    id: Id
    kind: ObstacleKind
    polygon: Ring
    height_m: Annotated[float, Field(gt=0, le=60)]

    @cached_property
    def shape(self) -> Polygon:
        """Its outline on the floor."""
        return Polygon(self.polygon)

    def at(self, place_m: Point2) -> Obstacle:
        """Return it with its middle put elsewhere."""
        middle = self.shape.centroid
        dx, dy = place_m[0] - middle.x, place_m[1] - middle.y
        ring = [(x + dx, y + dy) for x, y in self.polygon]
        return Obstacle(id=self.id, kind=self.kind, polygon=ring, height_m=self.height_m)


class Lamp(Entry):
    """A lamp that lights the floor below it when it gets dark.

    Attributes:
        position_m: Of the light itself; its height is z.
        kind: Colour of the light.
        lumens: Luminous flux, all of it downwards, as of a flat street lamp.
        always: Whether it burns by day too, as under a roof.
    """

    id: Id
    position_m: Point3
    kind: LampKind = LampKind.LED
    lumens: Annotated[float, Field(gt=0, le=200_000)] = 6000.0
    always: bool = False

    @model_validator(mode="after")
    def _above_ground(self) -> Lamp:
        if self.position_m[2] < 0.5:
            raise ValueError("position_m: a lamp hangs at least 0.5 m above the ground")
        return self


class Puddle(Entry):
    """Water that stands on the floor: people walk through it, and it mirrors what is above."""

    id: Id
    polygon: Ring

    @cached_property
    def shape(self) -> Polygon:
        """Its outline on the floor."""
        return Polygon(self.polygon)


class Gate(Entry):
    """A line through which people enter or leave the venue."""

    id: Id
    line: tuple[Point2, Point2]
    direction: GateDirection = GateDirection.BOTH
    open: bool = True

    @cached_property
    def shape(self) -> LineString:
        """The line on the floor."""
        return LineString(self.line)

    @property
    def width_m(self) -> float:
        """Length of the line."""
        return float(self.shape.length)

    @property
    def lets_in(self) -> bool:
        """Whether people may enter here now."""
        return self.open and self.direction is not GateDirection.OUT

    @property
    def lets_out(self) -> bool:
        """Whether people may leave here now."""
        return self.open and self.direction is not GateDirection.IN


class Line(Entry):
    """A line on the floor, across which people are counted.

    Attributes:
        points: Its two ends; left and right are said looking from the first to the second.
    """

    id: Id
    points: tuple[Point2, Point2]

    @cached_property
    def shape(self) -> LineString:
        """The line on the floor."""
        return LineString(self.points)

    @property
    def width_m(self) -> float:
        """Its length."""
        return float(self.shape.length)


class Passage(Entry):
    """A line across the floor that people pass one by one, or only one way: turnstiles, ticket checks, one-way doors.

    What keeps people from walking round its ends stands beside it as obstacles.

    Attributes:
        line: From where to where.
        toward: Direction (east, north) in which it is passed; None: in both.
        service_s: Least and most of the time for which each is held, uniform; None: nobody is.
        lanes: So many are held at a time.
        free_in_alarm: Whether nobody is held any more once an evacuation has begun.
    """

    id: Id
    line: tuple[Point2, Point2]
    toward: Point2 | None = None
    service_s: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0, le=600)]] | None = None
    lanes: Annotated[int, Field(ge=1, le=50)] = 1
    free_in_alarm: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Passage:
        if self.shape.length < 0.4:
            raise ValueError(f"line: is {self.shape.length:.2f} m long; nobody passes less than 0.4 m")
        if self.toward is not None and not self._leads_across(self.toward):
            raise ValueError(
                "toward: leads along the line or nowhere; it should be a direction (east, north) across it"
            )
        if self.service_s is not None and self.service_s[0] > self.service_s[1]:
            least, most = self.service_s
            raise ValueError(f"service_s: the least ({least:g} s) is more than the most ({most:g} s)")
        if self.toward is None and self.service_s is None:
            raise ValueError(
                "a passage without toward and service_s changes nothing; give one of them, or leave it out"
            )
        return self

    @cached_property
    def shape(self) -> LineString:
        """The line on the floor."""
        return LineString(self.line)

    def _leads_across(self, toward: Point2) -> bool:
        (ax, ay), (bx, by) = self.line
        along = abs(toward[0] * (by - ay) - toward[1] * (bx - ax)) / self.shape.length
        return bool(along > 0 and along >= 0.2 * math.hypot(*toward))

    @cached_property
    def across(self) -> Point2:
        """Unit vector across the line, the way it is passed; to the left of the line where both are."""
        (ax, ay), (bx, by) = self.line
        length = math.hypot(bx - ax, by - ay)
        left = ((ay - by) / length, (bx - ax) / length)
        back = self.toward is not None and left[0] * self.toward[0] + left[1] * self.toward[1] < 0
        return (-left[0], -left[1]) if back else left


class Venue(Entry):
    """A floor plan."""

    outline: Ring
    ground: Ground = Ground.PAVING
    obstacles: list[Obstacle] = []
    puddles: list[Puddle] = []
    zones: list[Zone] = []
    gates: list[Gate] = []
    lines: list[Line] = []
    passages: list[Passage] = []
    stalls: list[Stall] = []
    lamps: list[Lamp] = []

    @cached_property
    def floor(self) -> Polygon:
        """The outline."""
        return Polygon(self.outline)

    @cached_property
    def walkable(self) -> BaseGeometry:
        """The floor without its obstacles."""
        return self.floor.difference(union_all([o.shape for o in self.obstacles])) if self.obstacles else self.floor

    def with_obstacle_at(self, obstacle_id: str, place_m: Point2) -> Venue:
        """Return the venue with the middle of an obstacle put elsewhere; KeyError if there is no such obstacle."""
        known = {obstacle.id: obstacle for obstacle in self.obstacles}
        moved = known[obstacle_id].at(place_m)
        return self.with_obstacles([moved if o.id == obstacle_id else o for o in self.obstacles])

    def with_obstacles(self, obstacles: Sequence[Obstacle]) -> Venue:
        """Return the venue with these obstacles in place of its own."""
        fields = {name: getattr(self, name) for name in Venue.model_fields}
        return Venue(**fields | {"obstacles": list(obstacles)})

    def gate(self, gate_id: str) -> Gate:
        """Return the gate of that id; KeyError if there is none."""
        return {gate.id: gate for gate in self.gates}[gate_id]

    @cached_property
    def watched_zones(self) -> tuple[Zone, ...]:
        """What a watcher is told of the plan: the zones, and a fixture around every bin."""
        bins = [
            Zone(id=f"{o.id}_fixture", polygon=_around(o.shape), fixture=True)
            for o in self.obstacles
            if o.kind is ObstacleKind.BIN
        ]
        return (*self.zones, *bins)

    def zone(self, zone_id: str) -> Zone:
        """Return the zone of that id; KeyError if there is none."""
        return {zone.id: zone for zone in self.zones}[zone_id]


def _around(shape: Polygon) -> list[Point2]:
    """Return the corners of what is within reach of a thing, a rounded polygon in a few corners."""
    return [(float(x), float(y)) for x, y in shape.buffer(_AT_BIN_M, quad_segs=2).exterior.coords[:-1]]
