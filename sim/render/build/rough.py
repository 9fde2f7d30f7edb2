"""The coarsest levels of bags and things, which are put together from many small parts.

Every part has a ladder of stand-ins, from none over a box or a three-sided bar to its own surface with fewer triangles.
What a triangle brings is measured in pictures of the whole thing from all around, and the most useful ones are bought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.pack import Level, level_of, lit_by_the_sky
from sim.render.build.surface import Surface, compact, simplified
from sim.render.build.view import camera_axes, depth_picture

__all__ = ["rough_levels"]

Array = NDArray[np.float64]
_VIEWS: Final = tuple((h, e) for e, h0 in ((0.2, 0.1), (0.6, 0.5), (1.2, 0.9)) for h in h0 + np.pi / 2 * np.arange(4))
"""Headings and elevations from which stand-ins are judged."""
_PIXELS: Final = 64.0
"""How tall the thing is in the pictures, or 0.8 m if it is lower: about as it is where these levels are used."""
_LOW_M: Final = 0.8
_OUTLINE, _REGION, _SHADE = 1.0, 0.45, 0.25
"""What a wrong pixel costs: at the outline, of the wrong region, of the wrong slant (times its error, 0 to 2)."""
_FREE: Final = 0.1
"""Price of an exchange that costs no triangles."""
_QUADRIC: Final = (8, 12, 16, 20, 28, 40, 56, 80, 120, 180)
_RINGS: Final = (2, 3, 4, 5, 7, 9)
_COLUMNS: Final = (4, 5, 6, 8, 10, 12)
_BAR: Final = np.pi * 2 / (3 * np.sqrt(3.0))
"""Radius of a three-sided bar that looks on average as wide as a round one of radius 1."""


@dataclass(frozen=True, slots=True, eq=False)
class _StandIn:
    """A part's surface with few triangles, and what is seen of it from everywhere: depth and slant, shape (n, h, w)."""

    surface: Surface
    depth: NDArray[np.float32]
    slant: NDArray[np.float32]


def rough_levels(surfaces: list[Surface], budgets: tuple[int, ...], tolerances: tuple[float, ...]) -> tuple[Level, ...]:
    """Return a thing at levels of few triangles, coarse to fine.

    Args:
        surfaces: Its parts.
        budgets: Triangles, ascending; a level has at most so many.
        tolerances: Share of pixels that may be wrong; as soon as no more are, no more triangles are bought.
    """
    lit = lit_by_the_sky(surfaces)
    frames = _frames(lit)
    region = np.array([int(s.region[0]) for s in lit])
    whole = [_seen(s, frames) for s in lit]
    nothing = np.full_like(whole[0].depth, np.inf)
    goal = _together([w.depth for w in whole], [w.slant for w in whole], region)
    ladders = [[_seen(c, frames) for c in _candidates(s, budgets[-1])] for s in lit]
    bought: list[_StandIn | None] = [None] * len(lit)
    found = []
    seen = int((goal[2] >= 0).sum())
    for budget, tolerance in zip(budgets, tolerances, strict=True):
        left = budget - sum(len(b.surface.triangles) for b in bought if b is not None)
        stale = np.full(len(lit), np.inf)
        while True:
            depths = [nothing if b is None else b.depth for b in bought]
            slants = [nothing if b is None else b.slant for b in bought]
            now = _error(goal, _together(depths, slants, region))
            if now < tolerance * seen:
                break
            offers: dict[int, _StandIn] = {}
            while True:  # what a part brings seldom grows: only the most promising ones are asked again
                k = int(stale.argmax())
                if k in offers or stale[k] <= 0:
                    break
                others = _together(depths[:k] + depths[k + 1 :], slants[:k] + slants[k + 1 :], np.delete(region, k))
                old = bought[k]
                spent = 0 if old is None else len(old.surface.triangles)
                stale[k] = 0.0
                for one in ladders[k]:
                    price = len(one.surface.triangles) - spent
                    if one is not old and price <= left:
                        gain = (now - _error(goal, _before(one, int(region[k]), others))) / max(price, _FREE)
                        if gain > stale[k]:
                            stale[k], offers[k] = gain, one
            if k not in offers:
                break
            old, bought[k] = bought[k], offers[k]
            left -= len(offers[k].surface.triangles) - (0 if old is None else len(old.surface.triangles))
            stale[k] = np.inf
        found.append(level_of([b.surface for b in bought if b is not None]))
    return tuple(found)


