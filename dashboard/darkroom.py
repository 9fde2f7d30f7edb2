"""Draws the pictures of the gallery, with the compositor that films."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from dashboard.studio import EYE, TOP, Studio, item, person
from detect.sources import VideoFileSource
from scenarios.camera import Camera
from scenarios.frame import Frame, Image
from scenarios.incident import Evacuation, GateChange
from scenarios.load import load_scenario
from scenarios.population import BagKind, Body, Posture, ThingKind
from scenarios.scenario import Scenario
from scenarios.venue import ObstacleKind
from sim.crowd import Crowd
from sim.film import compositors
from sim.render.actors.repertoire import Repertoire
from sim.render.actors.stock import shipped
from sim.render.compositor import Compositor
from sim.render.video import VideoWriter
from sim.state import BODIES, Snapshot

__all__ = [
    "CONDITIONS_SCENARIO", "all_around", "bag", "condition", "incident", "obstacle", "posture", "scene", "thing",
    "tour",
]  # fmt: skip

CONDITIONS_SCENARIO: Final = "forecourt_bag_v1"
"""The scenario in which the conditions are shown."""

_WIDE: Final = 640
_TRIES: Final = 1000
"""So many looks hold every figure of a body."""
_SIZES: Final[dict[ObstacleKind, tuple[float, float, float]]] = {
    ObstacleKind.WALL: (4.0, 0.3, 2.4), ObstacleKind.BUILDING: (5.0, 3.0, 4.5), ObstacleKind.KIOSK: (2.6, 2.0, 2.7),
    ObstacleKind.PILLAR: (0.7, 0.7, 3.4), ObstacleKind.BARRIER: (2.4, 0.12, 1.1), ObstacleKind.BENCH: (1.8, 0.5, 0.45),
    ObstacleKind.BIN: (0.5, 0.5, 0.95), ObstacleKind.PLANTER: (1.8, 0.8, 0.6), ObstacleKind.SIGN: (0.2, 0.2, 2.4),
    ObstacleKind.TURNSTILE: (1.6, 0.25, 1.05), ObstacleKind.TICKET_MACHINE: (0.8, 0.6, 1.9),
    ObstacleKind.BILLBOARD: (1.9, 0.25, 2.4), ObstacleKind.LAMP_POST: (0.16, 0.16, 5.0),
    ObstacleKind.STAIRS: (3.0, 2.4, 1.4),
}  # fmt: skip
_CLOSE: Final = ("defocus", "gain", "motion_blur", "noise")
_USUAL_SIZE: Final = (1.0, 1.0, 1.2)


def scene(name: str, camera_id: str) -> Image:
    """Draw a camera's picture of a scenario a second after its first incident, or after ten seconds."""
    scenario = load_scenario(name)
    first = min((incident.at_s for incident in scenario.incidents), default=10.0)
    at_s = min(first + 1.0, scenario.duration_s - 1 / scenario.fps)
    return _wide(next(_moments(scenario, camera_id, [at_s]))[0], 960)


def all_around(name: str) -> Image:
    """Draw a person of the atlas from front, side and back at eye height, and from above."""
    stock = shipped()
    figure = stock.figures[index := [f.name for f in stock.figures].index(name)]
    body, tall = BODIES.index(Body(figure.body)), figure.height_m
    numbers = np.array([_number(_TRIES * (index + 1) + i) for i in range(_TRIES)], np.int64)
    cast = Repertoire(stock).people(np.full(_TRIES, body, np.int8), np.full(_TRIES, tall), numbers)
    looks = int(numbers[np.flatnonzero(cast == index)[0]])
    turned = (-90.0, 0.0, 90.0)
    row = [person(x, looks=looks, heading_deg=a, body=Body(figure.body), height_m=tall)
           for x, a in zip((-1.45, 0.0, 1.45), turned, strict=True)]  # fmt: skip
    front = _eye().take(row)
    above = _top().take([person(0.0, looks=looks, heading_deg=-90.0, body=Body(figure.body), height_m=tall)])
    return np.concatenate((front, above), axis=1)


