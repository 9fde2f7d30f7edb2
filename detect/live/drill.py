"""The stage of a drill: figures are put into a camera's pictures before anything looks at them.

The detection stack sees the pictures and nothing else; which of its events are about the figures is told afterwards,
by where they were put. Whoever paints the figures is handed in: nothing here knows the simulator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from detect.desk import Alert
from detect.drills import Drill, DrillState
from detect.sources.contract import Source
from detect.store import Store
from detect.tracks import Tracks
from scenarios.errors import ParvisError, RecordingError
from scenarios.event import Event
from scenarios.frame import Frame, Gap, Image

__all__ = ["Drilled", "Inserted", "SetStage", "Stage"]

_LOOK_S: Final = 1.0
_PICTURES: Final = 24
_APART_S: Final = 0.7
"""The empty place is learned from so many pictures, so far apart."""
_STAYS_S: Final = 5.0
"""Figures stay for so long after the alarm, so that its film shows them."""
_SAME_IOU: Final = 0.2
_INSIDE: Final = 0.5
_NEAR_M: Final = 1.5
_TOLD_OF: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Inserted:
    """A picture with figures in it.

    Attributes:
        image: Shape (h, w, 3).
        boxes_px: Of the figures that can be seen, shape (k, 4).
        feet_m: Where they stand, shape (k, 2).
        happened_s: Time of the frame at which what should be noticed was there, or None before.
        place_m: Where that was.
    """

    image: Image
    boxes_px: NDArray[np.float64]
    feet_m: NDArray[np.float64]
    happened_s: float | None
    place_m: tuple[float, float] | None


class Stage(Protocol):
    """Puts the figures of one drill into pictures."""

    limit_s: float
    """For so long after its beginning an alarm is waited for."""

    def insert(self, frame: Frame) -> Inserted:
        """Put them in; the first frame is the beginning."""


SetStage = Callable[[Drill, Sequence[Image], float, Path], Stage]
"""Makes the stage of a drill: from it, pictures of the place, their rate, and the calibration's file."""


class Drilled:
    """A source whose pictures are changed while there is a drill.

    A gap ends the drill: rules forget what they saw, so it would prove nothing.
    """

    def __init__(
        self, source: Source, camera_id: str, calibration: Path | None, store: Store, set_stage: SetStage | None
    ) -> None:
        """Take the source; it is closed by its owner.

        Args:
            source: Not iterated yet.
            camera_id: As in the store.
            calibration: File of the camera; without it every drill is void.
            store: Where drills are asked for.
            set_stage: Makes stages; None: every drill is void.
        """
        self.camera_id, self.live, self.size_px = source.camera_id, source.live, source.size_px
        self.fps, self.frame_count = source.fps, source.frame_count
        self._source, self._camera, self._calibration = source, camera_id, calibration
        self._store, self._set_stage = store, set_stage
        self._drill: Drill | None = None
        self._learned: list[Image] = []
        self._learned_s = -np.inf
        self._making: _Making | None = None
        self._stage: Stage | None = None
        self._inserted: Inserted | None = None
        self._begin_s = self._alarm_s = 0.0
        self._looked_s = -np.inf
        self._events: dict[str, str] = {}
        store.drills.forget(camera_id, "the watcher before this one ended")

    @property
    def playing(self) -> bool:
        """Whether there are figures in the picture that came last."""
        return self._inserted is not None

    def __iter__(self) -> Iterator[Frame | Gap]:
        """Iterate once."""
        try:
            for item in self._source:
                if isinstance(item, Gap):
                    self._end("the camera's pictures stopped", DrillState.VOID)
                    yield item
                else:
                    yield self._play(item)
        finally:
            self._end("the camera's pictures stopped", DrillState.VOID)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def mark(self, event: Event) -> Event:
        """Return an event of the picture that came last; of what was put in it carries the drill's id."""
        drill_id, drill, seen = self._events.get(event.event_id), self._drill, self._inserted
        if drill_id is None and drill is not None and seen is not None and _is_about(event, seen):
            drill_id = self._events[event.event_id] = drill.drill_id
            for old in list(self._events)[:-_TOLD_OF]:
                del self._events[old]
        return event if drill_id is None else replace(event, drill=drill_id)

    def real(self, tracks: Tracks) -> Tracks:
        """Return the tracks of the picture that came last without those of figures."""
        if self._inserted is None:
            return tracks
        return tracks.only(np.array([not _covers(box, self._inserted.boxes_px) for box in tracks.box_px], bool))

    def raised(self, alert: Alert) -> None:
        """Hear that an alert was raised for figures of a drill."""
        drill, seen = self._drill, self._inserted
        if drill is None or seen is None or alert.event.drill != drill.drill_id or drill.state is DrillState.RAISED:
            return
        if alert.event.kind is drill.kind and seen.happened_s is not None:
            self._alarm_s = alert.event.start_s
            delay_s = alert.event.start_s - seen.happened_s
            self._drill = self._store.drills.raised(drill.drill_id, alert.alert_id, round(delay_s, 2))

    def _play(self, frame: Frame) -> Frame:
        self._inserted = None
        self._look()
        if self._drill is None:
            return frame
        try:
            if self._stage is None and not self._set(frame):
                return frame
            assert self._stage is not None
            inserted = self._inserted = self._stage.insert(frame)
        except ParvisError as error:
            self._end(str(error), DrillState.VOID)
            return frame
        if inserted.happened_s is not None and self._drill.happened_at is None and inserted.place_m is not None:
            with suppress(RecordingError):  # said with the next picture
                self._drill = self._store.drills.happened(self._drill.drill_id, inserted.place_m)
        if self._drill.state is DrillState.RAISED:
            if frame.time_s - self._alarm_s >= _STAYS_S:
                self._end()
        elif frame.time_s - self._begin_s > self._stage.limit_s:
            happened = inserted.happened_s is not None
            self._end(
                "" if happened else "the figures did not get there", DrillState.MISSED if happened else DrillState.VOID
            )
        return frame if self._inserted is None else replace(frame, image=inserted.image)

    def _look(self) -> None:
        """Take up a drill that was asked for; leave one that was stopped."""
        now = time.monotonic()
        if self.live and now - self._looked_s < _LOOK_S:
            return
        self._looked_s = now
        with suppress(RecordingError):
            if self._drill is None:
                self._drill = self._store.drills.asked(self._camera)
            elif self._store.drills.get(self._drill.drill_id).state is DrillState.VOID:
                self._leave()

    def _set(self, frame: Frame) -> bool:
        """Learn the place, then have the stage made; return whether it stands."""
        assert self._drill is not None
        if self._set_stage is None:
            raise ParvisError("this watcher has nobody who could paint the figures")
        if self._calibration is None:
            raise ParvisError(
                f"camera '{self._camera}' has no calibration, so nothing can be put into its pictures; "
                "see parvis calibrate"
            )
        if self._making is None:
            if frame.time_s - self._learned_s >= _APART_S:
                self._learned.append(frame.image.copy())
                self._learned_s = frame.time_s
            if len(self._learned) < _PICTURES:
                return False
            self._making = _Making(self._set_stage, self._drill, self._learned, self.fps, self._calibration)
            self._learned = []
            if not self.live:
                self._making.join()
        if self._making.is_alive():
            return False
        self._stage = self._making.stage()
        self._begin_s = frame.time_s
        self._drill = self._store.drills.begin(self._drill.drill_id)
        return True

    def _end(self, words: str = "", state: DrillState | None = None) -> None:
        if self._drill is not None:
            raised = self._drill.state is DrillState.RAISED
            with suppress(RecordingError):
                self._store.drills.end(self._drill.drill_id, words, None if raised else state)
        self._leave()

    def _leave(self) -> None:
        self._drill = self._stage = self._making = self._inserted = None
        self._learned, self._learned_s = [], -np.inf


