"""Crowd pressure after Helbing: density times the variance of the local velocity, which tells when a crowd turns."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["CROWDED_PER_M2", "TURBULENT_PER_S2", "PressureMap"]

TURBULENT_PER_S2: Final = 0.02
"""Above this pressure the crowds of the reference were turbulent: people were moved against their will."""
CROWDED_PER_M2: Final = 1 / 0.46
"""Less dense crowds have no pressure here: people who walk past each other freely have a large variance too."""
_RADIUS_M: Final = 1.0
_WINDOW_S: Final = 10.0
_REACH: Final = 3


class PressureMap:
    """Largest crowd pressure of every cell of a grid, fed with instants.

    The local density and velocity of a place r are rho(r) = sum f and V(r) = sum v f / sum f with the weights
    f = exp(-|r_j - r|^2 / R^2) / (pi R^2) of everybody j, R = 1 m; the pressure is rho Var(V), both over the last ten
    seconds.

    Attributes:
        peak_per_s2: Largest so far, (rows, columns); 0 where the crowd was never dense for ten seconds.

    Reference:
        Helbing, D., Johansson, A., & Al-Abideen, H. Z. (2007). Dynamics of crowd disasters: An empirical study.
        Physical Review E, 75, 046109. DOI 10.1103/PhysRevE.75.046109, equations 1 to 3.
    """

    def __init__(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64], every_s: float) -> None:
        """Prepare.

        Args:
            x_m: Centres of the columns, equally far apart.
            y_m: Centres of the rows.
            every_s: Time between instants.
        """
        self._x, self._y = np.asarray(x_m, float), np.asarray(y_m, float)
        self._cell_m = float(self._x[1] - self._x[0]) if len(self._x) > 1 else 1.0
        self._kept = max(2, round(_WINDOW_S / every_s))
        self._last: deque[NDArray[np.float64]] = deque()
        shape = (len(self._y), len(self._x))
        self._sums = np.zeros((4, *shape))
        self.peak_per_s2 = np.zeros(shape)

    def add(self, position_m: NDArray[np.float64], velocity_mps: NDArray[np.float64]) -> None:
        """Take in an instant: everybody's place and velocity, shape (n, 2) each."""
        self._last.append(self._fields(position_m, velocity_mps))
        self._sums += self._last[-1]
        if len(self._last) > self._kept:
            self._sums -= self._last.popleft()
        if len(self._last) < self._kept:
            return
        density, x, y, squares = self._sums / self._kept
        pressure = np.where(density >= CROWDED_PER_M2, density * np.maximum(squares - x**2 - y**2, 0.0), 0.0)
        self.peak_per_s2 = np.maximum(self.peak_per_s2, pressure)

    @property
    def peak(self) -> float | None:
        """The largest anywhere; None where the crowd was dense nowhere."""
        top = float(self.peak_per_s2.max(initial=0.0))
        return top or None

    def _fields(self, position_m: NDArray[np.float64], velocity_mps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Local density, velocity east and north, and its square; (4, rows, columns)."""
        weight = np.zeros((3, *self.peak_per_s2.shape))
        reach = int(np.ceil(_REACH * _RADIUS_M / self._cell_m))
        _spread(position_m, velocity_mps, self._x[0], self._y[0], self._cell_m, reach, weight)
        density = weight[0]
        velocity = np.divide(weight[1:], density, out=np.zeros_like(weight[1:]), where=density > 1e-9)
        return np.stack([density, *velocity, (velocity**2).sum(axis=0)])


@njit(cache=True, nogil=True)
def _spread(place: Any, velocity: Any, x0: float, y0: float, cell: float, reach: int, weight: Any) -> None:
    rows, columns = weight.shape[1], weight.shape[2]
    unit = 1.0 / (np.pi * _RADIUS_M * _RADIUS_M)
    for person in range(place.shape[0]):
        column = int(np.floor((place[person, 0] - x0) / cell + 0.5))
        row = int(np.floor((place[person, 1] - y0) / cell + 0.5))
        for r in range(max(0, row - reach), min(rows, row + reach + 1)):
            for c in range(max(0, column - reach), min(columns, column + reach + 1)):
                dx, dy = x0 + c * cell - place[person, 0], y0 + r * cell - place[person, 1]
                f = unit * np.exp(-(dx * dx + dy * dy) / (_RADIUS_M * _RADIUS_M))
                weight[0, r, c] += f
                weight[1, r, c] += f * velocity[person, 0]
                weight[2, r, c] += f * velocity[person, 1]
