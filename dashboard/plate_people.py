"""Those who pass in footage of a fixed camera: where they stand, how bright they are, which way their shadows fall.

Only sums over everybody are kept: what a scene needs to look right, nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.frame import Image

__all__ = ["Passers", "Shadows", "passers_in", "shadows_of", "stands_out"]

_STANDS_OUT: Final = 26
_BODY_M: Final = (1.2, 2.2)
_SLIMMEST, _WIDEST = 1.3, 5.5
_LEAST_PX: Final = 18
_SHADE: Final = (0.35, 0.93)
_SAME_TINT: Final = 0.07
_LIT: Final = 40
_FAINT: Final = 10
"""Only of what is lit can a shadow be told, and only one that takes so many grey levels."""
_RING_M: Final = (0.45, 2.8)
_FEWEST: Final = 20
_AGREE: Final = 0.55
_MEAN_BODY_M: Final = 1.7


@dataclass(frozen=True, slots=True, eq=False)
class Passers:
    """Everybody who was seen whole and alone in the pictures.

    Attributes:
        feet_m: Shape (n, 2).
        per_picture: Mean number in a picture.
        tones: Grey levels of their pixels at percentiles 10, 50 and 90, shape (3,); nan where there are none.
        edges: For each picture, where their outlines are, shape (n, h, w).
    """

    feet_m: NDArray[np.float64]
    per_picture: float
    tones: NDArray[np.float64]
    edges: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shadows:
    """What the shadows of people say about the sun; all zero and not ``sure`` where they do not agree.

    Attributes:
        sure: Whether there are shadows, all in one direction.
        sun_azimuth_deg: Where the light comes from, clockwise from north.
        sun_elevation_deg: How high it stands.
        depth: Share of the light that they take.
        seen: Number of people that were looked at.
        agreement: Length of the mean unit vector of the directions, 0 to 1.
    """

    sure: bool
    sun_azimuth_deg: float
    sun_elevation_deg: float
    depth: float
    seen: int
    agreement: float


def passers_in(pictures: NDArray[np.uint8], plate: Image, camera: Camera) -> Passers:
    """Find who is seen whole and alone: blobs that differ from the plate and are as high as people are there.

    Args:
        pictures: Shape (n, h, w, 3).
        plate: The empty scene.
        camera: Calibrated.
    """
    feet, tones = [], []
    edges = np.zeros(pictures.shape[:3], bool)
    for number, picture in enumerate(pictures):
        out, _ = stands_out(picture, plate)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        labels, boxes, found = _upright(out, camera)
        for label, foot in found:
            feet.append(foot)
            x, y, w, h = boxes[label, :4]
            mine = (labels[y : y + h, x : x + w] == label).astype(np.uint8)
            core = cv2.erode(mine, np.ones((3, 3), np.uint8)) > 0
            tones.append(grey[y : y + h, x : x + w][core])
            edges[number, y : y + h, x : x + w] |= (mine > 0) & ~core
    levels = np.concatenate(tones) if tones else np.empty(0)
    return Passers(
        np.array(feet, float).reshape(-1, 2),
        len(feet) / max(len(pictures), 1),
        np.percentile(levels, (10, 50, 90)) if len(levels) else np.full(3, np.nan),
        edges,
    )


def shadows_of(pictures: NDArray[np.uint8], plate: Image, camera: Camera) -> Shadows:
    """Return what the shadows say about the sun.

    A shadow is ground near somebody's feet that is darker than in the plate by about the same factor in all three
    colours (after Horprasert et al. 1999, brightness distortion without colour distortion). Each person votes for the
    direction in which most of it lies; the votes of an overcast day, or of noise, cancel. The columns above the feet
    do not count: the body is there, and its dim edges would look like a shadow that falls away from the camera.
    """
    grid = np.stack(np.meshgrid(np.arange(camera.width_px), np.arange(camera.height_px)), axis=-1).reshape(-1, 2)
    ground = camera.to_ground(grid).reshape(camera.height_px, camera.width_px, 2)
    votes, reaches, ratios = [], [], []
    for picture in pictures:
        out, shade = stands_out(picture, plate)
        ratio = picture.astype(np.float32).mean(axis=2) / np.maximum(plate.astype(np.float32).mean(axis=2), 8)
        _, boxes, found = _upright(out, camera)
        for label, foot in found:
            x, y, w, h = (int(v) for v in boxes[label, :4])
            part = (slice(max(0, y - h // 2), y + 2 * h), slice(max(0, x - 2 * h), x + w + 2 * h))
            offset = ground[part] - foot
            away = np.hypot(offset[..., 0], offset[..., 1])
            near = shade[part] & (away > _RING_M[0]) & (away < _RING_M[1])
            begin = max(0, x - 2 * h)
            near[: y + h - 1 - part[0].start, max(0, x - w // 2 - begin) : x + w + w // 2 - begin] = False
            if near.sum() < 12:
                continue
            units = offset[near] / away[near][:, None]
            mean = units.mean(axis=0)
            if np.hypot(*mean) < 0.5:
                continue
            votes.append(mean / np.hypot(*mean))
            along = units @ votes[-1] > 0.9
            reaches.append(float(np.percentile(away[near][along], 90)) if along.any() else 0.0)
            ratios.append(float(np.median(ratio[part][near])))
    if len(votes) < _FEWEST:
        return Shadows(False, 0.0, 0.0, 0.0, len(votes), 0.0)
    mean = np.mean(votes, axis=0)
    agreement = float(np.hypot(*mean))
    if agreement < _AGREE:
        return Shadows(False, 0.0, 0.0, 0.0, len(votes), agreement)
    azimuth = float(np.degrees(np.arctan2(-mean[0], -mean[1])) % 360)
    elevation = float(np.clip(np.degrees(np.arctan2(_MEAN_BODY_M, np.median(reaches))), 10, 80))
    return Shadows(True, azimuth, elevation, float(np.clip(1 - np.median(ratios), 0.05, 0.9)), len(votes), agreement)


def stands_out(picture: Image, plate: Image) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what differs from the plate and is no shadow, and what is only darker in the same tint."""
    differs, shade = np.empty(picture.shape[:2], np.uint8), np.empty(picture.shape[:2], np.bool_)
    _compare(picture, plate, differs, shade)
    solid = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))
    return solid > 0, shade & (solid == 0)


