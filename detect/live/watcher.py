"""One camera watched for as long as it runs: states, pictures and alerts go into the store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np

from detect.desk import Desk
from detect.pipeline import Observation, Pipeline
from detect.privacy import blur_people
from detect.sources import redact
from detect.sources.contract import Source
from detect.store import CameraState, Store
from detect.tracks import ObjectClass, Tracks
from scenarios.event import Event
from scenarios.frame import Frame, Image

__all__ = ["watch_camera"]

_SAY_S: Final = 1.0
_PICTURE_S: Final = 0.5
_JPEG_QUALITY: Final = 80
_PERSON: Final = (240, 200, 76)
_BAG: Final = (3, 183, 255)
_ALARM: Final = (40, 70, 255)


@dataclass(slots=True)
class _Scribe:
    """Writes about one camera, no more often than a person can read."""

    camera_id: str
    source: Source
    spec: str
    store: Store
    blur: bool
    desk: Desk
    frames: int = 0
    gaps: int = 0
    alerts: int = 0
    last_picture_at: datetime | None = None
    said_s: float = -np.inf
    pictured_s: float = -np.inf
    open: dict[str, Event] = field(default_factory=dict)

    def say(self, state: str, words: str = "", *, now: bool = True) -> None:
        """Write the camera's state."""
        if not now and time.monotonic() - self.said_s < _SAY_S:
            return
        self.said_s = time.monotonic()
        counters = {"frames": self.frames, "gaps": self.gaps, "alerts": self.alerts}
        status = getattr(self.source, "status", None)
        if status is not None:
            known = asdict(status)
            counters |= {key: known[key] for key in ("drops", "reconnects") if key in known}
        self.store.say_camera(
            CameraState(self.camera_id, redact(self.spec), state, redact(words), self.last_picture_at, counters)
        )

    def take(self, seen: Observation) -> None:
        """Write what one observation brings."""
        for event in seen.events:
            if event.end_s is None:
                self.open[event.event_id] = event
            else:
                self.open.pop(event.event_id, None)
        still = (
            _jpeg(_draw(seen, self.open.values(), blur=self.blur)) if seen.frame is not None and seen.events else None
        )
        for event in seen.events:
            alert, new = self.desk.take(event, datetime.now(UTC))
            if new:
                self.alerts += 1
                self.store.raise_alert(alert, still)
            else:
                self.store.update_alert(alert)
        if seen.gap is not None:
            self.gaps += seen.gap.end_s > seen.gap.start_s
            self.say("live" if seen.gap.end_s > seen.gap.start_s else "stalled", seen.gap.reason)
        elif seen.frame is not None:
            self.frames += 1
            self.last_picture_at = seen.frame.wall_time or datetime.now(UTC)
            self.say("live", now=self.frames == 1)
            if time.monotonic() - self.pictured_s >= _PICTURE_S:
                self.pictured_s = time.monotonic()
                jpeg = still or _jpeg(_draw(seen, self.open.values(), blur=self.blur))
                self.store.keep_picture(self.camera_id, jpeg, self.last_picture_at)


def watch_camera(
    camera_id: str,
    spec: str,
    source: Source,
    pipeline: Pipeline,
    store: Store,
    *,
    stop: Callable[[], bool],
    blur: bool = True,
    on_observation: Callable[[Observation], None] | None = None,
) -> None:
    """Watch until the source ends or ``stop`` says so; the camera's state in the store is true all along.

    Args:
        camera_id: Which camera.
        spec: How the source was written; credentials in it are never stored.
        source: Its pictures; closed by its owner.
        pipeline: The detection stack.
        store: Where everything goes.
        stop: Asked after every picture.
        blur: Pixelate people in pictures that are kept.
        on_observation: Given everything seen, for whoever records as well.
    """
    desk = Desk(f"{camera_id}-{uuid.uuid4().hex[:8]}")
    scribe = _Scribe(camera_id, source, spec, store, blur, desk)
    scribe.say("connecting")
    try:
        for seen in pipeline.watch(source):
            scribe.take(seen)
            if on_observation is not None:
                on_observation(seen)
            if stop():
                break
    except BaseException as error:
        scribe.say("lost", f"the watcher ended: {type(error).__name__}")
        raise
    scribe.say("ended", "the source has ended" if not stop() else "stopped")


def _draw(seen: Observation, alarms: Iterable[Event], *, blur: bool) -> Image:
    assert seen.frame is not None
    image = _people_blurred(seen.frame, seen.tracks) if blur else seen.frame.image.copy()
    for cls, box in zip(seen.tracks.cls, seen.tracks.box_px, strict=True):
        x1, y1, x2, y2 = (round(float(v)) for v in box)
        cv2.rectangle(image, (x1, y1), (x2, y2), _PERSON if cls == ObjectClass.PERSON else _BAG, 1, cv2.LINE_AA)
    for event in alarms:
        if event.box_px is not None:
            x1, y1, x2, y2 = (round(v) for v in event.box_px)
            cv2.rectangle(image, (x1 - 4, y1 - 4), (x2 + 4, y2 + 4), _ALARM, 3)
    return image


def _people_blurred(frame: Frame, tracks: Tracks) -> Image:
    return blur_people(frame.image, tracks.of(ObjectClass.PERSON).box_px)


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
