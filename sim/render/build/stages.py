"""Stages that falls and getting up go through, and how a movement runs from stage to stage."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from sim.render.build.motion import Movement
from sim.render.build.poses import Pose, posed

__all__ = [
    "ALL_FOURS",
    "BENT",
    "HALF_KNEEL",
    "PRONE",
    "SIDE",
    "SITTING",
    "SQUAT",
    "STAND",
    "SUPINE",
    "Course",
    "course",
]

Array = NDArray[np.float64]
Key = tuple[float, Pose]
Course = tuple[float, int, tuple[str, ...], tuple[Key, ...]]
"""Seconds, phases, tags, and poses at shares of the time."""

STAND: Final = Pose()
PRONE: Final = Pose(
    pelvis=(0, 88, 8),
    at=(0.72, 0.0, 0.10),
    bend=(0, 4, 5),
    head=(-10, 48),
    hip=((4, 14, 12), (26, 20, 22)),
    knee=(10, 48),
    foot=(-50, -44),
    flat=0.0,
    arm=((-3, 52, 12, 0), (-5, 142, 14, 0)),
)
SUPINE: Final = Pose(
    pelvis=(0, -86, -8),
    at=(-0.55, 0.0, 0.10),
    bend=(2, 0, -4),
    head=(8, 30),
    hip=((14, 12, 22), (42, 14, 18)),
    knee=(12, 74),
    foot=(-25, -20),
    flat=0.0,
    arm=((-4, 62, 14, 20), (4, 26, 76, 84)),
)
SIDE: Final = Pose(
    pelvis=(-84, 0, 14),
    at=(0.05, 0.55, 0.16),
    bend=(16, -12, 0),
    head=(6, 0),
    hip=((34, 0, 0), (52, -17, 0)),
    knee=(48, 70),
    foot=(-20, -20),
    flat=0.0,
    arm=((118, 4, 20, 10), (52, -14, 50, 30)),
)
SITTING: Final = Pose(
    pelvis=(0, -24, 0),
    at=(-0.30, 0, 0.13),
    bend=(26, 0, 0),
    head=(6, 0),
    hip=((78, 10, 12), (92, 8, 8)),
    knee=(38, 84),
    foot=(-8, 0),
    flat=0.0,
    arm=((-38, 28, 12, 0), (-38, 28, 12, 0)),
)
ALL_FOURS: Final = Pose(
    pelvis=(0, 74, 0),
    at=(0.30, 0, 0.52),
    bend=(4, 0, 0),
    head=(-26, 0),
    hip=((82, 6, 4), (78, 6, 4)),
    knee=(92, 92),
    foot=(-46, -46),
    flat=0.0,
    arm=((84, 8, 6, 0), (84, 8, 6, 0)),
)
HALF_KNEEL: Final = Pose(
    pelvis=(0, 24, 0),
    at=(0.1, 0, 0.5),
    bend=(26, 0, 0),
    head=(-6, 0),
    hip=((122, 8, 6), (18, 6, 2)),
    knee=(100, 100),
    foot=(0, -46),
    flat=0.0,
    arm=((46, 10, 40, 10), (24, 14, 24, 10)),
)
BENT: Final = Pose(
    pelvis=(0, 48, 0),
    at=(-0.14, 0, 0.85),
    bend=(32, 0, 0),
    head=(-6, 0),
    hip=((84, 6, 5), (72, 5, 5)),
    knee=(54, 42),
    foot=(0, 0),
    arm=((34, 14, 20, 10), (62, 5, 8, 0)),
)
SQUAT: Final = Pose(
    pelvis=(0, 14, 0),
    at=(-0.15, 0, 0.4),
    bend=(26, 0, 0),
    head=(-12, 0),
    hip=((108, 12, 8), (100, 12, 8)),
    knee=(124, 126),
    foot=(0, 0),
    arm=((46, 14, 28, 10), (56, 8, 20, 0)),
)


def _blend(keys: tuple[Key, ...], at: float) -> Pose:
    """Return the pose at a time, each number by a monotone cubic (no overshoot)."""
    times = [k[0] for k in keys]

    def numbers(name: str) -> Array:
        values = np.array([np.ravel(np.array(getattr(k[1], name), float)) for k in keys])
        result: Array = np.atleast_1d(PchipInterpolator(times, values)(at))
        return result

    p, a, b, h = numbers("pelvis"), numbers("at"), numbers("bend"), numbers("head")
    hip, knee, foot, arm = numbers("hip"), numbers("knee"), numbers("foot"), numbers("arm")
    return Pose(
        (p[0], p[1], p[2]),
        (a[0], a[1], a[2]),
        (b[0], b[1], b[2]),
        (h[0], h[1]),
        ((hip[0], hip[1], hip[2]), (hip[3], hip[4], hip[5])),
        (knee[0], knee[1]),
        (foot[0], foot[1]),
        ((arm[0], arm[1], arm[2], arm[3]), (arm[4], arm[5], arm[6], arm[7])),
        30.0,
        float(numbers("flat")[0]),
    )


def course(rest_m: Array, name: str, stages: Course) -> Movement:
    """Return a movement that begins, ends and stays at its end."""
    seconds, count, tags, keys = stages
    movement = Movement(name, "once", seconds, tags)
    for i in range(count):
        movement.add(posed(rest_m, _blend(keys, i / (count - 1))))
    return movement