@njit(cache=True, nogil=True, error_model="numpy")
def _compare(picture: Any, plate: Any, differs: Any, shade: Any) -> None:
    """Write 1 where a pixel differs and is no shadow, and where it is one."""
    ratio = np.empty(3, np.float32)
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            most, least, total = np.float32(0.0), np.float32(255.0), np.float32(0.0)
            for k in range(3):
                now, before = np.float32(picture[y, x, k]), max(np.float32(plate[y, x, k]), np.float32(1.0))
                most, least = max(most, abs(now - before)), min(least, before)
                ratio[k] = now / before
                total += ratio[k]
            mean = total / np.float32(3.0)
            tint = max(abs(ratio[0] - mean), abs(ratio[1] - mean), abs(ratio[2] - mean))
            dark = _SHADE[0] < mean < _SHADE[1] and least > _LIT and tint < _SAME_TINT and most > _FAINT
            shade[y, x] = dark
            differs[y, x] = most > _STANDS_OUT and not dark


def _upright(
    out: NDArray[np.bool_], camera: Camera
) -> tuple[NDArray[np.int32], NDArray[np.int32], list[tuple[int, NDArray[np.float64]]]]:
    """Return labels, boxes (x, y, w, h, area) and, of the blobs that are as high as a person, label and feet."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(out.astype(np.uint8), connectivity=8)
    high, wide = out.shape
    found = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in boxes[label])
        whole = x > 1 and y > 1 and x + w < wide - 1 and y + h < high - 1
        if not whole or h < _LEAST_PX or not _SLIMMEST <= h / w <= _WIDEST or area < 0.3 * w * h:
            continue
        foot = camera.to_ground(np.array([(x + (w - 1) / 2, y + h - 1)]))[0]
        if np.isnan(foot).any():
            continue
        low, tall = (float(camera.upright_box_px(foot, m)[0, 1]) for m in _BODY_M)
        if tall <= y <= low:
            found.append((label, foot))
    return np.asarray(labels, np.int32), np.asarray(boxes, np.int32), found
