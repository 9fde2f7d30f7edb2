"""A tile of turbulence noise that repeats without a seam, for what billows and flickers."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["TILE", "flicker", "tile_at", "turbulence"]

TILE: Final = 256
"""Side of the tile in samples."""
_OCTAVES: Final = (4, 8, 16, 32, 64)
"""Lattice cells along a side, octave by octave, each half as strong as the one before (Perlin 1985,
DOI 10.1145/325165.325247)."""


@cache
def turbulence(seed: int) -> NDArray[np.float32]:
    """Return the tile, shape (256, 256), values spread evenly over 0 to 1."""
    rng = np.random.default_rng((0xF14E, seed))
    at = np.arange(TILE) / TILE
    total = np.zeros((TILE, TILE))
    for octave, cells in enumerate(_OCTAVES):
        angle = rng.uniform(0, 2 * np.pi, (cells, cells))
        cell, part = np.divmod(at * cells, 1.0)
        low = cell.astype(int)
        ease = part**3 * (part * (6 * part - 15) + 10)
        corners = []
        for j in (0, 1):
            for i in (0, 1):
                turn = angle[np.ix_((low + j) % cells, (low + i) % cells)]
                corners.append(np.cos(turn) * (part[None, :] - i) + np.sin(turn) * (part[:, None] - j))
        across, down = ease[None, :], ease[:, None]
        above = corners[0] * (1 - across) + corners[1] * across
        below = corners[2] * (1 - across) + corners[3] * across
        total += (above * (1 - down) + below * down) / 2**octave
    rank = np.empty(total.size)
    rank[np.argsort(total, axis=None, kind="stable")] = np.linspace(0, 1, total.size)
    return rank.reshape(total.shape).astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def tile_at(tile: Any, x: float, y: float) -> Any:
    """Return the tile's value at a place, blended; it repeats with period 1 along both axes."""
    fx, fy = (x - np.floor(x)) * TILE, (y - np.floor(y)) * TILE
    i, j = int(fx), int(fy)
    tx, ty = fx - i, fy - j
    i, j = i % TILE, j % TILE
    i1, j1 = (i + 1) % TILE, (j + 1) % TILE
    return (tile[j, i] * (1 - tx) + tile[j, i1] * tx) * (1 - ty) + (tile[j1, i] * (1 - tx) + tile[j1, i1] * tx) * ty


def flicker(tile: NDArray[np.float32], time_s: float, phase: float) -> float:
    """Return how bright a flame is at an instant against its mean: about 0.7 to 1.3, several times a second."""
    slow, quick = (float(tile_at(tile, time_s * rate, phase)) for rate in (0.061, 0.23))
    return 1.0 + 0.36 * (slow - 0.5) + 0.24 * (quick - 0.5)
