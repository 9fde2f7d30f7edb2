"""All figures and clips of a library as flat arrays: what the kernels read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.render.actors.garments import along_garment, regions_worn
from sim.render.library import ANCHORS, JOINT_NAMES, PARENTS, Clip, Figure, Library, library

__all__ = ["LEVELS", "Stock", "shipped"]

LEVELS: Final = 6
"""Levels of detail; a figure that has fewer repeats its coarsest."""


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Struct of arrays over F figures, V vertices, T triangles, J joints, C clips, K key poses.

    Attributes:
        figures: The figures themselves.
        clips: The clips themselves.
        height_m: Shape (F,).
        parents: Shape (J,); -1: none.
        rest: Joints at rest, shape (F, J, 3).
        anchors: Shape (F, A, 3).
        anchor_joint: Shape (A,).
        vertex: Shape (V, 3), float32.
        joint: Shape (V, 4), uint8.
        weight: Shape (V, 4), float32.
        weld: First vertex of the mesh at the same place, shape (V,), int32.
        uv: Garment coordinates, of people those of `sim.render.actors.garments`; shape (V, 2), float32.
        occlusion: Shape (V,), float32.
        vertex_span: First and past-the-last vertex, shape (F, LEVELS, 2).
        triangle: Shape (T, 3), int32, counted from the mesh's first vertex.
        region: Shape (T,), uint8, below `REGION_COUNT`.
        triangle_span: Shape (F, LEVELS, 2).
        rotation: Key poses of all clips and, last, the one at rest; shape (K, J, 3).
        root: Place of the pelvis, shape (F, K, 3).
        drives: Whether a key pose moves a joint, shape (K, J).
        clip_first: First key pose of each clip and one past the last, shape (C + 1,).
        stride_m: Metres of one cycle; nan where it does not go forward; shape (F, C).
    """

    figures: tuple[Figure, ...]
    clips: tuple[Clip, ...]
    height_m: NDArray[np.float64]
    parents: NDArray[np.int64]
    rest: NDArray[np.float64]
    anchors: NDArray[np.float64]
    anchor_joint: NDArray[np.int64]
    vertex: NDArray[np.float32]
    joint: NDArray[np.uint8]
    weight: NDArray[np.float32]
    weld: NDArray[np.int32]
    uv: NDArray[np.float32]
    occlusion: NDArray[np.float32]
    vertex_span: NDArray[np.int64]
    triangle: NDArray[np.int32]
    region: NDArray[np.uint8]
    triangle_span: NDArray[np.int64]
    rotation: NDArray[np.float64]
    root: NDArray[np.float64]
    drives: NDArray[np.bool_]
    clip_first: NDArray[np.int64]
    stride_m: NDArray[np.float64]

    @classmethod
    def of(cls, held: Library) -> Stock:
        """Flatten a library."""
        figures, clips = tuple(held.figures.values()), tuple(held.clips.values())
        count, joints = len(figures), len(JOINT_NAMES)
        first = np.concatenate(([0], np.cumsum([clip.phases for clip in clips]))).astype(np.int64)
        keys = int(first[-1]) + 1
        rest, anchors = np.zeros((count, joints, 3)), np.zeros((count, len(ANCHORS), 3))
        root = np.zeros((count, keys, 3))
        stride = np.full((count, len(clips)), np.nan)
        meshes: dict[str, list[NDArray[Any]]] = {
            name: [] for name in ("vertex", "joint", "weight", "weld", "uv", "occlusion", "triangle", "region")
        }
        vertex_span = np.zeros((count, LEVELS, 2), np.int64)
        triangle_span = np.zeros((count, LEVELS, 2), np.int64)
        vertices, triangles = 0, 0
        for f, figure in enumerate(figures):
            rest[f, : len(figure.rest_m)] = figure.rest_m
            anchors[f, : len(figure.anchors_m)] = figure.anchors_m
            if figure.kind == "person":
                root[f, :] = figure.rest_m[1]
            for c, clip in enumerate(clips):
                if clip.name in figure.root_m:
                    root[f, first[c] : first[c + 1]] = figure.root_m[clip.name]
                stride[f, c] = figure.stride_m.get(clip.name, np.nan)
            repeated = LEVELS - len(figure.details)
            for k, detail in enumerate(figure.details, start=repeated):
                uv, region = detail.uv, detail.region
                if figure.kind == "person":
                    uv, region = np.c_[detail.uv[:, 0], along_garment(detail, figure.rest_m)], regions_worn(detail)
                vertex_span[f, k] = vertices, vertices + len(detail.vertices_m)
                triangle_span[f, k] = triangles, triangles + len(detail.triangles)
                vertices, triangles = int(vertex_span[f, k, 1]), int(triangle_span[f, k, 1])
                for name, values in (
                    ("vertex", detail.vertices_m), ("joint", detail.joints), ("weight", detail.weights),
                    ("weld", _weld(detail.vertices_m, detail.triangles)), ("uv", uv),
                    ("occlusion", detail.occlusion), ("triangle", detail.triangles), ("region", region),
                ):  # fmt: skip
                    meshes[name].append(values)
            vertex_span[f, :repeated], triangle_span[f, :repeated] = (
                vertex_span[f, repeated],
                triangle_span[f, repeated],
            )
        flat = {name: np.concatenate(values) for name, values in meshes.items()}
        return cls(
            figures=figures,
            clips=clips,
            height_m=np.array([f.height_m for f in figures], float),
            parents=np.array(PARENTS, np.int64),
            rest=rest,
            anchors=anchors,
            anchor_joint=np.array([joint for _, joint in ANCHORS], np.int64),
            vertex=flat["vertex"].astype(np.float32),
            joint=flat["joint"].astype(np.uint8),
            weight=flat["weight"].astype(np.float32),
            weld=flat["weld"].astype(np.int32),
            uv=flat["uv"].astype(np.float32),
            occlusion=flat["occlusion"].astype(np.float32),
            vertex_span=vertex_span,
            triangle=flat["triangle"].astype(np.int32),
            region=flat["region"].astype(np.uint8),
            triangle_span=triangle_span,
            rotation=np.concatenate([*(clip.rotations for clip in clips), np.zeros((1, joints, 3))]).astype(float),
            root=root,
            drives=np.concatenate(
                [*(np.tile(clip.drives, (clip.phases, 1)) for clip in clips), np.zeros((1, joints), np.bool_)]
            ),
            clip_first=first,
            stride_m=stride,
        )

    @property
    def at_rest(self) -> int:
        """Number of the key pose at rest."""
        return len(self.rotation) - 1


@cache
def shipped() -> Stock:
    """Return the stock of the shipped library; made once."""
    return Stock.of(library())


def _weld(vertices: NDArray[Any], triangles: NDArray[Any]) -> NDArray[np.int32]:
    """Return, for each vertex, the first one at the same place whose surface faces the same way."""
    normals = np.zeros((len(vertices), 3))
    a, b, c = (vertices[triangles[:, k]].astype(float) for k in range(3))
    face = np.cross(b - a, c - a)
    for k in range(3):
        np.add.at(normals, triangles[:, k], face)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    where: dict[tuple[int, ...], list[int]] = {}
    weld = np.arange(len(vertices), dtype=np.int32)
    for v, key in enumerate(map(tuple, np.round(vertices * 1e4).astype(int).tolist())):
        same = where.setdefault(key, [])
        for other in same:
            if normals[v] @ normals[other] > 0.2:
                weld[v] = other
                break
        else:
            same.append(v)
    return weld
