"""Who is in the atlas: bodies, ages, clothes; and how one of them is put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.render.build.bodies import BodyModel
from sim.render.build.garments import SOLE_M, Tailor
from sim.render.build.heads import Hatter
from sim.render.build.pack import PERSON_TRIANGLES, Built, bearing_points, details_of
from sim.render.build.rig import JOINT
from sim.render.build.surface import Surface, region_of

__all__ = ["CAST", "Look", "dressed"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """One person of the atlas.

    Attributes:
        name: Unique.
        female: Share, as of ``anny``.
        age: Of ``anny``: 1/3 child of about ten, 2/3 young, 1 old; below 1/3 small children.
        height_m: Crown above the floor, with shoes.
        weight: 0 thin to 1 stout.
        top: tshirt, shirt, jumper, jacket, puffer, hoodie, coat, long_coat, dress, long_dress, vest.
        bottom: slim, straight, wide, leggings, shorts, skirt, long_skirt, mini.
        hair: As of ``Hatter.hair``.
        hat: As of ``Hatter.hat``, or empty.
        muscle: 0 to 1.
        stoop_deg: Of the upper back.
        body: As of ``library.BODY_NAMES``.
        boots: Whether the shoes reach up the shin.
    """

    name: str
    female: float
    age: float
    height_m: float
    weight: float
    top: str
    bottom: str
    hair: str
    hat: str = ""
    muscle: float = 0.5
    stoop_deg: float = 0.0
    body: str = "adult"
    boots: bool = False


def _m(
    name: str, height: float, weight: float, top: str, bottom: str, hair: str, hat: str = "", age: float = 0.7
) -> Look:
    return Look(
        f"man_{name}", 0.0, age, height, weight, top, bottom, hair, hat, 0.35 + 0.5 * (weight < 0.6) * (age < 0.8)
    )


def _w(
    name: str,
    height: float,
    weight: float,
    top: str,
    bottom: str,
    hair: str,
    hat: str = "",
    age: float = 0.7,
    boots: bool = False,
) -> Look:
    return Look(f"woman_{name}", 1.0, age, height, weight, top, bottom, hair, hat, 0.45, 0.0, "adult", boots)


def _c(
    name: str, female: float, age: float, height: float, weight: float, top: str, bottom: str, hair: str, hat: str = ""
) -> Look:
    return Look(f"child_{name}", female, age, height, weight, top, bottom, hair, hat, 0.5, 0.0, "child")


def _o(
    name: str, female: float, height: float, weight: float, top: str, bottom: str, hair: str, hat: str, stoop: float
) -> Look:
    return Look(f"old_{name}", female, 0.97, height, weight, top, bottom, hair, hat, 0.35, stoop, "elderly")


CAST: Final[tuple[Look, ...]] = (
    _m("tshirt_jeans", 1.80, 0.45, "tshirt", "straight", "short"),
    _m("tshirt_shorts", 1.77, 0.50, "tshirt", "shorts", "short"),
    _m("hoodie_slim", 1.83, 0.35, "hoodie", "slim", "full"),
    _m("hood_up", 1.78, 0.45, "hoodie", "straight", "short", "hood"),
    _m("jacket_straight", 1.75, 0.55, "jacket", "straight", "short", age=0.8),
    _m("suit", 1.82, 0.50, "blazer", "straight", "short", age=0.78),
    _m("suit_bald", 1.76, 0.65, "blazer", "straight", "bald", age=0.85),
    _m("coat", 1.79, 0.50, "coat", "straight", "short", age=0.8),
    _m("long_coat_hat", 1.74, 0.55, "long_coat", "straight", "short", "hat", age=0.85),
    _m("puffer_beanie", 1.81, 0.50, "puffer", "slim", "short", "beanie"),
    _m("shirt_wide", 1.70, 0.40, "shirt", "wide", "full"),
    _m("shirt_stout", 1.73, 0.90, "shirt", "straight", "short", age=0.82),
    _m("jumper_stout", 1.78, 0.85, "jumper", "straight", "bald", age=0.86),
    _m("tall_thin", 1.95, 0.25, "jumper", "slim", "round"),
    _m("short_strong", 1.65, 0.60, "tshirt", "wide", "shaved"),
    _m("cap_jacket", 1.77, 0.50, "jacket", "wide", "short", "cap"),
    _m("cap_shorts", 1.84, 0.55, "shirt", "shorts", "short", "cap"),
    _m("vest", 1.79, 0.60, "vest", "straight", "short", "cap", age=0.78),
    _m("long_hair", 1.76, 0.40, "tshirt", "slim", "long"),
    _m("puffer_hood", 1.72, 0.45, "puffer", "straight", "short", "hood"),
    _w("tshirt_slim", 1.67, 0.45, "tshirt", "slim", "long"),
    _w("tshirt_skirt", 1.64, 0.45, "tshirt", "skirt", "ponytail"),
    _w("mini", 1.70, 0.38, "tshirt", "mini", "long", boots=True),
    _w("dress", 1.66, 0.45, "dress", "bare", "bob"),
    _w("long_dress", 1.68, 0.50, "long_dress", "bare", "long"),
    _w("long_skirt_scarf", 1.62, 0.55, "jumper", "long_skirt", "short", "scarf"),
    _w("coat_scarf", 1.63, 0.60, "long_coat", "straight", "short", "scarf", age=0.8),
    _w("coat", 1.69, 0.50, "coat", "slim", "long", boots=True),
    _w("long_coat", 1.72, 0.45, "long_coat", "slim", "bun"),
    _w("jacket_slim", 1.65, 0.50, "jacket", "slim", "bob"),
    _w("blazer", 1.68, 0.45, "blazer", "slim", "bun", age=0.76),
    _w("blazer_skirt", 1.66, 0.50, "blazer", "skirt", "bob", age=0.76),
    _w("hoodie_leggings", 1.66, 0.45, "hoodie", "leggings", "ponytail"),
    _w("puffer_beanie", 1.63, 0.45, "puffer", "slim", "long", "beanie", boots=True),
    _w("shirt_wide", 1.71, 0.40, "shirt", "wide", "bob"),
    _w("shirt_shorts", 1.67, 0.45, "shirt", "shorts", "long"),
    _w("stout_jumper", 1.64, 0.90, "jumper", "straight", "bob", age=0.8),
    _w("stout_dress", 1.60, 0.85, "dress", "leggings", "short", age=0.82),
    _w("small", 1.52, 0.40, "jacket", "slim", "long"),
    _w("tall", 1.80, 0.35, "coat", "wide", "ponytail"),
    _w("round_hair", 1.69, 0.50, "tshirt", "wide", "round"),
    _c("three", 0.5, 0.06, 0.97, 0.5, "jumper", "straight", "full"),
    _c("five_girl", 1.0, 0.14, 1.11, 0.5, "dress", "leggings", "ponytail"),
    _c("six_boy", 0.0, 0.18, 1.18, 0.5, "tshirt", "shorts", "short"),
    _c("eight_girl", 1.0, 0.25, 1.29, 0.45, "jacket", "leggings", "long"),
    _c("eight_beanie", 0.0, 0.25, 1.30, 0.5, "puffer", "straight", "short", "beanie"),
    _c("ten_boy", 0.0, 0.33, 1.40, 0.5, "hoodie", "straight", "full"),
    _c("ten_skirt", 1.0, 0.33, 1.41, 0.5, "tshirt", "skirt", "bob"),
    _c("thirteen_boy", 0.0, 0.45, 1.57, 0.45, "tshirt", "wide", "round", "cap"),
    _c("thirteen_girl", 1.0, 0.46, 1.58, 0.45, "hoodie", "slim", "long"),
    _o("man_jacket", 0.0, 1.72, 0.55, "jacket", "straight", "bald", "", 12),
    _o("man_coat_hat", 0.0, 1.68, 0.50, "coat", "straight", "short", "hat", 20),
    _o("man_cap", 0.0, 1.70, 0.75, "jumper", "wide", "short", "cap", 15),
    _o("woman_coat", 1.0, 1.58, 0.60, "coat", "skirt", "full", "", 16),
    _o("woman_jumper", 1.0, 1.60, 0.70, "jumper", "straight", "bob", "", 12),
    _o("woman_scarf", 1.0, 1.54, 0.65, "long_coat", "long_skirt", "short", "scarf", 22),
    Look("wheelchair_man", 0.0, 0.72, 1.76, 0.5, "jacket", "straight", "short", "", 0.6, 4, "wheelchair"),
    Look("wheelchair_woman", 1.0, 0.72, 1.66, 0.5, "jumper", "slim", "bob", "", 0.4, 4, "wheelchair"),
    Look("wheelchair_old", 1.0, 0.97, 1.58, 0.65, "jumper", "long_skirt", "full", "", 0.3, 16, "wheelchair"),
    Look("wheelchair_cap", 0.0, 0.9, 1.72, 0.75, "hoodie", "wide", "short", "cap", 0.5, 6, "wheelchair"),
    Look("pram_woman", 1.0, 0.70, 1.67, 0.5, "jacket", "slim", "ponytail", "", 0.45, 0, "pram"),
    Look("pram_man", 0.0, 0.70, 1.80, 0.5, "jumper", "straight", "short", "", 0.6, 0, "pram"),
    Look("pram_coat", 1.0, 0.72, 1.64, 0.55, "coat", "straight", "bob", "", 0.45, 0, "pram"),
    Look("pram_scarf", 1.0, 0.70, 1.62, 0.6, "long_coat", "long_skirt", "short", "scarf", 0.4, 0, "pram"),
)

# name: (region, ease_m, hang, hem below hip, sleeve, neck, crease)
_TOPS: Final[dict[str, tuple[str, float, float, float, float, float, float]]] = {
    "tshirt": ("upper", 0.009, 0.70, 0.03, 0.36, 0.0, 0.006),
    "shirt": ("upper", 0.013, 0.90, 0.09, 0.97, 0.03, 0.009),
    "jumper": ("upper", 0.015, 0.75, 0.04, 0.97, 0.01, 0.007),
    "jacket": ("outer", 0.024, 0.85, 0.06, 0.99, 0.03, 0.009),
    "blazer": ("outer", 0.019, 0.92, 0.13, 0.97, 0.01, 0.006),
    "puffer": ("outer", 0.038, 0.75, 0.06, 0.98, 0.04, 0.006),
    "hoodie": ("outer", 0.021, 0.80, 0.05, 0.98, 0.03, 0.009),
    "vest": ("upper", 0.011, 0.80, 0.04, 0.36, 0.02, 0.007),
    "dress": ("upper", 0.009, 0.45, -0.03, 0.25, -0.02, 0.004),
    "long_dress": ("upper", 0.010, 0.45, -0.03, 0.60, 0.0, 0.004),
    "coat": ("outer", 0.027, 0.90, 0.02, 0.99, 0.04, 0.008),
    "long_coat": ("outer", 0.027, 0.92, 0.02, 0.99, 0.04, 0.008),
}
# name: (trouser width and length) or (skirt length and flare)
_LEGS: Final = {
    "leggings": (0.0, 0.96),
    "slim": (0.2, 0.98),
    "straight": (0.55, 1.0),
    "wide": (1.0, 1.01),
    "shorts": (0.7, 0.50),
}
_SKIRTS: Final = {"mini": (0.26, 0.16), "skirt": (0.50, 0.13), "long_skirt": (0.90, 0.16)}


def _clothes(look: Look, tailor: Tailor) -> tuple[list[Surface], float, float, float]:
    """Return the clothes, where sleeves and legs end, and how high the neckline is."""
    region, ease, hang, hem, sleeve, neck, crease = _TOPS[look.top]
    pieces = []
    hip_z, size = float(tailor.hip[2]), tailor.size
    waist = (hip_z - tailor.waist_z) / size
    tucked = look.bottom in _SKIRTS and look.top in ("tshirt", "jumper", "shirt")
    pieces.append(tailor.top(region, ease, hang, waist if tucked else min(hem, 0.045), sleeve, neck, crease, 1.1))
    leg = 0.0
    if look.bottom in _LEGS:
        width, length = _LEGS[look.bottom]
        pieces.append(
            tailor.trousers(width, length, 0.003 if look.bottom == "leggings" else 0.008, hip_z + (0.10 - hem) * size)
        )
        leg = length
    elif look.bottom in _SKIRTS:
        length, flare = _SKIRTS[look.bottom]
        flare, loose = (flare, 0.016) if tucked else (0.45 * flare, 0.010)
        pieces.append(tailor.skirt("lower", tailor.waist_z + 0.035 * size, length, flare, loose))
        leg = length
    if look.top in ("dress", "long_dress"):
        length = 0.46 if look.top == "dress" else 0.88
        pieces.append(tailor.skirt("upper", hip_z + 0.16 * size, length, 0.17, 0.014))
        leg = max(leg, length)
    over = 0.15 if look.bottom in _SKIRTS else 0.04
    if hem > 0.07:
        pieces.append(
            tailor.skirt(region, hip_z + 0.10 * size, hem / hip_z * size + 0.03, over, ease + 0.010, 0.007, 0.6)
        )
    if look.top in ("coat", "long_coat"):
        length = 0.34 if look.top == "coat" else 0.62
        pieces.append(tailor.skirt("outer", hip_z + 0.12 * size, length, max(0.10, over), ease + 0.008, 0.010, 0.25))
    if region == "outer" and look.top not in ("hoodie", "blazer") and not look.hat.startswith(("hood", "scarf")):
        pieces.append(tailor.collar("outer", 0.045, 0.012))
    return pieces, sleeve, leg, neck


def dressed(model: BodyModel, look: Look, seed: np.random.SeedSequence) -> Built:
    """Return a person of the atlas, without the chair or the pram.

    Args:
        model: The parametric body.
        look: Who.
        seed: Of folds and locks.
    """
    rng = np.random.default_rng(seed)
    phenotype = {
        "gender": look.female,
        "age": look.age,
        "muscle": look.muscle,
        "weight": look.weight,
        "height": 0.5,
        "proportions": 0.6,
    }
    sole = SOLE_M * look.height_m / 1.72
    spread = np.radians(
        14.0 * max(0.0, look.weight - 0.5) + (2.0 if look.top in ("puffer", "coat", "long_coat") else 0)
    )
    body = model.shape(phenotype, look.height_m - sole, float(spread), float(np.radians(look.stoop_deg)))
    tailor, hatter = Tailor(body, rng), Hatter(body, rng, 1.2 * _TOPS[look.top][1])
    clothes, sleeve, leg, neck = _clothes(look, tailor)
    skin = tailor.bare(sleeve, leg, neck)
    face = hatter.face(skin)
    if look.hair != "bald" or look.hat:
        face[0] = hatter.sunk(face[0])
    surfaces = [*face, *clothes, tailor.shoes(0.13 if look.boots else 0.045)]
    if look.hat != "scarf":
        hair = hatter.hair(look.hair)
        if look.hat:  # what is under it lies flat
            hair = [*hatter.hair("shaved"), *hair[1:]]
        surfaces += hair
    if look.hat:
        surfaces += hatter.hat(look.hat)
    lift = np.array([0.0, 0.0, sole])
    skin_faces = body.groups["body"]
    naked = Surface(
        body.vertices_m + lift, skin_faces, body.weights, np.zeros((1, 2)), region_of("skin", 1), bears=True
    )
    surfaces = [_moved(s, lift) for s in surfaces]
    rest = body.rest_m + lift
    rest[0] = 0.0
    crown = body.height_m + sole
    chest = rest[JOINT["chest"]]
    band = np.concatenate([s.vertices_m for s in clothes])
    band = band[(np.abs(band[:, 2] + sole - chest[2] - 0.08) < 0.06) & (np.abs(band[:, 1]) < 0.12)]
    grip = [(rest[JOINT[f"fingers.{s}"]] * 0.75 + rest[JOINT[f"hand.{s}"]] * 0.25) for s in ("left", "right")]
    shoulders = [rest[JOINT[f"upperarm.{s}"]] * [1, 0.72, 1] + [0, 0, 0.045 * crown / 1.72] for s in ("left", "right")]
    anchors = np.array(
        [
            [rest[JOINT["head"], 0] + 0.01, 0.0, crown],
            *grip,
            [float(band[:, 0].min()), 0.0, chest[2] + 0.08],
            *shoulders,
            [float(band[:, 0].max()), 0.0, chest[2] + 0.08],
            rest[1] + [0.12, 0.0, 0.08],
        ]
    )
    tags = (
        "female" if look.female > 0.5 else "male",
        look.body,
        look.top,
        look.bottom,
        look.hair,
        look.hat or "bareheaded",
        "stout" if look.weight > 0.7 else "thin" if look.weight < 0.4 else "medium",
        "old" if look.age > 0.9 else "middle-aged" if look.age > 0.75 else "young" if look.age > 0.5 else "child",
    )
    return Built(
        look.name,
        "person",
        look.body,
        crown,
        tags,
        rest,
        details_of(surfaces, PERSON_TRIANGLES),
        anchors,
        bearing_points([*surfaces, naked]),
    )


def _moved(surface: Surface, shift: Array) -> Surface:
    return Surface(
        surface.vertices_m + shift,
        surface.triangles,
        surface.weights,
        surface.uv,
        surface.region,
        surface.share,
        surface.bears,
    )
