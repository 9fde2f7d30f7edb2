"""From a scenario to its films and its truth."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import numpy as np
import tomli_w

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.frame import Frame
from scenarios.mask import MaskWriter
from scenarios.recording import Recording
from scenarios.scenario import Scenario
from scenarios.truth import GroundTruth, column
from sim.crowd import Crowd
from sim.render.compositor import Compositor, Shot
from sim.render.mark import masked
from sim.render.truth_tables import TruthTables
from sim.render.video import VideoWriter
from sim.state import Snapshot

__all__ = ["FilmResult", "compositors", "digest", "film", "film_cameras", "frames", "shots"]

_SENSOR_STREAM: Final = 0x5E2508
"""Keeps the sensor's chance apart from the crowd's."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmResult:
    """What was filmed.

    Attributes:
        recording: Where it lies.
        truth: What happened.
        cameras: The cameras, the burnt-in mark among their masks; moving ones as tracks.
        frame_count: Pictures that each camera took, lost ones included.
        seed: That decided it.
    """

    recording: Recording
    truth: GroundTruth
    cameras: tuple[Camera | CameraTrack, ...]
    frame_count: int
    seed: int


def film_cameras(scenario: Scenario, seed: int | None = None) -> tuple[Camera | CameraTrack, ...]:
    """Return a scenario's cameras as their films have them: the burnt-in mark is among their masks.

    Args:
        scenario: Whose cameras; moving ones are given as tracks with a pose a picture.
        seed: In place of the scenario's own: it decides the wind that shakes a drone.
    """
    times = np.arange(scenario.frame_count) / scenario.fps
    return tuple(
        masked(spec.build()) if spec.motion is None else masked(spec.track(times, _seed(scenario, seed)))
        for spec in scenario.cameras
    )


def shots(
    scenario: Scenario, seed: int | None = None, cameras: Sequence[str] | None = None
) -> Iterator[tuple[Snapshot, tuple[Shot, ...]]]:
    """Run the crowd and film it, an instant at a time, with the truth of every picture.

    Args:
        scenario: What to film.
        seed: In place of the scenario's own.
        cameras: Ids of the cameras wanted; None: all.

    Yields:
        The world, and one shot a camera in the scenario's order.
    """
    crowd = Crowd(scenario, _seed(scenario, seed))
    yield from _roll(scenario, crowd, compositors(scenario, seed, cameras))


def frames(
    scenario: Scenario, seed: int | None = None, cameras: Sequence[str] | None = None
) -> Iterator[tuple[Frame, ...]]:
    """Run the crowd and film it, an instant at a time: one picture a camera in the scenario's order, but those lost.

    Args:
        scenario: What to film.
        seed: In place of the scenario's own.
        cameras: Ids of the cameras wanted; None: all.
    """
    for _, taken in shots(scenario, seed, cameras):
        yield tuple(shot.frame for shot in taken if not shot.lost)


def film(
    scenario: Scenario,
    recording: Recording,
    *,
    seed: int | None = None,
    masks: bool = False,
    progress: Callable[[float], None] | None = None,
) -> FilmResult:
    """Film a scenario into a run folder: videos, calibrated cameras, picture times, scenario and truth.

    A picture that a camera loses is missing from its film, its times and its boxes, as from a real recording; the
    people, objects and incidents of that instant are in the truth all the same.

    ``run.json`` is left to whoever decides what the run was for.

    Args:
        scenario: What to film.
        recording: Where to.
        seed: In place of the scenario's own.
        masks: Write down which pixels show whom, too (see `scenarios.mask`).
        progress: Told the share that is done, 0 to 1.

    Raises:
        RecordingError: The folder cannot be written.
    """
    crowd = Crowd(scenario, _seed(scenario, seed))
    filming = compositors(scenario, seed, None)
    cameras = film_cameras(scenario, seed)
    truth = TruthTables([c.id for c in cameras])
    kept: list[list[int]] = [[] for _ in cameras]
    times = []
    with ExitStack() as stack:
        bits = scenario.conditions.bits_per_pixel
        writers = [
            stack.enter_context(
                VideoWriter(recording.video(c.id), c.width_px, c.height_px, scenario.fps, bits_per_pixel=bits)
            )
            for c in cameras
        ]
        masked_to = stack.enter_context(MaskWriter(recording.masks)) if masks else None
        for index, (snapshot, taken) in enumerate(_roll(scenario, crowd, filming)):
            times.append(snapshot.time_s)
            truth.add_world(snapshot)
            for writer, shot, mine, camera in zip(writers, taken, kept, cameras, strict=True):
                if not shot.lost:
                    writer.write(shot.frame.image, snapshot.time_s)
                    numbered = replace(shot, frame=replace(shot.frame, index=len(mine)))
                    truth.add_shot(numbered)
                    if masked_to is not None:
                        masked_to.add(camera.id, len(mine), shot.instance_id, shot.boxes.id, shot.boxes.visible_px)
                    mine.append(index)
            if progress is not None:
                progress((index + 1) / scenario.frame_count)
    whole = truth.truth(scenario.duration_s, crowd.incidents_truth())
    whole.save(recording.truth_dir)
    cameras = tuple(_at_kept(camera, mine) for camera, mine in zip(cameras, kept, strict=True))
    recording.save_cameras(list(cameras))
    for camera, mine in zip(cameras, kept, strict=True):
        recording.save_frame_times(camera.id, np.array(times)[mine])
        _save_mot(whole, camera.id, recording.mot_truth(camera.id))
    run_as = scenario.model_copy(update={"seed": _seed(scenario, seed)})
    recording.scenario_toml.write_text(
        tomli_w.dumps(run_as.model_dump(mode="json", exclude_none=True)), encoding="utf-8"
    )
    return FilmResult(recording, whole, cameras, len(times), _seed(scenario, seed))


