"""Pictures that are already in memory: for tests and rehearsals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event

from scenarios.errors import SourceError
from scenarios.frame import Frame, Gap, Image

__all__ = ["MemorySource"]


class MemorySource:
    """A list of pictures in memory; an entry None is a picture that was lost."""

    live = False

    def __init__(self, images: Sequence[Image | None], *, camera_id: str = "camera", fps: float = 25.0) -> None:
        """Take the pictures.

        Args:
            images: Each of shape (height, width, 3), uint8, BGR, all of one size; None where one was lost.
            camera_id: Whose they are.
            fps: Pictures a second; picture k is at k / fps seconds.

        Raises:
            SourceError: There is no picture, one has another size, or the rate is none.
        """
        first = next((image for image in images if image is not None), None)
        if first is None:
            raise SourceError("the list of pictures in memory holds no picture")
        if not fps > 0:
            raise SourceError(f"fps = {fps}: pictures a second must be more than 0")
        for number, image in enumerate(images):
            if image is not None and image.shape != first.shape:
                raise SourceError(f"picture {number} in memory has the shape {image.shape}, the first {first.shape}")
        self.camera_id = camera_id
        self.fps = float(fps)
        self.size_px = (first.shape[1], first.shape[0])
        self.frame_count: int | None = len(images)
        self._images = images
        self._closed = Event()
        self._next = 0

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Yield the pictures; lost ones become one ``Gap`` a span."""
        last_s, lost = 0.0, 0
        while self._next < len(self._images) and not self._closed.is_set():
            index, image = self._next, self._images[self._next]
            self._next += 1
            time_s = index / self.fps
            if image is None:
                lost += 1
                continue
            if lost:
                yield Gap(self.camera_id, last_s, time_s, f"{lost} pictures in memory were lost")
                lost = 0
                if self._closed.is_set():
                    return
            yield Frame(self.camera_id, index, time_s, None, image)
            last_s = time_s
        if lost and not self._closed.is_set():
            yield Gap(self.camera_id, last_s, (self._next - 1) / self.fps, f"{lost} pictures in memory were lost")

    def close(self) -> None:
        """End the iterating."""
        self._closed.set()
