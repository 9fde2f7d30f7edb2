"""What is under the alert store: tables in a file or on a server, written in short transactions, errors in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Connection", "Database", "Films", "moment_of", "put_meta", "text_of"]


class Cursor(Protocol):
    """What a statement found or did."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """Return the next row, a tuple; None where there is none."""

    def fetchall(self) -> Sequence[Any]:
        """Return all further rows."""

    def __iter__(self) -> Iterator[Any]:
        """Go through them."""


class Connection(Protocol):
    """A transaction under way; statements are SQL that SQLite and PostgreSQL both take, ``?`` stands for a value."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Do one statement."""


class Films(Protocol):
    """Where the films of alerts lie.

    Attributes:
        folder: Where a film is written, before it is kept.
    """

    folder: Path

    def keep(self, database: Connection, name: str) -> None:
        """Keep a film that was written into the folder, inside a transaction."""

    def settle(self, name: str) -> None:
        """Hear that the transaction holds."""

    def read(self, database: Connection, name: str) -> bytes | None:
        """Return a film, or None where it is gone."""

    def drop(self, database: Connection, name: str) -> None:
        """Delete a film, inside a transaction."""


class Database(ABC):
    """Tables that several threads and processes use; transactions that write take turns.

    What was committed survives a crash, and readers never wait for a writer.

    Attributes:
        name: What it is called in words and in exports; without a password.
        films: The films that belong to it.
    """

    name: str
    films: Films

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """One short transaction that waits for its turn at its start: reading and writing in it are one.

        Raises:
            RecordingError: It cannot be written: the disk is full, the server is away, or somebody never lets go.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """Several queries that see the same instant.

        Raises:
            RecordingError: It cannot be read.
        """

    @abstractmethod
    def alone(self, camera_id: str | None = None) -> AbstractContextManager[None]:
        """Be the only daemon that writes it, or the only one who watches a camera, while inside and alive.

        Raises:
            RecordingError: Another one is.
        """

    @abstractmethod
    def leave_no_traces(self) -> None:
        """Bring what was deleted out of the files too, as far as readers let it.

        Raises:
            RecordingError: They cannot be written.
        """

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds.

        Raises:
            RecordingError: It cannot be read.
        """
        with self.read() as database:
            return list(database.execute(statement, values).fetchall())

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row that a query finds, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None


def put_meta(database: Connection, key: str, value: str) -> None:
    """Keep a value by its key, in place of the one before."""
    database.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value)
    )


def text_of(moment: datetime) -> str:
    """Write a moment such that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment_of(text: str | None) -> datetime | None:
    """Read what ``text_of`` wrote."""
    return None if text is None else datetime.fromisoformat(text)
