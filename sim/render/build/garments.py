"""Clothes on a body at rest: shirts, jackets, trousers, skirts, coats, shoes, collars.

Close garments are the base mesh's helper surface "tights", loosened; skirts and coat tails are tubes hung around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.render.build.bodies import BodyShape
from sim.render.build.drape import clipped, folds, hull_profile, polar, profile_at, ramp, ring_surface, subdivided
from sim.render.build.rig import JOINT
from sim.render.build.surface import Surface, compact, normals_of, region_of, smoothed
from sim.render.library import JOINT_NAMES

__all__ = ["Tailor"]

Array = NDArray[np.float64]
SOLE_M = 0.016


@dataclass(slots=True)
class _Cloth:
    """A surface in the making: points, triangles and, over points, the dense weights."""

    points: Array
    faces: NDArray[np.int64]
    weights: Array

    def cut(self, field: Array) -> _Cloth:
        return _Cloth(*clipped(self.points, self.faces, self.weights, field))


class Tailor:
    """Dresses one body.

    Args:
        body: At rest.
        rng: Draws the folds.
    """

    def __init__(self, body: BodyShape, rng: np.random.Generator) -> None:
        self.body, self.rng = body, rng
        self.size = body.height_m / 1.72
        at = body.rest_m
        self.hip = (at[JOINT["thigh.left"]] + at[JOINT["thigh.right"]]) / 2
        self.knee_z, self.ankle_z = float(at[JOINT["shank.left"], 2]), float(at[JOINT["foot.left"], 2])
        self.waist_z = float(at[JOINT["lumbar"], 2]) + 0.035 * self.size
        self.shoulder_z = float(at[JOINT["upperarm.left"], 2]) + 0.03 * self.size
        points, faces, (weights,), _ = compact(body.vertices_m, body.groups["helper-tights"], body.weights)
        self.suit = _Cloth(*subdivided(points, faces, weights))
        self.suit.points = smoothed(self.suit.points, self.suit.faces, 2, keep=self._tips(self.suit))
        self.centre = np.array([float(at[1, 0]) + 0.012 * self.size, 0.0])

    def _tips(self, cloth: _Cloth) -> Array:
        return ramp(cloth.points[:, 2], 0.12 * self.size, 0.05 * self.size)

    def arm_share(self, weights: Array) -> Array:
        """Return how much of each vertex belongs to the arms."""
        names = [j for j, n in enumerate(JOINT_NAMES) if n.startswith(("upperarm", "forearm", "hand", "fingers"))]
        result: Array = weights[:, names].sum(1)
        return result

    def along_arm(self, points: Array) -> tuple[Array, Array, Array]:
        """Return how far along an arm (0 shoulder, 1 wrist), the turn around it and the nearest point of its axis."""
        best = np.full(len(points), np.inf)
        along, turn, axis = np.zeros(len(points)), np.zeros(len(points)), np.zeros_like(points)
        for side in ("left", "right"):
            a, b, c = (self.body.rest_m[JOINT[f"{n}.{side}"]] for n in ("upperarm", "forearm", "hand"))
            lengths = float(np.linalg.norm(b - a)), float(np.linalg.norm(c - b))
            for start, end, base, length in ((a, b, 0.0, lengths[0]), (b, c, lengths[0], lengths[1])):
                direction = (end - start) / length
                t = np.clip((points - start) @ direction, 0 if base else -0.3, length if not base else 9.0)
                foot = start + t[:, None] * direction
                far = np.linalg.norm(points - foot, axis=1)
                forward = np.array([1.0, 0.0, 0.0]) - direction[0] * direction
                across = np.cross(direction, forward)
                rel = points - foot
                angle = (np.arctan2(rel @ across, -(rel @ forward)) / (2 * np.pi)) % 1.0
                closer = far < best
                best = np.where(closer, far, best)
                along = np.where(closer, (base + t) / sum(lengths), along)
                turn = np.where(closer, angle, turn)
                axis = np.where(closer[:, None], foot, axis)
        return along, turn, axis

    def top(
        self, region: str, ease_m: float, hang: float, hem_m: float, sleeve: float, neck_m: float = 0.0,
        crease_m: float = 0.006, share: float = 1.0,
    ) -> Surface:  # fmt: skip
        """Return a shirt, jumper or jacket.

        Args:
            region: Of ``REGIONS``.
            ease_m: Distance from the skin.
            hang: 0 clings, 1 hangs straight from chest, belly and shoulder blades.
            hem_m: Its hem below the hip joints (negative: above).
            sleeve: Length of the sleeves in arm lengths: 0 none, 0.4 short, 1 to the wrist.
            neck_m: How far it reaches up the neck beyond a round neckline.
            crease_m: Depth of the folds.
            share: Triangles it deserves.
        """
        size, cloth = self.size, self.suit
        hem = float(self.hip[2]) - hem_m * size
        collar = float(self.body.rest_m[JOINT["neck"], 2]) + (neck_m + 0.012) * size
        lean = self.body.rest_m[JOINT["neck"], 0]
        line = collar - 0.35 * np.maximum(0, cloth.points[:, 0] - lean) - cloth.points[:, 2]
        cloth = cloth.cut(line)
        cloth = cloth.cut(cloth.points[:, 2] - hem + 9.0 * (self.arm_share(cloth.weights) > 0.5))
        along, _, _ = self.along_arm(cloth.points)
        cloth = cloth.cut(np.where(self.arm_share(cloth.weights) > 0.3, sleeve - along, 1.0))
        arm = self.arm_share(cloth.weights)
        soft = smoothed(cloth.points, cloth.faces, 6 + int(300 * ease_m), keep=0.6 * ramp(arm, 0.3, 0.8))
        normal = normals_of(soft, cloth.faces)
        along, around_arm, axis = self.along_arm(soft)
        over = 0.010 * ramp(soft[:, 2], self.waist_z + 0.06 * size, self.waist_z - 0.04 * size) * (hem_m > -0.05)
        points = soft + normal * ((ease_m * (1.0 + 0.25 * arm) + over * (arm < 0.5)) * size)[:, None]
        # the trunk: bridged, then hung
        trunk = self.suit.points[(self.arm_share(self.suit.weights) < 0.25)]
        heights = np.linspace(self.shoulder_z - 0.05 * size, hem - 0.03, 70)
        fall = 0.75 - 0.72 * hang
        profile = hull_profile(trunk, heights, self.centre, fall) + (ease_m + 0.006) * size
        turn, radius = polar(points, self.centre)
        wanted = profile_at(profile, heights, points[:, 2], turn)
        below = ramp(points[:, 2], heights[0], heights[0] - 0.12 * size) * (1 - ramp(arm, 0.05, 0.45))
        grow = np.maximum(0, wanted - radius) * below * min(1.0, 0.35 + hang)
        outward = np.column_stack(
            [(points[:, :2] - self.centre) / np.maximum(radius, 1e-6)[:, None], np.zeros(len(points))]
        )
        points = points + outward * grow[:, None]
        # sleeves: looser towards the elbow than at the cuff
        rel = points - axis
        wide = 1.0 + (0.9 * ease_m / 0.02) * 0.10 * np.sin(np.pi * np.clip(along, 0, 1)) * ramp(arm, 0.5, 0.95)
        points = axis + rel * np.where(arm > 0.5, wide, 1.0)[:, None]
        # folds
        normal = normals_of(points, cloth.faces)
        turn, _ = polar(points, self.centre)
        body_folds = folds(turn, points[:, 2], self.rng, (2, 6), (0.16, 0.5))
        sleeve_folds = folds(around_arm, along * 0.55 * size, self.rng, (0, 2), (0.05, 0.11))
        amount = 0.55 + 0.45 * ramp(points[:, 2], self.shoulder_z, self.waist_z)
        deep = np.where(arm > 0.5, sleeve_folds * (0.5 + np.exp(-(((along - 0.52) / 0.2) ** 2))), body_folds * amount)
        points = points + normal * (crease_m * size * smoothed(deep[:, None], cloth.faces, 2)[:, 0])[:, None]
        v = np.where(arm > 0.5, along, (self.shoulder_z - points[:, 2]) / (self.shoulder_z - self.hip[2]))
        u = np.where(arm > 0.5, around_arm, turn)
        uv = np.column_stack([u, np.clip(v, 0, 3)])
        weights = smoothed(cloth.weights, cloth.faces, 3)
        return Surface(points, cloth.faces, weights, uv, region_of(region, len(cloth.faces)), share, bears=True)

    def trousers(self, width: float, length: float, crease_m: float, top_z: float) -> Surface:
        """Return trousers or shorts.

        Args:
            width: 0 leggings, 0.5 straight, 1 wide.
            length: Of the legs: 1 to the ankle, 0.5 to the knee.
            crease_m: Depth of the folds.
            top_z: Where they begin.
        """
        size = self.size
        top, end = min(self.waist_z, top_z), float(self.hip[2]) - length * (float(self.hip[2]) - 0.045 * size)
        cloth = self.suit.cut(top - self.suit.points[:, 2])
        cloth = cloth.cut(np.where(self.arm_share(cloth.weights) > 0.3, -1.0, cloth.points[:, 2] - end))
        soft = smoothed(cloth.points, cloth.faces, 8, keep=ramp(cloth.points[:, 2], end + 0.03, end))
        normal = normals_of(soft, cloth.faces)
        loose = ramp(soft[:, 2], self.waist_z - 0.02 * size, float(self.hip[2]) - 0.12 * size)
        points = soft + normal * ((0.004 + (0.004 + 0.008 * width) * loose) * size)[:, None]
        left = points[:, 1] > 0
        axis = np.where(
            left[:, None], self.body.rest_m[JOINT["shank.left"], :2], self.body.rest_m[JOINT["shank.right"], :2]
        )
        turn, radius = polar(points, axis)
        down = ramp(points[:, 2], float(self.hip[2]) - 0.10 * size, self.knee_z + 0.08 * size)
        least = (0.062 + 0.043 * width) * size * (1 - 0.10 * (1 - width) * ramp(points[:, 2], self.knee_z, end))
        if length < 0.7:
            least = least * 1.25
        grow = np.maximum(0, least - radius) * down
        outward = (points[:, :2] - axis) / np.maximum(radius, 1e-6)[:, None]
        points[:, :2] += outward * grow[:, None]
        inner = points[:, 1] * np.where(left, 1.0, -1.0)
        points[:, 1] += np.where(left, 1.0, -1.0) * np.maximum(0, 0.006 - inner) * down
        normal = normals_of(points, cloth.faces)
        tall = float(self.hip[2]) - 0.05
        height = points[:, 2] / tall
        ripple = folds(turn, points[:, 2] + 0.31 * left, self.rng, (0, 3), (0.06, 0.14))
        long = folds(turn, points[:, 2] + 0.17 * left, self.rng, (2, 4), (0.3, 0.9))
        knee = self.knee_z / tall
        where = 0.25 + np.exp(-(((height - knee) / 0.11) ** 2)) + (length > 0.8) * 1.6 * np.exp(-((height / 0.13) ** 2))
        where = where + 0.7 * np.exp(-(((height - 0.95) / 0.08) ** 2))
        deep = (ripple * where + 0.6 * width * long) * ramp(points[:, 2], top, top - 0.12 * size)
        points = points + normal * (crease_m * size * smoothed(deep[:, None], cloth.faces, 2)[:, 0])[:, None]
        uv = np.column_stack([turn, np.clip((top - points[:, 2]) / (top - 0.04), 0, 1)])
        weights = smoothed(cloth.weights, cloth.faces, 4)
        return Surface(points, cloth.faces, weights, uv, region_of("lower", len(cloth.faces)), 1.0, bears=True)

    def skirt(
        self, region: str, start_z: float, length: float, flare: float, ease_m: float = 0.008, crease_m: float = 0.012,
        stiff: float = 0.0,
    ) -> Surface:  # fmt: skip
        """Return a skirt or the tails of a coat, a tube around the hips.

        Args:
            region: Of ``REGIONS``.
            start_z: Where it begins.
            length: Its hem: 0.5 at the knee, 0.93 at the ankle, in legs below the hip.
            flare: How much wider it gets, metres a metre.
            ease_m: Distance from what it lies on.
            crease_m: Depth of the folds at the hem.
            stiff: 0 follows the thighs wholly, 1 hangs from the pelvis.
        """
        size, hip_z = self.size, float(self.hip[2])
        end = hip_z - length * hip_z
        heights = np.linspace(start_z, end, max(12, int((start_z - end) / (0.022 * size))))
        near = self.suit.points[self.arm_share(self.suit.weights) < 0.25]
        profile = hull_profile(near, heights, self.centre, 0.10 if flare > 0.05 else 0.30) + ease_m * size
        depth = np.maximum(0, hip_z + 0.04 * size - heights)
        profile += flare * depth[:, None]
        columns = 72
        turn = np.arange(columns) / columns
        radius = np.array(
            [
                np.interp(turn * profile.shape[1], np.arange(profile.shape[1] + 1), np.r_[row, row[:1]])
                for row in profile
            ]
        )
        grid_turn = np.broadcast_to(turn, radius.shape)
        wave = folds(grid_turn.ravel(), np.repeat(heights, columns) * 0.5, self.rng, (4, 9), (0.8, 2.5)).reshape(
            radius.shape
        )
        radius = radius + crease_m * size * wave * ramp(depth, 0.0, 0.35 * size)[:, None]
        x = self.centre[0] - radius * np.cos(2 * np.pi * grid_turn)
        y = self.centre[1] + radius * np.sin(2 * np.pi * grid_turn)
        z = np.repeat(heights, columns).reshape(radius.shape) + 0.004 * wave * ramp(depth, 0.1, 0.5)[:, None]
        grid = np.stack([x, y, z], axis=2)
        points = grid.reshape(-1, 3)
        weights = np.zeros((len(points), len(JOINT_NAMES)))
        free = ramp(points[:, 2], hip_z + 0.06 * size, hip_z - 0.20 * size) * (0.86 - 0.3 * stiff)
        halfway = float(abs(self.body.rest_m[JOINT["thigh.left"], 1])) + 0.05 * size
        left = ramp(points[:, 1], -halfway, halfway)
        shin = (
            0.52
            * float(ramp(length, 0.50, 0.75))
            * ramp(points[:, 2], self.knee_z + 0.10 * size, self.knee_z - 0.20 * size)
        )
        above = ramp(points[:, 2], self.waist_z - 0.02, self.waist_z + 0.10 * size)
        weights[:, JOINT["lumbar"]] = (1 - free) * above
        weights[:, JOINT["pelvis"]] = (1 - free) * (1 - above)
        for side, part in (("left", left), ("right", 1 - left)):
            weights[:, JOINT[f"thigh.{side}"]] = free * part * (1 - shin)
            weights[:, JOINT[f"shank.{side}"]] = free * part * shin
        faces = ring_surface(grid, closed=True)
        uv = np.column_stack([grid_turn.ravel(), np.clip((start_z - points[:, 2]) / (start_z - 0.04), 0, 3)])
        return Surface(points, faces, weights, uv, region_of(region, len(faces)), 0.9)

    def shoes(self, high_m: float = 0.055) -> Surface:
        """Return shoes, or boots that reach ``high_m`` above the ankle joint."""
        size = self.size
        rim = self.ankle_z + (high_m - 0.035) * size
        cloth = self.suit.cut(rim - self.suit.points[:, 2])
        cloth = _Cloth(*subdivided(cloth.points, cloth.faces, cloth.weights)) if len(cloth.faces) < 1500 else cloth
        soft = smoothed(cloth.points, cloth.faces, 10, keep=0.5 * np.ones(len(cloth.points)))
        points = soft + normals_of(soft, cloth.faces) * 0.005 * size
        points[:, 0] += (
            0.006
            * size
            * ramp(
                points[:, 0],
                self.body.rest_m[JOINT["toes.left"], 0],
                self.body.rest_m[JOINT["toes.left"], 0] + 0.09 * size,
            )
        )
        low = points[:, 2] < 0.017 * size
        points[:, 2] = np.where(low, -SOLE_M * size, points[:, 2])
        turn, _ = polar(points, np.array([float(points[:, 0].mean()), 0.0]))
        uv = np.column_stack([turn, np.clip(points[:, 2] / 0.12, 0, 1)])
        return Surface(points, cloth.faces, cloth.weights, uv, region_of("shoes", len(cloth.faces)), 1.2, bears=True)

    def collar(self, region: str, high_m: float, loose_m: float) -> Surface:
        """Return a standing collar."""
        size, neck = self.size, self.body.rest_m[JOINT["neck"]]
        near = self.suit.points[(np.abs(self.suit.points[:, 2] - neck[2]) < 0.02 * size)]
        base = np.array([float(near[:, 0].mean()), 0.0])
        reach = float(np.hypot(near[:, 0] - base[0], near[:, 1]).mean())
        rows = np.array([high_m * 0.5, high_m * 0.98, high_m, high_m * 0.6, -0.005, -0.035]) * size
        wide = np.array([-0.004, 0.0, 0.008, 0.006, 0.012, 0.025]) * size + loose_m * size
        turn = np.arange(32) / 32
        rise = neck[2] + rows[:, None] - 0.032 * size * (0.5 - 0.5 * np.cos(2 * np.pi * turn))[None] ** 1.5
        r = reach + wide[:, None] + 0 * turn
        lean = 0.25 * (rise - neck[2])
        grid = np.stack([base[0] + lean - r * np.cos(2 * np.pi * turn), r * np.sin(2 * np.pi * turn), rise], axis=2)
        points = grid.reshape(-1, 3)
        weights = np.zeros((len(points), len(JOINT_NAMES)))
        weights[:, JOINT["chest"]], weights[:, JOINT["neck"]] = 0.7, 0.3
        faces = ring_surface(grid, closed=True)
        uv = np.column_stack([np.tile(turn, len(rows)), np.repeat(np.linspace(0, 0.2, len(rows)), len(turn))])
        return Surface(points, faces, weights, uv, region_of(region, len(faces)), 0.5)

    def bare(self, sleeve: float, leg: float, neck_m: float) -> Surface:
        """Return the skin that clothes leave free.

        Args:
            sleeve: Where the sleeves end, in arm lengths.
            leg: Where trousers, skirt or boots end, in legs below the hip; 1 covers all down to the shoes.
            neck_m: As of ``top``.
        """
        size = self.size
        points, faces, (weights,), _ = compact(self.body.vertices_m, self.body.groups["body"], self.body.weights)
        arm = self.arm_share(weights)
        along, around, _ = self.along_arm(points)
        neck_z = float(self.body.rest_m[JOINT["neck"], 2])
        lean = self.body.rest_m[JOINT["neck"], 0]
        head = points[:, 2] - (neck_z + (neck_m - 0.045) * size - 0.5 * np.maximum(0, points[:, 0] - lean))
        hand = np.where(arm > 0.6, along - (sleeve - 0.05), -1.0)
        end = float(self.hip[2]) * (1 - leg) + 0.03 * size
        shin = np.where(arm < 0.3, np.minimum(end - points[:, 2], points[:, 2] - (self.ankle_z - 0.02 * size)), -1.0)
        field = np.maximum(np.maximum(np.where(arm < 0.3, head, -1.0), hand), shin if leg < 0.97 else -1.0)
        points, faces, both = clipped(points, faces, np.column_stack([weights, arm, along, around]), field)
        turn, _ = polar(points, self.centre)
        is_arm = both[:, -3] > 0.5
        crown = self.body.height_m
        v = np.where(
            is_arm,
            np.clip(both[:, -2], 0, 1.6),
            np.where(
                points[:, 2] > self.shoulder_z - 0.1,
                (crown - points[:, 2]) / (crown - self.shoulder_z),
                1 - points[:, 2] / self.hip[2],
            ),
        )
        uv = np.column_stack([np.where(is_arm, both[:, -1], turn), np.clip(v, 0, 3)])
        return Surface(points, faces, both[:, :-3], uv, region_of("skin", len(faces)), 1.6, bears=True)
