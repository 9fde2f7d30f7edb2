"""From a figure at rest and a clip's rotations to the posed mesh: forward kinematics and linear blend skinning.

Reference:
    Magnenat-Thalmann, N., Laperriere, R. and Thalmann, D. (1988). Joint-dependent local deformations for hand
    animation and object grasping. Graphics Interface '88, 26-33.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render.library import ANCHORS, JOINT_NAMES

__all__ = [
    "BACK",
    "CHEST",
    "CROWN",
    "FRONT",
    "HAND_LEFT",
    "HAND_RIGHT",
    "LANDMARKS",
    "handed",
    "pose_meshes",
    "rotation_of",
]

_ANCHOR_NAMES: Final = tuple(name for name, _ in ANCHORS)
CROWN: Final = _ANCHOR_NAMES.index("crown")
"""Landmark at the highest place of what is drawn of the head, hair and hat included; of who lies, at the end of the
head that points away from the body."""
HAND_LEFT: Final = _ANCHOR_NAMES.index("hand.left")
HAND_RIGHT: Final = _ANCHOR_NAMES.index("hand.right")
BACK: Final = _ANCHOR_NAMES.index("back")
"""Landmark where a backpack lies on, and where up is for the chest."""
FRONT: Final = _ANCHOR_NAMES.index("front")
CHEST: Final = len(ANCHORS)
"""Landmark at the chest's joint, and where forward is for it."""
LANDMARKS: Final = len(ANCHORS) + 1
"""Rows before the vertices of a posed mesh: each a place and a direction, up for the anchor's joint unless said."""
_CHEST_JOINT: Final = JOINT_NAMES.index("chest")
_PELVIS: Final = JOINT_NAMES.index("pelvis")
_HEAD: Final = JOINT_NAMES.index("head")
_UPRIGHT: Final = 0.5
"""Cosine of the lean from the pelvis to the head up to which a body's highest place is the top of its head."""


@njit(cache=True, error_model="numpy")
def rotation_of(x: float, y: float, z: float, out: Any) -> None:
    """Write the rotation matrix of a rotation vector (Rodrigues); out has the shape (3, 3)."""
    angle = np.sqrt(x * x + y * y + z * z)
    if angle < 1e-9:
        a, b = 1.0, 0.5
    else:
        a, b = np.sin(angle) / angle, (1.0 - np.cos(angle)) / (angle * angle)
    out[0, 0], out[0, 1], out[0, 2] = 1.0 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y
    out[1, 0], out[1, 1], out[1, 2] = b * x * y + a * z, 1.0 - b * (x * x + z * z), b * y * z - a * x
    out[2, 0], out[2, 1], out[2, 2] = b * x * z - a * y, b * y * z + a * x, 1.0 - b * (x * x + y * y)


@njit(cache=True, error_model="numpy")
def handed(matrix: Any) -> Any:
    """Return -1 if a placement (rotation and scale row by row, then a place) swaps left and right, else 1."""
    det = (
        matrix[0] * (matrix[4] * matrix[8] - matrix[5] * matrix[7])
        - matrix[1] * (matrix[3] * matrix[8] - matrix[5] * matrix[6])
        + matrix[2] * (matrix[3] * matrix[7] - matrix[4] * matrix[6])
    )
    return np.float32(-1.0) if det < 0.0 else np.float32(1.0)


@njit(cache=True, error_model="numpy")
def _follow(parents: Any, rest: Any, turn: Any, root: Any, R: Any, p: Any) -> None:
    """Forward kinematics: write the rotations (J, 3, 3) and places (J, 3) of all joints."""
    local = np.empty((3, 3))
    for j in range(parents.shape[0]):
        rotation_of(turn[j, 0], turn[j, 1], turn[j, 2], local)
        up = parents[j]
        if up < 0:
            R[j] = local
            p[j] = rest[j]
            continue
        for k in range(3):
            place = p[up, k]
            for m in range(3):
                place += R[up, k, m] * (rest[j, m] - rest[up, m])
                R[j, k, m] = R[up, k, 0] * local[0, m] + R[up, k, 1] * local[1, m] + R[up, k, 2] * local[2, m]
            p[j, k] = root[k] if j == _PELVIS else place


