"""Crops of stills of crowds, of any scale and colour, with the heads in each cell."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.errors import DetectorError
from sim.stills import PLATES

__all__ = ["CELL_PX", "HeadStills", "cells_of"]

CELL_PX: Final = 8
_SMALLEST_PX: Final = 18.0
"""Whoever is lower than this in the crop is not asked for."""
_TALL_PX: Final = (36.0, 190.0)
"""People in the middle of what a crop shows are so high: who counts later enlarges or reduces pictures to that."""
_SCALES: Final = (0.4, 2.2)
_EMPTY_SHARE: Final = 0.08
"""Of the crops show a photograph without people, where there are any."""


def cells_of(points_px: NDArray[np.float64], width: int, height: int) -> NDArray[np.float32]:
    """Count points in cells, shape (height / 8, width / 8)."""
    counts = np.zeros((height // CELL_PX, width // CELL_PX), np.float32)
    at = np.floor(points_px / CELL_PX).astype(int)
    inside = ((at >= 0) & (at < counts.shape[::-1])).all(axis=1)
    np.add.at(counts, (at[inside, 1], at[inside, 0]), 1.0)
    return counts


class HeadStills:
    """The stills of a folder and the people in them.

    Attributes:
        pictures: Their files.
        heads: Of each: x, y, seen share and height in pixels, shape (n, 4).
        empty: Photographs without people, cut to the size of stills.
    """

    def __init__(self, folder: Path, *, min_visibility: float) -> None:
        """Find them.

        Args:
            folder: Of ``sim.head_stills.film_heads``.
            min_visibility: Who is seen less than this does not count.

        Raises:
            DetectorError: There are none.
        """
        self.pictures = sorted((folder / "images").glob("*.jpg"))
        if not self.pictures:
            raise DetectorError(
                f"{folder}: holds no stills of crowds; make them with `parvis train-heads --stills-only`"
            )
        self.empty = sorted((folder / PLATES).glob("*.png"))
        self.heads = []
        for path in self.pictures:
            said = (folder / "heads" / f"{path.stem}.txt").read_text(encoding="utf-8")
            rows = np.array([line.split() for line in said.splitlines()], float).reshape(-1, 4)
            self.heads.append(rows[rows[:, 2] >= min_visibility])

    def __len__(self) -> int:
        return len(self.pictures)

    def crop(self, number: int, side: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return a random square of one still, RGB (side, side, 3), and the heads in its cells."""
        image = cv2.imread(str(self.pictures[number]))
        assert image is not None
        heads = self.heads[number]
        if self.empty and rng.random() < _EMPTY_SHARE:
            image = cv2.imread(str(self.empty[int(rng.integers(len(self.empty)))]))
            assert image is not None
            heads = heads[:0]
        scale = _scale(heads[:, 3], side / min(image.shape[:2]), rng)
        ways = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=ways)
        points, tall = heads[:, :2] * scale, heads[:, 3] * scale
        high, wide = image.shape[:2]
        x = int(rng.integers(min(0, wide - side), max(0, wide - side) + 1))
        y = int(rng.integers(min(0, high - side), max(0, high - side) + 1))
        crop = np.full((side, side, 3), rng.integers(0, 256, 3), np.uint8)
        into = crop[max(0, -y) : high - y, max(0, -x) : wide - x]
        into[:] = image[max(0, y) : y + side, max(0, x) : x + side]
        inside = ((points >= 0) & (points < (wide, high))).all(axis=1) & (tall >= _SMALLEST_PX)
        points = points[inside] - (x, y)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
            points = np.c_[side - 1e-3 - points[:, 0], points[:, 1]]
        return _recolour(np.ascontiguousarray(crop[..., ::-1]), rng), cells_of(points, side, side)

    def digest(self) -> str:
        """Return one SHA-256 over the heads of all stills, names included."""
        told = hashlib.sha256()
        for path, heads in zip(self.pictures, self.heads, strict=True):
            told.update(path.stem.encode() + b"\0" + heads.tobytes())
        return told.hexdigest()

    def whole(self, number: int, multiple: int = 32) -> tuple[NDArray[np.uint8], float]:
        """Return a still, RGB, padded with grey to a multiple, and how many heads there are in it."""
        image = cv2.imread(str(self.pictures[number]))
        assert image is not None
        high, wide = image.shape[:2]
        image = cv2.copyMakeBorder(
            image, 0, -high % multiple, 0, -wide % multiple, cv2.BORDER_CONSTANT, value=(115,) * 3
        )
        return np.ascontiguousarray(image[..., ::-1]), float((self.heads[number][:, 3] >= _SMALLEST_PX).sum())


def _scale(tall_px: NDArray[np.float64], least: float, rng: np.random.Generator) -> float:
    """Draw by what a still is enlarged; ``least`` is where its shorter side fills the crop."""
    drawn = float(np.exp(rng.uniform(math.log(_TALL_PX[0]), math.log(_TALL_PX[1]))))
    middle = float(np.median(tall_px)) if len(tall_px) else float(np.exp(rng.uniform(*np.log((30.0, 280.0)))))
    return max(float(np.clip(drawn / middle, *_SCALES)), least * rng.uniform(0.6, 1.0))


def _recolour(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Another exposure, white balance and contrast; at times grey, blurred or noisy."""
    light = np.arange(256) / 255
    gamma, contrast = math.exp(rng.normal(0, 0.3)), math.exp(rng.normal(0, 0.2))
    gains = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.07, 3))
    tables = [np.clip((light**gamma * gain - 0.45) * contrast + 0.45, 0, 1) * 255 for gain in gains]
    lit: NDArray[Any] = cv2.LUT(image, np.stack(tables, axis=-1).astype(np.uint8)[None])
    if rng.random() < 0.12:
        lit = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.3:  # a camera with fewer pixels than its pictures have
        side, fewer = lit.shape[0], max(16, int(lit.shape[0] * rng.uniform(0.4, 0.9)))
        lit = cv2.resize(cv2.resize(lit, (fewer, fewer), interpolation=cv2.INTER_AREA), (side, side))
    if rng.random() < 0.25:
        lit = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.3, 1.4))
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(1, 9), lit.shape)
        lit = np.clip(lit + noise, 0, 255).astype(np.uint8)
    return lit
