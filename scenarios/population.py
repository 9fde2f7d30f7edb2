"""Who comes, from where to where, how fast, and what they carry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from scenarios.beside import Beside, FileName
from scenarios.entry import Entry, Id, Ring
from scenarios.steward import Steward

__all__ = [
    "FREE_SPEED_FACTOR", "HEIGHT_M", "AgeBand", "BagKind", "Body", "DwellerGroup", "ExitChoice", "Fall", "Flow",
    "Motion", "Population", "Posture", "Preset", "Role", "ThingKind", "WalkingSpeed", "Ways",
]  # fmt: skip


class Role(StrEnum):
    """Why somebody is here."""

    PASSER_BY = "passer_by"
    DWELLER = "dweller"
    OWNER = "owner"
    STAFF = "staff"


class Body(StrEnum):
    """What body somebody has, and what it sits in or pushes."""

    ADULT = "adult"
    CHILD = "child"
    ELDERLY = "elderly"
    WHEELCHAIR = "wheelchair"
    PRAM = "pram"


class Posture(StrEnum):
    """How somebody holds the body; ``FALLEN`` is on the ground after a fall, ``LYING`` lay down to rest."""

    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"
    SITTING = "sitting"
    LYING = "lying"
    CROUCHING = "crouching"
    FALLING = "falling"
    FALLEN = "fallen"


class Fall(StrEnum):
    """Which way somebody falls, seen from the one who falls."""

    FORWARD = "forward"
    BACKWARD = "backward"
    LEFT = "left"
    RIGHT = "right"


class BagKind(StrEnum):
    """What people carry, pull or put down."""

    BACKPACK = "backpack"
    HANDBAG = "handbag"
    HOLDALL = "holdall"
    SUITCASE = "suitcase"
    CARTON = "carton"
    BIN_BAG = "bin_bag"
    SHOPPING_BAG = "shopping_bag"


class ThingKind(StrEnum):
    """What lies or stands about and is no bag."""

    TENT = "tent"
    SLEEPING_BAG = "sleeping_bag"


HEIGHT_M: Final[dict[Body, tuple[float, float, float, float]]] = {
    Body.ADULT: (1.70, 0.095, 1.45, 2.00),
    Body.CHILD: (1.32, 0.130, 1.05, 1.56),
    Body.ELDERLY: (1.66, 0.085, 1.42, 1.88),
    Body.WHEELCHAIR: (1.70, 0.095, 1.45, 1.95),
    Body.PRAM: (1.69, 0.085, 1.48, 1.92),
}
"""Body height when upright: mean, standard deviation, least, most.

Children of 6 to 13 years after the WHO growth reference: de Onis, M. et al. (2007). Bulletin of the WHO 85, 660-667.
DOI 10.2471/BLT.07.043497. Old people are 3 to 5 cm smaller than they were: Sorkin, J. D., Muller, D. C., Andres, R.
(1999). American Journal of Epidemiology 150, 969-977. DOI 10.1093/oxfordjournals.aje.a010106.
"""

FREE_SPEED_FACTOR: Final[dict[Body, float]] = {
    Body.ADULT: 1.0,
    Body.CHILD: 0.87,
    Body.ELDERLY: 0.78,
    Body.WHEELCHAIR: 0.59,
    Body.PRAM: 0.92,
}
"""Free speed of each body against that of adults; with the default shares the mean over all is 0.97 of the adults'.

