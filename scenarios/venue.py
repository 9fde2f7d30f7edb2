"""Where it happens: floor, obstacles, zones and gates, in metres."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator
from shapely import LineString, Polygon, union_all
from shapely.geometry.base import BaseGeometry

from scenarios.entry import Entry, Id, Point2, Point3, Ring

__all__ = ["Gate", "GateDirection", "Ground", "Lamp", "LampKind", "Obstacle", "ObstacleKind", "Puddle", "Venue", "Zone"]


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


class Zone(Entry):
    """A part of the floor that a rule watches.

    Attributes:
        max_density_per_m2: More than this is too dense.
        forbidden: Nobody may be in it; people walk around it where there is a way.
        one_way: Direction (east, north) in which it may be walked; its length does not matter.
    """

    id: Id
    polygon: Ring
    max_density_per_m2: Annotated[float, Field(gt=0, le=12)] | None = None
    forbidden: bool = False
    one_way: Point2 | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Zone:
        if self.one_way is not None and not any(self.one_way):
            raise ValueError("one_way: has no direction; it should be such as [1, 0] for eastward")
        if self.one_way is not None and self.forbidden:
            raise ValueError("one_way: nobody may be in a forbidden zone, so it has no direction")
        return self

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


class Venue(Entry):
    """A floor plan."""

    outline: Ring
    ground: Ground = Ground.PAVING
    obstacles: list[Obstacle] = []
    puddles: list[Puddle] = []
    zones: list[Zone] = []
    gates: list[Gate] = []
    lamps: list[Lamp] = []

    @cached_property
    def floor(self) -> Polygon:
        """The outline."""
        return Polygon(self.outline)

    @cached_property
    def walkable(self) -> BaseGeometry:
        """The floor without its obstacles."""
        return self.floor.difference(union_all([o.shape for o in self.obstacles])) if self.obstacles else self.floor

    def gate(self, gate_id: str) -> Gate:
        """Return the gate of that id; KeyError if there is none."""
        return {gate.id: gate for gate in self.gates}[gate_id]

    def zone(self, zone_id: str) -> Zone:
        """Return the zone of that id; KeyError if there is none."""
        return {zone.id: zone for zone in self.zones}[zone_id]
