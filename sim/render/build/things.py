"""All bags and things of the atlas, at their levels of detail."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.render.build.bags import BAGS
from sim.render.build.furniture import FURNITURE
from sim.render.build.pack import Built, bearing_points, details_of
from sim.render.build.solid import Workshop

__all__ = ["RIDING_TRIANGLES", "things"]

BAG_TRIANGLES: Final = (140, 420, 1600)
THING_TRIANGLES: Final = (250, 800, 3000)
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
        levels = details_of(shop.surfaces, BAG_TRIANGLES if kind == "bag" else THING_TRIANGLES)
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
