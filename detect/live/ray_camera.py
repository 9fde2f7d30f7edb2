"""Cameras spread over the machines of a Ray cluster (extra ``parvis[ray]``), on each of which an actor keeps some.

An actor that is gone, with its machine or alone, is noticed by the daemon, which starts its cameras again where there
is one; the actors are there beforehand, so that this takes no longer than a camera's process does. Two machines never
watch one camera: who watches holds its claim in the store.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from detect.live.camera_process import CameraProcess
from detect.live.config import CameraConfig, LiveConfig
from detect.live.drill import SetStage
from detect.live.network_process import SharedNetworks
from detect.live.running import Starter
from detect.postgres import is_server
from detect.tracks import Tracks
from scenarios.errors import MissingExtraError, ParvisError

__all__ = ["on_cluster"]

_STARTS_S: Final = 60.0
"""So long an actor may take until it answers for the first time."""
_LATE_S: Final = 5.0
"""One that does not answer for so long counts as silent since it last did."""
_GONE: Final = -9
_AVOIDED_S: Final = 60.0
"""A machine that was lost is not tried again for so long."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an actor says of its camera's process; times are ages, for every machine has a clock of its own."""

    alive: bool
    exit_code: int | None
    silent_s: float
    where: str
    floor: Tracks | None
    floor_age_s: float


class _Keeper:
    """Starts the processes of cameras on its machine, and says how they are."""

    def __init__(self) -> None:
        self._networks = SharedNetworks()
        self._networks.start()
        self._cameras: dict[str, tuple[CameraProcess, TemporaryDirectory[str]]] = {}

    def start(
        self,
        key: str,
        config: LiveConfig,
        camera: CameraConfig,
        calibration: bytes | None,
        set_stage: SetStage | None,
    ) -> None:
        folder = TemporaryDirectory(prefix="parvis_camera_")
        if calibration is not None:
            here = Path(folder.name) / "camera.toml"
            here.write_bytes(calibration)
            camera = camera.model_copy(update={"calibration": here})
        self._cameras[key] = CameraProcess.start(self._networks.shared(config), camera, set_stage), folder

    def look(self, key: str) -> _Said | None:
        if key not in self._cameras:
            return None
        camera, _ = self._cameras[key]
        floor = camera.floor()
        age_s = 0.0 if floor is None else time.monotonic() - floor.time_s
        return _Said(camera.alive, camera.exit_code, camera.silent_s(), _machine(), floor, age_s)

    def kill(self, key: str) -> None:
        self._cameras[key][0].kill()

    def ask_to_end(self, key: str) -> None:
        self._cameras[key][0].ask_to_end()

    def end(self, key: str, within_s: float) -> None:
        camera, folder = self._cameras[key]
        camera.end(within_s)
        folder.cleanup()


@dataclass(eq=False, slots=True)
class _Machine:
    """A machine of the cluster and the actor on it."""

    node: str
    keeper: Any
    gone_s: float | None = None

    def leave(self) -> None:
        if self.gone_s is None:
            self.gone_s = time.monotonic()


class _RayCamera:
    """What the daemon has of a camera elsewhere."""

    def __init__(self, ray: Any, machine: _Machine, key: str) -> None:
        self._ray, self.machine, self._key = ray, machine, key
        self._asked: Any = None
        self._said: _Said | None = None
        self._heard_s = self._started_s = time.monotonic()

    @property
    def alive(self) -> bool:
        self._look()
        return self.machine.gone_s is None and (self._said is None or self._said.alive)

    @property
    def exit_code(self) -> int | None:
        if self._said is not None and self._said.exit_code is not None:
            return self._said.exit_code
        return None if self.machine.gone_s is None else _GONE

    @property
    def where(self) -> str:
        return "" if self._said is None else self._said.where

    def silent_s(self) -> float:
        if self._said is None:
            return max(0.0, time.monotonic() - self._started_s - _STARTS_S)
        return max(self._said.silent_s, self._late_s())

    def floor(self) -> Tracks | None:
        self._look()
        said = self._said
        if said is None or said.floor is None or self.machine.gone_s is not None:
            return None
        return replace(said.floor, time_s=self._heard_s - said.floor_age_s)

    def kill(self) -> None:
        if self._said is None or self._late_s():  # it is the machine that does not answer
            self.machine.leave()
            self._ray.kill(self.machine.keeper, no_restart=True)
        else:
            self.machine.keeper.kill.remote(self._key)

    def ask_to_end(self) -> None:
        if self.machine.gone_s is None:
            self.machine.keeper.ask_to_end.remote(self._key)

    def end(self, within_s: float) -> None:
        if self.machine.gone_s is None:
            with suppress(self._ray.exceptions.RayError):
                self._ray.get(self.machine.keeper.end.remote(self._key, within_s), timeout=max(0.1, within_s) + 1.0)

    def _late_s(self) -> float:
        late_s = time.monotonic() - self._heard_s
        return late_s if late_s > _LATE_S else 0.0

    def _look(self) -> None:
        if self.machine.gone_s is not None:
            return
        try:
            if self._asked is None:
                self._asked = self.machine.keeper.look.remote(self._key)
            ready, _ = self._ray.wait([self._asked], timeout=0)
            if ready:
                self._asked = None
                self._said = self._ray.get(ready[0])
                self._heard_s = time.monotonic()
        except self._ray.exceptions.RayError:  # the machine or the actor is gone
            self.machine.leave()


