"""Where pictures come from: one kind of source a file, and the table of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from detect.sources.address import STREAM_SCHEMES, expand, redact, scheme
from detect.sources.contract import Source
from detect.sources.image_folder import ImageFolderSource
from detect.sources.live_feed import FeedState, FeedStatus, LiveFeed, LiveSettings
from detect.sources.memory import MemorySource
from detect.sources.rtsp import RtspSource
from detect.sources.video_file import VideoFileSource
from detect.sources.webcam import WebcamSource
from scenarios.errors import SourceError

__all__ = [
    "SOURCES",
    "FeedState",
    "FeedStatus",
    "ImageFolderSource",
    "LiveFeed",
    "LiveSettings",
    "MemorySource",
    "RtspSource",
    "Source",
    "VideoFileSource",
    "WebcamSource",
    "expand",
    "open_source",
    "redact",
]

SOURCES: Final[dict[str, type]] = {
    "video_file": VideoFileSource,
    "image_folder": ImageFolderSource,
    "webcam": WebcamSource,
    "rtsp": RtspSource,
    "memory": MemorySource,
}
"""Every kind of source; ``memory`` is made from pictures, the others are opened by ``open_source``."""

_KINDS: Final = "a video file, a folder of pictures, webcam:0, rtsp:// or rtsps://"


def open_source(
    spec: str, *, camera_id: str = "camera", fps: float | None = None, settings: LiveSettings | None = None
) -> Source:
    """Open a source by what a person writes.

    Args:
        spec: Path of a video file or of a folder of pictures, ``webcam:0``, or an rtsp:// or rtsps:// URL, which
            may hold environment variables as ``${NAME}``.
        camera_id: Whose pictures they are.
        fps: True frame rate where the header lies; for files and folders picture k is then at k / fps seconds.
        settings: Time limits of live sources.

    Returns:
        The open source; the caller closes it.

    Raises:
        SourceError: It is of no allowed kind, does not exist, or gives no picture; no message holds a password.
    """
    kind = scheme(spec)
    if kind in STREAM_SCHEMES:
        return RtspSource(spec, camera_id=camera_id, fps=fps, settings=settings)
    if kind is not None:
        raise SourceError(f"{redact(spec)}: the scheme '{kind}' is not allowed; give {_KINDS}")
    if spec.startswith("webcam:"):
        return WebcamSource(spec, camera_id=camera_id, fps=fps, settings=settings)
    path = Path(spec)
    if path.is_dir():
        return ImageFolderSource(path, camera_id=camera_id, fps=fps)
    if not path.exists():
        raise SourceError(f"{redact(spec)}: there is no such file or folder; give {_KINDS}")
    return VideoFileSource(path, camera_id=camera_id, fps=fps)