@njit(cache=True, nogil=True, error_model="numpy")
def pose_meshes(
    wanted: Any, parents: Any, rest_joints: Any, rotations: Any, roots: Any, drives: Any, anchors: Any,
    anchor_joint: Any, vertex: Any, joint: Any, weight: Any, weld: Any, vertex_span: Any, triangle: Any,
    triangle_span: Any, pool: Any,
) -> None:  # fmt: skip
    """Pose meshes into the pool.

    Args:
        wanted: Figure, level of detail, key pose, key pose whose driven joints replace those of the first (-1: none),
            first row in the pool; shape (n, 5).
        parents: Parent of each joint, -1: none; shape (J,).
        rest_joints: Shape (F, J, 3).
        rotations: Rotation vectors of all key poses, shape (K, J, 3).
        roots: Place of the pelvis in each key pose, shape (F, K, 3).
        drives: Which joints a key pose moves, shape (K, J).
        anchors: Anchors at rest, shape (F, A, 3).
        anchor_joint: The joint that each follows, shape (A,).
        vertex: Vertices at rest, shape (V, 3).
        joint: Shape (V, 4).
        weight: Shape (V, 4).
        weld: The first vertex of the mesh at the same place, counted from the mesh's first, shape (V,).
        vertex_span: First and past-the-last vertex of each figure and level, shape (F, LEVELS, 2).
        triangle: Corners, counted from the mesh's first vertex, shape (T, 3).
        triangle_span: As `vertex_span`.
        pool: Written: place and normal of `LANDMARKS` and then of each vertex; shape (6, rows), float32.
    """
    J = parents.shape[0]
    R, p, turn, up = np.empty((J, 3, 3)), np.empty((J, 3)), np.empty((J, 3)), np.empty(3)
    for w in range(wanted.shape[0]):
        f, level, key, over, row = wanted[w, 0], wanted[w, 1], wanted[w, 2], wanted[w, 3], wanted[w, 4]
        for j in range(J):
            source = over if over >= 0 and drives[over, j] else key
            for k in range(3):
                turn[j, k] = rotations[source, j, k]
        rest = rest_joints[f]
        _follow(parents, rest, turn, roots[f, key], R, p)
        _mark(anchors[f], anchor_joint, rest, R, p, pool[:, row : row + LANDMARKS])
        first, last = vertex_span[f, level, 0], vertex_span[f, level, 1]
        base = row + LANDMARKS
        _point_upwards(p, up)
        highest = -np.inf
        for v in range(first, last):
            x, y, z, head = 0.0, 0.0, 0.0, 0.0
            for s in range(4):
                share = weight[v, s]
                if share > 0.0:
                    j = joint[v, s]
                    head += share if j == _HEAD else 0.0
                    a, b, c = vertex[v, 0] - rest[j, 0], vertex[v, 1] - rest[j, 1], vertex[v, 2] - rest[j, 2]
                    x += share * (R[j, 0, 0] * a + R[j, 0, 1] * b + R[j, 0, 2] * c + p[j, 0])
                    y += share * (R[j, 1, 0] * a + R[j, 1, 1] * b + R[j, 1, 2] * c + p[j, 1])
                    z += share * (R[j, 2, 0] * a + R[j, 2, 1] * b + R[j, 2, 2] * c + p[j, 2])
            at = base + v - first
            pool[0, at], pool[1, at], pool[2, at] = x, y, z
            reach = up[0] * x + up[1] * y + up[2] * z
            if head > 0.5 and reach > highest:
                highest = reach
                pool[0, row + CROWN], pool[1, row + CROWN], pool[2, row + CROWN] = x, y, z
        mesh, corners = (
            pool[:, base : base + last - first],
            triangle[triangle_span[f, level, 0] : triangle_span[f, level, 1]],
        )
        _turn_normals(corners, weld[first:last], mesh)


@njit(cache=True, error_model="numpy")
def _point_upwards(p: Any, out: Any) -> None:
    """Write which way the top of the head is: up; along the body if it lies; between the two if it is bent over."""
    lean = p[_HEAD] - p[_PELVIS]
    size = np.sqrt(lean[0] ** 2 + lean[1] ** 2 + lean[2] ** 2)
    share = min(max(lean[2] / (_UPRIGHT * max(size, 1e-9)), 0.0), 1.0)
    for k in range(3):
        out[k] = (1.0 - share) * lean[k] / max(size, 1e-9)
    out[2] += share


@njit(cache=True, error_model="numpy")
def _mark(anchors: Any, anchor_joint: Any, rest: Any, R: Any, p: Any, out: Any) -> None:
    for a in range(anchors.shape[0]):
        j = anchor_joint[a]
        for k in range(3):
            place = p[j, k]
            for m in range(3):
                place += R[j, k, m] * (anchors[a, m] - rest[j, m])
            out[k, a], out[3 + k, a] = place, R[j, k, 2]
    for k in range(3):
        out[k, CHEST], out[3 + k, CHEST] = p[_CHEST_JOINT, k], R[_CHEST_JOINT, k, 0]


@njit(cache=True, error_model="numpy")
def _turn_normals(triangle: Any, weld: Any, mesh: Any) -> None:
    """Write the normals of a posed mesh: those of the triangles around each place, weighted by their area."""
    for v in range(mesh.shape[1]):
        mesh[3, v], mesh[4, v], mesh[5, v] = 0.0, 0.0, 0.0
    for t in range(triangle.shape[0]):
        a, b, c = triangle[t, 0], triangle[t, 1], triangle[t, 2]
        ux, uy, uz = mesh[0, b] - mesh[0, a], mesh[1, b] - mesh[1, a], mesh[2, b] - mesh[2, a]
        vx, vy, vz = mesh[0, c] - mesh[0, a], mesh[1, c] - mesh[1, a], mesh[2, c] - mesh[2, a]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in range(3):
            v = weld[triangle[t, k]]
            mesh[3, v] += nx
            mesh[4, v] += ny
            mesh[5, v] += nz
    for v in range(mesh.shape[1]):
        if weld[v] == v:
            size = np.sqrt(mesh[3, v] ** 2 + mesh[4, v] ** 2 + mesh[5, v] ** 2)
            if size > 0.0:
                mesh[3, v] /= size
                mesh[4, v] /= size
                mesh[5, v] /= size
        else:  # a seam: the first vertex at the place comes before
            for k in range(3, 6):
                mesh[k, v] = mesh[k, weld[v]]
