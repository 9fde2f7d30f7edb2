"""True and seen boxes side by side, picture by picture, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from detect.score.settings import ScoreSettings
from scenarios.camera import Camera
from scenarios.frame import Gap
from scenarios.truth import column

__all__ = ["BoxTable", "Footage", "iou_matrix", "pictures", "seen_boxes", "true_boxes"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FRAMES: Final = 2**32
_SMALL_BAG: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What was watched.

    Attributes:
        cameras: Names of the cameras, sorted.
        until_s: End of the footage.
        sizes_px: Width and height of the pictures, by camera, where known: the truth is clipped to them.
        gaps: Spans without pictures: no data, neither right nor wrong.
    """

    cameras: tuple[str, ...]
    until_s: float
    sizes_px: Mapping[str, tuple[int, int]]
    gaps: Sequence[Gap]

    @classmethod
    def of(
        cls, tables: Iterable[pa.Table | None], until_s: float, cameras: Iterable[Camera], gaps: Sequence[Gap]
    ) -> Footage:
        """Gather the cameras that appear anywhere."""
        known = {c.id: (c.width_px, c.height_px) for c in cameras}
        named = {str(n) for t in tables if t is not None for n in pc.unique(t.column("camera")).to_pylist()}
        return cls(tuple(sorted(named | set(known))), until_s, known, tuple(gaps))

    def watched(self, camera: NDArray[np.object_], time_s: Floats) -> NDArray[np.bool_]:
        """Which rows lie within the footage and in no gap, shape (n,)."""
        keep = time_s <= self.until_s + 1e-6
        for gap in self.gaps:
            if gap.end_s > gap.start_s:
                keep &= ~((camera == gap.camera_id) & (time_s > gap.start_s + 1e-6) & (time_s < gap.end_s - 1e-6))
        return np.asarray(keep)

    def keys(self, camera: NDArray[np.object_], frame: Ints) -> Ints:
        """One number a picture, in the order of cameras and frames."""
        code = np.searchsorted(np.array(self.cameras, dtype=object), camera) if len(camera) else np.empty(0, np.int64)
        return np.asarray(code.astype(np.int64) * _FRAMES + frame)


@dataclass(frozen=True, slots=True, eq=False)
class BoxTable:
    """Boxes of one class, sorted by picture.

    Attributes:
        key: Picture, shape (n,); see ``Footage.keys``.
        box_px: x1, y1, x2, y2, shape (n, 4).
        id: True id or track id; -1 for plain detections.
        confidence: Shape (n,); 1 for the truth.
        ignore: Whether finding it is neither right nor wrong, shape (n,).
        place_m: Ground position, shape (n, 2); nan where not known.
    """

    key: Ints
    box_px: Floats
    id: Ints
    confidence: Floats
    ignore: NDArray[np.bool_]
    place_m: Floats

    def __len__(self) -> int:
        return len(self.key)

    @property
    def camera(self) -> Ints:
        """Code of the camera of each box, shape (n,)."""
        return self.key // _FRAMES


def true_boxes(table: pa.Table, cls: str, footage: Footage, settings: ScoreSettings) -> BoxTable:
    """Return the true boxes of one class (whole bodies, clipped to the picture)."""
    table = table.filter(pc.equal(table.column("cls"), cls))
    camera, time = _names(table), column(table, "time_s").astype(float)
    keep = footage.watched(camera, time)
    table, camera = table.filter(pa.array(keep)), camera[keep]
    box = _box(table)
    for name, (width, height) in footage.sizes_px.items():
        mine = camera == name
        box[mine] = np.clip(box[mine], 0, (width, height, width, height))
    visibility = np.nan_to_num(column(table, "visibility").astype(float))
    least = settings.min_height_px * (1.0 if cls == "person" else _SMALL_BAG)
    ignore = (visibility < settings.min_visibility) | (box[:, 3] - box[:, 1] < least)
    place = np.stack((column(table, "x_m"), column(table, "y_m")), axis=1).astype(float)
    key = footage.keys(camera, column(table, "frame").astype(np.int64))
    return _sorted(key, box, column(table, "id").astype(np.int64), np.ones(len(key)), ignore, place)


def seen_boxes(table: pa.Table, cls: str, footage: Footage) -> BoxTable:
    """Return detections or tracks of one class; by falling confidence within a picture."""
    table = table.filter(pc.equal(table.column("cls"), cls))
    n = table.num_rows
    key = footage.keys(_names(table), column(table, "frame").astype(np.int64))
    followed = "track_id" in table.column_names
    track = column(table, "track_id").astype(np.int64) if followed else np.full(n, -1, np.int64)
    confidence = column(table, "confidence").astype(float)
    order = np.argsort(-confidence, kind="stable")
    place = (
        np.stack((column(table, "x_m"), column(table, "y_m")), axis=1).astype(float)
        if followed
        else np.full((n, 2), np.nan)
    )
    return _sorted(key[order], _box(table)[order], track[order], confidence[order], np.zeros(n, bool), place[order])


def pictures(true: BoxTable, seen: BoxTable) -> Iterator[tuple[int, slice, slice]]:
    """Iterate over all pictures that have any box: its key, and the rows of both tables."""
    keys = np.union1d(true.key, seen.key)
    bounds = [np.searchsorted(t.key, keys, side=side) for t in (true, seen) for side in ("left", "right")]
    for key, t0, t1, s0, s1 in zip(keys.tolist(), *(b.tolist() for b in bounds), strict=True):
        yield key, slice(t0, t1), slice(s0, s1)


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes (n, 4) and (m, 4), shape (n, m)."""
    wide = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    high = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    inside = np.maximum(wide, 0.0) * np.maximum(high, 0.0)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b - inside
    return np.asarray(np.divide(inside, union, out=np.zeros_like(inside), where=union > 0))


def _names(table: pa.Table) -> NDArray[np.object_]:
    return np.asarray(column(table, "camera"), dtype=object)


def _box(table: pa.Table) -> Floats:
    return np.stack([column(table, name) for name in ("x1", "y1", "x2", "y2")], axis=1).astype(float)


def _sorted(
    key: Ints, box: Floats, id_: Ints, confidence: Floats, ignore: NDArray[np.bool_], place: Floats
) -> BoxTable:
    order = np.argsort(key, kind="stable")
    return BoxTable(key[order], box[order], id_[order], confidence[order], ignore[order], place[order])
