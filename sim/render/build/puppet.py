"""A skeleton to be posed by saying where pelvis, hands and feet are; gives a clip's rotation vectors."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.bodies import arm_axes
from sim.render.build.rig import JOINT, aligned, rotation_vector, turned
from sim.render.library import JOINT_NAMES, PARENTS

__all__ = ["SIDES", "Puppet"]

Array = NDArray[np.float64]
SIDES: Final = (("left", 1.0), ("right", -1.0))


class Puppet:
    """The reference adult; lengths in metres of that adult, z from the floor.

    Rotations are in the world; what is not set follows its parent.
    """

    def __init__(self, rest_m: Array) -> None:
        self.rest = rest_m
        self.world: dict[int, Array] = {}
        self.pelvis_m = rest_m[1].copy()
        self.clearance_m = 0.0

    def turn(self, name: str, matrix: Array) -> None:
        """Set a joint's rotation in the world."""
        self.world[JOINT[name]] = matrix

    def rotation(self, joint: int) -> Array:
        """Return a joint's rotation in the world."""
        if joint in self.world:
            return self.world[joint]
        return np.eye(3) if PARENTS[joint] < 0 else self.rotation(PARENTS[joint])

    def place(self, name: str) -> Array:
        """Return where a joint is."""
        joint = JOINT[name]
        if joint <= 1:
            spot: Array = self.pelvis_m if joint else self.rest[0]
            return spot
        parent = PARENTS[joint]
        result: Array = self.place(JOINT_NAMES[parent]) + self.rotation(parent) @ (self.rest[joint] - self.rest[parent])
        return result

    def trunk(
        self, pelvis: Array, lean_rad: float = 0.0, yaw_rad: float = 0.0, side_rad: float = 0.0, nod_rad: float = 0.0
    ) -> None:
        """Turn pelvis and, relative to it, the spine: bent forward, twisted to the left, bent to the left; head too."""
        self.turn("pelvis", pelvis)
        for name, share in (("lumbar", 0.45), ("chest", 1.0)):
            bend = turned((0, 0, 1), yaw_rad * share) @ turned((0, 1, 0), lean_rad * share)
            self.turn(name, pelvis @ bend @ turned((-1, 0, 0), side_rad * share))
        for name, share in (("neck", 0.5), ("head", 1.0)):
            self.turn(name, self.rotation(JOINT["chest"]) @ turned((0, 1, 0), nod_rad * share))

    def look(self, pitch_rad: float = 0.0, yaw_rad: float = 0.0) -> None:
        """Turn the head in the world: pitch down, yaw to the left; the neck goes half the way."""
        head = turned((0, 0, 1), yaw_rad) @ turned((0, 1, 0), pitch_rad)
        chest = self.rotation(JOINT["chest"])
        half = rotation_vector(chest.T @ head) / 2
        angle = float(np.linalg.norm(half))
        self.turn("neck", chest @ turned(half, angle) if angle > 1e-9 else chest)
        self.turn("head", head)

    def leg(self, side: str, ankle_m: Array, foot: Array, pole: tuple[float, float, float] = (1, 0, 0)) -> None:
        """Put an ankle somewhere, the knee towards ``pole``, and turn the foot."""
        hip, knee, ankle = (self.rest[JOINT[f"{n}.{side}"]] for n in ("thigh", "shank", "foot"))
        thigh, shank = float(np.linalg.norm(knee - hip)), float(np.linalg.norm(ankle - knee))
        start = self.place(f"thigh.{side}")
        first, second, hinge = _two_bones(start, ankle_m, thigh, shank, np.asarray(pole, float))
        self.turn(f"thigh.{side}", aligned(first, hinge, knee - hip, np.array([0.0, 1.0, 0.0])))
        self.turn(f"shank.{side}", aligned(second, hinge, ankle - knee, np.array([0.0, 1.0, 0.0])))
        self.turn(f"foot.{side}", foot)

    def arm(
        self,
        side: str,
        wrist_m: Array,
        pole: tuple[float, float, float],
        palm: tuple[float, float, float] | None = None,
        curl_rad: float = 0.5,
    ) -> None:
        """Put a wrist somewhere, the elbow towards ``pole``; ``palm`` is where the palm looks."""
        sign = 1.0 if side == "left" else -1.0
        upper, fore, hinge0 = arm_axes(sign)
        shoulder, elbow, wrist = (self.rest[JOINT[f"{n}.{side}"]] for n in ("upperarm", "forearm", "hand"))
        lengths = float(np.linalg.norm(elbow - shoulder)), float(np.linalg.norm(wrist - elbow))
        start = self.place(f"upperarm.{side}")
        first, second, hinge = _two_bones(start, wrist_m, lengths[0], lengths[1], np.asarray(pole, float))
        self._bend_arm(side, first, second, hinge, upper, fore, hinge0, palm, curl_rad)

    def swing(
        self,
        side: str,
        flexion_rad: float,
        abduction_rad: float,
        elbow_rad: float,
        inward_rad: float = 0.0,
        curl_rad: float = 0.45,
    ) -> None:
        """Hang an arm: swung forward, spread, elbow bent, the forearm turned inward about the upper arm."""
        sign = 1.0 if side == "left" else -1.0
        upper, fore, hinge0 = arm_axes(sign)
        chest = self.rotation(JOINT["chest"])
        yaw = float(np.arctan2(chest[1, 0], chest[0, 0]))
        base = turned((0, 0, 1), yaw)
        first = (
            base @ turned((0, -1, 0), flexion_rad) @ np.array([0, sign * np.sin(abduction_rad), -np.cos(abduction_rad)])
        )
        side_axis = base @ turned((0, -1, 0), flexion_rad) @ np.array([0.0, -1.0, 0.0])
        hinge = turned(first, sign * inward_rad) @ side_axis
        hinge = hinge - first * float(first @ hinge)
        hinge /= np.linalg.norm(hinge)
        second = turned(hinge, elbow_rad) @ first
        self._bend_arm(side, first, second, hinge, upper, fore, hinge0, None, curl_rad)

    def _bend_arm(
        self, side: str, first: Array, second: Array, hinge: Array, upper: Array, fore: Array, hinge0: Array,
        palm: tuple[float, float, float] | None, curl_rad: float,
    ) -> None:  # fmt: skip
        self.turn(f"upperarm.{side}", aligned(first, hinge, upper, hinge0))
        forearm = aligned(second, hinge, fore, hinge0)
        self.turn(f"forearm.{side}", forearm)
        hand = forearm
        rest_palm = hinge0 if side == "left" else -hinge0  # the palm of a hanging hand looks at the thigh
        if palm is not None:
            hand = aligned(second, np.asarray(palm, float), fore, rest_palm)
        self.turn(f"hand.{side}", hand)
        axis = hand @ np.cross(fore, rest_palm)
        self.turn(f"fingers.{side}", turned(axis, curl_rad) @ hand)

    def vectors(self) -> Array:
        """Return the rotation vectors relative to the parents, shape (24, 3)."""
        out = np.zeros((len(PARENTS), 3))
        for joint in range(1, len(PARENTS)):
            out[joint] = rotation_vector(self.rotation(PARENTS[joint]).T @ self.rotation(joint))
        return out


def _two_bones(start: Array, end: Array, first: float, second: float, pole: Array) -> tuple[Array, Array, Array]:
    """Return both bones' directions and the hinge of a chain that reaches ``end``, bent towards ``pole``."""
    line = end - start
    span = float(np.clip(np.linalg.norm(line), abs(first - second) * 1.05 + 1e-6, 0.9985 * (first + second)))
    along = line / np.linalg.norm(line)
    out = pole - along * float(pole @ along)
    out = out / np.linalg.norm(out)
    cosine = (first * first + span * span - second * second) / (2 * first * span)
    one: Array = along * cosine + out * np.sqrt(max(0.0, 1 - cosine * cosine))
    two: Array = (along * span - one * first) / second
    hinge: Array = np.cross(out, along)
    return one, two, hinge
