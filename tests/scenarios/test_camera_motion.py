import numpy as np
import pytest

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.errors import RecordingError, ScenarioError
from scenarios.load import library, load_scenario
from scenarios.motion import Flight, Preset, Tour, Waypoint, aim
from scenarios.scenario import CameraSpec
from scenarios.shake import Shake

STOPS = [
    Preset(look_at_m=(10, 10, 0), hfov_deg=60, dwell_s=2, travel_s=3),
    Preset(pan_deg=350, tilt_deg=-20, hfov_deg=20, dwell_s=1, travel_s=2),
]


def drone(*path, **more):
    return CameraSpec.model_validate({"id": "drone", "path": list(path), "resolution_px": (640, 360)} | more)


def waypoint(t, position, heading=0.0, gimbal=-90.0):
    return {"time_s": t, "position_m": position, "heading_deg": heading, "gimbal_deg": gimbal}


def test_a_turned_camera_is_the_one_that_looks_at_the_point():
    pan, tilt = aim((3, -2, 9), (14, 20, 1))
    angles = {"hfov_deg": 50, "resolution_px": (640, 360), "roll_deg": 7}
    turned = Camera.turned("a", position_m=(3, -2, 9), pan_deg=pan, tilt_deg=tilt, **angles)
    looking = Camera.looking_at("a", position_m=(3, -2, 9), look_at_m=(14, 20, 1), **angles)
    np.testing.assert_allclose(turned.rotation, looking.rotation, atol=1e-12)
    np.testing.assert_allclose(turned.position_m, (3, -2, 9), atol=1e-12)


def test_straight_down_the_heading_is_up_in_the_picture():
    camera = drone(waypoint(0, (5, 6, 20), heading=90.0)).build()
    (middle, east), _ = camera.project([(5, 6, 0), (7, 6, 0)])
    np.testing.assert_allclose(middle, (319.5, 179.5), atol=1e-9)
    assert east[1] < middle[1]
    assert abs(east[0] - middle[0]) < 1e-9


def test_a_tour_rests_at_its_stops_and_comes_round():
    tour = Tour((0, 0, 6), STOPS, 70.0, 0.0)
    assert tour.round_s == 2 + 2 + 1 + 3
    assert tour.pose(0.0) == tour.pose(1.9) == tour.pose(8.0) == tour.pose(17.5)
    assert tour.pose(4.0).pan_deg % 360 == pytest.approx(350)
    assert tour.pose(4.5).hfov_deg == pytest.approx(20)
    assert [tour.rests(t) for t in (1, 3, 4.5, 6)] == [True, False, True, False]
    between = tour.pose(3.0)
    assert -10 < between.pan_deg < 45  # the short way over north, not round by the south
    assert 20 < between.hfov_deg < 60


def test_a_tour_moves_without_jumps_in_speed():
    tour = Tour((0, 0, 6), STOPS, 70.0, 0.0)
    times = np.arange(0, 16, 0.01)
    pan = np.unwrap([tour.pose(t).pan_deg for t in times], period=360)
    speed = np.diff(pan) / 0.01
    assert np.abs(speed).max() == pytest.approx(1.875 * 55 / 2, rel=0.02)  # of the curve of least jerk
    assert np.abs(np.diff(speed)).max() < 1.5


def test_a_flight_goes_through_its_waypoints_and_hovers_before_and_after():
    path = [waypoint(2, (0, 0, 20)), waypoint(6, (10, 4, 24), 40, -60), waypoint(9, (18, 4, 22), 80, -45)]
    flight = Flight([Waypoint.model_validate(w) for w in path], 70.0, 0.0)
    for w in path:
        pose = flight.pose(w["time_s"])
        np.testing.assert_allclose(pose.position_m, w["position_m"], atol=1e-9)
        assert (pose.pan_deg, pose.tilt_deg) == pytest.approx((w["heading_deg"], w["gimbal_deg"]))
    assert flight.pose(0.0) == flight.pose(2.0)
    assert flight.pose(99.0) == flight.pose(9.0)
    near = [np.array(flight.pose(t).position_m) for t in (2.0, 2.01, 8.99, 9.0)]
    assert np.linalg.norm(near[1] - near[0]) < 2e-3  # at rest at both ends
    assert np.linalg.norm(near[3] - near[2]) < 2e-3


def test_wind_moves_the_drone_by_its_seed_and_more_wind_more():
    def sway(wind, seed=1, gimbal=3.0):
        shake = Shake(wind, 25.0, gimbal, np.random.default_rng(seed))
        moves = [shake.at(t) for t in np.arange(0, 120, 0.1)]
        return np.array([m[0] for m in moves]), np.array([m[1] for m in moves])

    (place, turn), (again, _), (other, _) = sway(5), sway(5), sway(5, seed=2)
    np.testing.assert_array_equal(place, again)
    assert not np.allclose(place, other)
    assert 0.02 < place[:, :2].std() < 0.6  # metres: a position hold in a moderate wind
    assert 0.005 < turn.std() < 0.3  # degrees: what a gimbal leaves
    strong, strong_turn = sway(12)
    assert strong.std() > 1.8 * place.std()
    assert strong_turn.std() > 1.5 * turn.std()
    assert sway(5, gimbal=0.0)[1].std() > 5 * turn.std()


