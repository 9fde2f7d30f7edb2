"""What lies between two postures: bending down to a bag and coming up again, getting up after a fall, shifting weight.

The crowd's postures change from one instant to the next; here the bodies take their time. Nothing is remembered: what
is shown follows from the snapshot alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.population import Fall, Posture, ThingKind
from sim.render.actors.clothes import random_of
from sim.render.actors.stock import Stock
from sim.render.library import JOINT_NAMES, pose
from sim.state import FALLS, OBJECT_KINDS, POSTURES, CrowdState, ObjectState

__all__ = ["Transitions"]

_STANDING: Final = POSTURES.index(Posture.STANDING)
_WALKING: Final = POSTURES.index(Posture.WALKING)
_CROUCHING: Final = POSTURES.index(Posture.CROUCHING)
_LYING: Final = POSTURES.index(Posture.LYING)
_FALLING: Final = POSTURES.index(Posture.FALLING)
_FALLEN: Final = POSTURES.index(Posture.FALLEN)
_SLEEPING_BAG: Final = OBJECT_KINDS.index(ThingKind.SLEEPING_BAG)

_DOWN_S: Final = 0.45
"""Going down to a bag."""
_UP_S: Final = 0.5
"""Coming up from one."""
_GETS_UP_S: Final = 1.6
"""After a fall, from the floor to the feet."""
_HANDLES_M: Final = 1.1
"""Whoever crouches so near to a bag of their own, or carries one, bends down to it."""
_GET_UP: Final = {Fall.BACKWARD: "get_up_back"}
"""Clips that end a fall; after all others ``get_up``."""
_SIDEWAYS: Final = (Fall.LEFT, Fall.RIGHT)
_ROLLS: Final = 3 / 11
"""Share of getting up after which whoever lay on the side is on all fours; a key pose of the clip."""
_SHIFTS: Final = ("stand", "stand_weight_left", "stand_weight_right")
"""Who stands in one of these ways changes between them."""
_SHIFT_LEAST_S: Final = 7.0
_SHIFT_MOST_S: Final = 16.0
_SHIFT_FOR_S: Final = 1.4
_ON_BAG_M: Final = 0.6
_SLEEPS: Final = ("lie_side", "lie_curled")
_PRESSED: Final = 0.45
"""A sleeping bag with somebody on it is so much of its height."""
_BEDDED_M: Final = 0.09
_PILLOW_M: Final = 0.74
"""From the middle of a sleeping bag to its pillow."""
_FEET: Final = tuple(JOINT_NAMES.index(f"foot.{side}") for side in ("left", "right"))
_HEAD: Final = JOINT_NAMES.index("head")


class Transitions:
    """Shows what lies between postures.

    Args:
        stock: Figures and clips.
    """

    def __init__(self, stock: Stock) -> None:
        self._first = stock.clip_first
        names = [clip.name for clip in stock.clips]
        self._clip = {name: number for number, name in enumerate(names)}
        self._shifts = np.array([self._key(name) for name in _SHIFTS])
        someone = next(figure for figure in stock.figures if figure.kind == "person")
        self._feet = np.zeros(len(stock.rotation))
        for name in _SHIFTS:
            standing = pose(someone, stock.clips[self._clip[name]], 0.0)[1]
            self._feet[self._key(name)] = standing[list(_FEET), 1].mean() / someone.height_m
        self._lies: dict[int, tuple[float, NDArray[np.float64], NDArray[np.float64]]] = {}
        for number, clip in enumerate(stock.clips):
            if "lie" in clip.tags:
                place = pose(someone, clip, 0.0)[1][:, :2]
                feet = place[list(_FEET)].mean(axis=0)
                along = place[_HEAD] - feet
                turn = float(np.arctan2(along[1], along[0]))
                self._lies[int(self._first[number])] = turn, (place[_HEAD] + feet) / 2, place[_HEAD]

    def down(self, people: CrowdState) -> NDArray[np.bool_]:
        """Return who falls, has fallen, or gets up again."""
        down = np.isin(people.posture, (_FALLING, _FALLEN))
        if len(people.posture_before) == len(people.id):
            down |= (people.posture == _CROUCHING) & (people.posture_before == _FALLEN)
        return np.asarray(down)

    def enact(
        self,
        people: CrowdState,
        objects: ObjectState,
        key: NDArray[np.int64],
        blend: NDArray[np.float64],
    ) -> None:
        """Put those who are between two postures into the poses between them.

        Args:
            people: Everybody.
            objects: Everything.
            key: The two key poses of each, shape (n, 2); changed in place.
            blend: Share of the second, shape (n,); changed in place.
        """
        before = people.posture_before
        if len(before) == len(people.id):
            for i in np.flatnonzero(people.posture == _CROUCHING):
                self._crouch(i, people, objects, key, blend)
            upright = (people.posture == _STANDING) | (people.posture == _WALKING)
            for i in np.flatnonzero(upright & (before == _CROUCHING) & (people.posture_s < _UP_S)):
                self._rise(i, people, key, blend)
        _shift(
            np.flatnonzero((people.posture == _STANDING) & (blend == 0)),
            people.looks,
            people.posture_s,
            self._shifts,
            key,
            blend,
        )

    def lay(
        self,
        people: CrowdState,
        objects: ObjectState,
        key: NDArray[np.int64],
        blend: NDArray[np.float64],
        matrix: NDArray[np.float64],
    ) -> None:
        """Put people where they are by what touches the floor.

        Feet stay where they are while the weight shifts; who lies is turned along the heading, head ahead, about the
        body's middle, and lifted where a sleeping bag is below.

        Args:
            people: Everybody.
            objects: Everything.
            key: The two key poses of each, shape (n, 2); changed for sleepers.
            blend: Share of the second, shape (n,).
            matrix: Where they are, see `sim.render.actors.casting.Cast`; changed in place.
        """
        aside = (1.0 - blend) * self._feet[key[:, 0]] + blend * self._feet[key[:, 1]]
        aside *= people.height_m / matrix[:, 8]
        matrix[:, 9] -= aside * matrix[:, 1]
        matrix[:, 10] -= aside * matrix[:, 4]
        bags = objects.position_m[objects.kind == _SLEEPING_BAG]
        for i in np.flatnonzero(people.posture == _LYING):
            bedded = len(bags) and np.hypot(*(bags - people.position_m[i]).T).min() < _ON_BAG_M
            if bedded:
                matrix[i, 11] += _BEDDED_M
                key[i] = self._key(_SLEEPS[int(random_of(int(people.looks[i]), 47) * len(_SLEEPS))])
            turn, middle, head = self._lies[int(key[i, 0])]
            if bedded:  # the head on the bag's pillow
                middle = head - _PILLOW_M * np.array((np.cos(turn), np.sin(turn)))
            angle = float(people.heading_rad[i]) - turn
            cos, sin, scale = np.cos(angle), np.sin(angle), matrix[i, 8]
            matrix[i, (0, 1, 3, 4)] = scale * np.array((cos, -sin, sin, cos))
            matrix[i, 9:11] = people.position_m[i] - scale * np.array(
                (cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1])
            )

    def press(self, people: CrowdState, objects: ObjectState, matrix: NDArray[np.float64]) -> None:
        """Flatten the sleeping bags on which somebody lies; ``matrix``: of the objects, changed in place."""
        lying = people.position_m[people.posture == _LYING]
        for k in np.flatnonzero(objects.kind == _SLEEPING_BAG):
            if len(lying) and np.hypot(*(lying - objects.position_m[k]).T).min() < _ON_BAG_M:
                matrix[k, 6:9] *= _PRESSED

    def _crouch(self, i: Any, people: CrowdState, objects: ObjectState, key: Any, blend: Any) -> None:
        if people.posture_before[i] == _FALLEN:
            self._get_up(i, FALLS[people.fall[i]], float(people.posture_s[i]) / _GETS_UP_S, key, blend)
            return
        mine = objects.carried_by == people.id[i]
        mine |= np.hypot(*(objects.position_m - people.position_m[i]).T) < _HANDLES_M
        share = float(people.posture_s[i]) / _DOWN_S
        if mine.any() or (share < 1 and key[i, 0] == self._key("bend")):
            self._play("put_down", share, i, key, blend)
        elif share < 1 and key[i, 0] == self._key("crouch"):
            self._play("crouch_down", share, i, key, blend)
        elif share < 1:
            key[i] = int(self._shifts[0]), key[i, 0]
            blend[i] = share * share * (3 - 2 * share)

    def _get_up(self, i: Any, fall: Fall, share: float, key: Any, blend: Any) -> None:
        """From the floor to the feet; who lies on the side rolls over first."""
        if fall in _SIDEWAYS and share < _ROLLS:
            lies = int(self._first[self._clip["fall_side"] + 1]) - 1
            self._play("get_up", _ROLLS, i, key, blend)
            key[i] = lies, key[i, 0]
            blend[i] = share / _ROLLS
        else:
            self._play(_GET_UP.get(fall, "get_up"), share, i, key, blend)

    def _rise(self, i: Any, people: CrowdState, key: Any, blend: Any) -> None:
        """From bent to how the person stands or walks."""
        share = float(people.posture_s[i]) / _UP_S
        target = int(key[i, 1] if blend[i] > 0.5 else key[i, 0])
        self._play("pick_up", share, i, key, blend)
        key[i] = (int(key[i, 1] if blend[i] > 0.5 else key[i, 0]), target)
        blend[i] = share * share * (3 - 2 * share)

    def _key(self, name: str) -> int:
        return int(self._first[self._clip[name]])

    def _play(self, name: str, share: float, i: Any, key: Any, blend: Any) -> None:
        clip = self._clip[name]
        count = int(self._first[clip + 1] - self._first[clip])
        at = min(max(float(share), 0.0), 1.0) * (count - 1)
        low = min(int(at), count - 1)
        key[i] = self._first[clip] + low, self._first[clip] + min(low + 1, count - 1)
        blend[i] = at - low


@njit(cache=True, nogil=True, error_model="numpy")
def _shift(who: Any, looks: Any, posture_s: Any, ways: Any, key: Any, blend: Any) -> None:
    """Every few seconds the weight of those who stand in one of some ways goes over to another leg."""
    count = ways.shape[0]
    for i in who:
        if not (ways == key[i, 0]).any():
            continue
        every = _SHIFT_LEAST_S + (_SHIFT_MOST_S - _SHIFT_LEAST_S) * random_of(looks[i], 45)
        at = posture_s[i] / every
        slot = int(np.floor(at))
        own = key[i, 0]
        for k in range(2):
            key[i, k] = ways[int(random_of(looks[i], 1000 + slot + k) * count)] if slot + k else own
        share = min(max(((at - slot) * every - (every - _SHIFT_FOR_S)) / _SHIFT_FOR_S, 0.0), 1.0)
        blend[i] = share * share * (3.0 - 2.0 * share)
