"""The social force model: people are pushed by what they want, by one another and by walls.

Reference:
    Helbing, D., Molnar, P. (1995). Social force model for pedestrian dynamics. Physical Review E 51, 4282.
    DOI 10.1103/PhysRevE.51.4282. Equations 2 (the driving force, with relaxation time tau) and 8 (sight). The circular
    repulsion A exp((l - d) / B) with its anisotropy lambda is that of Johansson, A., Helbing, D., Shukla, P. K. (2007).
    Specification of the social force pedestrian model by evolutionary adjustment to video tracking data. Advances in
    Complex Systems 10, 271. DOI 10.1142/S0219525907001355; the compression of bodies that touch, k, is after Helbing,
    D., Farkas, I., Vicsek, T. (2000). Nature 407, 487. DOI 10.1038/35035023.

The driving force is integrated exactly over a step while the others are held still, so that any step is stable. The
parameters are ours: with the published ones people hardly slow down in a crowd. It is here to compare with; its speeds
over density fit people worse than those of the default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from sim.motion.bodies import Bodies
from sim.motion.crew import share
from sim.motion.neighbours import sort_into_cells
from sim.motion.walls import Walls, walk_on, wall_push

__all__ = ["SocialForce"]

_FADED: Final = 5.0
"""Beyond so many ranges B nobody is felt."""
_FASTER: Final = 1.3
"""Nobody is pushed to more than so many times the desired speed."""


@dataclass(frozen=True, slots=True)
class SocialForce:
    """Parameters of the model.

    Attributes:
        time_gap_s: Not used: forces know no time gap.
        radius_m: l / 2.
        tau: Relaxation time, in seconds.
        A: Strength of the repulsion between people, in m/s2.
        B: Its range, in metres.
        sight: Lambda: how much of it is felt from behind.
        k: Compression of bodies that touch, in 1/s2.
        a_w: Strength of the repulsion from walls, in m/s2.
        D_w: Its range, in metres.
        cutoff_m: Bodies farther away are not felt.
        threads: At most so many, 0: as many as there are cores; the same bits on any number.
    """

    time_gap_s: float = 0.0
    radius_m: float = 0.18
    tau: float = 0.5
    A: float = 2.1
    B: float = 0.3
    sight: float = 0.0
    k: float = 60.0
    a_w: float = 4.0
    D_w: float = 0.1
    cutoff_m: float = 2.4
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
            bodies.door,
            cells.widest_m,
            (self.A, self.B, self.sight, self.k, self.a_w, self.D_w),
            self.cutoff_m,
            self.tau,
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
    door: Any,
    widest: float,
    strengths: Any,
    cutoff: float,
    tau: float,
    dt: float,
    position: Any,
    velocity: Any,
) -> None:
    order, start, body, x0, y0, size, columns, rows = cells
    A, B, sight, k, a_w, D_w = strengths
    kept = np.exp(-dt / tau)
    for e in range(first, last):
        i = order[e]
        if v0[i] <= 0.0:
            velocity[i, 0], velocity[i, 1] = 0.0, 0.0
            continue
        x, y, radius = body[e, 0], body[e, 1], body[e, 4]
        gx, gy = e0[i, 0], e0[i, 1]
        fx, fy = wall_push(x, y, gx, gy, door[i], radius, a_w, D_w, walls)
        reach = min(cutoff, radius + widest + _FADED * B)
        c0, c1 = max(int((x - reach - x0) / size), 0), min(int((x + reach - x0) / size), columns - 1)
        r0, r1 = max(int((y - reach - y0) / size), 0), min(int((y + reach - y0) / size), rows - 1)
        for r in range(r0, r1 + 1):
            for f in range(start[r * columns + c0], start[r * columns + c1 + 1]):
                dx, dy = x - body[f, 0], y - body[f, 1]
                s2 = dx * dx + dy * dy
                if s2 > reach * reach or f == e:
                    continue
                s = np.sqrt(s2)
                if s < 1e-6:  # one on top of the other: the later one is pushed east, the earlier one west
                    dx, dy, s = (1e-6 if i > order[f] else -1e-6), 0.0, 1e-6
                nx, ny = dx / s, dy / s
                l = radius + body[f, 4]
                felt = sight + (1.0 - sight) * 0.5 * (1.0 - (nx * gx + ny * gy))
                force = A * np.exp((l - s) / B) * felt + k * max(l - s, 0.0)
                fx, fy = fx + force * nx, fy + force * ny
        # relaxes to what is wanted and pushed, exactly
        aim_x, aim_y = v0[i] * gx + tau * fx, v0[i] * gy + tau * fy
        vx, vy = aim_x + (body[e, 2] - aim_x) * kept, aim_y + (body[e, 3] - aim_y) * kept
        speed = np.sqrt(vx * vx + vy * vy)
        if speed > _FASTER * v0[i]:
            vx, vy = vx * _FASTER * v0[i] / speed, vy * _FASTER * v0[i] / speed
        position[i, 0], position[i, 1], velocity[i, 0], velocity[i, 1] = walk_on(x, y, vx, vy, door[i], dt, walls)