def _candidates(part: Surface, most: int) -> list[Surface]:
    """Return stand-ins of a part, each with at most so many triangles."""
    if len(part.triangles) <= 12:
        return [part]
    made = [_box(part)]
    if part.around:
        rings = len(part.vertices_m) // part.around
        made += [_bar(part, n) for n in _RINGS if n <= rings]
        made += [_thinned(part, n, k) for n in _RINGS[1:] if n <= rings for k in _COLUMNS if k <= part.around]
    else:
        made += [_as_large(simplified(part, n), part) for n in _QUADRIC if n < 0.97 * len(part.triangles)]
    return [c for c in [*made, part] if len(c.triangles) <= most]


def _box(part: Surface) -> Surface:
    """Return the least upright box around a part, somewhat smaller so that it looks as large."""
    best, turn = np.inf, np.eye(3)
    for yaw in np.radians(np.arange(0, 90, 3)):
        axes = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
        plan = float(np.prod(np.ptp(part.vertices_m @ axes, axis=0)[:2]))
        if plan < best - 1e-9:
            best, turn = plan, axes
    along = part.vertices_m @ turn
    low, high = along.min(0), along.max(0)
    unit = np.array([[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)], float)
    corner = (low + high) / 2 + (unit - 0.5) * (high - low) * 0.97
    sides = np.array(((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)))
    first = 4 * np.arange(6)[:, None]
    faces = np.concatenate([first + np.array(c) for c in ((0, 1, 2), (0, 2, 3))])
    return _dressed(part, corner[sides.ravel()] @ turn.T, faces)


def _bar(part: Surface, count: int) -> Surface:
    """Return a tube with three sides and so many rings."""
    rings = part.vertices_m.reshape(-1, part.around, 3)
    kept = np.round(np.linspace(0, len(rings) - 1, count)).astype(int)
    middle = rings[kept].mean(1, keepdims=True)
    at = np.arange(3) * part.around / 3
    low, share = at.astype(int), (at % 1.0)[:, None]
    out = (1 - share) * rings[kept][:, low] + share * rings[kept][:, (low + 1) % part.around] - middle
    radius = np.linalg.norm(rings[kept] - middle, axis=2).mean(1)[:, None, None]
    points = middle + out / np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-12) * radius * _BAR
    index = np.arange(3 * count).reshape(count, 3)
    a, b = index[:-1].ravel(), np.roll(index, -1, axis=1)[:-1].ravel()
    c, d = index[1:].ravel(), np.roll(index, -1, axis=1)[1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    flat = points.reshape(-1, 3)
    corner = flat[faces] - np.repeat(middle, 3, axis=1).reshape(-1, 3)[faces[:, 0]][:, None]
    if (
        float(np.einsum("ij,ij->i", corner.mean(1), np.cross(*np.diff(flat[faces], axis=1).transpose(1, 0, 2))).sum())
        < 0
    ):
        faces = faces[:, ::-1]
    return _dressed(part, flat, faces)


def _thinned(part: Surface, rings: int, columns: int) -> Surface:
    """Return a grid with fewer rings and fewer points in each."""
    grid = np.arange(len(part.vertices_m)).reshape(-1, part.around)
    kept = grid[np.round(np.linspace(0, len(grid) - 1, rings)).astype(int)]
    kept = kept[:, np.round((np.arange(columns) + 0.5) * part.around / columns).astype(int) % part.around]
    a, b = kept[:-1].ravel(), np.roll(kept, -1, axis=1)[:-1].ravel()
    c, d = kept[1:].ravel(), np.roll(kept, -1, axis=1)[1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    corner = part.vertices_m[faces]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    faces = faces[area > 1e-8]
    if _volume(part.vertices_m, faces) * _volume(part.vertices_m, part.triangles) < 0:
        faces = faces[:, ::-1]
    points, faces, (weights, uv), _ = compact(part.vertices_m, faces, part.weights, part.uv)
    region = np.repeat(part.region[:1], len(faces))
    thin = replace(part, vertices_m=points, triangles=faces, weights=weights, uv=uv, region=region, around=0)
    return _as_large(thin, part)


def _as_large(less: Surface, part: Surface) -> Surface:
    """Return a stand-in blown up to the volume of its part, if it has lost some and both enclose any."""
    share = _volume(less.vertices_m, less.triangles) / (_volume(part.vertices_m, part.triangles) or np.inf)
    if not 0.4 < share < 1.0:
        return less
    middle = (part.vertices_m.min(0) + part.vertices_m.max(0)) / 2
    return replace(less, vertices_m=middle + (less.vertices_m - middle) * share ** (-1 / 3))


def _volume(points: Array, faces: NDArray[np.int64]) -> float:
    corner = points[faces] - points.mean(0)
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2]))) / 6


