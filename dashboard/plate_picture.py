"""The empty scene out of footage, and what its pixels say about the camera: noise and sharpness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.sources.contract import Source
from scenarios.errors import SourceError
from scenarios.frame import Frame, Image

__all__ = ["Sample", "Sharpness", "empty_scene", "noise_of", "sample_source", "sharpness_of"]

_PICTURES: Final = 64
_LEAST: Final = 8
_MOST_BYTES: Final = 400_000_000
_APART: Final = 26
_NEEDED: Final = 5
_BLOCK_PX: Final = 32
_REBLUR_PX: Final = 1.0
_STEP: Final = 8.0
_FEWEST_EDGES: Final = 200
_DRAWN_PX: Final = 0.77
_SHARPENED_PX: Final = (0.77, 0.73, 0.71, 0.66, 0.62)
_AMOUNTS: Final = (0.0, 0.25, 0.5, 1.0, 1.5)
"""Edge spread of drawn rectangles, each pixel the mean over its area, after an unsharp mask of these amounts."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Pictures taken evenly out of footage.

    Attributes:
        pictures: Shape (n, h, w, 3), BGR.
        pairs: Pictures that follow each other at once, shape (m, 2, h, w, 3).
        seconds: Length of the footage that was read.
        fps: Pictures a second.
    """

    pictures: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    seconds: float
    fps: float


def sample_source(source: Source) -> Sample:
    """Take pictures evenly out of a source that ends, in one pass and with bounded memory.

    Raises:
        SourceError: It never ends, or has fewer than eight pictures.
    """
    if source.live:
        raise SourceError("a plate is made from footage that ends: a video file or a folder of pictures")
    width, height = source.size_px
    room = max(_LEAST, min(_PICTURES, _MOST_BYTES // (width * height * 3)))
    kept: list[Image] = []
    after: list[Image | None] = []
    stride, index, last_s, wants = 1, 0, 0.0, False
    for frame in source:
        if not isinstance(frame, Frame):
            continue
        if wants:
            after[-1] = frame.image
            wants = False
        if index % stride == 0:
            kept.append(frame.image)
            after.append(None)
            wants = len(kept) % 5 == 1
            if len(kept) == 2 * room:  # thin out: every second one is enough after all
                kept, after, stride = kept[::2], after[::2], 2 * stride
                wants = False
        index, last_s = index + 1, frame.time_s
    if len(kept) < _LEAST:
        raise SourceError(f"a plate needs {_LEAST} pictures or more, and this footage has {len(kept)}")
    pairs = [(a, b) for a, b in zip(kept, after, strict=True) if b is not None]
    keep = np.unique(np.linspace(0, len(kept) - 1, min(room, len(kept))).round().astype(int))
    return Sample(
        np.stack([kept[i] for i in keep]),
        np.array(pairs, np.uint8).reshape(-1, 2, height, width, 3),
        last_s,
        source.fps,
    )


def empty_scene(pictures: NDArray[np.uint8]) -> Image:
    """Return the scene without those who pass: the median over time, taken again without what stood out.

    The second median counts at each pixel only the pictures in which it looks like the first; so people who linger
    for less than half of the time leave no ghosts.

    Args:
        pictures: Shape (n, h, w, 3).
    """
    out = np.empty(pictures.shape[1:], np.uint8)
    for top in range(0, len(out), 64):
        rows = pictures[:, top : top + 64]
        first = np.median(rows, axis=0)
        off = (np.abs(rows - first).max(axis=3, keepdims=True) > _APART).astype(np.uint8)
        wide = np.stack([cv2.dilate(mask, np.ones((5, 5), np.uint8)) for mask in off])[..., None] > 0
        count = (~wide).sum(axis=0)
        ordered = np.sort(np.where(wide, 255, rows), axis=0)
        middle = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
        out[top : top + 64] = np.where(count >= _NEEDED, middle, np.round(first))
    return out


def noise_of(pairs: NDArray[np.uint8]) -> float:
    """Return the standard deviation of the temporal noise, in grey levels.

    Half the mean square difference of consecutive pictures, over blocks; the median block, so that what moves does
    not count.

    Args:
        pairs: Shape (m, 2, h, w, 3).
    """
    if not len(pairs):
        return 0.0
    grey = pairs.astype(np.float32).mean(axis=4)
    square = (grey[:, 1] - grey[:, 0]) ** 2 / 2
    m, h, w = square.shape
    blocks = square[:, : h - h % _BLOCK_PX, : w - w % _BLOCK_PX]
    blocks = blocks.reshape(m, h // _BLOCK_PX, _BLOCK_PX, w // _BLOCK_PX, _BLOCK_PX)
    return float(np.sqrt(np.median(blocks.mean(axis=(2, 4)))))


@dataclass(frozen=True, slots=True)
class Sharpness:
    """What makes an edge that is drawn in whole pixels as sharp as this camera's.

    Attributes:
        blur_px: Standard deviation of a Gaussian blur; 0 where the camera sharpens.
        sharpen: Amount of an unsharp mask of 1 px; 0 where it does not.
    """

    blur_px: float
    sharpen: float


def sharpness_of(pictures: NDArray[np.uint8], where: NDArray[np.bool_]) -> Sharpness:
    """Return how sharp a camera shows the outlines of people, against figures that are drawn in whole pixels.

    Each strong edge is blurred once more by a known amount; the ratio of its gradients before and after says how
    blurred it was. The median edge counts: outlines of real people move, fold and are compressed, and figures should
    be neither sharper nor softer than they.

    Reference:
        Zhuo, S. and Sim, T. (2011). Defocus map estimation from a single image. Pattern Recognition 44(9),
        1852-1858, equations 5 to 7. DOI 10.1016/j.patcog.2011.03.009.

    Args:
        pictures: Shape (n, h, w, 3).
        where: Which edges to take, shape (n, h, w).
    """
    spreads = [_edge_spreads(p, at) for p, at in zip(pictures, where, strict=True) if at.any()]
    every = np.concatenate(spreads) if spreads else np.empty(0)
    if len(every) < _FEWEST_EDGES:
        return Sharpness(0.5, 0.0)
    spread = float(np.median(every))
    if spread >= _DRAWN_PX:
        return Sharpness(round(float(min(np.sqrt(spread**2 - _DRAWN_PX**2), 6.0)), 2), 0.0)
    return Sharpness(0.0, round(float(np.interp(spread, _SHARPENED_PX[::-1], _AMOUNTS[::-1])), 2))


def _edge_spreads(picture: Image, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Standard deviations of the edges there, in pixels, that of the gradient's filter included."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    again = np.asarray(cv2.GaussianBlur(grey, (0, 0), _REBLUR_PX), np.float32)
    steep = _gradient(grey)
    edge = (steep >= cv2.dilate(steep, np.ones((3, 3), np.uint8))) & (steep > _STEP) & where
    ratio = steep[edge] / np.maximum(_gradient(again)[edge], 1e-6)
    return np.asarray(_REBLUR_PX / np.sqrt(np.maximum(ratio.astype(float) ** 2 - 1, 1e-3)))


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3) / 8
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3) / 8
    return np.asarray(np.hypot(dx, dy), np.float32)
