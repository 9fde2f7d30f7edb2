"""Light that small sources throw around them, and the halo that a lens makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from sim.render.light import Light

__all__ = ["Beam", "Scene", "halo", "shine"]

_STEP_PX: Final = 8
_LEAST_LUX_SHARE: Final = 0.02
_GAMMA: Final = 2.2


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What stands around a light in one picture.

    Attributes:
        camera: Of this instant.
        light: Of the hour, with the camera's exposure.
        depth_m: Depth along the optical axis to the first obstacle, inf where there is none, shape (h, w).
        instance: Number of the figure that each pixel shows, negative: none; shape (h, w).
        figure_depth_m: Depth of each figure, shape (n,).
        ambient_lux: Light on level ground without these sources.
    """

    camera: Camera
    light: Light
    depth_m: NDArray[np.float32]
    instance: NDArray[np.int32]
    figure_depth_m: NDArray[np.float64]
    ambient_lux: float

    def tint(self, bgr: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a colour as this camera shows it: grey in infrared light."""
        return np.full(3, float(bgr.mean())) if self.light.infrared else bgr


@dataclass(frozen=True, slots=True)
class Beam:
    """Where a source shines.

    Attributes:
        toward: Unit vector (x, y, z).
        sharpness: Power of the cosine: 1 a lit window, 30 a beacon's beam.
    """

    toward: tuple[float, float, float]
    sharpness: float


def shine(
    canvas: NDArray[np.uint8],
    scene: Scene,
    place_m: tuple[float, float, float],
    candela: float,
    bgr: NDArray[np.float64],
    *,
    reach_m: float,
    beam: Beam | None = None,
) -> None:
    """Light the picture around a source: every pixel by the distance of what it shows.

    Args:
        canvas: Picture, BGR or BGRA; changed in place.
        scene: What it shows.
        place_m: The source.
        candela: Its intensity.
        bgr: Its colour, the strongest 1.
        reach_m: Nothing farther is lit.
        beam: Where it shines; None: all around.
    """
    h, w = canvas.shape[:2]
    source = np.array(place_m)
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.c_[source[0] + reach_m * np.cos(turn), source[1] + reach_m * np.sin(turn), np.zeros(16)]
    pixels, _ = scene.camera.project(np.vstack((ring, source[None], ring + np.array((0, 0, 2.0)))))
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if not len(pixels):
        return
    x0, y0 = (int(v) // _STEP_PX * _STEP_PX for v in np.clip(pixels.min(axis=0), 0, (w, h)))
    x1, y1 = (int(v) for v in np.clip(pixels.max(axis=0), 0, (w, h)))
    if x1 - x0 < _STEP_PX or y1 - y0 < _STEP_PX:
        return
    xs, ys = np.arange(x0, x1, _STEP_PX), np.arange(y0, y1, _STEP_PX)
    grid = np.stack(np.meshgrid(xs + _STEP_PX / 2, ys + _STEP_PX / 2), axis=-1)
    rays = scene.camera.rays(grid.reshape(-1, 2)).reshape(*grid.shape[:2], 3)
    eye = scene.camera.position_m
    floor = np.where(rays[..., 2] < -1e-6, -eye[2] / np.minimum(rays[..., 2], -1e-6), np.inf)
    rows, columns = np.minimum(ys + _STEP_PX // 2, h - 1), np.minimum(xs + _STEP_PX // 2, w - 1)
    solid = scene.depth_m[np.ix_(rows, columns)]
    depth = np.minimum(floor, solid)
    known = np.isfinite(depth)
    way = eye + rays * np.where(known, depth, 0.0)[..., None] - source
    square = (way**2).sum(axis=-1)
    length = np.sqrt(square)
    fall = np.where(solid < floor, 0.6, np.abs(way[..., 2]) / np.maximum(length, 1e-6) * 0.85 + 0.15)
    lux = candela * fall / (square + 0.15)
    if beam is not None:
        along = (way @ np.array(beam.toward)) / np.maximum(length, 1e-6)
        lux = lux * np.maximum(along, 0.0) ** beam.sharpness
    lux = np.where(known, lux * np.clip((reach_m - length) / (0.4 * reach_m), 0, 1), 0.0)
    if float(lux.max()) < _LEAST_LUX_SHARE * scene.ambient_lux:
        return
    colour = scene.tint(bgr / bgr.max())
    gain = (1.0 + lux[..., None] * colour / max(scene.ambient_lux, 1e-3)) ** (1 / _GAMMA)
    part = canvas[y0:y1, x0:x1, :3]
    size = (len(xs) * _STEP_PX, len(ys) * _STEP_PX)
    full = cv2.resize(gain.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)[: part.shape[0], : part.shape[1]]
    part[:] = np.minimum(part * full, 255.0).astype(np.uint8)


def halo(
    canvas: NDArray[np.uint8],
    centre_px: NDArray[np.float64],
    radius_px: float,
    strength: float,
    scene: Scene,
    bgr: NDArray[np.float64] | None = None,
) -> None:
    """Add the soft ring of light that a lens makes around a bright spot.

    Args:
        canvas: Picture; changed in place.
        centre_px: Middle (x, y).
        radius_px: Where it has faded away.
        strength: Grey levels in its middle.
        scene: For the camera's colours.
        bgr: Colour; None: a flame's.
    """
    h, w = canvas.shape[:2]
    size = int(np.clip(2 * radius_px, 4, 900)) // 2 * 2
    x, y = int(centre_px[0]) - size // 2, int(centre_px[1]) - size // 2
    x0, y0, x1, y1 = max(0, x), max(0, y), min(w, x + size), min(h, y + size)
    if x1 <= x0 or y1 <= y0 or strength < 1:
        return
    disc = cv2.resize(_disc(), (size, size), interpolation=cv2.INTER_LINEAR)[y0 - y : y1 - y, x0 - x : x1 - x]
    colour = scene.tint(np.array((0.22, 0.5, 1.0)) if bgr is None else bgr)
    part = canvas[y0:y1, x0:x1, :3]
    part[:] = np.minimum(part + disc[..., None] * (strength * colour), 255.0).astype(np.uint8)


@cache
def _disc() -> NDArray[np.float32]:
    """Return a disc that fades as a lens scatters: a bright middle on a wide skirt, shape (128, 128)."""
    at = (np.arange(128) + 0.5) / 64 - 1
    radius = np.hypot(*np.meshgrid(at, at))
    fade = np.clip(1 - radius, 0, 1)
    return np.asarray(0.55 * fade**2 + 0.45 * fade**6, np.float32)
