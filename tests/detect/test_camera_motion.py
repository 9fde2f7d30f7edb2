from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision as sv
from numpy.typing import NDArray

from detect.camera_motion import PictureMotion, by_homography, by_poses, ground_homography, move_boxes
from detect.pipeline import Pipeline
from detect.tracking import Tracker
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.errors import ScenarioError
from scenarios.frame import Frame, Gap

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
NOBODY = np.empty((0, 4))
SIZE = (640, 360)


def turning(pan_deg: float, *, hfov_deg: float = 60.0, tilt_deg: float = -15.0) -> Camera:
    return Camera.turned(
        "dome", position_m=(0, 0, 6), pan_deg=pan_deg, tilt_deg=tilt_deg, hfov_deg=hfov_deg, resolution_px=SIZE
    )


@pytest.fixture(scope="module")
def wall() -> Picture:
    """A made-up scene with edges and corners at all sizes, 1600 x 900."""
    rng = np.random.default_rng(5)
    scene = np.full((900, 1600, 3), 110, np.uint8)
    for _ in range(700):
        x, y, w, h = rng.integers((0, 0, 12, 12), (1600, 900, 120, 90))
        cv2.rectangle(scene, (int(x), int(y)), (int(x + w), int(y + h)), rng.integers(40, 220, 3).tolist(), -1)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 1.2), np.uint8)


@pytest.fixture(scope="module")
def real(vtest: Path) -> Picture:
    capture = cv2.VideoCapture(str(vtest))
    picture = capture.read()[1]
    capture.release()
    return np.asarray(cv2.resize(picture, (1536, 1152), interpolation=cv2.INTER_CUBIC), np.uint8)


def view(scene: Picture, placed: Floats) -> Picture:
    """The picture of a camera to which the scene appears so placed."""
    return np.asarray(cv2.warpPerspective(scene, placed, SIZE), np.uint8)


def similarity(shift: tuple[float, float] = (0, 0), turn_deg: float = 0.0, zoom: float = 1.0) -> Floats:
    about = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), turn_deg, zoom)
    return np.array([(1, 0, shift[0]), (0, 1, shift[1]), (0, 0, 1.0)]) @ np.vstack((about, (0, 0, 1)))


def first_placed(scene: Picture) -> Floats:
    return np.array([(1, 0, -(scene.shape[1] - SIZE[0]) / 2), (0, 1, -(scene.shape[0] - SIZE[1]) / 2), (0, 0, 1.0)])


def error_px(found: Floats, true: Floats) -> float:
    """Largest error over a grid in the picture."""
    x, y = np.meshgrid(np.linspace(40, 600, 8), np.linspace(30, 330, 6))
    places = np.stack((x.ravel(), y.ravel()), axis=1)[:, None]
    away = cv2.perspectiveTransform(places, found) - cv2.perspectiveTransform(places, true)
    return float(np.linalg.norm(away, axis=2).max())


MOTIONS = [
    similarity((17.3, -6.8)),
    similarity((-150, 20)),
    similarity(turn_deg=4),
    similarity(zoom=1.12),
    similarity((35, 5), turn_deg=-2, zoom=0.93),
]


@pytest.mark.parametrize("motion", MOTIONS, ids=["shift", "far", "turn", "zoom", "all"])
@pytest.mark.parametrize("scene_name", ["wall", "real"])
def test_known_motion_is_found_to_a_pixel_and_a_half(
    scene_name: str, motion: Floats, request: pytest.FixtureRequest
) -> None:
    scene = request.getfixturevalue(scene_name)
    pictures = PictureMotion()
    placed = first_placed(scene)
    assert pictures.step(view(scene, placed), NOBODY) is None
    found = pictures.step(view(scene, motion @ placed), NOBODY)
    assert found is not None
    assert error_px(found, motion) < 1.5


def test_a_pan_is_found_as_the_poses_have_it(wall: Picture) -> None:
    before, after = turning(0), turning(12)  # 60 degrees a second at 5 pictures a second
    true = ground_homography(before, after)
    assert true is not None
    middle = np.array([(1, 0, -(1600 - 640) / 2), (0, 1, -(900 - 360) / 2), (0, 0, 1.0)])
    pictures = PictureMotion()
    pictures.step(view(wall, middle), NOBODY)
    found = pictures.step(view(wall, true @ middle), NOBODY)
    assert found is not None
    assert error_px(found, true) < 4.0


def crowd(picture: Picture, shift_px: float) -> tuple[Picture, Floats]:
    """Thirty people who all walk the same way, and their boxes."""
    rng = np.random.default_rng(2)
    boxes = np.array(
        [(x + shift_px, y, x + shift_px + 34, y + 90) for x, y in rng.uniform((0, 0), (590, 260), (30, 2))]
    )
    drawn = picture.copy()
    for x1, y1, x2, y2 in boxes.round().astype(int):
        inside = drawn[y1:y2, max(x1, 0) : x2]
        inside[:] = rng.integers(0, 255, (1, 1, 3))
        inside[::9] = 255 - inside[::9]
    return drawn, boxes


