"""From surfaces and movements to the arrays of the atlas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.motion import Movement
from sim.render.build.rig import rotation_of
from sim.render.build.surface import Surface, normals_of, simplified
from sim.render.build.view import sky_occlusion
from sim.render.library import FORMAT, PARENTS

__all__ = [
    "PERSON_TRIANGLES",
    "SEAT_M",
    "Built",
    "Level",
    "bearing_points",
    "details_of",
    "joined",
    "joints_of",
    "level_of",
    "lit_by_the_sky",
    "packed",
    "retarget",
    "write",
]

Array = NDArray[np.float64]
PERSON_TRIANGLES: Final = (300, 760, 2000, 6000)
SEAT_M: Final = (0.49, 0.46)
"""Height of a wheelchair's seat and of a bench."""
_SEATED: Final = (1, 11, 20)
_FEET: Final = ((13, 14), (22, 23))
_CHAIR_BACK_M: Final = -0.06


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level of detail, see ``library.Detail``; weights are dense."""

    vertices_m: Array
    triangles: NDArray[np.int64]
    weights: Array
    region: NDArray[np.uint8]
    uv: Array
    occlusion: Array


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A figure ready for the atlas, see ``library.Figure``.

    ``bearing`` holds the points that may touch the ground, and their weights; the first ``coarse`` levels are those of
    `sim.render.build.coarse`.
    """

    name: str
    kind: str
    body: str
    height_m: float
    tags: tuple[str, ...]
    rest_m: Array
    levels: tuple[Level, ...]
    anchors_m: Array
    bearing: tuple[Array, Array]
    coarse: int = 0


def details_of(surfaces: list[Surface], budgets: tuple[int, ...]) -> tuple[Level, ...]:
    """Return all surfaces together at several levels of detail, coarse to fine, with ambient occlusion."""
    sizes = np.array([s.share * _area(s) ** 0.8 for s in surfaces])
    available = np.array([float(len(s.triangles)) for s in surfaces])
    lit = lit_by_the_sky(surfaces)
    levels = []
    for budget in budgets:
        granted = np.minimum(available, budget * sizes / sizes.sum())
        for _ in range(4):
            left, some = budget - granted.sum(), granted < available
            if left < 1 or not some.any():
                break
            granted = np.where(some, np.minimum(available, granted + left * sizes / sizes[some].sum()), granted)
        levels.append(level_of([simplified(s, max(6, int(n))) for s, n in zip(lit, granted, strict=True)]))
    return tuple(levels)


def lit_by_the_sky(surfaces: list[Surface]) -> list[Surface]:
    """Return surfaces that together are one figure, ambient occlusion as their third garment coordinate."""
    points = np.concatenate([s.vertices_m for s in surfaces])
    start = np.cumsum([0] + [len(s.vertices_m) for s in surfaces])
    faces = np.concatenate([s.triangles + k for s, k in zip(surfaces, start[:-1], strict=True)])
    light = sky_occlusion(points, faces, np.concatenate([normals_of(s.vertices_m, s.triangles) for s in surfaces]))
    return [
        replace(s, uv=np.column_stack([s.uv, light[start[k] : start[k + 1]]]))
        for k, s in enumerate(surfaces)
    ]  # fmt: skip


def level_of(lit: list[Surface]) -> Level:
    """Return surfaces, as `lit_by_the_sky` gives them, as one level of detail."""
    parts = [_unwrapped(s) for s in lit]
    first = np.cumsum([0] + [len(p.vertices_m) for p in parts])
    uv = np.concatenate([p.uv for p in parts])
    return Level(
        np.concatenate([p.vertices_m for p in parts]),
        np.concatenate([p.triangles + o for p, o in zip(parts, first[:-1], strict=True)]),
        np.concatenate([p.weights for p in parts]),
        np.concatenate([p.region for p in parts]),
        uv[:, :2],
        uv[:, 2],
    )


def joined(one: tuple[Level, ...], other: tuple[Level, ...]) -> tuple[Level, ...]:
    """Return two figures' levels as one figure's."""
    return tuple(
        Level(
            np.concatenate([a.vertices_m, b.vertices_m]),
            np.concatenate([a.triangles, b.triangles + len(a.vertices_m)]),
            np.concatenate([a.weights, b.weights]),
            np.concatenate([a.region, b.region]),
            np.concatenate([a.uv, b.uv]),
            np.concatenate([a.occlusion, b.occlusion]),
        )
        for a, b in zip(one, other, strict=True)
    )


def _area(surface: Surface) -> float:
    corner = surface.vertices_m[surface.triangles]
    return float(np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1).sum() / 2)


