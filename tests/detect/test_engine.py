"""Which engine is taken; the engines themselves are the networks' tests."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import detect.detectors.engine as module
from detect.detectors.engine import ENGINES, choose_engine
from scenarios.errors import DetectorError, MissingExtraError

TENSOR = np.zeros((1, 3, 8, 8), np.float32)


class Fake:
    def __init__(self, name: str, takes_s: float) -> None:
        self.name, self.takes_s, self.runs = name, takes_s, 0

    def run(self, tensor: Any) -> Any:
        self.runs += 1
        time.sleep(self.takes_s)
        return tensor


@pytest.fixture
def openvino(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    """OpenVINO as if installed."""
    other = Fake("openvino", 0.0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "find_spec", lambda _: object())
    monkeypatch.setattr(module, "version", lambda _: "1")
    monkeypatch.setattr(module, "ENGINES", dict(ENGINES) | {"openvino": lambda *_: other})
    return other


@pytest.mark.parametrize(("ours_s", "theirs_s", "chosen"), [(0.01, 0.002, "openvino"), (0.002, 0.01, "onnxruntime")])
def test_the_faster_is_chosen_and_remembered(
    openvino: Fake, tmp_path: Path, ours_s: float, theirs_s: float, chosen: str
) -> None:
    openvino.takes_s = theirs_s
    ours = Fake("onnxruntime", ours_s)
    assert choose_engine(ours, tmp_path / "m.onnx", "abc", TENSOR, threads=1).name == chosen
    measured = ours.runs
    assert choose_engine(ours, tmp_path / "m.onnx", "abc", TENSOR, threads=1).name == chosen
    assert ours.runs == measured, "it was measured again"
    choose_engine(ours, tmp_path / "m.onnx", "another network", TENSOR, threads=1)
    assert ours.runs > measured
    assert sorted(json.loads((tmp_path / "parvis" / "engines.json").read_text()).values()) == [chosen, chosen]


def test_a_draw_keeps_the_lighter_one(openvino: Fake, tmp_path: Path) -> None:
    openvino.takes_s = 0.02
    assert choose_engine(Fake("onnxruntime", 0.02), tmp_path / "m", "abc", TENSOR).name == "onnxruntime"


def test_a_network_that_openvino_cannot_run(openvino: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(tensor: Any) -> Any:
        raise DetectorError("an operator is missing")

    monkeypatch.setattr(openvino, "run", fails)
    assert choose_engine(Fake("onnxruntime", 0.0), tmp_path / "m", "abc", TENSOR).name == "onnxruntime"


def test_a_broken_cache_is_no_cache(openvino: Fake, tmp_path: Path) -> None:
    (tmp_path / "parvis").mkdir()
    (tmp_path / "parvis" / "engines.json").write_text("[not json")
    assert choose_engine(Fake("onnxruntime", 0.005), tmp_path / "m", "abc", TENSOR).name == "openvino"


@pytest.mark.skipif(find_spec("openvino") is not None, reason="OpenVINO is installed here")
def test_openvino_without_the_extra(tmp_path: Path) -> None:
    ours = Fake("onnxruntime", 0.0)
    assert choose_engine(ours, tmp_path / "m", "abc", TENSOR) is ours
    with pytest.raises(MissingExtraError, match=r"parvis\[openvino\]"):
        choose_engine(ours, tmp_path / "m", "abc", TENSOR, wanted="openvino")
