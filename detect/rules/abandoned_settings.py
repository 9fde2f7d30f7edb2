"""Settings of the rule for abandoned objects."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.entry import Entry

__all__ = ["AbandonedObjectSettings"]

Seconds = Annotated[float, Field(ge=0, le=3600)]
Metres = Annotated[float, Field(gt=0, le=100)]


class AbandonedObjectSettings(Entry):
    """Settings of the rule.

    Attributes:
        owner_distance_m: Unattended when the owner is farther away than this.
        alone_s: Abandoned when unattended for so long without a break.
        attended_by: Who can guard the bag: its owner, or also those who came with the owner.
        ownerless: What to do with a bag whose owner was never seen. ``ignore``: it is furniture or somebody's
            belonging. ``alarm``: it counts as unattended from the start.
        still_s: A bag stands when it has not moved for so long.
        still_m: And has not moved farther than this (and twice the uncertainty of its place).
        moved_m: A bag that is so far from its place has been moved.
        settle_s: A bag that is there so soon after the first picture was there before it.
        belongs_s: Who stays beside such a bag for so long is its owner.
        belongs_m: And is not farther from it than this.
        return_s: The owner is back when near again and hardly moving for so long,
        pass_s: or for so long when walking: a track that went over to a passer-by is no return.
        lost_s: An owner who vanishes beside the bag is away when not seen for so long.
        reassociate_s: A new track is the owner's when it begins so soon after the owner's was lost.
        reassociate_m: And not farther than this from where the owner would be.
        memory_s: A bag that is not seen, with a free view and nobody at it, is forgotten after so long.
        memory_m: A bag that appears within this of a remembered one is the same.
        gone_s: A bag that vanished with somebody at it is taken when not seen for so long with a free view.
        recent_s: No alarm about a bag that has not been seen for so long.
        fixture_s: A bag at a fixture, as refuse beside a bin is, is abandoned only when unattended for so long. Which
            zones are fixtures the plan says.
    """

    owner_distance_m: Metres = 3.0
    alone_s: Seconds = 30.0
    attended_by: Literal["owner", "owner_and_companions"] = "owner"
    ownerless: Literal["ignore", "alarm"] = "ignore"
    still_s: Annotated[float, Field(ge=0.2, le=60)] = 1.5
    still_m: Metres = 0.4
    moved_m: Metres = 1.0
    settle_s: Seconds = 2.0
    belongs_s: Annotated[float, Field(ge=1, le=10)] = 5.0
    belongs_m: Metres = 2.0
    return_s: Seconds = 0.5
    pass_s: Seconds = 5.0
    lost_s: Seconds = 2.0
    reassociate_s: Seconds = 5.0
    reassociate_m: Metres = 2.0
    memory_s: Seconds = 30.0
    memory_m: Metres = 1.0
    gone_s: Seconds = 4.0
    recent_s: Seconds = 2.0
    fixture_s: Seconds = 600.0
