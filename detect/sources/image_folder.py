"""A folder of pictures, in the order of their names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

import cv2
import numpy as np
from PIL import Image as Picture

from detect.sources.video_file import MAX_PIXELS
from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["ImageFolderSource"]

_SUFFIXES: Final = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_USUAL_FPS: Final = 1.0


class ImageFolderSource:
    """A folder of pictures; numbers in their names count as numbers."""

    live = False

    def __init__(
        self, folder: str | Path, *, camera_id: str = "camera", fps: float | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        """List the pictures and read the first good one.

        Args:
            folder: Its pictures are read, not those of folders in it.
            camera_id: Whose pictures they are.
            fps: Pictures a second, default 1; picture k is at k / fps seconds.
            max_pixels: Refuse pictures with more.

        Raises:
            SourceError: There is no such folder, no picture in it, or none that can be read.
        """
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise SourceError(f"{folder}: there is no such folder")
        if fps is not None and not fps > 0:
            raise SourceError(f"{folder}: fps = {fps}: pictures a second must be more than 0")
        self.camera_id = camera_id
        self.fps = float(fps or _USUAL_FPS)
        self._max_pixels = max_pixels
        self._closed = Event()
        self._paths = sorted((p for p in self.folder.iterdir() if p.suffix.lower() in _SUFFIXES), key=_by_number)
        if not self._paths:
            raise SourceError(f"{folder}: holds no pictures ({', '.join(s[1:] for s in _SUFFIXES)})")
        self.frame_count: int | None = len(self._paths)
        self.size_px = self._first_size()

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Yield the pictures; broken ones become one ``Gap`` a span, with their names."""
        last_s = 0.0
        broken: list[str] = []
        for index, path in enumerate(self._paths):
            if self._closed.is_set():
                return
            time_s = index / self.fps
            image, problem = self._read(path)
            if image is not None and (image.shape[1], image.shape[0]) != self.size_px:
                found = f"{image.shape[1]}x{image.shape[0]}"
                image, problem = None, f"{path.name} has {found} pixels, not {self.size_px[0]}x{self.size_px[1]}"
            if image is None:
                broken.append(problem)
                continue
            if broken:
                yield Gap(self.camera_id, last_s, time_s, _say(broken))
                broken = []
                if self._closed.is_set():
                    return
            yield Frame(self.camera_id, index, time_s, None, image)
            last_s = time_s
        if broken and not self._closed.is_set():
            yield Gap(self.camera_id, last_s, (len(self._paths) - 1) / self.fps, _say(broken))

    def close(self) -> None:
        """End the iterating."""
        self._closed.set()

    def _first_size(self) -> tuple[int, int]:
        problem = ""
        for path in self._paths:
            image, found = self._read(path)
            if image is not None:
                return image.shape[1], image.shape[0]
            problem = problem or found
        raise SourceError(f"{self.folder}: not one of its {len(self._paths)} pictures can be read ({problem})")

    def _read(self, path: Path) -> tuple[Image | None, str]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Picture.DecompressionBombWarning)
                with Picture.open(path) as header:
                    width, height = header.size
        except (Picture.DecompressionBombWarning, Picture.DecompressionBombError):
            return None, f"{path.name} is too large"
        except (OSError, SyntaxError, ValueError):
            return None, f"{path.name} is no picture"
        if width * height > self._max_pixels:
            return None, f"{path.name} has {width}x{height} pixels, more than {self._max_pixels:,}"
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return None, f"{path.name} is broken"
        return np.asarray(image, np.uint8), ""


def _by_number(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    parts = [p for p in re.split(r"(\d+)", path.name) if p]
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts], path.name


def _say(broken: list[str]) -> str:
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return f"a picture was lost: {broken[0]}{more}"
