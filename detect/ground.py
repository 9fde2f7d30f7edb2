"""Boxes to metres: where the feet stand, how sure that is, and how fast they move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detect.tracks import Followed, ObjectClass, Tracks
from scenarios.camera import Camera
from scenarios.doubt import ground_doubt

__all__ = ["GroundSettings", "Grounding", "locate_feet"]

Floats = NDArray[np.float64]

_HEIGHT_M: Final = 1.70
"""Mean height of adults in shoes, for feet that the picture's edge cuts off."""
_HEIGHT_SD_M: Final = 0.10
"""Its spread over adults of both sexes."""
_TOE_M: Final = 0.12
"""A person's box ends at the nearer toe, so far before the body's axis; by rendered people from 10 to 40 degrees."""
_EDGE_PX: Final = 2.0
"""A box that ends this near to the picture's lower edge is taken to be cut by it."""
_STEP_PX: Final = 0.5


@dataclass(frozen=True, slots=True)
class GroundSettings:
    """How exact boxes are and how people move.

    Attributes:
        noise_share: Standard deviation of a box's foot point, as a share of its height. The usual value is that of
            Faster R-CNN boxes on the real video: 68 and 92 % of the feet are in the ellipses of 68 and 95 %.
        lasting: Share of the variance that stays for seconds and that no filter lessens: feet that others hide, a
            shadow that is taken for a leg, a posture.
        noise_px: The least standard deviation of a box's foot point.
        agility_mps2: Standard deviation of a walker's acceleration: how fast the smoothed velocity follows.
        known_mps: A velocity less sure than this, in either direction, is not stated.
    """

    noise_share: float = 0.06
    lasting: float = 0.6
    noise_px: float = 1.0
    agility_mps2: float = 0.7
    known_mps: float = 0.5


def locate_feet(
    camera: Camera, box_px: Floats, cls: NDArray[np.int8], settings: GroundSettings | None = None
) -> tuple[Floats, Floats]:
    """Find the ground below boxes, with its uncertainty by first-order propagation of the boxes' noise.

    A person stands where the body's axis does, a little behind the lower edge of the box, which is at the nearer toe.
    Where the picture's lower edge cuts a person, the feet are out of the picture: then they are looked for below the
    top of the box, with the spread of people's heights added to the uncertainty.

    Args:
        camera: The calibrated camera.
        box_px: Shape (n, 4).
        cls: ``ObjectClass`` codes, shape (n,).
        settings: How exact boxes are.

    Returns:
        Positions (n, 2) in metres and covariances (n, 2, 2) in square metres; nan above the horizon.
    """
    settings = settings or GroundSettings()
    boxes = np.asarray(box_px, float).reshape(-1, 4)
    n = len(boxes)
    if not n:
        return np.empty((0, 2)), np.empty((0, 2, 2))
    boxes = boxes - 0.5  # a box runs along the outer edges of its pixels, the camera counts from their centres
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    sigma = np.maximum(settings.noise_px, settings.noise_share * (boxes[:, 3] - boxes[:, 1]))
    position, jacobian = _on_plane(camera, np.c_[middle, boxes[:, 3]], 0.0)
    covariance = _spread(jacobian, sigma)
    cut = (
        (boxes[:, 3] >= camera.height_px - 0.5 - _EDGE_PX)
        & (boxes[:, 1] > _EDGE_PX)
        & (np.asarray(cls) == ObjectClass.PERSON)
    )
    if cut.any():
        heads = np.c_[middle, boxes[:, 1]][cut]
        position[cut], jacobian = _on_plane(camera, heads, _HEIGHT_M)
        taller, _ = _on_plane(camera, heads, _HEIGHT_M + _HEIGHT_SD_M)
        lean = taller - position[cut]
        covariance[cut] = _spread(jacobian, sigma[cut]) + lean[:, :, None] * lean[:, None, :]
    stands = np.asarray(cls) == ObjectClass.PERSON
    away = position - camera.position_m[:2]
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    position[stands & ~cut] += _TOE_M * away[stands & ~cut]
    lost = ~(np.isfinite(position).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)))
    position[lost] = np.nan
    covariance[lost] = np.nan
    return position, covariance


