"""What burns and shines, painted over a picture whose figures stand already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from sim.render.fire import Extent, draw_fire
from sim.render.glow import Scene
from sim.render.light import Light
from sim.render.lights import draw_light
from sim.state import Snapshot

__all__ = ["Extent", "paint_effects"]


def paint_effects(
    canvas: NDArray[np.uint8],
    camera: Camera,
    light: Light,
    depth_m: NDArray[np.float32],
    instance: NDArray[np.int32],
    figures_m: NDArray[np.float64],
    snapshot: Snapshot,
) -> tuple[Extent, ...]:
    """Paint lights and fires, the far ones first.

    Args:
        canvas: Picture, shape (h, w, 3 or 4), BGR; painted in place.
        camera: Of this instant.
        light: Of the hour, with the camera's exposure.
        depth_m: Depth along the optical axis to the first obstacle, inf where there is none, shape (h, w).
        instance: Number of the figure that each pixel shows, negative: none; shape (h, w), int32.
        figures_m: Where the feet of each figure are, shape (n, 2).
        snapshot: The world.

    Returns:
        What of flames and smoke is in the picture.
    """
    if not snapshot.fires and not snapshot.lights:
        return ()
    forward, eye = camera.rotation[2], camera.position_m
    chest = np.c_[figures_m, np.full(len(figures_m), 1.0)] if len(figures_m) else np.empty((0, 3))
    lamps = 0.0 if light.lamps is None else float(light.lamps.lux_at(_middle_m(camera)[None])[0].sum())
    scene = Scene(camera, light, depth_m, instance, (chest - eye) @ forward, light.sky_lux + lamps)
    for lamp in sorted(snapshot.lights, key=lambda it: -_depth(it.spec.place_m, forward, eye)):
        draw_light(canvas, scene, lamp, snapshot.time_s)
    extents: list[Extent] = []
    for fire in sorted(snapshot.fires, key=lambda it: -_depth(it.spec.place_m, forward, eye)):
        extents += draw_fire(canvas, scene, fire, snapshot.time_s)
    return tuple(extents)


def _depth(place_m: tuple[float, float], forward: NDArray[np.float64], eye: NDArray[np.float64]) -> float:
    return float((np.array((*place_m, 1.0)) - eye) @ forward)


def _middle_m(camera: Camera) -> NDArray[np.float64]:
    """Return the floor in the middle of the picture, shape (3,); the floor below the camera where it sees none."""
    spot = camera.to_ground([(camera.width_px / 2, camera.height_px / 2)])[0]
    return np.array((*spot, 0.0)) if np.isfinite(spot).all() else camera.position_m * (1.0, 1.0, 0.0)
