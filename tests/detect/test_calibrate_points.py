from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detect.calibrating.camera_file import save_camera
from detect.calibrating.points import Pair, PointsFile, calibrate_points, load_points
from detect.calibrating.solution import facts_of, sigma_at
from scenarios.calibration import load_calibration
from scenarios.camera import Camera
from scenarios.doubt import ground_doubt
from scenarios.errors import ScenarioError

CAMERA = Camera.looking_at(
    "mast",
    position_m=(3, -20, 6),
    look_at_m=(0, 0, 0),
    hfov_deg=60,
    resolution_px=(1280, 720),
    distortion=(-0.1,),
    roll_deg=2,
)
REFERENCE = Path(__file__).parents[1] / "reference" / "pets09_s2l1"
GRID = np.array([(x, y, 0.0) for x in (-8, 0, 8) for y in (-10, 0, 15)])
LOOKED_AT = np.array([(200.0, 650), (640, 400), (1000, 300)])


def clicked(world: np.ndarray, rng: np.random.Generator | None = None, **more: float) -> PointsFile:
    px = CAMERA.project(world)[0]
    if rng is not None:
        px = px + rng.normal(0, 1.5, px.shape)
        world = world + np.c_[rng.normal(0, 0.05, (len(world), 2)), np.zeros(len(world))]
    pairs = [Pair(px=(p[0], p[1]), m=w.tolist()) for p, w in zip(px, world, strict=True)]
    return PointsFile(id="mast", resolution_px=(1280, 720), points=pairs, **more)


def test_exact_points_give_the_camera_back() -> None:
    fit = calibrate_points(clicked(np.r_[GRID, [(2.0, 3.0, 2.5), (-4, 8, 3.0)]], click_px=0.05, plan_m=0.0))
    np.testing.assert_allclose(fit.camera.to_ground(LOOKED_AT), CAMERA.to_ground(LOOKED_AT), atol=0.01)
    np.testing.assert_allclose(fit.camera.position_m, CAMERA.position_m, atol=0.01)
    assert fit.as_dict()["rms_px"] < 0.02
    assert fit.odd == ()


@pytest.mark.parametrize("count", [4, 7])
def test_stated_doubt_covers_the_true_error(count: int) -> None:
    rng = np.random.default_rng(count)
    far = []
    for _ in range(20):
        world = GRID[[0, 2, 6, 8]] if count == 4 else GRID[np.sort(rng.permutation(9)[:count])]
        camera = calibrate_points(clicked(world, rng)).camera
        off = camera.to_ground(LOOKED_AT) - CAMERA.to_ground(LOOKED_AT)
        far.append(np.einsum("ni,nij,nj->n", off, np.linalg.inv(ground_doubt(camera, LOOKED_AT)), off))
    inside_68, inside_95 = (float(np.mean(np.array(far) < limit)) for limit in (2.279, 5.991))
    assert 0.55 <= inside_68 <= 0.9, inside_68
    assert inside_95 >= 0.86, inside_95


def test_four_points_leave_more_open_than_nine() -> None:
    rng = np.random.default_rng(1)
    four, nine = (calibrate_points(clicked(world, rng)).camera for world in (GRID[[0, 2, 6, 8]], GRID))
    assert (sigma_at(four, LOOKED_AT) > sigma_at(nine, LOOKED_AT)).all()
    assert set(facts_of(nine).sigma) == {"height_m", "tilt_deg", "roll_deg", "focal_px", "hfov_deg"}


def test_a_wrong_click_is_named() -> None:
    file = clicked(GRID, np.random.default_rng(2))
    wrong = file.points[4].model_copy(update={"px": (file.points[4].px[0] + 60, file.points[4].px[1] - 20)})
    points = [*file.points[:4], wrong, *file.points[5:]]
    assert calibrate_points(file.model_copy(update={"points": points})).odd == (4,)


def test_a_known_lens_is_kept() -> None:
    fit = calibrate_points(clicked(GRID[[0, 2, 6, 8]], np.random.default_rng(3)), CAMERA)
    np.testing.assert_array_equal(fit.camera.matrix, CAMERA.matrix)
    np.testing.assert_array_equal(fit.camera.distortion, CAMERA.distortion)
    free = calibrate_points(clicked(GRID[[0, 2, 6, 8]], np.random.default_rng(3)))
    assert (sigma_at(fit.camera, LOOKED_AT) < sigma_at(free.camera, LOOKED_AT)).all()


