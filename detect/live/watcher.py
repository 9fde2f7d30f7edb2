"""One camera watched for as long as it runs: states, pictures and alerts go into the store."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.clips import Clip, ClipSettings
from detect.counts import Count, Tally
from detect.desk import AlertState, Desk, DeskSettings, Filed
from detect.live.backlog import Backlog
from detect.live.clip_recorder import ClipRecorder
from detect.live.drill import Drilled, SetStage
from detect.live.mark_reader import MarkReader
from detect.pipeline import Observation, Pipeline
from detect.privacy import blur_people
from detect.sources import FeedState, LiveFeed, redact
from detect.sources.contract import Source
from detect.sources.thinned import Thinned
from detect.store import CameraState, Store
from detect.tracks import ObjectClass
from scenarios.errors import ParvisError
from scenarios.event import Event
from scenarios.frame import Image

__all__ = ["watch_camera"]

_SAY_S: Final = 1.0
_PICTURE_S: Final = 0.5
_SETTLES_S: Final = 3.0
"""So long the end waits for a store that takes nothing."""
_JPEG_QUALITY: Final = 80
_PERSON: Final = (240, 200, 76)
_BAG: Final = (3, 183, 255)
_ALARM: Final = (40, 70, 255)
_DRILL: Final = "DRILL"


@dataclass(slots=True)
class _Scribe:
    """Writes about one camera, no more often than a person can read."""

    camera_id: str
    source: Source
    spec: str
    store: Store
    backlog: Backlog
    blur: bool
    session: str
    desk: Desk
    marks: MarkReader
    clips: ClipRecorder
    drills: Drilled
    tally: Tally
    frames: int = 0
    gaps: int = 0
    alerts: int = 0
    last_picture_at: datetime | None = None
    last_time_s: float = 0.0
    blind: bool = False
    said_s: float = -np.inf
    pictured_s: float = -np.inf
    open: dict[str, Event] = field(default_factory=dict)
    turn: Lock = field(default_factory=Lock)

    def say(self, state: str, words: str = "") -> None:
        """Write the camera's state."""
        self.said_s = time.monotonic()
        counters = {"frames": self.frames, "gaps": self.gaps, "alerts": self.alerts}
        if isinstance(self.source, LiveFeed):
            status = self.source.status
            counters |= {"drops": status.drops, "stale": status.stale, "reconnects": status.reconnects}
        said = CameraState(self.camera_id, redact(self.spec), state, redact(words), self.last_picture_at, counters)
        self.backlog.write("state", lambda: self.store.say_camera(said))

    def take(self, seen: Observation) -> None:
        """Write what one observation brings."""
        still = None
        seen = self._drilled(seen)
        for event in seen.events:
            if event.end_s is None:
                self.open[event.event_id] = event
            else:
                self.open.pop(event.event_id, None)
        if seen.frame is not None:
            self.clips.see(seen.frame, _people_px(seen))
            self.last_time_s = seen.frame.time_s
        again = self.desk.look_again(datetime.now(UTC)) if self.marks.look() else []
        if seen.frame is not None and (seen.events or again):
            still = _jpeg(_draw(seen.frame.image, seen, self.open.values(), blur=self.blur))
        self._keep(again, still)
        self._put_on_desk(seen.events, still)
        if seen.gap is not None:
            self._miss(is_open=seen.gap.end_s <= seen.gap.start_s, reason=seen.gap.reason)
        elif seen.frame is not None:
            self.blind = False
            self.frames += 1
            self.last_picture_at = seen.frame.wall_time or datetime.now(UTC)
            self._count(self.tally.see(self.drills.real(seen.tracks), self.last_picture_at))
            now = time.monotonic()
            if now - self.said_s >= _SAY_S or self.frames == 1:
                self.say("live")
            if now - self.pictured_s >= _PICTURE_S:
                self.pictured_s = now
                jpeg = still or _jpeg(_draw(seen.frame.image, seen, self.open.values(), blur=self.blur))
                keep = partial(self.store.keep_picture, self.camera_id, jpeg, self.last_picture_at)
                self.backlog.write("picture", keep)

    def _drilled(self, seen: Observation) -> Observation:
        """Mark what is about a drill's figures: the events, and every picture that is kept."""
        seen = replace(seen, events=tuple(map(self.drills.mark, seen.events)))
        if seen.frame is None or not self.drills.playing:
            return seen
        return replace(seen, frame=replace(seen.frame, image=_stamp(seen.frame.image)))

    def end(self) -> None:
        """End what lasts with the last picture: nobody looks any more."""
        self._count(self.tally.end())
        self._put_on_desk([replace(e, end_s=max(e.start_s, self.last_time_s)) for e in self.open.values()], None)
        self.open.clear()

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """While no picture comes, say every second how it stands with the source."""
        if not isinstance(self.source, LiveFeed):
            yield
            return
        over = Flag()
        thread = Thread(target=self._say_while_blind, args=(self.source, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _say_while_blind(self, feed: LiveFeed, over: Flag) -> None:
        while not over.wait(_SAY_S):
            with self.turn:
                status = feed.status
                if self.blind and status.state in (FeedState.STALLED, FeedState.LOST):
                    self.say(status.state.value, status.problem)

    def _count(self, count: Count | None) -> None:
        if count is not None:
            self.backlog.write(("count", count.begin), partial(self.store.counts.keep, count))

    def _miss(self, *, is_open: bool, reason: str) -> None:
        self._count(self.tally.end())
        self.blind = is_open
        self.gaps += not is_open
        self.say("stalled" if is_open else "live", reason)

    def _put_on_desk(self, events: Iterable[Event], still: bytes | None) -> None:
        now = datetime.now(UTC)
        self._keep((self.desk.take(event, now) for event in events), still)

    def _keep(self, filed: Iterable[Filed], still: bytes | None) -> None:
        write = self.backlog.write
        for one in filed:
            if one.alert is not None and one.new:
                alert_id = one.alert.alert_id
                self.alerts += 1
                write(("alert", alert_id), partial(self.store.raise_alert, one.alert, still))
                write(("drill", alert_id), partial(self.drills.raised, one.alert))
                self.clips.ask(alert_id, self.last_time_s)
            elif one.alert is not None:
                write(("more", one.alert.alert_id), partial(self.store.update_alert, one.alert))
            if one.held:
                key = ("held", one.event.event_id)
                write(key, partial(self.store.held.keep, self.session, one, datetime.now(UTC)))


def watch_camera(
    camera_id: str,
    spec: str,
    source: Source,
    pipeline: Pipeline,
    store: Store,
    *,
    stop: Callable[[], bool],
    fps_most: float | None = None,
    blur: bool = True,
    desk: DeskSettings | None = None,
    clips: ClipSettings | None = None,
    calibration: Path | None = None,
    set_stage: SetStage | None = None,
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
        fps_most: At most so many pictures a second are analysed; None: all that come.
        blur: Pixelate people in pictures that are kept.
        desk: When events are one matter, and how many alerts are too many.
        clips: Films of alerts; None: as usual.
        calibration: File of the camera, for drills.
        set_stage: Makes the stages of drills; None: there are none.
        on_observation: Given everything seen but a drill's figures, for whoever records as well.
    """
    store.end_lasting(camera_id, "the watcher before this one ended")

    def is_closed(alert_id: str) -> bool:
        try:
            return store.alert(alert_id).state not in (AlertState.NEW, AlertState.SEEN)
        except ParvisError:  # the store cannot be read now, or the alert still waits to be written
            return False

    backlog = Backlog(camera_id)

    def keep_film(clip: Clip) -> None:
        backlog.write(("film", clip.alert_id), partial(store.clips.keep, clip))

    session = f"{camera_id}-{uuid.uuid4().hex[:8]}"
    marks = MarkReader(store, camera_id)
    recorder = ClipRecorder(
        store.clips.folder, clips or ClipSettings(), blur=blur, keep=keep_film, waits=not source.live
    )
    table = Desk(session, desk, is_closed=is_closed, marks=marks)
    pictures = Drilled(
        source if fps_most is None else Thinned(source, fps_most), camera_id, calibration, store, set_stage
    )
    tally = Tally(camera_id, pipeline.zones if pipeline.camera is not None else ())
    scribe = _Scribe(camera_id, source, spec, store, backlog, blur, session, table, marks, recorder, pictures, tally)
    scribe.say("connecting")
    try:
        with scribe.awake():
            for seen in pipeline.watch(pictures):
                with scribe.turn:
                    scribe.take(seen)
                if on_observation is not None:
                    on_observation(replace(seen, tracks=pictures.real(seen.tracks)))
                if stop():
                    break
        scribe.end()
    except BaseException as error:
        scribe.end()
        if isinstance(error, KeyboardInterrupt):
            scribe.say("ended", "stopped")
        else:
            why = str(error) if isinstance(error, ParvisError) else type(error).__name__
            scribe.say("lost", f"the watcher ended: {why}")
        raise
    finally:
        recorder.close()
        backlog.settle(_SETTLES_S)
    scribe.say("ended", "stopped" if stop() else "the source has ended")
    backlog.settle(_SETTLES_S)


def _draw(picture: Image, seen: Observation, alarms: Iterable[Event], *, blur: bool) -> Image:
    image = blur_people(picture, _people_px(seen)) if blur else picture.copy()
    for cls, box in zip(seen.tracks.cls, seen.tracks.box_px, strict=True):
        x1, y1, x2, y2 = (round(float(v)) for v in box)
        cv2.rectangle(image, (x1, y1), (x2, y2), _PERSON if cls == ObjectClass.PERSON else _BAG, 1, cv2.LINE_AA)
    for event in alarms:
        if event.box_px is not None:
            x1, y1, x2, y2 = (round(v) for v in event.box_px)
            cv2.rectangle(image, (x1 - 4, y1 - 4), (x2 + 4, y2 + 4), _ALARM, 3)
    return image


def _stamp(picture: Image) -> Image:
    """Return a copy that says in large letters that not everything in it is real."""
    image = picture.copy()
    high = image.shape[0]
    scale, thick = high / 400, max(2, high // 180)
    (w, h), _ = cv2.getTextSize(_DRILL, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
    at = (image.shape[1] - w - h // 2, h + h // 2)
    cv2.rectangle(image, (at[0] - h // 3, h // 4), (image.shape[1], at[1] + h // 3), (0, 0, 0), cv2.FILLED)
    cv2.putText(image, _DRILL, at, cv2.FONT_HERSHEY_DUPLEX, scale, _ALARM, thick, cv2.LINE_AA)
    return image


def _people_px(seen: Observation) -> NDArray[np.float64]:
    """Everybody who was found, followed already or not."""
    found = np.asarray(seen.detections.xyxy, float)[np.asarray(seen.detections.class_id) == ObjectClass.PERSON]
    return np.concatenate((found.reshape(-1, 4), np.asarray(seen.tracks.of(ObjectClass.PERSON).box_px, float)))


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
