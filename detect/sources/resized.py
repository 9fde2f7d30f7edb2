"""Footage whose pixels are not square, as recorders store it, brought to the size that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from detect.sources.contract import Source
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap

__all__ = ["Resized", "read_size"]

_LEAST_PX = 16
_MOST_PX = 8192


class Resized:
    """Hands out another source's pictures in another size."""

    def __init__(self, source: Source, size_px: tuple[int, int]) -> None:
        """Take the source; it is closed with this one.

        Args:
            source: Not iterated yet.
            size_px: Width and height.
        """
        self.camera_id, self.live, self.fps = source.camera_id, source.live, source.fps
        self.frame_count = source.frame_count
        self.size_px = size_px
        self._source = source

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once over all pictures and gaps."""
        shrinks = self.size_px[0] * self.size_px[1] < self._source.size_px[0] * self._source.size_px[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        for item in self._source:
            if isinstance(item, Frame):
                item = replace(
                    item, image=np.asarray(cv2.resize(item.image, self.size_px, interpolation=how), np.uint8)
                )
            yield item

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def read_size(text: str) -> tuple[int, int]:
    """Read a size such as 720x576.

    Raises:
        SourceError: It is not two whole numbers from 16 to 8192.
    """
    wide, _, high = text.lower().partition("x")
    if not (wide.isdecimal() and high.isdecimal() and all(_LEAST_PX <= int(n) <= _MOST_PX for n in (wide, high))):
        raise SourceError(
            f"size '{text}': should be WIDTHxHEIGHT in pixels, {_LEAST_PX} to {_MOST_PX}, such as 720x576"
        )
    return int(wide), int(high)
