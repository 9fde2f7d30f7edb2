"""What arms do while the body walks, stands or sits: carrying, pulling, pushing, telephoning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.render.build.motion import Movement
from sim.render.build.poses import ARMS, HANGING, Pose, Table, Triple, posed

__all__ = ["overlays"]

Array = NDArray[np.float64]


def overlays(rest_m: Array) -> list[Movement]:
    """Return what arms do while the body walks, stands or sits."""
    both: Callable[[Triple, Triple], dict[str, tuple[Triple, Triple]]] = lambda at, pole: {  # noqa: E731
        "left": (at, pole),
        "right": ((at[0], -at[1], at[2]), (pole[0], -pole[1], pole[2])),
    }
    table: Table = {
        "carry_left": (Pose(arm=((2, 12, 7, 5), HANGING), curl=95), ("left",)),
        "carry_right": (Pose(arm=(HANGING, (2, 12, 7, 5)), curl=95), ("right",)),
        "carry_both": (Pose(curl=30, hands=both((0.33, 0.17, -0.02), (-0.6, 0.7, -0.8))), ("left", "right")),
        "carry_arms": (Pose(curl=40, hands=both((0.26, 0.10, 0.12), (-0.3, 0.8, -0.8))), ("left", "right")),
        "pull_right": (Pose(arm=(HANGING, (-27, 13, 6, 0)), curl=95), ("right",)),
        "pull_left": (Pose(arm=((-27, 13, 6, 0), HANGING), curl=95), ("left",)),
        "push": (Pose(curl=85, hands=both((0.42, 0.19, -0.07), (-0.7, 0.5, -0.8))), ("left", "right")),
        "straps": (Pose(curl=95, hands=both((0.125, 0.125, 0.13), (-0.2, 0.7, -0.9))), ("left", "right")),
        "shoulder_right": (Pose(curl=80, hands={"right": ((0.11, -0.19, 0.10), (-0.9, -0.5, -0.9))}), ("right",)),
        "shoulder_left": (Pose(curl=80, hands={"left": ((0.11, 0.19, 0.10), (-0.9, 0.5, -0.9))}), ("left",)),
        "phone_right": (Pose(curl=55, hands={"right": ((0.31, -0.05, 0.12), (-0.3, -0.6, -0.9))}), ("right",)),
        "call_right": (Pose(curl=60, hands={"right": ((0.085, -0.125, 0.40), (0.6, -0.45, -1))}), ("right",)),
        "call_left": (Pose(curl=60, hands={"left": ((0.085, 0.125, 0.40), (0.6, 0.45, -1))}), ("left",)),
        "pockets": (Pose(curl=10, arm=((-14, 17, 46, 22), (-14, 17, 46, 22))), ("left", "right")),
        "pocket_right": (Pose(curl=10, arm=(HANGING, (-14, 17, 46, 22))), ("right",)),
        "give": (Pose(curl=60, hands={"right": ((0.50, -0.10, 0.06), (0, -0.6, -1))}), ("right",)),
        "tug": (
            Pose(
                curl=95,
                hands={"right": ((0.46, -0.06, -0.05), (0, -0.7, -0.9)), "left": ((0.44, 0.05, -0.07), (0, 0.7, -0.9))},
            ),
            ("left", "right"),
        ),
        "umbrella": (Pose(curl=95, hands={"right": ((0.26, -0.12, 0.16), (-0.2, -0.5, -1))}), ("right",)),
    }
    made = []
    for name, (pose, sides) in table.items():
        drives = tuple(f"{joint}.{side}" for joint in ARMS for side in sides)
        made.append(Movement(name, "still", 0.0, ("overlay",), drives).add(posed(rest_m, pose)))
    return made
