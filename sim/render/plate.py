"""A real picture as a camera's backdrop: its depth from occluders, and the looks that figures take on in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.conditions import Conditions
from scenarios.errors import ScenarioError
from scenarios.frame import Image
from scenarios.plate import Occluder, Plate
from scenarios.scenario import Scenario
from scenarios.venue import Obstacle, ObstacleKind
from sim.render.backdrop import Backdrop
from sim.render.prisms import Prisms, first_hit

__all__ = ["PlateLook", "plate_backdrop", "plate_conditions", "plate_of"]

_AROUND_M: Final = 1.5
"""Shadows fall on the ground as far beyond the outline."""
_SUBPIXEL: Final = 16
_UNSHARP_PX: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class PlateLook:
    """How the plate's camera sees: what is done to the layer of figures before it is laid over the plate.

    Attributes:
        blur_px: Standard deviation of the point spread.
        sharpen: Amount of an unsharp mask of 1 px.
        gain_bgr: Factors on colours, shape (3,).
        black_bgr: Added to colours, shape (3,).
        noise: Standard deviation of the noise of the whole picture, grey levels.
    """

    blur_px: float
    sharpen: float
    gain_bgr: NDArray[np.float32]
    black_bgr: NDArray[np.float32]
    noise: float

    @classmethod
    def of(cls, plate: Plate) -> PlateLook:
        """Return the looks that a plate's table says."""
        light = plate.light
        return cls(
            light.blur_px,
            light.sharpen,
            np.array(light.gain_bgr, np.float32),
            np.array(light.black_bgr, np.float32),
            light.noise,
        )

    def lay(self, layer: NDArray[np.uint8], picture: NDArray[np.uint8]) -> None:
        """Lay a layer of figures over the picture as this camera would have seen them.

        Args:
            layer: Premultiplied BGRA, shape (h, w, 4); cleared afterwards.
            picture: Changed in place, shape (h, w, 3) or (h, w, 4).
        """
        rows = np.flatnonzero(layer[:, :, 3].any(axis=1))
        if not len(rows):
            return
        columns = np.flatnonzero(layer[rows[0] : rows[-1] + 1, :, 3].any(axis=0))
        reach = int(np.ceil(3 * max(self.blur_px, 1.0 if self.sharpen else 0.0))) + 1
        part = (
            slice(max(0, rows[0] - reach), rows[-1] + reach + 1),
            slice(max(0, columns[0] - reach), columns[-1] + reach + 1),
        )
        seen = layer[part]
        change = np.empty((*seen.shape[:2], 3), np.float32)
        _change(seen, self.gain_bgr, self.black_bgr, picture[part], change)
        if self.blur_px > 0:
            change = np.asarray(cv2.GaussianBlur(change, (0, 0), self.blur_px), np.float32)
        if self.sharpen > 0:
            change += np.float32(self.sharpen) * (change - cv2.GaussianBlur(change, (0, 0), _UNSHARP_PX))
        _add(change, picture[part])
        layer[part] = 0


def plate_of(scenario: Scenario, camera_id: str) -> Plate | None:
    """Return the plate of a camera, or None where the venue is drawn."""
    return next((spec.plate for spec in scenario.cameras if spec.id == camera_id), None)


def plate_conditions(plate: Plate, conditions: Conditions) -> Conditions:
    """Return a scenario's conditions with the plate's sun and shadows in place of their own."""
    light = plate.light
    return conditions.model_copy(
        update={
            "sun_azimuth_deg": light.sun_azimuth_deg,
            "sun_elevation_deg": light.sun_elevation_deg,
            "shadow": light.shadow,
        }
    )


def plate_backdrop(scenario: Scenario, camera: Camera, plate: Plate) -> Backdrop:
    """Return the plate with the depth of everything that stands in it.

    Raises:
        ScenarioError: The picture is missing, is none, or has another size than the calibration.
    """
    where = f"cameras.{camera.id}.plate"
    image = _read(plate.locate(f"{where}.image"), camera, where)
    h, w = image.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(w, dtype=float), np.arange(h, dtype=float)), axis=-1).reshape(-1, 2)
    rays = camera.rays(grid)
    solids = [
        Obstacle.model_construct(
            id=o.id, kind=ObstacleKind.WALL, polygon=list(o.polygon_m), height_m=float(o.height_m or 0)
        )
        for o in plate.occluders
        if o.polygon_m is not None
    ]
    venue = scenario.venue.model_copy(update={"obstacles": [*scenario.venue.obstacles, *solids]})
    prisms = Prisms.of(venue, camera)
    bases = {o.id: o.base_m for o in plate.occluders}
    first_solid = len(prisms.low_m) - len(solids)
    for number, solid in enumerate(solids):
        prisms.low_m[first_solid + number] = bases[solid.id]
    depth = np.empty(w * h, np.float32)
    _depths(
        camera.position_m, np.ascontiguousarray(rays), w, 1 / camera.matrix[0, 0],
        prisms.edge, prisms.first, prisms.low_m, prisms.high_m, prisms.kind, prisms.seed, prisms.box_px, depth,
    )  # fmt: skip
    depth = depth.reshape(h, w)
    for occluder in plate.occluders:
        if occluder.polygon_px is not None:
            _stand_up(occluder, camera, rays.reshape(h, w, 3), depth, where)
    floor_m = camera.to_ground(grid)
    with np.errstate(invalid="ignore"):
        reach = np.linalg.norm(floor_m - camera.position_m[:2], axis=1)
        floor_depth = (np.c_[floor_m, np.zeros(len(floor_m))] @ camera.rotation[2] + camera.translation_m[2]).reshape(
            h, w
        )
        on_floor = np.isfinite(reach) & shapely.contains_xy(
            scenario.venue.floor.buffer(_AROUND_M), np.nan_to_num(floor_m, nan=1e9)
        )
        ground = on_floor.reshape(h, w) & ~(depth < floor_depth)
    return Backdrop(
        image=image, depth_m=depth, ground=ground.astype(np.uint8) * 255, sunlit=np.full((h, w), 255, np.uint8)
    )


