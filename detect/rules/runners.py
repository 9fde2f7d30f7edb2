"""Runners: who or what moves fast in one instant, and the clusters that they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

__all__ = ["Cluster", "Movers", "clusters", "order"]

Floats = NDArray[np.float64]

_CELL_M: Final = 1.0
_WALKS_MPS: Final = 0.5
"""Who is slower stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Movers:
    """What moves: persons, or parts of bodies.

    Attributes:
        place: Shape (n, 2), metres.
        velocity: Shape (n, 2), metres a second.
        people: How many people each counts for, shape (n,).
        box_px: Shape (n, 4).
    """

    place: Floats
    velocity: Floats
    people: Floats
    box_px: Floats

    @property
    def speed(self) -> Floats:
        """Shape (n,)."""
        return np.asarray(np.linalg.norm(self.velocity, axis=1))

    @classmethod
    def mean(cls, looks: Sequence[Movers]) -> Movers:
        """Put several looks into one, in which everybody counts once."""
        return cls(
            np.concatenate([look.place for look in looks]),
            np.concatenate([look.velocity for look in looks]),
            np.concatenate([look.people for look in looks]) / max(len(looks), 1),
            np.concatenate([look.box_px for look in looks]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Runners near one another.

    Attributes:
        place: Where the one nearest to their middle is, shape (2,).
        cells: Where they are, shape (n, 2).
        people: How many.
        share: Of all who move near them, the share that runs.
        speed_mps: Their mean speed.
        coherence: Order parameter of their headings.
        box_px: Box around them, shape (4,).
    """

    place: Floats
    cells: Floats
    people: float
    share: float
    speed_mps: float
    coherence: float
    box_px: Floats


def clusters(movers: Movers, above_mps: Floats | float, least: float, neighbourhood_m: float) -> list[Cluster]:
    """Find clusters of those who are faster than ``above_mps`` and count for at least ``least`` people.

    Args:
        movers: All who move.
        above_mps: One limit, or one for each, shape (n,).
        least: So many people.
        neighbourhood_m: Who is nearer than this to a member belongs to it.
    """
    speed = movers.speed
    fast = speed > above_mps  # nan is not above anything
    if movers.people[fast].sum() < least:
        return []
    places, velocity, people, speeds, box = (
        v[fast] for v in (movers.place, movers.velocity, movers.people, speed, movers.box_px)
    )
    cell, of_cell = _cells(places)
    count, label = _linked(cell, neighbourhood_m)
    walks = np.flatnonzero(speed > _WALKS_MPS)
    found = []
    for part in range(count):
        mine = label[of_cell] == part
        weight = people[mine]
        total = float(weight.sum())
        if total < least:
            continue
        centre = np.average(places[mine], axis=0, weights=weight)
        near, _ = cKDTree(cell[label == part]).query(movers.place[walks], distance_upper_bound=neighbourhood_m)
        around = float(movers.people[walks[np.isfinite(near)]].sum())
        found.append(
            Cluster(
                place=places[mine][int(np.argmin(np.linalg.norm(places[mine] - centre, axis=1)))],
                cells=cell[label == part],
                people=total,
                share=min(1.0, total / max(around, total)),
                speed_mps=float(np.average(speeds[mine], weights=weight)),
                coherence=order(places[mine], velocity[mine], weight),
                box_px=np.concatenate((box[mine, :2].min(axis=0), box[mine, 2:].max(axis=0))),
            )
        )
    return found


def order(places: Floats, velocity: Floats, weight: Floats) -> float:
    """Order parameter: of headings, or of headings against the bearing from the centre.

    The polarisation of Vicsek et al. (1995), DOI 10.1103/PhysRevLett.75.1226, equation 2; for people who scatter or
    converge that of the headings turned by the bearing from their centre.
    """
    unit = velocity / np.maximum(np.linalg.norm(velocity, axis=1, keepdims=True), 1e-9)
    outward = places - np.average(places, axis=0, weights=weight)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    together = float(np.linalg.norm(np.average(unit, axis=0, weights=weight)))
    return min(1.0, max(together, abs(float(np.average((unit * outward).sum(axis=1), weights=weight)))))


def _cells(places: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Put places into squares of a metre: their middles (k, 2), and of each place which it is."""
    squares, which = np.unique(np.floor(places / _CELL_M).astype(np.int64), axis=0, return_inverse=True)
    return np.asarray((squares + 0.5) * _CELL_M, float), np.asarray(which, np.intp).ravel()


def _linked(cell: Floats, reach_m: float) -> tuple[int, NDArray[np.int32]]:
    pairs = cKDTree(cell).query_pairs(reach_m, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(cell), len(cell)))
    count, label = connected_components(links, directed=False)
    return int(count), np.asarray(label)
