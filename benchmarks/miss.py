"""Pictures of what went wrong: people who were missed, and boxes around nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.finding import SIZES_PX, Look, match
from benchmarks.footage import Footage
from scenarios.frame import Image

__all__ = ["save_misses"]

_TILE_PX: Final = (96, 160)
_ACROSS: Final = 12
_MOST: Final = 60


def save_misses(
    films: Sequence[Footage],
    looks: Sequence[Sequence[Look]],
    folder: Path,
    *,
    threshold: float,
    iou: float,
    stride: int,
) -> None:
    """Write a sheet of crops of the missed people of each size, of some that were found, and of false boxes.

    Args:
        films: The films of one side.
        looks: What was seen of each.
        folder: Where to.
        threshold: Boxes at or under it do not count.
        iou: Least overlap.
        stride: Every how many pictures were watched.
    """
    crops: dict[str, list[Image]] = {}
    for footage, seen in zip(films, looks, strict=True):
        for (frame, _), look in zip(footage.pictures(stride), seen, strict=True):
            order = np.flatnonzero(look.score > threshold)
            order = order[np.argsort(-look.score[order], kind="stable")]
            found, wrong = match(look, order, iou)
            for row in np.flatnonzero(look.people.clear):
                box = look.people.box_px[row]
                size = next((s for s in SIZES_PX if s[0] <= box[3] - box[1] < s[1]), None)
                if size is not None:
                    kind = f"{'found' if found[row] else 'missed'}_{size[0]}_{size[1]}"
                    crops.setdefault(kind, []).append(_crop(frame.image, box))
            crops.setdefault("false", []).extend(_crop(frame.image, look.box_px[k]) for k in wrong)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, tiles in crops.items():
        cv2.imwrite(str(folder / f"{kind}.png"), _sheet(tiles))


def _crop(image: Image, box: NDArray[np.float64]) -> Image:
    """The box with a half of its height around it, drawn in."""
    tall = box[3] - box[1]
    middle = (box[:2] + box[2:]) / 2
    half = np.array((_TILE_PX[0] / _TILE_PX[1], 1.0)) * tall * 0.75
    x1, y1 = np.floor(middle - half).astype(int)
    x2, y2 = np.ceil(middle + half).astype(int)
    pad = max(0, -x1, -y1, x2 - image.shape[1], y2 - image.shape[0])
    padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(padded[y1 + pad : y2 + pad, x1 + pad : x2 + pad], _TILE_PX), np.uint8)


def _sheet(tiles: Sequence[Image]) -> Image:
    """At most so many, spread evenly over all."""
    chosen = [tiles[k] for k in np.unique(np.linspace(0, len(tiles) - 1, min(_MOST, len(tiles))).astype(int))]
    down = -(-len(chosen) // _ACROSS)
    sheet = np.zeros((down * _TILE_PX[1], _ACROSS * _TILE_PX[0], 3), np.uint8)
    for k, tile in enumerate(chosen):
        y, x = k // _ACROSS * _TILE_PX[1], k % _ACROSS * _TILE_PX[0]
        sheet[y : y + _TILE_PX[1], x : x + _TILE_PX[0]] = tile
    return sheet
