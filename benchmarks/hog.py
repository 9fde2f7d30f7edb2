"""The peer that knows real people only and comes without weights to fetch: OpenCV 4's HOG people detector.

Dalal, N. and Triggs, B. (2005). Histograms of oriented gradients for human detection. CVPR.
DOI 10.1109/CVPR.2005.177. Its linear classifier was trained on the INRIA photographs of people; it is gone from the
wheels of OpenCV 5, so it runs in a Python of its own (`benchmarks/hog_worker.py`) and pictures go there through a pipe.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import supervision as sv

from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["HogDetector", "plain_environment"]

_REQUIREMENT: Final = "opencv-python-headless>=4.10,<5"
_WORKER: Final = Path(__file__).with_name("hog_worker.py")
_PERSON_WIDE: Final = 0.55
"""Width of a person in the classifier's window of 64 px. Shares found change by less than 0.01 from 0.5 to 0.7."""
_PERSON_HIGH: Final = 0.75
"""Height of a person in the window of 128 px: 96 px, 16 px of margin above and below (Dalal and Triggs 2005)."""


class HogDetector:
    """HOG with a linear classifier over all scales; boxes are shrunk from the window to the person.

    ``confidence`` is the classifier's distance from its margin: from 0 upwards, not from 0 to 1.

    Args:
        python: A Python that has OpenCV 4; None: the one in Parvis' cache folder, which is made when it is missing.

    Raises:
        DetectorError: There is no such Python, it has no HOG, or its environment cannot be made.
    """

    name = "hog"

    def __init__(self, python: Path | None = None) -> None:
        self.weights_sha256: str | None = None
        chosen = python if python is not None else _environment()
        if not chosen.is_file():
            raise DetectorError(
                f"--hog-python {chosen}: there is no such Python; leave the option out to have one with OpenCV 4 made"
            )
        self._process = subprocess.Popen(
            [str(chosen), str(_WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=plain_environment()
        )
        version = self._line()
        if not version.startswith("4."):
            self.close()
            has = f"has OpenCV {version}" if version[:1].isdigit() else "has no OpenCV"
            raise DetectorError(
                f"--hog-python {chosen}: {has}, and the HOG detector is in OpenCV 4; "
                f"leave the option out to have one made, or: {chosen} -m pip install '{_REQUIREMENT}'"
            )
        settings = f"opencv {version.split('.')[0]} {_WORKER.read_text(encoding='utf-8')} {_PERSON_WIDE} {_PERSON_HIGH}"
        self.key = f"hog-{hashlib.sha256(settings.encode()).hexdigest()[:16]}"
        """Changes with everything that decides its boxes."""

    def start(self, camera: Camera | None) -> None:
        """Nothing is remembered from picture to picture."""

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find people, one result a frame, in the same order.

        Raises:
            DetectorError: Its process has ended.
        """
        return [self._detect(frame) for frame in frames]

    def close(self) -> None:
        """End its process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _detect(self, frame: Frame) -> sv.Detections:
        assert self._process.stdin is not None
        height, width = frame.image.shape[:2]
        try:
            self._process.stdin.write(struct.pack("<II", height, width))
            self._process.stdin.write(np.ascontiguousarray(frame.image).data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise DetectorError(f"the HOG detector's process ended at picture {frame.index}") from None
        line = self._line()
        if not line:
            raise DetectorError(f"the HOG detector's process ended at picture {frame.index}")
        rows = np.array(json.loads(line), float).reshape(-1, 5)
        middle = rows[:, :2] + rows[:, 2:4] / 2
        half = rows[:, 2:4] * (_PERSON_WIDE, _PERSON_HIGH) / 2
        return sv.Detections(
            xyxy=np.concatenate((middle - half, middle + half), axis=1),
            confidence=rows[:, 4],
            class_id=np.full(len(rows), int(ObjectClass.PERSON)),
        )

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()


def _environment() -> Path:
    """Return the Python of the environment with OpenCV 4, which is made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "parvis" / "opencv4"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (folder / "ready").is_file():
        return python
    print(f"making an environment with OpenCV 4 for the HOG detector: {folder}", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _REQUIREMENT],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=plain_environment())
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DetectorError(f"{folder}: '{' '.join(command)}' failed ({last}); --hog-python names another Python")
    (folder / "ready").touch()
    return python


def plain_environment() -> dict[str, str]:
    """Return the process's environment without what would make another Python import our packages."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
