"""The SQLite file under the alert store: opened safely, written in short transactions, its errors said in words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from detect.schema import VERSION, make, upgrade
from scenarios.errors import RecordingError

__all__ = ["Database", "moment_of", "text_of"]

_BUSY_S: Final = 10.0


class Database:
    """One open file; its threads take turns, its processes wait for each other.

    WAL with ``synchronous=FULL``: what was committed survives a crash, and readers never wait for a writer.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Take an open connection; use ``create`` or ``open``."""
        self.path = path
        self._connection = connection
        self._turn = RLock()

    @staticmethod
    def is_blank(path: Path) -> bool:
        """Tell whether there is nothing yet, or only what another process has begun to make this very moment."""
        if not path.exists():
            return True
        if not path.is_file():
            return False
        try:
            with closing(_connect(path)) as connection:
                return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
        except sqlite3.Error:
            return False  # no database: opening it says so

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the file; several processes may do so at once.

        Raises:
            RecordingError: It cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            database = cls(path, _connect(path))
            _use_wal(database._connection)
        except (OSError, sqlite3.Error) as error:
            raise RecordingError(f"{path}: the alert store cannot be made ({error})") from None
        with database.write() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                make(connection)
        return database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file that is there and bring an older one up to date; one that is not ours is left as it was.

        Raises:
            RecordingError: There is none, or it is no store, or one of a newer version.
        """
        if not path.is_file():
            raise RecordingError(f"{path}: there is no such alert store")
        connection = None
        try:
            connection = _connect(path)
            row = connection.execute("SELECT value FROM meta WHERE key = 'parvis_store'").fetchone()
            if row is not None and row[0].isdecimal() and 1 <= int(row[0]) <= VERSION:
                _use_wal(connection)
                database = cls(path, connection)
                if int(row[0]) < VERSION:
                    with database.write() as writing:
                        upgrade(writing)
                return database
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise RecordingError(f"{path}: is no alert store that can be opened ({error})") from None
        connection.close()
        found = "none" if row is None else row[0]
        raise RecordingError(f"{path}: has version {found}, this program reads version {VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds.

        Raises:
            RecordingError: The file cannot be read.
        """
        with self._said():
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row that a query finds, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def leave_no_traces(self) -> None:
        """Bring what was deleted out of the file beside the store too, as far as readers let it.

        Raises:
            RecordingError: The file cannot be written.
        """
        with self._turn, self._said():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One short transaction that takes the write lock at its start: reading and writing in it are one.

        Raises:
            RecordingError: The file cannot be written: the disk is full, or another process never lets go.
        """
        with self._turn, self._said(), self._transaction("BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Several queries that see the same instant.

        Raises:
            RecordingError: The file cannot be read.
        """
        with self._turn, self._said(), self._transaction("BEGIN"):
            yield self._connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise RecordingError(f"{self.path}: the alert store cannot be used ({error})") from None


def text_of(moment: datetime) -> str:
    """Write a moment such that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment_of(text: str | None) -> datetime | None:
    """Read what ``text_of`` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # a picture that was deleted is not to be found in the file
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:  # somebody else is changing it this very moment; SQLite does not wait here
            if time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.05)
