"""The two coarsest levels of a figure: closed pieces with few triangles, for people some tens of pixels tall.

Clothes, hair and skin of the finer levels are open shells, one over the other; with few triangles they tear. Here each
part of the body (head and trunk with skirts and coats, each arm, each leg, what rides along) is filled, gets one outer
surface that reaches some centimetres into its neighbours, loses triangles, and is fitted to the fine surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

from sim.render.build.collapse import collapsed
from sim.render.build.pack import Built, Level, joints_of
from sim.render.build.rig import JOINT
from sim.render.library import REGIONS

__all__ = ["COARSE_PERSON", "COARSE_RIDING", "coarse_levels", "poses_of"]

Array = NDArray[np.float64]
Faces = NDArray[np.int64]
COARSE_PERSON: Final = (130, 250)
"""Triangles of a person at the two coarsest levels."""
COARSE_RIDING: Final = (260, 340)
"""Triangles of a person with a wheelchair or a pram."""
_CELL_M: Final = 0.010
_SAMPLE_M: Final = 0.007
_OVERLAP_CELLS: Final = 3
_START: Final = (1000, 260, 260, 440, 440, 160)
"""Triangles of each closed surface before edges collapse."""
_HIDDEN: Final = 0.03
"""Weight of a surface inside its neighbour."""
_ARM: Final = ("upperarm", "forearm", "hand", "fingers")
_LEG: Final = ("thigh", "shank", "foot", "toes")
_SIDES: Final = ("left", "right")
_SKIRTS: Final = frozenset(("skirt", "mini", "long_skirt"))
_BLANDS: Final = {"brow": "skin", "eye": "skin", "lips": "skin"}
_FINE: Final = tuple(REGIONS.index(name) for name in ("shoes", "skin"))
_FINE_WEIGHT: Final = 2.0
_HEAD_WEIGHT: Final = 2.0
_TRUNK, _RIDES, _PIECES = 0, 5, 6


def poses_of(body: str) -> tuple[tuple[str, int], ...]:
    """Return the clips and phases in which a body must look well."""
    if body == "wheelchair":
        return ("wheel", 0), ("wheel", 4)
    walking = ("walk", 0), ("walk", 5), ("walk", 10)
    return walking if body == "pram" else (*walking, ("sit", 0), ("crouch", 0))


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Points on the outside of the fine surface."""

    at_m: Array
    normal: Array
    region: NDArray[np.uint8]
    piece: NDArray[np.int64]
    weights: Array
    u: Array
    v: Array
    occlusion: Array

    def only(self, which: NDArray[np.bool_]) -> _Samples:
        return _Samples(
            self.at_m[which], self.normal[which], self.region[which], self.piece[which], self.weights[which],
            self.u[which], self.v[which], self.occlusion[which],
        )  # fmt: skip


def coarse_levels(figure: Built, poses: list[Array]) -> tuple[Level, ...]:
    """Return a figure's two coarsest levels, made from its finest.

    Args:
        figure: A person.
        poses: Rotation vectors in which it must look well, each of shape (24, 3).

    Returns:
        From coarse to fine.
    """
    fine = figure.levels[-1]
    samples = _sampled(fine, _groups(figure))
    parts = []
    vertices, triangles, piece_of, samples, hidden = _closed(samples)
    trees = {int(p): _Near(samples.only(samples.piece == p)) for p in np.unique(piece_of)}
    weights = np.zeros((len(vertices), fine.weights.shape[1]))
    region = np.zeros(len(triangles), np.uint8)
    middle = vertices[triangles].mean(1)
    owner = piece_of[triangles[:, 0]]
    for p, near in trees.items():
        weights[piece_of == p] = near.weights(vertices[piece_of == p])
        region[owner == p] = near.region(middle[owner == p])
    posed = [vertices]
    for vectors in poses:
        turn, place = joints_of(figure, vectors, figure.rest_m[1])
        matrix = np.concatenate([turn, (place - np.einsum("jab,jb->ja", turn, figure.rest_m))[:, :, None]], axis=2)
        blended = np.einsum("vj,jab->vab", weights, matrix)
        posed.append(np.einsum("vab,vb->va", blended[:, :, :3], vertices) + blended[:, :, 3])
    matters = np.where(np.isin(region, _FINE), _FINE_WEIGHT, 1.0)
    matters *= 1.0 + (_HEAD_WEIGHT - 1.0) * weights[:, [JOINT["head"], JOINT["neck"]]].sum(1)[triangles].mean(1)
    matters = np.where(hidden[triangles].all(1), _HIDDEN, matters)
    budgets = COARSE_RIDING if _RIDES in trees else COARSE_PERSON
    for points, faces, kept in collapsed(np.array(posed), triangles, region, matters, budgets[::-1]):
        parts.append(_level(points, faces, owner[kept], trees))
    return tuple(parts[::-1])


