"""Calibration from points that were found in the picture and on a plan: at least four, on the floor or above it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator

from detect.calibrating.solution import Fit, fit_camera, with_doubt
from scenarios.camera import Camera
from scenarios.entry import Entry, Id, Metres
from scenarios.errors import ScenarioError
from scenarios.load import model_error, read_toml

__all__ = ["Pair", "PointsFile", "PointsFit", "calibrate_points", "load_points"]

Floats = NDArray[np.float64]

_HFOVS_DEG: Final = (12, 18, 27, 38, 50, 62, 75, 90, 110)
_FOCAL_SD: Final = 0.6
"""Of the logarithm of a surveillance lens's focal length around 0.9 picture widths: 20 to 95 degrees within 2 sigma."""
_FOCAL_PER_WIDTH: Final = 0.9
_K1_SD: Final = 0.15
_SUSPICIOUS: Final = 2.5
"""As long as no residual is larger (sigma), no point is odd."""
_ODD: Final = 4.0
"""A point whose removal makes the rest agree so much better (sigma) is named."""


class Pair(Entry):
    """One point that was found twice.

    Attributes:
        px: Where it is in the picture (x, y), from the centre of the upper left pixel.
        m: Where it is in the world: (x east, y north) on the floor, or (x, y, z) with its height above it.
    """

    px: tuple[float, float]
    m: Annotated[list[Metres], Field(min_length=2, max_length=3)]

    @property
    def world_m(self) -> tuple[float, float, float]:
        """The place with its height."""
        return (self.m[0], self.m[1], self.m[2] if len(self.m) == 3 else 0.0)


class PointsFile(Entry):
    """Points of one camera.

    Attributes:
        id: Name of the camera.
        resolution_px: Of the picture in which was clicked.
        click_px: How exactly pixels were read (standard deviation).
        plan_m: How exactly places on the plan are known (standard deviation).
        points: At least four.
    """

    id: Id = "camera"
    resolution_px: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    click_px: Annotated[float, Field(gt=0, le=50)] = 1.5
    plan_m: Annotated[float, Field(ge=0, le=10)] = 0.05
    points: Annotated[list[Pair], Field(min_length=4)]

    @field_validator("points")
    @classmethod
    def _differ(cls, points: list[Pair]) -> list[Pair]:
        for k, point in enumerate(points):
            twin = next((i for i in range(k) if points[i].px == point.px or points[i].world_m == point.world_m), None)
            if twin is not None:
                raise ValueError(f"points {twin + 1} and {k + 1} are at the same place")
        return points


