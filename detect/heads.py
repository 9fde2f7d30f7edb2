"""Counting heads: a small network says how many heads are to be expected in each cell of a picture.

Where people hide one another boxes run out, but most heads can still be seen. The network (0.9 million weights, made by
``parvis train-heads`` from drawn crowds alone) gives a density, not places: it cannot follow anybody, and nobody can be
told from it. With a calibration its cells are put on the plane of the heads, and the sum over a zone is people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from detect.detectors.engine import OnnxRuntimeEngine
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.venue import Zone

__all__ = ["HEADS_ONNX", "HEAD_PLANE_M", "HeadCounter", "HeadMap", "plateau_scale", "scale_for", "seen_of"]

HEADS_ONNX: Final = Path(__file__).parent / "detectors" / "weights" / "parvis-heads.onnx"
HEAD_PLANE_M: Final = 1.65
"""Heads are put on a plane of this height: the mean over bodies and postures of the crown above the ground."""
_CELL_PX: Final = 8
_MULTIPLE: Final = 32
_LARGEST_PX: Final = 2048
"""No picture is enlarged beyond this."""
_WANTED_PX: Final = 90.0
"""Height of people at which the network counts best."""
_SCALES: Final = (0.5, 2.5)
_TRIED: Final = (0.71, 1.0, 1.41, 2.0)
_PARTS: Final = 4
"""Each cell is put on the ground in so many parts a side, so that a zone's edge may cut it."""
_PITCH_M: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class HeadMap:
    """Expected heads in each cell of one picture.

    Attributes:
        heads: Shape (h, w).
        cell_px: Width and height of a cell in pixels of the picture.
        size_px: Width and height of the picture.
    """

    heads: NDArray[np.float32]
    cell_px: tuple[float, float]
    size_px: tuple[int, int]

    @property
    def count(self) -> float:
        """Expected heads in the picture."""
        return float(self.heads.sum())

    def shares_in(self, camera: Camera, zone: Zone) -> NDArray[np.float32]:
        """Return the share of each cell that lies in a zone at the height of heads, shape as ``heads``."""
        high, wide = self.heads.shape
        steps = (np.arange(_PARTS) + 0.5) / _PARTS
        x = (np.arange(wide)[:, None] + steps).ravel() * self.cell_px[0]
        y = (np.arange(high)[:, None] + steps).ravel() * self.cell_px[1]
        ground = camera.to_ground(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2), HEAD_PLANE_M)
        inside = shapely.contains_xy(zone.shape, ground[:, 0], ground[:, 1])
        return np.asarray(inside.reshape(high, _PARTS, wide, _PARTS).mean(axis=(1, 3)), np.float32)


def seen_of(camera: Camera, zone: Zone) -> float:
    """Return the share of a zone in which heads are in the picture."""
    x0, y0, x1, y1 = zone.shape.bounds
    across = np.arange(x0 + _PITCH_M / 2, max(x1, x0 + _PITCH_M), _PITCH_M)
    along = np.arange(y0 + _PITCH_M / 2, max(y1, y0 + _PITCH_M), _PITCH_M)
    points = np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2)
    points = points[shapely.contains_xy(zone.shape, points[:, 0], points[:, 1])]
    if not len(points):
        return 0.0
    pixels, depth = camera.project(np.c_[points, np.full(len(points), HEAD_PLANE_M)])
    with np.errstate(invalid="ignore"):
        seen = (depth > 0) & (pixels >= 0).all(axis=1) & (pixels < (camera.width_px, camera.height_px)).all(axis=1)
    return float(seen.mean())


def scale_for(camera: Camera, zones: Sequence[Zone]) -> float:
    """Return the scale at which people in the seen parts of zones have the height that the network counts best."""
    footprint = camera.footprint()
    heights: list[float] = []
    for zone in zones:
        seen = zone.shape.intersection(footprint)
        if seen.area > 0:
            place = seen.representative_point()
            box = camera.upright_box_px([(place.x, place.y)], 1.7)[0]
            heights.append(float(max(box[3] - box[1], box[2] - box[0])))
    heights = [h for h in heights if np.isfinite(h) and h > 0]
    return float(np.clip(_WANTED_PX / np.exp(np.mean(np.log(heights))), *_SCALES)) if heights else 1.0


