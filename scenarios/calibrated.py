"""How the calibration of a real camera is written, in three ways, and the camera that it says.

``look_at``: where it hangs and what it looks at; ``matrix``: as OpenCV writes it; ``tsai``: as the older public data
sets do. ``masks_px`` are polygons that are never looked at; ``fps`` is the true frame rate where a file's header is
known to lie; ``zones`` are the parts of the floor that the rules watch. ``uncertainty`` says how far the numbers can
be trusted: ``parvis calibrate`` writes the whole covariance, by hand a few standard deviations do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from scenarios.camera import Camera
from scenarios.doubt import CHANGES, stated_doubt
from scenarios.entry import Entry, Id, Point3
from scenarios.venue import Zone

__all__ = ["Calibrated", "LookAt", "Matrix", "Tsai", "Uncertainty"]

_Row3 = tuple[float, float, float]
_Matrix3 = tuple[_Row3, _Row3, _Row3]
_Pixel = tuple[float, float]


class Uncertainty(Entry):
    """How far a calibration can be trusted, as standard deviations or as a whole covariance.

    Attributes:
        turn_deg: Of the camera's direction, about each of its axes.
        position_m: Of each coordinate of its optical centre.
        focal_share: Of the focal length, as a share of it.
        k1: Of the first coefficient of the distortion.
        covariance: Of the eight numbers of ``scenarios.doubt.CHANGES``; then nothing else.
    """

    turn_deg: Annotated[float, Field(ge=0, le=90)] = 0.0
    position_m: Annotated[float, Field(ge=0, le=1000)] = 0.0
    focal_share: Annotated[float, Field(ge=0, le=2)] = 0.0
    k1: Annotated[float, Field(ge=0, le=2)] = 0.0
    covariance: list[list[float]] | None = None

    @model_validator(mode="after")
    def _is_a_covariance(self) -> Uncertainty:
        if self.covariance is None:
            return self
        if self.turn_deg or self.position_m or self.focal_share or self.k1:
            raise ValueError("covariance says everything; leave out turn_deg, position_m, focal_share and k1")
        n = len(CHANGES)
        if len(self.covariance) != n or any(len(row) != n for row in self.covariance):
            raise ValueError(f"covariance: should be {n} rows of {n} numbers ({', '.join(CHANGES)})")
        matrix = np.array(self.covariance)
        spread = np.sqrt(np.maximum(np.diag(matrix), 1e-30))
        scaled = matrix / spread[:, None] / spread
        if not np.allclose(scaled, scaled.T, atol=1e-6) or np.linalg.eigvalsh(scaled)[0] < -1e-6:
            raise ValueError("covariance: is not symmetric with eigenvalues that are not negative")
        return self

    def build(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return the covariance, shape (8, 8)."""
        if self.covariance is not None:
            return np.array(self.covariance)
        return stated_doubt(
            turn_deg=self.turn_deg, position_m=self.position_m, focal_share=self.focal_share, k1=self.k1
        )


class _RealCamera(Entry):
    id: Id = "camera"
    resolution_px: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    masks_px: list[Annotated[list[_Pixel], Field(min_length=3)]] = []
    zones: list[Zone] = []
    uncertainty: Uncertainty | None = None
    note: str = ""

    def _doubt(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
        return None if self.uncertainty is None else self.uncertainty.build()

    def _masks(self) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
        return tuple(np.array(mask, float) for mask in self.masks_px)


class LookAt(_RealCamera):
    """A camera by where it hangs and what it looks at."""

    method: Literal["look_at"]
    position_m: Point3
    look_at_m: Point3
    hfov_deg: Annotated[float, Field(gt=0, lt=180)]
    distortion: Annotated[list[float], Field(max_length=5)] = []
    roll_deg: float = 0.0

    @model_validator(mode="after")
    def _looks_somewhere(self) -> LookAt:
        if self.position_m == self.look_at_m:
            raise ValueError("position_m and look_at_m are the same point")
        return self

    def build(self) -> Camera:
        """Return the calibrated camera."""
        camera = Camera.looking_at(
            self.id,
            position_m=self.position_m,
            look_at_m=self.look_at_m,
            hfov_deg=self.hfov_deg,
            resolution_px=self.resolution_px,
            distortion=self.distortion,
            roll_deg=self.roll_deg,
            masks_px=self._masks(),
            fps=self.fps,
        )
        return replace(camera, doubt=self._doubt())


class _Rotated(_RealCamera):
    rotation: _Matrix3
    translation_m: Point3

    @model_validator(mode="after")
    def _is_a_rotation(self) -> _Rotated:
        turn = np.array(self.rotation)
        if not np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) or np.linalg.det(turn) < 0:
            raise ValueError("rotation: is not a rotation matrix (rows of length 1, at right angles, determinant 1)")
        return self


class Matrix(_Rotated):
    """A camera as OpenCV calibrates it."""

    method: Literal["matrix"]
    matrix: _Matrix3
    distortion: Annotated[list[float], Field(max_length=5)] = []

    def build(self) -> Camera:
        """Return the calibrated camera."""
        return Camera(
            id=self.id,
            width_px=self.resolution_px[0],
            height_px=self.resolution_px[1],
            matrix=np.array(self.matrix),
            distortion=np.array([*self.distortion, *[0.0] * (5 - len(self.distortion))]),
            rotation=np.array(self.rotation),
            translation_m=np.array(self.translation_m),
            masks_px=self._masks(),
            fps=self.fps,
            doubt=self._doubt(),
        )


class Tsai(_Rotated):
    """A camera calibrated by Tsai's method; see `Camera.from_tsai`."""

    method: Literal["tsai"]
    focal_mm: Annotated[float, Field(gt=0)]
    kappa1_per_mm2: float
    centre_px: _Pixel
    scale_x: Annotated[float, Field(gt=0)] = 1.0
    pixel_mm: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    def build(self) -> Camera:
        """Return the calibrated camera."""
        camera = Camera.from_tsai(
            self.id,
            focal_mm=self.focal_mm,
            kappa1_per_mm2=self.kappa1_per_mm2,
            centre_px=self.centre_px,
            scale_x=self.scale_x,
            pixel_mm=self.pixel_mm,
            rotation=self.rotation,
            translation_m=self.translation_m,
            resolution_px=self.resolution_px,
            masks_px=self._masks(),
            fps=self.fps,
        )
        return replace(camera, doubt=self._doubt())


Calibrated = Annotated[LookAt | Matrix | Tsai, Field(discriminator="method")]
"""Any of the three."""