@dataclass(frozen=True, slots=True, eq=False)
class PointsFit:
    """A camera from points.

    Attributes:
        camera: With its doubt.
        error_px: How far each point's picture is from where it was clicked, shape (n, 2).
        error_m: How far the ground below each click is from the plan, shape (n, 2); nan for points above the horizon.
        odd: Numbers (from 0) of points that do not go with the others.
    """

    camera: Camera
    error_px: Floats
    error_m: Floats
    odd: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the residuals as JSON values."""
        px, m = np.linalg.norm(self.error_px, axis=1), np.linalg.norm(self.error_m, axis=1)
        return {
            "points": len(px),
            "rms_px": round(float(np.sqrt(np.mean(px**2))), 3),
            "rms_m": round(float(np.sqrt(np.nanmean(m**2))), 4),
            "residual_px": np.round(px, 3).tolist(),
            "residual_m": [None if not np.isfinite(v) else round(float(v), 4) for v in m],
            "odd_points": [k + 1 for k in self.odd],
        }


def load_points(path: Path) -> PointsFile:
    """Read a file of points.

    Raises:
        ScenarioError: It cannot be read, or says something that makes no sense.
    """
    try:
        return PointsFile.model_validate(read_toml(path))
    except ValidationError as error:
        raise ScenarioError(model_error(error, PointsFile, path.name)) from None


def calibrate_points(file: PointsFile, lens: Camera | None = None, *, where: str = "points") -> PointsFit:
    """Find the camera whose pictures of the points come nearest to the clicks.

    Position, direction and focal length are found, and the first term of the distortion as far as the points tell;
    what they do not tell is held by what surveillance lenses usually are, and the doubt says so.

    Args:
        file: The points.
        lens: A camera whose lens is known, from OpenCV's calibration say; then only position and direction are found.
        where: The file, for messages.

    Raises:
        ScenarioError: The points are too few or lie on a line, or the plan is a mirror image.
    """
    px = np.array([p.px for p in file.points], float)
    world = np.array([p.world_m for p in file.points], float)
    _check_spread(px, world, where)
    camera, fit = _fit(file, px, world, lens, where)
    error_px = camera.project(world)[0] - px
    error_m = np.stack([camera.to_ground(p[None], float(w[2]))[0] - w[:2] for p, w in zip(px, world, strict=True)])
    # where the clicks are worse than was said, everything is less sure than was said
    freedom = 2 * len(px) + (2 if lens is None else 0) - (8 if lens is None else 6)
    worse = max(1.0, 2 * fit.cost / freedom) if freedom > 0 else 1.0
    suspicious = len(px) >= 6 and float(np.abs(fit.residuals).max()) > _SUSPICIOUS
    odd = _odd(file, px, world, lens, where) if suspicious else ()
    return PointsFit(with_doubt(camera, fit.covariance * worse), error_px, error_m, odd)


def _fit(
    file: PointsFile, px: Floats, world: Floats, lens: Camera | None, where: str, start: Camera | None = None
) -> tuple[Camera, Fit]:
    width = file.resolution_px[0]
    sigma = np.full(len(px), file.click_px)

    def residuals(camera: Camera) -> Floats:
        seen, _ = camera.project(world)
        off = ((seen - px) / sigma[:, None]).ravel()
        if lens is not None:
            return np.asarray(off)
        focal = (np.log(camera.matrix[0, 0] / width) - np.log(_FOCAL_PER_WIDTH)) / _FOCAL_SD
        return np.concatenate((off, [focal, camera.distortion[0] / _K1_SD]))

    held = () if lens is None else (6, 7)
    starts = [start] if start is not None else _starts(file, px, world, lens)
    if not starts:
        raise ScenarioError(f"{where}: no camera sees these points so; is the plan a mirror image (x east, y north)?")
    fits = [fit_camera(s, residuals, held=held) for s in starts[:3]]
    fit = min(fits, key=lambda f: f.cost)
    if file.plan_m > 0:  # what the plan is wrong by is seen in pixels, more of them nearby
        for _ in range(2):
            scale = _px_per_m(fit.camera, world)
            sigma = np.hypot(file.click_px, file.plan_m * scale)
            fit = fit_camera(fit.camera, residuals, held=held)
    if fit.camera.position_m[2] <= 0:
        raise ScenarioError(
            f"{where}: the camera would be below the floor; is the plan a mirror image (x east, y north)?"
        )
    return fit.camera, fit


def _starts(file: PointsFile, px: Floats, world: Floats, lens: Camera | None) -> list[Camera]:
    """Cameras above the floor that see the points about there, the best first."""
    width, height = file.resolution_px
    found: list[tuple[float, Camera]] = []
    for hfov in _HFOVS_DEG if lens is None else (0,):
        if lens is None:
            focal = width / 2 / np.tan(np.radians(hfov) / 2)
            matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
            distortion = np.zeros(5)
        else:
            matrix, distortion = lens.matrix, lens.distortion
        ok, turn, shift = cv2.solvePnP(world, px, matrix, distortion, flags=cv2.SOLVEPNP_SQPNP)
        if not ok:
            continue
        rotation, at = np.asarray(cv2.Rodrigues(turn)[0], float), np.asarray(shift, float).ravel()
        camera = Camera(file.id, width, height, matrix, distortion, rotation, at, fps=file.fps)
        off = camera.project(world)[0] - px
        if camera.position_m[2] > 0 and np.isfinite(off).all():
            found.append((float((off**2).sum()), camera))
    found.sort(key=lambda pair: pair[0])
    return [camera for _, camera in found]


def _px_per_m(camera: Camera, world: Floats) -> Floats:
    """How many pixels a metre on the plan is, in the mean over directions, at each point (n,)."""
    step = 0.05
    sides = [
        (camera.project(world + np.array(by) * step)[0] - camera.project(world - np.array(by) * step)[0]) / (2 * step)
        for by in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    ]
    return np.asarray(np.nan_to_num(np.sqrt(sum((side**2).sum(axis=1) for side in sides) / 2)))


def _check_spread(px: Floats, world: Floats, where: str) -> None:
    for points, what in ((px, "in the picture"), (world, "on the plan")):
        middle = points - points.mean(axis=0)
        sizes = np.linalg.svd(middle, compute_uv=False)
        if sizes[1] < 0.02 * sizes[0]:
            raise ScenarioError(f"{where}: the points lie on one line {what}; take some to the side of it")


def _odd(file: PointsFile, px: Floats, world: Floats, lens: Camera | None, where: str) -> tuple[int, ...]:
    """Find points without which the others agree, and which those then contradict."""
    odd: list[int] = []
    left = list(range(len(px)))
    while len(left) >= 6 and len(odd) < len(px) // 4 + 1:
        _, all_of_them = _fit(file, px[left], world[left], lens, where)
        worst: tuple[float, int] | None = None
        for k in left:
            rest = [i for i in left if i != k]
            camera, fit = _fit(file, px[rest], world[rest], lens, where, start=all_of_them.camera)
            scale = np.hypot(file.click_px, file.plan_m * _px_per_m(camera, world[[k]])[0])
            off = float(np.linalg.norm(camera.project(world[[k]])[0][0] - px[k])) / scale
            better = 2 * (all_of_them.cost - fit.cost)
            spread = np.sqrt(max(1.0, 2 * fit.cost / max(1, 2 * len(rest) - 6)))
            if better > (_ODD * spread) ** 2 and off > _ODD * spread and (worst is None or better > worst[0]):
                worst = (better, k)
        if worst is None:
            break
        odd.append(worst[1])
        left.remove(worst[1])
    return tuple(sorted(odd))
