"""What people wear: colours of skin, hair and garments, patterns, sleeves; out of one random number and nothing else.

Colours are those of people in public places in the temperate zone: about half of all garments are black, grey or navy,
a sixth is white or light, a tenth bright. Skin tones are spread evenly over the individual typology angle, from very
light (55 degrees and more) to dark (below -30): Del Bino, S. and Bernerd, F. (2013). Variations in skin colour and the
biological consequences of ultraviolet radiation exposure. British Journal of Dermatology 169, 33-40.
DOI 10.1111/bjd.12529.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.population import BagKind
from sim.render.actors.drawing import LOOK, WHOLE
from sim.render.actors.garments import OUTER_SLEEVE, UPPER_SLEEVE
from sim.render.actors.patterns import PATTERNS
from sim.render.library import REGIONS
from sim.state import OBJECT_KINDS

__all__ = ["PERSON", "PeopleLooks", "people_looks", "random_of", "wear"]

PERSON: Final = -1
"""In place of a bag's kind."""
_STRIPES: Final = PATTERNS.index("stripes")
_BROAD: Final = PATTERNS.index("checks")
_OPEN: Final = PATTERNS.index("open_front")
_YOKE: Final = PATTERNS.index("yoke")
_HI_VIS: Final = PATTERNS.index("hi_vis")
_FADED: Final = PATTERNS.index("faded")
SKIN: Final = REGIONS.index("skin")
HAIR: Final = REGIONS.index("hair")
UPPER: Final = REGIONS.index("upper")
LOWER: Final = REGIONS.index("lower")
SHOES: Final = REGIONS.index("shoes")
OUTER: Final = REGIONS.index("outer")
_ACCESSORY: Final = REGIONS.index("accessory")
_METAL: Final = REGIONS.index("metal")
_RUBBER: Final = REGIONS.index("rubber")
_BROW: Final = REGIONS.index("brow")
_EYE: Final = REGIONS.index("eye")
_LIPS: Final = REGIONS.index("lips")
_SHELL: Final = REGIONS.index("shell")
_CLOTH: Final = REGIONS.index("cloth")
_LAMP: Final = REGIONS.index("lamp")
_GLASS: Final = REGIONS.index("glass")
_HAT: Final = REGIONS.index("hat")
_STRIPE: Final = REGIONS.index("stripe")
_WOOD: Final = REGIONS.index("wood")
_LEAF: Final = REGIONS.index("leaf")
_LINING: Final = REGIONS.index("lining")

_ITA_MOST_DEG: Final = 62.0
_ITA_LEAST_DEG: Final = -58.0
_TONES: Final = 25


def _skin_tones() -> NDArray[np.float64]:
    """Return tones at even steps of the typology angle from light to dark, BGR, shape (25, 3)."""
    angle = np.linspace(_ITA_MOST_DEG, _ITA_LEAST_DEG, _TONES)
    yellow = 13.5 + 5.5 * np.exp(-(((angle - 12.0) / 34.0) ** 2))  # b* is highest in between
    red = 9.0 + 3.5 * np.exp(-(((angle - 5.0) / 38.0) ** 2))
    lightness = 50.0 + yellow * np.tan(np.radians(angle))
    lab = np.stack((lightness, red, yellow), axis=1).astype(np.float32)[None]
    return np.asarray(255.0 * cv2.cvtColor(lab, cv2.COLOR_Lab2BGR)[0], np.float64)


def _table(rows: list[tuple[float, int, int, int]]) -> NDArray[np.float64]:
    """Return cumulative share, B, G, R a row."""
    table = np.array(rows, float)
    table[:, 0] = np.cumsum(table[:, 0]) / table[:, 0].sum()
    return table


