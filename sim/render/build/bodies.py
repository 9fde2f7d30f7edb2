"""Bodies of the package ``anny``, turned into the atlas's axes, its reduced skeleton and one common resting pose.

Brégier, R. et al. (2025). Human mesh modeling for Anny body. arXiv:2511.03589. The shapes are MakeHuman's (CC0).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import MissingExtraError
from sim.render.build.rig import BONES, JOINT, PIVOTS, aligned, turned
from sim.render.library import JOINT_NAMES, PARENTS

__all__ = ["ARM_ANGLE_RAD", "ELBOW_RAD", "BodyModel", "BodyShape", "arm_axes"]

Array = NDArray[np.float64]
Faces = NDArray[np.int64]

ARM_ANGLE_RAD: Final = np.radians(42.0)
"""Between the hanging line and the upper arm at rest."""
ELBOW_RAD: Final = np.radians(16.0)
"""How far the elbow is bent at rest."""
_TOE_OUT_RAD: Final = np.radians(7.0)
_GROUPS: Final = ("body", "helper-tights", "helper-skirt", "helper-hair", "helper-l-eye", "helper-r-eye")


@dataclass(frozen=True, slots=True, eq=False)
class BodyShape:
    """One body at rest.

    Attributes:
        vertices_m: All vertices of the base mesh, shape (V, 3).
        rest_m: Joints, shape (24, 3).
        weights: Dense, shape (V, 24).
        groups: Triangles by surface: body, tights, skirt, hair, eyes.
        height_m: Crown above the naked sole.
    """

    vertices_m: Array
    rest_m: Array
    weights: Array
    groups: dict[str, Faces]
    height_m: float


def arm_axes(sign: float, spread_rad: float = 0.0) -> tuple[Array, Array, Array]:
    """Return upper arm's and forearm's direction at rest and the elbow's hinge; sign 1 is left, -1 right."""
    angle = ARM_ANGLE_RAD + spread_rad
    along = np.array([0.0, sign * np.sin(angle), -np.cos(angle)])
    hinge = np.cross(along, [1.0, 0.0, 0.0])
    return along, turned(hinge, ELBOW_RAD) @ along, hinge


