"""Truth and observations from plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from detect.observations import DETECTIONS, TRACKS, Observations
from scenarios.event import Event, EventKind
from scenarios.truth import BOXES, OBJECTS, PEOPLE, GroundTruth


def table(rows: Sequence[dict], schema: pa.Schema) -> pa.Table:
    columns = {f.name: [row[f.name] for row in rows] for f in schema}
    return pa.table({f.name: pa.array(columns[f.name], type=f.type, from_pandas=False) for f in schema}, schema)


@pytest.fixture
def people_table():
    def build(rows):
        """(time, id, x, y[, role])."""
        return table(
            [
                {
                    "time_s": r[0],
                    "id": r[1],
                    "x_m": r[2],
                    "y_m": r[3],
                    "vx_mps": 0.0,
                    "vy_mps": 0.0,
                    "posture": "standing",
                    "role": r[4] if len(r) > 4 else "passer_by",
                    "body": "adult",
                    "group": -1,
                }
                for r in rows
            ],
            PEOPLE,
        )

    return build


@pytest.fixture
def object_table():
    def build(rows):
        """(time, id, x, y, carried_by, owner)."""
        names = ("time_s", "id", "x_m", "y_m", "carried_by", "owner")
        return table([dict(zip(names, r, strict=True)) | {"kind": "backpack"} for r in rows], OBJECTS)

    return build


@pytest.fixture
def box_truth():
    def build(rows, fps=10.0, duration_s=None):
        """(frame, id, x1, y1, x2, y2[, visibility[, cls[, x_m, y_m]]])."""
        made = []
        for r in rows:
            frame, who, *box = r[:6]
            visibility, cls, x, y = [*r[6:], *(1.0, "person", np.nan, np.nan)[len(r) - 6 :]]
            corner = dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))
            made.append(
                {
                    "camera": "cam",
                    "frame": frame,
                    "time_s": frame / fps,
                    "id": who,
                    "cls": cls,
                    "visibility": visibility,
                }
                | corner
                | {"v" + k: v for k, v in corner.items()}
                | {"x_m": x, "y_m": y}
            )
        end = max((r["time_s"] for r in made), default=0.0)
        return GroundTruth(end if duration_s is None else duration_s, None, None, table(made, BOXES), None)

    return build


@pytest.fixture
def observed():
    def build(detections=(), tracks=(), events=(), gaps=(), fps=10.0, cls="person"):
        """Detections (frame, x1, y1, x2, y2, confidence), tracks (frame, id, x1, y1, x2, y2)."""
        found = [
            dict(zip(("frame", "x1", "y1", "x2", "y2", "confidence"), r, strict=True))
            | {"camera": "cam", "time_s": r[0] / fps, "cls": cls}
            for r in detections
        ]
        nothing = dict.fromkeys(("x_m", "y_m", "vx_mps", "vy_mps", "sigma_m", "xx_m2", "xy_m2", "yy_m2"), np.nan)
        followed = [
            dict(zip(("frame", "track_id", "x1", "y1", "x2", "y2"), r, strict=True))
            | {"camera": "cam", "time_s": r[0] / fps, "cls": "person", "confidence": 1.0}
            | nothing
            for r in tracks
        ]
        return Observations(table(found, DETECTIONS), table(followed, TRACKS), tuple(events), tuple(gaps))

    return build


@pytest.fixture
def alarm():
    def build(at_s, place=(0.0, 0.0), kind=EventKind.ABANDONED_OBJECT, camera="cam", end_s=None, **other):
        name = f"{kind}-{camera}-{at_s}-{place}"
        return Event(
            name, kind, camera, at_s, end_s, place, other.get("box"), other.get("zone"), (), 1.0, kind.value, {}
        )

    return build


@pytest.fixture
def pets() -> Path:
    return Path(__file__).parents[2] / "reference" / "pets09_s2l1"