_SKIN_OF: Final = _skin_tones()
_HAIR_OF: Final = _table([
    (30, 24, 24, 26), (22, 26, 32, 42), (16, 34, 48, 66), (8, 52, 76, 104), (6, 92, 132, 164), (9, 148, 150, 152),
    (5, 196, 198, 200), (3, 40, 62, 116), (1, 92, 60, 130),
])  # fmt: skip
_TOP_OF: Final = _table([
    (20, 34, 32, 32), (8, 52, 50, 48), (12, 62, 44, 36), (7, 84, 82, 80), (7, 128, 126, 122), (5, 170, 168, 162),
    (9, 226, 224, 222), (3, 196, 210, 216), (6, 128, 92, 62), (4, 178, 140, 98), (4, 128, 154, 176), (3, 74, 100, 126),
    (3, 66, 84, 66), (3, 44, 44, 120), (2, 48, 48, 182), (2, 70, 172, 208), (1, 52, 118, 208), (1, 150, 126, 200),
    (1, 110, 74, 120), (1, 120, 140, 60),
])  # fmt: skip
_OUTER_OF: Final = _table([
    (30, 32, 31, 32), (16, 58, 42, 34), (10, 56, 56, 56), (8, 96, 94, 92), (5, 150, 148, 142), (6, 62, 78, 70),
    (8, 104, 132, 156), (5, 60, 84, 110), (4, 118, 78, 48), (3, 40, 40, 130), (2, 58, 170, 206), (2, 208, 208, 206),
    (1, 70, 110, 200),
])  # fmt: skip
_LEGS_OF: Final = _table([
    (28, 36, 35, 36), (16, 84, 60, 46), (14, 112, 82, 60), (8, 142, 112, 86), (8, 56, 44, 38), (8, 80, 78, 76),
    (5, 124, 122, 118), (6, 118, 146, 168), (3, 64, 84, 92), (3, 206, 208, 208), (1, 60, 60, 120),
])  # fmt: skip
_SHOES_OF: Final = _table([
    (46, 32, 32, 34), (14, 40, 56, 84), (20, 214, 214, 214), (10, 120, 120, 120), (5, 70, 60, 50), (5, 60, 60, 150),
])  # fmt: skip
_BAG_OF: Final = _table([
    (38, 34, 33, 34), (12, 58, 42, 34), (12, 82, 80, 78), (10, 50, 74, 106), (6, 84, 118, 150), (6, 44, 44, 130),
    (5, 66, 84, 62), (4, 150, 108, 62), (3, 150, 150, 148), (2, 70, 150, 206), (2, 108, 66, 104),
])  # fmt: skip
_CARDBOARD_OF: Final = _table([(5, 96, 138, 176), (4, 84, 124, 160), (1, 206, 210, 214)])
_SHORT_SLEEVE: Final = 0.35
"""Where along the sleeve a short one ends."""
_BIN_BAG: Final = next((i for i, kind in enumerate(OBJECT_KINDS) if kind.value == "bin_bag"), len(OBJECT_KINDS))
_CARTON: Final = OBJECT_KINDS.index(BagKind.CARTON)
_BIN_BAG_OF: Final = _table([(6, 30, 30, 30), (3, 112, 66, 44), (1, 205, 205, 205)])


