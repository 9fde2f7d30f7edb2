"""Many rehearsals: none lost when a worker is killed, the same bytes as in one process, two workers against one.

python -m benchmarks.sweep [--json] [--rehearsals 50] [--seconds 6] [--rounds 3]

Small films of one camera, seen by the oracle. One and two workers run in turn, each round into a new folder and with
its own films; the least time of each counts, because other work on the machine only adds. Workers are started within
the time that is measured.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from itertools import count
from multiprocessing import active_children
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from benchmarks.claims import Claim, show
from dashboard.progress import bars
from dashboard.sweep.bench import sweep
from dashboard.sweep.engine import Engine, Tell, in_process
from dashboard.sweep.spec import Point, points_of
from dashboard.sweep.task import RESULTS
from dashboard.sweep.workers import local_workers
from scenarios.suite import Suite


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    rehearsals: Annotated[int, typer.Option("--rehearsals", min=2, help="How many with a worker killed.")] = 50,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Length of each film.")] = 6.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Of one worker and two, in turn.")] = 3,
    timed: Annotated[int, typer.Option("--timed", min=2, help="Rehearsals in each round.")] = 12,
) -> None:
    """Measure the claims about sweeps."""
    suite, points = _plan(rehearsals, seconds)
    with tempfile.TemporaryDirectory() as folder, bars(quiet=as_json) as report:
        root = Path(folder)
        alone, killed = root / "alone", root / "killed"
        sweep(suite, points, alone, in_process, report=lambda _, share, note="": report("in process", share, note))
        sweep(suite, points, killed, _kills(2), report=lambda _, share, note="": report("one killed", share, note))
        ours = {path.name: path.read_bytes() for path in (killed / RESULTS).glob("*.json")}
        theirs = {path.name: path.read_bytes() for path in (alone / RESULTS).glob("*.json")}
        same = sum(ours.get(name) == told for name, told in theirs.items())
        suite, points = _plan(timed, seconds)
        least = {1: float("inf"), 2: float("inf")}
        for turn in range(rounds):
            for workers in least:
                started = perf_counter()
                sweep(suite, points, root / f"{turn}-{workers}", local_workers(workers))
                least[workers] = min(least[workers], perf_counter() - started)
                report("rounds", (turn + workers / 2) / rounds)
    load = os.getloadavg()[0]
    claims = [
        Claim.at_least(f"results of {rehearsals} rehearsals with a worker killed in the middle", len(ours), rehearsals),
        Claim.at_least("of them byte for byte as in one process", same, rehearsals),
        Claim.against(
            f"rehearsals a second: two workers against one (load at the end {load:.1f} on {os.cpu_count()} cores)",
            timed / least[2],
            timed / least[1],
            1.8,
        ),
    ]
    show(claims, as_json=as_json)


def _plan(rehearsals: int, seconds: float) -> tuple[Suite, list[Point]]:
    suite = Suite.model_validate(
        {
            "name": "benchmark",
            "scenarios": ["forecourt_bag_v1"],
            "seeds": f"1-{rehearsals}",
            "set": {
                "duration_s": seconds,
                "incidents": [],
                "detector": "oracle",
                "cameras.0.resolution_px": [640, 360],
            },
        }
    )
    return suite, points_of(suite, Path())


class _Killing:
    """Hands on what it is told, and kills a worker when half of the points are done."""

    def __init__(self, tell: Tell, half: int) -> None:
        self._tell, self._half, self._done = tell, half, count(1)

    def progress(self, point: Point, share: float) -> None:
        self._tell.progress(point, share)

    def done(self, point: Point) -> None:
        self._tell.done(point)
        if next(self._done) == self._half:
            victim = active_children()[0]
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)

    def failed(self, point: Point, why: str) -> None:
        self._tell.failed(point, why)


def _kills(workers: int) -> Engine:
    def run(points: Sequence[Point], folder: Path, tell: Tell) -> None:
        local_workers(workers)(points, folder, _Killing(tell, max(1, len(points) // 2)))

    return run


if __name__ == "__main__":
    typer.run(main)
