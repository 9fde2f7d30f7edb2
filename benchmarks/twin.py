"""A twin of annotated real footage: simulated people on the real people's ways, before the calibrated camera.

So both films have the same sizes, places, overlaps and numbers of people, and a detector that finds fewer in one of
them misses them because of how they look.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import tomli_w
from numpy.typing import NDArray

from benchmarks.footage import Footage, Occluder
from scenarios.camera import Camera
from scenarios.load import load_scenario
from scenarios.population import Posture, Role
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth, column
from sim.people import Objects, People
from sim.render.compositor import Compositor
from sim.render.truth_tables import TruthTables
from sim.render.video import VideoWriter
from sim.state import POSTURES, ROLES, CrowdState, Snapshot

__all__ = ["film_ways", "twin_scenario", "ways"]

Floats = NDArray[np.float64]

_SMOOTH_S: Final = 1.0
_WALKS_MPS: Final = 0.25
_HEIGHTS_M: Final = (1.45, 1.98)
_STREAM: Final = 0x7A1
"""Keeps the looks of the twins apart from all other chance of the same seed."""


def ways(truth: GroundTruth, camera: Camera, fps: float, frames: int, seed: int) -> Iterator[Snapshot]:
    """Walk simulated people along the ways of annotated ones, picture by picture.

    A person is where the middle of the lower edge of the annotated box meets the ground, smoothed over a second; as
    tall as the box says in the median; and turned the way that it goes. Looks come from ``seed``.

    Args:
        truth: Boxes of people.
        camera: The calibrated camera that they were annotated for.
        fps: True frame rate.
        frames: Number of pictures.
        seed: Decides who looks how.
    """
    table = truth.boxes
    assert table is not None
    people = column(table, "cls") == "person"
    who = column(table, "id")[people]
    frame = column(table, "frame")[people]
    box = np.stack([column(table, name)[people] for name in ("x1", "y1", "x2", "y2")], axis=1).astype(float)
    foot = camera.to_ground(np.c_[(box[:, 0] + box[:, 2]) / 2, box[:, 3]])
    rows: list[list[dict[str, object]]] = [[] for _ in range(frames)]
    chance = np.random.default_rng((_STREAM, seed))
    for person in np.unique(who):
        mine = np.flatnonzero(who == person)
        mine = mine[np.argsort(frame[mine])]
        height = _height_m(camera, foot[mine], box[mine])
        looks = int(chance.integers(2**63))
        for stretch in np.split(mine, np.flatnonzero(np.diff(frame[mine]) > 1) + 1):
            place, velocity = _smooth(foot[stretch], fps)
            speed = np.linalg.norm(velocity, axis=1)
            heading = _headings(velocity, speed)
            walked = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(place, axis=0), axis=1))))
            for k, number in enumerate(frame[stretch]):
                posture = Posture.WALKING if speed[k] > _WALKS_MPS else Posture.STANDING
                if number < frames:
                    rows[number].append(
                        {
                            "id": person,
                            "position_m": place[k],
                            "velocity_mps": velocity[k],
                            "heading_rad": heading[k],
                            "posture": POSTURES.index(posture),
                            "role": ROLES.index(Role.PASSER_BY),
                            "height_m": height,
                            "walked_m": walked[k],
                            "looks": looks,
                        }
                    )
    for number, here in enumerate(rows):
        yield Snapshot(number / fps, _state(here), Objects().state())


def twin_scenario(camera: Camera, settings: list[str]) -> tuple[Scenario, Camera, tuple[Occluder, ...]]:
    """Return place and conditions of the twin, its camera, and what stands in front of people in its picture.

    Args:
        camera: The real camera.
        settings: Changes as ``--set`` takes them, such as ``conditions.noise=2``.
    """
    x0, y0, x1, y1 = camera.footprint(60.0).bounds
    position = camera.position_m
    target = camera.to_ground(np.array([[(camera.width_px - 1) / 2, (camera.height_px - 1) / 2]]))[0]
    written = {
        "name": "pets_twin_v1",
        "title": "A twin of PETS2009 S2.L1 view 1",
        "venue": {"outline": [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], "ground": "asphalt"},
        "cameras": [
            {
                "id": camera.id,
                "position_m": [float(v) for v in position],
                "look_at_m": [float(target[0]), float(target[1]), 0.0],
                "hfov_deg": 50.0,
                "resolution_px": [camera.width_px, camera.height_px],
            }
        ],
        "population": {"flows": []},
        "conditions": {"shadow": 0.15, "sun_elevation_deg": 50.0, "noise": 1.0},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pets_twin_v1.toml"
        path.write_text(tomli_w.dumps(written), encoding="utf-8")
        return load_scenario(str(path), settings), camera, ()


def film_ways(
    real: Footage,
    scenario: Scenario,
    camera: Camera,
    out: Path,
    *,
    frames: int,
    seed: int,
    occluders: tuple[Occluder, ...],
    progress: Callable[[float], None],
) -> Footage:
    """Film the twin of annotated footage as H.264, with its truth.

    Args:
        real: Whose ways.
        scenario: Place and conditions.
        camera: The calibrated camera.
        out: The film.
        frames: Number of pictures.
        seed: Decides looks and noise.
        occluders: What stands in front of people in the twin's picture.
        progress: Told the share that is done, 0 to 1.
    """
    compositor = Compositor(scenario, camera, np.random.default_rng((_STREAM, seed, 1)), mark=False)
    tables = TruthTables([camera.id])
    with VideoWriter(out, camera.width_px, camera.height_px, real.fps) as writer:
        for index, snapshot in enumerate(ways(real.truth, camera, real.fps, frames, seed)):
            shot = compositor.shoot(snapshot, index)
            writer.write(shot.frame.image)
            tables.add_world(snapshot)
            tables.add_shot(shot)
            progress((index + 1) / frames)
    truth = tables.truth(frames / real.fps, ())
    return Footage(f"twin, seed {seed}", out, truth, camera.id, real.fps, occluders)


def _state(rows: list[dict[str, object]]) -> CrowdState:
    """The rows as the crowd's own arrays; what annotations do not tell is nought."""
    people = People()
    rows = sorted(rows, key=lambda row: int(str(row["id"])))
    for each in fields(People):
        empty = getattr(people, each.name)
        if rows and each.name in rows[0]:
            values = np.array([row[each.name] for row in rows], empty.dtype)
        else:
            values = np.zeros((len(rows), *empty.shape[1:]), empty.dtype)
        setattr(people, each.name, values)
    return people.state()


