"""How many people each camera saw, span by span: numbers of tracks, of nobody in particular, kept for two days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import shapely

from detect.database import Database, text_of
from detect.tracks import ObjectClass, Tracks
from scenarios.venue import Zone

__all__ = ["SPAN_S", "Count", "CountBook", "Tally"]

SPAN_S: Final = 10.0
_KEPT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Count:
    """Ten seconds of one camera; times without pictures have none, and are no zero.

    Attributes:
        camera_id: Which.
        begin: When its first picture was taken,
        end: and its last one.
        people: How many people were followed, mean over the pictures.
        per_m2: Zone to people a square metre of its whole area, mean over the pictures; of calibrated cameras.
    """

    camera_id: str
    begin: datetime
    end: datetime
    people: float
    per_m2: dict[str, float]


class Tally:
    """Counts the pictures of one camera."""

    def __init__(self, camera_id: str, zones: Sequence[Zone] = ()) -> None:
        self._camera_id, self._zones = camera_id, zones
        self._seen: list[tuple[datetime, int, list[float]]] = []

    def see(self, tracks: Tracks, taken_at: datetime) -> Count | None:
        """Count one picture; returns the span that it completes."""
        done = self.end() if self._seen and (taken_at - self._seen[0][0]).total_seconds() >= SPAN_S else None
        people = tracks.of(ObjectClass.PERSON)
        x, y = people.position_m[:, 0], people.position_m[:, 1]
        inside = [float(shapely.contains_xy(z.shape, x, y).sum()) / z.shape.area for z in self._zones]
        self._seen.append((taken_at, len(people), inside))
        return done

    def end(self) -> Count | None:
        """Return what was counted since the last span: at a gap, a span ends early."""
        if not self._seen:
            return None
        times, people, inside = zip(*self._seen, strict=True)
        self._seen = []
        means = np.mean(inside, axis=0) if self._zones else []
        per_m2 = {zone.id: round(float(mean), 3) for zone, mean in zip(self._zones, means, strict=True)}
        return Count(self._camera_id, times[0], times[-1], round(float(np.mean(people)), 2), per_m2)


class CountBook:
    """Those of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, count: Count) -> None:
        """Keep one, and forget what is older than two days."""
        with self._database.write() as database:
            database.execute(
                "INSERT INTO counts (camera_id, begun_at, ended_at, people, facts) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (count.camera_id, text_of(count.begin), text_of(count.end), count.people, json.dumps(count.per_m2)),
            )
            old = text_of(count.begin - _KEPT)
            database.execute("DELETE FROM counts WHERE camera_id = ? AND begun_at < ?", (count.camera_id, old))

    def since(self, moment: datetime) -> list[Count]:
        """Return all that began at a moment or later, by camera and time."""
        rows = self._database.rows(
            "SELECT camera_id, begun_at, ended_at, people, facts FROM counts WHERE begun_at >= ? "
            "ORDER BY camera_id, begun_at",
            (text_of(moment),),
        )
        return [
            Count(
                camera, datetime.fromisoformat(begin), datetime.fromisoformat(end), round(people, 2), json.loads(facts)
            )
            for camera, begin, end, people, facts in rows
        ]
