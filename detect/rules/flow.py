"""What moves in the pictures themselves, in metres a second: optical flow, by blocks smaller than a body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.rules.floor import Floor
from scenarios.frame import Frame

__all__ = ["Flow", "Moving"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WIDTH_PX: Final = 480
_BLOCK_PX: Final = 6
_APART_S: Final = (0.08, 0.25)
"""Two pictures are compared that are so far apart; over more, people who run are lost."""
_CHANGED: Final = 8.0
"""Grey levels by which a pixel changes where something with structure moves."""
_AGREES: Final = (0.3, 0.3)
"""Flow there and back may miss by so many pixels and by this share of the way."""
_BODY_SHARE: Final = 0.15
"""Pixels of a moving body that change, over the square of its height; a body is about 0.15, its shadow moves too."""
_LEAST_BODY_PX: Final = 10.0
_LEAST_BLOCK: Final = 0.15
_FASTEST_MPS: Final = 9.0
"""What is faster is no person who runs."""
_TILES: Final = 4
_CAMERA_PX: Final = 0.5
_CAMERA_SHARE: Final = 0.75
_CAMERA_ORDER: Final = 0.8
"""Where so many of the picture's tiles go one way, it is the camera that moves."""
_MOST_ROWS: Final = 32_000
"""OpenCV's limit for a table of positions."""
_NO_MAP: Final = np.empty((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """Blocks of a picture in which something moves.

    Attributes:
        place: Where that stands, shape (n, 2), metres.
        velocity: Shape (n, 2), metres a second.
        bodies: How much of a body each block shows, shape (n,).
        box_px: The blocks, shape (n, 4).
    """

    place: Floats
    velocity: Floats
    bodies: Floats
    box_px: Floats

    def only(self, keep: Bools) -> Moving:
        """Return some of them."""
        return Moving(self.place[keep], self.velocity[keep], self.bodies[keep], self.box_px[keep])

    @classmethod
    def nothing(cls) -> Moving:
        """Return no motion."""
        return cls(np.empty((0, 2)), np.empty((0, 2)), np.empty(0), np.empty((0, 4)))


@dataclass(frozen=True, slots=True, eq=False)
class _Lattice:
    """Of every block, in rows: its box, place, metres a pixel in x and y, and pixels of a body."""

    rows: int
    columns: int
    box_px: Floats
    place: Floats
    metres: Floats
    body_px: Floats


class Flow:
    """Compares pictures a tenth of a second apart by dense inverse search.

    Kroeger, Timofte, Dai, Van Gool (2016), DOI 10.1007/978-3-319-46493-0_29. A person's box trembles and is lost in a
    crowd that runs; the pixels of the body move as the body does. Motion away from the camera is shortened in the
    picture: how much the floor's geometry says, up to a limit, so that what is stated is rather too slow than too fast.
    """

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._before: NDArray[np.uint8] | None = None
        self._before_s = -np.inf
        self._lattice: _Lattice | None = None
        self._made_for: tuple[int, int, int] | None = None

    def update(self, frame: Frame, floor: Floor) -> Moving | None:
        """Take the next picture.

        Returns:
            What moves; None where this picture does not tell, because it comes too soon after the last that was
            looked at, or too late, has no structure, or the camera moves.
        """
        apart = frame.time_s - self._before_s
        if apart < _APART_S[0]:
            return None
        height, width = frame.image.shape[:2]
        scale = min(1.0, _WIDTH_PX / width)
        gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
        if scale < 1:
            gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        before, self._before, self._before_s = self._before, gray, frame.time_s
        if before is None or before.shape != gray.shape or apart > _APART_S[1] or gray.std() < 1.0:
            return None
        made_for = (floor.version, width, height)
        if made_for != self._made_for:
            turned = self._made_for is not None and floor.calibrated
            self._made_for, self._lattice = made_for, None
            if turned:  # the camera has turned between the two pictures
                return None
        if self._lattice is None:
            self._lattice = _lattice(floor, gray.shape[1], gray.shape[0], scale)
        return self._compare(before, gray, apart, scale)

    def _compare(
        self, before: NDArray[np.uint8], now: NDArray[np.uint8], apart_s: float, scale: float
    ) -> Moving | None:
        assert self._lattice is not None
        changed = cv2.absdiff(now, before) > _CHANGED
        if not changed.any():
            return Moving.nothing()
        there = self._flow(before, now)
        if _camera_moves(there):
            return None
        y, x = np.nonzero(changed)
        way = there[y, x]
        off = way + _at(self._flow(now, before), np.c_[x, y] + way)
        good = np.linalg.norm(off, axis=1) < _AGREES[0] + _AGREES[1] * np.linalg.norm(way, axis=1)
        lattice = self._lattice
        count, *sums = _blocks(x[good], y[good], (None, way[good, 0], way[good, 1]), lattice)
        mean = np.stack(sums, axis=1) / np.maximum(count, 1.0)[:, None]
        velocity = np.einsum("nij,nj->ni", lattice.metres, mean) / (scale * apart_s)
        speed = np.linalg.norm(velocity, axis=1)
        keep = np.isfinite(speed) & (speed < _FASTEST_MPS) & (count >= _LEAST_BLOCK * _BLOCK_PX**2)
        return Moving(lattice.place[keep], velocity[keep], (count / lattice.body_px)[keep], lattice.box_px[keep])

    def _flow(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
        nothing = np.zeros((*first.shape, 2), np.float32)  # it is written to
        return np.asarray(self._dis.calc(first, second, nothing), np.float32)


def _camera_moves(there: NDArray[np.float32]) -> bool:
    """Whether nearly all of the picture goes one way, not only where people are."""
    high, wide = there.shape[0] // _TILES, there.shape[1] // _TILES
    part = there[: high * _TILES : 4, : wide * _TILES : 4]
    rows = [np.array_split(row, _TILES, axis=1) for row in np.array_split(part, _TILES)]
    tiles = np.array([np.median(tile, axis=(0, 1)) for row in rows for tile in row])
    goes = np.linalg.norm(tiles, axis=1)
    moved = goes > _CAMERA_PX
    if moved.mean() < _CAMERA_SHARE:
        return False
    return bool(np.linalg.norm((tiles[moved] / goes[moved, None]).mean(axis=0)) > _CAMERA_ORDER)


def _at(field: NDArray[np.float32], xy: Floats) -> NDArray[np.float32]:
    """Read a field of shape (height, width, 2) between its pixels, at positions of shape (n, 2)."""
    found = np.empty((len(xy), 2), np.float32)
    for first in range(0, len(xy), _MOST_ROWS):
        part = xy[first : first + _MOST_ROWS].astype(np.float32)[:, None]
        found[first : first + _MOST_ROWS] = cv2.remap(field, part, _NO_MAP, cv2.INTER_LINEAR)[:, 0]
    return found


def _blocks(
    x: NDArray[np.intp], y: NDArray[np.intp], values: Sequence[NDArray[np.float32] | None], lattice: _Lattice
) -> list[Floats]:
    """Sum the values of the pixels in each block, shape (rows * columns,); None: count them."""
    column, row = x // _BLOCK_PX, y // _BLOCK_PX
    inside = (column < lattice.columns) & (row < lattice.rows)
    block, size = (row * lattice.columns + column)[inside], lattice.rows * lattice.columns
    return [
        np.bincount(block, None if value is None else value[inside], minlength=size).astype(float) for value in values
    ]


def _lattice(floor: Floor, width: int, height: int, scale: float) -> _Lattice:
    rows, columns = height // _BLOCK_PX, width // _BLOCK_PX
    y, x = (v.ravel() for v in np.mgrid[0:rows, 0:columns].astype(float))
    corner = np.stack((x, y), axis=1) * _BLOCK_PX / scale
    step = _BLOCK_PX / scale
    place, metres, tall_px = floor.around(corner + step / 2)
    body = _BODY_SHARE * np.maximum(tall_px * scale, _LEAST_BODY_PX) ** 2
    seen = tall_px * scale >= _LEAST_BODY_PX / 2
    metres[~seen] = np.nan
    return _Lattice(rows, columns, np.c_[corner, corner + step], place, metres, body)
