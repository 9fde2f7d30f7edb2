"""A clip in the making: phases added one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.render.build.puppet import Puppet
from sim.render.library import JOINT_NAMES, PARENTS

__all__ = ["Movement"]

Array = NDArray[np.float64]


class Movement:
    """Rotation vectors, the reference adult's pelvis and the feet's clearance, phase by phase.

    Args:
        name: Of the clip.
        cycle: As of ``library.Clip``.
        duration_s: As of ``library.Clip``.
        tags: Words to choose by.
        drives: Joints that it moves, by the beginning of their names; empty for all.
    """

    def __init__(
        self, name: str, cycle: str, duration_s: float, tags: tuple[str, ...], drives: tuple[str, ...] = ()
    ) -> None:
        self.name, self.cycle, self.duration_s, self.tags = name, cycle, duration_s, tags
        self.drives = np.array([not drives or joint.startswith(drives) for joint in JOINT_NAMES])
        self.rotations: list[Array] = []
        self.pelvis_m: list[Array] = []
        self.clearance_m: list[float] = []
        self.planted: list[tuple[bool, bool]] = []

    def add(self, puppet: Puppet, clearance_m: float = 0.0, planted: tuple[bool, bool] = (True, True)) -> Movement:
        """Add what the puppet does as the next phase.

        Args:
            puppet: In its pose.
            clearance_m: Height of its lowest point above the floor.
            planted: Whether the left and the right foot are on the floor; used for gaits.
        """
        self.rotations.append(puppet.vectors())
        self.pelvis_m.append(puppet.pelvis_m.copy())
        self.clearance_m.append(clearance_m)
        self.planted.append(planted)
        return self

    def vectors(self) -> Array:
        """Return all rotation vectors, shape (P, 24, 3), each nearest to the one before."""
        out = np.array(self.rotations)
        for i in range(1, len(out)):
            for j in range(1, len(PARENTS)):
                length = float(np.linalg.norm(out[i, j]))
                if length > 1e-6:
                    other = out[i, j] * (1 - 2 * np.pi / length)
                    if np.linalg.norm(other - out[i - 1, j]) < np.linalg.norm(out[i, j] - out[i - 1, j]):
                        out[i, j] = other
        return out
