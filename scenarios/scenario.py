"""A scenario: venue, cameras, people, incidents and conditions, with the seed that fixes all chance."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from shapely import Point, Polygon, contains_xy

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.conditions import Conditions
from scenarios.entry import Entry, Id, Point3
from scenarios.errors import ScenarioError, unknown
from scenarios.feasibility import check_incident, check_stall
from scenarios.incident import IncidentSpec, ObstacleMove
from scenarios.motion import Flight, Preset, Tour, Waypoint
from scenarios.plate import Plate, calibrated_camera
from scenarios.population import Population
from scenarios.shake import Shake
from scenarios.venue import Ground, Venue

__all__ = ["CameraSpec", "Conditions", "Scenario"]

_GATE_TOLERANCE_M: Final = 0.5
_SHAKE_STREAM: Final = 0x5A4E
"""Keeps the wind's chance apart from the crowd's and the sensor's."""


class CameraSpec(Entry):
    """A camera of the scenario: fixed, by where it hangs and what it looks at; on a tour of presets; or on a drone.

    Attributes:
        position_m: Optical centre.
        look_at_m: A point in the middle of the picture.
        hfov_deg: Horizontal field of view.
        resolution_px: Width and height, both even.
        distortion: Radial and tangential coefficients k1, k2, p1, p2, k3 of OpenCV's model.
        roll_deg: Turn about the optical axis.
        tour: Stops of a pan-tilt-zoom camera, in place of ``look_at_m``; gone through again and again.
        path: Waypoints of a drone, in place of ``position_m`` and ``look_at_m``.
        wind_mps: Mean wind that shakes the drone; 0: none.
        gimbal_hz: Bandwidth of the drone's gimbal; 0: none, the camera turns with the airframe.
        plate: A real picture in place of the drawn venue; all of the above then follow from its calibration.
    """

    id: Id
    position_m: Point3
    look_at_m: Point3
    hfov_deg: Annotated[float, Field(ge=5, le=140)] = 70.0
    resolution_px: tuple[Annotated[int, Field(ge=64, le=4096)], Annotated[int, Field(ge=64, le=4096)]] = (1280, 720)
    distortion: Annotated[list[float], Field(max_length=5)] = []
    roll_deg: Annotated[float, Field(ge=-180, le=180)] = 0.0
    plate: Plate | None = None
    tour: list[Preset] = []
    path: list[Waypoint] = []
    wind_mps: Annotated[float, Field(ge=0, le=20)] = 4.0
    gimbal_hz: Annotated[float, Field(ge=0, le=20)] = 3.0

    @model_validator(mode="before")
    @classmethod
    def _starts_where_the_motion_says(cls, raw: Any) -> Any:
        """Of a moving camera, fill in where it is and looks at first, for whoever asks without an instant."""
        if not isinstance(raw, Mapping):
            return raw
        known = dict(raw)
        for key, entries in (("tour", raw.get("tour")), ("path", raw.get("path"))):
            first = entries[0] if isinstance(entries, list) and entries else None
            first = first.model_dump() if isinstance(first, Preset | Waypoint) else first
            if not isinstance(first, Mapping):
                continue
            if key == "path":
                known.setdefault("position_m", first.get("position_m") or (0, 0, 1))  # its own check says what is wrong
            known.setdefault("look_at_m", first.get("look_at_m") or _ahead(known.get("position_m"), first))
        return known

    @model_validator(mode="before")
    @classmethod
    def _hangs_where_the_plate_says(cls, raw: Any) -> Any:
        """With a plate, fill in where the camera hangs, for whoever asks without needing the exact lens."""
        plate = raw.get("plate") if isinstance(raw, Mapping) else None
        if not isinstance(plate, Mapping):
            return raw
        camera = calibrated_camera(plate.get("calibration"))
        if camera is None:  # the calibration's own check says why
            return {"position_m": (0, 0, 1), "look_at_m": (1, 0, 0)} | dict(raw)
        eye, axis = camera.position_m, camera.rotation[2]
        known: dict[str, Any] = {
            "position_m": tuple(eye.tolist()),
            "look_at_m": tuple((eye + 10 * axis).tolist()),
            "hfov_deg": float(np.degrees(2 * np.arctan(camera.width_px / 2 / camera.matrix[0, 0]))),
            "resolution_px": (camera.width_px, camera.height_px),
        }
        for key, value in known.items():
            if key in raw and not _same(raw[key], value):
                raise ValueError(f"{key}: follows from the plate's calibration; leave it out")
        return dict(raw) | known

    @model_validator(mode="after")
    def _possible(self) -> CameraSpec:
        if self.tour and self.path:
            raise ValueError("should have either tour (a fixed place) or path (a drone), not both")
        if self.position_m == self.look_at_m:
            raise ValueError("position_m and look_at_m are the same point")
        if self.position_m[2] <= 0:
            raise ValueError("position_m: the camera hangs at or below the ground")
        if any(size % 2 for size in self.resolution_px):
            raise ValueError("resolution_px: H.264 needs even sizes")
        if self.path and tuple(self.position_m) != tuple(self.path[0].position_m):
            raise ValueError("position_m: follows from the first waypoint of the path; leave it out")
        if self.plate is not None and (self.tour or self.path):
            raise ValueError("plate: a picture has one point of view, so its camera has no tour and no path")
        self.motion  # noqa: B018  says what is wrong with it
        return self

    @property
    def motion(self) -> Tour | Flight | None:
        """How the camera moves, or None for a fixed one.

        Raises:
            ValueError: No camera moves so.
        """
        if self.tour:
            return Tour(self.position_m, self.tour, self.hfov_deg, self.roll_deg)
        return Flight(self.path, self.hfov_deg, self.roll_deg) if self.path else None

    def track(self, times_s: ArrayLike, seed: int = 0) -> CameraTrack:
        """Return the camera at many instants.

        Args:
            times_s: Ascending times of the scenario.
            seed: Decides the wind.
        """
        times = np.asarray(times_s, float)
        motion = self.motion
        shake = self._shake(seed)
        return CameraTrack.of([self._camera(motion, shake, t) for t in times.tolist()], times)

    def at(self, time_s: float, seed: int = 0) -> Camera:
        """Return the calibrated camera at one instant of the scenario; ``seed`` decides the wind."""
        return self._camera(self.motion, self._shake(seed), time_s)

    def build(self) -> Camera:
        """Return the calibrated camera; of a moving one, as it stands first and without wind."""
        if self.plate is not None:
            return replace(self.plate.calibration.build(), id=self.id)
        return self._camera(self.motion, None, 0.0)

    def _shake(self, seed: int) -> Shake | None:
        if not self.path or not self.wind_mps:
            return None
        rng = np.random.default_rng((_SHAKE_STREAM, seed, crc32(self.id.encode())))
        return Shake(self.wind_mps, self.path[0].position_m[2], self.gimbal_hz, rng)

    def _camera(self, motion: Tour | Flight | None, shake: Shake | None, time_s: float) -> Camera:
        if self.plate is not None:
            return self.build()
        if motion is not None:
            pose = motion.pose(time_s)
            sway, turn = shake.at(time_s) if shake is not None else (np.zeros(3), np.zeros(3))
            return Camera.turned(
                self.id,
                position_m=np.asarray(pose.position_m) + sway,
                pan_deg=pose.pan_deg + turn[0],
                tilt_deg=pose.tilt_deg + turn[1],
                roll_deg=pose.roll_deg + turn[2],
                hfov_deg=pose.hfov_deg,
                resolution_px=self.resolution_px,
                distortion=self.distortion,
            )
        return Camera.looking_at(
            self.id,
            position_m=self.position_m,
            look_at_m=self.look_at_m,
            hfov_deg=self.hfov_deg,
            resolution_px=self.resolution_px,
            distortion=self.distortion,
            roll_deg=self.roll_deg,
        )


