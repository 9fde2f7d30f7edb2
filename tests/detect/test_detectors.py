from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import supervision as sv
from typer.testing import CliRunner

import detect.detectors as table
from dashboard.cli import app
from detect.detectors import DETECTORS, build_detector, known_detectors
from detect.detectors.conformance import _walk, shortcomings
from detect.detectors.parvis import PARVIS_ONNX
from scenarios.errors import DetectorError, MissingExtraError
from scenarios.frame import Frame


def test_every_entry_says_what_it_is() -> None:
    assert set(DETECTORS) == {"parvis", "background", "yolo_onnx", "ultralytics", "http", "https"}
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


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def example(name: str) -> ModuleType:
    spec = spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("spec", ["background", "parvis", str(PARVIS_ONNX)])
def test_detectors_that_ship_keep_the_contract(spec: str) -> None:
    assert shortcomings(build_detector(spec)) == []


@pytest.mark.parametrize("spec", ["background", "parvis"])
def test_nothing_is_found_where_nothing_is(spec: str) -> None:
    detector = build_detector(spec)
    frames = [Frame("cam", i, i / 10, None, np.full((120, 160, 3), 90, np.uint8)) for i in range(30)]
    assert [len(found) for found in detector.detect(frames)] == [0] * 30


def test_the_example_without_torch_keeps_the_contract_and_finds_who_walks() -> None:
    detector = example("moving_blobs").build("40", trust_weights=False)
    assert shortcomings(detector) == []
    assert detector.least_height_px == 40
    detector.start(None)
    floor = np.random.default_rng(1).integers(110, 130, (240, 320, 3), np.uint8)
    frames = [Frame("cam", k, k / 10, None, floor.copy()) for k in range(70)]
    for k in range(60, 70):
        frames[k].image[80:150, 8 * k - 400 : 8 * k - 376] = 30
    found = detector.detect(frames)
    assert [len(one) for one in found[20:]] == [0] * 40 + [1] * 10
    assert found[65].xyxy == pytest.approx(np.array([[120, 80, 144, 150]]), abs=4)


class FakeRtDetr:
    """Stands for ultralytics' class: a person and a car in every picture."""

    def __init__(self, _: str) -> None:
        self.names = {0: "person", 2: "car", 28: "suitcase"}

    def predict(self, _: np.ndarray, **__: object) -> list[SimpleNamespace]:
        rows = {"xyxy": [[10, 20, 30, 80], [50, 50, 90, 70]], "conf": [0.9, 0.8], "cls": [0, 2]}
        tensors = {key: FakeTensor(np.array(value, float)) for key, value in rows.items()}
        boxes = SimpleNamespace(**tensors, id=None, is_track=False)
        return [SimpleNamespace(boxes=boxes, obb=None, masks=None, names=self.names)]


class FakeTensor(np.ndarray):
    def __new__(cls, values: np.ndarray) -> FakeTensor:
        return np.asarray(values).view(cls)

    def cpu(self) -> FakeTensor:
        return self

    def numpy(self) -> np.ndarray:
        return np.asarray(self)


def test_the_example_with_ultralytics_keeps_the_contract_and_drops_cars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace(RTDETR=FakeRtDetr))
    weights = tmp_path / "rtdetr.pt"
    weights.write_bytes(b"weights")
    with pytest.raises(DetectorError, match="--trust-weights"):
        example("rtdetr").build(str(weights), trust_weights=False)
    detector = example("rtdetr").build(str(weights), trust_weights=True)
    assert shortcomings(detector) == []
    assert [len(one) for one in detector.detect(_walk((240, 320))[:2])] == [1, 1]


def test_examples_are_short() -> None:
    assert all(len(path.read_text().splitlines()) < 60 for path in EXAMPLES.glob("*.py"))


class Careless:
    """Breaks one rule of the contract, by name."""

    name = "careless"
    weights_sha256 = None

    def __init__(self, fault: str) -> None:
        self.fault, self.seen = fault, 0

    def start(self, _: object) -> None:
        if self.fault != "remembers":
            self.seen = 0

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        found = []
        for frame in frames:
            if frame.image.ndim != 3 or frame.image.dtype != np.uint8 or not frame.image.size:
                if self.fault == "crashes":
                    raise ZeroDivisionError
                if self.fault != "takes all":
                    raise DetectorError("odd")
            self.seen += 1
            box, sure, cls = [10.0, 10, 30, 60], 0.5, 0
            if self.fault == "far away":
                box = [10.0, 10, 3000, 60]
            if self.fault == "too sure":
                sure = 1.5
            if self.fault == "other classes":
                cls = 7
            if self.fault == "paints":
                frame.image[:5] = 0
            if self.fault == "counts calls":
                box[2] += len(frames)
            if self.fault == "remembers":
                box[0] += self.seen % 7
            found.append(
                sv.Detections(
                    xyxy=np.array([box]),
                    confidence=None if self.fault == "says not how sure" else np.array([sure]),
                    class_id=np.array([cls]),
                )
            )
        return found[1:] if self.fault == "forgets one" else found


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("far away", "pixels of the picture"),
        ("too sure", "from 0 to 1"),
        ("other classes", "ObjectClass"),
        ("paints", "changes the pictures"),
        ("counts calls", "one by one"),
        ("remembers", "one by one"),
        ("says not how sure", "should be set"),
        ("forgets one", "list of 25 results"),
        ("crashes", "not ZeroDivisionError"),
        ("takes all", "and is taken"),
    ],
)
def test_each_fault_is_told(fault: str, said: str) -> None:
    lacks = shortcomings(Careless(fault))
    assert any(said in lack for lack in lacks), lacks


def test_who_keeps_the_contract_is_told_nothing() -> None:
    assert shortcomings(Careless("")) == []


def test_the_doctor_holds_a_detector_against_the_contract() -> None:
    done = CliRunner().invoke(app, ["doctor", "--detector", "background", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)[0]["found"] == "keeps the contract"
    wrong = CliRunner().invoke(app, ["doctor", "--detector", "backgruond"])
    assert isinstance(wrong.exception, DetectorError)
