"""The truth of pictures, found again without what the compositor says of itself.

Whose pixels: the same person before two floors. A pixel that shows the person is the same in both pictures; one that
shows the floor, in shadow or not, differs as the floors do (triangulation matting: Smith, A. R. and Blinn, J. F.
(1996). Blue screen matting. SIGGRAPH, 259-268. DOI 10.1145/237170.237263). Where a head is: by trigonometry.
"""

import math

import numpy as np
import pytest

from dashboard.studio import Studio, item, person
from scenarios.population import BagKind, Posture

NIGH = {"position_m": [0.0, -9.0, 4.0], "look_at_m": [0.0, 0.0, 0.8], "hfov_deg": 24.0}
HIGH = {"position_m": [3.0, -7.0, 7.0], "look_at_m": [0.0, 0.0, 0.6], "hfov_deg": 24.0}
DOWN = {"position_m": [0.0, 0.0, 9.0], "look_at_m": [0.0, 0.001, 0.0], "hfov_deg": 24.0}
SIZE = (640, 480)


def _floors(camera):
    """Two studios with floors as different as there are."""
    studios = [
        Studio(camera, SIZE, conditions={"noise": 0.0, "shadow": 0.0, "sun_elevation_deg": 89.0}, ground=ground)
        for ground in ("paving", "asphalt")
    ]
    empty = [studio.take().astype(float).sum(axis=2) for studio in studios]
    return studios, empty


def _seen(floors, people, items=()):
    """The box around the pixels that are the same before both floors; and the boxes that the compositor says."""
    studios, empty = floors
    shots = [studio.shoot(people, items) for studio in studios]
    taken = [shot.frame.image.astype(float).sum(axis=2) for shot in shots]
    apart = empty[0] - empty[1]
    assert (np.abs(apart) > 40).mean() > 0.97, "the floors are too much alike"
    mine = (np.abs(taken[0] - taken[1]) < 0.3 * np.abs(apart)) & (np.abs(apart) > 40)
    rows, columns = np.flatnonzero(mine.sum(axis=1) > 1), np.flatnonzero(mine.sum(axis=0) > 1)
    return np.array((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)), shots[0].boxes


def _iou(a, b):
    wide, high = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    inside = max(wide, 0) * max(high, 0)
    return inside / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inside)


@pytest.mark.parametrize("camera", [NIGH, HIGH, DOWN], ids=["nigh", "high", "down"])
def test_boxes_are_those_of_the_pixels_that_hide_the_floor(camera):
    floors = _floors(camera)
    for k, posture in enumerate((Posture.WALKING, Posture.STANDING, Posture.SITTING, Posture.LYING)):
        for turn in (-90.0, 20.0):
            found, boxes = _seen(floors, [person(0.0, looks=177 + k, heading_deg=turn, posture=posture)])
            assert _iou(found, boxes.whole_px[0]) >= 0.95, (posture, turn, found, boxes.whole_px[0])
            assert boxes.visibility[0] > 0.99


def test_a_bag_has_the_box_of_its_pixels():
    floors = _floors({**NIGH, "hfov_deg": 9.0, "look_at_m": [0.0, 0.0, 0.3]})
    for kind in (BagKind.SUITCASE, BagKind.BACKPACK, BagKind.CARTON):
        found, boxes = _seen(floors, [], [item(kind, 0.0, looks=5, heading_deg=-50.0)])
        inside = np.clip(boxes.whole_px[0], 0, (*SIZE, *SIZE))
        assert _iou(found, inside) >= 0.93, (kind, found, boxes.whole_px[0])


def test_a_head_is_where_trigonometry_puts_it():
    """A camera that looks level: a point at height z, d metres ahead and s to the right, is at f (h - z) / d below."""
    eye_m, focal = 2.2, 320 / math.tan(math.radians(12.0))
    level = {"position_m": [0.0, -9.0, eye_m], "look_at_m": [0.0, 0.0, eye_m], "hfov_deg": 24.0}
    studio = Studio(level, SIZE, conditions={"noise": 0.0})
    camera = studio.scenario.cameras[0].build()
    for side, ahead, tall in ((0.0, 9.0, 1.7), (1.2, 10.5, 1.6), (-1.4, 8.0, 1.85)):
        expected = (319.5 + focal * side / ahead, 239.5 + focal * (eye_m - tall) / ahead)
        (found,), depth = camera.project([[side, ahead - 9.0, tall]])
        assert found == pytest.approx(expected, abs=1e-6)
        assert depth[0] == pytest.approx(ahead)
        stands = person(side, y_m=ahead - 9.0, looks=4, heading_deg=-90.0, posture=Posture.STANDING, height_m=tall)
        shot = studio.shoot([stands])
        box, (point,) = shot.boxes.whole_px[0], shot.boxes.head_px
        assert abs(box[1] - expected[1]) <= 0.06 * (box[3] - box[1]), "hair and hats are a few centimetres"
        assert box[0] <= point[0] <= box[2]
        assert abs(point[1] - (box[1] - 0.5)) <= 1.0, "hair and hats belong to what is drawn of a head"