def _unwrapped(surface: Surface) -> Surface:
    """Double the vertices of triangles that cross the seam of u, with u + 1; drop triangles without area."""
    corner = np.round(surface.vertices_m, 4)[surface.triangles]
    sound = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) > 2e-9
    faces, region = surface.triangles[sound].copy(), surface.region[sound]
    u = surface.uv[:, 0][faces]
    crossing = np.ptp(u, axis=1) > 0.5
    low = crossing[:, None] & (u < 0.5)
    doubled = np.unique(faces[low])
    index = np.arange(len(surface.vertices_m))
    index[doubled] = len(surface.vertices_m) + np.arange(len(doubled))
    faces[low] = index[faces[low]]
    uv = np.concatenate([surface.uv, surface.uv[doubled] + [1.0, 0.0, 0.0]])
    points = np.concatenate([surface.vertices_m, surface.vertices_m[doubled]])
    weights = np.concatenate([surface.weights, surface.weights[doubled]])
    used = np.unique(faces)
    back = np.zeros(len(points), np.int64)
    back[used] = np.arange(len(used))
    return replace(
        surface, vertices_m=points[used], triangles=back[faces], weights=weights[used], uv=uv[used], region=region
    )


def bearing_points(surfaces: list[Surface]) -> tuple[Array, Array]:
    """Return the outermost points, joint by joint, of the surfaces that may touch the ground, and their weights."""
    bearing = [(s.vertices_m, s.weights, np.unique(s.triangles)) for s in surfaces if s.bears]
    points = np.concatenate([p[used] for p, _, used in bearing])
    weights = np.concatenate([w[used] for _, w, used in bearing])
    owner = weights.argmax(1)
    golden = np.pi * (3.0 - np.sqrt(5.0))
    k = np.arange(96)
    up = 1 - 2 * (k + 0.5) / len(k)
    rays = np.stack([np.sqrt(1 - up**2) * np.cos(golden * k), np.sqrt(1 - up**2) * np.sin(golden * k), up])
    chosen = [np.flatnonzero(owner == j)[np.unique((points[owner == j] @ rays).argmax(0))] for j in np.unique(owner)]
    kept = np.concatenate(chosen)
    return points[kept], weights[kept]


def joints_of(figure: Built, rotations: Array, pelvis_m: Array) -> tuple[Array, Array]:
    """Return the joints' rotations (24, 3, 3) and places (24, 3) in a pose."""
    rest = figure.rest_m
    turn, place = np.empty((len(rest), 3, 3)), np.empty((len(rest), 3))
    turn[0], place[0] = np.eye(3), rest[0]
    for j in range(1, len(rest)):
        turn[j] = turn[PARENTS[j]] @ rotation_of(rotations[j])
        place[j] = place[PARENTS[j]] + turn[PARENTS[j]] @ (rest[j] - rest[PARENTS[j]]) if j > 1 else pelvis_m
    return turn, place


def _posed(figure: Built, rotations: Array, pelvis_m: Array) -> Array:
    """Return the bearing points in a pose."""
    points, weights = figure.bearing
    turn, place = joints_of(figure, rotations, pelvis_m)
    rest = figure.rest_m
    matrix = np.concatenate([turn, (place - np.einsum("jab,jb->ja", turn, rest))[:, :, None]], axis=2)
    blended = np.einsum("vj,jab->vab", weights, matrix)
    result: Array = np.einsum("vab,vb->va", blended[:, :, :3], points) + blended[:, :, 3]
    return result


def retarget(figure: Built, movement: Movement, reference_m: Array) -> tuple[Array, float]:
    """Return where a figure's pelvis goes in every phase, and its stride.

    The lowest point of what bears it is put on the floor in every phase; in a gait the pelvis goes forward as the foot
    on the ground goes back, so that it does not slide.
    """
    scale = figure.rest_m[1, 2] / reference_m[1, 2]
    rotations = movement.vectors()
    path = np.array(movement.pelvis_m) * scale
    if "wheelchair" in movement.tags:
        points = _posed(figure, rotations[0], path[0])
        owner = figure.bearing[1].argmax(1)
        seat = float(points[np.isin(owner, _SEATED), 2].min())
        spot = np.array([_CHAIR_BACK_M, 0.0, float(path[0, 2]) + SEAT_M[0] - seat])
        return np.repeat(spot[None], len(path), axis=0), 1.4 if movement.cycle == "distance" else 0.0
    path[:, 0] += figure.rest_m[1, 0] - reference_m[1, 0] * scale
    posed = [_posed(figure, r, p) for r, p in zip(rotations, path, strict=True)]
    if "overlay" in movement.tags:
        return path, 0.0
    for i, (points, clearance) in enumerate(zip(posed, movement.clearance_m, strict=True)):
        low = points
        if movement.cycle == "distance" and any(movement.planted[i]):
            down = [j for joints, on in zip(_FEET, movement.planted[i], strict=True) if on for j in joints]
            low = points[np.isin(figure.bearing[1].argmax(1), down)]
        lift = clearance * scale - float(low[:, 2].min())
        if "seat" in movement.tags:
            seat = float(points[np.isin(figure.bearing[1].argmax(1), _SEATED), 2].min())
            lift = max(lift, SEAT_M[1] - seat)
        path[i, 2] += lift
        points[:, 2] += lift
    if movement.cycle != "distance":
        return path, 0.0
    owner = figure.bearing[1].argmax(1)
    feet = [np.isin(owner, joints) for joints in _FEET]
    steps = np.zeros(len(path))
    grounded = np.zeros(len(path), np.bool_)
    for i in range(len(path)):
        k = (i + 1) % len(path)
        slips, loads = [], []
        for foot, now, then in zip(feet, movement.planted[i], movement.planted[k], strict=True):
            if now and then:
                here, there = posed[i][foot], posed[k][foot]
                height = here[:, 2] - here[:, 2].min() + there[:, 2] - there[:, 2].min()
                load = np.exp(-height / 0.008)
                slips.append(float((load * (there[:, 0] - here[:, 0])).sum() / load.sum()))
                loads.append(float(np.exp(-(here[:, 2].min() + there[:, 2].min()) / 0.02)))
        if slips:
            steps[i] = -float(np.average(slips, weights=loads))
            grounded[i] = True
    steps[~grounded] = steps[grounded].mean()
    # Within a step the pelvis's own forward path is in ``path`` already: only what is left is added.
    stride = float(steps.sum())
    shift = np.concatenate([[0.0], np.cumsum(steps)[:-1]]) - stride * np.arange(len(path)) / len(path)
    path[:, 0] += shift - shift.mean()
    return path, stride


