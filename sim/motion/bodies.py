"""What a pedestrian model moves: bodies as arrays, and the contract of every model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.motion.walls import Walls

__all__ = ["Bodies", "MotionModel"]


@dataclass(slots=True, eq=False)
class Bodies:
    """Round bodies on the floor; those with a desired speed of 0 stand like posts.

    Attributes:
        position_m: Shape (n, 2).
        velocity_mps: What was walked in the last step, shape (n, 2).
        desired_direction: Unit vectors, shape (n, 2).
        desired_speed_mps: Free walking speed, shape (n,).
        time_gap_s: Time gap T that each keeps to the one ahead, shape (n,).
        radius_m: Shape (n,).
        door: The door that each may pass, -1: none; shape (n,), int32.
    """

    position_m: NDArray[np.float64]
    velocity_mps: NDArray[np.float64]
    desired_direction: NDArray[np.float64]
    desired_speed_mps: NDArray[np.float64]
    time_gap_s: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    door: NDArray[np.int32]

    def beside(self, others: Bodies) -> Bodies:
        """Return these bodies and others after them."""
        pairs = {f.name: (getattr(self, f.name), getattr(others, f.name)) for f in fields(self)}
        return Bodies(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    def only(self, kept: NDArray[np.bool_]) -> Bodies:
        """Return those that are kept."""
        return Bodies(**{f.name: getattr(self, f.name)[kept] for f in fields(self)})

    @classmethod
    def posts(cls, places_m: NDArray[np.float64], radius_m: float) -> Bodies:
        """Return bodies that stand at places, shape (m, 2)."""
        m = len(places_m)
        still = np.zeros((m, 2))
        return cls(places_m, still, still, np.zeros(m), np.ones(m), np.full(m, radius_m), np.full(m, -1, np.int32))


class MotionModel(Protocol):
    """A pedestrian model: a pure rule without memory beside the bodies."""

    @property
    def time_gap_s(self) -> float:
        """Time gap T of an adult who walks at ease."""
        ...

    @property
    def radius_m(self) -> float:
        """Radius of an adult's body."""
        ...

    def step(self, bodies: Bodies, walls: Walls, dt_s: float) -> None:
        """Move the bodies in place by one step; nobody ever passes a wall."""
        ...
