"""Scenarios without end: venues, cameras, crowds and conditions drawn at random, to train detectors on.

Domain randomisation (Tobin et al. 2017, DOI 10.1109/IROS.2017.8202133): what varies more in training than in any
place where the detector will work cannot be what it relies on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from shapely import Polygon, box
from shapely.affinity import rotate

from scenarios.beside import FOLDER
from scenarios.population import BagKind, Posture
from scenarios.scenario import Scenario
from scenarios.venue import Ground, ObstacleKind

__all__ = ["SIZES_PX", "draw_scenario"]

_FURNITURE: Final[dict[ObstacleKind, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]]] = {
    ObstacleKind.BIN: ((0.35, 0.7), (0.35, 0.7), (0.8, 1.25)),
    ObstacleKind.BENCH: ((1.2, 2.4), (0.4, 0.55), (0.42, 0.48)),
    ObstacleKind.PLANTER: ((0.6, 3.0), (0.6, 1.4), (0.4, 0.9)),
    ObstacleKind.BARRIER: ((1.5, 6.0), (0.1, 0.2), (1.0, 1.2)),
    ObstacleKind.SIGN: ((0.1, 0.9), (0.08, 0.2), (1.2, 3.2)),
    ObstacleKind.PILLAR: ((0.25, 0.9), (0.25, 0.9), (2.5, 6.0)),
    ObstacleKind.KIOSK: ((1.5, 4.0), (1.5, 3.0), (2.2, 3.0)),
    ObstacleKind.WALL: ((2.0, 9.0), (0.2, 0.4), (0.7, 3.5)),
}
"""Length, depth and height of furniture, m, from the least to the most."""
SIZES_PX: Final = ((416, 320), (416, 256), (416, 416), (320, 320))
"""Of the size that a network is trained at: a pixel that is filmed and then averaged away teaches nothing."""
_WEATHER: Final = ("fog", "rain", "snow", "darkness", "low_sun", "infrared")
_DEFECTS: Final = (
    "defocus", "motion_blur", "dirt", "drops", "web", "underexposure", "overexposure", "gain", "noise", "flicker",
)  # fmt: skip
_ROOFED: Final = (Ground.TILES, Ground.TERRAZZO)
_BAD_SHARE: Final = 0.35
"""Of the scenarios have a weather other than fair; as many, independently, a camera with a defect."""
_PHOTOGRAPHED_SHARE: Final = 0.35
"""Of the scenarios have photographs behind the people, where there are any."""
_MOST_PER_M2: Final = 1.2
_TALL_PX: Final = (14.0, 220.0)
_MARGIN_M: Final = 2.0
_PLAIN_HALF_WIDTH: Final = 0.7
"""Tangent of half the angle of view from which on a lens's barrel distortion is drawn weaker: the strongest that is
drawn would else fold the picture's corners over."""


def draw_scenario(
    rng: np.random.Generator,
    *,
    cameras: int = 4,
    duration_s: float = 24.0,
    empty: float = 0.08,
    plates: Mapping[tuple[int, int], Sequence[str]] | None = None,
    folder: Path = Path(),
    tall_px: tuple[float, float] = _TALL_PX,
) -> Scenario:
    """Draw one scenario.

    Args:
        rng: Decides everything.
        cameras: How many look at it.
        duration_s: Of the scenario.
        empty: Share of the scenarios in which nobody comes: furniture alone, which must not be taken for people.
        plates: Names of photographs by width and height. In a share of the scenarios they take the place of the drawn
            venue: people stand anywhere in them, which is impossible and teaches that what is behind says nothing.
        folder: Where the plates lie.
        tall_px: How high people are in the middle of the pictures, from the least to the most.
    """
    wide, deep = np.exp(rng.uniform(math.log(9), math.log(40), 2)).tolist()
    gates = _gates(rng, wide, deep)
    photographed = bool(plates) and bool(rng.random() < _PHOTOGRAPHED_SHARE)
    obstacles = [] if photographed else _furnish(rng, wide, deep)
    nobody = bool(rng.random() < empty)
    people = 0 if nobody else int(np.exp(rng.uniform(math.log(8), math.log(min(140, _MOST_PER_M2 * wide * deep)))))
    ground = Ground(str(rng.choice([g.value for g in Ground])))
    looks = [_camera(rng, f"camera_{i}", wide, deep, tall_px) for i in range(cameras)]
    data: dict[str, Any] = {
        "name": f"drawn_{int(rng.integers(10**9))}_v1",
        "title": "Drawn at random",
        "seed": int(rng.integers(2**31)),
        "duration_s": duration_s,
        "fps": 5.0,
        "venue": {
            "outline": [(0, 0), (wide, 0), (wide, deep), (0, deep)],
            "ground": ground.value,
            "obstacles": obstacles,
            "gates": gates,
        },
        "cameras": [_before(rng, look, plates) for look in looks] if photographed and plates else looks,
        "population": {"flows": _flows(rng, people), "dwellers": [] if nobody else _dwellers(rng, wide, deep)},
        "conditions": _conditions(rng, ground),
    }
    return Scenario.model_validate(data, context={FOLDER: folder})


