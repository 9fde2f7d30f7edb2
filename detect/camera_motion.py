"""How the picture moved because the camera did: from the poses of a calibrated camera, else from the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera

__all__ = ["Motion", "PictureMotion", "by_homography", "by_poses", "ground_homography", "move_boxes"]

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Places = NDArray[np.float32]
Motion = Callable[[Floats], Floats]
"""Where places of the picture before, pixels of shape (n, 2), are in this one; nan for what it cannot show."""

_WIDTH_PX: Final = 320
"""Motion is looked for in a picture reduced to this width."""
_GUESS_PX: Final = 160
"""Width for the first guess, a shift by phase correlation."""
_SAMPLES: Final = 96
"""Columns of the grid by which a picture that stands still is told cheaply."""
_CHANGED: Final = 12
"""Grey levels beyond the noise of a camera and its codec."""
_STILL_SHARE: Final = 0.1
"""So much of the grid may change, by people, in a picture that stands."""
_POINTS: Final = 200
_LEAST_POINTS: Final = 12
_LEAST_SHARE: Final = 0.5
"""Of the points that could be followed, so many must agree; else it may be a cut, or a crowd that fills the picture."""
_ENOUGH: Final = 0.8
"""Where so many agree, no other first guess is tried."""
_APART_PX: Final = 1.5
_STANDS_PX: Final = 0.25
"""A motion of all corners by less, in the reduced picture, is none."""
_GROWTH: Final = 2.0
"""No camera zooms faster than this from one picture to the next."""
_BESIDE_PX: Final = np.array((0.5, 0.0))
"""So far beside a foot growth is looked at."""
_LEVELS, _NEAR_LEVELS = 3, 1
_WINDOW_PX: Final = (15, 15)


def ground_homography(before: Camera, after: Camera) -> Floats | None:
    """Return where the ground went from one picture to the next, in pixels without the lens's distortion.

    For a camera that only turns or zooms this holds for everything it sees, else for what stands on the ground.

    Returns:
        Shape (3, 3), positive in depth for what both cameras see; None where the camera is in the ground.
    """
    one, two = (c.matrix @ np.c_[c.rotation[:, :2], c.translation_m] for c in (before, after))
    if abs(np.linalg.det(one)) < 1e-9 * abs(np.linalg.det(before.matrix)):
        return None
    motion = np.asarray(two @ np.linalg.inv(one), float)
    return np.asarray(motion / np.linalg.norm(motion), float)


def by_homography(motion: Floats) -> Motion:
    """Return the motion that a homography of the picture, shape (3, 3), makes."""

    def move(places_px: Floats) -> Floats:
        moved = np.c_[places_px, np.ones(len(places_px))] @ motion.T
        moved[moved[:, 2] <= 0] = np.nan
        return np.asarray(moved[:, :2] / moved[:, 2:], float)

    return move


def by_poses(before: Camera, after: Camera) -> Motion | None:
    """Return how the ground's pixels moved, with the lens's distortion; None where the camera is in the ground."""
    homography = ground_homography(before, after)
    if homography is None:
        return None
    ideal = by_homography(homography)
    if not (before.distortion.any() or after.distortion.any()):
        return ideal
    lens = replace(after, rotation=np.eye(3), translation_m=np.zeros(3))

    def move(places_px: Floats) -> Floats:
        straight = cv2.undistortPoints(
            np.asarray(places_px, float).reshape(-1, 1, 2), before.matrix, before.distortion, P=before.matrix
        )
        moved = ideal(np.asarray(straight, float).reshape(-1, 2))
        rays = (moved - after.matrix[:2, 2]) / (after.matrix[0, 0], after.matrix[1, 1])
        return lens.project(np.c_[rays, np.ones(len(rays))])[0]

    return move


def move_boxes(boxes_px: Floats, motion: Motion) -> Floats:
    """Move boxes with the picture: by their feet, and as large as the picture grows sideways there.

    Heads are not on the ground, so a motion of the ground must not be asked about them; how distances across the
    line of sight grow at the feet is how upright people grow.

    Args:
        boxes_px: Shape (n, 4): x1, y1, x2, y2.
        motion: From the picture before.

    Returns:
        Shape (n, 4); a box that would come from behind the camera, or grow more than twice, stays where it is.
    """
    boxes = np.asarray(boxes_px, float).reshape(-1, 4)
    if not len(boxes):
        return boxes
    foot = np.c_[(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]]
    left, place, right = motion(np.concatenate((foot - _BESIDE_PX, foot, foot + _BESIDE_PX))).reshape(3, -1, 2)
    growth = np.linalg.norm(right - left, axis=1) / (2 * _BESIDE_PX[0])
    well = np.isfinite(place).all(axis=1) & (growth > 1 / _GROWTH) & (growth < _GROWTH)
    width, height = (boxes[:, k + 2] - boxes[:, k] for k in (0, 1))
    half, tall = growth * width / 2, growth * height
    x, y = place.T
    return np.where(well[:, None], np.stack((x - half, y - tall, x + half, y), axis=1), boxes)


class PictureMotion:
    """Tells from the pictures alone how the camera moved.

    Corners outside the boxes are followed by optical flow from first guesses (on as between the pictures before, at
    rest, a shift by phase correlation), and what most of them agree on is taken: a homography, or a similarity where
    too few points are spread for one.

    References:
        Lucas, B. D. and Kanade, T. (1981). An iterative image registration technique. IJCAI, 674 to 679.
        Fischler, M. A. and Bolles, R. C. (1981). Random sample consensus. DOI 10.1145/358669.358692.
        Kuglin, C. D. and Hines, D. C. (1975). The phase correlation image alignment method. Proc. IEEE Cybernetics.
    """

    def __init__(self, mask: NDArray[np.uint8] | None = None) -> None:
        """Make one for one camera.

        Args:
            mask: 1 where texts are burnt in, which do not move with the picture; shape (height, width).
        """
        self._mask = mask
        self.reset()

    def reset(self) -> None:
        """Forget the picture before, because pictures were lost."""
        self._size: tuple[int, int] | None = None
        self._grid = np.empty((0, 0), np.int16)
        self._image: NDArray[np.uint8] | None = None
        self._grey: Grey | None = None
        self._boxes = np.empty((0, 4))
        self._last: Floats | None = None

    def step(self, image: NDArray[np.uint8], boxes_px: Floats) -> Floats | None:
        """Take in the next picture.

        Args:
            image: BGR, shape (height, width, 3).
            boxes_px: What was found in it, shape (n, 4): no corners are taken from there.

        Returns:
            Homography from the picture before to this one, shape (3, 3): exactly the identity if it stood still; None
            if it is not known: the first picture, a cut, nothing but people, a picture without corners.
        """
        size = (image.shape[1], image.shape[0])
        stride = max(1, size[0] // _SAMPLES)
        grid = image[stride // 2 :: stride, stride // 2 :: stride, 1].astype(np.int16)
        motion: Floats | None = None
        grey: Grey | None = None
        if self._size == size:
            changed = np.abs(grid - self._grid) > _CHANGED
            if np.count_nonzero(changed) < _STILL_SHARE * changed.size:
                motion, self._last = np.eye(3), None
            else:
                assert self._image is not None
                before = self._reduced(self._image) if self._grey is None else self._grey
                grey = self._reduced(image)
                motion = self._between(before, grey, size)
        self._size, self._grid, self._image, self._grey = size, grid, image, grey
        self._boxes = np.array(boxes_px, float).reshape(-1, 4)
        return motion

    def _reduced(self, image: NDArray[np.uint8]) -> Grey:
        scale = _WIDTH_PX / image.shape[1]
        size = (_WIDTH_PX, max(1, round(image.shape[0] * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)

    def _between(self, before: Grey, after: Grey, size: tuple[int, int]) -> Floats | None:
        """Find the homography of two reduced pictures, told in pixels of the whole ones."""
        scale = np.array((before.shape[1] / size[0], before.shape[0] / size[1]))
        corners = cv2.goodFeaturesToTrack(before, _POINTS, 0.01, 7, mask=self._open(before, scale))
        if corners is None or len(corners) < _LEAST_POINTS:
            return None
        points = np.asarray(corners, np.float32).reshape(-1, 1, 2)
        best, most = None, 0
        for guess, levels in self._guesses(before, after, points):
            small, agreed = _follow(before, after, points, guess, levels)
            if small is not None and agreed > most:
                best, most = small, agreed
            if most >= _ENOUGH * len(points):
                break
        self._last = best
        if best is None:
            return None
        height, width = before.shape
        rim = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
        if np.abs(_at(best, rim) - rim).max() < _STANDS_PX:
            return np.eye(3)
        # pixels count from the centre of the upper left one: whole = (small + 1/2) / scale - 1/2
        up = np.diag((*(1 / scale), 1.0))
        up[:2, 2] = 0.5 / scale - 0.5
        return np.asarray(up @ best @ np.linalg.inv(up), float)

    def _guesses(self, before: Grey, after: Grey, points: Places) -> Iterator[tuple[Places, int]]:
        """Where points may be now, and in how many levels of the pyramid to look there.

        On as before, for cameras turn evenly, and so not far off, lest one tile be taken for the next; where they
        were; all shifted alike.
        """
        if self._last is not None:
            yield (
                _at(self._last, points.reshape(-1, 2).astype(float)).astype(np.float32).reshape(-1, 1, 2),
                _NEAR_LEVELS,
            )
        yield points, _LEVELS
        shift = _shift(before, after)
        if np.hypot(*shift) > 1:
            yield points + shift.astype(np.float32), _LEVELS

    def _open(self, before: Grey, scale: Floats) -> Grey:
        """Where corners may be taken: 255 outside of the boxes and of what is masked."""
        height, width = before.shape
        allowed = np.full((height, width), 255, np.uint8)
        if self._mask is not None:
            masked = cv2.resize(self._mask, (width, height), interpolation=cv2.INTER_NEAREST)
            allowed[masked > 0] = 0
        for x1, y1, x2, y2 in np.nan_to_num(self._boxes) * np.tile(scale, 2):
            allowed[max(0, int(y1) - 2) : max(0, int(y2) + 3), max(0, int(x1) - 2) : max(0, int(x2) + 3)] = 0
        return allowed


def _shift(before: Grey, after: Grey) -> Floats:
    """First guess: by how much all of the picture shifted, pixels of the reduced picture, shape (2,)."""
    factor = _GUESS_PX / before.shape[1]
    size = (_GUESS_PX, max(2, round(before.shape[0] * factor)))
    one, two = (cv2.resize(g, size, interpolation=cv2.INTER_AREA).astype(np.float32) for g in (before, after))
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(one, two, window)
    return np.asarray(np.array((x, y)) / factor, float)


def _follow(before: Grey, after: Grey, points: Places, guess: Places, levels: int) -> tuple[Floats | None, int]:
    """Follow points from a first guess; return what most agree on and how many do."""
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, guess.copy(), winSize=_WINDOW_PX, maxLevel=levels, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    height, width = before.shape
    inside = ((found >= 0) & (found <= (width - 1, height - 1))).all(axis=(1, 2))
    kept = (np.asarray(status).ravel() == 1) & inside
    one, two = points[kept], np.asarray(found)[kept]
    if len(one) < _LEAST_POINTS:
        return None, 0
    least = max(_LEAST_POINTS, _LEAST_SHARE * len(one))
    homography, agree = cv2.findHomography(one, two, cv2.RANSAC, _APART_PX)
    count = 0 if homography is None else int(np.count_nonzero(agree))
    if homography is not None and count >= least and _plausible(homography, before.shape):
        return np.asarray(homography, float), count
    similarity, agree = cv2.estimateAffinePartial2D(one, two, method=cv2.RANSAC, ransacReprojThreshold=_APART_PX)
    count = 0 if similarity is None else int(np.count_nonzero(agree))
    if similarity is None or count < least:
        return None, 0
    motion = np.vstack((similarity, (0.0, 0.0, 1.0)))
    return (np.asarray(motion, float), count) if _plausible(motion, before.shape) else (None, 0)


def _plausible(motion: Floats, shape: tuple[int, ...]) -> bool:
    """Return whether a camera can have done it: no fold, and no part grows or shrinks more than twice."""
    height, width = shape[:2]
    across, along = np.meshgrid(np.linspace(0, width, 5), np.linspace(0, height, 5))
    places = np.c_[across.ravel(), along.ravel()]
    if bool((np.c_[places, np.ones(len(places))] @ motion[2] <= 0).any()):
        return False
    moved = _at(motion, places).reshape(5, 5, 2)
    east, south = np.diff(moved, axis=1)[:-1] / (width / 4), np.diff(moved, axis=0)[:, :-1] / (height / 4)
    area = east[..., 0] * south[..., 1] - east[..., 1] * south[..., 0]
    return bool((area > 1 / _GROWTH**2).all() and (area < _GROWTH**2).all())


def _at(motion: Floats, places: Floats) -> Floats:
    """Apply a homography to places, (n, 2)."""
    moved = np.c_[places, np.ones(len(places))] @ motion.T
    return np.asarray(moved[:, :2] / moved[:, 2:])
