"""Sitting on a seat and on the floor, lying, crouching, kneeling, bending."""

from __future__ import annotations

from sim.render.build.poses import Pose, Table

__all__ = ["low_poses"]


def low_poses() -> Table:
    """Return the poses near the floor."""
    lap = {"left": ((0.34, 0.11, -0.10), (-0.5, 0.8, -0.4)), "right": ((0.34, -0.11, -0.10), (-0.5, -0.8, -0.4))}
    return {
        "sit": (
            Pose(
                pelvis=(0, -8, 0),
                at=(-0.42, 0, 0.55),
                bend=(12, 0, 0),
                hip=((80, 5, 3), (80, 5, 3)),
                knee=(86, 84),
                hands=lap,
            ),
            ("sit", "seat"),
        ),
        "sit_lean": (
            Pose(
                pelvis=(0, 10, 0),
                at=(-0.42, 0, 0.55),
                bend=(34, 0, 0),
                head=(-8, 0),
                hip=((88, 9, 5), (84, 10, 5)),
                knee=(92, 78),
                hands={
                    "left": ((0.40, 0.10, -0.05), (-0.3, 1, -0.3)),
                    "right": ((0.41, -0.08, -0.05), (-0.3, -1, -0.3)),
                },
            ),
            ("sit", "seat"),
        ),
        "sit_phone": (
            Pose(
                pelvis=(0, -12, 0),
                at=(-0.42, 0, 0.55),
                bend=(20, 0, 0),
                head=(26, 0),
                hip=((78, 4, 3), (78, 6, 5)),
                knee=(84, 88),
                curl=55,
                hands={
                    "right": ((0.29, -0.03, 0.07), (-0.3, -0.7, -0.8)),
                    "left": ((0.28, 0.08, -0.06), (-0.3, 0.8, -0.5)),
                },
            ),
            ("sit", "seat", "phone"),
        ),
        "sit_crossed": (
            Pose(
                pelvis=(0, -14, 0),
                at=(-0.42, 0, 0.55),
                bend=(12, 0, 0),
                hip=((76, 3, 3), (92, -11, 4)),
                knee=(84, 60),
                foot=(0, -20),
                flat=0.0,
                hands=lap,
            ),
            ("sit", "seat"),
        ),
        "sit_floor": (
            Pose(
                pelvis=(0, -22, 0),
                at=(0, 0, 0.12),
                bend=(24, 0, 0),
                hip=((72, 8, 14), (72, 8, 14)),
                knee=(6, 9),
                foot=(-14, -14),
                flat=0.0,
                hands={"left": ((-0.22, 0.25, -0.33), (-1, 0.4, 0)), "right": ((-0.22, -0.25, -0.33), (-1, -0.4, 0))},
            ),
            ("sit", "floor"),
        ),
        "sit_hug": (
            Pose(
                pelvis=(0, -24, 0),
                at=(0, 0, 0.12),
                bend=(40, 0, 0),
                head=(12, 0),
                hip=((102, 4, 2), (102, 4, 2)),
                knee=(122, 122),
                foot=(0, 0),
                hands={"left": ((0.40, -0.03, -0.14), (0.1, 1, -0.3)), "right": ((0.41, 0.03, -0.12), (0.1, -1, -0.3))},
            ),
            ("sit", "floor"),
        ),
        "sit_tailor": (
            Pose(
                pelvis=(0, -16, 0),
                at=(0, 0, 0.12),
                bend=(30, 0, 0),
                head=(14, 0),
                hip=((98, 38, 74), (94, 38, 76)),
                knee=(128, 122),
                foot=(-30, -30),
                flat=0.0,
                hands={
                    "left": ((0.33, 0.13, -0.07), (-0.3, 1, -0.2)),
                    "right": ((0.33, -0.13, -0.07), (-0.3, -1, -0.2)),
                },
            ),
            ("sit", "floor"),
        ),
        "lie_back": (
            Pose(
                pelvis=(0, -90, 0),
                at=(0, 0, 0.10),
                bend=(0, 0, 0),
                head=(4, 12),
                hip=((4, 7, 18), (12, 9, 24)),
                knee=(4, 20),
                foot=(-28, -28),
                flat=0.0,
                arm=((-4, 22, 20, 30), (0, 32, 52, 62)),
            ),
            ("lie",),
        ),
        "lie_prone": (
            Pose(
                pelvis=(0, 90, 0),
                at=(0, 0, 0.10),
                bend=(0, 0, 4),
                head=(-4, 62),
                hip=((-2, 9, 10), (14, 16, 26)),
                knee=(4, 34),
                foot=(-52, -48),
                flat=0.0,
                arm=((-3, 24, 10, 0), (-5, 132, 14, 0)),
            ),
            ("lie",),
        ),
        "lie_side": (
            Pose(
                pelvis=(-90, 0, 0),
                at=(0, 0, 0.16),
                bend=(12, 0, 0),
                head=(4, 0),
                hip=((22, 0, 0), (44, -17, 0)),
                knee=(36, 58),
                foot=(-18, -18),
                flat=0.0,
                arm=((96, 2, 70, 10), (56, -14, 50, 25)),
            ),
            ("lie",),
        ),
        "lie_curled": (
            Pose(
                pelvis=(90, 0, 0),
                at=(0, 0, 0.16),
                bend=(34, 0, 0),
                head=(16, 0),
                hip=((92, -15, 0), (80, 0, 0)),
                knee=(104, 98),
                foot=(-15, -15),
                flat=0.0,
                arm=((56, -12, 84, 30), (70, 0, 100, 20)),
            ),
            ("lie", "sleep"),
        ),
        "crouch": (
            Pose(
                pelvis=(0, 18, 0),
                at=(-0.15, 0, 0.38),
                bend=(30, 0, 0),
                head=(-22, 0),
                hip=((112, 12, 8), (98, 12, 8)),
                knee=(126, 134),
                foot=(0, -30),
                hands={"left": ((0.36, 0.15, -0.06), (0, 1, -0.4)), "right": ((0.40, -0.12, -0.16), (0, -1, -0.4))},
            ),
            ("crouch",),
        ),
        "kneel": (
            Pose(
                pelvis=(0, 10, 0),
                at=(-0.1, 0, 0.5),
                bend=(22, 0, 0),
                head=(14, 0),
                hip=((108, 6, 4), (6, 4, 2)),
                knee=(98, 94),
                foot=(0, -48),
                flat=0.0,
                hands={
                    "left": ((0.36, 0.10, -0.16), (-0.2, 1, -0.3)),
                    "right": ((0.36, -0.06, -0.18), (-0.2, -1, -0.3)),
                },
            ),
            ("crouch", "kneel"),
        ),
        "bend": (
            Pose(
                pelvis=(0, 52, 0),
                at=(-0.20, 0, 0.88),
                bend=(34, 0, 0),
                head=(-8, 0),
                hip=((82, 4, 5), (70, 4, 5)),
                knee=(46, 34),
                arm=((38, 12, 14, 10), (66, 4, 10, 0)),
            ),
            ("crouch", "bend"),
        ),
    }
