"""What a source is: pictures in order, gaps stated, closed by its owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from scenarios.frame import Frame, Gap

__all__ = ["Source"]


class Source(Protocol):
    """Hands out the pictures of one camera.

    Times never run back. Where pictures were lost it says a ``Gap`` before the next ``Frame``: a black or repeated
    picture is never made up. Iterating ends when a file ends; a live source goes on until it is closed.
    """

    camera_id: str
    live: bool
    """Whether time passes by itself: pictures that nobody fetched are dropped and counted."""
    size_px: tuple[int, int]
    """Width and height of the pictures."""
    fps: float
    """Nominal pictures a second; the frame's times are what counts."""
    frame_count: int | None
    """Number of pictures, where it is known beforehand: for progress."""

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once over all pictures."""

    def close(self) -> None:
        """Release files, sockets and threads; iterating ends. Closing twice is harmless."""
