"""A recording's pictures and truth in the formats that other tools read.

Boxes are the whole bodies, cut at the picture's edge; what is less than ``sim.labels.MIN_VISIBILITY`` visible is left
out, except in MOTChallenge, where it is kept with its visibility.
"""

from __future__ import annotations

from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Final

import numpy as np

from scenarios.recording import Recording
from sim.export_coco import export_coco
from sim.export_fiftyone import export_fiftyone
from sim.labels import CLASSES, Labels
from sim.pictures import write_pictures

__all__ = ["FORMATS", "export_mot", "export_yolo"]


def export_yolo(recording: Recording, folder: Path) -> None:
    """Write ``images/``, ``labels/`` (class, centre and size as shares of the picture) and ``data.yaml``."""
    labels = folder / "labels"
    labels.mkdir(parents=True, exist_ok=True)
    for view in recording.views():
        boxes = Labels(recording, view)
        size = np.array([view.width_px, view.height_px, view.width_px, view.height_px], float)
        for index, name in write_pictures(recording, view, folder / "images", "{camera}_{index:06d}.jpg"):
            lines = []
            for label in boxes.at(index):
                x1, y1, x2, y2 = label.box_px
                shares = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]) / size
                lines.append(f"{label.cls} " + " ".join(f"{value:.6f}" for value in shares) + "\n")
            (labels / name).with_suffix(".txt").write_text("".join(lines), encoding="utf-8")
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    (folder / "data.yaml").write_text(f"path: .\ntrain: images\nval: images\nnames:\n{names}", encoding="utf-8")


def export_mot(recording: Recording, folder: Path) -> None:
    """Write one MOTChallenge sequence a camera: ``img1/``, ``gt/gt.txt``, ``seqinfo.ini``."""
    for view in recording.views():
        sequence = folder / view.id
        count = sum(1 for _ in write_pictures(recording, view, sequence / "img1", "{number:06d}.jpg"))
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
    "fiftyone": export_fiftyone,
}
"""Name to exporter: recording and folder in."""
