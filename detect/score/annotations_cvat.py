"""Truth in CVAT's form for video (XML 1.1): tracks of boxes, interpolated by CVAT itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as ElementTree
from defusedxml import DefusedXmlException

from detect.score.annotated_boxes import AnnotatedBox, boxes_truth, label_class
from scenarios.errors import ScenarioError
from scenarios.truth import GroundTruth

__all__ = ["load_cvat"]

_OCCLUDED: Final = 0.5
"""CVAT says that something is partly hidden, not how much of it."""


def load_cvat(path: Path, *, camera_id: str, fps: float, duration_s: float | None = None) -> GroundTruth:
    """Read "CVAT for video 1.1".

    Boxes marked ``outside`` are not there; ``occluded`` ones count as half seen.

    Args:
        path: The file.
        camera_id: Camera of the footage.
        fps: Its true frame rate.
        duration_s: Length of the footage; None: to the last box.

    Raises:
        ScenarioError: The file cannot be read or does not make sense.
    """
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except (ParseError, DefusedXmlException) as error:
        raise ScenarioError(f"{path.name}: is no XML that can be read ({error})") from None
    if root.tag != "annotations" or (root.find("image") is not None and root.find("track") is None):
        raise ScenarioError(
            f"{path.name}: should be CVAT's export 'CVAT for video 1.1': <annotations> with a <track> for everybody"
        )
    first = int(root.findtext("meta/task/start_frame") or root.findtext("meta/job/start_frame") or 0)
    return boxes_truth(_boxes(root, first, path), path, camera_id=camera_id, fps=fps, duration_s=duration_s)


def _boxes(root: Element, first: int, path: Path) -> Iterator[AnnotatedBox]:
    for number, track in enumerate(root.iter("track")):
        cls = label_class(track.get("label", ""))
        if cls is None:
            continue
        identity = int(_number(track, "id", f"{path.name}: track {number + 1}"))
        for box in track.iter("box"):
            where = f"{path.name}: track {identity}"
            if box.get("outside") == "1":
                continue
            frame = int(_number(box, "frame", where)) - first
            x1, y1, x2, y2 = (_number(box, key, f"{where}, frame {frame}") for key in ("xtl", "ytl", "xbr", "ybr"))
            if not (x2 > x1 and y2 > y1):
                raise ScenarioError(
                    f"{where}, frame {frame}: the box is empty; xbr and ybr should be above xtl and ytl"
                )
            yield AnnotatedBox(frame, identity, cls, (x1, y1, x2, y2), _OCCLUDED if box.get("occluded") == "1" else 1.0)


def _number(element: Any, key: str, where: str) -> float:
    text = element.get(key)
    try:
        return float(text)
    except (TypeError, ValueError):
        raise ScenarioError(f"{where}: {key} should be a number, not {text!r}") from None
