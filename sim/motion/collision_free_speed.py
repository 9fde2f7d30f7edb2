"""The collision-free speed model.

Reference:
    Tordeux, A., Chraibi, M., Seyfried, A. (2016). Collision-free speed model for pedestrian dynamics. In: Traffic and
    Granular Flow '15. DOI 10.1007/978-3-319-33482-0_29. Equations 1 to 6 and their symbols: a body of diameter l walks
    at V(s) = min(v0, max(0, (s - l) / T)), s the distance to the nearest body in its way, along
    e = u(e0 + sum of R(s_ij) e_ij) with R(s) = a exp((l - s) / D).

Four things are added. Bodies may differ in size: l is the sum of the two radii. The nearest wall pushes as a body
does, with a_w and D_w. Nobody speeds up faster than ``acceleration_mps2``; braking stays instantaneous. Who is held up
turns a shoulder and is narrower by ``squeeze``: without it nobody comes through a door of 0.8 m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from sim.motion.bodies import Bodies
from sim.motion.crew import share
from sim.motion.neighbours import SQUEEZES_BELOW_MPS, free_way, sort_into_cells
from sim.motion.walls import Walls, walk_on, wall_push

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
        squeeze: Share of the width that who stands gives up to get through, by turning a shoulder.
        threads: At most so many, 0: as many as there are cores; the same bits on any number.
    """

    time_gap_s: float = 0.75
    radius_m: float = 0.17
    a: float = 5.0
    D: float = 0.1
    a_w: float = 5.0
    D_w: float = 0.05
    acceleration_mps2: float = 2.0
    cutoff_m: float = 2.4
    squeeze: float = 0.2
    threads: int = 0

    def step(self, bodies: Bodies, walls: Walls, dt_s: float) -> None:
        """Move the bodies in place by one step; nobody ever passes a wall."""
        if not len(bodies.position_m):
            return
        cells = sort_into_cells(bodies)
        share(
            _step,
            len(bodies.position_m),
            cells.arrays(),
            walls.arrays(),
            bodies.desired_direction,
            bodies.desired_speed_mps,
            bodies.time_gap_s,
            bodies.door,
            cells.widest_m,
            (self.a, self.D, self.a_w, self.D_w),
            self.cutoff_m,
            self.acceleration_mps2 * dt_s,
            self.squeeze,
            dt_s,
            bodies.position_m,
            bodies.velocity_mps,
            threads=self.threads,
        )


@njit(cache=True, nogil=True)
def _step(
    first: int,
    last: int,
    cells: Any,
    walls: Any,
    e0: Any,
    v0: Any,
    T: Any,
    door: Any,
    widest: float,
    strengths: Any,
    cutoff: float,
    speed_up: float,
    squeeze: float,
    dt: float,
    position: Any,
    velocity: Any,
) -> None:
    order, start, body, x0, y0, size, columns, rows = cells
    a, D, a_w, D_w = strengths
    for e in range(first, last):
        i = order[e]
        if v0[i] <= 0.0:
            velocity[i, 0], velocity[i, 1] = 0.0, 0.0
            continue
        x, y, radius = body[e, 0], body[e, 1], body[e, 4]
        before = np.sqrt(body[e, 2] ** 2 + body[e, 3] ** 2)
        ex, ey = wall_push(x, y, e0[i, 0], e0[i, 1], door[i], radius, a_w, D_w, walls)
        ex, ey = ex + e0[i, 0], ey + e0[i, 1]
        reach = radius + widest + 8 * D
        c0, c1 = max(int((x - reach - x0) / size), 0), min(int((x + reach - x0) / size), columns - 1)
        r0, r1 = max(int((y - reach - y0) / size), 0), min(int((y + reach - y0) / size), rows - 1)
        for r in range(r0, r1 + 1):
            for f in range(start[r * columns + c0], start[r * columns + c1 + 1]):
                dx, dy = x - body[f, 0], y - body[f, 1]
                s2 = dx * dx + dy * dy
                l = radius + body[f, 4]
                if s2 > (l + 8 * D) ** 2 or f == e:
                    continue
                s = np.sqrt(s2)
                if s < 1e-6:  # one on top of the other: the later one steps east, the earlier one west
                    dx, dy, s = (1e-6 if i > order[f] else -1e-6), 0.0, 1e-6
                R = a * np.exp((l - s) / D) / s
                ex, ey = ex + R * dx, ey + R * dy
        norm = np.sqrt(ex * ex + ey * ey)
        if norm < 1e-9:
            velocity[i, 0], velocity[i, 1] = 0.0, 0.0
            continue
        ex, ey = ex / norm, ey / norm
        speed = min(v0[i], before + speed_up)
        gap = free_way(
            e,
            ex,
            ey,
            min(cutoff, radius + widest + speed * T[i]),
            widest,
            cutoff,
            squeeze * np.exp(-before / SQUEEZES_BELOW_MPS),
            0.0,
            cells,
        )
        speed = min(speed, max(0.0, gap / T[i]))
        position[i, 0], position[i, 1], velocity[i, 0], velocity[i, 1] = walk_on(
            x, y, speed * ex, speed * ey, door[i], dt, walls
        )
