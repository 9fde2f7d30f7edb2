"""How sure a rate is: intervals for shares, counts, ratios of rates, and anything else that runs repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
from scipy.stats import beta, chi2, norm

__all__ = ["bootstrap_interval", "poisson_interval", "ratio_interval", "wilson_interval"]

Interval = tuple[float, float]
Run = TypeVar("Run")

_RESAMPLES: Final = 1000
_SEED: Final = 20260101


def wilson_interval(hits: int, of: int, confidence: float = 0.95) -> Interval:
    """Interval of a share.

    Reference:
        Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
        American Statistical Association 22, 209-212. DOI 10.1080/01621459.1927.10502953.

    Raises:
        ValueError: There is nothing of which it would be a share.
    """
    if not 0 <= hits <= of or of == 0:
        raise ValueError(f"{hits} of {of} is no share")
    z = float(norm.ppf((1 + confidence) / 2))
    p, z2 = hits / of, z * z
    centre = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = z / (1 + z2 / of) * float(np.sqrt(p * (1 - p) / of + z2 / (4 * of * of)))
    return max(0.0, centre - half) if hits else 0.0, min(1.0, centre + half) if hits < of else 1.0


def poisson_interval(count: int, confidence: float = 0.95) -> Interval:
    """Exact interval for the mean of a Poisson count.

    Reference:
        Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.
        DOI 10.1093/biomet/28.3-4.437.
    """
    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count) / 2) if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def ratio_interval(
    count: int, exposure: float, other: int, other_exposure: float, confidence: float = 0.95
) -> tuple[float | None, float | None]:
    """Exact interval for the ratio of two Poisson rates; an end without a bound is None.

    Given the sum of both counts, the first is binomial; its Clopper-Pearson interval becomes one of the ratio.

    Reference:
        Przyborowski, J., Wilenski, H. (1940). Homogeneity of results in testing samples from Poisson series.
        Biometrika 31, 313-323. DOI 10.1093/biomet/31.3-4.313.
        Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the
        binomial. Biometrika 26, 404-413. DOI 10.1093/biomet/26.4.404.

    Args:
        count: Events of the one.
        exposure: Its hours.
        other: Events of the other, in the denominator.
        other_exposure: Its hours.
        confidence: Of the interval.

    Raises:
        ValueError: Nobody was exposed.
    """
    if exposure <= 0 or other_exposure <= 0:
        raise ValueError("a rate needs an exposure above 0")
    tail, every = (1 - confidence) / 2, count + other
    scale = other_exposure / exposure
    if not every:
        return None, None
    low = float(beta.ppf(tail, count, other + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, other)) if other else 1.0
    return low / (1 - low) * scale, high / (1 - high) * scale if high < 1 else None


def bootstrap_interval(
    runs: Sequence[Run], measure: Callable[[Sequence[Run]], float | None], confidence: float = 0.95
) -> Interval | None:
    """Percentile interval of any measure over runs, which are drawn again with replacement.

    Whole runs are drawn, because what happens in one run hangs together. None of fewer than two runs, or where more
    than half of the draws measure nothing.

    Reference:
        Efron, B., Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman and Hall, chapters 8 and 13.
        DOI 10.1201/9780429246593.
    """
    if len(runs) < 2:
        return None
    rng = np.random.default_rng(_SEED)
    drawn = [measure([runs[i] for i in rng.integers(len(runs), size=len(runs))]) for _ in range(_RESAMPLES)]
    values = [value for value in drawn if value is not None]
    if len(values) < _RESAMPLES / 2:
        return None
    tail = 50 * (1 - confidence)
    low, high = np.percentile(values, (tail, 100 - tail))
    return float(low), float(high)
