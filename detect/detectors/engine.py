"""What runs a network: ONNX Runtime or OpenVINO, and which of them is the faster on this machine.

The choice is by measurement, once for each network, input size, number of threads and version of either library; it is
kept in Parvis' cache folder (``$XDG_CACHE_HOME/parvis/engines.json``), so that the same machine always gives the same
boxes. Where only one is installed, or the cache cannot be written, that one or ONNX Runtime is taken.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from scenarios.errors import DetectorError, MissingExtraError, unknown

__all__ = ["ENGINES", "Engine", "NetworkAbout", "OnnxRuntimeEngine", "OpenVinoEngine", "choose_engine", "usable_cores"]

_ROUNDS: Final = 7
_WARM: Final = 2
_CLEARLY: Final = 0.9
"""OpenVINO is taken where it needs less than this share of ONNX Runtime's time: near a draw the lighter one stays."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a network.

    Attributes:
        name: As in the file.
        type: As ONNX Runtime says it, such as ``tensor(float)``.
        shape: A number, or a name where it is not fixed.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True)
class NetworkAbout:
    """What a file says of its network.

    Attributes:
        inputs: All of them.
        outputs: All of them.
        metadata: What the exporter wrote beside it.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str]


class Engine(Protocol):
    """A loaded network.

    Attributes:
        name: One of ``ENGINES``.
    """

    name: str

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Return the first output for an input (batch, 3, height, width)."""


class OnnxRuntimeEngine:
    """Runs on the processor, or on a GPU by a provider of an installed ONNX Runtime.

    Its threads sleep between the layers' work instead of spinning: spinning takes the cores from decoding and from
    other cameras, and where cores are shared it made one picture twice as slow.
    """

    def __init__(self, path: Path, *, threads: int = 0, gpu: bool = False) -> None:
        """Load a network.

        Args:
            path: The ONNX file.
            threads: Threads within one picture; 0: all cores that this process may use.
            gpu: By CUDA.

        Raises:
            DetectorError: The file is no ONNX model that can be run, or CUDA is not there.
        """
        self.name = "cuda" if gpu else "onnxruntime"
        providers = ["CPUExecutionProvider"]
        if gpu:
            there = ort.get_available_providers()
            if _CUDA not in there:
                raise DetectorError(
                    f"{path}: engine 'cuda' needs the package onnxruntime-gpu; this ONNX Runtime has {', '.join(there)}"
                )
            providers.insert(0, _CUDA)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.session = ort.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime raises a class of its own for each status code
            raise DetectorError(f"{path}: is not an ONNX model that can be run ({first_line(error)})") from None
        if gpu and self.session.get_providers()[0] != _CUDA:
            raise DetectorError(f"{path}: engine 'cuda': CUDA is installed but no GPU answers")
        self._path = path
        inputs, outputs = (
            tuple(Port(p.name, p.type, tuple(p.shape)) for p in ports)
            for ports in (self.session.get_inputs(), self.session.get_outputs())
        )
        self.about = NetworkAbout(inputs, outputs, dict(self.session.get_modelmeta().custom_metadata_map))
        self._in = self.session.get_inputs()[0].name if self.session.get_inputs() else ""
        self._out = self.session.get_outputs()[0].name if self.session.get_outputs() else ""

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Return the first output.

        Raises:
            DetectorError: The network cannot be run on it.
        """
        try:
            return np.asarray(self.session.run([self._out], {self._in: tensor})[0])
        except Exception as error:
            raise DetectorError(f"{self._path}: the network cannot be run ({first_line(error)})") from None


class OpenVinoEngine:
    """Runs on the processor by OpenVINO: the extra ``parvis[openvino]``."""

    name = "openvino"

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Load a network.

        Args:
            path: The ONNX file.
            threads: Threads within one picture; 0: all cores that this process may use.

        Raises:
            MissingExtraError: OpenVINO is not installed.
            DetectorError: OpenVINO cannot run the network.
        """
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("engine 'openvino'", "openvino") from None
        settings = {
            "INFERENCE_NUM_THREADS": threads or usable_cores(),
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # the same boxes as by ONNX Runtime, within rounding
        }
        try:
            self._request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
        except Exception as error:  # a plain RuntimeError with pages of text
            raise DetectorError(f"{path}: OpenVINO cannot run this network ({first_line(error)})") from None
        self._path = path

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Return the first output.

        Raises:
            DetectorError: The network cannot be run on it.
        """
        try:
            return np.array(self._request.infer({0: tensor}, share_inputs=True)[0])
        except Exception as error:
            raise DetectorError(f"{self._path}: the network cannot be run ({first_line(error)})") from None


_CUDA: Final = "CUDAExecutionProvider"

ENGINES: Final[Mapping[str, Callable[[Path, int], Engine]]] = {
    "onnxruntime": lambda path, threads: OnnxRuntimeEngine(path, threads=threads),
    "openvino": lambda path, threads: OpenVinoEngine(path, threads=threads),
    "cuda": lambda path, threads: OnnxRuntimeEngine(path, threads=threads, gpu=True),
}
"""Name to builder; a builder takes the file and the threads (0: all cores)."""


def choose_engine(
    first: Engine, path: Path, sha256: str, tensor: NDArray[Any], *, threads: int = 0, wanted: str = "auto"
) -> Engine:
    """Return the engine that is wanted, or the faster one.

    Args:
        first: The network in ONNX Runtime, which read its shapes.
        path: The ONNX file.
        sha256: Its hash.
        tensor: An input to measure with.
        threads: Threads within one picture; 0: all cores that this process may use.
        wanted: One of ``ENGINES``, or ``auto``.

    Raises:
        DetectorError: There is no such engine, or it cannot run the network.
        MissingExtraError: It is not installed.
    """
    if wanted == first.name:
        return first
    if wanted != "auto":
        if wanted not in ENGINES:
            raise DetectorError(unknown("engine", wanted, ["auto", *ENGINES]))
        return ENGINES[wanted](path, threads)
    if find_spec("openvino") is None:
        return first
    key = " ".join(
        (
            sha256,
            "x".join(map(str, tensor.shape)),
            str(threads or usable_cores()),
            *_versions("onnxruntime", "openvino"),
        )
    )
    known = _read()
    if key in known:
        return first if known[key] == first.name else ENGINES["openvino"](path, threads)
    try:
        other = ENGINES["openvino"](path, threads)
        other.run(tensor)
    except DetectorError:
        return first  # ONNX Runtime runs it; that OpenVINO knows an operator less is no reason to stop
    best = other if _faster(other, first, tensor) else first
    _write({**known, key: best.name})
    return best


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, of 160 letters at most."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__


def _faster(one: Engine, other: Engine, tensor: NDArray[Any]) -> bool:
    """Whether ``one`` is clearly faster; in turn, and the least times count, because other work only adds."""
    least = {0: np.inf, 1: np.inf}
    for turn in range(_WARM + _ROUNDS):
        for which, engine in enumerate((one, other)):
            start = perf_counter()
            engine.run(tensor)
            if turn >= _WARM:
                least[which] = min(least[which], perf_counter() - start)
    return bool(least[0] < _CLEARLY * least[1])


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parvis" / "engines.json"


def _read() -> dict[str, str]:
    try:
        known = json.loads(_cache().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in known.items() if v in ENGINES} if isinstance(known, dict) else {}


def _write(known: dict[str, str]) -> None:
    path = _cache()
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
        fresh.replace(path)
    except OSError:
        return  # a cache that cannot be written costs half a second at the next start, nothing else


def _versions(*packages: str) -> list[str]:
    return [f"{package}-{version(package)}" for package in packages]
