"""Where a veil hangs before the learned scene, stays and lives: smoke.

Smoke before a scene B shows a B + (1 - a) S, with S its own grey: the texture behind grows faint, something is added.
A shadow takes light and adds none, a lamp adds light and leaves the texture, a body hides it. So block by block the
picture is fitted to the scene by a line: its slope is what shines through, and where it meets the axis says what is
added. (Koschmieder's airlight equation; that smoke softens edges and takes colour is Töreyin, Dedeoğlu, Çetin 2005,
Wavelet based real-time smoke detection in video, EUSIPCO.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detect.rules.flicker import reduced
from scenarios.frame import Image

__all__ = ["Smoke", "Veils"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WIDTH_PX: Final = 480
_BLOCK_PX: Final = 8
_LOOK_S: Final = 0.19
_LATEST_S: Final = 1.0
_KEEP_S: Final = 8.0
_SMOOTH_S: Final = 0.5
_SCENE_PER_S: Final = 1.0
"""Grey levels a second by which the scene is learned."""
_DETAIL: Final = (9, 9)
"""What is coarser, in pixels, is the smoke's own shape; the scene is told by what is finer."""
_TEXTURE: Final = 3.5
"""Least standard deviation of a block of the scene, in grey levels, for a veil to be told."""
_SHINES: Final = (0.08, 0.88)
"""Share of the scene's contrast that a veil lets through."""
_FITS: Final = 0.5
"""Least share of a block's variance that is the scene's."""
_OWN: Final = (30.0, 245.0)
"""The veil's own grey; a shadow's is near 0."""
_DARKER: Final = 0.35
"""And at least so much of the scene's."""
_GREY: Final = 45.0
"""Its three channels differ at most so much."""
_MOST_SHARE: Final = 0.25
"""What veils more of the picture is weather."""
_SECOND: Final = 5
"""Looks in a second."""
_LAGS: Final = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Smoke:
    """A veil that stays.

    Attributes:
        box_px: x1, y1, x2, y2 in pixels of the picture given, shape (4,).
        blocks: How many blocks of the picture it covers.
        hides: Share of the contrast behind that it takes.
        lives: By how much that usually changes within a second; once is not usual.
        rises: How much better it goes with itself lower and earlier than lower and later; above 0 where it rises.
        grew: Blocks in the later half of the time against the earlier.
    """

    box_px: Floats
    blocks: int
    hides: float
    lives: float
    rises: float
    grew: float


class Veils:
    """Looks for smoke in the pictures of a camera that stands still."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all pictures."""
        self._scene: NDArray[np.float32] | None = None
        self._now = np.empty((0, 0, 3), np.float32)
        self._looks: deque[tuple[float, Floats, Bools]] = deque()
        self._last_s = -np.inf

    def update(self, image: Image, time_s: float, people: Floats, over_s: float, share: float) -> list[Smoke] | None:
        """Take the next picture.

        Args:
            image: The picture.
            time_s: When.
            people: Boxes of people, shape (n, 4): what they cover is not looked at.
            over_s: A veil is one that is there over so long,
            share: in so large a share of the looks.

        Returns:
            What looks like smoke; None where nothing can be said: too soon after the last look, too few of them, or
            a picture narrower than 480 pixels, in which a block is as large as a body.
        """
        apart = time_s - self._last_s
        if apart < _LOOK_S or image.shape[1] < _WIDTH_PX:
            return None
        self._last_s = time_s
        whole, scale = reduced(image, _WIDTH_PX)
        small = whole.astype(np.float32)
        if self._scene is None or self._scene.shape != small.shape or apart > _LATEST_S:
            self._scene, self._now = small.copy(), small.copy()
            self._looks.clear()
            return None
        self._now += np.float32(1 - np.exp(-apart / _SMOOTH_S)) * (small - self._now)
        hides, veiled = _veil(self._scene, self._now)
        hides[_covered(hides.shape, people * scale)] = np.nan
        veiled[np.isnan(hides)] = False
        step = _SCENE_PER_S * apart
        self._scene += np.clip(small - self._scene, -step, step)
        self._looks.append((time_s, hides, veiled))
        while time_s - self._looks[0][0] > max(_KEEP_S, over_s):
            self._looks.popleft()
        if time_s - self._looks[0][0] < over_s - 2 * _LOOK_S:
            return None
        return self._regions(time_s, over_s, share, scale)

    def _regions(self, time_s: float, over_s: float, share: float, scale: float) -> list[Smoke]:
        lately = [(h, v) for t, h, v in self._looks if time_s - t <= over_s]
        hides = np.stack([h for h, _ in lately])
        veiled = np.stack([v for _, v in lately])
        seen = np.maximum((~np.isnan(hides)).sum(axis=0), len(lately) / 2)
        stays = veiled.sum(axis=0) / seen >= share
        if stays.mean() > _MOST_SHARE:
            return []
        count, labels, stats, _ = cv2.connectedComponentsWithStats(stays.astype(np.uint8), connectivity=8)
        found = []
        for i in range(1, count):
            ours = labels == i
            half = len(veiled) // 2
            early, late = float(veiled[:half, ours].mean()), float(veiled[half:, ours].mean())
            x, y, w, h = (int(v) for v in stats[i, :4])
            found.append(
                Smoke(
                    box_px=np.array([x, y, x + w, y + h], float) * _BLOCK_PX / scale,
                    blocks=int(ours.sum()),
                    hides=float(np.nan_to_num(hides[:, ours]).mean()),
                    lives=_lives(hides[:, ours]),
                    rises=_rises(hides, ours),
                    grew=late / max(early, 1e-3),
                )
            )
        return found


