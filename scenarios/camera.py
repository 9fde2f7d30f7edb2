"""A calibrated camera: from metres to pixels and back to the ground."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon

__all__ = ["Camera"]

Floats = NDArray[np.float64]

_NEAR_M: Final = 0.1
"""Points closer than this to the camera's plane have no picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Pinhole camera with Brown-Conrady distortion (Brown 1971; the model of OpenCV).

    World axes are x east, y north, z up, in metres; camera axes are x right, y down, z forward;
    pixels count from the centre of the upper left pixel, y down.

    Attributes:
        id: Name of the camera.
        width_px: Width of the picture.
        height_px: Height of the picture.
        matrix: Intrinsics, shape (3, 3).
        distortion: k1, k2, p1, p2, k3, shape (5,).
        rotation: From world to camera axes, shape (3, 3).
        translation_m: From world to camera axes, shape (3,).
        masks_px: Polygons, each of shape (n, 2), whose pixels are never looked at: burnt-in texts, private windows.
        fps: The true frame rate where the file's header is known to lie, else None.
        doubt: Covariance of the calibration, shape (8, 8), see `scenarios.doubt`; None: taken to be exact.
    """

    id: str
    width_px: int
    height_px: int
    matrix: Floats
    distortion: Floats
    rotation: Floats
    translation_m: Floats
    masks_px: tuple[Floats, ...] = field(default=())
    fps: float | None = None
    doubt: Floats | None = None

    @classmethod
    def looking_at(
        cls,
        id: str,
        *,
        position_m: ArrayLike,
        look_at_m: ArrayLike,
        hfov_deg: float,
        resolution_px: tuple[int, int],
        distortion: ArrayLike = (0.0, 0.0, 0.0, 0.0, 0.0),
        roll_deg: float = 0.0,
        masks_px: tuple[Floats, ...] = (),
        fps: float | None = None,
    ) -> Camera:
        """Build a camera from where it hangs and what it looks at.

        Args:
            id: Name of the camera.
            position_m: Its optical centre (x, y, z).
            look_at_m: A point (x, y, z) that lies in the middle of the picture.
            hfov_deg: Horizontal field of view before distortion.
            resolution_px: Width and height.
            distortion: k1, k2, p1, p2, k3; fewer are filled up with zeros.
            roll_deg: Clockwise turn of the camera about its axis, seen from behind it.
            masks_px: Polygons that are never looked at.
            fps: True frame rate, if the header of its files lies.

        Raises:
            ValueError: The camera looks at itself.
        """
        eye, target = np.asarray(position_m, float), np.asarray(look_at_m, float)
        forward = target - eye
        if not np.linalg.norm(forward) > 0:
            raise ValueError("position_m and look_at_m are the same point")
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        if np.linalg.norm(right) < 1e-9:  # straight down or up: north is up in the picture
            right = np.array((1.0, 0.0, 0.0))
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        return cls._pinhole(
            id, eye, np.stack((right, down, forward)), roll_deg, hfov_deg, resolution_px, distortion, masks_px, fps
        )

    @classmethod
    def turned(
        cls,
        id: str,
        *,
        position_m: ArrayLike,
        pan_deg: float,
        tilt_deg: float,
        roll_deg: float = 0.0,
        hfov_deg: float,
        resolution_px: tuple[int, int],
        distortion: ArrayLike = (0.0, 0.0, 0.0, 0.0, 0.0),
        masks_px: tuple[Floats, ...] = (),
        fps: float | None = None,
    ) -> Camera:
        """Build a camera from where it is and how it is turned.

        Args:
            id: Name of the camera.
            position_m: Its optical centre (x, y, z).
            pan_deg: Direction of the optical axis, clockwise from north.
            tilt_deg: Its rise above the horizon; at -90 ``pan_deg`` is up in the picture.
            roll_deg: Clockwise turn of the camera about its axis, seen from behind it.
            hfov_deg: Horizontal field of view before distortion.
            resolution_px: Width and height.
            distortion: k1, k2, p1, p2, k3; fewer are filled up with zeros.
            masks_px: Polygons that are never looked at.
            fps: True frame rate, if the header of its files lies.
        """
        pan, tilt = np.radians(pan_deg), np.radians(tilt_deg)
        forward = np.array((np.sin(pan) * np.cos(tilt), np.cos(pan) * np.cos(tilt), np.sin(tilt)))
        right = np.array((np.cos(pan), -np.sin(pan), 0.0))
        axes = np.stack((right, np.cross(forward, right), forward))
        return cls._pinhole(
            id, np.asarray(position_m, float), axes, roll_deg, hfov_deg, resolution_px, distortion, masks_px, fps
        )

    @classmethod
    def _pinhole(
        cls,
        id: str,
        eye: Floats,
        axes: Floats,
        roll_deg: float,
        hfov_deg: float,
        resolution_px: tuple[int, int],
        distortion: ArrayLike,
        masks_px: tuple[Floats, ...],
        fps: float | None,
    ) -> Camera:
        """Axes: right, down, forward before the roll."""
        width, height = resolution_px
        right, down, forward = axes
        roll = np.radians(roll_deg)
        turned_right = np.cos(roll) * right + np.sin(roll) * down
        turned_down = np.cos(roll) * down - np.sin(roll) * right
        rotation = np.stack((turned_right, turned_down, forward))
        focal = width / 2 / np.tan(np.radians(hfov_deg) / 2)
        matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
        return cls(
            id=id,
            width_px=width,
            height_px=height,
            matrix=matrix,
            distortion=_five(distortion),
            rotation=rotation,
            translation_m=-rotation @ eye,
            masks_px=masks_px,
            fps=fps,
        )

    @classmethod
    def from_tsai(
        cls,
        id: str,
        *,
        focal_mm: float,
        kappa1_per_mm2: float,
        centre_px: tuple[float, float],
        scale_x: float,
        pixel_mm: tuple[float, float],
        rotation: ArrayLike,
        translation_m: ArrayLike,
        resolution_px: tuple[int, int],
        masks_px: tuple[Floats, ...] = (),
        fps: float | None = None,
    ) -> Camera:
        """Build a camera from a calibration by Tsai's method.

        Tsai's radial term takes the seen point to the ideal one, OpenCV's goes the other way; the inverse
        series k1 = -k, k2 = 3 k^2, k3 = -12 k^3 (k in units of the focal length) is right to below 0.05 px
        for the distortion of usual surveillance lenses.

        Reference:
            Tsai, R. Y. (1987). A versatile camera calibration technique. IEEE J. Robotics and Automation 3(4).
            DOI 10.1109/JRA.1987.1087109, equations 5 to 8.
        """
        k = kappa1_per_mm2 * focal_mm**2
        fx, fy = scale_x * focal_mm / pixel_mm[0], focal_mm / pixel_mm[1]
        return cls(
            id=id,
            width_px=resolution_px[0],
            height_px=resolution_px[1],
            matrix=np.array([[fx, 0, centre_px[0]], [0, fy, centre_px[1]], [0, 0, 1.0]]),
            distortion=np.array((-k, 3 * k**2, 0.0, 0.0, -12 * k**3)),
            rotation=np.asarray(rotation, float),
            translation_m=np.asarray(translation_m, float),
            masks_px=masks_px,
            fps=fps,
        )

    @property
    def position_m(self) -> Floats:
        """Optical centre in the world, shape (3,)."""
        return np.asarray(-self.rotation.T @ self.translation_m)

    def at(self, time_s: float) -> Camera:  # noqa: ARG002  as a moving camera is asked
        """Return the camera at an instant: a fixed one is always the same."""
        return self

    def project(self, points_m: ArrayLike) -> tuple[Floats, Floats]:
        """Project world points.

        Args:
            points_m: Shape (n, 3).

        Returns:
            Pixels, shape (n, 2), nan for points behind the camera or so far outside the picture that the
            distortion folds them back; and depth along the optical axis in metres, shape (n,).
        """
        points = np.atleast_2d(np.asarray(points_m, float))
        seen = points @ self.rotation.T + self.translation_m
        depth = seen[:, 2].copy()
        pixels = np.full((len(points), 2), np.nan)
        ok = depth > _NEAR_M
        if ok.any():
            ideal = seen[ok, :2] / depth[ok, None]
            r2 = (ideal**2).sum(axis=1)
            k1, k2, p1, p2, k3 = self.distortion
            radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            slope = 1 + r2 * (3 * k1 + r2 * (5 * k2 + r2 * 7 * k3))  # d(r radial)/dr: <= 0 means folded back
            x, y = ideal[:, 0], ideal[:, 1]
            bent = np.stack(
                (
                    x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2),
                    y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y,
                ),
                axis=1,
            )
            bent[(slope <= 0) | (radial <= 0)] = np.nan
            pixels[ok] = bent * (self.matrix[0, 0], self.matrix[1, 1]) + self.matrix[:2, 2]
        return pixels, depth

    def rays(self, pixels: ArrayLike) -> Floats:
        """Directions in the world, shape (n, 3), of unit depth, along which the pixels (n, 2) look."""
        px = np.atleast_2d(np.asarray(pixels, float))
        if not len(px):
            return np.empty((0, 3))
        ideal = cv2.undistortPoints(
            px.reshape(-1, 1, 2),
            self.matrix,
            self.distortion,
            criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-12),
        ).reshape(-1, 2)
        return np.asarray(np.c_[ideal, np.ones(len(ideal))] @ self.rotation)

    def to_ground(self, pixels: ArrayLike, height_m: float = 0.0) -> Floats:
        """Find where the pixels' rays meet the horizontal plane at ``height_m``.

        Args:
            pixels: Shape (n, 2).
            height_m: Height of the plane above the ground.

        Returns:
            Shape (n, 2), metres; nan where the ray never meets the plane in front of the camera.
        """
        rays = self.rays(pixels)
        centre = self.position_m
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = (height_m - centre[2]) / rays[:, 2]
        reach = np.where(np.isfinite(reach) & (reach > 0), reach, np.nan)
        return np.asarray(centre[:2] + reach[:, None] * rays[:, :2])

    def footprint(self, reach_m: float = 200.0) -> Polygon:
        """Return the part of the ground that the picture shows, as far as ``reach_m`` from the camera."""
        w, h = self.width_px - 1.0, self.height_px - 1.0
        across, along = np.linspace(0, w, 17), np.linspace(0, h, 65)
        centre = self.position_m[:2]
        rim = []
        for x, bottom_up in [(0.0, along[::-1]), (w, along)]:  # up the left edge, down the right edge
            rim += [(x, y) for y in bottom_up]
            if x == 0.0:
                rim += [(a, 0.0) for a in across]
        rim += [(a, h) for a in across[::-1]]
        ground = self.to_ground(np.array(rim))
        away = np.linalg.norm(ground - centre, axis=1)
        ground = ground[np.isfinite(away) & (away <= reach_m)]
        if len(ground) < 3:
            return Polygon()
        hull = Polygon(ground).buffer(0)
        return hull if isinstance(hull, Polygon) else hull.convex_hull

    def upright_box_px(self, foot_m: ArrayLike, height_m: float, width_m: float = 0.5) -> Floats:
        """Boxes that upright bodies fill in the picture.

        Args:
            foot_m: Ground positions, shape (n, 2).
            height_m: Height of the bodies.
            width_m: Their width.

        Returns:
            Shape (n, 4): x1, y1, x2, y2; nan where the body has no picture.
        """
        foot = np.atleast_2d(np.asarray(foot_m, float))
        to_foot = foot - self.position_m[:2]
        away = np.maximum(np.linalg.norm(to_foot, axis=1, keepdims=True), 1e-9)
        side = np.stack((-to_foot[:, 1], to_foot[:, 0]), axis=1) / away * (width_m / 2)
        corners = [
            np.c_[foot + sign * side, np.full(len(foot), z)] for sign in (-1.0, 1.0) for z in (0.0, float(height_m))
        ]
        px = np.stack([self.project(c)[0] for c in corners])
        return np.concatenate((px.min(axis=0), px.max(axis=0)), axis=1)


def _five(values: ArrayLike) -> Floats:
    given = np.asarray(values, float).ravel()
    return np.concatenate((given, np.zeros(5 - len(given))))
