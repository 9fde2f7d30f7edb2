"""People as solids: a posed skeleton, dressed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from sim.render import skeleton as sk
from sim.render import solids as so
from sim.render import wardrobe as wa
from sim.render.heads import dress_head
from sim.render.skeleton import random_of
from sim.render.solids import cross, round_solid, sweep_solid, unit

__all__ = ["MOST_SOLIDS", "dress"]

MOST_SOLIDS: Final = 32
"""No person has more."""

_TORSO_DEEP: Final = 0.62
"""Depth of a trunk against its width."""


@njit(cache=True, error_model="numpy")
def dress(
    posture: int, height: float, heading: float, x: float, y: float, looks: int, joints: Any, clothes: Any, out: Any
) -> Any:
    """Turn a pose into solids.

    Args:
        posture: Index into ``POSTURES``.
        height: Body height, m.
        heading: Where the body faces, counter-clockwise from east.
        x: Place, m.
        y: Place, m.
        looks: The person's random number.
        joints: From `skeleton.pose`; turned and moved to the world by this call. Shape (19, 3).
        clothes: From `wardrobe.wardrobe`, shape (26,).
        out: Written, shape (32, 28).

    Returns:
        How many solids there are.
    """
    body = height
    cos, sin = np.cos(heading), np.sin(heading)
    for j in range(sk.JOINTS):
        jx, jy = joints[j, 0], joints[j, 1]
        joints[j, 0] = x + jx * cos - jy * sin
        joints[j, 1] = y + jx * sin + jy * cos
    seed = int(looks & 0xFFFF)
    build = clothes[wa.BUILD]
    coated = clothes[wa.COAT] > 0.0
    bulk = (1.10 if coated else 1.0 if clothes[wa.SLEEVES] > 0 else 0.95) * build
    pelvis, chest, neck, head = joints[sk.PELVIS], joints[sk.CHEST], joints[sk.NECK], joints[sk.HEAD]
    left = unit(joints[sk.SHOULDER] - joints[sk.SHOULDER + 1])
    hip_left = unit(joints[sk.HIP] - joints[sk.HIP + 1])
    rise = unit(neck - pelvis)
    fore = unit(cross(left, rise))
    left = cross(rise, fore)
    if posture == 4:
        hip_left = left
    n = 0
    # legs and shoes
    skirt = clothes[wa.SKIRT]
    bare = skirt > 0.0 and random_of(looks, 21) < 0.5
    leg_colour = wa.SKIN if bare else wa.LEGS
    slack = 1.0 if bare else clothes[wa.WIDE_LEGS]
    folds = 0.0 if bare else 0.13
    lean = 0.5 + 0.5 * build
    hem = max(skirt, clothes[wa.COAT] * 0.5)
    garment = -1 if hem == 0.0 else wa.LEGS if skirt > 0.0 else wa.CLOTH
    for s in range(2):
        hip, knee, ankle, toe = joints[sk.HIP + s], joints[sk.KNEE + s], joints[sk.ANKLE + s], joints[sk.TOE + s]
        round_solid(
            out[n],
            hip,
            knee,
            0.051 * body * lean * (0.6 + 0.4 * slack),
            0.034 * body * (0.5 + 0.5 * slack),
            clothes,
            leg_colour,
            folds,
            seed + s,
        )
        if garment >= 0:  # what hangs over the thigh has its colour
            out[n, so.PATTERN] = 3.0 if hem < 0.5 else 0.0
            for k in range(3):
                out[n, so.COLOUR + k] = clothes[garment + k]
        n += 1
        round_solid(
            out[n],
            knee,
            ankle,
            0.034 * body * (0.5 + 0.5 * slack),
            0.023 * body * (slack if not bare else 0.9),
            clothes,
            leg_colour,
            folds,
            seed + 2 + s,
        )
        n += 1
        heel = ankle + (toe - ankle) * -0.12
        heel[2] = max(0.018 * body, ankle[2] - 0.021 * body) if posture != 4 else ankle[2]
        round_solid(out[n], heel, toe, 0.021 * body, 0.0165 * body, clothes, wa.SHOES, 0.0, seed)
        out[n, so.CASTS] = 0.0
        n += 1
    # trunk: hips in trousers, then shirt or jacket from its hem to the chest, and the chest; wide and flat
    shoulder_mid = (joints[sk.SHOULDER] + joints[sk.SHOULDER + 1]) / 2
    wide = 0.080 * body * (0.55 + 0.45 * bulk)
    deep = wide * (_TORSO_DEEP + 0.32 * (build - 0.84))
    belly = max(0.0, build - 1.08)
    seat = pelvis - rise * 0.012 * body
    waist = pelvis + (chest - pelvis) * 0.30
    sweep_solid(
        out[n],
        seat,
        waist,
        1.0,
        0.92,
        fore,
        hip_left,
        deep * 1.10,
        wide * 1.02,
        0.045 * body,
        clothes,
        wa.CLOTH if coated else wa.LEGS,
        0.08,
        seed + 4,
        True,
    )
    n += 1
    drop = 0.035 if clothes[wa.SLEEVES] > 0 else 0.0
    shirt_end = pelvis + rise * (0.01 - drop + 0.03 * random_of(looks, 22)) * body
    ribs = pelvis + (neck - pelvis) * 0.62
    sweep_solid(
        out[n],
        shirt_end,
        ribs,
        1.0,
        0.965 - 0.5 * belly,
        fore,
        left,
        deep * (1.20 + belly),
        wide * (1.09 + 0.4 * belly),
        0.016 * body,
        clothes,
        wa.CLOTH,
        0.15,
        seed + 5,
        True,
    )
    out[n, so.PATTERN] = clothes[wa.PATTERN_OF]
    n += 1
    high = shoulder_mid - rise * 0.036 * body
    sweep_solid(
        out[n],
        ribs - rise * 0.04 * body,
        high,
        0.95,
        1.0,
        fore,
        left,
        deep * 1.17,
        wide * 1.07,
        0.036 * body,
        clothes,
        wa.CLOTH,
        0.10,
        seed + 5,
        True,
    )
    out[n, so.PATTERN] = 0.0 if clothes[wa.PATTERN_OF] == 4.0 else clothes[wa.PATTERN_OF]
    n += 1
    for k in range(3):
        out[n - 1, so.COLOUR2 + k] = out[n - 2, so.COLOUR2 + k] = clothes[wa.CLOTH2 + k]
    # shoulders slope from the neck
    collar = neck - rise * 0.012 * body
    padded = 0.6 + 0.4 * bulk
    for s in range(2):
        round_solid(
            out[n],
            collar,
            joints[sk.SHOULDER + s],
            0.034 * body * padded,
            0.031 * body * padded,
            clothes,
            wa.CLOTH,
            0.0,
            seed + 6,
        )
        out[n, so.CASTS] = 0.0
        n += 1
    # skirt or coat: hips to hem, as wide as the step
    if hem > 0.0:
        knees = (joints[sk.KNEE] + joints[sk.KNEE + 1]) / 2
        ankles = (joints[sk.ANKLE] + joints[sk.ANKLE + 1]) / 2
        end = pelvis + (knees - pelvis) * min(1.0, 2.0 * hem)
        if hem > 0.5:
            end = knees + (ankles - knees) * (2.0 * hem - 1.0) * 0.9
        open_step = np.sqrt(((joints[sk.KNEE] - joints[sk.KNEE + 1]) ** 2).sum())
        flare = 1.05 + 0.35 * min(1.0, open_step / (0.2 * body)) + 0.12 * random_of(looks, 23)
        sweep_solid(
            out[n],
            pelvis + rise * 0.03 * body,
            end,
            1.0,
            flare,
            fore,
            hip_left,
            max(deep * 1.22, 0.066 * body),
            wide * 1.10,
            0.018 * body,
            clothes,
            garment,
            0.16,
            seed + 7,
            True,
        )
        n += 1
    # arms and hands
    long_sleeve = clothes[wa.SLEEVES] > 0
    for s in range(2):
        shoulder, elbow, wrist = joints[sk.SHOULDER + s], joints[sk.ELBOW + s], joints[sk.WRIST + s]
        thick = 0.0285 * body * (0.5 + 0.5 * bulk)
        round_solid(out[n], shoulder, elbow, thick * 1.08, thick * 0.86, clothes, wa.CLOTH, 0.12, seed + 8 + s)
        n += 1
        round_solid(
            out[n],
            elbow,
            wrist,
            thick * 0.86,
            thick * (0.74 if long_sleeve else 0.58),
            clothes,
            wa.CLOTH if long_sleeve else wa.SKIN,
            0.10 if long_sleeve else 0.0,
            seed + 10 + s,
        )
        n += 1
        tip = wrist + unit(wrist - elbow) * 0.042 * body
        round_solid(out[n], wrist + (tip - wrist) * 0.3, tip, 0.0190 * body, 0.0140 * body, clothes, wa.SKIN, 0.0, seed)
        out[n, so.CASTS] = 0.0
        n += 1
    # neck and head
    round_solid(
        out[n],
        neck - rise * 0.01 * body,
        head - rise * 0.03 * body,
        0.030 * body,
        0.028 * body,
        clothes,
        wa.SKIN,
        0.0,
        seed,
    )
    out[n, so.CASTS] = 0.0
    n += 1
    up = unit(joints[sk.CROWN] - head)
    face = unit(cross(left, up)) if posture != 4 else fore
    if posture < 3:  # people look about
        turn = 0.5 * (random_of(looks, 50) - 0.5)
        face = unit(face * np.cos(turn) + left * np.sin(turn))
    ear = cross(up, face)
    return dress_head(body, head, up, face, ear, neck, rise, seed, clothes, n, out)