def _gates(rng: np.random.Generator, wide: float, deep: float) -> list[dict[str, Any]]:
    gates = []
    for name, length in (("south", wide), ("north", wide), ("west", deep), ("east", deep)):
        span = rng.uniform(3, 0.7 * length)
        start = rng.uniform(0, length - span)
        if name in ("south", "north"):
            y = deep if name == "north" else 0.0
            line = [(start, y), (start + span, y)]
        else:
            x = wide if name == "east" else 0.0
            line = [(x, start), (x, start + span)]
        gates.append({"id": name, "line": line})
    return gates


def _furnish(rng: np.random.Generator, wide: float, deep: float) -> list[dict[str, Any]]:
    """Furniture that leaves a way of a metre and a half between any two pieces."""
    kinds = list(_FURNITURE)
    room = box(_MARGIN_M, _MARGIN_M, wide - _MARGIN_M, deep - _MARGIN_M)
    taken: list[Polygon] = []
    pieces = []
    for i in range(int(rng.integers(2, 22))):
        kind = kinds[int(rng.choice(len(kinds), p=_shares(kinds)))]
        length, depth, height = (rng.uniform(*span) for span in _FURNITURE[kind])
        x, y = rng.uniform(0, wide), rng.uniform(0, deep)
        shape = rotate(box(x - length / 2, y - depth / 2, x + length / 2, y + depth / 2), rng.uniform(0, 180))
        if not room.covers(shape) or any(shape.distance(other) < 1.5 for other in taken):
            continue
        taken.append(shape)
        corners = [(float(a), float(b)) for a, b in shape.exterior.coords[:-1]]
        pieces.append({"id": f"{kind.value}_{i}", "kind": kind.value, "polygon": corners, "height_m": height})
    return pieces


def _shares(kinds: list[ObstacleKind]) -> list[float]:
    weights = [0.4 if kind in (ObstacleKind.KIOSK, ObstacleKind.WALL) else 1.0 for kind in kinds]
    return [w / sum(weights) for w in weights]


def _camera(
    rng: np.random.Generator, name: str, wide: float, deep: float, tall_px: tuple[float, float]
) -> dict[str, Any]:
    """A camera anywhere from a low lens to straight down, in whose middle a person is as high as said."""
    size = SIZES_PX[int(rng.integers(len(SIZES_PX)))]
    height = float(np.exp(rng.uniform(math.log(2.0), math.log(14.0))))
    target = np.array((rng.uniform(0.25, 0.75) * wide, rng.uniform(0.25, 0.75) * deep))
    steep = rng.uniform(math.radians(8), math.radians(60)) if rng.random() < 0.92 else rng.uniform(1.05, 1.56)
    away = min(max(height / math.tan(steep), 0.05), 34.0)
    turn = rng.uniform(0, 2 * math.pi)
    eye = target + away * np.array((math.cos(turn), math.sin(turn)))
    reach = math.hypot(away, height)
    tall = float(np.exp(rng.uniform(math.log(tall_px[0]), math.log(tall_px[1]))))
    focal = tall * reach / (1.7 * max(math.cos(steep), 0.35))
    hfov = float(np.clip(math.degrees(2 * math.atan(size[0] / 2 / focal)), 18, 105))
    wide_by = math.tan(math.radians(hfov / 2)) / _PLAIN_HALF_WIDTH
    return {
        "id": name,
        "position_m": (float(eye[0]), float(eye[1]), height),
        "look_at_m": (float(target[0]), float(target[1]), float(rng.uniform(0, min(1.2, 0.5 * height)))),
        "hfov_deg": hfov,
        "resolution_px": size,
        "distortion": [float(rng.uniform(-0.22, 0.04)) / max(1.0, wide_by) ** 2, 0.02] if hfov > 45 else [],
        "roll_deg": float(rng.normal(0, 1.5)),
    }


