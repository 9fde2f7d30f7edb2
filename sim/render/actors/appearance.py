"""What the people of a film look like, in words and numbers: for scores that ask whether all are found alike.

Everything is said of figures out of the atlas and of the paint that chance gave them, before any light falls on them.

Reference:
    Skin tone groups by the individual typology angle: Del Bino, S. and Bernerd, F. (2013). Variations in skin colour
    and the biological consequences of ultraviolet radiation exposure. British Journal of Dermatology 169, 33-40.
    DOI 10.1111/bjd.12529.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.truth import SKIN_TONES
from sim.render.actors.clothes import HAIR, PERSON, SKIN, people_looks, wear
from sim.render.actors.colours import colour_name
from sim.render.actors.drawing import LOOK
from sim.render.actors.garments import OUTER_SLEEVE, UPPER_SLEEVE
from sim.render.actors.patterns import bank
from sim.render.actors.stock import LEVELS, Stock
from sim.render.library import JOINT_NAMES, REGIONS

__all__ = ["HEADWEAR", "Appearance", "skin_tone"]

_TONE_ENDS_DEG: Final = (55.0, 41.0, 28.0, 10.0, -30.0)
HEADWEAR: Final = ("cap", "beanie", "hat", "hood", "scarf")
"""Tags of figures whose heads are covered."""
_SLEEVES: Final = (UPPER_SLEEVE, OUTER_SLEEVE)
_CLOTH: Final = (REGIONS.index("upper"), REGIONS.index("lower"), REGIONS.index("outer"), *_SLEEVES)
_HAT: Final = REGIONS.index("hat")
_OUTER: Final = REGIONS.index("outer")
_THIGHS: Final = tuple(JOINT_NAMES.index(f"thigh.{side}") for side in ("left", "right"))
_HAIRY: Final = 0.01
"""Less of a head than that share of its surface is no hair."""


def skin_tone(ita_deg: float) -> str:
    """Return the group of a typology angle."""
    return SKIN_TONES[int(np.searchsorted(-np.array(_TONE_ENDS_DEG), -ita_deg))]


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """What of a figure can be seen from outside, by triangle: area times openness, region, place along the garment."""

    weight: NDArray[np.float64]
    region: NDArray[np.int64]
    along: NDArray[np.float64]
    below: NDArray[np.bool_]


class Appearance:
    """Says what figures look like.

    Args:
        stock: The figures.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._surfaces: dict[int, _Surface] = {}
        self._shares = bank().reshape(len(bank()), -1).mean(axis=1) / 255

    def of(self, figure: int, looks: int, staff: bool) -> dict[str, Any]:
        """Return what one person looks like, by the columns of `scenarios.truth.LOOKS` other than id and body.

        Args:
            figure: Number of the figure that plays the person.
            looks: The person's random number.
            staff: Whether the person may wear a high-visibility vest.
        """
        one = np.array([looks], np.int64)
        paint = np.empty((1, LOOK))
        wear(one, np.array([PERSON]), np.array([staff]), paint)
        paint = paint.reshape(-1, 8)
        ita = float(people_looks(one).skin_ita_deg[0])
        held, surface = self._stock.figures[figure], self._surface(figure)
        cloth = np.isin(surface.region, _CLOTH)
        cloth &= ~(np.isin(surface.region, _SLEEVES) & (surface.along > paint[surface.region, 7]))  # bare arms
        hairy = surface.weight[surface.region == HAIR].sum() > _HAIRY * surface.weight.sum()
        worn = next((name for name in HEADWEAR if name in held.tags), "none")
        cover = paint[_OUTER if worn == "hood" else _HAT]
        return {
            "figure": held.name,
            "skin_tone": skin_tone(ita),
            "skin_ita_deg": ita,
            **_named("skin", paint[SKIN, 2::-1], None),
            **self._mixed("upper", surface, cloth & ~surface.below, paint),
            **self._mixed("lower", surface, cloth & surface.below, paint),
            **_named("hair", paint[HAIR, 2::-1] if hairy else None, "none" if not hairy else ""),
            "headwear": worn,
            **_named("headwear", None if worn == "none" else cover[2::-1], None),
        }

    def _mixed(self, part: str, surface: _Surface, mine: NDArray[np.bool_], paint: NDArray[np.float64]) -> Any:
        """Return the mean colour of a part, and the name that most of it bears."""
        votes: dict[str, float] = {}
        total, mean = 0.0, np.zeros(3)
        for region in np.unique(surface.region[mine]):
            weight = float(surface.weight[mine & (surface.region == region)].sum())
            row = paint[region]
            second = float(self._shares[int(row[6])]) if row[6] > 0 else 0.0
            for share, rgb in ((1.0 - second, row[2::-1]), (second, row[5:2:-1])):
                if share > 0:
                    name = colour_name(rgb)
                    votes[name] = votes.get(name, 0.0) + share * weight
                    mean += share * weight * rgb
                    total += share * weight
        if not total:
            return _named(part, None, "none")
        return _named(part, mean / total, max(votes, key=lambda name: votes[name]))

    def _surface(self, figure: int) -> _Surface:
        found = self._surfaces.get(figure)
        if found is None:
            s, level = self._stock, LEVELS - 1
            vertices, corners = slice(*s.vertex_span[figure, level]), slice(*s.triangle_span[figure, level])
            triangle = s.triangle[corners]
            place = s.vertex[vertices].astype(float)[triangle]
            area = 0.5 * np.linalg.norm(
                np.cross(place[:, 1] - place[:, 0], place[:, 2] - place[:, 0]), axis=1
            )  # fmt: skip
            open_ = s.occlusion[vertices].astype(float)[triangle].mean(axis=1)
            strongest = s.joint[vertices][np.arange(len(s.joint[vertices])), s.weight[vertices].argmax(axis=1)]
            arms = [JOINT_NAMES.index(f"{n}.{side}") for n in ("upperarm", "forearm") for side in ("left", "right")]
            on_arm = np.isin(strongest[triangle], arms).sum(axis=1) >= 2
            hip = s.rest[figure, _THIGHS, 2].mean()
            found = self._surfaces[figure] = _Surface(
                weight=area * open_,
                region=s.region[corners].astype(np.int64),
                along=s.uv[vertices, 1].astype(float)[triangle].mean(axis=1),
                below=(place[..., 2].mean(axis=1) < hip) & ~on_arm,
            )
        return found


def _named(part: str, rgb: NDArray[np.float64] | None, name: str | None) -> dict[str, Any]:
    """Return the columns of a colour: its name (where it has a column) and its sRGB, None where there is nothing."""
    shown = (None, None, None) if rgb is None else tuple(int(v) for v in np.round(np.clip(rgb, 0, 255)))
    columns = dict(zip((f"{part}_r", f"{part}_g", f"{part}_b"), shown, strict=True))
    return columns if name is None else {part: name or colour_name(np.asarray(rgb)), **columns}
