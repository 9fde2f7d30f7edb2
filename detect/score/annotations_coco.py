"""Truth in COCO's form for video: pictures in order, boxes with the id of a track."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from detect.score.annotated_boxes import AnnotatedBox, boxes_truth, label_class
from scenarios.errors import ScenarioError
from scenarios.truth import GroundTruth

__all__ = ["load_coco_video"]

_FRAME: Final = ("frame", "frame_id", "frame_index")
_TRACK: Final = ("track_id", "instance_id")


def load_coco_video(path: Path, *, camera_id: str, fps: float, duration_s: float | None = None) -> GroundTruth:
    """Read COCO's JSON with tracks, as Parvis, TAO and MMTracking write it.

    A picture's number is its ``frame`` (also ``frame_id``, ``frame_index``), else its place in the order of ids;
    ``track_id`` (also ``instance_id``) says who is who. Crowd regions (``iscrowd``) are ignored. Of several cameras
    or videos in one file only that of ``camera_id`` is read, where pictures name one.

    Args:
        path: The file.
        camera_id: Camera of the footage.
        fps: Its true frame rate.
        duration_s: Length of the footage; None: to the last box.

    Raises:
        ScenarioError: The file cannot be read or does not make sense.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path.name}: is no JSON that can be read ({error})") from None
    if not isinstance(whole, Mapping) or not all(
        isinstance(whole.get(key), list) for key in ("images", "annotations", "categories")
    ):
        raise ScenarioError(f"{path.name}: should hold the lists images, annotations and categories of COCO's form")
    frames = _frames(whole["images"], path, camera_id)
    classes = {c["id"]: label_class(str(c.get("name", ""))) for c in whole["categories"] if "id" in c}
    boxes = _boxes(whole["annotations"], frames, classes, path)
    return boxes_truth(boxes, path, camera_id=camera_id, fps=fps, duration_s=duration_s)


def _frames(images: list[dict[str, Any]], path: Path, camera_id: str) -> dict[Any, int]:
    """Number of each picture, by id."""
    cameras = {image.get("camera") for image in images if isinstance(image, Mapping)}
    if len(cameras) > 1:
        images = [image for image in images if image.get("camera") == camera_id]
        if not images:
            named = ", ".join(sorted(map(str, cameras)))
            raise ScenarioError(f"{path.name}: has pictures of {named}, none of camera '{camera_id}'")
    videos = {image.get("video_id") for image in images}
    if len(videos) > 1:
        raise ScenarioError(f"{path.name}: holds {len(videos)} videos; one file should hold one")
    try:
        ordered = sorted(images, key=lambda image: image["id"])
    except (KeyError, TypeError):
        raise ScenarioError(f"{path.name}: every picture of images needs an id") from None
    found: dict[Any, int] = {}
    for place, image in enumerate(ordered):
        number = next((image[key] for key in _FRAME if key in image), place)
        if not isinstance(number, int) or number < 0:
            raise ScenarioError(f"{path.name}: picture {image['id']} has the number {number!r}; it should be 0 or more")
        found[image["id"]] = number
    return found


def _boxes(
    annotations: list[dict[str, Any]], frames: dict[Any, int], classes: dict[Any, str | None], path: Path
) -> Iterator[AnnotatedBox]:
    for note in annotations:
        where = f"{path.name}: annotation {note.get('id', '?')}"
        frame, cls = frames.get(note.get("image_id")), classes.get(note.get("category_id"))
        if frame is None or cls is None:
            continue  # of another camera, or of neither people nor bags
        track = next((note[key] for key in _TRACK if key in note), None)
        if not isinstance(track, int):
            raise ScenarioError(f"{where} has no track_id: without it nobody can be followed")
        try:
            x, y, wide, high = (float(value) for value in note["bbox"])
        except (KeyError, TypeError, ValueError):
            raise ScenarioError(f"{where} needs a bbox of four numbers: x, y, width, height") from None
        if not (wide > 0 and high > 0):
            raise ScenarioError(f"{where}: width and height should be above 0, not {wide:g} and {high:g}")
        seen = 0.0 if note.get("iscrowd") else float(note.get("visibility", 1.0))
        place = note.get("world_m")
        yield AnnotatedBox(
            frame, track, cls, (x, y, x + wide, y + high), seen, None if place is None else (place[0], place[1])
        )
