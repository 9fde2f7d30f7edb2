"""How a bag hangs on who carries it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import BagKind
from sim.render.actors.posing import BACK, CHEST, HAND_LEFT, HAND_RIGHT

__all__ = ["hold"]

_LEAST_M: Final = 0.02
"""Nothing that is carried drags on the floor."""


def hold(
    kind: StrEnum,
    grip: NDArray[np.float64],
    size: float,
    marks: NDArray[np.float64],
    heading: float,
    out: NDArray[np.float64],
) -> None:
    """Put a bag where its carrier has it.

    Args:
        kind: Of the bag.
        grip: Where it is held, in its own axes, shape (3,).
        size: Its scale.
        marks: The carrier's landmarks in the world, shape (LANDMARKS, 6).
        heading: Where the carrier faces.
        out: Written: rotation and scale (9), place (3).
    """
    forth = np.array((np.cos(heading), np.sin(heading), 0.0))
    left = np.array((-forth[1], forth[0], 0.0))
    up = np.array((0.0, 0.0, 1.0))
    place = marks[HAND_LEFT, :3]
    if kind is BagKind.BACKPACK:
        up = marks[BACK, 3:] / np.linalg.norm(marks[BACK, 3:])
        forth = marks[CHEST, 3:] - up * (marks[CHEST, 3:] @ up)
        forth /= np.linalg.norm(forth)
        left = np.cross(up, forth)
        place = marks[BACK, :3]
    elif kind is BagKind.CARTON:
        place = (marks[HAND_LEFT, :3] + marks[HAND_RIGHT, :3]) / 2
    elif kind is BagKind.SUITCASE:
        place = marks[HAND_RIGHT, :3]
        reach = size * float(np.hypot(grip[0], grip[2]))
        lean = np.arccos(min(place[2] / reach, 1.0)) - np.arctan2(grip[0], grip[2])  # of the handle, forwards
        cos, sin = np.cos(lean), np.sin(lean)
        forth, up = cos * forth - sin * up, sin * forth + cos * up
    turn = size * np.stack((forth, left, up), axis=1)
    shift = place - turn @ grip
    if kind is not BagKind.BACKPACK:
        shift[2] = max(shift[2], _LEAST_M) if kind is not BagKind.SUITCASE else 0.0
    out[:9] = turn.ravel()
    out[9:] = shift
