"""Any exported YOLO in ONNX Runtime: no torch, no pickle."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime as ort
import supervision as sv
from numpy.typing import NDArray

from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["CLASS_OF", "Letterbox", "YoloOnnxDetector", "class_table"]

Floats = NDArray[np.float32]

CLASS_OF: Final = {
    "person": ObjectClass.PERSON,
    "pedestrian": ObjectClass.PERSON,
    "backpack": ObjectClass.BAG,
    "handbag": ObjectClass.BAG,
    "suitcase": ObjectClass.BAG,
    "bag": ObjectClass.BAG,
    "holdall": ObjectClass.BAG,
    "carton": ObjectClass.BAG,
}
"""Names of networks' classes that have a counterpart here; all others are dropped."""

_DEFAULT_SIZE: Final = 640
_GREY: Final = 114
"""Fill of letterboxes: the networks were trained with it."""


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
        out = np.full((self.height, self.width, 3), _GREY, np.uint8)
        how = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        out[self.top : self.top + tall, self.left : self.left + wide] = cv2.resize(
            image, (wide, tall), interpolation=how
        )
        return out

    def back(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Take boxes (n, 4) from the input to the picture."""
        return np.asarray((np.asarray(boxes, float) - np.array((self.left, self.top) * 2)) / self.scale)


class YoloOnnxDetector:
    """Runs an exported YOLO on the processor.

    Reads both layouts that exporters write: ``(batch, 4 + classes, n)`` with centre, size and class scores, which gets
    non-maximum suppression here; and ``(batch, n, 6)`` end to end with corners, score and class.
    """

    name = "yolo_onnx"

    def __init__(self, path: Path, *, least_confidence: float = 0.1, most_overlap: float = 0.7) -> None:
        """Load a network.

        Args:
            path: The ONNX file.
            least_confidence: Boxes below this are dropped; trackers use weak boxes, so it is low.
            most_overlap: Of two boxes of one class that overlap more than this (IoU), only the better one stays.

        Raises:
            DetectorError: The file is missing, is no ONNX model, or is no detector of anything known here.
        """
        self.least_confidence = least_confidence
        self.most_overlap = most_overlap
        self._path = path
        try:
            weights = path.read_bytes()
        except OSError as error:
            raise DetectorError(f"{path}: the weight file cannot be read ({error.strerror})") from None
        self.weights_sha256: str | None = hashlib.sha256(weights).hexdigest()
        options = ort.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a class of its own for each status code
            raise DetectorError(f"{path}: is not an ONNX model that can be run ({_first_line(error)})") from None
        self._read_shapes()
        about = self._session.get_modelmeta().custom_metadata_map
        self._classes = class_table(about.get("names"), str(path))
        if self._count_classes is not None and self._count_classes != len(self._classes):
            raise DetectorError(
                f"{path}: its output has {self._count_classes} classes, its metadata names {len(self._classes)}"
            )

    def start(self, camera: Camera | None) -> None:
        """Nothing is remembered from picture to picture."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people and bags, one result a frame, in the same order.

        Raises:
            DetectorError: A picture is not 8-bit colour, or the network cannot be run on it.
        """
        if not frames:
            return []
        fits = [Letterbox.fit(_checked(f).shape[:2], self._size) for f in frames]
        pairs = list(zip(fits, frames, strict=True))
        inputs = np.stack([fit.put(f.image)[:, :, ::-1].transpose(2, 0, 1) for fit, f in pairs])
        tensor = np.ascontiguousarray(inputs, self._dtype) / self._dtype(255)
        batches = [tensor] if self._dynamic_batch else [tensor[i : i + 1] for i in range(len(tensor))]
        try:
            raw = np.concatenate([self._session.run([self._out], {self._in: batch})[0] for batch in batches])
        except Exception as error:
            raise DetectorError(f"{self._path}: the network cannot be run ({_first_line(error)})") from None
        if raw.ndim != 3 or len(raw) != len(frames):
            raise DetectorError(f"{self._path}: gave an output of shape {raw.shape}; {_LAYOUTS}")
        return [
            self._boxes(one.astype(np.float32), fit, f.image.shape) for one, (fit, f) in zip(raw, pairs, strict=True)
        ]

    def _boxes(self, raw: Floats, fit: Letterbox, shape: tuple[int, ...]) -> sv.Detections:
        if raw.shape[1] == 6:  # nobody exports a network with six candidates, so this is end to end
            corners, score, cls = raw[:, :4], raw[:, 4], raw[:, 5].round().astype(int)
        elif raw.shape[0] == 4 + len(self._classes):
            scores = raw[4:]
            cls = scores.argmax(axis=0)
            score = scores[cls, np.arange(scores.shape[1])]
            centre, half = raw[:2].T, raw[2:4].T / 2
            corners = np.concatenate((centre - half, centre + half), axis=1)
        else:
            raise DetectorError(f"{self._path}: gave an output of shape {(1, *raw.shape)}; {_LAYOUTS}")
        ours = np.array([-1 if c is None else int(c) for c in self._classes])
        known = (cls >= 0) & (cls < len(ours))
        mapped = np.where(known, ours[np.where(known, cls, 0)], -1)
        keep = (score >= self.least_confidence) & (mapped >= 0) & np.isfinite(corners).all(axis=1)
        boxes = fit.back(corners[keep])
        boxes[:, 0::2] = np.clip(boxes[:, 0::2], 0, shape[1])
        boxes[:, 1::2] = np.clip(boxes[:, 1::2], 0, shape[0])
        real = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        found = sv.Detections(xyxy=boxes[real], confidence=score[keep][real].astype(float), class_id=mapped[keep][real])
        return found.with_nms(self.most_overlap) if len(found) else found

    def _read_shapes(self) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = inputs[0].shape if inputs else []
        if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or inputs[0].type not in _TYPES:
            said = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs) or "none"
            raise DetectorError(f"{self._path}: its input must be one picture (batch, 3, height, width), it is {said}")
        if not outputs or len(outputs[0].shape) != 3:
            said = ", ".join(f"{o.name} {o.shape}" for o in outputs) or "none"
            raise DetectorError(f"{self._path}: its outputs are {said}; {_LAYOUTS}")
        self._in, self._out = inputs[0].name, outputs[0].name
        self._dtype: Any = _TYPES[inputs[0].type]
        self._dynamic_batch = not isinstance(shape[0], int)
        stated = _stated_size(self._session.get_modelmeta().custom_metadata_map.get("imgsz"))
        height, width = (s if isinstance(s, int) else d for s, d in zip(shape[2:], stated, strict=True))
        self._size = (int(height), int(width))
        rows, cols = outputs[0].shape[1:]
        self._count_classes = rows - 4 if isinstance(rows, int) and cols != 6 else None


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


def _stated_size(text: str | None) -> tuple[int, int]:
    try:
        size = ast.literal_eval(text or "")
        return int(size[0]), int(size[1])
    except (ValueError, SyntaxError, IndexError, TypeError):
        return _DEFAULT_SIZE, _DEFAULT_SIZE


def _checked(frame: Frame) -> NDArray[np.uint8]:
    image = frame.image
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise DetectorError(
            f"detector 'yolo_onnx': picture {frame.index} of '{frame.camera_id}' has shape {image.shape} and type "
            f"{image.dtype}; it must be (height, width, 3) of uint8"
        )
    return image


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
