"""A folder of pictures, in the order of their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detect.sources.video_file import MAX_PIXELS
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["ImageFolderSource"]

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
_DEFAULT_FPS: Final = 1.0


class ImageFolderSource:
    """Every picture of a folder, one a ``1 / fps``; a picture that cannot be read is a gap."""

    live = False

    def __init__(self, path: str | os.PathLike[str], *, camera_id: str = "camera", fps: float | None = None) -> None:
        """List the folder.

        Args:
            path: The folder.
            camera_id: Whose pictures they are.
            fps: Pictures a second; 1 where nothing is said.

        Raises:
            SourceError: It is missing, holds no pictures, or none that can be read.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise SourceError(f"{folder}: there is no such folder")
        self._files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _SUFFIXES)
        if not self._files:
            raise SourceError(f"{folder}: holds no pictures ({', '.join(sorted(_SUFFIXES))})")
        first = next((image for image in map(_read, self._files) if image is not None), None)
        if first is None:
            raise SourceError(f"{folder}: none of its {len(self._files)} pictures can be read")
        self.camera_id = camera_id
        self.size_px = (first.shape[1], first.shape[0])
        self.fps = fps or _DEFAULT_FPS
        self.frame_count: int | None = len(self._files)
        self._open = True

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate over all pictures."""
        last_s = 0.0
        for index, file in enumerate(self._files):
            if not self._open:
                return
            time_s = index / self.fps
            image = _read(file)
            if image is None:
                yield Gap(self.camera_id, last_s, time_s, f"{file.name} cannot be read")
            elif (image.shape[1], image.shape[0]) != self.size_px:
                found = f"{image.shape[1]}x{image.shape[0]}"
                yield Gap(self.camera_id, last_s, time_s, f"{file.name} has another size, {found}")
            else:
                yield Frame(self.camera_id, index, time_s, None, image)
            last_s = time_s

    def close(self) -> None:
        """Stop iterating."""
        self._open = False


def _read(file: Path) -> Image | None:
    """Read one picture as 8-bit BGR; grey and 16-bit pictures are converted; None where it cannot be read."""
    try:
        raw = np.fromfile(file, np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_COLOR) if len(raw) else None
    except (OSError, cv2.error):
        return None
    if image is None or image.shape[0] * image.shape[1] > MAX_PIXELS:
        return None
    return np.asarray(image, np.uint8)
