"""Draws what the stack saw and said into the pictures: the film that a person watches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
import supervision as sv

from detect.tracks import ObjectClass, Tracks
from scenarios.event import Event
from scenarios.frame import Image

__all__ = ["Annotator"]

_COLOURS: Final = sv.ColorPalette.from_hex(["#4cc9f0", "#ffb703"])
_ALARM: Final = (40, 70, 255)


class Annotator:
    """Draws boxes, ids, trails and open alarms of one camera."""

    def __init__(self, fps: float, *, places: bool = True) -> None:
        """Begin with nothing drawn.

        Args:
            fps: Pictures a second, for the length of the trails.
            places: Write everybody's place in metres beside the id.
        """
        self._places = places
        self._boxes = sv.BoxAnnotator(_COLOURS, thickness=2)
        self._labels = sv.LabelAnnotator(_COLOURS, text_color=sv.Color.BLACK, text_scale=0.4, text_padding=3)
        self._trails = sv.TraceAnnotator(
            _COLOURS, position=sv.Position.BOTTOM_CENTER, trace_length=max(2, round(4 * fps)), thickness=1
        )
        self._open: dict[str, Event] = {}

    def draw(self, image: Image, tracks: Tracks, events: Iterable[Event]) -> Image:
        """Return a copy of the picture with everything drawn in."""
        for event in events:
            if event.end_s is None:
                self._open[event.event_id] = event
            else:
                self._open.pop(event.event_id, None)
        found = sv.Detections(
            xyxy=tracks.box_px.astype(np.float32).reshape(-1, 4),
            class_id=tracks.cls.astype(int),
            tracker_id=tracks.track_id.astype(int),
            confidence=tracks.confidence.astype(np.float32),
        )
        labels = [
            f"{ObjectClass(int(c)).name.lower()} {i}"
            + (f"  {x:.1f}, {y:.1f} m" if self._places and np.isfinite(x) else "")
            for c, i, (x, y) in zip(tracks.cls, tracks.track_id, tracks.position_m, strict=True)
        ]
        canvas = image.copy()
        if len(found):
            canvas = self._trails.annotate(canvas, found)
            canvas = self._boxes.annotate(canvas, found)
            canvas = self._labels.annotate(canvas, found, labels=labels)
        for row, event in enumerate(self._open.values()):
            self._alarm(canvas, event, row)
        return np.asarray(canvas, np.uint8)

    @staticmethod
    def _alarm(canvas: Image, event: Event, row: int) -> None:
        text = f"TO VERIFY: {event.kind.value.replace('_', ' ')} since {event.start_s:.1f} s"
        y = canvas.shape[0] - 14 - 26 * row
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 2)
        cv2.rectangle(canvas, (8, y - height - 6), (20 + width, y + 6), _ALARM, -1)
        cv2.putText(canvas, text, (14, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2, cv2.LINE_AA)
        if event.box_px is not None:
            x1, y1, x2, y2 = (round(v) for v in event.box_px)
            cv2.rectangle(canvas, (x1 - 4, y1 - 4), (x2 + 4, y2 + 4), _ALARM, 3)
