"""Writes pictures as an H.264 film that every browser plays; the same pictures always give the same bits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

import av
import cv2
import numpy as np
from av.error import FFmpegError

from scenarios.errors import RecordingError
from scenarios.frame import Image

__all__ = ["VideoWriter"]

_ENCODER: Final = {
    # a third of superfast's time and a better likeness for half as many bytes again; decoding is quicker, too
    "preset": "ultrafast",
    "crf": "22",
    # with two threads x264 wrote three different films in forty of the same pictures; with one, always the same
    "x264-params": "threads=1:lookahead-threads=1",
}
_KEYFRAME_S: Final = 2.0
_BUFFER_S: Final = 1.0
"""A constant rate holds over so long a time: what a key picture takes is missing after it."""
_TICKS: Final = 90_000
_WAITING: Final = 2
"""So many pictures wait for the encoder; then whoever writes waits."""


class VideoWriter:
    """An MP4 film with the index in front (it can be watched and searched while it loads).

    Use it as a context manager; leaving the block finishes the file. A thread of its own encodes while the next picture
    is made; what goes wrong there is raised by the next ``write`` or by ``close``.

    Args:
        path: The file; its folder is made.
        width_px: Even.
        height_px: Even.
        fps: Pictures a second.
        bits_per_pixel: What the film may take, as of a camera with a constant bit rate; None: constant quality.

    Raises:
        RecordingError: The file cannot be written.
    """

    def __init__(
        self, path: Path, width_px: int, height_px: int, fps: float, *, bits_per_pixel: float | None = None
    ) -> None:
        if width_px % 2 or height_px % 2:
            raise RecordingError(f"{path}: H.264 needs even sizes, not {width_px} x {height_px}")
        self._path = path
        self._shape = (height_px, width_px, 3)
        self._rate = Fraction(fps).limit_denominator(1001)
        self._time_base = Fraction(1, _TICKS)
        self._count = 0
        self._last = -1
        self._planes = np.empty((height_px * 3 // 2, width_px), np.uint8)  # reused: large holes fragment the heap
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
            stream: Any = self._file.add_stream(
                "libx264", rate=self._rate, options=_options(width_px * height_px * fps, bits_per_pixel)
            )
        except (OSError, FFmpegError) as error:
            raise RecordingError(f"{path}: the film cannot be written ({error})") from None
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.codec_context.gop_size = max(1, round(_KEYFRAME_S * fps))
        stream.codec_context.time_base = self._time_base
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._waiting: Queue[tuple[Image, float | None] | None] = Queue(_WAITING)
        self._error: Exception | None = None
        self._encoder = Thread(target=self._encode_all, name=f"encode {path.name}", daemon=True)
        self._encoder.start()

    def write(self, image: Image, time_s: float | None = None) -> None:
        """Append a picture.

        Args:
            image: Shape (height, width, 3), BGR; it must not be changed afterwards.
            time_s: When it was taken, later than the last one; None: a picture after the last one.

        Raises:
            RecordingError: It has another size, or the disk is full.
        """
        if image.shape != self._shape:
            raise RecordingError(f"{self._path}: a picture of shape {image.shape} in a film of shape {self._shape}")
        if self._error is not None:
            raise self._error
        self._waiting.put((image, time_s))

    def close(self) -> None:
        """Finish the file.

        Raises:
            RecordingError: The disk is full.
        """
        self._stop()
        if self._error is None:
            self._mux(None)
        try:
            self._file.close()
        except (OSError, FFmpegError) as error:
            raise RecordingError(f"{self._path}: the film cannot be written ({error})") from None
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._stop()
            self._file.close()

    def _stop(self) -> None:
        self._waiting.put(None)
        self._encoder.join()

    def _encode_all(self) -> None:
        """Encode what waits until None comes; after an error only take it away, so that nobody waits for ever."""
        while (item := self._waiting.get()) is not None:
            if self._error is None:
                try:
                    self._encode(*item)
                except Exception as error:
                    self._error = error

    def _encode(self, image: Image, time_s: float | None) -> None:
        cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420, dst=self._planes)
        frame = av.VideoFrame.from_ndarray(self._planes, format="yuv420p")
        ticks = round(self._count * _TICKS / self._rate if time_s is None else time_s * _TICKS)
        self._last = frame.pts = max(ticks, self._last + 1)
        frame.time_base = self._time_base
        self._count += 1
        self._mux(frame)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._file.mux(packet)
        except (OSError, FFmpegError) as error:
            raise RecordingError(f"{self._path}: the film cannot be written ({error})") from None


def _options(pixels_per_s: float, bits_per_pixel: float | None) -> dict[str, str]:
    if bits_per_pixel is None:
        return dict(_ENCODER)
    rate = max(8_000, round(pixels_per_s * bits_per_pixel))
    steady = {"b": str(rate), "maxrate": str(rate), "bufsize": str(round(rate * _BUFFER_S))}
    return {key: value for key, value in _ENCODER.items() if key != "crf"} | steady
