"""Films of moving cameras, and of several cameras on one floor."""

import numpy as np
import pytest

from detect.pipeline import Pipeline
from detect.score.oracle import OracleDetector
from detect.sources import open_source
from detect.tracks import ObjectClass
from scenarios.camera_track import CameraTrack
from scenarios.recording import Recording
from scenarios.scenario import Scenario
from scenarios.truth import column
from sim.film import film, film_cameras, shots
from sim.render.backdrop import Backdrop, pixel_rays
from sim.render.floor import Floor
from sim.render.light import Light
from sim.render.moving import MovingView

SIZE = {"resolution_px": (320, 180)}
DRONE = {
    "id": "drone",
    "path": [
        {"time_s": 0, "position_m": (4, -4, 14), "heading_deg": 30, "gimbal_deg": -55},
        {"time_s": 3, "position_m": (10, 7, 16), "heading_deg": 0, "gimbal_deg": -90},
    ],
    "hfov_deg": 70,
    **SIZE,
}
DOME = {
    "id": "dome",
    "position_m": (10, -3, 5),
    "tour": [
        {"look_at_m": (6, 8, 0.5), "hfov_deg": 70, "dwell_s": 1, "travel_s": 1},
        {"look_at_m": (14, 9, 0.5), "hfov_deg": 45, "dwell_s": 1, "travel_s": 0.6},
    ],
    **SIZE,
}
FIXED = {"id": "fixed", "position_m": (10, 21, 5), "look_at_m": (10, 8, 0.5), "hfov_deg": 75, **SIZE}


def square(cameras=(DRONE, DOME, FIXED), **changes):
    return Scenario.model_validate(
        {
            "name": "square_v1",
            "title": "A square",
            "duration_s": 3.0,
            "fps": 10.0,
            "seed": 5,
            "venue": {
                "outline": [(0, 0), (20, 0), (20, 16), (0, 16)],
                "gates": [{"id": "west", "line": [(0, 5), (0, 11)]}, {"id": "east", "line": [(20, 5), (20, 11)]}],
                "obstacles": [
                    {
                        "id": "kiosk",
                        "kind": "kiosk",
                        "polygon": [(12, 12), (15, 12), (15, 14), (12, 14)],
                        "height_m": 2.6,
                    }
                ],
            },
            "cameras": list(cameras),
            "population": {
                "flows": [
                    {
                        "id": "east",
                        "start": "west",
                        "to": ["east"],
                        "rate_per_min": 40,
                        "initial": 14,
                        "carries": {"backpack": 0.3},
                    }
                ]
            },
        }
        | changes
    )


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    recording = Recording(tmp_path_factory.mktemp("moving"))
    film(square(), recording)
    return recording


def test_the_recording_keeps_the_pose_of_every_picture(filmed):
    views = {view.id: view for view in filmed.views()}
    assert views["fixed"].track is None
    assert [c.id for c in filmed.cameras()] == ["drone", "dome", "fixed"]
    for wanted in film_cameras(square())[:2]:
        kept = views[wanted.id].track
        assert isinstance(kept, CameraTrack)
        assert len(kept) == 30
        np.testing.assert_allclose(kept.time_s, filmed.frame_times(wanted.id), atol=1e-6)
        for name in ("matrix", "rotation", "translation_m"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(wanted, name))
        assert len(kept.at(1.3).masks_px) == 1  # the mark is masked in every pose
        np.testing.assert_array_equal(views[wanted.id].camera.rotation, kept.rotation[0])


def test_boxes_follow_the_pose_of_their_instant(filmed):
    truth, views = filmed.truth(), {view.id: view for view in filmed.views()}
    where = {(round(r["time_s"], 6), r["id"]): (r["x_m"], r["y_m"]) for r in truth.people.to_pylist()}
    counted = dict.fromkeys(views, 0)
    for row in truth.boxes.to_pylist():
        if row["cls"] != "person":
            continue
        place = where[round(row["time_s"], 6), row["id"]]
        camera = views[row["camera"]].calibration.at(row["time_s"])
        pixels, _ = camera.project([(*place, 0.05), (*place, 1.6)])
        for u, v in pixels:  # the whole upright line lies in the box, to the reach of a step
            slack = 0.3 * max(row["y2"] - row["y1"], row["x2"] - row["x1"]) + 2
            assert row["x1"] - slack <= u <= row["x2"] + slack
            assert row["y1"] - slack <= v <= row["y2"] + slack
        counted[row["camera"]] += 1
    assert min(counted.values()) > 100


def test_all_cameras_film_the_same_world(filmed):
    """One truth of people and bags; what a camera saw of it is what a film of it alone shows."""
    truth = filmed.truth()
    alone = {}
    for name in ("drone", "fixed"):
        alone[name] = [(world, taken[0]) for world, taken in shots(square(), cameras=[name])]
    for (here, _), (there, _) in zip(alone["drone"], alone["fixed"], strict=True):
        np.testing.assert_array_equal(here.people.position_m, there.people.position_m)
        np.testing.assert_array_equal(here.objects.carried_by, there.objects.carried_by)
    boxes = truth.boxes.to_pylist()
    for name, taken in alone.items():
        mine = [row for row in boxes if row["camera"] == name]
        assert [row["id"] for row in mine] == [int(i) for _, shot in taken for i in shot.boxes.id]
        seen = np.concatenate([shot.boxes.visibility for _, shot in taken])
        np.testing.assert_allclose([row["visibility"] for row in mine], seen, atol=1e-6)
    at = {(row["camera"], row["frame"], row["id"]): (row["x_m"], row["y_m"]) for row in boxes}
    shared = [(f, i) for c, f, i in at if c == "drone" and ("fixed", f, i) in at]
    assert len(shared) > 100
    assert all(at["drone", f, i] == at["fixed", f, i] for f, i in shared)


