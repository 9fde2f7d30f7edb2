import numpy as np

from detect.privacy import blur_people


def test_inside_the_detail_is_gone_and_outside_nothing_changes():
    image = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    out = blur_people(image, np.array([[50.0, 40.0, 90.0, 160.0]]))
    inside = (slice(28, 172), slice(38, 102))  # the box and a tenth of its height
    assert len(np.unique(out[inside].reshape(-1, 3), axis=0)) <= 6 * 20
    outside = np.ones(image.shape[:2], bool)
    outside[inside] = False
    assert (out[outside] == image[outside]).all()
    assert not (out[inside] == image[inside]).all()


def test_boxes_at_and_beyond_the_edge():
    image = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    boxes = np.array([[-20.0, -10.0, 15.0, 30.0], [70.0, 50.0, 200.0, 90.0], [320.0, 300.0, 330.0, 320.0]])
    out = blur_people(image, boxes)
    assert out.shape == image.shape
    assert not (out[:30, :15] == image[:30, :15]).all()
    assert (blur_people(image, np.empty((0, 4))) == image).all()


def test_who_is_half_outside_is_left_with_no_finer_squares():
    image = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    out = blur_people(image, np.array([[-100.0, 0.0, 40.0, 200.0]]))
    squares = np.unique(out[:200, :60].reshape(-1, 3), axis=0)
    assert len(squares) <= 2 * 7  # of 180 / 6 px
