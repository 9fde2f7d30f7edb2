"""The alert store on a PostgreSQL server: what several machines need; films lie in a table of it."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from detect.database import Connection, Cursor, Database
from detect.schema import VERSION, make, upgrade
from detect.sources.address import expand, redact
from scenarios.errors import MissingExtraError, RecordingError

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["PostgresServer", "is_server"]

_ADDRESS: Final = re.compile(r"postgres(ql)?://")
_SESSION: Final = {
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "8s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
"""Of every connection: a machine that freezes or is gone lets go of its turn within some ten seconds."""
_KEEPALIVE: Final = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
_CONNECT_S: Final = 5
_GONE_S: Final = 15.0
_WATCHED: Final = "another process watches this camera"
_WORDS: Final = (
    ("?", "%s"),
    ("BLOB", "BYTEA"),
    ("INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
)
_FROM_JSON: Final = re.compile(r"json_extract\((\w+), '\$\.(\w+)'\)")
_FILMS: Final = "CREATE TABLE films (file TEXT PRIMARY KEY, film BYTEA NOT NULL)"
_WITH_PICTURES: Final = ("alerts", "decisions", "clips", "films", "held", "marks")


def is_server(place: Path | str) -> bool:
    """Tell whether a store is on a server, ``postgresql://USER@HOST/DATABASE``, and not in a file."""
    return isinstance(place, str) and _ADDRESS.match(place) is not None


