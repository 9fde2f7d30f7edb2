"""No more pictures a second than are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from detect.sources.contract import Source
from scenarios.frame import Frame, Gap

__all__ = ["Thinned"]

_EARLY: Final = 0.1
"""Share of the time between two pictures by which one may come too early: clocks of cameras tremble."""


class Thinned:
    """Passes over pictures that come sooner after the last than 1 / ``fps_most`` seconds; gaps stay."""

    def __init__(self, source: Source, fps_most: float) -> None:
        """Take the source; it is closed by its owner.

        Args:
            source: Not iterated yet.
            fps_most: Pictures a second.
        """
        self.camera_id, self.live, self.size_px = source.camera_id, source.live, source.size_px
        self.frame_count = source.frame_count
        self.fps = min(source.fps, fps_most)
        self._source, self._apart_s = source, 1.0 / fps_most

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once; the pictures that are left keep an even pace where the source has one."""
        due_s = -np.inf
        for item in self._source:
            if isinstance(item, Frame):
                if item.time_s < due_s - _EARLY * self._apart_s:
                    continue
                late = item.time_s - due_s > self._apart_s
                due_s = (item.time_s if late else due_s) + self._apart_s
            yield item

    def close(self) -> None:
        """Close the source."""
        self._source.close()
