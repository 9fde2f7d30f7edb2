"""Who comes, from where to where, how fast, and what they carry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from scenarios.entry import Entry, Id, Ring

__all__ = ["BagKind", "DwellerGroup", "Flow", "Population", "Posture", "Role", "WalkingSpeed"]


class Role(StrEnum):
    """Why somebody is here."""

    PASSER_BY = "passer_by"
    DWELLER = "dweller"
    OWNER = "owner"


class Posture(StrEnum):
    """How somebody holds the body."""

    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"
    SITTING = "sitting"
    LYING = "lying"


class BagKind(StrEnum):
    """What people carry, pull or put down."""

    BACKPACK = "backpack"
    HANDBAG = "handbag"
    HOLDALL = "holdall"
    SUITCASE = "suitcase"
    CARTON = "carton"


class WalkingSpeed(Entry):
    """Free walking speeds, normal and cut at ``min_mps`` and ``max_mps``.

    Defaults after Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zuerich, IVT 90: 1.34 +- 0.26 m/s.
    DOI 10.3929/ethz-a-000687810.
    """

    mean_mps: Annotated[float, Field(gt=0, le=5)] = 1.34
    sd_mps: Annotated[float, Field(ge=0, le=2)] = 0.26
    min_mps: Annotated[float, Field(gt=0, le=5)] = 0.5
    max_mps: Annotated[float, Field(gt=0, le=5)] = 2.2

    @model_validator(mode="after")
    def _ordered(self) -> WalkingSpeed:
        if not self.min_mps <= self.mean_mps <= self.max_mps:
            raise ValueError("min_mps <= mean_mps <= max_mps does not hold")
        return self


class Flow(Entry):
    """People who walk from one gate to others.

    Attributes:
        start: Gate where they enter.
        to: Gates where they leave; each takes the one it reaches soonest, unless ``spread`` is set.
        rate_per_min: Poisson arrivals at the gate.
        initial: People already on the way when the scenario starts.
        spread: Choose among ``to`` at random instead of the nearest.
        start_s: When the arrivals begin.
        end_s: When they end; None: with the scenario.
        carries: Share of the people with a bag of each kind.
    """

    id: Id
    start: Id
    to: Annotated[list[Id], Field(min_length=1)]
    rate_per_min: Annotated[float, Field(ge=0, le=6000)] = 0.0
    initial: Annotated[int, Field(ge=0, le=100_000)] = 0
    spread: bool = False
    start_s: Annotated[float, Field(ge=0)] = 0.0
    end_s: Annotated[float, Field(gt=0)] | None = None
    carries: dict[BagKind, Annotated[float, Field(ge=0, le=1)]] = {}

    @model_validator(mode="after")
    def _shares(self) -> Flow:
        if sum(self.carries.values()) > 1:
            raise ValueError("carries: the shares add up to more than 1")
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s is not after start_s")
        return self


class DwellerGroup(Entry):
    """People who stay: who wait, sit on a bench, or lie on the floor beside what they own.

    Attributes:
        area: Where they stay; the places inside are drawn at random.
        posture: standing, sitting or lying.
        belongings: Bags that each has on the floor beside, by kind.
    """

    id: Id
    count: Annotated[int, Field(ge=1, le=10_000)]
    area: Ring
    posture: Posture = Posture.STANDING
    belongings: dict[BagKind, Annotated[int, Field(ge=0, le=5)]] = {}

    @model_validator(mode="after")
    def _stays(self) -> DwellerGroup:
        if self.posture not in (Posture.STANDING, Posture.SITTING, Posture.LYING):
            raise ValueError("posture: a dweller is standing, sitting or lying")
        return self


class Population(Entry):
    """Everybody in the scenario."""

    speed: WalkingSpeed = WalkingSpeed()
    flows: list[Flow] = []
    dwellers: list[DwellerGroup] = []
