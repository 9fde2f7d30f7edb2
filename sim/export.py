"""A recording's pictures and truth in the formats that other tools read.

Boxes are the whole bodies, cut at the picture's edge; what is less than ``MIN_VISIBILITY`` visible is left out of COCO
and YOLO, which have no word for it, and kept with its visibility in MOTChallenge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.recording import Recording, View
from scenarios.truth import column

__all__ = ["FORMATS", "MIN_VISIBILITY", "export_coco", "export_mot", "export_yolo"]

MIN_VISIBILITY: Final = 0.1
_CLASSES: Final = ("person", "bag")
_QUALITY: Final = 92


def export_coco(recording: Recording, folder: Path) -> None:
    """Write ``images/`` and ``annotations.json`` (COCO detection), with the visibility as an extra key."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for view in recording.views():
        boxes = _Boxes(recording, view)
        for index, name in _pictures(recording, view, folder / "images", "{camera}_{index:06d}.jpg"):
            image_id = len(images) + 1
            images.append({"id": image_id, "file_name": name, "width": view.width_px, "height": view.height_px})
            for cls, identity, (x1, y1, x2, y2), visible in boxes.at(index):
                width, height = float(x2 - x1), float(y2 - y1)
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": cls + 1,
                        "bbox": [float(x1), float(y1), width, height],
                        "area": width * height,
                        "iscrowd": 0,
                        "track_id": identity,
                        "visibility": visible,
                    }
                )
    categories = [{"id": number + 1, "name": name} for number, name in enumerate(_CLASSES)]
    whole = {"info": {"description": "Parvis"}, "images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(whole) + "\n", encoding="utf-8")


def export_yolo(recording: Recording, folder: Path) -> None:
    """Write ``images/``, ``labels/`` (class, centre and size as shares of the picture) and ``data.yaml``."""
    labels = folder / "labels"
    labels.mkdir(parents=True, exist_ok=True)
    for view in recording.views():
        boxes = _Boxes(recording, view)
        size = np.array([view.width_px, view.height_px, view.width_px, view.height_px], float)
        for index, name in _pictures(recording, view, folder / "images", "{camera}_{index:06d}.jpg"):
            lines = []
            for cls, _, (x1, y1, x2, y2), _ in boxes.at(index):
                shares = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]) / size
                lines.append(f"{cls} " + " ".join(f"{value:.6f}" for value in shares) + "\n")
            (labels / name).with_suffix(".txt").write_text("".join(lines), encoding="utf-8")
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(_CLASSES))
    (folder / "data.yaml").write_text(f"path: .\ntrain: images\nval: images\nnames:\n{names}", encoding="utf-8")


def export_mot(recording: Recording, folder: Path) -> None:
    """Write one MOTChallenge sequence a camera: ``img1/``, ``gt/gt.txt``, ``seqinfo.ini``."""
    for view in recording.views():
        sequence = folder / view.id
        count = sum(1 for _ in _pictures(recording, view, sequence / "img1", "{number:06d}.jpg"))
        (sequence / "gt").mkdir(parents=True, exist_ok=True)
        truth = recording.mot_truth(view.id).read_text(encoding="utf-8")
        (sequence / "gt" / "gt.txt").write_text(truth, encoding="utf-8")
        times = recording.frame_times(view.id)
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 1.0
        about = ConfigParser()
        about.optionxform = str  # type: ignore[assignment, method-assign]
        about["Sequence"] = {
            "name": view.id,
            "imDir": "img1",
            "frameRate": f"{rate:g}",
            "seqLength": str(count),
            "imWidth": str(view.width_px),
            "imHeight": str(view.height_px),
            "imExt": ".jpg",
        }
        with (sequence / "seqinfo.ini").open("w", encoding="utf-8") as file:
            about.write(file, space_around_delimiters=False)


FORMATS: Final[dict[str, Callable[[Recording, Path], None]]] = {
    "coco": export_coco,
    "yolo": export_yolo,
    "mot": export_mot,
}
"""Name to exporter: recording and folder in."""


class _Boxes:
    """True boxes of one camera, by frame."""

    def __init__(self, recording: Recording, view: View) -> None:
        table = recording.truth().boxes
        assert table is not None
        mine = (column(table, "camera") == view.id) & (column(table, "visibility") >= MIN_VISIBILITY)
        self._frame = column(table, "frame")[mine]
        self._cls = column(table, "cls")[mine]
        self._id = column(table, "id")[mine]
        self._visibility = column(table, "visibility")[mine]
        box = np.stack([column(table, name)[mine] for name in ("x1", "y1", "x2", "y2")], axis=1).astype(float)
        self._box = np.clip(box, 0, [view.width_px, view.height_px, view.width_px, view.height_px])

    def at(self, index: int) -> Iterator[tuple[int, int, NDArray[np.float64], float]]:
        """Yield class, id, box and visibility of everything in one picture."""
        for row in np.flatnonzero(self._frame == index):
            visibility = round(float(self._visibility[row]), 4)
            yield _CLASSES.index(self._cls[row]), int(self._id[row]), self._box[row], visibility


def _pictures(recording: Recording, view: View, folder: Path, pattern: str) -> Iterator[tuple[int, str]]:
    """Write every picture of a film as JPEG; yield its index and file name."""
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(recording.video(view.id))) as film:
        for index, picture in enumerate(film.decode(video=0)):
            name = pattern.format(camera=view.id, index=index, number=index + 1)
            quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
            cv2.imwrite(str(folder / name), picture.to_ndarray(format="bgr24"), quality)
            yield index, name
