"""Which figures and clips there are for whom: the choice by body, height, posture and chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import ParvisError
from scenarios.population import BagKind, Body, Fall, Posture
from sim.render.actors.clothes import random_of
from sim.render.actors.stock import Stock
from sim.state import BODIES, FALLS, OBJECT_KINDS, POSTURES, CrowdState

__all__ = ["Repertoire"]

_CYCLES: Final = ("distance", "time", "once", "still")
_ON_FOOT: Final = np.array([body is not Body.WHEELCHAIR for body in BODIES])
_NEAREST: Final = 0.5
"""Everybody is played by one of that share of the figures whose height is nearest."""
_FIGURES: Final[dict[str, tuple[str, ...]]] = {
    BagKind.HANDBAG: ("handbag", "tote", "briefcase"),
    BagKind.SUITCASE: ("trolley", "large_trolley"),
}
"""What plays a kind of object, where its own name is not that of its only figure."""
_CLIPS: Final = {
    Posture.STANDING: "stand",
    Posture.WALKING: "walk",
    Posture.RUNNING: "run",
    Posture.SITTING: "seat",
    Posture.LYING: "lie",
    Posture.CROUCHING: "crouch",
    Posture.FALLING: "fall",
    Posture.FALLEN: "fall",
}
"""Tags of the clips that show a posture."""
_FALL_CLIPS: Final = {
    Fall.FORWARD: "fall_forward",
    Fall.BACKWARD: "fall_backward",
    Fall.LEFT: "fall_side",
    Fall.RIGHT: "fall_side",
}
"""Clips of falls; that to the side goes to the left, who falls to the right is its mirror image."""
_UPRIGHT: Final = (Posture.STANDING, Posture.WALKING, Posture.RUNNING)
_HABITS: Final = {
    Posture.STANDING: (("phone_right", 0.06), ("call_right", 0.04), ("pockets", 0.06)),
    Posture.WALKING: (("phone_right", 0.05), ("call_right", 0.03), ("pockets", 0.06), ("pocket_right", 0.06)),
}
"""Share of people whose arms do something else than hang and swing."""


class _Chosen:
    """A choice for each row of what is told: the same for the same, so it is made once.

    Args:
        choose: Makes it, of the values of a row.
    """

    def __init__(self, choose: Callable[..., int]) -> None:
        self._choose = choose
        self._known: dict[tuple[Any, ...], int] = {}
        self._told: tuple[NDArray[Any], ...] = ()
        self._chosen = np.empty(0, np.int64)

    def __call__(self, *told: NDArray[Any]) -> NDArray[np.int64]:
        """Return the choices, shape (n,); ``told`` are columns of n rows."""
        if len(told) != len(self._told) or not all(map(np.array_equal, told, self._told)):  # mostly as a moment ago
            self._chosen = np.array([self._of(row) for row in zip(*(c.tolist() for c in told), strict=True)], np.int64)
            self._told = tuple(column.copy() for column in told)
        return self._chosen.copy()

    def _of(self, row: tuple[Any, ...]) -> int:
        found = self._known.get(row)
        if found is None:
            found = self._known[row] = self._choose(*row)
        return found


class Repertoire:
    """Chooses figures and clips.

    Args:
        stock: What there is.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self.cycle: NDArray[np.int64] = np.array([_CYCLES.index(c.cycle) for c in stock.clips], np.int64)
        """Distance, time, once, still: 0 to 3, by clip."""
        self.duration_s: NDArray[np.float64] = np.array([max(c.duration_s, 1e-3) for c in stock.clips])
        """By clip."""
        self._bodies = [
            np.array([i for i, f in enumerate(stock.figures) if f.kind == "person" and f.body == body.value], np.int64)
            for body in BODIES
        ]
        names = [f.name for f in stock.figures]
        self._objects = [
            np.array([names.index(name) for name in _FIGURES.get(kind, (kind.value,))], np.int64)
            for kind in OBJECT_KINDS
        ]
        self._played, self._carried = _Chosen(self._figure), _Chosen(self._object)
        self._clips, self._stands, self._habits = _Chosen(self._clip), _Chosen(self._stand), _Chosen(self._habit)
        self._named = {clip.name: i for i, clip in enumerate(stock.clips)}
        self._overlays = {name: int(stock.clip_first[number]) for name, number in self._named.items()}
        self._of = {posture: self._tagged(tag) for posture, tag in _CLIPS.items()}
        self._walk_old, self._on_floor = self._tagged("walk_old"), self._tagged("floor")
        self._rolls, self._rests = [self._named["wheel"]], [self._named["wheel_rest"]]
        self._falls = [[self._named[_FALL_CLIPS[fall]]] for fall in FALLS]

    def people(
        self, body: NDArray[np.int8], height_m: NDArray[np.float64], looks: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the figure of each person: always the same for the same person."""
        return self._played(looks, body, height_m)

    def objects(self, kind: NDArray[np.int8], looks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the figure of each object."""
        return self._carried(looks, kind)

    def clips(self, people: CrowdState, seated: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the clip of each person; ``seated``: on something that is a seat."""
        return self._clips(people.looks, people.body, people.posture, people.fall, seated)

    def standing(self, looks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the clip in which each stands."""
        return self._stands(looks)

    def goes_on_foot(self, body: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return who walks rather than rolls."""
        return np.asarray(_ON_FOOT[body])

    def overlay(self, name: str) -> int:
        """Return the key pose of an overlay of the arms, -1 if there is none of that name."""
        return self._overlays.get(name, -1)

    def habits(self, people: CrowdState) -> NDArray[np.int64]:
        """Return what arms do that hold no bag: -1 for hanging and swinging, push a pram, hold a telephone."""
        return self._habits(people.looks, people.body, people.posture)

    def _clip(self, looks: int, body: int, posture_code: int, fall: int, seated: bool) -> int:
        posture = POSTURES[posture_code]
        choice = self._of[posture]
        if posture in (Posture.FALLING, Posture.FALLEN):
            choice = self._falls[fall]
        elif BODIES[body] is Body.WHEELCHAIR and posture is not Posture.LYING:
            choice = self._rolls if posture in (Posture.WALKING, Posture.RUNNING) else self._rests
        elif posture is Posture.WALKING and BODIES[body] is Body.ELDERLY:
            choice = self._walk_old
        elif posture is Posture.SITTING and not seated:
            choice = self._on_floor
        return choice[int(random_of(looks, 40) * len(choice))]

    def _habit(self, looks: int, body: int, posture_code: int) -> int:
        posture = POSTURES[posture_code]
        if BODIES[body] is Body.PRAM and posture in _UPRIGHT:
            return self.overlay("push")
        if BODIES[body] in (Body.ADULT, Body.ELDERLY):
            drawn = random_of(looks, 42)
            for name, share in _HABITS.get(posture, ()):
                if 0 <= drawn < share:
                    return self.overlay(name)
                drawn -= share
        return -1

    def _object(self, looks: int, kind: int) -> int:
        choice = self._objects[kind]
        return int(choice[int(random_of(looks, 30) * len(choice))])

    def _stand(self, looks: int) -> int:
        choice = self._of[Posture.STANDING]
        return choice[int(random_of(looks, 40) * len(choice))]

    def _figure(self, looks: int, body: int, height_m: float) -> int:
        choice = self._bodies[body]
        if not len(choice):
            raise ParvisError(f"the atlas of figures has nobody of the body {BODIES[body].value!r}")
        off = np.abs(self._stock.height_m[choice] - height_m)
        near = choice[np.argsort(off, kind="stable")[: max(1, int(np.ceil(_NEAREST * len(choice))))]]
        return int(near[int(random_of(looks, 31) * len(near))])

    def _tagged(self, tag: str) -> list[int]:
        """Return the clips of the whole body that have a tag."""
        found = [i for i, c in enumerate(self._stock.clips) if tag in c.tags and "overlay" not in c.tags]
        if not found:
            raise ParvisError(f"the atlas of figures has no clip with the tag {tag!r}")
        return found
