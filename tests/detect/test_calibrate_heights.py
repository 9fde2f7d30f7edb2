from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from detect.calibrating.heights import calibrate_heights
from detect.calibrating.people_boxes import PeopleBoxes, load_people_boxes
from detect.calibrating.solution import facts_of, sigma_at
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.errors import ScenarioError

REFERENCE = Path(__file__).parents[1] / "reference" / "pets09_s2l1"
SIZE = (1280, 720)


def camera(rng: np.random.Generator) -> Camera:
    hfov = float(2 * np.degrees(np.arctan(0.5 / (0.9 * np.exp(rng.normal(0, 0.3))))))
    return Camera.turned(
        "t",
        position_m=(0, 0, float(rng.uniform(3, 9))),
        pan_deg=0,
        tilt_deg=float(-rng.uniform(10, 35)),
        roll_deg=float(rng.normal(0, 1.5)),
        hfov_deg=hfov,
        resolution_px=SIZE,
    )


def walkers(seen_by: Camera, rng: np.random.Generator, people: int = 30, noise: float = 0.03) -> PeopleBoxes:
    """People of random height on straight ways, with boxes around feet, shoulders and head."""
    boxes, who, times = [], [], []
    person = 0
    while person < people:
        far, aside, heading = rng.uniform(4, 40), rng.uniform(-0.5, 0.5), rng.uniform(0, 2 * np.pi)
        tall = rng.normal(1.75, 0.1)
        for t in np.arange(0, 8, 0.5):
            at = far * np.array([np.sin(aside), np.cos(aside)]) + 1.3 * t * np.array([np.cos(heading), np.sin(heading)])
            away = at / np.linalg.norm(at)
            side = np.array([away[1], -away[0]]) * 0.25
            body = [(*(at - 0.2 * away), 0.0), (*at, tall), (*(at + side), 0.8 * tall), (*(at - side), 0.8 * tall)]
            px, _ = seen_by.project(np.array(body))
            box = np.r_[px.min(axis=0), px.max(axis=0)] + 0.5
            box = box + rng.normal(0, noise, 4) * (box[3] - box[1])
            inside = (box > 4).all() and box[2] < SIZE[0] - 4 and box[3] < SIZE[1] - 4
            if inside and box[3] - box[1] > 20:
                boxes.append(box)
                who.append(person)
                times.append(t)
        person += bool(who) and who[-1] == person
    n = len(boxes)
    return PeopleBoxes.of(np.arange(n), np.array(times), np.array(who), np.array(boxes), SIZE)


def test_what_it_says_of_itself_covers_the_truth() -> None:
    far = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        true = camera(rng)
        found = facts_of(calibrate_heights(walkers(true, rng)).camera)
        want = facts_of(true)
        far.append(
            [
                np.log(found.height_m / want.height_m) / (found.sigma["height_m"] / found.height_m),
                (found.tilt_deg - want.tilt_deg) / found.sigma["tilt_deg"],
                (found.roll_deg - want.roll_deg) / found.sigma["roll_deg"],
                np.log(found.focal_px / want.focal_px) / (found.sigma["focal_px"] / found.focal_px),
            ]
        )
    off = np.abs(np.array(far))
    assert (np.mean(off < 1, axis=0) >= 0.5).all(), off.round(1)
    assert (np.mean(off < 2, axis=0) >= 0.85).all(), off.round(1)


@pytest.mark.parametrize(("hfov", "within_m"), [(None, 1.3), (35.9, 0.7)])
def test_a_real_camera_from_real_detections(hfov: float | None, within_m: float) -> None:
    """Faster R-CNN boxes of the real video; that the lens is known halves what is open."""
    true = facts_of(load_calibration(REFERENCE / "camera.toml").camera)
    seen = load_people_boxes(REFERENCE / "det.txt", size_px=(768, 576), fps=7)
    found = facts_of(calibrate_heights(seen, hfov_deg=hfov).camera)
    assert abs(found.height_m - true.height_m) < within_m
    assert abs(found.height_m - true.height_m) < 2 * found.sigma["height_m"]
    assert abs(found.tilt_deg - true.tilt_deg) < 2 * found.sigma["tilt_deg"]


def test_a_known_lens_and_more_people_leave_less_open() -> None:
    rng = np.random.default_rng(3)
    true = Camera.turned(
        "t", position_m=(0, 0, 5), pan_deg=0, tilt_deg=-18, roll_deg=0, hfov_deg=60, resolution_px=SIZE
    )
    many = walkers(true, rng, people=60)
    few = many.only(many.person < 8)
    below = np.array([(640.0, 600.0)])
    little, much, lens = (
        sigma_at(calibrate_heights(seen, hfov_deg=hfov).camera, below)[0]
        for seen, hfov in ((few, None), (many, None), (many, facts_of(true).hfov_deg))
    )
    assert lens < much < little


def test_people_who_are_cut_or_hidden_or_lie_are_not_taken() -> None:
    box = np.array([(100.0, 100, 140, 220), (110, 130, 150, 260), (0, 100, 30, 220), (500, 500, 640, 560)])
    seen = PeopleBoxes.of(np.zeros(4, np.int64), np.zeros(4), np.arange(4), box, SIZE)
    assert seen.person.tolist() == [1]


def test_too_little_is_said() -> None:
    rng = np.random.default_rng(5)
    seen = walkers(camera(rng), rng)
    with pytest.raises(ScenarioError, match="too few"):
        calibrate_heights(seen.only(seen.person < 2))
    x = np.linspace(50, 1100, 40)
    row = np.stack((x, np.full(40, 200.0), x + 40, np.full(40, 320.0)), axis=1)
    with pytest.raises(ScenarioError, match="same distance"):
        calibrate_heights(PeopleBoxes.of(np.arange(40), np.arange(40.0), np.arange(40), row, SIZE))


def test_the_command_says_how_sure_it_is(tmp_path: Path) -> None:
    out = tmp_path / "camera.toml"
    boxes = str(REFERENCE / "det.txt")
    refused = CliRunner().invoke(app, ["calibrate", "--from-heights", boxes, "--out", str(out)])
    assert "--size" in str(refused.exception)
    said = CliRunner().invoke(
        app,
        ["calibrate", "--from-heights", boxes, "--size", "768x576", "--fps", "7", "--out", str(out), "--json"],
    )
    assert said.exception is None, said.exception
    facts = json.loads(said.stdout)
    assert facts["sigma"]["height_m"] > 0.2
    assert facts["people"] > 10
    assert load_calibration(out).camera.doubt is not None