def _on_plane(camera: Camera, points_px: Floats, height_m: float) -> tuple[Floats, Floats]:
    """Ground positions (n, 2) and their derivative to the pixels, (n, 2, 2)."""
    steps = np.array([(0.0, 0.0), (_STEP_PX, 0.0), (-_STEP_PX, 0.0), (0.0, _STEP_PX), (0.0, -_STEP_PX)])
    moved = (points_px[None] + steps[:, None]).reshape(-1, 2)
    at = camera.to_ground(moved, height_m).reshape(len(steps), -1, 2)
    jacobian = np.stack((at[1] - at[2], at[3] - at[4]), axis=2) / (2 * _STEP_PX)
    return at[0].copy(), jacobian


def _spread(jacobian: Floats, sigma: Floats) -> Floats:
    return np.asarray(jacobian @ jacobian.transpose(0, 2, 1) * (sigma**2)[:, None, None])


class Grounding:
    """Turns followed boxes into ``Tracks``: a constant-velocity Kalman filter on the ground for each track.

    Process noise is white acceleration (Bar-Shalom, Li and Kirubarajan 2001, Estimation with Applications to Tracking
    and Navigation, section 6.3.2, DOI 10.1002/0471221279); measurement noise comes from the boxes. What the calibration
    leaves open is added to what the filter says.
    """

    def __init__(self, camera: Camera | None, settings: GroundSettings | None = None) -> None:
        self.camera = camera
        self.settings = settings or GroundSettings()
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        self._id = np.empty(0, np.int64)  # ascending; of a track: when it was seen last, x, y, vx, vy, and how sure
        self._time_s = np.empty(0)
        self._state = np.empty((0, 4))
        self._covariance = np.empty((0, 4, 4))

    def place(self, camera_id: str, followed: Followed, time_s: float, *, forget_s: float = 10.0) -> Tracks:
        """Give the followed boxes their place on the ground.

        Args:
            camera_id: Which camera.
            followed: Confirmed tracks of one picture.
            time_s: Its time; never runs back.
            forget_s: Tracks not seen for so long are forgotten.
        """
        n = len(followed.track_id)
        position = np.full((n, 2), np.nan)
        velocity = np.full((n, 2), np.nan)
        covariance = np.full((n, 2, 2), np.nan)
        if self.camera is not None and n:
            seen, noise = locate_feet(self.camera, followed.box_px, followed.cls, self.settings)
            rows = np.flatnonzero(np.isfinite(seen).all(axis=1))
            lasting = self.settings.lasting * noise[rows]
            self._restart_jumps(followed.track_id[rows], time_s, seen[rows], noise[rows])
            at = self._follow(followed.track_id[rows], time_s, seen[rows], noise[rows] - lasting)
            position[rows] = self._state[at, :2]
            covariance[rows] = self._covariance[at, :2, :2] + lasting + self._by_calibration(position[rows])
            sure = np.sqrt(np.linalg.eigvalsh(self._covariance[at, 2:, 2:])[:, -1]) <= self.settings.known_mps
            velocity[rows[sure]] = self._state[at[sure], 2:]
        self._keep(time_s - self._time_s <= forget_s)
        return Tracks(
            camera_id=camera_id,
            time_s=time_s,
            track_id=followed.track_id,
            cls=followed.cls,
            box_px=followed.box_px,
            confidence=followed.confidence,
            position_m=position,
            velocity_mps=velocity,
            covariance_m2=covariance,
        )

    def _by_calibration(self, position: Floats) -> Floats:
        """What the calibration leaves open at places (n, 2); the same in every picture, so no filter lessens it."""
        if self.camera is None or self.camera.doubt is None or not len(position):
            return np.zeros((len(position), 2, 2))
        seen, _ = self.camera.project(np.c_[position, np.zeros(len(position))])
        return ground_doubt(self.camera, seen)

    def _restart_jumps(self, track_id: NDArray[np.int64], time_s: float, seen: Floats, noise: Floats) -> None:
        """Forget tracks that are suddenly elsewhere: the tracker gave them another body, whose way is another one."""
        old = np.flatnonzero(np.isin(track_id, self._id))
        at = np.searchsorted(self._id, track_id[old])
        dt = time_s - self._time_s[at]
        off = seen[old] - self._state[at, :2] - self._state[at, 2:] * dt[:, None]
        wander = self._covariance[at, 2:, 2:] * dt[:, None, None] ** 2
        drift = self.settings.agility_mps2**2 * _drift(dt)[:, :2, :2]
        spread = self._covariance[at, :2, :2] + wander + drift + noise[old]
        far = np.einsum("ni,nij,nj->n", off, np.linalg.inv(spread), off)
        keep = np.ones(len(self._id), bool)
        keep[at[far > _JUMP]] = False
        self._keep(keep)

    def _follow(self, track_id: NDArray[np.int64], time_s: float, seen: Floats, noise: Floats) -> NDArray[np.intp]:
        """Take in where tracks were seen, shapes (n,), (n, 2) and (n, 2, 2); return which tracks of ours they are."""
        new = ~np.isin(track_id, self._id)
        self._meet(track_id[new], time_s, seen[new], noise[new])
        at = np.searchsorted(self._id, track_id)
        old, seen, noise = at[~new], seen[~new], noise[~new]
        dt = time_s - self._time_s[old]
        move = np.tile(np.eye(4), (len(old), 1, 1))
        move[:, 0, 2] = move[:, 1, 3] = dt
        state = _times(move, self._state[old])
        spread = move @ self._covariance[old] @ move.transpose(0, 2, 1) + self.settings.agility_mps2**2 * _drift(dt)
        gain = spread[:, :, :2] @ np.linalg.inv(spread[:, :2, :2] + noise)
        keep = np.tile(np.eye(4), (len(old), 1, 1))
        keep[:, :, :2] -= gain
        turned = gain.transpose(0, 2, 1)
        self._state[old] = state + _times(gain, seen - state[:, :2])
        # Joseph's form stays symmetric
        self._covariance[old] = keep @ spread @ keep.transpose(0, 2, 1) + gain @ noise @ turned
        self._time_s[old] = time_s
        return at

    def _meet(self, track_id: NDArray[np.int64], time_s: float, seen: Floats, noise: Floats) -> None:
        covariance = np.zeros((len(track_id), 4, 4))
        covariance[:, :2, :2] = noise
        covariance[:, 2:, 2:] = np.eye(2) * _WALK_SD_MPS**2
        self._id = np.concatenate((self._id, track_id))
        self._time_s = np.concatenate((self._time_s, np.full(len(track_id), time_s)))
        self._state = np.concatenate((self._state, np.c_[seen, np.zeros((len(track_id), 2))]))
        self._covariance = np.concatenate((self._covariance, covariance))
        self._keep(np.argsort(self._id, kind="stable"))

    def _keep(self, which: NDArray[Any]) -> None:
        self._id, self._time_s = self._id[which], self._time_s[which]
        self._state, self._covariance = self._state[which], self._covariance[which]


def _times(matrix: Floats, vector: Floats) -> Floats:
    """One product each: matrices (n, i, j) times vectors (n, j)."""
    return np.asarray((matrix @ vector[:, :, None])[:, :, 0])


def _drift(dt: Floats) -> Floats:
    """What white acceleration of variance 1 adds to the covariance in ``dt`` seconds, shape (n, 4, 4)."""
    drift = np.zeros((len(dt), 4, 4))
    for k in (0, 1):
        drift[:, k, k] = dt**4 / 4
        drift[:, k, k + 2] = drift[:, k + 2, k] = dt**3 / 2
        drift[:, k + 2, k + 2] = dt**2
    return drift


_JUMP: Final = 12.0
"""Squared Mahalanobis distance that the next sighting of one body exceeds in one of 400 pictures."""
_WALK_SD_MPS: Final = 1.34
"""Before it is measured, a velocity is anything up to free walking speed (Weidmann 1993) in any direction."""