@pytest.mark.parametrize("name", ["drone", "dome"])
def test_what_is_detected_is_placed_by_the_pose_of_its_instant(filmed, name):
    truth = filmed.truth()
    view = next(v for v in filmed.views() if v.id == name)
    where = {(round(r["time_s"], 4), r["id"]): (r["x_m"], r["y_m"]) for r in truth.people.to_pylist()}
    source = open_source(str(filmed.video(name)), camera_id=name)
    misses, stale = [], []
    try:
        pipeline = Pipeline(OracleDetector(truth, seed=1), [], camera=view.calibration)
        for seen in pipeline.watch(source):
            people = seen.tracks.of(ObjectClass.PERSON)
            true = np.array([p for (t, _), p in where.items() if abs(t - seen.frame.time_s) < 1e-3])
            for place, box in zip(people.position_m, people.box_px, strict=True):
                if np.isfinite(place).all() and box[1] > 2 and box[3] < 178 and box[0] > 2 and box[2] < 318:
                    misses.append(np.linalg.norm(true - place, axis=1).min())
                    (first,) = view.camera.to_ground([((box[0] + box[2]) / 2, box[3])])
                    stale.append(np.linalg.norm(true - first, axis=1).min())
    finally:
        source.close()
    assert len(misses) > 80
    assert np.median(misses) < 0.45  # metres; from straight above the lower edge of a box is not where the feet are
    assert np.nanmedian(stale) > 1.1 * np.median(misses)  # the first pose would not do


def test_rays_between_knots_are_those_of_the_camera():
    for camera in (square().cameras[0].at(1.1), square([FIXED | {"distortion": [-0.2, 0.05]}]).cameras[0].build()):
        rays = pixel_rays(camera)
        grid = np.stack(np.meshgrid(np.arange(-1.0, 321), np.arange(-1.0, 181)), axis=-1)
        exact = camera.rays(grid.reshape(-1, 2)).reshape(182, 322, 3)
        assert np.abs(rays - exact).max() * camera.matrix[0, 0] < 1e-3


def test_a_resting_camera_shows_what_a_fixed_one_there_shows():
    scenario = square([DOME])
    light = Light.of(scenario.conditions)
    floor = Floor.of(scenario.venue, light)
    (track,) = film_cameras(scenario)
    view = MovingView(scenario, track, light, floor)
    camera, resting = view.at(2)
    fixed = Backdrop.of(scenario, camera, light, floor)
    np.testing.assert_array_equal(resting.image, fixed.image)
    assert view.at(3)[1] is resting


@pytest.mark.parametrize(("camera", "index"), [(DOME, 14), (DRONE, 2), (DRONE, 28)])
def test_a_moving_camera_sees_the_same_place(camera, index):
    """What is drawn quickly is what is drawn finely, to the noise of the finest texture."""
    scenario = square([camera])
    light = Light.of(scenario.conditions)
    floor = Floor.of(scenario.venue, light)
    (track,) = film_cameras(scenario)
    here, quick = MovingView(scenario, track, light, floor).at(index)
    fine = Backdrop.of(scenario, here, light, floor)
    difference = np.abs(quick.image.astype(float) - fine.image)
    assert np.median(difference) < 3
    assert np.mean(difference) < 6
    assert np.mean(quick.ground == fine.ground) > 0.985
    assert np.mean(np.isfinite(quick.depth_m) == np.isfinite(fine.depth_m)) > 0.985
    both = np.isfinite(quick.depth_m) & np.isfinite(fine.depth_m)
    assert both.sum() > 50
    assert np.median(np.abs(quick.depth_m[both] - fine.depth_m[both])) < 0.05


def test_the_wind_is_the_seed_s():
    one, same, other = (film_cameras(square([DRONE]), seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.translation_m, same.translation_m)
    assert not np.allclose(one.translation_m, other.translation_m)


def test_the_background_detector_says_nothing_while_the_camera_moves(filmed):
    from detect.detectors import build_detector

    view = next(v for v in filmed.views() if v.id == "drone")
    source = open_source(str(filmed.video("drone")), camera_id="drone")
    try:
        found = [len(s.detections) for s in Pipeline(build_detector("background"), [], camera=view.track).watch(source)]
    finally:
        source.close()
    assert len(found) == 30
    assert not any(found)


def test_boxes_of_moving_cameras_have_their_times(filmed):
    boxes = filmed.truth().boxes
    mine = column(boxes, "camera") == "dome"
    np.testing.assert_allclose(column(boxes, "time_s")[mine], column(boxes, "frame")[mine] / 10, atol=1e-6)
