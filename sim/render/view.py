"""What a camera sees of the empty place at each picture: in its light and weather, shaken by the wind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from sim.render.backdrop import Backdrop
from sim.render.light import Light
from sim.render.relight import floor_and_obstacles, relit, transmission, water_mirror
from sim.render.vibration import Vibration

__all__ = ["View", "Views"]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The empty place at one picture; all maps are of the same pixels.

    Attributes:
        camera: As it looks, its shake included.
        light: With the camera's place and direction.
        empty: The finished still picture, shape (h, w, 3), BGR.
        depth_m: Depth of obstacles, infinite elsewhere, shape (h, w).
        ground: 255 where the floor is seen, shape (h, w).
        sunlit: Share of the sun that reaches it, 0 to 255, shape (h, w).
        surface_m: Depth of whatever is seen, infinite for the sky, shape (h, w).
        clear: Share of the light that comes through the air from there, 0 to 255, shape (h, w): shadows pale by it;
            None: all of it.
        mirror: Share of what stands on it that the floor mirrors there, 0 to 255, shape (h, w); None: none.
    """

    camera: Camera
    light: Light
    empty: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    ground: NDArray[np.uint8]
    sunlit: NDArray[np.uint8]
    surface_m: NDArray[np.float32]
    clear: NDArray[np.uint8] | None = None
    mirror: NDArray[np.uint8] | None = None


class Views:
    """Gives the view of each picture of one camera.

    A camera that rests is drawn once, with a margin from which its shaken pictures are cut; a moving one is lit anew
    whenever its backdrop changes.

    Args:
        camera: At rest.
        light: Of the hour.
        vibration: How it shakes.
        draw: Draws the empty place in the plain day for a camera that rests.
        moving: Camera and backdrop of each picture of one that moves.
        room_m: Of a hall, see `sim.render.relight.floor_and_obstacles`.
    """

    def __init__(
        self,
        camera: Camera,
        light: Light,
        vibration: Vibration,
        draw: Callable[[Camera], Backdrop],
        moving: Callable[[int], tuple[Camera, Backdrop]] | None = None,
        room_m: tuple[float, float, float, float, float] | None = None,
    ) -> None:
        self._room_m = room_m
        self._camera, self._light, self._vibration = camera, light, vibration
        self._moving = moving
        self._drawn: Backdrop | None = None
        self._margin = vibration.margin_px
        self._fits = False
        if moving is None:
            wide = vibration.padded(camera) if self._margin else camera
            backdrop = draw(wide)
            self._fits = backdrop.image.shape[:2] == (wide.height_px, wide.width_px)  # a plate has no margin
            self._still = _view(wide if self._fits else camera, light, backdrop, room_m)

    def at(self, index: int, time_s: float) -> View:
        """Return the view of a picture.

        Args:
            index: Number of the picture.
            time_s: Its time.
        """
        if self._moving is not None:
            camera, backdrop = self._moving(index)
            if backdrop is not self._drawn:
                light = replace(self._light, eye_m=camera.position_m, forward=camera.rotation[2].copy())
                self._still = _view(camera, light, backdrop, self._room_m)
                self._drawn = backdrop
        if not self._margin:
            return self._still
        return self._shaken(time_s)

    def _shaken(self, time_s: float) -> View:
        """Cut the picture out of the larger one: its colours between pixels, its maps at the nearest."""
        still, margin = self._still, self._margin if self._fits else 0
        right, down = self._vibration.shift_px(time_s)
        base = self._camera if self._fits else still.camera
        w, h = base.width_px, base.height_px
        move = np.array(((1.0, 0.0, margin - right), (0.0, 1.0, margin - down)))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        empty = cv2.warpAffine(still.empty, move, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        rows = np.clip(np.arange(h) + margin - round(down), 0, still.empty.shape[0] - 1)
        columns = np.clip(np.arange(w) + margin - round(right), 0, still.empty.shape[1] - 1)

        def cut(whole: NDArray[np.generic]) -> NDArray[np.generic]:
            if rows[-1] - rows[0] == h - 1 and columns[-1] - columns[0] == w - 1:
                return np.ascontiguousarray(whole[rows[0] : rows[0] + h, columns[0] : columns[0] + w])
            return np.ascontiguousarray(whole[rows][:, columns])

        return View(
            camera=self._vibration.shifted(base, time_s),
            light=still.light,
            empty=np.asarray(empty, np.uint8),
            depth_m=np.asarray(cut(still.depth_m), np.float32),
            ground=np.asarray(cut(still.ground), np.uint8),
            sunlit=np.asarray(cut(still.sunlit), np.uint8),
            surface_m=still.surface_m,
            clear=None if still.clear is None else np.asarray(cut(still.clear), np.uint8),
            mirror=None if still.mirror is None else np.asarray(cut(still.mirror), np.uint8),
        )

    def surface_m(self) -> NDArray[np.float32]:
        """Return the depth of whatever the camera at rest sees, shape (h, w)."""
        whole = self._still.surface_m
        m = self._margin if self._fits else 0
        return whole[m : whole.shape[0] - m, m : whole.shape[1] - m] if m else whole


def _view(
    camera: Camera, light: Light, backdrop: Backdrop, room_m: tuple[float, float, float, float, float] | None
) -> View:
    surface = floor_and_obstacles(camera, backdrop.depth_m, backdrop.ground, room_m)
    lit = relit(backdrop.image, surface, backdrop.ground, backdrop.sunlit, camera, light, backdrop.glow)
    clear = np.round(255 * transmission(surface, camera, light)).astype(np.uint8) if light.extinction_per_m else None
    mirror = backdrop.reflect
    if light.wetness:
        water = water_mirror(surface, backdrop.ground, camera, light)
        mirror = water if mirror is None else np.maximum(mirror, water)
    if mirror is not None and (light.snow_cover > 0.5 or not mirror.any()):
        mirror = None
    return View(camera, light, lit, backdrop.depth_m, backdrop.ground, backdrop.sunlit, surface, clear, mirror)