def _groups(figure: Built) -> tuple[NDArray[np.int64], bool]:
    group = np.full(len(figure.rest_m), _TRUNK)
    group[0] = _RIDES
    for k, side in enumerate(_SIDES):
        group[[JOINT[f"{name}.{side}"] for name in _ARM]] = 1 + k
        group[[JOINT[f"{name}.{side}"] for name in _LEG]] = 3 + k
    return group, bool(_SKIRTS & set(figure.tags))


def _sampled(fine: Level, groups: tuple[NDArray[np.int64], bool]) -> _Samples:
    """Return points all over the surface, evenly spread."""
    group, skirt = groups
    corner = fine.vertices_m[fine.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(normal, axis=1) / 2
    normal = normal / np.maximum(2 * area, 1e-12)[:, None]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(1)
    steps = np.maximum(np.ceil(longest / _SAMPLE_M), 1).astype(np.int64)
    chosen, bary = [], []
    for n in np.unique(steps):
        i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
        up = np.stack([i, j], -1)[i + j < n] + 1 / 3
        down = np.stack([i, j], -1)[i + j < n - 1] + 2 / 3
        spots = np.concatenate([up, down]) / n
        mine = np.flatnonzero(steps == n)
        chosen.append(np.repeat(mine, len(spots)))
        bary.append(np.tile(spots, (len(mine), 1)))
    tri = np.concatenate(chosen)
    b = np.concatenate(bary)
    b = np.column_stack([1 - b.sum(1), b])
    corners = fine.triangles[tri]

    def mixed(values: Array) -> Array:
        result: Array = np.einsum("nk,nk...->n...", b, values[corners])
        return result

    names = {REGIONS.index(a): REGIONS.index(z) for a, z in _BLANDS.items()}
    region = np.array([names.get(k, k) for k in range(len(REGIONS))], np.uint8)[fine.region][tri]
    weights = mixed(fine.weights)
    per_piece = np.zeros((len(tri), _PIECES))
    for joint, part in enumerate(group.tolist()):
        per_piece[:, part] += weights[:, joint]
    piece = per_piece.argmax(1)
    hung = ["upper", "outer", "accessory", "lining"] + (["lower"] if skirt else [])
    piece[np.isin(region, [REGIONS.index(name) for name in hung]) & (piece >= 3) & (piece < _RIDES)] = _TRUNK
    uv = mixed(fine.uv)
    return _Samples(
        mixed(fine.vertices_m), normal[tri], region, piece, weights, uv[:, 0], uv[:, 1], mixed(fine.occlusion)
    )


def _closed(samples: _Samples) -> tuple[Array, Faces, NDArray[np.int64], _Samples, NDArray[np.bool_]]:
    """Return closed surfaces of all pieces, what piece each vertex is of, the outer samples, and hidden vertices."""
    from skimage.measure import marching_cubes

    low = samples.at_m.min(0) - 6 * _CELL_M
    size = np.ceil((samples.at_m.max(0) - low) / _CELL_M).astype(int) + 6
    outer = np.zeros(len(samples.at_m), np.bool_)
    solids = {}
    rides = samples.piece == _RIDES
    for body in (True, False):
        mine = rides != body
        if not mine.any():
            continue
        shell = np.zeros(size, np.bool_)
        shell[tuple(((samples.at_m[mine] - low) / _CELL_M).astype(int).T)] = True
        shell = ndimage.binary_closing(shell, ndimage.generate_binary_structure(3, 1), 2)
        solid = ndimage.binary_fill_holes(shell)
        if not body:
            solid &= ~_thin(samples.only(mine), low, size)
        else:
            solid = np.stack([ndimage.binary_fill_holes(solid[:, :, k]) for k in range(size[2])], axis=2)
        solids[body] = solid
        ahead = samples.at_m[mine] + 1.5 * _CELL_M * samples.normal[mine]
        outer[mine] = ~solid[tuple(((ahead - low) / _CELL_M).astype(int).T)]
    kept = samples.only(outer)
    mine = kept.piece != _RIDES
    label = np.full(size, -1)
    label[tuple(((kept.at_m[mine] - low) / _CELL_M).astype(int).T)] = kept.piece[mine]
    nearest = ndimage.distance_transform_edt(label < 0, return_distances=False, return_indices=True)
    owner = label[tuple(nearest)]
    depth = {body: ndimage.distance_transform_edt(solid) for body, solid in solids.items()}
    vertices, triangles, pieces, hidden = [], [], [], []
    first = 0
    for piece in np.unique(kept.piece):
        if piece == _RIDES:
            filled = ndimage.binary_dilation(solids[False])
        else:
            filled = ndimage.binary_dilation((owner == piece) & solids[True], iterations=_OVERLAP_CELLS) & solids[True]
        parts, _ = ndimage.label(filled, np.ones((3, 3, 3)))
        sizes = np.bincount(parts.ravel())[1:]
        filled = np.isin(parts, 1 + np.flatnonzero(sizes >= (0.05 if piece == _RIDES else 0.2) * sizes.max()))
        if piece != _RIDES:
            filled = ndimage.binary_fill_holes(ndimage.binary_closing(filled, iterations=3))
        soft = ndimage.gaussian_filter(filled.astype(np.float32), 0.9)
        points, faces, _, _ = marching_cubes(soft, 0.5, allow_degenerate=False)
        points, faces = points.astype(float), faces[:, ::-1].astype(np.int64)
        points, faces = _fewer(points, faces, _START[piece])
        deep = ndimage.map_coordinates(depth[piece != _RIDES], points.T, order=1) > 1.6
        vertices.append(low + (points + 0.5) * _CELL_M)
        triangles.append(faces + first)
        pieces.append(np.full(len(points), piece))
        hidden.append(deep)
        first += len(points)
    return (
        np.concatenate(vertices), np.concatenate(triangles), np.concatenate(pieces), kept, np.concatenate(hidden)
    )  # fmt: skip


def _thin(samples: _Samples, low: Array, size: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where there is nothing but spokes."""
    metal = np.zeros(size, np.bool_)
    is_metal = samples.region == REGIONS.index("metal")
    metal[tuple(((samples.at_m[is_metal] - low) / _CELL_M).astype(int).T)] = True
    box = np.ones((3, 3, 3), np.bool_)
    many = ndimage.convolve(metal.astype(np.int16), box.astype(np.int16), mode="constant") >= 13
    return metal & ~ndimage.binary_dilation(many, box)


def _fewer(points: Array, faces: Faces, wanted: int) -> tuple[Array, Faces]:
    import fast_simplification

    if len(faces) <= wanted:
        return points, faces
    fewer, kept = fast_simplification.simplify(
        points.astype(np.float32), faces.astype(np.int32), target_count=wanted, agg=4.0
    )
    return fewer.astype(float), kept.astype(np.int64)


class _Near:
    """Looks up what the fine surface of a piece is like nearby."""

    def __init__(self, samples: _Samples) -> None:
        self.samples = samples
        self.tree = cKDTree(samples.at_m)

    def _around(self, points: Array, count: int) -> NDArray[np.int64]:
        count = min(count, len(self.samples.at_m))
        return np.asarray(self.tree.query(points, count)[1], np.int64).reshape(len(points), count)

    def weights(self, points: Array) -> Array:
        result: Array = self.samples.weights[self._around(points, 24)].mean(1)
        return result

    def occlusion(self, points: Array) -> Array:
        result: Array = self.samples.occlusion[self._around(points, 64)].mean(1)
        return result

    def uv(self, points: Array) -> Array:
        nearest = self._around(points, 1)[:, 0]
        return np.column_stack([self.samples.u[nearest] % 1.0, self.samples.v[nearest]])

    def region(self, points: Array) -> NDArray[np.uint8]:
        found = self.samples.region[self._around(points, 25)]
        votes = np.stack([(found == k).sum(1) for k in range(len(REGIONS))], axis=1)
        return np.asarray(votes.argmax(1), np.uint8)


def _level(points: Array, faces: Faces, piece: NDArray[np.int64], trees: dict[int, _Near]) -> Level:
    """Return a level of detail fitted to the fine surface, with all that it takes over from it."""
    points = points.copy()
    joints = next(iter(trees.values())).samples.weights.shape[1]
    weights, uv, occlusion = np.zeros((len(points), joints)), np.zeros((len(points), 2)), np.zeros(len(points))
    region = np.zeros(len(faces), np.uint8)
    for p, near in trees.items():
        mine = np.unique(faces[piece == p])
        if not len(mine):
            continue
        local = np.searchsorted(mine, faces[piece == p])
        points[mine], votes = _fitted(points[mine], local, near.samples)
        guess = near.region(points[faces[piece == p]].mean(1))
        region[piece == p] = np.where(votes.any(1), votes.argmax(1), guess)
        weights[mine] = near.weights(points[mine])
        uv[mine], occlusion[mine] = near.uv(points[mine]), near.occlusion(points[mine])
    u = uv[:, 0][faces]
    low = (np.ptp(u, axis=1) > 0.5)[:, None] & (u < 0.5)
    doubled = np.unique(faces[low])
    index = np.arange(len(points))
    index[doubled] = len(points) + np.arange(len(doubled))
    faces = np.where(low, index[faces], faces)
    take = np.concatenate([np.arange(len(points)), doubled])
    uv = uv[take]
    uv[len(points) :, 0] += 1.0
    used, back = np.unique(faces, return_inverse=True)
    take = take[used]
    return Level(points[take], back.reshape(-1, 3), weights[take], region, uv[used], occlusion[take])


def _fitted(points: Array, faces: Faces, samples: _Samples, rounds: int = 4) -> tuple[Array, NDArray[np.int64]]:
    """Move vertices so that the surface lies evenly within and without the samples; return the votes on regions."""
    step = max(1, len(samples.at_m) // 3000)
    target, normal, region = samples.at_m[::step], samples.normal[::step], samples.region[::step]
    count = len(points)
    start = points
    a = b = np.zeros(0)
    tri = np.zeros(0, np.int64)
    for _ in range(rounds):
        tri, bary = _closest(points, faces, target, normal)
        rows = np.repeat(np.arange(len(target)), 3)
        matrix = sparse.csr_array((bary.ravel(), (rows, faces[tri].ravel())), shape=(len(target), count))
        per = len(target) / count
        a = matrix.T @ matrix + sparse.diags_array(np.full(count, 0.10 * per))
        b = matrix.T @ target + 0.10 * per * (0.5 * points + 0.5 * start)
        points = np.asarray(sparse.linalg.spsolve(a.tocsc(), b)).reshape(count, 3)
    votes = np.zeros((len(faces), len(REGIONS)), np.int64)
    np.add.at(votes, (tri, region), 1)
    return points, votes


def _closest(points: Array, faces: Faces, target: Array, normal: Array) -> tuple[NDArray[np.int64], Array]:
    """Return, for each target, the nearest triangle that faces the same way, and the nearest place in it."""
    corner = points[faces]
    best = np.full(len(target), np.inf)
    which = np.zeros(len(target), np.int64)
    bary = np.zeros((len(target), 3))
    flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    for t, (p, q, r) in enumerate(corner):
        e0, e1, d = q - p, r - p, target - p
        a, b, c = e0 @ e0, e0 @ e1, e1 @ e1
        det = max(a * c - b * b, 1e-16)
        x, y = d @ e0, d @ e1
        s, w = (c * x - b * y) / det, (a * y - b * x) / det
        inside = (s >= 0) & (w >= 0) & (s + w <= 1)
        one, two = np.clip(x / max(a, 1e-12), 0, 1), np.clip(y / max(c, 1e-12), 0, 1)
        e2 = r - q
        three = np.clip((target - q) @ e2 / max(e2 @ e2, 1e-12), 0, 1)
        options = np.stack(
            [
                np.stack([np.where(inside, s, -9.0), np.where(inside, w, -9.0)], 1),
                np.stack([one, 0 * one], 1),
                np.stack([0 * two, two], 1),
                np.stack([1 - three, three], 1),
            ]
        )
        gap = d[None] - options[:, :, :1] * e0 - options[:, :, 1:] * e1
        far = (gap**2).sum(2)
        k = far.argmin(0)
        n = np.arange(len(target))
        cost = far[k, n] + 0.0025 * np.maximum(0.3 - normal @ flat[t], 0)
        better = cost < best
        best[better], which[better] = cost[better], t
        spot = options[k, n][better]
        bary[better] = np.column_stack([1 - spot.sum(1), spot])
    return which, bary
