"""Fetching ahead changes neither what comes nor in which order, and what goes wrong arrives."""

import threading

import numpy as np
import pytest

from detect.sources import MemorySource
from detect.sources.ahead import Ahead
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap


def items(count=20):
    made = [Frame("mast", i, i / 10, None, np.full((4, 6, 3), i, np.uint8)) for i in range(count)]
    return [*made[:7], Gap("mast", 0.6, 0.65, "damaged"), *made[7:]]


class Breaks(MemorySource):
    """Fails after three pictures."""

    def __iter__(self):
        for n, item in enumerate(super().__iter__()):
            if n == 3:
                raise SourceError("mast: the cable is cut")
            yield item


class Counts(MemorySource):
    """Says how far it was read, and when it was closed."""

    read = 0
    closed_after = None

    def __iter__(self):
        for item in super().__iter__():
            self.read += 1
            yield item

    def close(self):
        self.closed_after = self.read
        super().close()


def test_the_same_items_in_the_same_order():
    given = items()
    source = Ahead(MemorySource(given, fps=10))
    assert (source.camera_id, source.size_px, source.fps, source.frame_count) == ("mast", (6, 4), 10, 20)
    assert all(a is b for a, b in zip(source, given, strict=True))
    source.close()


def test_an_error_comes_after_the_good_pictures():
    source, seen = Ahead(Breaks(items(), fps=10)), []
    with pytest.raises(SourceError, match="the cable is cut"):
        seen.extend(item.index for item in source)
    assert seen == [0, 1, 2]
    source.close()
    assert not any(thread.name == "fetch mast" for thread in threading.enumerate())


def test_it_reads_a_little_ahead_and_stops_when_closed():
    inner = Counts(items(200), fps=10)
    source = Ahead(inner)
    pictures = iter(source)
    next(pictures)
    source.close()
    source.close()
    assert inner.closed_after == inner.read < 10
    assert list(pictures) == []
    assert not any(thread.name == "fetch mast" for thread in threading.enumerate())