def _four(weights: Array) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    order = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    if order.shape[1] < 4:
        order = np.pad(order, ((0, 0), (0, 4 - order.shape[1])))
        value = np.zeros(order.shape)
        value[:, 0] = 1.0
    else:
        value = np.take_along_axis(weights, order, axis=1)
        value /= value.sum(1, keepdims=True)
    coarse = np.round(value * 255).astype(np.int64)
    coarse[:, 0] += 255 - coarse.sum(1)
    return order.astype(np.uint8), coarse.astype(np.uint8)


def packed(levels: list[Level]) -> dict[str, NDArray[Any]]:
    """Return the atlas's arrays that hold levels of detail, one behind the other."""
    four = [_four(level.weights) for level in levels]
    return {
        "detail_vertices": np.array([len(level.vertices_m) for level in levels], np.int64),
        "detail_triangles": np.array([len(level.triangles) for level in levels], np.int64),
        "vertices": np.round(np.concatenate([level.vertices_m for level in levels]) / 1e-4).astype(np.int16),
        "triangles": np.concatenate([level.triangles for level in levels]).astype(np.uint16),
        "joints": np.concatenate([p[0] for p in four]),
        "weights": np.concatenate([p[1] for p in four]),
        "region": np.concatenate([level.region for level in levels]),
        "uv": np.round(np.clip(np.concatenate([level.uv for level in levels]), 0, 7.9) * 8192).astype(np.uint16),
        "occlusion": np.round(255 * np.clip(np.concatenate([level.occlusion for level in levels]), 0, 1)).astype(
            np.uint8
        ),
    }


def write(path: Path, figures: list[Built], movements: list[Movement], reference_m: Array) -> None:
    """Write the atlas."""
    levels = [level for figure in figures for level in figure.levels]
    people = [figure for figure in figures if figure.kind == "person"]
    moving = [k for k, m in enumerate(movements) if m.cycle == "distance"]
    roots, strides = [], []
    for figure in people:
        found = [retarget(figure, m, reference_m) for m in movements]
        roots.append(np.concatenate([f[0] for f in found]))
        strides.append([found[k][1] for k in moving])
    words = [" ".join(sorted(f.tags)) for f in figures]
    np.savez_compressed(
        path,
        format=np.int64(FORMAT),
        clip_name=np.array([m.name for m in movements]),
        clip_phases=np.array([len(m.rotations) for m in movements], np.int64),
        clip_cycle=np.array([m.cycle for m in movements]),
        clip_seconds=np.array([m.duration_s for m in movements]),
        clip_tags=np.array([" ".join(m.tags) for m in movements]),
        clip_drives=np.array([m.drives for m in movements]),
        clip_rotations=np.concatenate([m.vectors() for m in movements]).astype(np.float32),
        figure_name=np.array([f.name for f in figures]),
        figure_kind=np.array([f.kind for f in figures]),
        figure_body=np.array([f.body for f in figures]),
        figure_height=np.array([f.height_m for f in figures]),
        figure_tags=np.array(words),
        figure_details=np.array([len(f.levels) for f in figures], np.int64),
        figure_coarse=np.array([f.coarse for f in figures], np.int64),
        thing_grip=np.array([f.anchors_m[0] for f in figures], np.float32),
        rest=np.array([f.rest_m for f in people], np.float32),
        anchors=np.array([f.anchors_m for f in people], np.float32),
        root=np.array(roots, np.float32),
        stride=np.array(strides, np.float32),
        allow_pickle=False,
        **packed(levels),
    )
