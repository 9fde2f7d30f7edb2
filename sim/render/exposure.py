"""The camera's automatic exposure: how bright a lit surface comes out, and how much the camera amplifies for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

__all__ = ["DAYLIGHT_LUX", "Exposure"]

DAYLIGHT_LUX: Final = 20_000.0
"""Full light of the day: surfaces come out in their own colour."""
_GAMMA: Final = 2.2
_OPEN_LUX: Final = 200.0
"""With its shutter and iris wide open, and no gain, a camera shows surfaces under so much light in their own colour."""
_MOST_DB: Final = 36.0
_DULL: Final = 0.36
"""How bright cameras show a night, against the day: they keep it dark on purpose, and have no more gain."""
_DULL_LUX: Final = 0.5
_BRIGHT_LUX: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """From lux to the factor on a surface's colour in the picture.

    Attributes:
        per_lux: Linear amplification: a surface under 1 / per_lux shows its own colour.
        gain_db: What of that is electronic gain; noise grows with it.
        factor: On the picture besides, by wrong or wanted exposure.
    """

    per_lux: float
    gain_db: float
    factor: float = 1.0

    @classmethod
    def metered(cls, mean_lux: float, factor: float = 1.0, more_gain_db: float = 0.0) -> Self:
        """Return what a camera settles on.

        Args:
            mean_lux: Light on the floor that it sees.
            factor: See the class.
            more_gain_db: Gain that comes with a shorter shutter, the picture being the same.
        """
        share = np.log(max(mean_lux, 1e-6) / _DULL_LUX) / np.log(_BRIGHT_LUX / _DULL_LUX)
        wanted = (_DULL + (1 - _DULL) * float(np.clip(share, 0, 1))) ** _GAMMA / max(mean_lux, 1e-6)
        most = 10 ** (_MOST_DB / 20) / _OPEN_LUX
        per_lux = min(wanted, most)
        needed_db = max(0.0, 20 * float(np.log10(per_lux * _OPEN_LUX)))
        return cls(per_lux, needed_db + more_gain_db, factor)

    def shown(self, lux: Any) -> Any:
        """Return the factor on a surface's colour under so much light; any shape."""
        return self.factor * (np.maximum(lux, 0.0) * self.per_lux) ** (1 / _GAMMA)