class TableFilms:
    """Films in a table, so that every machine can show them; they are written into a folder of this machine first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, database: Connection, name: str) -> None:
        """Bring a film from the folder into the table."""
        film = (self.folder / Path(name).name).read_bytes()
        database.execute("INSERT INTO films (file, film) VALUES (?, ?)", (name, film))

    def settle(self, name: str) -> None:
        """Delete the file, now that the table has it."""
        (self.folder / Path(name).name).unlink(missing_ok=True)

    def read(self, database: Connection, name: str) -> bytes | None:
        """Return a film, or None where it is gone."""
        row = database.execute("SELECT film FROM films WHERE file = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def drop(self, database: Connection, name: str) -> None:
        """Delete a film."""
        database.execute("DELETE FROM films WHERE file = ?", (name,))


class PostgresServer(Database):
    """One schema of a server; transactions that write take turns by an advisory lock, as the writers of a file do.

    The schema is the first of the connection's search path. Connections that broke are made anew.
    """

    def __init__(self, address: str, engine: sqlalchemy.Engine) -> None:
        """Take an engine; use ``create_or_open`` or ``open``."""
        self.name = redact(address)
        self.films = TableFilms(_spool(address))
        self._engine = engine

    @classmethod
    def create_or_open(cls, address: str) -> Self:
        """Open the store; make its tables where there are none; several processes may do so at once.

        Raises:
            RecordingError: The server cannot be reached or refuses, or what is there is no store of ours.
            MissingExtraError: The driver is not installed.
        """
        server = cls(address, _engine(address))
        with server._closed_on_error():
            with server.write() as connection:
                if _is_blank(connection):
                    make(connection)
                    connection.execute(_FILMS)
            server._bring_up_to_date()
        return server

    @classmethod
    def open(cls, address: str) -> Self:
        """Open the store that is there and bring an older one up to date.

        Raises:
            RecordingError: The server cannot be reached or refuses, or there is no store of ours.
            MissingExtraError: The driver is not installed.
        """
        server = cls(address, _engine(address))
        with server._closed_on_error():
            with server.read() as connection:
                if _is_blank(connection):
                    raise RecordingError(f"{server.name}: there is no alert store in this database yet")
            server._bring_up_to_date()
        return server

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def leave_no_traces(self) -> None:
        """Free what was deleted: the server writes over it; its write-ahead log and backups are its keeper's matter.

        Raises:
            RecordingError: The server cannot be reached.
        """
        with self._said(), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in _WITH_PICTURES:
                alone.exec_driver_sql(f"VACUUM {table}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One short transaction that waits for its turn at its start: reading and writing in it are one.

        Raises:
            RecordingError: The server cannot be reached, or somebody holds the turn for ten seconds.
        """
        with self._said(), self._engine.begin() as connection:
            transaction = _Transaction(connection)
            transaction.execute("SELECT pg_advisory_xact_lock(hashtext('parvis.turn'), hashtext(current_schema()))")
            yield transaction

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Several queries that see the same instant.

        Raises:
            RecordingError: The server cannot be reached.
        """
        with self._said(), self._engine.connect() as connection:
            still = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with still.begin():
                still.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # it is in nobody's way
                yield _Transaction(still)

    @contextmanager
    def alone(self, camera_id: str | None = None) -> Iterator[None]:
        """Hold an advisory lock on a connection of its own; the server lets go of it when that connection ends.

        A camera's is waited for as long as a machine may take that is gone without a word.

        Raises:
            RecordingError: Somebody else holds it, or the server cannot be reached.
        """
        what = "daemon" if camera_id is None else f"camera {camera_id}"
        deadline = time.monotonic() + (0.0 if camera_id is None else _GONE_S)
        with self._said(), self._engine.connect() as connection:
            holding = connection.execution_options(isolation_level="AUTOCOMMIT")
            lock = "SELECT pg_try_advisory_lock(hashtext(%s), hashtext(current_schema()))"
            while not holding.exec_driver_sql(lock, (f"parvis.{what}",)).scalar():
                if time.monotonic() >= deadline:
                    words = "another daemon watches with this store; give this one its own"
                    raise RecordingError(f"{self.name}: {words if camera_id is None else _WATCHED}")
                time.sleep(0.5)
            try:
                yield
            finally:
                connection.invalidate()

    def _bring_up_to_date(self) -> None:
        row = self.row("SELECT value FROM meta WHERE key = 'parvis_store'")
        version = "none" if row is None else row[0]
        if not version.isdecimal() or not 1 <= int(version) <= VERSION:
            raise RecordingError(f"{self.name}: has version {version}, this program reads version {VERSION}")
        if int(version) < VERSION:
            with self.write() as connection:
                upgrade(connection)

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _said(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            words = " ".join(str(cause).split())
            raise RecordingError(f"{self.name}: the alert store cannot be used ({redact(words)})") from None


class _Transaction:
    """A connection that takes the statements of the store."""

    def __init__(self, connection: sqlalchemy.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._connection.exec_driver_sql(_translated(statement), tuple(values))


@cache
def _translated(statement: str) -> str:
    for ours, theirs in _WORDS:
        statement = statement.replace(ours, theirs)
    return _FROM_JSON.sub(r"(\1::json ->> '\2')", statement)


def _engine(address: str) -> sqlalchemy.Engine:
    try:
        import psycopg  # noqa: F401
        import sqlalchemy
    except ImportError:
        raise MissingExtraError("a store on PostgreSQL", "postgresql") from None
    try:
        url = sqlalchemy.make_url(expand(address)).set(drivername="postgresql+psycopg")
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise RecordingError(
            f"{redact(address)}: is no address of a store; it should be postgresql://USER@HOST/DATABASE"
        ) from None
    engine = sqlalchemy.create_engine(
        url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_S, "application_name": "parvis"} | _KEEPALIVE
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def settle(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for name, value in _SESSION.items():
                cursor.execute(f"SET {name} = '{value}'")
        connection.commit()

    return engine


def _is_blank(connection: Connection) -> bool:
    found = connection.execute("SELECT to_regclass(quote_ident(current_schema()) || '.meta')").fetchone()
    return found is None or found[0] is None


def _spool(address: str) -> Path:
    cache_home = os.environ.get("CACHE_DIRECTORY") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache_home) / "parvis" / "films" / hashlib.sha256(address.encode()).hexdigest()[:16]
