"""Lights that are no fire: neon signs, lit windows, the sun in a pane, beacons and flashing lights."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.incident import Light, LightSource
from sim.render.glow import Beam, Scene, halo, shine
from sim.render.turbulence import tile_at, turbulence
from sim.state import LightState

__all__ = ["draw_light"]

_COLOURS: Final = {
    LightSource.NEON: (255, 52, 96),
    LightSource.BEACON: (255, 150, 10),
    LightSource.FLASH: (70, 110, 255),
    LightSource.SUN_GLINT: (255, 206, 140),
    LightSource.SHOP_WINDOW: (255, 214, 158),
}
_LUMINANCE_CD: Final = {
    LightSource.NEON: 2600.0,
    LightSource.BEACON: 60_000.0,
    LightSource.FLASH: 90_000.0,
    LightSource.SUN_GLINT: 400_000.0,
    LightSource.SHOP_WINDOW: 150.0,
}
"""Of what shines, cd/m2."""
_CANDELA: Final = {LightSource.NEON: 60.0, LightSource.BEACON: 2500.0, LightSource.FLASH: 3000.0}
_WORDS: Final = ("CAFE", "BAR", "OPEN", "PIZZA", "24 H", "HOTEL")
_TEXTURE_PX_PER_M: Final = 110
_BEAM_SHARPNESS: Final = 24.0
_FLASH_SHARE: Final = 0.22


def draw_light(canvas: NDArray[np.uint8], scene: Scene, light: LightState, time_s: float) -> None:
    """Paint one light, its halo and what it lights.

    Args:
        canvas: Picture, shape (h, w, 3 or 4), BGR; painted in place.
        scene: Camera, light of the hour, and what stands how far away.
        light: What shines.
        time_s: Now.
    """
    spec = light.spec
    bgr = np.array((spec.colour or _COLOURS[spec.source])[::-1], float) / 255.0
    age = time_s - light.began_s
    if spec.source in (LightSource.BEACON, LightSource.FLASH):
        _draw_lamp(canvas, scene, light, bgr, age)
    else:
        _draw_pane(canvas, scene, light, bgr, age)


def _facing(spec: Light) -> NDArray[np.float64]:
    turn = np.radians(spec.facing_deg)
    return np.array((np.sin(turn), np.cos(turn), 0.0))


def _draw_pane(
    canvas: NDArray[np.uint8], scene: Scene, light: LightState, bgr: NDArray[np.float64], age: float
) -> None:
    spec = light.spec
    facing = _facing(spec)
    middle = np.array((*spec.place_m, spec.height_m))
    if float((scene.camera.position_m - middle) @ facing) <= 0:
        return
    right = np.array((-facing[1], facing[0], 0.0))
    wide, high = spec.size_m
    corners = [
        middle + sx * right * wide / 2 + (0, 0, sz * high / 2) for sx, sz in ((-1, 1), (1, 1), (1, -1), (-1, -1))
    ]
    pixels, depth = scene.camera.project(np.array(corners))
    if not np.isfinite(pixels).all():
        return
    strength = _strength(light, age)
    amplitude = 255.0 * float(scene.light.exposure.shown(np.pi * _LUMINANCE_CD[spec.source])) * strength
    picture, cover = _texture(light.id, spec, age)
    tinted = np.asarray(picture[..., None] * bgr if picture.ndim == 2 else picture, float)
    emitted = _warp(canvas, scene, tinted * amplitude, cover, pixels, float(depth.mean()))
    per_m = float(scene.camera.matrix[0, 0] / depth.mean())
    spot = pixels.mean(axis=0)
    if spec.source is LightSource.SUN_GLINT:
        spot = _glint_spot(pixels, age)
        if emitted:
            power = min(150.0, 0.05 * amplitude)
            halo(canvas, spot, 3.2 * max(wide, high) * per_m, power, scene, bgr)
            _star(canvas, spot, 2.4 * high * per_m, power * 1.4, scene, bgr)
        return
    if emitted:
        halo(canvas, spot, 0.9 * max(wide, high) * per_m + 8, min(46.0, 0.10 * amplitude), scene, bgr)
    candela = _CANDELA.get(spec.source, _LUMINANCE_CD[spec.source] * wide * high * 0.7) * strength
    beam = Beam((float(facing[0]), float(facing[1]), -0.25), 1.0)
    source = middle + 0.3 * facing
    shine(canvas, scene, (source[0], source[1], source[2]), candela, bgr, reach_m=5.0 + spec.height_m, beam=beam)


def _strength(light: LightState, age: float) -> float:
    """Return how bright it is now against its mean."""
    spec = light.spec
    if spec.source is LightSource.NEON:
        hum = 1.0 + 0.05 * np.sin(2 * np.pi * age * 11.0)
        drop = float(tile_at(turbulence(1), age / (37.0 * spec.period_s), light.id * 0.13))
        return float(hum * (0.25 if drop > 0.93 else 1.0))
    if spec.source is LightSource.SUN_GLINT:
        return 0.55 + 0.9 * float(tile_at(turbulence(1), age * 0.011, light.id * 0.29))
    return 1.0


def _texture(number: int, spec: Light, age: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the pane gives off, (h, w) or (h, w, 3), 0 to 1, and how much it hides of the wall, (h, w)."""
    wide, high = (int(np.clip(v * _TEXTURE_PX_PER_M, 24, 700)) for v in spec.size_m)
    if spec.source is LightSource.NEON:
        return _neon(number, wide, high)
    if spec.source is LightSource.SHOP_WINDOW:
        return _shop_window(number, wide, high)
    picture, cover = _pane(wide, high)
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    sx, sy = _glint_share(age)
    spot = np.exp(-(((xs / wide - sx) / 0.22) ** 2) - ((ys / high - sy) / 0.16) ** 2)
    return (picture * 0.0009 + spot.astype(np.float32)).astype(np.float32), cover


