"""Flame and smoke: a flame that licks, shines and lights what is around; puffs of smoke that rise, drift and thin.

The flame is a sheet that faces the camera, shaped and shaded by turbulence that rises through it. Its colours go with
its heat, from a red rim to a core that burns out any sensor. Smoke is a train of puffs, each where its age, the wind
and its own chance put it, so that any instant can be drawn without those before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from sim.burning import burning_across_m, flame_height_m, heat_kw, smoke_strength
from sim.render.glow import Scene, halo, shine
from sim.render.turbulence import flicker, tile_at, turbulence
from sim.state import FireState

__all__ = ["Extent", "draw_fire"]

_LUMINANCE_CD: Final = 9000.0
"""Of a sooty flame, cd/m2: a candle's is about 1e4 (Gaydon and Wolfhard 1979, Flames, 4th ed., chapter 8)."""
_CD_PER_KW: Final = 14.0
"""Light that a burning heap gives off in any direction."""
_FLAME_BGR: Final = np.array((0.28, 0.62, 1.0))
_PUFFS_PER_S: Final = 5.0
_PUFF_LIFE_S: Final = 12.0
_HALF: Final = 2
"""Smoke is drawn at half the size: it has no edges."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What of a flame or of smoke is in a picture.

    Attributes:
        id: Of it in the truth.
        cls: "fire" or "smoke".
        whole_px: x1, y1, x2, y2 as if nothing stood before it.
        visible_px: Of what can be seen; None where nothing can.
        visibility: Seen share of its pixels.
        place_m: Where it burns.
    """

    id: int
    cls: str
    whole_px: tuple[float, float, float, float]
    visible_px: tuple[float, float, float, float] | None
    visibility: float
    place_m: tuple[float, float]


def draw_fire(canvas: NDArray[np.uint8], scene: Scene, fire: FireState, time_s: float) -> list[Extent]:
    """Paint one fire and its smoke over a picture.

    Args:
        canvas: Picture, shape (h, w, 3 or 4), BGR; painted in place.
        scene: Camera, light, and what stands how far away.
        fire: What burns.
        time_s: Now.

    Returns:
        What can be boxed: the smoke, the flame.
    """
    age = time_s - fire.began_s
    tile = turbulence(0)
    phase = (fire.id % 97) * 0.137
    heat = heat_kw(fire.spec, age)
    extents = []
    if heat > 0:
        over = (*fire.base_m[:2], fire.base_m[2] + 0.5 * flame_height_m(fire.spec, age))
        candela = _CD_PER_KW * heat * flicker(tile, time_s, phase)
        shine(canvas, scene, over, candela, _FLAME_BGR, reach_m=4.0 + 0.02 * heat)
    smoke = _draw_smoke(canvas, scene, fire, time_s, tile)
    if smoke is not None:
        extents.append(smoke)
    if heat > 0:
        flame = _draw_flame(canvas, scene, fire, time_s, tile, phase)
        if flame is not None:
            extents.append(flame)
    return extents


def _draw_flame(
    canvas: NDArray[np.uint8], scene: Scene, fire: FireState, time_s: float, tile: NDArray[np.float32], phase: float
) -> Extent | None:
    age = time_s - fire.began_s
    high, wide = flame_height_m(fire.spec, age), burning_across_m(fire.spec, age)
    upright = _upright(scene.camera, fire.base_m, max(high, 0.3))
    if upright is None:
        return None
    foot, up, per_m, depth = upright
    length = max(high * float(np.hypot(*up)) * per_m, 0.5 * wide * per_m)
    ahead = up / max(float(np.hypot(*up)), 1e-6)
    half = max(0.62 * wide, 0.16 * high) * per_m
    lean = _lean(scene.camera, fire.spec.wind_mps, high)
    bright = flicker(tile, time_s, phase)
    amplitude = 255.0 * float(scene.light.exposure.shown(np.pi * _LUMINANCE_CD)) * bright
    found = np.zeros((2, 5))
    found[:, 1:3], found[:, 3:] = np.inf, -np.inf
    _flame(
        canvas, scene.depth_m, scene.instance, scene.figure_depth_m, tile, foot[0], foot[1], ahead[0], ahead[1],
        length, half, lean, depth, time_s, phase, high, amplitude, scene.light.infrared, found,
    )  # fmt: skip
    halo(canvas, foot + 0.45 * length * ahead, 2.4 * max(length, half), min(70.0, 0.10 * amplitude) * bright, scene)
    return _extent(fire.id, "fire", found, fire.base_m, 1)


