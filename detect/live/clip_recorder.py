"""Films of alerts, made beside the watcher: it hands over its pictures and never waits for them.

One thread makes pictures small, hides who is in them, and keeps the last seconds as JPEGs; another one codes films of
them. Only pictures that the camera gave are in a film, each at its own instant: where some are missing, nothing stands
in for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread, get_native_id
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.clips import Clip, ClipSettings, gaps_of
from detect.live.clip_film import Shot, code_film
from detect.privacy import blur_people
from scenarios.errors import ParvisError
from scenarios.frame import Frame, Image

__all__ = ["ClipRecorder"]

_WAITING: Final = 4
_FILMS_WAITING: Final = 4
_PATIENCE_S: Final = 2.0
"""Without pictures for so long after it should have ended, a film ends with the last one."""
_LOOK_S: Final = 0.1
_JPEG_QUALITY: Final = 85
_NICE: Final = 10
_HIDDEN_S: Final = 0.5
"""Who was found this short a time ago is hidden where they were: a detector that misses somebody in one picture of
many would show them in a film."""


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    image: Image
    boxes_px: NDArray[np.float64]
    time_s: float
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class _Wanted:
    alert_id: str
    time_s: float
    asked_s: float


class ClipRecorder:
    """Keeps the last seconds of one camera and makes a film of them when there is an alert.

    Args:
        folder: Where films go; made when there is one.
        settings: How long they are.
        blur: Pixelate people.
        keep: Given each film when its file is there; called from a thread.
        waits: Whether who hands over a picture waits until there is room; else a picture that finds none is lost, and
            with it one of a live camera, which gives another one soon.
    """

    def __init__(
        self,
        folder: Path,
        settings: ClipSettings,
        *,
        blur: bool,
        keep: Callable[[Clip], None],
        waits: bool = False,
    ) -> None:
        self._folder, self._settings, self._blur, self._keep, self._waits = folder, settings, blur, keep, waits
        self._given: Queue[_Given | None] = Queue(_WAITING)
        self._films: Queue[tuple[_Wanted, list[Shot]] | None] = Queue(_FILMS_WAITING)
        self._wanted: list[_Wanted] = []
        self._turn = Lock()
        self._ring: deque[Shot] = deque()
        self._ring_bytes = 0
        self._boxes: deque[tuple[float, NDArray[np.float64]]] = deque()
        self._of_px = (0, 0)
        self._last_s = -np.inf
        self.lost = 0
        self._threads = [Thread(target=work, daemon=True) for work in (self._collect, self._code)]
        for thread in self._threads:
            thread.start()

    def see(self, frame: Frame, people_px: NDArray[np.float64]) -> None:
        """Take a picture and the boxes of who is in it, shape (n, 4); the picture must not be changed afterwards."""
        step = 1.0 / self._settings.fps
        if not self._settings.keep or frame.time_s - self._last_s < 0.9 * step:
            return
        given = _Given(frame.image, people_px, frame.time_s, frame.wall_time or datetime.now(UTC))
        try:
            self._given.put(given, block=self._waits)
        except Full:
            return
        self._last_s = frame.time_s

    def ask(self, alert_id: str, time_s: float) -> None:
        """Have a film made of what is around an instant; what it still needs is waited for."""
        if self._settings.keep:
            with self._turn:
                self._wanted.append(_Wanted(alert_id, time_s, time.monotonic()))

    def close(self, within_s: float = 5.0) -> None:
        """End the films that wait with the pictures there are; what takes longer is left."""
        deadline = time.monotonic() + within_s
        with contextlib.suppress(Full):
            self._given.put(None, timeout=within_s)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _collect(self) -> None:
        _be_nice()
        while True:
            try:
                given = self._given.get(timeout=_LOOK_S)
            except Empty:
                self._cut()
                continue
            if given is None:
                self._cut(all_of_them=True)
                self._films.put(None)
                return
            self._remember(given)
            self._cut()

    def _remember(self, given: _Given) -> None:
        height, width = given.image.shape[:2]
        self._of_px = (width, height)
        scale = min(1.0, self._settings.width_px / width)
        size = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
        small = given.image if size == (width, height) else cv2.resize(given.image, size, interpolation=cv2.INTER_AREA)
        if self._blur:
            factor = np.array([size[0] / width, size[1] / height] * 2)
            small = blur_people(np.asarray(small, np.uint8), self._lately(given) * factor)
        _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        shot = Shot(given.time_s, given.taken_at, size, coded.tobytes())
        self._ring.append(shot)
        self._ring_bytes += len(shot.jpeg)
        with self._turn:
            needed_s = min((w.time_s for w in self._wanted), default=shot.time_s) - self._settings.before_s
        while self._ring[0].time_s < needed_s or self._ring_bytes > self._settings.memory_mb * 1_000_000:
            self._ring_bytes -= len(self._ring.popleft().jpeg)

    def _lately(self, given: _Given) -> NDArray[np.float64]:
        self._boxes.append((given.time_s, given.boxes_px))
        while self._boxes[0][0] < given.time_s - _HIDDEN_S:
            self._boxes.popleft()
        return np.concatenate([boxes for _, boxes in self._boxes])

    def _cut(self, *, all_of_them: bool = False) -> None:
        """Hand films that have all their pictures, or get no more, to the other thread."""
        newest_s = self._ring[-1].time_s if self._ring else -np.inf
        now = time.monotonic()
        s = self._settings
        with self._turn:
            whole = [
                w
                for w in self._wanted
                if all_of_them or newest_s >= w.time_s + s.after_s or now >= w.asked_s + s.after_s + _PATIENCE_S
            ]
            self._wanted = [w for w in self._wanted if w not in whole]
        for wanted in whole:
            span = (wanted.time_s - s.before_s, wanted.time_s + s.after_s)
            shots = [shot for shot in self._ring if span[0] <= shot.time_s <= span[1]]
            shots = [shot for shot in shots if shot.size_px == shots[-1].size_px]
            try:
                if shots:
                    self._films.put((wanted, shots), block=self._waits or all_of_them)
            except Full:
                self.lost += 1

    def _code(self) -> None:
        _be_nice()
        while (film := self._films.get()) is not None:
            try:
                self._keep(self._film(*film))
            except (ParvisError, OSError) as error:  # a full disk; the alert itself is in the store
                self.lost += 1
                print(f"alert {film[0].alert_id}: its film cannot be kept ({error})", file=sys.stderr, flush=True)

    def _film(self, wanted: _Wanted, shots: list[Shot]) -> Clip:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in wanted.alert_id)
        path = self._folder / f"{safe}-{hashlib.sha256(wanted.alert_id.encode()).hexdigest()[:8]}.mp4"
        part = path.with_suffix(".part")
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            code_film(part, shots)
            with part.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        first, last = shots[0], shots[-1]
        times = [shot.time_s - first.time_s for shot in shots]
        return Clip(
            alert_id=wanted.alert_id,
            file=path.name,
            sha256=sha256,
            began_at=first.taken_at,
            alert_s=round(wanted.time_s - first.time_s, 3),
            lasts_s=round(last.time_s - first.time_s, 3),
            pictures=len(shots),
            size_px=first.size_px,
            of_px=self._of_px,
            blurred=self._blur,
            gaps=tuple((round(a, 3), round(b, 3)) for a, b in gaps_of(times)),
        )


def _be_nice() -> None:
    """Let the watcher go first, where the system tells threads apart."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