def _dressed(part: Surface, points: Array, faces: NDArray[np.int64]) -> Surface:
    """Return points and triangles with the part's coordinates of the nearest vertices."""
    near = ((points[:, None] - part.vertices_m[None]) ** 2).sum(2).argmin(1)
    region = np.repeat(part.region[:1], len(faces))
    return replace(
        part, vertices_m=points, triangles=faces, weights=part.weights[near], uv=part.uv[near], region=region, around=0
    )


def _frames(parts: list[Surface]) -> list[tuple[Array, Array, float, tuple[int, int]]]:
    """Return the pictures: axes, corner, metres a pixel, rows and columns."""
    points = np.concatenate([p.vertices_m for p in parts])
    pixel = max(float(np.ptp(points[:, 2])), _LOW_M) / _PIXELS
    side = int(np.ceil(np.linalg.norm(np.ptp(points, axis=0)) / pixel)) + 4
    frames = []
    for heading, elevation in _VIEWS:
        axes = camera_axes(float(heading), elevation)
        seen = (points @ axes.T)[:, :2]
        frames.append((axes, (seen.min(0) + seen.max(0)) / 2 - side * pixel / 2, pixel, (side, side)))
    return frames


def _seen(part: Surface, frames: list[tuple[Array, Array, float, tuple[int, int]]]) -> _StandIn:
    depths, slants = [], []
    corner = part.vertices_m[part.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    light = normal @ np.array([0.45, 0.35, 0.82])
    for axes, low, pixel, shape in frames:
        points = part.vertices_m @ axes.T
        points[:, :2] = (points[:, :2] - low) / pixel
        depth, face = np.full(shape, np.inf), np.full(shape, -1, np.int64)
        facing = np.flatnonzero(normal @ axes[2] < 0)
        depth_picture(points, part.triangles[facing], depth, face)
        depths.append(depth)
        slants.append(np.where(face >= 0, light[facing][face] if len(facing) else 0.0, np.inf))
    return _StandIn(part, np.array(depths, np.float32), np.array(slants, np.float32))


Picture = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]


def _together(
    depths: list[NDArray[np.float32]], slants: list[NDArray[np.float32]], region: NDArray[np.int64]
) -> Picture:
    """Return depth, slant and region (-1: nothing) of all parts together."""
    if not depths:
        raise ValueError("a thing has parts")
    depth, slant = depths[0].copy(), slants[0].copy()
    label = np.where(np.isfinite(depth), region[0], -1)
    for d, s, r in zip(depths[1:], slants[1:], region[1:], strict=True):
        nearer = d < depth
        depth[nearer], slant[nearer], label[nearer] = d[nearer], s[nearer], r
    return depth, slant, label


def _before(one: _StandIn, region: int, others: Picture) -> Picture:
    nearer = one.depth < others[0]
    return (
        np.where(nearer, one.depth, others[0]),
        np.where(nearer, one.slant, others[1]),
        np.where(nearer, region, others[2]),
    )


def _error(goal: Picture, got: Picture) -> float:
    """Return how far one picture is from another, in wrong pixels."""
    here, there = goal[2] >= 0, got[2] >= 0
    both = here & there
    slant = np.abs(goal[1][both] - got[1][both]).sum()
    return float(
        _OUTLINE * (here != there).sum() + _REGION * (goal[2] != got[2])[both].sum() + _SHADE * slant
    )  # fmt: skip
