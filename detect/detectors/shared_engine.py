"""One loaded network for several processes: a process runs it, and takes all inputs that wait as one batch.

Each client has a connection on a socket of the machine and a piece of shared memory, into which it writes its input.
What is sent over the socket is short and never unpickled. A client that dies leaves nothing behind but an end of file,
and one whose server is gone waits for the next one.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import time
import uuid
from ctypes import c_double
from dataclasses import asdict
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detect.detectors.engine import Engine, NetworkAbout, Port, first_line
from scenarios.errors import DetectorError

__all__ = ["SHARED", "NetworkServer", "SharedEngine"]

SHARED: Final = "shared@"
"""An engine's name that begins so names a socket."""
_BACK_S: Final = 15.0
"""So long a client waits for a server that is gone."""
_ANSWERS_S: Final = 10.0
_LOOK_S: Final = 0.2
_MOST: Final = 16
"""Inputs of one batch."""
_OK: Final = b"\0"
_FAILED: Final = b"\1"


class NetworkServer:
    """Serves a loaded network.

    Attributes:
        batches: How many times the network was run,
        pictures: and on how many pictures.
    """

    def __init__(self, address: str, engine: Engine, about: NetworkAbout, busy: c_double | None = None) -> None:
        """Listen on a socket.

        Args:
            address: Path of the socket, in a folder that nobody else may read.
            engine: Runs the network.
            about: Its shapes and metadata, for the clients.
            busy: Holds the monotonic time since when the network runs; 0 while it does not.
        """
        self.batches = self.pictures = 0
        self._engine, self._about, self._busy = engine, about, busy or c_double(0.0)
        self._batched = not isinstance(about.inputs[0].shape[0], int)
        self._waiting: SimpleQueue[_Job] = SimpleQueue()
        with contextlib.suppress(FileNotFoundError):
            Path(address).unlink()  # of a server that was killed
        self._listener = Listener(address, "AF_UNIX", backlog=64)
        self._over = Event()
        Thread(target=self._accept, daemon=True).start()

    def run(self, stop: Event) -> None:
        """Run the network on what waits, until told to stop."""
        while not stop.is_set():
            try:
                jobs = [self._waiting.get(timeout=_LOOK_S)]
            except Empty:
                continue
            while self._batched and len(jobs) < _MOST and not self._waiting.empty():
                jobs.append(self._waiting.get())
            self._busy.value = time.monotonic()
            for alike in _by_shape(jobs):
                self._answer(alike)
            self._busy.value = 0.0
        self._over.set()
        self._listener.close()

    def _answer(self, jobs: list[_Job]) -> None:
        many = [job.tensor for job in jobs]
        try:
            found = self._engine.run(many[0] if len(many) == 1 else np.concatenate(many))
        except DetectorError as error:
            for job in jobs:
                job.finish(_FAILED + str(error).encode())
            return
        self.batches += 1
        self.pictures += len(found)
        at = 0
        for job in jobs:
            job.finish(_OK + _packed(found[at : at + len(job.tensor)]))
            at += len(job.tensor)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # closed
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        with connection, contextlib.suppress(EOFError, OSError, ValueError):
            connection.send_bytes(json.dumps(asdict(self._about)).encode())
            memory: dict[str, mmap.mmap] = {}
            while not self._over.is_set():
                if not connection.poll(_LOOK_S):
                    continue
                asked = json.loads(connection.recv_bytes())
                where = str(asked["memory"])
                if where not in memory:
                    memory = {where: _mapped(Path(where))}
                tensor = np.ndarray(asked["shape"], asked["dtype"], memory[where])
                job = _Job(tensor)
                self._waiting.put(job)
                connection.send_bytes(job.answer())
                del tensor, job


class _Job:
    """An input that waits, and its answer."""

    def __init__(self, tensor: NDArray[Any]) -> None:
        self.tensor = tensor
        self._done = Event()
        self._answer = b""

    def finish(self, answer: bytes) -> None:
        self._answer = answer
        self._done.set()

    def answer(self) -> bytes:
        self._done.wait()
        return self._answer


class SharedEngine:
    """The network of another process.

    Attributes:
        about: Its shapes and metadata.
    """

    def __init__(self, address: str) -> None:
        """Connect.

        Args:
            address: Path of the socket.

        Raises:
            DetectorError: Nobody answers there.
        """
        self.name = SHARED + address
        self._address = address
        self._memory: mmap.mmap | None = None
        self._file: Path | None = None  # of the memory; gone as soon as both sides have it
        self._turn = Lock()
        self._connect(time.monotonic() + _BACK_S)

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Return the first output; waits for a new server where the one before was lost.

        Raises:
            DetectorError: The network cannot be run on it, or nobody answers for long.
        """
        deadline = time.monotonic() + _BACK_S
        with self._turn:
            while True:
                try:
                    return self._ask(tensor)
                except (EOFError, OSError):
                    self._connection.close()
                    self._memory = None
                    self._connect(deadline)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, tensor: NDArray[Any]) -> NDArray[Any]:
        if self._memory is None or len(self._memory) < tensor.nbytes:
            self._file = Path(self._address).with_name(f"input-{uuid.uuid4().hex}")
            with self._file.open("x+b") as file:
                file.truncate(tensor.nbytes)
                self._memory = mmap.mmap(file.fileno(), tensor.nbytes)
        shared: NDArray[Any] = np.ndarray(tensor.shape, tensor.dtype, self._memory)
        np.copyto(shared, tensor)
        asked = {"memory": str(self._file), "shape": tensor.shape, "dtype": tensor.dtype.str}
        self._connection.send_bytes(json.dumps(asked).encode())
        if not self._connection.poll(_ANSWERS_S):
            raise EOFError
        answer = self._connection.recv_bytes()
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        if answer[:1] == _FAILED:
            raise DetectorError(answer[1:].decode())
        return _unpacked(answer[1:])

    def _connect(self, deadline: float) -> None:
        while True:
            try:
                self._connection = Client(self._address, "AF_UNIX")
                if not self._connection.poll(_ANSWERS_S):
                    raise EOFError
                about = json.loads(self._connection.recv_bytes())
            except (EOFError, OSError) as error:
                if time.monotonic() >= deadline:
                    raise DetectorError(
                        f"the process that runs the network does not answer ({first_line(error)})"
                    ) from None
                time.sleep(0.2)
                continue
            self.about = NetworkAbout(_ports(about["inputs"]), _ports(about["outputs"]), about["metadata"])
            return


def _ports(told: list[dict[str, Any]]) -> tuple[Port, ...]:
    return tuple(Port(port["name"], port["type"], tuple(port["shape"])) for port in told)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _by_shape(jobs: list[_Job]) -> list[list[_Job]]:
    alike: dict[tuple[Any, ...], list[_Job]] = {}
    for job in jobs:
        alike.setdefault((job.tensor.shape[1:], job.tensor.dtype), []).append(job)
    return list(alike.values())


def _packed(array: NDArray[Any]) -> bytes:
    about = json.dumps({"shape": array.shape, "dtype": array.dtype.str}).encode()
    return len(about).to_bytes(4, "big") + about + np.ascontiguousarray(array).tobytes()


def _unpacked(raw: bytes) -> NDArray[Any]:
    end = 4 + int.from_bytes(raw[:4], "big")
    about = json.loads(raw[4:end])
    return np.frombuffer(raw[end:], about["dtype"]).reshape(about["shape"])
