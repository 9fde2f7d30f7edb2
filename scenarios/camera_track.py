"""A camera that moves: its calibration and its pose at every picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenarios.camera import Camera
from scenarios.errors import RecordingError

__all__ = ["CameraTrack"]

Floats = NDArray[np.float64]

_ARRAYS: Final = ("time_s", "matrix", "rotation", "translation_m")


@dataclass(frozen=True, slots=True, eq=False)
class CameraTrack:
    """The poses of one moving camera.

    Attributes:
        id: Name of the camera.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        distortion: k1, k2, p1, p2, k3, shape (5,).
        time_s: Times of the pictures, ascending, shape (n,).
        matrix: Intrinsics, shape (n, 3, 3).
        rotation: From world to camera axes, shape (n, 3, 3).
        translation_m: From world to camera axes, shape (n, 3).
        masks_px: Polygons whose pixels are never looked at.
        fps: The true frame rate where the file's header is known to lie, else None.
        doubt: Covariance of each pose, see `scenarios.doubt`; None: taken to be exact.
    """

    id: str
    width_px: int
    height_px: int
    distortion: Floats
    time_s: Floats
    matrix: Floats
    rotation: Floats
    translation_m: Floats
    masks_px: tuple[Floats, ...] = field(default=())
    fps: float | None = None
    doubt: Floats | None = None

    @classmethod
    def of(cls, cameras: Sequence[Camera], times_s: ArrayLike) -> CameraTrack:
        """Gather the camera of every instant.

        Raises:
            ValueError: There is none, or not one time each.
        """
        times = np.asarray(times_s, float)
        if not cameras or times.shape != (len(cameras),):
            raise ValueError("a track needs one time for each of its poses, and at least one")
        first = cameras[0]
        return cls(
            id=first.id,
            width_px=first.width_px,
            height_px=first.height_px,
            distortion=first.distortion,
            time_s=times,
            matrix=np.stack([c.matrix for c in cameras]),
            rotation=np.stack([c.rotation for c in cameras]),
            translation_m=np.stack([c.translation_m for c in cameras]),
            masks_px=first.masks_px,
            fps=first.fps,
            doubt=first.doubt,
        )

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def position_m(self) -> Floats:
        """Optical centres, shape (n, 3)."""
        return np.asarray(-np.einsum("nji,nj->ni", self.rotation, self.translation_m))

    def camera(self, index: int) -> Camera:
        """Return the camera of one picture."""
        return Camera(
            id=self.id,
            width_px=self.width_px,
            height_px=self.height_px,
            matrix=self.matrix[index],
            distortion=self.distortion,
            rotation=self.rotation[index],
            translation_m=self.translation_m[index],
            masks_px=self.masks_px,
            fps=self.fps,
            doubt=self.doubt,
        )

    def only(self, indices: Sequence[int]) -> CameraTrack:
        """Return the track of some of the pictures, such as those that were not lost on the way."""
        keep = np.asarray(indices, int)
        return replace(
            self,
            time_s=self.time_s[keep],
            matrix=self.matrix[keep],
            rotation=self.rotation[keep],
            translation_m=self.translation_m[keep],
        )

    def at(self, time_s: float) -> Camera:
        """Return the camera of the picture that is nearest to a time."""
        after = int(np.clip(np.searchsorted(self.time_s, time_s), 1, max(len(self) - 1, 1)))
        index = min(after, len(self) - 1)
        if index and time_s - self.time_s[index - 1] < self.time_s[index] - time_s:
            index -= 1
        return self.camera(index)

    def save(self, path: Path) -> None:
        """Write the poses as a numpy archive; the rest of the calibration stands in ``cameras.json``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: Path, first: Camera) -> CameraTrack:
        """Read what ``save`` wrote.

        Args:
            path: The archive.
            first: The camera of the first picture, for what does not change.

        Raises:
            RecordingError: It is missing or cannot be read.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                time_s, matrix, rotation, translation = (np.asarray(stored[name], float) for name in _ARRAYS)
        except FileNotFoundError:
            raise RecordingError(f"{path}: the poses of the moving camera '{first.id}' are missing") from None
        except (OSError, ValueError, KeyError) as error:
            raise RecordingError(f"{path}: cannot be read ({error})") from None
        n = len(time_s)
        if not n or (matrix.shape, rotation.shape, translation.shape) != ((n, 3, 3), (n, 3, 3), (n, 3)):
            raise RecordingError(f"{path}: does not hold one pose a picture")
        return cls(
            id=first.id,
            width_px=first.width_px,
            height_px=first.height_px,
            distortion=first.distortion,
            time_s=time_s,
            matrix=matrix,
            rotation=rotation,
            translation_m=translation,
            masks_px=first.masks_px,
            fps=first.fps,
            doubt=first.doubt,
        )
