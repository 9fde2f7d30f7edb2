"""Who is near whom: bodies sorted into square cells by a counting sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.motion.bodies import Bodies

__all__ = ["Cells", "free_way", "sort_into_cells"]

SQUEEZES_BELOW_MPS: Final = 0.1
"""Who is faster than a few times this keeps the whole width."""
_CELL_M: Final = 0.6
"""Side of a cell: about half as far as a walker is held up by the next, the fastest of the sides tried."""
_CELLS_A_BODY: Final = 8
"""More cells than this for each body are not made: they become larger."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Bodies by cell, copied in the order of the cells: those of cell c are the rows ``start[c]`` to ``start[c + 1]``.

    Attributes:
        order: Number of the body in each row, shape (n,).
        start: Shape (columns * rows + 1,).
        body: x, y, velocity, radius, and the unit vector of the velocity (0: stands) of each row, shape (n, 7).
        origin_m: Lower left corner (x, y).
        size_m: Side of a cell.
        columns: Cells along x.
        rows: Cells along y.
        widest_m: Radius of the widest body.
        fastest_mps: Speed of the fastest.
    """

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    body: NDArray[np.float64]
    origin_m: tuple[float, float]
    size_m: float
    columns: int
    rows: int
    widest_m: float
    fastest_mps: float

    def arrays(self) -> tuple[Any, ...]:
        """Return the rows and the grid as a kernel takes them."""
        return (self.order, self.start, self.body, *self.origin_m, self.size_m, self.columns, self.rows)


def sort_into_cells(bodies: Bodies) -> Cells:
    """Sort bodies, at least one, into cells that cover them all."""
    position_m = bodies.position_m
    x0, y0, x1, y1 = _bounds(position_m)
    size = max(_CELL_M, float(np.sqrt((x1 - x0) * (y1 - y0) / (_CELLS_A_BODY * len(position_m)))))
    size = max(size, max(x1 - x0, y1 - y0) / (_CELLS_A_BODY * len(position_m)))
    columns, rows = int((x1 - x0) // size) + 1, int((y1 - y0) // size) + 1
    order, start, body, widest, fastest = _counting_sort(
        position_m, bodies.velocity_mps, bodies.radius_m, x0, y0, size, columns, rows
    )
    return Cells(order, start, body, (x0, y0), size, columns, rows, widest, fastest)


@njit(cache=True, nogil=True)
def _bounds(position: Any) -> Any:
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for i in range(position.shape[0]):
        x0, x1 = min(x0, position[i, 0]), max(x1, position[i, 0])
        y0, y1 = min(y0, position[i, 1]), max(y1, position[i, 1])
    return x0, y0, x1, y1


@njit(cache=True, nogil=True)
def _counting_sort(
    position: Any, velocity: Any, radius: Any, x0: float, y0: float, size: float, columns: int, rows: int
) -> Any:
    n = position.shape[0]
    cell = np.empty(n, np.int64)
    start = np.zeros(columns * rows + 1, np.int64)
    for i in range(n):
        c = min(int((position[i, 0] - x0) / size), columns - 1)
        r = min(int((position[i, 1] - y0) / size), rows - 1)
        cell[i] = r * columns + c
        start[cell[i] + 1] += 1
    for c in range(columns * rows):
        start[c + 1] += start[c]
    order = np.empty(n, np.int64)
    body = np.zeros((n, 7))
    used = start[:-1].copy()
    widest, fastest = 0.0, 0.0
    for i in range(n):
        e = used[cell[i]]
        used[cell[i]] += 1
        order[e] = i
        body[e, 0], body[e, 1] = position[i, 0], position[i, 1]
        body[e, 2], body[e, 3] = velocity[i, 0], velocity[i, 1]
        body[e, 4] = radius[i]
        speed = np.sqrt(velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
        widest, fastest = max(widest, radius[i]), max(fastest, speed)
        if speed > 1e-6:
            body[e, 5], body[e, 6] = velocity[i, 0] / speed, velocity[i, 1] / speed
    return order, start, body, widest, fastest


@njit(cache=True, nogil=True)
def free_way(
    e: int, ex: float, ey: float, reach: float, widest: float, cutoff: float, squeeze: float, past: float, cells: Any
) -> float:
    """Return the way that the body in row e is free to go along (ex, ey) before it meets another; inf where none is.

    Args:
        e: Row in the order of the cells.
        ex: East part of the unit vector of the way.
        ey: Its north part.
        reach: Who is farther off, centre to centre, need not be found.
        widest: Radius of the widest body.
        cutoff: Who is farther off is not seen.
        squeeze: Share of its width that the body gives up to get through.
        past: Share of the time gap that is given up to who is ahead by a whole common width aside: by looking past a
            shoulder the free way becomes that much longer, evenly from none right behind a back.
        cells: ``Cells.arrays``.
    """
    _, start, body, x0, y0, size, columns, rows = cells
    x, y, radius = body[e, 0], body[e, 1], body[e, 4]
    gap = np.inf
    wide = radius + widest
    far_x, far_y, side_x, side_y = ex * reach, ey * reach, wide * abs(ey), wide * abs(ex)
    c0 = max(int((x + min(far_x, 0.0) - side_x - x0) / size), 0)
    c1 = min(int((x + max(far_x, 0.0) + side_x - x0) / size), columns - 1)
    r0 = max(int((y + min(far_y, 0.0) - side_y - y0) / size), 0)
    r1 = min(int((y + max(far_y, 0.0) + side_y - y0) / size), rows - 1)
    for r in range(r0, r1 + 1):
        for f in range(start[r * columns + c0], start[r * columns + c1 + 1]):
            dx, dy = body[f, 0] - x, body[f, 1] - y
            l = (radius + body[f, 4]) * (1.0 - squeeze)
            off = abs(ex * dy - ey * dx)
            if ex * dx + ey * dy > 0.0 and off <= l and f != e:
                s2 = dx * dx + dy * dy
                if s2 <= cutoff * cutoff:
                    gap = min(gap, (np.sqrt(s2) - l) / (1.0 - past * off / l))
    return gap
