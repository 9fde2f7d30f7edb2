"""Faces' dark parts, hair, hats, hoods and scarves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.render.build.bodies import BodyShape
from sim.render.build.drape import clipped, folds, ramp, ring_surface
from sim.render.build.rig import JOINT
from sim.render.build.surface import Surface, compact, normals_of, region_of, smoothed
from sim.render.library import JOINT_NAMES, REGIONS

__all__ = ["Hatter"]

Array = NDArray[np.float64]


class Hatter:
    """Puts on a head what belongs there.

    Args:
        body: At rest.
        rng: Draws locks and folds.
        under_m: How thick the clothes on the shoulders are.
    """

    def __init__(self, body: BodyShape, rng: np.random.Generator, under_m: float = 0.0) -> None:
        self.body, self.rng, self.under_m = body, rng, under_m
        points, faces, (weights,), _ = compact(body.vertices_m, body.groups["body"], body.weights)
        head = weights[:, JOINT["head"]]
        corner = head[faces].min(1) > 0.35
        self.points, self.faces, (self.weights,), _ = compact(points, faces[corner], weights)
        eyes = np.unique(np.concatenate([body.groups["helper-l-eye"], body.groups["helper-r-eye"]]))
        eye = body.vertices_m[eyes]
        self.eye = np.array([float(eye[:, 0].max()), float(np.abs(eye[:, 1]).mean()), float(eye[:, 2].mean())])
        self.crown = float(self.points[:, 2].max())
        self.tall = (self.crown - self.eye[2]) * 2.0  # chin to crown: the eyes are half-way
        skull = self.points[self.points[:, 2] > self.eye[2] + 0.15 * self.tall]
        self.back_x, self.front_x = float(skull[:, 0].min()), float(skull[:, 0].max())
        self.middle = np.array([(self.back_x + self.front_x) / 2, 0.0])
        self.half = (self.front_x - self.back_x) / 2
        band = self.points[np.abs(self.points[:, 2] - self.eye[2] - 0.2 * self.tall) < 0.03]
        self.wide = float(np.abs(band[:, 1]).max())

    def face(self, skin: Surface) -> list[Surface]:
        """Return the skin with brows and lips marked, and the eyes."""
        middle = skin.vertices_m[skin.triangles].mean(1)
        normal = normals_of(skin.vertices_m, skin.triangles)[skin.triangles].mean(1)
        side, up = np.abs(middle[:, 1]), (middle[:, 2] - self.eye[2]) / self.tall
        front = (middle[:, 0] > self.eye[0] - 0.045 * self.tall / 0.22) & (normal[:, 0] > 0.1)
        across = side / self.eye[1]
        arch = 0.085 + 0.02 * np.cos((across - 1.1) * 2.2)
        region = skin.region.copy()
        region[front & (across > 0.35) & (across < 1.75) & (np.abs(up - arch) < 0.020)] = REGIONS.index("brow")
        region[front & (side < 0.11 * self.tall) & (np.abs(up + 0.315) < 0.022)] = REGIONS.index("lips")
        faces = np.concatenate([self.body.groups["helper-l-eye"], self.body.groups["helper-r-eye"]])
        points, local, (weights,), _ = compact(self.body.vertices_m, faces, self.body.weights)
        uv = np.full((len(points), 2), 0.5)
        eyes = Surface(points, local, weights, uv, region_of("eye", len(local)), 0.25)
        return [replace(skin, region=region), eyes]

    def sunk(self, skin: Surface) -> Surface:
        """Return the skin with the scalp drawn in under the hair, so that coarse levels of detail do not show it."""
        points = skin.vertices_m.copy()
        up = (points[:, 2] - self.eye[2]) / self.tall
        fore = (points[:, 0] - self.middle[0]) / self.half
        line = -0.10 + 0.20 * ramp(fore, -0.35, 0.15) + 0.23 * ramp(fore, 0.35, 0.9)
        head = skin.weights[:, JOINT["head"]] * (np.abs(points[:, 1]) < 1.1 * self.wide)
        centre = np.array([self.middle[0], 0.0, self.eye[2]])
        away = points - centre
        deep = 0.016 * self.tall / 0.225 * ramp(up - line, 0.02, 0.14) * ramp(head, 0.3, 0.7)
        points -= away / np.maximum(np.linalg.norm(away, axis=1), 1e-6)[:, None] * deep[:, None]
        return replace(skin, vertices_m=points)

    def _scalp(self, above: float, temple: float, front: float, most: float) -> tuple[Array, NDArray[np.int64], Array]:
        """Return the scalp above a hairline and below ``most``.

        Heights are above the eyes, in heads: behind, beside and in front.
        """
        up = (self.points[:, 2] - self.eye[2]) / self.tall
        fore = (self.points[:, 0] - self.middle[0]) / self.half
        line = above + (temple - above) * ramp(fore, -0.35, 0.15) + (front - temple) * ramp(fore, 0.35, 0.9)
        inside = np.abs(self.points[:, 1]) > 1.12 * self.wide  # ears
        field = np.where(inside, -0.05, np.minimum(up - line, most - up - 0.15 * np.maximum(0, fore)))
        return clipped(self.points, self.faces, self.weights, smoothed(field[:, None], self.faces, 1)[:, 0])

    def _over(
        self,
        region: str,
        line: tuple[float, float, float],
        thick_m: tuple[float, float],
        rough_m: float,
        rounds: int,
        most: float = 9.0,
    ) -> Surface:
        """Return a layer over the scalp: its hairline, thickness at the rim and at the crown, roughness."""
        points, faces, weights = self._scalp(*line, most)
        soft = smoothed(points, faces, rounds)
        up = ramp((soft[:, 2] - self.eye[2]) / self.tall, line[0], 0.42)
        normal = normals_of(soft, faces)
        turn = (np.arctan2(soft[:, 1], -(soft[:, 0] - self.middle[0])) / (2 * np.pi)) % 1.0
        rough = folds(turn, soft[:, 2], self.rng, (3, 11), (0.03, 0.2))
        scale = self.tall / 0.225
        deep = (thick_m[0] + (thick_m[1] - thick_m[0]) * up) * scale + rough_m * scale * rough
        lost = np.linalg.norm(points - soft, axis=1) if rounds > 3 else 0.0
        points = soft + normal * (deep + lost)[:, None]
        uv = np.column_stack([turn, np.clip((self.crown - points[:, 2]) / self.tall, 0, 3)])
        return Surface(points, faces, weights, uv, region_of(region, len(faces)), 1.8)

    def _hanging(
        self,
        region: str,
        start: float,
        end_z: float,
        open_turn: float,
        out_m: float,
        spread: float,
        rough_m: float,
        chest: float,
    ) -> Surface:
        """Return a curtain around the back of the head.

        Args:
            region: Of ``REGIONS``.
            start: Where it begins, heads above the eyes.
            end_z: Where it ends.
            open_turn: Half the opening in front, in turns.
            out_m: Distance from the head.
            spread: How much wider it gets below the ears, metres a metre.
            rough_m: Depth of locks or folds.
            chest: How much its lower end follows the trunk.
        """
        top = self.eye[2] + start * self.tall
        rows, columns = max(8, int((top - end_z) / 0.018)), 40
        turn = np.linspace(-0.5 + open_turn, 0.5 - open_turn, columns)
        z = np.linspace(top, end_z, rows)
        trunk = self.body.vertices_m[np.unique(self.body.groups["helper-tights"])]
        trunk = trunk[np.abs(trunk[:, 1]) < 0.125 * self.tall / 0.225]
        grid = np.zeros((rows, columns, 3))
        lock = folds(np.tile(turn, rows), np.repeat(z, columns) * 0.3, self.rng, (5, 14), (0.5, 1.5)).reshape(
            rows, columns
        )
        reach = np.zeros(columns)
        for i, height in enumerate(z):
            near = np.concatenate([self.points, trunk])
            near = near[np.abs(near[:, 2] - height) < 0.015][:, :2] - self.middle
            dirs = np.stack([-np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], 1)
            here = np.zeros(columns)
            if len(near):
                angle = np.arctan2(near[:, 1], -near[:, 0]) / (2 * np.pi)
                for k in range(columns):
                    close = np.abs(((angle - turn[k] + 0.5) % 1.0) - 0.5) < 0.03
                    here[k] = (near[close] @ dirs[k]).max() if close.any() else 0.0
            limit = 0.16 * self.tall / 0.225
            back = 0.22 - 0.35 * (height < self.eye[2] - 0.3 * self.tall)
            step = z[max(i - 1, 0)] - height
            reach = (
                np.maximum(np.minimum(here, limit), reach - back * step * (1 - spread))
                if i
                else np.minimum(here, limit)
            )
            tip = ramp(np.abs(turn), 0.5 - open_turn, 0.5 - open_turn - 0.06)
            thick = self.under_m * float(ramp(height, self.eye[2] - 0.5 * self.tall, self.eye[2] - 0.8 * self.tall))
            radius = smoothed_row(reach) + thick + (out_m + rough_m * lock[i]) * (0.25 + 0.75 * tip)
            grid[i] = np.column_stack([self.middle + dirs * radius[:, None], np.full(columns, height)])
        points = grid.reshape(-1, 3)
        weights = np.zeros((len(points), len(JOINT_NAMES)))
        low = ramp(points[:, 2], self.eye[2] - 0.42 * self.tall, self.eye[2] - 1.1 * self.tall) * chest
        weights[:, JOINT["head"]] = 1 - low
        weights[:, JOINT["neck"]], weights[:, JOINT["chest"]] = 0.4 * low, 0.6 * low
        outer = ring_surface(grid, closed=False)
        faces = np.concatenate([outer, outer[:, ::-1] + len(points)])
        inner = points - np.column_stack([(points[:, :2] - self.middle) * 0.06, np.zeros(len(points))])
        uv = np.column_stack([np.tile((turn + 1) % 1.0, rows), np.repeat(np.linspace(0.2, 1.5, rows), columns)])
        return Surface(
            np.concatenate([points, inner]),
            faces,
            np.concatenate([weights, weights]),
            np.concatenate([uv, uv]),
            region_of(region, len(faces)),
            0.8,
        )

    def _ball(self, centre: Array, radius: tuple[float, float, float], region: str, joint: str = "head") -> Surface:
        """Return an ellipsoid."""
        rows, columns = 9, 14
        up = np.linspace(np.pi / 2, -np.pi / 2, rows)
        turn = np.arange(columns) / columns
        ring = np.cos(up)[:, None]
        grid = np.stack(
            [-ring * np.cos(2 * np.pi * turn), ring * np.sin(2 * np.pi * turn), np.sin(up)[:, None] + 0 * turn], axis=2
        )
        points = (centre + grid * np.array(radius)).reshape(-1, 3)
        weights = np.zeros((len(points), len(JOINT_NAMES)))
        weights[:, JOINT[joint]] = 1.0
        faces = ring_surface(grid, closed=True)
        uv = np.column_stack([np.tile(turn, rows), np.repeat(np.linspace(0, 1, rows), columns)])
        return Surface(points, faces, weights, uv, region_of(region, len(faces)), 0.4)

    def hair(self, style: str) -> list[Surface]:
        """Return hair: bald, shaved, short, full, bob, long, bun, ponytail, round."""
        normal_line = (-0.10, 0.10, 0.33)
        size = self.tall / 0.225
        if style == "bald":
            return [self._over("hair", (-0.12, 0.06, 0.6), (0.006, 0.008), 0.001, 2, 0.24)]
        if style == "shaved":
            return [self._over("hair", normal_line, (0.003, 0.004), 0.0008, 1)]
        if style == "short":
            return [self._over("hair", normal_line, (0.006, 0.018), 0.003, 2)]
        if style == "full":
            return [self._over("hair", (-0.16, 0.02, 0.31), (0.016, 0.032), 0.005, 4)]
        if style == "round":
            return [self._over("hair", (-0.20, -0.02, 0.31), (0.040, 0.065), 0.005, 8)]
        cap = self._over("hair", (-0.12, 0.04, 0.31), (0.010, 0.018), 0.002, 3)
        if style == "bob":
            end = self.eye[2] - 0.50 * self.tall
            return [cap, self._hanging("hair", 0.22, end, 0.20, 0.018 * size, 0.6, 0.004, 0.15)]
        if style == "long":
            end = self.eye[2] - 1.25 * self.tall
            return [cap, self._hanging("hair", 0.24, end, 0.22, 0.017 * size, 0.7, 0.005, 1.0)]
        knot = np.array([self.back_x - 0.018 * size, 0.0, self.eye[2] + 0.16 * self.tall])
        if style == "bun":
            return [cap, self._ball(knot, (0.036 * size, 0.042 * size, 0.040 * size), "hair")]
        tail = self._ball(knot - [0.004 * size, 0, 0.09 * size], (0.026 * size, 0.030 * size, 0.12 * size), "hair")
        return [cap, tail]

    def hat(self, kind: str) -> list[Surface]:
        """Return a cap, beanie, hood, scarf (around the head) or brimmed hat."""
        size = self.tall / 0.225
        if kind == "cap":
            crown = self._over("hat", (0.16, 0.20, 0.30), (0.016, 0.026), 0.0, 8)
            return [crown, self._brim(0.5, 0.21, 0.085 * size, 0.235)]
        if kind == "hat":
            crown = self._over("hat", (0.20, 0.20, 0.28), (0.020, 0.045), 0.0, 8)
            return [crown, self._brim(0.5, 0.5, 0.065 * size, 0.22)]
        if kind == "beanie":
            return [self._over("hat", (0.02, 0.12, 0.24), (0.020, 0.038), 0.0015, 6)]
        if kind == "hood":
            over = self._over("outer", (-0.25, 0.0, 0.36), (0.030, 0.040), 0.003, 6)
            end = self.eye[2] - 0.75 * self.tall
            return [over, self._hanging("outer", 0.20, end, 0.135, 0.032 * size, 0.6, 0.004, 0.8)]
        over = self._over("hat", (-0.20, -0.02, 0.27), (0.014, 0.020), 0.002, 6)
        end = self.eye[2] - 1.02 * self.tall
        under = self._hanging("hat", -0.46, end, 0.0, 0.020 * size, 0.3, 0.006, 1.0)
        return [over, self._hanging("hat", 0.20, end, 0.145, 0.016 * size, 0.5, 0.004, 1.0), under]

    def _brim(self, middle: float, half: float, out_m: float, up: float) -> Surface:
        """Return a flat rim around part of the head."""
        columns = 28
        turn = np.linspace(middle - half, middle + half, columns)
        base = np.column_stack(
            [
                self.middle[0] - (self.half + 0.012) * np.cos(2 * np.pi * turn),
                (self.wide + 0.012) * np.sin(2 * np.pi * turn),
            ]
        )
        fade = np.sqrt(np.clip(1 - ((turn - middle) / half) ** 2, 0, 1)) if half < 0.5 else np.ones(columns)
        z = self.eye[2] + up * self.tall
        rows = [
            base * 0.98,
            base + (base - self.middle) * (out_m * fade / np.linalg.norm(base - self.middle, axis=1))[:, None],
        ]
        grid = np.stack(
            [np.column_stack([r, np.full(columns, z - 0.25 * out_m * k * 0.9)]) for k, r in enumerate(rows)]
        )
        under = grid - np.array([0, 0, 0.008])
        points = np.concatenate([grid.reshape(-1, 3), under.reshape(-1, 3)])
        faces = ring_surface(grid, closed=False)
        if normals_of(grid.reshape(-1, 3), faces)[:, 2].mean() < 0:
            faces = faces[:, ::-1]
        faces = np.concatenate([faces, faces[:, ::-1] + grid.shape[0] * columns])
        weights = np.zeros((len(points), len(JOINT_NAMES)))
        weights[:, JOINT["head"]] = 1.0
        return Surface(points, faces, weights, np.full((len(points), 2), 0.5), region_of("hat", len(faces)), 0.6)


def smoothed_row(values: Array) -> Array:
    """Return values averaged with their neighbours."""
    padded = np.pad(values, 2, mode="edge")
    result: Array = np.convolve(padded, np.ones(5) / 5, mode="valid")
    return result
