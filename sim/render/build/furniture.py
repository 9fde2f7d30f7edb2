"""Things that a detector may take for a bag or a person: street furniture, camps, luggage, lights.

Sizes are those of common goods (cone 75 cm, crowd barrier 2.5 m x 1.1 m, dome tent for two).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.render.build.bags import Maker, case, holdall
from sim.render.build.solid import Workshop
from sim.render.build.vehicles import pram, wheelchair

__all__ = ["FURNITURE"]

Triple = tuple[float, float, float]


def _bench(s: Workshop, _: np.random.Generator) -> Triple:
    for k in range(5):
        s.box((0.075, 1.8, 0.035), (-0.18 + 0.09 * k, 0, 0.445), "wood")
    for k in range(3):
        s.box((0.03, 1.8, 0.085), (-0.25 - 0.025 * k, 0, 0.58 + 0.12 * k), "wood")
    for y in (-0.7, 0.7):
        s.tube([(0.20, y, 0.0), (0.17, y, 0.42), (-0.20, y, 0.42), (-0.24, y, 0.0)], 0.022, "metal")
        s.tube([(-0.20, y, 0.42), (-0.31, y, 0.90)], 0.02, "metal")
    return (0.0, 0.0, 0.46)


def _stool_bench(s: Workshop, _: np.random.Generator) -> Triple:
    s.pillow((0.46, 1.6, 0.12), (0, 0, 0.40), "shell", 0.12)
    for y in (-0.55, 0.55):
        s.box((0.34, 0.10, 0.35), (0, y, 0.175), "metal")
    return (0.0, 0.0, 0.46)


def _litter_bin(s: Workshop, _: np.random.Generator) -> Triple:
    s.lathe([(0.0, 0.95), (0.16, 0.94), (0.235, 0.90), (0.235, 0.84)], "metal", columns=28)
    s.lathe([(0.17, 0.88), (0.17, 0.70)], "lining", columns=20)
    s.lathe([(0.235, 0.74), (0.24, 0.70), (0.22, 0.06), (0.19, 0.04), (0.19, 0.0)], "shell", columns=28)
    for k in range(4):
        a = np.pi / 4 + k * np.pi / 2
        s.tube(
            [(0.22 * np.cos(a), 0.22 * np.sin(a), 0.72), (0.22 * np.cos(a), 0.22 * np.sin(a), 0.86)], 0.014, "metal", 6
        )
    return (0.0, 0.0, 0.9)


def _bag_stand(s: Workshop, rng: np.random.Generator) -> Triple:
    """The open ring with a transparent sack that French towns use (Vigipirate)."""
    s.tube([(0.0, -0.30, 0.0), (0.0, -0.30, 1.0)], 0.03, "metal")
    ring = 2 * np.pi * np.arange(25) / 24
    s.tube([(0.24 * np.cos(a), 0.24 * np.sin(a), 0.98) for a in ring], 0.016, "metal", 6)
    s.pillow((0.46, 0.46, 0.80), (0, 0, 0.57), "glass", 0.6, taper=-0.02, rough=0.03, rng=rng)
    return (0.0, 0.0, 0.98)


def _barrier(s: Workshop, _: np.random.Generator) -> Triple:
    s.tube(
        [
            (0, -1.2, 0.16),
            (0, -1.24, 0.6),
            (0, -1.18, 1.05),
            (0, -1.05, 1.1),
            (0, 0, 1.1),
            (0, 1.05, 1.1),
            (0, 1.18, 1.05),
            (0, 1.24, 0.6),
            (0, 1.2, 0.16),
        ],
        0.021,
        "metal",
    )
    s.tube([(0, -1.2, 0.17), (0, 1.2, 0.17)], 0.019, "metal")
    for k in range(19):
        y = -1.08 + 0.12 * k
        s.tube([(0, y, 0.17), (0, y, 1.1)], 0.008, "metal", 5)
    for y in (-0.9, 0.9):
        s.tube([(-0.28, y, 0.01), (-0.20, y, 0.03), (0, y, 0.16), (0.20, y, 0.03), (0.28, y, 0.01)], 0.016, "metal", 6)
    return (0.0, 0.0, 1.1)


def _tent(s: Workshop, _: np.random.Generator) -> Triple:
    turn = np.arange(48) / 48 * 2 * np.pi
    rows = []
    for t in np.linspace(0.02, 1.0, 16):
        wide = np.sin(t * np.pi / 2) ** 0.9
        square = (np.abs(np.cos(turn)) ** 3.4 + np.abs(np.sin(turn)) ** 3.4) ** (-1 / 3.4)
        sag = 1 - 0.05 * np.sin(np.pi * t) * np.cos(4 * turn) ** 2
        rows.append(
            np.column_stack(
                [
                    -np.cos(turn) * square * 1.05 * wide * sag,
                    np.sin(turn) * square * 0.78 * wide * sag,
                    np.full(48, 1.15 * np.cos(t * np.pi / 2) ** 0.85),
                ]
            )
        )
    s.grid(np.array(rows), "cloth")
    dome = np.array(rows)
    for column in (6, 18):
        half = [tuple(p * 1.012) for p in dome[:, column]]
        other = [tuple(p * 1.012) for p in dome[:, column + 24]]
        s.tube(half[::-1] + other[1:], 0.010, "metal", 5)
    s.grid(dome[7:15, 20:29] * [1.012, 1.0, 1.005], "stripe", closed=False)
    return (0.0, 0.0, 1.15)


def _sleeping_bag(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((1.85, 0.62, 0.24), (0, 0, 0.115), "cloth", 0.55, rough=0.05, rows=21, columns=56, rng=rng)
    s.pillow((0.40, 0.42, 0.13), (0.78, 0, 0.20), "lining", 0.6, rough=0.02, rng=rng)
    return (0.0, 0.0, 0.2)


def _sleeper(s: Workshop, rng: np.random.Generator) -> Triple:
    """Somebody in a sleeping bag: only hair shows."""
    for x, size, z in (
        (-0.72, (0.5, 0.34, 0.24), 0.12),
        (-0.25, (0.9, 0.44, 0.30), 0.145),
        (0.28, (0.8, 0.52, 0.36), 0.17),
    ):
        s.pillow(size, (x, 0.03 * np.sin(9 * x), z), "cloth", 0.65, rough=0.05, rows=19, columns=40, rng=rng)
    s.pillow((0.30, 0.38, 0.25), (0.70, 0.02, 0.125), "cloth", 0.7, rough=0.03, rng=rng)
    s.pillow((0.20, 0.17, 0.17), (0.83, 0.02, 0.13), "hair", 0.95, rough=0.01, rng=rng)
    return (0.0, 0.0, 0.3)


def _cone(s: Workshop, _: np.random.Generator) -> Triple:
    s.pillow((0.40, 0.40, 0.035), (0, 0, 0.018), "rubber", 0.15)
    for top, low, region in (
        (0.74, 0.60, "shell"),
        (0.60, 0.46, "stripe"),
        (0.46, 0.32, "shell"),
        (0.32, 0.18, "stripe"),
        (0.18, 0.03, "shell"),
    ):
        radius = [0.028 + 0.115 * (0.74 - z) / 0.71 for z in (top, low)]
        profile = (
            [(0.0, top), (radius[0], top), (radius[1], low)] if top > 0.7 else [(radius[0], top), (radius[1], low)]
        )
        s.lathe(profile, region, columns=24)
    return (0.0, 0.0, 0.74)


def _sign(s: Workshop, _: np.random.Generator) -> Triple:
    for sign in (1.0, -1.0):
        for wide, tall, region, out in ((0.62, 1.02, "metal", 0.0), (0.56, 0.86, "stripe", 0.012)):
            base = [
                [
                    (sign * (0.02 + out + 0.24 * t), y, 1.04 - 0.98 * t - (1.0 - tall / 1.02) * (0.5 - t))
                    for y in np.linspace(-wide / 2, wide / 2, 3)
                ]
                for t in np.linspace(0, 1, 4)
            ]
            s.grid(np.array(base), region, closed=False, twice=True)
    for y in (-0.30, 0.30):
        s.tube([(0.26, y, 0.0), (0.02, y, 1.06), (-0.02, y, 1.06), (-0.26, y, 0.0)], 0.014, "metal", 6)
    return (0.0, 0.0, 1.04)


def _planter(s: Workshop, rng: np.random.Generator) -> Triple:
    s.lathe([(0.36, 0.50), (0.42, 0.52), (0.44, 0.48), (0.40, 0.30), (0.32, 0.02), (0.30, 0.0)], "shell", columns=32)
    s.lathe([(0.0, 0.47), (0.37, 0.46)], "lining", columns=16)
    for _ in range(11):
        a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.26)
        size = float(rng.uniform(0.26, 0.44))
        s.pillow(
            (size, size, size * 1.1),
            (r * np.cos(a), r * np.sin(a), float(rng.uniform(0.55, 0.98))),
            "leaf",
            0.9,
            rough=0.09,
            rows=11,
            columns=18,
            rng=rng,
        )
    return (0.0, 0.0, 0.5)


def _pile(s: Workshop, rng: np.random.Generator) -> Triple:
    case(s, 0.0)
    other = Workshop(1)
    case(other, 0.0, 0.62, 0.44, 0.27)
    third = Workshop(1)
    holdall(third, rng)
    for shop, yaw, at in ((other, 0.5, (0.36, 0.16, 0.0)), (third, -0.4, (0.05, -0.42, 0.0))):
        c, n = np.cos(yaw), np.sin(yaw)
        for surface in shop.surfaces:
            points = surface.vertices_m @ np.array([[c, n, 0], [-n, c, 0], [0, 0, 1]]) + np.array(at)
            s.add(points, surface.triangles, surface.uv, "shell" if shop is other else "cloth")
            s.surfaces[-1].region[:] = surface.region
    return (0.0, 0.0, 0.6)


def _neon(s: Workshop, _: np.random.Generator) -> Triple:
    s.tube([(0, -0.58, 0.05), (0, 0.58, 0.05)], 0.019, "lamp", 12)
    s.box((0.06, 1.24, 0.05), (0, 0, 0.105), "metal")
    for y in (-0.60, 0.60):
        s.box((0.05, 0.04, 0.07), (0, y, 0.065), "shell")
    return (0.0, 0.0, 0.13)


def _beacon(s: Workshop, _: np.random.Generator) -> Triple:
    s.lathe([(0.0, 0.20), (0.05, 0.195), (0.070, 0.17), (0.075, 0.06)], "lamp", columns=20)
    s.lathe([(0.085, 0.06), (0.09, 0.04), (0.09, 0.0)], "rubber", columns=20)
    return (0.0, 0.0, 0.1)


def _bollard(s: Workshop, _: np.random.Generator) -> Triple:
    s.lathe([(0.0, 1.0), (0.07, 0.985), (0.10, 0.94), (0.10, 0.88)], "metal", columns=20)
    s.lathe([(0.10, 0.88), (0.10, 0.78)], "stripe", columns=20)
    s.lathe([(0.10, 0.78), (0.10, 0.05), (0.13, 0.04), (0.13, 0.0)], "metal", columns=20)
    return (0.0, 0.0, 1.0)


def _crate(s: Workshop, _: np.random.Generator) -> Triple:
    for z in (0.03, 0.13, 0.23):
        for sign in (1.0, -1.0):
            s.box((0.58, 0.015, 0.07), (0, sign * 0.19, z), "shell")
            s.box((0.015, 0.37, 0.07), (sign * 0.285, 0, z), "shell")
    s.box((0.57, 0.37, 0.012), (0, 0, 0.01), "shell")
    return (0.0, 0.0, 0.26)


def _chair(s: Workshop, _: np.random.Generator) -> Triple:
    s.pillow((0.42, 0.42, 0.035), (0, 0, 0.455), "shell", 0.25)
    s.pillow((0.03, 0.40, 0.34), (-0.23, 0, 0.70), "shell", 0.3, tilt_rad=0.16)
    for sign in (1.0, -1.0):
        s.tube([(0.20, sign * 0.20, 0.0), (0.17, sign * 0.19, 0.44)], 0.012, "metal", 6)
        s.tube([(-0.23, sign * 0.20, 0.0), (-0.18, sign * 0.19, 0.44), (-0.26, sign * 0.19, 0.82)], 0.012, "metal", 6)
    return (0.0, 0.0, 0.46)


def _wheelchair_empty(s: Workshop, _: np.random.Generator) -> Triple:
    s.surfaces += wheelchair(1)
    return (-0.45, 0.0, 0.92)


def _pram_empty(s: Workshop, _: np.random.Generator) -> Triple:
    s.surfaces += pram(1, -0.60, 1.03)
    return (-0.60, 0.0, 1.03)


FURNITURE: Final[dict[str, tuple[Maker, str]]] = {
    "bench": (_bench, "furniture seat"),
    "stool_bench": (_stool_bench, "furniture seat"),
    "chair": (_chair, "furniture seat"),
    "litter_bin": (_litter_bin, "furniture"),
    "bag_stand": (_bag_stand, "furniture"),
    "barrier": (_barrier, "furniture"),
    "tent": (_tent, "camp"),
    "sleeping_bag": (_sleeping_bag, "camp"),
    "sleeper": (_sleeper, "camp"),
    "cone": (_cone, "furniture"),
    "sign": (_sign, "furniture"),
    "planter": (_planter, "furniture"),
    "bollard": (_bollard, "furniture"),
    "suitcase_pile": (_pile, "luggage"),
    "crate": (_crate, "luggage"),
    "neon": (_neon, "light"),
    "beacon": (_beacon, "light"),
    "wheelchair": (_wheelchair_empty, "vehicle"),
    "pram": (_pram_empty, "vehicle"),
}
