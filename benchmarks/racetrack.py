"""The racetrack: a corridor whose ends are one, so that its density stays what it is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import FREE_SPEED_FACTOR, Body, Population
from sim.motion import DEFAULT_MODEL, MODELS, Bodies, build_walls
from sim.walk import WIDTH

__all__ = ["HERMES_MPS", "speed_mps", "weidmann_mps"]

Floats = NDArray[np.float64]

_STEP_S: Final = 0.05
_COPIED_M: Final = 3.5
_BEYOND_M: Final = 10.0
HERMES_MPS: Final = {0.5: 1.437, 1.0: 1.271, 1.5: 1.071, 2.0: 0.780, 2.5: 0.502, 3.0: 0.383}
"""Mean speeds by Voronoi density (persons per square metre), 25 runs of the HERMES one-way corridor, 2009: area as wide
as the corridor and 2 m long, every 0.5 s, speed over 0.625 s, cells cut at 1 m. Data: DOI 10.34735/ped.2009.6."""


def weidmann_mps(density_per_m2: Any) -> Floats:
    """Speed over density. Weidmann, U. (1993). Transporttechnik der Fussgaenger. DOI 10.3929/ethz-a-000687810."""
    return np.asarray(1.34 * (1 - np.exp(-1.913 * (1 / np.asarray(density_per_m2, float) - 1 / 5.4))))


def speed_mps(
    density_per_m2: float,
    population: Population,
    *,
    width_m: float = 5.0,
    length_m: float = 20.0,
    seconds: float = 40.0,
    seed: int = 1,
    model: str = DEFAULT_MODEL,
) -> float:
    """Return the mean speed along the track over the second half of the time, m/s.

    Args:
        density_per_m2: Of the whole track.
        population: Free speeds, bodies and time gap.
        width_m: Of the corridor, wall to wall.
        length_m: Once round.
        seconds: How long they walk.
        seed: Of the start and of the people.
        model: Pedestrian model.
    """
    motion, rng = MODELS[model](), np.random.default_rng(seed)
    n, lanes = round(density_per_m2 * width_m * length_m), max(1, round(width_m * np.sqrt(density_per_m2)))
    x = (np.arange(n) // lanes + 0.25 * (np.arange(n) % lanes)) * length_m / np.ceil(n / lanes)
    y = (np.arange(n) % lanes + 0.5) * width_m / lanes
    place = np.stack((x % length_m, y), axis=1) + rng.uniform(-0.04, 0.04, (n, 2))
    velocity, speed = np.zeros((n, 2)), population.speed
    kinds = [Body.ADULT, *sorted(population.bodies)]
    shares = [population.bodies[kind] for kind in kinds[1:]]
    drawn = rng.choice(len(kinds), n, p=[1 - sum(shares), *shares])
    pace = np.clip(rng.normal(speed.mean_mps, speed.sd_mps, n), speed.min_mps, speed.max_mps)
    pace *= np.array([FREE_SPEED_FACTOR[kind] for kind in kinds])[drawn]
    radius = motion.radius_m * np.array([WIDTH[kind] for kind in kinds])[drawn]
    gap_s = motion.time_gap_s if population.time_gap_s is None else population.time_gap_s
    ends = (-_BEYOND_M, length_m + _BEYOND_M)
    walls = build_walls(np.array([[ends[0], side, ends[1], side] for side in (0.0, width_m)]), np.full(2, -1, np.int32))
    means = []
    for step in range(round(seconds / _STEP_S)):
        head, tail = np.flatnonzero(place[:, 0] < _COPIED_M), np.flatnonzero(place[:, 0] > length_m - _COPIED_M)
        who = np.concatenate((np.arange(n), head, tail))
        shift = np.repeat((0.0, length_m, -length_m), (n, len(head), len(tail)))
        bodies = Bodies(
            position_m=place[who] + np.stack((shift, np.zeros(len(who))), axis=1),
            velocity_mps=velocity[who],
            desired_direction=np.broadcast_to((1.0, 0.0), (len(who), 2)).copy(),
            desired_speed_mps=pace[who],
            time_gap_s=np.full(len(who), gap_s),
            radius_m=radius[who],
            door=np.full(len(who), -1, np.int32),
        )
        motion.step(bodies, walls, _STEP_S)
        place, velocity = bodies.position_m[:n].copy(), bodies.velocity_mps[:n].copy()
        place[:, 0] %= length_m
        if step * _STEP_S > seconds / 2:
            means.append(velocity[:, 0].mean())
    return float(np.mean(means))
