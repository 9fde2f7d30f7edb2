"""What sits on the front of the lens: dust and dried splashes, a spider's web, water drops. All of it out of focus."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.conditions import Conditions
from scenarios.frame import Image

__all__ = ["Dirt", "Drops"]

_DUST_BGR: Final = np.array((108.0, 122.0, 134.0))
_THREAD_BGR: Final = np.array((226.0, 228.0, 230.0))
_WEB_MARGIN: Final = 8
_COARSE: Final = 8
_PLACES: Final = 5
"""So many places a drop's slot takes in turn."""


class Dirt:
    """Dust, dried splashes and threads: a veil that is the same in every picture, the web swaying a little.

    Args:
        conditions: How dirty it is.
        width_px: Of the picture.
        height_px: Of the picture.
        level: How bright white paper is in the scene, 1 by day; dust and threads are lit by it.
        glare: How much the sun shines on the lens, 0 to 1: dirt lights up.
        lit: Whether an illuminator stands beside the lens: threads shine.
        rng: Draws where it sits.
    """

    def __init__(
        self,
        conditions: Conditions,
        width_px: int,
        height_px: int,
        level: float,
        glare: float,
        lit: bool,
        rng: np.random.Generator,
    ) -> None:
        chance = rng.spawn(2)
        shape = (height_px, width_px)
        self._dust = np.repeat(_dust(conditions.dirt_share, shape, chance[0]), 3, axis=1) if conditions.dirt else None
        self._web = np.repeat(_web(conditions.web, shape, chance[1]), 3, axis=1) if conditions.web else None
        self._sway = chance[1].uniform(0, 2 * np.pi, 2)
        shone = min(1.25, level * (0.75 + 0.9 * glare))
        self._dust_bgr = np.tile(np.minimum(_DUST_BGR * shone + 60 * glare, 250).astype(np.int32), width_px)
        threads = np.minimum(_THREAD_BGR * (1.0 if lit else min(1.0, level)), 250)
        self._thread_bgr = np.tile(threads.astype(np.int32), width_px)

    def veil(self, image: Image, time_s: float) -> None:
        """Lay it over a picture, shape (h, w, 3), in place."""
        flat = image.reshape(image.shape[0], -1)
        if self._dust is not None:
            _cover(flat, self._dust, 0, 0, self._dust_bgr)
        if self._web is not None:
            right, down = _WEB_MARGIN / 2 * (1 + np.sin(2 * np.pi * np.array((0.31, 0.47)) * time_s + self._sway))
            _cover(flat, self._web, round(float(down)), 3 * round(float(right)), self._thread_bgr)


