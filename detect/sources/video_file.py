"""A video file, read with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["MAX_PIXELS", "VideoFileSource", "to_bgr"]

MAX_PIXELS: Final = 4096 * 2304
"""Larger pictures are refused: a file of 200 kB can ask for hundreds of megabytes."""

_CONTAINERS: Final = (
    "3g2,3gp,asf,avi,flv,gif,h264,hevc,ivf,m4a,m4v,matroska,mj2,mjpeg,mov,mp4,mpeg,mpegts,mpegvideo,mxf,obu,ogg,"
    "webm,yuv4mpegpipe"
)
"""No play lists and no descriptions of other media: reading a video never opens anything else."""

_USUAL_FPS: Final = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """One picture of the file; ``image`` is None when it is damaged, and ``damage`` says how."""

    image: Image | None
    pts_s: float | None
    damage: str = ""


class VideoFileSource:
    """A video file of any usual format."""

    live = False

    def __init__(
        self, path: str | Path, *, camera_id: str = "camera", fps: float | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        """Open the file and decode its first picture.

        Args:
            path: A file on this machine.
            camera_id: Whose pictures they are.
            fps: The true rate where the header is wrong: then picture k is at k / fps seconds. None: the times
                that the file gives to its pictures, counted from the first one.
            max_pixels: Refuse pictures with more.

        Raises:
            SourceError: It is missing, no video, empty, or its pictures are too large.
        """
        self.path = Path(path)
        if not self.path.exists():
            raise SourceError(f"{path}: there is no such file")
        if not self.path.is_file():
            raise SourceError(f"{path}: is not a file")
        if self.path.stat().st_size == 0:
            raise SourceError(f"{path}: is empty (0 bytes), so it is no video")
        if fps is not None and not fps > 0:
            raise SourceError(f"{path}: fps = {fps}: pictures a second must be more than 0")
        self.camera_id = camera_id
        self._given_fps = fps
        self._max_pixels = max_pixels
        self._closed = False
        self._container = self._open()
        try:
            self._stream = self._find_stream()
            header = self._stream.average_rate or self._stream.guessed_rate
            self.fps = float(fps or header or _USUAL_FPS)
            self.frame_count: int | None = int(self._stream.frames) or None
            self._shots = self._decode()
            self._head: list[_Shot] = []
            self.size_px = self._first_size()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Yield the pictures; damaged ones become a ``Gap`` before the next good one."""
        last_s, origin_s, lost = 0.0, None, ""
        for index, shot in enumerate(self._all_shots()):
            if origin_s is None:
                origin_s = shot.pts_s
            time_s = self._time_s(index, shot.pts_s, origin_s, last_s)
            damage = shot.damage or self._wrong_size(shot.image)
            if shot.image is None or damage:
                lost = lost or f"from picture {index} on: {damage}"
                end_s = time_s
                continue
            if lost:
                yield Gap(self.camera_id, last_s, time_s, lost)
                lost = ""
            if self._closed:
                return
            yield Frame(self.camera_id, index, time_s, None, shot.image)
            last_s = time_s
        if lost and not self._closed:
            yield Gap(self.camera_id, last_s, end_s, lost)

    def close(self) -> None:
        """Close the file; iterating ends."""
        self._closed = True
        self._container.close()

    def _open(self) -> Any:
        limits = {"max_pixels": str(self._max_pixels)}
        only_this_file = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        try:
            return av.open(f"file:{self.path.absolute()}", options=limits | only_this_file, metadata_errors="replace")
        except av.FFmpegError as error:
            raise SourceError(f"{self.path}: is not a video that can be read ({error.strerror})") from None

    def _find_stream(self) -> Any:
        streams = self._container.streams.video
        if not streams:
            raise SourceError(f"{self.path}: holds no video, only other data")
        stream = streams[0]
        if stream.codec_context is None:
            raise SourceError(f"{self.path}: its video is coded in a way that cannot be decoded here")
        _check_pixels(self.path, stream.width, stream.height, self._max_pixels)
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"max_pixels": str(self._max_pixels)}
        return stream

    def _first_size(self) -> tuple[int, int]:
        for shot in self._shots:
            self._head.append(shot)
            if shot.image is not None:
                return shot.image.shape[1], shot.image.shape[0]
        why = f" ({self._head[0].damage})" if self._head else ""
        raise SourceError(f"{self.path}: is empty: not one picture can be decoded from it{why}")

    def _all_shots(self) -> Iterator[_Shot]:
        while self._head and not self._closed:
            yield self._head.pop(0)
        if not self._closed:
            yield from self._shots

    def _decode(self) -> Iterator[_Shot]:
        base = float(self._stream.time_base) if self._stream.time_base else 0.0
        for packet in self._container.demux(self._stream):
            try:
                pictures = packet.decode()
            except av.FFmpegError as error:
                yield _Shot(None, None if packet.pts is None else packet.pts * base, f"damaged data ({error.strerror})")
                continue
            for picture in pictures:
                pts_s = None if picture.pts is None else picture.pts * base
                _check_pixels(self.path, picture.width, picture.height, self._max_pixels)
                if picture.is_corrupt:
                    yield _Shot(None, pts_s, "damaged picture")
                else:
                    yield _Shot(to_bgr(picture), pts_s)
                if self._closed:
                    return

    def _time_s(self, index: int, pts_s: float | None, origin_s: float | None, last_s: float) -> float:
        if self._given_fps is not None:
            return index / self._given_fps
        if index == 0:
            return 0.0
        if pts_s is None or origin_s is None or pts_s - origin_s <= last_s:
            return last_s + 1 / self.fps
        return pts_s - origin_s

    def _wrong_size(self, image: Image | None) -> str:
        if image is None or (image.shape[1], image.shape[0]) == self.size_px:
            return ""
        return f"the pictures are {_by(image.shape[1], image.shape[0])} pixels, the first ones {_by(*self.size_px)}"


def to_bgr(picture: Any) -> Image:
    """Convert a decoded picture of any pixel format to (height, width, 3) uint8 BGR, upright as the file says."""
    image = picture.to_ndarray(format="bgr24")
    quarter_turns = round(picture.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarter_turns) if quarter_turns else image)


def _check_pixels(path: Path, width: int, height: int, most: int) -> None:
    if width * height > most:
        raise SourceError(
            f"{path}: its pictures have {_by(width, height)} pixels, more than the {most:,} that are allowed; "
            "make it smaller first"
        )


def _by(width: int, height: int) -> str:
    return f"{width}x{height}"
