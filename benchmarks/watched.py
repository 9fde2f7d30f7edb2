"""What a detector said about a film; kept, so that the same film is not watched twice by the same detector."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.finding import Look
from benchmarks.footage import Footage
from dashboard.progress import Report
from detect.detectors.contract import Detector
from detect.tracks import ObjectClass

__all__ = ["watch"]


def watch(footage: Footage, detector: Detector, stride: int, report: Report, scale: float = 1.0) -> list[Look]:
    """Return what a detector sees in every ``stride``-th picture, beside who is in it.

    Boxes are kept in the user's cache folder by the film's bits, the detector and the stride.

    Args:
        footage: The film.
        detector: Is started for it.
        stride: Every how many pictures.
        report: Told how far it is.
        scale: How much smaller the pictures are made.
    """
    kept = _kept(footage.path, detector, f"{stride} {scale}")
    known: dict[str, list[list[float]]] = json.loads(kept.read_text()) if kept is not None and kept.is_file() else {}
    asked = not known
    looks = []
    detector.start(None)
    for frame, people in footage.pictures(stride, scale):
        if asked:
            seen = detector.detect([frame])[0]
            assert seen.confidence is not None
            assert seen.class_id is not None
            mine = seen.class_id == int(ObjectClass.PERSON)
            known[str(frame.index)] = np.c_[seen.xyxy, seen.confidence][mine].tolist()
            report(f"watch {footage.name} x {scale:g}", None, f"picture {frame.index}")
        rows = np.array(known[str(frame.index)], float).reshape(-1, 5)
        rows = rows[~_masked(rows[:, :4], [mask * scale for mask in footage.masks_px])]
        size = frame.image.shape[1], frame.image.shape[0]
        looks.append(Look(frame.time_s, size, people, rows[:, :4], rows[:, 4]))
    if asked and kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(known))
        part.replace(kept)
    return looks


def _masked(box: NDArray[np.float64], masks: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Which boxes have their middle under a mask, shape (n,)."""
    middle = (box[:, :2] + box[:, 2:]) / 2
    under = [[cv2.pointPolygonTest(m.astype(np.float32), tuple(p), False) >= 0 for m in masks] for p in middle.tolist()]
    return np.asarray(np.array(under, bool).reshape(len(box), -1).any(axis=1))


def _kept(path: Path, detector: Detector, how: str) -> Path | None:
    """Where its boxes are kept; None where nothing tells one detector from another."""
    which = getattr(detector, "key", None) or detector.weights_sha256
    if which is None:
        return None
    name = hashlib.sha256(f"{which} {how}".encode() + path.read_bytes()).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "parvis" / "watched" / f"{name}.json"
