"""Pictures are fetched ahead: a thread decodes the next ones while this one is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Queue
from threading import Event, Thread
from typing import Final

from detect.sources.contract import Source
from scenarios.frame import Frame, Gap

__all__ = ["Ahead"]

_WAITING: Final = 3
"""Pictures that lie ready at most: enough to even out slow ones, and little memory."""


class Ahead:
    """Hands out what another source does, in the same order, some pictures before they are asked for.

    For footage that waits: a live source has its own thread, and drops what nobody fetched in time. What goes wrong
    while fetching is raised where the picture would have come.
    """

    def __init__(self, source: Source) -> None:
        """Take the source; it is closed with this one.

        Args:
            source: Not iterated yet.
        """
        self.camera_id = source.camera_id
        self.live = source.live
        self.size_px = source.size_px
        self.fps = source.fps
        self.frame_count = source.frame_count
        self._source = source
        self._ready: Queue[Frame | Gap | Exception | None] = Queue(_WAITING)
        self._closed = Event()
        self._fetcher = Thread(target=self._fetch, name=f"fetch {source.camera_id}", daemon=True)

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once over all pictures and gaps."""
        self._fetcher.start()
        while (item := self._ready.get()) is not None and not self._closed.is_set():
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        """Stop fetching and close the source; iterating ends."""
        self._closed.set()
        self._empty()  # the fetcher may wait for room; then it sees that it is over
        if self._fetcher.is_alive():
            self._fetcher.join()
        self._source.close()
        self._empty()
        self._ready.put(None)

    def _empty(self) -> None:
        try:
            while True:
                self._ready.get_nowait()
        except Empty:
            return

    def _fetch(self) -> None:
        last: Exception | None = None
        try:
            for item in self._source:
                self._ready.put(item)
                if self._closed.is_set():
                    return
        except Exception as error:
            last = error
        self._ready.put(last)
