"""The process that runs a network for all cameras of this machine: loaded once, its batches filled by whoever waits."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from ctypes import c_double
from multiprocessing import get_context
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from types import TracebackType
from typing import Final, Self

from detect.detectors import build_detector, with_engine
from detect.detectors.parvis import ParvisDetector
from detect.detectors.shared_engine import SHARED, NetworkServer
from detect.detectors.yolo_onnx import YoloOnnxDetector
from detect.live.child import begin_as_child, start_child
from detect.live.config import LiveConfig
from scenarios.errors import ParvisError

__all__ = ["SharedNetworks"]

_LOOK_S: Final = 0.3
_AGAIN_S: Final = 1.0
_PREFIX: Final = "parvis_network_"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder made in it is nobody else's


class SharedNetworks:
    """Starts one process for each network that is asked for, and again when it dies or hangs."""

    def __init__(self) -> None:
        self._running: dict[str, _NetworkProcess] = {}
        self._over = Flag()
        where = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        _sweep(where)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}_", dir=where))
        self._watch = Thread(target=self._look_after, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Begin to look after them; they end with this process, or at the end of the context."""
        self._watch.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watch.join()
        for process in self._running.values():
            process.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def shared(self, config: LiveConfig) -> LiveConfig:
        """Return a configuration whose cameras share their network, where they have one and are several."""
        wanted, name = config.detector, str(len(self._running))
        address = self._running[wanted].address if wanted in self._running else str(self._folder / name)
        spec = with_engine(wanted, SHARED + address)
        if spec is None or not config.share_network or len(config.cameras) < 2:
            return config
        if wanted not in self._running:
            self._running[wanted] = _NetworkProcess(wanted, address, config.hung_s)
        return config.model_copy(update={"detector": spec})

    def _look_after(self) -> None:
        while not self._over.wait(_LOOK_S):
            for process in list(self._running.values()):
                process.look_after()


class _NetworkProcess:
    def __init__(self, spec: str, address: str, hung_s: float) -> None:
        self.address = address
        self._spec, self._hung_s = spec, hung_s
        self._start()

    def look_after(self) -> None:
        busy_since_s = float(self._busy.value)
        if self._process.is_alive() and busy_since_s and time.monotonic() - busy_since_s > self._hung_s:
            self._process.kill()
            self._process.join()
        if not self._process.is_alive() and time.monotonic() - self._started_s >= _AGAIN_S:
            print(
                f"the process that runs the network ended ({self._process.exitcode}) and is started again",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            self._start()

    def end(self) -> None:
        self._process.terminate()
        self._process.join(3.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _start(self) -> None:
        self._started_s = time.monotonic()
        self._busy: c_double = get_context("spawn").RawValue(c_double, 0.0)
        self._process = start_child(_serve, (self._spec, self.address, self._busy, os.getpid()), "parvis-network")


def _sweep(where: Path) -> None:
    """Remove what daemons of ours left that were killed."""
    for folder in where.glob(f"{_PREFIX}*_*"):
        pid = folder.name.removeprefix(_PREFIX).partition("_")[0]
        with contextlib.suppress(OSError):
            if pid.isdecimal() and not Path(f"/proc/{pid}").exists() and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)


def _serve(spec: str, address: str, busy: c_double, parent: int) -> None:
    stopping = begin_as_child(parent)
    try:
        detector = build_detector(spec)
        network = detector.network if isinstance(detector, ParvisDetector) else detector
        assert isinstance(network, YoloOnnxDetector)
        NetworkServer(address, network.engine, network.about, busy).run(stopping)
    except ParvisError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
    finally:
        with contextlib.suppress(OSError):
            Path(address).unlink(missing_ok=True)
