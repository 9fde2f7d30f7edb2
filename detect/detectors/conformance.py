"""Does a detector keep the contract? What is asked of every detector, before anybody asks how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from detect.detectors.contract import Detector
from detect.tracks import ObjectClass
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["shortcomings"]

_SIZE: Final = (240, 320)
_OTHER_SIZE: Final = (180, 240)
_PICTURES: Final = 25
_FPS: Final = 10.0
_CLASSES: Final = {int(c) for c in ObjectClass}
_SLACK_PX: Final = 1.0


def shortcomings(detector: Detector) -> list[str]:
    """Show a detector drawn pictures of walkers and return what it does not keep of the contract, a sentence each.

    Whether it finds the walkers is not asked: they are rectangles.

    Args:
        detector: Built, in any state.
    """
    try:
        return list(_lacks(detector))
    except Exception as error:  # a foreign detector may fail in any way, and that is the answer
        return [f"it fails on a plain picture: {type(error).__name__}: {error}"]


def _lacks(detector: Detector) -> Iterator[str]:
    if not isinstance(getattr(detector, "name", None), str) or not detector.name:
        yield "it has no name"
    sha = getattr(detector, "weights_sha256", "")
    if not (sha is None or (isinstance(sha, str) and len(sha) == 64)):
        yield "weights_sha256 should be the 64 digits of its weight file, or None for a method without weights"
    frames = _walk(_SIZE)
    before = [frame.image.copy() for frame in frames]
    detector.start(None)
    together = detector.detect(frames)
    if len(together) != len(frames):
        yield f"detect() should return a list of {len(frames)} results for as many pictures"
        return
    malformed = dict.fromkeys(lack for found in together for lack in _malformed(found))
    yield from malformed
    if any(not np.array_equal(frame.image, image) for frame, image in zip(frames, before, strict=True)):
        yield "it changes the pictures it is given"
    if malformed:
        return
    detector.start(None)
    single = [detector.detect([frame])[0] for frame in frames]
    if not all(_alike(a, b) for a, b in zip(together, single, strict=True)):
        yield "several pictures in one call, after start(), do not give the same as one by one"
    detector.start(None)
    if len(detector.detect([])):
        yield "no pictures should give no results"
    yield from _odd_pictures(detector)


def _odd_pictures(detector: Detector) -> Iterator[str]:
    detector.start(None)
    detector.detect(_walk(_SIZE)[:3])
    detector.start(None)
    if len(detector.detect(_walk(_OTHER_SIZE)[:3])) != 3:
        yield "pictures of another size, after start(), should be looked at as well"
    odd: dict[str, NDArray[Any]] = {
        "a grey picture": np.full(_SIZE, 90, np.uint8),
        "a picture of 16 bits": np.full((*_SIZE, 3), 900, np.uint16),
        "a picture without pixels": np.empty((0, 0, 3), np.uint8),
    }
    for what, image in odd.items():
        detector.start(None)
        try:
            detector.detect([Frame("conformance", 0, 0.0, None, image)])
        except DetectorError:
            continue
        except Exception as error:  # anything else is a traceback for the user
            yield f"{what} should raise scenarios.errors.DetectorError, not {type(error).__name__}"
        else:
            yield f"{what} should raise scenarios.errors.DetectorError, and is taken"


def _malformed(found: sv.Detections) -> Iterator[str]:
    n = len(found)
    if found.confidence is None or found.class_id is None:
        yield "confidence and class_id should be set, also where nothing was found"
        return
    box = np.asarray(found.xyxy, float)
    if box.shape != (n, 4) or len(found.confidence) != n or len(found.class_id) != n:
        yield "xyxy should be of shape (n, 4), confidence and class_id of shape (n,)"
        return
    if not np.isfinite(box).all() or not np.isfinite(np.asarray(found.confidence, float)).all():
        yield "boxes and confidences should be finite"
        return
    high, wide = _SIZE
    far = np.array((wide, high, wide, high)) + _SLACK_PX
    if (box[:, 2:] < box[:, :2]).any() or (box < -_SLACK_PX).any() or (box > far).any():
        yield "boxes should be x1, y1, x2, y2 with x1 <= x2 and y1 <= y2, in pixels of the picture"
    if ((np.asarray(found.confidence) < 0) | (np.asarray(found.confidence) > 1)).any():
        yield "confidences should be from 0 to 1"
    if not set(np.asarray(found.class_id).tolist()) <= _CLASSES:
        yield "class_id should be of detect.tracks.ObjectClass: other classes are dropped by the detector"


def _alike(a: sv.Detections, b: sv.Detections) -> bool:
    if len(a) != len(b):
        return False
    one, other = (np.lexsort(np.asarray(d.xyxy, float).T) for d in (a, b))
    return bool(
        np.allclose(np.asarray(a.xyxy, float)[one], np.asarray(b.xyxy, float)[other], atol=0.01)
        and np.allclose(np.asarray(a.confidence, float)[one], np.asarray(b.confidence, float)[other], atol=1e-3)
    )


def _walk(size: tuple[int, int]) -> list[Frame]:
    """Two upright rectangles that cross a noisy floor, and one that is put down and stays."""
    high, wide = size
    rng = np.random.default_rng(3)
    floor = rng.integers(110, 130, (high, wide, 3))
    frames = []
    for k in range(_PICTURES):
        image = floor + rng.integers(-3, 4, floor.shape)
        for start, speed, shade in ((10, 6, 40), (wide - 40, -5, 210)):
            x = start + speed * k
            image[high // 3 : high // 3 + 70, max(x, 0) : max(x + 24, 0)] = shade
        if k >= _PICTURES // 3:
            image[high - 40 : high - 25, wide // 2 : wide // 2 + 18] = 30
        frames.append(Frame("conformance", k, k / _FPS, None, np.clip(image, 0, 255).astype(np.uint8)))
    return frames
