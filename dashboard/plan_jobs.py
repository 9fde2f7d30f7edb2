"""Crowds measured one after another or on several cores: the numbers are the same bits either way."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from typing import Final

from scenarios.scenario import Scenario
from sim.crowd import Crowd
from sim.measure import Measures, measure

__all__ = ["measure_all"]

_WORTH_A_PROCESS: Final = 4
"""A process takes some seconds to start; fewer crowds are not worth it."""


def measure_all(
    scenarios: Sequence[Scenario],
    *,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    watch: tuple[int, Callable[[Crowd], None]] | None = None,
) -> list[Measures]:
    """Measure the crowd of each scenario.

    Args:
        scenarios: What to play, seeds included.
        workers: Processes; None: one a core where there are four crowds or more.
        progress: Told the share that is done, 0 to 1.
        watch: Number of one of the scenarios, and what is shown its crowd at every step; it then runs in this process.

    Raises:
        ScenarioError: Somebody has no way to go.
    """
    told = progress or (lambda _: None)
    many = len(scenarios)

    def tell(done: int, share: float) -> None:
        told((done + share) / many)

    if workers is None:
        workers = len(os.sched_getaffinity(0)) if many >= _WORTH_A_PROCESS else 1
    measured: dict[int, Measures] = {}
    if watch is not None:
        at, eye = watch
        measured[at] = measure(scenarios[at], watch=eye, progress=partial(tell, 0))
    rest = [at for at in range(many) if at not in measured]
    if workers <= 1 or len(rest) <= 1:
        for at in rest:
            measured[at] = measure(scenarios[at], progress=partial(tell, len(measured)))
    else:
        with ProcessPoolExecutor(min(workers, len(rest)), get_context("spawn")) as pool:
            jobs = {pool.submit(measure, scenarios[at]): at for at in rest}
            try:
                for job in as_completed(jobs):
                    measured[jobs[job]] = job.result()
                    told(len(measured) / many)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return [measured[at] for at in range(many)]
