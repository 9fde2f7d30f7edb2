"""Worker processes, supervised one by one: one that is killed costs its own task a second try, nobody else anything.

``concurrent.futures.ProcessPoolExecutor`` gives up all that waits when one of its processes is killed. Here each
worker has a pipe of its own: the supervisor sees which one is gone, knows what it was at, and starts another.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from time import monotonic
from typing import Final

from dashboard.sweep.engine import Engine, Tell, choose, first_of_films, here
from dashboard.sweep.spec import Point
from detect.detectors.engine import usable_cores

__all__ = ["TRIES", "local_workers", "usual_workers"]

TRIES: Final = 3
"""A task during which so many workers died is given up: it kills them."""
_TELL_EVERY_S: Final = 0.5
_GRACE_S: Final = 2.0


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    point: Point | None = None


def local_workers(count: int) -> Engine:
    """Return the engine of so many worker processes on this machine.

    Args:
        count: At least 1.
    """

    def run(points: Sequence[Point], folder: Path, tell: Tell) -> None:
        waiting = first_of_films(points)
        tries: dict[int, int] = {}
        workers: list[_Worker] = []
        try:
            while waiting or any(w.point for w in workers):
                while len(workers) < min(count, len(waiting) + sum(w.point is not None for w in workers)):
                    workers.append(_start(folder))
                for worker in workers:
                    if worker.point is None:
                        _give(worker, waiting, workers, folder, tries)
                for worker in _heard(workers):
                    _listen(worker, tell)
                for worker in [w for w in workers if not w.process.is_alive()]:
                    _drain(worker, tell)
                    workers.remove(worker)
                    if worker.point is None:
                        continue
                    if tries[worker.point.number] < TRIES:
                        waiting.insert(0, worker.point)
                    else:
                        code = worker.process.exitcode
                        tell.failed(worker.point, f"the worker process died {TRIES} times (exit code {code})")
        finally:
            _stop(workers)

    return run


def usual_workers() -> int:
    """Return how many processes this machine has cores for."""
    return usable_cores()


def _start(folder: Path) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder), daemon=True, name="parvis-sweep")
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _give(worker: _Worker, waiting: list[Point], workers: list[_Worker], folder: Path, tries: dict[int, int]) -> None:
    point = choose(waiting, [w.point for w in workers if w.point is not None], folder)
    if point is None:
        return
    with contextlib.suppress(OSError):  # it died while it had nothing to do: the next round sees that
        worker.pipe.send(point)
        waiting.remove(point)
        tries[point.number] = tries.get(point.number, 0) + 1
        worker.point = point


def _heard(workers: list[_Worker]) -> list[_Worker]:
    ready = set(wait([*(w.pipe for w in workers), *(w.process.sentinel for w in workers)], timeout=5.0))
    return [w for w in workers if w.pipe in ready]


def _listen(worker: _Worker, tell: Tell) -> bool:
    """Hear one word; False: its end of the pipe is closed, which means that it is gone."""
    try:
        word, value = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(_GRACE_S)
        return False
    point = worker.point
    if point is None:
        return True
    if word == "progress":
        tell.progress(point, value)
        return True
    worker.point = None
    if word == "done":
        tell.done(point)
    else:
        tell.failed(point, value)
    return True


def _drain(worker: _Worker, tell: Tell) -> None:
    """Hear what it said before it died."""
    with contextlib.suppress(EOFError, OSError):
        while worker.pipe.poll() and _listen(worker, tell):
            pass
    worker.pipe.close()


def _stop(workers: list[_Worker]) -> None:
    for worker in workers:
        if worker.point is not None:
            worker.process.terminate()
        worker.pipe.close()
    for worker in workers:
        worker.process.join(_GRACE_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


class _Pipe:
    """Tells the supervisor, not too often."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._said = pipe, 0.0

    def progress(self, point: Point, share: float) -> None:  # noqa: ARG002 - the supervisor knows which
        if monotonic() - self._said > _TELL_EVERY_S:
            self._said = monotonic()
            self._pipe.send(("progress", share))

    def done(self, point: Point) -> None:  # noqa: ARG002
        self._pipe.send(("done", None))

    def failed(self, point: Point, why: str) -> None:  # noqa: ARG002
        self._pipe.send(("failed", why))


def _serve(pipe: Connection, folder: Path) -> None:
    """Take points from the pipe until it closes."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor is asked to stop, and stops us
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    cv2.setNumThreads(1)
    tell = _Pipe(pipe)
    with contextlib.suppress(EOFError, OSError):  # the supervisor is gone, or wants no more
        while True:
            here(pipe.recv(), folder, tell)
