"""People who go given ways: read from a table, put in, moved and taken out as the table says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from scenarios.population import Posture, Role

if TYPE_CHECKING:
    from sim.crowd import Crowd

__all__ = ["GivenWays", "Way", "read_ways"]

_COLUMNS: Final = ("id", "t_s", "x_m", "y_m")
_WALKS_MPS: Final = 0.25
_RUNS_MPS: Final = 2.0
_SLOWEST_TURN_MPS: Final = 0.3
_TURN_RADPS: Final = 4.0
_SPEED_OVER_S: Final = 0.4
_HEIGHTS_M: Final = (0.8, 2.2)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One person's way.

    Attributes:
        id: As in the table.
        time_s: Ascending, shape (n,).
        place_m: Shape (n, 2).
        height_m: Body height, or None where the table does not say.
    """

    id: int
    time_s: NDArray[np.float64]
    place_m: NDArray[np.float64]
    height_m: float | None

    def at(self, time_s: float) -> NDArray[np.float64]:
        """Return the place (x, y) at a time, that of the nearer end before and after the way."""
        x, y = (np.interp(time_s, self.time_s, self.place_m[:, axis]) for axis in (0, 1))
        return np.array((x, y))

    def velocity_mps(self, time_s: float) -> NDArray[np.float64]:
        """Return the velocity at a time, over 0.4 s or what there is of them."""
        begin = max(time_s - _SPEED_OVER_S / 2, float(self.time_s[0]))
        end = min(time_s + _SPEED_OVER_S / 2, float(self.time_s[-1]))
        return np.asarray((self.at(end) - self.at(begin)) / max(end - begin, 1e-6))


class GivenWays:
    """Whoever goes a given way: in the crowd from the first row of the way to its last.

    Others walk around them as around people who stay; they walk around nobody.

    Args:
        crowd: Where to put them.

    Raises:
        ScenarioError: The table is missing or wrong.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        spec = crowd.scenario.population.ways
        assert spec is not None
        self._shift_s = spec.start_s
        self._waiting = sorted(read_ways(spec.locate("population.ways.file")), key=lambda w: (w.time_s[0], w.id))
        self._walking: dict[int, Way] = {}
        self.step()

    def step(self) -> None:
        """Bring everybody to where the table says that they are now."""
        now = self._crowd.time_s + self._shift_s
        people = self._crowd.people
        gone = [person for person, way in self._walking.items() if way.time_s[-1] < now - 1e-9]
        for person in gone:
            del self._walking[person]
            self._crowd.take_out(person)
        while self._waiting and self._waiting[0].time_s[0] <= now + 1e-9:
            way = self._waiting.pop(0)
            if way.time_s[-1] >= now:
                heading = _heading(_first_motion(way, now))
                person = self._crowd.settle(way.at(now), Posture.STANDING, heading, Role.PASSER_BY)
                if way.height_m is not None:
                    people.height_m[-1] = way.height_m
                self._walking[person] = way
        for person, way in self._walking.items():
            row = people.row(person)
            if row is not None:
                self._move(row, way, now)

    def _move(self, row: int, way: Way, now: float) -> None:
        people, dt_s = self._crowd.people, self._crowd.scenario.step_s
        velocity = way.velocity_mps(now)
        speed = float(np.hypot(*velocity))
        people.position_m[row] = way.at(now)
        people.velocity_mps[row] = velocity
        people.walked_m[row] += speed * dt_s
        if speed > _SLOWEST_TURN_MPS:
            off = (_heading(velocity) - people.heading_rad[row] + np.pi) % (2 * np.pi) - np.pi
            turned = people.heading_rad[row] + np.clip(off, -_TURN_RADPS * dt_s, _TURN_RADPS * dt_s)
            people.heading_rad[row] = (turned + np.pi) % (2 * np.pi) - np.pi
        posture = Posture.RUNNING if speed >= _RUNS_MPS else Posture.WALKING if speed > _WALKS_MPS else Posture.STANDING
        people.take(row, posture)


def read_ways(path: Path) -> list[Way]:
    """Read a table of ways, by ascending id.

    Raises:
        ScenarioError: It cannot be read, a column is missing, or a value is no number.
    """
    try:
        table = pa.parquet.read_table(path) if path.suffix == ".parquet" else pa.csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise ScenarioError(f"{path.name}: cannot be read as a table ({reason})") from None
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise ScenarioError(f"{path.name}: the column '{missing[0]}' is missing (needed: {', '.join(_COLUMNS)})")
    columns = {name: _numbers(table, name, path) for name in _COLUMNS}
    heights = _numbers(table, "height_m", path) if "height_m" in table.column_names else None
    if heights is not None and not ((heights >= _HEIGHTS_M[0]) & (heights <= _HEIGHTS_M[1])).all():
        raise ScenarioError(f"{path.name}: height_m should lie between {_HEIGHTS_M[0]:g} and {_HEIGHTS_M[1]:g} m")
    ways = []
    for person in np.unique(columns["id"]):
        rows = np.flatnonzero(columns["id"] == person)
        rows = rows[np.argsort(columns["t_s"][rows], kind="stable")]
        time_s = columns["t_s"][rows]
        if (np.diff(time_s) <= 0).any():
            again = time_s[1:][np.diff(time_s) <= 0][0]
            raise ScenarioError(f"{path.name}: id {person:g} is in two places at {again:g} s")
        place = np.stack((columns["x_m"][rows], columns["y_m"][rows]), axis=1)
        ways.append(Way(int(person), time_s, place, None if heights is None else float(np.median(heights[rows]))))
    return ways


def _numbers(table: Any, name: str, path: Path) -> NDArray[np.float64]:
    try:
        values = np.asarray(table[name].to_numpy(), float)
    except (TypeError, ValueError):
        raise ScenarioError(f"{path.name}: the column '{name}' should hold numbers") from None
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ScenarioError(f"{path.name}: '{name}' is no number in row {row + 1}")
    return values


def _first_motion(way: Way, now: float) -> NDArray[np.float64]:
    """The first direction in which somebody really goes, from now on."""
    here = way.at(now)
    for later in way.place_m[way.time_s > now]:
        if np.hypot(*(later - here)) > 0.3:
            return np.asarray(later - here)
    return way.velocity_mps(now)


def _heading(motion: NDArray[np.float64]) -> float:
    return float(np.arctan2(motion[1], motion[0]))