def posture(held: Posture) -> Image:
    """Draw three people in a posture, turned differently, the moving ones at other instants of their gait."""
    row = [
        person(x, looks=_number(20 + k), heading_deg=turn, posture=held, walked_m=0.42 * k,
               posture_s=(0.3, 0.7, 1.2)[k] if held.value in ("falling", "getting_up") else 10.0)
        for k, (x, turn) in enumerate(((-1.5, -60.0), (0.0, 0.0), (1.5, 120.0)))
    ]  # fmt: skip
    above = _top().take([person(0.0, looks=_number(20), heading_deg=-90.0, posture=held)])
    return np.concatenate((_eye().take(row), above), axis=1)


def bag(kind: BagKind) -> Image:
    """Draw a bag in the hand of two people, and put down; and from above."""
    row = [person(x, looks=_number(40 + k), heading_deg=turn)
           for k, (x, turn) in enumerate(((-1.6, -70.0), (-0.3, 90.0)))]  # fmt: skip
    held = [item(kind, -1.6, looks=1, carrier=0), item(kind, -0.3, looks=2, carrier=1, heading_deg=90.0)]
    down = [item(kind, 0.9, looks=3, heading_deg=-90.0), item(kind, 1.8, looks=4, heading_deg=-25.0)]
    above = _top().take((), [item(kind, 0.0, looks=3)])
    return np.concatenate((_eye().take(row, [*held, *down]), above), axis=1)


def thing(kind: ThingKind) -> Image:
    """Draw a thing beside a person, and from above."""
    beside = [person(-1.9, looks=_number(50), heading_deg=-60.0, posture=Posture.STANDING)]
    near = item(kind, -0.2, looks=1, heading_deg=-60.0, y_m=0.6)
    far = item(kind, 1.9, looks=2, heading_deg=20.0, y_m=1.4)
    return np.concatenate((_eye().take(beside, [near, far]), _top().take((), [item(kind, 0.0, looks=1)])), axis=1)


def obstacle(kind: ObstacleKind) -> Image:
    """Draw an obstacle of a usual size beside a person."""
    wide, deep, tall = _SIZES.get(kind, _USUAL_SIZE)
    ring = [[-wide / 2, 0.6], [wide / 2, 0.6], [wide / 2, 0.6 + deep], [-wide / 2, 0.6 + deep]]
    solid = {"id": "it", "kind": kind.value, "polygon": ring, "height_m": tall}
    beside = [person(-wide / 2 - 0.7, looks=_number(50), heading_deg=-60.0, posture=Posture.STANDING)]
    far = {"position_m": [-2.5, -9.0 - wide, 2.6 + tall / 3], "look_at_m": [0.0, 0.6, tall / 2], "hfov_deg": 42.0}
    return Studio(far, (480, 270), [solid]).take(beside)


def incident(name: str, incident_id: str) -> Image:
    """Draw four pictures around the place of an incident."""
    scenario = load_scenario(name)
    spec = next(s for s in scenario.incidents if s.id == incident_id and not isinstance(s, Evacuation | GateChange))
    camera_id = _nearest(scenario, spec.place_m)
    last = scenario.duration_s - 1 / scenario.fps
    times = [min(max(spec.at_s + dt, 0.0), last) for dt in (-1.0, 0.5, 2.0, 6.0)]
    place = [[*spec.place_m, 0.6]]
    tiles = [
        _around(image, camera.project(place)[0][0], 320, 240) for image, camera in _moments(scenario, camera_id, times)
    ]
    return np.concatenate(tiles, axis=1)


def tour(name: str, camera_id: str) -> Image:
    """Draw four pictures of a camera that moves, over the whole of its scenario."""
    scenario = load_scenario(name)
    times = [scenario.duration_s * share for share in (0.02, 0.33, 0.64, 0.95)]
    return np.concatenate([_wide(image, 320) for image, _ in _moments(scenario, camera_id, times)], axis=1)


def condition(key: str, severity: int) -> Image:
    """Draw the conditions' scenario under one effect; a part of the picture, pixel by pixel, where that shows more."""
    changed = [f"conditions.{key}={severity}"] if key else []
    scenario = load_scenario(CONDITIONS_SCENARIO, changed)
    if key == "dropped_frames":
        return _lost(scenario)
    if key == "compression":
        return _middle(_through_film(scenario))
    compositor = Compositor(scenario, scenario.cameras[0].build(), np.random.default_rng(1))
    image = None
    for index, snapshot in enumerate(_walk()):
        image = compositor.shoot(snapshot, index).frame.image
    assert image is not None
    return _middle(image) if key in _CLOSE else _wide(image, _WIDE)


