"""What a person looks like: build, skin, hair and clothes, all out of one random number and nothing else."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.render.skeleton import random_of

__all__ = [
    "BUILD", "CLOTH", "CLOTH2", "COAT", "HAIR", "HAIR_KIND", "HAT", "LEGS", "LOOKS", "PATTERN_OF", "SHOES", "SKIN",
    "SKIRT", "SLEEVES", "WIDE_LEGS", "wardrobe",
]  # fmt: skip

SKIN: Final = 0
HAIR: Final = 3
CLOTH: Final = 6
CLOTH2: Final = 9
LEGS: Final = 12
SHOES: Final = 15
BUILD: Final = 18
"""Girth against the mean: 0.82 to 1.3."""
HAIR_KIND: Final = 19
"""0 bald, 1 short, 2 to the neck, 3 long, 4 bun, 5 full and round."""
HAT: Final = 20
"""0 none, 1 cap, 2 woollen hat, 3 hood up, 4 head scarf."""
COAT: Final = 21
"""How far the coat reaches below the hips, in shares of the thigh; 0 a jacket or shirt."""
SKIRT: Final = 22
"""How far the skirt reaches, in shares of the leg; 0 trousers."""
SLEEVES: Final = 23
"""1 long, 0 short."""
PATTERN_OF: Final = 24
WIDE_LEGS: Final = 25
LOOKS: Final = 26
"""Numbers that describe one person."""

# The ten tones of Monk, E. (2023), Monk Skin Tone Scale, DOI 10.31235/osf.io/pdf4c, as BGR, light to dark, brought
# down to what a camera sees of skin beside white cloth.
_SKINS: Final[NDArray[np.float64]] = np.array(
    [
        (158, 178, 206), (146, 170, 202), (132, 162, 196), (116, 150, 188), (98, 136, 176),
        (76, 112, 148), (60, 86, 120), (46, 64, 92), (40, 50, 66), (34, 40, 50),
    ],
    float,
)  # fmt: skip
_HAIRS: Final[NDArray[np.float64]] = np.array(
    [(20, 20, 24), (26, 30, 40), (30, 42, 62), (44, 66, 100), (80, 122, 160), (140, 185, 208), (150, 152, 156),
     (215, 217, 220), (34, 58, 118), (24, 22, 22)], float,
)  # fmt: skip
_CLOTHES: Final[NDArray[np.float64]] = np.array(
    [(34, 32, 31), (58, 46, 38), (84, 58, 40), (120, 86, 56), (70, 70, 70), (112, 112, 110), (160, 158, 152),
     (222, 222, 218), (205, 208, 212), (140, 166, 188), (98, 124, 150), (62, 84, 60), (70, 96, 86), (46, 40, 112),
     (52, 52, 168), (58, 110, 196), (70, 176, 208), (150, 120, 70), (190, 150, 96), (120, 80, 130), (176, 160, 214),
     (88, 92, 44), (40, 60, 96), (44, 44, 52)], float,
)  # fmt: skip
_TROUSERS: Final[NDArray[np.float64]] = np.array(
    [(36, 34, 32), (44, 40, 36), (92, 66, 48), (118, 88, 62), (142, 116, 88), (74, 54, 42), (84, 84, 82),
     (118, 118, 114),
     (128, 152, 172), (98, 118, 136), (62, 74, 70), (196, 200, 202), (54, 48, 60), (64, 58, 50)], float,
)  # fmt: skip
_SHOES: Final[NDArray[np.float64]] = np.array(
    [(28, 28, 30), (34, 36, 44), (44, 62, 92), (210, 212, 214), (150, 150, 150), (60, 60, 130), (90, 70, 50)], float
)


@njit(cache=True, error_model="numpy")
def _choose(table: Any, looks: int, field: int, jitter: float, out: Any, at: int) -> None:
    """Take a colour of a table, common ones first, and make it a little less pure."""
    drawn = random_of(looks, field)
    row = int(drawn * (0.45 + 0.55 * drawn) * table.shape[0])
    gain = 1.0 + jitter * (random_of(looks, field + 100) - 0.5)
    grey = (table[row, 0] + 2.0 * table[row, 1] + table[row, 2]) / 4.0
    for k in range(3):
        tint = 1.0 + 0.4 * jitter * (random_of(looks, field + 200 + k) - 0.5)
        pure = 0.78 * table[row, k] + 0.22 * grey
        out[at + k] = min(214.0, pure * gain * tint + 4.0)


@njit(cache=True, error_model="numpy")
def wardrobe(looks: int, out: Any) -> None:
    """Write the ``LOOKS`` numbers of a person.

    Args:
        looks: The person's random number.
        out: Shape (26,).
    """
    tone = random_of(looks, 1) * (_SKINS.shape[0] - 1)
    row = int(tone)
    for k in range(3):
        out[SKIN + k] = _SKINS[row, k] + (tone - row) * (_SKINS[row + 1, k] - _SKINS[row, k])
    dark_skin = out[SKIN + 1] < 96.0
    _choose(_HAIRS, looks, 2, 0.2, out, HAIR)
    if dark_skin and random_of(looks, 3) < 0.9:
        for k in range(3):
            out[HAIR + k] = 22.0 + 10.0 * random_of(looks, 4)
    _choose(_CLOTHES, looks, 5, 0.35, out, CLOTH)
    _choose(_CLOTHES, looks, 6, 0.35, out, CLOTH2)
    _choose(_TROUSERS, looks, 7, 0.35, out, LEGS)
    _choose(_SHOES, looks, 8, 0.2, out, SHOES)
    build = random_of(looks, 9) + random_of(looks, 10)
    out[BUILD] = 0.84 + 0.20 * build + (0.12 if random_of(looks, 11) > 0.9 else 0.0)
    kind = random_of(looks, 12)
    out[HAIR_KIND] = (
        0.0 if kind < 0.06 else 1.0 if kind < 0.46 else 2.0 if kind < 0.62 else 3.0 if kind < 0.80
        else 4.0 if kind < 0.90 else 5.0
    )  # fmt: skip
    hat = random_of(looks, 13)
    out[HAT] = 1.0 if hat < 0.08 else 2.0 if hat < 0.14 else 3.0 if hat < 0.20 else 4.0 if hat < 0.25 else 0.0
    garment = random_of(looks, 14)
    out[COAT] = 0.85 if garment < 0.14 else 0.45 if garment < 0.30 else 0.0
    out[SKIRT] = 0.0
    if 0.30 <= garment < 0.44:
        out[SKIRT] = 0.42 + 0.48 * random_of(looks, 15)
        if random_of(looks, 16) < 0.4:  # a dress
            for k in range(3):
                out[LEGS + k] = out[CLOTH + k]
        elif random_of(looks, 16) < 0.7:
            _choose(_CLOTHES, looks, 17, 0.3, out, LEGS)
    out[SLEEVES] = 1.0 if out[COAT] > 0 or out[HAT] >= 2 or random_of(looks, 18) < 0.66 else 0.0
    pattern = random_of(looks, 19)
    out[PATTERN_OF] = (
        2.0 if pattern < 0.24 else 1.0 if pattern < 0.30 else 4.0 if pattern < 0.42 else 6.0 if pattern < 0.47
        else 3.0 if pattern < 0.53 else 0.0
    )  # fmt: skip
    out[WIDE_LEGS] = 0.9 + 0.35 * random_of(looks, 20)
