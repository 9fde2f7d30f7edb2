"""A scenario's cameras as real RTSP streams, in real time."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import av
import numpy as np

from scenarios.errors import MissingExtraError, ParvisError, ScenarioError
from scenarios.frame import Image
from scenarios.scenario import Scenario
from sim.film import frames

__all__ = ["PACKAGES", "RtspAddress", "gstreamer_problem", "serve_film"]

PACKAGES: Final = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
)
"""Debian packages that serving needs."""

_PYTHONS: Final = ("/usr/bin/python3",)
_HOST: Final = Path(__file__).with_name("rtsp_host.py")
_RECORD: Final = struct.Struct("<BBQI")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_KEY_S: Final = 1.0
_HEADROOM: Final = 1.1
_READY_LIMIT_S: Final = 15.0
_PROBE: Final = (
    "import gi; gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "print(' '.join(n for n in ('appsrc','h264parse','rtph264pay') if Gst.ElementFactory.find(n) is None))"
)


@dataclass(frozen=True, slots=True)
class RtspAddress:
    """Where to serve.

    Attributes:
        host: Name or number of the interface.
        port: TCP port; 0: a free one.
        path: As in the address, without the leading stroke; may be empty.
    """

    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str, *, expose: bool = False) -> RtspAddress:
        """Read an address like ``rtsp://127.0.0.1:8554/cam1``.

        Args:
            url: The address.
            expose: Whether others than this machine may be served.

        Raises:
            ScenarioError: It is no such address, or one that others can reach.
        """
        parts = urlsplit(url)
        try:
            port = 8554 if parts.port is None else parts.port
        except ValueError:
            port = -1
        if parts.scheme != "rtsp" or not parts.hostname or parts.username or not 0 <= port <= 65535:
            raise ScenarioError(f"--serve {url}: should be an address like rtsp://127.0.0.1:8554/cam1")
        if parts.hostname not in _LOOPBACK and not expose:
            raise ScenarioError(
                f"--serve {url}: would be open to other machines; use rtsp://127.0.0.1:{port}/..., or add --expose"
            )
        return cls(parts.hostname, port, parts.path.strip("/"))

    def mounts(self, camera_ids: Sequence[str]) -> dict[str, int]:
        """Return which path shows which camera: the address's own the first one, and ``/id`` each."""
        paths = {f"/{name}": number for number, name in enumerate(camera_ids)}
        if self.path and f"/{self.path}" not in paths:
            paths = {f"/{self.path}": 0} | (paths if len(camera_ids) > 1 else {})
        return paths


def gstreamer_problem() -> str | None:
    """Return why nothing can be served over RTSP here, or None if it can."""
    python = _system_python()
    if python is None:
        return f"there is no {_PYTHONS[0]}"
    probe = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, check=False, timeout=60)
    if probe.returncode:
        return "GStreamer's RTSP server is not installed"
    missing = probe.stdout.strip()
    return f"GStreamer lacks {', '.join(missing.split())}" if missing else None


def serve_film(
    scenario: Scenario,
    address: RtspAddress,
    *,
    seed: int | None = None,
    once: bool = False,
    ready: Callable[[list[str]], None] | None = None,
    prepare: Callable[[float], None] | None = None,
    stopping: threading.Event | None = None,
) -> None:
    """Serve every camera of a scenario in real time, until stopped.

    The film is made while it is shown; a scenario that this machine cannot film in real time is filmed ahead for as
    long as it takes to show the rest without a halt. After the last picture it begins again, with times that run on.

    Args:
        scenario: What to show.
        address: Where.
        seed: In place of the scenario's own.
        once: End after the last picture.
        ready: Told the addresses, once they answer.
        prepare: Told how much of what must be filmed ahead is there, 0 to 1.
        stopping: Set by whoever wants it to end.

    Raises:
        MissingExtraError: GStreamer's RTSP server is not there.
        ParvisError: The port is taken, or the server has died.
    """
    problem = gstreamer_problem()
    if problem is not None:
        raise MissingServerError(problem)
    stopping = stopping or threading.Event()
    ids = [spec.id for spec in scenario.cameras]
    mounts = address.mounts(ids)
    with _host(address, mounts) as (server, port):
        reel = _Reel(scenario, seed, stopping)
        try:
            while not reel.may_start() and not stopping.wait(0.05):
                _check(server)
                if prepare is not None:
                    prepare(reel.readiness)
            if ready is not None and not stopping.is_set():
                ready([f"rtsp://{address.host}:{port}{path}" for path in mounts])
            _show(reel, server, scenario.fps, once, stopping)
        finally:
            stopping.set()
            reel.join()


class MissingServerError(MissingExtraError):
    """GStreamer's RTSP server is not there."""

    def __init__(self, problem: str) -> None:
        ParvisError.__init__(self, f"--serve: {problem}; on Debian: apt install {PACKAGES}")