Children and old people after Weidmann, U. (1993), DOI 10.3929/ethz-a-000687810, speed over age, which RiMEA's table of
free speeds takes over (about 1.15 m/s at ten and 1.05 m/s past seventy, where everybody's mean is 1.34 m/s).
Wheelchairs: 0.69 m/s by hand and 0.89 m/s by motor in Boyce, K. E., Shields, T. J., Silcock, G. W. H. (1999). Fire
Technology 35, 51-67. DOI 10.1023/A:1015339216366. A pram is assumed to cost its pusher a tenth.
"""


class WalkingSpeed(Entry):
    """Free walking speeds of adults, normal and cut at ``min_mps`` and ``max_mps``.

    Defaults after Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zuerich, IVT 90: 1.34 +- 0.26 m/s over
    everybody, which 1.38 m/s of the adults gives with the default shares of bodies. DOI 10.3929/ethz-a-000687810.
    """

    mean_mps: Annotated[float, Field(gt=0, le=5)] = 1.38
    sd_mps: Annotated[float, Field(ge=0, le=2)] = 0.26
    min_mps: Annotated[float, Field(gt=0, le=5)] = 0.5
    max_mps: Annotated[float, Field(gt=0, le=5)] = 2.2

    @model_validator(mode="after")
    def _ordered(self) -> WalkingSpeed:
        if not self.min_mps <= self.mean_mps <= self.max_mps:
            raise ValueError("min_mps <= mean_mps <= max_mps does not hold")
        return self


class ExitChoice(StrEnum):
    """Which of the gates of a flow each takes.

    ``nearest``: the one reached soonest if nobody were in the way. ``quickest``: the one by which the person would
    be out soonest, the queue before it counted, thought over on the way. ``random``: any.
    """

    NEAREST = "nearest"
    QUICKEST = "quickest"
    RANDOM = "random"


class Flow(Entry):
    """People who walk from one gate to others.

    Attributes:
        start: Gate where they enter.
        to: Gates where they leave.
        rate_per_min: Poisson arrivals at the gate.
        initial: People already inside when the scenario starts.
        area: Where those are, spread evenly; None: along their ways.
        choice: Which of ``to`` each takes.
        spread: Another word for ``choice = "random"``.
        groups: Share of the arrivals that come as a group of so many, who stay together; what is left to 1 come alone.
        start_s: When the arrivals begin.
        end_s: When they end; None: with the scenario.
        carries: Share of the people with a bag of each kind.
        visits: Share of the people who go to each of the stalls first; those of a group go together.
    """

    id: Id
    start: Id
    to: Annotated[list[Id], Field(min_length=1)]
    rate_per_min: Annotated[float, Field(ge=0, le=6000)] = 0.0
    initial: Annotated[int, Field(ge=0, le=100_000)] = 0
    area: Ring | None = None
    choice: ExitChoice = ExitChoice.NEAREST
    spread: bool = False
    groups: dict[Annotated[int, Field(ge=2, le=12)], Annotated[float, Field(ge=0, le=1)]] = {}
    start_s: Annotated[float, Field(ge=0)] = 0.0
    end_s: Annotated[float, Field(gt=0)] | None = None
    carries: dict[BagKind, Annotated[float, Field(ge=0, le=1)]] = {}
    visits: dict[Id, Annotated[float, Field(ge=0, le=1)]] = {}

    @property
    def exit_choice(self) -> ExitChoice:
        """Which of its gates each takes."""
        return ExitChoice.RANDOM if self.spread else self.choice

    @model_validator(mode="after")
    def _shares(self) -> Flow:
        if sum(self.carries.values()) > 1:
            raise ValueError("carries: the shares add up to more than 1")
        if sum(self.groups.values()) > 1:
            raise ValueError("groups: the shares add up to more than 1")
        if sum(self.visits.values()) > 1 + 1e-9:
            raise ValueError("visits: the shares add up to more than 1")
        if self.spread and self.choice is not ExitChoice.NEAREST:
            raise ValueError("spread: says that the choice is random; leave it out where choice is given")
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


class Ways(Beside):
    """People who go the ways of a table instead of choosing their own, such as those of real people.

    Attributes:
        file: CSV or Parquet with the columns ``id, t_s, x_m, y_m`` and, where it is known, ``height_m``; one row an
            instant, at any rate; between its rows a person goes straight.
        start_s: Time of the table at which the scenario starts.
    """

    file: FileName
    start_s: Annotated[float, Field(ge=0)] = 0.0

    @property
    def file_name(self) -> str:
        """The path as written."""
        return self.file


class AgeBand(Entry):
    """A share of the people, of one range of ages, evenly.

    Attributes:
        from_years: Youngest.
        to_years: Oldest.
        share: Of all who walk.
        women: Share of women among them.
    """

    from_years: Annotated[float, Field(ge=5, le=100)]
    to_years: Annotated[float, Field(ge=5, le=100)]
    share: Annotated[float, Field(gt=0, le=1)]
    women: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> AgeBand:
        if self.from_years > self.to_years:
            raise ValueError(f"from_years: {self.from_years:g} is more than to_years, {self.to_years:g}")
        return self


class Motion(StrEnum):
    """By which pedestrian model people walk; `sim.motion` has them, one a file, with their papers."""

    ANTICIPATION = "anticipation"
    COLLISION_FREE_SPEED = "collision_free_speed"
    SOCIAL_FORCE = "social_force"


class Preset(StrEnum):
    """Whom the people are like.

    ``weidmann``: everybody in a town (Weidmann 1993). ``hermes``: young adults in a hurry, as those who walked through
    the corridors of the HERMES experiments: free speed 1.50 +- 0.20 m/s, and closer behind one another. Keip, C.,
    Ries, K. (2009). Dokumentation von Versuchen zur Personenstromdynamik. Data: DOI 10.34735/ped.2009.6.
    """

    WEIDMANN = "weidmann"
    HERMES = "hermes"


_HERMES: Final[dict[str, Any]] = {
    "speed": {"mean_mps": 1.5, "sd_mps": 0.2, "min_mps": 0.9, "max_mps": 2.2},
    "time_gap_s": 0.88,
    "bodies": {},
}


class Population(Entry):
    """Everybody in the scenario.

    Attributes:
        preset: Whom they are like; what ``speed``, ``bodies`` and ``time_gap_s`` are where they are not given.
        model: By which pedestrian model they walk.
        speed: Free walking speeds of adults; other bodies have their factor of ``FREE_SPEED_FACTOR``.
        time_gap_s: Time gap that each keeps to the one right ahead; None: that of the pedestrian model.
        bodies: Share of each body among those who walk; what is left to 1 are adults.
        ages: Ages and sexes, from which bodies of children and old people and everybody's free speed follow (Weidmann
            1993): speeds are normal around that of age and sex, ``speed`` gives only their spread and limits, and
            ``bodies`` only the shares of wheelchairs and prams. Empty: by ``bodies`` and ``speed`` alone.
        detours: Whether people walk round where others are held up, by the quickest path in place of the shortest.
        flows: Who passes.
        dwellers: Who stays.
        stewards: Staff at their posts.
    """

    preset: Preset = Preset.WEIDMANN
    model: Motion = Motion.ANTICIPATION
    speed: WalkingSpeed = WalkingSpeed()
    time_gap_s: Annotated[float, Field(ge=0.2, le=3)] | None = None
    bodies: dict[Body, Annotated[float, Field(ge=0, le=1)]] = {
        Body.CHILD: 0.07,
        Body.ELDERLY: 0.08,
        Body.WHEELCHAIR: 0.006,
        Body.PRAM: 0.02,
    }
    ages: list[AgeBand] = []
    detours: bool = True
    flows: list[Flow] = []
    dwellers: list[DwellerGroup] = []
    stewards: list[Steward] = []
    ways: Ways | None = None

    @model_validator(mode="before")
    @classmethod
    def _like(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("preset") == Preset.HERMES:
            return _HERMES | given
        return given

    @model_validator(mode="after")
    def _body_shares(self) -> Population:
        if self.ages and abs(sum(band.share for band in self.ages) - 1) > 1e-6:
            raise ValueError(f"ages: the shares add up to {sum(band.share for band in self.ages):g}; they should to 1")
        total = sum(self.bodies.values())
        if total > 1 + 1e-9:
            raise ValueError(f"bodies: the shares add up to {total:g}, more than 1")
        if Body.ADULT in self.bodies and total < 1 - 1e-9:
            raise ValueError(f"bodies: the shares add up to {total:g}; leave out adult, which takes what is left to 1")
        return self
