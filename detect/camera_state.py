"""How a camera is, as its watcher last said: the row that the wall of pictures shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from detect.audit import append
from detect.database import Connection, moment_of, text_of

__all__ = ["CameraState", "keep_camera", "load_cameras"]


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera, as its watcher last said.

    Attributes:
        camera_id: Which.
        source: Where its pictures come from, without credentials.
        state: connecting, live, stalled, lost, unreachable, off, ended.
        words: What is wrong, for a person; empty if nothing is.
        last_picture_at: When the newest picture was taken; None before the first.
        counters: frames, drops, reconnects and the like.
    """

    camera_id: str
    source: str
    state: str
    words: str
    last_picture_at: datetime | None
    counters: Mapping[str, int]


def keep_camera(database: Connection, camera: CameraState) -> None:
    """Keep a camera's state, inside a transaction; a change of state goes into the record.

    The moment of the last picture stays when no newer one is told.
    """
    taken = None if camera.last_picture_at is None else text_of(camera.last_picture_at)
    row = database.execute("SELECT state FROM cameras WHERE camera_id = ?", (camera.camera_id,)).fetchone()
    database.execute(
        "INSERT INTO cameras (camera_id, source, state, words, last_picture_at, counters) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (camera_id) DO UPDATE SET source = excluded.source, "
        "state = excluded.state, words = excluded.words, counters = excluded.counters, "
        "last_picture_at = coalesce(excluded.last_picture_at, cameras.last_picture_at)",
        (camera.camera_id, camera.source, camera.state, camera.words, taken, json.dumps(dict(camera.counters))),
    )
    if row is None or row[0] != camera.state:
        facts = {"camera": camera.camera_id, "source": camera.source, "why": camera.words}
        append(database, f"camera.{camera.state}", facts)


def load_cameras(database: Connection) -> list[CameraState]:
    """Return all cameras by their ids."""
    rows = database.execute(
        "SELECT camera_id, source, state, words, last_picture_at, counters FROM cameras ORDER BY camera_id"
    )
    return [
        CameraState(camera_id, source, state, words, moment_of(taken), json.loads(counters))
        for camera_id, source, state, words, taken, counters in rows
    ]
