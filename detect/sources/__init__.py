"""Where pictures come from; ``SOURCES`` lists them all, ``open_source`` chooses by how a source is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from detect.sources.addresses import redact, scheme_of
from detect.sources.contract import Source
from detect.sources.image_folder import ImageFolderSource
from detect.sources.memory import MemorySource
from detect.sources.video_file import VideoFileSource
from detect.sources.webcam import WebcamSource
from scenarios.errors import SourceError

__all__ = ["SOURCES", "MemorySource", "Source", "open_source", "redact"]

SOURCES: Final[dict[str, Callable[..., Source]]] = {
    "video_file": VideoFileSource,
    "image_folder": ImageFolderSource,
    "webcam": WebcamSource,
    "memory": MemorySource,
}

_STREAMS: Final = frozenset({"rtsp", "rtsps"})
"""The only schemes that are opened: nothing a person pastes in makes this machine fetch anything else."""


def open_source(spec: str, *, camera_id: str = "camera", fps: float | None = None) -> Source:
    """Open a source of pictures.

    Args:
        spec: A video file, a folder of pictures, ``webcam:0``, or an rtsp:// or rtsps:// address.
        camera_id: Whose pictures they are.
        fps: True frame rate, where the source's own is wrong.

    Raises:
        SourceError: It cannot be opened; the message never shows a password.
    """
    scheme = scheme_of(spec)
    if scheme is not None:
        if scheme not in _STREAMS:
            known = ", ".join(f"{s}://" for s in sorted(_STREAMS))
            raise SourceError(f"{redact(spec)}: the scheme {scheme}:// is not allowed; streams are {known}")
        raise SourceError(f"{redact(spec)}: streams are not there yet")
    if spec.startswith("webcam:"):
        number = spec.removeprefix("webcam:")
        if not number.isdigit():
            raise SourceError(f"{spec}: should be webcam:0, webcam:1, ...")
        return WebcamSource(int(number), camera_id=camera_id, fps=fps)
    if Path(spec).is_dir():
        return ImageFolderSource(spec, camera_id=camera_id, fps=fps)
    return VideoFileSource(spec, camera_id=camera_id, fps=fps)
