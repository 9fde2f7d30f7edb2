"""Bags as solids: on the back, in the hand, pulled, in the arms, or on the ground; the same bag everywhere."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.render import skeleton as sk
from sim.render import solids as so
from sim.render.skeleton import random_of

__all__ = ["MOST_BAG_SOLIDS", "bag_solids"]

MOST_BAG_SOLIDS: Final = 8
"""No bag has more."""

_COLOURS: Final[NDArray[np.float64]] = np.array(
    [(30, 30, 32), (46, 42, 40), (78, 54, 38), (40, 40, 120), (60, 84, 58), (44, 66, 104), (120, 122, 124),
     (60, 108, 150), (150, 110, 60), (98, 60, 100), (70, 140, 196), (36, 36, 64)], float,
)  # fmt: skip
_CARDBOARD: Final[NDArray[np.float64]] = np.array([(96, 138, 176), (84, 124, 160), (206, 210, 214)], float)


@njit(cache=True, error_model="numpy")
def _solid(
    row: Any, kind: int, a: Any, b: Any, sb: float, fore: Any, left: Any, up: Any, sizes: Any, colour: Any, seed: int
) -> None:
    row[so.KIND] = kind
    for k in range(3):
        row[so.A + k], row[so.B + k] = a[k], b[k]
        row[so.AXES + 3 * k] = fore[k] * sizes[0]
        row[so.AXES + 3 * k + 1] = left[k] * sizes[1]
        row[so.AXES + 3 * k + 2] = up[k] * sizes[2]
        row[so.COLOUR + k] = colour[k]
        row[so.COLOUR2 + k] = colour[k] * 0.45 + 10.0
    row[so.SCALE_A], row[so.SCALE_B] = 1.0, sb
    row[so.PATTERN], row[so.FOLDS], row[so.SEED], row[so.CASTS] = 0.0, 0.13, seed, 1.0


@njit(cache=True, error_model="numpy")
def _bar(row: Any, a: Any, b: Any, radius: float, colour: Any) -> None:
    x, y, z = np.array((1.0, 0.0, 0.0)), np.array((0.0, 1.0, 0.0)), np.array((0.0, 0.0, 1.0))
    _solid(row, so.SWEEP, a, b, 1.0, x, y, z, np.array((radius, radius, radius)), colour, 0)
    row[so.FOLDS], row[so.CASTS] = 0.0, 0.0


@njit(cache=True, error_model="numpy")
def bag_solids(kind: int, x: float, y: float, heading: float, looks: int, carried: bool, joints: Any, out: Any) -> Any:
    """Build one bag.

    Args:
        kind: Index into ``OBJECT_KINDS``.
        x: Where it stands, m.
        y: Where it stands, m.
        heading: How it is turned; the carrier's heading when it is carried.
        looks: Its random number.
        carried: Whether somebody has it.
        joints: The carrier's joints in the world, shape (19, 3); not read when it is on the ground.
        out: Written, shape (8, 28).

    Returns:
        How many solids there are.
    """
    size = 0.86 + 0.30 * random_of(looks, 1)
    seed = int(looks & 0xFFFF)
    table = _CARDBOARD if kind == 4 else _COLOURS[:2] if kind == 5 else _COLOURS
    colour = table[int(random_of(looks, 2) * table.shape[0])] * (0.85 + 0.3 * random_of(looks, 3))
    fore = np.array((np.cos(heading), np.sin(heading), 0.0))
    left = np.array((-np.sin(heading), np.cos(heading), 0.0))
    up = np.array((0.0, 0.0, 1.0))
    ground = np.array((x, y, 0.0))
    dark = colour * 0.5
    if kind == 0:  # backpack
        deep, wide, tall = 0.105 * size, 0.150 * size, 0.25 * size
        if carried:
            rise = joints[sk.NECK] - joints[sk.PELVIS]
            rise /= np.sqrt((rise * rise).sum())
            back = np.cross(left, rise)
            middle = joints[sk.CHEST] * 0.45 + joints[sk.NECK] * 0.55 - back * (0.105 + 0.8 * deep) - rise * 0.10
            up, fore = rise, back
        else:
            middle = ground + up * (tall + 0.005)
        a, b = middle - up * (tall - 0.10), middle + up * (tall - 0.10)
        _solid(out[0], so.SWEEP, a, b, 0.88, fore, left, up, np.array((deep, wide, 0.10)), colour, seed)
        pocket = middle - fore * deep * 0.75 - up * tall * 0.35
        _solid(
            out[1],
            so.SWEEP,
            pocket - up * 0.05,
            pocket + up * 0.04,
            0.95,
            fore,
            left,
            up,
            np.array((deep * 0.55, wide * 0.72, 0.07)),
            colour * 0.82,
            seed + 1,
        )
        grip = middle + up * (tall + 0.01)
        _bar(out[2], grip - left * 0.04, grip + left * 0.04, 0.013, dark)
        if not carried:
            return 3
        for s in range(2):  # straps
            over = joints[sk.SHOULDER + s] * 0.66 + joints[sk.SHOULDER + 1 - s] * 0.34 + up * 0.055
            under = over + fore * 0.125 - up * 0.24
            _bar(out[3 + s], over + fore * 0.04, under, 0.022, dark)
        return 5
    if kind == 1 or kind == 6:  # handbag, shopping bag
        deep, wide, tall = 0.075 * size, 0.17 * size, 0.13 * size
        if carried:
            hand = joints[sk.WRIST + 1] + (joints[sk.WRIST + 1] - joints[sk.ELBOW + 1]) * 0.25
            ground = hand - up * (2 * tall + 0.17) - left * 0.03
            ground[2] = max(ground[2], 0.02)
            fore, left = left, -fore
        base = ground + up * (tall * 0.75)
        _solid(
            out[0],
            so.SWEEP,
            base,
            ground + up * tall * 1.5,
            0.72,
            left,
            fore,
            up,
            np.array((wide, deep, tall * 0.75)),
            colour,
            seed,
        )
        grip = ground + up * (2 * tall + 0.15)
        _bar(out[1], grip, ground + up * tall * 1.7 + left * wide * 0.6, 0.010, dark)
        _bar(out[2], grip, ground + up * tall * 1.7 - left * wide * 0.6, 0.010, dark)
        return 3
    if kind == 2:  # holdall
        long, thick = 0.27 * size, 0.150 * size
        if carried:
            hand = joints[sk.WRIST + 1] + (joints[sk.WRIST + 1] - joints[sk.ELBOW + 1]) * 0.25
            middle = hand - up * (thick + 0.14) - left * 0.05
            middle[2] = max(middle[2], thick)
        else:
            middle = ground + up * thick
        end = fore * (long - 0.06)
        _solid(
            out[0],
            so.SWEEP,
            middle - end,
            middle + end,
            1.0,
            fore,
            left,
            up,
            np.array((0.06, thick * 0.95, thick)),
            colour,
            seed,
        )
        grip = middle + up * (thick + 0.12)
        if not carried:
            grip = middle + up * (thick + 0.03)
        _bar(out[1], grip, middle + fore * long * 0.5 + up * thick * 0.8, 0.013, dark)
        _bar(out[2], grip, middle - fore * long * 0.5 + up * thick * 0.8, 0.013, dark)
        return 3
    if kind == 3:  # suitcase
        deep, wide, tall = 0.125 * size, 0.20 * size, 0.30 * size
        tilt = 0.0
        if carried:
            ground = np.array((joints[sk.WRIST + 1, 0], joints[sk.WRIST + 1, 1], 0.0)) - fore * 0.34
            tilt = 0.42
        lean = up * np.cos(tilt) + fore * np.sin(tilt)
        front = fore * np.cos(tilt) - up * np.sin(tilt)
        middle = ground + up * 0.05 + lean * tall
        _solid(out[0], so.BOX, middle, middle, 1.0, front, left, lean, np.array((deep, wide, tall)), colour, seed)
        out[0, so.PATTERN] = 3.0
        rod = np.array((150.0, 150.0, 148.0))
        top = middle + lean * (tall + (0.42 if carried else 0.05)) - front * deep * 0.5
        foot = middle + lean * tall - front * deep * 0.5
        n = 1
        for sign in (-1.0, 1.0):
            _bar(out[n], foot + left * sign * 0.08, top + left * sign * 0.08, 0.010, rod)
            _bar(
                out[n + 1],
                ground + left * sign * wide * 0.8 + up * 0.03,
                ground + left * sign * wide * 0.8 + up * 0.03,
                0.028,
                dark,
            )
            n += 2
        _bar(out[n], top - left * 0.09, top + left * 0.09, 0.014, dark)
        return n + 1
    if kind == 5:  # bin bag: a slack sack with a knot
        wide, tall = 0.21 * size, 0.30 * size
        if carried:
            hand = joints[sk.WRIST + 1] + (joints[sk.WRIST + 1] - joints[sk.ELBOW + 1]) * 0.25
            ground = hand - up * (2.15 * tall)
            ground[2] = max(ground[2], 0.02)
        low, high = ground + up * (wide * 0.85), ground + up * (1.35 * tall)
        _solid(
            out[0], so.SWEEP, low, high, 0.55, fore, left, up, np.array((wide, wide * 0.9, wide * 0.85)), colour, seed
        )
        _bar(out[1], ground + up * (1.6 * tall), ground + up * (2.05 * tall), 0.03, colour)
        return 2
    if kind == 7:  # tent: a dome
        colour = _COLOURS[5 + int(random_of(looks, 2) * 3.0) * 2]
        low, high = ground + up * 0.25 - fore * 0.45, ground + up * 0.25 + fore * 0.45
        _solid(out[0], so.SWEEP, low, high, 1.0, fore, left, up, np.array((0.55, 0.70, 0.85)), colour, seed)
        return 1
    if kind == 8:  # sleeping bag
        low, high = ground + up * 0.14 - fore * 0.62, ground + up * 0.14 + fore * 0.55
        _solid(out[0], so.SWEEP, low, high, 0.8, fore, left, up, np.array((0.25, 0.30, 0.14)), colour, seed)
        return 1
    deep, wide, tall = 0.20 * size, 0.25 * size, 0.16 * size
    if carried:
        middle = (joints[sk.WRIST] + joints[sk.WRIST + 1]) / 2 + fore * (0.25 * deep) + up * 0.03
    else:
        middle = ground + up * tall
    _solid(out[0], so.BOX, middle, middle, 1.0, fore, left, up, np.array((deep, wide, tall)), colour, seed)
    out[0, so.PATTERN] = 1.0
    return 1
