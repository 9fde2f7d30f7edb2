"""JPEGs with their instants -> a small H.264 film in which each stands at its own instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from av.error import FFmpegError

from scenarios.errors import RecordingError

__all__ = ["Shot", "code_film"]

_TICKS: Final = 1000
_ENCODER: Final = {"preset": "veryfast", "crf": "27", "bf": "0", "x264-params": "threads=1:lookahead-threads=1"}
_KEY_EVERY: Final = 20


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that waits to be needed.

    Attributes:
        time_s: On the source's clock.
        taken_at: When, with time zone.
        size_px: Width and height, both even.
        jpeg: The picture.
    """

    time_s: float
    taken_at: datetime
    size_px: tuple[int, int]
    jpeg: bytes


def code_film(path: Path, shots: Sequence[Shot]) -> None:
    """Write pictures of one size as an MP4 file that browsers play, with its index in front.

    Raises:
        RecordingError: The file cannot be written.
    """
    width, height = shots[0].size_px
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
            stream: Any = out.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = _ENCODER
            stream.codec_context.time_base = Fraction(1, _TICKS)
            stream.codec_context.gop_size = _KEY_EVERY
            before = -1
            for shot in shots:
                image = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
                picture = av.VideoFrame.from_ndarray(np.asarray(image, np.uint8), format="bgr24")
                picture.time_base = Fraction(1, _TICKS)
                before = max(before + 1, round((shot.time_s - shots[0].time_s) * _TICKS))
                picture.pts = before
                out.mux(stream.encode(picture))
            out.mux(stream.encode(None))
    except (FFmpegError, OSError) as error:
        path.unlink(missing_ok=True)
        raise RecordingError(f"{path}: the film cannot be written ({error})") from None
