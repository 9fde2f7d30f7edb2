"""Lays hour and weather over a still picture of the plain day: lamps, colour of the light, wet floor, snow, fog.

It needs only what is seen and how far away it is, so it serves drawn backdrops and real plates alike. It runs once a
camera pose, not once a picture.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.frame import Image
from sim.render.backdrop import pixel_rays
from sim.render.light import Light

__all__ = ["floor_and_obstacles", "patches", "relit", "transmission"]

_SKY_M: Final = 700.0
"""So much air lies before the sky."""
_GAMMA: Final = 2.2
_SNOW_BGR: Final = np.array((226.0, 222.0, 219.0), np.float32)
_TILE: Final = 1024
_HEAD_M: Final = 0.45
_SHINE_STEP: Final = 4
_LOOKS: Final = 1.18
_TALLEST_STEP_M: Final = 30.0


def floor_and_obstacles(
    camera: Camera,
    depth_m: NDArray[np.float32],
    ground: NDArray[np.uint8],
    room_m: tuple[float, float, float, float, float] | None = None,
) -> NDArray[np.float32]:
    """Return the depth along the axis of whatever is seen; infinite for the sky; shape (h, w).

    Args:
        camera: That sees it.
        depth_m: Of obstacles, infinite elsewhere, shape (h, w).
        ground: 255 where the floor is seen, shape (h, w).
        room_m: Of a hall: its least x and y, greatest x and y, and the height of its ceiling.
    """
    rays = _rays(camera)
    with np.errstate(divide="ignore"):
        floor = np.where((ground > 0) & (rays[..., 2] < 0), -camera.position_m[2] / rays[..., 2], np.inf)
    if room_m is not None:
        eye = camera.position_m
        x1, y1, x2, y2, top = room_m
        with np.errstate(divide="ignore", invalid="ignore"):
            for axis, low, high in ((0, x1, x2), (1, y1, y2), (2, -np.inf, max(top, eye[2] + 1.5))):
                out = (np.where(rays[..., axis] > 0, high, low) - eye[axis]) / rays[..., axis]
                floor = np.minimum(floor, np.where(out > 0, out, np.inf))
    return np.minimum(depth_m, floor).astype(np.float32)


def relit(
    image: Image,
    surface_m: NDArray[np.float32],
    ground: NDArray[np.uint8],
    sunlit: NDArray[np.uint8],
    camera: Camera,
    light: Light,
    glow: Image | None = None,
) -> Image:
    """Return a picture of the plain day as it looks at the hour and in the weather of a light, exposure included.

    Args:
        image: Under full daylight in clear air, sun and sky of ``light`` in it, shape (h, w, 3).
        surface_m: Depth along the axis of whatever is seen; infinite for the sky, shape (h, w).
        ground: 255 where the floor is seen, shape (h, w).
        sunlit: Share of the sun that reaches the floor there, 0 to 255, shape (h, w).
        camera: That sees it.
        light: Of the hour.
        glow: What shines by itself, added before the fog, shape (h, w, 3).
    """
    if light.plain:
        lit = image if glow is None else cv2.add(image, glow)
        return np.asarray(cv2.convertScaleAbs(lit, alpha=light.exposure.factor), np.uint8)
    rays = _rays(camera)
    depth = np.minimum(surface_m, 4000.0).astype(np.float32)
    points = (camera.position_m + depth[..., None] * rays).astype(np.float32)
    normals = _normals(points, ground)
    colour = image.astype(np.float32)
    floor = ground > 0
    standing = np.zeros(ground.shape, np.float32)
    if light.overcast:
        sky = ~np.isfinite(surface_m) & (rays[..., 2] > 0)
        blue = np.clip((colour[..., 0] - colour[..., 2]) / 24, 0, 1)  # what stands on the horizon is not blue
        grey = (light.overcast * np.where(sky, blue, 0))[..., None]
        colour += grey * (np.array((209, 206, 203), np.float32) - colour)
    if light.wetness:
        standing = _wet(colour, points, floor, light.wetness)
    if light.snow_cover:
        _snow(colour, points, normals, floor, sunlit, np.isfinite(surface_m), light)
    lamps = light.lamps
    many = lamps is not None and len(lamps.candela) > 0
    _illuminate(
        colour, points, normals, np.isfinite(surface_m), floor, sunlit, standing,
        camera.position_m, light.forward, light.to_sun, light.sky, light.sun, light.sky_lux,
        light.sky_bgr, light.sun_bgr, light.exposure.per_lux, light.exposure.factor, light.reach_m,
        lamps.position_m if lamps is not None and many else np.empty((0, 3)),
        lamps.candela if lamps is not None and many else np.empty(0),
        (np.ones_like(lamps.bgr) if light.infrared else lamps.bgr) if lamps is not None and many else np.empty((0, 3)),
        lamps.free if lamps is not None and many else np.empty((0, 1, 1), np.uint8),
        np.array((*lamps.origin_m, lamps.cell_m)) if lamps is not None and many else np.array((0.0, 0.0, 1.0)),
    )  # fmt: skip
    if light.wetness:
        _shine(colour, points, surface_m, floor, standing, camera, light)
    if lamps is not None and many and light.darkness:
        _add_heads(colour, camera, light, surface_m)
    if glow is not None:
        colour += glow.astype(np.float32) * light.exposure.factor
    if light.extinction_per_m:
        through = transmission(surface_m, camera, light)[..., None]
        colour = colour * through + light.airlight_bgr.astype(np.float32) * (1 - through)
    return np.clip(np.round(colour), 0, 255).astype(np.uint8)


def water_mirror(
    surface_m: NDArray[np.float32], ground: NDArray[np.uint8], camera: Camera, light: Light
) -> NDArray[np.uint8]:
    """Return the share of what stands above it that the wet floor mirrors, 0 to 255, shape (h, w)."""
    floor = (ground > 0) & np.isfinite(surface_m)
    rays = _rays(camera).astype(np.float32)
    points = camera.position_m.astype(np.float32) + rays * np.where(floor, surface_m, 0)[..., None]
    damp, puddle = _water(points, light.wetness)
    cosine = -rays[..., 2] / np.linalg.norm(rays, axis=2)
    fresnel = 0.02 + 0.98 * (1 - np.clip(cosine, 0, 1)) ** 5
    share = np.where(floor, np.maximum(0.42 * damp, puddle) * fresnel, 0)
    return np.round(255 * share).astype(np.uint8)


def transmission(surface_m: NDArray[np.float32], camera: Camera, light: Light) -> NDArray[np.float32]:
    """Return the share of the light that comes through the air from whatever is seen, shape (h, w).

    Koschmieder, H. (1924). Theorie der horizontalen Sichtweite. Beitr. Phys. freien Atmosphaere 12: contrast falls
    by exp(-extinction * distance).

    Args:
        surface_m: Depth along the axis, infinite for the sky, shape (h, w).
        camera: That sees it.
        light: Of the hour, with the air's extinction.
    """
    slant = np.linalg.norm(_rays(camera), axis=2)
    away = np.minimum(np.minimum(surface_m, _SKY_M) * slant, _SKY_M)
    return np.asarray(np.exp(-light.extinction_per_m * away), np.float32)


def patches(x: NDArray[np.float32], y: NDArray[np.float32], size_m: float, seed: int) -> NDArray[np.float32]:
    """Return a smooth random field over the floor, evenly spread over 0 to 1.

    Args:
        x: World x of each place, shape (h, w).
        y: World y, as ``x``.
        size_m: Of its largest patches.
        seed: Of the field.
    """
    per_m = _TILE / 8 / size_m
    u, v = np.mod(x * per_m, _TILE).astype(np.float32), np.mod(y * per_m, _TILE).astype(np.float32)
    return np.asarray(cv2.remap(_tile(seed), u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


@lru_cache(maxsize=8)
def _tile(seed: int) -> NDArray[np.float32]:
    """A random field that wraps around, its values evenly spread over 0 to 1."""
    rng = np.random.default_rng((0x5F1E1D, seed))
    field = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(6):
        cells = 8 << octave
        lattice = rng.standard_normal((cells, cells)).astype(np.float32)
        wrapped = np.pad(lattice, 4, mode="wrap")
        scale = _TILE // cells
        large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        field += large[4 * scale : -4 * scale, 4 * scale : -4 * scale] * 0.62**octave
    ranks = np.empty(field.size, np.float32)
    ranks[np.argsort(field, axis=None)] = np.linspace(0, 1, field.size, dtype=np.float32)
    return ranks.reshape(field.shape)


def _rays(camera: Camera) -> NDArray[np.float64]:
    return pixel_rays(camera)[1:-1, 1:-1]


def _normals(points: NDArray[np.float32], ground: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Normals of what is seen, from the places of neighbouring pixels, towards the camera."""
    right = np.gradient(points, axis=1)
    down = np.gradient(points, axis=0)
    normal = np.cross(down, right)
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    normal = np.where(length > 1e-9, normal / np.maximum(length, 1e-9), (0.0, 0.0, 1.0)).astype(np.float32)
    for k in range(3):
        normal[..., k] = cv2.medianBlur(np.ascontiguousarray(normal[..., k]), 5)
    normal[ground > 0] = (0.0, 0.0, 1.0)
    return normal


