"""The part of a camera's picture that never moves, with the depth of every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from scenarios.camera import Camera
from scenarios.frame import Image
from scenarios.scenario import Scenario
from scenarios.venue import Ground
from sim.render.enclosure import LAMP_SHINE, hall_hit, sky, tree_hit
from sim.render.floor import Floor
from sim.render.light import Light, brightness_of
from sim.render.paving import AIR_M, floor_colour, floor_widths, polish
from sim.render.prisms import Prisms, first_hit
from sim.render.surround import HALLS, Surround, looks_seed

__all__ = ["Backdrop", "pixel_rays"]

_GROUNDS: Final = tuple(Ground)
_SAMPLES: Final = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))
_RAY_STEP: Final = 8.0
_MIDDLE: Final = ((0.0, 0.0),)
_TILE: Final = 16
_FARTHEST_M: Final = 600.0
_ROUGH_RAD: Final = 0.006
_LAMP_OVER: Final = 9.0
"""A lamp is so much brighter than white: its image in a floor is seen."""
_GLOW_BGR: Final = (150.0, 205.0, 236.0)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """An empty venue as one camera sees it.

    Attributes:
        image: Shape (h, w, 3), BGR.
        depth_m: Depth along the optical axis to the first obstacle; infinite where there is none; (h, w), float32.
        ground: 255 where the floor is seen, 0 elsewhere, shape (h, w), uint8.
        sunlit: Share of the sun that reaches the floor there, 0 to 255, shape (h, w), uint8.
        reflect: Share of the light from above that the floor mirrors there, 0 to 255, shape (h, w), uint8; None: none.
        glow: What lit windows, lamps and signs shine by themselves in the dark, BGR, shape (h, w, 3); None: nothing.
    """

    image: Image
    depth_m: NDArray[np.float32]
    ground: NDArray[np.uint8]
    sunlit: NDArray[np.uint8]
    reflect: NDArray[np.uint8] | None = None
    glow: Image | None = None

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        camera: Camera,
        light: Light,
        floor: Floor,
        *,
        fine: bool = True,
        where: NDArray[np.uint8] | None = None,
    ) -> Backdrop:
        """Draw the empty venue.

        Args:
            scenario: The place.
            camera: Who looks.
            light: Its light.
            floor: Its floor.
            fine: Four rays a pixel; else one, for a picture that is seen only for an instant.
            where: Only pixels that are not zero here are drawn, shape (h, w); the others are left undefined.
        """
        w, h = camera.width_px, camera.height_px
        rays = pixel_rays(camera)
        around = Surround.of(scenario)
        prisms = Prisms.of(scenario.venue, camera, around.pieces)
        outline = np.asarray(scenario.venue.floor.exterior.coords, float)
        if not scenario.venue.floor.exterior.is_ccw:
            outline = outline[::-1]
        gates = np.array([(*g.line[0], *g.line[1]) for g in scenario.venue.gates], float).reshape(-1, 4)
        image = np.empty((h, w, 3), np.uint8)
        depth = np.empty((h, w), np.float32)
        ground = np.empty((h, w), np.uint8)
        sunlit = np.empty((h, w), np.uint8)
        reflect = np.empty((h, w), np.uint8)
        glow = np.empty((h, w, 3), np.uint8)
        mirror_image = np.zeros((h, w, 3), np.float32)
        _draw(
            np.ones((h, w), np.uint8) if where is None else where,
            rays, camera.position_m, np.array(_SAMPLES if fine else _MIDDLE), 1 / camera.matrix[0, 0], light.array(),
            _GROUNDS.index(scenario.venue.ground), looks_seed(scenario), scenario.venue.ground in HALLS,
            floor.layers, np.array((*floor.origin_m, floor.cell_m)), np.c_[outline[:-1], outline[1:]], gates,
            prisms.edge, prisms.first, prisms.low_m, prisms.high_m, prisms.kind, prisms.seed, prisms.box_px,
            around.trees, _tree_boxes(around.trees, camera), image, depth, ground, sunlit, reflect, glow, mirror_image,
        )  # fmt: skip
        if mirror_image.any():
            hall = scenario.venue.ground in HALLS
            image = _add_mirrored(image, mirror_image, ground, _ROUGH_RAD * camera.matrix[0, 0] if hall else 0.0)
        burning = float(np.clip((light.darkness - 1.0) / 1.5, 0, 1))
        shining = np.round(glow * burning).astype(np.uint8) if burning > 0 else None
        return cls(image, depth, ground, sunlit, reflect, shining)


def _add_mirrored(image: Image, mirrored: NDArray[np.float32], ground: NDArray[np.uint8], rough_px: float) -> Image:
    """Add what the floor mirrors, smeared as a floor that is polished but walked on smears it: most along the view."""
    if rough_px > 0:
        floor = (ground > 0).astype(np.float32)
        spread = cv2.GaussianBlur(mirrored, (0, 0), rough_px, sigmaY=2.5 * rough_px)
        share = cv2.GaussianBlur(floor, (0, 0), rough_px, sigmaY=2.5 * rough_px)
        mirrored = np.asarray(spread / np.maximum(share, 0.2)[..., None] * floor[..., None], np.float32)
    return np.asarray(np.clip(image + mirrored + 0.5, 0, 255), np.uint8)


def pixel_rays(camera: Camera) -> NDArray[np.float64]:
    """Return the rays of all pixels and of one more on every side, shape (h + 2, w + 2, 3).

    The distortion is undone on every eighth pixel and laid between them by cubics: right to 1e-4 px for surveillance
    lenses, and forty times as fast as pixel by pixel.
    """
    w, h = camera.width_px, camera.height_px
    lens = (camera.matrix.tobytes(), camera.distortion.tobytes())
    return np.asarray((_lens_rays(w, h, *lens).reshape(-1, 3) @ camera.rotation).reshape(h + 2, w + 2, 3))


@lru_cache(maxsize=2)
def _lens_rays(w: int, h: int, matrix: bytes, distortion: bytes) -> NDArray[np.float64]:
    """Rays in camera axes: of a camera that moves without zooming they stay the same."""
    camera = Camera(
        "", w, h, np.frombuffer(matrix).reshape(3, 3), np.frombuffer(distortion), np.eye(3), np.zeros(3)
    )  # fmt: skip
    across, down = (np.append(np.arange(-1.0, n, _RAY_STEP), n) for n in (w, h))
    knots = camera.rays(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)).reshape(len(down), len(across), 3)
    rows = CubicSpline(down, knots, axis=0)(np.arange(-1.0, h + 1))
    return np.ascontiguousarray(CubicSpline(across, rows, axis=1)(np.arange(-1.0, w + 1)))


def _tree_boxes(trees: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """Where in the picture each tree can be: x1, y1, x2, y2; the whole picture where it is beside the camera."""
    boxes = np.tile((-1e9, -1e9, 1e9, 1e9), (len(trees), 1))
    for number, (x, y, radius, _, top, _) in enumerate(trees):
        wide = 1.3 * radius
        corners = [(x + i * wide, y + j * wide, z) for i in (-1, 1) for j in (-1, 1) for z in (0.0, top + 0.5)]
        px, _ = camera.project(np.array(corners))
        if not np.isnan(px).any():
            boxes[number] = (*px.min(axis=0) - 3, *px.max(axis=0) + 3)
    return boxes


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(
    where: Any, rays: Any, eye: Any, offsets: Any, width_rad: float, light: Any, floor_kind: int, seed: int, hall: bool,
    layers: Any, grid: Any, outline: Any, gates: Any,
    edge: Any, first: Any, low: Any, high: Any, kind: Any, kind_seed: Any, box: Any, trees: Any, tree_box: Any,
    image: Any, depth: Any, ground: Any, sunlit: Any, reflect: Any, glow: Any, mirror_image: Any,
) -> None:  # fmt: skip
    h, w = image.shape[:2]
    ray, colour, found, trial, total = np.empty(3), np.empty(3), np.empty(4), np.empty(3), np.empty(3)
    start, back, mirrored, glow_sum = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    count = offsets.shape[0]
    prisms = low.shape[0]
    among, every = np.empty(prisms, np.int64), np.arange(prisms)
    wood = np.empty(trees.shape[0], np.int64)
    for ty in range(0, h, _TILE):
        for tx in range(0, w, _TILE):
            bottom, right = min(ty + _TILE, h), min(tx + _TILE, w)
            some, treed = 0, 0
            for p in range(prisms):
                if box[p, 0] < right + 1 and box[p, 2] > tx - 1 and box[p, 1] < bottom + 1 and box[p, 3] > ty - 1:
                    among[some] = p
                    some += 1
            for p in range(trees.shape[0]):
                if (
                    tree_box[p, 0] < right + 1 and tree_box[p, 2] > tx - 1
                    and tree_box[p, 1] < bottom + 1 and tree_box[p, 3] > ty - 1
                ):  # fmt: skip
                    wood[treed] = p
                    treed += 1
            for y in range(ty, bottom):
                for x in range(tx, right):
                    if not where[y, x]:
                        continue
                    total[:] = 0.0
                    on_floor, on_solid, sun_sum, mirror_sum = 0, 0, 0.0, 0.0
                    glow_sum[:] = 0.0
                    solid_depth = np.inf
                    wx, wy = floor_widths(rays, eye, y + 1, x + 1)
                    for s in range(count):
                        ox, oy = offsets[s, 0], offsets[s, 1]
                        jx, jy = (1 if ox > 0 else -1), (1 if oy > 0 else -1)
                        for k in range(3):
                            here = rays[y + 1, x + 1, k]
                            ray[k] = (
                                here + abs(ox) * (rays[y + 1, x + 1 + jx, k] - here)
                                + abs(oy) * (rays[y + 1 + jy, x + 1, k] - here)
                            )  # fmt: skip
                        floor_t = -eye[2] / ray[2] if ray[2] < 0 else np.inf
                        t = first_hit(
                            x + ox, y + oy, eye, ray, width_rad, edge, first, low, high, kind, kind_seed, box,
                            among, some, colour, found, trial,
                        )  # fmt: skip
                        for n in range(treed):
                            t = tree_hit(eye, ray, trees[wood[n]], width_rad, t, colour, found)
                        walled = False
                        if hall and t == np.inf:
                            wall_t = hall_hit(eye, ray, outline, gates, width_rad, seed, colour, found)
                            if wall_t < floor_t:
                                t, walled = wall_t, True
                        if t < floor_t:
                            on_solid += 1
                            solid_depth = min(solid_depth, t)
                            if walled:
                                lit = 0.78 + 0.1 * light[3]
                                if found[3] >= LAMP_SHINE:
                                    lit = 1.0
                            else:
                                facing = found[0] * light[0] + found[1] * light[1] + found[2] * light[2]
                                lit = brightness_of(facing, found[2], 1.0, light[3], light[4])
                            air = 1.0 - np.exp(-t / AIR_M) if not hall else 0.0
                            for k in range(3):
                                total[k] += colour[k] * lit * (1.0 - air) + air * (214.0 - 2.0 * k)
                            for k in range(3):
                                glow_sum[k] += found[3] * (0.30 * _GLOW_BGR[k] + 0.55 * colour[k])
                        elif floor_t < _FARTHEST_M:
                            on_floor += 1
                            gx, gy = eye[0] + floor_t * ray[0], eye[1] + floor_t * ray[1]
                            share, wet = floor_colour(
                                gx, gy, wx, wy, floor_t, light, floor_kind, seed, hall, layers, grid, colour, trial
                            )
                            sun_sum += share
                            mirror = polish(floor_kind, hall, wet, gx, gy, seed)
                            if mirror > 0.0:
                                size = np.sqrt(ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2)
                                cosine = -ray[2] / size
                                fresnel = 0.04 + 0.96 * (1.0 - cosine) ** 5
                                mirror *= fresnel
                                if mirror_sum == 0.0:  # one look a pixel is enough
                                    start[0], start[1], start[2] = gx, gy, 0.0
                                    back[0], back[1], back[2] = ray[0], ray[1], -ray[2]
                                    _mirrored(
                                        start, back, light, seed, hall, outline, gates,
                                        edge, first, low, high, kind, kind_seed, box, every, prisms,
                                        mirrored, found, trial,
                                    )  # fmt: skip
                                mirror_sum += mirror
                                for k in range(3):
                                    colour[k] *= 1.0 - mirror
                            for k in range(3):
                                total[k] += colour[k]
                        else:
                            sky(ray, seed, width_rad, light, colour)
                            for k in range(3):
                                total[k] += colour[k]
                    if mirror_sum > 0.0:
                        for k in range(3):
                            mirror_image[y, x, k] = mirrored[k] * mirror_sum / count
                    for k in range(3):
                        image[y, x, k] = np.uint8(min(255.0, max(0.0, total[k] / count + 0.5)))
                    depth[y, x] = solid_depth if 2 * on_solid >= count else np.inf
                    ground[y, x] = 255 if 2 * on_floor > count else 0
                    sunlit[y, x] = np.uint8(255.0 * min(1.0, sun_sum / max(on_floor, 1)))
                    reflect[y, x] = np.uint8(255.0 * min(1.0, mirror_sum / count)) if ground[y, x] else np.uint8(0)
                    for k in range(3):
                        glow[y, x, k] = np.uint8(min(255.0, glow_sum[k] / count))


@njit(cache=True, error_model="numpy")
def _mirrored(
    start: Any, ray: Any, light: Any, seed: int, hall: bool, outline: Any, gates: Any,
    edge: Any, first: Any, low: Any, high: Any, kind: Any, kind_seed: Any, box: Any, every: Any, count: int,
    out: Any, found: Any, trial: Any,
) -> None:  # fmt: skip
    """Write what a mirror in the floor shows along an upward ray."""
    t = first_hit(
        np.nan, np.nan, start, ray, 0.02, edge, first, low, high, kind, kind_seed, box, every, count, out, found, trial
    )
    if t < np.inf:
        facing = found[0] * light[0] + found[1] * light[1] + found[2] * light[2]
        lit = brightness_of(facing, found[2], 1.0, light[3], light[4])
    elif hall:
        hall_hit(start, ray, outline, gates, 0.004, seed, out, found)
        lit = 0.85 if found[3] < LAMP_SHINE else _LAMP_OVER
    else:
        sky(ray, seed, 0.02, light, out)
        lit = 1.1
    for k in range(3):
        out[k] *= lit
