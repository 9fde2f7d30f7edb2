"""Fire and what is taken for it, in pictures made of a few strokes: none of them is drawn as the simulator draws."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from detect.rules.conformance import shortcomings, speaks
from detect.rules.contract import Scene
from detect.rules.fire import Fire, FireSettings
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.frame import Frame
from scenarios.venue import Zone

WIDTH, HEIGHT = 320, 180
CAMERA = Camera.looking_at(
    "cam", position_m=(0, -12, 6), look_at_m=(0, 2, 0.5), hfov_deg=60, resolution_px=(WIDTH, HEIGHT)
)
FOOT = (160, 120)
ORANGE, YELLOW, CORE = (20, 120, 250), (70, 200, 255), (190, 245, 255)


def plate(seed=0):
    """A wall and a floor with some texture, evening."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), 80.0)
    picture[90:] = 105
    picture += cv2.GaussianBlur(rng.normal(0, 60, (HEIGHT, WIDTH)), (0, 0), 2)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def flame(picture, t, rng, *, high=26, wide=13, foot=FOOT, lit=1.0):
    """Tongues that each go up and down by chance, orange outside, yellow, nearly white at the foot."""
    for colour, part in ((ORANGE, 1.0), (YELLOW, 0.7), (CORE, 0.45)):
        for k in range(4):
            x = foot[0] + (k - 1.5) * wide / 4 + rng.normal(0, wide / 14)
            tall = part * high * np.clip(0.75 + 0.3 * rng.normal(), 0.3, 1.4)
            left, right, tip = x - part * wide / 4, x + part * wide / 4, x + rng.normal(0, 1.5)
            tongue = [(left, foot[1]), (right, foot[1]), (tip, foot[1] - tall)]
            shade = tuple(min(255.0, lit * c) for c in colour)
            cv2.fillPoly(picture, [np.round(tongue).astype(np.int32)], shade, cv2.LINE_AA)


def beacon(picture, t, rng):
    turn = max(0.0, np.cos(2 * np.pi * t / 0.9)) ** 6
    for radius, light in ((22, 0.4), (12, 0.7), (5, 1.0)):
        disc = np.zeros(picture.shape, np.uint8)
        cv2.circle(disc, FOOT, radius, (40, 170, 255), -1, cv2.LINE_AA)
        cv2.add(picture, (disc * (light * turn)).astype(np.uint8), picture)


def flash(picture, t, rng):
    """A lamp that flashes without a period."""
    if np.random.default_rng(int(t / 0.16)).random() < 0.5:
        cv2.circle(picture, FOOT, 9, YELLOW, -1, cv2.LINE_AA)
        cv2.circle(picture, FOOT, 5, CORE, -1, cv2.LINE_AA)


def neon(picture, t, rng):
    hum = 0.75 + 0.25 * np.sin(2 * np.pi * 3.7 * t) * (rng.random() < 0.9)
    red = (60 * hum, 120 * hum, 255 * hum)
    cv2.putText(picture, "BAR", (130, 115), cv2.FONT_HERSHEY_DUPLEX, 1.2, red, 3, cv2.LINE_AA)


def glint(picture, t, rng):
    x, y = FOOT[0] + 0.35 * np.sin(7 * t), FOOT[1] - 20 + 0.3 * np.sin(5 * t + 1)
    shift = 16
    for radius, colour in ((14, ORANGE), (10, YELLOW), (7, CORE)):
        cv2.circle(picture, (int(x * shift), int(y * shift)), radius * shift, colour, -1, cv2.LINE_AA, 4)


def lamp(picture, t, rng):
    cv2.circle(picture, FOOT, 12, YELLOW, -1, cv2.LINE_AA)
    cv2.circle(picture, FOOT, 6, CORE, -1, cv2.LINE_AA)


def coat(picture, t, rng, *, y=100, speed=22, bright=1.0, back=False):
    """Somebody in an orange coat with bright bands goes by, with arms that swing."""
    x = 40 + speed * t
    x = x if not back else 160 + 6 * np.sin(2.0 * t)
    orange = tuple(bright * c for c in (20, 110, 250))
    cv2.ellipse(picture, (int(x), y), (8, 18), 0, 0, 360, orange, -1, cv2.LINE_AA)
    for side in (-1, 1):
        hand = (int(x + side * 7 + 6 * side * np.sin(9 * t)), y + 14)
        cv2.line(picture, (int(x + side * 6), y - 10), hand, orange, 4, cv2.LINE_AA)
    cv2.line(picture, (int(x - 7), y), (int(x + 7), y), (200, 230, 235), 2)


