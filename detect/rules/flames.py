"""Where something looks like flames: fiery colours whose outline licks, without order and without a period.

A flame-coloured pixel alone is no fire: neon, street lamps, sunlit panes and bright clothes have the colour too. So
of every warm spot the last seconds are looked at. A lamp that turns, flashes or hums goes up and down as one, or comes
back to the same picture every period; a sign or a pane keeps its outline; a bright coat goes by once. A flame does none
of these.

References:
    Celik, T., Demirel, H. (2009). Fire detection in video sequences using a generic color model. Fire Safety Journal
    44, 147-158. DOI 10.1016/j.firesaf.2008.05.005. (Flame pixels: R >= G > B, Y > Cb, Cr > Cb.)
    Töreyin, B. U., Dedeoğlu, Y., Güdükbay, U., Çetin, A. E. (2006). Computer vision based method for real-time fire
    and flame detection. Pattern Recognition Letters 27, 49-58. DOI 10.1016/j.patrec.2005.06.015. (Irregular flicker at
    the outline.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.frame import Image

__all__ = ["Flame", "Flames"]

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Singles = NDArray[np.float32]
Floats = NDArray[np.float64]

_WIDTH_PX: Final = 640
"""Pictures are looked at this wide."""
_LOOK_S: Final = 0.07
"""Pictures that come faster are skipped: flicker of 1 to 7 Hz is left."""
_KEEP_S: Final = 5.0
_LEAST_S: Final = 1.0
_LATEST_S: Final = 0.6
"""Over a longer pause between two pictures nothing can be said of flicker."""
_MEMORY_S: Final = 1.5
"""Over so long changes are averaged."""
_RED: Final = 150
_WARMTH: Final = 40
"""How much stronger red is than blue, in grey levels."""
_BURNT: Final = 235
"""A flame's core burns out the sensor; it counts beside warm pixels, and alone where the picture is grey."""
_COLOURED: Final = (12, 0.006)
"""A picture has colours when so large a share of its pixels has so unlike channels."""
_CHANGE: Final = 12.0
_NOISES: Final = 5.0
"""A pixel changes when it does so by so many grey levels and so many times the noise."""
_AROUND_PX: Final = 7
"""Whether pixels go up and down together is told in squares of this side."""
_BRIGHTER: Final = 25.0
"""Grey levels by which a flame rises above the scene."""
_SCENE_PER_S: Final = 6.0
"""Grey levels a second by which the scene is learned (sigma-delta: it goes to the median)."""
_TURNS_PER_S: Final = 1.2
_DISORDER: Final = 0.3
_LEAST_PX: Final = 6
_MOST: Final = 12
"""Candidates looked at closely in one picture, the largest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Flame:
    """A spot of fiery colour that flickers, and how: what decides is in `detect.rules.fire`.

    Attributes:
        box_px: x1, y1, x2, y2 in pixels of the picture given, shape (4,).
        area_px: Its mean area there.
        disorder: 0 where all pixels go up and down together, as with a lamp, to 1.
        outline: Share of its area by which its outline changes from look to look.
        unrepeated: How unlike it is to itself one period earlier, for the best of all periods, against the usual
            difference: 0 for a beacon, near 1 for a flame.
        turns_per_s: How often a pixel of it turns from brighter to darker or back.
    """

    box_px: Floats
    area_px: float
    disorder: float
    outline: float
    unrepeated: float
    turns_per_s: float


@dataclass(slots=True, eq=False)
class _Memory:
    """What is remembered of every pixel, all of shape (h, w).

    Attributes:
        scene: Learned brightness.
        sign: Of the last change.
        turns: How often changes take turns, a second.
        amount: Mean change around,
        together: and of it what goes the same way.
        warm: Share of the looks in which it was fiery and brighter than the scene.
    """

    scene: Singles
    sign: Singles
    turns: Singles
    amount: Singles
    together: Singles
    warm: Singles

    @classmethod
    def of(cls, gray: Bytes) -> _Memory:
        return cls(gray.astype(np.float32), *(np.zeros(gray.shape, np.float32) for _ in range(5)))


class Flames:
    """Looks for flames in the pictures of a camera that stands still."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all pictures."""
        self._looks: deque[tuple[float, Bytes, Bools]] = deque()
        self._memory: _Memory | None = None
        self._noise = 1.0
        self._since_s = 0.0
        self.colours = True
        """Whether the last picture had colours."""

    def update(self, image: Image, time_s: float) -> list[Flame] | None:
        """Take the next picture.

        Returns:
            What looks like flames; None where this picture comes too soon to be looked at, or nothing can be said yet.
        """
        apart = time_s - self._looks[-1][0] if self._looks else np.inf
        if apart < _LOOK_S:
            return None
        small, scale = _reduced(image)
        gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._memory is None or apart > _LATEST_S or self._memory.scene.shape != gray.shape:
            self._looks.clear()
            self._memory, self._since_s = _Memory.of(gray), time_s
            self._looks.append((time_s, gray, np.zeros(gray.shape, bool)))
            return None
        before = self._looks[-1][1]
        fiery = self._fiery(small, gray) & (gray > self._memory.scene + _BRIGHTER)
        self._looks.append((time_s, gray, fiery))
        while time_s - self._looks[0][0] > _KEEP_S:
            self._looks.popleft()
        self._remember(self._memory, before, gray, fiery, apart)
        if time_s - self._since_s < _LEAST_S:
            return None
        return self._spots(self._memory, scale)

    def _fiery(self, small: Bytes, gray: Bytes) -> Bools:
        sample = small[::8, ::8].astype(np.int16)
        unlike, share = _COLOURED
        self.colours = bool((sample.max(axis=2) - sample.min(axis=2) > unlike).mean() > share)
        if not self.colours:
            return np.asarray(gray >= _BURNT)
        blue, green, red = (small[..., k] for k in range(3))
        warm = (red >= _RED) & (cv2.subtract(red, blue) >= _WARMTH) & (red >= green) & (green >= blue)
        burnt = (red >= _BURNT) & (green >= _BURNT - 35)
        near = cv2.dilate(warm.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        return np.asarray(warm | (burnt & near))

    def _remember(self, memory: _Memory, before: Bytes, gray: Bytes, fiery: Bools, apart: float) -> None:
        step = cv2.subtract(gray, before, dtype=cv2.CV_32F)
        size = np.abs(step)
        self._noise += 0.1 * (float(np.median(size[::4, ::4])) - self._noise)
        step[size < max(_CHANGE, _NOISES * self._noise)] = 0
        sign = np.sign(step)
        turned = (sign * memory.sign < 0).astype(np.float32) / np.float32(apart)
        memory.sign = np.where(sign != 0, sign, memory.sign)
        share = 1 - float(np.exp(-apart / _MEMORY_S))
        around = (_AROUND_PX, _AROUND_PX)
        cv2.accumulateWeighted(turned, memory.turns, share)
        cv2.accumulateWeighted(cv2.blur(np.abs(step), around), memory.amount, share)
        cv2.accumulateWeighted(np.abs(cv2.blur(step, around)), memory.together, share)
        cv2.accumulateWeighted(fiery.astype(np.float32), memory.warm, share)
        learn = _SCENE_PER_S * apart
        memory.scene += np.clip(gray - memory.scene, -learn, learn)

    def _spots(self, memory: _Memory, scale: float) -> list[Flame]:
        disorder = 1 - memory.together / np.maximum(memory.amount, 1e-3)
        lively = (memory.turns > _TURNS_PER_S) & (disorder > _DISORDER) & (memory.warm > 0.1)
        joined = cv2.morphologyEx(lively.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        order = sorted(range(1, count), key=lambda i: -int(stats[i, cv2.CC_STAT_AREA]))[:_MOST]
        found = []
        for i in order:
            if stats[i, cv2.CC_STAT_AREA] < _LEAST_PX:
                break
            x, y, w, h = (int(v) for v in stats[i, :4])
            part = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            found.append(self._measure(part, (labels[part] == i) & lively[part], disorder[part], memory, scale))
        return found

    def _measure(self, part: tuple[slice, slice], ours: Bools, disorder: Singles, m: _Memory, scale: float) -> Flame:
        gray = np.stack([g[part] for _, g, _ in self._looks]).astype(np.float32)
        fiery = np.stack([f[part] for _, _, f in self._looks])
        times = np.array([t for t, _, _ in self._looks])
        lately = fiery[times > times[-1] - 1.5 * _MEMORY_S]
        area = max(float(lately.sum(axis=(1, 2)).mean()), 1.0)
        ys, xs = np.nonzero(ours | (m.warm[part] > 0.3))
        x, y = part[1].start, part[0].start
        return Flame(
            box_px=np.array([x + xs.min(), y + ys.min(), x + xs.max() + 1, y + ys.max() + 1]) / scale,
            area_px=area / scale**2,
            disorder=float(np.median(disorder[ours])),
            outline=float((lately[1:] ^ lately[:-1]).sum() / max(len(lately) - 1, 1) / area),
            unrepeated=_unrepeated(gray[:, ours], times),
            turns_per_s=float(np.median(m.turns[part][ours])),
        )


def _reduced(image: Image) -> tuple[Bytes, float]:
    width = image.shape[1]
    if width <= _WIDTH_PX:
        return image, 1.0
    scale = _WIDTH_PX / width
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale


def _unrepeated(gray: Singles, times: Floats) -> float:
    """Compare looks (k, n) with those before them, lag by lag: the least difference over the usual one."""
    half = len(gray) // 2
    lags = [k for k in range(2, half + 1) if times[-1] - times[-1 - k] >= 0.25]
    if not lags:
        return 0.0
    differs = np.array([np.abs(gray[half:] - gray[half - k : len(gray) - k]).mean() for k in lags])
    usual = float(np.median(differs))
    return float(differs.min()) / usual if usual > 0 else 0.0
