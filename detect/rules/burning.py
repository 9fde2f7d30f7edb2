"""One place where something seems to burn: what was seen of it, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detect.rules.flames import Flame
from detect.rules.smoke import Smoke
from scenarios.camera import Camera
from scenarios.event import Event

__all__ = ["Burning", "covered", "height_m", "metre_px", "place_m", "turned"]

Floats = NDArray[np.float64]

_DRIFT_S: Final = 2.0
"""How fast something goes is told over its last so many seconds."""


@dataclass(slots=True, eq=False)
class Burning:
    """One place where something seems to burn.

    Attributes:
        since_s: Since when.
        latest: As last seen.
        seen_s: When last.
        looks: Looks at its kind, flames or smoke, so far.
        found: Looks at which it was there.
        first: As first seen.
        disorder: Of its flicker, look by look.
        feet: When its lower edge was where in the picture: time, x, y.
        event: The alarm, while it lasts.
    """

    since_s: float
    latest: Flame | Smoke
    first: Flame | Smoke
    seen_s: float = 0.0
    looks: int = 1
    found: int = 0
    disorder: list[float] = field(default_factory=list)
    feet: list[tuple[float, float, float]] = field(default_factory=list)
    event: Event | None = None

    @property
    def box_px(self) -> Floats:
        """Where it was last, shape (4,)."""
        return self.latest.box_px

    def see(self, sight: Flame | Smoke, now: float) -> None:
        """Take a look at which it was there."""
        self.seen_s, self.latest = now, sight
        self.found += 1
        if isinstance(sight, Flame):
            self.disorder.append(sight.disorder)
        self.feet.append((now, float(sight.box_px[[0, 2]].mean()), float(sight.box_px[3])))

    def went(self) -> tuple[Floats, float]:
        """Return where its foot was at the beginning and end of the last seconds, shape (2, 2), and the time between.

        As a line through all it showed says; 0 seconds where that is too little.
        """
        t, x, y = np.array([foot for foot in self.feet if self.seen_s - foot[0] <= _DRIFT_S]).T
        if len(t) < 3 or t[-1] <= t[0]:
            return np.zeros((2, 2)), 0.0
        lines = [np.polyfit(t - t[0], v, 1) for v in (x, y)]
        over = float(t[-1] - t[0])
        return np.array([[line[1] + line[0] * after for line in lines] for after in (0.0, over)]), over


def _foot_px(box: Floats) -> Floats:
    return np.array([[(box[0] + box[2]) / 2, box[3]]])


def place_m(box: Floats, camera: Camera, foot_m: float) -> tuple[float, float] | None:
    """Return where the foot of a box stands, so high above the floor; None where it sees no floor."""
    place = camera.to_ground(_foot_px(box), foot_m)[0]
    return (float(place[0]), float(place[1])) if np.isfinite(place).all() else None


def metre_px(box: Floats, camera: Camera, foot_m: float) -> float:
    """Return how many pixels a metre upright at the foot of a box has; nan where that is not on the floor."""
    place = place_m(box, camera, foot_m)
    if place is None:
        return float("nan")
    pixels, _ = camera.project(np.array([(*place, foot_m), (*place, foot_m + 1)]))
    return float(np.linalg.norm(pixels[1] - pixels[0]))


def height_m(box: Floats, camera: Camera, foot_m: float) -> float:
    """Return how high a box is where its foot stands, metres; inf where that is not known."""
    scale = metre_px(box, camera, foot_m)
    return float((box[3] - box[1]) / scale) if np.isfinite(scale) and scale > 0 else float("inf")


def covered(box: Floats, people: Floats) -> float:
    """Return the share of a box that people's boxes (n, 4) cover together."""
    steps = (np.arange(8) + 0.5) / 8
    x, y = (box[k] + steps * (box[k + 2] - box[k]) for k in (0, 1))
    across = (people[:, None, 0] <= x) & (x <= people[:, None, 2])
    down = (people[:, None, 1] <= y) & (y <= people[:, None, 3])
    return float((across[:, None, :] & down[:, :, None]).any(axis=0).mean())


def turned(before: Camera, after: Camera) -> bool:
    """Return whether a camera stands or looks otherwise than before."""
    return not (
        np.array_equal(before.rotation, after.rotation)
        and np.array_equal(before.translation_m, after.translation_m)
        and np.array_equal(before.matrix, after.matrix)
    )
