from __future__ import annotations

from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import detect.detectors as table
from detect.detectors import DETECTORS, build_detector, known_detectors
from scenarios.errors import DetectorError, MissingExtraError
from scenarios.frame import Frame


def test_every_entry_says_what_it_is() -> None:
    assert set(DETECTORS) == {"parvis", "background", "yolo_onnx", "ultralytics"}
    assert all((builder.__doc__ or "").strip() for builder in DETECTORS.values())


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(DetectorError, match="did you mean 'background'"):
        build_detector("backgroud")


def test_the_oracle_is_known_but_built_elsewhere() -> None:
    with pytest.raises(DetectorError, match="reads the truth"):
        build_detector("oracle")


def test_background_takes_no_argument() -> None:
    assert build_detector("background").name == "background"
    with pytest.raises(DetectorError, match="takes no argument"):
        build_detector("background:fast")


def test_names_without_their_file() -> None:
    with pytest.raises(DetectorError, match="needs a weight file"):
        build_detector("yolo_onnx")
    with pytest.raises(DetectorError, match="no such weight file"):
        build_detector("yolo_onnx:nowhere.onnx")


@pytest.mark.skipif(find_spec("ultralytics") is not None, reason="ultralytics is installed here")
def test_pt_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(b"x")
    for spec in (str(tmp_path / "m.pt"), f"ultralytics:{tmp_path / 'm.pt'}"):
        with pytest.raises(MissingExtraError, match=r"parvis\[ultralytics\]"):
            build_detector(spec, trust_weights=True)


def test_pt_is_not_loaded_without_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "find_spec", lambda _: object())
    (tmp_path / "m.pt").write_bytes(b"x")
    with pytest.raises(DetectorError, match="--trust-weights"):
        build_detector(str(tmp_path / "m.pt"))


def blind(argument: str, trust_weights: bool) -> object:
    return build_detector("background")


def test_other_distributions_add_detectors(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("blind", f"{__name__}:blind", "parvis.detectors")
    monkeypatch.setattr(EntryPoint, "load", lambda _: blind)
    monkeypatch.setattr(table, "entry_points", lambda **_: [entry])
    assert "blind" in known_detectors()
    assert build_detector("blind").name == "background"
    taken = EntryPoint("background", "x:y", "parvis.detectors")
    monkeypatch.setattr(table, "entry_points", lambda **_: [taken])
    with pytest.raises(DetectorError, match="takes a name that is taken"):
        known_detectors()


@pytest.mark.parametrize("spec", ["background", "parvis"])
def test_on_arrival_empty_picture_and_batch(spec: str) -> None:
    frames = [Frame("cam", i, i / 10, None, np.full((120, 160, 3), 90, np.uint8)) for i in range(30)]
    detector = build_detector(spec)
    detector.start(None)
    together = detector.detect(frames)
    detector.start(None)
    single = [detector.detect([frame])[0] for frame in frames]
    for a, b in zip(together, single, strict=True):
        assert len(a) == len(b) == 0
        assert a.confidence is not None
        assert a.class_id is not None
