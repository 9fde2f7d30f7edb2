"""The reduced skeleton: which of the body model's 104 bones each joint stands for, and where it rests."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.library import JOINT_NAMES, PARENTS

__all__ = ["BONES", "JOINT", "PIVOTS", "aligned", "frame", "rotation_of", "rotation_vector", "turned"]

Array = NDArray[np.float64]

JOINT: Final = {name: index for index, name in enumerate(JOINT_NAMES)}

PIVOTS: Final = {
    "pelvis": "root", "lumbar": "spine04", "chest": "spine02", "neck": "neck01", "head": "head",
    "clavicle": "clavicle", "upperarm": "upperarm01", "forearm": "lowerarm01", "hand": "wrist",
    "fingers": "finger3-1", "thigh": "upperleg01", "shank": "lowerleg01", "foot": "foot", "toes": "toe2-1",
}  # fmt: skip
"""Bone whose head is the joint; paired bones have a side behind a full stop."""

BONES: Final = {
    "root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine04": "lumbar", "spine03": "lumbar",
    "spine02": "chest", "spine01": "chest", "neck01": "neck", "neck02": "neck", "neck03": "neck", "head": "head",
    "eye": "head", "clavicle": "clavicle", "shoulder01": "clavicle", "upperarm01": "upperarm",
    "upperarm02": "upperarm", "lowerarm01": "forearm", "lowerarm02": "forearm", "wrist": "hand",
    "metacarpal": "hand", "finger1": "hand", "finger": "fingers", "upperleg01": "thigh", "upperleg02": "thigh",
    "lowerleg01": "shank", "lowerleg02": "shank", "foot": "foot", "toe": "toes",
}  # fmt: skip
"""Joint that takes a bone's weights, by the longest beginning of the bone's name that is listed."""


def frame(along: Array, hinge: Array) -> Array:
    """Return the right-handed frame whose first axis is ``along`` and whose second is nearest to ``hinge``."""
    first = along / np.linalg.norm(along)
    second = hinge - first * float(hinge @ first)
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)], axis=1)


def aligned(along: Array, hinge: Array, rest_along: Array, rest_hinge: Array) -> Array:
    """Return the rotation that takes a bone's resting direction and hinge to others."""
    result: Array = frame(along, hinge) @ frame(rest_along, rest_hinge).T
    return result


def turned(axis: tuple[float, float, float] | Array, angle_rad: float) -> Array:
    """Return the rotation matrix about an axis (Rodrigues 1840)."""
    a = np.asarray(axis, float)
    a = a / np.linalg.norm(a)
    k = np.array([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
    result: Array = np.eye(3) + np.sin(angle_rad) * k + (1 - np.cos(angle_rad)) * (k @ k)
    return result


def rotation_of(vector: Array) -> Array:
    """Return the matrix of a rotation vector."""
    angle = float(np.linalg.norm(vector))
    return turned(vector, angle) if angle > 1e-12 else np.eye(3)


def rotation_vector(matrix: Array) -> Array:
    """Return the rotation vector of a matrix, shorter than pi."""
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    angle = float(np.arctan2(np.linalg.norm(axis), np.trace(matrix) - 1))
    if angle < 1e-9:
        return np.zeros(3)
    if np.pi - angle < 1e-4:
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        found: Array = vectors[:, int(np.argmax(values))]
        return found * (angle if float(found @ axis) >= 0 else -angle)
    result: Array = axis / np.linalg.norm(axis) * angle
    return result


assert len(PARENTS) == len(JOINT_NAMES)