def window(picture, t, rng):
    """A lit window before which people pass all the time."""
    cv2.rectangle(picture, (110, 60), (210, 125), (90, 190, 255), -1)
    for k in range(6):
        x = int((60 + 40 * t + 37 * k) % 240) + 40
        cv2.ellipse(picture, (x, 110), (6, 24), 0, 0, 360, (40 + 10 * k, 50, 45), -1, cv2.LINE_AA)
        cv2.line(picture, (x, 110), (int(x + 9 * np.sin(8 * t + k)), 132), (35, 40, 40), 4, cv2.LINE_AA)


def headlights(picture, t, rng):
    for side in (-1, 1):
        cv2.circle(picture, (int(250 - 26 * t) + 8 * side, 118), 5, (215, 240, 255), -1, cv2.LINE_AA)
        cv2.circle(picture, (int(250 - 26 * t) + 8 * side, 118), 8, (120, 190, 250), 1, cv2.LINE_AA)


NOISE = np.random.default_rng(9).normal(0, 2.2, (7, HEIGHT, WIDTH, 3)).astype(np.int8)
NO_FIRE = {f.__name__: f for f in (beacon, flash, neon, glint, lamp, coat, window, headlights)}


def nobody(time_s, boxes=()):
    n = len(boxes)
    return Tracks(
        camera_id="cam",
        time_s=time_s,
        track_id=np.arange(n),
        cls=np.full(n, int(ObjectClass.PERSON), np.int8),
        box_px=np.array(boxes, float).reshape(-1, 4),
        confidence=np.full(n, 0.9),
        position_m=np.full((n, 2), np.nan),
        velocity_mps=np.full((n, 2), np.nan),
        covariance_m2=np.full((n, 2, 2), np.nan),
    )


def scenes(paint, seconds=8.0, *, fps=12.5, camera=CAMERA, begins_s=2.0, grey=False, boxes=(), zones=(), seed=3):
    """Film what ``paint`` paints from ``begins_s`` on."""
    rng = np.random.default_rng(seed)
    empty, shot = plate(seed), []
    for k in range(round(seconds * fps)):
        picture, t = empty.copy(), k / fps
        if t >= begins_s:
            paint(picture, t - begins_s, rng)
        picture = np.clip(picture + NOISE[k % len(NOISE)], 0, 255).astype(np.uint8)
        if grey:
            picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
        shot.append(Scene(Frame("cam", k, t, None, picture), nobody(t, boxes), camera, zones))
    return shot


def said(shot, **settings):
    rule = Fire(FireSettings.model_validate(settings))
    return [event for scene in shot for event in rule.update(scene)]


@pytest.mark.parametrize("fps", [5.0, 12.5, 25.0])
def test_flames_are_said_once_in_time_and_place(fps):
    zones = [Zone(id="square", polygon=[(-9, -9), (9, -9), (9, 9), (-9, 9)])]
    (event,) = said(scenes(flame, fps=fps, zones=zones))
    assert 3.5 <= event.start_s <= 6.0
    truly = CAMERA.to_ground([FOOT], 0.5)[0]
    assert np.linalg.norm(np.subtract(event.place_m, truly)) < 0.6
    assert event.zone == "square"
    assert event.box_px is not None
    assert event.box_px[0] < FOOT[0] < event.box_px[2]
    assert event.evidence["by_colour"] is True
    assert event.evidence["seen"] == "flames"


@pytest.mark.parametrize("name", NO_FIRE)
@pytest.mark.parametrize("camera", [CAMERA, None])
def test_what_only_shines_or_goes_by_is_no_fire(name, camera):
    assert said(scenes(NO_FIRE[name], camera=camera)) == []


WALL = cv2.resize(plate(5), (480, 270), interpolation=cv2.INTER_NEAREST)


