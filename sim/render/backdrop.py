"""The part of a camera's picture that never moves, with the depth of every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from scenarios.camera import Camera
from scenarios.frame import Image
from scenarios.scenario import Scenario
from scenarios.venue import Ground
from sim.render.floor import Floor, sample
from sim.render.light import Light, brightness_of
from sim.render.prisms import Prisms, first_hit
from sim.render.texture import clouds, facade, ground_colour, hash01

__all__ = ["HALL_HEIGHT_M", "Backdrop", "pixel_rays"]

_GROUNDS: Final = tuple(Ground)
_SAMPLES: Final = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))
_RAY_STEP: Final = 8.0
_MIDDLE: Final = ((0.0, 0.0),)
HALL_HEIGHT_M: Final = 7.0
"""A floor of tiles lies in a hall of this height."""


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """An empty venue as one camera sees it.

    Attributes:
        image: Shape (h, w, 3), BGR.
        depth_m: Depth along the optical axis to the first obstacle; infinite where there is none; (h, w), float32.
        ground: 255 where the floor is seen, 0 elsewhere, shape (h, w), uint8.
        sunlit: Share of the sun that reaches the floor there, 0 to 255, shape (h, w), uint8.
    """

    image: Image
    depth_m: NDArray[np.float32]
    ground: NDArray[np.uint8]
    sunlit: NDArray[np.uint8]

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
        prisms = Prisms.of(scenario.venue, camera)
        outline = np.asarray(scenario.venue.floor.exterior.coords, float)
        if not scenario.venue.floor.exterior.is_ccw:
            outline = outline[::-1]
        gates = np.array([(*g.line[0], *g.line[1]) for g in scenario.venue.gates], float).reshape(-1, 4)
        image = np.empty((h, w, 3), np.uint8)
        depth = np.empty((h, w), np.float32)
        ground = np.empty((h, w), np.uint8)
        sunlit = np.empty((h, w), np.uint8)
        _draw(
            np.ones((h, w), np.uint8) if where is None else where,
            rays, camera.position_m, np.array(_SAMPLES if fine else _MIDDLE), 1 / camera.matrix[0, 0], light.array(),
            _GROUNDS.index(scenario.venue.ground), _seed_of(scenario), scenario.venue.ground is Ground.TILES,
            floor.layers, np.array((*floor.origin_m, floor.cell_m)), np.c_[outline[:-1], outline[1:]], gates,
            prisms.edge, prisms.first, prisms.low_m, prisms.high_m, prisms.kind, prisms.seed, prisms.box_px,
            image, depth, ground, sunlit,
        )  # fmt: skip
        return cls(image, depth, ground, sunlit)


def pixel_rays(camera: Camera) -> NDArray[np.float64]:
    """Return the rays of all pixels and of one more on every side, shape (h + 2, w + 2, 3).

    The distortion is undone on every eighth pixel and laid between them by cubics: right to 1e-4 px for surveillance
    lenses, and forty times as fast as pixel by pixel.
    """
    w, h = camera.width_px, camera.height_px
    across, down = (np.append(np.arange(-1.0, n, _RAY_STEP), n) for n in (w, h))
    knots = camera.rays(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)).reshape(len(down), len(across), 3)
    rows = CubicSpline(down, knots, axis=0)(np.arange(-1.0, h + 1))
    return np.ascontiguousarray(CubicSpline(across, rows, axis=1)(np.arange(-1.0, w + 1)))


def _seed_of(scenario: Scenario) -> int:
    """The looks of the place: the same for every seed of the crowd."""
    return sum(ord(letter) * (i + 1) for i, letter in enumerate(scenario.name)) % 9973


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(
    where: Any, rays: Any, eye: Any, offsets: Any, width_rad: float, light: Any, floor_kind: int, seed: int, hall: bool,
    layers: Any, grid: Any, outline: Any, gates: Any,
    edge: Any, first: Any, low: Any, high: Any, kind: Any, kind_seed: Any, box: Any,
    image: Any, depth: Any, ground: Any, sunlit: Any,
) -> None:  # fmt: skip
    h, w = image.shape[:2]
    ray, colour, normal, trial, total = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    count = offsets.shape[0]
    for y in range(h):
        for x in range(w):
            if not where[y, x]:
                continue
            total[:] = 0.0
            on_floor, on_solid, sun_sum, solid_depth = 0, 0, 0.0, np.inf
            wx, wy = _floor_widths(rays, eye, y + 1, x + 1)
            for s in range(count):
                ox, oy = offsets[s, 0], offsets[s, 1]
                jx, jy = (1 if ox > 0 else -1), (1 if oy > 0 else -1)
                for k in range(3):
                    here = rays[y + 1, x + 1, k]
                    ray[k] = (
                        here + abs(ox) * (rays[y + 1, x + 1 + jx, k] - here)
                        + abs(oy) * (rays[y + 1 + jy, x + 1, k] - here)
                    )  # fmt: skip
                t = first_hit(
                    x + ox, y + oy, eye, ray, width_rad, edge, first, low, high, kind, kind_seed, box,
                    colour, normal, trial,
                )  # fmt: skip
                floor_t = -eye[2] / ray[2] if ray[2] < 0 else np.inf
                if t < floor_t:
                    on_solid += 1
                    solid_depth = min(solid_depth, t)
                    facing = normal[0] * light[0] + normal[1] * light[1] + normal[2] * light[2]
                    lit = brightness_of(facing, normal[2], 1.0, light[3], light[4])
                    for k in range(3):
                        total[k] += colour[k] * lit
                    continue
                wall_t = _hall_hit(eye, ray, outline, gates, width_rad, seed, colour) if hall else np.inf
                if wall_t < floor_t:
                    for k in range(3):
                        total[k] += colour[k] * (0.74 + 0.1 * light[3])
                elif floor_t < 400.0:
                    on_floor += 1
                    gx, gy = eye[0] + floor_t * ray[0], eye[1] + floor_t * ray[1]
                    sun_sum += _floor_colour(
                        gx, gy, wx, wy, floor_t, light, floor_kind, seed, layers, grid, colour, trial
                    )
                    for k in range(3):
                        total[k] += colour[k]
                else:
                    _sky(ray, seed, width_rad, light, colour)
                    for k in range(3):
                        total[k] += colour[k]
            for k in range(3):
                image[y, x, k] = np.uint8(min(255.0, max(0.0, total[k] / count + 0.5)))
            depth[y, x] = solid_depth if 2 * on_solid >= count else np.inf
            ground[y, x] = 255 if 2 * on_floor > count else 0
            sunlit[y, x] = np.uint8(255.0 * min(1.0, sun_sum / max(on_floor, 1)))


@njit(cache=True, error_model="numpy")
def _floor_widths(rays: Any, eye: Any, i: int, j: int) -> Any:
    """Width of a pixel on the floor along x and along y."""
    total_x, total_y = 0.0, 0.0
    if rays[i, j, 2] >= 0.0:
        return 9.9, 9.9
    t = -eye[2] / rays[i, j, 2]
    for di, dj in ((0, 1), (1, 0)):
        other = rays[i + di, j + dj, 2]
        if other >= 0.0:
            return 9.9, 9.9
        s = -eye[2] / other
        total_x += abs(s * rays[i + di, j + dj, 0] - t * rays[i, j, 0])
        total_y += abs(s * rays[i + di, j + dj, 1] - t * rays[i, j, 1])
    return total_x, total_y


@njit(cache=True, error_model="numpy")
def _floor_colour(
    x: float, y: float, wx: float, wy: float, reach: float, light: Any, kind: int, seed: int,
    layers: Any, grid: Any, out: Any, other: Any,
) -> Any:  # fmt: skip
    """Write the floor's colour in its light; return which share of the sun reaches it."""
    column, row = (x - grid[0]) / grid[2], (y - grid[1]) / grid[2]
    within = 0.0 <= column <= layers.shape[2] - 1 and 0.0 <= row <= layers.shape[1] - 1
    sun, ambient, inside = 1.0, 1.0, 0.0
    if within:
        sun, ambient, inside = (
            sample(layers[0], column, row),
            sample(layers[1], column, row),
            sample(layers[2], column, row),
        )
    ground_colour(kind, x, y, wx, wy, seed, out)
    if inside < 1.0:
        ground_colour(1, x, y, wx, wy, seed + 77, other)
        kerb = 1.0 if 0.02 < inside < 0.98 else 0.0
        for k in range(3):
            out[k] = inside * out[k] + (1.0 - inside) * other[k] + 26.0 * kerb
    flat = brightness_of(light[2], 1.0, sun, light[3], light[4]) * ambient
    haze = 1.0 - np.exp(-reach / 420.0)
    for k in range(3):
        out[k] = out[k] * flat * (1.0 - haze) + haze * (206.0 - 6.0 * k)
    return sun


