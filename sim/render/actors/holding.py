"""How bags hang on those who carry them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from scenarios.population import BagKind
from sim.render.actors.posing import BACK, CHEST, HAND_LEFT, HAND_RIGHT
from sim.state import OBJECT_KINDS

__all__ = ["hold"]

_LEAST_M: Final = 0.02
"""Nothing that is carried drags on the floor."""
_BACKPACK: Final = OBJECT_KINDS.index(BagKind.BACKPACK)
_CARTON: Final = OBJECT_KINDS.index(BagKind.CARTON)
_SUITCASE: Final = OBJECT_KINDS.index(BagKind.SUITCASE)


@njit(cache=True, nogil=True, error_model="numpy")
def hold(kind: Any, grip: Any, size: Any, carrier: Any, marks: Any, heading: Any, out: Any) -> None:
    """Put bags where their carriers have them.

    Args:
        kind: Codes of the kinds, shape (m,).
        grip: Where each is held, in its own axes, shape (m, 3).
        size: Their scales, shape (m,).
        carrier: Rows of those who carry them, -1: nobody; shape (m,).
        marks: Landmarks of people in the world, shape (n, LANDMARKS, 6).
        heading: Where people face, shape (n,).
        out: Rotation and scale (9), place (3); written for what is carried; shape (m, 12).
    """
    forth, left, up, place = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for i in range(len(kind)):
        who = carrier[i]
        if who < 0:
            continue
        forth[0], forth[1], forth[2] = np.cos(heading[who]), np.sin(heading[who]), 0.0
        left[0], left[1], left[2] = -forth[1], forth[0], 0.0
        up[0], up[1], up[2] = 0.0, 0.0, 1.0
        place[:] = marks[who, HAND_LEFT, :3]
        if kind[i] == _BACKPACK:
            _straighten(marks[who, BACK, 3:], marks[who, CHEST, 3:], up, forth)
            for k in range(3):
                left[k] = up[k - 2] * forth[k - 1] - up[k - 1] * forth[k - 2]
            place[:] = marks[who, BACK, :3]
        elif kind[i] == _CARTON:
            place += marks[who, HAND_RIGHT, :3]
            place /= 2
        elif kind[i] == _SUITCASE:
            place[:] = marks[who, HAND_RIGHT, :3]
            reach = size[i] * np.sqrt(grip[i, 0] ** 2 + grip[i, 2] ** 2)
            lean = np.arccos(min(place[2] / reach, 1.0)) - np.arctan2(grip[i, 0], grip[i, 2])  # of the handle, forwards
            cos, sin = np.cos(lean), np.sin(lean)
            for k in range(3):
                forth[k], up[k] = cos * forth[k] - sin * up[k], sin * forth[k] + cos * up[k]
        for k in range(3):
            out[i, 3 * k] = size[i] * forth[k]
            out[i, 3 * k + 1] = size[i] * left[k]
            out[i, 3 * k + 2] = size[i] * up[k]
            out[i, 9 + k] = place[k]
            for c in range(3):
                out[i, 9 + k] -= out[i, 3 * k + c] * grip[i, c]
        if kind[i] == _SUITCASE:
            out[i, 11] = 0.0
        elif kind[i] != _BACKPACK:
            out[i, 11] = max(out[i, 11], _LEAST_M)


@njit(cache=True, error_model="numpy")
def _straighten(upwards: Any, forwards: Any, up: Any, forth: Any) -> None:
    """Write two unit vectors at right angles from two that are nearly so; the first keeps its direction."""
    size = np.sqrt(upwards[0] ** 2 + upwards[1] ** 2 + upwards[2] ** 2)
    along = 0.0
    for k in range(3):
        up[k] = upwards[k] / size
        along += up[k] * forwards[k]
    for k in range(3):
        forth[k] = forwards[k] - up[k] * along
    size = np.sqrt(forth[0] ** 2 + forth[1] ** 2 + forth[2] ** 2)
    for k in range(3):
        forth[k] /= size