class HeadCounter:
    """Counts heads in pictures.

    Attributes:
        weights_sha256: Of the network's file.
    """

    def __init__(self, path: Path | None = None, *, threads: int = 0) -> None:
        """Load a network.

        Args:
            path: ONNX file of ``parvis train-heads``; None: the one that comes with Parvis.
            threads: Threads within one picture; 0: all cores that this process may use.

        Raises:
            DetectorError: There is no such file, or it is no network that counts heads.
        """
        self._path = HEADS_ONNX if path is None else path
        if not self._path.is_file():
            raise DetectorError(
                f"{self._path}: there is no such network that counts heads; make one with `parvis train-heads`"
            )
        self._engine = OnnxRuntimeEngine(self._path, threads=threads)
        inputs, outputs = self._engine.about.inputs, self._engine.about.outputs
        shapes = [list(part[0].shape) if len(part) == 1 else [] for part in (inputs, outputs)]
        if [len(shape) for shape in shapes] != [4, 4] or (shapes[0][1], shapes[1][1]) != (3, 1):
            raise DetectorError(
                f"{self._path}: takes {shapes[0]} and gives {shapes[1]}; "
                "a network that counts heads takes (n, 3, h, w) and gives (n, 1, h / 8, w / 8)"
            )
        self.weights_sha256 = hashlib.sha256(self._path.read_bytes()).hexdigest()

    def look(self, image: NDArray[np.uint8], *, scale: float = 1.0) -> HeadMap:
        """Count in one picture.

        Args:
            image: BGR, shape (height, width, 3), uint8.
            scale: By what it is enlarged first; ``scale_for`` and ``plateau_scale`` choose.

        Raises:
            DetectorError: It is no such picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise DetectorError(
                f"a picture of shape {image.shape} and type {image.dtype} cannot be counted in; "
                "it must be (height, width, 3) of uint8, blue, green, red"
            )
        tall, wide = image.shape[:2]
        scale = min(scale, max(1.0, _LARGEST_PX / max(tall, wide)))
        size = max(1, round(wide * scale)), max(1, round(tall * scale))
        if size != (wide, tall):
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
        padded = cv2.copyMakeBorder(
            image, 0, -size[1] % _MULTIPLE, 0, -size[0] % _MULTIPLE, cv2.BORDER_CONSTANT, value=(115, 115, 115)
        )
        tensor = np.ascontiguousarray(padded[..., ::-1].transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        found = self._engine.run(tensor)
        if found.shape != (1, 1, padded.shape[0] // _CELL_PX, padded.shape[1] // _CELL_PX):
            raise DetectorError(f"{self._path}: gave an output of shape {found.shape} for {tensor.shape}")
        rows, columns = -(-size[1] // _CELL_PX), -(-size[0] // _CELL_PX)
        cell = (_CELL_PX * wide / size[0], _CELL_PX * tall / size[1])
        return HeadMap(np.array(found[0, 0, :rows, :columns], np.float32), cell, (wide, tall))


def plateau_scale(counter: HeadCounter, images: Sequence[NDArray[np.uint8]], tried: Sequence[float] = _TRIED) -> float:
    """Return the scale around which the counts of some pictures of a camera change least, without knowing the truth.

    Too small, and heads are missed; too large, and parts of bodies are counted: in between is a plateau.

    Args:
        counter: Counts.
        images: Pictures of one camera, better with people in them.
        tried: Scales, ascending.

    Raises:
        DetectorError: Fewer than three scales, or no picture.
    """
    if len(tried) < 3 or not images:
        raise DetectorError(f"{len(tried)} scales and {len(images)} pictures: at least three and one are needed")
    counts = np.array([[counter.look(image, scale=scale).count for scale in tried] for image in images]).mean(axis=0)
    change = np.abs(np.diff(np.log(counts + 1.0)))
    around = change[:-1] + change[1:]
    return float(tried[1 + int(around.argmin())])
