"""Scripted worlds: people and bags on given paths, seen by one camera, handed to a rule as tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from detect.rules.contract import Rule, Scene
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.event import Event
from scenarios.frame import Frame
from scenarios.venue import Zone

PICTURE = np.zeros((720, 1280, 3), np.uint8)
CAMERA = Camera.looking_at(
    "cam", position_m=(0, -14, 8), look_at_m=(0, 4, 0), hfov_deg=75, resolution_px=(PICTURE.shape[1], PICTURE.shape[0])
)


@dataclass
class Actor:
    """Somebody or something: (time, x, y) knots between which it moves straight; there from the first to the last."""

    id: int
    knots: Sequence[tuple[float, float, float]]
    cls: ObjectClass = ObjectClass.PERSON
    hidden: Sequence[tuple[float, float]] = ()
    other_ids: Sequence[tuple[float, int]] = field(default=())
    """From a time on, another track id."""
    shapes: Sequence[tuple[float, float, float]] = ()
    """(time, height, width) of the box, metres, between which it changes steadily; none: upright."""

    def at(self, t: float) -> tuple[float, float] | None:
        times, xs, ys = zip(*self.knots, strict=True)
        if not times[0] <= t <= times[-1] or any(a <= t < b for a, b in self.hidden):
            return None
        return float(np.interp(t, times, xs)), float(np.interp(t, times, ys))

    def shape(self, t: float) -> tuple[float, float]:
        if not self.shapes:
            return (1.7, 0.5) if self.cls == ObjectClass.PERSON else (0.45, 0.4)
        times, heights, widths = zip(*self.shapes, strict=True)
        return float(np.interp(t, times, heights)), float(np.interp(t, times, widths))

    def id_at(self, t: float) -> int:
        return next((i for since, i in reversed(self.other_ids) if t >= since), self.id)


@dataclass
class World:
    """Plays actors to a rule."""

    camera: Camera | None = CAMERA
    zones: Sequence[Zone] = ()
    fps: float = 8.0
    miss: float = 0.0
    jitter_m: float = 0.0
    rename: Callable[[int], int] = int

    def scene(self, actors: Sequence[Actor], k: int, rng: np.random.Generator) -> Scene:
        t = k / self.fps
        rows, shapes = [], []
        for actor in actors:
            place, lucky = actor.at(t), rng.random() >= self.miss
            noise = rng.normal(0, 1, 2) * self.jitter_m
            if place is not None and lucky:
                rows.append((self.rename(actor.id_at(t)), actor.cls, place[0] + noise[0], place[1] + noise[1]))
                shapes.append(actor.shape(t))
        n = len(rows)
        place = np.array([r[2:] for r in rows], float).reshape(n, 2)
        cls = np.array([r[1] for r in rows], np.int8)
        box = np.array([CAMERA.upright_box_px([p], *s)[0] for p, s in zip(place, shapes, strict=True)]).reshape(n, 4)
        seen = np.isfinite(box).all(axis=1)
        calibrated = self.camera is not None
        tracks = Tracks(
            camera_id="cam",
            time_s=t,
            track_id=np.array([r[0] for r in rows], np.int64)[seen],
            cls=cls[seen],
            box_px=box[seen],
            confidence=np.full(int(seen.sum()), 0.9),
            position_m=place[seen] if calibrated else np.full((int(seen.sum()), 2), np.nan),
            velocity_mps=np.full((int(seen.sum()), 2), np.nan),
            covariance_m2=np.tile(np.eye(2) * 0.02, (int(seen.sum()), 1, 1)),
        )
        return Scene(Frame("cam", k, t, None, PICTURE), tracks, self.camera, self.zones)

    def play(self, rule: Rule, actors: Sequence[Actor], until_s: float, seed: int = 1) -> list[Event]:
        rng = np.random.default_rng(seed)
        said: list[Event] = []
        for k in range(round(until_s * self.fps)):
            said += rule.update(self.scene(actors, k, rng))
        return said


@pytest.fixture
def world() -> type[World]:
    return World


@pytest.fixture
def actor() -> type[Actor]:
    return Actor


@pytest.fixture
def bag_story() -> Callable[..., list[Actor]]:
    """Somebody walks in with a bag, puts it down at 10 s, stays to 13 s, leaves at 1.3 m/s."""

    def tell(
        *,
        carried_seen: bool = True,
        owner: int = 1,
        bag: int = 100,
        leaves: bool = True,
        returns_s: float | None = None,
        place: tuple[float, float] = (0.0, 4.0),
        until_s: float = 90.0,
    ) -> list[Actor]:
        x, y = place
        path = [(0.0, x - 13.0, y), (10.0, x, y), (13.0, x, y)]
        if leaves and returns_s is None:
            path += [(24.0, x + 14.3, y)]
        elif leaves and returns_s is not None:
            away = 13.0 + (returns_s - 13.0) / 2
            path += [(away, x + min(1.3 * (away - 13.0), 12.0), y), (returns_s, x + 0.3, y), (until_s, x + 0.3, y)]
        else:
            path += [(until_s, x + 1.0, y)]
        first = [(0.0, x - 13.0, y + 0.2), (10.0, x, y + 0.2)] if carried_seen else [(10.4, x, y + 0.2)]
        return [
            Actor(owner, path),
            Actor(bag, [*first, (until_s, x, y + 0.2)], ObjectClass.BAG),
        ]

    return tell


@pytest.fixture
def passers_by() -> Callable[..., list[Actor]]:
    """A stream of people who walk past a place, one every ``every_s``, within a metre of it."""

    def tell(until_s: float, every_s: float = 2.0, first_id: int = 200, y: float = 4.5) -> list[Actor]:
        return [
            Actor(first_id + i, [(t, -10.0, y + 0.15 * (i % 5)), (t + 15.4, 10.0, y + 0.15 * (i % 5))])
            for i, t in enumerate(np.arange(0.0, until_s, every_s).tolist())
        ]

    return tell