@njit(cache=True, error_model="numpy")
def _hall_hit(eye: Any, ray: Any, outline: Any, gates: Any, width_rad: float, seed: int, colour: Any) -> Any:
    """Depth of the hall's far wall or ceiling; the near walls, between camera and floor, are left out."""
    best = np.inf
    top = max(HALL_HEIGHT_M, eye[2] + 1.5)
    if ray[2] > 0.0:
        best = (top - eye[2]) / ray[2]
        x, y = eye[0] + best * ray[0], eye[1] + best * ray[1]
        beam = abs(x / 5.0 - np.round(x / 5.0)) < 0.05
        lamp = abs(y / 4.0 - np.round(y / 4.0)) < 0.03 and abs(x / 5.0 - np.floor(x / 5.0) - 0.5) < 0.3
        tone = 246.0 if lamp else (104.0 if beam else 132.0 + 20.0 * clouds(x, y, 3.0, best * width_rad, seed))
        colour[0], colour[1], colour[2] = tone, tone, tone * 0.98
    for e in range(outline.shape[0]):
        sx, sy = outline[e, 2] - outline[e, 0], outline[e, 3] - outline[e, 1]
        cross = ray[0] * sy - ray[1] * sx
        if cross <= 0.0:
            continue
        ax, ay = outline[e, 0] - eye[0], outline[e, 1] - eye[1]
        t = (ax * sy - ay * sx) / cross
        if not 0.0 < t < best:
            continue
        length = np.sqrt(sx * sx + sy * sy)
        u = ((ray[0] * t - ax) * sx + (ray[1] * t - ay) * sy) / length
        z = eye[2] + t * ray[2]
        if u < 0.0 or u > length or z > top:
            continue
        best = t
        facade(9, u, z, top, length, t * width_rad, seed, colour)
        for g in range(gates.shape[0]):
            near = _distance_to(eye[0] + t * ray[0], eye[1] + t * ray[1], gates, g)
            if near < 0.3 and z < 2.7:
                tone = (150.0 if z > 2.6 or near > 0.22 else 205.0 - 22.0 * z) + 20.0 * hash01(int(u / 1.2), 1, seed)
                colour[0], colour[1], colour[2] = tone * 1.03, tone, tone * 0.96
    return best


