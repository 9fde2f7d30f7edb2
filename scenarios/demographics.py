"""Age, sex and free walking speed.

Reference:
    Weidmann, U. (1993). Transporttechnik der Fussgaenger. ETH Zuerich, IVT 90. DOI 10.3929/ethz-a-000687810: free speed
    over age, which the RiMEA guideline (version 4.1.1, test 7) takes over, and men 1.41 against women 1.27 m/s.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import Body

__all__ = ["MEN_FACTOR", "WOMEN_FACTOR", "body_of_age", "speed_of_age_mps"]

_AGES: Final = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0)
_SPEEDS_MPS: Final = (0.75, 1.10, 1.45, 1.61, 1.54, 1.48, 1.41, 1.28, 1.06, 0.71)
"""Read off Weidmann's curve; before 20 to about 0.05 m/s."""
MEN_FACTOR: Final = 1.41 / 1.34
WOMEN_FACTOR: Final = 1.27 / 1.34
_CHILD_TO: Final = 13
_ELDERLY_FROM: Final = 65


def speed_of_age_mps(age_years: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the mean free speed at an age, men and women together; as at 5 and at 80 beyond these."""
    return np.asarray(np.interp(np.asarray(age_years, float), _AGES, _SPEEDS_MPS))


def body_of_age(age_years: Any) -> Body:
    """Return the body that somebody of an age has."""
    return Body.CHILD if age_years <= _CHILD_TO else Body.ELDERLY if age_years >= _ELDERLY_FROM else Body.ADULT
