"""How a fire grows: heat, flame height and smoke over its age.

References:
    NFPA 72, annex B: t-squared fires, Q = a t^2, of four classes by the time to 1055 kW: 600, 300, 150 and 75 s.
    Heskestad, G. (1983). Luminous heights of turbulent diffusion flames. Fire Safety Journal 5, 103-108.
    DOI 10.1016/0379-7112(83)90002-4. In the usual form L = 0.235 Q^(2/5) - 1.02 D, with L and D in metres, Q in kW.
"""

from __future__ import annotations

import math
from typing import Final

from scenarios.incident import FIRE_SMOKE_S, FLAME_SEEN_M, Fire, FireGrowth

__all__ = ["burning_across_m", "due_after_s", "flame_height_m", "heat_kw", "smoke_strength"]

_TO_1055_KW_S: Final[dict[FireGrowth, float]] = {
    FireGrowth.SLOW: 600.0,
    FireGrowth.MEDIUM: 300.0,
    FireGrowth.FAST: 150.0,
    FireGrowth.ULTRA_FAST: 75.0,
}
_KINDLED_KW: Final = 4.0
"""The first flame."""
_DIES_IN_S: Final = 6.0
_SMOULDERING: Final = 0.35
"""Smoke of a smouldering fire against that of one of 250 kW."""


def heat_kw(fire: Fire, age_s: float) -> float:
    """Return the heat release at an age, counted from the first smoke."""
    burning = age_s - fire.smoulders_s
    if burning <= 0:
        return 0.0
    alpha: float = 1055.0 / _TO_1055_KW_S[fire.growth] ** 2
    heat: float = min(fire.peak_kw, _KINDLED_KW * min(1.0, burning) + alpha * burning**2)
    return heat * _left(fire, age_s)


def flame_height_m(fire: Fire, age_s: float) -> float:
    """Return the mean height of the flame above what burns (Heskestad); what burns grows with the heat, too."""
    heat = heat_kw(fire, age_s)
    if heat <= 0:
        return 0.0
    across = burning_across_m(fire, age_s)
    return max(0.08, 0.235 * float(heat**0.4) - 1.02 * across)


def burning_across_m(fire: Fire, age_s: float) -> float:
    """Return how wide the flame is at its foot: it spreads over what burns as the heat grows."""
    return fire.across_m * min(1.0, 0.3 + 0.7 * math.sqrt(heat_kw(fire, age_s) / fire.peak_kw))


def smoke_strength(fire: Fire, age_s: float) -> float:
    """Return how much smoke is given off at an age; 1 is what a fire of 250 kW gives."""
    if age_s <= 0:
        return 0.0
    smouldering = _SMOULDERING * min(1.0, age_s / 3.0)
    burning: float = (heat_kw(fire, age_s) / 250.0) ** 0.6
    return (smouldering + burning) * (_left(fire, age_s) * 0.8 + 0.2)


def due_after_s(fire: Fire, step_s: float) -> float:
    """Return the age at which a watcher should say it: the flame is high enough, or it has smoked for long enough."""
    age = 0.0
    while age < FIRE_SMOKE_S and flame_height_m(fire, age) < FLAME_SEEN_M:
        age += step_s
    return age


def _left(fire: Fire, age_s: float) -> float:
    """Return the share of the fire that is left after it began to die down."""
    if fire.lasts_s is None or age_s <= fire.lasts_s:
        return 1.0
    return max(0.0, 1.0 - (age_s - fire.lasts_s) / _DIES_IN_S)