class Scenario(Entry):
    """Everything that decides a rehearsal; the same scenario and seed give the same truth and pixels."""

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*_v[0-9]+$")]
    title: str
    description: str = ""
    tags: list[Id] = []
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    duration_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    fps: Annotated[float, Field(ge=1, le=60)] = 12.5
    max_step_s: Annotated[float, Field(ge=0.005, le=0.1)] = 0.05
    venue: Venue
    cameras: Annotated[list[CameraSpec], Field(min_length=1)]
    population: Population
    incidents: list[IncidentSpec] = []
    conditions: Conditions = Conditions()

    @property
    def frame_count(self) -> int:
        """Pictures that each camera takes."""
        return math.ceil(self.duration_s * self.fps - 1e-9)

    @property
    def steps_per_frame(self) -> int:
        """Steps of the crowd between two pictures: as few as keep a step at or under ``max_step_s``."""
        return math.ceil(1 / (self.fps * self.max_step_s) - 1e-9)

    @property
    def step_s(self) -> float:
        """Length of a step of the crowd."""
        return 1 / (self.fps * self.steps_per_frame)

    @property
    def hash(self) -> str:
        """SHA-256 over everything that decides the result, the seed included."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def has_its_files(self) -> bool:
        """Whether every picture and table that it names is there; what cannot be published has to be fetched."""
        named = [("plate", camera.plate) for camera in self.cameras] + [("ways", self.population.ways)]
        try:
            for key, file in named:
                if file is not None:
                    file.locate(key)
        except ScenarioError:
            return False
        return True

    @model_validator(mode="after")
    def _makes_sense(self) -> Scenario:
        for what, entries in (
            ("venue.obstacles", self.venue.obstacles),
            ("venue.zones", self.venue.zones),
            ("venue.puddles", self.venue.puddles),
            ("venue.gates", self.venue.gates),
            ("venue.lines", self.venue.lines),
            ("venue.passages", self.venue.passages),
            ("venue.stalls", self.venue.stalls),
            ("venue.lamps", self.venue.lamps),
            ("cameras", self.cameras),
            ("population.flows", self.population.flows),
            ("population.dwellers", self.population.dwellers),
            ("population.stewards", self.population.stewards),
            ("incidents", self.incidents),
        ):
            ids = [entry.id for entry in entries]
            double = next((i for i in ids if ids.count(i) > 1), None)
            if double is not None:
                raise ValueError(f"{what}: the id '{double}' is used twice")
        self._check_venue()
        self._check_cameras()
        self._check_people()
        self._check_incidents()
        return self

    def _check_venue(self) -> None:
        floor = self.venue.floor.buffer(_GATE_TOLERANCE_M)
        for gate in self.venue.gates:
            if gate.width_m <= 0:
                raise ValueError(f"venue.gates.{gate.id}.line: has no length")
            if not floor.covers(gate.shape):
                raise ValueError(f"venue.gates.{gate.id}.line: lies outside the venue's outline")
        for line in self.venue.lines:
            if line.width_m <= 0:
                raise ValueError(f"venue.lines.{line.id}.points: are the same point, so it has no length")
            if not self.venue.floor.intersects(line.shape):
                raise ValueError(f"venue.lines.{line.id}.points: lie outside the venue's outline")
        for what, entries in (
            ("obstacles", self.venue.obstacles),
            ("zones", self.venue.zones),
            ("puddles", self.venue.puddles),
        ):
            for entry in entries:
                if not floor.intersects(entry.shape):
                    raise ValueError(f"venue.{what}.{entry.id}.polygon: lies outside the venue's outline")
        for passage in self.venue.passages:
            if not floor.covers(passage.shape):
                raise ValueError(f"venue.passages.{passage.id}.line: lies outside the venue's outline")
        for stall in self.venue.stalls:
            check_stall(stall, self.venue)
        if self.venue.ground in (Ground.TILES, Ground.TERRAZZO) and (self.conditions.rain or self.conditions.snow):
            what = "rain" if self.conditions.rain else "snow"
            raise ValueError(
                f"conditions.{what}: must be 0 under a roof; a venue with a floor of {self.venue.ground} is a hall"
            )

    def _check_cameras(self) -> None:
        for spec in self.cameras:
            motion = spec.motion
            instants = [0.0] if motion is None else motion.instants().tolist()
            looks = instants[:: max(1, len(instants) // 40)]
            if not any(spec._camera(motion, None, t).footprint().intersects(self.venue.floor) for t in looks):
                raise ValueError(f"cameras.{spec.id}: sees nothing of the venue's floor; turn look_at_m towards it")
            if isinstance(motion, Flight):
                self._check_flight(spec.id, motion)

    def _check_flight(self, camera_id: str, flight: Flight) -> None:
        instants = flight.instants()
        places = np.array([flight.pose(t).position_m for t in instants.tolist()])
        for obstacle in self.venue.obstacles:
            low = places[:, 2] <= obstacle.height_m
            hit = low & contains_xy(obstacle.shape, places[:, 0], places[:, 1])
            if hit.any():
                raise ValueError(
                    f"cameras.{camera_id}.path: at {instants[np.argmax(hit)]:.1f} s the drone would fly through the "
                    f"obstacle '{obstacle.id}'"
                )

    def _check_people(self) -> None:
        gates = {gate.id: gate for gate in self.venue.gates}
        for flow in self.population.flows:
            for key, ids in (("start", [flow.start]), ("to", flow.to)):
                for gate_id in ids:
                    self._known_gate(f"population.flows.{flow.id}.{key}", gate_id)
            if not any(gates[g].direction != "in" for g in flow.to):
                raise ValueError(f"population.flows.{flow.id}.to: none of these gates ever lets people out")
            if gates[flow.start].direction == "out" and flow.rate_per_min:
                raise ValueError(f"population.flows.{flow.id}.start: gate '{flow.start}' only lets people out")
            if flow.area is not None and not Polygon(flow.area).intersects(self.venue.floor):
                raise ValueError(f"population.flows.{flow.id}.area: lies outside the venue's outline")
            for stall in flow.visits:
                known = [s.id for s in self.venue.stalls]
                if stall not in known:
                    raise ValueError(unknown("stall", stall, known, f"population.flows.{flow.id}.visits"))
        for group in self.population.dwellers:
            if not Polygon(group.area).intersects(self.venue.floor):
                raise ValueError(f"population.dwellers.{group.id}.area: lies outside the venue's outline")
        for steward in self.population.stewards:
            if not self.venue.walkable.covers(Point(steward.post_m)):
                raise ValueError(
                    f"population.stewards.{steward.id}.post_m: {steward.post_m} is not on the venue's walkable floor"
                )

    def _check_incidents(self) -> None:
        venue = self.venue
        for incident in sorted(self.incidents, key=lambda incident: incident.at_s):
            check_incident(incident, venue, self.duration_s)
            if isinstance(incident, ObstacleMove):
                venue = venue.with_obstacle_at(incident.obstacle, incident.place_m)

    def _known_gate(self, where: str, gate_id: str) -> None:
        known = [gate.id for gate in self.venue.gates]
        if gate_id not in known:
            raise ValueError(unknown("gate", gate_id, known, where))


def _ahead(position_m: Any, entry: Mapping[str, Any]) -> Any:
    """A point in front of a camera that is given by its angles; anywhere if something is missing or no number."""
    pan, tilt = entry.get("pan_deg", entry.get("heading_deg")), entry.get("tilt_deg", entry.get("gimbal_deg"))
    try:
        turned = Camera.turned(
            "", position_m=position_m, pan_deg=pan, tilt_deg=tilt, hfov_deg=60.0, resolution_px=(2, 2)
        )
        return tuple((turned.position_m + 10 * turned.rotation[2]).round(6).tolist())
    except (TypeError, ValueError):
        return 1, 0, 0  # the entry's own check says what is wrong


def _same(given: Any, value: Any) -> bool:
    """Whether numbers are the same to a thousandth; True for what is no number, which its own check refuses."""
    try:
        return bool(np.allclose(given, value, atol=1e-3))
    except (TypeError, ValueError):
        return True