def _before(
    rng: np.random.Generator, look: dict[str, Any], plates: Mapping[tuple[int, int], Sequence[str]]
) -> dict[str, Any]:
    """Put a photograph of the camera's size in the place of what it looks at, and figures into a light of any kind."""
    names = plates[look["resolution_px"]]
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.06, 3))
    light = {
        "sun_azimuth_deg": float(rng.uniform(0, 360)),
        "sun_elevation_deg": float(rng.uniform(12, 80)),
        "shadow": float(rng.choice([0.0, rng.uniform(0, 0.8)])),
        "blur_px": float(rng.uniform(0.1, 1.3)),
        "sharpen": float(rng.choice([0.0, rng.uniform(0, 1)])),
        "gain_bgr": gain.tolist(),
        "black_bgr": rng.normal(0, 10, 3).tolist(),
        "noise": float(rng.uniform(0, 3)),
    }
    calibration = {"method": "look_at"} | look
    image = names[int(rng.integers(len(names)))]
    return {"id": look["id"], "plate": {"image": image, "calibration": calibration, "light": light}}


def _flows(rng: np.random.Generator, people: int) -> list[dict[str, Any]]:
    names = ["south", "north", "west", "east"]
    flows = []
    ways = int(rng.integers(2, 5))
    for i in range(ways if people else 0):
        start, to = rng.permutation(names)[:2]
        carried = rng.dirichlet(np.ones(len(BagKind))) * rng.uniform(0.1, 0.7)
        flows.append(
            {
                "id": f"way_{i}",
                "start": str(start),
                "to": [str(to)],
                "initial": max(1, people // ways),
                "rate_per_min": float(people / ways * rng.uniform(0.5, 2.0)),
                "carries": {kind.value: float(share) for kind, share in zip(BagKind, carried, strict=True)},
            }
        )
    return flows


def _dwellers(rng: np.random.Generator, wide: float, deep: float) -> list[dict[str, Any]]:
    groups = []
    for i, posture in enumerate((Posture.STANDING, Posture.SITTING, Posture.LYING)):
        count = int(rng.poisson((3.0, 1.2, 0.5)[i]))
        if count:
            owned = {kind.value: 1 for kind in BagKind if rng.random() < 0.12}
            area = [(1.0, 1.0), (wide - 1.0, 1.0), (wide - 1.0, deep - 1.0), (1.0, deep - 1.0)]
            name = f"{posture.value}_{i}"
            groups.append({"id": name, "count": count, "area": area, "posture": posture.value, "belongings": owned})
    return groups


def _conditions(rng: np.random.Generator, ground: Ground) -> dict[str, Any]:
    """Any light; in a share of the scenarios weather (no rain or snow indoors) and defects, at any severity up to 4."""
    drawn: dict[str, Any] = {
        "sun_azimuth_deg": float(rng.uniform(0, 360)),
        "sun_elevation_deg": float(rng.uniform(12, 80)),
        "shadow": float(rng.choice([0.0, rng.uniform(0, 1)])),
        "brightness": float(np.clip(np.exp(rng.normal(0, 0.25)), 0.4, 2.0)),
        "noise": float(rng.uniform(0, 3)),
    }
    for effects in (_WEATHER, _DEFECTS):
        bad, effect, severity = rng.random() < _BAD_SHARE, rng.choice(effects), rng.uniform(0.5, 4)
        if bad and not (ground in _ROOFED and effect in ("rain", "snow")):
            drawn[str(effect)] = float(severity)
    return drawn
