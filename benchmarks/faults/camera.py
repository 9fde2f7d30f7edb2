"""A real RTSP camera that can be killed and started again, and a line to it that can be spoilt."""

from __future__ import annotations

import random
import selectors
import socket
import subprocess
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

__all__ = ["Line", "RtspCamera", "make_film"]

_SERVER: Final = Path(__file__).parents[2] / "tests" / "reference" / "rtsp_server.py"
_PYTHON: Final = "/usr/bin/python3"
"""Debian's own Python has GStreamer's bindings."""
_PIECE: Final = 65536


def make_film(path: Path, *, size_px: tuple[int, int] = (320, 240), fps: int = 10, seconds: int = 20) -> Path:
    """Film a white square that walks over textured ground, H.264 without delay."""
    w, h = size_px
    ground = np.random.default_rng(1).integers(60, 140, (h // 8, w // 8, 3), dtype=np.uint8)
    ground = np.kron(ground, np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.height, stream.width = ground.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "g": str(fps)}
        for n in range(seconds * fps):
            picture = ground.copy()
            x = 10 + (n * w // (6 * fps)) % (w - 60)
            picture[h // 3 : h // 3 + h // 4, x : x + w // 12] = 240
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = n, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


class RtspCamera:
    """The server of one stream, in a process of its own, on one port for good."""

    def __init__(self, film: Path, *, user: str | None = None, password: str | None = None) -> None:
        self.port = 0
        self.play(film, user=user, password=password)

    def play(self, film: Path, *, user: str | None = None, password: str | None = None) -> None:
        """Serve a film on the same port as before."""
        guard = ["--user", user, "--password", str(password)] if user else []
        command = [_PYTHON, str(_SERVER), str(film), "--shared", "--port", str(self.port), *guard]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise RuntimeError("the RTSP server did not start; it needs gir1.2-gst-rtsp-server-1.0")
        self.port = int(ready[1].rpartition(":")[2].partition("/")[0])

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Line:
    """A TCP line to a camera. ``mode`` may be changed at any time.

    ``open``: everything goes through. ``frozen``: nothing does, and sockets stay open. ``deaf``: what comes from the
    camera is thrown away, new connections included, as by a firewall that has forgotten them. ``noisy``: one byte in
    a few hundred from the camera is another.
    """

    def __init__(self, port: int) -> None:
        self.mode = "open"
        self._to = port
        self._noise = random.Random(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut the line."""
        self._over = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to), 2)
            except OSError:
                if not self._over:
                    near.close()
                continue
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            try:
                while not self._over:
                    if self.mode == "frozen":
                        time.sleep(0.02)
                        continue
                    for key, _ in ready.select(0.1):
                        piece = key.fileobj.recv(_PIECE)  # type: ignore[union-attr]
                        if not piece:
                            return
                        if key.fileobj is far:
                            if self.mode == "deaf":
                                continue
                            if self.mode == "noisy":
                                piece = self._spoil(piece)
                        key.data.sendall(piece)
            except OSError:
                return

    def _spoil(self, piece: bytes) -> bytes:
        spoilt = bytearray(piece)
        for _ in range(1 + len(spoilt) // 400):
            spoilt[self._noise.randrange(len(spoilt))] = self._noise.randrange(256)
        return bytes(spoilt)