def _upright(
    camera: Camera, base_m: tuple[float, float, float], high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float] | None:
    """Return the foot in pixels, the way up over one metre as a share of the scale, pixels a metre, and the depth."""
    points = np.array([base_m, (*base_m[:2], base_m[2] + high)])
    pixels, depth = camera.project(points)
    if not np.isfinite(pixels).all():
        return None
    per_m = float(camera.matrix[0, 0] / depth[0])
    up = (pixels[1] - pixels[0]) / (high * per_m)
    if float(np.hypot(*up)) < 0.05:
        up = np.array((0.0, -0.05))
    return pixels[0], up, per_m, float(depth[0])


def _lean(camera: Camera, wind_mps: tuple[float, float], high: float) -> float:
    """Return how far the flame's tip leans to the right of the picture, in flame heights."""
    right = camera.rotation[0, :2]
    across = float(np.dot(right, wind_mps))
    return float(np.clip(0.55 * across / np.sqrt(9.81 * max(high, 0.2)) * 2.0, -1.2, 1.2))


@njit(cache=True, nogil=True, error_model="numpy")
def _flame(
    canvas: Any, depth_m: Any, instance: Any, figure_m: Any, tile: Any, x0: float, y0: float, ux: float, uy: float,
    length: float, half: float, lean: float, depth: float, time: float, phase: float, high: float, amplitude: float,
    grey: bool, found: Any,
) -> None:  # fmt: skip
    h, w = canvas.shape[:2]
    reach = 1.9 * length + 1.6 * half + abs(lean) * length
    rate = 0.16 * np.sqrt(9.81 * max(high, 0.15)) / max(high, 0.25)
    aspect = min(2.2, max(0.7, length / (2.2 * half)))
    for y in range(max(0, int(y0 - reach)), min(h, int(y0 + reach) + 1)):
        for x in range(max(0, int(x0 - reach)), min(w, int(x0 + reach) + 1)):
            dx, dy = x + 0.5 - x0, y + 0.5 - y0
            v = (dx * ux + dy * uy) / length
            if v < -0.14 or v > 1.75:
                continue
            s = (dx * -uy + dy * ux) / half
            rise = max(v, 0.0)
            s -= lean * rise**1.4 * length / half
            big = tile_at(tile, 0.11 * s + phase, 0.20 * v * aspect - time * rate + phase)
            fine = tile_at(tile, 0.23 * s - phase, 0.40 * v * aspect - time * rate * 1.75)
            lick = tile_at(tile, 0.50 * s + 0.3, 0.75 * v * aspect - time * rate * 2.6 + phase)
            s += (big - 0.5) * 1.7 * rise + (fine - 0.5) * 0.9 * rise
            top = 0.55 + 0.95 * big
            body = 1.0 - (s / (1.0 - 0.30 * rise)) ** 2 if rise < 1.6 else 0.0
            if body <= 0.0:
                continue
            body = min(1.0, 1.7 * body)
            fade = min(1.0, max(0.0, (top - v) / 0.42)) * min(1.0, max(0.0, (v + 0.14) / 0.14))
            hot = body * fade * (0.55 + 0.75 * fine) * (1.1 - 0.42 * rise)
            hot *= min(1.0, max(0.0, (lick - 0.16 * rise) * 3.2))
            if hot <= 0.03:
                continue
            hot = min(hot, 1.15)
            seen = depth_m[y, x] > depth - 0.35
            who = instance[y, x]
            if seen and who >= 0 and figure_m[who] < depth:
                seen = False
            if hot > 0.2:
                for k in range(2):
                    if k == 0 or seen:
                        found[k, 0] += 1
                        found[k, 1], found[k, 2] = min(found[k, 1], x), min(found[k, 2], y)
                        found[k, 3], found[k, 4] = max(found[k, 3], x + 1.0), max(found[k, 4], y + 1.0)
            if not seen:
                continue
            red = amplitude * hot**0.55
            green = amplitude * 0.86 * hot**1.35
            blue = amplitude * 0.52 * hot**3.2
            if grey:
                red = green = blue = 0.5 * red + 0.5 * green
            veil = 1.0 - 0.55 * min(1.0, hot)
            canvas[y, x, 0] = min(255.0, canvas[y, x, 0] * veil + blue)
            canvas[y, x, 1] = min(255.0, canvas[y, x, 1] * veil + green)
            canvas[y, x, 2] = min(255.0, canvas[y, x, 2] * veil + red)


