"""How a camera moves: the tour of a pan-tilt-zoom camera, the flight of a drone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from scipy.interpolate import CubicSpline, PchipInterpolator

from scenarios.entry import Entry, Point3

__all__ = ["Flight", "Pose", "Preset", "Tour", "Waypoint", "aim"]

Floats = NDArray[np.float64]

_FASTEST_MPS: Final = 25.0
_LOWEST_M: Final = 1.5
_CHECK_S: Final = 0.1
_STEEPEST_DEG: Final = 89.0

Angle = Annotated[float, Field(ge=-360, le=360)]
Up = Annotated[float, Field(ge=-90, le=60)]
View = Annotated[float, Field(ge=2, le=140)]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a camera is and where it looks, at one instant.

    Attributes:
        position_m: Optical centre (x, y, z).
        pan_deg: Direction of the optical axis, clockwise from north.
        tilt_deg: Its rise above the horizon; -90 looks straight down, with ``pan_deg`` up in the picture.
        roll_deg: Clockwise turn about the axis, seen from behind the camera.
        hfov_deg: Horizontal field of view.
    """

    position_m: tuple[float, float, float]
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    hfov_deg: float


class Preset(Entry):
    """A stop of a tour.

    Attributes:
        look_at_m: A point in the middle of the picture; or else pan and tilt.
        pan_deg: Direction, clockwise from north.
        tilt_deg: Rise above the horizon: -20 looks down by 20 degrees.
        hfov_deg: Field of view; the camera's own where not given.
        dwell_s: How long the camera rests here.
        travel_s: How long it takes to come here from the stop before.
    """

    look_at_m: Point3 | None = None
    pan_deg: Angle | None = None
    tilt_deg: Up | None = None
    hfov_deg: View | None = None
    dwell_s: Annotated[float, Field(ge=0, le=3600)] = 8.0
    travel_s: Annotated[float, Field(ge=0.2, le=120)] = 2.0

    @model_validator(mode="after")
    def _one_way(self) -> Preset:
        turned = self.pan_deg is not None and self.tilt_deg is not None
        if (self.look_at_m is None) != turned or (not turned and (self.pan_deg, self.tilt_deg) != (None, None)):
            raise ValueError("should have either look_at_m or both pan_deg and tilt_deg")
        return self


class Waypoint(Entry):
    """A point of a flight.

    Attributes:
        time_s: When the drone is there.
        position_m: Where.
        look_at_m: A point in the middle of the picture; or else heading and gimbal.
        heading_deg: Direction of the drone's nose, clockwise from north; up in the picture when looking straight down.
        gimbal_deg: Rise of the optical axis above the horizon; -90 looks straight down.
        hfov_deg: Field of view; the camera's own where not given.
    """

    time_s: Annotated[float, Field(ge=0, le=86_400)]
    position_m: Point3
    look_at_m: Point3 | None = None
    heading_deg: Angle | None = None
    gimbal_deg: Up | None = None
    hfov_deg: View | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Waypoint:
        turned = self.heading_deg is not None and self.gimbal_deg is not None
        if (self.look_at_m is None) != turned or (not turned and (self.heading_deg, self.gimbal_deg) != (None, None)):
            raise ValueError("should have either look_at_m or both heading_deg and gimbal_deg (-90: straight down)")
        return self