def _read(path: Path, camera: Camera, where: str) -> Image:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ScenarioError(f"{where}.image: {path} is no picture that can be read (PNG or JPEG)")
    h, w = picture.shape[:2]
    if (w, h) != (camera.width_px, camera.height_px):
        raise ScenarioError(
            f"{where}.image: {path} is {w}x{h}, but the calibration is for {camera.width_px}x{camera.height_px}"
        )
    return np.asarray(picture, np.uint8)


def _stand_up(
    occluder: Occluder, camera: Camera, rays: NDArray[np.float64], depth: NDArray[np.float32], where: str
) -> None:
    """Write the depth of a silhouette: an upright plane through its foot that faces the camera."""
    assert occluder.polygon_px is not None
    foot = camera.to_ground(np.array([occluder.stands_at_px]))[0]
    if np.isnan(foot).any():
        raise ScenarioError(
            f"{where}.occluders.{occluder.id}.foot_px: {occluder.stands_at_px} lies above the horizon; "
            f"it should be where the thing meets the ground"
        )
    inside = np.zeros(depth.shape, np.uint8)
    corners = np.round((np.array(occluder.polygon_px)) * _SUBPIXEL).astype(np.int32)
    cv2.fillPoly(inside, [corners], 1, cv2.LINE_8, 4)
    away = foot - camera.position_m[:2]
    at = inside > 0
    slope = rays[at][:, :2] @ away
    with np.errstate(divide="ignore"):
        reach = np.where(slope > 0, (away @ away) / slope, np.inf)
    depth[at] = np.minimum(depth[at], reach)


@njit(cache=True, nogil=True, error_model="numpy")
def _depths(
    eye: Any, rays: Any, wide: int, width_rad: float,
    edge: Any, first: Any, low: Any, high: Any, kind: Any, seed: Any, box: Any, depth: Any,
) -> None:  # fmt: skip
    """Write the depth of the nearest prism on each ray; infinite where there is none."""
    colour, normal, trial = np.empty(3), np.empty(4), np.empty(3)
    among = np.arange(low.shape[0])
    for i in range(depth.shape[0]):
        depth[i] = first_hit(
            float(i % wide), float(i // wide), eye, rays[i], width_rad, edge, first, low, high, kind, seed, box,
            among, low.shape[0], colour, normal, trial,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _change(layer: Any, gain: Any, black: Any, picture: Any, change: Any) -> None:
    """Write by how much the layer, its colours times ``gain`` plus ``black``, changes the picture.

    Black below zero darkens in proportion to the grey level: tones are crushed, hues stay.
    """
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = np.float32(layer[y, x, 3]) / np.float32(255.0)
            grey = np.float32(0.114) * layer[y, x, 0] + np.float32(0.587) * layer[y, x, 1]
            grey += np.float32(0.299) * layer[y, x, 2]
            share = alpha / max(grey, np.float32(1.0))
            for k in range(3):
                colour = np.float32(layer[y, x, k])
                if black[k] < 0.0:
                    colour *= max(gain[k] + black[k] * share, np.float32(0.0))
                else:
                    colour = colour * gain[k] + black[k] * alpha
                colour = min(max(colour, np.float32(0.0)), np.float32(255.0) * alpha)
                change[y, x, k] = colour - alpha * np.float32(picture[y, x, k])


@njit(cache=True, nogil=True, error_model="numpy")
def _add(change: Any, picture: Any) -> None:
    for y in range(change.shape[0]):
        for x in range(change.shape[1]):
            for k in range(3):
                value = np.float32(picture[y, x, k]) + change[y, x, k] + np.float32(0.5)
                picture[y, x, k] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))
