"""How strictly is scored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenarios.entry import Entry
from scenarios.incident import DOWN_HOLD_S, INTRUSION_HOLD_S, WRONG_WAY_M

__all__ = ["ScoreSettings"]

Share = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Metres = Annotated[float, Field(gt=0, le=1000)]


class ScoreSettings(Entry):
    """Settings of the scorer.

    Attributes:
        min_visibility: A true box of which less can be seen is ignored: finding it is neither right nor wrong.
        min_height_px: So is a person that is smaller in the picture. (Bags: a quarter of it.)
        floor_m: A place on the floor finds a person within this.
        iou: Least intersection over union of a box and the truth that it finds.
        early_s: An alarm counts when it comes at most so long before it is due,
        late_s: and at most so long after (and not after the true event is over).
        settle_s: An event that is due so shortly before the end of the footage is scored only if it was found.
        place_m: Largest distance of an alarm from the place of the true event; for crowd movement from the nearest
            person who takes part.
        owner_distance_m: PETS2006: a bag is unattended when its owner is farther away,
        alone_s: and abandoned when so for so long without a break.
        density_hold_s: A density is too high when it is above the zone's limit for so long.
        intrusion_hold_s: Somebody intrudes who has been inside a forbidden zone for so long.
        wrong_way_m: Somebody goes the wrong way who has gone so far against a one-way zone's direction inside it.
        down_hold_s: Somebody is down who fell and has been on the ground for so long.
        fairness_reach_m: A false alarm is put down to the nearest person within this.
        alpha_live: Recall bias of i-LIDS' F1 for the role of the live alert (below 1: precision counts more),
        alpha_record: and for the role of the forensic record (above 1: recall counts more).
        density_radius_m: Local densities are counted within this,
        density_bin_per_m2: in bins of this width,
        density_samples: of at least so many people,
        density_found: of whom at least this share must be found, for a count to be valid at that density.
    """

    min_visibility: Share = 0.25
    min_height_px: Annotated[float, Field(ge=0, le=1000)] = 20.0
    floor_m: Metres = 0.5
    iou: Share = 0.5
    early_s: Seconds = 3.0
    late_s: Seconds = 30.0
    settle_s: Seconds = 2.0
    place_m: Metres = 3.0
    owner_distance_m: Metres = 3.0
    alone_s: Seconds = 30.0
    density_hold_s: Seconds = 2.0
    intrusion_hold_s: Seconds = INTRUSION_HOLD_S
    wrong_way_m: Metres = WRONG_WAY_M
    down_hold_s: Seconds = DOWN_HOLD_S
    fairness_reach_m: Metres = 5.0
    alpha_live: Annotated[float, Field(gt=0, le=1000)] = 0.5
    alpha_record: Annotated[float, Field(gt=0, le=1000)] = 10.0
    density_radius_m: Metres = 2.0
    density_bin_per_m2: Annotated[float, Field(gt=0, le=5)] = 0.25
    density_samples: Annotated[int, Field(ge=1)] = 50
    density_found: Share = 0.8
