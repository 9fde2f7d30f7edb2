"""The crew: threads that share the bodies of one kernel among them, each body's result the same on any number."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any, Final

__all__ = ["share"]

_WORTH_A_THREAD: Final = 2500
"""Bodies below which another thread costs more than it does."""


def share(kernel: Callable[..., Any], n: int, *arguments: Any, threads: int = 0) -> None:
    """Call ``kernel(first, last, *arguments)`` so that its parts cover 0 to ``n`` once, and wait for all.

    Args:
        kernel: Works on the bodies first to last - 1, writes nothing that another part reads, and holds no lock on
            the interpreter (numba's ``nogil``).
        n: How many bodies.
        *arguments: Handed on.
        threads: At most so many; 0: as many as this process may use cores.
    """
    parts = max(1, min(threads or _cores(), n // _WORTH_A_THREAD if not threads else n))
    if parts == 1:
        kernel(0, n, *arguments)
        return
    ends = [n * part // parts for part in range(parts + 1)]
    crew = _crew(parts, os.getpid())
    waiting = [crew.submit(kernel, a, b, *arguments) for a, b in pairwise(ends[1:])]
    kernel(ends[0], ends[1], *arguments)
    for part in waiting:
        part.result()


@cache
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _crew(parts: int, process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(parts - 1, thread_name_prefix=f"crowd-{process}")