@dataclass(frozen=True, slots=True)
class _Coded:
    """One coded picture of every camera: whether it is a key picture, and its bytes."""

    pictures: tuple[tuple[bool, bytes], ...]


class _Encoder:
    """H.264 without delay: one picture in, one access unit out; the same pictures always give the same bits."""

    def __init__(self, width: int, height: int, fps: float) -> None:
        rate = Fraction(fps).limit_denominator(1001)
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.framerate, codec.time_base = rate, 1 / rate
        codec.gop_size = max(1, round(_KEY_S * fps))
        codec.thread_count = 1
        codec.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "crf": "20",
            "x264-params": "threads=1:sliced-threads=0:repeat-headers=1",
        }
        self._codec, self._count = codec, 0

    def code(self, image: Image) -> tuple[bool, bytes]:
        """Return whether it became a key picture, and its bytes."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._count, self._codec.time_base
        self._count += 1
        packets = self._codec.encode(frame)
        return any(p.is_keyframe for p in packets), b"".join(bytes(p) for p in packets)


@dataclass(eq=False)
class _Reel:
    """The film of all cameras, coded while it is made by a thread of its own, and kept to be shown again."""

    scenario: Scenario
    seed: int | None
    stopping: threading.Event
    coded: list[_Coded] = field(default_factory=list)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._first_s: float | None = None
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    @property
    def length(self) -> int:
        """Pictures in all."""
        return self.scenario.frame_count

    @property
    def readiness(self) -> float:
        """Share of what must be there before it can be shown without a halt."""
        made = len(self.coded)
        if made >= self.length:
            return 1.0
        if made < 3 or self._first_s is None:
            return 0.0
        rate = (made - 1) / max(time.monotonic() - self._first_s, 1e-6)  # the first picture pays for setting up
        left_s = (self.length - made) / rate * _HEADROOM
        return min(1.0, self.length / self.scenario.fps / left_s)

    def may_start(self) -> bool:
        """Return whether the film will always be ahead of the show."""
        self._raise()
        return self.readiness >= 1.0

    def wait_for(self, index: int) -> _Coded | None:
        """Return one picture; None when stopped before it was made."""
        while index >= len(self.coded):
            self._raise()
            if self.stopping.wait(0.01):
                return None
        return self.coded[index]

    def join(self) -> None:
        """Wait for the thread to end."""
        self._thread.join()

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error

    def _make(self) -> None:
        try:
            fps = self.scenario.fps
            encoders = [_Encoder(*spec.resolution_px, fps) for spec in self.scenario.cameras]
            for taken in frames(self.scenario, self.seed):
                self.coded.append(_Coded(tuple(e.code(f.image) for e, f in zip(encoders, taken, strict=True))))
                self._first_s = self._first_s or time.monotonic()
                if self.stopping.is_set():
                    return
        except Exception as error:
            self.error = error


def _show(reel: _Reel, server: subprocess.Popen[bytes], fps: float, once: bool, stopping: threading.Event) -> None:
    """Hand over every picture at its time."""
    began = time.monotonic()
    shown = 0
    while not stopping.is_set():
        round_, index = divmod(shown, reel.length)
        if round_ and once:
            return
        coded = reel.wait_for(index)
        if coded is None or stopping.wait(max(0.0, began + shown / fps - time.monotonic())):
            return
        time_ns = round(shown / fps * 1e9)
        records = [
            _RECORD.pack(number, key, time_ns, len(data)) + data for number, (key, data) in enumerate(coded.pictures)
        ]
        _check(server)
        try:
            assert server.stdin is not None
            server.stdin.write(b"".join(records))
            server.stdin.flush()
        except OSError:
            _check(server)
            raise ParvisError("--serve: the RTSP server has stopped reading") from None
        shown += 1


@contextmanager
def _host(address: RtspAddress, mounts: dict[str, int]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the server; give its process and the port it listens on."""
    python = _system_python()
    assert python is not None
    server = subprocess.Popen([python, str(_HOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        wanted = {"host": address.host, "port": address.port, "mounts": mounts}
        server.stdin.write(json.dumps(wanted).encode() + b"\n")
        server.stdin.flush()
        limit = threading.Timer(_READY_LIMIT_S, server.kill)
        limit.start()
        word, _, rest = server.stdout.readline().decode().strip().partition(" ")
        limit.cancel()
        if word != "ready":
            raise ParvisError(
                f"--serve: rtsp://{address.host}:{address.port} cannot be served ({rest or 'the server did not start'})"
                + ("; choose another port" if "port" in rest else "")
            )
        yield server, int(rest)
    finally:
        with suppress(OSError):  # it has ended already
            server.stdin.close()  # it then tells its clients and ends
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()


def _check(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        raise ParvisError(f"--serve: the RTSP server has ended by itself (exit code {server.returncode})")


def _system_python() -> str | None:
    return next((found for name in _PYTHONS if (found := shutil.which(name))), None)
