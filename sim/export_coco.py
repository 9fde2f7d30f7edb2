"""A recording as COCO: detection, segmentation where masks were kept, and the head as a keypoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.recording import Recording
from sim.labels import CLASSES, Label, Labels
from sim.pictures import write_pictures

__all__ = ["export_coco"]


def export_coco(recording: Recording, folder: Path) -> None:
    """Write ``images/`` and ``annotations.json``.

    Boxes are the whole bodies, cut at the picture's edge; the seen part is in ``visible_bbox``. With masks,
    ``segmentation`` is their run-length code and ``area`` their pixels; without, ``area`` is that of the box.
    ``keypoints`` holds the top of a person's head. Beyond COCO's own keys: ``track_id``, ``visibility``, ``posture``,
    ``carried_by``, ``world_m``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for view in recording.views():
        labels = Labels(recording, view)
        for index, name in write_pictures(recording, view, folder / "images", "{camera}_{index:06d}.jpg"):
            image_id = len(images) + 1
            images.append(
                {
                    "id": image_id,
                    "file_name": name,
                    "width": view.width_px,
                    "height": view.height_px,
                    "camera": view.id,
                    "frame": index,
                }
            )
            for label in labels.at(index):
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": image_id}
                    | _annotation(label, (view.height_px, view.width_px))
                )
    categories: list[dict[str, Any]] = [
        {"id": number + 1, "name": name, "supercategory": name} for number, name in enumerate(CLASSES)
    ]
    categories[0] |= {"keypoints": ["head"], "skeleton": []}
    whole = {"info": {"description": "Parvis"}, "images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(whole) + "\n", encoding="utf-8")


def _annotation(label: Label, size: tuple[int, int]) -> dict[str, Any]:
    x1, y1, x2, y2 = label.box_px
    made: dict[str, Any] = {
        "category_id": label.cls + 1,
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1) if label.area_px is None else label.area_px,
        "iscrowd": 0,
        "track_id": label.id,
        "visibility": label.visibility,
        "world_m": [round(v, 3) for v in label.place_m],
    }
    if label.visible_px is not None:
        a, b, c, d = label.visible_px
        made["visible_bbox"] = [a, b, c - a, d - b]
    if label.counts is not None:
        made["segmentation"] = {"size": list(size), "counts": label.counts}
    if label.cls == 0:
        head = label.head_px
        made["keypoints"] = [0, 0, 0] if head is None else [round(head[0], 2), round(head[1], 2), 1 + label.head_seen]
        made["num_keypoints"] = int(head is not None)
        made["posture"] = label.posture
    else:
        made["carried_by"] = label.carried_by
        made["kind"] = label.kind
    return made
