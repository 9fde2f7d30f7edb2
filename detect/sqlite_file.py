"""The alert store in one SQLite file, its films in a folder beside it: what one machine needs."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from detect.database import Connection, Database
from detect.schema import VERSION, make, upgrade
from scenarios.errors import RecordingError

__all__ = ["SqliteFile"]

_BUSY_S: Final = 10.0
_CACHE_KB: Final = 256
"""Of pages, a connection: every camera has some, and writes far more than it reads."""


class FolderFilms:
    """Films as files of a folder, each deleted before the entry that tells so holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, _database: Connection, _name: str) -> None:
        """It is there already."""

    def settle(self, name: str) -> None:
        """It stays where it is."""

    def read(self, _database: Connection, name: str) -> bytes | None:
        """Return a film, or None where its file is gone."""
        try:
            return (self.folder / Path(name).name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, _database: Connection, name: str) -> None:
        """Delete the file; after a crash before the transaction ends it is tried again, never believed."""
        (self.folder / Path(name).name).unlink(missing_ok=True)


class SqliteFile(Database):
    """One open file; its threads take turns, its processes wait for each other.

    WAL with ``synchronous=FULL``: what was committed survives a crash, and readers never wait for a writer.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Take an open connection; use ``create`` or ``open``."""
        self.path = path
        self.name = path.name
        self.films = FolderFilms(path.with_name(f"{path.name}.clips"))
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
        """Return what a query finds; one statement needs no transaction.

        Raises:
            RecordingError: The file cannot be read.
        """
        with self._said():
            return self._connection.execute(statement, values).fetchall()

    def leave_no_traces(self) -> None:
        """Bring what was deleted out of the file beside the store too, as far as readers let it.

        Raises:
            RecordingError: The file cannot be written.
        """
        with self._turn, self._said():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One short transaction that takes the write lock at its start: reading and writing in it are one.

        Raises:
            RecordingError: The file cannot be written: the disk is full, or another process never lets go.
        """
        with self._turn, self._said(), self._transaction("BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Several queries that see the same instant.

        Raises:
            RecordingError: The file cannot be read.
        """
        with self._turn, self._said(), self._transaction("BEGIN"):
            yield self._connection

    @contextmanager
    def alone(self, camera_id: str | None = None) -> Iterator[None]:
        """Hold a lock beside the file; it goes with the process, however that ends.

        Cameras need none: they are processes of the one daemon, and end with it.

        Raises:
            RecordingError: Another process holds it.
        """
        if camera_id is not None:
            yield
            return
        with self.path.with_name(self.path.name + ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RecordingError(
                    f"{self.path}: another daemon watches with this store; give this one its own"
                ) from None
            yield

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


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
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
