"""What this machine can do, and how to get what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from rich.table import Table

__all__ = ["Check", "checks", "detector_checks", "rule_checks", "table_of"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        ok: Whether it is there and works.
        found: What was seen.
        remedy: How to get it, if it is not ok.
        required: Whether the main job needs it.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    required: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def checks() -> list[Check]:
    """Look at everything; takes a second or two."""
    return [
        Check("python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11 or newer", True),
        Check("processors", True, f"{os.cpu_count()} cores, {platform.machine()}"),
        _disk(),
        _h264(),
        _pygame(),
        _onnx(),
        _extra("ultralytics", "training and .pt detectors"),
        _extra("openvino", "the other engine for networks, where it is faster"),
        _extra("ray", "sweeps on a cluster"),
        _rtsp_server(),
        _program("chromium", "tests of the pages"),
        _program("mosquitto", "tests of MQTT"),
    ]


def table_of(found: list[Check]) -> Table:
    """Return the table for the terminal."""
    table = Table("", "part", "found", "to get it")
    for check in found:
        mark = "[green]ok[/]" if check.ok else "[red]missing[/]" if check.required else "[yellow]not there[/]"
        table.add_row(mark, check.name, check.found, "" if check.ok else check.remedy.replace("[", r"\["))
    return table


def detector_checks(spec: str, *, trust_weights: bool = False) -> list[Check]:
    """Hold a detector against the contract.

    Args:
        spec: As for ``--detector``.
        trust_weights: Whether a ``.pt`` file may be loaded.

    Raises:
        DetectorError: There is no such detector, or it cannot be built.
    """
    from detect.detectors import build_detector
    from detect.detectors.conformance import shortcomings

    lacks = shortcomings(build_detector(spec, trust_weights=trust_weights))
    where = "detect/detectors/contract.py and docs/own_detector.md say what is asked"
    return [Check(spec, False, lack, where, True) for lack in lacks] or [Check(spec, True, "keeps the contract")]


def rule_checks(name: str) -> list[Check]:
    """Hold an event rule against the contract.

    Args:
        name: Of a rule of Parvis or of another distribution.

    Raises:
        ScenarioError: There is no such rule, or it cannot be loaded.
    """
    from detect.rules import known_rules
    from detect.rules.conformance import shortcomings, speaks
    from scenarios.errors import ScenarioError, unknown

    known = known_rules()
    if name not in known:
        raise ScenarioError(unknown("rule", name, known, "--rule"))
    lacks = shortcomings(known[name])
    if lacks:
        where = "detect/rules/contract.py and docs/own_rule.md say what is asked"
        return [Check(name, False, lack, where, True) for lack in lacks]
    if speaks(known[name]):
        return [Check(name, True, "keeps the contract")]
    return [Check(name, True, "keeps the contract, as far as is seen: in the staged minute it has nothing to say")]


def _disk() -> Check:
    free = shutil.disk_usage(".").free / 1e9
    return Check("disk", free > 2, f"{free:.0f} GB free here", "make room: a run of a minute takes 10 to 40 MB", True)


def _h264() -> Check:
    import av

    try:
        codec = av.CodecContext.create("libx264", "w")
    except (av.error.FFmpegError, ValueError) as error:
        return Check("H.264", False, str(error), "pip install av (its wheels carry x264)", True)
    codec.width, codec.height, codec.pix_fmt = 1280, 720, "yuv420p"
    codec.time_base, codec.options = Fraction(1, 25), {"preset": "veryfast", "threads": "1"}
    picture = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), dtype=np.uint8) // 16 + 100
    started = time.perf_counter()
    for index in range(20):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts = index
        codec.encode(frame)
    rate = 20 / (time.perf_counter() - started)
    return Check("H.264", True, f"libx264, {rate:.0f} pictures of 720p a second on one core", required=True)


def _pygame() -> Check:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    ce = bool(getattr(pygame, "IS_CE", False))
    remedy = "pip uninstall pygame && pip install --force-reinstall pygame-ce"
    return Check("pygame", ce, f"pygame{'-ce' if ce else ''} {pygame.version.ver}", remedy, True)


def _onnx() -> Check:
    import onnxruntime

    return Check("ONNX Runtime", True, f"{onnxruntime.__version__}: {', '.join(onnxruntime.get_available_providers())}")


def _rtsp_server() -> Check:
    from dashboard.serve_film import PACKAGES, gstreamer_problem

    problem = gstreamer_problem()
    return Check(
        "RTSP server", problem is None, problem or "parvis film --serve rtsp://127.0.0.1:8554/cam1",
        f"on Debian: apt install {PACKAGES}",
    )  # fmt: skip


def _extra(name: str, purpose: str) -> Check:
    there = importlib.util.find_spec(name) is not None
    return Check(f"extra {name}", there, f"for {purpose}", f"pip install 'parvis[{name}]'")


def _program(name: str, purpose: str) -> Check:
    path = shutil.which(name)
    return Check(name, path is not None, path or f"for {purpose}", f"apt install {name}")
