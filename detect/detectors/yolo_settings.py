"""How an exported YOLO is run, and how that is written behind its file: ``model.onnx,threads=1,tile_px=640``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from detect.detectors.engine import ENGINES
from detect.detectors.shared_engine import SHARED
from scenarios.errors import DetectorError, unknown

__all__ = ["YoloSettings", "yolo_settings"]

_MOST_THREADS: Final = 256
_LEAST_TILE_PX: Final = 64


@dataclass(frozen=True, slots=True)
class YoloSettings:
    """How a network is run.

    Attributes:
        engine: ``auto`` (the faster of ONNX Runtime and OpenVINO here), one of ``engine.ENGINES``, or
            ``shared@SOCKET``, that of another process (`detect.detectors.shared_engine`).
        threads: Threads within one picture; 0: all cores that this process may use.
        input_px: Longer side of the input of a network whose input has no fixed size; 0: as its metadata says.
        tile_px: Side of square tiles that are looked at one by one besides the whole picture, so that small people
            are not made smaller; 0: only the whole picture. Tiles overlap by a quarter.
        least_confidence: Boxes below this are dropped; trackers use weak boxes, so it is low.
        most_overlap: Of two boxes of one class that overlap more than this (IoU), only the better one stays.
    """

    engine: str = "auto"
    threads: int = 0
    input_px: int = 0
    tile_px: int = 0
    least_confidence: float = 0.1
    most_overlap: float = 0.7

    def __post_init__(self) -> None:
        if self.engine not in ("auto", *ENGINES) and not self.engine.startswith(SHARED):
            raise DetectorError(unknown("engine", self.engine, ["auto", *ENGINES]))
        for name, value, fits, right in (
            ("threads", self.threads, 0 <= self.threads <= _MOST_THREADS, f"from 0 to {_MOST_THREADS}"),
            ("input_px", self.input_px, self.input_px == 0 or _is_inlet(self.input_px), "a multiple of 32 to 4096"),
            ("tile_px", self.tile_px, self.tile_px == 0 or _LEAST_TILE_PX <= self.tile_px <= 4096, "0, or 64 to 4096"),
            ("least_confidence", self.least_confidence, 0 <= self.least_confidence <= 1, "from 0 to 1"),
            ("most_overlap", self.most_overlap, 0 < self.most_overlap <= 1, "above 0 and at most 1"),
        ):
            if not fits:
                raise DetectorError(f"detector 'yolo_onnx': {name}={value:g} should be {right}")


def yolo_settings(text: str, usual: YoloSettings | None = None) -> YoloSettings:
    """Read ``key=value,...``; what is not given is as usual.

    Raises:
        DetectorError: There is no such setting, or its value makes no sense.
    """
    usual = usual or YoloSettings()
    kinds: dict[str, Callable[[str], Any]] = {f.name: type(getattr(usual, f.name)) for f in fields(usual)}
    given: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in kinds:
            raise DetectorError(unknown("setting of detector 'yolo_onnx'", key, kinds))
        try:
            given[key] = kinds[key](value)
        except ValueError:
            kind = "a whole number" if kinds[key] is int else "a number"
            raise DetectorError(f"detector 'yolo_onnx': {part}: '{value}' is not {kind}") from None
    return replace(usual, **given)


def _is_inlet(size: int) -> bool:
    return 32 <= size <= 4096 and size % 32 == 0
