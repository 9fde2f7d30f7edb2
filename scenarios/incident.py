"""What happens, where and when: the injected incidents of a scenario.

``IncidentKind`` says what the *world* does; what a *watcher* may say is ``EventKind``. The two are different
lists on purpose, with one mapping between them, in the scorer. Many kinds are near misses: they look like an event
and nothing is due.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from scenarios.entry import Entry, Id, Point2
from scenarios.population import BagKind, Body, ExitChoice, Fall

__all__ = [
    "DOWN_HOLD_S", "FIRE_SMOKE_S", "FLAME_SEEN_M", "INTRUSION_HOLD_S", "WRONG_WAY_M", "AbandonedBag", "BagHandover",
    "BagTheft", "BinBag", "Crouch", "Encampment", "Evacuation", "Fire", "FireGrowth", "FireSeat", "GateChange",
    "IncidentKind", "IncidentSpec", "Intrusion", "Light", "LightSource", "ObstacleMove", "Part", "PersonDown",
    "PlacedIncident", "Surge", "WrongWay",
    "WrongWayEnding", "ZoneIntrusion",
]  # fmt: skip

INTRUSION_HOLD_S: Final = 1.0
"""An intrusion is due when somebody's feet have been inside a forbidden zone for so long."""
WRONG_WAY_M: Final = 2.0
"""A wrong way is due when somebody has gone so far against a one-way zone's direction inside it."""
DOWN_HOLD_S: Final = 3.0
"""A person down is due when somebody who fell has been on the ground for so long."""
FLAME_SEEN_M: Final = 0.2
"""A fire is due when its flame is so high,"""
FIRE_SMOKE_S: Final = 10.0
"""or when it has smoked for so long."""


class IncidentKind(StrEnum):
    """What the world can be made to do."""

    ABANDONED_BAG = "abandoned_bag"
    SURGE = "surge"
    PERSON_DOWN = "person_down"
    CROUCH = "crouch"
    ZONE_INTRUSION = "zone_intrusion"
    WRONG_WAY = "wrong_way"
    FIRE = "fire"
    LIGHT = "light"
    BAG_HANDOVER = "bag_handover"
    BAG_THEFT = "bag_theft"
    BIN_BAG = "bin_bag"
    ENCAMPMENT = "encampment"
    EVACUATION = "evacuation"
    GATE_CHANGE = "gate_change"
    OBSTACLE_MOVE = "obstacle_move"


class Part(StrEnum):
    """Who plays a part: somebody who comes in for it, or who walks nearest to the place when it begins."""

    NEWCOMER = "newcomer"
    NEAREST = "nearest"


class AbandonedBag(Entry):
    """Somebody carries a bag to a place, puts it down and walks away; or comes back for it.

    Attributes:
        at_s: When the bag touches the ground; with ``who = "nearest"``, when somebody is found to do it.
        place_m: Where.
        who: Comes in with the bag for this; or walks nearest to the place then, and puts down the bag in hand.
        bag: What kind of bag; of who has one in hand already, that one.
        stays_s: How long the owner stays beside it before leaving.
        leave_by: Gate through which the owner leaves; None: the nearest that lets out, or where the walk led anyway.
        returns_after_s: The owner turns back so long after leaving, takes the bag and goes; None: never.
    """

    kind: Literal[IncidentKind.ABANDONED_BAG]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    who: Part = Part.NEWCOMER
    bag: BagKind = BagKind.BACKPACK
    stays_s: Annotated[float, Field(ge=0, le=3600)] = 3.0
    leave_by: Id | None = None
    returns_after_s: Annotated[float, Field(gt=0)] | None = None


class Surge(Entry):
    """Everybody near a place begins to run, to a gate or away from the place.

    Attributes:
        at_s: When the first begin to run.
        place_m: Centre of the surge.
        radius_m: Who is nearer than this takes part.
        toward: Gate to which they run; None: away from the place, each to the nearest gate that does not lead past it.
        speed_mps: Their mean desired speed while it lasts.
        lasts_s: After this they walk on as before; None: to the end.
    """

    kind: Literal[IncidentKind.SURGE]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    radius_m: Annotated[float, Field(gt=0, le=500)] = 20.0
    toward: Id | None = None
    speed_mps: Annotated[float, Field(gt=0, le=8)] = 3.2
    lasts_s: Annotated[float, Field(gt=0)] | None = None


