"""Everybody in the venue and every bag, as arrays that grow and shrink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.population import BagKind, Posture, ThingKind
from sim.state import OBJECT_KINDS, POSTURES, CrowdState, ObjectState

__all__ = ["OBJECT_IDS_FROM", "Objects", "People"]

_CROUCHING: Final = POSTURES.index(Posture.CROUCHING)
_FALLEN: Final = POSTURES.index(Posture.FALLEN)
OBJECT_IDS_FROM: Final = 1_000_000
"""Ids of bags start here, those of people at 1: they never meet."""


def _column(dtype: Any, *shape: int) -> Callable[[], Any]:
    return lambda: np.empty((0, *shape), dtype)


@dataclass(slots=True, eq=False)
class People:
    """One row a person, by ascending id.

    Attributes:
        id: From 1, never used twice.
        position_m: Feet, (n, 2).
        velocity_mps: (n, 2).
        free_mps: Speed that each walks at when nothing is in the way.
        wanted_mps: Speed that each wants now; 0: stands.
        goal: Number of the goal in ``Routes``; -1: none.
        heading_rad: Where the body faces.
        posture: Codes into ``POSTURES``.
        posture_s: Seconds since the posture began.
        posture_before: What each did before, as codes; see `sim.state.CrowdState`.
        fall: Codes into ``FALLS``: which way who falls or has fallen fell.
        body: Codes into ``BODIES``.
        role: Codes into ``ROLES``.
        height_m: Body height when upright.
        walked_m: Way so far.
        looks: Random number of each.
        stays: Not moved, and the posture is left as it is: dwellers, and who has fallen or crouches.
        entered_s: When each came in.
        flow: Number of the flow in the scenario; -1: none.
        group: Number of the group that each stays with; -1: alone.
        choice: Number of the set of gates among which each thinks over which is quickest; -1: none.
    """

    id: NDArray[np.int32] = field(default_factory=_column(np.int32))
    position_m: NDArray[np.float64] = field(default_factory=_column(np.float64, 2))
    velocity_mps: NDArray[np.float64] = field(default_factory=_column(np.float64, 2))
    free_mps: NDArray[np.float64] = field(default_factory=_column(np.float64))
    wanted_mps: NDArray[np.float64] = field(default_factory=_column(np.float64))
    goal: NDArray[np.int32] = field(default_factory=_column(np.int32))
    heading_rad: NDArray[np.float64] = field(default_factory=_column(np.float64))
    posture: NDArray[np.int8] = field(default_factory=_column(np.int8))
    posture_s: NDArray[np.float64] = field(default_factory=_column(np.float64))
    posture_before: NDArray[np.int8] = field(default_factory=_column(np.int8))
    fall: NDArray[np.int8] = field(default_factory=_column(np.int8))
    body: NDArray[np.int8] = field(default_factory=_column(np.int8))
    role: NDArray[np.int8] = field(default_factory=_column(np.int8))
    height_m: NDArray[np.float64] = field(default_factory=_column(np.float64))
    walked_m: NDArray[np.float64] = field(default_factory=_column(np.float64))
    looks: NDArray[np.int64] = field(default_factory=_column(np.int64))
    stays: NDArray[np.bool_] = field(default_factory=_column(np.bool_))
    entered_s: NDArray[np.float64] = field(default_factory=_column(np.float64))
    flow: NDArray[np.int32] = field(default_factory=_column(np.int32))
    group: NDArray[np.int32] = field(default_factory=_column(np.int32))
    choice: NDArray[np.int32] = field(default_factory=_column(np.int32))

    def __len__(self) -> int:
        return len(self.id)

    def row(self, person: int) -> int | None:
        """Return the row of a person, or None if the person is not inside."""
        at = int(np.searchsorted(self.id, person))
        return at if at < len(self.id) and self.id[at] == person else None

    def add(self, count: int, **values: Any) -> None:
        """Append people; every column must be named, with one value for all of them or one each."""
        for column in fields(self):
            array = getattr(self, column.name)
            new = np.broadcast_to(np.asarray(values[column.name], array.dtype), (count, *array.shape[1:]))
            setattr(self, column.name, np.concatenate((array, new)))

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Remove everybody else."""
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name)[mask])

    def take(self, row: int, posture: Posture) -> None:
        """Somebody takes a posture; one who has it already keeps its clock."""
        code = POSTURES.index(posture)
        if self.posture[row] != code:
            codes = self.posture.copy()
            codes[row] = code
            self.change(codes)

    def change(self, codes: NDArray[np.int8]) -> None:
        """Everybody takes the posture of that code; who has it already keeps its clock."""
        new = codes != self.posture
        if not new.any():
            return
        rises = (self.posture == _CROUCHING) & (self.posture_before == _FALLEN)
        self.posture_before = np.where(new & ~rises, self.posture, self.posture_before)
        self.posture_s = np.where(new, 0.0, self.posture_s)
        self.posture = codes.astype(np.int8)

    def state(self) -> CrowdState:
        """Return a copy for the renderer and the truth."""
        return CrowdState(
            id=self.id.copy(),
            position_m=self.position_m.copy(),
            velocity_mps=self.velocity_mps.copy(),
            heading_rad=self.heading_rad.copy(),
            posture=self.posture.copy(),
            posture_s=self.posture_s.copy(),
            fall=self.fall.copy(),
            body=self.body.copy(),
            role=self.role.copy(),
            height_m=self.height_m.copy(),
            walked_m=self.walked_m.copy(),
            looks=self.looks.copy(),
            posture_before=self.posture_before.copy(),
            group=self.group.copy(),
        )


