"""All bags and things of the atlas, at their levels of detail."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.render.build.bags import BAGS
from sim.render.build.furniture import FURNITURE
from sim.render.build.pack import Built, bearing_points, details_of
from sim.render.build.rough import rough_levels
from sim.render.build.solid import Workshop

__all__ = ["RIDING_TRIANGLES", "things"]

BAG_TRIANGLES: Final = (420, 1600)
THING_TRIANGLES: Final = (800, 3000)
ROUGH_BAG: Final = ((60, 130, 280), (0.10, 0.06, 0.035))
ROUGH_THING: Final = ((320, 500), (0.08, 0.04))
ROUGH_VEHICLE: Final = ((560, 860), (0.08, 0.04))
"""Of the coarser levels: triangles at most, and the share of wrong pixels that is good enough."""
RIDING_TRIANGLES: Final = (120, 250, 800, 3000)
"""Of what rides with a person: as many levels as people have."""


def things(seed: np.random.SeedSequence) -> list[Built]:
    """Return all bags and things of the atlas."""
    made = []
    entries = [(n, e, "bag") for n, e in BAGS.items()] + [(n, e, "thing") for n, e in FURNITURE.items()]
    for (name, (model, words), kind), child in zip(entries, seed.spawn(len(entries)), strict=True):
        shop = Workshop(1)
        grip = model(shop, np.random.default_rng(child))
        low = min(float(s.vertices_m[:, 2].min()) for s in shop.surfaces)
        for surface in shop.surfaces:
            surface.vertices_m[:, 2] -= low
        rough = ROUGH_BAG if kind == "bag" else ROUGH_VEHICLE if "vehicle" in words.split() else ROUGH_THING
        levels = rough_levels(shop.surfaces, *rough)
        levels += details_of(shop.surfaces, BAG_TRIANGLES if kind == "bag" else THING_TRIANGLES)
        tall = float(levels[-1].vertices_m[:, 2].max())
        spot = np.array([grip]) - [0, 0, low]
        made.append(
            Built(
                name,
                kind,
                kind,
                tall,
                (kind, *words.split()),
                np.zeros((1, 3)),
                levels,
                spot,
                bearing_points(shop.surfaces),
            )
        )
    return made
