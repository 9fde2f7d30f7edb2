"""A camera as the kernels read it: projection with distortion, and its derivative.

The same model as `scenarios.camera.Camera.project` (Brown 1971), one point at a time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera

__all__ = ["NEAR_M", "lens_array", "local_map", "project_point"]

NEAR_M: Final = 0.4
"""Nothing closer to the camera's plane is drawn."""


def lens_array(camera: Camera) -> NDArray[np.float64]:
    """Return rotation (9), translation (3), fx, fy, cx, cy, k1, k2, p1, p2, k3; shape (21,)."""
    K = camera.matrix
    return np.concatenate(
        (camera.rotation.ravel(), camera.translation_m, (K[0, 0], K[1, 1], K[0, 2], K[1, 2]), camera.distortion)
    )


@njit(cache=True, error_model="numpy")
def project_point(lens: Any, x: float, y: float, z: float) -> Any:
    """Return u, v, depth; u is nan where the point has no picture."""
    cx = lens[0] * x + lens[1] * y + lens[2] * z + lens[9]
    cy = lens[3] * x + lens[4] * y + lens[5] * z + lens[10]
    depth = lens[6] * x + lens[7] * y + lens[8] * z + lens[11]
    if depth < NEAR_M:
        return np.nan, np.nan, depth
    a, b = cx / depth, cy / depth
    k1, k2, p1, p2, k3 = lens[16], lens[17], lens[18], lens[19], lens[20]
    r2 = a * a + b * b
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 1.0 + r2 * (3.0 * k1 + r2 * (5.0 * k2 + r2 * 7.0 * k3))
    if slope <= 0.0 or radial <= 0.0:
        return np.nan, np.nan, depth
    u = a * radial + 2.0 * p1 * a * b + p2 * (r2 + 2.0 * a * a)
    v = b * radial + p1 * (r2 + 2.0 * b * b) + 2.0 * p2 * a * b
    return u * lens[12] + lens[14], v * lens[13] + lens[15], depth


@njit(cache=True, error_model="numpy")
def local_map(lens: Any, x: float, y: float, z: float, out: Any) -> None:
    """Write the derivative of (u, v, depth) by the world's (x, y, z) at a point in front of the camera.

    Args:
        lens: See `lens_array`.
        x: World point.
        y: World point.
        z: World point.
        out: Shape (3, 3); rows u, v, depth.
    """
    cx = lens[0] * x + lens[1] * y + lens[2] * z + lens[9]
    cy = lens[3] * x + lens[4] * y + lens[5] * z + lens[10]
    depth = lens[6] * x + lens[7] * y + lens[8] * z + lens[11]
    a, b = cx / depth, cy / depth
    k1, k2, p1, p2, k3 = lens[16], lens[17], lens[18], lens[19], lens[20]
    r2 = a * a + b * b
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    grow = k1 + r2 * (2.0 * k2 + r2 * 3.0 * k3)
    ua = radial + 2.0 * a * a * grow + 2.0 * p1 * b + 6.0 * p2 * a
    ub = 2.0 * a * b * grow + 2.0 * p1 * a + 2.0 * p2 * b
    va = ub
    vb = radial + 2.0 * b * b * grow + 6.0 * p1 * b + 2.0 * p2 * a
    for j in range(3):
        da = (lens[j] - a * lens[6 + j]) / depth
        db = (lens[3 + j] - b * lens[6 + j]) / depth
        out[0, j] = lens[12] * (ua * da + ub * db)
        out[1, j] = lens[13] * (va * da + vb * db)
        out[2, j] = lens[6 + j]