class BodyModel:
    """The parametric body; loading it takes seconds, the very first time minutes."""

    def __init__(self) -> None:
        try:
            import anny
            import torch
        except ImportError as error:
            raise MissingExtraError("building the figures", "figures") from error
        self._torch: Any = torch
        torch.set_num_threads(1)
        self._model: Any = anny.Anny(topology="anny-full", phenotypes="default").to(dtype=torch.float32)
        self._names = [str(name) for name in self._model.bone_labels]
        self._groups = _surfaces(Path(anny.__file__).parent / "data" / "mpfb2" / "3dobjs" / "base.obj")
        self._weights = self._reduced_weights()

    def _reduced_weights(self) -> Array:
        index = self._model.vertex_bone_indices.numpy()
        value = self._model.vertex_bone_weights.numpy().astype(float)
        target = np.zeros(len(self._names), np.int64)
        for bone, name in enumerate(self._names):
            stem, _, side = name.partition(".")
            key = max((k for k in BONES if stem.startswith(k)), key=len)
            joint = BONES[key]
            suffix = {"L": ".left", "R": ".right"}.get(side, "")
            target[bone] = JOINT.get(joint + suffix, JOINT.get(joint, 0))
        weights = np.zeros((len(index), len(JOINT_NAMES)))
        for k in range(index.shape[1]):
            np.add.at(weights, (np.arange(len(index)), target[index[:, k]]), value[:, k])
        result: Array = weights / weights.sum(1, keepdims=True)
        return result

    def shape(
        self, phenotype: dict[str, float], height_m: float, spread_rad: float = 0.0, stoop_rad: float = 0.0
    ) -> BodyShape:
        """Return a body of a given height.

        Args:
            phenotype: Of ``anny``: gender (0 male), age, muscle, weight, height, proportions, each 0 to 1.
            height_m: It is scaled to this, naked; a stoop is applied afterwards.
            spread_rad: How much farther from the trunk the arms hang (stout people).
            stoop_rad: How far the upper back leans forward.
        """
        torch = self._torch
        unposed = torch.eye(4)[None, None].repeat(1, len(self._names), 1, 1)
        with torch.no_grad():
            out = self._model(pose_parameters=unposed, phenotype_kwargs=phenotype)
        vertices = _to_figure_axes(out["vertices"][0].numpy().astype(float))
        heads = _to_figure_axes(out["bone_poses"][0, :, :3, 3].numpy().astype(float))
        body = np.unique(self._groups["body"])
        scale = height_m / float(np.ptp(vertices[body, 2]))
        vertices, heads = vertices * scale, heads * scale
        joints = np.zeros((len(JOINT_NAMES), 3))
        for name, joint in JOINT.items():
            if name == "floor":
                continue
            stem, _, side = name.partition(".")
            joints[joint] = heads[self._names.index(PIVOTS[stem] + ({"left": ".L", "right": ".R"}.get(side, "")))]
        vertices, joints = self._to_common_pose(vertices, joints, spread_rad, stoop_rad)
        floor = float(vertices[body, 2].min())
        ankles = (joints[JOINT["foot.left"]] + joints[JOINT["foot.right"]]) / 2
        shift = np.array([ankles[0] + 0.02 * height_m, 0.0, floor])
        vertices, joints = vertices - shift, joints - shift
        joints[0] = 0.0
        return BodyShape(vertices, joints, self._weights, self._groups, float(vertices[body, 2].max()))

    def _to_common_pose(
        self, vertices: Array, joints: Array, spread_rad: float, stoop_rad: float
    ) -> tuple[Array, Array]:
        """Turn arms, legs and feet into the resting pose that all figures share."""
        world = np.repeat(np.eye(3)[None], len(joints), axis=0)
        back = turned((0, 1, 0), stoop_rad)
        for name, share in (("lumbar", 0.35), ("chest", 1.0), ("neck", 1.25), ("head", 0.45)):
            world[JOINT[name]] = turned((0, 1, 0), stoop_rad * share)
        for sign, side in ((1.0, "left"), (-1.0, "right")):
            world[JOINT[f"clavicle.{side}"]] = back
            shoulder, elbow = joints[JOINT[f"upperarm.{side}"]], joints[JOINT[f"forearm.{side}"]]
            wrist, knuckle = joints[JOINT[f"hand.{side}"]], joints[JOINT[f"fingers.{side}"]]
            upper, fore, hinge = arm_axes(sign, spread_rad)
            bent = np.cross(elbow - shoulder, wrist - elbow)
            world[JOINT[f"upperarm.{side}"]] = aligned(upper, hinge, elbow - shoulder, bent)
            world[JOINT[f"forearm.{side}"]] = aligned(fore, hinge, wrist - elbow, bent)
            # The palm faces the thigh when the arm hangs: its hinge points forward and a little inward.
            thumb = np.cross(hinge, fore)
            level = np.cross(knuckle - wrist, [1.0, 0.0, 0.0])
            palm_rest = np.cross(level, knuckle - wrist)
            world[JOINT[f"hand.{side}"]] = aligned(fore, thumb, knuckle - wrist, palm_rest)
            world[JOINT[f"fingers.{side}"]] = world[JOINT[f"hand.{side}"]]
            hip, knee = joints[JOINT[f"thigh.{side}"]], joints[JOINT[f"shank.{side}"]]
            ankle, toe = joints[JOINT[f"foot.{side}"]], joints[JOINT[f"toes.{side}"]]
            down, across = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])
            world[JOINT[f"thigh.{side}"]] = aligned(down, across, knee - hip, across)
            world[JOINT[f"shank.{side}"]] = aligned(down, across, ankle - knee, across)
            yaw = float(np.arctan2(toe[1] - ankle[1], toe[0] - ankle[0]))
            foot = turned((0, 0, 1), sign * _TOE_OUT_RAD - yaw)
            world[JOINT[f"foot.{side}"]] = world[JOINT[f"toes.{side}"]] = foot
        placed = joints.copy()
        for j in range(2, len(joints)):
            placed[j] = placed[PARENTS[j]] + world[PARENTS[j]] @ (joints[j] - joints[PARENTS[j]])
        shift = placed - np.einsum("jab,jb->ja", world, joints)
        matrix = np.concatenate([world, shift[:, :, None]], axis=2)
        blended = np.einsum("vj,jab->vab", self._weights, matrix)
        posed: Array = np.einsum("vab,vb->va", blended[:, :, :3], vertices) + blended[:, :, 3]
        return posed, placed


def _to_figure_axes(points: Array) -> Array:
    return np.stack([-points[..., 1], points[..., 0], points[..., 2]], axis=-1)


def _surfaces(path: Path) -> dict[str, Faces]:
    """Return the triangles of the base mesh's surfaces."""
    groups: dict[str, list[list[int]]] = {name: [] for name in _GROUPS}
    current: list[list[int]] | None = None
    for line in path.read_text().splitlines():
        if line.startswith("g "):
            current = groups.get(line.split()[1])
        elif line.startswith("f ") and current is not None:
            corner = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            current.append(corner[:3])
            if len(corner) == 4:
                current.append([corner[0], corner[2], corner[3]])
    return {name: np.array(faces, np.int64) for name, faces in groups.items()}
