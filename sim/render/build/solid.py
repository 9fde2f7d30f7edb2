"""Solids from which things are put together: boxes, tubes, wheels, lathed and swept shapes, sheets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.render.build.surface import Surface, normals_of, region_of

__all__ = ["Workshop"]

Array = NDArray[np.float64]
Triple = tuple[float, float, float]


class Workshop:
    """Collects the surfaces of one thing, all on joint 0."""

    def __init__(self, joints: int = 1) -> None:
        self.joints = joints
        self.surfaces: list[Surface] = []

    def add(self, points: Array, faces: NDArray[np.int64], uv: Array, region: str, share: float = 1.0) -> None:
        """Add a surface; it is turned inside out if it encloses less than nothing."""
        corner = points[faces] - points.mean(0)
        if float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum()) < 0:
            faces = faces[:, ::-1]
        weights = np.zeros((len(points), self.joints))
        weights[:, 0] = 1.0
        self.surfaces.append(Surface(points, faces, weights, uv, region_of(region, len(faces)), share, bears=True))

    def grid(self, points: Array, region: str, closed: bool = True, share: float = 1.0, twice: bool = False) -> None:
        """Add a grid of points; its outside is seen when rows go down and columns go from behind by the left.

        Args:
            points: Shape (rows, columns, 3).
            region: Of ``REGIONS``.
            closed: Whether the last column meets the first.
            share: Triangles it deserves.
            twice: Whether it is seen from both sides.
        """
        rows, columns = points.shape[:2]
        index = np.arange(rows * columns).reshape(rows, columns)
        last = columns if closed else columns - 1
        k = np.arange(last)
        a, b = index[:-1, k].ravel(), index[:-1, (k + 1) % columns].ravel()
        c, d = index[1:, k].ravel(), index[1:, (k + 1) % columns].ravel()
        faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
        u = np.arange(columns) / (columns if closed else max(columns - 1, 1))
        uv = np.column_stack([np.tile(u, rows), np.repeat(np.linspace(0, 1, rows), columns)])
        flat = points.reshape(-1, 3)
        self.add(flat, faces, uv, region, share)
        self.surfaces[-1] = replace(self.surfaces[-1], around=columns if closed else 0)
        if twice:
            last_one = self.surfaces[-1]
            inward = last_one.vertices_m - 0.005 * normals_of(last_one.vertices_m, last_one.triangles)
            self.surfaces.append(replace(last_one, vertices_m=inward, triangles=last_one.triangles[:, ::-1]))

    def lathe(
        self,
        profile: list[tuple[float, float]],
        region: str,
        at: Triple = (0, 0, 0),
        columns: int = 24,
        twice: bool = False,
    ) -> None:
        """Add a body of revolution: (radius, height) from the top down, around a vertical axis."""
        turn = 2 * np.pi * np.arange(columns) / columns
        rows = [np.column_stack([-r * np.cos(turn), r * np.sin(turn), np.full(columns, z)]) for r, z in profile]
        self.grid(np.array(rows) + np.array(at), region, twice=twice)

    def pillow(
        self, size: Triple, at: Triple, region: str, square: float = 0.25, sag: float = 0.0, taper: float = 0.0,
        rough: float = 0.0, tilt_rad: float = 0.0, rows: int = 15, columns: int = 32,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        """Add a soft box (superellipsoid).

        Args:
            size: Full length (x), width (y) and height.
            at: Its middle.
            region: Of ``REGIONS``.
            square: 0.1 a box with rounded edges, 1 an ellipsoid.
            sag: How much wider it is below.
            taper: How much narrower above.
            rough: Depth of dents, metres.
            tilt_rad: Leaning backward.
            rows: Of the grid.
            columns: Of the grid.
            rng: Draws the dents.
        """
        up = np.linspace(np.pi / 2, -np.pi / 2, rows)
        turn = 2 * np.pi * np.arange(columns) / columns

        def power(x: Array) -> Array:
            result: Array = np.sign(x) * np.abs(x) ** square
            return result

        ring = np.abs(np.cos(up))[:, None] ** square
        x = -ring * power(np.cos(turn))[None]
        y = ring * power(np.sin(turn))[None]
        z = power(np.sin(up))[:, None] + 0 * x
        wide = 1.0 + sag * np.clip(-z, 0, 1) - taper * np.clip((z + 1) / 2, 0, 1)
        grid = np.stack([x * wide * size[0] / 2, y * wide * size[1] / 2, z * size[2] / 2], axis=2)
        if rough and rng is not None:
            field = np.zeros_like(x)
            for _ in range(9):
                n, m, p = int(rng.integers(1, 8)), float(rng.uniform(1, 5)), rng.random(2)
                field += np.sin(n * turn + 2 * np.pi * p[0])[None] * np.sin(m * up + 2 * np.pi * p[1])[:, None]
            grid *= (1 + rough * field / 3 / max(size))[:, :, None]
        c, s = np.cos(tilt_rad), np.sin(tilt_rad)
        grid = np.stack(
            [grid[..., 0] * c - grid[..., 2] * s, grid[..., 1], grid[..., 0] * s + grid[..., 2] * c], axis=2
        )
        self.grid(grid + np.array(at), region)

    def box(self, size: Triple, at: Triple, region: str, yaw_rad: float = 0.0) -> None:
        """Add a box with hardly rounded edges; ``at`` is its middle."""
        x, y, z = (s / 2 for s in size)
        corner = np.array([[i, j, k] for k in (-z, z) for j in (-y, y) for i in (-x, x)])
        c, s = np.cos(yaw_rad), np.sin(yaw_rad)
        corner = corner @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + np.array(at)
        sides = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
        points = corner[np.array(sides).ravel()]
        first = 4 * np.arange(6)[:, None]
        faces = np.concatenate([first + np.array(corners) for corners in ((0, 1, 2), (0, 2, 3))])
        uv = np.tile([[0.0, 1], [0, 0], [1, 0], [1, 1]], (6, 1)) * 0.24 + np.repeat(np.arange(6) / 6, 4)[:, None] * [
            1,
            0,
        ]
        self.add(points, faces, uv, region, 0.3)

    def tube(self, path: list[Triple], radius_m: float, region: str, sides: int = 8) -> None:
        """Add a round bar along a line of points."""
        line = np.array(path, float)
        ways = np.gradient(line, axis=0)
        turn = 2 * np.pi * np.arange(sides) / sides
        rows = []
        for point, way in zip(line, ways, strict=True):
            along = way / np.linalg.norm(way)
            side = np.cross(along, [0, 0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0, 0])
            side /= np.linalg.norm(side)
            other = np.cross(along, side)
            rows.append(point + radius_m * (np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other))
        self.grid(np.array(rows), region, share=0.5)

    def wheel(
        self, at: Triple, radius_m: float, width_m: float, spokes: int, rim: str = "metal", camber_rad: float = 0.0
    ) -> None:
        """Add a wheel that turns about y: a tyre, a rim and spokes (none: a disc)."""
        around = 2 * np.pi * np.arange(33) / 32
        tilt = np.array(
            [[1, 0, 0], [0, np.cos(camber_rad), -np.sin(camber_rad)], [0, np.sin(camber_rad), np.cos(camber_rad)]]
        )
        middle = np.array(at)
        circle = np.column_stack([np.cos(around), 0 * around, np.sin(around)])
        for radius, thick, region in (
            (radius_m - width_m / 2, width_m / 2, "rubber"),
            (radius_m - 1.25 * width_m, width_m / 4, rim),
        ):
            self.tube([tuple(p) for p in (circle * radius) @ tilt.T + middle], thick, region, 6)
        if spokes:
            for k in range(spokes):
                way = np.array([np.cos(2 * np.pi * k / spokes), 0.0, np.sin(2 * np.pi * k / spokes)]) @ tilt.T
                self.tube([tuple(middle), tuple(middle + way * (radius_m - width_m))], 0.0035, rim, 4)
        else:
            for sign in (1.0, -1.0):
                hub = np.stack([circle[:-1] * r for r in (0.01, radius_m - width_m)])
                hub = hub + np.array([0, sign * width_m * 0.3, 0])
                self.grid((hub if sign < 0 else hub[:, ::-1]) @ tilt.T + middle, rim)
        axle = np.array([0, 0.03, 0])
        self.tube([tuple(middle - axle), tuple(middle + axle)], 0.02, rim, 8)
