"""Detectors: pictures in, boxes out. The table of them, and how a name or a weight file becomes one."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from detect.detectors.background import BackgroundDetector
from detect.detectors.contract import Detector
from scenarios.errors import DetectorError, MissingExtraError, unknown

__all__ = ["DETECTORS", "Builder", "build_detector", "known_detectors", "sharing", "with_engine"]

Builder = Callable[[str, bool], Detector]
"""Takes what stands behind the colon of ``name:argument`` ("" if nothing) and whether pickled weights are trusted."""


def _background(argument: str, trust_weights: bool) -> Detector:  # noqa: ARG001 - has no weights
    """Static-camera foreground, explained by bodies of the expected size; no weights."""
    if argument:
        raise DetectorError(f"detector 'background' takes no argument, it was given '{argument}'")
    return BackgroundDetector()


def _parvis(argument: str, trust_weights: bool) -> Detector:  # noqa: ARG001 - ONNX holds no code
    """The network that comes with Parvis, and still foreground for the bags it overlooks: parvis[:threads=0,...]."""
    from detect.detectors.parvis import AS_SHIPPED, ParvisDetector
    from detect.detectors.yolo_settings import yolo_settings

    return ParvisDetector(yolo_settings(argument, AS_SHIPPED))


def _yolo_onnx(argument: str, trust_weights: bool) -> Detector:  # noqa: ARG001 - ONNX holds no code
    """Any exported YOLO: yolo_onnx:path/to/model.onnx[,engine=auto][,threads=0][,input_px=0][,tile_px=0]."""
    from detect.detectors.yolo_onnx import YoloOnnxDetector
    from detect.detectors.yolo_settings import yolo_settings

    path, _, options = argument.partition(",")
    return YoloOnnxDetector(_weights("yolo_onnx", path, ".onnx"), yolo_settings(options))


def _ultralytics(argument: str, trust_weights: bool) -> Detector:
    """Any YOLO weights through ultralytics (extra): ultralytics:path/to/model.pt."""
    if find_spec("ultralytics") is None:
        raise MissingExtraError(
            f"the weight file '{argument}'" if argument else "detector 'ultralytics'", "ultralytics"
        )
    path = _weights("ultralytics", argument, ".pt")
    if not trust_weights:
        raise DetectorError(
            f"{path}: a .pt file is a pickle and runs its own code when it is loaded; "
            "give --trust-weights if you know where it comes from, or export it to ONNX"
        )
    from detect.detectors.ultralytics_yolo import UltralyticsDetector

    return UltralyticsDetector(path)


def _http(argument: str, trust_weights: bool) -> Detector:  # noqa: ARG001 - what runs there is the other side's
    """A detector behind an address, which gets every picture and answers with boxes: http://127.0.0.1:9000/detect."""
    from detect.detectors.http_endpoint import HttpDetector

    return HttpDetector(f"http:{argument}")


def _https(argument: str, trust_weights: bool) -> Detector:  # noqa: ARG001 - what runs there is the other side's
    """The same on another machine, encrypted: https://detector.example/detect."""
    from detect.detectors.http_endpoint import HttpDetector

    return HttpDetector(f"https:{argument}")


DETECTORS: Final[dict[str, Builder]] = {
    "parvis": _parvis,
    "background": _background,
    "yolo_onnx": _yolo_onnx,
    "ultralytics": _ultralytics,
    "http": _http,
    "https": _https,
}
"""Every detector that comes with Parvis. Others join through the entry points ``parvis.detectors``."""

_BY_SUFFIX: Final = {".onnx": "yolo_onnx", ".pt": "ultralytics"}
_ORACLE: Final = "oracle"


def known_detectors() -> dict[str, Builder]:
    """Return all detectors by name: those of Parvis, then those of other distributions.

    Raises:
        DetectorError: Another distribution's detector takes a name that is taken, or cannot be loaded.
    """
    known = dict(DETECTORS)
    for entry in sorted(entry_points(group="parvis.detectors"), key=lambda e: e.name):
        if entry.name in known or entry.name == _ORACLE:
            raise DetectorError(
                f"the entry point parvis.detectors:{entry.name} ({entry.value}) takes a name that is taken"
            )
        known[entry.name] = _load(entry)
    return known


def build_detector(spec: str, *, trust_weights: bool = False) -> Detector:
    """Build a detector.

    Args:
        spec: A name, ``name:argument``, or the path of an ``.onnx`` or ``.pt`` file; behind the path of an ``.onnx``
            file its settings (``detect.detectors.yolo_settings.YoloSettings``): ``model.onnx,threads=1``.
        trust_weights: Whether a ``.pt`` file, which is a pickle, may be loaded.

    Raises:
        DetectorError: There is no such detector, or it cannot be built.
        MissingExtraError: It is not in the default installation.
    """
    by_file = _BY_SUFFIX.get(Path(spec.partition(",")[0]).suffix.lower())
    name, _, argument = spec.partition(":")
    known = known_detectors()
    if name in known:
        return known[name](argument, trust_weights)
    if by_file is not None:
        return known[by_file](spec, trust_weights)
    if name == _ORACLE:
        raise DetectorError(
            "detector 'oracle' reads the truth of a recording: it is there for `parvis run` and `parvis replay`, "
            "and for `parvis watch` with --truth"
        )
    raise DetectorError(unknown("detector", name, [*known, _ORACLE], "--detector"))


def _weights(name: str, argument: str, suffix: str) -> Path:
    if not argument:
        raise DetectorError(f"detector '{name}' needs a weight file: {name}:path/to/model{suffix}")
    path = Path(argument)
    if not path.is_file():
        raise DetectorError(f"{path}: there is no such weight file for detector '{name}'")
    return path


def _load(entry: EntryPoint) -> Builder:
    try:
        builder = entry.load()
    except Exception as error:  # whatever a foreign module does when it is imported
        raise DetectorError(f"the entry point parvis.detectors:{entry.name} cannot be loaded ({error})") from error
    if not callable(builder):
        raise DetectorError(f"the entry point parvis.detectors:{entry.name} ({entry.value}) is not a function")

    def build(argument: str, trust_weights: bool) -> Detector:
        detector: Detector = builder(argument, trust_weights)
        return detector

    return build


def sharing(spec: str, cameras: int) -> str:
    """Return a detector's spec for one of several cameras that are watched at once: networks share the cores.

    Args:
        spec: As for ``build_detector``.
        cameras: How many are watched on this machine.
    """
    from detect.detectors.engine import usable_cores

    if cameras < 2 or "threads=" in spec or "engine=shared@" in spec or not _is_network(spec):
        return spec
    return f"{spec}{_mark(spec)}threads={max(1, usable_cores() // cameras)}"


def with_engine(spec: str, engine: str) -> str | None:
    """Return the spec of a network that is run by another engine; None for what is none, or has its engine named.

    Args:
        spec: As for ``build_detector``.
        engine: As in ``detect.detectors.yolo_settings.YoloSettings``.
    """
    return f"{spec}{_mark(spec)}engine={engine}" if _is_network(spec) and "engine=" not in spec else None


def _is_network(spec: str) -> bool:
    file = spec.removeprefix("yolo_onnx:").partition(",")[0]
    return spec.partition(":")[0] == "parvis" or Path(file).suffix.lower() == ".onnx"


def _mark(spec: str) -> str:
    """What stands between a spec and its next setting."""
    name, _, argument = spec.partition(":")
    return ":" if name == "parvis" and not argument else ","