def aim(from_m: ArrayLike, at_m: ArrayLike) -> tuple[float, float]:
    """Return pan and tilt in degrees from one point (x, y, z) to another."""
    x, y, z = np.asarray(at_m, float) - np.asarray(from_m, float)
    return float(np.degrees(np.arctan2(x, y))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


class Tour:
    """A round of presets, gone through again and again from the first instant on.

    Between two stops pan, tilt and the logarithm of the focal length follow the curve of least jerk, as the servo
    drives of dome cameras do: no jump in speed or acceleration (Flash and Hogan 1985,
    DOI 10.1523/JNEUROSCI.05-07-01688.1985, equation 4).

    Args:
        position_m: Optical centre.
        presets: At least two.
        hfov_deg: Field of view of stops that name none.
        roll_deg: Of the whole camera.

    Raises:
        ValueError: A stop looks straight up or down.
    """

    def __init__(
        self, position_m: tuple[float, float, float], presets: Sequence[Preset], hfov_deg: float, roll_deg: float
    ) -> None:
        if len(presets) < 2:
            raise ValueError("tour: should have at least two stops; a camera with one is fixed (look_at_m)")
        self._position, self._roll = position_m, roll_deg
        aims = []
        for k, stop in enumerate(presets):
            if stop.look_at_m is not None:
                if tuple(stop.look_at_m) == tuple(position_m):
                    raise ValueError(f"tour[{k}]: position_m and look_at_m are the same point")
                pan, tilt = aim(position_m, stop.look_at_m)
            else:
                assert stop.pan_deg is not None
                assert stop.tilt_deg is not None
                pan, tilt = stop.pan_deg, stop.tilt_deg
            aims.append((pan, tilt, np.log(np.tan(np.radians(stop.hfov_deg or hfov_deg) / 2))))
        self._stops = np.array(aims)
        spans = [(stop.dwell_s, presets[(k + 1) % len(presets)].travel_s) for k, stop in enumerate(presets)]
        self._dwell, self._travel = np.array(spans).T
        self._start = np.r_[0.0, np.cumsum(self._dwell + self._travel)]

    @property
    def round_s(self) -> float:
        """How long one round takes."""
        return float(self._start[-1])

    def pose(self, time_s: float) -> Pose:
        """Return where the camera looks."""
        now = time_s % self.round_s
        k = min(int(np.searchsorted(self._start, now, side="right")) - 1, len(self._stops) - 1)
        away = now - self._start[k] - self._dwell[k]
        pan, tilt, zoom = self._stops[k]
        if away > 0:
            u = min(away / self._travel[k], 1.0)
            share = u**3 * (10 - 15 * u + 6 * u**2)
            to = self._stops[(k + 1) % len(self._stops)]
            pan += share * ((to[0] - pan + 180) % 360 - 180)  # the shorter way round
            tilt += share * (to[1] - tilt)
            zoom += share * (to[2] - zoom)
        hfov = float(np.degrees(2 * np.arctan(np.exp(zoom))))
        return Pose(self._position, float(pan), float(tilt), self._roll, hfov)

    def rests(self, time_s: float) -> bool:
        """Return whether the camera stands still at an instant."""
        now = time_s % self.round_s
        k = min(int(np.searchsorted(self._start, now, side="right")) - 1, len(self._stops) - 1)
        return bool(now - self._start[k] <= self._dwell[k])

    def instants(self) -> Floats:
        """Return times that show everything the tour shows."""
        return np.arange(0.0, self.round_s, max(_CHECK_S, self.round_s / 200))


class Flight:
    """A flight through waypoints: a smooth line, at rest at both ends, and hovering before and after.

    The positions are a cubic spline with continuous acceleration; what the gimbal and the zoom do, or the point that
    is looked at, does not overshoot (Fritsch and Carlson 1980, DOI 10.1137/0717021).

    Args:
        path: Waypoints with ascending times.
        hfov_deg: Field of view of waypoints that name none.
        roll_deg: Of the camera in its gimbal.

    Raises:
        ValueError: Times do not ascend, waypoints are mixed, or no drone flies so.
    """

    def __init__(self, path: Sequence[Waypoint], hfov_deg: float, roll_deg: float) -> None:
        self._roll = roll_deg
        for k, (before, after) in enumerate(pairwise(path), 1):
            if after.time_s <= before.time_s:
                raise ValueError(f"path[{k}].time_s: {after.time_s:g} s should be after {before.time_s:g} s")
        looking = [w.look_at_m is not None for w in path]
        if any(looking) != all(looking):
            raise ValueError("path: either all waypoints have look_at_m or none has")
        self._times = np.array([w.time_s for w in path])
        self._looks = all(looking)
        position = np.array([w.position_m for w in path], float)
        zoom = np.log(np.tan(np.radians([w.hfov_deg or hfov_deg for w in path]) / 2))[:, None]
        if self._looks:
            towards = np.array([w.look_at_m for w in path], float)
        else:
            heading = np.degrees(np.unwrap(np.radians([w.heading_deg or 0.0 for w in path])))
            towards = np.c_[heading, [w.gimbal_deg or 0.0 for w in path]]
        steered = np.c_[towards, zoom]
        self._position: CubicSpline[np.float64] | None = None
        self._steered: PchipInterpolator | None = None
        if len(path) > 1:
            self._position = CubicSpline(self._times, position, bc_type="clamped")
            self._steered = PchipInterpolator(self._times, steered)
        self._only = (position[0], steered[0])
        self._check()

    def pose(self, time_s: float) -> Pose:
        """Return where the camera is and looks, without wind."""
        position, steered = self._only
        if self._position is not None and self._steered is not None:
            now = float(np.clip(time_s, self._times[0], self._times[-1]))
            position, steered = self._position(now), self._steered(now)
        pan, tilt = aim(position, steered[:3]) if self._looks else (float(steered[0]), float(steered[1]))
        hfov = float(np.degrees(2 * np.arctan(np.exp(steered[-1]))))
        return Pose((float(position[0]), float(position[1]), float(position[2])), pan, tilt, self._roll, hfov)

    def instants(self) -> Floats:
        """Return times that show everything the flight shows."""
        return np.append(np.arange(self._times[0], self._times[-1], _CHECK_S), self._times[-1])

    def _check(self) -> None:
        times = self.instants()
        poses = [self.pose(t) for t in times]
        position = np.array([p.position_m for p in poses])
        low = int(np.argmin(position[:, 2]))
        if position[low, 2] < _LOWEST_M:
            raise ValueError(
                f"path: at {times[low]:.1f} s the drone would be at {position[low, 2]:.1f} m; "
                f"keep it above {_LOWEST_M:g} m"
            )
        if len(times) > 1:
            speed = np.linalg.norm(np.diff(position, axis=0), axis=1) / np.diff(times)
            fast = int(np.argmax(speed))
            if speed[fast] > _FASTEST_MPS:
                raise ValueError(
                    f"path: at {times[fast]:.1f} s the drone would fly at {speed[fast]:.0f} m/s; "
                    f"give it more time (at most {_FASTEST_MPS:g} m/s)"
                )
        if self._looks:
            steep = next((t for t, p in zip(times, poses, strict=True) if abs(p.tilt_deg) > _STEEPEST_DEG), None)
            if steep is not None:
                raise ValueError(
                    f"path: at {steep:.1f} s look_at_m is straight below the drone, where up in the picture is not "
                    "decided; give heading_deg and gimbal_deg = -90 in place of look_at_m"
                )
