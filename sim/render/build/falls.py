"""Falls: forward, backward, to the side, and sinking down.

They go through the stages that recordings of real ones show: loss of balance, a step that fails, arms held out,
hips or hands down first, the head last. Robinovitch, S. N. et al. (2013). Video capture of the circumstances of falls
in elderly people residing in long-term care. The Lancet 381(9860), 47-54. DOI 10.1016/S0140-6736(12)61263-X.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.motion import Movement
from sim.render.build.poses import Pose
from sim.render.build.stages import PRONE, SIDE, SITTING, STAND, SUPINE, Course, course

__all__ = ["falls"]

Array = NDArray[np.float64]

_FALLS: Final[dict[str, Course]] = {
    "fall_forward": (
        1.3,
        12,
        ("fall",),
        (
            (0.0, Pose(hip=((20, 0, 4), (-10, 0, 4)), knee=(8, 20), foot=(0, -16))),
            (
                0.25,
                Pose(
                    pelvis=(0, 18, 0),
                    at=(0.12, 0, 0.97),
                    bend=(16, 4, 0),
                    head=(-8, 0),
                    hip=((10, 2, 4), (-4, 2, 4)),
                    knee=(24, 56),
                    foot=(0, -40),
                    flat=0.0,
                    arm=((46, 20, 40, 10), (38, 22, 44, 10)),
                ),
            ),
            (
                0.5,
                Pose(
                    pelvis=(0, 42, 4),
                    at=(0.36, 0, 0.72),
                    bend=(18, 4, 0),
                    head=(-18, 0),
                    hip=((46, 6, 5), (16, 4, 4)),
                    knee=(82, 78),
                    foot=(-20, -45),
                    flat=0.0,
                    arm=((86, 26, 34, 10), (80, 26, 36, 10)),
                ),
            ),
            (
                0.72,
                Pose(
                    pelvis=(0, 66, 6),
                    at=(0.52, 0, 0.40),
                    bend=(10, 4, 0),
                    head=(-26, 10),
                    hip=((44, 10, 8), (30, 8, 8)),
                    knee=(70, 72),
                    foot=(-45, -45),
                    flat=0.0,
                    arm=((104, 34, 52, 10), (106, 28, 44, 10)),
                ),
            ),
            (
                0.88,
                replace(
                    PRONE,
                    hip=((12, 12, 10), (30, 16, 18)),
                    knee=(26, 56),
                    head=(-22, 26),
                    arm=((20, 60, 40, 0), (20, 120, 40, 0)),
                ),
            ),
            (1.0, PRONE),
        ),
    ),
    "fall_backward": (
        1.2,
        12,
        ("fall",),
        (
            (0.0, STAND),
            (
                0.25,
                Pose(
                    pelvis=(0, -12, 0),
                    at=(-0.10, 0, 0.96),
                    bend=(16, 0, 0),
                    head=(12, 0),
                    hip=((26, 3, 5), (8, 4, 5)),
                    knee=(28, 24),
                    foot=(14, 0),
                    flat=0.0,
                    arm=((52, 28, 34, 10), (44, 30, 36, 10)),
                ),
            ),
            (
                0.5,
                Pose(
                    pelvis=(0, -24, 0),
                    at=(-0.34, 0, 0.55),
                    bend=(30, 0, 0),
                    head=(18, 0),
                    hip=((70, 8, 8), (60, 8, 8)),
                    knee=(78, 74),
                    foot=(10, 6),
                    flat=0.0,
                    arm=((16, 40, 30, 5), (10, 40, 30, 5)),
                ),
            ),
            (
                0.7,
                replace(SITTING, at=(-0.46, 0, 0.13), pelvis=(0, -38, -3), arm=((-30, 34, 22, 0), (-26, 36, 24, 0))),
            ),
            (
                0.88,
                replace(
                    SUPINE,
                    pelvis=(0, -72, -6),
                    bend=(18, 0, -3),
                    head=(24, 14),
                    hip=((46, 10, 16), (66, 10, 14)),
                    knee=(40, 86),
                ),
            ),
            (1.0, SUPINE),
        ),
    ),
    "fall_side": (
        1.2,
        12,
        ("fall",),
        (
            (0.0, STAND),
            (
                0.25,
                Pose(
                    pelvis=(-14, 4, 4),
                    at=(0.02, 0.14, 0.97),
                    bend=(8, 0, -8),
                    hip=((8, 6, 6), (14, 16, 6)),
                    knee=(30, 16),
                    foot=(0, 0),
                    flat=0.0,
                    arm=((20, 46, 22, 0), (10, 52, 30, 10)),
                ),
            ),
            (
                0.5,
                Pose(
                    pelvis=(-36, 8, 10),
                    at=(0.05, 0.36, 0.62),
                    bend=(20, -4, -6),
                    hip=((58, 4, 4), (40, 18, 4)),
                    knee=(86, 60),
                    foot=(-10, -14),
                    flat=0.0,
                    arm=((40, 62, 20, 0), (36, 40, 42, 20)),
                ),
            ),
            (
                0.75,
                replace(
                    SIDE,
                    pelvis=(-62, 4, 12),
                    at=(0.05, 0.48, 0.28),
                    hip=((64, 4, 0), (44, 8, 0)),
                    knee=(84, 58),
                    arm=((80, 36, 20, 5), (48, 24, 52, 24)),
                ),
            ),
            (1.0, SIDE),
        ),
    ),
    "collapse": (
        1.6,
        12,
        ("fall",),
        (
            (0.0, STAND),
            (
                0.3,
                Pose(
                    pelvis=(0, 4, 0),
                    at=(-0.04, 0, 0.86),
                    bend=(18, 0, 4),
                    head=(22, 0),
                    hip=((40, 4, 5), (44, 4, 5)),
                    knee=(66, 72),
                    foot=(0, 0),
                    arm=((6, 12, 16, 10), (10, 10, 12, 10)),
                ),
            ),
            (
                0.6,
                Pose(
                    pelvis=(-8, 2, 0),
                    at=(-0.02, 0.05, 0.5),
                    bend=(30, 0, -6),
                    head=(26, 0),
                    hip=((58, 6, 6), (52, 6, 6)),
                    knee=(124, 120),
                    foot=(-35, -35),
                    flat=0.0,
                    arm=((14, 16, 20, 10), (16, 14, 16, 10)),
                ),
            ),
            (
                0.82,
                replace(
                    SIDE,
                    pelvis=(-50, 4, 6),
                    at=(0.04, 0.26, 0.3),
                    hip=((72, 4, 0), (60, 6, 0)),
                    knee=(118, 104),
                    bend=(28, 0, -4),
                ),
            ),
            (1.0, replace(SIDE, at=(0.06, 0.34, 0.16), hip=((50, 0, 0), (66, -17, 0)), knee=(84, 104))),
        ),
    ),
}


def falls(rest_m: Array) -> list[Movement]:
    """Return the falls."""
    return [course(rest_m, name, stages) for name, stages in _FALLS.items()]
