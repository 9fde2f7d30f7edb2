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

from detect.rules.flicker import AROUND_PX, MEMORY_S, Memory, Part, Singles, reduced, unrepeated
from scenarios.frame import Image

__all__ = ["Flame", "Flames"]

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_WIDTH_PX: Final = 640
"""Pictures are looked at this wide."""
_LOOK_S: Final = 0.07
"""Pictures that come faster are skipped: flicker of 1 to 7 Hz is left."""
_KEEP_S: Final = 5.0
_LEAST_S: Final = 1.0
_LATEST_S: Final = 0.6
"""Over a longer pause between two pictures nothing can be said of flicker."""
_RED: Final = 150
_WARMTH: Final = 40
"""How much stronger red is than blue, in grey levels."""
_BURNT: Final = 235
"""A flame's core burns out the sensor; it counts beside warm pixels, and alone where the picture is grey."""
_WARM: Final = np.uint8(2)
_COLOURED: Final = (12, 0.006)
"""A picture has colours when so large a share of its pixels has so unlike channels."""
_CHANGE: Final = 12.0
_NOISES: Final = 5.0
"""A pixel changes when it does so by so many grey levels and so many times the noise."""
_BRIGHTER: Final = 25
"""Grey levels by which a flame rises above the scene."""
_SCENE_PER_S: Final = (3.0, 10.0)
"""Grey levels a second by which the scene is learned to be darker and brighter (sigma-delta: it goes to the upper
quartile, which is a lit window behind those who pass before it),"""
_FIRST: Final = (3.0, 40.0)
"""and in the first seconds brighter by so many."""
_LEARN_EVERY_S: Final = 0.24
_ATTEND_S: Final = 3.0
"""Where nothing was fiery for so long nothing is remembered."""
_WARM_SHARE: Final = 0.1
_EDGE: Final = 60.0
_EDGES: Final = (500, 2.0)
"""So many edges of the scene, chosen anew every so many seconds, tell whether the whole picture moves:"""
_TREMBLES: Final = 0.15
"""it does where so large a share of them changes from look to look."""
_TURNS_PER_S: Final = 1.2
_DISORDER: Final = 0.3
_LEAST_PX: Final = 6
_LEAST_AREA_PX: Final = 16.0
"""Of fewer fiery pixels nothing can be said of an outline; barrier tape in the wind has fewer."""
_STILL: Final = 0.15
_FLATTEST: Final = 4.0
"""What is wider than so many times its height is a tape or a line, no flame."""
_MOST: Final = 12
"""Candidates looked at closely in one picture, the largest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Flame:
    """A spot of fiery colour that flickers, and how: what decides is in `detect.rules.fire`.

    Attributes:
        box_px: x1, y1, x2, y2 in pixels of the picture given, shape (4,).
        area_px: Mean area there of what is fiery.
        disorder: 0 where all pixels go up and down together, as with a lamp, to 1.
        outline: Share of its area by which its outline changes from look to look.
        unrepeated: How unlike it is to itself one period earlier, for the best of all periods, against the usual
            difference: 0 for a beacon, near 1 for a flame.
        turns_per_s: How often a pixel of it turns from brighter to darker or back.
        brightness: Of the brightest tenth of what is orange or yellow of it, in grey levels.
        present: Share of the looks in which at least half of its usual area is there.
    """

    box_px: Floats
    area_px: float
    disorder: float
    outline: float
    unrepeated: float
    turns_per_s: float
    brightness: float
    present: float


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    time_s: float
    gray: Bytes
    fiery: Bytes
    box: tuple[int, int, int, int]
    """Of what is fiery: x, y, width, height."""


class Flames:
    """Looks for flames in the pictures of a camera that stands still."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all pictures."""
        self._looks: deque[_Look] = deque()
        self._scene: Singles | None = None
        self._edges = (np.empty(0, np.intp), np.empty(0, np.intp))
        self._edges_s = -np.inf
        self._trembles = 0.0
        self._bright = np.empty((0, 0), np.uint8)
        self._learned_s = self._since_s = 0.0
        self._memory = Memory.empty((0, 0))
        self._part: Part | None = None
        self._noise = self._scale = 1.0
        self.colours = True
        """Whether the last picture had colours."""

    def update(self, image: Image, time_s: float) -> list[Flame] | None:
        """Take the next picture.

        Returns:
            What looks like flames; None where nothing can be said: this picture comes too soon after the last that was
            looked at, too few were seen yet, or all of the picture moves.
        """
        apart = time_s - self._looks[-1].time_s if self._looks else np.inf
        if apart < _LOOK_S:
            return None
        small, self._scale = reduced(image, _WIDTH_PX)
        gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._scene is None or apart > _LATEST_S or self._scene.shape != gray.shape:
            self._looks.clear()
            self._scene, self._memory, self._part = gray.astype(np.float32), Memory.empty(gray.shape), None
            self._learned_s = self._since_s = time_s
            self._bright = _brighter(self._scene)
            self._looks.append(_Look(time_s, gray, np.zeros_like(gray), (0, 0, 0, 0)))
            return None
        before = self._looks[-1].gray
        fiery = self._fiery(small, gray)
        x, y, w, h = cv2.boundingRect(fiery)
        self._looks.append(_Look(time_s, gray, fiery, (x, y, w, h)))
        while time_s - self._looks[0].time_s > _KEEP_S:
            self._looks.popleft()
        self._learn(self._scene, gray, time_s)
        self._attend(time_s)
        self._trembles += min(1.0, apart / _LEAST_S) * (self._moved(before, gray, time_s) - self._trembles)
        if self._part is None:
            return []
        self._remember(self._memory.within(self._part), before, gray, fiery, apart)
        if time_s - self._since_s < _LEAST_S or self.trembles:
            return None
        return self._spots(self._part, self._scale)

    @property
    def trembles(self) -> bool:
        """Whether all of the picture moves."""
        return self._trembles > _TREMBLES

    def still_there(self, box_px: Floats) -> bool:
        """Return whether a box of the pictures given is still fiery at the last look, however steadily it burns."""
        x1, y1, x2, y2 = (int(v) for v in np.round(box_px * self._scale))
        part = self._looks[-1].fiery[max(y1, 0) : max(y2, y1 + 1), max(x1, 0) : max(x2, x1 + 1)]
        return part.size > 0 and float((part > 0).mean()) >= _STILL

    def _fiery(self, small: Bytes, gray: Bytes) -> Bytes:
        """Return where it is brighter than the scene and of a flame's colours (2), or burnt out beside these (1)."""
        above = gray > self._bright
        sample = small[::8, ::8].astype(np.int16)
        unlike, share = _COLOURED
        self.colours = bool((sample.max(axis=2) - sample.min(axis=2) > unlike).mean() > share)
        if not self.colours:
            return np.asarray(above & (gray >= _BURNT), np.uint8) * _WARM
        found = np.zeros(gray.shape, np.uint8)
        x, y, w, h = cv2.boundingRect(above.view(np.uint8))
        if w:
            part = np.s_[y : y + h, x : x + w]
            blue, green, red = (np.asarray(channel, np.uint8) for channel in cv2.split(small[part]))
            warm = (red >= _RED) & (red >= green) & (green >= blue)
            warm &= np.asarray(cv2.subtract(red, blue)) >= _WARMTH
            burnt = (red >= _BURNT) & (green >= _BURNT - 35)
            near = np.asarray(cv2.dilate(warm.view(np.uint8), np.ones((5, 5), np.uint8))) > 0
            found[part] = np.where(warm, _WARM, burnt & near) * above[part]
        return found

    def _learn(self, scene: Singles, gray: Bytes, time_s: float) -> None:
        if time_s - self._learned_s < _LEARN_EVERY_S:
            return
        apart = min(time_s - self._learned_s, 1.0)
        darker, brighter = _SCENE_PER_S
        if time_s - self._since_s < _FIRST[0]:
            brighter = _FIRST[1]
        scene += np.clip(gray - scene, -darker * apart, brighter * apart)
        self._bright = _brighter(scene)
        self._learned_s = time_s

    def _attend(self, time_s: float) -> None:
        """Choose the part of the picture in which something was fiery lately."""
        boxes = [look.box for look in self._looks if time_s - look.time_s <= _ATTEND_S and look.box[2]]
        if not boxes:
            if self._part is not None:
                self._memory, self._part = Memory.empty(self._memory.sign.shape), None
            return
        x, y, w, h = np.array(boxes).T
        part = np.s_[
            max(0, int(y.min()) - AROUND_PX) : int((y + h).max()) + AROUND_PX,
            max(0, int(x.min()) - AROUND_PX) : int((x + w).max()) + AROUND_PX,
        ]
        if self._part is not None and part != self._part:
            self._memory.keep_only(part)
        self._part = part

    def _moved(self, before: Bytes, gray: Bytes, time_s: float) -> float:
        """Return the share of the scene's edges that changed since the look before: people move few of them."""
        if time_s - self._edges_s >= _EDGES[1]:
            assert self._scene is not None
            steep = np.abs(cv2.Sobel(self._scene, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(self._scene, cv2.CV_32F, 0, 1))
            rows, columns = np.nonzero(steep > _EDGE)
            step = max(1, len(rows) // _EDGES[0])
            self._edges, self._edges_s = (rows[::step], columns[::step]), time_s
        if len(self._edges[0]) < _EDGES[0] // 10:
            return 0.0
        step_size = np.abs(gray[self._edges].astype(np.int16) - before[self._edges])
        return float((step_size > max(_CHANGE, _NOISES * self._noise)).mean())

    def _remember(self, memory: Memory, before: Bytes, gray: Bytes, fiery: Bytes, apart: float) -> None:
        """Take a look into the memory of the part that is attended to."""
        assert self._part is not None
        noise = float(np.median(cv2.absdiff(gray[::8, ::8], before[::8, ::8])))
        self._noise += 0.1 * (noise - self._noise)
        step = np.asarray(cv2.subtract(gray[self._part], before[self._part], dtype=cv2.CV_32F), np.float32)
        step[np.abs(step) < max(_CHANGE, _NOISES * self._noise)] = 0
        memory.take(step, fiery[self._part] > 0, apart)

    def _spots(self, part: Part, scale: float) -> list[Flame]:
        memory = self._memory.within(part)
        disorder = memory.disorder
        lively = (memory.turns > _TURNS_PER_S) & (disorder > _DISORDER) & (memory.warm > _WARM_SHARE)
        joined = cv2.morphologyEx(lively.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        order = sorted(range(1, count), key=lambda i: -int(stats[i, cv2.CC_STAT_AREA]))[:_MOST]
        found = []
        for i in order:
            if stats[i, cv2.CC_STAT_AREA] < _LEAST_PX:
                break
            x, y, w, h = (int(v) for v in stats[i, :4])
            if w > _FLATTEST * h:
                continue
            near = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            corner = (part[0].start + near[0].start, part[1].start + near[1].start)
            ours = (labels[near] == i) & lively[near]
            found.append(self._measure(corner, ours, disorder[near], memory.within(near), scale))
        return [flame for flame in found if flame.area_px * scale**2 >= _LEAST_AREA_PX]

    def _measure(self, corner: tuple[int, int], ours: Bools, disorder: Singles, m: Memory, scale: float) -> Flame:
        """Measure one spot; ``corner`` is the row and column of the upper left of the arrays in the picture."""
        y, x = corner
        part = np.s_[y : y + ours.shape[0], x : x + ours.shape[1]]
        gray = np.stack([look.gray[part] for look in self._looks]).astype(np.float32)
        colour = np.stack([look.fiery[part] for look in self._looks])
        fiery = colour > 0
        times = np.array([look.time_s for look in self._looks])
        lately = fiery[times > times[-1] - 1.5 * MEMORY_S]
        areas = lately.sum(axis=(1, 2))
        area = max(float(areas.mean()), 1.0)
        shown = gray[-len(lately) :][colour[-len(lately) :] == _WARM]
        ys, xs = np.nonzero(ours | (m.warm > 0.3))
        return Flame(
            box_px=np.array([x + xs.min(), y + ys.min(), x + xs.max() + 1, y + ys.max() + 1]) / scale,
            area_px=area / scale**2,
            disorder=float(np.median(disorder[ours])),
            outline=float((lately[1:] ^ lately[:-1]).sum() / max(len(lately) - 1, 1) / area),
            unrepeated=unrepeated(gray[:, ours], times),
            turns_per_s=float(np.median(m.turns[ours])),
            brightness=float(np.percentile(shown, 90)) if len(shown) else 0.0,
            present=float((areas >= 0.5 * area).mean()),
        )


def _brighter(scene: Singles) -> Bytes:
    return np.asarray(np.minimum(scene + _BRIGHTER, 255), np.uint8)