class PersonDown(Entry):
    """Somebody walks, falls and stays down; or gets up again. One who is up within 3 s is a near miss.

    Attributes:
        at_s: When the fall begins.
        place_m: Where.
        who: Comes in for this; or walks nearest to the place then, and falls there and then.
        fall: Which way, seen from the one who falls.
        body: adult, child or elderly, of who comes in for it.
        gets_up_after_s: So long after hitting the ground; None: never.
        bystanders: Share of those who come near and stop to look; the first of them comes to help.
        leave_by: Gate to which the person walks; None: the nearest that lets out, or where the walk led anyway.
    """

    kind: Literal[IncidentKind.PERSON_DOWN]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    who: Part = Part.NEWCOMER
    fall: Fall = Fall.FORWARD
    body: Literal[Body.ADULT, Body.CHILD, Body.ELDERLY] = Body.ADULT
    gets_up_after_s: Annotated[float, Field(ge=0.2, le=3600)] | None = None
    bystanders: Annotated[float, Field(ge=0, le=1)] = 0.4
    leave_by: Id | None = None


class Crouch(Entry):
    """Somebody stops, crouches for a while, as to tie a shoe, and walks on: a near miss for a person down.

    Attributes:
        at_s: When the person goes down.
        place_m: Where.
        lasts_s: How long.
        leave_by: Gate by which the person leaves; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.CROUCH]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    lasts_s: Annotated[float, Field(ge=1, le=600)] = 6.0
    leave_by: Id | None = None


class Intrusion(StrEnum):
    """What somebody does about a forbidden zone: stays in it, crosses it, or walks along its edge outside."""

    STAYS = "stays"
    CROSSES = "crosses"
    SKIRTS = "skirts"


class ZoneIntrusion(Entry):
    """Somebody enters a forbidden zone; or walks along its edge without entering, a near miss.

    Attributes:
        at_s: When the edge is crossed; for who skirts it, when the place is reached.
        zone: The zone; it has ``forbidden = true``.
        place_m: The point inside that is walked to; for who skirts the zone, a point outside, within 3 m of it.
        does: stays, crosses or skirts.
        stays_s: How long who stays is at the place.
        along_m: Length of the edge that is walked along by who skirts it.
        leave_by: Gate by which the person leaves; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.ZONE_INTRUSION]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    zone: Id
    place_m: Point2
    does: Intrusion = Intrusion.STAYS
    stays_s: Annotated[float, Field(ge=0, le=3600)] = 8.0
    along_m: Annotated[float, Field(gt=0, le=100)] = 8.0
    leave_by: Id | None = None


class WrongWayEnding(StrEnum):
    """What becomes of it: goes all the way, turns back after a step or two, or waits at the edge and goes away."""

    PASSES = "passes"
    TURNS_BACK = "turns_back"
    WAITS = "waits"