def _height_m(camera: Camera, foot: Floats, box: Floats) -> float:
    """The median over pictures of the height whose picture reaches the upper edge of the box."""
    tall = np.linspace(1.0, 2.4, 57)
    found = []
    for place, edge in zip(foot[:: max(1, len(foot) // 40)], box[:: max(1, len(foot) // 40), 1], strict=True):
        top, _ = camera.project(np.c_[np.tile(place, (len(tall), 1)), tall])
        found.append(float(np.interp(-edge, -top[:, 1], tall)))
    return float(np.clip(np.median(found), *_HEIGHTS_M))


def _smooth(place: Floats, fps: float) -> tuple[Floats, Floats]:
    """Places and velocities, smoothed by a triangle of a second."""
    half = max(1, round(_SMOOTH_S * fps / 2))
    if len(place) < 3:
        return place, np.zeros_like(place)
    window = np.convolve(np.ones(half), np.ones(half))
    window /= window.sum()
    reach = len(window) // 2
    padded = np.concatenate((2 * place[0] - place[reach:0:-1], place, 2 * place[-1] - place[-2 : -reach - 2 : -1])) if (
        len(place) > reach + 1
    ) else np.pad(place, ((reach, reach), (0, 0)), mode="edge")  # fmt: skip
    smooth = np.stack([np.convolve(padded[:, axis], window, mode="valid") for axis in (0, 1)], axis=1)
    return smooth, np.gradient(smooth, axis=0) * fps


def _headings(velocity: Floats, speed: Floats) -> Floats:
    """Where they face: the way they go; who stands keeps the last way, or takes the next."""
    heading = np.arctan2(velocity[:, 1], velocity[:, 0])
    moving = np.flatnonzero(speed > _WALKS_MPS)
    if not len(moving):
        return np.full(len(speed), heading[0])
    last = np.searchsorted(moving, np.arange(len(speed)), side="right") - 1
    return np.asarray(heading[moving[np.maximum(last, 0)]])