class _Making(Thread):
    """Makes a stage beside the pictures, which go on meanwhile."""

    def __init__(self, set_stage: SetStage, drill: Drill, pictures: list[Image], fps: float, calibration: Path) -> None:
        super().__init__(daemon=True)
        self._about = (set_stage, drill, pictures, fps, calibration)
        self._made: Stage | None = None
        self._problem = ""
        self.start()

    def run(self) -> None:
        set_stage, drill, pictures, fps, calibration = self._about
        try:
            self._made = set_stage(drill, pictures, fps, calibration)
        except ParvisError as error:
            self._problem = str(error)

    def stage(self) -> Stage:
        if self._made is None:
            raise ParvisError(self._problem or "the figures could not be made")
        return self._made


def _is_about(event: Event, seen: Inserted) -> bool:
    """Whether an event is about figures rather than about what the camera sees."""
    if event.box_px is None or not len(seen.boxes_px):
        if event.place_m is None or not len(seen.feet_m):
            return False
        return bool((np.linalg.norm(seen.feet_m - event.place_m, axis=1) <= _NEAR_M).any())
    box = np.array(event.box_px)
    return _covers(box, seen.boxes_px) or _share_covered(box, seen.boxes_px) >= _INSIDE


def _covers(box: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether a box is that of one of the others."""
    low, high = np.maximum(others[:, :2], box[:2]), np.minimum(others[:, 2:], box[2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    own, theirs = np.prod(box[2:] - box[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
    return bool((shared / np.maximum(own + theirs - shared, 1e-9) >= _SAME_IOU).any())


def _share_covered(box: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Share of a box that lies in the hull of those others that meet it."""
    meets = (others[:, :2] < box[2:]).all(axis=1) & (others[:, 2:] > box[:2]).all(axis=1)
    if not meets.any():
        return 0.0
    low = np.maximum(others[meets, :2].min(axis=0), box[:2])
    high = np.minimum(others[meets, 2:].max(axis=0), box[2:])
    return float(np.prod(np.maximum(high - low, 0)) / max(float(np.prod(box[2:] - box[:2])), 1e-9))
