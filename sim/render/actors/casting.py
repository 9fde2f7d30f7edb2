"""Who is played by which figure in which pose, where it stands, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scenarios.population import BagKind, Fall, Posture, Role, ThingKind
from sim.render.actors.clothes import PERSON, random_of, wear
from sim.render.actors.drawing import LOOK, SPAN
from sim.render.actors.holding import hold
from sim.render.actors.poses import Poses
from sim.render.actors.posing import CROWN, LANDMARKS
from sim.render.actors.repertoire import Repertoire
from sim.render.actors.seats import Seats
from sim.render.actors.stock import LEVELS, Stock
from sim.render.actors.transitions import Transitions
from sim.state import FALLS, OBJECT_KINDS, POSTURES, ROLES, CrowdState, ObjectState, Snapshot

__all__ = ["Cast", "Casting"]

_LEVEL_PX: Final = (48.0, 80.0, 130.0, 200.0, 320.0)
"""Heights in pixels from which the second and each finer level of detail are used."""
_SLOW_MPS: Final = 0.5
"""Whoever walks slower takes shorter steps."""
_FOLDS_PX: Final = (60.0, 120.0)
_FOLDS: Final = 0.16
_STAFF: Final = ROLES.index(Role.STAFF)
_SITTING: Final = POSTURES.index(Posture.SITTING)
_WALKING: Final = POSTURES.index(Posture.WALKING)
_FALLEN: Final = POSTURES.index(Posture.FALLEN)
_RIGHT: Final = FALLS.index(Fall.RIGHT)
_SEAT_M: Final = 0.45
"""Height of the seat that clips of sitting are made for."""
_BACKPACK: Final = OBJECT_KINDS.index(BagKind.BACKPACK)
_HELD_IN: Final[dict[BagKind | ThingKind, str]] = {
    BagKind.BACKPACK: "straps",
    BagKind.SUITCASE: "pull_right",
    BagKind.CARTON: "carry_both",
    BagKind.HANDBAG: "carry_left",
    BagKind.HOLDALL: "carry_left",
    BagKind.BIN_BAG: "carry_left",
    BagKind.SHOPPING_BAG: "carry_left",
}
_STRAPS: Final = 0.15
"""Share of those with a backpack who hold its straps."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Everybody and everything of one instant, people first, then objects; all arrays over them.

    Attributes:
        id: Shape (n,), int32.
        is_bag: Whether it is an object, shape (n,).
        place_m: Feet, or where the object is, shape (n, 2).
        span: See `sim.render.actors.drawing.draw`, shape (n, 8).
        coarse: The same at the coarsest level of detail, shape (n, 8).
        blend: Shape (n,).
        matrix: Shape (n, 12).
        look: Shape (n, LOOK).
        fold: Shape (n,).
        head_m: Top of the head; nan for objects; shape (n, 3).
        order: Rows from the farthest to the nearest, shape (n,).
    """

    id: NDArray[np.int32]
    is_bag: NDArray[np.bool_]
    place_m: NDArray[np.float64]
    span: NDArray[np.int64]
    coarse: NDArray[np.int64]
    blend: NDArray[np.float64]
    matrix: NDArray[np.float64]
    look: NDArray[np.float64]
    fold: NDArray[np.float64]
    head_m: NDArray[np.float64]
    order: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Figure, two key poses and their mixture, overlay, and place of a number of actors."""

    figure: NDArray[np.int64]
    key: NDArray[np.int64]
    overlay: NDArray[np.int64]
    blend: NDArray[np.float64]
    matrix: NDArray[np.float64]


