"""Who comes by age and sex: draws both, and what follows from them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenarios.demographics import MEN_FACTOR, WOMEN_FACTOR, body_of_age, speed_of_age_mps
from scenarios.population import FREE_SPEED_FACTOR, Body, Population
from sim.state import BODIES

__all__ = ["draw_ages"]

_ON_WHEELS: Final = tuple(BODIES.index(body) for body in (Body.WHEELCHAIR, Body.PRAM))
_WHEELS_FACTOR: Final = np.array([FREE_SPEED_FACTOR[body] if i in _ON_WHEELS else 1.0 for i, body in enumerate(BODIES)])


def draw_ages(
    population: Population, rng: np.random.Generator, bodies: NDArray[np.int8]
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Draw an age and a sex for each; returns codes of their bodies and free speeds, shape (n,) each.

    Args:
        population: Its ages, and the spread and limits of its speeds.
        rng: Decides everything.
        bodies: Codes drawn by shares; those on wheels keep theirs.
    """
    n, bands = len(bodies), population.ages
    band = rng.choice(len(bands), n, p=np.array([b.share for b in bands]) / sum(b.share for b in bands))
    low, high, women = (np.array([getattr(b, key) for b in bands])[band] for key in ("from_years", "to_years", "women"))
    age = rng.uniform(low, high)
    sex = np.where(rng.random(n) < women, WOMEN_FACTOR, MEN_FACTOR)
    of_age = np.array([BODIES.index(body_of_age(years)) for years in age], np.int8)
    codes = np.where(np.isin(bodies, _ON_WHEELS), bodies, of_age).astype(np.int8)
    speed = population.speed
    drawn = rng.normal(speed_of_age_mps(age) * sex, speed.sd_mps) * _WHEELS_FACTOR[codes]
    return codes, np.clip(drawn, speed.min_mps, speed.max_mps)
