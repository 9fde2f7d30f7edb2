"""A stage: people and bags on given ways before one camera, handed to rules as scenes, without pictures or chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detect.rules.contract import Scene
from detect.tracks import ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.frame import Frame
from scenarios.venue import Zone

__all__ = ["CAMERA", "ZONES", "Player", "everything", "perform"]

CAMERA: Final = Camera.looking_at(
    "stage", position_m=(0, -14, 8), look_at_m=(0, 4, 0), hfov_deg=75, resolution_px=(640, 360)
)
"""Sees about 20 m to either side at y = 4 and from y = -7 to beyond y = 30."""
ZONES: Final = (
    Zone(id="square", polygon=[(-4, 0), (4, 0), (4, 8), (-4, 8)], max_density_per_m2=0.3),
    Zone(id="works", polygon=[(6, 9), (10, 9), (10, 13), (6, 13)], forbidden=True),
    Zone(id="entrance", polygon=[(-9, 10), (-5, 10), (-5, 16), (-9, 16)], one_way=(0, 1)),
)
_PLACE_M2: Final = 0.02


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody or something that goes straight from knot to knot (time, x, y), and is there from first to last.

    Attributes:
        id: Track id.
        way: The knots.
        cls: Person or bag.
        height_m: Of its box; a person who lies is 0.4 m high,
        width_m: and 1.7 m wide.
    """

    id: int
    way: Sequence[tuple[float, float, float]]
    cls: ObjectClass = ObjectClass.PERSON
    height_m: float = 1.7
    width_m: float = 0.5

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Where it is; None where it is not there."""
        times, xs, ys = zip(*self.way, strict=True)
        if not times[0] <= time_s <= times[-1]:
            return None
        return float(np.interp(time_s, times, xs)), float(np.interp(time_s, times, ys))


def perform(
    players: Sequence[Player],
    until_s: float,
    *,
    zones: Sequence[Zone] = ZONES,
    fps: float = 3.0,
    calibrated: bool = True,
) -> Iterator[Scene]:
    """Yield what a perfect detector and tracker make of the players, on black pictures.

    Args:
        players: Who plays.
        until_s: How long.
        zones: What is watched.
        fps: Pictures a second.
        calibrated: Whether the camera's calibration is known.
    """
    black = np.zeros((CAMERA.height_px, CAMERA.width_px, 3), np.uint8)
    for k in range(round(until_s * fps)):
        here = [(p, at) for p in players if (at := p.at(k / fps)) is not None]
        place = np.array([at for _, at in here], float).reshape(-1, 2)
        box = np.array(
            [CAMERA.upright_box_px(at[None], p.height_m, p.width_m)[0] for (p, _), at in zip(here, place, strict=True)]
        ).reshape(-1, 4)
        seen = np.flatnonzero(np.isfinite(box).all(axis=1))
        n = len(seen)
        unknown = np.full((n, 2), np.nan)
        tracks = Tracks(
            camera_id=CAMERA.id,
            time_s=k / fps,
            track_id=np.array([here[i][0].id for i in seen], np.int64),
            cls=np.array([here[i][0].cls for i in seen], np.int8),
            box_px=box[seen],
            confidence=np.full(n, 0.9),
            position_m=place[seen] if calibrated else unknown,
            velocity_mps=unknown,
            covariance_m2=np.tile(np.eye(2) * (_PLACE_M2 if calibrated else np.nan), (n, 1, 1)),
        )
        yield Scene(Frame(CAMERA.id, k, k / fps, None, black), tracks, CAMERA if calibrated else None, zones)


def everything() -> list[Player]:
    """Return players of a minute in which much happens.

    A bag is left at 10 s and its owner goes at 13 s; people pass by; forty gather in the square from 20 s to 34 s; ten
    run from 40 s to 46 s; one enters the works at 31 s; one goes against the entrance's direction from 32 s; one lies
    on the ground from 48 s.
    """
    rng = np.random.default_rng(11)
    passers = [Player(200 + i, [(t, -10.0, 4.5), (t + 15.4, 10.0, 4.5)]) for i, t in enumerate(range(0, 50, 4))]
    crowd = []
    for i in range(40):
        (x, y), (to_x, to_y) = rng.uniform((-3, 1), (3, 7), (2, 2)).tolist()
        crowd.append(Player(500 + i, [(20.0, x, y), (34.0, to_x, to_y)]))
    ahead = rng.uniform(0, 4, 10).tolist()
    runners = [Player(600 + i, [(40.0, x - 10, 9 + i / 3), (46.0, x + 11, 9 + i / 3)]) for i, x in enumerate(ahead)]
    return [
        Player(1, [(0.0, -13.0, 4.0), (10.0, 0.0, 4.0), (13.0, 0.0, 4.0), (24.0, 14.3, 4.0)]),
        Player(100, [(0.0, -13.0, 4.2), (10.0, 0.0, 4.2), (90.0, 0.0, 4.2)], ObjectClass.BAG, 0.45, 0.4),
        *passers,
        *crowd,
        *runners,
        Player(700, [(28.0, 12.0, 11.0), (33.0, 8.0, 11.0), (39.0, 8.0, 11.0), (43.0, 12.0, 15.0)]),
        Player(701, [(30.0, -7.0, 18.0), (38.0, -7.0, 9.0)]),
        Player(702, [(42.0, -10.0, 7.0), (48.0, -3.0, 7.0)]),
        Player(702, [(48.2, -3.0, 7.0), (90.0, -3.0, 7.0)], ObjectClass.PERSON, 0.4, 1.7),
    ]