def test_points_that_cannot_tell_are_refused() -> None:
    line = np.array([(0.0, y, 0.0) for y in (-10, -5, 0, 5, 10)])
    with pytest.raises(ScenarioError, match="one line"):
        calibrate_points(clicked(line))
    file = clicked(GRID)
    mirrored = [p.model_copy(update={"m": [-p.m[0], *p.m[1:]]}) for p in file.points]
    with pytest.raises(ScenarioError, match="mirror"):
        calibrate_points(file.model_copy(update={"points": mirrored}))


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ("[{px=[1,1], m=[0,0]}, {px=[9,1], m=[1,0]}, {px=[9,9], m=[1,1]}]", "points"),
        ("[{px=[1,1], m=[0,0]}, {px=[9,1], m=[1,0]}, {px=[9,9], m=[1,1]}, {px=[1,1], m=[0,1]}]", "same place"),
        ("[{px=[1,1], m=[0,0]}, {px=[9,1], m=[1,0]}, {px=[9,9], m=[1,1]}, {px=[1], m=[0,1]}]", "points"),
    ],
)
def test_a_file_of_points_says_what_is_wrong(tmp_path: Path, points: str, complaint: str) -> None:
    file = tmp_path / "points.toml"
    file.write_text(f"resolution_px = [1280, 720]\npoints = {points}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=complaint):
        load_points(file)


def test_a_camera_file_is_replaced_only_on_demand_and_keeps_what_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "cameras" / "mast.toml"
    camera = calibrate_points(clicked(GRID, np.random.default_rng(4))).camera
    save_camera(camera, path, note="nine points")
    read = load_calibration(path).camera
    np.testing.assert_allclose(read.to_ground(LOOKED_AT), camera.to_ground(LOOKED_AT), atol=1e-6)
    np.testing.assert_allclose(ground_doubt(read, LOOKED_AT), ground_doubt(camera, LOOKED_AT), rtol=1e-6)
    with pytest.raises(ScenarioError, match="exists already"):
        save_camera(camera, path)
    zone = '\n[[zones]]\nid = "square"\npolygon = [[-2, -2], [2, -2], [2, 2]]\n'
    path.write_text(path.read_text(encoding="utf-8").replace('"mast"', '"north"') + zone, encoding="utf-8")
    save_camera(camera, path, overwrite=True)
    kept = load_calibration(path)
    assert (kept.camera.id, [z.id for z in kept.zones]) == ("north", ["square"])
    assert [p.name for p in path.parent.iterdir()] == ["mast.toml"]


def test_a_real_camera_from_four_of_the_annotated_feet() -> None:
    """PETS2009 view 1: four feet of people as points; all other annotated feet are then where they were annotated."""
    rows = np.loadtxt(REFERENCE / "gt.txt", delimiter=",")
    whole = (rows[:, 3] + rows[:, 5] < 570) & (rows[:, 2] > 5) & (rows[:, 2] + rows[:, 4] < 760)
    feet = np.c_[rows[:, 2] + rows[:, 4] / 2 - 1.5, rows[:, 3] + rows[:, 5] - 1.5][whole]
    plan = rows[whole, 7:9]
    chosen = [int(np.argmin(feet[:, 1]))]
    while len(chosen) < 4:  # far from each other in the picture
        apart = np.linalg.norm((feet[:, None] - feet[chosen][None]) * (1, 2), axis=2)
        chosen.append(int(np.argmax(apart.min(axis=1))))
    pairs = [Pair(px=(feet[k, 0], feet[k, 1]), m=plan[k].tolist()) for k in chosen]
    fit = calibrate_points(PointsFile(resolution_px=(768, 576), points=pairs))
    off = np.linalg.norm(fit.camera.to_ground(feet) - plan, axis=1)
    assert np.median(off) < 0.10
    assert np.quantile(off, 0.95) < 0.25
    facts = facts_of(fit.camera)
    assert abs(facts.height_m - 7.07) < 2 * facts.sigma["height_m"]
