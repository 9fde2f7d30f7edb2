"""Watches all cameras, each in a process of its own, until it is told to stop."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from types import FrameType
from typing import Final

from detect.detectors import build_detector
from detect.live.config import CameraConfig, LiveConfig, load_config
from detect.live.watcher import watch_camera
from detect.pipeline import Pipeline
from detect.rules import build_rules
from detect.sources import open_source, redact
from detect.sources.contract import Source
from detect.store import CameraState, Store
from scenarios.calibration import load_calibration
from scenarios.errors import SourceError

__all__ = ["run_daemon"]

_POLL_S: Final = 0.5
_STOP_S: Final = 8.0
_BACKOFF_S: Final = 1.0
_MOST_BACKOFF_S: Final = 30.0
_RETRY_S: Final = 0.5
_MOST_RETRY_S: Final = 5.0
_STEADY_S: Final = 60.0
"""A process that has run for so long is forgiven its earlier deaths."""


@dataclass(slots=True)
class _Worker:
    """The process of one camera."""

    camera: CameraConfig
    process: SpawnProcess
    started_s: float
    deaths: int = 0
    again_s: float | None = None


def run_daemon(path: Path) -> None:
    """Watch all cameras of a configuration until SIGTERM or SIGINT; a camera's process that dies is started again.

    Raises:
        ParvisError: The configuration is wrong.
    """
    config = load_config(path)
    build_detector(config.detector)
    for camera in config.cameras:
        if camera.calibration is not None:
            load_calibration(camera.calibration)
    stopping = Flag()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with Store.create_or_open(config.store) as store:
            cameras = {c.id: redact(c.source) for c in config.cameras}
            store.note("daemon.started", {"cameras": cameras, "detector": config.detector, "pid": os.getpid()})
            print(f"watching {', '.join(cameras)}; alerts in {config.store}; stop with Ctrl-C", flush=True)
            _supervise(config, store, stopping)
            store.note("daemon.stopped", {"pid": os.getpid()})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _supervise(config: LiveConfig, store: Store, stopping: Flag) -> None:
    workers = [_Worker(camera, _start(config, camera), time.monotonic()) for camera in config.cameras]
    try:
        while not stopping.wait(_POLL_S):
            for worker in workers:
                _look_after(worker, config, store)
    finally:
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + _STOP_S
        for worker in workers:
            worker.process.join(max(0.1, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _look_after(worker: _Worker, config: LiveConfig, store: Store) -> None:
    """Start a camera's process again when it has died; a source that came to its end stays ended."""
    now = time.monotonic()
    if worker.process.is_alive():
        if now - worker.started_s > _STEADY_S:
            worker.deaths = 0
        return
    if worker.process.exitcode == 0:
        return
    if worker.again_s is None:
        wait = min(_BACKOFF_S * 2**worker.deaths, _MOST_BACKOFF_S)
        worker.deaths += 1
        worker.again_s = now + wait
        facts = {"camera": worker.camera.id, "exit_code": worker.process.exitcode, "again_in_s": wait}
        store.note("camera.process_died", facts)
        words = "its process died and is started again"
        store.say_camera(CameraState(worker.camera.id, redact(worker.camera.source), "lost", words, None, {}))
    elif now >= worker.again_s:
        worker.process, worker.started_s, worker.again_s = _start(config, worker.camera), now, None


def _start(config: LiveConfig, camera: CameraConfig) -> SpawnProcess:
    context = multiprocessing.get_context("spawn")
    about = (config, camera, os.getpid())
    process = context.Process(target=_watch, args=about, name=f"parvis-{camera.id}", daemon=True)
    process.start()
    return process


def _watch(config: LiveConfig, camera: CameraConfig, parent: int) -> None:
    """The process of one camera; it ends with its parent, whatever ends that."""
    stopping = Flag()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    with Store.create_or_open(config.store) as store:
        known = load_calibration(camera.calibration) if camera.calibration is not None else None
        source = _reach(camera, store, stopping)
        if source is None:
            return
        pipeline = Pipeline(
            build_detector(config.detector),
            build_rules(config.rules),
            camera=known.camera if known else None,
            zones=known.zones if known else (),
            tracker=config.tracker,
        )
        with contextlib.closing(source):
            closer = Thread(target=_close_when, args=(stopping, source), daemon=True)
            closer.start()
            watch_camera(camera.id, camera.source, source, pipeline, store, stop=stopping.is_set, blur=config.blur)


def _reach(camera: CameraConfig, store: Store, stopping: Flag) -> Source | None:
    """Open a camera's source, however long it takes until it answers; None when told to stop before."""
    wait = _RETRY_S
    while not stopping.is_set():
        try:
            return open_source(camera.source, camera_id=camera.id, fps=camera.fps)
        except SourceError as error:
            store.say_camera(CameraState(camera.id, redact(camera.source), "unreachable", redact(str(error)), None, {}))
        stopping.wait(wait)
        wait = min(2 * wait, _MOST_RETRY_S)
    return None


def _close_when(stopping: Flag, source: Source) -> None:
    """A source that waits for a picture is woken by closing it."""
    stopping.wait()
    source.close()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