def _veil(scene: NDArray[np.float32], now: NDArray[np.float32]) -> tuple[Floats, Bools]:
    """Fit every block of a picture to the scene; return what is hidden of the contrast, and where that is a veil."""
    before, after = scene.mean(axis=2), now.mean(axis=2)
    mean_b = _blocks(before)
    before, after = before - cv2.blur(before, _DETAIL), after - cv2.blur(after, _DETAIL)
    var_b, var_a, both = _blocks(before * before), _blocks(after * after), _blocks(before * after)
    slope = both / np.maximum(var_b, 1e-3)
    fits = both**2 / np.maximum(var_b * var_a, 1e-3)
    through = np.minimum(slope, 0.97)
    own = np.stack([(_blocks(now[..., k]) - through * _blocks(scene[..., k])) / (1 - through) for k in range(3)])
    grey = own.mean(axis=0)
    veil = (var_b >= _TEXTURE**2) & (slope > _SHINES[0]) & (slope < _SHINES[1]) & (fits > _FITS)
    veil &= (grey > np.maximum(_OWN[0], _DARKER * mean_b)) & (grey < _OWN[1])
    veil &= np.ptp(own, axis=0) < _GREY
    return np.clip(1 - slope, 0.0, 1.0), veil


def _blocks(values: NDArray[np.float32]) -> Floats:
    """Mean of every block, shape (rows, columns)."""
    rows, columns = values.shape[0] // _BLOCK_PX, values.shape[1] // _BLOCK_PX
    cut = values[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    return np.asarray(cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA), float)


def _covered(shape: tuple[int, ...], boxes: Floats) -> Bools:
    covered = np.zeros(shape, bool)
    for x1, y1, x2, y2 in np.asarray(boxes / _BLOCK_PX):
        covered[max(0, int(y1)) : int(np.ceil(y2)), max(0, int(x1)) : int(np.ceil(x2))] = True
    return covered


def _lives(hides: Floats) -> float:
    """Return the usual change of blocks (looks, n) over a second, mean over the blocks."""
    looks = min(_SECOND, len(hides) - 1)
    change = np.abs(hides[looks:] - hides[:-looks])
    known = ~np.isnan(change).all(axis=0)
    return float(np.nanmedian(change[:, known], axis=0).mean()) if known.any() else 0.0


def _rises(hides: Floats, ours: Bools) -> float:
    """Compare what is above with what is below it a little earlier, and a little later (looks, rows, columns)."""
    pairs = ours[:-1] & ours[1:]
    if not pairs.any() or len(hides) < 3 * _LAGS[-1]:
        return 0.0
    known = np.maximum((~np.isnan(hides)).sum(axis=0), 1)
    level = np.nan_to_num(hides - np.nansum(hides, axis=0) / known)
    above, below = level[:, :-1][:, pairs], level[:, 1:][:, pairs]
    power = float(np.sqrt((above**2).mean() * (below**2).mean()))
    up = sum(float((above[k:] * below[:-k]).mean()) for k in _LAGS)
    down = sum(float((above[:-k] * below[k:]).mean()) for k in _LAGS)
    return (up - down) / max(power, 1e-9) / len(_LAGS)
