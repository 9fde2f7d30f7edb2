"""A running model of the empty scene: what in a picture of a fixed camera does not belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["FOREGROUND", "SCENE", "SHADOW", "ForegroundSettings", "SceneModel"]

Floats = NDArray[np.float32]
Labels = NDArray[np.uint8]

SCENE: Final = 0
SHADOW: Final = 128
FOREGROUND: Final = 255
_LONGEST_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ForegroundSettings:
    """How the scene is learned, in seconds and grey levels.

    Attributes:
        learn_s: The first pictures, over so long, only teach; nothing is reported.
        adapt_s: Time constant with which the scene follows the light.
        absorb_s: What has stood still for so long becomes scene.
        distance: A pixel is foreground when it differs by more than so many standard deviations.
        least_noise: Lowest standard deviation of a pixel, grey levels.
        shadow_darkest: A shadow keeps at least this share of the light.
        shadow_tint: Largest change of colour in a shadow, as a share of the pixel's brightness.
        relearn_share: When more of the picture than this is foreground, the light or the camera has changed.
        relearn_s: And when it stays so for so long, the scene is learned anew.
    """

    learn_s: float = 1.5
    adapt_s: float = 20.0
    absorb_s: float = 180.0
    distance: float = 3.3
    least_noise: float = 6.0
    shadow_darkest: float = 0.55
    shadow_tint: float = 0.06
    relearn_share: float = 0.6
    relearn_s: float = 2.0


class SceneModel:
    """One mean colour and variance a pixel, and beside it a candidate: what has been seen there instead, and how long.

    Pixels that match the mean follow it slowly; others age the candidate, which replaces the mean after ``absorb_s``.
    Pixels that flicker between both (leaves, tape in the wind) need a larger difference (the feedback of St-Charles et
    al. 2015, SuBSENSE, DOI 10.1109/TIP.2014.2378053). The first mean is the median over ``learn_s``.
    """

    def __init__(self, settings: ForegroundSettings | None = None) -> None:
        self.settings = settings or ForegroundSettings()
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._early: list[NDArray[np.uint8]] = []
        self._start_s: float | None = None
        self._last_s = 0.0
        self._changed_since_s: float | None = None
        self._ready = False

    @property
    def still_s(self) -> Floats:
        """How long each pixel's foreground has stood still, shape (h, w)."""
        return self._age

    def label(self, image: NDArray[np.uint8], time_s: float) -> Labels | None:
        """Learn from a picture and label its pixels.

        Args:
            image: Shape (h, w, 3); always the same size.
            time_s: Never runs back.

        Returns:
            ``SCENE``, ``SHADOW`` or ``FOREGROUND``, shape (h, w); None while the scene is first learned.
        """
        if not self._ready:
            self._learn(image, time_s)
            return None
        step = min(max(time_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = time_s
        s = self.settings
        labels = np.empty(image.shape[:2], np.uint8)
        _step(
            image,
            self._mean,
            self._variance,
            self._candidate,
            self._age,
            self._flicker,
            labels,
            np.float32(step),
            np.float32(s.adapt_s),
            np.float32(s.absorb_s),
            np.float32(s.distance**2),
            np.float32(s.least_noise**2),
            np.float32(s.shadow_darkest),
            np.float32(s.shadow_tint**2),
        )
        self._notice_change(labels, time_s)
        return labels

    def absorb(self, region: NDArray[np.bool_], top: int, left: int) -> None:
        """Take what is seen in ``region`` (a mask placed at row ``top``, column ``left``) for the scene at once."""
        at = np.s_[top : top + region.shape[0], left : left + region.shape[1]]
        self._mean[at][region] = self._candidate[at][region]
        self._age[at][region] = 0

    def contrast(self, image: NDArray[np.uint8], rim: NDArray[np.bool_], top: int, left: int) -> tuple[float, float]:
        """Mean gradient on a rim, in the picture and in the learned scene: a real object has its edge in the picture.

        Where the scene was learned with somebody in it who has left, the edge is in the scene instead: a ghost
        (Cucchiara et al. 2003, DOI 10.1109/TPAMI.2003.1233909, tell ghosts by their motion; edges need none).
        """
        at = np.s_[top : top + rim.shape[0], left : left + rim.shape[1]]
        seen = _gradient(image[at])[rim].mean()
        known = _gradient(np.clip(self._mean[at], 0, 255).astype(np.uint8))[rim].mean()
        return float(seen), float(known)

    def _learn(self, image: NDArray[np.uint8], time_s: float) -> None:
        if self._start_s is None:
            self._start_s = time_s
        self._early.append(image.copy())
        if time_s - self._start_s < self.settings.learn_s:
            return
        picks = np.unique(np.linspace(0, len(self._early) - 1, 15).round().astype(int))
        stack = np.stack([self._early[i] for i in picks])
        self._mean = np.median(stack, axis=0).astype(np.float32)
        noise = np.median(np.abs(stack - self._mean), axis=(0, 3)) * 1.4826
        self._variance = (
            np.clip(noise, self.settings.least_noise, 2 * self.settings.least_noise).astype(np.float32) ** 2
        )
        self._candidate = image.astype(np.float32)
        self._age = np.zeros(image.shape[:2], np.float32)
        self._flicker = np.zeros(image.shape[:2], np.float32)
        self._early = []
        self._last_s = time_s
        self._ready = True

    def _notice_change(self, labels: Labels, time_s: float) -> None:
        if np.count_nonzero(labels) <= self.settings.relearn_share * labels.size:
            self._changed_since_s = None
        elif self._changed_since_s is None:
            self._changed_since_s = time_s
        elif time_s - self._changed_since_s >= self.settings.relearn_s:
            self.forget()


def _gradient(image: NDArray[np.uint8]) -> Floats:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.abs(dx) + np.abs(dy), np.float32)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _step(
    image: NDArray[np.uint8],
    mean: Floats,
    variance: Floats,
    candidate: Floats,
    age: Floats,
    flicker: Floats,
    labels: Labels,
    dt: np.float32,
    adapt_s: np.float32,
    absorb_s: np.float32,
    distance2: np.float32,
    least: np.float32,
    darkest: np.float32,
    tint2: np.float32,
) -> None:
    rate = min(np.float32(1.0), dt / adapt_s)
    calm = max(np.float32(0.0), np.float32(1.0) - dt / np.float32(4.0))
    third = np.float32(1.0 / 3.0)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            b = np.float32(image[y, x, 0])
            g = np.float32(image[y, x, 1])
            r = np.float32(image[y, x, 2])
            mb = mean[y, x, 0]
            mg = mean[y, x, 1]
            mr = mean[y, x, 2]
            d2 = ((b - mb) * (b - mb) + (g - mg) * (g - mg) + (r - mr) * (r - mr)) * third
            limit = distance2 * variance[y, x] * (np.float32(1.0) + flicker[y, x])
            was_still = age[y, x] > np.float32(0.0)
            flicker[y, x] *= calm
            if d2 <= limit:
                mean[y, x, 0] = mb + rate * (b - mb)
                mean[y, x, 1] = mg + rate * (g - mg)
                mean[y, x, 2] = mr + rate * (r - mr)
                grown = variance[y, x] + rate * (d2 - variance[y, x])
                variance[y, x] = min(max(grown, least), np.float32(4.0) * least)
                if was_still:
                    age[y, x] = max(np.float32(0.0), age[y, x] - np.float32(2.0) * dt)
                    if d2 * np.float32(4.0) < limit and age[y, x] == np.float32(0.0):
                        flicker[y, x] = min(np.float32(3.0), flicker[y, x] + np.float32(0.12))
                labels[y, x] = SCENE
                continue
            cb = candidate[y, x, 0]
            cg = candidate[y, x, 1]
            cr = candidate[y, x, 2]
            c2 = ((b - cb) * (b - cb) + (g - cg) * (g - cg) + (r - cr) * (r - cr)) * third
            if c2 <= distance2 * np.float32(2.0) * least:
                candidate[y, x, 0] = cb + np.float32(0.1) * (b - cb)
                candidate[y, x, 1] = cg + np.float32(0.1) * (g - cg)
                candidate[y, x, 2] = cr + np.float32(0.1) * (r - cr)
                age[y, x] += dt
                if age[y, x] > absorb_s:
                    mean[y, x, 0] = b
                    mean[y, x, 1] = g
                    mean[y, x, 2] = r
                    age[y, x] = np.float32(0.0)
            else:
                age[y, x] -= np.float32(2.0) * dt
                if age[y, x] <= np.float32(0.0):
                    age[y, x] = np.float32(1e-3)
                    candidate[y, x, 0] = b
                    candidate[y, x, 1] = g
                    candidate[y, x, 2] = r
            length2 = mb * mb + mg * mg + mr * mr + np.float32(1.0)
            light = (b * mb + g * mg + r * mr) / length2
            labels[y, x] = FOREGROUND
            if darkest < light < np.float32(1.0):
                rb = b - light * mb
                rg = g - light * mg
                rr = r - light * mr
                if rb * rb + rg * rg + rr * rr < tint2 * length2 * light:
                    labels[y, x] = SHADOW
