"""How far a calibration can be trusted: the eight numbers of a camera that a calibration finds, and their covariance.

A change of a camera is a vector of eight: ``turn`` about the camera's own axes (x, y, z, in radians), ``shift`` of the
optical centre in the world (x, y, z, in metres), the logarithm of the focal length, and k1. A calibration states the
covariance of these, shape (8, 8); from it follows how far each place on the ground can be off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenarios.camera import Camera

__all__ = ["CHANGES", "changed", "ground_change", "ground_doubt", "stated_doubt"]

Floats = NDArray[np.float64]

CHANGES: Final = (
    "turn_x_rad", "turn_y_rad", "turn_z_rad", "shift_x_m", "shift_y_m", "shift_z_m", "log_focal", "k1",
)  # fmt: skip
"""What the eight numbers are."""


def changed(camera: Camera, change: ArrayLike) -> Camera:
    """Return a camera that differs by a change, shape (8,); its doubt stays as it was."""
    by = np.asarray(change, float)
    rotation = cv2.Rodrigues(by[:3])[0] @ camera.rotation
    matrix = camera.matrix.copy()
    matrix[0, 0] *= np.exp(by[6])
    matrix[1, 1] *= np.exp(by[6])
    distortion = camera.distortion.copy()
    distortion[0] += by[7]
    return replace(
        camera,
        matrix=matrix,
        distortion=distortion,
        rotation=rotation,
        translation_m=-rotation @ (camera.position_m + by[3:6]),
    )


def stated_doubt(
    *, turn_deg: float = 0.0, position_m: float = 0.0, focal_share: float = 0.0, k1: float = 0.0
) -> Floats:
    """Return the covariance (8, 8) of a calibration whose numbers are off independently, by these deviations."""
    return np.diag(np.square([*[np.radians(turn_deg)] * 3, *[position_m] * 3, focal_share, k1]))


def ground_change(camera: Camera, pixels: ArrayLike, height_m: float = 0.0) -> Floats:
    """Return how places move with the camera's numbers: the derivative of ``to_ground``, shape (n, 2, 8).

    The tangential distortion and k3 are taken not to change what the focal length and k1 do.

    Args:
        camera: The calibrated camera.
        pixels: Shape (n, 2).
        height_m: Height of the plane.
    """
    world = camera.rays(pixels)
    seen = world @ camera.rotation.T  # (x, y, 1) in camera axes
    xy = seen[:, :2]
    r2 = (xy**2).sum(axis=1)
    k1, k2, _, _, k3 = camera.distortion
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 1 + r2 * (3 * k1 + r2 * (5 * k2 + r2 * 7 * k3))
    n = len(seen)
    by_change = np.zeros((n, 3, 8))  # of the ray in camera axes
    x, y, z = seen.T
    zero = np.zeros(n)
    by_change[:, :, :3] = np.stack(
        (np.stack((zero, -z, y), 1), np.stack((z, zero, -x), 1), np.stack((-y, x, zero), 1)), axis=1
    )
    by_change[:, :2, 6] = -xy * (radial / slope)[:, None]
    by_change[:, :2, 7] = -xy * (r2 / slope)[:, None]
    turned = np.einsum("ji,njk->nik", camera.rotation, by_change)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (height_m - camera.position_m[2]) / world[:, 2]
        lean = world[:, :2] / world[:, 2:]
        moved = reach[:, None, None] * (turned[:, :2] - lean[:, :, None] * turned[:, 2:])
    moved[:, 0, 3] = moved[:, 1, 4] = 1.0
    moved[:, :, 5] = -lean
    return np.asarray(moved)


def ground_doubt(camera: Camera, pixels: ArrayLike, height_m: float = 0.0) -> Floats:
    """Return by how much places on the ground are uncertain because the calibration is, (n, 2, 2) in square metres.

    All pictures of a camera share this error: it does not average out over time.
    """
    px = np.atleast_2d(np.asarray(pixels, float))
    if camera.doubt is None:
        return np.zeros((len(px), 2, 2))
    by = ground_change(camera, px, height_m)
    return np.asarray(by @ camera.doubt @ by.transpose(0, 2, 1))
