"""People and bags drawn on a noisy floor, before a calibrated camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detect.detectors.background import BackgroundDetector, BackgroundSettings
from detect.detectors.foreground import ForegroundSettings
from detect.tracks import ObjectClass
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

FPS = 10.0
CAMERA = Camera.looking_at("mast", position_m=(0, -18, 6), look_at_m=(0, 0, 0), hfov_deg=50, resolution_px=(640, 360))
FLOOR = cv2.GaussianBlur(np.random.default_rng(0).integers(90, 150, (360, 640, 3), np.uint8), (0, 0), 2)
DARK, RED = (40, 45, 50), (30, 30, 170)


def film(
    seconds: float, *things: tuple[object, tuple[int, int, int], float, float], start_s: float = 0.0
) -> list[Frame]:
    """Each thing: where it is at a time (x, y in metres, or None), its colour, height and width in metres."""
    rng = np.random.default_rng(5)
    frames = []
    for i in range(round(seconds * FPS)):
        time_s = start_s + i / FPS
        image = FLOOR.copy()
        for where, colour, height, width in things:
            at = where(time_s)  # type: ignore[operator]
            if at is not None:
                x1, y1, x2, y2 = CAMERA.upright_box_px(at, height, width)[0].round().astype(int)
                cv2.rectangle(image, (x1, y1), (x2 - 1, y2 - 1), colour, -1)
        noisy = np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
        frames.append(Frame("mast", i, time_s, None, noisy))
    return frames


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    h = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return float(w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h))


def of(found: object, cls: ObjectClass) -> np.ndarray:
    return np.asarray(found.xyxy)[np.asarray(found.class_id) == cls]  # type: ignore[attr-defined]


def after(start_s: float, where: tuple[float, float]) -> object:
    return lambda t: where if t >= start_s else None


@pytest.mark.parametrize("camera", [CAMERA, None])
def test_one_walker_is_one_box_of_the_right_size(camera: Camera | None) -> None:
    detector = BackgroundDetector()
    detector.start(camera)
    walk = lambda t: (-4 + 1.2 * (t - 2), 1.0) if t >= 2 else None  # noqa: E731
    frames = film(8, (walk, DARK, 1.75, 0.5))
    found = detector.detect(frames)
    assert all(len(f) == 0 for f in found[:20])
    hits = 0
    for frame, one in zip(frames[25:], found[25:], strict=True):
        people = of(one, ObjectClass.PERSON)
        true = CAMERA.upright_box_px(walk(frame.time_s), 1.75, 0.5)[0]
        hits += len(people) == 1 and iou(people[0], true) > 0.7
        assert len(of(one, ObjectClass.BAG)) == 0
    assert hits >= 0.95 * len(frames[25:])


def test_two_who_touch_in_the_picture_are_two_boxes() -> None:
    detector = BackgroundDetector()
    detector.start(CAMERA)
    frames = film(4, (after(2, (-0.25, 0)), DARK, 1.75, 0.5), (after(2, (0.25, 0)), RED, 1.70, 0.5))
    people = of(detector.detect(frames)[-1], ObjectClass.PERSON)
    assert len(people) == 2
    true = CAMERA.upright_box_px([(-0.25, 0), (0.25, 0)], 1.75, 0.5)
    assert all(max(iou(p, t) for p in people) > 0.6 for t in true)


def test_a_bag_put_down_is_a_bag_and_stays_until_it_is_absorbed() -> None:
    settings = BackgroundSettings(foreground=ForegroundSettings(absorb_s=6.0))
    detector = BackgroundDetector(settings)
    detector.start(CAMERA)
    frames = film(12, (after(3, (1, 0)), RED, 0.5, 0.5))
    bags = [len(of(f, ObjectClass.BAG)) for f in detector.detect(frames)]
    assert sum(bags[:30]) == 0
    assert bags[45:80] == [1] * 35  # 1.5 s after it was put down, until 8 s
    assert bags[100:] == [0] * 20  # absorbed after 6 s


def test_who_was_there_from_the_start_leaves_no_ghost() -> None:
    detector = BackgroundDetector()
    detector.start(CAMERA)
    there = lambda t: (0.0, 0.0) if t < 4 else None  # noqa: E731
    found = detector.detect(film(9, (there, DARK, 1.75, 0.5)))
    assert all(len(f) == 0 for f in found[60:])


def test_masks_are_never_looked_at() -> None:
    box = CAMERA.upright_box_px((1, 0), 1.75)[0]
    ring = np.array(
        [(box[0] - 9, box[1] - 9), (box[2] + 9, box[1] - 9), (box[2] + 9, box[3] + 9), (box[0] - 9, box[3] + 9)]
    )
    masked = Camera.looking_at(
        "mast",
        position_m=(0, -18, 6),
        look_at_m=(0, 0, 0),
        hfov_deg=50,
        resolution_px=(640, 360),
        masks_px=(ring,),
    )
    frames = film(4, (after(2, (1, 0)), DARK, 1.75, 0.5))
    for camera, count in ((masked, 0), (CAMERA, 1)):
        detector = BackgroundDetector()
        detector.start(camera)
        assert len(detector.detect(frames)[-1]) == count


def test_light_that_goes_out_is_learned_and_start_forgets() -> None:
    detector = BackgroundDetector()
    detector.start(CAMERA)
    frames = film(4)
    dark = [Frame("mast", f.index, f.time_s + 4, None, f.image // 3) for f in film(8)]
    found = detector.detect(frames + dark)
    assert all(len(f) == 0 for f in found[90:])
    detector.start(CAMERA)
    again = detector.detect(frames + dark)
    assert [len(f) for f in again] == [len(f) for f in found]


def test_batch_equals_single() -> None:
    frames = film(3, (after(2, (0, 0)), DARK, 1.75, 0.5))
    one, many = BackgroundDetector(), BackgroundDetector()
    together = many.detect(frames)
    for frame, expected in zip(frames, together, strict=True):
        got = one.detect([frame])[0]
        np.testing.assert_array_equal(got.xyxy, expected.xyxy)
        np.testing.assert_array_equal(got.confidence, expected.confidence)


def test_bad_pictures_are_told_in_one_sentence() -> None:
    detector = BackgroundDetector()
    with pytest.raises(DetectorError, match="of uint8"):
        detector.detect([Frame("mast", 0, 0.0, None, FLOOR[:, :, 0])])
    detector.detect([Frame("mast", 0, 0.0, None, FLOOR)])
    with pytest.raises(DetectorError, match="those before it had"):
        detector.detect([Frame("mast", 1, 0.1, None, FLOOR[:100])])
