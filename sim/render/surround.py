"""What stands around an open place: a street with parked vehicles, trees, lamp posts, and the houses behind it.

It is drawn and never walked into; it follows from the venue's outline and name alone, and keeps clear of what any
camera of the scenario needs to see through.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPoint, Polygon
from shapely.affinity import rotate, translate
from shapely.geometry import box

from scenarios.scenario import Scenario
from scenarios.venue import Ground

__all__ = ["HALLS", "LANE_M", "Piece", "Surround", "looks_seed"]

HALLS: Final = (Ground.TILES, Ground.TERRAZZO)
"""These floors lie in a hall, without a street around it."""
LANE_M: Final = 4.6
"""Middle of the carriageway, from the outline."""
_PARKED_M: Final = 8.2
_PAVEMENT_M: Final = 11.0
_HOUSES_M: Final = 15.0
_DEEP_M: Final = 13.0
_CLEAR_M: Final = 1.5
HOUSE: Final = 20
CAR: Final = 21
CABIN: Final = 22
VAN: Final = 23
POST: Final = 24


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """An upright prism.

    Attributes:
        shape: Its outline.
        low_m: Underside.
        high_m: Upper side.
        kind: Number of its looks in `sim.render.facades`.
        seed: Of its looks.
    """

    shape: Polygon
    low_m: float
    high_m: float
    kind: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Surround:
    """Pieces and trees around a place.

    Attributes:
        pieces: Houses, vehicles, posts.
        trees: x, y, radius of the crown, height of its lower edge, height of its top, seed; shape (n, 6).
    """

    pieces: tuple[Piece, ...]
    trees: NDArray[np.float64]

    @classmethod
    def of(cls, scenario: Scenario) -> Surround:
        """Return what stands around a scenario's venue; nothing around a hall."""
        if scenario.venue.ground in HALLS:
            return cls((), np.empty((0, 6)))
        eyes = [spec.position_m[:2] for spec in scenario.cameras]
        eyes += [w.position_m[:2] for spec in scenario.cameras for w in spec.path]
        return _around(tuple(map(tuple, scenario.venue.outline)), tuple(eyes), looks_seed(scenario))


def looks_seed(scenario: Scenario) -> int:
    """Return the seed of a place's looks: the same for every seed of the crowd."""
    return sum(ord(letter) * (i + 1) for i, letter in enumerate(scenario.name)) % 9973


@lru_cache(maxsize=8)
def _around(outline: tuple[tuple[float, float], ...], eyes: tuple[tuple[float, float], ...], seed: int) -> Surround:
    rng = np.random.default_rng((0x5151, seed))
    floor = Polygon(outline)
    clear = MultiPoint([*eyes, *outline]).convex_hull.buffer(_CLEAR_M)
    pieces: list[Piece] = []
    trees: list[tuple[float, ...]] = []

    def add(parts: list[Piece]) -> None:
        if not any(part.shape.intersects(clear) for part in parts):
            pieces.extend(parts)

    frame = np.array(floor.minimum_rotated_rectangle.exterior.coords)[:4]
    if Polygon(frame).exterior.is_ccw is False:
        frame = frame[::-1]
    for side in range(4):
        a, b = frame[side], frame[(side + 1) % 4]
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        out = np.array((along[1], -along[0]))
        turn = float(np.degrees(np.arctan2(along[1], along[0])))
        for part in _houses(a, along, out, length, rng):
            add([part])
        at = rng.uniform(-4, 2)
        while at < length + 4:
            if rng.random() < 0.62:
                add(_vehicle(a + at * along + _PARKED_M * out, turn + 180 * int(rng.integers(2)), rng))
            at += rng.uniform(5.6, 7.4)
        at = rng.uniform(0, 6)
        while at < length + 3:
            x, y = a + at * along + (_PAVEMENT_M + 0.4) * out
            if rng.random() < 0.65:
                radius, top = rng.uniform(1.7, 2.9), rng.uniform(5.5, 8.5)
                if not MultiPoint([(x, y)]).buffer(radius).intersects(clear):
                    trees.append((x, y, radius, rng.uniform(1.9, 2.6), top, float(rng.integers(9999))))
            else:
                post = box(-0.07, -0.07, 0.07, 0.07)
                add([Piece(translate(post, x, y), 0.0, 7.0, POST, int(rng.integers(9999)))])
            at += rng.uniform(7.0, 10.0)
    return Surround(tuple(pieces), np.array(trees, float).reshape(-1, 6))


def _houses(
    start: NDArray[np.float64], along: NDArray[np.float64], out: NDArray[np.float64], length: float,
    rng: np.random.Generator,
) -> list[Piece]:  # fmt: skip
    """A row of houses along one side, a little beyond its ends, with a gap here and there."""
    row = []
    at = -_HOUSES_M - _DEEP_M
    while at < length + _HOUSES_M:
        wide = float(rng.uniform(9, 22))
        back = _HOUSES_M + float(rng.choice((0.0, 0.0, 1.2)))
        corners = [
            start + at * along + back * out,
            start + (at + wide) * along + back * out,
            start + (at + wide) * along + (back + _DEEP_M) * out,
            start + at * along + (back + _DEEP_M) * out,
        ]
        storeys = int(rng.integers(3, 7))
        row.append(Piece(Polygon(corners), 0.0, 3.1 * storeys + 0.9, HOUSE, int(rng.integers(9999))))
        at += wide + (float(rng.uniform(4, 9)) if rng.random() < 0.2 else 0.0)
    return row


def _vehicle(place: NDArray[np.float64], turn_deg: float, rng: np.random.Generator) -> list[Piece]:
    """A parked car or van: body, and cabin with windows."""
    seed = int(rng.integers(9999))
    van = rng.random() < 0.2

    def prism(x0: float, x1: float, half: float, low: float, high: float, kind: int) -> Piece:
        shape = translate(rotate(box(x0, -half, x1, half), turn_deg, (0, 0)), *place)
        return Piece(shape, low, high, kind, seed)

    if van:
        return [prism(-2.5, 2.5, 0.98, 0.0, 2.25, VAN)]
    return [prism(-2.15, 2.15, 0.88, 0.0, 0.88, CAR), prism(-1.75, 0.95, 0.74, 0.88, 1.46, CABIN)]
