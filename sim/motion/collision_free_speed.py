"""The collision-free speed model.

Reference:
    Tordeux, A., Chraibi, M., Seyfried, A. (2016). Collision-free speed model for pedestrian dynamics. In: Traffic and
    Granular Flow '15. DOI 10.1007/978-3-319-33482-0_29. Equations 1 to 6 and their symbols: a body of diameter l walks
    at V(s) = min(v0, max(0, (s - l) / T)), s the distance to the nearest body in its way, along
    e = u(e0 + sum of R(s_ij) e_ij) with R(s) = a exp((l - s) / D).

Three things are added. Bodies may differ in size: l is the sum of the two radii. The nearest wall pushes as a body
does, with a_w and D_w. Nobody speeds up faster than ``acceleration_mps2``; braking stays instantaneous, so the
model stays free of collisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from sim.motion.bodies import Bodies
from sim.motion.neighbours import sort_into_cells
from sim.motion.walls import Walls

__all__ = ["CollisionFreeSpeed"]


@dataclass(frozen=True, slots=True)
class CollisionFreeSpeed:
    """Parameters of the model.

    Attributes:
        time_gap_s: T.
        radius_m: l / 2.
        a: Strength of the repulsion between bodies.
        D: Its range.
        a_w: Strength of the repulsion from walls.
        D_w: Its range.
        acceleration_mps2: Limit on speeding up.
        cutoff_m: Bodies farther away are not seen.
    """

    time_gap_s: float = 0.75
    radius_m: float = 0.17
    a: float = 5.0
    D: float = 0.1
    a_w: float = 5.0
    D_w: float = 0.05
    acceleration_mps2: float = 2.0
    cutoff_m: float = 2.4

    def step(self, bodies: Bodies, walls: Walls, dt_s: float) -> None:
        """Move the bodies in place by one step; nobody ever passes a wall."""
        if not len(bodies.position_m):
            return
        cells = sort_into_cells(bodies.position_m, self.cutoff_m / 2)
        push = walls.push(bodies.position_m, bodies.door, bodies.radius_m, self.a_w, self.D_w)
        velocity = np.zeros_like(bodies.velocity_mps)
        _velocities(
            bodies.position_m,
            bodies.velocity_mps,
            bodies.desired_direction,
            bodies.desired_speed_mps,
            bodies.time_gap_s,
            bodies.radius_m,
            push,
            cells.order,
            cells.start,
            *cells.origin_m,
            cells.size_m,
            cells.columns,
            cells.rows,
            self.a,
            self.D,
            self.cutoff_m,
            self.acceleration_mps2 * dt_s,
            velocity,
        )
        bodies.velocity_mps[:] = velocity
        walls.advance(bodies.position_m, bodies.velocity_mps, bodies.door, dt_s)


@njit(cache=True)
def _velocities(
    position: Any,
    velocity: Any,
    e0: Any,
    v0: Any,
    T: Any,
    radius: Any,
    push: Any,
    order: Any,
    start: Any,
    x0: float,
    y0: float,
    size: float,
    columns: int,
    rows: int,
    a: float,
    D: float,
    cutoff: float,
    speed_up: float,
    out: Any,
) -> None:
    for i in range(position.shape[0]):
        if v0[i] <= 0.0:
            continue
        xi, yi = position[i, 0], position[i, 1]
        c = min(int((xi - x0) / size), columns - 1)
        r = min(int((yi - y0) / size), rows - 1)
        c0, c1, r0, r1 = max(c - 2, 0), min(c + 2, columns - 1), max(r - 2, 0), min(r + 2, rows - 1)
        ex, ey = e0[i, 0] + push[i, 0], e0[i, 1] + push[i, 1]
        for row in range(r0, r1 + 1):
            for e in range(start[row * columns + c0], start[row * columns + c1 + 1]):
                j = order[e]
                if j == i:
                    continue
                dx, dy = xi - position[j, 0], yi - position[j, 1]
                s = np.sqrt(dx * dx + dy * dy)
                l = radius[i] + radius[j]
                if s > l + 8 * D:
                    continue
                if s < 1e-6:  # one on top of the other: the later one steps east, the earlier one west
                    dx, dy, s = (1e-6 if i > j else -1e-6), 0.0, 1e-6
                R = a * np.exp((l - s) / D)
                ex += R * dx / s
                ey += R * dy / s
        norm = np.sqrt(ex * ex + ey * ey)
        if norm < 1e-9:
            continue
        ex, ey = ex / norm, ey / norm
        gap = np.inf
        for row in range(r0, r1 + 1):
            for e in range(start[row * columns + c0], start[row * columns + c1 + 1]):
                j = order[e]
                if j == i:
                    continue
                dx, dy = position[j, 0] - xi, position[j, 1] - yi
                s2 = dx * dx + dy * dy
                l = radius[i] + radius[j]
                if s2 <= cutoff * cutoff and ex * dx + ey * dy > 0.0 and abs(ex * dy - ey * dx) <= l:
                    gap = min(gap, np.sqrt(s2) - l)
        before = np.sqrt(velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
        speed = min(v0[i], max(0.0, gap / T[i]), before + speed_up)
        out[i, 0], out[i, 1] = speed * ex, speed * ey
