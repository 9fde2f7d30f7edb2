"""Head points of rendered people, against the pixels and depths of what is drawn.

The head point is the highest place of what is drawn of the head, hair and hat included. Before a camera at eye level
that is the upper edge of the figure's uppermost pixels. Before a camera that looks down it is not: there the back of
the head shows above it. It is then compared with the pixels in which the figure's surface, carried back into the world
by the camera and the depth of each pixel, is at its highest.
"""

import numpy as np
import pytest

from dashboard.studio import Studio, person
from scenarios.population import Body, Posture

SIZE = (360, 288)
FLAT_PX = 0.3
"""The top of a head is flat: pixels that show places so little below the highest are its top, too."""
MOVES = (
    (Body.ADULT, Posture.STANDING, 1.72), (Body.ADULT, Posture.WALKING, 1.66), (Body.ADULT, Posture.SITTING, 1.78),
    (Body.ELDERLY, Posture.WALKING, 1.62), (Body.CHILD, Posture.WALKING, 1.25), (Body.PRAM, Posture.WALKING, 1.7),
    (Body.WHEELCHAIR, Posture.STANDING, 1.7), (Body.ADULT, Posture.RUNNING, 1.76),
)  # fmt: skip


def studio(tall_px, down_deg):
    """People of 1.7 m who stand at the origin are so many pixels tall."""
    away = 12.0
    turn = np.radians(down_deg)
    high = 1.5 + away * np.sin(turn)
    focal = tall_px / 1.7 * away / np.cos(turn)
    camera = {
        "position_m": [0.0, -away * np.cos(turn), high],
        "look_at_m": [0.0, 0.0, 1.5],
        "hfov_deg": float(np.degrees(2 * np.arctan(SIZE[0] / 2 / focal))),
    }
    return Studio(camera, SIZE, conditions={"noise": 0.0, "shadow": 0.0})


def crowd():
    """One of each way of moving, many figures and headings."""
    for k in range(24):
        body, posture, height = MOVES[k % len(MOVES)]
        yield person(
            0.0, looks=977 + 7919 * k, heading_deg=-90.0 + 47.0 * k, body=body, posture=posture, height_m=height,
            walked_m=0.23 * k,
        )  # fmt: skip


def beyond(point, columns, rows):
    """How far a point lies from the nearest of some pixels; nought inside one."""
    return np.hypot(
        np.maximum(np.abs(columns - point[0]) - 0.5, 0), np.maximum(np.abs(rows - point[1]) - 0.5, 0)
    ).min()  # fmt: skip


def shown(taken, who):
    """Return the head point and the pixels of the only person, rows and columns."""
    shot = taken.shoot([who])
    return shot.boxes.head_px[0], *np.nonzero(shot.instance_id == 1)


@pytest.mark.parametrize("tall_px", [60, 100, 200])
def test_at_eye_level_it_is_the_upper_edge_of_the_uppermost_pixels(tall_px):
    taken = studio(tall_px, 0.0)
    for who in crowd():
        point, rows, columns = shown(taken, who)
        assert abs(point[1] - (rows.min() - 0.5)) <= 1.0, who
        highest = columns[rows <= rows.min() + 1]
        assert highest.min() - 1.0 <= point[0] <= highest.max() + 1.0, who


@pytest.mark.parametrize(("tall_px", "down_deg"), [(60, 30.0), (200, 30.0), (120, 60.0)])
def test_from_above_it_is_where_the_surface_is_highest(tall_px, down_deg):
    taken = studio(tall_px, down_deg)
    camera = taken.scenario.cameras[0].build()
    flat_m = FLAT_PX * 1.7 / tall_px
    for who in crowd():
        point, rows, columns = shown(taken, who)
        pixels = np.stack((columns, rows), axis=1).astype(float)
        world = camera.position_m + taken.depth_m[rows, columns, None] * camera.rays(pixels)
        top = world[:, 2] >= world[:, 2].max() - flat_m
        assert beyond(point, columns[top], rows[top]) <= 1.0, who
        assert np.ptp(rows[top]) <= 0.14 * tall_px, "too many pixels to tell a right point from a wrong one"


def test_of_who_lies_it_is_the_end_of_the_head():
    down = Studio({"position_m": [0.0, 0.0, 14.0], "look_at_m": [0.0, 0.001, 0.0], "hfov_deg": 14.0}, SIZE)
    for k in range(6):
        who = person(0.0, looks=12 + 911 * k, heading_deg=60.0 * k, posture=Posture.LYING)
        point, rows, columns = shown(down, who)
        pixels = np.stack((columns, rows), axis=1).astype(float)
        out = point - pixels.mean(axis=0)
        assert np.hypot(*out) > 0.6 * np.hypot(*(pixels - pixels.mean(axis=0)).T).max(), who
        out /= np.hypot(*out)
        for off, inside in ((-4.0, True), (4.0, False)):
            assert (beyond(point + off * out, columns, rows) == 0) == inside, who