class WrongWay(Entry):
    """One or some go against the direction of a one-way zone; or come in by a gate that only lets out.

    Attributes:
        at_s: When the first enters the zone, or comes in by the gate.
        through: A zone with ``one_way``, or a gate with ``direction = "out"``.
        place_m: A point in the zone through which they pass; with a gate, where they walk to first.
        count: How many, one after the other.
        ending: passes; or one of the near misses turns_back and waits (zones only).
        waits_s: How long who waits or turns back stands before going away.
        start: Gate by which they come; None: the nearest to the zone's end that lets in.
        leave_by: Gate by which they leave; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.WRONG_WAY]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    through: Id
    place_m: Point2
    count: Annotated[int, Field(ge=1, le=20)] = 1
    ending: WrongWayEnding = WrongWayEnding.PASSES
    waits_s: Annotated[float, Field(ge=0, le=600)] = 4.0
    start: Id | None = None
    leave_by: Id | None = None


class FireSeat(StrEnum):
    """What burns."""

    FLOOR = "floor"
    BIN = "bin"
    KIOSK = "kiosk"


class FireGrowth(StrEnum):
    """How fast it grows, in the four classes of NFPA 72: slow takes 600 s to 1055 kW, ultra_fast 75 s."""

    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"
    ULTRA_FAST = "ultra_fast"


class Fire(Entry):
    """Something smoulders, then burns: smoke first, then a growing flame and more smoke.

    Attributes:
        at_s: When the smoke begins.
        place_m: Where; for a bin or kiosk within its outline.
        seat: What burns.
        smoulders_s: How long there is smoke without a flame.
        growth: How fast the flame grows.
        peak_kw: Heat release at which it grows no further.
        across_m: Diameter of what burns.
        lasts_s: After this it dies down; None: burns to the end.
        wind_mps: Wind (east, north), which bends flame and smoke.
        keeps_away_m: People walk around it at least this far off, and some stop there to look.
    """

    kind: Literal[IncidentKind.FIRE]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    seat: FireSeat = FireSeat.FLOOR
    smoulders_s: Annotated[float, Field(ge=0, le=600)] = 4.0
    growth: FireGrowth = FireGrowth.FAST
    peak_kw: Annotated[float, Field(ge=5, le=5000)] = 250.0
    across_m: Annotated[float, Field(ge=0.1, le=5)] = 0.5
    lasts_s: Annotated[float, Field(gt=0)] | None = None
    wind_mps: tuple[Annotated[float, Field(ge=-10, le=10)], Annotated[float, Field(ge=-10, le=10)]] = (0.5, 0.2)
    keeps_away_m: Annotated[float, Field(ge=0.5, le=30)] = 3.0


class LightSource(StrEnum):
    """A light that a detector may take for a fire."""

    NEON = "neon"
    BEACON = "beacon"
    FLASH = "flash"
    SUN_GLINT = "sun_glint"
    SHOP_WINDOW = "shop_window"


class Light(Entry):
    """A light that is no fire: a neon sign, a rotating beacon, a flashing light, the low sun in a pane, a lit window.

    Attributes:
        at_s: When it goes on.
        place_m: Where on the plan it hangs or stands.
        height_m: Height of its middle above the floor.
        source: What it is.
        size_m: Width and height; a beacon's is the lamp's.
        facing_deg: Where it shines, clockwise from north; beacons and flashing lights shine all around.
        colour: Red, green, blue from 0 to 255; None: usual for the source.
        period_s: Of a beacon's turn, of a flash, of a bad tube's flicker.
        lasts_s: When it goes off again after going on; None: never.
    """

    kind: Literal[IncidentKind.LIGHT]
    id: Id
    at_s: Annotated[float, Field(ge=0)] = 0.0
    place_m: Point2
    height_m: Annotated[float, Field(ge=0, le=60)] = 2.6
    source: LightSource
    size_m: tuple[Annotated[float, Field(gt=0, le=30)], Annotated[float, Field(gt=0, le=30)]] = (1.2, 0.5)
    facing_deg: Annotated[float, Field(ge=0, lt=360)] = 180.0
    colour: (
        tuple[
            Annotated[int, Field(ge=0, le=255)],
            Annotated[int, Field(ge=0, le=255)],
            Annotated[int, Field(ge=0, le=255)],
        ]
        | None
    ) = None
    period_s: Annotated[float, Field(ge=0.2, le=60)] = 1.0
    lasts_s: Annotated[float, Field(gt=0)] | None = None


class BagHandover(Entry):
    """Two meet; one hands a bag to the other; both walk on. Nothing is due.

    Attributes:
        at_s: When they should meet.
        place_m: Where.
        bag: What is handed over.
        giver_leaves_by: Gate of who brought it; None: the nearest that lets out.
        taker_leaves_by: Gate of who took it; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.BAG_HANDOVER]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    bag: BagKind = BagKind.HOLDALL
    giver_leaves_by: Id | None = None
    taker_leaves_by: Id | None = None


