"""What could not be written to the store yet: a full disk or a server that is away loses no alert."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Final

from scenarios.errors import RecordingError

__all__ = ["Backlog"]

_AGAIN_S: Final = 1.0
_MOST: Final = 1000
"""So many things wait; with their pictures that is some 50 MB."""


class Backlog:
    """Writes of one camera, in their order; those that fail wait for the store and are tried again.

    Args:
        name: Of the camera, for the terminal.
        clock: Seconds.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._waiting: dict[Hashable, Callable[[], object]] = {}
        self._tried_s = 0.0
        self._turn = RLock()
        self.lost = 0

    def __len__(self) -> int:
        """Return how many things wait."""
        return len(self._waiting)

    def write(self, key: Hashable, do: Callable[[], object]) -> None:
        """Write something, now or when the store takes it again.

        Args:
            key: What it is about: of two that wait with the same key the later one is written, in the earlier's place.
            do: Writes it.

        Raises:
            ParvisError: The store takes it, but it makes no sense.
        """
        with self._turn:
            due = self._clock() - self._tried_s >= _AGAIN_S
            if due and len(self._waiting) >= _MOST:
                self._try()
            if key not in self._waiting and len(self._waiting) >= _MOST:
                self.lost += 1
                if self.lost & (self.lost - 1) == 0:  # ever more rarely
                    self._say(f"{_MOST} things wait already: {self.lost} lost")
                return
            self._waiting[key] = do
            if due or len(self._waiting) == 1:
                self._try()

    def settle(self, within_s: float) -> None:
        """Try until nothing waits, and say what has to be left."""
        deadline = self._clock() + within_s
        while len(self) and self._clock() < deadline:
            with self._turn:
                self._try()
            if len(self):
                time.sleep(0.2)
        if len(self):
            self._say(f"{len(self)} things could not be written and are lost")

    def _try(self) -> None:
        waited = len(self._waiting)
        while self._waiting:
            key, do = next(iter(self._waiting.items()))
            try:
                do()
            except RecordingError as error:
                self._tried_s = self._clock()
                if waited == 1 and len(self._waiting) == 1:
                    self._say(f"{error}; what is to be written waits")
                return
            except BaseException:
                del self._waiting[key]
                raise
            del self._waiting[key]

    def _say(self, words: str) -> None:
        print(f"camera '{self._name}': {words}", file=sys.stderr, flush=True)
