"""A pose by the angles of its joints, in degrees, and where its hands are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.puppet import SIDES, Puppet
from sim.render.build.rig import JOINT, rotation_of, rotation_vector, turned

__all__ = ["ARMS", "HANGING", "Pose", "Table", "posed"]

Array = NDArray[np.float64]
Triple = tuple[float, float, float]
ARMS: Final = ("clavicle", "upperarm", "forearm", "hand", "fingers")
HANGING: Final = (1.0, 9.0, 14.0, 15.0)
"""An arm that hangs: flexion, abduction, elbow, inward rotation."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A pose in the pelvis's own axes and degrees; pairs are left, right.

    Attributes:
        pelvis: Roll to the right, pitch forward, yaw to the left.
        at: Pelvis forward, left, and height as a share of standing.
        bend: Spine forward, twisted left, to the left.
        head: Pitch down, yaw left, relative to the chest.
        hip: Flexion, abduction, outward rotation of each thigh.
        knee: Flexion of each.
        foot: Pitch of the toes upward against the shank's right angle.
        arm: Flexion, abduction, elbow, inward rotation of each arm.
        curl: Of the fingers.
        flat: How far the feet are held level: 0 as the shank goes, 1 wholly.
    """

    pelvis: Triple = (0, 0, 0)
    at: Triple = (0, 0, 1.0)
    bend: Triple = (2, 0, 0)
    head: tuple[float, float] = (0, 0)
    hip: tuple[Triple, Triple] = ((2, 0, 4), (2, 0, 4))
    knee: tuple[float, float] = (3, 3)
    foot: tuple[float, float] = (0, 0)
    arm: tuple[tuple[float, float, float, float], tuple[float, float, float, float]] = ((1, 9, 14, 15), (1, 9, 14, 15))
    curl: float = 25.0
    flat: float = 1.0
    hands: dict[str, tuple[Triple, Triple]] = field(default_factory=dict)
    """Side to (wrist from the chest joint, in metres and pelvis axes; where the elbow points)."""


def posed(rest_m: Array, pose: Pose) -> Puppet:
    """Return the puppet in a pose."""
    puppet = Puppet(rest_m)
    roll, pitch, yaw = np.radians(pose.pelvis)
    pelvis = turned((0, 0, 1), yaw) @ turned((0, 1, 0), pitch) @ turned((1, 0, 0), roll)
    puppet.pelvis_m = rest_m[1] * [1, 1, pose.at[2]] + [pose.at[0], pose.at[1], 0]
    lean, twist, side_bend, nod = (float(a) for a in np.radians([*pose.bend, pose.head[0]]))
    puppet.trunk(pelvis, lean, twist, side_bend, nod)
    head = puppet.rotation(JOINT["head"]) @ turned((0, 0, 1), float(np.radians(pose.head[1])))
    puppet.turn("head", head)
    for k, (side, sign) in enumerate(SIDES):
        flexion, abduction, outward = np.radians(pose.hip[k])
        thigh = (
            pelvis
            @ turned((0, -1, 0), flexion)
            @ turned((1, 0, 0), sign * abduction)
            @ turned((0, 0, 1), sign * outward)
        )
        shank = thigh @ turned((0, 1, 0), float(np.radians(pose.knee[k])))
        puppet.turn(f"thigh.{side}", thigh)
        puppet.turn(f"shank.{side}", shank)
        toes_up = turned((0, -1, 0), float(np.radians(pose.foot[k])))
        ahead = shank @ np.array([1.0, 0.0, 0.0])
        level = turned((0, 0, 1), float(np.arctan2(ahead[1], ahead[0]))) @ toes_up
        foot = shank @ toes_up
        foot = foot @ rotation_of(pose.flat * rotation_vector(foot.T @ level))
        puppet.turn(f"foot.{side}", foot)
        _arm(puppet, pose, k, side)
    return puppet


def _arm(puppet: Puppet, pose: Pose, k: int, side: str) -> None:
    chest = puppet.rotation(JOINT["chest"])
    if side in pose.hands:
        (x, y, z), pole = pose.hands[side]
        wrist = puppet.place("chest") + chest @ np.array([x, y, z])
        out = chest @ np.array(pole, float)
        puppet.arm(side, wrist, (out[0], out[1], out[2]), None, float(np.radians(pose.curl)))
        return
    flexion, abduction, elbow, inward = (float(np.radians(a)) for a in pose.arm[k])
    saved = dict(puppet.world)
    upright = Puppet(puppet.rest)
    upright.swing(side, flexion, abduction, elbow, inward, float(np.radians(pose.curl)))
    puppet.world = saved
    for name in ARMS[1:]:
        puppet.turn(f"{name}.{side}", chest @ upright.rotation(JOINT[f"{name}.{side}"]))


Table = dict[str, tuple[Pose, tuple[str, ...]]]
"""Poses by name, each with its tags."""