def clouds(picture, t, own, thick=0.75):
    """Puffs that rise from one place, grow and thin, of a grey ``own``; 0 gives a shadow of the same shape."""
    veil = np.zeros(picture.shape[:2])
    for k in range(int(max(0.0, t - 9) * 4), int(t * 4) + 1):
        old = t - k / 4
        if 0 < old < 9:
            chance = np.random.default_rng(k).random(3)
            at = (int(240 + 14 * old * (0.3 + chance[0]) * 0.6), int(230 - 24 * old))
            puff = np.zeros(picture.shape[:2], np.float32)
            cv2.circle(puff, at, int(12 + 5 * old), thick * (0.4 + 0.6 * chance[1]) * (1 - old / 9), -1)
            veil = 1 - (1 - veil) * (1 - cv2.GaussianBlur(puff, (0, 0), 6))
    picture[:] = np.clip(picture * (1 - veil[..., None]) + own * veil[..., None], 0, 255)


def hang(picture, t, own):
    """A veil that hangs and does not change, as breath on a pane."""
    part = picture[60:230, 220:300]
    part[:] = np.clip(part * 0.6 + own * 0.4, 0, 255)


def fog(picture, t, own):
    """All grows pale at once."""
    share = min(0.5, t / 8) * (1 + 0.1 * np.sin(3 * t))
    picture[:] = np.clip(picture * (1 - share) + own * share, 0, 255)


def veiled(paint, own, seconds=18.0):
    rule, rng, events = Fire(), np.random.default_rng(1), []
    for k in range(round(seconds * 5)):
        picture, t = WALL.copy(), k / 5
        if t > 2:
            paint(picture, t - 2, own)
        picture = np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)
        events += rule.update(Scene(Frame("cam", k, t, None, picture), nobody(t), None, ()))
    return events


@pytest.mark.parametrize("own", [60, 170, 215])
def test_smoke_that_rises_is_said(own):
    events = veiled(clouds, own)
    (event,) = [e for e in events if e.end_s is None]
    assert event.evidence["seen"] == "smoke"
    assert 8.0 <= event.start_s <= 16.0
    assert event.box_px is not None
    assert event.box_px[0] < 330
    assert event.box_px[2] > 230


@pytest.mark.parametrize(("paint", "own"), [(clouds, 0), (hang, 190), (fog, 190)])
def test_a_shadow_a_misted_pane_and_fog_are_no_smoke(paint, own):
    assert veiled(paint, own) == []


def test_keeps_the_contract_where_it_speaks():
    shot = scenes(flame, 9.0)
    assert speaks(Fire, shot)
    assert shortcomings(Fire, shot) == []


def test_an_alarm_ends_when_the_fire_is_out_and_a_second_fire_is_another():
    def two(picture, t, rng):
        if t < 5:
            flame(picture, t, rng)
        if t > 3:
            flame(picture, t, rng, foot=(60, 150), high=30, wide=16)

    events = said(scenes(two, 16.0), quiet_s=3.0)
    begun = [e for e in events if e.end_s is None]
    ended = [e for e in events if e.end_s is not None]
    assert len(begun) == 2
    assert [e.event_id for e in ended] == [begun[0].event_id]
    assert 6.5 < ended[0].end_s < 9.0


def test_a_flame_that_somebody_wears_is_nobodys_fire():
    """What lies within a person's box is that person's: it counts again when they have gone."""
    box = (FOOT[0] - 25, FOOT[1] - 60, FOOT[0] + 25, FOOT[1] + 10)
    assert said(scenes(flame, boxes=[box])) == []


def test_the_longer_it_must_last_the_later_it_is_said():
    shot = scenes(flame, 12.0)
    starts = [said(shot, hold_s=hold)[0].start_s for hold in (1.0, 2.0, 4.0)]
    assert all(later - earlier > 0.8 for earlier, later in pairwise(starts))


def test_without_a_calibration_there_is_no_place_but_a_box():
    (event,) = said(scenes(flame, camera=None))
    assert event.place_m is None
    assert "height_m" not in event.evidence


def test_in_a_grey_picture_it_says_that_colours_were_missing():
    (event,) = said(scenes(flame, grey=True))
    assert event.evidence["by_colour"] is False
    assert said(scenes(beacon, grey=True)) == []