def test_gusts_have_the_variance_of_the_published_spectrum():
    from scenarios.shake import _dryden

    omega = np.geomspace(1e-5, 1e3, 20_000)
    for height, wind in ((10.0, 4.0), (60.0, 9.0)):
        along, across = _dryden(omega, wind, height)
        sigma = 0.1 * wind / (0.177 + 0.000823 * height / 0.3048) ** 0.4
        assert np.trapezoid(along, omega) == pytest.approx(sigma**2, rel=0.01)
        assert np.trapezoid(across, omega) == pytest.approx(sigma**2, rel=0.01)


def test_a_track_holds_the_pose_of_every_instant(tmp_path):
    spec = drone(waypoint(0, (0, 0, 20)), waypoint(4, (10, 4, 24), 40, -60))
    times = np.arange(40) / 10
    track = spec.track(times, seed=3)
    assert len(track) == 40
    for k in (0, 17, 39):
        here = spec.at(times[k], seed=3)
        np.testing.assert_array_equal(track.camera(k).rotation, here.rotation)
        np.testing.assert_array_equal(track.at(times[k] + 0.04).translation_m, here.translation_m)
    np.testing.assert_allclose(track.position_m[17], spec.at(1.7, seed=3).position_m)
    track.save(tmp_path / "poses.npz")
    again = CameraTrack.load(tmp_path / "poses.npz", track.camera(0))
    for name in ("time_s", "matrix", "rotation", "translation_m"):
        np.testing.assert_array_equal(getattr(again, name), getattr(track, name))
    with pytest.raises(RecordingError, match="poses of the moving camera 'drone' are missing"):
        CameraTrack.load(tmp_path / "none.npz", track.camera(0))
    (tmp_path / "bad.npz").write_bytes(b"PK no archive")
    with pytest.raises(RecordingError, match="cannot be read"):
        CameraTrack.load(tmp_path / "bad.npz", track.camera(0))


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ("tour=[{look_at_m=[9,9,0]}]", "at least two stops"),
        ("tour=[{look_at_m=[9,9,0]},{pan_deg=3}]", r"cameras\[0\].tour\[1\]: should have either look_at_m or both pan"),
        ("tour=[{pan_deg=3,tilt_deg=-20,dwell=3},{look_at_m=[9,9,0]}]", "unknown key 'dwell'; did you mean 'dwell_s'"),
        ("path=[{time_s=0,position_m=[5,5,20]}]", r"path\[0\]: should have either look_at_m or both heading_deg"),
        ("path=[{time_s=0,look_at_m=[5,5,0]}]", r"the key 'cameras\[0\].path\[0\].position_m' is missing"),
        (
            "path=[{time_s=3,position_m=[5,5,20],look_at_m=[9,9,0]},{time_s=1,position_m=[6,5,20],look_at_m=[9,9,0]}]",
            r"path\[1\].time_s: 1 s should be after 3 s",
        ),
        (
            "path=[{time_s=0,position_m=[5,5,20],look_at_m=[9,9,0]},"
            "{time_s=1,position_m=[6,5,20],heading_deg=0,gimbal_deg=-90}]",
            "either all waypoints have look_at_m or none",
        ),
        (
            "path=[{time_s=0,position_m=[0,5,20],look_at_m=[9,9,0]},{time_s=1,position_m=[60,5,20],look_at_m=[9,9,0]}]",
            "the drone would fly at .* m/s; give it more time",
        ),
        ("path=[{time_s=0,position_m=[5,5,1],look_at_m=[9,9,0]}]", "keep it above 1.5 m"),
        ("path=[{time_s=0,position_m=[9,9,20],look_at_m=[9,9,0]}]", "straight below the drone"),
        ("path=[{time_s=0,position_m=[900,9,20],look_at_m=[990,9,0]}]", "sees nothing of the venue's floor"),
    ],
)
def test_what_no_camera_does_is_said_in_one_sentence(tmp_path, camera, said):
    text = library()["forecourt_bag_v1"].read_text(encoding="utf-8")
    head, _, rest = text.partition("[[cameras]]")
    key, _, value = camera.partition("=")
    home = "" if key == "path" else "position_m=[20,-4,6]\n"
    (tmp_path / "own.toml").write_text(
        f'{head}[[cameras]]\nid="own"\n{home}{key}={value}\n[population]{rest.partition("[population]")[2]}'
    )
    with pytest.raises(ScenarioError, match=said) as caught:
        load_scenario(tmp_path / "own.toml")
    assert "\n" not in str(caught.value)


def test_through_a_house_no_drone_flies():
    path = "[{time_s=0,position_m=[-4,22,2],look_at_m=[20,22,1]},{time_s=4,position_m=[12,22,2],look_at_m=[20,22,1]}]"
    home = ["cameras.0.position_m=[-4,22,2]", "cameras.0.look_at_m=[20,22,1]"]
    with pytest.raises(ScenarioError, match=r"at .* s the drone would fly through the obstacle 'kiosk'"):
        load_scenario("forecourt_bag_v1", [*home, f"cameras.0.path={path}"])


def test_a_moving_camera_survives_its_own_file():
    for name in ("square_drone_v1", "concourse_ptz_v1"):
        scenario = load_scenario(name)
        again = type(scenario).model_validate(scenario.model_dump(mode="json", exclude_none=True))
        assert again == scenario
        assert again.hash == scenario.hash
        assert scenario.cameras[0].motion is not None
        assert scenario.cameras[1].motion is None
