"""What the stack saw and said, as tables: written beside the film, read by the scorer, the report and the pages.

==========  ================================================================================================
detections  camera str, frame i4, time_s f8, cls str, x1 y1 x2 y2 f4, confidence f4
tracks      the same and track_id i8, x_m y_m vx_mps vy_mps sigma_m f4 (nan without calibration); sigma_m is
            the root of the larger eigenvalue of the position's covariance, xx_m2 xy_m2 yy_m2 f4
events      one ``Event`` each, as it was last said
==========  ================================================================================================

``frame`` counts the pictures of the film from 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import supervision as sv

from detect.tracks import ObjectClass, Tracks
from scenarios.errors import RecordingError
from scenarios.event import Event, EventKind
from scenarios.frame import Frame, Gap
from scenarios.recording import Recording

__all__ = ["DETECTIONS", "TRACKS", "ObservationLog", "Observations", "event_from_json", "event_to_json"]

_BOX: Final = [(name, pa.float32()) for name in ("x1", "y1", "x2", "y2")]
_WHEN: Final = [("camera", pa.string()), ("frame", pa.int32()), ("time_s", pa.float64())]
DETECTIONS: Final = pa.schema([*_WHEN, ("cls", pa.string()), *_BOX, ("confidence", pa.float32())])
TRACKS: Final = pa.schema(
    [*_WHEN, ("track_id", pa.int64()), ("cls", pa.string()), *_BOX, ("confidence", pa.float32())]
    + [(name, pa.float32()) for name in ("x_m", "y_m", "vx_mps", "vy_mps", "sigma_m", "xx_m2", "xy_m2", "yy_m2")]
)


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Everything seen and said in one run.

    Attributes:
        detections: Table ``DETECTIONS``.
        tracks: Table ``TRACKS``.
        events: As last said, in the order in which they began.
        gaps: Spans without pictures.
    """

    detections: pa.Table
    tracks: pa.Table
    events: tuple[Event, ...]
    gaps: tuple[Gap, ...] = ()

    def save(self, recording: Recording) -> None:
        """Write detections, tracks and events into the run folder."""
        pq.write_table(self.detections, recording.detections, compression="zstd")
        pq.write_table(self.tracks, recording.tracks, compression="zstd")
        lines = [json.dumps(event_to_json(e), ensure_ascii=False) for e in self.events]
        recording.events.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    @classmethod
    def load(cls, recording: Recording) -> Observations:
        """Read what ``save`` wrote.

        Raises:
            RecordingError: A file is missing or cannot be read.
        """
        try:
            events = [event_from_json(json.loads(x)) for x in recording.events.read_text("utf-8").splitlines()]
            return cls(pq.read_table(recording.detections), pq.read_table(recording.tracks), tuple(events))
        except FileNotFoundError:
            parts = (recording.events, recording.detections, recording.tracks)
            missing = ", ".join(part.name for part in parts if not part.exists())
            raise RecordingError(f"{recording.folder}: holds no detections ({missing} is missing)") from None
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise RecordingError(f"{recording.folder}: its detections cannot be read ({error})") from None


@dataclass(slots=True)
class ObservationLog:
    """Collects, picture by picture, what becomes ``Observations``."""

    _detections: list[dict[str, Any]] = field(default_factory=list)
    _tracks: list[dict[str, Any]] = field(default_factory=list)
    _events: dict[str, Event] = field(default_factory=dict)
    _gaps: list[Gap] = field(default_factory=list)

    def add(self, frame: Frame, detections: sv.Detections, tracks: Tracks, events: Iterable[Event]) -> None:
        """Note one picture."""
        n = len(detections)
        if n:
            assert detections.class_id is not None
            assert detections.confidence is not None
            self._detections.append(
                self._rows(frame, n, detections.xyxy, detections.class_id, detections.confidence),
            )
        n = len(tracks)
        if n:
            rows = self._rows(frame, n, tracks.box_px, tracks.cls, tracks.confidence)
            largest = np.full(n, np.nan)
            known = np.isfinite(tracks.covariance_m2).all(axis=(1, 2))
            if known.any():
                largest[known] = np.sqrt(np.linalg.eigvalsh(tracks.covariance_m2[known])[:, -1])
            rows |= {
                "track_id": tracks.track_id,
                "x_m": tracks.position_m[:, 0],
                "y_m": tracks.position_m[:, 1],
                "vx_mps": tracks.velocity_mps[:, 0],
                "vy_mps": tracks.velocity_mps[:, 1],
                "sigma_m": largest,
                "xx_m2": tracks.covariance_m2[:, 0, 0],
                "xy_m2": tracks.covariance_m2[:, 0, 1],
                "yy_m2": tracks.covariance_m2[:, 1, 1],
            }
            self._tracks.append(rows)
        self.say(events)

    def say(self, events: Iterable[Event]) -> None:
        """Note events that were said between pictures."""
        for event in events:
            self._events[event.event_id] = event

    def miss(self, gap: Gap) -> None:
        """Note a span without pictures."""
        self._gaps.append(gap)

    def finish(self) -> Observations:
        """Return everything noted so far."""
        return Observations(
            detections=_table(self._detections, DETECTIONS),
            tracks=_table(self._tracks, TRACKS),
            events=tuple(sorted(self._events.values(), key=lambda e: (e.start_s, e.event_id))),
            gaps=tuple(self._gaps),
        )

    @staticmethod
    def _rows(frame: Frame, n: int, boxes: Any, classes: Any, confidence: Any) -> dict[str, Any]:
        return {
            "camera": [frame.camera_id] * n,
            "frame": np.full(n, frame.index, np.int32),
            "time_s": np.full(n, frame.time_s),
            "cls": [ObjectClass(int(c)).name.lower() for c in classes],
            "x1": boxes[:, 0],
            "y1": boxes[:, 1],
            "x2": boxes[:, 2],
            "y2": boxes[:, 3],
            "confidence": confidence,
        }


def event_to_json(event: Event) -> dict[str, Any]:
    """Return the event as plain JSON values; ``drill`` is there only where it is one."""
    said = asdict(event) | {"evidence": dict(event.evidence)}
    if event.drill is None:
        del said["drill"]
    return said


def event_from_json(raw: dict[str, Any]) -> Event:
    """Return the event that ``event_to_json`` wrote."""
    return Event(
        **{
            **raw,
            "kind": EventKind(raw["kind"]),
            "place_m": _tuple(raw["place_m"]),
            "box_px": _tuple(raw["box_px"]),
            "track_ids": tuple(raw["track_ids"]),
        }
    )


def _tuple(values: Any) -> Any:
    return None if values is None else tuple(values)


def _table(parts: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    columns = {
        name: (
            [v for part in parts for v in part[name]]
            if schema.field(name).type == pa.string()
            else np.concatenate([np.asarray(part[name]) for part in parts])
            if parts
            else []
        )
        for name in schema.names
    }
    return pa.table({name: pa.array(columns[name], type=schema.field(name).type) for name in schema.names}, schema)
