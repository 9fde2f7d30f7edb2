"""A video file, read by FFmpeg."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import av
import av.logging
import numpy as np

from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["MAX_PIXELS", "VideoFileSource"]

MAX_PIXELS: Final = 4096 * 2304
"""Larger pictures are refused: a 200 kB file can ask for gigabytes."""
_DEFAULT_FPS: Final = 25.0

av.logging.set_level(av.logging.PANIC)  # FFmpeg prints addresses with their passwords


class VideoFileSource:
    """Every picture of a file, in order; times by the file's own clock, or by ``fps`` where its header lies."""

    live = False

    def __init__(self, path: str | os.PathLike[str], *, camera_id: str = "camera", fps: float | None = None) -> None:
        """Open the file.

        Args:
            path: The file.
            camera_id: Whose pictures they are.
            fps: True frame rate; then the n-th picture is at n / fps.

        Raises:
            SourceError: It is missing, no video, empty, or its pictures are too large.
        """
        self.camera_id = camera_id
        self._path = Path(path)
        self._overrides = fps is not None
        if not self._path.is_file():
            raise SourceError(f"{self._path}: there is no such file")
        if self._path.stat().st_size == 0:
            raise SourceError(f"{self._path}: is an empty file")
        try:
            self._container: Any = av.open(str(self._path), mode="r")
        except (av.error.FFmpegError, ValueError):
            raise SourceError(f"{self._path}: is no video that FFmpeg can read") from None
        streams = self._container.streams.video
        if not streams:
            self.close()
            raise SourceError(f"{self._path}: has no pictures in it")
        self._stream = streams[0]
        self._stream.thread_type = "AUTO"
        self.size_px = (int(self._stream.codec_context.width), int(self._stream.codec_context.height))
        if self.size_px[0] * self.size_px[1] > MAX_PIXELS:
            self.close()
            raise SourceError(
                f"{self._path}: its pictures have {self.size_px[0]}x{self.size_px[1]} pixels; "
                f"at most {MAX_PIXELS} are taken"
            )
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = fps or (float(rate) if rate else _DEFAULT_FPS)
        self.frame_count: int | None = int(self._stream.frames) or None
        self._decoded = self._decode()
        self._first = next(self._decoded, None)
        if self._first is None:
            self.close()
            raise SourceError(f"{self._path}: has no picture that can be decoded")

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once over all pictures; a damaged stretch is a gap."""
        if self._container is None:
            return
        began = _recorded_at(self._container.metadata.get("creation_time"))
        index, last_s = 0, 0.0
        item: Any = self._first
        damaged = False
        while item is not None and self._container is not None:
            if isinstance(item, str):
                damaged = True
            else:
                time_s = self._time_of(item, index)
                if index and time_s < last_s:
                    time_s = last_s
                if damaged:
                    yield Gap(self.camera_id, last_s, time_s, "the file is damaged here")
                    damaged = False
                wall = None if began is None else began + timedelta(seconds=time_s)
                yield Frame(self.camera_id, index, time_s, wall, _bgr(item))
                index, last_s = index + 1, time_s
            item = next(self._decoded, None)
        if damaged:
            yield Gap(self.camera_id, last_s, last_s, "the file is damaged to its end")

    def close(self) -> None:
        """Close the file."""
        if getattr(self, "_container", None) is not None:
            self._container.close()
            self._container = None

    def _decode(self) -> Iterator[Any]:
        """Yield decoded pictures, and the word ``damaged`` where one could not be decoded."""
        packets = self._container.demux(self._stream)
        while self._container is not None:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                yield "damaged"
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                yield "damaged"

    def _time_of(self, picture: Any, index: int) -> float:
        if self._overrides or picture.pts is None:
            return index / self.fps
        start = self._stream.start_time or 0
        return float((picture.pts - start) * self._stream.time_base)


def _bgr(picture: Any) -> Image:
    return np.ascontiguousarray(picture.to_ndarray(format="bgr24"))


def _recorded_at(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
