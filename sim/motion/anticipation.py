"""The anticipation velocity model: people step aside for where the others are going to be.

Reference:
    Xu, Q., Chraibi, M., Seyfried, A. (2021). Anticipation in a velocity-based model for pedestrian dynamics.
    Transportation Research Part C 133, 103464. DOI 10.1016/j.trc.2021.103464. Its symbols: the speed law of the
    collision-free speed model, V = min(v0, max(0, s / T)), s the free space in the way; each body in view turns the
    desired direction e0 sideways, away from where it will be after t_a, by
    R = k (1 + (1 - e0_i . e_j) / 2) exp((l - s_a) / D), and the direction follows within the time tau.

Three things are added. Bodies may differ in size: l is the sum of the two radii. The nearest wall pushes with a_w
and D_w. Nobody speeds up faster than ``acceleration_mps2``, and bodies that overlap part slowly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from sim.motion.bodies import Bodies
from sim.motion.neighbours import sort_into_cells
from sim.motion.walls import Walls

__all__ = ["Anticipation"]

_PARTING_MPS: Final = 0.3
"""How fast bodies that overlap part."""


@dataclass(frozen=True, slots=True)
class Anticipation:
    """Parameters of the model.

    Attributes:
        time_gap_s: T.
        radius_m: l / 2.
        k: Strength of stepping aside.
        D: Its range.
        t_a: How far ahead people look, in seconds.
        tau: Time in which the direction follows, in seconds.
        a_w: Strength of the repulsion from walls.
        D_w: Its range.
        acceleration_mps2: Limit on speeding up.
        cutoff_m: Bodies farther away are not seen.
    """

    time_gap_s: float = 0.75
    radius_m: float = 0.18
    k: float = 3.0
    D: float = 0.15
    t_a: float = 1.0
    tau: float = 0.3
    a_w: float = 3.0
    D_w: float = 0.05
    acceleration_mps2: float = 2.0
    cutoff_m: float = 3.2

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
            self.k,
            self.D,
            self.t_a,
            min(dt_s / self.tau, 1.0),
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
    k: float,
    D: float,
    t_a: float,
    follow: float,
    cutoff: float,
    speed_up: float,
    out: Any,
) -> None:
    for i in range(position.shape[0]):
        if v0[i] <= 0.0:
            continue
        xi, yi = position[i, 0], position[i, 1]
        vx, vy = velocity[i, 0], velocity[i, 1]
        before = np.sqrt(vx * vx + vy * vy)
        gx, gy = e0[i, 0], e0[i, 1]
        c = min(int((xi - x0) / size), columns - 1)
        r = min(int((yi - y0) / size), rows - 1)
        c0, c1, r0, r1 = max(c - 2, 0), min(c + 2, columns - 1), max(r - 2, 0), min(r + 2, rows - 1)
        aside = 0.0  # along (-gy, gx), the left of e0
        partx, party = 0.0, 0.0
        for row in range(r0, r1 + 1):
            for e in range(start[row * columns + c0], start[row * columns + c1 + 1]):
                j = order[e]
                if j == i:
                    continue
                dx, dy = position[j, 0] - xi, position[j, 1] - yi
                s2 = dx * dx + dy * dy
                if s2 > cutoff * cutoff:
                    continue
                s = np.sqrt(s2)
                l = radius[i] + radius[j]
                if s < l:  # the later one leads when one is on top of the other
                    if s > 1e-6:
                        partx, party = partx - dx / s * (l - s) / l, party - dy / s * (l - s) / l
                    else:
                        partx += 1.0 if i > j else -1.0
                if gx * dx + gy * dy <= 0.0 and vx * dx + vy * dy <= 0.0:
                    continue
                wx, wy = velocity[j, 0], velocity[j, 1]
                inverse = 1.0 / max(s, 1e-6)
                ahead = max((dx + (wx - vx) * t_a) * dx * inverse + (dy + (wy - vy) * t_a) * dy * inverse, l)
                if ahead > l + 8 * D:
                    continue
                speed_j = np.sqrt(wx * wx + wy * wy)
                facing = (gx * wx + gy * wy) / speed_j if speed_j > 1e-6 else 0.0
                R = k * (1.0 + (1.0 - facing) / 2.0) * np.exp((l - ahead) / D)
                side = gx * (dy + wy * t_a) - gy * (dx + wx * t_a)  # > 0: it will be on the left
                if abs(side) > 2 * l + 0.5:
                    continue
                aside += R if side < 0.0 else -R
        ex = gx + push[i, 0] - aside * gy
        ey = gy + push[i, 1] + aside * gx
        norm = np.sqrt(ex * ex + ey * ey)
        if norm > 1e-9:
            ex, ey = ex / norm, ey / norm
        if before > 0.05:
            ex, ey = vx / before + (ex - vx / before) * follow, vy / before + (ey - vy / before) * follow
            norm = np.sqrt(ex * ex + ey * ey)
            if norm > 1e-9:
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
        speed = min(v0[i], max(0.0, gap / T[i]), before + speed_up)
        out[i, 0], out[i, 1] = speed * ex + _PARTING_MPS * partx, speed * ey + _PARTING_MPS * party