def _draw_smoke(
    canvas: NDArray[np.uint8], scene: Scene, fire: FireState, time_s: float, tile: NDArray[np.float32]
) -> Extent | None:
    puffs = _puffs(fire, time_s, scene)
    if not len(puffs):
        return None
    h, w = canvas.shape[:2]
    pixels, depth = scene.camera.project(puffs[:, :3])
    radius = puffs[:, 3] * scene.camera.matrix[0, 0] / np.maximum(depth, 0.1)
    ok = np.isfinite(pixels).all(axis=1) & (depth > 0.3) & (radius < 2.0 * w)
    ok[ok] &= (pixels[ok] + radius[ok, None] > 0).all(axis=1) & (pixels[ok] - radius[ok, None] < (w, h)).all(axis=1)
    rows = np.flatnonzero(ok)
    if not len(rows):
        return None
    rows = rows[np.argsort(-depth[rows], kind="stable")]
    low = np.clip(np.floor((pixels[rows] - radius[rows, None]).min(axis=0) / _HALF), 0, (w // _HALF, h // _HALF))
    high = np.clip(np.ceil((pixels[rows] + radius[rows, None]).max(axis=0) / _HALF), 0, (w // _HALF, h // _HALF))
    (left, top), (right, bottom) = low.astype(int), high.astype(int)
    if right - left < 2 or bottom - top < 2:
        return None
    layer = np.zeros((bottom - top, right - left, 5), np.float32)
    listed = np.c_[pixels[rows] / _HALF - (left, top), radius[rows] / _HALF, depth[rows], puffs[rows, 4:]]
    _smoke(layer, listed, scene.depth_m, scene.instance, scene.figure_depth_m, tile, left, top)
    size = ((right - left) * _HALF, (bottom - top) * _HALF)
    full = cv2.resize(layer[..., :4], size, interpolation=cv2.INTER_LINEAR)
    part = canvas[top * _HALF : bottom * _HALF, left * _HALF : right * _HALF, :3]
    full = full[: part.shape[0], : part.shape[1]]
    part[:] = np.clip(part * (1.0 - full[..., 3:]) + full[..., :3], 0, 255).astype(np.uint8)
    found = np.zeros((2, 5))
    for k, cover in enumerate((layer[..., 4], layer[..., 3])):
        ys, xs = np.nonzero(cover > 0.14)
        if len(xs):
            found[k] = (len(xs), xs.min() + left, ys.min() + top, xs.max() + 1 + left, ys.max() + 1 + top)
    return _extent(fire.smoke_id, "smoke", found, fire.base_m, _HALF)


def _puffs(fire: FireState, time_s: float, scene: Scene) -> NDArray[np.float64]:
    """Return the puffs in the air: x, y, z, radius, opacity, blue, green, red, turn, phase a row."""
    spec = fire.spec
    age = time_s - fire.began_s
    first = max(0, int(np.ceil((age - _PUFF_LIFE_S) * _PUFFS_PER_S)))
    last = int(np.floor(age * _PUFFS_PER_S))
    rows = []
    sky = 255.0 * float(scene.light.exposure.shown(0.8 * scene.ambient_lux))
    glow = 255.0 * float(scene.light.exposure.shown(np.pi * _LUMINANCE_CD * 0.02))
    wind = np.array(spec.wind_mps)
    for k in range(first, last + 1):
        chance = np.random.default_rng((fire.id, k)).random(8)
        given = (k + 0.8 * chance[0]) / _PUFFS_PER_S
        old = age - given
        if not 0 < old < _PUFF_LIFE_S:
            continue
        heat = heat_kw(spec, given)
        strength = smoke_strength(spec, given)
        if strength <= 0.01:
            continue
        hot = min(1.0, heat / 250.0)
        start = 0.34 * burning_across_m(spec, given) + 0.06
        rise = (0.75 + 1.5 * hot**0.33) * old ** (0.84 if heat > 0 else 0.78)
        drift = wind * (old - 1.5 * (1 - np.exp(-old / 1.5)))
        sway = (0.10 + 0.20 * old**0.75) * (chance[1:3] - 0.5)
        radius = start + (0.20 + 0.12 * hot) * old**0.9 * (0.75 + 0.5 * chance[3])
        lifted = 0.75 * flame_height_m(spec, given) if heat > 0 else 0.03
        x, y = np.array(fire.base_m[:2]) + drift + sway + 0.3 * spec.across_m * (chance[4:6] - 0.5)
        thin = (start / radius) ** (1.05 if heat > 0 else 1.25)
        ends = (1 - old / _PUFF_LIFE_S) ** 0.8 * min(1.0, old / 0.5)
        opacity = (1 - np.exp(-2.0 * strength * thin)) * ends * 0.85
        shade = (0.78 - 0.52 * min(1.0, heat / 60.0)) * (0.86 + 0.28 * chance[6])
        colour = scene.tint(sky * shade * np.array((1.02, 1.0, 0.98)))
        if heat > 0:
            colour = colour + scene.tint(glow * np.exp(-old / 0.5) * _FLAME_BGR)
        turn = 2 * np.pi * chance[7] + (chance[0] - 0.5) * 0.5 * old
        rows.append((x, y, fire.base_m[2] + lifted + rise, radius, opacity, *colour, turn, 0.618 * k))
    return np.array(rows).reshape(-1, 10)


@njit(cache=True, nogil=True, error_model="numpy")
def _smoke(layer: Any, puffs: Any, depth_m: Any, instance: Any, figure_m: Any, tile: Any, left: int, top: int) -> None:
    h, w = layer.shape[:2]
    full_h, full_w = depth_m.shape
    for p in range(puffs.shape[0]):
        cx, cy, radius, depth, opacity = puffs[p, 0], puffs[p, 1], puffs[p, 2], puffs[p, 3], puffs[p, 4]
        cos, sin = np.cos(puffs[p, 8]), np.sin(puffs[p, 8])
        u0, v0 = puffs[p, 9] * 0.37, puffs[p, 9] * 0.73
        for y in range(max(0, int(cy - radius)), min(h, int(cy + radius) + 1)):
            for x in range(max(0, int(cx - radius)), min(w, int(cx + radius) + 1)):
                dx, dy = (x + 0.5 - cx) / radius, (y + 0.5 - cy) / radius
                inside = 1.0 - dx * dx - dy * dy
                if inside <= 0.0:
                    continue
                tx, ty = dx * cos - dy * sin, dx * sin + dy * cos
                curl = tile_at(tile, 0.17 * tx + u0, 0.17 * ty + v0)
                alpha = opacity * inside * min(1.0, max(0.0, curl * 2.1 - 0.45))
                if alpha <= 0.004:
                    continue
                layer[y, x, 4] += (1.0 - layer[y, x, 4]) * alpha
                fy, fx = min((y + top) * 2, full_h - 1), min((x + left) * 2, full_w - 1)
                if depth_m[fy, fx] < depth - 0.3:
                    continue
                who = instance[fy, fx]
                if who >= 0 and figure_m[who] < depth:
                    continue
                lit = 0.80 + 0.34 * curl - 0.16 * dy
                for k in range(3):
                    layer[y, x, k] = layer[y, x, k] * (1.0 - alpha) + puffs[p, 5 + k] * lit * alpha
                layer[y, x, 3] += (1.0 - layer[y, x, 3]) * alpha


def _extent(number: int, cls: str, found: NDArray[np.float64], base_m: tuple[float, ...], scale: int) -> Extent | None:
    """Return the boxes of what was found, whole in the first row and seen in the second; None where nothing was."""
    if found[0, 0] == 0:
        return None
    whole, seen = (tuple(float(v) * scale for v in row[1:]) for row in found)
    return Extent(
        id=number,
        cls=cls,
        whole_px=(whole[0], whole[1], whole[2], whole[3]),
        visible_px=(seen[0], seen[1], seen[2], seen[3]) if found[1, 0] else None,
        visibility=float(found[1, 0] / found[0, 0]),
        place_m=(base_m[0], base_m[1]),
    )
