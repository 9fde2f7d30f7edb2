"""Real plates: what hides whom, how figures look in them, where they stand, and how wrong files are reported."""

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from scenarios.errors import ScenarioError
from scenarios.load import load_scenario
from sim.film import shots
from sim.render.plate import PlateLook, plate_backdrop
from sim.ways import read_ways

CALIBRATION = """
method = "look_at"
resolution_px = [320, 240]
position_m = [0, -12, 5]
look_at_m = [0, 0, 1]
hfov_deg = 60
"""
SCENE = """
name = "plate_test_v1"
title = "A grey place"
duration_s = 1.0
fps = 5
[venue]
outline = [[-8, -8], [8, -8], [8, 12], [-8, 12]]
[[cameras]]
id = "cam"
[cameras.plate]
image = "plate.png"
calibration = "camera.toml"
{plate}
[population.ways]
file = "ways.csv"
"""
FLAT = "light = {{ blur_px = 0, noise = 0, shadow = 0, gain_bgr = [{gain}], black_bgr = [{black}] }}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "camera.toml").write_text(CALIBRATION)
    cv2.imwrite(str(tmp_path / "plate.png"), np.full((240, 320, 3), 120, np.uint8))
    ways(tmp_path, (1, 0.0, 3.0))
    return tmp_path


def ways(folder: Path, *people: tuple[int, float, float]) -> None:
    lines = [f"{who},{t},{x},{y},1.75\n" for who, x, y in people for t in (0, 2)]
    (folder / "ways.csv").write_text("id,t_s,x_m,y_m,height_m\n" + "".join(lines))


def scene(folder: Path, plate: str = ""):
    (folder / "plate_test_v1.toml").write_text(SCENE.format(plate=plate))
    return load_scenario(folder / "plate_test_v1.toml")


def first_shot(scenario):
    return next(iter(shots(scenario)))[1][0]


def shown(shot, who):
    return shot.boxes.visibility[shot.boxes.id == who][0]


def test_the_background_is_the_picture_itself(folder):
    shot = first_shot(scene(folder, FLAT.format(gain="1, 1, 1", black="0, 0, 0")))
    empty = shot.instance_id == -1
    empty[:, 130:190] = False  # around the person: a contact shadow
    assert empty.sum() > 40_000
    assert (shot.frame.image[empty] == 120).all()


def test_an_occluder_hides_who_is_behind_it_and_nobody_in_front(folder):
    ways(folder, (1, 0.0, 6.0), (2, 0.0, -4.0))
    wall_m = "occluders = [{ id = 'wall', polygon_m = [[-3, 2], [3, 2], [3, 2.2], [-3, 2.2]], height_m = 3.5 }]"
    assert shown(first_shot(scene(folder)), 1) > 0.5
    shot = first_shot(scene(folder, wall_m))
    assert shown(shot, 1) == 0
    assert shown(shot, 2) == 1


def test_a_silhouette_hides_as_deep_as_its_foot_stands(folder):
    ways(folder, (1, 0.0, 6.0), (2, 0.0, -4.0))
    camera = scene(folder).cameras[0].build()
    foot = camera.project([(0.0, 2.0, 0.0)])[0][0]
    corners = camera.project([(-2, 2, 0), (2, 2, 0), (2, 2, 3.5), (-2, 2, 3.5)])[0]
    polygon = [[round(float(u), 2), round(float(v), 2)] for u, v in corners]
    plate = f"occluders = [{{ id = 'board', polygon_px = {polygon}, foot_px = {[float(v) for v in foot]} }}]"
    scenario = scene(folder, plate)
    shot = first_shot(scenario)
    assert shown(shot, 1) == 0
    assert shown(shot, 2) == 1
    depth = plate_backdrop(scenario, camera, scenario.cameras[0].plate).depth_m
    inside = camera.project([(0.0, 2.0, 1.5)])
    u, v = np.round(inside[0][0]).astype(int)
    assert depth[v, u] == pytest.approx(inside[1][0], rel=0.02)
    assert np.isinf(depth[230, 10])


