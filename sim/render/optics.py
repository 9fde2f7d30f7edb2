"""From the light of a scene to a camera's picture: air, lens, shutter, sensor, in the order in which light meets them.

Every effect whose severity is 0 is left out and costs nothing.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions
from scenarios.frame import Image
from sim.render.dirt import Dirt, Drops
from sim.render.flare import glare, glare_share
from sim.render.flicker import Flicker
from sim.render.infrared import as_infrared
from sim.render.light import Light
from sim.render.losses import Losses
from sim.render.motion import drag
from sim.render.sensor import Sensor
from sim.render.vibration import Vibration
from sim.render.weather import Falling

__all__ = ["Optics", "defocused"]

_SHORT_S: Final = 0.008
"""How long the shutter is open where nothing else is asked: what a shaking camera smears then."""
_FINE_PX: Final = 5.0
_BELL_PX: Final = 6.5
_NEUTRAL_LEVEL: Final = 209.0


class Optics:
    """The way of one camera's pictures from the scene to the encoder.

    Args:
        conditions: Of the scenario.
        camera: At rest.
        light: Of the hour, for this camera.
        surface_m: Depth along the axis of whatever it sees, infinite for the sky, shape (h, w).
        vibration: How it shakes.
        rng: Draws everything that is left to chance here; each effect from a child of its own, so that adding one
            changes no other.
        noise: Severity of the noise in place of that of the conditions, as where a real camera's was measured.
        lens: Whether the lens softens the picture and darkens its corners; a real plate has both in it already.
    """

    def __init__(
        self,
        conditions: Conditions,
        camera: Camera,
        light: Light,
        surface_m: NDArray[np.float32],
        vibration: Vibration,
        rng: np.random.Generator,
        *,
        noise: float | None = None,
        lens: bool = True,
    ) -> None:
        w, h = camera.width_px, camera.height_px
        electrons, lamps, fall, dust, water, loss = rng.spawn(6)
        self._conditions, self._light = conditions, light
        self._scale = w / 1280
        self._vibration = vibration
        self.losses = Losses(conditions.dropped_share, loss)
        self.flicker = Flicker(conditions, h, lamps) if conditions.flicker else None
        self._falling = (
            Falling(conditions, camera, light, surface_m, fall) if conditions.rain or conditions.snow else None
        )
        level = min(1.0, float(light.airlight_bgr.mean()) / _NEUTRAL_LEVEL)
        dazzled = glare_share(conditions, camera, light)
        self._dirt = (
            Dirt(conditions, w, h, level, dazzled, light.reach_m > 0, dust)
            if conditions.dirt or conditions.web
            else None
        )
        self._drops = Drops(conditions.drop_count, w, h, water) if conditions.drop_count else None
        severity = conditions.noise if noise is None else noise
        self._sensor = Sensor(w, h, severity, light.exposure.gain_db, light.infrared, electrons, lens=lens)
        self._glare: Image | None = None
        self.aim(camera, surface_m)

    def aim(self, camera: Camera, surface_m: NDArray[np.float32]) -> None:
        """Point at something else: the sun stands elsewhere in the picture.

        Args:
            camera: As it looks now.
            surface_m: Depth of what it sees now, shape (h, w).
        """
        self._glare = glare(self._conditions, camera, self._light, surface_m)

    def expose(self, scene: Image, time_s: float) -> Image:
        """Return the picture that leaves the camera, shape (h, w, 3).

        Args:
            scene: What is there, in its light and in still air's fog; it may be changed.
            time_s: When.
        """
        picture = scene
        if self._falling is not None:
            self._falling.fall(picture, time_s)
        if self._conditions.vibration:
            shutter_s = max(self._conditions.shutter_s, _SHORT_S)
            picture = drag(picture, *self._vibration.drift_px(time_s, shutter_s))
        if self._conditions.defocus:
            picture = defocused(picture, self._conditions.confusion_px * self._scale)
        if self._drops is not None:
            self._drops.refract(picture, time_s)
        if self._dirt is not None:
            self._dirt.veil(picture, time_s)
        if self._glare is not None:
            picture = np.asarray(cv2.add(picture, self._glare), np.uint8)
        if self._light.infrared:
            picture = as_infrared(picture)
        rows = self.flicker.rows(time_s) if self.flicker is not None else None
        return self._sensor.take(picture, rows)


def defocused(image: Image, diameter_px: float) -> Image:
    """Return a picture out of focus: each point spread over a disc.

    Args:
        image: Shape (h, w, 3).
        diameter_px: Of the disc.
    """
    if diameter_px <= 0:
        return image
    if diameter_px <= _FINE_PX:  # so small a disc cannot be told from a bell of the same spread
        return np.asarray(cv2.GaussianBlur(image, (0, 0), diameter_px / 4, borderType=cv2.BORDER_REPLICATE), np.uint8)
    h, w = image.shape[:2]  # a wide disc leaves nothing that half the pixels could not hold
    half = cv2.resize(image, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
    own = np.sqrt(diameter_px**2 - 18) / 2  # halving and doubling spread as a disc of 4.2 pixels does
    if diameter_px <= _BELL_PX:
        spread = cv2.GaussianBlur(half, (0, 0), own / 4, borderType=cv2.BORDER_REPLICATE)
    else:
        spread = cv2.filter2D(half, -1, _disc(own), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(spread, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)


def _disc(diameter_px: float) -> NDArray[np.float32]:
    half = int(np.ceil(diameter_px / 2 + 0.5))
    fine = 9
    steps = (np.arange(-half * fine - fine // 2, half * fine + fine // 2 + 1)) / fine
    inside = (steps[:, None] ** 2 + steps[None] ** 2 <= (diameter_px / 2) ** 2).astype(np.float32)
    size = 2 * half + 1
    kernel = inside.reshape(size, fine, size, fine).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), np.float32)
