"""Everybody's way through a run: recorded from a crowd, kept as Parquet or in the text form of JuPedSim and PedPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scenarios.errors import ScenarioError
from sim.crowd import Crowd

__all__ = ["Recorder", "Trajectories", "check_target", "read_trajectories", "write_trajectories"]

_RATE_HZ: Final = 10.0
_SUFFIXES: Final = (".parquet", ".txt")
_RATE_KEY: Final = b"framerate_hz"


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Where everybody was, one row a person and frame, ordered by frame and then by id.

    Attributes:
        rate_hz: Frames a second.
        frame: Number of the frame, from 0, shape (n,).
        id: Person, shape (n,).
        position_m: Shape (n, 2).
    """

    rate_hz: float
    frame: NDArray[np.int64]
    id: NDArray[np.int64]
    position_m: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.id)

    def at(self, frame: int) -> slice:
        """Return the rows of one frame."""
        first, after = np.searchsorted(self.frame, [frame, frame + 1])
        return slice(int(first), int(after))

    @property
    def frames(self) -> range:
        """The frames from the first row's to the last row's."""
        return range(int(self.frame[0]), int(self.frame[-1]) + 1) if len(self) else range(0)


class Recorder:
    """Writes down a crowd's places while it walks; call it at the start and after every step."""

    def __init__(self, step_s: float) -> None:
        """Prepare for steps of a length; the rate is the one nearest to 10 a second that steps allow."""
        self._every = max(1, round(1 / (_RATE_HZ * step_s)))
        self.rate_hz = 1 / (self._every * step_s)
        self._steps = 0
        self._ids: list[NDArray[np.int64]] = []
        self._places: list[NDArray[np.float64]] = []

    def __call__(self, crowd: Crowd) -> None:
        """Take in this instant, if it is due."""
        if self._steps % self._every == 0:
            order = np.argsort(crowd.people.id, kind="stable")
            self._ids.append(crowd.people.id[order].astype(np.int64))
            self._places.append(crowd.people.position_m[order].astype(float))
        self._steps += 1

    def trajectories(self) -> Trajectories:
        """Return what was recorded so far."""
        counts = [len(ids) for ids in self._ids]
        return Trajectories(
            self.rate_hz,
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([np.empty(0, np.int64), *self._ids]),
            np.concatenate([np.empty((0, 2)), *self._places]),
        )


def check_target(path: Path) -> None:
    """Make sure, before a long run, that trajectories can be written to a path.

    Raises:
        ScenarioError: The ending is neither .parquet nor .txt, or there is no such folder.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ScenarioError(f"trajectories: {path} ends in neither .parquet nor .txt (the text form of PedPy)")
    if path.is_dir():
        raise ScenarioError(f"trajectories: {path} is a folder; it should be a file")
    if not path.parent.is_dir():
        raise ScenarioError(f"trajectories: there is no folder {path.parent} to write {path.name} to")


def write_trajectories(trajectories: Trajectories, path: Path) -> None:
    """Write a run by the ending of the path: Parquet (frame, id, x_m, y_m), or text (id, frame, x, y).

    The text has the head that ``pedpy.load_trajectory_from_txt`` and JuPedSim's tools read; places have 0.1 mm.

    Raises:
        ScenarioError: The path is no place for it, or cannot be written.
    """
    check_target(path)
    x, y = trajectories.position_m.T
    try:
        if path.suffix.lower() == ".parquet":
            columns = {"frame": trajectories.frame, "id": trajectories.id, "x_m": x, "y_m": y}
            table = pa.table({name: pa.array(values) for name, values in columns.items()})
            head = {_RATE_KEY: repr(trajectories.rate_hz).encode()}
            pq.write_table(table.replace_schema_metadata(head), path, compression="zstd")
            return
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"# framerate: {trajectories.rate_hz:.6g}\n# id frame x/m y/m\n")
            rows = np.column_stack([trajectories.id, trajectories.frame, x, y])
            np.savetxt(file, rows, fmt=("%d", "%d", "%.4f", "%.4f"))
    except OSError as error:
        raise ScenarioError(f"trajectories: {path} cannot be written: {error.strerror or error}") from None


def read_trajectories(path: Path) -> Trajectories:
    """Read what ``write_trajectories`` wrote, or the text of another tool in the same form.

    Raises:
        ScenarioError: There is no such file, or it is something else.
    """
    try:
        return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_text(path)
    except OSError as error:
        raise ScenarioError(f"trajectories: {path} cannot be read: {error.strerror or error}") from None
    except (pa.ArrowInvalid, KeyError, ValueError) as error:
        raise ScenarioError(f"trajectories: {path} is no file of trajectories: {error}") from None


def _read_parquet(path: Path) -> Trajectories:
    table = pq.read_table(path)
    head = table.schema.metadata or {}
    if _RATE_KEY not in head:
        raise ValueError("it does not say its framerate_hz")
    place = np.column_stack([table["x_m"].to_numpy(), table["y_m"].to_numpy()])
    return _ordered(float(head[_RATE_KEY]), table["frame"].to_numpy(), table["id"].to_numpy(), place)


def _read_text(path: Path) -> Trajectories:
    text = path.read_text(encoding="utf-8", errors="replace")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    rates = [m for line in comments if (m := re.search(r"framerate:?\s*([0-9.eE+-]+)", line))]
    if not rates:
        raise ValueError("no line '# framerate: 10'")
    numbers = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = np.loadtxt(numbers, ndmin=2, usecols=(0, 1, 2, 3)) if numbers else np.empty((0, 4))
    return _ordered(float(rates[0][1]), rows[:, 1], rows[:, 0], rows[:, 2:])


def _ordered(
    rate_hz: float, frame: NDArray[np.float64], person: NDArray[np.float64], place: NDArray[np.float64]
) -> Trajectories:
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise ValueError(f"a frame rate of {rate_hz} a second")
    if not np.isfinite(place).all():
        raise ValueError("a place that is no number")
    order = np.lexsort((person, frame))
    return Trajectories(rate_hz, frame[order].astype(np.int64), person[order].astype(np.int64), place[order])
