"""Everybody on the floor over a whole recording: the tracks of its cameras, fused, as a table beside them.

Columns: time_s f8, person i8, x_m y_m vx_mps vy_mps sigma_m f4, xx_m2 xy_m2 yy_m2 f4, cameras str (who sees them, with
their track ids: ``south:12 west:7``). The instants at which any camera was watching stand in the table's metadata: an
instant without rows is an empty floor, one that is not there is no data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from detect.fusion import Floor, FloorFuser, FusionSettings
from detect.tracks import ObjectClass, Tracks
from scenarios.errors import RecordingError
from scenarios.frame import Gap
from scenarios.recording import Recording

__all__ = ["FLOOR", "Floors", "fuse_tracks"]

Floats = NDArray[np.float64]

FLOOR: Final = pa.schema(
    [("time_s", pa.float64()), ("person", pa.int64())]
    + [(name, pa.float32()) for name in ("x_m", "y_m", "vx_mps", "vy_mps", "sigma_m", "xx_m2", "xy_m2", "yy_m2")]
    + [("cameras", pa.string())]
)
_INSTANTS: Final = b"instants_s"
_COVARIANCE: Final = ("xx_m2", "xy_m2", "xy_m2", "yy_m2")


@dataclass(frozen=True, slots=True, eq=False)
class Floors:
    """Everybody on the floor, instant by instant.

    Attributes:
        table: Table ``FLOOR``.
        instants_s: When any camera was watching, shape (k,).
    """

    table: pa.Table
    instants_s: Floats

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many people there are at each instant, shape (k,)."""
        at = np.searchsorted(self.instants_s, self.table.column("time_s").to_numpy() - 1e-6)
        return np.bincount(at, minlength=len(self.instants_s)).astype(np.int64)

    def save(self, recording: Recording) -> None:
        """Write it into the run folder."""
        instants = {_INSTANTS: json.dumps(np.round(self.instants_s, 6).tolist()).encode()}
        pq.write_table(self.table.replace_schema_metadata(instants), recording.floor, compression="zstd")

    @classmethod
    def load(cls, recording: Recording) -> Floors:
        """Read what ``save`` wrote.

        Raises:
            RecordingError: The file is missing or cannot be read.
        """
        try:
            table = pq.read_table(recording.floor)
            return cls(table, np.asarray(json.loads(table.schema.metadata[_INSTANTS]), float))
        except FileNotFoundError:
            raise RecordingError(
                f"{recording.folder}: knows nobody's place ({recording.floor.name} is missing)"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise RecordingError(f"{recording.floor}: cannot be read ({error})") from None

    @classmethod
    def of(cls, floors: Sequence[Floor]) -> Floors:
        """Gather instants."""
        rows: dict[str, list[Any]] = {name: [] for name in FLOOR.names}
        for floor in floors:
            rows["time_s"] += [floor.time_s] * len(floor)
            rows["person"] += floor.person_id.tolist()
            rows["cameras"] += [" ".join(f"{camera}:{track}" for camera, track in m) for m in floor.members]
            values = (floor.position_m, floor.velocity_mps, floor.covariance_m2[:, 0], floor.covariance_m2[:, 1, 1:])
            places = np.concatenate(values, axis=1)
            largest = np.sqrt(np.linalg.eigvalsh(floor.covariance_m2)[:, -1]) if len(floor) else np.empty(0)
            for k, name in enumerate(("x_m", "y_m", "vx_mps", "vy_mps", "xx_m2", "xy_m2", "yy_m2")):
                rows[name] += places[:, k].tolist()
            rows["sigma_m"] += largest.tolist()
        return cls(pa.table(rows, FLOOR), np.array([floor.time_s for floor in floors], float))


def fuse_tracks(
    tracks: pa.Table,
    times_s: Mapping[str, Floats],
    *,
    gaps: Sequence[Gap] = (),
    settings: FusionSettings | None = None,
) -> Floors:
    """Fuse the tracks of a recording's cameras.

    Args:
        tracks: Table ``detect.observations.TRACKS``; of tracks without a place nothing is taken.
        times_s: When each calibrated camera's pictures were taken; the slowest gives the instants.
        gaps: Spans in which a camera gave nothing.
        settings: When two tracks are one person.
    """
    if not times_s:
        return Floors.of([])
    by_camera = {camera: _by_instant(tracks, camera, np.asarray(times, float)) for camera, times in times_s.items()}
    blind = [(g.start_s, g.end_s, g.camera_id) for g in gaps if g.end_s > g.start_s]
    slowest = max(times_s, key=lambda c: (_interval(times_s[c]), c))
    interval = _interval(times_s[slowest])
    end = max(float(times[-1]) for times in times_s.values() if len(times))
    first = float(times_s[slowest][0]) if len(times_s[slowest]) else 0.0
    fuser = FloorFuser(settings or FusionSettings())
    heads = dict.fromkeys(by_camera, 0)
    floors = []
    for k in range(int(np.floor((end - first) / interval + 1e-6)) + 1):
        now = first + k * interval
        for camera, every in by_camera.items():
            while heads[camera] < len(every) and every[heads[camera]].time_s <= now + 1e-6:
                fuser.take(every[heads[camera]])
                heads[camera] += 1
        for start, stop, camera in blind:
            if start < now < stop:
                fuser.lose(camera)
        floor = fuser.at(now)
        if floor is not None:
            floors.append(floor)
    return Floors.of(floors)


def _interval(times_s: Floats) -> float:
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0


def _by_instant(table: pa.Table, camera: str, times_s: Floats) -> list[Tracks]:
    """One ``Tracks`` a picture, also where there is nobody."""
    names = np.asarray(table.column("camera").to_numpy(zero_copy_only=False), dtype=object)
    rows = np.flatnonzero(names == camera)
    column = {n: np.asarray(table.column(n).to_numpy(zero_copy_only=False))[rows] for n in table.column_names}
    if "xx_m2" not in column:  # of earlier versions only the larger deviation is known
        column |= {"xx_m2": column["sigma_m"] ** 2, "xy_m2": 0 * column["sigma_m"], "yy_m2": column["sigma_m"] ** 2}
    frame = column["frame"].astype(np.int64)
    order = np.argsort(frame, kind="stable")
    bounds = np.searchsorted(frame[order], np.arange(len(times_s) + 1))
    place, velocity, box = (
        np.stack([column[n] for n in names_], axis=1).astype(float)
        for names_ in (("x_m", "y_m"), ("vx_mps", "vy_mps"), ("x1", "y1", "x2", "y2"))
    )
    covariance = np.stack([column[n] for n in _COVARIANCE], axis=1).astype(float).reshape(-1, 2, 2)
    cls = np.array([ObjectClass[str(c).upper()] for c in column["cls"]], np.int8)
    return [
        Tracks(
            camera_id=camera,
            time_s=float(time_s),
            track_id=column["track_id"][here].astype(np.int64),
            cls=cls[here],
            box_px=box[here],
            confidence=column["confidence"][here].astype(float),
            position_m=place[here],
            velocity_mps=velocity[here],
            covariance_m2=covariance[here],
        )
        for time_s, here in ((t, order[bounds[k] : bounds[k + 1]]) for k, t in enumerate(times_s))
    ]