def test_people_who_walk_the_same_way_do_not_bias_it(wall: Picture) -> None:
    placed, motion = first_placed(wall), similarity((-11, 4))
    pictures = PictureMotion()
    pictures.step(*crowd(view(wall, placed), 0))
    found = pictures.step(*crowd(view(wall, motion @ placed), 14))
    assert found is not None
    assert error_px(found, motion) < 1.0


def test_a_picture_that_stands_is_exactly_the_identity(wall: Picture) -> None:
    rng = np.random.default_rng(1)
    still = view(wall, first_placed(wall))
    pictures = PictureMotion()
    for i in range(4):
        noisy = np.clip(still + rng.normal(0, 2.5, still.shape), 0, 255).astype(np.uint8)
        found = pictures.step(noisy, NOBODY)
        assert (found is None) if i == 0 else np.array_equal(np.asarray(found), np.eye(3))


def test_what_is_burnt_in_does_not_hold_the_picture(wall: Picture) -> None:
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[:120] = 1
    rng = np.random.default_rng(3)
    text = rng.integers(0, 255, (30, 160, 3), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    motion, placed = similarity((24, 0)), first_placed(wall)
    pictures = PictureMotion(mask)
    found = None
    for where in (placed, motion @ placed):
        picture = view(wall, where)
        picture[:120] = text
        found = pictures.step(picture, NOBODY)
    assert found is not None
    assert error_px(found, motion) < 1.0


def test_unknown_at_a_cut_after_a_reset_at_another_size_and_without_corners(wall: Picture) -> None:
    placed = first_placed(wall)
    one = view(wall, placed)
    other = np.asarray(np.random.default_rng(9).integers(0, 255, (45, 80, 3)), np.uint8).repeat(8, 0).repeat(8, 1)
    pictures = PictureMotion()
    pictures.step(one, NOBODY)
    assert pictures.step(other, NOBODY) is None
    pictures.reset()
    assert pictures.step(one, NOBODY) is None
    assert pictures.step(np.ascontiguousarray(one[:300]), NOBODY) is None
    grey = np.zeros_like(one)
    blank = PictureMotion()
    blank.step(grey, NOBODY)
    assert blank.step(grey + 90, NOBODY) is None


def test_a_pan_over_tiles_goes_on_as_it_began() -> None:
    """Tiles look alike: a step of 30 px of their 40 is one of -10, unless it is known how the pan went so far."""
    across, along = np.meshgrid(np.arange(1600) // 20, np.arange(900) // 20)
    tiles = np.where((across + along) % 2, 60, 200).astype(np.uint8)
    tiles = np.asarray(cv2.GaussianBlur(np.repeat(tiles[..., None], 3, axis=2), (0, 0), 1.2), np.uint8)
    pictures, placed = PictureMotion(), similarity((-100, -100))
    pictures.step(view(tiles, placed), NOBODY)
    for step in (8, 14, 20, 26, 30):
        before, motion = placed, similarity((-step, 0))
        placed = motion @ placed
        found = pictures.step(view(tiles, placed), NOBODY)
        assert found is not None
        assert error_px(found, motion) < 1.0
    fresh = PictureMotion()
    fresh.step(view(tiles, before), NOBODY)
    found = fresh.step(view(tiles, placed), NOBODY)
    assert found is None or error_px(found, motion) > 20


def test_same_pictures_same_motion(wall: Picture) -> None:
    def run() -> list[bytes]:
        pictures, placed, found = PictureMotion(), first_placed(wall), []
        for motion in MOTIONS:
            placed = motion @ placed
            step = pictures.step(view(wall, placed), NOBODY)
            found.append(b"" if step is None else step.tobytes())
        return found

    first = run()
    assert len(set(first)) > 3
    assert run() == first


@pytest.mark.parametrize("distortion", [(0.0,), (-0.3, 0.1), (0.12, -0.02, 0.002, -0.001)])
def test_poses_say_where_the_ground_went_and_how_people_grew(distortion: tuple[float, ...]) -> None:
    def drone(y: float, pan: float) -> Camera:
        return Camera.turned(
            "drone", position_m=(0, y, 20), pan_deg=pan, tilt_deg=-35, hfov_deg=60, resolution_px=SIZE,
            distortion=distortion,
        )  # fmt: skip

    before, after = drone(0, 0), drone(1.5, 3)
    motion = by_poses(before, after)
    assert motion is not None
    feet = np.random.default_rng(4).uniform((-8, 20), (8, 40), (50, 2))
    moved = move_boxes(before.upright_box_px(feet, 1.75), motion)
    assert np.abs(moved - after.upright_box_px(feet, 1.75)).max() < 1.5
    ground = np.c_[feet, np.zeros(50)]
    seen, true = (c.project(ground)[0] for c in (before, after))
    assert np.abs(motion(seen) - true).max() < 0.01


def test_a_wide_lens_bends_the_way_of_a_pan() -> None:
    def dome(pan: float) -> Camera:
        return Camera.turned(
            "dome", position_m=(0, 0, 6), pan_deg=pan, tilt_deg=-15, hfov_deg=90, resolution_px=SIZE,
            distortion=(-0.25, 0.06),
        )  # fmt: skip

    before, after = dome(0), dome(12)
    bent, straight = by_poses(before, after), ground_homography(before, after)
    assert bent is not None
    assert straight is not None
    seen, true = (c.project(np.array([(9.0, 12.0, 0.0)]))[0] for c in (before, after))
    assert np.abs(bent(seen) - true).max() < 0.01
    assert np.abs(by_homography(straight)(seen) - true).max() > 5


def test_a_box_from_behind_the_camera_stays() -> None:
    box = np.array([(10.0, 10.0, 30.0, 60.0)])
    assert np.array_equal(move_boxes(box, by_homography(np.array([(1, 0, 0), (0, 1, 0), (0, -1, 30.0)]))), box)


def pan(fps: float, speed_deg: float = 60.0) -> list[tuple[float, Camera, Floats]]:
    """People who walk before a camera that pans for two seconds, there and back: time, pose, boxes (nan: out)."""
    seconds = np.arange(round(4 * fps)) / fps
    start = np.array([(x, y) for x in np.linspace(-14, 14, 8) for y in (16.0, 24.0)])
    seen = []
    for t in seconds:
        camera = turning(speed_deg * (0.25 - abs((t % 1.0) - 0.5)))
        seen.append((float(t), camera, camera.upright_box_px(start + (0.0, 1.2) * np.array(t), 1.75)))
    return seen


def kept(fps: float, compensated: bool, name: str) -> int:
    """How many of the 16 people were followed under one id all through."""
    tracker, before = Tracker(name, fps=fps), None
    ids: dict[int, set[int]] = {}
    for t, camera, boxes in pan(fps):
        middle = boxes[:, [0, 2]].mean(axis=1)
        inside = np.flatnonzero((middle > 0) & (middle < SIZE[0]))
        found = sv.Detections(
            xyxy=boxes[inside], confidence=np.full(len(inside), 0.9), class_id=np.full(len(inside), ObjectClass.PERSON)
        )
        motion = by_poses(before, camera) if compensated and before is not None else None
        seen = tracker.update(found, t, None, motion)
        for track, box in zip(seen.track_id, seen.box_px, strict=True):
            person = int(np.abs(boxes - box).sum(axis=1).argmin())
            ids.setdefault(person, set()).add(int(track))
        before = camera
    return sum(len(of) == 1 for of in ids.values())


@pytest.mark.parametrize("name", ["bytetrack", "sort", "botsort", "cbiou"])
@pytest.mark.parametrize("fps", [5.0, 10.0])
def test_ids_survive_a_pan_of_sixty_degrees_a_second(fps: float, name: str) -> None:
    assert kept(fps, True, name) >= 14
    assert kept(fps, False, name) <= 8


class Pictures:
    """A source of given items."""

    camera_id, live, size_px, fps, frame_count = "dome", False, SIZE, 5.0, None

    def __init__(self, items: Sequence[Frame | Gap]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Frame | Gap]:
        return iter(self.items)

    def close(self) -> None:
        pass


class Known:
    """Finds the people where they are."""

    name, weights_sha256 = "known", None

    def __init__(self, boxes: Sequence[Floats]) -> None:
        self.boxes = boxes

    def start(self, camera: Camera | None) -> None:
        pass

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        of = [self.boxes[f.index] for f in frames]
        return [sv.Detections(xyxy=b, confidence=np.full(len(b), 0.9), class_id=np.zeros(len(b), int)) for b in of]


@pytest.mark.parametrize(
    ("mode", "calibrated", "same"),
    [("auto", True, True), ("poses", True, True), ("auto", False, True), ("picture", True, True), ("off", True, False)],
)  # fmt: skip
def test_the_pipeline_moves_tracks_as_it_is_told(wall: Picture, mode: str, calibrated: bool, same: bool) -> None:
    cameras = [turning(9.0 * k) for k in range(4)]  # 45 degrees a second
    foot = [(6.0, 22.0), (9.0, 20.0), (12.0, 25.0)]
    boxes = [c.upright_box_px(foot, 1.75) for c in cameras]
    placed, frames = np.array([(1, 0, -300.0), (0, 1, -270.0), (0, 0, 1.0)]), []
    for k, camera in enumerate(cameras):
        if k:
            motion = ground_homography(cameras[k - 1], camera)
            assert motion is not None
            placed = motion @ placed
        frames.append(Frame("dome", k, k / 5, None, view(wall, placed)))
    track = CameraTrack.of(cameras, [k / 5 for k in range(4)]) if calibrated else None
    pipeline = Pipeline(Known(boxes), [], camera=track, camera_motion=mode)
    last = list(pipeline.watch(Pictures(frames)))[-1].tracks
    assert (len(last) == 3) is same


def test_another_word_is_refused() -> None:
    with pytest.raises(ScenarioError, match="unknown camera motion 'pose'; did you mean 'poses'"):
        Pipeline(Known([]), [], camera_motion="pose")


def test_poses_need_a_calibration() -> None:
    with pytest.raises(ScenarioError, match="needs a calibration, and this camera has none; 'picture' does without"):
        Pipeline(Known([]), [], camera_motion="poses")