def digest(recording: Recording) -> dict[str, str]:
    """Return SHA-256 sums of what was true and of what can be seen.

    Returns:
        ``truth_sha256`` over the tables and incidents, ``pixels_sha256`` over the decoded pictures of all films.
    """
    truth = recording.truth()
    told = hashlib.sha256()
    for table in (truth.people, truth.objects, truth.boxes):
        if table is not None:
            for name in table.column_names:
                values = column(table, name)
                told.update(name.encode())
                told.update("\n".join(values).encode() if values.dtype == object else values.tobytes())
    told.update((recording.truth_dir / "incidents.json").read_bytes())
    seen = hashlib.sha256()
    for camera in recording.cameras():
        seen.update(camera.id.encode())
        with av.open(str(recording.video(camera.id))) as file:
            for picture in file.decode(video=0):
                seen.update(np.ascontiguousarray(picture.to_ndarray(format="yuv420p")).data)
    return {"truth_sha256": told.hexdigest(), "pixels_sha256": seen.hexdigest()}


def _at_kept(camera: Camera | CameraTrack, kept: list[int]) -> Camera | CameraTrack:
    """The poses of the pictures that are in the film."""
    if isinstance(camera, Camera) or len(kept) == len(camera):
        return camera
    return camera.only(kept)


def _seed(scenario: Scenario, seed: int | None) -> int:
    return scenario.seed if seed is None else seed


def compositors(scenario: Scenario, seed: int | None, wanted: Sequence[str] | None) -> list[Compositor]:
    """Return one a camera; what a camera shows does not depend on which others are filmed.

    Args:
        scenario: What to film.
        seed: In place of the scenario's own.
        wanted: Ids of the cameras; None: all.
    """
    root = np.random.default_rng((_SENSOR_STREAM, _seed(scenario, seed)))
    chance = root.spawn(len(scenario.cameras))
    times = np.arange(scenario.frame_count) / scenario.fps
    return [
        Compositor(
            scenario,
            spec.build(),
            rng,
            track=None if spec.motion is None else spec.track(times, _seed(scenario, seed)),
        )
        for spec, rng in zip(scenario.cameras, chance, strict=True)
        if wanted is None or spec.id in wanted
    ]


def _roll(scenario: Scenario, crowd: Crowd, filming: list[Compositor]) -> Iterator[tuple[Snapshot, tuple[Shot, ...]]]:
    for index in range(scenario.frame_count):
        if index:
            for _ in range(scenario.steps_per_frame):
                crowd.step()
        snapshot = crowd.snapshot()
        yield snapshot, tuple(c.shoot(snapshot, index) for c in filming)


def _save_mot(truth: GroundTruth, camera_id: str, path: Path) -> None:
    """Write people as MOTChallenge lines: frame, id, left, top, width, height, 1, 1, visibility; counted from 1."""
    assert truth.boxes is not None
    mine = (column(truth.boxes, "camera") == camera_id) & (column(truth.boxes, "cls") == "person")
    names = ("frame", "id", "x1", "y1", "x2", "y2", "visibility")
    rows = zip(*(column(truth.boxes, name)[mine].tolist() for name in names), strict=True)
    lines = [
        f"{frame + 1},{who},{x1 + 1:.2f},{y1 + 1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,1,{seen:.4f}\n"
        for frame, who, x1, y1, x2, y2, seen in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