def test_figures_take_the_gain_and_the_black_of_the_plate(folder):
    def mean(gain, black):
        shot = first_shot(scene(folder, FLAT.format(gain=gain, black=black)))
        body = cv2.erode((shot.instance_id == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return shot.frame.image[body].astype(float).mean(axis=0)

    plain = mean("1, 1, 1", "0, 0, 0")
    half = mean("0.5, 0.6, 0.7", "0, 0, 0")
    assert half == pytest.approx(plain * (0.5, 0.6, 0.7), abs=1.5)
    assert mean("1, 1, 1", "20, 20, 20") == pytest.approx(plain + 20, abs=1.5)
    crushed = mean("1, 1, 1", "-20, -20, -20")
    assert (crushed < plain - 10).all()


def test_blur_and_sharpening_change_edges_and_keep_the_sum():
    def lay(blur, sharpen):
        layer = np.zeros((40, 40, 4), np.uint8)
        layer[12:28, 12:28] = (60, 90, 120, 255)
        picture = np.full((40, 40, 3), 100, np.uint8)
        PlateLook(blur, sharpen, np.ones(3, np.float32), np.zeros(3, np.float32), 0.0).lay(layer, picture)
        assert not layer.any()
        return picture.astype(int)

    hard, soft, crisp = lay(0, 0), lay(1.2, 0), lay(0, 0.8)
    assert (hard[20, 20] == (60, 90, 120)).all()
    assert 60 < soft[20, 12, 0] < 100
    assert crisp[20, 12, 0] < 60
    assert crisp[20, 11, 0] > 100
    for other in (soft, crisp):
        assert abs(int((other - hard).sum())) < 3000


def test_nothing_of_the_plate_changes_with_the_seed_but_the_noise(folder):
    scenario = scene(folder, "light = { noise = 3.0 }")
    again = [next(iter(shots(scenario, seed)))[1][0].frame.image for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])
    corner = again[0][150:, :80].astype(float)
    assert corner.mean() == pytest.approx(120, abs=0.5)
    assert corner.std() == pytest.approx(3, rel=0.25)


@pytest.mark.parametrize("name", ["../plate.png", "/etc/plate.png", "a/../../b.png", "C:\\plate.png"])
def test_a_picture_outside_the_folder_is_refused(folder, name):
    (folder / "x.toml").write_text(SCENE.format(plate="").replace('"plate.png"', repr(name)))
    with pytest.raises(ScenarioError, match="should be a path inside the scenario file's folder"):
        load_scenario(folder / "x.toml")


def test_a_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    (folder / "plate.png").rename(secret)
    (folder / "plate.png").symlink_to(secret)
    with pytest.raises(ScenarioError, match="leads out of the folder"):
        scene(folder)


def test_what_is_wrong_with_a_plate_is_one_sentence(folder):
    cv2.imwrite(str(folder / "plate.png"), np.zeros((100, 320, 3), np.uint8))
    with pytest.raises(ScenarioError, match="320x100, but the calibration is for 320x240"):
        first_shot(scene(folder))
    (folder / "plate.png").write_bytes(b"no picture")
    with pytest.raises(ScenarioError, match="no picture that can be read"):
        first_shot(scene(folder))
    (folder / "plate.png").unlink()
    with pytest.raises(ScenarioError, match=r"no file 'plate.png' in .*; make it with: parvis plate film\.avi"):
        first_shot(scene(folder, 'made_by = "parvis plate film.avi"'))
    (folder / "camera.toml").unlink()
    with pytest.raises(ScenarioError, match=r"calibration: there is no file 'camera.toml'"):
        scene(folder)


def test_another_picture_than_the_recorded_one_is_refused(folder):
    scenario = scene(folder)
    assert scenario.cameras[0].plate.sha256 is not None
    cv2.imwrite(str(folder / "plate.png"), np.full((240, 320, 3), 90, np.uint8))
    with pytest.raises(ScenarioError, match="not the file that this scenario was written for"):
        first_shot(scenario)


@pytest.mark.parametrize(
    ("occluder", "said"),
    [
        ("{ id = 'a' }", "either polygon_px"),
        ("{ id = 'a', polygon_m = [[0, 0], [1, 0], [1, 1]] }", "polygon_m needs height_m"),
        ("{ id = 'a', polygon_px = [[0, 0], [1, 0], [1, 1]], height_m = 2 }", "takes no height_m"),
    ],
)
def test_an_occluder_is_said_in_one_way(folder, occluder, said):
    with pytest.raises(ScenarioError, match=said):
        scene(folder, f"occluders = [{occluder}]")


def test_the_camera_of_a_plate_is_its_calibration(folder):
    spec = scene(folder).cameras[0]
    assert spec.resolution_px == (320, 240)
    assert spec.position_m == pytest.approx((0, -12, 5))
    text = SCENE.format(plate="").replace('id = "cam"', 'id = "cam"\nposition_m = [0, 0, 9]')
    (folder / "y.toml").write_text(text)
    with pytest.raises(ScenarioError, match="position_m: follows from the plate's calibration"):
        load_scenario(folder / "y.toml")


def test_feet_of_the_twin_are_where_the_real_feet_were(reference):
    """Through the whole chain: boxes of the footage, metres of the table, the twin's crowd, its camera."""
    scenario = load_scenario("pets_twin_v1", ["duration_s=8"])
    camera = scenario.cameras[0].build()
    real = np.loadtxt(reference / "pets09_s2l1" / "gt.txt", delimiter=",")
    table = read_ways(scenario.population.ways.locate("ways"))
    off = []
    for way in table:
        for when, place in zip(way.time_s, way.place_m, strict=True):
            row = real[(real[:, 1] == way.id) & (np.abs((real[:, 0] - 1) / 7 - when) < 0.01)][0]
            u, v = camera.project([(*place, 0.0)])[0][0]
            off.append((u - (row[2] + row[4] / 2 - 1), v - (row[3] + row[5] - 2), row[5]))
    off = np.array(off)
    assert len(off) > 4000
    assert (np.abs(np.median(off[:, :2], axis=0)) < 0.6).all()
    assert np.percentile(np.hypot(off[:, 0], off[:, 1]) / off[:, 2], 90) < 0.06


def test_people_go_their_given_ways(folder):
    rows = "".join(f"7,{t},{-4 + 1.4 * t},2,1.9\n8,{t + 0.4},3,{t},1.2\n" for t in (0, 1, 2))
    (folder / "ways.csv").write_text("id,t_s,x_m,y_m,height_m\n" + rows)
    scenario = scene(folder)
    seen = [snapshot for snapshot, _ in shots(scenario)]
    assert [len(s.people.id) for s in seen] == [1, 1, 2, 2, 2]
    last = seen[-1]
    assert last.people.position_m[0] == pytest.approx((-4 + 1.4 * 0.8, 2))
    assert last.people.velocity_mps[0] == pytest.approx((1.4, 0), abs=1e-6)
    assert last.people.heading_rad[0] == pytest.approx(0)
    assert last.people.height_m.tolist() == [1.9, 1.2]
    assert last.people.walked_m[0] - seen[0].people.walked_m[0] == pytest.approx(1.4 * 0.8, rel=0.05)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,t_s,x_m\n1,0,0\n", "column 'y_m' is missing"),
        ("id,t_s,x_m,y_m\n1,0,0,a\n", "'y_m' should hold numbers"),
        ("id,t_s,x_m,y_m\n1,0,0,0\n1,0,1,1\n", "id 1 is in two places at 0 s"),
        ("id,t_s,x_m,y_m,height_m\n1,0,0,0,17\n", "height_m should lie between"),
    ],
)
def test_a_wrong_table_of_ways_is_said(tmp_path, text, said):
    (tmp_path / "ways.csv").write_text(text)
    with pytest.raises(ScenarioError, match=said):
        read_ways(tmp_path / "ways.csv")


def test_a_twin_in_a_run_folder_is_read_again_without_its_picture(folder):
    import tomli_w

    scenario = scene(folder)
    again = folder / "elsewhere" / "scenario.toml"
    again.parent.mkdir()
    again.write_text(tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True)))
    assert load_scenario(again).hash == scenario.hash
    assert tomllib.loads(again.read_text())["cameras"][0]["plate"]["sha256"]
