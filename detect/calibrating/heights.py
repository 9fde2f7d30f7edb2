"""Calibration from nothing but people: their boxes, and how tall people are.

On level ground the picture of a standing person says, for each place of the feet, how high the head is; from many
people the horizon, the height of the camera and, far more weakly, the focal length follow. What people do not tell is
held by what surveillance cameras usually are, and the covariance says how little is then known.

The people's heights scatter about a mean, every box is off by its own noise, and detectors leave more air around some
sizes than around others: all of that is in the covariance. Who walks towards the camera tells more than who stands.

References:
    Liu, J., Collins, R. T., Liu, Y. (2011). Surveillance camera autocalibration based on pedestrian height
    distributions. BMVC. DOI 10.5244/C.25.117.
    Brouwers, G. M. Y. E. et al. (2016). Automatic calibration of stationary surveillance cameras in the wild. ECCV
    Workshops. DOI 10.1007/978-3-319-48881-3_52.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detect.calibrating.people_boxes import PeopleBoxes
from detect.calibrating.solution import Fit, fit_camera, with_doubt
from scenarios.camera import Camera
from scenarios.errors import ScenarioError

__all__ = ["HeightsFit", "calibrate_heights"]

Floats = NDArray[np.float64]

_HEIGHT_M: Final = 1.75
"""Mean height of what boxes of adults enclose: 1.70 m in shoes, and the air that detectors and annotators leave."""
_MEAN_SD_M: Final = 0.06
"""How far a crowd's mean can be from that: more men or women, another country, children, a looser detector."""
_FEET_M: Final = 0.2
"""How far the nearer foot is before the body's axis: a box ends there."""
_PERSON_SHARE: Final = 0.07
"""Spread between people, as a share of their height: 0.10 m of height, and boxes that stay wrong for a while."""
_BOX_SHARE: Final = (0.04, 0.15)
"""Spread between boxes of one person (feet, head and step), least and most; what it is the boxes tell."""
_LOOSER: Final = 0.06
"""How much looser boxes can be where people are 2.7 times as large: detectors do so."""
_BENT: Final = 0.08
"""How much that can bend."""
_ASIDE: Final = 0.03
"""The same from the middle to the side of the picture, where the lens bends what is taken to be straight."""
_FOCAL: Final = (0.9, 0.5)
"""Focal length over the picture's width: middle, and standard deviation of its logarithm."""
_TILT_DEG: Final = (20.0, 20.0)
_ROLL_DEG: Final = 3.0
_CAMERA_M: Final = (5.0, 0.8)
"""Height of cameras: middle, and standard deviation of its logarithm."""
_K1_SD: Final = 0.1
_HELD: Final = (1, 3, 4)
"""The world is the camera's own: it hangs over the origin and looks north."""
_TRIMMED: Final = 3.0
_LEAST_BOXES: Final = 20
_LEAST_PEOPLE: Final = 3
_MOST_BOXES: Final = 3000
_MODEST: Final = 2.2
"""Where the lens is not known, the covariance is too small by so much, by simulated people with boxes off by 4 %."""
_LEARNT: Final = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class HeightsFit:
    """A camera from people.

    Attributes:
        camera: With its doubt; it hangs over the origin and looks north.
        boxes: How many boxes agree with it.
        of_boxes: Of how many whole, upright people.
        people: How many people these are.
        spread_m: Scatter of the heights that the boxes have with this camera.
        learnt_focal: Whether the people tell the focal length, or it is little more than assumed.
    """

    camera: Camera
    boxes: int
    of_boxes: int
    people: int
    spread_m: float
    learnt_focal: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what was used as JSON values."""
        return {
            "boxes": self.boxes,
            "of_boxes": self.of_boxes,
            "people": self.people,
            "height_spread_m": round(self.spread_m, 4),
            "focal_learnt": self.learnt_focal,
        }


def calibrate_heights(seen: PeopleBoxes, *, hfov_deg: float | None = None, where: str = "boxes") -> HeightsFit:
    """Find the camera with which the people are as tall as people are.

    Args:
        seen: Whole, upright people.
        hfov_deg: Horizontal field of view, where the data sheet tells it (taken as known to 3 %).
        where: The file, for messages.

    Raises:
        ScenarioError: There are too few people, or all at one distance.
    """
    people = len(np.unique(seen.person))
    if len(seen.box_px) < _LEAST_BOXES or people < _LEAST_PEOPLE:
        raise ScenarioError(
            f"{where}: {len(seen.box_px)} boxes of {people} whole, upright people are too few; "
            f"{_LEAST_BOXES} of {_LEAST_PEOPLE} people are the least, some hundred of thirty are good"
        )
    seen = seen.only(slice(None, None, -(-len(seen.box_px) // _MOST_BOXES)))
    _check_spread(seen, where)
    focal = _FOCAL if hfov_deg is None else (1 / (2 * np.tan(np.radians(hfov_deg) / 2)), 0.03)
    fit, kept = _settle(seen, focal)
    camera = fit.camera
    whose = len(np.unique(kept.person))
    if camera.position_m[2] < 0.5 or whose < _LEAST_PEOPLE:
        raise ScenarioError(f"{where}: the boxes do not look like people who stand on level ground")
    covariance = fit.covariance * (_MODEST if hfov_deg is None else 1.0)
    covariance[5, 5] += (camera.position_m[2] * _MEAN_SD_M / _HEIGHT_M) ** 2  # everything scales with the mean height
    heights = _HEIGHT_M * np.exp(_relative(camera, kept))
    learnt = float(np.sqrt(covariance[6, 6])) < _LEARNT * focal[1]
    spread = float(np.std(heights))
    found = with_doubt(camera, covariance)
    return HeightsFit(found, len(kept.box_px), len(seen.box_px), whose, spread, learnt)


def _settle(seen: PeopleBoxes, focal: tuple[float, float]) -> tuple[Fit, PeopleBoxes]:
    """Fit, leave out what cannot be a person who stands, and fit again until that does not change."""
    rough = _Residuals(seen, focal, None)
    best = min((fit_camera(start, rough, held=_HELD) for start in _starts(seen, focal)), key=lambda f: f.cost)
    keep = np.ones(len(seen.box_px), bool)
    for _ in range(5):
        off = _relative(best.camera, seen)
        spread = max(_spread(off), _PERSON_SHARE)
        now = np.isfinite(off) & (np.abs(off - np.nanmedian(off)) < _TRIMMED * spread)
        if now.sum() < _LEAST_BOXES // 2:
            break
        _, who, count = np.unique(seen.person[now], return_inverse=True, return_counts=True)
        within = off[now] - (np.bincount(who, off[now]) / count)[who]
        share = float(np.clip(_spread(within[count[who] > 2]), *_BOX_SHARE))
        same, keep = np.array_equal(now, keep), now
        best = fit_camera(best.camera, _Residuals(seen.only(keep), focal, share), held=_HELD)
        if same:
            break
    return best, seen.only(keep)


def _row_size(seen: PeopleBoxes) -> Floats:
    """Logarithm of how tall people usually are at the rows of these feet, about 0 in the middle, shape (n,).

    Not of how tall they are themselves: who is tall would be told from who is near by nothing.
    """
    rows, tall = seen.middle_px[:, 1], seen.tall_px
    line = np.polyval(np.polyfit(rows, tall, 1), rows)
    size = np.log(np.maximum(line, 0.2 * np.median(tall)))
    return np.asarray(size - np.median(size))


def _spread(values: Floats) -> float:
    """Standard deviation by the median, which outliers do not move; nan of nothing."""
    known = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(known - np.median(known)))) if len(known) else _BOX_SHARE[1]


class _Residuals:
    """What a camera makes of the people's heights, in standard deviations that are independent; and what is usual.

    Without the spread between boxes of one person every box stands for itself and outliers hardly count.
    """

    def __init__(self, seen: PeopleBoxes, focal: tuple[float, float], share: float | None) -> None:
        _, self._who, count = np.unique(seen.person, return_inverse=True, return_counts=True)
        self._seen, self._count, self._focal = seen, count, focal
        # of a person's n boxes the common part has the variance person^2 + box^2 / n
        self._rough = share is None
        self._share = 1.0 if share is None else share
        self._shrink = np.zeros(len(count))
        if share is not None:
            self._shrink = 1 - np.sqrt(share**2 / (share**2 + count * _PERSON_SHARE**2))
            # what grows with the size of people, and its bend, is half known only: it becomes part of the noise
            size = _row_size(seen)
            aside = 2 * seen.middle_px[:, 0] / seen.size_px[0] - 1
            half_known = (_LOOSER * size, _BENT * (size**2 - np.mean(size**2)), _ASIDE * aside)
            loose = np.stack([self._whiten(by) for by in half_known], axis=1)
            self._base, strength, _ = np.linalg.svd(loose, full_matrices=False)
            self._less = 1 - 1 / np.sqrt(1 + strength**2)

    def _whiten(self, off: Floats) -> Floats:
        """Make deviations (n,) independent and of variance 1: those of one person have a part in common."""
        mean = np.bincount(self._who, off) / self._count
        return np.asarray((off - (self._shrink * mean)[self._who]) / self._share)

    def __call__(self, camera: Camera) -> Floats:
        off = np.nan_to_num(_relative(camera, self._seen), nan=3.0)
        if self._rough:
            far = off / (2 * _PERSON_SHARE)
            white = np.sign(off) * 2 * np.sqrt(np.log1p(far**2)) / np.sqrt(self._count)[self._who]
        else:
            white = self._whiten(off)
            white = white - self._base @ (self._less * (self._base.T @ white))
        right, down, forward = camera.rotation
        height = max(float(camera.position_m[2]), 0.05)
        usual = [
            (np.log(camera.matrix[0, 0] / camera.width_px) - np.log(self._focal[0])) / self._focal[1],
            (np.degrees(np.arcsin(np.clip(-forward[2], -1, 1))) - _TILT_DEG[0]) / _TILT_DEG[1],
            np.degrees(np.arctan2(-right[2], -down[2])) / _ROLL_DEG,
            (np.log(height) - np.log(_CAMERA_M[0])) / _CAMERA_M[1],
            camera.distortion[0] / _K1_SD,
        ]
        return np.concatenate((white, usual))


def _relative(camera: Camera, seen: PeopleBoxes) -> Floats:
    """By how much bodies are taller than the mean, as the logarithm of the ratio, (n,); nan without ground below them.

    The logarithm, because the ratio itself would scatter less the taller people are taken to be.

    Where somebody stands is taken from the middle of the box, not from its lower edge: a lower edge that is wrong makes
    a body taller and nearer at once, as if the camera hung low; in the middle, errors of feet and head weigh alike.
    """
    axis = camera.to_ground(seen.middle_px - 0.5, _HEIGHT_M / 2)
    away = axis - camera.position_m[:2]
    toe = axis - _FEET_M * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    head, _ = camera.project(np.c_[axis, np.full(len(axis), _HEIGHT_M)])
    foot, _ = camera.project(np.c_[toe, np.zeros(len(toe))])
    tall = foot[:, 1] - head[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(tall > 1, np.log(seen.tall_px / tall), np.nan))


def _starts(seen: PeopleBoxes, focal: tuple[float, float]) -> list[Camera]:
    """Cameras whose horizon and height follow from a line of heights over rows, for three focal lengths."""
    rows, tall = seen.box_px[:, 3], seen.tall_px
    slope, _ = np.polyfit(rows, tall, 1, w=1 / np.maximum(tall, 4))
    slope = max(float(slope), 0.02)
    horizon = float(np.median(rows - tall / slope))
    width, height = seen.size_px
    found = []
    for factor in (-1.0, 0.0, 1.0):
        f = width * focal[0] * np.exp(factor * focal[1])
        tilt = float(np.clip(np.degrees(np.arctan((height / 2 - horizon) / f)), -5, 75))
        found.append(
            Camera.turned(
                seen.camera_id,
                position_m=(0, 0, float(np.clip(_HEIGHT_M / slope, 1.5, 60))),
                pan_deg=0.0,
                tilt_deg=-tilt,
                hfov_deg=float(2 * np.degrees(np.arctan(width / 2 / f))),
                resolution_px=seen.size_px,
            )
        )
    return found


def _check_spread(seen: PeopleBoxes, where: str) -> None:
    rows, tall = seen.box_px[:, 3], seen.tall_px
    low, high = np.quantile(rows, (0.05, 0.95))
    if high - low < 0.35 * float(np.median(tall)):
        raise ScenarioError(
            f"{where}: all people are at the same distance ({high - low:.0f} px between the nearest and the farthest "
            "feet); the ground cannot be known from them"
        )
