"""Pictures that are in memory already: for tests, and for footage that is being made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap

__all__ = ["MemorySource"]


class MemorySource:
    """Hands out given frames and gaps, in order."""

    live = False

    def __init__(self, items: Iterable[Frame | Gap], *, fps: float) -> None:
        """Take the items.

        Args:
            items: Frames and gaps of one camera; times must not run back.
            fps: Nominal pictures a second.

        Raises:
            SourceError: There is no frame, or times run back.
        """
        self._items = list(items)
        frames = [item for item in self._items if isinstance(item, Frame)]
        if not frames:
            raise SourceError("memory: holds no picture")
        times = [item.time_s if isinstance(item, Frame) else item.start_s for item in self._items]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise SourceError("memory: the times of its pictures run back")
        height, width = frames[0].image.shape[:2]
        self.camera_id = frames[0].camera_id
        self.size_px = (width, height)
        self.fps = fps
        self.frame_count: int | None = len(frames)

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once over all items."""
        while self._items:
            yield self._items.pop(0)

    def close(self) -> None:
        """Let go of the pictures."""
        self._items.clear()
