"""What the crowd hands to the renderer and to the truth: one instant of the world, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.incident import Fire, Light
from scenarios.population import BagKind, Body, Fall, Posture, Role, ThingKind
from scenarios.venue import Obstacle

__all__ = [
    "BAG_KINDS", "BODIES", "FALLS", "FALL_TURN_RAD", "OBJECT_KINDS", "POSTURES", "ROLES", "CrowdState", "FireState",
    "LightState", "ObjectState", "Snapshot",
]  # fmt: skip

POSTURES: Final = tuple(Posture)
"""Posture codes are indices into this."""
ROLES: Final = tuple(Role)
"""Role codes are indices into this."""
BODIES: Final = tuple(Body)
"""Body codes are indices into this."""
FALLS: Final = tuple(Fall)
"""Codes of the ways to fall are indices into this."""
FALL_TURN_RAD: Final[NDArray[np.float64]] = np.array(
    [{Fall.FORWARD: 0.0, Fall.BACKWARD: np.pi, Fall.LEFT: np.pi / 2, Fall.RIGHT: -np.pi / 2}[fall] for fall in FALLS]
)
"""Where a body lies after each fall, seen from its feet, against where it faces."""
BAG_KINDS: Final = tuple(BagKind)
"""Bag codes are indices into this."""
OBJECT_KINDS: Final[tuple[BagKind | ThingKind, ...]] = (*BagKind, *ThingKind)
"""Object codes are indices into this: the bags, then the things."""


@dataclass(frozen=True, slots=True, eq=False)
class CrowdState:
    """All people inside the venue at one instant, ordered by id.

    Attributes:
        id: Shape (n,), int32.
        position_m: Feet, shape (n, 2); of who falls or has fallen, where the feet stood: the body lies on from there
            to where it fell, seen along ``heading_rad``.
        velocity_mps: Shape (n, 2).
        heading_rad: Where the body faces, of who lies where the head is, counter-clockwise from east, shape (n,).
        posture: Codes into ``POSTURES``, shape (n,), int8.
        posture_s: Seconds since the posture began, shape (n,).
        fall: Which way who falls or has fallen fell: codes into ``FALLS``, shape (n,), int8.
        body: Codes into ``BODIES``, shape (n,), int8.
        role: Codes into ``ROLES``, shape (n,), int8.
        height_m: Body height when upright, also of who sits or lies, shape (n,).
        walked_m: Distance walked so far: it drives the gait, shape (n,).
        looks: Random 63-bit number of each person: clothes, build, hair; shape (n,), int64.
        posture_before: What each did before, codes into ``POSTURES``, shape (n,), int8; who rises from a fall has
            fallen before until the next posture but one. Shape (0,): not known.
        group: Number of the group that each stays with, -1: alone, shape (n,), int32. Shape (0,): not known.
    """

    id: NDArray[np.int32]
    position_m: NDArray[np.float64]
    velocity_mps: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    posture: NDArray[np.int8]
    posture_s: NDArray[np.float64]
    fall: NDArray[np.int8]
    body: NDArray[np.int8]
    role: NDArray[np.int8]
    height_m: NDArray[np.float64]
    walked_m: NDArray[np.float64]
    looks: NDArray[np.int64]
    posture_before: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    group: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class ObjectState:
    """All bags and things at one instant, ordered by id.

    Attributes:
        id: Shape (m,), int32; never the id of a person.
        kind: Codes into ``OBJECT_KINDS``, shape (m,), int8.
        position_m: On the ground, or under the carrier, shape (m, 2).
        carried_by: Id of the person, or -1 when it stands on the ground, shape (m,), int32.
        owner: Id of the person whose it is, -1 for refuse, shape (m,), int32.
        heading_rad: How it is turned, shape (m,).
        looks: Random number of each, shape (m,), int64.
    """

    id: NDArray[np.int32]
    kind: NDArray[np.int8]
    position_m: NDArray[np.float64]
    carried_by: NDArray[np.int32]
    owner: NDArray[np.int32]
    heading_rad: NDArray[np.float64]
    looks: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FireState:
    """A fire that has begun; how it looks at an instant follows from its age and its law.

    Attributes:
        id: Of the flame; never the id of a person or object.
        smoke_id: Of its smoke; neither.
        spec: The law by which it grows, and the wind.
        base_m: Middle of what burns (x, y, z).
        began_s: When the smoke began.
    """

    id: int
    smoke_id: int
    spec: Fire
    base_m: tuple[float, float, float]
    began_s: float


@dataclass(frozen=True, slots=True)
class LightState:
    """A light that is on.

    Attributes:
        id: Never the id of a person or object.
        spec: What it is.
        began_s: When it went on.
    """

    id: int
    spec: Light
    began_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The world at one instant.

    Attributes:
        time_s: Seconds since the start of the scenario.
        people: Everybody inside.
        objects: Every bag and thing.
        fires: What burns or smokes.
        lights: What shines beside the venue's lamps.
        obstacles: What stands on the floor, where that has changed since the start; None: as in the scenario.
    """

    time_s: float
    people: CrowdState
    objects: ObjectState
    fires: tuple[FireState, ...] = ()
    lights: tuple[LightState, ...] = ()
    obstacles: tuple[Obstacle, ...] | None = None
