from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from detect.calibrating.imported import import_calibration
from scenarios.calibration import load_calibration
from scenarios.errors import ScenarioError

REFERENCE = Path(__file__).parents[1] / "reference" / "pets09_s2l1"
TSAI = """<?xml version="1.0" encoding="UTF-8"?>
<Camera name="View_001">
 <Geometry width="768" height="576" ncx="795" nfx="752" dx="4.85e-03" dy="4.65e-03" dpx="5.1273271277e-03" dpy="4.65e-03"/>
 <Intrinsic focal="5.5549183034" kappa1="5.1113043639e-03" cx="324.22149053" cy="282.56650051" sx="1.0937855397"/>
 <Extrinsic tx="828.73214225" ty="-3175.4796051" tz="35469.298547" rx="2.0405458695" ry="-0.89337703748" rz="-0.43056124791"/>
</Camera>
"""  # noqa: E501  as such files are written
PIXELS = np.array([(100.0, 500), (400, 300), (700, 250)])


def stored(path: Path, **entries: object) -> Path:
    file = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for name, value in entries.items():
        file.write(name, value)
    file.release()
    return path


def opencv(path: Path, **more: object) -> Path:
    known = load_calibration(REFERENCE / "camera.toml").camera
    entries = {
        "image_width": 768,
        "image_height": 576,
        "camera_matrix": known.matrix,
        "distortion_coefficients": known.distortion.reshape(1, 5),
        "rvec": cv2.Rodrigues(known.rotation)[0],
        "tvec": known.translation_m,
    }
    return stored(path, **{k: v for k, v in (entries | more).items() if v is not None})


def test_tsai_as_the_public_data_sets_write_it(tmp_path: Path) -> None:
    file = tmp_path / "View_001.xml"
    file.write_text(TSAI, encoding="utf-8")
    found = import_calibration(file)
    known = load_calibration(REFERENCE / "camera.toml").camera
    assert (found.kind, found.posed) == ("tsai", True)
    np.testing.assert_allclose(found.camera.to_ground(PIXELS), known.to_ground(PIXELS), atol=1e-5)


def test_imported_tsai_agrees_with_the_annotated_feet(tmp_path: Path) -> None:
    file = tmp_path / "View_001.xml"
    file.write_text(TSAI, encoding="utf-8")
    rows = np.loadtxt(REFERENCE / "gt.txt", delimiter=",")
    feet = np.c_[rows[:, 2] + rows[:, 4] / 2 - 1.5, rows[:, 3] + rows[:, 5] - 1.5]
    off = np.linalg.norm(import_calibration(file).camera.to_ground(feet) - rows[:, 7:9], axis=1)
    assert np.median(off) < 0.06


@pytest.mark.parametrize("suffix", ["yml", "json", "xml"])
def test_opencv_in_every_format_of_its_storage(tmp_path: Path, suffix: str) -> None:
    found = import_calibration(opencv(tmp_path / f"camera.{suffix}"))
    known = load_calibration(REFERENCE / "camera.toml").camera
    assert (found.kind, found.posed) == ("opencv", True)
    np.testing.assert_allclose(found.camera.to_ground(PIXELS), known.to_ground(PIXELS), atol=1e-6)


def test_millimetres_and_a_rotation_matrix(tmp_path: Path) -> None:
    known = load_calibration(REFERENCE / "camera.toml").camera
    file = opencv(tmp_path / "c.yml", rvec=None, tvec=None, R=known.rotation, T=known.translation_m * 1000)
    np.testing.assert_allclose(import_calibration(file, unit="mm").camera.position_m, known.position_m, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"camera_matrix": None}, "no 3x3 matrix"),
        ({"camera_matrix": np.zeros((3, 3))}, "focal lengths"),
        ({"camera_matrix": np.array([[1000.0, 80, 300], [0, 1000, 300], [0, 0, 1]])}, "skew"),
        ({"camera_matrix": np.array([[np.nan, 0, 300], [0, 1000, 300], [0, 0, 1]])}, "not finite"),
        ({"distortion_coefficients": np.full((1, 8), 0.1)}, "8 distortion coefficients"),
        ({"rvec": None, "R": 2 * np.eye(3)}, "rotation"),
        ({"tvec": np.zeros((4, 3))}, "several views"),
        ({"image_width": None, "image_height": None}, "--size"),
    ],
)
def test_what_cannot_be_imported_is_said(tmp_path: Path, more: dict[str, object], complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        import_calibration(opencv(tmp_path / "camera.yml", **more))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("\x00\xff garbage", "neither"),
        ("%YAML:1.0\n---\ncamera_matrix: [1, 2", "neither|cannot be read|no 3x3"),
        (TSAI.replace('focal="5.5549183034"', ""), "no 'focal'"),
        (TSAI.replace('sx="1.0937855397"', 'sx="wide"'), "not a number"),
        (TSAI.replace('dpx="5.1273271277e-03"', 'dpx="0"'), "positive"),
        (TSAI.replace("</Camera>", ""), "not valid XML"),
        (TSAI.replace("<Camera name", '<!DOCTYPE x [<!ENTITY a "b">]><Camera name'), "entities"),
    ],
)
def test_broken_files_are_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "broken.xml"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ScenarioError, match=complaint):
        import_calibration(file)


def test_the_command_imports_and_takes_the_lens_from_a_file(tmp_path: Path) -> None:
    known = load_calibration(REFERENCE / "camera.toml").camera
    out = tmp_path / "camera.toml"
    file = opencv(tmp_path / "lens.yml", rvec=None, tvec=None)
    refused = CliRunner().invoke(app, ["calibrate", "--import", str(file), "--out", str(out)])
    assert isinstance(refused.exception, ScenarioError)
    assert "where the camera hangs" in str(refused.exception)
    corners = known.to_ground(np.array([(60.0, 520), (700, 540), (720, 220), (80, 230), (400, 350)]))
    px = known.project(np.c_[corners, np.zeros(5)])[0]
    lines = [f"{{px = {p.tolist()}, m = {m.tolist()}}}" for p, m in zip(px, corners, strict=True)]
    points = tmp_path / "points.toml"
    points.write_text(f"resolution_px = [768, 576]\npoints = [{', '.join(lines)}]\n", encoding="utf-8")
    said = CliRunner().invoke(
        app, ["calibrate", str(points), "--import", str(file), "--id", "north", "--out", str(out), "--json"]
    )
    assert said.exception is None, said.exception
    facts = json.loads(said.stdout)
    assert facts["height_m"] == pytest.approx(known.position_m[2], abs=0.02)
    assert facts["sigma"]["focal_px"] == 0
    assert load_calibration(out).camera.id == "north"