def _glint_share(age: float) -> tuple[float, float]:
    """Return where in the pane the sun stands, from its upper left corner; it wanders with the sun and trembles."""
    return 0.32 + 0.006 * age + 0.01 * float(np.sin(7.3 * age)), 0.42 + 0.008 * float(np.sin(5.1 * age + 1))


def _glint_spot(pixels: NDArray[np.float64], age: float) -> NDArray[np.float64]:
    sx, sy = _glint_share(age)
    above = pixels[0] * (1 - sx) + pixels[1] * sx
    below = pixels[3] * (1 - sx) + pixels[2] * sx
    return np.asarray(above * (1 - sy) + below * sy)


@cache
def _neon(number: int, wide: int, high: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a word of glass tubes with a frame: a white-hot line in a coloured glow."""
    word = _WORDS[number % len(_WORDS)]
    line = np.zeros((high, wide), np.uint8)
    font, thick = cv2.FONT_HERSHEY_DUPLEX, max(2, high // 16)
    (tw, th), _ = cv2.getTextSize(word, font, 1.0, thick)
    scale = min(0.80 * wide / tw, 0.60 * high / th)
    (tw, th), _ = cv2.getTextSize(word, font, scale, thick)
    cv2.putText(line, word, ((wide - tw) // 2, (high + th) // 2), font, scale, 255, thick, cv2.LINE_AA)
    edge = max(3, high // 12)
    cv2.rectangle(line, (edge, edge), (wide - edge, high - edge), 200, max(1, thick // 2), cv2.LINE_AA)
    tube = line.astype(np.float32) / 255
    glow = cv2.GaussianBlur(tube, (0, 0), high / 10)
    board = np.full((high, wide), 0.55, np.float32)
    return np.minimum(1.2, tube + 0.55 * glow).astype(np.float32), np.maximum(board, np.minimum(tube * 2, 1))


@cache
def _shop_window(number: int, wide: int, high: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a lit window: bright above, shelves with goods, dummies, bars between the panes."""
    rng = np.random.default_rng((0x5409, number))
    rows = np.linspace(1.0, 0.55, high, dtype=np.float32)[:, None]
    columns = 0.85 + 0.15 * np.cos(np.linspace(0, 2 * np.pi * max(1, wide // 160), wide, dtype=np.float32))[None, :]
    picture = np.repeat((rows * columns)[..., None], 3, axis=2) * np.array((0.66, 0.86, 1.0), np.float32)
    for shelf in (0.42, 0.66, 0.86):
        y = int(shelf * high)
        cv2.line(picture, (0, y), (wide, y), (0.25, 0.32, 0.42), max(1, high // 90))
        x = 0.03 * wide
        while x < 0.97 * wide:
            w, h = rng.uniform(0.02, 0.07) * wide, rng.uniform(0.06, 0.15) * high
            colour = (0.35 * rng.uniform(0.1, 0.9, 3) + 0.65 * rng.uniform(0.15, 0.75)) * (0.7, 0.86, 1.0)
            if rng.random() < 0.75:
                cv2.rectangle(picture, (int(x), int(y - h)), (int(x + w), y - 1), colour.tolist(), -1)
            x += w + rng.uniform(0.006, 0.03) * wide
    for _ in range(max(1, wide // 190)):
        x, tone = rng.uniform(0.1, 0.9) * wide, rng.uniform(0.05, 0.4, 3).tolist()
        body = (int(x), int(0.62 * high))
        cv2.ellipse(picture, body, (int(0.07 * high) + 2, int(0.20 * high)), 0, 0, 360, tone, -1, cv2.LINE_AA)
        cv2.circle(picture, (int(x), int(0.36 * high)), max(2, int(0.045 * high)), (0.5, 0.62, 0.75), -1, cv2.LINE_AA)
        cv2.rectangle(picture, (int(x - 0.05 * high), int(0.75 * high)), (int(x + 0.05 * high), high), tone, -1)
    bars = max(1, round(wide / 150))
    for k in range(bars + 1):
        x = int(k * (wide - 1) / bars)
        cv2.line(picture, (x, 0), (x, high), (0.06, 0.06, 0.06), max(2, wide // 110))
    cv2.rectangle(picture, (0, 0), (wide - 1, high - 1), (0.06, 0.06, 0.06), max(2, high // 40))
    return picture.astype(np.float32), np.ones((high, wide), np.float32)


@cache
def _pane(wide: int, high: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a dark pane with a frame that mirrors a bright sky."""
    picture = np.linspace(1.0, 0.5, high, dtype=np.float32)[:, None] * np.ones((1, wide), np.float32)
    cv2.rectangle(picture, (0, 0), (wide - 1, high - 1), 0.15, max(2, high // 20))
    cv2.line(picture, (wide // 2, 0), (wide // 2, high), 0.15, max(2, wide // 24))
    return picture, np.full((high, wide), 0.85, np.float32)


def _warp(
    canvas: NDArray[np.uint8],
    scene: Scene,
    emitted: NDArray[np.float64],
    cover: NDArray[np.float32],
    pixels: NDArray[np.float64],
    depth: float,
) -> bool:
    """Put a texture onto its four corners where nothing stands before it; return whether any of it can be seen."""
    h, w = canvas.shape[:2]
    low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, (w, h)).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, (w, h)).astype(int)
    (x0, y0), (x1, y1) = low, high
    if x1 - x0 < 2 or y1 - y0 < 2:
        return False
    th, tw = cover.shape
    shrink = max(1.0, tw / max(2.0, float(np.hypot(*(pixels[1] - pixels[0])))))
    if shrink > 1.5:  # smaller first, so that nothing is skipped
        size = (max(4, int(tw / shrink)), max(4, int(th / shrink)))
        emitted = np.asarray(cv2.resize(emitted, size, interpolation=cv2.INTER_AREA), float)
        cover = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.float32)
        th, tw = cover.shape
    frame = np.array([(0, 0), (tw, 0), (tw, th), (0, th)], np.float32)
    matrix = cv2.getPerspectiveTransform(frame, (pixels - (x0, y0)).astype(np.float32))
    size = (int(x1 - x0), int(y1 - y0))
    light = cv2.warpPerspective(emitted.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    hides = cv2.warpPerspective(np.ascontiguousarray(cover, np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    who = scene.instance[y0:y1, x0:x1]
    near = scene.depth_m[y0:y1, x0:x1] < depth - 1.2
    if len(scene.figure_depth_m):
        near |= (who >= 0) & (scene.figure_depth_m[np.maximum(who, 0)] < depth)
    free = np.where(near, 0.0, 1.0)[..., None]
    part = canvas[y0:y1, x0:x1, :3]
    grey = light.mean(axis=2, keepdims=True) if scene.light.infrared else light
    shown = part * (1 - hides[..., None] * free) + np.minimum(grey, 600.0) * free
    part[:] = np.clip(shown, 0, 255).astype(np.uint8)
    return bool(free.any())


def _draw_lamp(
    canvas: NDArray[np.uint8], scene: Scene, light: LightState, bgr: NDArray[np.float64], age: float
) -> None:
    """Paint a lamp that turns or flashes."""
    spec = light.spec
    middle = np.array((*spec.place_m, spec.height_m))
    pixels, depth = scene.camera.project(middle[None])
    if not np.isfinite(pixels).all():
        return
    turn = 2 * np.pi * age / spec.period_s
    to_eye = scene.camera.position_m - middle
    toward = np.array((np.cos(turn), np.sin(turn), 0.0))
    if spec.source is LightSource.BEACON:
        level = to_eye[:2] / max(float(np.hypot(*to_eye[:2])), 1e-6)
        cosine = max(0.0, float(level @ toward[:2]))
        strength = 0.06 + cosine**_BEAM_SHARPNESS
        beam = Beam((float(toward[0]), float(toward[1]), -0.08), _BEAM_SHARPNESS / 2)
    else:
        strength = 1.0 if (age / spec.period_s) % 1.0 < _FLASH_SHARE else 0.02
        beam = None
    x, y = pixels[0]
    h, w = canvas.shape[:2]
    per_m = float(scene.camera.matrix[0, 0] / depth[0])
    if 0 <= x < w and 0 <= y < h:
        who = int(scene.instance[int(y), int(x)])
        hidden = scene.depth_m[int(y), int(x)] < depth[0] - 1.0 or (who >= 0 and scene.figure_depth_m[who] < depth[0])
        if not hidden:
            amplitude = 255.0 * float(scene.light.exposure.shown(np.pi * _LUMINANCE_CD[spec.source] * strength))
            radius = max(1.6, 0.5 * max(spec.size_m) * per_m)
            _ball(canvas, pixels[0], radius, scene.tint(np.minimum(amplitude, 900.0) * bgr))
            power = min(190.0, 0.16 * amplitude) * (0.15 + strength)
            halo(canvas, pixels[0], 14.0 * radius + 26.0, power, scene, bgr)
    candela = _CANDELA[spec.source] * (1.0 if spec.source is LightSource.BEACON else strength)
    shine(canvas, scene, (middle[0], middle[1], middle[2]), candela, bgr, reach_m=9.0, beam=beam)


def _ball(canvas: NDArray[np.uint8], centre: NDArray[np.float64], radius: float, bgr: NDArray[np.float64]) -> None:
    """Paint a lit round glass: burnt out in the middle, its colour at the rim."""
    h, w = canvas.shape[:2]
    x0, y0 = (max(0, int(v - radius - 1)) for v in centre)
    x1, y1 = min(w, int(centre[0] + radius + 2)), min(h, int(centre[1] + radius + 2))
    if x1 <= x0 or y1 <= y0:
        return
    ys, xs = np.mgrid[y0:y1, x0:x1]
    off = np.hypot(xs + 0.5 - centre[0], ys + 0.5 - centre[1]) / radius
    cover = np.clip((1.15 - off) * radius, 0, 1)[..., None]
    shade = np.clip(1.25 - 0.6 * off, 0.4, 1.25)[..., None]
    part = canvas[y0:y1, x0:x1, :3]
    part[:] = np.clip(part * (1 - cover) + bgr * shade * cover, 0, 255).astype(np.uint8)


def _star(
    canvas: NDArray[np.uint8],
    centre: NDArray[np.float64],
    radius: float,
    strength: float,
    scene: Scene,
    bgr: NDArray[np.float64],
) -> None:
    """Add the rays that an iris makes of a very bright point."""
    h, w = canvas.shape[:2]
    reach = int(np.clip(radius, 6, 260))
    x0, y0 = (max(0, int(v) - reach) for v in centre)
    x1, y1 = min(w, int(centre[0]) + reach), min(h, int(centre[1]) + reach)
    if x1 <= x0 or y1 <= y0:
        return
    ys, xs = np.mgrid[y0:y1, x0:x1]
    dx, dy = xs + 0.5 - centre[0], ys + 0.5 - centre[1]
    fade = np.clip(1 - np.hypot(dx, dy) / reach, 0, 1) ** 2
    rays = np.zeros(dx.shape)
    for turn in (0.26, 0.26 + np.pi / 3, 0.26 + 2 * np.pi / 3):
        off = np.abs(dx * np.sin(turn) - dy * np.cos(turn))
        rays = np.maximum(rays, np.exp(-((off / max(1.2, 0.012 * reach)) ** 2)))
    part = canvas[y0:y1, x0:x1, :3]
    part[:] = np.minimum(part + (rays * fade)[..., None] * (strength * scene.tint(bgr)), 255).astype(np.uint8)