class _Cluster:
    """The machines, and which cameras are on which."""

    def __init__(self, ray: Any, set_stage: SetStage | None) -> None:
        self._ray, self._set_stage = ray, set_stage
        # No core is asked for: no machine is ever too full to watch.
        self._keeper = ray.remote(num_cpus=0, max_restarts=0, max_concurrency=16)(_Keeper)
        self._machines: list[_Machine] = []
        self._cameras: list[_RayCamera] = []
        self._find_machines()

    def start(self, config: LiveConfig, camera: CameraConfig) -> _RayCamera:
        self._find_machines()
        self._cameras = [c for c in self._cameras if c.alive]
        load = Counter(c.machine.node for c in self._cameras)
        here = [m for m in self._machines if m.gone_s is None]
        if not here:  # the daemon tries again
            return _RayCamera(self._ray, _Machine("", None, time.monotonic()), camera.id)
        machine = min(here, key=lambda m: load[m.node])
        key = f"{camera.id} {uuid.uuid4().hex}"
        known = None if camera.calibration is None else camera.calibration.read_bytes()
        machine.keeper.start.remote(key, config, camera, known, self._set_stage)
        self._cameras.append(_RayCamera(self._ray, machine, key))
        return self._cameras[-1]

    def _find_machines(self) -> None:
        """Put an actor on every machine that has none; one that was lost is left alone for a while."""
        now = time.monotonic()
        self._machines = [m for m in self._machines if m.gone_s is None or now - m.gone_s < _AVOIDED_S]
        known = {m.node for m in self._machines}
        there = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        for node in self._ray.nodes():
            if node["Alive"] and node["NodeID"] not in known:
                placed = self._keeper.options(scheduling_strategy=there(node["NodeID"], soft=False)).remote()
                self._machines.append(_Machine(node["NodeID"], placed))


@contextmanager
def on_cluster(address: str, config: LiveConfig, set_stage: SetStage | None) -> Iterator[Starter]:
    """Join a Ray cluster; yields what starts a camera on one of its machines.

    Args:
        address: Such as ``10.0.0.7:6379``, or ``auto`` for the cluster that this machine belongs to.
        config: What is to be watched.
        set_stage: Makes the stages of drills, a function of some module; None: there are none.

    Raises:
        ParvisError: No cluster answers there, or the store is one that only this machine has.
        MissingExtraError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise MissingExtraError("--ray", "ray")
    if not is_server(config.store):
        raise ParvisError("--ray: cameras on several machines need a store on a server: store = 'postgresql://...'")
    ray: Any = import_module("ray")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ours = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        signal.signal(signal.SIGTERM, ours)  # Ray puts in one of its own, that ends at once
    except (ConnectionError, RuntimeError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ParvisError(f"--ray {address}: no Ray cluster answers there ({first})") from None
    try:
        yield _Cluster(ray, set_stage).start
    finally:
        ray.shutdown()


def _machine() -> str:
    ray: Any = import_module("ray")
    return f"{socket.gethostname()} {ray.get_runtime_context().get_node_id()[:8]}"
