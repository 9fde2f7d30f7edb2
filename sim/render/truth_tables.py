"""The truth of a film, gathered an instant at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scenarios.population import Role
from scenarios.truth import BOXES, HEADS, LOOKS, OBJECTS, PEOPLE, GroundTruth, IncidentTruth
from sim.render.actors.appearance import Appearance
from sim.render.actors.repertoire import Repertoire
from sim.render.actors.stock import shipped
from sim.render.compositor import Shot
from sim.state import BAG_KINDS, BODIES, OBJECT_KINDS, POSTURES, ROLES, CrowdState, Snapshot

__all__ = ["TruthTables"]

_CLASSES: Final = ("person", "bag", "thing", "fire", "smoke")
_HEAD_SHARE: Final = 0.13
"""Height of a head, as a share of the body's."""


class _Rows:
    """A table that grows; words are kept as numbers until the end.

    The columns double in place. Many small arrays that live on between the pictures' large short-lived ones would
    leave holes that no later picture fits into, and the memory would grow by a picture each time.
    """

    def __init__(self, schema: pa.Schema, words: dict[str, Sequence[str]]) -> None:
        self._schema = schema
        self._words = words
        self._count = 0
        self._columns: list[NDArray[Any]] = [
            np.empty(1024, np.int16 if name in words else kind.to_pandas_dtype())
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]

    def add(self, count: int, *values: Any) -> None:
        """Append ``count`` rows; each value is an array of them or the same for all."""
        end = self._count + count
        for k, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            if end > len(column):
                column = np.concatenate((column, np.empty(max(len(column), count), column.dtype)))
                self._columns[k] = column
            column[self._count : end] = value
        self._count = end

    def table(self) -> pa.Table:
        """Return what was gathered."""
        made = []
        for name, kind, column in zip(self._schema.names, self._schema.types, self._columns, strict=True):
            held = column[: self._count]
            if name in self._words:
                coded = pa.DictionaryArray.from_arrays(held, pa.array(list(self._words[name]), kind))
                made.append(coded.cast(kind))
            else:
                made.append(pa.array(held, kind))
        return pa.Table.from_arrays(made, schema=self._schema)


class TruthTables:
    """Gathers people, what they look like, objects and boxes.

    Args:
        cameras: Ids of all cameras that will be filmed.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self._cameras = list(cameras)
        self._things = np.empty(0, np.int32)
        self._appearance, self._repertoire = Appearance(shipped()), Repertoire(shipped())
        self._known: set[int] = set()
        self._looks: list[dict[str, Any]] = []
        self._people = _Rows(
            PEOPLE,
            {
                "posture": [p.value for p in POSTURES],
                "role": [r.value for r in ROLES],
                "body": [b.value for b in BODIES],
            },
        )
        self._objects = _Rows(OBJECTS, {"kind": [k.value for k in OBJECT_KINDS]})
        self._boxes = _Rows(BOXES, {"camera": self._cameras, "cls": _CLASSES})
        self._heads = _Rows(HEADS, {"camera": self._cameras})

    def add_world(self, snapshot: Snapshot) -> None:
        """Add who and what was where at one instant."""
        who, what, now = snapshot.people, snapshot.objects, snapshot.time_s
        self._things = what.id[what.kind >= len(BAG_KINDS)]
        self._meet(who)
        group = who.group if len(who.group) else -1
        self._people.add(
            len(who.id), now, who.id, *who.position_m.T, *who.velocity_mps.T, who.posture, who.role, who.body, group
        )
        self._objects.add(len(what.id), now, what.id, what.kind, *what.position_m.T, what.carried_by, what.owner)

    def _meet(self, who: CrowdState) -> None:
        """Write down what those look like who were not there before."""
        new = [row for row, number in enumerate(who.id.tolist()) if number not in self._known]
        if not new:
            return
        figures = self._repertoire.people(who.body[new], who.height_m[new], who.looks[new])
        for row, figure in zip(new, figures.tolist(), strict=True):
            number = int(who.id[row])
            self._known.add(number)
            staff = ROLES[who.role[row]] is Role.STAFF
            said = self._appearance.of(figure, int(who.looks[row]), staff)
            self._looks.append({"id": number, "body": BODIES[who.body[row]].value, **said})

    def add_shot(self, shot: Shot) -> None:
        """Add what one picture shows."""
        boxes, frame = shot.boxes, shot.frame
        head_px = boxes.head_px
        known = np.isfinite(head_px).all(axis=1)
        self._heads.add(
            int(known.sum()),
            self._cameras.index(frame.camera_id),
            frame.index,
            boxes.id[known],
            *head_px[known].T,
            _seen(shot, head_px)[known],
        )
        self._boxes.add(
            len(boxes.id),
            self._cameras.index(frame.camera_id),
            frame.index,
            frame.time_s,
            boxes.id,
            np.where(np.isin(boxes.id, self._things), 2, boxes.is_bag),
            *boxes.whole_px.T,
            *boxes.visible_px.T,
            boxes.visibility,
            *boxes.feet_m.T,
        )
        for seen in shot.effects:
            self._boxes.add(
                1,
                self._cameras.index(frame.camera_id),
                frame.index,
                frame.time_s,
                seen.id,
                _CLASSES.index(seen.cls),
                *seen.whole_px,
                *(seen.visible_px or (np.nan,) * 4),
                seen.visibility,
                *seen.place_m,
            )

    def truth(self, duration_s: float, incidents: Sequence[IncidentTruth]) -> GroundTruth:
        """Return everything as ground truth."""
        return GroundTruth(
            duration_s=duration_s,
            people=self._people.table(),
            objects=self._objects.table(),
            boxes=self._boxes.table(),
            heads=self._heads.table(),
            looks=pa.Table.from_pylist(sorted(self._looks, key=lambda row: row["id"]), schema=LOOKS),
            incidents=tuple(incidents),
        )


def _seen(shot: Shot, head_px: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the pixels around the tops of heads, to a third of the head, show the person; shape (k,)."""
    number = {int(who): row for row, who in enumerate(shot.ids)}
    high, wide = shot.owner.shape
    box = shot.boxes.whole_px
    reach = np.maximum(1.0, _HEAD_SHARE / 3 * np.max(box[:, 2:] - box[:, :2], axis=1))
    seen = np.zeros(len(head_px), np.bool_)
    for k in np.flatnonzero(np.isfinite(head_px).all(axis=1)):
        (x, y), r = head_px[k], reach[k]
        if -0.5 <= x < wide - 0.5 and -0.5 <= y < high - 0.5:
            rows = slice(max(0, round(y - r)), min(high, round(y + r) + 1))
            columns = slice(max(0, round(x - r)), min(wide, round(x + r) + 1))
            seen[k] = bool((shot.owner[rows, columns] == number[int(shot.boxes.id[k])]).any())
    return seen