def _dust(share: float, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Opacity of the dust: a thin film, and blots until the wanted share of the picture is covered."""
    h, w = shape
    film = cv2.resize(rng.random((9, 15)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    opaque = 0.34 * share * (0.3 + film) + 0.10 * share
    small_h, small_w = h // 2, w // 2
    blots = np.zeros((small_h, small_w), np.float32)
    unit = small_w / 640
    for _ in range(900):
        if (blots > 0.06).mean() >= share:
            break
        x, y = rng.uniform(0, small_w), rng.uniform(0, small_h)
        radius = unit * float(np.clip(rng.lognormal(np.log(13), 0.6), 4, 60))
        dense = rng.uniform(0.16, 0.50 + 0.6 * share)
        blot = np.zeros_like(blots)
        corners = 14
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        uneven = radius * (1 + 0.22 * np.convolve(np.tile(rng.standard_normal(corners), 3), np.ones(3) / 2, "same"))
        rim = np.stack((np.cos(turn), np.sin(turn)), axis=1) * uneven[corners : 2 * corners, None]
        if rng.random() < 0.12:  # a dried trickle
            rim *= (0.28, rng.uniform(2.0, 5.0))
        cv2.fillPoly(blot, [np.round((rim + np.array((x, y))) * 16).astype(np.int32)], float(dense), cv2.LINE_AA, 4)
        soft = 1.6 * unit + 0.22 * radius
        dried = cv2.GaussianBlur(blot, (0, 0), soft)
        ring = np.clip(dried - 0.75 * cv2.GaussianBlur(blot, (0, 0), 2.2 * soft), 0, 1)
        blots = np.maximum(blots, dried * 0.85 + 0.5 * ring)
    opaque = 1 - (1 - opaque) * (1 - cv2.resize(blots, (w, h), interpolation=cv2.INTER_LINEAR))
    return np.clip(np.round(255 * opaque), 0, 235).astype(np.uint8)


def _web(severity: float, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Opacity of a web spun from a corner of the picture, with a margin to sway in."""
    h, w = shape[0] + _WEB_MARGIN, shape[1] + _WEB_MARGIN
    opaque = np.zeros((h, w), np.float32)
    spokes = round(3 + 2.2 * severity)
    hub = np.array((w * rng.choice((0.06, 0.94)), h * rng.choice((-0.05, 0.3))))
    inward = np.arctan2(h * 0.55 - hub[1], w * 0.5 - hub[0])
    turns = inward + np.linspace(-1.0, 1.0, spokes) * (0.6 + 0.1 * severity) + rng.normal(0, 0.04, spokes)
    reach = w * (0.35 + 0.13 * severity) * rng.uniform(0.92, 1.06, spokes)
    unit = w / 1280

    def draw(line: NDArray[np.float64], dense: float) -> None:
        stroke = np.zeros_like(opaque)
        points = [np.round(line * 16).astype(np.int32)]
        cv2.polylines(stroke, points, False, dense, max(1, round(1.4 * unit)), cv2.LINE_AA, 4)
        np.maximum(opaque, stroke, out=opaque)

    ways = np.stack((np.cos(turns), np.sin(turns)), axis=1)
    for way, far in zip(ways, reach, strict=True):
        along = np.linspace(0, 1, 24)[:, None]
        sag = np.c_[np.zeros(24), 0.04 * far * np.sin(np.pi * along[:, 0])]
        draw(hub + along * far * way + sag, rng.uniform(0.7, 1.0))
    rings = round(2 + 2.4 * severity)
    for r in np.linspace(0.16, 0.92, rings):
        for a in range(spokes - 1):
            if rng.random() < 0.22:
                continue
            start, end = hub + ways[a] * reach[a] * r, hub + ways[a + 1] * reach[a + 1] * r
            along = np.linspace(0, 1, 12)[:, None]
            bow = (hub - (start + end) / 2) * 0.05 * np.sin(np.pi * along)
            draw(start + along * (end - start) + bow, rng.uniform(0.4, 0.8))
    soft = cv2.GaussianBlur(opaque, (0, 0), 1.7 * unit) * 0.8 + cv2.GaussianBlur(opaque, (0, 0), 6 * unit) * 1.0
    return np.clip(np.round(255 * min(1.0, 0.46 + 0.07 * severity) * soft), 0, 225).astype(np.uint8)


@njit(cache=True, nogil=True, error_model="numpy")
def _cover(image: Any, alpha: Any, top: int, left: int, colour: Any) -> None:
    """Blend a colour over a picture; picture, opacity and colour have three columns a pixel."""
    for y in range(image.shape[0]):
        seen, share = image[y], alpha[y + top, left:]
        for x in range(seen.shape[0]):
            value = np.int32(seen[x])
            seen[x] = np.uint8(value + ((colour[x] - value) * np.int32(share[x]) + 128 >> 8))


class Drops:
    """Water drops on the lens: each shows the scene small, upside down and blurred, until it runs off.

    Args:
        count: Drops at a time.
        width_px: Of the picture.
        height_px: Of the picture.
        rng: Draws where they hit, how large they are and how long they stay.
    """

    def __init__(self, count: int, width_px: int, height_px: int, rng: np.random.Generator) -> None:
        self._shape = (height_px, width_px)
        self._stays_s = rng.uniform(7, 28, count)
        self._since_s = rng.uniform(0, 28, count)
        unit = width_px / 1280
        parts: list[tuple[NDArray[Any], ...]] = []
        starts = [0]
        for _ in range(count):
            radius = unit * float(np.clip(rng.lognormal(np.log(17), 0.5), 7, 62))
            for _ in range(_PLACES):
                made = _drop(rng, radius, self._shape)
                parts.append(made)
                starts.append(starts[-1] + len(made[0]))
        self._pixel, self._source, self._weight, self._gain = (np.concatenate(p) for p in zip(*parts, strict=True))
        self._start = np.array(starts, np.int64)

    def refract(self, image: Image, time_s: float) -> None:
        """Lay the drops of a time over a picture, shape (h, w, 3), in place."""
        h, w = self._shape
        small = cv2.resize(image, (max(1, w // _COARSE), max(1, h // _COARSE)), interpolation=cv2.INTER_NEAREST)
        small = np.ascontiguousarray(cv2.blur(cv2.blur(small, (7, 7)), (7, 7)))
        place = ((time_s + self._since_s) // self._stays_s).astype(np.int64) % _PLACES
        which = np.arange(len(place)) * _PLACES + place
        _refract(
            image.reshape(h * w, 3), small.reshape(-1, 3), self._pixel, self._source, self._weight, self._gain,
            self._start[which], self._start[which + 1],
        )  # fmt: skip


def _drop(rng: np.random.Generator, radius: float, shape: tuple[int, int]) -> tuple[NDArray[Any], ...]:
    """Pixels of a drop, the pixel of the small picture that each shows, its opacity and its brightness."""
    h, w = shape
    cx, cy = rng.uniform(0, w), rng.uniform(0, h)
    wide, tall = radius * rng.uniform(0.85, 1.1), radius * rng.uniform(0.95, 1.4)
    turn = rng.normal(0, 0.25)
    lumps = rng.normal(0, 0.06, 3)
    soft = 0.42 + 5.0 / radius
    x1, x2 = max(0, int(cx - 1.6 * radius)), min(w, int(cx + 1.6 * radius) + 2)
    y1, y2 = max(0, int(cy - 1.9 * radius)), min(h, int(cy + 1.9 * radius) + 2)
    y, x = np.mgrid[y1:y2, x1:x2].astype(np.float32)
    a = ((x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)) / wide
    b = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / tall
    angle = np.arctan2(b, a)
    edge = 1 + sum(k * np.cos((n + 2) * angle) for n, k in enumerate(lumps))
    far = np.hypot(a, b) / edge
    weight = np.clip((1 + soft / 2 - far) / soft, 0, 1)
    inside = weight > 0.01
    strength = 0.42 * w * far**1.4  # the rim sees the whole scene
    away = np.maximum(np.hypot(x - cx, y - cy), 1e-6)
    sx = np.clip((cx - (x - cx) / away * strength) / _COARSE, 0, w // _COARSE - 1).astype(np.int32)
    sy = np.clip((cy - (y - cy) / away * strength * 0.8) / _COARSE, 0, h // _COARSE - 1).astype(np.int32)
    rim = np.clip((far - 0.62) / 0.4, 0, 1) ** 2
    gain = 1.04 - 0.30 * rim * (0.6 - 0.4 * np.clip(b, -1, 1)) + 0.10 * np.clip(b, 0, 1) * (1 - rim)
    dense = 0.9 * weight * weight * (3 - 2 * weight)
    return (
        (y * w + x).astype(np.int64)[inside],
        (sy * max(1, w // _COARSE) + sx).astype(np.int64)[inside],
        np.round(255 * dense[inside]).astype(np.uint8),
        np.round(128 * gain[inside]).astype(np.uint8),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _refract(image: Any, small: Any, pixel: Any, source: Any, weight: Any, gain: Any, start: Any, end: Any) -> None:
    for d in range(start.shape[0]):
        for p in range(start[d], end[d]):
            share = np.int32(weight[p])
            for k in range(3):
                value = np.int32(image[pixel[p], k])
                shown = min(np.int32(255), np.int32(small[source[p], k]) * np.int32(gain[p]) >> 7)
                image[pixel[p], k] = np.uint8(value + ((shown - value) * share + 128 >> 8))