@dataclass(slots=True, eq=False)
class Objects:
    """One row a bag or thing, by ascending id."""

    id: NDArray[np.int32] = field(default_factory=_column(np.int32))
    kind: NDArray[np.int8] = field(default_factory=_column(np.int8))
    position_m: NDArray[np.float64] = field(default_factory=_column(np.float64, 2))
    carried_by: NDArray[np.int32] = field(default_factory=_column(np.int32))
    owner: NDArray[np.int32] = field(default_factory=_column(np.int32))
    heading_rad: NDArray[np.float64] = field(default_factory=_column(np.float64))
    looks: NDArray[np.int64] = field(default_factory=_column(np.int64))
    _next: int = OBJECT_IDS_FROM

    def add(
        self, kind: BagKind | ThingKind, owner: int, place_m: Any, *, carried: bool, heading_rad: float, looks: int
    ) -> int:
        """Append one bag or thing and return its id."""
        number = self.reserve()
        values = {
            "id": number,
            "kind": OBJECT_KINDS.index(kind),
            "position_m": place_m,
            "carried_by": owner if carried else -1,
            "owner": owner,
            "heading_rad": heading_rad,
            "looks": looks,
        }
        for name, value in values.items():
            array = getattr(self, name)
            setattr(self, name, np.append(array, np.array([value], array.dtype), axis=0))
        return number

    def reserve(self) -> int:
        """Return an id that no object and no person will have."""
        number = self._next
        self._next += 1
        return number

    def row(self, number: int) -> int:
        """Return the row of a bag."""
        return int(np.flatnonzero(self.id == number)[0])

    def put_down(self, number: int, place_m: Any) -> None:
        """A bag is put on the ground."""
        row = self.row(number)
        self.carried_by[row] = -1
        self.position_m[row] = place_m

    def pick_up(self, number: int, person: int) -> None:
        """Somebody takes a bag."""
        self.carried_by[self.row(number)] = person

    def give(self, number: int, owner: int) -> None:
        """A bag becomes somebody else's; -1: nobody's."""
        self.owner[self.row(number)] = owner

    def follow(self, people: People) -> None:
        """Carried bags are where their carriers are; those of who has left are gone with them."""
        if not len(self.id):
            return
        carried = self.carried_by >= 0
        at = np.minimum(np.searchsorted(people.id, self.carried_by), len(people) - 1)
        inside = carried & (people.id[at] == self.carried_by) if len(people) else np.zeros(len(carried), bool)
        self.position_m[inside] = people.position_m[at[inside]]
        self.heading_rad[inside] = people.heading_rad[at[inside]]
        if (carried & ~inside).any():
            kept = ~carried | inside
            for name in ("id", "kind", "position_m", "carried_by", "owner", "heading_rad", "looks"):
                setattr(self, name, getattr(self, name)[kept])

    def state(self) -> ObjectState:
        """Return a copy for the renderer and the truth."""
        return ObjectState(
            id=self.id.copy(),
            kind=self.kind.copy(),
            position_m=self.position_m.copy(),
            carried_by=self.carried_by.copy(),
            owner=self.owner.copy(),
            heading_rad=self.heading_rad.copy(),
            looks=self.looks.copy(),
        )
