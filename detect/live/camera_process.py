"""The process of one camera: it watches until it is told to stop, and never outlives its parent."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from ctypes import Array, c_double
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from threading import Event as Flag
from threading import Thread
from typing import Final

from detect.detectors import build_detector, sharing
from detect.live.authorisation import Permit
from detect.live.child import begin_as_child, start_child
from detect.live.config import CameraConfig, LiveConfig
from detect.live.drill import SetStage
from detect.live.floor_board import FloorBoard
from detect.live.gate import Gate
from detect.live.watcher import watch_camera
from detect.pipeline import Observation, Pipeline
from detect.rules import build_rules
from detect.sources import expand, open_source, redact
from detect.sources.address import scheme
from detect.sources.contract import Source
from detect.store import CameraState, Store
from detect.tracks import Tracks
from scenarios.calibration import load_calibration
from scenarios.errors import ParvisError, SourceError

__all__ = ["TOLD", "CameraProcess"]

TOLD: Final = 3
"""Exit code of a process that ended with a sentence, which is in the camera's state."""
_RETRY_S: Final = 0.5
_MOST_RETRY_S: Final = 5.0
_LOOK_S: Final = 0.2


@dataclass(slots=True)
class CameraProcess:
    """A running process and its pulse.

    Attributes:
        process: The process.
        pulse: Monotonic time at which it last took a picture; 0 while none can be expected.
        board: Who it sees on the floor; None where the camera is not calibrated.
    """

    process: SpawnProcess
    pulse: c_double
    board: FloorBoard | None

    @classmethod
    def start(cls, config: LiveConfig, camera: CameraConfig, set_stage: SetStage | None = None) -> CameraProcess:
        """Start watching a camera; signals wait until the process is ready to hear them.

        Args:
            config: Of all.
            camera: Which.
            set_stage: Makes the stages of drills, a function of some module; None: there are none.
        """
        context = multiprocessing.get_context("spawn")
        pulse = context.RawValue(c_double, 0.0)
        board = None if camera.calibration is None else FloorBoard.make(context.RawArray, camera.id)
        about = (config, camera, pulse, None if board is None else board.raw, os.getpid(), set_stage)
        return cls(start_child(_watch, about, f"parvis-{camera.id}"), pulse, board)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """How it ended; None: it runs."""
        return self.process.exitcode

    @property
    def where(self) -> str:
        """Here."""
        return ""

    def silent_s(self) -> float:
        """Return for how long it has taken no picture although there are some."""
        beat = float(self.pulse.value)
        return time.monotonic() - beat if beat else 0.0

    def floor(self) -> Tracks | None:
        """Return who it sees on the floor; None where it does not look, or is not calibrated."""
        return None if self.board is None else self.board.read()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def ask_to_end(self) -> None:
        """Ask it to end."""
        self.process.terminate()

    def end(self, within_s: float) -> None:
        """Wait for its end; force it when it takes longer."""
        self.process.join(max(0.1, within_s))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _watch(
    config: LiveConfig,
    camera: CameraConfig,
    pulse: c_double,
    board: Array[c_double] | None,
    parent: int,
    set_stage: SetStage | None,
) -> None:
    stopping = begin_as_child(parent)
    try:
        with Store.create_or_open(config.store) as store:
            try:
                shown = None if board is None else FloorBoard(board, camera.id)
                with store.database.alone(camera.id):
                    _watch_until(stopping, config, camera, pulse, shown, store, set_stage)
            except ParvisError as error:
                store.say_camera(CameraState(camera.id, redact(camera.source), "lost", redact(str(error)), None, {}))
                raise
    except ParvisError as error:
        print(f"camera '{camera.id}': {redact(str(error))}", file=sys.stderr, flush=True)
        sys.exit(TOLD)


def _watch_until(
    stopping: Flag,
    config: LiveConfig,
    camera: CameraConfig,
    pulse: c_double,
    board: FloorBoard | None,
    store: Store,
    set_stage: SetStage | None,
) -> None:
    known = load_calibration(camera.calibration) if camera.calibration is not None else None
    gate = Gate(config, camera, store)

    def beat(seen: Observation) -> None:
        pulse.value = time.monotonic() if seen.gap is None or seen.gap.end_s > seen.gap.start_s else 0.0
        if board is not None and seen.gap is None:
            board.show(seen.tracks, time.monotonic())
        elif board is not None:
            board.clear()

    while not stopping.is_set():
        allowed = gate.permit()
        if allowed.refusal:
            pulse.value = 0.0
            store.say_camera(CameraState(camera.id, redact(camera.source), "off", allowed.refusal, None, {}))
            while not stopping.wait(_RETRY_S) and not gate.changed(allowed):
                pass
            continue

        def over(allowed: Permit = allowed) -> bool:
            return stopping.is_set() or gate.changed(allowed)

        source = _reach(camera, store, over, pulse)
        if source is None:
            continue
        rules = [rule for rule in build_rules(config.rules) if rule.kind in allowed.purposes]
        with contextlib.closing(source):
            Thread(target=_close_when, args=(over, source), daemon=True).start()
            watch_camera(
                camera.id,
                camera.source,
                source,
                Pipeline(
                    build_detector(sharing(config.detector, len(config.cameras))),
                    rules,
                    camera=known.camera if known else None,
                    zones=known.zones if known else (),
                    tracker=config.tracker,
                    camera_motion=config.camera_motion,
                ),
                store,
                stop=over,
                fps_most=camera.fps_most,
                blur=config.blur,
                desk=config.desk,
                clips=config.clips,
                calibration=camera.calibration,
                set_stage=set_stage,
                on_observation=beat,
            )
        if board is not None:
            board.clear()
        if not over():
            return  # the source has ended
    store.say_camera(CameraState(camera.id, redact(camera.source), "ended", "stopped", None, {}))


def _reach(camera: CameraConfig, store: Store, over: Callable[[], bool], pulse: c_double) -> Source | None:
    """Open a camera's source, however long it takes until it answers; None when told to stop before."""
    spec = camera.source if scheme(camera.source) else expand(camera.source)
    wait = _RETRY_S
    while not over():
        pulse.value = time.monotonic()
        try:
            source = open_source(spec, camera_id=camera.id, fps=camera.fps)
        except SourceError as error:
            store.say_camera(CameraState(camera.id, redact(camera.source), "unreachable", redact(str(error)), None, {}))
        else:
            pulse.value = 0.0
            return source
        again_s = time.monotonic() + wait
        while not over() and time.monotonic() < again_s:
            time.sleep(min(wait, _LOOK_S))
        wait = min(2 * wait, _MOST_RETRY_S)
    return None


def _close_when(over: Callable[[], bool], source: Source) -> None:
    """A source that waits for a picture is woken by closing it; one that is a file is left at its next picture."""
    while not over():
        time.sleep(_LOOK_S)
    if source.live:
        source.close()