class Casting:
    """Casts one camera's view.

    Args:
        stock: Figures and clips.
        seats: Where people sit.
        limit_bytes: Memory for posed meshes.
    """

    def __init__(self, stock: Stock, seats: Seats, limit_bytes: int = 128 << 20) -> None:
        self.stock = stock
        self.poses = Poses(stock, limit_bytes)
        self._seats = seats
        self._repertoire = Repertoire(stock)
        self._transitions = Transitions(stock)
        self._look = np.empty((0, LOOK))
        self._dressed: tuple[NDArray[Any], ...] = (np.empty(0), np.empty(0), np.empty(0))
        names = [_HELD_IN.get(kind) for kind in OBJECT_KINDS]
        self._held_in = np.array([-1 if name is None else self._repertoire.overlay(name) for name in names], np.int64)

    def cast(self, snapshot: Snapshot, eye_m: NDArray[np.float64], focal_px: float) -> Cast:
        """Cast everybody of one instant.

        Args:
            snapshot: The world.
            eye_m: The camera's optical centre, shape (3,).
            focal_px: Its focal length.
        """
        people, objects = snapshot.people, snapshot.objects
        n, m = len(people.id), len(objects.id)
        carrier = _rows_of(people.id, objects.carried_by)
        actors = self._people(people, objects, carrier, snapshot.time_s)
        figure = np.concatenate((actors.figure, self._repertoire.objects(objects.kind, objects.looks)))
        place = np.concatenate((people.position_m, objects.position_m))
        tall = np.concatenate((people.height_m, self.stock.height_m[figure[n:]]))
        away = np.sqrt(((place - eye_m[:2]) ** 2).sum(axis=1) + (eye_m[2] - 0.5 * tall) ** 2)
        size_px = focal_px * np.maximum(tall, 0.8) / np.maximum(away, 0.5)
        level = np.searchsorted(_LEVEL_PX, size_px).astype(np.int64)
        level[n:] = np.minimum(level[n:] + 1, LEVELS - 1)  # handles and rods get lost first
        still = np.full((m, 2), self.stock.at_rest, np.int64)
        key, overlay = np.concatenate((actors.key, still)), np.concatenate((actors.overlay, np.full(m, -1)))
        blend = np.concatenate((actors.blend, np.zeros(m)))
        span, coarse = self._spans(figure, level, key, overlay)
        marks = self._landmarks(span[:n], actors)
        matrix = np.concatenate((actors.matrix, self._lay_objects(objects, figure[n:], carrier, marks, people)))
        self._transitions.press(people, objects, matrix[n:])
        head = np.full((n + m, 3), np.nan)
        head[:n] = marks[:, CROWN, :3]
        return Cast(
            id=np.concatenate((people.id, objects.id)),
            is_bag=np.arange(n + m) >= n,
            place_m=place,
            span=span,
            coarse=coarse,
            blend=blend,
            matrix=matrix,
            look=self._dress(people, objects),
            fold=_FOLDS * np.clip((size_px - _FOLDS_PX[0]) / (_FOLDS_PX[1] - _FOLDS_PX[0]), 0, 1),
            head_m=head,
            order=np.argsort(-away, kind="stable"),
        )

    def _dress(self, people: CrowdState, objects: ObjectState) -> NDArray[np.float64]:
        """Return what everybody and everything looks like, which from one picture to the next rarely changes."""
        n, m = len(people.id), len(objects.id)
        told = (
            np.concatenate((people.looks, objects.looks)),
            np.concatenate((np.full(n, PERSON), objects.kind)).astype(np.int64),
            np.concatenate((people.role == _STAFF, np.zeros(m, np.bool_))),
        )
        if not all(map(np.array_equal, told, self._dressed)):
            self._look = np.empty((n + m, LOOK))
            wear(*told, self._look)
            self._dressed = told
        return self._look

    def _people(self, people: CrowdState, objects: ObjectState, carrier: NDArray[np.int64], time_s: float) -> _Parts:
        stock, repertoire = self.stock, self._repertoire
        figure = repertoire.people(people.body, people.height_m, people.looks)
        scale = people.height_m / stock.height_m[figure]
        seat, above = np.zeros(len(figure)), np.zeros(len(figure), np.bool_)
        for i in np.flatnonzero(people.posture == _SITTING):
            seat[i], above[i] = self._seats.height_m(*people.position_m[i])
        clip = repertoire.clips(people, seat > 0)
        chance = _chance(people.looks, 41)
        key, blend = _keys(
            clip, figure, stock.clip_first, stock.stride_m, repertoire.cycle, repertoire.duration_s,
            people.walked_m / scale, np.where(people.posture == _FALLEN, np.inf, people.posture_s), time_s, chance,
        )  # fmt: skip
        speed = np.hypot(people.velocity_mps[:, 0], people.velocity_mps[:, 1])
        slow = (people.posture == _WALKING) & (speed < _SLOW_MPS) & repertoire.goes_on_foot(people.body)
        if slow.any():
            nearest = np.where(blend > 0.5, key[:, 1], key[:, 0])
            key[slow, 0] = nearest[slow]
            key[slow, 1] = stock.clip_first[repertoire.standing(people.looks)][slow]
            blend[slow] = 1.0 - speed[slow] / _SLOW_MPS
        self._transitions.enact(people, objects, key, blend)
        overlay = self._overlays(people, objects, carrier)
        cos, sin = np.cos(people.heading_rad), np.sin(people.heading_rad)
        matrix = np.zeros((len(figure), 12))
        matrix[:, 0] = matrix[:, 4] = scale * cos
        matrix[:, 1], matrix[:, 3], matrix[:, 8] = -scale * sin, scale * sin, scale
        to_the_right = (people.fall == _RIGHT) & self._transitions.down(people)
        matrix[to_the_right, 1] *= -1  # the mirror image of a fall to the left
        matrix[to_the_right, 4] *= -1
        # who is said to be on the seat itself has the pelvis there, not the feet
        forth = np.where(above, -scale * stock.root[figure, key[:, 0], 0], 0.0)
        matrix[:, 9] = people.position_m[:, 0] + forth * cos
        matrix[:, 10] = people.position_m[:, 1] + forth * sin
        matrix[:, 11] = np.where(seat > 0, seat - _SEAT_M * scale, 0.0)
        self._transitions.lay(people, objects, key, blend, matrix)
        return _Parts(figure, key, overlay, blend, matrix)

    def _overlays(self, people: CrowdState, objects: ObjectState, carrier: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the arms do."""
        overlay = self._repertoire.habits(people)
        bags = np.flatnonzero(carrier >= 0)
        rows, kind = carrier[bags], objects.kind[bags]
        loose = (kind == _BACKPACK) & (_chance(people.looks[rows], 44) > _STRAPS)
        held = self._held_in[kind]
        shown = (held >= 0) & ~loose
        overlay[rows[shown]] = held[shown]
        return overlay

    def _spans(
        self, figure: NDArray[np.int64], level: NDArray[np.int64], key: NDArray[np.int64], overlay: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the meshes are, as seen and at the coarsest level."""
        count, stock = len(figure), self.stock
        levels = np.concatenate((level, np.zeros(count, np.int64)))
        twice = np.concatenate((figure, figure))
        rows = self.poses.find(
            np.concatenate((twice, twice)),
            np.concatenate((levels, levels)),
            np.concatenate((key[:, 0], key[:, 0], key[:, 1], key[:, 1])),
            np.tile(overlay, 4),
        ).reshape(2, 2 * count)
        vertices, triangles = stock.vertex_span[twice, levels], stock.triangle_span[twice, levels]
        span = np.zeros((2 * count, SPAN), np.int64)
        span[:, 0], span[:, 1] = rows
        span[:, 2], span[:, 3] = vertices[:, 0], vertices[:, 1] - vertices[:, 0]
        span[:, 4], span[:, 5] = triangles[:, 0], triangles[:, 1] - triangles[:, 0]
        return span[:count], span[count:]

    def _landmarks(self, span: NDArray[np.int64], actors: _Parts) -> NDArray[np.float64]:
        """Return the landmarks of people in the world: places and directions, shape (n, LANDMARKS, 6)."""
        return np.asarray(_marks(self.poses.pool, span, actors.blend, actors.matrix))

    def _lay_objects(
        self, objects: ObjectState, figure: NDArray[np.int64], carrier: NDArray[np.int64],
        marks: NDArray[np.float64], people: CrowdState,
    ) -> NDArray[np.float64]:  # fmt: skip
        cos, sin = np.cos(objects.heading_rad), np.sin(objects.heading_rad)
        size: NDArray[np.float64] = 0.92 + 0.16 * _chance(objects.looks, 1)
        matrix = np.zeros((len(figure), 12))
        matrix[:, 0] = matrix[:, 4] = size * cos
        matrix[:, 1], matrix[:, 3], matrix[:, 8] = -size * sin, size * sin, size
        matrix[:, 9:11] = objects.position_m
        hold(objects.kind, self.stock.anchors[figure, 0], size, carrier, marks, people.heading_rad, matrix)
        return matrix


def _rows_of(ids: NDArray[np.int32], wanted: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the row of each wanted id, -1 where there is none."""
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.asarray(np.where(ids[at] == wanted, at, -1), np.int64)


@njit(cache=True, nogil=True, error_model="numpy")
def _chance(looks: Any, field: int) -> Any:
    """Return the number in [0, 1) that looks hold for one field, for each."""
    out = np.empty(looks.shape[0])
    for i in range(looks.shape[0]):
        out[i] = random_of(looks[i], field)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _keys(
    clip: Any, figure: Any, first: Any, stride: Any, cycle: Any, duration: Any, walked: Any, posture_s: Any,
    time_s: float, chance: Any,
) -> Any:  # fmt: skip
    """Return the two key poses between which each is, and the share of the second."""
    n = clip.shape[0]
    key, blend = np.zeros((n, 2), np.int64), np.zeros(n)
    for i in range(n):
        c = clip[i]
        count = first[c + 1] - first[c]
        kind = cycle[c]
        if kind <= 1:  # a cycle by distance or by time
            turns = walked[i] / stride[figure[i], c] if kind == 0 else time_s / duration[c]
            turns += chance[i]
            at = (turns - np.floor(turns)) * count
            low = min(int(at), count - 1)
            key[i, 0], key[i, 1] = first[c] + low, first[c] + (low + 1) % count
            blend[i] = at - low
        elif kind == 2:
            at = min(max(posture_s[i] / max(duration[c], 1e-3), 0.0), 1.0) * (count - 1)
            low = min(int(at), count - 1)
            key[i, 0], key[i, 1] = first[c] + low, first[c] + min(low + 1, count - 1)
            blend[i] = at - low
        else:
            key[i, 0] = key[i, 1] = first[c]
    return key, blend


@njit(cache=True, nogil=True, error_model="numpy")
def _marks(pool: Any, span: Any, blend: Any, matrix: Any) -> Any:
    """Return places and directions of the landmarks in the world."""
    n = span.shape[0]
    out = np.empty((n, LANDMARKS, 6))
    own = np.empty(6)
    for i in range(n):
        for mark in range(LANDMARKS):
            for k in range(6):
                first = pool[k, span[i, 0] + mark]
                own[k] = first + blend[i] * (pool[k, span[i, 1] + mark] - first)
            for k in range(3):
                a, b, c = matrix[i, 3 * k], matrix[i, 3 * k + 1], matrix[i, 3 * k + 2]
                out[i, mark, k] = a * own[0] + b * own[1] + c * own[2] + matrix[i, 9 + k]
                out[i, mark, 3 + k] = a * own[3] + b * own[4] + c * own[5]
    return out
