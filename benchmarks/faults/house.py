"""One `parvis live` of our own: started, looked at as the pages and the interface look at it, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

import tomli_w

from detect.camera_state import CameraState
from detect.store import Store
from scenarios.errors import ParvisError

__all__ = ["House", "Look", "children_of", "upper"]

TOKEN: Final = "a-token-for-the-benchmark"
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a camera at a moment.

    Attributes:
        at_s: Monotonic time.
        state: Of the camera.
        frames: Pictures that its process has analysed.
        taken_at: When the newest was taken.
    """

    at_s: float
    state: CameraState
    frames: int
    taken_at: datetime | None


class House:
    """A folder with a configuration, a store and a daemon; use it as a context manager."""

    def __init__(self, folder: Path, cameras: list[dict[str, Any]], *, rules: bool = True, **more: Any) -> None:
        """Write the configuration.

        Args:
            folder: Empty.
            cameras: As in ``live.toml``.
            rules: Whether an alert is raised every second (``beacon``).
            more: Further keys.
        """
        self.folder = folder
        self.store = folder / "live.sqlite"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._table: dict[str, Any] = {
            "store": "live.sqlite",
            "detector": "background",
            "cameras": cameras,
            "http": {"port": self.port, "tokens": {"bench": TOKEN}},
            "clips": {"keep": False},
            "desk": {"merge_s": 0.0, "merge_m": 1.0, "most_per_minute": 600},
            "purposes": ["zone_intrusion"],
            **more,
        }
        self.write()
        if rules:
            told = folder / "rules" / "beacon-1.dist-info"
            told.mkdir(parents=True)
            (told / "METADATA").write_text("Metadata-Version: 2.1\nName: beacon\nVersion: 1\n")
            (told / "entry_points.txt").write_text("[parvis.rules]\nbeacon = benchmarks.faults.beacon:Beacon\n")
        self.looks: list[Look] = []
        self._daemon: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._looker = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        self._looker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._looker.join()
        self.stop()

    @property
    def pid(self) -> int:
        """Of the daemon."""
        assert self._daemon is not None
        return self._daemon.pid

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "daemon.log").read_text(errors="replace")

    def write(self, **changes: Any) -> None:
        """Write the configuration, with changes."""
        self._table |= changes
        part = self.folder / "live.part"
        part.write_text(tomli_w.dumps(self._table), encoding="utf-8")
        part.replace(self.folder / "live.toml")

    def start(self) -> None:
        """Start the daemon."""
        self._daemon = self.another()

    def another(self) -> subprocess.Popen[bytes]:
        """Start a daemon on this configuration, beside one that may run."""
        paths = os.pathsep.join([str(self.folder / "rules"), str(Path(__file__).parents[2])])
        more = {"PYTHONPATH": paths, "PARVIS_BEACON": str(self.folder / "beacon.log")}
        command = [sys.executable, "-m", "dashboard.cli", "live", str(self.folder / "live.toml")]
        with (self.folder / "daemon.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | more)

    def kill(self) -> None:
        """Kill the daemon; its processes follow by themselves."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()

    def stop(self) -> None:
        """End the daemon in order."""
        assert self._daemon is not None
        if self._daemon.poll() is None:
            self._daemon.send_signal(signal.SIGTERM)
            self._daemon.wait(20)

    def camera(self) -> Look:
        """Return the newest look."""
        return self.looks[-1]

    def wait(self, wanted: Callable[[], object], within_s: float) -> float:
        """Wait until something holds; returns how long that took, inf when it never did."""
        begun = time.monotonic()
        while time.monotonic() - begun < within_s:
            with suppress(ParvisError, IndexError, URLError, OSError):
                if wanted():
                    return time.monotonic() - begun
            time.sleep(_LOOK_S)
        return float("inf")

    def live(self, within_s: float = 60.0) -> float:
        """Wait for a picture that was taken after now; returns how long that took."""
        now = datetime.now(UTC)

        def is_live() -> bool:
            look = self.camera()
            return look.state.state == "live" and look.taken_at is not None and look.taken_at >= now

        return self.wait(is_live, within_s)

    def delays_s(self, since_s: float, until_s: float = float("inf")) -> list[float]:
        """Return how late pictures were seen, by the camera's own clock, against the best ever; ascending.

        Args:
            since_s: From this moment of the monotonic clock on,
            until_s: up to this one.
        """
        late: dict[str, list[tuple[float, float]]] = {}
        for line in (self.folder / "beacon.log").read_text().splitlines():
            camera, at, taken = line.split()
            late.setdefault(camera, []).append((float(at), float(at) - float(taken)))
        best = {camera: min(delay for _, delay in seen) for camera, seen in late.items()}
        return sorted(d - best[c] for c, seen in late.items() for at, d in seen if since_s <= at <= until_s)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the interface."""
        request = Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=5) as answer:
            return json.loads(answer.read())

    def intact(self) -> bool:
        """Whether the record verifies."""
        with Store.open_existing(self.store) as store:
            return store.verify().ok

    def alerts(self) -> set[str]:
        """Return the ids of all alerts in the store."""
        with Store.open_existing(self.store) as store:
            return {alert.alert_id for alert in store.alerts(limit=100_000)}

    def _look(self) -> None:
        """Look at the first camera again and again, as a page does."""
        while not self._over.wait(_LOOK_S):
            with suppress(ParvisError), Store.open_existing(self.store) as store:
                while not self._over.wait(_LOOK_S):
                    cameras = store.cameras()
                    if not cameras:
                        continue
                    state = cameras[0]
                    frames = state.counters.get("frames", 0)
                    self.looks.append(Look(time.monotonic(), state, frames, state.last_picture_at))


def upper(ascending: list[float]) -> float:
    """Return what 95 % lie below; inf where there is nothing."""
    return ascending[int(0.95 * (len(ascending) - 1))] if ascending else float("inf")


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started, by /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
    return found
