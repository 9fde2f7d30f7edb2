"""A recording as FiftyOne reads it: ``fiftyone.types.FiftyOneVideoLabelsDataset``.

The layout is that of FiftyOne's documentation: ``manifest.json`` with an index of ``data/<name>.mp4`` and
``labels/<name>.json``, the labels in the VideoLabels format of Voxel51's library ETA: pictures counted from 1, boxes
and points as shares of the picture. Load it with::

    fiftyone.Dataset.from_dir(FOLDER, dataset_type=fiftyone.types.FiftyOneVideoLabelsDataset)

which gives the frame fields ``truth`` (detections) and ``heads`` (keypoints), and the sample field ``incidents``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np

from scenarios.recording import Recording, View
from scenarios.truth import IncidentTruth
from sim.labels import CLASSES, Label, Labels

__all__ = ["export_fiftyone"]

_ATTRIBUTE: Final = {bool: "Boolean", int: "Numeric", float: "Numeric", str: "Categorical"}


def export_fiftyone(recording: Recording, folder: Path) -> None:
    """Write ``manifest.json``, ``data/`` and ``labels/``: one video a camera."""
    for name in ("data", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    index = []
    for view in recording.views():
        video, labels = f"data/{view.id}.mp4", f"labels/{view.id}.json"
        shutil.copyfile(recording.video(view.id), folder / video)
        (folder / labels).write_text(json.dumps(_video_labels(recording, view)) + "\n", encoding="utf-8")
        index.append({"data": video, "labels": labels})
    manifest = {"type": "eta.core.datasets.LabeledVideoDataset", "description": "Parvis", "index": index}
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n", encoding="utf-8")


def _video_labels(recording: Recording, view: View) -> dict[str, Any]:
    labels = Labels(recording, view)
    times = recording.frame_times(view.id)
    frames = {}
    for index in range(len(times)):
        here = list(labels.at(index))
        frame: dict[str, Any] = {
            "frame_number": index + 1,
            "objects": {"objects": [_object(label, view) for label in here]},
        }
        heads = [label for label in here if label.head_px is not None]
        if heads:
            frame["keypoints"] = {"keypoints": [_head(label, view) for label in heads]}
        frames[str(index + 1)] = frame
    whole: dict[str, Any] = {"filename": f"{view.id}.mp4", "frames": frames}
    events = [_event(number, i, times) for number, i in enumerate(recording.truth().incidents or (), 1)]
    if events:
        whole["events"] = {"events": events}
    return whole


def _object(label: Label, view: View) -> dict[str, Any]:
    x1, y1, x2, y2 = np.array(label.box_px) / (view.width_px, view.height_px, view.width_px, view.height_px)
    known = {
        "visibility": label.visibility,
        "posture": label.posture,
        "role": label.role,
        "kind": label.kind,
        "carried_by": label.carried_by,
        "x_m": round(label.place_m[0], 3),
        "y_m": round(label.place_m[1], 3),
    }
    return {
        "type": "eta.core.objects.DetectedObject",
        "name": "truth",
        "label": CLASSES[label.cls],
        "index": label.id,
        "bounding_box": {"top_left": {"x": x1, "y": y1}, "bottom_right": {"x": x2, "y": y2}},
        "attrs": {
            "attrs": [
                {"type": f"eta.core.data.{_ATTRIBUTE[type(value)]}Attribute", "name": name, "value": value}
                for name, value in known.items()
                if value is not None
            ]
        },
    }


def _head(label: Label, view: View) -> dict[str, Any]:
    assert label.head_px is not None
    x, y = label.head_px
    point = [(x + 0.5) / view.width_px, (y + 0.5) / view.height_px]
    return {"name": "heads", "label": "head", "index": label.id, "points": [point]}


def _event(number: int, incident: IncidentTruth, times_s: np.ndarray[Any, Any]) -> dict[str, Any]:
    last = len(times_s) - 1
    first = min(int(np.searchsorted(times_s, incident.start_s)), last)
    end = last if incident.end_s is None else int(np.searchsorted(times_s, incident.end_s, side="right")) - 1
    return {
        "type": "eta.core.events.VideoEvent",
        "name": "incidents",
        "label": incident.kind.value,
        "index": number,
        "support": {"ranges": f"{first + 1}-{max(first, end) + 1}"},
    }
