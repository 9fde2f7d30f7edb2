"""Who is near whom: bodies sorted into square cells by a counting sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Cells", "sort_into_cells"]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Bodies by cell: those of cell c are ``order[start[c] : start[c + 1]]``, in ascending order.

    Attributes:
        order: Indices of the bodies, shape (n,).
        start: Shape (columns * rows + 1,).
        origin_m: Lower left corner (x, y).
        size_m: Side of a cell.
        columns: Cells along x.
        rows: Cells along y.
    """

    order: NDArray[np.int64]
    start: NDArray[np.int64]
    origin_m: tuple[float, float]
    size_m: float
    columns: int
    rows: int


def sort_into_cells(position_m: NDArray[np.float64], size_m: float) -> Cells:
    """Sort positions, shape (n, 2), into cells of side ``size_m`` that cover them all; n may not be 0."""
    low, high = position_m.min(axis=0), position_m.max(axis=0)
    columns, rows = (int(v) + 1 for v in (high - low) // size_m)
    order, start = _counting_sort(position_m, float(low[0]), float(low[1]), size_m, columns, rows)
    return Cells(order, start, (float(low[0]), float(low[1])), size_m, columns, rows)


@njit(cache=True)
def _counting_sort(position: Any, x0: float, y0: float, size: float, columns: int, rows: int) -> Any:
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
    used = np.zeros(columns * rows, np.int64)
    for i in range(n):
        order[start[cell[i]] + used[cell[i]]] = i
        used[cell[i]] += 1
    return order, start
