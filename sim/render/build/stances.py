"""Standing: on both legs or one, arms crossed, hands in the pockets, over a telephone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.render.build.motion import Movement
from sim.render.build.poses import Pose, Table, posed
from sim.render.build.seats import low_poses

__all__ = ["stances"]

Array = NDArray[np.float64]


def stances(rest_m: Array) -> list[Movement]:
    """Return all poses of one phase, and breathing is left to who shows them."""
    made = []
    for name, (pose, tags) in {**_standing(), **low_poses()}.items():
        made.append(Movement(name, "still", 0.0, tags).add(posed(rest_m, pose)))
    return made


def _standing() -> Table:
    return {
        "stand": (Pose(), ("stand",)),
        "stand_weight_left": (
            Pose(
                pelvis=(-5, 0, 3),
                at=(0, 0.05, 1.0),
                bend=(2, -3, -4),
                hip=((1, -7, 3), (9, 6, 12)),
                knee=(2, 19),
                head=(2, -8),
                arm=((0, 8, 10, 10), (6, 13, 22, 25)),
            ),
            ("stand",),
        ),
        "stand_weight_right": (
            Pose(
                pelvis=(5, 0, -4),
                at=(0, -0.05, 1.0),
                bend=(3, 5, 4),
                hip=((8, 7, 14), (1, -7, 3)),
                knee=(17, 2),
                head=(4, 14),
                arm=((4, 12, 18, 20), (-2, 9, 8, 10)),
            ),
            ("stand",),
        ),
        "stand_wide": (
            Pose(hip=((1, 9, 10), (1, 9, 10)), knee=(2, 2), arm=((-2, 13, 20, 20), (-2, 13, 20, 20))),
            ("stand",),
        ),
        "stand_arms_crossed": (
            Pose(
                bend=(0, 0, 0),
                hip=((1, 5, 8), (1, 5, 8)),
                curl=10,
                hands={
                    "left": ((0.215, -0.075, 0.125), (-0.2, 0.8, -0.8)),
                    "right": ((0.175, 0.085, 0.085), (-0.2, -0.8, -0.8)),
                },
            ),
            ("stand",),
        ),
        "stand_pockets": (
            Pose(
                bend=(4, 0, 0),
                hip=((1, 4, 7), (1, 4, 7)),
                head=(3, 0),
                arm=((-14, 17, 46, 22), (-14, 17, 46, 22)),
                curl=10,
            ),
            ("stand",),
        ),
        "stand_phone": (
            Pose(
                bend=(6, 0, 0),
                head=(24, 3),
                hip=((1, 3, 6), (4, 4, 10)),
                knee=(3, 9),
                curl=55,
                hands={"right": ((0.30, -0.03, 0.10), (-0.3, -0.5, -0.9))},
            ),
            ("stand", "phone"),
        ),
        "stand_phone_both": (
            Pose(
                bend=(5, 0, 0),
                head=(27, 0),
                curl=55,
                hands={
                    "right": ((0.29, -0.06, 0.06), (-0.3, -0.6, -0.9)),
                    "left": ((0.29, 0.06, 0.06), (-0.3, 0.6, -0.9)),
                },
            ),
            ("stand", "phone"),
        ),
        "stand_call": (
            Pose(
                pelvis=(4, 0, 0),
                at=(0, -0.03, 1.0),
                hip=((6, 5, 9), (1, -5, 5)),
                knee=(12, 2),
                head=(3, -8),
                curl=60,
                hands={"right": ((0.075, -0.125, 0.40), (0.6, -0.45, -1))},
            ),
            ("stand", "phone"),
        ),
        "stand_look_up": (
            Pose(bend=(-7, 0, 0), head=(-24, 10), hip=((0, 4, 8), (0, 4, 8)), arm=((-4, 9, 12, 12), (-4, 9, 12, 12))),
            ("stand",),
        ),
        "stand_hips": (
            Pose(
                bend=(0, 0, 0),
                hip=((1, 7, 9), (1, 7, 9)),
                curl=20,
                hands={
                    "left": ((0.055, 0.175, -0.135), (-0.35, 1, 0.1)),
                    "right": ((0.055, -0.175, -0.135), (-0.35, -1, 0.1)),
                },
            ),
            ("stand",),
        ),
        "stand_behind": (
            Pose(
                bend=(-2, 0, 0),
                hip=((0, 5, 8), (0, 5, 8)),
                hands={
                    "left": ((-0.155, 0.02, -0.175), (-0.3, 1, 0)),
                    "right": ((-0.165, -0.03, -0.16), (-0.3, -1, 0)),
                },
            ),
            ("stand",),
        ),
        "stand_point": (
            Pose(bend=(2, 8, 0), head=(0, 5), curl=15, hands={"right": ((0.50, -0.20, 0.30), (0, -0.6, -1))}),
            ("stand",),
        ),
    }
