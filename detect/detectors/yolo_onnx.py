"""Any exported YOLO, by ONNX Runtime or OpenVINO: no torch, no pickle."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.detectors.engine import NetworkAbout, OnnxRuntimeEngine, choose_engine
from detect.detectors.shared_engine import SHARED, SharedEngine
from detect.detectors.yolo_settings import YoloSettings
from detect.tracks import CLASS_OF, ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["Letterbox", "YoloOnnxDetector", "class_table"]

Floats = NDArray[np.float32]

_DEFAULT_SIZE: Final = 640
_GREY: Final = 114
"""Fill of letterboxes: the networks were trained with it."""
_ALIASES: Final = 0.5
"""Below this scale single pixels are lost by linear interpolation, so areas are averaged, which takes five times as
long; above it linear is what the networks were trained with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture was fitted into a network's input.

    Attributes:
        scale: Input pixels a picture pixel.
        left: Grey columns before the picture.
        top: Grey rows above it.
        width: Of the input.
        height: Of the input.
    """

    scale: float
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def fit(cls, picture: tuple[int, int], inlet: tuple[int, int]) -> Letterbox:
        """Fit a picture (height, width) into an input (height, width) without stretching it."""
        scale = min(inlet[0] / picture[0], inlet[1] / picture[1])
        tall, wide = round(picture[0] * scale), round(picture[1] * scale)
        return cls(scale, (inlet[1] - wide) // 2, (inlet[0] - tall) // 2, inlet[1], inlet[0])

    def put(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the input's picture, shape (height, width, 3)."""
        tall, wide = (round(n * self.scale) for n in image.shape[:2])
        if (tall, wide) != image.shape[:2]:
            how = cv2.INTER_AREA if self.scale < _ALIASES else cv2.INTER_LINEAR
            image = np.asarray(cv2.resize(image, (wide, tall), interpolation=how), np.uint8)
        if (tall, wide) == (self.height, self.width):
            return image
        out = np.full((self.height, self.width, 3), _GREY, np.uint8)
        out[self.top : self.top + tall, self.left : self.left + wide] = image
        return out

    def back(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Take boxes (n, 4) from the input to the picture."""
        return np.asarray((np.asarray(boxes, float) - np.array((self.left, self.top) * 2)) / self.scale)


class YoloOnnxDetector:
    """Runs an exported YOLO on the processor.

    Reads both layouts that exporters write: ``(batch, 4 + classes, n)`` with centre, size and class scores, and
    ``(batch, n, 6)`` end to end with corners, score and class. Both get non-maximum suppression: an end-to-end head
    that was trained for hours rather than days still finds some people twice (`docs/training.md`).
    """

    name = "yolo_onnx"

    def __init__(self, path: Path, settings: YoloSettings | None = None) -> None:
        """Load a network.

        Args:
            path: The ONNX file.
            settings: How it is run.

        Raises:
            DetectorError: The file is missing, is no ONNX model, or is no detector of anything known here.
            MissingExtraError: The engine that is asked for is not installed.
        """
        self.settings = settings or YoloSettings()
        self._path = path
        try:
            weights = path.read_bytes()
        except OSError as error:
            raise DetectorError(f"{path}: the weight file cannot be read ({error.strerror})") from None
        self.weights_sha256: str | None = hashlib.sha256(weights).hexdigest()
        shared = self.settings.engine.removeprefix(SHARED) if self.settings.engine.startswith(SHARED) else ""
        first = SharedEngine(shared) if shared else OnnxRuntimeEngine(path, threads=self.settings.threads)
        self.about = first.about
        """What the file says of its network."""
        self._read_shapes(first.about)
        self._classes = class_table(first.about.metadata.get("names"), str(path))
        self._ours = np.array([-1 if c is None else int(c) for c in self._classes])
        if self._count_classes is not None and self._count_classes != len(self._classes):
            raise DetectorError(
                f"{path}: its output has {self._count_classes} classes, its metadata names {len(self._classes)}"
            )
        self.engine = choose_engine(
            first,
            path,
            self.weights_sha256,
            np.zeros((1, 3, *self._size), self._dtype),
            threads=self.settings.threads,
            wanted=self.settings.engine,
        )
        """What runs it."""

    def start(self, camera: Camera | None) -> None:
        """Nothing is remembered from picture to picture."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order.

        Raises:
            DetectorError: A picture is not 8-bit colour, or the network cannot be run on it.
        """
        for frame in frames:
            _check(frame)
        tile = self.settings.tile_px
        if not tile:
            return self._look([frame.image for frame in frames])
        return [self._look_closely(frame.image, tile) for frame in frames]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the network's input."""
        return self._size[1], self._size[0]

    def tensor(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[Any]:
        """Return what the network gets for pictures (height, width, 3), shape (n, 3, height, width), from 0 to 1."""
        out = np.empty((len(images), 3, *self._size), self._dtype)
        for k, image in enumerate(images):
            fitted = Letterbox.fit(_size_of(image), self._size).put(image)
            for plane, colour in zip(out[k], (2, 1, 0), strict=True):  # from BGR, plane by plane: no copy in between
                np.multiply(fitted[:, :, colour], self._dtype(1 / 255), out=plane)
        return out

    def _look(self, images: Sequence[NDArray[np.uint8]]) -> list[sv.Detections]:
        """One batch where the network takes one, else picture by picture."""
        step = max(1, len(images)) if self._dynamic_batch else 1
        found = []
        for begin in range(0, len(images), step):
            batch = images[begin : begin + step]
            raw = self.engine.run(self.tensor(batch))
            if raw.ndim != 3 or len(raw) != len(batch):
                raise DetectorError(f"{self._path}: gave an output of shape {raw.shape}; {_LAYOUTS}")
            found += [
                self._boxes(one.astype(np.float32, copy=False), Letterbox.fit(_size_of(image), self._size), image.shape)
                for one, image in zip(raw, batch, strict=True)
            ]
        return found

    def _look_closely(self, image: NDArray[np.uint8], tile: int) -> sv.Detections:
        """The whole picture for the large, overlapping tiles for the small; what both found is one."""
        slicer = sv.InferenceSlicer(
            lambda part: self._look([np.asarray(part)])[0],
            slice_wh=tile,
            overlap_wh=tile // 4,
            overlap_filter=sv.OverlapFilter.NONE,
        )
        whole = self._look([image])[0]
        parts = slicer(image)
        if not len(parts):
            return whole
        found = sv.Detections.merge([whole, parts]) if len(whole) else parts
        return found.with_nms(_TILES_OVERLAP, overlap_metric=sv.OverlapMetric.IOS)

    def _boxes(self, raw: Floats, fit: Letterbox, shape: tuple[int, ...]) -> sv.Detections:
        if raw.shape[1] == 6:  # nobody exports a network with six candidates
            corners, score, cls = raw[:, :4], raw[:, 4], raw[:, 5].round().astype(int)
        elif raw.shape[0] == 4 + len(self._classes):
            scores = raw[4:]
            cls = scores.argmax(axis=0)
            score = scores[cls, np.arange(scores.shape[1])]
            centre, half = raw[:2].T, raw[2:4].T / 2
            corners = np.concatenate((centre - half, centre + half), axis=1)
        else:
            raise DetectorError(f"{self._path}: gave an output of shape {(1, *raw.shape)}; {_LAYOUTS}")
        strong = np.flatnonzero(score >= self.settings.least_confidence)  # a few of thousands: the rest is for these
        corners, score, cls = corners[strong], score[strong], cls[strong]
        known = (cls >= 0) & (cls < len(self._ours))
        mapped = np.where(known, self._ours[np.where(known, cls, 0)], -1)
        keep = (mapped >= 0) & np.isfinite(corners).all(axis=1)
        boxes = fit.back(corners[keep])
        boxes[:, 0::2] = np.clip(boxes[:, 0::2], 0, shape[1])
        boxes[:, 1::2] = np.clip(boxes[:, 1::2], 0, shape[0])
        real = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        found = sv.Detections(xyxy=boxes[real], confidence=score[keep][real].astype(float), class_id=mapped[keep][real])
        return found if len(found) < 2 else found.with_nms(self.settings.most_overlap)

    def _read_shapes(self, about: NetworkAbout) -> None:
        inputs, outputs = about.inputs, about.outputs
        shape = inputs[0].shape if inputs else []
        if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or inputs[0].type not in _TYPES:
            said = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs) or "none"
            raise DetectorError(f"{self._path}: its input must be one picture (batch, 3, height, width), it is {said}")
        if not outputs or len(outputs[0].shape) != 3:
            said = ", ".join(f"{o.name} {o.shape}" for o in outputs) or "none"
            raise DetectorError(f"{self._path}: its outputs are {said}; {_LAYOUTS}")
        self._dtype: Any = _TYPES[inputs[0].type]
        self._dynamic_batch = not isinstance(shape[0], int)
        stated = self._stated_size(about.metadata.get("imgsz"))
        height, width = (s if isinstance(s, int) else d for s, d in zip(shape[2:], stated, strict=True))
        self._size = (int(height), int(width))
        wanted = self.settings.input_px
        if wanted and wanted != max(self._size):
            fixed = " x ".join(str(s) for s in shape[2:])
            raise DetectorError(
                f"{self._path}: its input is fixed at {fixed} pixels, so input_px={wanted} is impossible"
            )
        rows, cols = outputs[0].shape[1:]
        self._count_classes = rows - 4 if isinstance(rows, int) and cols != 6 else None

    def _stated_size(self, text: str | None) -> tuple[int, int]:
        """Height and width for an input without a fixed size: as its metadata says, made longer or shorter."""
        try:
            size = ast.literal_eval(text or "")
            height, width = int(size[0]), int(size[1])
        except (ValueError, SyntaxError, IndexError, TypeError):
            height = width = _DEFAULT_SIZE
        longer = self.settings.input_px / max(height, width) if self.settings.input_px else 1.0
        return tuple(max(32, round(n * longer / 32) * 32) for n in (height, width))  # type: ignore[return-value]


_TILES_OVERLAP: Final = 0.6
"""Of two boxes of one class, of which one lies in the other with more than this, only the better one stays."""
_TYPES: Final[dict[str, Any]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_LAYOUTS: Final = "it must be (batch, 4 + classes, n), or (batch, n, 6) end to end"


def class_table(names: str | None, where: str) -> list[ObjectClass | None]:
    """Map a network's classes by their names.

    Args:
        names: As exporters write it into the metadata: ``{0: 'person', ...}``.
        where: The file, for messages.

    Raises:
        DetectorError: There are no names, or none that is known here.
    """
    if names is None:
        raise DetectorError(f"{where}: its metadata has no class names (key 'names'); export it with metadata")
    try:
        table = ast.literal_eval(names)
        listed = [str(table[i]) for i in range(len(table))]
    except (ValueError, SyntaxError, KeyError, IndexError, TypeError):
        raise DetectorError(f"{where}: its class names cannot be read: {names[:80]!r}") from None
    mapped = [CLASS_OF.get(name.strip().lower()) for name in listed]
    if not any(c is not None for c in mapped):
        some = ", ".join(listed[:8]) or "nothing"
        raise DetectorError(f"{where}: it finds {some}; none of it is a person or a bag ({', '.join(CLASS_OF)})")
    return mapped


def _size_of(image: NDArray[np.uint8]) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _check(frame: Frame) -> None:
    image = frame.image
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise DetectorError(
            f"detector 'yolo_onnx': picture {frame.index} of '{frame.camera_id}' has shape {image.shape} and type "
            f"{image.dtype}; it must be (height, width, 3) of uint8"
        )
