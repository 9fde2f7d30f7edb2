"""Where an incident happens: the place, the ways to it and the way off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scenarios.incident import AbandonedBag, BagTheft, BinBag, PersonDown

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["Spot"]


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place that people come to, and the exit by which they leave it.

    Attributes:
        place_m: Shape (2,).
        goal: Number of the goal that leads there.
        exit: Number of the exit.
        where: What a message about the place calls it.
    """

    place_m: NDArray[np.float64]
    goal: int
    exit: int
    where: str

    @classmethod
    def on_the_way(cls, spec: AbandonedBag | PersonDown, crowd: Crowd, row: int, place_m: NDArray[np.float64]) -> Spot:
        """Find the ways of an incident that happens to the person in a row, who then walks on."""
        goal = crowd.routes.add_point((float(place_m[0]), float(place_m[1])))
        leave = int(crowd.people.goal[row]) if spec.leave_by is None else crowd.routes.gate_index(spec.leave_by)
        return cls(np.array(place_m), goal, leave, f"incidents.{spec.id}.place_m")

    @classmethod
    def of(cls, spec: AbandonedBag | BagTheft | BinBag | PersonDown, crowd: Crowd) -> Spot:
        """Find the ways of an incident.

        Raises:
            ScenarioError: No gate leads to the place, or none away from it.
        """
        goal = crowd.routes.add_point(spec.place_m)
        leave = crowd.exit_by(spec.leave_by, spec.place_m)
        return cls(np.array(spec.place_m), goal, leave, f"incidents.{spec.id}.place_m")
