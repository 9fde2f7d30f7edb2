"""Speeds from pixels: textured bodies before a textured wall, filmed by the scripted camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detect.rules.contract import Scene
from detect.rules.crowd_movement import CrowdMovement, CrowdMovementSettings
from detect.rules.floor import Floor
from detect.rules.flow import Flow
from scenarios.frame import Frame

FPS = 10.0


@pytest.fixture(scope="module")
def stills():
    """A wall and the clothes of forty people, blurred noise."""
    import cv2

    rng = np.random.default_rng(3)

    def cloth(height, width, grain, contrast, gray):
        noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), grain)
        return np.repeat((gray + contrast * noise / noise.std()).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)

    clothes = [cloth(120, 120, 14.0, 40.0, float(gray)) for gray in rng.choice([60, 200], 40)]
    return cloth(720, 1280, 8.0, 12.0, 130.0), clothes


@pytest.fixture
def film(world, stills):
    """Pictures of actors before the wall, as scenes."""
    import cv2

    def shoot(actors, until_s, *, calibrated=True, shake_px=0.0, apart_s=1 / FPS, seed=1):
        wall, clothes = stills
        rng = np.random.default_rng(seed)
        stage = world(camera=world.camera if calibrated else None, fps=1 / apart_s)
        for k in range(round(until_s / apart_s)):
            scene = stage.scene(actors, k, rng)
            image = wall.copy()
            boxes = [(b, clothes[int(i) % 40]) for i, b in zip(scene.tracks.track_id, scene.tracks.box_px, strict=True)]
            for box, cloth in boxes:
                x1, y1, x2, y2 = np.round(box).astype(int)
                x1, y1 = max(x1, 0), max(y1, 0)
                if x2 - x1 > 2 and y2 - y1 > 2:
                    part = image[y1:y2, x1:x2]
                    part[:] = cv2.resize(cloth, (x2 - x1, y2 - y1))[: part.shape[0], : part.shape[1]]
            if shake_px:
                image = np.roll(image, round(shake_px * k), axis=1)
            yield Scene(Frame("cam", k, k * apart_s, None, image), scene.tracks, scene.camera, ())

    return shoot


def looks(scenes):
    floor, flow = Floor(), Flow()
    for scene in scenes:
        floor.update(scene)
        yield flow.update(scene.frame, floor)


@pytest.mark.parametrize(
    ("speed", "way", "least"),
    [(1.3, (1, 0), 0.55), (3.0, (1, 0), 0.6), (3.0, (-0.6, -0.8), 0.5), (3.0, (0, 1), 0.3)],
)
def test_speeds_are_those_of_the_bodies(film, actor, speed, way, least) -> None:
    dx, dy = speed * way[0], speed * way[1]
    who = [actor(i, [(0.0, -4 + 2 * i, 3.0 + i), (2.0, -4 + 2 * i + 2 * dx, 3.0 + i + 2 * dy)]) for i in range(5)]
    seen = [m for m in looks(film(who, 2.0)) if m is not None]
    assert len(seen) >= 15
    velocity = np.concatenate([m.velocity for m in seen])
    people = np.concatenate([m.bodies for m in seen])
    moves = np.linalg.norm(velocity, axis=1) > 0.5
    mean = np.average(velocity[moves], axis=0, weights=people[moves])
    length = float(np.hypot(*mean))
    assert (mean / length) @ way == pytest.approx(1.0, abs=0.05)
    assert least * speed <= length <= 1.1 * speed  # rather too slow than too fast
    assert 0.5 * 5 < people[moves].sum() / len(seen) < 4.5 * 5


def test_what_stands_does_not_move_and_what_moves_stands_where_the_body_does(film, actor) -> None:
    still = [actor(i, [(0.0, 2.0 * i, 3.0), (2.0, 2.0 * i, 3.0)]) for i in range(3)]
    assert all(m is None or not len(m.bodies) for m in looks(film(still, 1.0)))
    runs = [actor(1, [(0.0, -3.0, 5.0), (2.0, 3.0, 5.0)])]
    last = [m for m in looks(film(runs, 1.0)) if m is not None][-1]
    assert np.average(last.place, axis=0, weights=last.bodies) == pytest.approx((-0.45, 5.0), abs=0.8)


def test_pictures_that_do_not_tell_say_so(film, actor) -> None:
    runs = [actor(1, [(0.0, -3.0, 5.0), (2.0, 3.0, 5.0)])]
    assert all(m is None for m in looks(film(runs, 1.0, shake_px=8.0)))  # the camera turns
    assert all(m is None for m in looks(film(runs, 2.0, apart_s=0.5)))  # too far apart
    soon = list(looks(film(runs, 0.8, apart_s=0.04)))
    assert sum(m is not None for m in soon) <= 8  # not oftener than needed
    blank = [replace(s, frame=replace(s.frame, image=np.zeros_like(s.frame.image))) for s in film(runs, 0.5)]
    assert all(m is None for m in looks(blank))


def crowd(actor, *, runs_s=6.0, speed=3.2, count=12):
    """People who stroll about; from ``runs_s`` on everybody runs away from the middle."""
    rng = np.random.default_rng(8)
    actors = []
    for i in range(count):
        x, y = rng.uniform((-5, 0), (5, 9))
        angle = np.arctan2(y - 4.5, x)
        far = (x + 3 * speed * np.cos(angle), y + 3 * speed * np.sin(angle))
        path = [(0.0, x - 0.8 * runs_s * np.cos(i), y - 0.3 * runs_s * np.sin(i)), (runs_s, x, y), (runs_s + 3, *far)]
        actors.append(actor(i + 1, path))
    return actors


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_crowd_that_begins_to_run_is_seen_by_its_pixels(film, actor, calibrated) -> None:
    said = []
    rule = CrowdMovement()
    for scene in film(crowd(actor), 9.0, calibrated=calibrated):
        said += rule.update(scene)
    (alarm,) = [e for e in said if e.end_s is None]
    assert 6.2 <= alarm.start_s <= 8.0
    assert alarm.evidence["speed_by"] == "pixels"
    assert alarm.evidence["scale"] == ("by calibration" if calibrated else "from heights of people")
    assert alarm.evidence["mean_speed_mps"] > 2.0
    if not calibrated:
        assert 0.05 <= alarm.evidence["scale_uncertain_by"] <= 0.3


def test_boxes_that_tremble_are_no_run_where_the_pixels_are_seen(film, actor) -> None:
    """Everybody strolls; the boxes jump by metres from picture to picture, as far away they do."""
    rng = np.random.default_rng(2)
    said = {True: [], False: []}
    for pixels in said:
        rule = CrowdMovement(CrowdMovementSettings(pixels=pixels))
        for scene in film(crowd(actor, runs_s=20.0), 6.0):
            jump = rng.normal(0, 2.0, scene.tracks.position_m.shape)
            tracks = replace(scene.tracks, position_m=scene.tracks.position_m + jump)
            said[pixels] += rule.update(replace(scene, tracks=tracks))
    assert said[True] == []
    assert said[False]  # so that this test can fail
