"""Networks in whole numbers of eight bits: half the time and a third of the file, for what it costs in precision."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.detectors.parvis import AS_SHIPPED
from detect.detectors.yolo_onnx import YoloOnnxDetector
from detect.score.stills import StillBoxes
from detect.tracks import ObjectClass
from scenarios.errors import MissingExtraError
from scenarios.frame import Frame
from sim.stills import CLASSES

__all__ = ["quantise", "still_scores"]

_PICTURES: Final = 60
_SEED: Final = 8
_CLASS_OF: Final = {"person": ObjectClass.PERSON, "bag": ObjectClass.BAG}


def quantise(network: Path, pictures: Sequence[Path], out: Path) -> None:
    """Write a network whose convolutions multiply eight-bit whole numbers.

    Weights take a scale for each channel, activations one for each layer, from what they are on some pictures
    (Jacob et al. 2018, DOI 10.1109/CVPR.2018.00286). What the last module does with its convolutions' results,
    places in pixels and scores, stays as it is.

    Args:
        network: Exported in float32.
        pictures: To learn the scales from; a part of them is looked at, always the same.
        out: The file to write.

    Raises:
        MissingExtraError: The package onnx is not installed.
        DetectorError: The network is no detector of anything known here.
    """
    try:
        import onnx
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError:
        raise MissingExtraError("a network of eight bits", "ultralytics") from None
    reader = YoloOnnxDetector(network)
    chosen = sorted(pictures)
    picked = np.random.default_rng(_SEED).permutation(len(chosen))[:_PICTURES]
    tensors = (reader.tensor([_read(chosen[k])]) for k in picked.tolist())

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Hands out what the network would get."""

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            """Return the next input."""
            tensor = next(tensors, None)
            return None if tensor is None else {inlet: tensor}

    before = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it warns on the root logger of what is done just here
    try:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.onnx"
            quant_pre_process(str(network), str(plain), skip_symbolic_shape=True)
            graph = onnx.load(str(plain)).graph
            inlet = graph.input[0].name
            quantize_static(
                str(plain), str(out), Reader(), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, nodes_to_exclude=_head(graph.node),
            )  # fmt: skip
    finally:
        logging.root.setLevel(before)


def still_scores(network: Path, folder: Path) -> dict[str, float]:
    """Return AP50 by class of a network, run as shipped, on stills with labels in YOLO's format.

    Args:
        network: The ONNX file.
        folder: With ``images/`` and ``labels/``, as `sim.stills.film_stills` writes it.
    """
    detector = YoloOnnxDetector(network, AS_SHIPPED)
    found = {name: StillBoxes() for name in CLASSES}
    for index, (image, classes, boxes) in enumerate(_labelled(folder)):
        seen = detector.detect([Frame(folder.name, index, float(index), None, image)])[0]
        for number, name in enumerate(CLASSES):
            true, mine = boxes[classes == number], np.asarray(seen.class_id) == _CLASS_OF[name]
            found[name].add(
                true, np.zeros(len(true), bool), np.asarray(seen.xyxy, float)[mine],
                np.asarray(seen.confidence, float)[mine],
            )  # fmt: skip
    return {name: boxes.ap50() for name, boxes in found.items() if boxes.wanted()}


def _labelled(folder: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]]:
    """Every still with the classes (n,) and boxes in pixels (n, 4) of what is in it."""
    for path in sorted((folder / "images").glob("*.jpg")):
        image = _read(path)
        text = (folder / "labels" / f"{path.stem}.txt").read_text(encoding="utf-8")
        rows = np.array([line.split() for line in text.splitlines()], float).reshape(-1, 5)
        size = np.array((image.shape[1], image.shape[0]), float)
        middle, half = rows[:, 1:3] * size, rows[:, 3:5] * size / 2
        yield image, rows[:, 0].astype(np.int64), np.concatenate((middle - half, middle + half), axis=1)


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert image is not None, path
    return np.asarray(image, np.uint8)


def _head(nodes: Any) -> list[str]:
    """Names of what the last module does beside its convolutions; none where modules have no numbers."""
    module = {node.name: int(told[1]) for node in nodes if (told := re.match(r"/model\.(\d+)/", node.name))}
    last = max(module.values(), default=-1)
    return [node.name for node in nodes if module.get(node.name) == last and node.op_type != "Conv"]