@njit(cache=True, error_model="numpy")
def _distance_to(x: float, y: float, lines: Any, i: int) -> Any:
    ax, ay, bx, by = lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3]
    sx, sy = bx - ax, by - ay
    share = min(1.0, max(0.0, ((x - ax) * sx + (y - ay) * sy) / (sx * sx + sy * sy)))
    return np.sqrt((x - ax - share * sx) ** 2 + (y - ay - share * sy) ** 2)


@njit(cache=True, error_model="numpy")
def _sky(ray: Any, seed: int, width_rad: float, light: Any, out: Any) -> None:
    """Sky, and the town along the horizon."""
    level = np.sqrt(ray[0] ** 2 + ray[1] ** 2)
    up = ray[2] / max(level, 1e-9)
    turn = np.arctan2(ray[1], ray[0])
    along = turn * 13.0
    block = int(np.floor(along))
    roof = 0.035 + 0.07 * hash01(block, 1, seed) + 0.012 * hash01(int(np.floor(along * 3)), 2, seed)
    trees = 0.028 + 0.020 * clouds(turn * 60.0, 0.0, 2.0, 60.0 * width_rad, seed + 3)
    if up < trees:
        tone = 112.0 + 60.0 * clouds(turn * 160.0, up * 160.0, 1.3, 160.0 * width_rad, seed + 4)
        out[0], out[1], out[2] = tone * 0.92, tone * 1.02, tone * 0.90
    elif up < roof:
        tone = 148.0 + 42.0 * hash01(block, 5, seed)
        fu, fz = along * 9.0, up * 120.0
        if fu - np.floor(fu) > 0.45 and fz - np.floor(fz) > 0.4:
            tone *= 0.86
        out[0], out[1], out[2] = tone * 1.02, tone, tone * 0.97
    else:
        white = clouds(turn * 3.0, np.sqrt(max(up, 0.0)) * 6.0, 1.2, 0.01, seed + 8) * (120.0 - 60.0 * light[4])
        out[0], out[1], out[2] = 236.0 - 30.0 * up + white * 0.4, 214.0 - 70.0 * up + white, 200.0 - 100.0 * up + white
    for k in range(3):
        out[k] = min(250.0, out[k])
