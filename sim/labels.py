"""The truth of one camera's pictures, a thing at a time, as other tools want it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scenarios.mask import load_masks
from scenarios.recording import Recording, View
from scenarios.truth import column

__all__ = ["CLASSES", "MIN_VISIBILITY", "Label", "Labels"]

MIN_VISIBILITY: Final = 0.1
"""What is less visible is left out."""
CLASSES: Final = ("person", "bag", "thing", "fire", "smoke")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """One person or object in one picture.

    Attributes:
        id: Who or what.
        cls: Number in ``CLASSES``.
        box_px: x1, y1, x2, y2 of the whole body, cut at the picture's edge.
        visible_px: Of what can be seen of it; None where nothing can.
        visibility: Seen share of it, 0 to 1.
        head_px: Highest place of the head as it is drawn, from the centre of the upper left pixel; None where it is
            not known or outside.
        head_seen: Whether it can be seen.
        posture: Of a person, None of an object.
        role: Of a person, None of an object.
        kind: Of an object, None of a person.
        carried_by: Of an object: by whom, -1 by nobody; None of a person.
        place_m: Where on the ground (x, y).
        area_px: Pixels of the mask; None where masks were not kept.
        counts: The mask in COCO's compressed run-length code; None where masks were not kept or nothing is seen.
    """

    id: int
    cls: int
    box_px: Box
    visible_px: Box | None
    visibility: float
    head_px: tuple[float, float] | None
    head_seen: bool
    posture: str | None
    role: str | None
    kind: str | None
    carried_by: int | None
    place_m: tuple[float, float]
    area_px: int | None
    counts: str | None


class Labels:
    """True labels of one camera, by picture.

    Args:
        recording: The film.
        view: Of which camera.
        least_visibility: Leave out what is less visible.

    Raises:
        RecordingError: The truth cannot be read.
    """

    def __init__(self, recording: Recording, view: View, least_visibility: float = MIN_VISIBILITY) -> None:
        truth = recording.truth()
        assert truth.boxes is not None
        self._edge = (view.width_px, view.height_px, view.width_px, view.height_px)
        mine = pc.and_(
            pc.equal(truth.boxes["camera"], view.id), pc.greater_equal(truth.boxes["visibility"], least_visibility)
        )
        self._rows = _by_frame(truth.boxes.filter(mine))
        self._heads = _keyed(truth.heads, view.id, ("x", "y", "seen"))
        self._masks = (
            _keyed(load_masks(recording.masks), view.id, ("area_px", "counts")) if recording.masks.is_file() else {}
        )
        self.has_masks = bool(self._masks)
        """Whether masks were kept."""
        masks = load_masks(recording.masks) if self.has_masks else None
        self._masks = _keyed(masks, view.id, ("area_px", "counts"))
        self._people = _by_time(truth.people, ("posture", "role"))
        self._objects = _by_time(truth.objects, ("kind", "carried_by"))

    def at(self, index: int) -> Iterator[Label]:
        """Yield everything in one picture, by ascending id."""
        for row in self._rows.get(index, ()):
            who = row["id"]
            now = (_key(row["time_s"]), who)
            box = tuple(min(max(row[name], 0.0), edge) for name, edge in zip(_WHOLE, self._edge, strict=True))
            seen = tuple(row[name] for name in _SEEN)
            head = self._inside(self._heads.get((index, who)))
            posture, role = self._people.get(now, (None, None))
            kind, carried_by = self._objects.get(now, (None, None))
            area, counts = self._masks.get((index, who), (None, None))
            yield Label(
                id=who,
                cls=CLASSES.index(row["cls"]),
                box_px=(box[0], box[1], box[2], box[3]),
                visible_px=(seen[0], seen[1], seen[2], seen[3]) if np.isfinite(seen).all() else None,
                visibility=round(row["visibility"], 4),
                head_px=head and (head[0], head[1]),
                head_seen=head is not None and bool(head[2]),
                posture=posture,
                role=role,
                kind=kind,
                carried_by=carried_by,
                place_m=(row["x_m"], row["y_m"]),
                area_px=area,
                counts=counts,
            )

    def _inside(self, head: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        """A head, unless it is outside the picture."""
        if head is None:
            return None
        return head if all(-0.5 <= at < edge - 0.5 for at, edge in zip(head, self._edge[:2], strict=False)) else None


_WHOLE: Final = ("x1", "y1", "x2", "y2")
_SEEN: Final = ("vx1", "vy1", "vx2", "vy2")


def _by_frame(rows: pa.Table) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["frame"], []).append(row)
    return found


def _keyed(table: pa.Table | None, camera_id: str, names: tuple[str, ...]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Columns of a table by frame and id."""
    if table is None:
        return {}
    mine = table.filter(pc.equal(table["camera"], camera_id))
    values = [column(mine, name).tolist() for name in ("frame", "id", *names)]
    return {(row[0], row[1]): tuple(row[2:]) for row in zip(*values, strict=True)}


def _by_time(table: pa.Table | None, names: tuple[str, ...]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Columns of a table by instant and id."""
    if table is None:
        return {}
    values = [column(table, name).tolist() for name in ("time_s", "id", *names)]
    return {(_key(row[0]), row[1]): tuple(row[2:]) for row in zip(*values, strict=True)}


def _key(time_s: float) -> int:
    """An instant as a whole number of tenths of a millisecond."""
    return round(time_s * 10_000)
