"""Everybody and everything of one instant as solids, in the order in which it is painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapely import Point, STRtree

from scenarios.population import BagKind, Posture
from scenarios.venue import ObstacleKind, Venue
from sim.render.bags import MOST_BAG_SOLIDS, bag_solids
from sim.render.figures import MOST_SOLIDS, dress
from sim.render.skeleton import JOINTS, pose
from sim.render.solids import SOLID
from sim.render.wardrobe import LOOKS, wardrobe
from sim.state import OBJECT_KINDS, POSTURES, Snapshot

__all__ = ["Cast", "Seats", "stage"]

_SEATS: Final = {ObstacleKind.BENCH: 0.46, ObstacleKind.PLANTER: 0.6, ObstacleKind.WALL: 0.6}
"""What people sit on, and up to which height; a bench with a back is sat upon at 0.46 m."""
_REACH_M: Final = 0.75
_HOLDS: Final[dict[str, int]] = {
    BagKind.HANDBAG: 1,
    BagKind.HOLDALL: 1,
    BagKind.SUITCASE: 2,
    BagKind.CARTON: 3,
    BagKind.BIN_BAG: 1,
    BagKind.SHOPPING_BAG: 1,
}
_HOLD_OF: Final[NDArray[np.int64]] = np.array([_HOLDS.get(kind, 0) for kind in OBJECT_KINDS], np.int64)
_LYING: Final = POSTURES.index(Posture.LYING)
_SITTING: Final = POSTURES.index(Posture.SITTING)
_DRAWN_AS: Final[NDArray[np.int64]] = np.array(
    [
        POSTURES.index(
            {Posture.CROUCHING: Posture.SITTING, Posture.FALLING: Posture.STANDING, Posture.FALLEN: Posture.LYING}.get(
                posture, posture
            )
        )
        for posture in POSTURES
    ],
    np.int64,
)
"""The posture that stands for one of which there is no pose."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Figures, people first, then bags; all arrays over them.

    Attributes:
        id: Shape (m,).
        is_bag: Shape (m,).
        place_m: Feet, or where the bag is, shape (m, 2).
        solids: Shape (n, 28).
        first: Solids of figure i are first[i] to first[i + 1]; shape (m + 1,).
        order: Indices from the farthest to the nearest, shape (m,).
        spread: Semi-axes and direction of what touches the floor, shape (m, 3).
        on_floor: Whether it touches the floor, shape (m,).
    """

    id: NDArray[np.int32]
    is_bag: NDArray[np.bool_]
    place_m: NDArray[np.float64]
    solids: NDArray[np.float64]
    first: NDArray[np.int64]
    order: NDArray[np.int64]
    spread: NDArray[np.float64]
    on_floor: NDArray[np.bool_]


class Seats:
    """Where a venue lets people sit."""

    def __init__(self, venue: Venue) -> None:
        seats = [o for o in venue.obstacles if o.kind in _SEATS and (o.kind is ObstacleKind.BENCH or o.height_m <= 0.6)]
        self._shapes = [o.shape for o in seats]
        self._heights = [min(o.height_m, _SEATS[o.kind]) for o in seats]
        self._tree = STRtree(self._shapes)

    def height_m(self, x: float, y: float) -> tuple[float, bool]:
        """Return the height of the seat at a place (0: the floor) and whether the place lies on the seat itself."""
        if not self._shapes:
            return 0.0, False
        point = Point(x, y)
        nearest = int(self._tree.nearest(point))
        away = float(self._shapes[nearest].distance(point))
        return (self._heights[nearest], away == 0.0) if away <= _REACH_M else (0.0, False)


def stage(snapshot: Snapshot, seats: Seats, eye_m: NDArray[np.float64]) -> Cast:
    """Pose, dress and order everybody of one instant.

    Args:
        snapshot: The world.
        seats: Where people sit.
        eye_m: The camera's optical centre, shape (3,).
    """
    people, objects = snapshot.people, snapshot.objects
    n, m = len(people.id), len(objects.id)
    posture = _DRAWN_AS[people.posture]
    seat = np.zeros(n)
    shift = np.zeros(n)
    for i in np.flatnonzero(posture == _SITTING):
        seat[i], above = seats.height_m(*people.position_m[i])
        shift[i] = 0.235 * people.height_m[i] if above else 0.0
    row_of = {int(who): i for i, who in enumerate(people.id)}
    carrier = np.array([row_of.get(int(who), -1) for who in objects.carried_by], np.int64)
    holds = np.zeros(n, np.int64)
    for bag in np.flatnonzero(carrier >= 0):
        holds[carrier[bag]] = max(holds[carrier[bag]], _HOLD_OF[objects.kind[bag]])
    solids = np.zeros((n * MOST_SOLIDS + m * MOST_BAG_SOLIDS, SOLID))
    first = np.zeros(n + m + 1, np.int64)
    middle = np.zeros((n + m, 3))
    used = _build(
        posture, people.height_m, people.heading_rad, people.position_m,
        np.hypot(people.velocity_mps[:, 0], people.velocity_mps[:, 1]), people.walked_m, people.looks,
        snapshot.time_s, seat, shift, holds, objects.kind.astype(np.int64), objects.position_m, objects.heading_rad,
        objects.looks, carrier, solids, first, middle,
    )  # fmt: skip
    place = np.concatenate((people.position_m, objects.position_m))
    away = np.hypot(place[:, 0] - eye_m[0], place[:, 1] - eye_m[1])
    deep = np.linalg.norm(middle - eye_m, axis=1)
    held = np.flatnonzero(carrier >= 0)
    away[n + held] = away[carrier[held]] + np.where(deep[n + held] > deep[carrier[held]], 0.02, -0.02)
    lying = posture == _LYING
    spread = np.tile((0.16, 0.16, 0.0), (n + m, 1))
    spread[:n, 2] = people.heading_rad
    spread[:n][lying, 0] = 0.42 * people.height_m[lying]
    spread[n:, 2] = objects.heading_rad
    on_floor = np.ones(n + m, np.bool_)
    on_floor[:n] = ~((posture == _SITTING) & (shift > 0))
    on_floor[n + held] = False
    return Cast(
        id=np.concatenate((people.id, objects.id)),
        is_bag=np.arange(n + m) >= n,
        place_m=place,
        solids=solids[:used],
        first=first,
        order=np.argsort(-away, kind="stable"),
        spread=spread,
        on_floor=on_floor,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _build(
    posture: Any, height: Any, heading: Any, position: Any, speed: Any, walked: Any, looks: Any, time: float,
    seat: Any, shift: Any, holds: Any, bag_kind: Any, bag_place: Any, bag_heading: Any, bag_looks: Any, carrier: Any,
    solids: Any, first: Any, middle: Any,
) -> Any:  # fmt: skip
    n, m = posture.shape[0], bag_kind.shape[0]
    joints = np.zeros((n + 1, JOINTS, 3))
    clothes = np.empty(LOOKS)
    used = 0
    for i in range(n):
        pose(posture[i], height[i], speed[i], walked[i], time, seat[i], looks[i], holds[i], joints[i])
        x = position[i, 0] + shift[i] * np.cos(heading[i])
        y = position[i, 1] + shift[i] * np.sin(heading[i])
        wardrobe(looks[i], clothes)
        used += dress(posture[i], height[i], heading[i], x, y, looks[i], joints[i], clothes, solids[used:])
        first[i + 1] = used
        middle[i] = joints[i, 1]
    for j in range(m):
        c = carrier[j]
        carried = c >= 0
        turn = heading[c] if carried else bag_heading[j]
        used += bag_solids(
            bag_kind[j], bag_place[j, 0], bag_place[j, 1], turn, bag_looks[j], carried, joints[c if carried else n],
            solids[used:],
        )  # fmt: skip
        first[n + j + 1] = used
        row = first[n + j]
        for k in range(3):
            middle[n + j, k] = (solids[row, 1 + k] + solids[row, 4 + k]) / 2
    return used
