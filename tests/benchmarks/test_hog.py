"""The HOG detector's environment: made on demand, and what is said where it is wrong."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hog import HogDetector
from scenarios.errors import DetectorError
from scenarios.frame import Frame


def test_a_python_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DetectorError, match=r"^--hog-python .*nowhere: there is no such Python; leave the option out"):
        HogDetector(tmp_path / "nowhere")


def test_a_python_with_another_opencv_is_said(capfd):
    with pytest.raises(DetectorError, match=r"has OpenCV 5.*in OpenCV 4; leave .* out .*pip install 'opencv-python"):
        HogDetector(Path(sys.executable))
    assert "Traceback" not in capfd.readouterr().err


def test_a_python_without_opencv_is_said(tmp_path, capfd):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -I "$@"\n')  # without any installed package
    bare.chmod(0o755)
    with pytest.raises(DetectorError, match=r"has no OpenCV, and the HOG detector is in OpenCV 4"):
        HogDetector(bare)
    assert "Traceback" not in capfd.readouterr().err


def test_an_environment_that_cannot_be_made_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        DetectorError, match=r"parvis/opencv4: '.* -m venv .*' failed \(.+\); --hog-python names another"
    ):
        HogDetector()
    assert "making an environment with OpenCV 4" in capsys.readouterr().err


def test_a_made_environment_is_used_again(tmp_path, monkeypatch):
    """A stand-in for the made Python tells that it was asked and says what a worker says."""
    place = tmp_path / "parvis" / "opencv4"
    (place / "bin").mkdir(parents=True)
    worker = tmp_path / "worker.py"
    worker.write_text(
        "import sys\nprint('4.99.0', flush=True)\n"
        "while len(sys.stdin.buffer.read(8 + 4 * 4 * 3)):\n    print('[[0, 0, 64, 128, 1.5]]', flush=True)\n"
    )
    (place / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{worker}"\n')
    (place / "bin" / "python").chmod(0o755)
    (place / "ready").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with HogDetector() as detector:
        (found,) = detector.detect([Frame("c", 0, 0.0, None, np.zeros((4, 4, 3), np.uint8))])
    assert found.confidence.tolist() == [1.5]
    wide, high = found.xyxy[0][2:] - found.xyxy[0][:2]
    assert wide < 64  # the person within the classifier's window
    assert high < 128


@pytest.mark.skipif("PARVIS_HOG_PYTHON" not in os.environ, reason="NO OPENCV 4: PARVIS_HOG_PYTHON names no Python")
def test_it_runs_where_there_is_opencv_4():
    with HogDetector(Path(os.environ["PARVIS_HOG_PYTHON"])) as detector:
        (found,) = detector.detect([Frame("c", 0, 0.0, None, np.full((240, 320, 3), 90, np.uint8))])
    assert len(found) == 0