class BagTheft(Entry):
    """An owner puts a bag down and stays beside it, looking away; somebody else takes it along. Nothing is due.

    Attributes:
        at_s: When the bag touches the ground.
        place_m: Where.
        bag: What is stolen.
        taken_after_s: When the thief takes it, after ``at_s``.
        noticed_after_s: When the owner notices, after that, and runs after the thief; None: not at all.
        leave_by: Gate by which the thief leaves; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.BAG_THEFT]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    bag: BagKind = BagKind.BACKPACK
    taken_after_s: Annotated[float, Field(ge=3, le=3600)] = 8.0
    noticed_after_s: Annotated[float, Field(ge=0.5, le=3600)] | None = 4.0
    leave_by: Id | None = None


class BinBag(Entry):
    """Staff put a full bin bag beside a bin and leave: an object without an owner nearby, and nothing is due.

    Attributes:
        at_s: When it touches the ground.
        place_m: Where; within 2 m of a bin.
        leave_by: Gate by which the member of staff leaves; None: the nearest that lets out.
    """

    kind: Literal[IncidentKind.BIN_BAG]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    leave_by: Id | None = None


class Encampment(Entry):
    """People who live outside: a tent, somebody asleep beside it, belongings, company. Nothing is due.

    Attributes:
        at_s: 0: they are there when the scenario starts.
        place_m: Middle of the tent.
        people: How many; the first sleeps, the others sit.
        tent: Whether there is a tent; without one the sleeping bags lie in the open.
        turned_deg: Where the tent's door faces, clockwise from north.
        belongings: Bags on the floor around, by kind.
    """

    kind: Literal[IncidentKind.ENCAMPMENT]
    id: Id
    at_s: Annotated[float, Field(ge=0, le=0)] = 0.0
    place_m: Point2
    people: Annotated[int, Field(ge=1, le=4)] = 2
    tent: bool = True
    turned_deg: Annotated[float, Field(ge=0, lt=360)] = 180.0
    belongings: dict[BagKind, Annotated[int, Field(ge=0, le=6)]] = {BagKind.HOLDALL: 1, BagKind.SHOPPING_BAG: 2}

    @model_validator(mode="after")
    def _few(self) -> Encampment:
        if sum(self.belongings.values()) > 12:
            raise ValueError("belongings: more than 12 do not fit around a tent")
        return self


class Evacuation(Entry):
    """An alarm: everybody stops coming in, makes up the mind to go, each in an own time, and leaves. Nothing is due.

    Attributes:
        at_s: The alarm.
        premovement_s: Least and most of the time from the alarm until somebody sets off, uniform (RiMEA 4.1.1, test 5).
        by: Gates through which people leave; empty: every one that lets out.
        choice: Which of them each takes.
        dwellers: Whether those leave who sit, stand or lie about; what is theirs stays behind.
        pace: Speed against that of every day.
    """

    kind: Literal[IncidentKind.EVACUATION]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    premovement_s: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0, le=3600)]] = (10.0, 60.0)
    by: list[Id] = []
    choice: ExitChoice = ExitChoice.QUICKEST
    dwellers: bool = True
    pace: Annotated[float, Field(ge=0.5, le=1.5)] = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Evacuation:
        least, most = self.premovement_s
        if least > most:
            raise ValueError(f"premovement_s: the least ({least:g} s) is more than the most ({most:g} s)")
        return self


class GateChange(Entry):
    """A gate opens or closes while people walk; who was going there chooses again. Nothing is due.

    Attributes:
        at_s: When.
        gate: Which.
        open: Whether it opens.
    """

    kind: Literal[IncidentKind.GATE_CHANGE]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    gate: Id
    open: bool


class ObstacleMove(Entry):
    """Something that stands on the floor is put elsewhere at one instant, as soon as nobody is in its place there.

    Attributes:
        at_s: When.
        obstacle: Which; a barrier, bench, bin, planter, sign, turnstile, ticket machine or billboard.
        place_m: Where its middle then is.
    """

    kind: Literal[IncidentKind.OBSTACLE_MOVE]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    obstacle: Id
    place_m: Point2


PlacedIncident = (
    AbandonedBag | Surge | PersonDown | Crouch | ZoneIntrusion | WrongWay | Fire | Light | BagHandover | BagTheft
    | BinBag | Encampment | ObstacleMove
)  # fmt: skip
"""An incident that has a place."""
IncidentSpec = Annotated[PlacedIncident | Evacuation | GateChange, Field(discriminator="kind")]
"""Any incident of a scenario file."""
