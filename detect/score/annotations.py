"""Truth that people annotated: boxes in several forms, incidents as a table.

``*.txt``  MOTChallenge, a box a line: frame (from 1), id, x, y, w, h (px, the first pixel is 1), confidence, and either
           X, Y, Z (2015: ground position in metres, -1 or all 0 where not known) or class, visibility (2016 on). A
           confidence of 0, and the classes that only resemble a pedestrian (2, 7, 8, 12), are to be ignored; other
           classes are left out.
``*.csv``  a header and an incident a line: ``kind`` (``abandoned_bag``, ``surge``), ``start_s``; and where known
           ``end_s``, ``owner_left_s`` (the owner is 3 m away), ``due_s`` (when a perfect watcher says it), ``x_m``,
           ``y_m`` and the box ``x1_px``, ``y1_px``, ``x2_px``, ``y2_px``. An abandoned bag with neither
           ``owner_left_s`` nor ``due_s`` never came to be due.
``*.xml``  CVAT for video 1.1 (`detect.score.annotations_cvat`).
``*.json`` COCO with tracks (`detect.score.annotations_coco`).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.score.annotated_boxes import AnnotatedBox, boxes_truth
from detect.score.annotations_coco import load_coco_video
from detect.score.annotations_cvat import load_cvat
from scenarios.errors import ScenarioError, unknown
from scenarios.incident import IncidentKind
from scenarios.truth import GroundTruth, IncidentTruth

__all__ = ["load_annotations", "load_incidents", "load_mot"]

_PEDESTRIAN: Final = 1
_RESEMBLE: Final = (2, 7, 8, 12)
_FACTS: Final = ("owner_left_s", "due_s", "x1_px", "y1_px", "x2_px", "y2_px")
_COLUMNS: Final = ("kind", "start_s", "end_s", "x_m", "y_m", *_FACTS)


def load_annotations(
    paths: Sequence[Path], *, camera_id: str, fps: float, duration_s: float | None = None
) -> GroundTruth:
    """Read annotations by the ending of their names, and join them: boxes of one file, incidents of another.

    Args:
        paths: One file of boxes (``.txt``, ``.xml``, ``.json``), one of incidents (``.csv``), or both.
        camera_id: Camera of the footage.
        fps: Its true frame rate.
        duration_s: Length of the footage; None: to the last annotation.

    Raises:
        ScenarioError: A file cannot be read or does not make sense; the message names the line. Or there are two of
            a kind.
    """
    boxes: GroundTruth | None = None
    incidents: tuple[IncidentTruth, ...] | None = None
    for path in paths:
        suffix = path.suffix.lower()
        if suffix not in (*_BOXES, ".csv"):
            raise ScenarioError(
                f"{path.name}: truth should be boxes (.txt MOTChallenge, .xml CVAT for video, .json COCO with tracks) "
                "or incidents (.csv)"
            )
        if (incidents if suffix == ".csv" else boxes) is not None:
            what = "incidents" if suffix == ".csv" else "boxes"
            raise ScenarioError(f"{path.name}: is a second file of {what}; one is enough")
        if suffix == ".csv":
            incidents = load_incidents(path)
        else:
            boxes = _BOXES[suffix](path, camera_id=camera_id, fps=fps, duration_s=duration_s)
    last = max((i.end_s or i.start_s for i in incidents or ()), default=0.0)
    seen_s = 0.0 if boxes is None else boxes.duration_s
    return GroundTruth(
        max(last, seen_s) if duration_s is None else duration_s, None, None, boxes and boxes.boxes, incidents
    )


def load_mot(
    path: Path, *, camera_id: str, fps: float, duration_s: float | None = None, keep_ignored: bool = False
) -> GroundTruth:
    """Read boxes of people in MOTChallenge form; nothing is known about bags and incidents.

    Args:
        path: The file.
        camera_id: Camera of the footage.
        fps: Its true frame rate: frame n is at (n - 1) / fps seconds.
        duration_s: Length of the footage; None: to the last box.
        keep_ignored: Take boxes of confidence 0 as any others, as evaluations do that do not know the column.

    Raises:
        ScenarioError: The file cannot be read, or a line does not make sense.
    """
    table = _numbers(path)
    frame, width = table[:, 0], table.shape[1]
    for column, what, wrong in (
        (0, "the frame should be a whole number from 1 on", (frame < 1) | (frame != np.round(frame))),
        (1, "the id should be a whole number", table[:, 1] != np.round(table[:, 1])),
        (4, "width and height should be above 0", (table[:, 4] <= 0) | (table[:, 5] <= 0)),
    ):
        if wrong.any():
            line = int(np.flatnonzero(wrong)[0])
            raise ScenarioError(f"{path.name}, line {line + 1}: {what}, not {table[line, column]:g}")
    visibility = np.ones(len(table))
    place = np.full((len(table), 2), np.nan)
    if width >= 10:
        known = ~((table[:, 7:10] == -1).all(axis=1) | (table[:, 7:10] == 0).all(axis=1))
        place[known] = table[known, 7:9]
    elif width == 9:
        kind, visibility = table[:, 7], np.clip(table[:, 8], 0, 1)
        keep = np.isin(kind, (_PEDESTRIAN, *_RESEMBLE))
        visibility = np.where(kind == _PEDESTRIAN, visibility, 0.0)
        table, place, visibility, frame = table[keep], place[keep], visibility[keep], frame[keep]
    if not keep_ignored:
        visibility = np.where(table[:, 6] == 0, 0.0, visibility)
    key = frame * (table[:, 1].max(initial=0) + 1) + table[:, 1]
    if len(np.unique(key)) != len(key):
        values, count = np.unique(key, return_counts=True)
        line = int(np.flatnonzero(key == values[count > 1][0])[1])
        raise ScenarioError(f"{path.name}: id {table[line, 1]:g} has two boxes in frame {frame[line]:g}")
    corner = table[:, 2:4] - 1.0
    box = np.concatenate((corner, corner + table[:, 4:6]), axis=1)
    places = [None if math.isnan(x) else (x, y) for x, y in place.tolist()]
    rows = [
        AnnotatedBox(int(n) - 1, int(who), "person", (x1, y1, x2, y2), seen, at)
        for n, who, (x1, y1, x2, y2), seen, at in zip(
            frame, table[:, 1], box.tolist(), visibility.tolist(), places, strict=True
        )
    ]
    return boxes_truth(rows, path, camera_id=camera_id, fps=fps, duration_s=duration_s)


def load_incidents(path: Path) -> tuple[IncidentTruth, ...]:
    """Read a table of incidents.

    Raises:
        ScenarioError: The file cannot be read, or a line does not make sense.
    """
    lines = list(csv.reader(_lines(path)))
    if not lines:
        raise ScenarioError(f"{path.name}: is empty; its first line should be such as kind,start_s,end_s")
    header = [name.strip() for name in lines[0]]
    for name in header:
        if name not in _COLUMNS:
            raise ScenarioError(unknown("column", name, _COLUMNS, f"{path.name}, line 1"))
    for name in ("kind", "start_s"):
        if name not in header:
            raise ScenarioError(f"{path.name}, line 1: the column '{name}' is missing")
    found: list[IncidentTruth] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path.name}, line {number}"
        if len(cells) != len(header):
            raise ScenarioError(f"{where}: has {len(cells)} values, the header names {len(header)}")
        found.append(_incident(dict(zip(header, (c.strip() for c in cells), strict=True)), len(found), where))
    return tuple(found)


def _incident(cells: dict[str, str], number: int, where: str) -> IncidentTruth:
    kinds = [kind.value for kind in IncidentKind]
    if cells["kind"] not in kinds:
        raise ScenarioError(unknown("kind", cells["kind"], kinds, where))
    values: dict[str, float | None] = {}
    for name in _COLUMNS[1:]:
        text = cells.get(name, "")
        try:
            values[name] = float(text) if text else None
        except ValueError:
            raise ScenarioError(f"{where}: {name} = '{text}' is not a number") from None
        value = values[name]
        if value is not None and (not math.isfinite(value) or (name.endswith("_s") and value < 0)):
            raise ScenarioError(f"{where}: {name} = {text} should be a number from 0 on")
    start, end = values["start_s"], values["end_s"]
    if start is None:
        raise ScenarioError(f"{where}: start_s is missing")
    if end is not None and end <= start:
        raise ScenarioError(f"{where}: end_s = {end:g} is not after start_s = {start:g}")
    x, y = values["x_m"], values["y_m"]
    return IncidentTruth(
        id=f"incident_{number + 1}",
        kind=IncidentKind(cells["kind"]),
        start_s=start,
        end_s=end,
        place_m=(math.nan, math.nan) if x is None or y is None else (x, y),
        person_ids=(),
        object_ids=(),
        facts={name: values[name] for name in _FACTS if values[name] is not None},
    )


def _numbers(path: Path) -> NDArray[np.float64]:
    rows: list[list[float]] = []
    for number, line in enumerate(_lines(path), 1):
        cells = line.strip().split(",")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            raise ScenarioError(
                f"{path.name}, line {number}: '{line.strip()[:60]}' is not numbers and commas"
            ) from None
        if len(cells) not in (9, 10) or len(cells) != len(rows[0]):
            want = "9 or 10" if len(cells) not in (9, 10) else f"as the first line {len(rows[0])}"
            raise ScenarioError(f"{path.name}, line {number}: has {len(cells)} values, should have {want}")
        if not all(math.isfinite(value) for value in rows[-1]):
            raise ScenarioError(f"{path.name}, line {number}: has a value that is not a finite number")
    if not rows:
        raise ScenarioError(f"{path.name}: is empty; it should hold a box a line")
    return np.array(rows)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read ({error})") from None


_BOXES: Final[Mapping[str, Callable[..., GroundTruth]]] = {
    ".txt": load_mot, ".xml": load_cvat, ".json": load_coco_video,
}  # fmt: skip
