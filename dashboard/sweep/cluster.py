"""A Ray cluster as the engine of a sweep: the extra ``parvis[ray]``, imported nowhere else."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from dashboard.sweep.engine import Engine, Tell, first_of_films
from dashboard.sweep.spec import Point
from dashboard.sweep.task import result_path, run_point, save_result
from scenarios.errors import MissingExtraError, ParvisError

__all__ = ["on_ray"]

_RETRIES: Final = 5
"""How often a task is begun again when the machine or process that it was on is gone."""
_WAIT_S: Final = 2.0


def on_ray(address: str | None = None, *, at_once: int | None = None) -> Engine:
    """Return the engine of a Ray cluster.

    A task writes its run folder and result into the sweep's folder as its own machine sees it: with a folder that all
    machines share, everything is in one place; without one, films and run folders stay where they were made, and the
    results, which come back over Ray, are written here.

    Args:
        address: Such as ``10.0.0.7:6379``, or ``auto`` for the cluster of this machine; None: one is started here.
        at_once: At most so many tasks at a time; None: as many as the cluster has cores.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise MissingExtraError("engine 'ray'", "ray")

    def run(points: Sequence[Point], folder: Path, tell: Tell) -> None:
        import ray

        ours = not ray.is_initialized()
        if ours:
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            try:
                ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise ParvisError(f"--address {address}: no Ray cluster answers there ({_first(error)})") from None
        try:
            _run(ray, points, folder.absolute(), tell, at_once)
        finally:
            if ours:
                ray.shutdown()

    return run


def _run(ray: Any, points: Sequence[Point], folder: Path, tell: Tell, at_once: int | None) -> None:
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_task)
    waiting = deque(first_of_films(points))
    running: dict[Any, Point] = {}
    most = at_once or max(1, int(ray.cluster_resources().get("CPU", 1)))
    while waiting or running:
        while waiting and len(running) < most:
            point = waiting.popleft()
            running[task.remote(point, str(folder))] = point
        ready, _ = ray.wait(list(running), timeout=_WAIT_S)
        for reference in ready:
            point = running.pop(reference)
            try:
                said, text = ray.get(reference)
            except ray.exceptions.RayError as error:
                tell.failed(point, f"Ray gave it up ({_first(error)})")
                continue
            if not said:
                tell.failed(point, text)
                continue
            if not result_path(folder, point.spec.hash).is_file():
                save_result(folder, point.spec.hash, text)
            tell.done(point)


def _task(point: Point, folder: str) -> tuple[bool, str]:
    """Run one point on a machine of the cluster; a mistake of the person who asked is an answer, not a crash."""
    import cv2

    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    cv2.setNumThreads(1)
    try:
        return True, run_point(point, Path(folder))
    except ParvisError as error:
        return False, str(error)


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