def _through_film(scenario: Scenario) -> Image:
    """The last of two seconds of pictures, after they were encoded and decoded."""
    camera = scenario.cameras[0].build()
    compositor = Compositor(scenario, camera, np.random.default_rng(1))
    bits = scenario.conditions.bits_per_pixel
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with VideoWriter(path, camera.width_px, camera.height_px, scenario.fps, bits_per_pixel=bits) as film:
            for index, snapshot in enumerate(_walk(24)):
                film.write(compositor.shoot(snapshot, index).frame.image)
        with closing(VideoFileSource(path)) as source:
            *_, last = (frame.image for frame in source if isinstance(frame, Frame))
    return last


def _lost(scenario: Scenario) -> Image:
    """Two seconds of pictures in rows; where one was lost, nothing."""
    compositor = Compositor(scenario, scenario.cameras[0].build(), np.random.default_rng(1))
    tiles = []
    for index, snapshot in enumerate(_walk(24)):
        shot = compositor.shoot(snapshot, index)
        small = _wide(shot.frame.image, _WIDE // 6)
        tiles.append(np.full_like(small, 24) if shot.lost else small)
    return np.concatenate([np.concatenate(tiles[k : k + 6], axis=1) for k in range(0, 24, 6)], axis=0)


def _middle(image: Image) -> Image:
    """The middle of a picture, half as wide and high."""
    return _around(image, (image.shape[1] / 2, image.shape[0] / 2), _WIDE, _WIDE * 9 // 16)


@cache
def _walk(instants: int = 6) -> tuple[Snapshot, ...]:
    """The crowd of the conditions' scenario, some pictures long, three seconds after its start."""
    scenario = load_scenario(CONDITIONS_SCENARIO)
    crowd = Crowd(scenario, scenario.seed)
    for _ in range(round(3.0 * scenario.fps) * scenario.steps_per_frame):
        crowd.step()
    taken = []
    for _ in range(instants):
        for _ in range(scenario.steps_per_frame):
            crowd.step()
        taken.append(crowd.snapshot())
    return tuple(taken)


def _moments(scenario: Scenario, camera_id: str, times_s: Sequence[float]) -> Iterator[tuple[Image, Camera]]:
    """What a camera shows at some instants, and how it stands then; the crowd walks there without being filmed."""
    crowd = Crowd(scenario, scenario.seed)
    (compositor,) = compositors(scenario, None, [camera_id])
    index = 0
    for time_s in times_s:
        wanted = min(round(time_s * scenario.fps), scenario.frame_count - 1)
        while index < wanted:
            for _ in range(scenario.steps_per_frame):
                crowd.step()
            index += 1
        image = compositor.shoot(crowd.snapshot(), index).frame.image
        yield image, compositor.camera


def _nearest(scenario: Scenario, place_m: tuple[float, float]) -> str:
    """The camera that shows a place largest, of those that stand still if there are any."""

    def tall(spec: Any) -> float:
        box = spec.build().upright_box_px([place_m], 1.7)[0]
        seen = np.isfinite(box).all() and 0 <= box[0] <= spec.resolution_px[0] and 0 <= box[3] <= spec.resolution_px[1]
        return float(box[3] - box[1]) if seen else 0.0

    fixed = [spec for spec in scenario.cameras if spec.motion is None]
    return max(fixed or scenario.cameras, key=tall).id


@cache
def _eye() -> Studio:
    return Studio(EYE, (480, 270))


@cache
def _top() -> Studio:
    return Studio(TOP, (270, 270))


def _wide(image: Image, width: int) -> Image:
    high = round(image.shape[0] * width / image.shape[1])
    return np.asarray(cv2.resize(image, (width, high), interpolation=cv2.INTER_AREA), np.uint8)


def _around(image: Image, middle: Any, wide: int, high: int) -> Image:
    """The part of a picture around a point, moved inside where it would lie outside."""
    x, y = np.nan_to_num(np.asarray(middle, float), nan=0.0)
    left = int(np.clip(x - wide / 2, 0, max(0, image.shape[1] - wide)))
    top = int(np.clip(y - high / 2, 0, max(0, image.shape[0] - high)))
    return image[top : top + high, left : left + wide]


def _number(k: int) -> int:
    """A fixed number for the looks of exhibit k."""
    return int(np.random.default_rng((0x9A11E, k)).integers(2**63))
