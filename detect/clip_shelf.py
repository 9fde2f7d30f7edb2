"""Films of alerts, each with its hash in the record."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from detect.audit import append
from detect.clips import Clip
from detect.database import Database, text_of
from scenarios.errors import ParvisError

__all__ = ["ClipShelf"]


class ClipShelf:
    """Those of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.folder = database.films.folder
        """Where a film is written before it is kept."""

    def keep(self, clip: Clip) -> None:
        """Keep what is to be known of a film whose file is in the folder.

        Raises:
            ParvisError: There is no such alert, or it has one already.
        """
        facts = _to_json(clip)
        with self._database.write() as database:
            if not database.execute("SELECT 1 FROM alerts WHERE alert_id = ?", (clip.alert_id,)).fetchone():
                raise ParvisError(f"there is no alert {clip.alert_id}")
            if database.execute("SELECT 1 FROM clips WHERE alert_id = ?", (clip.alert_id,)).fetchone():
                raise ParvisError(f"alert {clip.alert_id}: has its film already")
            database.execute(
                "INSERT INTO clips (alert_id, file, sha256, facts) VALUES (?, ?, ?, ?)",
                (clip.alert_id, clip.file, clip.sha256, json.dumps(facts)),
            )
            self._database.films.keep(database, clip.file)
            append(database, "clip.kept", {"alert": clip.alert_id, "file": clip.file, "sha256": clip.sha256})
        self._database.films.settle(clip.file)

    def of_alert(self, alert_id: str) -> Clip | None:
        """Return the film of an alert, if there is one."""
        row = self._database.row("SELECT facts FROM clips WHERE alert_id = ?", (alert_id,))
        return None if row is None else _from_json(json.loads(row[0]))

    def film(self, clip: Clip) -> bytes | None:
        """Return the film itself, or None where it is gone."""
        with self._database.read() as database:
            return self._database.films.read(database, clip.file)


def _to_json(clip: Clip) -> dict[str, Any]:
    return asdict(clip) | {"began_at": text_of(clip.began_at)}


def _from_json(facts: dict[str, Any]) -> Clip:
    return Clip(
        **{
            **facts,
            "began_at": datetime.fromisoformat(facts["began_at"]),
            "size_px": tuple(facts["size_px"]),
            "of_px": tuple(facts["of_px"]),
            "gaps": tuple((a, b) for a, b in facts["gaps"]),
        }
    )
