"""A calibration that is wrong by known amounts: what the watcher believes of a camera that hangs otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.spatial.transform import Rotation

from scenarios.camera import Camera
from scenarios.camera_track import CameraTrack
from scenarios.entry import Entry

__all__ = ["Miscalibration"]

Degrees = Annotated[float, Field(ge=-45, le=45)]


class Miscalibration(Entry):
    """By how much the watcher's calibration is off; what is filmed and what is true does not change.

    Attributes:
        height_m: So much higher than it is the camera is taken to hang.
        tilt_deg: So much farther up than it does it is taken to look.
        pan_deg: So much farther clockwise.
        roll_deg: So much farther turned clockwise about its axis, seen from behind it.
        zoom: So many times its focal length it is taken to have.
    """

    height_m: Annotated[float, Field(ge=-50, le=50)] = 0.0
    tilt_deg: Degrees = 0.0
    pan_deg: Degrees = 0.0
    roll_deg: Degrees = 0.0
    zoom: Annotated[float, Field(ge=0.2, le=5)] = 1.0

    def of(self, camera: Camera | CameraTrack) -> Camera | CameraTrack:
        """Return a camera, or all poses of a moving one, as the watcher believes them to be."""
        if self == Miscalibration():
            return camera
        about = Rotation.from_euler("xz", (-self.tilt_deg, -self.roll_deg), degrees=True).as_matrix()
        world = Rotation.from_euler("z", self.pan_deg, degrees=True).as_matrix()
        rotation = about @ camera.rotation @ world
        place = camera.position_m + np.array((0.0, 0.0, self.height_m))
        matrix = camera.matrix * np.array(((self.zoom, self.zoom, 1), (1, self.zoom, 1), (1, 1, 1)))
        return replace(
            camera, matrix=matrix, rotation=rotation, translation_m=-np.einsum("...ij,...j->...i", rotation, place)
        )

    def over(self, before: Mapping[str, float]) -> Miscalibration:
        """Return this one, with what it does not say taken from what was said before."""
        return Miscalibration.model_validate({**before, **self.model_dump(exclude_unset=True)})
