"""Throngs: people put at once into a place at a given density, up to six a square metre, without walking there."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, contains_xy

from scenarios.population import HEIGHT_M, BagKind, Body, Population, Posture, Role
from sim.people import OBJECT_IDS_FROM
from sim.state import BODIES, OBJECT_KINDS, POSTURES, ROLES, CrowdState, ObjectState, Snapshot

__all__ = ["DENSEST_PER_M2", "draw_throng", "strew"]

DENSEST_PER_M2: Final = 6.5
_APART: Final = 0.72
"""Least distance of two people as a share of the mean spacing 1 / sqrt(density); random packing ends at 0.83."""
_CLOSEST_M: Final = 0.27
_FARTHEST_M: Final = 0.6
"""Who stands loosely keeps no more distance than this from the next."""
_ROUNDS: Final = 60
_SLOWER_BY: Final = 4.0
"""Above this density, per square metre, nobody is drawn as walking."""
_CARRIED: Final = tuple(kind for kind in BagKind if kind not in (BagKind.CARTON, BagKind.BIN_BAG))


def strew(
    rng: np.random.Generator, area: Polygon, count: int, apart_m: float, taken: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Throw people into an area at random, none nearer to another than ``apart_m`` (a hard-core process).

    Args:
        rng: Decides where.
        area: Where they may stand, metres.
        count: How many at most; fewer where there is no room left.
        apart_m: Least distance.
        taken: Who stands there already, shape (k, 2).

    Returns:
        Their places, shape (n, 2).
    """
    before = 0 if taken is None else len(taken)
    places = np.empty((before + count, 2))
    if taken is not None:
        places[:before] = taken
    n = before
    if area.is_empty:
        return places[:0]
    x0, y0, x1, y1 = area.bounds
    for _ in range(_ROUNDS):
        if n == len(places):
            break
        thrown = rng.uniform((x0, y0), (x1, y1), (2 * (len(places) - n) + 8, 2))
        for place in thrown[contains_xy(area, thrown[:, 0], thrown[:, 1])]:
            if n == len(places):
                break
            if not n or ((places[:n] - place) ** 2).sum(axis=1).min() >= apart_m**2:
                places[n] = place
                n += 1
    return places[before:n].copy()


def draw_throng(
    rng: np.random.Generator, free: Polygon, around_m: NDArray[np.float64], *, per_m2: float, most: int
) -> Snapshot:
    """Draw an instant: a patch of people of one density, and a few others strewn around it.

    Args:
        rng: Decides everything.
        free: Where people may stand.
        around_m: Where the patch is, shape (2,).
        per_m2: Density of the patch.
        most: People in the patch; its size follows.
    """
    half = 0.5 * math.sqrt(most / per_m2)
    stretch = math.exp(rng.uniform(-0.5, 0.5))
    turn = rng.uniform(0, math.pi)
    axes = np.array(((math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))))
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * half * (stretch, 1 / stretch)
    patch = Polygon(np.asarray(around_m) + corners @ axes).intersection(free)
    apart = float(np.clip(_APART / math.sqrt(per_m2), _CLOSEST_M, _FARTHEST_M))
    inside = strew(rng, patch, round(per_m2 * patch.area), apart)
    sparse = float(np.exp(rng.uniform(math.log(0.01), math.log(0.15)))) * min(1.0, per_m2)
    rest = free.difference(patch)
    others = strew(rng, rest, min(60, rng.poisson(sparse * rest.area)), 0.5, inside)
    places = np.concatenate((inside, others))
    walk = rng.random(len(places)) < (max(0.0, 1 - per_m2 / _SLOWER_BY) * rng.uniform(0.2, 1.0))
    headings = _headings(rng, places, turn)
    people = _people(rng, places, headings, walk)
    return Snapshot(0.0, people, _carried(rng, people))


def _headings(rng: np.random.Generator, places: NDArray[np.float64], turn: float) -> NDArray[np.float64]:
    """All one way, two ways, towards one point, or any way."""
    n = len(places)
    kind = rng.integers(4)
    if kind == 0:
        around = np.full(n, turn) + rng.normal(0, 0.3, n)
    elif kind == 1:
        around = turn + math.pi * rng.integers(0, 2, n) + rng.normal(0, 0.3, n)
    elif kind == 2 and n:
        away = places.mean(axis=0) + rng.uniform(-12, 12, 2) - places
        around = np.arctan2(away[:, 1], away[:, 0]) + rng.normal(0, 0.3, n)
    else:
        around = rng.uniform(-math.pi, math.pi, n)
    return np.asarray((around + math.pi) % (2 * math.pi) - math.pi)


def _people(
    rng: np.random.Generator, places: NDArray[np.float64], headings: NDArray[np.float64], walk: NDArray[np.bool_]
) -> CrowdState:
    n = len(places)
    usual = Population().bodies
    kinds = sorted(usual)
    shares = [usual[kind] for kind in kinds]
    bodies = [Body.ADULT, *kinds]
    drawn = rng.choice(len(bodies), n, p=np.array([1 - sum(shares), *shares]))
    sizes = np.array([HEIGHT_M[body] for body in bodies])[drawn]
    height = np.clip(rng.normal(sizes[:, 0], sizes[:, 1]), sizes[:, 2], sizes[:, 3])
    posture = np.where(walk, POSTURES.index(Posture.WALKING), POSTURES.index(Posture.STANDING)).astype(np.int8)
    low = (rng.random(n) < 0.03) & ~walk
    posture[low] = rng.choice([POSTURES.index(Posture.SITTING), POSTURES.index(Posture.CROUCHING)], int(low.sum()))
    speed = np.where(walk, rng.uniform(0.4, 1.6, n), 0.0)
    return CrowdState(
        id=np.arange(1, n + 1, dtype=np.int32),
        position_m=places,
        velocity_mps=speed[:, None] * np.c_[np.cos(headings), np.sin(headings)],
        heading_rad=headings,
        posture=posture,
        posture_s=rng.uniform(10, 60, n),
        fall=np.zeros(n, np.int8),
        body=np.array([BODIES.index(bodies[i]) for i in drawn], np.int8),
        role=np.full(n, ROLES.index(Role.PASSER_BY), np.int8),
        height_m=height,
        walked_m=rng.uniform(0, 1.5, n),
        looks=rng.integers(0, 2**63 - 1, n),
        posture_before=posture.copy(),
    )


def _carried(rng: np.random.Generator, people: CrowdState) -> ObjectState:
    """Bags in the hands and on the backs of a share of those who have hands for them."""
    upright = np.isin(people.posture, [POSTURES.index(Posture.WALKING), POSTURES.index(Posture.STANDING)])
    handy = np.isin(people.body, [BODIES.index(Body.ADULT), BODIES.index(Body.ELDERLY)])
    who = np.flatnonzero(upright & handy & (rng.random(len(people.id)) < rng.uniform(0, 0.5)))
    m = len(who)
    return ObjectState(
        id=np.arange(OBJECT_IDS_FROM, OBJECT_IDS_FROM + m, dtype=np.int32),
        kind=np.array([OBJECT_KINDS.index(_CARRIED[i]) for i in rng.integers(len(_CARRIED), size=m)], np.int8),
        position_m=people.position_m[who],
        carried_by=people.id[who],
        owner=people.id[who],
        heading_rad=np.zeros(m),
        looks=rng.integers(0, 2**63 - 1, m),
    )