@dataclass(frozen=True, slots=True, eq=False)
class PeopleLooks:
    """What can be said of how people look, for a score that asks whether all are seen alike; one row a person.

    Attributes:
        skin_ita_deg: Individual typology angle: above 55 very light, below -30 dark; shape (n,).
        skin_bgr: Shape (n, 3).
        upper_bgr: Of what covers the trunk, shape (n, 3).
        lower_bgr: Of what covers the legs, shape (n, 3).
    """

    skin_ita_deg: NDArray[np.float64]
    skin_bgr: NDArray[np.float64]
    upper_bgr: NDArray[np.float64]
    lower_bgr: NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def random_of(looks: int, field: int) -> Any:
    """Return the number in [0, 1) that a person's looks hold for one field (splitmix64)."""
    z = np.uint64(looks) + np.uint64(field + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 1.1102230246251565e-16


def people_looks(looks: NDArray[np.int64]) -> PeopleLooks:
    """Return what people look like, of their random numbers alone, shape (n,)."""
    worn = np.zeros((len(looks), LOOK))
    wear(np.asarray(looks, np.int64), np.full(len(looks), PERSON, np.int64), np.zeros(len(looks), np.bool_), worn)
    rows = worn.reshape(len(looks), LOOK // 8, 8)
    ita = _ITA_MOST_DEG + (_ITA_LEAST_DEG - _ITA_MOST_DEG) * np.array([random_of(int(n), 1) for n in looks])
    return PeopleLooks(ita, rows[:, SKIN, :3].copy(), rows[:, UPPER, :3].copy(), rows[:, LOWER, :3].copy())


@njit(cache=True, error_model="numpy")
def _choose(table: Any, looks: int, field: int, jitter: float, out: Any) -> None:
    drawn = random_of(looks, field)
    row = 0
    while table[row, 0] < drawn:
        row += 1
    gain = 1.0 + jitter * (random_of(looks, field + 100) - 0.5)
    for k in range(3):
        tint = 1.0 + 0.35 * jitter * (random_of(looks, field + 200 + k) - 0.5)
        out[k] = min(228.0, table[row, 1 + k] * gain * tint)


@njit(cache=True, error_model="numpy")
def _colour(look: Any, region: int, table: Any, looks: int, field: int, jitter: float) -> None:
    """Give a region a colour of a table, and a second one that goes with it."""
    _choose(table, looks, field, jitter, look[8 * region :])
    _choose(table, looks, field + 1, jitter, look[8 * region + 3 :])
    look[8 * region + 6] = 0.0
    look[8 * region + 7] = WHOLE


@njit(cache=True, error_model="numpy")
def _paint(look: Any, region: int, b: float, g: float, r: float) -> None:
    for half in range(2):
        look[8 * region + 3 * half], look[8 * region + 3 * half + 1], look[8 * region + 3 * half + 2] = b, g, r
    look[8 * region + 6], look[8 * region + 7] = 0.0, WHOLE


@njit(cache=True, nogil=True, error_model="numpy")
def wear(looks: Any, kind: Any, staff: Any, out: Any) -> None:
    """Dress people and colour bags.

    Args:
        looks: Random numbers, shape (n,).
        kind: Index into ``OBJECT_KINDS``, or ``PERSON``; shape (n,).
        staff: Who wears a high-visibility vest, shape (n,).
        out: Written, see `sim.render.actors.drawing.draw`, shape (n, LOOK).
    """
    for i in range(looks.shape[0]):
        for region in range(LOOK // 8):
            _paint(out[i], region, 90.0, 90.0, 90.0)
        _paint(out[i], _METAL, 148.0, 146.0, 144.0)
        _paint(out[i], _RUBBER, 42.0, 42.0, 42.0)
        _paint(out[i], _LAMP, 240.0, 245.0, 250.0)
        _paint(out[i], _GLASS, 120.0, 110.0, 100.0)
        _paint(out[i], _WOOD, 70.0, 104.0, 140.0)
        _paint(out[i], _LEAF, 52.0, 96.0, 70.0)
        if kind[i] == PERSON:
            _dress(looks[i], staff[i], out[i])
        else:
            table = _CARDBOARD_OF if kind[i] == _CARTON else _BIN_BAG_OF if kind[i] == _BIN_BAG else _BAG_OF
            for region, field in ((_CLOTH, 2), (_SHELL, 2), (_ACCESSORY, 4), (_STRIPE, 6)):
                _colour(out[i], region, table, looks[i], field, 0.25)


@njit(cache=True, error_model="numpy")
def _dress(looks: int, staff: bool, look: Any) -> None:
    tone = random_of(looks, 1) * (_TONES - 1)
    row = int(tone)
    for k in range(3):
        value = _SKIN_OF[row, k] + (tone - row) * (_SKIN_OF[row + 1, k] - _SKIN_OF[row, k])
        look[8 * SKIN + k], look[8 * SKIN + 3 + k] = value, value
    _colour(look, HAIR, _HAIR_OF, looks, 2, 0.25)
    if random_of(looks, 1) > 0.55 and random_of(looks, 4) < 0.92:  # dark skin goes with dark hair
        _paint(look, HAIR, 22.0 + 10.0 * random_of(looks, 5), 22.0 + 10.0 * random_of(looks, 5), 26.0)
    _colour(look, UPPER, _TOP_OF, looks, 6, 0.30)
    _colour(look, OUTER, _OUTER_OF, looks, 8, 0.30)
    _colour(look, LOWER, _LEGS_OF, looks, 10, 0.30)
    _colour(look, SHOES, _SHOES_OF, looks, 12, 0.20)
    _colour(look, _ACCESSORY, _BAG_OF, looks, 14, 0.25)
    _colour(look, _HAT, _OUTER_OF, looks, 25, 0.30)
    _colour(look, _CLOTH, _BAG_OF, looks, 27, 0.30)
    _colour(look, _SHELL, _BAG_OF, looks, 27, 0.30)
    _colour(look, _LINING, _TOP_OF, looks, 29, 0.30)
    for k in range(3):
        skin = look[8 * SKIN + k]
        for half in range(2):
            look[8 * _BROW + 3 * half + k] = 0.45 * skin + 0.4 * look[8 * HAIR + k]
            look[8 * _EYE + 3 * half + k] = 0.55 * skin
            look[8 * _LIPS + 3 * half + k] = (0.72 if k < 2 else 0.92) * skin
    pattern = random_of(looks, 16)
    if pattern < 0.34:
        look[8 * UPPER + 6] = _STRIPES + int(pattern / 0.34 * (_OPEN - _STRIPES + 1.999))
    outer = random_of(looks, 17)
    look[8 * OUTER + 6] = _YOKE if outer < 0.10 else 0.0
    if random_of(looks, 18) < 0.35:
        look[8 * LOWER + 6] = _FADED
        for k in range(3):
            look[8 * LOWER + 3 + k] = min(210.0, 1.5 * look[8 * LOWER + k] + 24.0)
    cut = _SHORT_SLEEVE + 0.12 * random_of(looks, 21) if random_of(looks, 19) < 0.10 else WHOLE
    if staff or random_of(looks, 23) < 0.012:
        for region in (UPPER, OUTER):
            if random_of(looks, 24) < 0.7:
                _paint(look, region, 70.0, 235.0, 215.0)
            else:
                _paint(look, region, 40.0, 120.0, 245.0)
            for k in range(3):
                look[8 * region + 3 + k] = 225.0
            look[8 * region + 6] = _HI_VIS
    look[8 * UPPER_SLEEVE : 8 * UPPER_SLEEVE + 8] = look[8 * UPPER : 8 * UPPER + 8]
    look[8 * OUTER_SLEEVE : 8 * OUTER_SLEEVE + 8] = look[8 * OUTER : 8 * OUTER + 8]
    look[8 * UPPER_SLEEVE + 7] = cut
    for region in (UPPER_SLEEVE, OUTER_SLEEVE):
        if look[8 * region + 6] > _BROAD:  # only what runs around goes on along the sleeve
            look[8 * region + 6] = 0.0
