"""Bags: standing on the floor around the origin; x is the way the carrier walks.

Sizes are those of common goods (cabin suitcase 55 x 40 x 23 cm, carton 40 x 30 x 30 cm).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from sim.render.build.solid import Workshop

__all__ = ["BAGS", "Maker", "case", "holdall"]

Triple = tuple[float, float, float]
Maker = Callable[[Workshop, np.random.Generator], Triple]
"""Adds a thing's surfaces to a workshop and returns where it is held."""


def _backpack(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((0.17, 0.30, 0.46), (-0.02, 0, 0.235), "shell", 0.42, sag=0.08, rough=0.006, rng=rng)
    s.pillow((0.08, 0.24, 0.22), (-0.115, 0, 0.16), "shell", 0.4, rough=0.004, rng=rng)
    s.pillow((0.06, 0.20, 0.08), (-0.105, 0, 0.36), "stripe", 0.5)
    for sign in (1.0, -1.0):
        s.tube(
            [
                (0.05, sign * 0.07, 0.44),
                (0.12, sign * 0.10, 0.38),
                (0.12, sign * 0.11, 0.22),
                (0.05, sign * 0.12, 0.06),
            ],
            0.018,
            "accessory",
        )
        s.pillow((0.11, 0.07, 0.17), (-0.03, sign * 0.165, 0.13), "stripe", 0.5)
    s.tube([(0.03, -0.04, 0.455), (0.03, 0.0, 0.50), (0.03, 0.04, 0.455)], 0.009, "accessory", 6)
    return (0.065, 0.0, 0.36)


def _handbag(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((0.32, 0.13, 0.24), (0, 0, 0.12), "shell", 0.35, sag=0.12, taper=0.14, rough=0.006, rng=rng)
    for sign in (1.0, -1.0):
        y = sign * 0.045
        s.tube(
            [(-0.09, y, 0.22), (-0.075, y, 0.33), (0.0, y * 0.6, 0.40), (0.075, y, 0.33), (0.09, y, 0.22)],
            0.008,
            "accessory",
            6,
        )
    s.box((0.06, 0.012, 0.02), (0, 0.066, 0.18), "metal")
    return (0.0, 0.0, 0.40)


def _tote(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((0.36, 0.10, 0.36), (0, 0, 0.18), "cloth", 0.3, sag=0.10, rough=0.014, rng=rng)
    for sign in (1.0, -1.0):
        s.tube(
            [
                (-0.09, sign * 0.03, 0.34),
                (-0.07, sign * 0.025, 0.50),
                (0.0, 0.015 * sign, 0.62),
                (0.07, sign * 0.025, 0.50),
                (0.09, sign * 0.03, 0.34),
            ],
            0.010,
            "cloth",
            6,
        )
    return (0.0, 0.0, 0.62)


def case(s: Workshop, handle_m: float, tall: float = 0.52, wide: float = 0.38, deep: float = 0.23) -> Triple:
    """Make a suitcase on four wheels, its handle drawn out by ``handle_m``."""
    s.pillow((deep, wide, tall), (0, 0, 0.055 + tall / 2), "shell", 0.16, rows=17, columns=40)
    for k in range(5):
        s.box((0.012, 0.012, tall * 0.82), (-deep / 2 - 0.002, wide * (k - 2) / 6, 0.055 + tall / 2), "shell")
    s.pillow((0.010, wide * 1.01, tall * 1.005), (0, 0, 0.055 + tall / 2), "stripe", 0.16)
    for sign in (1.0, -1.0):
        for x in (-deep * 0.36, deep * 0.36):
            s.wheel((x, sign * wide * 0.38, 0.03), 0.03, 0.022, 0)
        if handle_m:
            s.tube(
                [(deep * 0.32, sign * 0.085, 0.055 + tall), (deep * 0.32, sign * 0.085, 0.055 + tall + handle_m)],
                0.009,
                "metal",
                6,
            )
    top = 0.055 + tall + handle_m
    if handle_m:
        s.tube([(deep * 0.32, -0.10, top), (deep * 0.32, 0.10, top)], 0.016, "rubber")
    s.tube(
        [
            (-0.01, -0.06, 0.055 + tall - 0.01),
            (-0.01, -0.05, 0.055 + tall + 0.025),
            (-0.01, 0.05, 0.055 + tall + 0.025),
            (-0.01, 0.06, 0.055 + tall - 0.01),
        ],
        0.010,
        "rubber",
        6,
    )
    return (deep * 0.32, 0.0, top) if handle_m else (-0.01, 0.0, 0.055 + tall + 0.03)


def _trolley(s: Workshop, _: np.random.Generator) -> Triple:
    return case(s, 0.46)


def _suitcase(s: Workshop, _: np.random.Generator) -> Triple:
    return case(s, 0.0)


def _large_trolley(s: Workshop, _: np.random.Generator) -> Triple:
    return case(s, 0.30, 0.70, 0.48, 0.29)


def holdall(s: Workshop, rng: np.random.Generator) -> Triple:
    """Make a soft sports bag with two handles."""
    s.pillow((0.56, 0.27, 0.28), (0, 0, 0.14), "shell", 0.55, sag=0.10, rough=0.016, rng=rng)
    for x in (-0.15, 0.15):
        s.pillow((0.04, 0.275, 0.285), (x, 0, 0.142), "stripe", 0.55, sag=0.10)
    for sign in (1.0, -1.0):
        y = sign * 0.07
        s.tube(
            [(-0.15, y, 0.26), (-0.10, y, 0.33), (0.0, y * 0.5, 0.37), (0.10, y, 0.33), (0.15, y, 0.26)],
            0.011,
            "accessory",
            6,
        )
    return (0.0, 0.0, 0.37)


def _carton(s: Workshop, _: np.random.Generator) -> Triple:
    s.box((0.30, 0.40, 0.30), (0, 0, 0.15), "shell")
    s.box((0.302, 0.055, 0.302), (0, 0, 0.15), "stripe")
    return (0.0, 0.0, 0.0)


def _briefcase(s: Workshop, _: np.random.Generator) -> Triple:
    s.pillow((0.41, 0.10, 0.30), (0, 0, 0.15), "shell", 0.15)
    s.tube([(-0.07, 0, 0.295), (-0.06, 0, 0.335), (0.06, 0, 0.335), (0.07, 0, 0.295)], 0.010, "accessory", 6)
    for sign in (1.0, -1.0):
        s.box((0.03, 0.008, 0.03), (sign * 0.12, 0.052, 0.25), "metal")
    return (0.0, 0.0, 0.335)


def _bin_bag(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((0.52, 0.50, 0.50), (0, 0, 0.245), "rubber", 0.75, sag=0.16, rough=0.055, rows=23, columns=48, rng=rng)
    neck = [(0.045, 0.60), (0.075, 0.57), (0.030, 0.52), (0.055, 0.48), (0.12, 0.44)]
    s.lathe(neck, "rubber", columns=14)
    return (0.0, 0.0, 0.55)


def _shopping_bag(s: Workshop, rng: np.random.Generator) -> Triple:
    s.pillow((0.30, 0.17, 0.33), (0, 0, 0.165), "cloth", 0.40, sag=0.14, rough=0.022, rows=19, columns=36, rng=rng)
    for sign in (1.0, -1.0):
        s.tube(
            [
                (-0.06, sign * 0.03, 0.31),
                (-0.035, sign * 0.02, 0.42),
                (0.035, sign * 0.02, 0.42),
                (0.06, sign * 0.03, 0.31),
            ],
            0.011,
            "cloth",
            6,
        )
    return (0.0, 0.0, 0.43)


BAGS: Final[dict[str, tuple[Maker, str]]] = {
    "backpack": (_backpack, "back"),
    "handbag": (_handbag, "hand shoulder"),
    "tote": (_tote, "hand shoulder"),
    "trolley": (_trolley, "pull"),
    "large_trolley": (_large_trolley, "pull"),
    "suitcase": (_suitcase, "hand"),
    "holdall": (holdall, "hand"),
    "carton": (_carton, "arms"),
    "briefcase": (_briefcase, "hand"),
    "bin_bag": (_bin_bag, "hand"),
    "shopping_bag": (_shopping_bag, "hand"),
}
