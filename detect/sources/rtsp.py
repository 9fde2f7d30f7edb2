"""A network camera: RTSP over TCP, read with PyAV."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import av

from detect.sources.address import STREAM_SCHEMES, expand, redact, scheme
from detect.sources.live_feed import ConnectionLostError, LiveFeed, LiveSettings, Shot
from detect.sources.video_file import MAX_PIXELS, to_bgr
from scenarios.errors import SourceError

__all__ = ["RtspSource"]

_OPEN_LIMIT_S: Final = 5.0
_READ_LIMIT_S: Final = 3.0
"""A mute attempt lasts this long; with the longest backoff and the start of a stream it stays under 10 s."""
_USUAL_FPS: Final = 25.0
_MUTE: Final = "no answer within the time limit"
_UNAUTHORISED: Final = (av.HTTPUnauthorizedError, av.HTTPForbiddenError)


class RtspSource(LiveFeed):
    """A network camera or server at an rtsp:// or rtsps:// address."""

    def __init__(
        self,
        url: str,
        *,
        camera_id: str = "camera",
        fps: float | None = None,
        settings: LiveSettings | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Connect.

        Args:
            url: May hold ``${NAME}``: taken from the environment, so that credentials stand in no file.
            camera_id: Whose pictures they are.
            fps: Nominal rate, where the stream says a wrong one.
            settings: Time limits.
            max_pixels: Refuse pictures with more.

        Raises:
            SourceError: The address is none, nobody answers, the password is wrong, or there is no video.
        """
        if scheme(url) not in STREAM_SCHEMES:
            raise SourceError(f"{redact(url)}: is not an address like rtsp://camera/stream")
        name = redact(url)
        super().__init__(
            name,
            partial(_RtspConnection, expand(url), name, max_pixels),
            camera_id=camera_id,
            fps=fps,
            settings=settings,
        )


class _RtspConnection:
    """One RTSP session."""

    def __init__(self, url: str, name: str, max_pixels: int) -> None:
        self._name = name
        options = {
            "rtsp_transport": "tcp",
            "timeout": str(round(_READ_LIMIT_S * 1e6)),  # microseconds; the older name stimeout is ignored
            "max_pixels": str(max_pixels),
            "allowed_media_types": "video",
            "fpsprobesize": "2",  # the usual 20 pictures cost 2 s at every connection
        }
        began_s = time.monotonic()
        try:
            self._container: Any = av.open(
                url, options=options, timeout=(_OPEN_LIMIT_S, _READ_LIMIT_S), metadata_errors="replace"
            )
        except _UNAUTHORISED:
            raise SourceError(f"{name}: the camera refuses this user name or password") from None
        except (av.FFmpegError, ValueError) as error:
            mute = time.monotonic() - began_s >= _READ_LIMIT_S  # FFmpeg then calls it invalid data
            raise SourceError(f"{name}: unreachable ({_MUTE if mute else _why(error)})") from None
        try:
            streams = self._container.streams.video
            if not streams or streams[0].codec_context is None or not streams[0].width:
                raise SourceError(f"{name}: answers, but sends no video that can be decoded")
            stream = streams[0]
            if stream.width * stream.height > max_pixels:
                raise SourceError(f"{name}: its pictures have {stream.width}x{stream.height} pixels, over {max_pixels}")
            stream.thread_type = "SLICE"  # frame threads would hold pictures back
            stream.codec_context.options = {"max_pixels": str(max_pixels)}
        except BaseException:
            self._container.close()
            raise
        self.size_px = (int(stream.width), int(stream.height))
        self.fps = float(stream.average_rate or stream.guessed_rate or _USUAL_FPS)
        self._base = float(stream.time_base or 0)
        self._pictures = self._decode(stream)

    def read(self) -> Shot:
        """Wait for the next picture."""
        try:
            picture = next(self._pictures, None)
        except av.FFmpegError as error:
            raise ConnectionLostError(_why(error)) from None
        if picture is None:
            raise ConnectionLostError("the camera ended the stream")
        if (picture.width, picture.height) != self.size_px:
            raise ConnectionLostError(f"the pictures changed their size to {picture.width}x{picture.height}")
        pts_s = None if picture.pts is None else picture.pts * self._base
        convert: Callable[[], Any] = partial(to_bgr, picture)
        return Shot(pts_s, convert)

    def close(self) -> None:
        """End the session."""
        self._container.close()

    def _decode(self, stream: Any) -> Iterator[Any]:
        for packet in self._container.demux(stream):
            try:
                pictures = packet.decode()
            except av.InvalidDataError:
                continue  # the next key picture mends it; what is missing until then is seen by the watchdog
            for picture in pictures:
                if not picture.is_corrupt:
                    yield picture


def _why(error: Exception) -> str:
    """Say what went wrong without the address, which may hold a password."""
    if isinstance(error, av.ExitError | av.TimeoutError):
        return _MUTE
    text = getattr(error, "strerror", None) or type(error).__name__
    return redact(str(text))
