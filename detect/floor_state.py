"""Everybody on the floor, as the daemon last said: what the page Live shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from detect.database import Database, put_meta, text_of

__all__ = ["FloorState", "keep_floor", "load_floor"]

_KEY: Final = "floor"


@dataclass(frozen=True, slots=True)
class FloorState:
    """The floor at one moment.

    Attributes:
        at: When.
        watching: Calibrated cameras that gave pictures; none: nobody looked, and nothing is known.
        people: Of each person: id (which dies with the daemon), x and y in metres, the standard deviation of the place
            in the worst direction, and how many cameras see them.
        ground: The ground that each calibrated camera sees, watching or not: its id and the corners, in metres.
    """

    at: datetime
    watching: tuple[str, ...]
    people: tuple[tuple[int, float, float, float, int], ...]
    ground: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()


def keep_floor(database: Database, floor: FloorState) -> None:
    """Keep the newest floor in place of the one before."""
    told = {"at": text_of(floor.at), "watching": floor.watching, "people": floor.people, "ground": floor.ground}
    text = json.dumps(told)
    with database.write() as connection:
        put_meta(connection, _KEY, text)


def load_floor(database: Database) -> FloorState | None:
    """Return the newest floor; None where none was ever kept."""
    row = database.row("SELECT value FROM meta WHERE key = ?", (_KEY,))
    if row is None:
        return None
    raw = json.loads(row[0])
    people = tuple((int(i), float(x), float(y), float(s), int(n)) for i, x, y, s, n in raw["people"])
    ground = tuple((str(name), tuple((float(x), float(y)) for x, y in ring)) for name, ring in raw.get("ground", ()))
    return FloorState(datetime.fromisoformat(raw["at"]), tuple(raw["watching"]), people, ground)
