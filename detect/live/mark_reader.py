"""The marks that hold for one camera, read from the store again and again while it is watched."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import Final

from detect.marks import Mark
from detect.store import Store
from scenarios.errors import RecordingError

__all__ = ["MarkReader"]

_EVERY_S: Final = 1.0


class MarkReader:
    """Call it for the marks; ``look`` reads them anew once a second.

    Args:
        store: Where they are.
        camera_id: Whose.
    """

    def __init__(self, store: Store, camera_id: str) -> None:
        self._store, self._camera_id = store, camera_id
        self._marks: tuple[Mark, ...] = ()
        self._read_s: float | None = None
        self.look()

    def __call__(self) -> tuple[Mark, ...]:
        """Return the marks that were there when they were read last."""
        return self._marks

    def look(self) -> bool:
        """Read them if it is time; return whether it was. With a store that cannot be read, the old ones stay."""
        now = time.monotonic()
        if self._read_s is not None and now - self._read_s < _EVERY_S:
            return False
        self._read_s = now
        with contextlib.suppress(RecordingError):
            self._marks = self._store.marks.standing(datetime.now(UTC), self._camera_id)
        return True
