"""What runs the points of a sweep: this process, worker processes, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from dashboard.footage import FilmStore
from dashboard.sweep.spec import Point
from dashboard.sweep.task import FILMS, run_point
from scenarios.errors import ParvisError

__all__ = ["STAGES", "Engine", "Tell", "choose", "first_of_films", "here", "in_process", "share_of"]

STAGES: Final = {"film": (0.0, 0.5), "watch": (0.5, 0.98), "score": (0.98, 1.0)}
"""From where to where in a task each stage of it goes, roughly."""


class Tell(Protocol):
    """Is told what becomes of points."""

    def progress(self, point: Point, share: float) -> None:
        """A point is so far, 0 to 1."""

    def done(self, point: Point) -> None:
        """Its result lies in the folder."""

    def failed(self, point: Point, why: str) -> None:
        """It cannot be had."""


Engine = Callable[[Sequence[Point], Path, Tell], None]
"""Runs points, of which no two have the same specification, into a folder."""


def in_process(points: Sequence[Point], folder: Path, tell: Tell) -> None:
    """Run one after another in this process."""
    for point in first_of_films(points):
        here(point, folder, tell)


def here(point: Point, folder: Path, tell: Tell) -> None:
    """Run one point in this process."""

    def report(stage: str, share: float | None, note: str = "") -> None:  # noqa: ARG001 - a bar's words
        tell.progress(point, share_of(stage, share))

    try:
        run_point(point, folder, report)
    except ParvisError as error:
        tell.failed(point, str(error))
    else:
        tell.done(point)


def share_of(stage: str, share: float | None) -> float:
    """Return how far a whole task is when one stage of it is so far."""
    low, high = STAGES.get(stage, (0.0, 0.0))
    return low + (high - low) * (share or 0.0)


def first_of_films(points: Sequence[Point]) -> list[Point]:
    """Order points so that every film is begun early and no two that need the same one stand beside each other first.

    The first point of each film comes first, in order; then all others, in order.
    """
    begun: set[str] = set()
    first: list[Point] = []
    rest: list[Point] = []
    for point in points:
        film = point.spec.scenario.hash
        (rest if film in begun else first).append(point)
        begun.add(film)
    return first + rest


def choose(waiting: Sequence[Point], running: Sequence[Point], folder: Path) -> Point | None:
    """Return the next point to start: not one whose film is being made by another; None: wait for those."""
    films = FilmStore(folder / FILMS)
    making = {p.spec.scenario.hash for p in running if not films.has(p.spec.scenario.hash)}
    return next((p for p in waiting if p.spec.scenario.hash not in making), None)
