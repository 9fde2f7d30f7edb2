"""Watches all cameras, each in a process of its own, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import Final

from detect.detectors import build_detector
from detect.live.camera_process import TOLD, CameraProcess
from detect.live.cap import CapTeller
from detect.live.config import CameraConfig, LiveConfig, load_config
from detect.live.drill import SetStage
from detect.live.drill_schedule import ask_due
from detect.live.floor_keeper import FloorKeeper
from detect.live.http_server import serving
from detect.live.mqtt import MqttTeller
from detect.live.network_process import SharedNetworks
from detect.live.reload import Reload, digest_of
from detect.live.running import Starter
from detect.live.teller import Teller, telling
from detect.live.webhook import WebhookTeller
from detect.sources import redact
from detect.store import CameraState, Store
from detect.tracks import Tracks
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import ParvisError

__all__ = ["run_daemon"]

_POLL_S: Final = 0.5
_STOP_S: Final = 8.0
_BACKOFF_S: Final = 1.0
_MOST_BACKOFF_S: Final = 30.0
_TIDY_S: Final = 60.0
_RETAIN_S: Final = 6 * 3600.0
_STEADY_S: Final = 60.0
"""A process that has run for so long is forgiven its earlier deaths."""


def run_daemon(path: Path, set_stage: SetStage | None = None, *, cluster: str | None = None) -> None:
    """Watch all cameras of a configuration until SIGTERM or SIGINT; a camera's process that dies is started again.

    Args:
        path: The configuration.
        set_stage: Makes the stages of drills, a function of some module; None: there are none.
        cluster: Address of a Ray cluster over whose machines the cameras are spread; None: all are watched here.

    Raises:
        ParvisError: The configuration is wrong, another daemon writes this store, or no cluster answers.
        MissingExtraError: Ray is not installed.
    """
    config = load_config(path if cluster is None else path.absolute())
    detector = build_detector(config.detector)
    for camera in config.cameras:
        if camera.calibration is not None:
            load_calibration(camera.calibration)
    stopping = Flag()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with (
            Store.create_or_open(config.store) as store,
            store.database.alone(),
            _starting(cluster, config, set_stage) as start,
        ):
            cameras = {c.id: redact(c.source) for c in config.cameras}
            facts = {
                "cameras": cameras,
                "detector": config.detector,
                "weights_sha256": detector.weights_sha256,
                "rules": config.rules,
                "configuration_sha256": digest_of(path),
                "pid": os.getpid(),
            }
            store.note("daemon.started", facts)
            tellers: list[Teller] = [WebhookTeller(one) for one in config.webhooks]
            tellers += [MqttTeller(one, beside=path.parent) for one in config.mqtt]
            if config.cap.folder is not None:
                tellers.append(CapTeller(config.cap, path.parent / config.cap.folder))
            with serving(config.http, config.store, config.cap) as address, telling(tellers, config.store):
                print(
                    f"watching {', '.join(cameras)}; alerts in {redact(str(config.store))}; stop with Ctrl-C",
                    flush=True,
                )
                if address is not None:
                    print(f"interface at {address}/api, metrics at {address}/metrics", flush=True)
                _supervise(Reload(path, config), store, stopping, start)
            store.note("daemon.stopped", {"pid": os.getpid()})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _starting(cluster: str | None, config: LiveConfig, set_stage: SetStage | None) -> AbstractContextManager[Starter]:
    if cluster is None:
        return _here(set_stage)
    from detect.live.ray_camera import on_cluster

    return on_cluster(cluster, config, set_stage)


@contextmanager
def _here(set_stage: SetStage | None) -> Iterator[Starter]:
    with SharedNetworks() as networks:

        def start(config: LiveConfig, camera: CameraConfig) -> CameraProcess:
            return CameraProcess.start(networks.shared(config), camera, set_stage)

        yield start


class _Worker:
    """Keeps the process of one camera running."""

    def __init__(self, config: LiveConfig, camera: CameraConfig, store: Store, start: Starter) -> None:
        self._begin = start
        self._config = config
        self.camera = camera
        self._store = store
        self._deaths = 0
        self._again_s: float | None = None
        self._start()

    def look_after(self) -> None:
        """Start the process again when it has died or hangs; a source that came to its end stays ended."""
        now = time.monotonic()
        if self._running.alive:
            silent_s = self._running.silent_s()
            if silent_s > self._config.hung_s:
                self._running.kill()
                self._note("camera.process_hung", silent_s=round(silent_s, 1))
            elif now - self._started_s > _STEADY_S:
                self._deaths = 0
            self._say_where()
        elif self._running.exit_code != 0 and self._again_s is None:
            self._mourn(now)
        elif self._again_s is not None and now >= self._again_s:
            self._again_s = None
            self._start()

    def floor(self) -> Tracks | None:
        """Return who its process sees on the floor."""
        return self._running.floor()

    def ask_to_end(self) -> None:
        self._running.ask_to_end()

    def end(self, deadline_s: float) -> None:
        self._running.end(deadline_s - time.monotonic())

    def _start(self) -> None:
        self._started_s = time.monotonic()
        self._where = ""
        self._running = self._begin(self._config, self.camera)

    def _say_where(self) -> None:
        if self._running.where != self._where:
            self._where = self._running.where
            self._note("camera.placed", machine=self._where)

    def _mourn(self, now: float) -> None:
        wait = min(_BACKOFF_S * 2**self._deaths, _MOST_BACKOFF_S)
        self._deaths += 1
        self._again_s = now + wait
        code = self._running.exit_code
        if code != TOLD:
            words = "its process died and is started again"
            source = redact(self.camera.source)
            with _complaining():
                self._store.say_camera(CameraState(self.camera.id, source, "lost", words, None, {}))
        self._note("camera.process_died", exit_code=code, again_in_s=wait)

    def _note(self, action: str, **facts: float | int | str | None) -> None:
        with _complaining():
            self._store.note(action, {"camera": self.camera.id, **facts})


def _supervise(reload: Reload, store: Store, stopping: Flag, start: Starter) -> None:
    config, workers = reload.config, list[_Worker]()
    try:
        workers.extend(_Worker(config, camera, store, start) for camera in config.cameras)
        tidied_s, retained_s = -_TIDY_S, -_RETAIN_S
        keeper = FloorKeeper(lambda: [w.floor() for w in workers], store)
        keeper.see(_calibrated(config))
        while not stopping.wait(_POLL_S):
            with _complaining():
                before, config = config, _read_again(reload, workers, store, start)
                if config is not before:
                    keeper.see(_calibrated(config))
            for worker in workers:
                worker.look_after()
            if any(camera.calibration is not None for camera in config.cameras):
                with _complaining():
                    keeper.look()
            if time.monotonic() - tidied_s >= _TIDY_S:
                tidied_s = time.monotonic()
                with _complaining():
                    store.expire(datetime.now(UTC) - timedelta(seconds=config.desk.expire_s))
                    ask_due(config.drills, store, datetime.now(UTC))
            if time.monotonic() - retained_s >= _RETAIN_S:
                retained_s = time.monotonic()
                with _complaining():
                    store.retain(config.retention, by="the daemon")
    finally:
        _end(workers)


def _calibrated(config: LiveConfig) -> dict[str, Camera]:
    return {c.id: load_calibration(c.calibration).camera for c in config.cameras if c.calibration is not None}


def _read_again(reload: Reload, workers: list[_Worker], store: Store, start: Starter) -> LiveConfig:
    """Follow the configuration's file: begin, end and restart the cameras that it changes, and leave the others."""
    before = reload.config
    try:
        config = reload.look()
    except ParvisError as error:
        store.note("configuration.refused", {"why": redact(str(error))})
        raise
    if config is None:
        return before
    same = config.model_copy(update={"cameras": before.cameras}) == before
    kept = [w for w in workers if same and w.camera in config.cameras]
    ended = [w for w in workers if w not in kept]
    _end(ended)
    wanted = {camera.id for camera in config.cameras}
    for worker in ended:
        if worker.camera.id not in wanted:
            words = "no longer in the configuration"
            store.say_camera(CameraState(worker.camera.id, redact(worker.camera.source), "ended", words, None, {}))
    running = {w.camera.id for w in kept}
    new = (camera for camera in config.cameras if camera.id not in running)
    workers[:] = kept + [_Worker(config, camera, store, start) for camera in new]
    facts = {
        "cameras": {camera.id: redact(camera.source) for camera in config.cameras},
        "restarted": sorted(wanted - running),
        "rules": config.rules,
        "configuration_sha256": digest_of(reload.path),
    }
    store.note("configuration.changed", facts)
    print(f"read the configuration again; started anew: {', '.join(facts['restarted']) or 'none'}", flush=True)
    return config


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.ask_to_end()
    deadline = time.monotonic() + _STOP_S
    for worker in workers:
        worker.end(deadline)


@contextmanager
def _complaining() -> Iterator[None]:
    """A store that cannot be written now, because the disk is full, is no reason to stop watching over the cameras."""
    try:
        yield
    except ParvisError as error:
        print(error, file=sys.stderr, flush=True)
