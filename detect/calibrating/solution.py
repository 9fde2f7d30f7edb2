"""What a calibration found, how sure it is, and what it says about itself in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from scenarios.camera import Camera
from scenarios.doubt import changed, ground_doubt

__all__ = ["Facts", "Fit", "facts_of", "fit_camera", "sigma_at"]

Floats = NDArray[np.float64]
Residuals = Callable[[Camera], Floats]

_STEP: Final = np.array([1e-4, 1e-4, 1e-4, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4])
"""How far a change is tried to learn what it does; of the order of what a calibration leaves open."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The camera at which residuals are least.

    Attributes:
        camera: The best one, without doubt.
        covariance: Of its eight numbers, for residuals of variance 1, shape (8, 8); numbers that were held are exact.
        cost: Half the sum of the squared residuals.
        jacobian: Of the residuals by the eight numbers, shape (m, 8).
        residuals: At the best camera, shape (m,).
    """

    camera: Camera
    covariance: Floats
    cost: float
    jacobian: Floats
    residuals: Floats


def fit_camera(start: Camera, residuals: Residuals, *, held: tuple[int, ...] = ()) -> Fit:
    """Move a camera's eight numbers until residuals, in standard deviations, are least.

    Args:
        start: Where to begin.
        residuals: Of a camera, shape (m,); what is known before counts as residuals too, so that nothing is loose.
        held: Which of the eight numbers stay.
    """
    free = np.array([k for k in range(8) if k not in held])

    def camera_at(change: Floats) -> Camera:
        whole = np.zeros(8)
        whole[free] = change * _STEP[free]
        return changed(start, whole)

    def bounded(change: Floats) -> Floats:
        found = residuals(camera_at(change))
        return np.where(np.isfinite(found), found, _FAR)

    found = least_squares(
        bounded,
        np.zeros(len(free)),
        x_scale="jac",
        max_nfev=200,
        diff_step=np.array([1e-6]),
        jac="3-point",
    )
    best = camera_at(found.x)
    jacobian = _derivative(best, residuals, free)
    information = jacobian.T @ jacobian
    covariance = np.zeros((8, 8))
    covariance[np.ix_(free, free)] = np.linalg.pinv(information, hermitian=True)
    whole_jacobian = np.zeros((len(jacobian), 8))
    whole_jacobian[:, free] = jacobian
    at_best = residuals(best)
    return Fit(best, covariance, float(found.cost), whole_jacobian, np.where(np.isfinite(at_best), at_best, _FAR))


def _derivative(camera: Camera, residuals: Residuals, free: NDArray[np.int64]) -> Floats:
    columns = []
    for k in free:
        step = np.zeros(8)
        step[k] = _STEP[k]
        apart = (residuals(changed(camera, step)) - residuals(changed(camera, -step))) / (2 * _STEP[k])
        columns.append(np.where(np.isfinite(apart), apart, 0.0))
    return np.stack(columns, axis=1)


_FAR: Final = 1e3
"""The residual of what has no picture."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person wants to know of a camera.

    Attributes:
        height_m: Of the optical centre above the ground.
        tilt_deg: By how much it looks down.
        roll_deg: Clockwise turn about its axis.
        focal_px: Focal length.
        hfov_deg: Horizontal field of view.
        sigma: The standard deviation of each of these, by name; empty where nobody stated a doubt.
    """

    height_m: float
    tilt_deg: float
    roll_deg: float
    focal_px: float
    hfov_deg: float
    sigma: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        names = ("height_m", "tilt_deg", "roll_deg", "focal_px", "hfov_deg")
        return {n: round(float(getattr(self, n)), 4) for n in names} | {
            "sigma": {n: round(float(s), 4) for n, s in self.sigma.items()}
        }


def facts_of(camera: Camera) -> Facts:
    """Work out what a person wants to know of a camera."""
    values = _facts(camera)
    sigma: dict[str, float] = {}
    if camera.doubt is not None:
        slopes = []
        for k in range(8):
            step = np.zeros(8)
            step[k] = _STEP[k]
            slopes.append((_facts(changed(camera, step)) - _facts(changed(camera, -step))) / (2 * _STEP[k]))
        by = np.stack(slopes, axis=1)
        spread = np.sqrt(np.maximum(np.diag(by @ camera.doubt @ by.T), 0.0))
        sigma = dict(zip(_NAMES, spread.tolist(), strict=True))
    height, tilt, roll, focal, hfov = values.tolist()
    return Facts(height, tilt, roll, focal, hfov, sigma)


_NAMES: Final = ("height_m", "tilt_deg", "roll_deg", "focal_px", "hfov_deg")


def _facts(camera: Camera) -> Floats:
    right, down, forward = camera.rotation
    tilt = -np.degrees(np.arcsin(np.clip(forward[2], -1, 1)))
    roll = np.degrees(np.arctan2(-right[2], -down[2]))
    focal = float(camera.matrix[0, 0])
    hfov = 2 * np.degrees(np.arctan(camera.width_px / 2 / focal))
    return np.array([camera.position_m[2], tilt, roll, focal, hfov])


def sigma_at(camera: Camera, pixels: Floats) -> Floats:
    """Return the standard deviation in the worst direction of places below pixels, by calibration alone, (n,)."""
    doubt = ground_doubt(camera, pixels)
    known = np.isfinite(doubt).all(axis=(1, 2))
    sigma = np.full(len(doubt), np.nan)
    sigma[known] = np.sqrt(np.maximum(np.linalg.eigvalsh(doubt[known])[:, -1], 0.0))
    return sigma


def with_doubt(camera: Camera, covariance: Floats) -> Camera:
    """Return the camera with the covariance of its calibration, made symmetric to the last bit."""
    return replace(camera, doubt=(covariance + covariance.T) / 2)
