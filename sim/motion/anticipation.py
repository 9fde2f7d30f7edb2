"""The anticipation velocity model: people step aside for where the others are going to be.

Reference:
    Xu, Q., Chraibi, M., Seyfried, A. (2021). Anticipation in a velocity-based model for pedestrian dynamics.
    Transportation Research Part C 133, 103464. DOI 10.1016/j.trc.2021.103464. Its symbols: the speed law of the
    collision-free speed model, V = min(v0, max(0, s / T)), s the free space in the way; each body in view turns the
    desired direction e0 sideways, away from where it will be after t_a, by
    R = k (1 + (1 - e0_i . e_j) / 2) exp((l - s_a) / D), and the direction follows within the time tau.

Six things are added. T is that of single file, 1.06 s (Seyfried et al. 2005, DOI 10.1088/1742-5468/2005/10/P10002),
right behind somebody's back, and falls by ``past_shoulder`` to where one looks past a shoulder: in broad corridors
people walk in staggered rows and keep a smaller gap. Bodies may differ in size: l is the sum of the two radii. The
nearest wall pushes with a_w and D_w. Nobody speeds up faster than ``acceleration_mps2``, and bodies that overlap part
slowly. The others turn nobody aside by more than ``most_aside``. Who is held up turns sideways and is narrower by
``squeeze``, which opens the arches that otherwise close a door of about a metre for good, and lets people past things
and people that stand close together.

The parameters are fitted, all at once, to Weidmann's speeds over density on a racetrack and to specific flows of 1 to
1.6 persons a metre and second through doors and bottlenecks of 0.8 to 2.4 m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from sim.motion.bodies import Bodies
from sim.motion.crew import share
from sim.motion.neighbours import SQUEEZES_BELOW_MPS, free_way, sort_into_cells
from sim.motion.walls import Walls, walk_on, wall_push

__all__ = ["Anticipation"]

_PARTING_MPS: Final = 0.8
"""How fast bodies that overlap part."""
_FADED: Final = 5.0
"""Beyond so many ranges D nobody is stepped aside for: what is left is below 1 % of the strength."""


@dataclass(frozen=True, slots=True)
class Anticipation:
    """Parameters of the model.

    Attributes:
        time_gap_s: T, right behind somebody's back.
        radius_m: l / 2.
        k: Strength of stepping aside.
        D: Its range.
        t_a: How far ahead people look, in seconds.
        tau: Time in which the direction follows, in seconds.
        most_aside: Most that the others turn anybody aside, the tangent of the angle.
        a_w: Strength of the repulsion from walls.
        D_w: Its range.
        acceleration_mps2: Limit on speeding up.
        cutoff_m: Bodies farther away are not seen.
        squeeze: Share of the width that who stands gives up to get through: by turning sideways, a body is about half
            as deep as wide.
        past_shoulder: Share of T that is given up to who is ahead by a whole common width aside.
        threads: At most so many, 0: as many as there are cores; the same bits on any number.
    """

    time_gap_s: float = 1.06
    radius_m: float = 0.181
    k: float = 4.3
    D: float = 0.28
    t_a: float = 0.39
    tau: float = 0.18
    most_aside: float = 0.8
    a_w: float = 3.0
    D_w: float = 0.055
    acceleration_mps2: float = 2.0
    cutoff_m: float = 2.4
    squeeze: float = 0.5
    past_shoulder: float = 0.52
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
            (cells.widest_m, cells.fastest_mps),
            (self.k, self.D, self.t_a, self.a_w, self.D_w, self.most_aside),
            min(dt_s / self.tau, 1.0),
            self.cutoff_m,
            self.acceleration_mps2 * dt_s,
            self.squeeze,
            self.past_shoulder,
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
    most: Any,
    strengths: Any,
    follow: float,
    cutoff: float,
    speed_up: float,
    squeeze: float,
    past: float,
    dt: float,
    position: Any,
    velocity: Any,
) -> None:
    order, start, body, x0, y0, size, columns, rows = cells
    widest, fastest = most
    k, D, t_a, a_w, D_w, most_aside = strengths
    for e in range(first, last):
        i = order[e]
        if v0[i] <= 0.0:
            velocity[i, 0], velocity[i, 1] = 0.0, 0.0
            continue
        x, y, vx, vy, radius, hx, hy = body[e]
        before = np.sqrt(vx * vx + vy * vy)
        gx, gy = e0[i, 0], e0[i, 1]
        reach = min(cutoff, radius + widest + _FADED * D + (before + fastest) * t_a)
        # whoever is ahead, seen along the way or along the walk, and whoever overlaps
        back = max(radius + widest, reach * max(abs(gy), abs(hy))) if gx * hx >= 0.0 else reach
        c0 = max(int((x - (back if gx + hx > 0.0 else reach) - x0) / size), 0)
        c1 = min(int((x + (back if gx + hx < 0.0 else reach) - x0) / size), columns - 1)
        back = max(radius + widest, reach * max(abs(gx), abs(hx))) if gy * hy >= 0.0 else reach
        r0 = max(int((y - (back if gy + hy > 0.0 else reach) - y0) / size), 0)
        r1 = min(int((y + (back if gy + hy < 0.0 else reach) - y0) / size), rows - 1)
        narrow = 1.0 - squeeze * np.exp(-before / SQUEEZES_BELOW_MPS)
        aside = 0.0  # along (-gy, gx), the left of e0
        partx, party = 0.0, 0.0
        for r in range(r0, r1 + 1):
            for f in range(start[r * columns + c0], start[r * columns + c1 + 1]):
                dx, dy = body[f, 0] - x, body[f, 1] - y
                s2 = dx * dx + dy * dy
                if s2 > reach * reach or f == e:
                    continue
                l = radius + body[f, 4]
                apart = l if v0[order[f]] > 0.0 else l * narrow
                if s2 < apart * apart:  # the later one leads when one is on top of the other
                    s = np.sqrt(s2)
                    if s > 1e-6:
                        push = (apart - s) / (apart * s)
                        partx, party = partx - push * dx, party - push * dy
                    else:
                        partx += 1.0 if i > order[f] else -1.0
                if gx * dx + gy * dy <= 0.0 and vx * dx + vy * dy <= 0.0:
                    continue
                wx, wy = body[f, 2], body[f, 3]
                side = gx * (dy + wy * t_a) - gy * (dx + wx * t_a)  # > 0: it will be on the left
                if abs(side) > 2 * l + 0.5:
                    continue
                inverse = 1.0 / max(np.sqrt(s2), 1e-6)
                ahead = max((dx + (wx - vx) * t_a) * dx * inverse + (dy + (wy - vy) * t_a) * dy * inverse, l)
                if ahead > l + _FADED * D:
                    continue
                facing = gx * body[f, 5] + gy * body[f, 6]
                R = k * (1.0 + (1.0 - facing) / 2.0) * np.exp((l - ahead) / D)
                aside += R if side < 0.0 else -R
        aside = most_aside * np.tanh(aside / most_aside)
        px, py = wall_push(x, y, gx, gy, door[i], radius, a_w, D_w, walls)
        ex, ey = gx + px - aside * gy, gy + py + aside * gx
        norm = np.sqrt(ex * ex + ey * ey)
        if norm > 1e-9:
            ex, ey = ex / norm, ey / norm
        if before > 0.05:
            ex, ey = vx / before + (ex - vx / before) * follow, vy / before + (ey - vy / before) * follow
            norm = np.sqrt(ex * ex + ey * ey)
            if norm > 1e-9:
                ex, ey = ex / norm, ey / norm
        speed = min(v0[i], before + speed_up)
        gap = free_way(
            e,
            ex,
            ey,
            min(cutoff, radius + widest + speed * T[i]),
            widest,
            cutoff,
            1.0 - narrow,
            past,
            cells,
        )
        speed = min(speed, max(0.0, gap / T[i]))
        position[i, 0], position[i, 1], velocity[i, 0], velocity[i, 1] = walk_on(
            x, y, speed * ex + _PARTING_MPS * partx, speed * ey + _PARTING_MPS * party, door[i], dt, walls
        )
