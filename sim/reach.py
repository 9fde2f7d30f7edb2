"""Who can get where: asked before and after something on the floor is moved, so that nobody is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ScenarioError

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["Reach"]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What can be reached from where at one instant.

    Attributes:
        goals: Whether somebody who is on the way gets there, shape (n,).
        gates: Whether each goal can be reached from each gate, shape (goals, gates).
    """

    goals: NDArray[np.bool_]
    gates: NDArray[np.bool_]

    @classmethod
    def of(cls, crowd: Crowd) -> Reach:
        """Ask for everybody who is inside, and for every gate."""
        people, routes = crowd.people, crowd.routes
        thresholds = np.array([crowd.threshold(gate) for gate in range(len(routes.venue.gates))]).reshape(-1, 2)
        everywhere = routes.reaches(people.position_m)
        mine = everywhere[people.goal, np.arange(len(people))] if len(everywhere) else np.zeros(len(people), bool)
        return cls(mine & (people.goal >= 0) & ~people.stays, routes.reaches(thresholds))

    def check(self, crowd: Crowd) -> None:
        """Compare with now.

        Raises:
            ScenarioError: Somebody got there and no longer does, or there is no way between gates or places any more.
        """
        now, routes = Reach.of(crowd), crowd.routes
        lost = self.goals & ~now.goals
        if lost.any():
            x, y = crowd.people.position_m[int(np.argmax(lost))]
            raise ScenarioError(
                f"that would cut off {int(lost.sum())} people from their way, the first at ({x:.1f}, {y:.1f})"
            )
        ways = np.argwhere(self.gates & ~now.gates)
        if len(ways):
            goal, gate = ways[0]
            gates = routes.venue.gates
            to = f"gate '{gates[goal].id}'" if goal < len(gates) else "a place where something is going to happen"
            raise ScenarioError(f"that would leave no way from gate '{gates[gate].id}' to {to}")
