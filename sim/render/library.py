"""The library of figures: people, what they carry, what stands around, and how people move.

The atlas is made by ``python -m sim.render.build_figures`` and shipped with the package; its licence stands beside it.
A figure's axes are x forward, y left, z up, its origin is on the floor between the feet, lengths are metres. Joint 0,
``floor``, stays where the figure is; joint 1, ``pelvis``, is put where ``Figure.root_m`` says; every other joint hangs
on its parent: R_j = R_parent R_local, p_j = p_parent + R_parent (rest_j - rest_parent). A vertex follows its joints
by linear blend skinning, v' = sum of w (R_j (v - rest_j) + p_j): Magnenat-Thalmann, N., Laperriere, R. and Thalmann,
D. (1988). Joint-dependent local deformations for hand animation and object grasping. Graphics Interface, 26-33.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ParvisError, unknown

__all__ = [
    "ANCHORS", "ATLAS", "BODY_NAMES", "FORMAT", "JOINT_NAMES", "MIRRORED", "PARENTS", "REGIONS", "Clip", "Detail",
    "Figure", "Library", "library", "mirrored", "pose", "skin",
]  # fmt: skip

FORMAT: Final = 1
ATLAS: Final = Path(__file__).with_name("atlas") / "figures.npz"

_PAIRED: Final = ("clavicle", "upperarm", "forearm", "hand", "fingers", "thigh", "shank", "foot", "toes")
JOINT_NAMES: Final[tuple[str, ...]] = (
    "floor", "pelvis", "lumbar", "chest", "neck", "head",
    *(f"{name}.{side}" for side in ("left", "right") for name in _PAIRED),
)  # fmt: skip
"""24 joints; left ones from 6, right ones from 15."""
PARENTS: Final[tuple[int, ...]] = (-1, 0, 1, 2, 3, 4, 3, 6, 7, 8, 9, 1, 11, 12, 13, 3, 15, 16, 17, 18, 1, 20, 21, 22)
MIRRORED: Final[tuple[int, ...]] = (0, 1, 2, 3, 4, 5, *range(15, 24), *range(6, 15))
"""The joint on the other side."""

BODY_NAMES: Final[tuple[str, ...]] = ("adult", "child", "elderly", "wheelchair", "pram", "bag", "thing")
REGIONS: Final[tuple[str, ...]] = (
    "skin", "hair", "upper", "lower", "shoes", "outer", "accessory", "metal", "rubber", "brow", "eye", "lips",
    "shell", "cloth", "lamp", "glass", "hat", "stripe", "wood", "leaf", "lining",
)  # fmt: skip
"""What a triangle is made of. People: skin, hair, upper (shirt, the top of a dress), lower (trousers, skirt), shoes,
outer (jacket, coat), accessory (belt, straps, scarf), hat (cap, woollen hat, head scarf), brow, eye, lips, lining.
Things: shell (a suitcase's, a carton's, a bin's outside), cloth, metal, rubber, lamp (shines by itself), glass,
stripe (the second colour), wood, leaf."""
ANCHORS: Final[tuple[tuple[str, int], ...]] = (
    ("crown", 5), ("hand.left", 10), ("hand.right", 19), ("back", 3), ("shoulder.left", 3), ("shoulder.right", 3),
    ("front", 3), ("lap", 1),
)  # fmt: skip
"""Points of people that others need, and the joint that each follows; ``Figure.anchors_m`` has their places at rest."""

_UNIT_M: Final = 1e-4
_UV_UNIT: Final = 1.0 / 8192

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """A figure's surface at one level of detail, at rest.

    Attributes:
        vertices_m: Shape (V, 3).
        triangles: Shape (T, 3); counter-clockwise from outside.
        joints: The four joints that a vertex follows, shape (V, 4).
        weights: How much, shape (V, 4); rows sum to 1.
        region: Index into ``REGIONS`` of every triangle, shape (T,).
        uv: Garment coordinates, shape (V, 2): u once around the limb, trunk or thing (from 0 at the back of the
            body, 0.25 its left, 0.5 its front; it may run past 1 at the seam, so take it modulo 1); v from 0 at the
            waist, shoulder or crown to 1 at the wrist, ankle or hem that the longest garment would have.
        occlusion: Share of the surroundings that the vertex sees, 0 (buried) to 1, shape (V,).
    """

    vertices_m: Floats
    triangles: NDArray[np.int32]
    joints: NDArray[np.uint8]
    weights: Floats
    region: NDArray[np.uint8]
    uv: Floats
    occlusion: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A movement or a way of standing.

    Attributes:
        name: Such as ``"walk"``.
        rotations: Rotation vectors relative to the parent in resting axes, shape (P, 24, 3).
        drives: Which joints it moves, shape (24,): all, or an overlay's arms.
        cycle: ``"distance"`` (phase = distance walked / ``Figure.stride_m``), ``"time"`` (repeats after
            ``duration_s``), ``"once"`` (plays for ``duration_s`` and stays at the last phase), or ``"still"`` (one
            phase).
        duration_s: Seconds from the first phase to the last, or of one cycle; 0 for distance and still.
        tags: Words to choose by, such as ``"stand"``, ``"sit"``, ``"lie"``, ``"overlay"``.
    """

    name: str
    rotations: Floats
    drives: NDArray[np.bool_]
    cycle: str
    duration_s: float
    tags: frozenset[str]

    @property
    def phases(self) -> int:
        """How many phases the clip has."""
        return len(self.rotations)


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A person, a bag or a thing.

    Attributes:
        name: Unique.
        kind: ``"person"``, ``"bag"`` or ``"thing"``.
        body: One of ``BODY_NAMES``.
        height_m: Crown above the floor standing upright, with shoes, without hair or hat; of a thing its full height.
        tags: Words to choose by: sex, age, garments, or what a thing is and how it is held.
        rest_m: Joints at rest, shape (24, 3), or (1, 3) of a bag or thing.
        details: From coarse to fine.
        anchors_m: Shape (8, 3) for people, see ``ANCHORS``; (1, 3) for bags: where the hand (or the back) holds it.
        root_m: Of people: by clip, where the pelvis is in every phase, shape (P, 3); in walking and running relative
            to the point that goes forward evenly.
        stride_m: Of people: by clip, metres of one cycle.
    """

    name: str
    kind: str
    body: str
    height_m: float
    tags: frozenset[str]
    rest_m: Floats
    details: tuple[Detail, ...]
    anchors_m: Floats
    root_m: Mapping[str, Floats]
    stride_m: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Every figure and clip by name."""

    figures: Mapping[str, Figure]
    clips: Mapping[str, Clip]

    def figure(self, name: str) -> Figure:
        """Return a figure.

        Raises:
            ParvisError: There is none of this name.
        """
        if name not in self.figures:
            raise ParvisError(unknown("figure", name, self.figures, str(ATLAS)))
        return self.figures[name]

    def clip(self, name: str) -> Clip:
        """Return a clip.

        Raises:
            ParvisError: There is none of this name.
        """
        if name not in self.clips:
            raise ParvisError(unknown("clip", name, self.clips, str(ATLAS)))
        return self.clips[name]

    def people(self, *tags: str, body: str = "") -> tuple[Figure, ...]:
        """Return the people that have all these tags and, if given, this body, in the atlas's order."""
        wanted = frozenset(tags)
        return tuple(
            f for f in self.figures.values() if f.kind == "person" and wanted <= f.tags and (not body or f.body == body)
        )


@cache
def library(path: Path = ATLAS) -> Library:
    """Return the figures and clips of an atlas; read once.

    Raises:
        ParvisError: The file is missing, damaged or of another format.
    """
    if not path.is_file():
        raise ParvisError(f"{path}: the atlas of figures is missing; reinstall parvis or build it: {_COMMAND}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        found = int(arrays["format"])
        if found != FORMAT:
            raise ParvisError(f"{path}: an atlas of format {found}, this version reads format {FORMAT}: {_COMMAND}")
        return _read(arrays)
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise ParvisError(f"{path}: the atlas of figures is damaged ({error}); build it again: {_COMMAND}") from error


_COMMAND: Final = "python -m sim.render.build_figures"


def _read(a: Mapping[str, NDArray[np.generic]]) -> Library:
    clips: dict[str, Clip] = {}
    spans: dict[str, slice] = {}
    first = 0
    for i, name in enumerate(map(str, a["clip_name"])):
        spans[name] = slice(first, first + int(a["clip_phases"][i]))
        first = spans[name].stop
        rotations = np.ascontiguousarray(a["clip_rotations"][spans[name]], np.float32)
        drives = np.asarray(a["clip_drives"][i], np.bool_)
        tags = frozenset(str(a["clip_tags"][i]).split())
        clips[name] = Clip(name, rotations, drives, str(a["clip_cycle"][i]), float(a["clip_seconds"][i]), tags)
    moving = [name for name, clip in clips.items() if clip.cycle == "distance"]
    vertices = a["vertices"].astype(np.float32) * np.float32(_UNIT_M)
    weights = a["weights"].astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    uv = a["uv"].astype(np.float32) * np.float32(_UV_UNIT)
    occlusion = a["occlusion"].astype(np.float32) / np.float32(255)
    triangles = a["triangles"].astype(np.int32)
    joints, region = a["joints"].astype(np.uint8), a["region"].astype(np.uint8)
    for array in (vertices, weights, uv, occlusion, triangles, joints, region):
        array.flags.writeable = False
    starts = np.concatenate([[0], np.cumsum(a["detail_vertices"])])
    faces = np.concatenate([[0], np.cumsum(a["detail_triangles"])])
    if starts[-1] != len(vertices) or faces[-1] != len(triangles):
        raise ValueError("its arrays do not fit together")
    figures: dict[str, Figure] = {}
    detail = person = 0
    for i, name in enumerate(map(str, a["figure_name"])):
        levels = []
        for k in range(detail, detail + int(a["figure_details"][i])):
            s, t = slice(starts[k], starts[k + 1]), slice(faces[k], faces[k + 1])
            levels.append(Detail(vertices[s], triangles[t], joints[s], weights[s], region[t], uv[s], occlusion[s]))
        detail += len(levels)
        kind = str(a["figure_kind"][i])
        root: dict[str, Floats] = {}
        stride: dict[str, float] = {}
        rest, anchors = np.zeros((1, 3), np.float32), np.asarray(a["thing_grip"][i : i + 1], np.float32)
        if kind == "person":
            rest, anchors = a["rest"][person].astype(np.float32), a["anchors"][person].astype(np.float32)
            root = {clip: a["root"][person, span].astype(np.float32) for clip, span in spans.items()}
            stride = {clip: float(a["stride"][person, k]) for k, clip in enumerate(moving)}
            person += 1
        tags = frozenset(str(a["figure_tags"][i]).split())
        body, height = str(a["figure_body"][i]), float(a["figure_height"][i])
        figures[name] = Figure(
            name, kind, body, height, tags, rest, tuple(levels), anchors, MappingProxyType(root),
            MappingProxyType(stride),
        )  # fmt: skip
    return Library(MappingProxyType(figures), MappingProxyType(clips))


def pose(
    figure: Figure, clip: Clip, phase: float, overlays: tuple[Clip, ...] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a person's joints are: rotations (24, 3, 3) and places (24, 3) in the figure's frame.

    Args:
        figure: A person.
        clip: What the whole body does.
        phase: 0 to 1; a cycle wraps around, other clips end at 1.
        overlays: What the arms do instead; of each its first phase.
    """
    count = clip.phases
    if clip.cycle in ("distance", "time"):
        at = (phase % 1.0) * count
        low, share = int(at) % count, at - int(at)
        high = (low + 1) % count
    else:
        at = min(max(phase, 0.0), 1.0) * (count - 1)
        low, share = int(at), at - int(at)
        high = min(low + 1, count - 1)
    vectors = (1.0 - share) * clip.rotations[low].astype(np.float64) + share * clip.rotations[high]
    for overlay in overlays:
        vectors = np.where(overlay.drives[:, None], overlay.rotations[0], vectors)
    angle = np.linalg.norm(vectors, axis=1)
    x, y, z = (vectors / np.maximum(angle, 1e-12)[:, None]).T
    zero = np.zeros_like(x)
    k = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    local = np.eye(3) + np.sin(angle)[:, None, None] * k + (1 - np.cos(angle))[:, None, None] * (k @ k)
    root = figure.root_m[clip.name]
    rest = figure.rest_m.astype(np.float64)
    turn, place = np.empty((len(rest), 3, 3)), np.empty((len(rest), 3))
    turn[0], place[0] = np.eye(3), rest[0]
    for j in range(1, len(rest)):
        parent = PARENTS[j]
        turn[j] = turn[parent] @ local[j]
        place[j] = place[parent] + turn[parent] @ (rest[j] - rest[parent])
        if j == 1:
            place[j] = (1.0 - share) * root[low] + share * root[high]
    return turn, place


def skin(figure: Figure, detail: Detail, turn: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vertices of a posed person, shape (V, 3), metres in the figure's frame."""
    shift = place - np.einsum("jab,jb->ja", turn, figure.rest_m.astype(np.float64))
    matrix = np.concatenate([turn, shift[:, :, None]], axis=2)
    blended = np.einsum("vk,vkab->vab", detail.weights.astype(np.float64), matrix[detail.joints])
    posed: NDArray[np.float64] = (
        np.einsum("vab,vb->va", blended[:, :, :3], detail.vertices_m.astype(np.float64)) + blended[:, :, 3]
    )
    return posed


def mirrored(clip: Clip) -> Clip:
    """Return a clip with left and right exchanged; the pelvis's path must be mirrored in y by the caller."""
    order = np.array(MIRRORED)
    flipped = clip.rotations[:, order] * np.array([-1, 1, -1], np.float32)
    return replace(clip, rotations=flipped.astype(np.float32), drives=clip.drives[order])
