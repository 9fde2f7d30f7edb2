"""A camera that is being watched, wherever that happens: what the daemon asks of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from detect.live.config import CameraConfig, LiveConfig
from detect.tracks import Tracks

__all__ = ["Running", "Starter"]


class Running(Protocol):
    """The process of one camera, of this machine or of another."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0, the source came to its end; ``TOLD``, with a sentence; None: it runs, or nobody knows."""

    @property
    def where(self) -> str:
        """The machine that it runs on; empty: this one."""

    def silent_s(self) -> float:
        """Return for how long it has taken no picture although there are some."""

    def floor(self) -> Tracks | None:
        """Return who it sees on the floor, timed by this machine's monotonic clock; None where it does not look."""

    def kill(self) -> None:
        """End it at once."""

    def ask_to_end(self) -> None:
        """Ask it to end."""

    def end(self, within_s: float) -> None:
        """Wait for its end; force it when it takes longer."""


Starter: TypeAlias = Callable[[LiveConfig, CameraConfig], Running]
"""Starts watching a camera."""