def _wet(
    colour: NDArray[np.float32], points: NDArray[np.float32], floor: NDArray[np.bool_], wetness: float
) -> NDArray[np.float32]:
    """Darken the wet floor; return how much of a mirror each pixel of it is, 0 to 1.

    Wet rough ground is darker because light is caught under the film of water: Lekner and Dorf (1988), Why some
    things are darker when wet, Applied Optics 27(7), DOI 10.1364/AO.27.001278.
    """
    damp, puddle = _water(points, wetness)
    dark = 1 - damp * (0.36 + 0.16 * puddle)
    colour[floor] *= dark[floor][:, None] * np.array((1.02, 1.0, 0.98), np.float32)
    standing = np.where(floor, np.maximum(0.42 * damp, puddle), 0)
    return standing.astype(np.float32)


def _water(points: NDArray[np.float32], wetness: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how damp each place is and how much of it a puddle, 0 to 1."""
    hollow = patches(points[..., 0], points[..., 1], 9.0, 3)
    damp = np.clip((wetness * 1.5 - 0.25 * hollow) / 0.6, 0, 1)
    puddle = np.clip((hollow - (1.12 - 0.34 * wetness)) / 0.05, 0, 1) * (wetness > 0.3)
    return damp.astype(np.float32), puddle.astype(np.float32)


def _snow(
    colour: NDArray[np.float32],
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    floor: NDArray[np.bool_],
    sunlit: NDArray[np.uint8],
    solid: NDArray[np.bool_],
    light: Light,
) -> None:
    """Whiten what looks up, in patches until all is covered; trodden ways show through."""
    drift = patches(points[..., 0], points[..., 1], 6.0, 11)
    fine = patches(points[..., 0], points[..., 1], 0.7, 12)
    cover = light.snow_cover
    edge = np.clip((cover * 1.25 - 0.125 - 0.85 * drift - 0.15 * fine) / 0.12 + 0.5, 0, 1)
    flat = np.where(floor, 1.0, np.clip((normals[..., 2] - 0.75) / 0.15, 0, 1)) * solid
    reach = light.sky + light.sun * light.to_sun[2] * np.where(floor, sunlit / 255.0, 1.0)
    uneven = (0.93 + 0.05 * fine + 0.05 * drift) * reach
    share = (edge * flat * min(1.0, 0.75 + 0.25 * cover))[..., None].astype(np.float32)
    colour *= 1 - share
    colour += share * _SNOW_BGR * uneven[..., None].astype(np.float32)


def _add_heads(colour: NDArray[np.float32], camera: Camera, light: Light, surface_m: NDArray[np.float32]) -> None:
    """Add the lamps themselves where they are seen: a head too bright for the sensor and its bloom, wider in fog."""
    assert light.lamps is not None
    h, w = colour.shape[:2]
    places, depths = camera.project(light.lamps.position_m)
    for (u, v), depth, candela, bgr in zip(places, depths, light.lamps.candela, light.lamps.bgr, strict=True):
        if not (np.isfinite(u) and 0 <= u < w and 0 <= v < h) or surface_m[round(v) % h, round(u) % w] < depth - 0.4:
            continue
        tint = np.ones(3) if light.infrared else bgr
        head = max(_HEAD_M / 2 * float(camera.matrix[0, 0]) / depth, 0.8)
        bright = float(light.exposure.shown(1.0)) ** _GAMMA * candela
        haze = 1 - np.exp(-light.extinction_per_m * depth)
        bloom = head * (2.2 + 1.2 * np.log10(1 + 40 * bright) + 9 * haze)
        reach = int(6 * bloom) + 2
        x1, x2, y1, y2 = (
            max(0, int(u) - reach), min(w, int(u) + reach), max(0, int(v) - reach), min(h, int(v) + reach),
        )  # fmt: skip
        y, x = np.mgrid[y1:y2, x1:x2].astype(np.float32)
        far = np.hypot(x - u, (y - v) * 1.5)
        away = np.hypot(x - u, y - v) / bloom
        core = 420 * np.clip((head + 0.7 - far) / 1.4, 0, 1)
        edge = np.clip((6 - away) / 2, 0, 1)
        halo = (95 + 60 * haze) / (1 + away**2.2) * edge
        shine = (core * np.exp(-light.extinction_per_m * depth) + halo)[..., None] * tint
        colour[y1:y2, x1:x2] += (shine * light.exposure.factor).astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def _illuminate(
    colour: Any, points: Any, normals: Any, solid: Any, floor: Any, sunlit: Any, standing: Any,
    eye: Any, forward: Any, to_sun: Any, sky: float, sun: float, sky_lux: float, sky_bgr: Any, sun_bgr: Any,
    per_lux: float, factor: float, reach: float,
    lamp: Any, candela: Any, bgr: Any, free: Any, grid: Any,
) -> None:  # fmt: skip
    """Multiply each pixel by its light; add the lamps' gleam on what is wet."""
    h, w = colour.shape[:2]
    gleam = np.empty(3)
    linear = np.empty(3)
    for y in range(h):
        for x in range(w):
            nx, ny, nz = normals[y, x, 0], normals[y, x, 1], normals[y, x, 2]
            if not solid[y, x]:
                level = factor * (sky_lux * per_lux) ** (1.0 / 2.2)
                for k in range(3):
                    colour[y, x, k] *= level * sky_bgr[k]
                continue
            facing = max(nx * to_sun[0] + ny * to_sun[1] + nz * to_sun[2], 0.0)
            from_sun = sun * facing * (sunlit[y, x] / 255.0 if floor[y, x] else 1.0)
            share = from_sun / max(sky * (0.76 + 0.24 * nz) + from_sun, 1e-9)
            for k in range(3):
                linear[k] = sky_lux * (share * sun_bgr[k] + (1.0 - share) * sky_bgr[k]) ** 2.2
                gleam[k] = 0.0
            px, py, pz = points[y, x, 0], points[y, x, 1], points[y, x, 2]
            ex, ey, ez = eye[0] - px, eye[1] - py, eye[2] - pz
            near = np.sqrt(ex * ex + ey * ey + ez * ez)
            if reach > 0.0:
                ahead = -(ex * forward[0] + ey * forward[1] + ez * forward[2]) / near
                aside = np.arccos(min(1.0, max(-1.0, ahead))) / 0.62
                lux = 2.0 * (reach / max(near, 1.5)) ** 2 * np.exp(-aside * aside)
                lux *= 0.35 + 0.65 * max((nx * ex + ny * ey + nz * ez) / near, 0.0)
                for k in range(3):
                    linear[k] += lux
            for s in range(candela.shape[0]):
                lx, ly, lz = lamp[s, 0] - px, lamp[s, 1] - py, lamp[s, 2] - pz
                square = max(lx * lx + ly * ly + lz * lz, 0.05)
                if square > 14400.0:
                    continue
                far = np.sqrt(square)
                lux = candela[s] * min(1.0, max(0.0, lz / far / 0.25)) / square
                j = int((px + 0.4 * nx - grid[0]) / grid[2] + 0.5)
                i = int((py + 0.4 * ny - grid[1]) / grid[2] + 0.5)
                if (floor[y, x] or nz < 0.7) and 0 <= i < free.shape[1] and 0 <= j < free.shape[2]:
                    lux *= free[s, i, j] / 255.0
                cosine = (nx * lx + ny * ly + nz * lz) / far
                spread = max(cosine, 0.0) + 0.10
                for k in range(3):
                    linear[k] += lux * spread * bgr[s, k]
                if standing[y, x] > 0.0:
                    hx, hy, hz = lx / far + ex / near, ly / far + ey / near, lz / far + ez / near
                    toward = hz / np.sqrt(hx * hx + hy * hy + hz * hz)
                    sharp = 60.0 + 500.0 * standing[y, x] ** 3
                    glance = 1.0 - ez / near
                    fresnel = 0.02 + 0.98 * glance**5
                    lobe = lux * fresnel * (sharp + 8.0) / 8.0 * toward**sharp * standing[y, x]
                    for k in range(3):
                        gleam[k] += lobe * bgr[s, k]
            for k in range(3):
                surface = max(colour[y, x, k], 0.0) / 255.0
                value = surface**2.2 * linear[k] * per_lux + gleam[k] * per_lux
                colour[y, x, k] = 255.0 * factor * value ** (1.0 / 2.2)


def _shine(
    colour: NDArray[np.float32],
    points: NDArray[np.float32],
    surface_m: NDArray[np.float32],
    floor: NDArray[np.bool_],
    standing: NDArray[np.float32],
    camera: Camera,
    light: Light,
) -> None:
    """Mirror the sky and what stands around in the wet floor, by the reflectance of water (Schlick 1994)."""
    step = _SHINE_STEP
    spots = points[::step, ::step].astype(float)
    wet = floor[::step, ::step]
    place = spots[wet]
    if not len(place):
        return
    sky_level = float(light.exposure.shown(light.sky_lux)) * light.sky_bgr
    way = place - camera.position_m
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    cosine = -way[:, 2]
    way[:, 2] *= -1
    steep = np.clip((way[:, 2] - 0.05) / 0.3, 0, 1)[:, None]
    mirrored = (np.array((196.0, 194.0, 192.0)) + np.array((30.0, 26.0, 24.0)) * steep) * sky_level
    mirrored *= 0.62 + 0.38 * steep
    open_ = np.ones(len(place), bool)
    high, wide = surface_m.shape
    for far in 0.4 * _LOOKS ** np.arange(26):
        px, depth = camera.project(place + far * way)
        ok = open_ & np.isfinite(px[:, 0]) & (px >= 0).all(axis=1) & (px[:, 0] < wide - 1) & (px[:, 1] < high - 1)
        if not ok.any() or far > _TALLEST_STEP_M:
            break
        rows = np.flatnonzero(ok)
        u, v = px[rows].round().astype(int).T
        seen = surface_m[v, u]
        hit = (seen < depth[rows]) & (seen > depth[rows] - 0.6 - 0.35 * far) & ~floor[v, u]
        mirrored[rows[hit]] = colour[v[hit], u[hit]]
        open_[rows[hit]] = False
    fresnel = 0.02 + 0.98 * (1 - np.clip(cosine, 0, 1)) ** 5
    small = np.zeros((*wet.shape, 4), np.float32)
    small[wet] = np.c_[mirrored, fresnel]
    cover = cv2.blur(wet.astype(np.float32), (3, 3))
    small = cv2.blur(small, (3, 3)) / np.maximum(cover, 0.05)[..., None]
    large = cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR)
    share = large[..., 3] * standing
    mixed = (1 - share)[..., None] * (np.maximum(colour, 0) / 255) ** _GAMMA
    mixed += share[..., None] * (np.maximum(large[..., :3], 0) / 255) ** _GAMMA
    colour[floor] = (255 * mixed ** (1 / _GAMMA))[floor]
