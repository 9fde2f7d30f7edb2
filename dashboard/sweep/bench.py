"""The bench: runs what is left of a sweep, tells how far it is, and writes its tables."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dashboard import __version__
from dashboard.progress import Report, silent
from dashboard.sweep.engine import Engine, in_process
from dashboard.sweep.report import write_suite_report
from dashboard.sweep.spec import Point
from dashboard.sweep.summary import save_summary
from dashboard.sweep.table import save_tables
from dashboard.sweep.task import FILMS, RESULTS, RUNS, result_path
from scenarios.errors import RecordingError, ScenarioError
from scenarios.recording import Recording
from scenarios.suite import Suite

__all__ = ["SWEEP_JSON", "Done", "sweep"]

SWEEP_JSON: Final = "sweep.json"


@dataclass(frozen=True, slots=True)
class Done:
    """What a sweep came to.

    Attributes:
        folder: Where it lies.
        points: How many it has.
        specs: How many different rehearsals they are.
        found: How many of those were there from before.
        failed: Point number to why it has no result.
        summary: What ``summary.json`` says (`dashboard.sweep.summary`).
    """

    folder: Path
    points: int
    specs: int
    found: int
    failed: dict[int, str]
    summary: dict[str, Any]


def sweep(
    suite: Suite,
    points: Sequence[Point],
    folder: Path,
    engine: Engine = in_process,
    *,
    command: str = "",
    report: Report = silent,
) -> Done:
    """Run every point that has no result yet; then write tables, summary and report.

    A sweep that was stopped goes on where it was. ``sweep.json`` says what was asked; ``results/HASH.json`` is the
    result of one specification, whatever else is in the sweep.

    Args:
        suite: What was asked.
        points: Its points (`dashboard.sweep.spec.points_of`).
        folder: Where to; made if it is not there.
        engine: What runs them.
        command: That makes it again.
        report: Told how far it is.

    Raises:
        RecordingError: The folder holds something else, or another sweep is running into it.
    """
    with _alone(folder):
        _save_plan(suite, points, folder, command)
        specs = {point.spec.hash: point for point in reversed(points)}
        left = [p for p in points if specs[p.spec.hash] is p and not result_path(folder, p.spec.hash).is_file()]
        progress = _Progress(len(specs), len(specs) - len(left), report)
        if left:
            engine(left, folder, progress)
        report("sweep", 1.0, f"{len(specs)} of {len(specs)}")
        keys = list(points[0].keys) if points else []
        save_tables(points, folder, {"suite": suite.name, "version": suite.version, "keys": keys})
        summary = save_summary(points, folder)
        write_suite_report(suite, points, folder, summary, command)
    return Done(folder, len(points), len(specs), len(specs) - len(left), progress.failures, summary)


@dataclass(slots=True)
class _Progress:
    """Adds up how far all tasks are."""

    total: int
    ready: int
    report: Report
    failures: dict[int, str] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)

    def progress(self, point: Point, share: float) -> None:
        self.shares[point.number] = share
        self._say(point)

    def done(self, point: Point) -> None:
        self.shares.pop(point.number, None)
        self.ready += 1
        self._say(point)

    def failed(self, point: Point, why: str) -> None:
        self.failures[point.number] = f"{point.case}, seed {point.spec.scenario.seed}: {why}"
        self.done(point)

    def _say(self, point: Point) -> None:
        share = (self.ready + sum(self.shares.values())) / self.total
        self.report("sweep", min(share, 1.0), f"{self.ready} of {self.total}, {point.case}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make the folder, keep other sweeps out of it, and clear away what a killed one left half written."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / SWEEP_JSON).exists())):
        raise RecordingError(f"{folder}: exists and is not the folder of a sweep; choose another --out")
    try:
        for name in (RESULTS, RUNS, FILMS):
            (folder / name).mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise RecordingError(f"{folder}: cannot be written ({error.strerror})") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RecordingError(f"{folder}: another sweep is running into it; wait for it or choose --out") from None
        for name in (RUNS, FILMS):
            for part in (folder / name).glob(".*.part"):
                shutil.rmtree(part, ignore_errors=True)
        yield


def _save_plan(suite: Suite, points: Sequence[Point], folder: Path, command: str) -> None:
    if not points:
        raise ScenarioError(f"{suite.name}: says nothing to run")
    plan: dict[str, Any] = {
        "format": 1,
        "parvis": __version__,
        "command": command,
        "suite": suite.model_dump(mode="json"),
        "points": [
            {
                "point": p.number,
                "case": p.case,
                "condition": dict(p.condition),
                "keys": dict(p.keys),
                "seed": p.spec.scenario.seed,
                "spec": p.spec.hash,
                "run": p.spec.run_name,
                "command": p.command,
            }
            for p in points
        ],
    }
    fresh = folder / f".{SWEEP_JSON}.part"
    Recording.save_json(fresh, plan)
    fresh.replace(folder / SWEEP_JSON)
