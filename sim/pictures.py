"""The pictures of a film, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import cv2

from scenarios.recording import Recording, View

__all__ = ["write_pictures"]

_QUALITY: Final = 92


def write_pictures(recording: Recording, view: View, folder: Path, pattern: str) -> Iterator[tuple[int, str]]:
    """Write every picture of a film as JPEG; yield its index and file name.

    Args:
        recording: The film.
        view: Of which camera.
        folder: Where to; it is made.
        pattern: File name with ``{camera}``, ``{index}`` (from 0) or ``{number}`` (from 1).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(recording.video(view.id))) as film:
        for index, picture in enumerate(film.decode(video=0)):
            name = pattern.format(camera=view.id, index=index, number=index + 1)
            quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
            cv2.imwrite(str(folder / name), picture.to_ndarray(format="bgr24"), quality)
            yield index, name
