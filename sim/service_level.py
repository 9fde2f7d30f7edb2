"""Fruin's levels of service, A free to F jammed: one table for who walks, another for who stands and queues."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FRUIN_QUEUE_PER_M2", "FRUIN_WALKWAY_PER_M2", "LEVELS", "QUEUES_BELOW_MPS", "level_of_service"]

LEVELS: Final = "ABCDEF"
FRUIN_WALKWAY_PER_M2: Final = (1 / 3.24, 1 / 2.32, 1 / 1.39, 1 / 0.93, 1 / 0.46)
"""Upper limits of the levels A to E in persons per square metre, from the areas per person of Fruin's walkways.

Reference:
    Fruin, J. J. (1971). Pedestrian planning and design. Metropolitan Association of Urban Designers, New York.
"""
FRUIN_QUEUE_PER_M2: Final = (1 / 1.21, 1 / 0.93, 1 / 0.65, 1 / 0.28, 1 / 0.19)
"""The same of Fruin's queuing areas (13, 10, 7, 3 and 2 square feet a person)."""
QUEUES_BELOW_MPS: Final = 0.3
"""Who is slower than this queues: below a quarter of a free walk nobody walks any more, people shuffle and wait."""


def level_of_service(density_per_m2: NDArray[np.float64], *, queuing: bool = False) -> NDArray[np.int64]:
    """Return Fruin's level of each density as an index into ``LEVELS``.

    Args:
        density_per_m2: Any shape.
        queuing: By the table of queues in place of that of walkways.
    """
    limits = FRUIN_QUEUE_PER_M2 if queuing else FRUIN_WALKWAY_PER_M2
    return np.searchsorted(np.array(limits), density_per_m2, side="right")
