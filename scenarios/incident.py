"""What happens, where and when: the injected incidents of a scenario.

``IncidentKind`` says what the *world* does; what a *watcher* may say is ``EventKind``. The two are different
lists on purpose, with one mapping between them, in the scorer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from scenarios.entry import Entry, Id, Point2
from scenarios.population import BagKind

__all__ = ["AbandonedBag", "IncidentKind", "IncidentSpec", "Surge"]


class IncidentKind(StrEnum):
    """What the world can be made to do."""

    ABANDONED_BAG = "abandoned_bag"
    SURGE = "surge"


class AbandonedBag(Entry):
    """Somebody carries a bag to a place, puts it down and walks away; or comes back for it.

    Attributes:
        at_s: When the bag touches the ground.
        place_m: Where.
        bag: What kind of bag.
        stays_s: How long the owner stays beside it before leaving.
        leave_by: Gate through which the owner leaves; None: the nearest that lets out.
        returns_after_s: The owner turns back so long after leaving, takes the bag and goes; None: never.
    """

    kind: Literal[IncidentKind.ABANDONED_BAG]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    bag: BagKind = BagKind.BACKPACK
    stays_s: Annotated[float, Field(ge=0, le=3600)] = 3.0
    leave_by: Id | None = None
    returns_after_s: Annotated[float, Field(gt=0)] | None = None


class Surge(Entry):
    """Everybody near a place begins to run to a gate.

    Attributes:
        at_s: When the first begin to run.
        place_m: Centre of the surge.
        radius_m: Who is nearer than this takes part.
        toward: Gate to which they run.
        speed_mps: Their mean desired speed while it lasts.
        lasts_s: After this they walk on as before; None: to the end.
    """

    kind: Literal[IncidentKind.SURGE]
    id: Id
    at_s: Annotated[float, Field(ge=0)]
    place_m: Point2
    radius_m: Annotated[float, Field(gt=0, le=500)] = 20.0
    toward: Id
    speed_mps: Annotated[float, Field(gt=0, le=8)] = 3.2
    lasts_s: Annotated[float, Field(gt=0)] | None = None


IncidentSpec = Annotated[AbandonedBag | Surge, Field(discriminator="kind")]
"""Any incident of a scenario file."""
