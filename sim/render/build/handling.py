"""Getting up, putting down, picking up, stumbling; and driving a wheelchair."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.motion import Movement
from sim.render.build.poses import Pose, posed
from sim.render.build.stages import ALL_FOURS, BENT, HALF_KNEEL, PRONE, SITTING, SQUAT, STAND, SUPINE, Course, course

__all__ = ["handling", "wheelchair"]

Array = NDArray[np.float64]

_HANDLING: Final[dict[str, Course]] = {
    "get_up": (
        3.0,
        12,
        ("get_up",),
        (
            (0.0, PRONE),
            (0.25, replace(ALL_FOURS, at=(0.45, 0, 0.5))),
            (0.45, ALL_FOURS),
            (0.62, HALF_KNEEL),
            (0.85, replace(BENT, at=(0.0, 0, 0.9), arm=((30, 12, 20, 10), (30, 12, 20, 10)))),
            (1.0, STAND),
        ),
    ),
    "get_up_back": (
        3.2,
        12,
        ("get_up",),
        (
            (0.0, SUPINE),
            (0.25, replace(SITTING, at=(-0.5, 0, 0.13))),
            (0.5, replace(SQUAT, at=(-0.2, 0, 0.4))),
            (0.78, replace(BENT, arm=((40, 14, 30, 10), (40, 14, 30, 10)))),
            (1.0, STAND),
        ),
    ),
    "stand_up": (
        1.4,
        8,
        ("get_up",),
        (
            (
                0.0,
                Pose(
                    pelvis=(0, -6, 0),
                    at=(-0.42, 0, 0.55),
                    bend=(12, 0, 0),
                    hip=((82, 5, 3), (82, 5, 3)),
                    knee=(88, 88),
                    arm=((24, 10, 60, 15), (24, 10, 60, 15)),
                ),
            ),
            (
                0.45,
                Pose(
                    pelvis=(0, 32, 0),
                    at=(-0.25, 0, 0.7),
                    bend=(24, 0, 0),
                    head=(-10, 0),
                    hip=((94, 6, 4), (92, 6, 4)),
                    knee=(82, 82),
                    arm=((34, 12, 40, 15), (34, 12, 40, 15)),
                ),
            ),
            (1.0, STAND),
        ),
    ),
    "put_down": (
        1.3,
        8,
        ("handle",),
        ((0.0, STAND), (0.6, replace(BENT, at=(-0.1, 0, 0.9), pelvis=(0, 36, 0))), (1.0, BENT)),
    ),
    "pick_up": (
        1.3,
        8,
        ("handle",),
        ((0.0, BENT), (0.5, replace(BENT, at=(-0.1, 0, 0.9), pelvis=(0, 30, 0))), (1.0, STAND)),
    ),
    "crouch_down": (
        1.4,
        8,
        ("handle",),
        ((0.0, STAND), (0.5, replace(BENT, hip=((86, 8, 6), (78, 8, 6)), knee=(84, 80))), (1.0, SQUAT)),
    ),
    "stumble": (
        1.0,
        8,
        ("stagger",),
        (
            (0.0, STAND),
            (
                0.35,
                Pose(
                    pelvis=(4, 12, 0),
                    at=(0.10, -0.04, 0.97),
                    bend=(12, -6, 0),
                    hip=((34, 2, 4), (-4, 4, 6)),
                    knee=(30, 18),
                    foot=(0, -10),
                    flat=0.0,
                    arm=((36, 30, 40, 10), (10, 40, 36, 10)),
                ),
            ),
            (
                0.7,
                Pose(
                    pelvis=(-2, 8, 0),
                    at=(0.16, 0.02, 0.98),
                    bend=(10, 4, 0),
                    hip=((14, 2, 4), (22, 3, 5)),
                    knee=(12, 36),
                    foot=(0, 0),
                    arm=((18, 20, 30, 10), (20, 24, 30, 10)),
                ),
            ),
            (1.0, STAND),
        ),
    ),
}


def handling(rest_m: Array) -> list[Movement]:
    """Return the movements that are played once and stay at their end, other than falls."""
    return [course(rest_m, name, stages) for name, stages in _HANDLING.items()]


def wheelchair(rest_m: Array) -> list[Movement]:
    """Return sitting in a wheelchair: hands in the lap, and driving it by the rims."""
    sitting = Pose(
        pelvis=(0, -8, 0),
        at=(-0.06, 0, 0.6),
        bend=(8, 0, 0),
        hip=((82, 6, 3), (82, 6, 3)),
        knee=(76, 76),
        foot=(0, 0),
        flat=0.0,
    )
    lap = {"left": ((0.30, 0.09, -0.12), (-0.5, 0.9, -0.3)), "right": ((0.30, -0.09, -0.12), (-0.5, -0.9, -0.3))}
    rest = Movement("wheel_rest", "still", 0.0, ("wheelchair", "sit")).add(posed(rest_m, replace(sitting, hands=lap)))
    drive = Movement("wheel", "distance", 0.0, ("wheelchair", "gait"))
    for i in range(8):
        angle = 2 * np.pi * i / 8
        reach, up = 0.10 + 0.17 * np.sin(angle), -0.15 - 0.05 * np.cos(angle) * (np.cos(angle) > 0)
        hands = {
            "left": ((reach, 0.29, up), (-1.0, 0.5, 0.0)),
            "right": ((reach, -0.29, up), (-1.0, -0.5, 0.0)),
        }
        lean = 12 + 7 * np.sin(angle)
        drive.add(posed(rest_m, replace(sitting, bend=(lean, 0, 0), hands=hands, curl=60)))
    return [rest, drive]
