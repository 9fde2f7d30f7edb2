"""Says how far long work is: on the terminal with bars, for scripts not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Report", "bars", "silent"]


class Report(Protocol):
    """Takes the name of a stage and its share done, 0 to 1, or None where the end is not known."""

    def __call__(self, stage: str, share: float | None, note: str = "") -> None:
        """Take one step."""


def silent(stage: str, share: float | None, note: str = "") -> None:
    """Report nothing."""


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[Report]:
    """Show one bar a stage on the standard error; on a pipe, a line when a stage ends."""
    console = Console(stderr=True, quiet=quiet)
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, refresh_per_second=4) as progress:

        def report(stage: str, share: float | None, note: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=1.0 if share is not None else None, note=note)
            progress.update(tasks[stage], completed=share if share is not None else 0.0, note=note)

        yield report
