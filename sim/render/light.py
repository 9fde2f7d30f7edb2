"""The light of a scene: where the sun stands and how much it and the sky give to a surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.conditions import Conditions

__all__ = ["Light", "brightness_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Sun and sky; together they give 1 to sunlit level ground.

    Attributes:
        to_sun: Unit vector towards the sun (x east, y north, z up), shape (3,).
        sky: What level ground gets from the sky alone.
        sun: What a surface square to the sun gets from it besides.
    """

    to_sun: NDArray[np.float64]
    sky: float
    sun: float

    @classmethod
    def of(cls, conditions: Conditions) -> Light:
        """Return the light of a scenario's conditions."""
        azimuth, elevation = np.radians(conditions.sun_azimuth_deg), np.radians(conditions.sun_elevation_deg)
        to_sun = np.array((np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)))
        taken = 0.66 * conditions.shadow
        return cls(to_sun, 1 - taken, taken / max(float(to_sun[2]), 0.42))

    @property
    def shadow_depth(self) -> float:
        """Share of the light that a shadow on level ground takes away."""
        return 1 - self.sky

    def array(self) -> NDArray[np.float64]:
        """Return x, y, z towards the sun, sky, sun: what the kernels read, shape (5,)."""
        return np.array((*self.to_sun, self.sky, self.sun))


@njit(cache=True, error_model="numpy")
def brightness_of(to_sun_cos: float, up: float, sunlit: float, sky: float, sun: float) -> Any:
    """Return the light on a surface.

    Args:
        to_sun_cos: Cosine between its normal and the direction to the sun.
        up: Upward part of its normal.
        sunlit: Share of the sun that reaches the place.
        sky: See `Light`.
        sun: See `Light`.
    """
    ambient = sky * (0.76 + 0.24 * up + 0.05 * to_sun_cos)
    bounced = 0.10 * sun * (1.0 - up) * sunlit
    return ambient + bounced + sun * max(to_sun_cos, 0.0) * sunlit
